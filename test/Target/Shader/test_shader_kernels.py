# Part of the TapML project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE.TXT for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The kernels of the emission tests as WGSL and MSL, against NumPy in float64."""

import importlib.util
import pathlib
import sys

import numpy as np
import pytest

EMISSION = pathlib.Path(__file__).parents[2] / "Codegen" / "Emission"
sys.path.insert(0, str(pathlib.Path(__file__).parent))
from execute_shaders import MetalProgram, WebGPUProgram  # noqa: E402

spec = importlib.util.spec_from_file_location("emission", EMISSION / "test_kernels.py")
emission = importlib.util.module_from_spec(spec)
spec.loader.exec_module(emission)

LANGUAGES = {"msl": (MetalProgram, "metal"), "wgsl": (WebGPUProgram, "webgpu")}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("form", ["device", "scalar"])
@pytest.mark.parametrize("name", emission.CASES)
def test_kernel(name, form, language, tmp_path):
    program, profile = LANGUAGES[language]
    lowerings, reference, inputs = emission.CASES[name]
    text = (emission.INPUTS / f"{name}.mlir").read_text()
    text = text.replace("LOWERING", lowerings[form][1])
    if language == "wgsl":
        # As a transfer to the device narrows them.
        text = text.replace("xi64", "xi32").replace(": i64", ": i32")
    compiled = program(text, profile, tmp_path)
    for arguments in inputs:
        if language == "wgsl":
            arguments = [a.astype(np.int32) if a.dtype == np.int64 else a for a in arguments]
        result = compiled(*arguments)
        expected = reference(*arguments)
        assert result.shape == expected.shape
        np.testing.assert_allclose(result, expected, rtol=0, atol=3e-5)
