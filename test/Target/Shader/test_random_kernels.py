# Part of the TapML project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE.TXT for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Random kernels on every executor; run_random_kernels.py runs more of them."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from run_random_kernels import EXECUTORS, check, check_in_browser

#: The last ones found mistakes.
SEEDS = [*range(8), 14, 29, 30, 50]


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("seed", SEEDS)
def test_random_kernel(seed, executor, tmp_path):
    assert check(seed, executor, tmp_path) is None


def test_random_kernels_in_browser(tmp_path):
    assert check_in_browser(SEEDS, tmp_path) == {}
