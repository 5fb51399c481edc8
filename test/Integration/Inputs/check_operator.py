# Part of the TapML project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE.TXT for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compares outputs of operator.mlir with NumPy in float64: X.npy W.npy OUTPUT.npz..."""

import sys

import numpy as np

x, w = (np.load(path).astype(np.float64) for path in sys.argv[1:3])
capped = 30 * np.tanh(x / 30)
expected = (capped @ w.T).sum(1)
# Each of the terms passes through less than 20 roundings and a tanh.
bound = 30 * 2.0**-24 * (np.abs(capped) @ np.abs(w.T)).sum(1)
for path in sys.argv[3:]:
    got = np.load(path)["y"]
    assert got.shape == expected.shape
    assert (np.abs(got - expected) <= bound).all(), path
