# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Pinned lowerings of matrix products on the software Vulkan drivers: tiles, subgroups and sizes that do not fit them.

The compilation stops when lowerings are chosen, they are replaced, and the rest of the stages run one by one.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

import tapml
from tapml import testing
from tapml.tools import run_tool

from conftest import FunctionModule

pytestmark = pytest.mark.needs("tapml")

Tensors = tuple[torch.Tensor, ...]

#: Lowerings by profile: with the driver's subgroups, and without any.
LOWERINGS = {
    "lavapipe": [
        "<matmul, tile = [32, 4], workgroup = [8, 1, 1], vector = 4, subgroup = 8>",
        "<matmul, tile = [16, 8], workgroup = [32, 1, 1], vector = 4, subgroup = 8>",
        "<matmul, tile = [5, 4], workgroup = [16, 1, 1], vector = 4, subgroup = 8>",
        "<matmul, tile = [9, 2], workgroup = [8, 1, 1], subgroup = 8>",
        "<matmul, tile = [8, 4], workgroup = [8, 2, 1], vector = 4>",
    ],
    "swiftshader": [
        "<matmul, tile = [16, 8], workgroup = [4, 1, 1], vector = 4, subgroup = 4>",
        "<matmul, tile = [6, 4], workgroup = [4, 1, 1], vector = 4, subgroup = 4>",
        "<matmul, tile = [3, 8], workgroup = [16, 1, 1], vector = 4>",
    ],
}


def product(m: int, k: int, n: int) -> Tensors:
    return torch.randn(m, k), torch.randn(k, n)


def transposed(m: int, k: int, n: int) -> Tensors:
    return torch.randn(2, m, k), torch.randn(2, n, k)


@dataclasses.dataclass(frozen=True)
class Product:
    """A function of two matrices: how its inputs are made for m, k and n, and which of their dimensions change.

    ``dims`` names the size of each dimension of an input, with a blank for what stays as it is.
    """

    function: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
    make: Callable[[int, int, int], Tensors]
    dims: tuple[str, str]
    sizes: Sequence[tuple[int, int, int]]


#: Smaller than a tile, no multiples of four, whole tiles, one of everything.
ANY = [(5, 7, 3), (32, 64, 32), (37, 36, 68), (1, 1, 1), (33, 13, 100), (3, 4, 36)]
PRODUCTS = {
    "rows": Product(lambda a, b: a @ b + 1, product, ("m ", "  "), [(m, 36, 68) for m in (5, 1, 7, 8, 31, 37, 64)]),
    "columns": Product(lambda a, b: a @ b, product, ("  ", " n"), [(19, 20, n) for n in (5, 1, 4, 31, 32, 33, 96)]),
    "depth": Product(lambda a, b: a @ b, product, (" k", "k "), [(19, k, 36) for k in (5, 1, 2, 4, 31, 64)]),
    "everything": Product(lambda a, b: a @ b, product, ("mk", "kn"), ANY),
    "transposed": Product(
        lambda a, b: F.relu(a @ b.transpose(1, 2)), transposed, (" m ", " n "), [(m, 32, n) for m, _, n in ANY]
    ),
}


def dynamic_shapes(dims: Sequence[str]) -> dict[str, tuple[dict[int, torch.export.Dim] | None, ...]]:
    symbols = {name: torch.export.Dim(name, min=1, max=128) for name in "mkn"}
    inputs = ({at: symbols[name] for at, name in enumerate(text) if name != " "} for text in dims)
    return {"args": tuple(found or None for found in inputs)}


def build(product: Product, profile: str, lowering: str, directory: Path) -> Path:
    """Compiles a product with one lowering in place of the chosen ones; returns the executable."""
    package, kernels = directory / "product.tapml", directory / "kernels.mlir"
    module = FunctionModule(product.function).eval()
    tapml.capture(module, [product.make(*product.sizes[0])], dynamic_shapes(product.dims), name="product").save(package)
    run_tool("tapml", ["compile", str(package), f"--target={profile}", "--stop-after=kernels", "-o", str(kernels)])
    text, count = re.subn(r"lowering\(<<matmul.*?>>\)", f"lowering(<{lowering}>)", kernels.read_text())
    assert count == 1
    kernels.write_text(text)
    binary, executable = directory / "binary.mlir", directory / "product.tapx"
    run_tool("tapml-opt", [str(kernels), "--tapml-to-structured", "--tapml-to-binary", "-o", str(binary)])
    run_tool("tapml-translate", ["--tapml-to-tapx", str(binary), "-o", str(executable)])
    return executable


def pinned() -> list[object]:
    return [
        pytest.param(driver, lowering, marks=pytest.mark.needs(driver), id=f"{driver}-{number}")
        for driver, lowerings in LOWERINGS.items()
        for number, lowering in enumerate(lowerings)
    ]


@pytest.mark.parametrize("name", PRODUCTS)
@pytest.mark.parametrize(("driver", "lowering"), pinned())
def test_matmul(driver: str, lowering: str, name: str, tmp_path: Path) -> None:
    product = PRODUCTS[name]
    torch.manual_seed(0)
    executable = build(product, driver, lowering, tmp_path)
    run = testing.load(executable, testing.executors()[driver], validation=True)
    for size in product.sizes:
        inputs = product.make(*size)
        (got,) = run(*inputs).values()
        wide = [tensor.double() for tensor in inputs]
        expected = product.function(*wide)
        largest = product.function(*(tensor.abs() for tensor in wide))
        bound = 6 * size[1] ** 0.5 * 2.0**-24 * largest + 1e-6
        assert got.shape == expected.shape
        assert ((torch.as_tensor(got).double() - expected).abs() <= bound).all(), size
