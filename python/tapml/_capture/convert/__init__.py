# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The converters from ATen operators to the dialect, in files by kind.

To add an operator, write a function with ``@converts("aten.name.overload")`` whose parameters are named as in the
operator's schema (``print(torch.ops.aten.name.overload._schema)``) and return
``ctx.op("name", operands, shape, dtype)``.
"""

from tapml._capture.convert import elementwise, indexing, nn, reduce, shape

__all__ = ["elementwise", "indexing", "nn", "reduce", "shape"]
