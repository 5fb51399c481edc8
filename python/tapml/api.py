# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Captures PyTorch modules: ``tapml.capture``."""

from __future__ import annotations

import json
import math
import re
import tempfile
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import torch
from torch import nn
from torch.export import ExportedProgram
from torch.utils import _pytree as pytree

from tapml import progress
from tapml._capture import structure
from tapml._capture.graph import Graph, graph_text
from tapml._capture.importer import Importer
from tapml._capture.outputs import Outputs, Samples
from tapml._capture.program import call, export_program, functionalize
from tapml._capture.registry import find_converter
from tapml._record.recorder import Recorder
from tapml._record.source import Source
from tapml.errors import CaptureError
from tapml.package import WEIGHTS_FILE, write_package
from tapml.tools import canonical_text, find_tool, run_tool

if TYPE_CHECKING:
    from tapml.runtime import Executable

# One call of the model: positional arguments, or arguments by name.
Sample = tuple[Any, ...] | Mapping[str, Any]


@dataclass
class Captured:
    """A captured model.

    ``text`` is the graph in generic MLIR syntax, ``weights`` what it reads, ``samples`` the recorded inputs and outputs
    ("input.<name>", "output.<name>"), ``record`` the origin of everything (see ``save``).
    """

    name: str
    graph: Graph
    text: str
    weights: dict[str, torch.Tensor]
    samples: Sequence[dict[str, torch.Tensor]]
    record: dict[str, Any]
    source: Source
    path: Path | None = None

    def save(self, path: str | Path, *, record: bool = False) -> Path:
        """Writes the model to the directory ``path`` (by convention ``*.tapml``) and returns it.

        An older captured model there is replaced. With ``record`` the model runs once more on every sample, and what
        each operator gets and gives is written to ``records`` in that directory (see docs/Recording.md). Samples that
        the older model has records of, with the same graph and weights, are not recorded again: an interrupted
        recording goes on.

        Raises TapMLError when ``path`` is something else or cannot be written, ToolError when the graph does not pass
        the dialect's verifier, and RecordsError when recording fails; samples recorded until then stay good.
        """
        path = Path(path)
        self._write(path, keep_records=record)
        self.path = path
        if record:
            Recorder(path, self.source).run()
        return path

    def _write(self, path: Path, keep_records: bool = False) -> None:
        with progress.step(f"writing {path}"):
            text = canonical_text(self.text) if find_tool("tapml-opt") else self.text
            write_package(path, text, self.weights, self.samples, self.record, keep_records)

    @overload
    def compile(
        self,
        target: str | Sequence[str] | None = None,
        plan: str | Path | Mapping[str, Any] | None = None,
        output: None = None,
    ) -> Executable: ...

    @overload
    def compile(
        self,
        target: str | Sequence[str] | None = None,
        plan: str | Path | Mapping[str, Any] | None = None,
        *,
        output: str | Path,
    ) -> Path: ...

    def compile(
        self,
        target: str | Sequence[str] | None = None,
        plan: str | Path | Mapping[str, Any] | None = None,
        output: str | Path | None = None,
    ) -> Executable | Path:
        """Compiles the model with the ``tapml`` driver and loads it: returns an executable that can be called.

        ``target`` names one target or several ("vulkan"), None compiles for the host alone. ``plan`` says which
        operator runs where: a file, or its content. With ``output`` the executable is written there (by convention
        ``*.tapx``) and not loaded, and its path is returned; ``tapml.load`` loads it, on other devices or with other
        options too. A model that was not saved is then saved beside it, because the executable reads the weights from
        there. Without ``output`` nothing is left on the disk.

        Raises ToolError when the driver is missing or refuses, and ExecutableError when loading fails.
        """
        if output is not None:
            output = Path(output)
            self._compile(self.path or self.save(output.with_suffix(".tapml")), target, plan, output)
            return output
        from tapml.runtime import load

        scratch = tempfile.TemporaryDirectory(prefix="tapml-", ignore_cleanup_errors=True)
        try:
            package = self.path
            if package is None:
                package = Path(scratch.name) / f"{self.name}.tapml"
                self._write(package)
            path = Path(scratch.name) / f"{self.name}.tapx"
            self._compile(package, target, plan, path, f"--reproducer={self.name}.reproducer.mlir")
            executable = load(path)
        except BaseException:
            scratch.cleanup()
            raise
        weakref.finalize(executable, scratch.cleanup)
        return executable

    def _compile(
        self,
        package: Path,
        target: str | Sequence[str] | None,
        plan: str | Path | Mapping[str, Any] | None,
        output: Path,
        *options: str,
    ) -> None:
        targets = [target] if isinstance(target, str) else list(target or [])
        arguments = ["compile", str(package), *(f"--target={name}" for name in targets), "-o", str(output), *options]
        with tempfile.TemporaryDirectory() as scratch, progress.step(f"compiling {package}"):
            if isinstance(plan, Mapping):
                file = Path(scratch) / "plan.json"
                file.write_text(json.dumps(plan))
                plan = file
            run_tool("tapml", [*arguments, *([f"--plan={plan}"] if plan is not None else [])])


