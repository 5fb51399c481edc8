# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Walks an exported program and builds the ``tapml`` graph."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import sympy
import torch
from torch import fx, nn
from torch.export import ExportedProgram
from torch.export.graph_signature import ConstantArgument, InputKind, OutputKind, TensorArgument
from torch.fx.node import map_arg

from tapml._capture import mlir
from tapml._capture.builder import Builder, CannotConvert, as_size
from tapml._capture.context import Context
from tapml._capture.graph import Elided, Graph, Port, RandomInput, SourceOperator
from tapml._capture.instances import assign_instances, join_path, module_path, source_location
from tapml._capture.mlir import Operation, Shape, Value
from tapml._capture.program import is_random, is_symbolic, live_nodes, operator_name, region_body
from tapml._capture.registry import bind_arguments, find_converter, keeps_numbers
from tapml._capture.weights import Weights
from tapml.errors import CaptureError, Unsupported


class _Poison(Value):
    """The result of an operator that could not be converted; what follows from it is not reported again."""


class Importer:
    """Imports one program; ``run`` may be called once."""

    def __init__(
        self,
        program: ExportedProgram,
        module: nn.Module,
        *,
        model: str,
        input_names: Sequence[str],
        output_names: Sequence[str],
        dimension_names: Mapping[str, Mapping[int, str]],
    ) -> None:
        self.program, self.module, self.model = program, module, model
        self.input_names, self.output_names = list(input_names), list(output_names)
        self.builder = Builder(program.range_constraints)
        self.weights = Weights(program)
        self.unsupported: list[Unsupported] = []
        self.elided: list[Elided] = []
        self.values: dict[fx.Node, Any] = {}
        self._sources: list[SourceOperator] = []
        self._random: list[RandomInput] = []
        self._scope: tuple[fx.Node, ...] = ()
        self._user_names = dimension_names
        self._size_names: dict[sympy.Expr, str] = {}

    def run(self) -> Graph:
        """Returns the graph; raises CaptureError with everything that the dialect cannot express."""
        inputs, constant_inputs = self._import_inputs()
        self._import_nodes(self.program.graph)
        outputs, constant_outputs = self._import_outputs()
        if self.unsupported:
            count = len(self.unsupported)
            what = "one operator" if count == 1 else f"{count} operators"
            raise CaptureError(f"{what} of '{self.model}' cannot be captured:", self.unsupported)
        inputs += [item.port for item in self._random]
        operations, weights = self._needed(outputs)
        assign_instances(operations, self.module)
        sources = self._source_operators(operations)
        return Graph(
            inputs=inputs,
            outputs=outputs,
            operations=operations,
            weights=weights,
            symbols={name: self.builder.range_of(size) for size, name in self._size_names.items()},
            elided=self.elided,
            constant_inputs=constant_inputs,
            constant_outputs=constant_outputs,
            size_names=self._size_names,
            globals=self.builder.globals,
            sources=sources,
            random=self._random,
        )

    # Inputs.

    def _import_inputs(self) -> tuple[list[Port], dict[str, Any]]:
        placeholders = {node.name: node for node in self.program.graph.nodes if node.op == "placeholder"}
        names = iter(self.input_names)
        ports: list[Port] = []
        constants: dict[str, Any] = {}
        for spec in self.program.graph_signature.input_specs:
            if spec.kind in (InputKind.PARAMETER, InputKind.BUFFER, InputKind.CONSTANT_TENSOR):
                continue
            name = next(names) if spec.kind is InputKind.USER_INPUT else spec.arg.name
            if isinstance(spec.arg, ConstantArgument):
                constants[name] = spec.arg.value
            elif spec.kind is not InputKind.USER_INPUT or not isinstance(spec.arg, TensorArgument):
                self._reject("input", name, "", type(spec.arg).__name__, "only tensors can be inputs")
            else:
                node = placeholders[spec.arg.name]
                ports.append(Port(name, self._import_tensor_input(name, node)))
        self._bind_symbols(ports)
        return ports, constants

    def _import_tensor_input(self, name: str, node: fx.Node) -> Value:
        fake = node.meta["val"]
        shape = tuple(as_size(size) for size in fake.shape)
        if fake.dtype not in mlir.ELEMENT_TYPES:
            described = f"{_short_dtype(fake.dtype)}[{', '.join(map(str, shape))}]"
            self._reject("input", name, "", described, _unsupported_dtype(fake.dtype))
            value: Value = _Poison("%unsupported", fake.dtype, shape)
        else:
            value = self.builder.value(fake.dtype, shape)
        self.values[node] = value
        return value

    def _bind_symbols(self, ports: Sequence[Port]) -> None:
        """Names every dynamic size and notes which input it can be read from."""
        sites = self._name_sizes(ports)
        dimensions = self.builder.dimensions
        for port, dim, size in sites:
            if isinstance(size, sympy.Symbol):
                dimensions.setdefault(size, (port.value, dim, size))
        for port, dim, size in sites:
            free = size.free_symbols
            if len(free) == 1 and size.is_polynomial(*free) and sympy.degree(size, *free) == 1:
                dimensions.setdefault(next(iter(free)), (port.value, dim, size))

    def _name_sizes(self, ports: Sequence[Port]) -> list[tuple[Port, int, sympy.Expr]]:
        """Names every dynamic size; returns them with their places."""
        sites = [(p, d, s) for p in ports for d, s in enumerate(p.value.shape) if not isinstance(s, int)]
        for port, dim, size in sites:
            if size not in self._size_names:
                wanted = self._user_names.get(port.name, {}).get(dim) or f"{port.name}.{dim}"
                self._size_names[size] = _unique(wanted, set(self._size_names.values()))
        return sites

    # Operators.

    def _import_nodes(self, graph: fx.Graph) -> Any:
        """Imports the nodes of a graph in order; returns the values of its output node."""
        live = live_nodes(graph)
        for node in graph.nodes:
            if node.op == "call_function":
                self._import_call(node, node in live)
            elif node.op == "output":
                return node.args[0]
        return ()

    def _import_call(self, node: fx.Node, live: bool) -> None:
        if is_symbolic(node.meta.get("val")):
            return  # Sizes are built where they are used, from the expressions that PyTorch keeps.
        name = operator_name(node)
        if node.target is operator.getitem:
            parent, index = node.args
            if live and isinstance(parent, fx.Node) and self.values.get(parent) is not None:
                self.values[node] = self.values[parent][index]
            return
        path = module_path(node)
        if not live:
            why = "checks only" if "assert" in name else "its result is not used"
            self.elided.append(Elided(join_path(path, _kind(node)), name, why))
            return
        region = region_body(node)
        if region is not None:
            self._import_region(node, *region)
            return
        self._import_operator(node, name, path)

    def _import_region(self, node: fx.Node, body: fx.GraphModule, operands: Sequence[Any]) -> None:
        placeholders = [inner for inner in body.graph.nodes if inner.op == "placeholder"]
        for placeholder, operand in zip(placeholders, operands, strict=True):
            self.values[placeholder] = self._argument(operand)
        self._scope = (*self._scope, node)
        results = self._import_nodes(body.graph)
        self._scope = self._scope[:-1]
        self.values[node] = map_arg(results, lambda inner: self._argument(inner))

    def _import_operator(self, node: fx.Node, name: str, path: str) -> None:
        file, line, column = source_location(node)
        builder = self.builder
        builder.file, builder.line, builder.column = file, line, column
        builder.path, builder.aten = path, name
        first = len(builder.operations)
        arguments: dict[str, Any] = {}
        try:
            converter = find_converter(name)
            if converter is None and is_random(node):
                self.values[node] = self._import_random(node, join_path(path, _kind(node)), name)
                return
            if converter is None:
                raise CannotConvert(_no_converter(node))
            bound = bind_arguments(node, converter)
            arguments = {key: map_arg(value, self._argument) for key, value in bound.items()}
            context = Context(builder, _result_types(node), keeps_numbers(name))
            self.values[node] = converter(context, **arguments)
            made = builder.operations[first:]
            self._sources.append(SourceOperator(node, self._scope, made, self.values[node]))
            if context.elision:
                self.elided.append(Elided(join_path(path, _kind(node)), name, context.elision))
        except CannotConvert as error:
            self.values[node] = _poisoned(node)
            if find_converter(name) is None or not _has_poison(arguments.values()):
                source = f"{file}:{line}" if file else ""
                self._reject_node(node, path, source, str(error))
        finally:
            builder.path, builder.aten, builder.file = "", "", ""

    def _import_random(self, node: fx.Node, instance: str, name: str) -> Value:
        """Returns what an operator draws as a further input of the graph."""
        ((shape, dtype),) = _result_types(node)
        if dtype not in mlir.ELEMENT_TYPES:
            raise CannotConvert(_unsupported_dtype(dtype))
        self.builder.sizes(shape)  # Raises if it depends on data.
        taken = {item.port.name for item in self._random} | set(self.input_names)
        port = Port(_unique(f"random.{instance}", taken), self.builder.value(dtype, shape))
        self._random.append(RandomInput(port, node, self._scope, instance, name, _source(node)))
        self._name_sizes([port])
        return port.value

    def _argument(self, node: Any) -> Any:
        """Returns what an argument of a node stands for: a value, values, or a size."""
        if not isinstance(node, fx.Node):
            return node
        if node in self.values:
            return self.values[node]
        meta = node.meta.get("val")
        if isinstance(meta, torch.SymInt | torch.SymFloat | torch.SymBool):
            expression = meta.node.expr
            return as_size(expression) if isinstance(meta, torch.SymInt) else expression
        if isinstance(meta, int | float | bool) or meta is None:
            return meta
        found = self.weights.lookup(node.name) if node.op == "placeholder" else None
        if found is None:
            raise CannotConvert(f"the operand '{node.name}' is not a tensor")
        key, tensor = found
        shape = tuple(int(size) for size in tensor.shape)
        if tensor.dtype not in mlir.ELEMENT_TYPES:
            described = f"{_short_dtype(tensor.dtype)}[{', '.join(map(str, shape))}]"
            self._reject("weight", key, "", described, _unsupported_dtype(tensor.dtype))
            self.values[node] = _Poison("%unsupported", tensor.dtype, shape)
        else:
            self.weights.use(node.name)
            self.values[node] = self.builder.get_global(key, shape, tensor.dtype)
        return self.values[node]

    # Outputs.

    def _import_outputs(self) -> tuple[list[Port], dict[str, Any]]:
        nodes = next(node for node in self.program.graph.nodes if node.op == "output").args[0]
        names = iter(self.output_names)
        ports: list[Port] = []
        constants: dict[str, Any] = {}
        for spec, node in zip(self.program.graph_signature.output_specs, nodes, strict=True):
            if spec.kind is not OutputKind.USER_OUTPUT:
                self._reject_mutation(spec, node)
                continue
            name = next(names)
            if isinstance(spec.arg, ConstantArgument):
                constants[name] = spec.arg.value
            elif not isinstance(spec.arg, TensorArgument):
                reason = "a size cannot be an output; return tensors, sizes can be read from their shapes"
                self._reject("output", name, _source(node), type(spec.arg).__name__, reason)
            else:
                value = self._argument(node)
                ports.append(Port(name, value))
        if not ports and not self.unsupported:
            raise CaptureError(f"'{self.model}' returns no tensor, so there is nothing to compute")
        return ports, constants

    def _reject_mutation(self, spec: Any, node: Any) -> None:
        what = "buffer" if spec.kind is OutputKind.BUFFER_MUTATION else "input"
        if spec.kind not in (OutputKind.BUFFER_MUTATION, OutputKind.USER_INPUT_MUTATION):
            what = spec.kind.name.lower().replace("_", " ")
        reason = "the model changes it in place; return the new value instead"
        self._reject(what, str(spec.target), _source(node), "", reason)

    def _needed(self, outputs: Sequence[Port]) -> tuple[list[Operation], dict[str, torch.Tensor]]:
        """Returns the operations and the weights that the outputs depend on.

        Others are left from pieces of a split that nobody reads.
        """
        needed = {port.value for port in outputs}
        kept: list[Operation] = []
        for operation in reversed(self.builder.operations):
            if any(result in needed for result in operation.results):
                needed.update(operation.operands)
                kept.append(operation)
        kept.reverse()
        read = {name for value, name in self.builder.globals.items() if value in needed}
        return kept, {name: tensor for name, tensor in self.weights.used.items() if name in read}

    def _source_operators(self, operations: Sequence[Operation]) -> list[SourceOperator]:
        """Returns the source's operators with those of their operations that were kept and have a name."""
        kept = {operation for operation in operations if operation.instance}
        groups: list[SourceOperator] = []
        for source in self._sources:
            of_source = [operation for operation in source.operations if operation in kept]
            if of_source:
                groups.append(replace(source, operations=of_source))
            elif any(operation.aten for operation in source.operations):
                instance = join_path(module_path(source.node), _kind(source.node))
                self.elided.append(Elided(instance, operator_name(source.node), "its result is not used"))
        return groups

    # Errors.

    def _reject(self, op: str, instance: str, source: str, operands: str, reason: str) -> None:
        self.unsupported.append(Unsupported(op, "", instance, source, operands, reason))

    def _reject_node(self, node: fx.Node, path: str, source: str, reason: str) -> None:
        op, overload = operator_name(node), ""
        if isinstance(node.target, torch._ops.OpOverload):
            op, _, overload = op.rpartition(".")
        operands = ", ".join(self._describe(arg) for arg in node.args)
        item = Unsupported(op, overload, join_path(path, _kind(node)), source, operands, reason)
        self.unsupported.append(item)

    def _describe(self, argument: Any) -> str:
        if isinstance(argument, fx.Node):
            argument = argument.meta.get("val", argument.name)
        if isinstance(argument, torch.Tensor):
            shape = ", ".join(self._describe(size) for size in argument.shape)
            return f"{_short_dtype(argument.dtype)}[{shape}]"
        if isinstance(argument, torch.SymInt):
            size = as_size(argument)
            return str(size if isinstance(size, int) else size.xreplace(self._symbols()))
        if isinstance(argument, list | tuple):
            return f"[{', '.join(self._describe(item) for item in argument)}]"
        return str(argument)

    def _symbols(self) -> dict[sympy.Expr, sympy.Expr]:
        names = self._size_names.items()
        return {size: sympy.Symbol(name) for size, name in names if isinstance(size, sympy.Symbol)}


