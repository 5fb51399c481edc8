# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Records on the disk: interruptions, full disks, damage, models that changed, memory, and the command line."""

from __future__ import annotations

import io
import json
import resource
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import nn

import tapml
from tapml import progress
from tapml._capture import outputs
from tapml._record import carry, recorder
from tapml._record.recorder import Recorder
from tapml._record.store import Store
from tapml.errors import RecordsError, TapMLError
from tapml.records import Records

from conftest import FunctionModule
from records_check import check_data_files, check_records

MODEL = """
import pathlib
import torch
dynamic_shapes = {"x": {0: torch.export.Dim("rows", min=1, max=5000)}}
class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.dense = torch.nn.Linear(8, 64)
    def forward(self, x):
        return torch.nn.functional.gelu(self.dense(x)).sum(1)
def model():
    torch.manual_seed(0)
    return Model().eval()
def samples():
    return [{"x": torch.full((rows, 8), 0.5 + rows)} for rows in ROWS]
def samples_from(file):
    return [{"x": torch.full((int(rows), 8), 0.25)} for rows in file.read_text().split()]
"""


def run(directory: Path, *arguments: str, file_size: int | None = None) -> subprocess.CompletedProcess[str]:
    """Runs the command line in ``directory``; files may have ``file_size`` bytes, as if the disk were full there."""

    def limit() -> None:
        if file_size is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (file_size, file_size))

    command = [sys.executable, "-m", "tapml", "capture", "model.py", "--record", *arguments]
    return subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False, preexec_fn=limit)


def write_model(directory: Path, rows: str = "[3, 4, 5]") -> Path:
    (directory / "model.py").write_text(MODEL.replace("ROWS", rows))
    return directory / "model.tapml"


def read_everything(path: Path) -> Records:
    """Reads every tensor of the records; returns them."""
    records = Records(path)
    for sample in records.samples:
        visits = list(records.visits(sample))
        assert len(visits) == len(records.operators) == 3
        for visit in visits:
            for reference in visit.tensors():
                records.tensor(reference)
    return records


def small(path: Path, count: int = 3) -> tapml.Captured:
    module = FunctionModule(lambda x: (x * 2 + 1).exp()).eval()
    captured = tapml.capture(module, [torch.randn(4) for _ in range(count)], name="small")
    captured.save(path, record=True)
    return captured


# The command line.