def capture(
    module: nn.Module,
    inputs: Sample | Sequence[Sample],
    dynamic_shapes: Any = None,
    *,
    name: str | None = None,
    input_names: Sequence[str] | None = None,
    set_eval: bool = False,
    tolerance: float = 0.0,
    trace_inputs: Sample | Sequence[Sample] | None = None,
) -> Captured:
    """Captures a module: its graph with torch.export, its weights, and its outputs for ``inputs``.

    ``inputs`` is one call of the module or a list of calls: a tuple of positional arguments, or a dictionary of
    arguments by name. Tensors may be nested in tuples, lists, dictionaries and dataclasses; None, numbers and strings
    are constants of the graph and must be the same in every call. ``dynamic_shapes`` is torch.export's: argument name
    -> dimension -> ``torch.export.Dim``; arguments that are left out have fixed sizes. torch.export cannot trace a call
    in which such a size is 0 or 1: where every call has one, ``trace_inputs`` gives others, which are only traced.
    ``name`` names the model, by default after its class; ``input_names`` renames the tensor inputs, in order.

    The exported program must give the very outputs of the module; ``tolerance`` accepts an absolute difference. What
    operators such as ``torch.rand`` draw becomes an input of the graph ("random.<instance>") and part of the samples.
    The module must be in inference mode (``module.eval()``); ``set_eval`` switches it while it is captured.

    Raises CaptureError: with every operator that is not supported, or with the reason why tracing failed.
    """
    model = _identifier(name if name is not None else type(module).__name__)
    calls = _calls(inputs, model)
    if not calls:
        raise CaptureError(f"'{model}' needs at least one sample to be captured")
    further = [] if trace_inputs is None else _calls(trace_inputs, model, "trace input")
    training = [path or "the model itself" for path, child in module.named_modules() if child.training]
    if training and not set_eval:
        raise CaptureError(
            f"'{model}' is in training mode ({', '.join(training[:3])}{', ...' if len(training) > 3 else ''}); "
            "call module.eval() first, or capture with set_eval=True"
        )
    modes = [(child, child.training) for child in module.modules()]
    module.eval()
    try:
        return _capture(module, calls, further, dynamic_shapes, model, input_names, tolerance)
    finally:
        for child, mode in modes:
            child.training = mode


def _capture(
    module: nn.Module,
    calls: list[tuple[tuple, dict[str, Any]]],
    further: list[tuple[tuple, dict[str, Any]]],
    dynamic_shapes: Any,
    model: str,
    input_names: Sequence[str] | None,
    tolerance: float,
) -> Captured:
    bound = []
    candidates = [*calls, *further]
    for number, (args, kwargs) in enumerate(candidates):
        try:
            bound.append(structure.bind(module, args, kwargs))
        except TypeError as error:
            which = f"sample {number}" if number < len(calls) else f"trace input {number - len(calls)}"
            raise CaptureError(f"{which} does not fit the forward of '{model}': {error}") from error
        structure.register_dataclasses(bound[-1])
    shapes = _complete_shapes(dynamic_shapes, bound[0], model)

    with progress.step("running the model"):
        recorded = Outputs()
        for number, call_ in enumerate(calls):
            recorded.append(_run_source(module, *call_, model, number))
    traced = _sample_to_trace(bound, shapes)
    with progress.step("tracing"):
        args, kwargs = candidates[traced]
        exported = export_program(module, args, kwargs, shapes, model)
        program = functionalize(exported, lambda operator: find_converter(operator) is not None)
    with progress.step("checking the trace"):
        difference = _verify(exported, calls, recorded, model, tolerance)
        decomposed = program is not exported
        if decomposed:
            difference = max(difference, _verify(program, calls, recorded, model, tolerance, relative=True))

    spec = program.call_spec
    names = structure.input_names(spec.in_spec, module)
    ins = _rename(names, input_names, program, model)
    outs = structure.output_names(spec.out_spec)
    sizes = structure.dimension_names(bound[traced], shapes)
    sizes = {new: sizes[old] for old, new in zip(names, ins, strict=True) if old in sizes}
    importer = Importer(program, module, model=model, input_names=ins, output_names=outs, dimension_names=sizes)
    graph = importer.run()
    text = graph_text(graph, model, WEIGHTS_FILE)

    inputs = [structure.leaves_in_order(call_, names, module) for call_ in calls]
    for number, leaves in enumerate(inputs):
        _check_constants(dict(zip(ins, leaves, strict=True)), graph, model, number)

    def check(number: int, results: Sequence[Any]) -> None:
        got = pytree.tree_unflatten(results, program.call_spec.out_spec)
        _compare(got, recorded[number], number, model, tolerance, relative=decomposed)

    framework = {"framework": "torch", "version": torch.__version__}
    source = Source(program, graph, framework, inputs, check)

    def sample(number: int) -> dict[str, torch.Tensor]:
        flat_in = dict(zip(ins, inputs[number], strict=True)) | source.random_inputs(number)
        flat_out = dict(zip(outs, pytree.tree_leaves(recorded[number]), strict=True))
        return _sample_tensors(flat_in, flat_out, graph)

    record = {
        "model": model,
        "source": framework,
        "inputs": [_describe(port) for port in graph.inputs],
        "outputs": [_describe(port) for port in graph.outputs],
        "constants": {
            "inputs": {key: _plain(value) for key, value in graph.constant_inputs.items()},
            "outputs": {key: _plain(value) for key, value in graph.constant_outputs.items()},
        },
        "verification": {"decomposed": decomposed, "largest_difference": difference},
        "operators": [
            {"instance": op.instance, "op": op.mnemonic, "aten": op.aten, "source": op.source} for op in graph.operators
        ],
        "elided": [{"instance": e.instance, "op": e.op, "why": e.why} for e in graph.elided],
        "random": [
            {"instance": r.instance, "op": r.op, "source": r.source, "input": r.port.name} for r in graph.random
        ],
    }

    return Captured(model, graph, text, graph.weights, Samples(len(calls), sample), record, source)