def _result_types(node: fx.Node) -> list[tuple[Shape, torch.dtype]]:
    values = node.meta.get("val")
    values = values if isinstance(values, list | tuple) else [values]
    return [
        (tuple(as_size(size) for size in value.shape), value.dtype)
        for value in values
        if isinstance(value, torch.Tensor)
    ]


def _poisoned(node: fx.Node) -> Any:
    def poison(value: Any) -> Any:
        if isinstance(value, list | tuple):
            return [poison(item) for item in value]
        if isinstance(value, torch.Tensor):
            return _Poison("%unsupported", value.dtype, tuple(as_size(size) for size in value.shape))
        return None

    return poison(node.meta.get("val"))


def _has_poison(arguments: Any) -> bool:
    if isinstance(arguments, _Poison):
        return True
    if isinstance(arguments, list | tuple) or type(arguments).__name__ == "dict_values":
        return any(map(_has_poison, arguments))
    return False


def _no_converter(node: fx.Node) -> str:
    values = node.meta.get("val")
    values = values if isinstance(values, list | tuple) else [values]
    shapes = [value.shape for value in values if isinstance(value, torch.Tensor)]
    symbols = {symbol for shape in shapes for size in shape for symbol in _free_symbols(size)}
    if any(str(symbol).startswith("u") for symbol in symbols):
        return "the size of its result depends on the values of its operands"
    return "there is no converter for this operator"


def _free_symbols(size: int | torch.SymInt) -> set[sympy.Symbol]:
    size = as_size(size)
    return set() if isinstance(size, int) else size.free_symbols


def _kind(node: fx.Node) -> str:
    """Returns the operator's own name: "add" for aten.add.Tensor."""
    if isinstance(node.target, torch._ops.OpOverload):
        return node.target._schema.name.rpartition("::")[2]
    return operator_name(node)


def _source(node: Any) -> str:
    if not isinstance(node, fx.Node):
        return ""
    file, line, _ = source_location(node)
    return f"{file}:{line}" if file else ""


def _short_dtype(dtype: torch.dtype) -> str:
    return mlir.ELEMENT_TYPES.get(dtype, str(dtype).removeprefix("torch."))


def _unsupported_dtype(dtype: torch.dtype) -> str:
    known = ", ".join(str(known).removeprefix("torch.") for known in mlir.ELEMENT_TYPES)
    return f"the element type {_short_dtype(dtype)} is not supported (only {known})"


def _unique(wanted: str, used: set[str]) -> str:
    name, number = wanted, 0
    while name in used:
        number += 1
        name = f"{wanted}_{number}"
    return name
