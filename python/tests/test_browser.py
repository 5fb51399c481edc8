# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The page runs executables in a headless Chromium, and says what is wrong with those it cannot run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from safetensors.numpy import save_file

from tapml import browser, cli
from tapml.errors import ToolError
from tapml.tools import run_tool

import fault_cases
import wgsl_model

pytestmark = pytest.mark.needs("chromium")


def run_models(directory: Path, models: list[dict[str, Any]]) -> list[browser.Report]:
    """Writes models (the arguments of write_model) and runs each for n = 5, all in one browser."""
    wgsl_model.write_data(directory / "data.safetensors", 5)
    tests = []
    for number, model in enumerate(models):
        wgsl_model.write_model(directory, name=f"{number}.tapx", **model)
        tests.append({"name": str(number), "executable": f"{number}.tapx", "data": "data.safetensors"})
    wgsl_model.write_tests(directory, tests)
    return browser.run(directory, timeout=60)


def test_runs_a_directory(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wgsl_model.write_model(tmp_path)
    tests = []
    for n in (1, 7, 64, 1000, 100000):
        wgsl_model.write_data(tmp_path / f"{n}.safetensors", n)
        tests.append({"name": f"n{n}", "operator": "add", "executable": "model.tapx", "data": f"{n}.safetensors"})
    wgsl_model.write_data(tmp_path / "wrong.safetensors", 10, off_by=0.25)
    tests.append({"name": "wrong", "executable": "model.tapx", "data": "wrong.safetensors"})
    tests.append({"name": "missing", "executable": "nosuch.tapx", "data": "wrong.safetensors"})
    wgsl_model.write_tests(tmp_path, tests)
    reports = browser.run(tmp_path, timeout=60)
    assert [report.verdict for report in reports] == ["pass"] * 5 + ["fail", "error"]
    assert all(report.share is not None and 0 <= report.share <= 1 for report in reports[:5])
    assert reports[5].share > 1
    assert reports[5].message.startswith("output 'y'[5] is 12.25, expected 12.5 within ")
    assert reports[5].message.endswith("1 of 10 elements are outside")
    assert "nosuch.tapx cannot be fetched: 404" in reports[6].message

    assert cli.main(["browser", str(tmp_path), "--json", str(tmp_path / "out.json")]) == 1
    printed = capsys.readouterr().out
    assert "5 of 7 pass, 1 fail, 1 have errors" in printed
    assert '"verdict": "fail"' in (tmp_path / "out.json").read_text()


@pytest.mark.needs("tapml", "_numerics")
@pytest.mark.parametrize("model", ["attention", "feed-forward", "tables"])
def test_runs_carved_tests(model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    carved = tmp_path / "carved"
    run_tool("tapml", ["carve", fault_cases.make_package(model, tmp_path), "-o", carved])
    count = len(list(carved.glob("tests/**/*.mlir")))
    assert count > 5
    assert cli.main(["browser", str(carved), "--json", str(tmp_path / "out.json")]) == 0
    assert f"{count} of {count} pass, 0 fail, 0 have errors" in capsys.readouterr().out
    tests = json.loads((tmp_path / "out.json").read_text())["tests"]
    assert len({test["name"] for test in tests}) == count


def test_refuses_kernels_that_do_not_compile(tmp_path: Path) -> None:
    text = wgsl_model.KERNELS.replace("before[i] + 1", "nosuch + 1")
    line = text[: text.index("nosuch")].count("\n") + 1
    other_interface = wgsl_model.manifest()
    other_interface["kernels"][1]["access"] = ["read", "read"]
    compiled, created, missing, commented = run_models(
        tmp_path,
        [
            {"code": text},
            {"changed": other_interface},
            {"code": wgsl_model.KERNELS.replace("fn twice", "fn thrice")},
            {"code": wgsl_model.KERNELS.replace("@compute @workgroup_size(64)\nfn twice", "/* @compute */ fn twice")},
        ],
    )
    assert compiled.message.startswith("kernel 'increment' (layer.1 and 1 more): the browser's device (")
    assert f"cannot compile section 'wgsl.0', line {line}: unresolved value 'nosuch'" in compiled.message
    assert "cannot compile kernel 'twice' (layer.0): " in created.message
    for report in (missing, commented):
        assert report.message == "section 'wgsl.0' has no entry point 'twice' for kernel 'twice'"


def edit(change: Any) -> dict[str, Any]:
    manifest = wgsl_model.manifest()
    change(manifest, manifest["executables"][0]["variants"][0])
    return manifest


def put_on_host(m: dict[str, Any], _: dict[str, Any]) -> None:
    m["executables"][1]["variants"][0]["place"] = 0
    m["kernels"][2]["place"] = 0


def enlarge_grid(_: dict[str, Any], add: dict[str, Any]) -> None:
    add["exprs"].append(["const", 1 << 40])
    add["steps"][0]["cases"][0]["grid"] = [6, 3, 3]


def overflow(_: dict[str, Any], add: dict[str, Any]) -> None:
    add["exprs"] += [["const", 1 << 40], ["mul", 6, 6]]
    add["steps"][0]["cases"][0]["grid"] = [7, 3, 3]


WRONG = [
    (put_on_host, "executable 'increment' (layer.1) is on the host, and a page has no host code"),
    (lambda m, _: m["places"][1].update(kind="vulkan"), "needs a device of kind 'vulkan', a page has only 'webgpu'"),
    (lambda m, _: m["places"][1]["profile"].update(features=["float16"]), "lacks the feature 'float16', which profile"),
    (
        lambda m, _: m["places"][1]["profile"].update(limits={"max_workgroup_invocations": 1 << 20}),
        "not 1048576, which profile 'small' needs",
    ),
    (lambda m, _: m["places"][1]["profile"].update(limits={"nosuch": 1}), "says nothing of the limit 'nosuch'"),
    (lambda m, _: m["format"].update(major=2), "manifest of format 2, this page reads 1"),
    (
        lambda m, _: m["main"]["steps"][1].update(results=[99]),
        "main.steps[1].results[0]: expected an integer from 0 to 8",
    ),
    (lambda m, _: m["kernels"][0].pop("access"), "kernels[0]: lacks 'access'"),
    (lambda m, _: m["main"]["exprs"][2].__setitem__(1, 2), "main.exprs[2][1]: expected an integer from 0 to 1"),
    (lambda _, add: add["steps"][0].update(sizes=[0]), "has 3 buffers and 1 sizes, kernel 'add_weight' needs 3 and 2"),
    (lambda m, _: m["main"]["slots"][0].update(bytes=1), "does not fit in slot 0"),
    (lambda m, _: m["kernels"][0].update(section="wgsl.7"), "in section 'wgsl.7', which the file does not have"),
    (lambda m, _: m["weights"][0].update(key="v"), "the weights have no tensor 'v'"),
    (lambda m, _: m["weights"][0].update(shape=[9]), "weight 'w' is 8 f32, needs 9 f32"),
    (enlarge_grid, "kernel 'add_weight': 1099511627776 workgroups in dimension 0"),
    (overflow, "size expression 7 (mul) divides by zero or exceeds 53 bits"),
    (lambda _, add: add["checks"][0].update(max=3), "elements: 5, at most 3 are possible"),
    (
        lambda _, add: add["steps"][0].update(buffers=[{"arg": 0}, {"arg": 0}, {"arg": 0}]),
        "kernel 'add_weight' (layer.0) binds buffers 0 and 2 in the same memory and writes there, which WebGPU forbids",
    ),
]


def test_refuses_wrong_manifests(tmp_path: Path) -> None:
    reports = run_models(tmp_path, [{"changed": edit(change)} for change, _ in WRONG] + [{}])
    for report, (_, message) in zip(reports, WRONG, strict=False):
        assert report.verdict == "error"
        assert message in report.message
    # What is wrong with one does not stop the others.
    assert reports[-1].verdict == "pass"


def test_refuses_damaged_files(tmp_path: Path) -> None:
    good = wgsl_model.write_model(tmp_path).read_bytes()
    wgsl_model.write_data(tmp_path / "data.safetensors", 5)
    cases = [
        (good[:-10], "cut short: it has"),
        (good[:600] + b"?" + good[601:], "does not match its checksum"),
        (b"PK" + good[2:], "not a TapML executable"),
        (good[:8] + b"\2" + good[9:], "format 2, this page reads 1.x"),
        (b"", "cut short: it has 0 bytes"),
    ]
    tests = []
    for number, (data, _) in enumerate(cases):
        (tmp_path / f"{number}.tapx").write_bytes(data)
        tests.append({"name": str(number), "executable": f"{number}.tapx", "data": "data.safetensors"})
    tests.append({"name": "data", "executable": "model.tapx", "data": "0.tapx"})
    wgsl_model.write_tests(tmp_path, tests)
    *reports, data = browser.run(tmp_path, timeout=60)
    for report, (_, message) in zip(reports, cases, strict=True):
        assert report.verdict == "error"
        assert message in report.message
    assert data.message == "0.tapx: not a safetensors file, or cut short"


def test_refuses_inputs_that_do_not_fit(tmp_path: Path) -> None:
    wgsl_model.write_model(tmp_path)
    given = wgsl_model.inputs(5)
    cases = [
        ("x", wgsl_model.inputs(4)["x"], "input 'ids': dimension 0 ('n') is 5, expected 4 as in another input"),
        ("x", given["ids"], "input 'x' has element type i64, expected f32"),
        ("x", given["x"].reshape(5, 1), "input 'x' has rank 2, expected rank 1 (n)"),
        ("z", given["x"], "input 'z' is unknown; the model has 'x', 'ids'"),
        ("ids", given["ids"] << 40, "input 'ids': element [0] is -7696581394432, which does not fit"),
    ]
    tests = []
    for number, (name, value, _) in enumerate(cases):
        tensors = {f"input.{key}": array for key, array in {**given, name: value}.items()}
        save_file({**tensors, "expect.y": given["x"]}, tmp_path / f"{number}.safetensors")
        tests.append({"name": str(number), "executable": "model.tapx", "data": f"{number}.safetensors"})
    wgsl_model.write_tests(tmp_path, tests)
    for report, (_, _, message) in zip(browser.run(tmp_path, timeout=60), cases, strict=True):
        assert report.verdict == "error"
        assert message in report.message


def test_refuses_browsers_without_webgpu(tmp_path: Path) -> None:
    wgsl_model.write_model(tmp_path)
    wgsl_model.write_data(tmp_path / "data.safetensors", 5)
    test = {"name": "it", "executable": "model.tapx", "data": "data.safetensors"}
    wgsl_model.write_tests(tmp_path, [test])
    [report] = browser.run(tmp_path, timeout=60, flags=["--disable-features=WebGPU", "--disable-gpu"])
    assert report.verdict == "error"
    assert report.message.startswith("place 'webgpu': this browser ")


def test_explains_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ToolError, match=r"has no tests\.json"):
        browser.run(tmp_path)
    (tmp_path / "tests.json").write_text('{"version": 7}')
    with pytest.raises(ToolError, match="has version 7, this page reads 1"):
        browser.run(tmp_path, timeout=60)
    monkeypatch.setenv(browser.BROWSER_VARIABLE, "nosuchbrowser")
    with pytest.raises(ToolError, match="browser 'nosuchbrowser' is not here"):
        browser.run(tmp_path)


def test_serves_nothing_outside(tmp_path: Path) -> None:
    from urllib.error import HTTPError
    from urllib.request import urlopen

    (tmp_path / "tests").mkdir()
    (tmp_path / "secret").write_text("secret")
    wgsl_model.write_tests(tmp_path / "tests", [])
    with browser.serve(tmp_path / "tests") as url:
        base = url.split("?")[0]
        assert urlopen(base + "tests/tests.json").status == 200
        for path in ("tests/../secret", "tests/%2e%2e/secret", "../pyproject.toml", "tests/"):
            with pytest.raises(HTTPError, match="404"):
                urlopen(base + path)
