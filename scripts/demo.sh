#!/usr/bin/env bash
# Sets up what is missing, captures all-MiniLM-L6-v2, compiles it for host and
# Vulkan, and runs it on the software Vulkan driver beside PyTorch. A second run
# takes seconds: what is there and newer than what it was made from is kept.
set -euo pipefail
cd "$(dirname "$0")/.."
./scripts/setup.sh

export PATH="$PWD/build/bin:$PATH"
export XDG_RUNTIME_DIR="${XDG_RUNTIME_DIR:-$PWD/build}"
# Mesa's CPU driver, also where there is a GPU: the demo shows the same anywhere.
export VK_ICD_FILENAMES=/usr/share/vulkan/icd.d/lvp_icd.x86_64.json
export VK_DRIVER_FILES=$VK_ICD_FILENAMES
out=build/demo
mkdir -p "$out"

newer() { [ -e "$1" ] && [ "$1" -nt "$2" ]; }

if ! newer "$out/minilm.tapml/capture.json" examples/minilm.py ||
   ! newer "$out/minilm.tapml/capture.json" build/bin/tapml-opt; then
  rm -rf "$out/minilm.tapml"
  .venv/bin/python -m tapml capture examples/minilm.py -o "$out/minilm.tapml"
fi
if ! newer "$out/minilm.tapx" "$out/minilm.tapml/capture.json" ||
   ! newer "$out/minilm.tapx" build/lib/libTapML.so; then
  time=$SECONDS
  tapml compile "$out/minilm.tapml" --target=vulkan=vulkan:0 \
    --effective-plan="$out/effective-plan.json" -o "$out/minilm.tapx"
  echo "compiled in $((SECONDS - time)) s"
fi
exec .venv/bin/python examples/similarity.py "$out/minilm.tapx" --plan "$out/effective-plan.json"
