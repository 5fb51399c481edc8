# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Makes states of migrations as `tapml migrate` writes them, of transformers of any size.

By itself: ``python migration_state.py DIRECTORY [--layers N] [--scene SCENE]`` writes ``DIRECTORY/state.json``.
"""

from __future__ import annotations

import argparse
import json
import math
import random
from pathlib import Path
from typing import Any

# The operators of an encoder layer: name, kind, operands ("" is the layer's input).
LAYER = [
    ("attention.self.query", "linear", [""]),
    ("attention.self.view", "reshape", ["attention.self.query"]),
    ("attention.self.transpose", "permute", ["attention.self.view"]),
    ("attention.self.key", "linear", [""]),
    ("attention.self.view.1", "reshape", ["attention.self.key"]),
    ("attention.self.transpose.1", "permute", ["attention.self.view.1"]),
    ("attention.self.value", "linear", [""]),
    ("attention.self.view.2", "reshape", ["attention.self.value"]),
    ("attention.self.transpose.2", "permute", ["attention.self.view.2"]),
    (
        "attention.self.sdpa",
        "scaled_dot_product_attention",
        ["attention.self.transpose", "attention.self.transpose.1", "attention.self.transpose.2", "mask"],
    ),
    ("attention.self.transpose.3", "permute", ["attention.self.sdpa"]),
    ("attention.self.reshape", "reshape", ["attention.self.transpose.3"]),
    ("attention.output.dense", "linear", ["attention.self.reshape"]),
    ("attention.output.add", "add", ["attention.output.dense", ""]),
    ("attention.output.LayerNorm", "layer_norm", ["attention.output.add"]),
    ("intermediate.dense", "linear", ["attention.output.LayerNorm"]),
    ("intermediate.intermediate_act_fn", "gelu", ["intermediate.dense"]),
    ("output.dense", "linear", ["intermediate.intermediate_act_fn"]),
    ("output.add", "add", ["output.dense", "attention.output.LayerNorm"]),
    ("output.LayerNorm", "layer_norm", ["output.add"]),
]
HEAD = [
    ("embeddings.slice", "slice", []),
    ("embeddings.word_embeddings", "embedding", []),
    ("embeddings.token_type_embeddings", "embedding", []),
    ("embeddings.add", "add", ["embeddings.word_embeddings", "embeddings.token_type_embeddings"]),
    ("embeddings.position_embeddings", "embedding", ["embeddings.slice"]),
    ("embeddings.add.1", "add", ["embeddings.add", "embeddings.position_embeddings"]),
    ("embeddings.LayerNorm", "layer_norm", ["embeddings.add.1"]),
    ("arange", "arange", []),
    ("cast", "cast", []),
    ("mask", "index", ["cast", "arange"]),
]
EXACT = {"slice", "arange", "cast", "index", "reshape", "permute", "embedding"}
COMMAND = "tapml migrate minilm.tapml --target=vulkan -o migration"
UNSUPPORTED = {"index": "not supported: advanced indexing with 64-bit integers needs the feature int64"}


def make_graph(layers: int) -> list[dict[str, Any]]:
    """Returns the operators of an encoder, each with its instance, kind and operands."""
    operators = [{"instance": name, "op": op, "operands": operands} for name, op, operands in HEAD]
    last = "embeddings.LayerNorm"
    for layer in range(layers):
        prefix = f"encoder.layer.{layer}."
        for name, op, operands in LAYER:
            sources = [last if not x else x if x == "mask" else prefix + x for x in operands]
            operators.append({"instance": prefix + name, "op": op, "operands": sources})
        last = operators[-1]["instance"]
    return operators


def make_evidence(op: str, failed: int, elements: int) -> dict[str, Any]:
    worst = [
        {
            "index": [0, 16 + i, 37 * i % 384],
            "expected": f"{-0.8137 + i * 0.21:.9g}",
            "got": f"{0.8891 - i * 0.19:.9g}" if i != 3 else "nan",
            "ulps": 2.9e7 / (i + 1) if i != 3 else None,
            "share": 8.1e5 / (i + 1) if i != 3 else None,
        }
        for i in range(8)
    ]
    ranges = {"subnormals": 0, "nan": 0, "inf": 0}
    return {
        "mismatch": "",
        "failed": failed,
        "proven": failed // 2,
        "free": 0,
        "first": {"index": [0, 16, 2], "expected": "0.25", "got": "0.75", "ulps": 8388608, "share": 120.5},
        "worst": worst,
        "clusters": [
            f"all in rows 16-31 of dimension 1 of {op}",
            "large magnitudes: the mean of the failing is 3.1 times that of all",
        ],
        "expected_range": {
            "min": -3.1,
            "max": 2.9,
            "mean": 0.011,
            "variance": 0.84,
            "largest_magnitude": 3.1,
            **ranges,
        },
        "got_range": {
            "min": -3.1,
            "max": 9.8,
            "mean": 0.42,
            "variance": 2.2,
            "largest_magnitude": 9.8,
            **ranges,
            "nan": 1,
        },
    }


class StateMaker:
    """Plays a migration through, without running anything."""

    def __init__(self, operators: list[dict[str, Any]], model: str, seed: int = 0) -> None:
        self.random = random.Random(seed)
        self.operators = operators
        self.model = model
        self.time = 0.0
        self.steps: list[dict[str, Any]] = []
        self.faults: list[dict[str, Any]] = []

    def verdict(self, number: int, on_target: bool) -> dict[str, Any]:
        op = self.operators[number]
        integer = number < len(HEAD) and op["op"] in {"slice", "arange", "cast", "index"}
        depth = number / len(self.operators)
        envelope = 0.0 if integer else 2.4e-7 * 10 ** (1.6 * depth + 0.15 * math.sin(number))
        factor = 10 ** ((-1.7 if on_target else -1.8) + 0.8 * math.sin(number / 17) * self.random.random())
        return {
            "instance": op["instance"],
            "op": op["op"],
            "place": "vulkan" if on_target else "host",
            "verdict": "pass",
            "sample": self.random.randrange(4),
            "share": 0 if op["op"] in EXACT else round(0.03 + 0.3 * self.random.random() ** 2, 4),
            "failed": 0,
            "elements": 12288,
            "failed_samples": [],
            "drift": envelope * factor,
            "envelope": envelope,
            "drift_sample": self.random.randrange(4),
            "evidence": None,
        }

    def report(self, moved: set[int], failing: dict[int, dict[str, Any]] | None = None, **more: Any) -> dict[str, Any]:
        verdicts = [(failing or {}).get(i) or self.verdict(i, i in moved) for i in range(len(self.operators))]
        outputs = [
            {
                "name": name,
                "sample": s,
                "passes": True,
                "drift": 2.1e-7,
                "envelope": 9.6e-6,
                "difference": 1.2e-6 * (s + 1),
            }
            for name in ("last_hidden_state", "pooler_output")
            for s in range(4)
        ]
        report = {
            "operators": verdicts,
            "outputs": outputs,
            "changed": [],
            "unstable": [],
            "unordered": [],
            "misplaced": [],
            "repeated": [],
            "missing": [],
            "transfers": 3,
            "bytes_moved": 466944,
            "compile_seconds": 0.8,
            "load_seconds": 0.1,
            "run_seconds": 0.2,
            "judge_seconds": 0.5,
        }
        report.update(more)
        return report

    def step(self, what: str, moved: int, tried: int, passes: bool, seconds: float) -> None:
        worst = self.random.choice(self.operators)["instance"]
        self.steps.append(
            {
                "number": len(self.steps) + 1,
                "what": what,
                "moved": moved,
                "tried": tried,
                "passes": passes,
                "worst": worst,
                "share": 0.31 if passes else None,
                "seconds": seconds,
            }
        )
        self.time += seconds

    def fail(self, number: int, kind: str, sentence: str, minimal: list[str], **more: Any) -> None:
        verdict = self.verdict(number, True)
        verdict.update(
            verdict="proven fault",
            share=8.1e5,
            failed=512,
            drift=1.7e-1,
            failed_samples=[0, 2],
            evidence=make_evidence(self.operators[number]["op"], 512, 12288),
        )
        failing = {} if more.get("error") else {number: verdict}
        self.faults.append(
            {
                "step": len(self.steps),
                "seconds": self.time,
                "instance": self.operators[number]["instance"],
                "op": self.operators[number]["op"],
                "class": kind,
                "minimal_set": minimal,
                "sentence": sentence,
                "test": "",
                "command": " ".join([COMMAND, *(f"--only={instance}" for instance in minimal)]),
                "report": self.report({number}, failing, **more),
                "settled": True,
            }
        )


def make_state(
    layers: int = 6, scene: str = "faults", model: str = "minilm", operators: list | None = None
) -> dict[str, Any]:
    """Returns a state. Scenes: "clean", "faults" (found and left on the host), "stopped" (at the first), "host" (only
    the host has run), "begun" (nothing has run)."""
    maker = StateMaker(operators or make_graph(layers), model)
    ops = maker.operators
    names = [op["instance"] for op in ops]
    unsupported = {i for i, op in enumerate(ops) if op["op"] in UNSUPPORTED}
    guilty: set[int] = set()
    culprits = {}
    if scene in {"faults", "stopped"}:
        pick = [i for i, op in enumerate(ops) if op["op"] == "layer_norm"]
        culprits = {pick[len(pick) // 2]: "together"}
    if scene == "faults":
        culprits[next(i for i, op in enumerate(ops) if op["op"] == "gelu")] = "alone"
        culprits[[i for i, op in enumerate(ops) if op["op"] == "scaled_dot_product_attention"][-1]] = "refused"
    moved: list[int] = []
    phase = "host"
    if scene != "begun":
        maker.step("host", 0, 0, True, 3.2)
    if scene in {"clean", "faults", "stopped"}:
        phase, group = "move", 1
        waiting = [i for i in range(len(ops)) if i not in unsupported]
        while waiting:
            tried = waiting[:group]
            bad = [i for i in tried if i in culprits]
            maker.step("move", len(moved) + len(tried), len(tried), not bad, 1.1 + 0.002 * len(tried))
            if bad:
                for n in range(5):
                    maker.step("blame", max(1, len(tried) >> n), len(tried), n % 2 == 1, 0.6)
                blame(maker, bad[0], culprits[bad[0]], names)
                guilty.add(bad[0])
                waiting.remove(bad[0])
                group = 1
                if scene == "stopped":
                    break
                continue
            moved += tried
            waiting = waiting[group:]
            group *= 2
        if scene != "stopped":
            maker.step("fuse", len(moved), len(moved), True, 4.0)
            phase = "done"
    done = set(moved)
    has_run = scene != "begun"
    final = (
        maker.report(done)
        if moved
        else {**maker.report(set()), "operators": [], "outputs": [], "transfers": 0, "bytes_moved": 0}
    )
    empty = {
        "instance": "",
        "op": "",
        "place": "",
        "verdict": "",
        "sample": 0,
        "share": 0,
        "failed": 0,
        "elements": 0,
        "failed_samples": [],
        "drift": 0,
        "envelope": 0,
        "drift_sample": 0,
        "evidence": None,
    }
    alone: dict[str, Any] = {
        "status": "pass",
        "tests": 4,
        "passed": 4,
        "share": 0.3,
        "file": "",
        "message": "",
        "command": "",
        "shared": False,
        "passed_file": "",
        "evidence": None,
    }
    records = []
    for i, op in enumerate(ops):
        state = "unsupported" if i in unsupported else "guilty" if i in guilty else "moved" if i in done else "waiting"
        fault = next((f for f in maker.faults if f["instance"] == names[i]), None)
        records.append(
            {
                **op,
                "state": state,
                "host_alone": alone,
                "target_alone": alone
                | ({"status": "fail", "passed": 3, "message": "1 element outside"} if i in guilty else {}),
                "step": 2 if i in done else 0,
                "reason": UNSUPPORTED[op["op"]] if state == "unsupported" else fault["sentence"] if fault else "",
                "host": maker.verdict(i, False) if has_run else empty,
                "target": final["operators"][i] if i in done else empty,
            }
        )
    return {
        "version": 6,
        "model": model,
        "model_hash": "5f2c8d1e9a7b" * 5 + "0123",
        "target": "vulkan",
        "device": "vulkan:0 (llvmpipe (LLVM 15.0.6, 256 bits))",
        "settings": "repeats=1",
        "phase": phase,
        "group": 1,
        "tests": 4 * len(ops),
        "host_tests": {"run": 4 * len(ops), "passed": 4 * len(ops), "unsupported": 0},
        "target_tests": {"run": 4 * len(ops) - 4, "passed": 4 * len(ops) - 4 - len(guilty), "unsupported": 4},
        "samples": [0, 1, 2, 3],
        "sample_sizes": [38, 24, 60, 12],
        "operators": records,
        "steps": maker.steps,
        "faults": maker.faults,
        "host_report": maker.report(set()) if has_run else {**final},
        "final_report": final,
        "fused": phase == "done",
        "seconds": maker.time,
    }


def blame(maker: StateMaker, number: int, kind: str, names: list[str]) -> None:
    op = maker.operators[number]["op"]
    far = "512 of 12288 elements are outside the bound, by up to 8.1e+05 times"
    if kind == "together":
        minimal = [names[number - 2], names[number]]
        maker.fail(number, kind, f"{op} is wrong only together with others: {far}; all in rows 16-31", minimal)
    elif kind == "alone":
        maker.fail(number, kind, f"{op} is wrong alone: {far}", [names[number]])
    else:
        message = f"graph.mlir:41:10: error: 'tapml.{op}' needs 9 storage buffers, the profile guarantees 8"
        error = {"kind": "compile", "message": message, "instance": names[number]}
        maker.fail(number, kind, f"{op} cannot be compiled or loaded: {message}", [names[number]], error=error)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--layers", type=int, default=6)
    parser.add_argument("--scene", default="faults")
    options = parser.parse_args()
    options.directory.mkdir(parents=True, exist_ok=True)
    (options.directory / "state.json").write_text(json.dumps(make_state(options.layers, options.scene)))


if __name__ == "__main__":
    main()
