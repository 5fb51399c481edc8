#!/usr/bin/env bash
# Checks the style of the sources, and the runtime for common mistakes.
#
#   lint.sh [format] [python] [tidy]
#
#   format  C++ is laid out as clang-format does it (.clang-format)
#   python  Python is as ruff wants it (ruff.toml)
#   tidy    clang-tidy finds nothing in lib/Runtime (.clang-tidy); needs a build
#
# Without an argument all three. BUILD names the build directory (default:
# build), PYTHON the interpreter that has ruff (default: .venv/bin/python).
# `clang-format-22 -i FILE`, `ruff check --fix` and `ruff format` mend most.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${BUILD-build}
python=${PYTHON-.venv/bin/python}

# Only what is in the repository, not what is built or installed below it.
sources() {
  find include lib tools unittests test python \
    \( -name '*.cpp' -o -name '*.mm' -o -name '*.h' -o -name '*.c' \) -print0
}

check_format() { sources | xargs -0 clang-format-22 --dry-run -Werror; }

check_python() {
  "$python" -m ruff check --no-cache . && "$python" -m ruff format --no-cache --check .
}

# A few files per process, so that every core has work until the end.
check_tidy() {
  printf '%s\0' lib/Runtime/*.cpp |
    xargs -0 -n 3 -P "$(nproc)" clang-tidy-22 --quiet -p "$build"
}

[ $# -gt 0 ] || set -- format python tidy
status=0
for check; do
  case $check in
  format | python | tidy) ;;
  *) echo "lint: there is no check '$check'; give format, python or tidy" >&2; exit 2 ;;
  esac
  "check_$check" || { echo "lint: $check failed" >&2; status=1; }
done
exit $status