def test_command_line(tmp_path: Path) -> None:
    path = write_model(tmp_path)
    done = run(tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "model.tapml: 3 operators (3 kinds), 2 weights (0.0 MB), 3 samples, recorded\n"
    records = read_everything(path)
    assert records.complete
    assert records.index["source"] == {"framework": "torch", "version": torch.__version__}


def test_inputs_from_a_file(tmp_path: Path) -> None:
    path = write_model(tmp_path)
    (tmp_path / "rows.txt").write_text("1\n7\n")
    done = run(tmp_path, "--inputs=rows.txt")
    assert (done.returncode, done.stderr) == (0, "")
    records = read_everything(path)
    assert [next(records.visits(sample)).operands[0]["shape"] for sample in records.samples] == [[1, 8], [7, 8]]
    (tmp_path / "rows.txt").write_text("1")  # Cannot be traced; samples() can.
    assert run(tmp_path, "--inputs=rows.txt").returncode == 0
    assert read_everything(path).samples == [0]


@pytest.mark.parametrize(
    ("text", "inputs", "message"),
    [
        (MODEL, "nonsuch.txt", "there is no file 'nonsuch.txt'"),
        (MODEL.replace("samples_from", "other"), "model.py", "'model.py' must define a function 'samples_from(file)'"),
        (MODEL, "model.py", "samples_from() of 'model.py' failed: line 17: ValueError: invalid literal for int()"),
        (MODEL, "empty.txt", "'model' needs at least one sample"),
        (MODEL, "large.txt", "sample 1 does not fit what was traced of 'model'"),
    ],
)
def test_errors_of_inputs(tmp_path: Path, text: str, inputs: str, message: str) -> None:
    (tmp_path / "model.py").write_text(text.replace("ROWS", "[3]"))
    (tmp_path / "empty.txt").write_text("")
    (tmp_path / "large.txt").write_text("3 6000")
    done = run(tmp_path, f"--inputs={inputs}")
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: {message}")
    assert not (tmp_path / "model.tapml").exists()


# Interruptions.


def start(directory: Path) -> subprocess.Popen[str]:
    """Starts to record many samples; returns when a few are recorded."""
    path = write_model(directory, "range(2, 400)")
    command = [sys.executable, "-m", "tapml", "capture", "model.py", "--record"]
    process = subprocess.Popen(command, cwd=directory, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < deadline:
        if (path / "records" / "sample-3.jsonl").exists():
            return process
        time.sleep(0.01)
    process.kill()
    pytest.fail(f"nothing was recorded: {process.communicate()[1]}")


def test_an_interrupt_leaves_no_write_behind(tmp_path: Path) -> None:
    """Not even one that falls between handing a tensor to the writer and noting that it has it."""

    class Interrupted(deque[Any]):
        def append(self, item: Any) -> None:
            raise KeyboardInterrupt

    store = Store(tmp_path)
    store.begin()
    store._queue = Interrupted()
    store._writer.submit(time.sleep, 0.2)
    with pytest.raises(KeyboardInterrupt):
        store.put(torch.arange(1 << 18))
    store.take_back()
    store._writer.shutdown()
    assert not list(tmp_path.iterdir())


def test_a_store_goes_on_after_what_was_taken_back(tmp_path: Path) -> None:
    store = Store(tmp_path)
    first, second, large = torch.arange(4), torch.arange(5), torch.arange(1 << 18)
    store.begin()
    kept = store.put(first)
    store.commit(store.complete())
    store.take_back()  # Nothing: that is kept for good.
    store.begin()
    store.put(large)
    store.put(second)
    store.complete()
    store.take_back()
    assert [file.name for file in tmp_path.iterdir()] == [kept.file]
    store.begin()
    assert store.put(first) == kept
    again = store.put(second)
    files = store.complete()
    assert [(file.name, file.size) for file in files] == [(kept.file, first.nbytes), (again.file, second.nbytes)]
    assert (tmp_path / again.file).read_bytes() == second.numpy().tobytes()


def test_what_a_killed_run_left_is_removed(tmp_path: Path) -> None:
    path = tmp_path / "small.tapml"
    captured = small(path)
    before = {file.name: file.read_bytes() for file in (path / "records").iterdir()}
    for name in ("data-3.bin.new", "data-4.bin"):
        (path / "records" / name).write_text("left")
    Recorder(path, captured.source).run()
    assert {file.name: file.read_bytes() for file in (path / "records").iterdir()} == before


@pytest.fixture
def interruptible() -> Iterator[None]:
    """A shell lets what it starts in the background ignore interrupts."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_while_a_sample_is_noted_keeps_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(file: Path, content: bytes) -> str:
        if file.name != recorder.INDEX_FILE or b"sample-0.jsonl" in content:
            signal.raise_signal(signal.SIGINT)
        return carry.write_atomically(file, content)

    path = tmp_path / "small.tapml"
    captured = small(path)
    shutil.rmtree(path / "records")
    monkeypatch.setattr(recorder, "write_atomically", interrupted)
    with pytest.raises(KeyboardInterrupt):
        Recorder(path, captured.source).run()
    records = Records(path)
    assert records.samples == [0]
    check_data_files(records)


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_recording_goes_on(tmp_path: Path, number: signal.Signals) -> None:
    process = start(tmp_path)
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    if number is signal.SIGINT:
        assert process.returncode == 130
        assert said == "interrupted; the same command goes on with what is not recorded yet\n"
    path = tmp_path / "model.tapml"
    records = read_everything(path)
    assert not records.complete
    assert 3 <= len(records.samples) < 398
    if number is signal.SIGINT:
        check_data_files(records)  # Nothing else is left.

    # Again, with fewer samples and in another order: what is recorded is not recorded again.
    kept = {sample: (path / "records" / f"sample-{sample}.jsonl").stat().st_ino for sample in (0, 2)}
    write_model(tmp_path, "[4, 500, 2]")
    done = run(tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    records = read_everything(path)
    assert records.complete
    assert records.samples == [0, 1, 2]
    assert [entry["visits"] for entry in records.operators] == [3, 3, 3]
    assert (path / "records" / "sample-0.jsonl").stat().st_ino == kept[2]
    assert (path / "records" / "sample-2.jsonl").stat().st_ino == kept[0]
    check_data_files(records)
    assert sorted(file.name for file in tmp_path.iterdir() if file.name.startswith(".")) == []


def test_a_full_disk(tmp_path: Path) -> None:
    path = write_model(tmp_path, "[3, 2000, 4]")
    done = run(tmp_path, file_size=300_000)
    assert done.returncode == 1
    assert done.stderr == (
        "error: cannot write 'model.tapml/records': File too large; 1 of 3 samples are recorded and stay good\n"
    )
    records = read_everything(path)
    assert records.samples == [0]
    assert not records.complete
    assert [entry["recorded"] for entry in records.operators] == [1, 1, 1]
    check_data_files(records)
    assert run(tmp_path).returncode == 0
    assert read_everything(path).complete


def test_a_full_disk_before_anything_is_written(tmp_path: Path) -> None:
    path = write_model(tmp_path)
    done = run(tmp_path, file_size=1000)
    assert done.returncode == 1
    assert done.stderr.startswith("error: cannot write 'model.tapml': ")
    assert "File too large" in done.stderr
    assert not path.exists()


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    captured = small(tmp_path / "small.tapml")
    shutil.rmtree(tmp_path / "small.tapml" / "records")
    (tmp_path / "small.tapml" / "records").write_text("in the way")
    with pytest.raises(RecordsError, match=r"cannot write '.*records': File exists; no sample is recorded"):
        Recorder(tmp_path / "small.tapml", captured.source).run()


def test_a_source_that_gives_something_else_is_not_recorded(tmp_path: Path) -> None:
    weight = nn.Linear(3, 3)
    captured = tapml.capture(weight.eval(), [torch.ones(2, 3)], name="model")
    with torch.no_grad():
        weight.bias += 1
    with pytest.raises(TapMLError, match="differs from the module by 1 in output 'output' of sample 0"):
        captured.save(tmp_path / "model.tapml", record=True)
    assert Records(tmp_path / "model.tapml").samples == []


def test_recording_again_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "small.tapml"
    captured = small(path)

    def content() -> dict[str, bytes]:
        return {str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*") if file.is_file()}

    before = content()
    captured.save(path, record=True)
    assert content() == before
    captured.save(tmp_path / "other.tapml", record=True)
    check_records(captured, path)
    path = tmp_path / "other.tapml"
    assert content() == before


def test_records_of_another_model_are_not_kept(tmp_path: Path) -> None:
    path = tmp_path / "small.tapml"
    small(path)
    module = FunctionModule(lambda x: (x * 3).exp()).eval()
    captured = tapml.capture(module, [torch.randn(4)], name="small")
    captured.save(path, record=True)
    check_records(captured, path)
    captured.save(path)
    with pytest.raises(RecordsError, match=r"'.*small.tapml' has no records; capture it with --record"):
        Records(path)


# Damage.


def damaged(path: Path, sample: int = 0) -> str:
    """Returns the error of reading everything."""

    def read() -> None:
        records = Records(path)
        for visit in records.visits(sample):
            for reference in visit.tensors():
                records.tensor(reference)

    with pytest.raises(RecordsError) as info:
        read()
    return str(info.value)


def test_damaged_data(tmp_path: Path) -> None:
    path = tmp_path / "small.tapml"
    captured = small(path)
    first = next(Records(path).visits(0)).results[0]
    file = path / "records" / first["file"]
    whole = file.read_bytes()
    size = len(whole)
    start, end = first["offset"], first["offset"] + 16
    changed = whole[:start] + b"!" + whole[start + 1 :]
    for content, message in (
        (whole[:-1], f"'{file}' is damaged: {size - 1} bytes, expected {size}; record the model again"),
        (whole + b"!", f"'{file}' is damaged: {size + 1} bytes, expected {size}; record the model again"),
        (b"", f"'{file}' is damaged: 0 bytes, expected {size}; record the model again"),
        (changed, f"'{file}' is damaged: the 16 bytes at {start} are not those recorded; record the model again"),
    ):
        file.write_bytes(content)
        assert damaged(path) == message
    file.unlink()
    assert damaged(path) == f"cannot read '{file}': No such file or directory; record the model again"
    file.write_bytes(whole[: end - 1] + b"?" + whole[end:])
    captured.save(path, record=True)  # Finds it and records the sample again.
    check_records(captured, path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"file": "data-9.bin"}, "'{records}/data-9.bin' is not in '{records}/records.json'; record the model again"),
        ({"offset": 4}, "'{records}/data-0.bin' cannot have a tensor of 16 bytes at 4; record the model again"),
        ({"offset": -64}, "'{records}/data-0.bin' cannot have a tensor of 16 bytes at -64; record the model again"),
        ({"offset": 6400}, "'{records}/data-0.bin' cannot have a tensor of 16 bytes at 6400; record the model again"),
        ({"shape": [400]}, "'{records}/data-0.bin' cannot have a tensor of 1600 bytes at 64; record the model again"),
    ],
)
def test_tensors_that_cannot_be_where_a_reference_says(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    path = tmp_path / "small.tapml"
    small(path)
    records = Records(path)
    with pytest.raises(RecordsError) as info:
        records.tensor({**next(records.visits(0)).results[0], **change})
    assert str(info.value) == message.format(records=path / "records")


def test_a_damaged_file_takes_every_sample_with_it_that_needs_it(tmp_path: Path) -> None:
    """Samples 0 and 1 share a tensor; 2 has one of its own. What stays has the data files that it needs, no others."""
    path = tmp_path / "small.tapml"
    shared = torch.arange(4.0)
    module = FunctionModule(lambda x, y: (x + 1, y * 2)).eval()
    samples = [(shared, shared + 1), (shared, shared + 2), (shared + 10, shared + 20)]
    captured = tapml.capture(module, samples, name="small")
    captured.save(path, record=True)
    records = Records(path)
    check_data_files(records)

    def inodes() -> dict[str, int]:
        return {file.name: file.stat().st_ino for file in (path / "records").glob("data-*.bin")}

    before = inodes()
    x = next(records.visits(1)).operands[0]
    assert x == next(records.visits(0)).operands[0]
    with (path / "records" / x["file"]).open("r+b") as stream:
        stream.seek(x["offset"])
        stream.write(b"!")
    captured.save(path, record=True)
    check_records(captured, path)
    check_data_files(Records(path))
    after = inodes()
    assert after["data-2.bin"] == before["data-2.bin"]
    assert len(after) == 3

    # Sample 0 is damaged alone: its data file stays, because sample 1 needs a part of it.
    lines = path / "records" / "sample-0.jsonl"
    lines.write_text(lines.read_text()[:-9])
    before = inodes()
    captured.save(path, record=True)
    check_records(captured, path)
    after = inodes()
    assert before.items() <= after.items()


def test_damaged_samples_and_index(tmp_path: Path) -> None:
    path = tmp_path / "small.tapml"
    captured = small(path)
    sample, index = path / "records" / "sample-0.jsonl", path / "records" / "records.json"
    text, whole = sample.read_text(), index.read_text()
    sample.write_text(text.replace('"visit": 0', '"visit": 1', 1))
    assert damaged(path) == f"'{sample}' is damaged: it is not what was recorded; record the model again"
    sample.write_text(text[:-5])
    assert "is not what was recorded" in damaged(path)
    sample.unlink()
    assert "cannot read" in damaged(path)
    sample.write_text(text)
    index.write_text(whole[: len(whole) // 2])
    assert damaged(path).startswith(f"'{index}' is damaged: ")
    index.write_text(whole.replace('"version": 2', '"version": 1'))
    assert damaged(path) == f"'{index}' has version 1, and this TapML reads version 2; record the model again"
    index.write_text("[]")
    assert "has version None" in damaged(path)
    index.write_text('{"version": 2}')
    assert damaged(path) == f"'{index}' is damaged: it lacks 'graph_sha256'; record the model again"
    for key, edited, what in [
        ("complete", 1, "'complete' is not true or false"),
        ("data", {}, "'data' is not a list"),
        ("data", [{"file": "data-0.bin", "bytes": True}], "'data[0].bytes' is not a whole number"),
        ("samples", [{"sample": 0}], "it lacks 'samples[0].file'"),
        ("operators", ["gelu"], "'operators[0]' is not an object"),
    ]:
        index.write_text(json.dumps(json.loads(whole) | {key: edited}))
        assert damaged(path) == f"'{index}' is damaged: {what}; record the model again"
    index.write_text(whole)
    with pytest.raises(RecordsError, match=r"sample 3 of '.*' is not recorded"):
        list(Records(path).visits(3))
    captured.save(path, record=True)
    check_records(captured, path)


@pytest.mark.parametrize("name", ["graph.mlir", "weights.safetensors"])
def test_a_model_that_changed_since(tmp_path: Path, name: str) -> None:
    path = tmp_path / "small.tapml"
    small(path)
    with (path / name).open("ab") as stream:
        stream.write(b"\n")
    assert damaged(path) == f"'{path / name}' changed since it was recorded; record the model again"
    (path / name).unlink()
    assert damaged(path) == f"cannot read '{path / name}': No such file or directory"


# Resources.


def test_many_large_outputs_are_not_kept_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outputs, "MEMORY", 100)
    module = FunctionModule(lambda x: {"a": x * 2, "b": (x[:3], 1)}).eval()
    captured = tapml.capture(module, [torch.randn(8) for _ in range(5)], name="model")
    captured.save(tmp_path / "model.tapml", record=True)
    check_records(captured, tmp_path / "model.tapml")
    for sample in captured.samples:
        assert torch.equal(sample["output.a"], sample["input.args.0"] * 2)
        assert torch.equal(sample["output.b.0"], sample["input.args.0"][:3])


MEMORY = """
    import resource, sys, torch, tapml
    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.large = torch.nn.Linear(1024, 32768)  # In float64, 256 MiB.
        def forward(self, x):
            y = self.large(x[:256])
            for step in range(3):
                x = (x * 0.5).relu().t() + 1
            return x.sum(1), y.amax(1)
    with torch.no_grad():
        model, samples = Model().eval(), [torch.randn(4096, 4096)[:, :1024].expand(4096, 1024), torch.randn(4096, 1024)]
        if sys.argv[1] == "eager":
            for sample in samples:
                model(sample)
        else:
            captured = tapml.capture(model, samples)
            captured.save(sys.argv[1])
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            captured.save(sys.argv[1], record=True)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def test_memory(tmp_path: Path) -> None:
    (tmp_path / "model.py").write_text(textwrap.dedent(MEMORY))

    def peak(argument: str) -> int:
        command = [sys.executable, "model.py", argument]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
        return int(done.stdout)

    assert peak("model.tapml") - peak("eager") < 512
    records = Records(tmp_path / "model.tapml")
    assert all(entry["oracle"] is None for entry in records.operators)


def test_progress_only_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    for stream, shown in ((Terminal(), True), (io.StringIO(), False)):
        monkeypatch.setattr(sys, "stderr", stream)
        with progress.counter("recording", 3) as counter:
            counter.update(1, "5 of 7 operators")
        assert ("recording: 1 of 3 done, 5 of 7 operators" in stream.getvalue()) == shown
        assert (stream.getvalue() == "") != shown
        with pytest.raises(RuntimeError), progress.counter("recording", 3):
            raise RuntimeError
        assert stream.getvalue().endswith("failed\n") == shown


# A real model.


def test_minilm(minilm: ModuleType, tmp_path: Path) -> None:
    sentences = tmp_path / "sentences.txt"
    sentences.write_text(
        "A sentence.\nAnother one, which is longer.\n\n\n  A call of its own.\n" + "\nMany.\n" + "More.\n" * 8
    )
    samples = minilm.samples_from(sentences)
    assert [sample["input_ids"].shape[0] for sample in samples] == [2, 1, 8, 1]

    captured = tapml.capture(minilm.model(), samples[:2], minilm.dynamic_shapes, name="minilm")
    path = captured.save(tmp_path / "minilm.tapml", record=True)
    visits = check_records(captured, path)
    assert len(visits[0]) == len(captured.graph.operators) == 152
    operators = Records(path).operators
    assert all(entry["oracle"] is None for entry in operators)
    with_oracle = {entry["op"] for entry, visit in zip(operators, visits[0], strict=True) if visit.oracle[0]}
    assert with_oracle == {"linear", "layer_norm", "gelu", "add", "scaled_dot_product_attention", "tanh"}
    text = json.dumps(captured.record["operators"])
    assert all(json.dumps(entry["operator"]) in text for entry in operators)
