#!/usr/bin/env bash
# Sets up what is missing, then runs every test.
set -euo pipefail
cd "$(dirname "$0")/.."
./scripts/setup.sh
exec ctest --test-dir build --output-on-failure -j "$(nproc)"