def _calls(inputs: Sample | Sequence[Sample], model: str, what: str = "sample") -> list[tuple[tuple, dict[str, Any]]]:
    """Returns every call as (args, kwargs)."""
    samples = inputs if isinstance(inputs, list) else [inputs]
    calls: list[tuple[tuple, dict[str, Any]]] = []
    for number, sample in enumerate(samples):
        if isinstance(sample, torch.Tensor):
            sample = (sample,)
        if isinstance(sample, Mapping):
            calls.append(((), dict(sample)))
        elif isinstance(sample, tuple):
            calls.append((sample, {}))
        else:
            raise CaptureError(
                f"{what} {number} of '{model}' is a {type(sample).__name__}; "
                "give a tuple of arguments or a dictionary of arguments by name"
            )
    return calls


def _identifier(name: str) -> str:
    """Returns ``name`` with everything but letters, digits and underscores replaced."""
    clean = re.sub(r"\W", "_", name, flags=re.ASCII) or "model"
    return f"_{clean}" if clean[0].isdigit() else clean


def _complete_shapes(shapes: Any, arguments: Mapping[str, Any], model: str) -> Any:
    """Returns ``dynamic_shapes`` with an entry for every argument, as torch.export wants it."""
    if shapes is None or not isinstance(shapes, Mapping):
        return shapes
    unknown = [key for key in shapes if key not in arguments]
    if unknown:
        raise CaptureError(
            f"dynamic_shapes of '{model}' names {', '.join(map(repr, unknown))}; "
            f"the samples give {', '.join(map(repr, arguments))}"
        )
    return {key: structure.complete_shapes(value, shapes.get(key)) for key, value in arguments.items()}


def _sample_to_trace(bound: Sequence[Mapping[str, Any]], shapes: Any) -> int:
    """Returns the number of the sample to trace: the one with the fewest dynamic sizes of 0 and 1.

    torch.export takes these two sizes for constants.
    """
    if shapes is None:
        return 0

    def special(arguments: Any, tree: Any) -> int:
        if tree is None:
            return 0
        if isinstance(arguments, torch.Tensor):
            dims = tree if isinstance(tree, Mapping) else dict(enumerate(tree))
            return sum(size is not None and arguments.shape[dim] < 2 for dim, size in dims.items())
        parts = structure.children(arguments)
        if parts is None:
            return 0
        trees = [tree.get(key) for key, _ in parts] if isinstance(tree, Mapping) else list(tree)
        return sum(special(part, subtree) for (_, part), subtree in zip(parts, trees, strict=False))

    counts = [special(arguments, shapes) for arguments in bound]
    return counts.index(min(counts))


def _run_source(module: nn.Module, args: tuple, kwargs: dict[str, Any], model: str, number: int) -> Any:
    """Returns the module's outputs; its inputs are protected against what it does to them."""
    args, kwargs = pytree.tree_map_only(torch.Tensor, torch.clone, (args, kwargs))
    try:
        outputs = call(module, args, kwargs, number)
    except Exception as error:
        raise CaptureError(f"'{model}' failed on sample {number}: {error}") from error
    structure.register_dataclasses(outputs)
    return outputs


