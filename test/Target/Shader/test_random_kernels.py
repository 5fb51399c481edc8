# Part of the TapML project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE.TXT for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Random kernels on every executor; run_random_kernels.py runs more of them."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from run_random_kernels import EXECUTORS, check, check_in_chromium

#: The last ones found mistakes.
SEEDS = [*range(8), 9, 14, 200016, 200039]


@pytest.mark.parametrize("executor", [name for name in EXECUTORS if name != "chromium"])
@pytest.mark.parametrize("seed", SEEDS)
def test_random_kernel(seed, executor, tmp_path):
    assert check(seed, executor, tmp_path) is None


@pytest.mark.needs("chromium")
def test_random_kernels_in_chromium(tmp_path):
    assert check_in_chromium(SEEDS, tmp_path) == {}
