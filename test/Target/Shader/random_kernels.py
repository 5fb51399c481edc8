# Part of the TapML project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE.TXT for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Random structured kernels, and what they compute.

A kernel is a list of operations. Each has its text, and a function that
computes it for all invocations at once with NumPy: values are arrays with one
row for each invocation, and control flow is a mask of those that take part.

Only what has one right result is generated: no division by zero, no order of
atomic updates that matters, no floats that a device may flush. What a device
may round in its own way has a bound, and only moves from there on. NaN and
infinities are among the values.
"""

from __future__ import annotations

import itertools
import pathlib
import sys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from random_functions import Machine
from random_operations import (
    ATOMICS,
    CARRIED,
    DTYPES,
    TABLES,
    VECTORS,
    element_of,
    type_of,
    width_of,
)
from random_values import (
    GROUPS,
    INVOCATIONS,
    LANES,
    SLOTS,
    SPAN,
    Block,
    Env,
    Operation,
    UnclearError,
    Values,
)

#: The types of arrays of an invocation, and of a workgroup.
OWN = ("i32", "f32", "f16", "i8")
SHARED = ("i32", "f32", "f16")


@dataclass
class Kernel:
    """The text of a kernel's body, its inputs, and the outputs that are right."""

    body: list[str]
    inputs: dict[str, np.ndarray]
    outputs: dict[str, np.ndarray]
    #: How far elements of outputs may be from that; zero where they are to be equal.
    bounds: dict[str, np.ndarray]
    machine: Machine


