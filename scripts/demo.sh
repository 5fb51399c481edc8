#!/usr/bin/env bash
# Sets up what is missing, captures all-MiniLM-L6-v2 with what every operator
# got and gave, migrates it from the host to the software Vulkan driver, and runs
# the result beside PyTorch. A second run takes seconds: what is there and newer
# than what it was made from is kept, and a migration that was interrupted goes
# on.
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

if ! newer "$out/minilm.tapml/records/records.json" examples/minilm.py ||
   ! newer "$out/minilm.tapml/records/records.json" examples/sentences.txt ||
   ! newer "$out/minilm.tapml/records/records.json" build/bin/tapml-opt; then
  rm -rf "$out/minilm.tapml"
  .venv/bin/python -m tapml capture examples/minilm.py \
    --inputs=examples/sentences.txt --record -o "$out/minilm.tapml"
fi
# The state is what the tools of this build wrote, or there is none.
if [ -e "$out/migration/state.json" ] &&
   { newer "$out/minilm.tapml/records/records.json" "$out/migration/carved" ||
     newer build/lib/libTapML.so "$out/migration/carved"; }; then
  rm -rf "$out/migration"
fi
tapml migrate "$out/minilm.tapml" --target=vulkan=vulkan:0 -o "$out/migration"
exec .venv/bin/python examples/similarity.py "$out/migration/minilm.tapx"