def _verify(
    program: ExportedProgram,
    calls: Sequence[tuple[tuple, dict[str, Any]]],
    recorded: Outputs,
    model: str,
    tolerance: float,
    relative: bool = False,
) -> float:
    """Runs the program on every sample; returns the largest difference from the recorded outputs.

    Raises CaptureError when it exceeds ``tolerance`` or, with ``relative``, what rounding explains.
    """
    runnable = program.module()
    largest = 0.0
    for number, (args, kwargs) in enumerate(calls):
        args, kwargs = pytree.tree_map_only(torch.Tensor, torch.clone, (args, kwargs))
        try:
            got = call(runnable, args, kwargs, number)
        except Exception as error:
            reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            raise CaptureError(
                f"sample {number} does not fit what was traced of '{model}' (sizes and constants): {reason}"
            ) from error
        largest = max(largest, _compare(got, recorded[number], number, model, tolerance, relative))
    return largest


def _compare(got: Any, expected: Any, number: int, model: str, tolerance: float, relative: bool) -> float:
    """Returns the largest difference of the trace's outputs from the module's; see ``_verify``."""
    largest = 0.0
    for (_, left), (path, right) in zip(structure.walk(got), structure.walk(expected), strict=True):
        if not isinstance(right, torch.Tensor):
            continue
        difference = _difference(left, right)
        limit = tolerance
        if relative and right.is_floating_point() and right.numel():
            limit = max(limit, _decomposition_limit(right.dtype) * float(right.abs().nan_to_num(posinf=0.0).max()))
        if difference > limit:
            raise CaptureError(
                f"the traced '{model}' differs from the module by {difference:g} in output "
                f"'{path or 'output'}' of sample {number}; a model that is random or keeps state between calls "
                "cannot be captured (for a difference that is understood, give a tolerance)"
            )
        largest = max(largest, difference)
    return largest


def _decomposition_limit(dtype: torch.dtype) -> float:
    """Returns the fraction of an output's largest value beyond which a difference is a fault and not rounding.

    PyTorch's own decompositions round differently from the operators that they replace: half of the digits must agree.
    """
    digits = 1 - math.log2(torch.finfo(dtype).eps)
    return 2.0 ** -math.ceil(digits / 2)


def _difference(got: torch.Tensor, expected: torch.Tensor) -> float:
    """Returns the largest difference of two tensors; infinity if shapes, types or special values differ."""
    if got.shape != expected.shape or got.dtype != expected.dtype:
        return float("inf")
    if torch.equal(got, expected):
        return 0.0
    a, b = got.double(), expected.double()
    same = (a == b) | (a.isnan() & b.isnan())
    difference = torch.where(same, 0.0, (a - b).abs()).nan_to_num(nan=float("inf"), posinf=float("inf"))
    return float(difference.max())


def _rename(names: Sequence[str], wanted: Sequence[str] | None, program: ExportedProgram, model: str) -> list[str]:
    """Returns the names of all inputs with those of the tensors replaced by ``wanted``."""
    if wanted is None:
        return list(names)
    arguments = [s.arg for s in program.graph_signature.input_specs if s.kind.name == "USER_INPUT"]
    tensors = [index for index, arg in enumerate(arguments) if type(arg).__name__ == "TensorArgument"]
    if len(tensors) != len(wanted):
        have = ", ".join(names[index] for index in tensors)
        raise CaptureError(f"'{model}' has {len(tensors)} tensor inputs ({have}), not {len(wanted)} as named")
    renamed = list(names)
    for index, name in zip(tensors, wanted, strict=True):
        renamed[index] = name
    if len(set(renamed)) != len(renamed):
        raise CaptureError(f"the input names of '{model}' are not distinct: {', '.join(renamed)}")
    return renamed


def _check_constants(inputs: Mapping[str, Any], graph: Graph, model: str, number: int) -> None:
    for name, value in graph.constant_inputs.items():
        if inputs.get(name) != value:
            raise CaptureError(
                f"'{name}' is a constant of '{model}': {value!r} was traced, sample {number} has {inputs.get(name)!r}"
            )


def _sample_tensors(inputs: Mapping[str, Any], outputs: Mapping[str, Any], graph: Graph) -> dict[str, torch.Tensor]:
    """Returns one sample as it is stored."""
    tensors = {f"input.{port.name}": inputs[port.name] for port in graph.inputs}
    tensors |= {f"output.{port.name}": outputs[port.name] for port in graph.outputs}
    return {name: tensor.detach().contiguous() for name, tensor in tensors.items()}


def _describe(port: Any) -> dict[str, Any]:
    return {"name": port.name, "type": port.value.type}


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int | float | str) else repr(value)
