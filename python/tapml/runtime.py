# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Loads and runs executables in this process: ``tapml.load``."""

from __future__ import annotations

import importlib.util
import json
import os
import struct
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tapml._native import import_module
from tapml.errors import ExecutableError

# The head of a .tapx file and the entries of its table (lib/Runtime/TapxFile.h).
_HEADER = struct.Struct("<8sHHI")
_SECTION = struct.Struct("<32sQQ32s")


@dataclass(frozen=True)
class Dim:
    """A size that is free between ``min`` and ``max``; dimensions with the same ``symbol`` have the same size."""

    symbol: str
    min: int
    max: int


@dataclass(frozen=True)
class Input:
    """An input: its name, element type ("f32") and dimensions."""

    name: str
    dtype: str
    shape: tuple[int | Dim, ...]


@dataclass(frozen=True)
class Output:
    """An output: its name, element type ("f32") and number of dimensions. Its sizes follow from the inputs'."""

    name: str
    dtype: str
    rank: int


class Executable:
    """A loaded executable, with its weights on its devices. Made by ``load``.

    Calls from several threads are allowed; they wait for each other, without holding the interpreter's lock.
    """

    def __init__(self, native: Any, path: Path) -> None:
        self._native = native
        self._manifest: dict[str, Any] = json.loads(native.manifest())
        self._report: str | None = None
        #: Where it was loaded from.
        self.path = path
        self.inputs = tuple(
            Input(name, dtype, tuple(Dim(*dim) if isinstance(dim, tuple) else dim for dim in dims))
            for name, dtype, dims in native.inputs()
        )
        self.outputs = tuple(Output(*output) for output in native.outputs())

    @property
    def manifest(self) -> dict[str, Any]:
        """What the executable says of itself: places, kernels, weights and steps."""
        return self._manifest

    @property
    def report(self) -> dict[str, Any] | None:
        """The last run's places, their devices, times and launches, and bytes moved; None before a run has ended."""
        return None if self._report is None else json.loads(self._report)

    def __call__(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Runs the model and returns its outputs by name.

        Inputs are given in order or by name: PyTorch tensors, NumPy arrays, or anything else on the CPU that supports
        DLPack. They are read where they are; only what is not dense and row-major is copied. When every input is a
        PyTorch tensor so are the outputs, else they are NumPy arrays (for bf16, which NumPy lacks, arrays that support
        DLPack). Outputs own their memory, and nothing is copied for them.

        Raises ExecutableError when the inputs do not fit or the run fails.
        """
        return self._run(args, kwargs, profile=False)

    def profile(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Like a call, but waits after every step and adds the time of each to ``report``; the run gets slower."""
        return self._run(args, kwargs, profile=True)

    def _run(self, args: tuple[Any, ...], kwargs: Mapping[str, Any], profile: bool) -> dict[str, Any]:
        given = self._by_name(args, kwargs)
        arrays = [_dense(name, value) for name, value in given]
        outputs, self._report = self._native.run([name for name, _ in given], arrays, profile)
        # The module is there already if a tensor was given; executables run without it.
        torch = sys.modules.get("torch")
        if torch is not None and given and all(isinstance(value, torch.Tensor) for _, value in given):
            return {name: torch.from_dlpack(array) for name, array in outputs}
        bf16 = {output.name for output in self.outputs if output.dtype == "bf16"}
        return {name: array if name in bf16 else np.asarray(array) for name, array in outputs}

    def _by_name(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> list[tuple[str, Any]]:
        if len(args) > len(self.inputs):
            raise ExecutableError(
                f"{len(args)} inputs are given; '{self.path}' has {len(self.inputs)}: {self._input_names()}"
            )
        given = [(port.name, value) for port, value in zip(self.inputs, args, strict=False)]
        for name, _ in given:
            if name in kwargs:
                raise ExecutableError(f"input '{name}' is given twice, in order and by name")
        return [*given, *kwargs.items()]

    def _input_names(self) -> str:
        return ", ".join(f"'{port.name}'" for port in self.inputs) or "none"

    def __repr__(self) -> str:
        inputs = ", ".join(
            f"{port.name}: {port.dtype}[{', '.join(d.symbol if isinstance(d, Dim) else str(d) for d in port.shape)}]"
            for port in self.inputs
        )
        return f"<tapml.Executable {self._manifest.get('model', self.path.stem)}({inputs})>"


def load(
    path: str | os.PathLike[str],
    device: str | Mapping[str, str] | None = None,
    *,
    weights: str | os.PathLike[str] | None = None,
    threads: int = 0,
    validation: bool = False,
    host_code: bool = True,
    deadline_ms: int = 60_000,
) -> Executable:
    """Loads an executable (``*.tapx``), opens its devices and puts its weights there.

    ``device`` says which device the place runs on that is not the host ("vulkan:1", "webgpu:0"); with several such
    places, a dictionary from place to device. What is left out runs on the first device of its kind. ``weights`` names
    the weights file if it is not where the executable says. ``threads`` is the number of host threads, 0 for one per
    processor. ``validation`` turns on the driver's validation layer, whose messages then are errors. With
    ``host_code=False`` a file that has code for the host is refused: for files that are not trusted. A device that
    takes longer than ``deadline_ms`` for one call is given up, as a kernel may hang.

    Raises ExecutableError when that fails, and ToolError when the extension module is not built.
    """
    path = Path(path)
    if not 0 <= threads <= 1024:
        raise ExecutableError(f"{threads} threads are not possible, at most 1024 are (0: one per processor)")
    if not 0 < deadline_ms < 2**64:
        raise ExecutableError(f"a deadline of {deadline_ms} ms is not possible, it must be positive")
    native = import_module("tapml._runtime")
    places = _bindings(path, device)
    handle = native.Executable(
        os.fspath(path),
        places,
        None if weights is None else os.fspath(weights),
        threads,
        validation,
        host_code,
        deadline_ms,
        _find_webgpu(),
    )
    return Executable(handle, path)


def _find_webgpu() -> str | None:
    """Returns wgpu-native's library in the package ``wgpu``, if that is installed; the package is not imported.

    The runtime uses it where neither TAPML_WEBGPU_LIBRARY nor the loader has one.
    """
    try:
        spec = importlib.util.find_spec("wgpu")
    except (ImportError, ValueError):
        return None
    for place in (spec.submodule_search_locations or []) if spec else []:
        library = Path(place) / "resources" / "libwgpu_native-release.so"
        if library.is_file():
            return str(library)
    return None


def _bindings(path: Path, device: str | Mapping[str, str] | None) -> dict[str, str]:
    """Returns the device of every place that is not the host, by the place's name."""
    places = _read_places(path)
    bindings = {name: f"{kind}:0" for name, kind in places.items()}
    if isinstance(device, Mapping):
        # The runtime refuses places that it does not know.
        return bindings | dict(device)
    if device is None or (device == "host" and not places):
        return bindings
    if len(places) != 1:
        has = f"{len(places)} places beside the host: {', '.join(places)}" if places else "no place beside the host"
        raise ExecutableError(
            f"device '{device}' cannot be used: '{path}' has {has}"
            + ("; give a dictionary from place to device" if places else "")
        )
    return dict.fromkeys(places, device)


def _read_places(path: Path) -> dict[str, str]:
    """Returns the kinds of the places beside the host by their names; none if the file is damaged.

    The runtime checks the whole file at load and explains what is wrong with it.
    """
    try:
        with path.open("rb") as file:
            magic, _, _, count = _HEADER.unpack(file.read(_HEADER.size))
            if magic != b"TAPX\r\n\x1a\n":
                return {}
            for _ in range(count):
                name, offset, size, _ = _SECTION.unpack(file.read(_SECTION.size))
                if name.rstrip(b"\0") == b"manifest":
                    file.seek(offset)
                    places = json.loads(file.read(size))["places"]
                    return {str(p["name"]): str(p["kind"]) for p in places if p["kind"] != "host"}
    except (OSError, LookupError, MemoryError, OverflowError, RecursionError, TypeError, ValueError, struct.error):
        pass
    return {}


def _dense(name: str, value: Any) -> Any:
    """Returns ``value``, or a copy of it that is dense and row-major."""
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.Tensor):
        if value.device.type != "cpu" or value.layout != torch.strided:
            kind = f"is on '{value.device}'" if value.device.type != "cpu" else "is sparse"
            raise ExecutableError(f"input '{name}' {kind}; inputs are dense tensors on the CPU (tensor.cpu())")
        return value.detach().resolve_conj().resolve_neg().contiguous()
    if isinstance(value, np.generic):
        value = np.asarray(value)
    if isinstance(value, np.ndarray):
        # Not ascontiguousarray: it gives scalars a dimension.
        if not value.dtype.isnative:
            value = value.astype(value.dtype.newbyteorder("="))
        return value if value.flags.c_contiguous else value.copy(order="C")
    if not hasattr(value, "__dlpack__"):
        raise ExecutableError(
            f"input '{name}' is a {type(value).__name__}; give a PyTorch tensor, a NumPy array, "
            "or an array that supports DLPack"
        )
    try:
        array = np.from_dlpack(value)
    except (BufferError, RuntimeError, TypeError, ValueError):
        return value  # An element type that NumPy lacks, or a device: the extension module sorts that out.
    return value if array.flags.c_contiguous else array.copy(order="C")