class Generator(Values):
    """Makes one kernel from a seed."""

    # Memory.

    def load(self) -> None:
        source = self.random.choice(["i32", "f32", "f16", "i8", "i16"])
        kind = self.random.choice([source, *[v for v in VECTORS if element_of(v) == source]])
        width = width_of(kind)
        at = self.index_below(LANES * SPAN - width + 1)
        if width == 1:
            self.add(kind, f"memref.load %{source}[{at}] : memref<?x{source}>", lambda env: env[f"%{source}"][env[at]])
            return
        self.add(
            kind,
            f"vector.load %{source}[{at}] : memref<?x{source}>, {kind}",
            lambda env: env[f"%{source}"][env[at][:, None] + np.arange(width)],
        )

    def table(self) -> None:
        kind = self.random.choice(list(TABLES))
        at = self.index_below(len(TABLES[kind]))
        data = np.array(TABLES[kind], DTYPES[kind])
        memory, name = self.fresh(), self.fresh()
        lines = [
            f"{memory} = memref.get_global @table_{kind} : memref<{len(data)}x{kind}>",
            f"{name} = memref.load {memory}[{at}] : memref<{len(data)}x{kind}>",
        ]

        def run(env: Env, mask: np.ndarray) -> None:
            env[name] = data[env[at]]

        self.append(lines, kind, name, run)

    def own_array(self) -> None:
        """Writes to the invocation's array, and reads from it."""
        kind = self.random.choice(OWN)
        at, value, again = self.index_below(4), self.value(kind), self.index_below(4)
        memory = f"%own_{kind}"

        def store(env: Env, mask: np.ndarray) -> None:
            lanes = np.flatnonzero(mask)
            env[memory][lanes, env[at][lanes]] = env[value][lanes]

        self.block.operations.append(
            Operation([f"memref.store {value}, {memory}[{at}] : memref<4x{kind}, #private>"], store)
        )
        self.add(
            kind,
            f"memref.load {memory}[{again}] : memref<4x{kind}, #private>",
            lambda env: env[memory][np.arange(LANES), env[again]],
        )

    def exchange(self) -> None:
        """Gives a value to another invocation of the workgroup."""
        kind = self.random.choice(SHARED)
        value, memory = self.value(kind), f"%shared_{kind}"
        other = self.index_below(INVOCATIONS)
        atomic = kind == "i32" and self.random.random() < 0.5
        place = self.index_below(INVOCATIONS)
        op = self.random.choice(list(ATOMICS))
        name = self.fresh()
        space = f"memref<{INVOCATIONS}x{kind}, #workgroup>"
        lines = [f"memref.store {value}, {memory}[%t] : {space}", "gpu.barrier"]
        if atomic:
            lines.append(f"{self.fresh()} = memref.atomic_rmw {op} {value}, {memory}[{place}] : (i32, {space}) -> i32")
            lines.append("gpu.barrier")
        lines += [f"{name} = memref.load {memory}[{other}] : {space}", "gpu.barrier"]

        def run(env: Env, mask: np.ndarray) -> None:
            shared = env[value].reshape(GROUPS, INVOCATIONS).copy()
            group = np.arange(LANES) // INVOCATIONS
            if atomic:
                with np.errstate(all="ignore"):
                    for lane in range(LANES):
                        where = group[lane], env[place][lane]
                        shared[where] = ATOMICS[op](shared[where], env[value][lane])
            env[name] = shared[group, env[other]]

        self.append(lines, kind, name, run)

    def call(self) -> None:
        kind, function, compute = self.random.choice(
            [
                ("f32", "@clip", lambda x: np.minimum(np.maximum(x, np.float32(-2)), np.float32(100))),
                ("i8", "@twist", lambda x: (x + x) ^ np.int8(-86)),
                ("f16", "@step", lambda x: (x.astype(np.float32) + np.float32(1)).astype(np.float16)),
                ("vector<8xf32>", "@negate", lambda x: -x),
            ]
        )
        a = self.value(kind)
        self.add(kind, f"func.call {function}({a}) : ({kind}) -> {kind}", lambda env: compute(env[a]))

    # Control flow.

    def nested(self, make: Callable[[], None]) -> Block:
        """Makes a block of its own, whose values are not known outside of it."""
        outer, known = self.block, {kind: list(names) for kind, names in self.known.items()}
        self.block = Block()
        self.depth += 1
        make()
        self.depth -= 1
        made, self.block, self.known = self.block, outer, known
        return made

    def body(self, kinds: list[str], yielded: list[str], size: int = 4) -> Callable[[], None]:
        def make() -> None:
            for _ in range(self.random.randint(1, size)):
                self.step()
            yielded.extend(self.value(kind) for kind in kinds)

        return make

    @staticmethod
    def assign(env: Env, mask: np.ndarray, names: list[str], sources: list[np.ndarray]) -> None:
        for name, source in zip(names, sources, strict=True):
            old = env.get(name, np.zeros_like(source))
            env[name] = np.where(mask if source.ndim == 1 else mask[:, None], source, old)

    def know(self, kinds: list[str], names: list[str]) -> None:
        for kind, name in zip(kinds, names, strict=True):
            self.known.setdefault(kind, []).append(name)

    @staticmethod
    def signature(result: str, kinds: list[str], names: list[str]) -> str:
        return f"{result}:{len(kinds)} = " if names else ""

    def some_kinds(self) -> list[str]:
        return [self.random.choice(CARRIED) for _ in range(self.random.randint(1, 3))]

    def branch(self) -> None:
        kinds, condition, result = self.some_kinds(), self.value("i1"), self.fresh()
        names = [f"{result}#{i}" for i in range(len(kinds))]
        then_values: list[str] = []
        else_values: list[str] = []
        then = self.nested(self.body(kinds, then_values))
        otherwise = self.nested(self.body(kinds, else_values))
        types = ", ".join(map(type_of, kinds))
        lines = [
            f"{result}:{len(kinds)} = scf.if {condition} -> ({types}) {{",
            *then.lines(),
            f"scf.yield {', '.join(then_values)} : {types}",
            "} else {",
            *otherwise.lines(),
            f"scf.yield {', '.join(else_values)} : {types}",
            "}",
        ]

        def run(env: Env, mask: np.ndarray) -> None:
            for block, values, taken in (
                (then, then_values, env[condition]),
                (otherwise, else_values, ~env[condition]),
            ):
                block.run(env, mask & taken)
                self.assign(env, taken, names, [env[value] for value in values])

        self.block.operations.append(Operation(lines, run))
        self.know(kinds, names)

    def loop(self) -> None:
        kinds, result, position = self.some_kinds(), self.fresh(), self.fresh()
        names = [f"{result}#{i}" for i in range(len(kinds))]
        inits = [self.value(kind) for kind in kinds]
        carried = [self.fresh() for _ in kinds]
        limit = self.index_below(4)
        yielded: list[str] = []

        def make() -> None:
            self.know([*kinds, "index"], [*carried, position])
            number = self.fresh()
            self.block.operations.append(
                Operation(
                    [f"{number} = arith.index_cast {position} : index to i32"],
                    lambda env, mask: env.update({number: env[position].astype(np.int32)}),
                )
            )
            self.know(["i32"], [number])
            self.body(kinds, yielded, 3)()

        body = self.nested(make)
        types = ", ".join(map(type_of, kinds))
        pairs = ", ".join(f"{c} = {i}" for c, i in zip(carried, inits, strict=True))
        lines = [
            f"{result}:{len(kinds)} = scf.for {position} = %c0 to {limit} step %c1 iter_args({pairs}) -> ({types}) {{",
            *body.lines(),
            f"scf.yield {', '.join(yielded)} : {types}",
            "}",
        ]

        def run(env: Env, mask: np.ndarray) -> None:
            everyone = np.ones(LANES, bool)
            self.assign(env, everyone, carried, [env[init] for init in inits])
            for i in range(int(env[limit].max())):
                taking_part = env[limit] > i
                env[position] = np.full(LANES, i)
                body.run(env, mask & taking_part)
                self.assign(env, taking_part, carried, [env[value] for value in yielded])
            self.assign(env, everyone, names, [env[name] for name in carried])

        self.block.operations.append(Operation(lines, run))
        self.know(kinds, names)

    def repeat(self) -> None:
        """A loop with its condition in the middle, which goes on while a counter says so."""
        kinds, result = self.some_kinds(), self.fresh()
        names = [f"{result}#{i}" for i in range(len(kinds))]
        inits = [self.value(kind) for kind in kinds]
        before, after = [self.fresh() for _ in kinds], [self.fresh() for _ in kinds]
        count, next_count, more, passed = (self.fresh() for _ in range(4))
        rounds = self.index_below(3)
        kept: list[str] = []
        yielded: list[str] = []

        def first() -> None:
            self.know(kinds, before)
            self.body(kinds, kept, 2)()

        def second() -> None:
            self.know(kinds, after)
            self.body(kinds, yielded, 2)()

        head, tail = self.nested(first), self.nested(second)
        types = ", ".join(map(type_of, kinds))
        pairs = ", ".join(f"{b} = {i}" for b, i in zip(before, inits, strict=True))
        arguments = ", ".join(f"{a}: {type_of(kind)}" for a, kind in zip(after, kinds, strict=True))
        lines = [
            f"{result}:{len(kinds) + 1} = scf.while ({pairs}, {count} = %c0) : ({types}, index) -> ({types}, index) {{",
            *head.lines(),
            f"{more} = arith.cmpi ult, {count}, {rounds} : index",
            f"scf.condition({more}) {', '.join(kept)}, {count} : {types}, index",
            "} do {",
            f"^bb0({arguments}, {passed}: index):",
            *tail.lines(),
            f"{next_count} = arith.addi {passed}, %c1 : index",
            f"scf.yield {', '.join(yielded)}, {next_count} : {types}, index",
            "}",
        ]

        def run(env: Env, mask: np.ndarray) -> None:
            running = np.ones(LANES, bool)
            self.assign(env, running, before, [env[init] for init in inits])
            for i in range(int(env[rounds].max()) + 1):
                head.run(env, mask & running)
                self.assign(env, running, after, [env[value] for value in kept])
                running = running & (env[rounds] > i)
                tail.run(env, mask & running)
                self.assign(env, running, before, [env[value] for value in yielded])
            self.assign(env, np.ones(LANES, bool), names, [env[name] for name in after])

        self.block.operations.append(Operation(lines, run))
        self.know(kinds, names)

    def step(self) -> None:
        """One thing more."""
        self.budget -= 1
        simple = [
            *[self.arithmetic, self.floats, self.choose, self.convert] * 3,
            *[self.vectors, self.load] * 2,
            *[self.wide, self.table, self.own_array, self.call, self.function],
        ]
        if self.depth == 0 and self.machine.cooperates:
            simple.append(self.exchange)
        if self.depth == 0 and self.machine.lanes:
            simple += [self.subgroup] * 2
        if self.depth < 3 and self.budget > 0:
            simple += [self.branch, self.loop, self.repeat]
        self.random.choice(simple)()

    # The kernel.

    def make(self) -> Kernel:
        data = np.random.default_rng(self.random.randrange(2**32))
        count = LANES * SPAN
        special = np.array([0, 1, -1, 0.5, 2.5, -3.5, 1e30, -1e30, np.inf, -np.inf, np.nan], np.float32)
        inputs = {
            "i32": np.where(
                data.random(count) < 0.5, data.integers(-9, 9, count), data.integers(-(2**31), 2**31, count)
            ).astype(np.int32),
            "f32": np.where(
                data.random(count) < 0.4, data.choice(special, count), data.uniform(-1000, 1000, count)
            ).astype(np.float32),
            "f16": np.where(
                data.random(count) < 0.4,
                np.clip(data.choice(special, count), -6e4, 6e4),
                data.integers(-4096, 4096, count) / 4,
            ).astype(np.float16),
            "i8": data.integers(-128, 128, count).astype(np.int8),
            "i16": data.integers(-(2**15), 2**15, count).astype(np.int16),
        }  # fmt: skip
        lane = np.arange(LANES)
        env: Env = {
            **{f"%{kind}": array for kind, array in inputs.items()},
            **{f"%own_{kind}": np.zeros((LANES, 4), DTYPES[kind]) for kind in OWN},
            "%c0": np.zeros(LANES, np.int64),
            "%c1": np.ones(LANES, np.int64),
            "%me": lane,
        }
        for kind in inputs:
            self.add(kind, f"memref.load %{kind}[%me] : memref<?x{kind}>", lambda env, kind=kind: env[f"%{kind}"][lane])
        if self.machine.lanes:
            env["%lane"] = (lane % self.machine.lanes).astype(np.int32)
            self.known["i32"].append("%lane")
        while self.budget > 0:
            self.step()
        # One type of two is left out: devices need not have more than eight buffers.
        narrow, left_out = self.random.sample(["i8", "f16"], 2)
        results = {kind: [self.value(kind) for _ in range(SLOTS)] for kind in ("i32", "f32", narrow)}
        # All that is known comes together in more numbers.
        total = results["i32"][0]
        for kind in (*VECTORS, left_out, "i16", "i1"):
            if not self.known.get(kind):
                continue
            value, element = self.value(kind), element_of(kind)
            if kind.startswith("vector"):
                text = f"vector.extract {value}[0] : {element} from {kind}"
                value = self.add(element, text, lambda env, v=value: env[v][:, 0])
            if element == "f16" and left_out == "f16":
                text = f"arith.extf {value} : f16 to f32"
                value, element = self.add("f32", text, lambda env, v=value: env[v].astype(np.float32)), "f32"
            if element in results:
                results[element].append(value)
                continue
            op = "extui" if kind == "i1" else "extsi"
            number = self.add(
                "i32", f"arith.{op} {value} : {kind} to i32", lambda env, v=value: env[v].astype(np.int32)
            )
            total = self.binary("arith.xori", "i32", total, number, np.bitwise_xor)
        results["i32"].append(total)
        results["f32"] += [self.value("about") for _ in range(SLOTS)]
        self.block.run(env, np.ones(LANES, bool))
        lines, outputs, bounds = self.block.lines(), {}, {}
        for kind, names in results.items():
            # Neighbours write next to each other, bytes into one word.
            rows = [env[name] if env[name].ndim == 2 else np.stack([env[name], 0 * lane], axis=1) for name in names]
            outputs[kind], bounds[kind] = np.concatenate(rows).T
            for i, name in enumerate(names):
                at = self.fresh()
                lines += [
                    f"{self.fresh()} = arith.constant {i * LANES} : index",
                    f"{at} = arith.addi %me, %v{self.count} : index",
                    f"memref.store {name}, %out_{kind}[{at}] : memref<?x{kind}>",
                ]
        return Kernel(lines, inputs, outputs, bounds, self.machine)


def make_kernel(seed: int, machine: Machine, size: int = 24) -> Kernel:
    """Returns kernel number `seed`: of its attempts, the first that is clear."""
    for attempt in itertools.count():
        try:
            return Generator(f"{seed}.{attempt}", machine, size).make()
        except UnclearError:
            continue
    raise AssertionError
