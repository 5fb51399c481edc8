# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The command line.

``python -m tapml capture MODEL.py [--inputs=FILE] [--record] -o MODEL.tapml``
    captures a model, below
``python -m tapml browser DIR``
    runs a directory of tests in a browser

The Python file that describes a model defines:

``model() -> torch.nn.Module``
    makes the module, with its weights, in inference mode
``samples() -> list``
    the calls to record: dictionaries of arguments by name, or tuples of arguments
``samples_from(file: pathlib.Path) -> list`` (optional)
    the calls to record that a file describes, for ``--inputs=FILE``; where each of these has a dynamic size of 0 or 1,
    which torch.export cannot trace, the model is traced with one of ``samples()``
``dynamic_shapes`` (optional)
    as for torch.export: argument name -> dimension -> ``torch.export.Dim``; or a function that returns this
``name`` (optional)
    the model's name, by default that of the file
``input_names`` (optional)
    other names for the tensor inputs, in order
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import threading
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from tapml.errors import TapMLError


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a command; returns the exit status. Errors that the user can act on are one message, without a traceback."""
    options = _parser().parse_args(argv)
    try:
        return options.run(options)
    except TapMLError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        again = "; the same command goes on with what is not recorded yet" if getattr(options, "record", False) else ""
        print(f"interrupted{again}", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tapml", description="Capture PyTorch models for TapML; run tests in a browser."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    capture = commands.add_parser(
        "capture",
        help="trace a model and record its outputs",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    capture.add_argument("model", type=Path, metavar="MODEL.py", help="the file that describes the model")
    capture.add_argument("-o", "--output", type=Path, metavar="DIR", help="default: MODEL.tapml")
    capture.add_argument(
        "--inputs", type=Path, metavar="FILE", help="the calls to record are those in this file: see samples_from below"
    )
    capture.add_argument("--name", help="the model's name in the graph")
    capture.add_argument("--set-eval", action="store_true", help="capture in inference mode even if it is not set")
    capture.add_argument(
        "--tolerance",
        type=float,
        default=0.0,
        metavar="X",
        help="accepted difference between the module and its trace (default 0)",
    )
    capture.add_argument("--record", action="store_true", help="also record what every operator gets and gives")
    capture.add_argument("-v", "--verbose", action="store_true", help="list what needed no operation, and why")
    capture.set_defaults(run=_capture)
    browser = commands.add_parser(
        "browser",
        help="run a directory of tests in a browser, on its WebGPU",
        description="Runs tests in a headless Chromium and prints a table; the exit status is 1 unless all pass that "
        "the target can run.",
    )
    browser.add_argument(
        "directory", type=Path, metavar="DIR", help="holds carved tests, or tests.json and the files that it names"
    )
    browser.add_argument("--target", default="webgpu", help="what carved tests are compiled for (default: webgpu)")
    browser.add_argument("--serve", action="store_true", help="only serve the page, for a browser of your own")
    browser.add_argument("--port", type=int, default=0, help="for --serve (default: any that is free)")
    browser.add_argument("--gpu", action="store_true", help="use this machine's GPU, not the browser's software device")
    browser.add_argument("--timeout", type=float, default=600, metavar="S", help="seconds for all tests (default 600)")
    browser.add_argument("--json", type=Path, metavar="FILE", help="write the results there, too")
    browser.set_defaults(run=_browser)
    return parser


def _capture(options: argparse.Namespace) -> int:
    description = _load(options.model)
    output = options.output or Path(options.model.with_suffix(".tapml").name)
    _check_output(output)
    from tapml.api import capture

    module = _call(description, "model", options.model)
    samples = _call(description, "samples", options.model)
    inputs = samples
    if options.inputs is not None:
        if not options.inputs.is_file():
            raise TapMLError(f"there is no file '{options.inputs}'")
        inputs = _call(description, "samples_from", options.model, options.inputs)
    captured = capture(
        module,
        inputs,
        dynamic_shapes=_value(description, "dynamic_shapes", options.model),
        name=options.name or getattr(description, "name", None) or options.model.stem,
        input_names=_value(description, "input_names", options.model),
        set_eval=options.set_eval,
        tolerance=options.tolerance,
        trace_inputs=samples,
    )
    captured.save(output, record=options.record)
    if options.verbose:
        for item in captured.graph.elided:
            print(f"  elided {item.op:40} {item.instance}: {item.why}")
    for item in captured.graph.random:
        print(f"  input {item.port.name}: what {item.op} draws ({item.source or item.instance})")
    operators = captured.graph.operators
    size = sum(tensor.nbytes for tensor in captured.weights.values())
    distinct = len({operator.mnemonic for operator in operators})
    print(
        f"{output}: {len(operators)} operators ({distinct} kinds), {len(captured.weights)} weights "
        f"({size / 1e6:.1f} MB), {len(captured.samples)} samples{', recorded' if options.record else ''}"
    )
    return 0


def _browser(options: argparse.Namespace) -> int:
    from tapml import browser

    with browser.exported(options.directory, options.target) as directory:
        if options.serve:
            with browser.serve(directory, options.port) as url:
                print(f"{url}  (Ctrl+C ends)", flush=True)
                threading.Event().wait()
        reports = browser.run(directory, software=not options.gpu, timeout=options.timeout)
    print(browser.format_reports(reports))
    if options.json:
        browser.write_json(reports, options.json)
    return 0 if all(report.verdict in ("pass", "unsupported") for report in reports) else 1


def _check_output(output: Path) -> None:
    """Refuses a place that could not be written, before minutes are spent on what should be written there."""
    from tapml.package import is_package

    if output.exists() and not is_package(output):
        raise TapMLError(f"'{output}' exists and is not a captured model; remove it or choose another name")
    if not output.absolute().parent.is_dir():
        raise TapMLError(f"cannot write '{output}': the directory '{output.parent}' does not exist")


def _load(file: Path) -> ModuleType:
    """Runs the Python file that describes a model."""
    if not file.is_file():
        raise TapMLError(f"there is no file '{file}'")
    spec = importlib.util.spec_from_file_location(file.stem, file)
    if spec is None or spec.loader is None:
        raise TapMLError(f"'{file}' is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[file.stem] = module  # Dataclasses and pickles look their module up.
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise TapMLError(f"'{file}' failed: {_where(error, file)}") from error
    return module


def _call(description: ModuleType, name: str, file: Path, *arguments: Any) -> Any:
    function = getattr(description, name, None)
    if not callable(function):
        signature = f"{name}({', '.join('file' for _ in arguments)})"
        raise TapMLError(f"'{file}' must define a function '{signature}'; see python -m tapml capture --help")
    try:
        return function(*arguments)
    except TapMLError:
        raise
    except Exception as error:
        raise TapMLError(f"{name}() of '{file}' failed: {_where(error, file)}") from error


def _value(description: ModuleType, name: str, file: Path) -> Any:
    value = getattr(description, name, None)
    return _call(description, name, file) if callable(value) else value


def _where(error: Exception, file: Path) -> str:
    """Returns the error with the line of the user's file that it came from."""
    if isinstance(error, SyntaxError):
        return f"line {error.lineno}: {error.msg}"
    frames = [f for f in traceback.extract_tb(error.__traceback__) if Path(f.filename).resolve() == file.resolve()]
    line = f"line {frames[-1].lineno}: " if frames else ""
    return f"{line}{type(error).__name__}: {error}"
