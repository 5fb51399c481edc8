# Part of the TapML project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE.TXT for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Random operations on values, for `random_kernels.py`."""

from __future__ import annotations

import functools
import pathlib
import random
import sys
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from random_functions import FUNCTIONS, Machine, sum_about
from random_operations import (
    BITS,
    DIVISIONS,
    DTYPES,
    FLOATS,
    MOVED,
    REDUCTIONS,
    ROUNDINGS,
    SHIFTS,
    VECTORS,
    WRAPPING,
    compare_floats,
    compare_integers,
    element_of,
    is_float,
    like,
    literal,
    type_of,
    unsigned,
    width_of,
)

INVOCATIONS = 32
GROUPS = 2
LANES = INVOCATIONS * GROUPS
#: Elements of an input for each invocation.
SPAN = 4
SLOTS = 4

Env = dict[str, np.ndarray]
Run = Callable[[Env, np.ndarray], None]


class UnclearError(Exception):
    """A float is so small that a device may flush it, or not."""


@dataclass
class Operation:
    lines: list[str]
    run: Run


@dataclass
class Block:
    operations: list[Operation] = field(default_factory=list)

    def lines(self) -> list[str]:
        return [line for operation in self.operations for line in operation.lines]

    def run(self, env: Env, mask: np.ndarray) -> None:
        for operation in self.operations:
            operation.run(env, mask)


class Values:
    """Operations on values, in the order in which they were made."""

    def __init__(self, seed: str, machine: Machine, size: int = 24) -> None:
        self.random = random.Random(seed)
        self.machine = machine
        self.budget = size
        self.count = 0
        self.depth = 0
        self.known: dict[str, list[str]] = {}
        self.block = Block()

    # Values.

    def fresh(self) -> str:
        self.count += 1
        return f"%v{self.count}"

    def add(self, kind: str, text: str, compute: Callable[[Env], np.ndarray]) -> str:
        """Appends an operation with one result; returns the result."""
        name = self.fresh()

        def run(env: Env, mask: np.ndarray) -> None:
            with np.errstate(all="ignore"):
                result = env[name] = compute(env)
            if is_float(kind):
                small = (result != 0) & (np.abs(result) < np.finfo(result.dtype).tiny)
                if small[mask].any():
                    raise UnclearError

        return self.append([f"{name} = {text}"], kind, name, run)

    def append(self, lines: list[str], kind: str, result: str, run: Run) -> str:
        """Appends several operations, the last with this result."""
        self.block.operations.append(Operation(lines, run))
        self.known.setdefault(kind, []).append(result)
        return result

    def binary(self, op: str, kind: str, a: str, b: str, compute: Callable[..., np.ndarray]) -> str:
        return self.add(kind, f"{op} {a}, {b} : {kind}", lambda env: compute(env[a], env[b]))

    def constant(self, kind: str, value: float | bool) -> str:
        element = element_of(kind)
        text = ("true" if value else "false") if element == "i1" else literal(element, value)
        shape = (LANES,) if width_of(kind) == 1 else (LANES, width_of(kind))
        data = np.full(shape, value, DTYPES[element])
        text = text if width_of(kind) == 1 else f"dense<{text}>"
        suffix = "" if kind == "i1" else f" : {kind}"
        return self.add(kind, f"arith.constant {text}{suffix}", lambda env: data)

    def value(self, kind: str) -> str:
        """A value of this type that is known here; made where there is none."""
        if self.known.get(kind) and self.random.random() < 0.9:
            # The latest are the likeliest, so that results depend on much.
            names = self.known[kind]
            return names[max(len(names) - 1 - int(self.random.expovariate(0.3)), 0)]
        element = element_of(kind)
        if kind == "about":
            return self.function()
        if is_float(kind):
            large = 1e30 if element == "f32" else 6e4
            return self.constant(kind, self.random.choice([0.5, -1.0, 3.0, large, np.inf, -np.inf, np.nan]))
        if element == "i1":
            return self.constant(kind, self.random.random() < 0.5)
        bits = np.iinfo(DTYPES[element])
        return self.constant(kind, self.random.choice([0, 1, -1, 5, bits.max, bits.min]))

    def index_below(self, limit: int) -> str:
        """An index from a value of the kernel, less than `limit`."""
        amount = self.binary("arith.remui", "i32", self.value("i32"), self.constant("i32", limit), DIVISIONS["remui"])
        return self.add("index", f"arith.index_cast {amount} : i32 to index", lambda env: env[amount].astype(np.int64))

    def small_float(self, kind: str) -> str:
        """A float that is an odd number below 16.

        Products with it are exact or rounded once, never tiny, and never of an infinity and zero: the drivers of
        Mesa and Chromium take x * 0 for 0.
        """
        integers = like(kind, "i32")
        low = self.binary("arith.andi", integers, self.value(integers), self.constant(integers, 14), WRAPPING["andi"])
        odd = self.binary("arith.ori", integers, low, self.constant(integers, 1), WRAPPING["ori"])
        to = DTYPES[element_of(kind)]
        return self.add(kind, f"arith.sitofp {odd} : {integers} to {kind}", lambda env: env[odd].astype(to))

    def power_of_two(self, kind: str) -> str:
        """A float from 1 to 8 by which quotients are exact, however a device divides."""
        integers = like(kind, "i32")
        low = self.binary("arith.andi", integers, self.value(integers), self.constant(integers, 3), WRAPPING["andi"])
        power = self.binary("arith.shli", integers, self.constant(integers, 1), low, SHIFTS["shli"])
        to = DTYPES[element_of(kind)]
        return self.add(kind, f"arith.sitofp {power} : {integers} to {kind}", lambda env: env[power].astype(to))

    def some_float(self) -> str:
        kinds = ["f32", "f32", "f16", *[v for v in VECTORS if is_float(v)]]
        return self.random.choice(kinds if self.machine.halves else [kind for kind in kinds if "f16" not in kind])

    # Operations on values.

    def arithmetic(self) -> None:
        kind = self.random.choice(["i8", "i16", "i32", "i32", *[v for v in VECTORS if v.endswith("i32>")]])
        bits = np.iinfo(DTYPES[element_of(kind)]).bits
        choice = self.random.random()
        a, b = self.value(kind), self.value(kind)
        if choice < 0.5:
            op = self.random.choice(list(WRAPPING))
            self.binary(f"arith.{op}", kind, a, b, WRAPPING[op])
        elif choice < 0.7:
            op = self.random.choice(list(SHIFTS))
            amount = self.binary("arith.andi", kind, b, self.constant(kind, bits - 1), WRAPPING["andi"])
            self.binary(f"arith.{op}", kind, a, amount, SHIFTS[op])
        elif choice < 0.9:
            op = self.random.choice(list(DIVISIONS))
            # An odd divisor from -7 to 7, and a dividend that is not the least.
            even = self.binary("arith.andi", kind, b, self.constant(kind, 14), WRAPPING["andi"])
            divisor = self.binary("arith.subi", kind, even, self.constant(kind, 7), WRAPPING["subi"])
            dividend = self.binary("arith.shrsi", kind, a, self.constant(kind, 1), SHIFTS["shrsi"])
            self.binary(f"arith.{op}", kind, dividend, divisor, DIVISIONS[op])
        elif element_of(kind) == "i32":
            op = self.random.choice(list(BITS))
            self.add(kind, f"math.{op} {a} : {kind}", lambda env: BITS[op](env[a]))

    def floats(self) -> None:
        kind = self.some_float()
        a = self.value(kind)
        choice = self.random.random()
        if choice < 0.4:
            op, b = self.random.choice(list(FLOATS)), self.value(kind)
            # Mesa takes x - x for 0 where it sees it, that of infinities, too.
            b = self.small_float(kind) if a == b and op == "subf" else b
            self.binary(f"arith.{op}", kind, a, b, FLOATS[op])
        elif choice < 0.6:
            self.binary("arith.mulf", kind, a, self.small_float(kind), np.multiply)
        elif choice < 0.65 and element_of(kind) == "f32":
            self.binary("arith.divf", kind, a, self.power_of_two(kind), np.divide)
        elif choice < 0.85:
            op = self.random.choice(list(ROUNDINGS))
            self.add(kind, f"math.{op} {a} : {kind}", lambda env: ROUNDINGS[op](env[a]))
        elif choice < 0.92:
            self.add(kind, f"arith.negf {a} : {kind}", lambda env: -env[a])
        else:
            sign = self.small_float(kind)
            self.binary("math.copysign", kind, a, sign, np.copysign)

    def function(self) -> str:
        """A quotient or an elementary function; of vectors, one element."""
        kind = self.some_float()
        a, compute = self.value(kind), self.machine.divide
        op = "arith.divf"
        if element_of(kind) == "f32" and self.random.random() < 0.8:
            name = self.random.choice(FUNCTIONS)
            op, compute = f"math.{name}", lambda x, y: self.machine.apply(name, x, y)
        b = self.small_float(kind) if op == "arith.divf" or self.random.random() < 0.8 else self.value(kind)
        operands = f"{a}, {b}" if op in ("arith.divf", "math.powf") else a
        result = self.fresh()
        lines = [f"{result} = {op} {operands} : {kind}"]
        place = self.random.randrange(width_of(kind))
        if width_of(kind) > 1:
            whole, result = result, self.fresh()
            lines.append(f"{result} = vector.extract {whole}[{place}] : {element_of(kind)} from {kind}")
        if element_of(kind) == "f16":
            half, result = result, self.fresh()
            lines.append(f"{result} = arith.extf {half} : f16 to f32")

        def run(env: Env, mask: np.ndarray) -> None:
            x, y = (env[name].reshape(LANES, -1)[:, place] for name in (a, b))
            with np.errstate(all="ignore"):
                env[result] = compute(x, y)

        return self.append(lines, "about", result, run)

    def choose(self) -> None:
        kind = self.random.choice(["i8", "i16", "i32", "f32", "f16", "about", *VECTORS])
        a, b = self.value(kind), self.value(kind)
        bools = like(kind, "i1")
        if kind == "about" or (width_of(kind) > 1 and self.random.random() < 0.3):
            one = self.value("i1")
            self.add(
                kind,
                f"arith.select {one}, {a}, {b} : {type_of(kind)}",
                lambda env: np.where(env[one][:, None], env[a], env[b]),
            )
            return
        if is_float(kind):
            predicates = [p + q for p in "ou" for q in ("eq", "ne", "lt", "le", "gt", "ge")] + ["ord", "uno"]
            predicate = self.random.choice(predicates)
            text, compute = f"arith.cmpf {predicate}", compare_floats
        else:
            predicate = self.random.choice(["eq", "ne"] + [p + q for p in "su" for q in ("lt", "le", "gt", "ge")])
            text, compute = f"arith.cmpi {predicate}", compare_integers
        condition = self.add(bools, f"{text}, {a}, {b} : {kind}", lambda env: compute(predicate, env[a], env[b]))
        if bools == "i1" and self.random.random() < 0.3:
            other = self.value("i1")
            op, compute_bits = self.random.choice(
                [("andi", np.logical_and), ("ori", np.logical_or), ("xori", np.logical_xor)]
            )
            condition = self.binary(f"arith.{op}", "i1", condition, other, compute_bits)
        prefix = f"{bools}, " if width_of(kind) > 1 else ""
        self.add(
            kind,
            f"arith.select {condition}, {a}, {b} : {prefix}{kind}",
            lambda env: np.where(env[condition], env[a], env[b]),
        )

    def convert(self) -> None:
        choice = self.random.randrange(10)
        if choice == 0:
            a = self.value("i32")
            to = self.random.choice(["i8", "i16"])
            self.add(to, f"arith.trunci {a} : i32 to {to}", lambda env: env[a].astype(DTYPES[to]))
        elif choice == 1:
            kind = self.random.choice(["i8", "i16"])
            a = self.value(kind)
            self.add("i32", f"arith.extsi {a} : {kind} to i32", lambda env: env[a].astype(np.int32))
        elif choice == 2:
            kind = self.random.choice(["i8", "i16"])
            a = self.value(kind)
            self.add("i32", f"arith.extui {a} : {kind} to i32", lambda env: unsigned(env[a]).astype(np.int32))
        elif choice == 3:
            a, op = self.value("i1"), self.random.choice(["extui", "extsi"])
            sign = 1 if op == "extui" else -1
            self.add("i32", f"arith.{op} {a} : i1 to i32", lambda env: sign * env[a].astype(np.int32))
        elif choice == 4:
            a = self.value("i32")
            self.add("i1", f"arith.trunci {a} : i32 to i1", lambda env: (env[a] & 1).astype(np.bool_))
        elif choice == 5:
            kind, op = self.random.choice(["i8", "i16"]), self.random.choice(["sitofp", "uitofp"])
            a = self.value(kind)
            self.add(
                "f32",
                f"arith.{op} {a} : {kind} to f32",
                lambda env: (unsigned(env[a]) if op == "uitofp" else env[a]).astype(np.float32),
            )
        elif choice == 6:
            a = self.value("i32")
            self.add("f16", f"arith.sitofp {a} : i32 to f16", lambda env: env[a].astype(np.float16))
        elif choice == 7:
            kind = self.random.choice(["f16", *[v for v in VECTORS if element_of(v) == "f16"]])
            a, to = self.value(kind), like(kind, "f32")
            self.add(to, f"arith.extf {a} : {kind} to {to}", lambda env: env[a].astype(np.float32))
        elif choice == 8:
            kind = self.random.choice(["f32", *[v for v in VECTORS if element_of(v) == "f32"]])
            a, to = self.value(kind), like(kind, "f16")
            self.add(to, f"arith.truncf {a} : {kind} to {to}", lambda env: env[a].astype(np.float16))
        else:
            self.to_integer()

    def number(self) -> str:
        """A float with zero for NaN."""
        a = self.value("f32")
        isnan = self.add("i1", f"arith.cmpf uno, {a}, {a} : f32", lambda env: np.isnan(env[a]))
        zero = self.constant("f32", 0.0)
        return self.add(
            "f32", f"arith.select {isnan}, {zero}, {a} : f32", lambda env: np.where(env[isnan], env[zero], env[a])
        )

    def to_integer(self) -> None:
        """A float with limits put around it, as an integer."""
        least = self.binary("arith.maximumf", "f32", self.number(), self.constant("f32", -1e6), np.maximum)
        whole = self.binary("arith.minimumf", "f32", least, self.constant("f32", 1e6), np.minimum)
        self.add("i32", f"arith.fptosi {whole} : f32 to i32", lambda env: env[whole].astype(np.int32))

    def wide(self) -> None:
        """64 bits of which the low 32 are kept."""
        a, b = self.value("i32"), self.value("i32")
        op = self.random.choice(["addi", "subi", "muli", "andi", "ori", "xori"])
        x, y, z = self.fresh(), self.fresh(), self.fresh()
        result = self.fresh()
        lines = [
            f"{x} = arith.extsi {a} : i32 to i64",
            f"{y} = arith.extsi {b} : i32 to i64",
            f"{z} = arith.{op} {x}, {y} : i64",
            f"{result} = arith.trunci {z} : i64 to i32",
        ]

        def run(env: Env, mask: np.ndarray) -> None:
            env[result] = WRAPPING[op](env[a], env[b])

        self.append(lines, "i32", result, run)

    def vectors(self) -> None:
        kind = self.random.choice(VECTORS)
        element, width = element_of(kind), width_of(kind)
        choice = self.random.randrange(6)
        if choice == 0:
            a = self.value(element)
            self.add(
                kind,
                f"vector.broadcast {a} : {element} to {kind}",
                lambda env: np.repeat(env[a][:, None], width, axis=1),
            )
        elif choice == 1:
            a, place = self.value(kind), self.random.randrange(width)
            self.add(element, f"vector.extract {a}[{place}] : {element} from {kind}", lambda env: env[a][:, place])
        elif choice == 2:
            a, b, place = self.value(kind), self.value(element), self.random.randrange(width)

            def insert(env: Env) -> np.ndarray:
                changed = env[a].copy()
                changed[:, place] = env[b]
                return changed

            self.add(kind, f"vector.insert {b}, {a} [{place}] : {element} into {kind}", insert)
        elif choice == 3 and width <= 4:
            a, place = self.value(kind), self.index_below(width)
            self.add(
                element,
                f"vector.extract {a}[{place}] : {element} from {kind}",
                lambda env: env[a][np.arange(LANES), env[place]],
            )
        elif choice == 4:
            a, b = self.value(kind), self.value(kind)
            mask = [self.random.randrange(2 * width) for _ in range(width)]
            self.add(
                kind,
                f"vector.shuffle {a}, {b} {mask} : {kind}, {kind}",
                lambda env: np.concatenate([env[a], env[b]], axis=1)[:, mask],
            )
        elif element == "i32":
            a, op = self.value(kind), self.random.choice(["add", "and", "xor", "maxsi", "minui"])
            reduce = WRAPPING[{"add": "addi", "and": "andi", "xor": "xori"}.get(op, op)]

            def compute(env: Env) -> np.ndarray:
                result = env[a][:, 0]
                for i in range(1, width):
                    result = reduce(result, env[a][:, i])
                return result

            self.add("i32", f"vector.reduction <{op}>, {a} : {kind} into i32", compute)

    # What a subgroup does together.

    def subgroup(self) -> None:
        self.random.choice([self.shuffle, self.shuffle, self.broadcast, self.reduce])()

    def shuffle(self) -> None:
        lanes, kind = self.machine.lanes, self.random.choice(MOVED)
        a, mode = self.value(kind), self.random.choice(["idx", "xor", "up", "down"])
        by = self.random.randrange(1, lanes)
        if mode == "idx":
            amount = self.binary(
                "arith.remui", "i32", self.value("i32"), self.constant("i32", lanes), DIVISIONS["remui"]
            )
        else:
            amount = self.constant("i32", by)
        moved, exists, result = self.fresh(), self.fresh(), self.fresh()
        lines = [f"{moved}, {self.fresh()} = gpu.shuffle {mode} {a}, {amount}, %width : {type_of(kind)}"]
        if mode in ("up", "down"):
            # What comes from no lane is anything.
            predicate, limit = ("uge", by) if mode == "up" else ("ult", lanes - by)
            bound = self.constant("i32", limit)
            lines += [
                f"{exists} = arith.cmpi {predicate}, %lane, {bound} : i32",
                f"{result} = arith.select {exists}, {moved}, {a} : {type_of(kind)}",
            ]
        else:
            result = moved

        def run(env: Env, mask: np.ndarray) -> None:
            lane, way = env["%lane"], env[amount]
            source = {"idx": way, "xor": lane ^ way, "up": lane - way, "down": lane + way}[mode]
            source = np.where((source < 0) | (source >= lanes), lane, source)
            env[result] = env[a][np.arange(LANES) - lane + source]

        self.append(lines, kind, result, run)

    def broadcast(self) -> None:
        kind, place = self.random.choice(MOVED), self.random.randrange(self.machine.lanes)
        a, lane = self.value(kind), self.constant("i32", place)
        if self.random.random() < 0.5:
            way, place = "first_active_lane", 0
        else:
            way = f"specific_lane {lane}"
        self.add(
            kind,
            f"gpu.subgroup_broadcast {a}, {way} : {type_of(kind)}",
            lambda env: env[a][np.arange(LANES) - env["%lane"] + place],
        )

    def reduce(self) -> None:
        lanes = self.machine.lanes
        kind = self.random.choice(["i32", "f32", "about"])
        if kind == "i32":
            a, op = self.value("i32"), self.random.choice(list(REDUCTIONS))
            compute = REDUCTIONS[op]
        elif kind == "f32":
            # Whether a number or NaN is the larger is the device's affair.
            a, (op, compute) = self.number(), self.random.choice([("maxnumf", np.fmax), ("minnumf", np.fmin)])
        else:
            a, op = self.value("f32"), "add"

        def run(env: Env) -> np.ndarray:
            rows = env[a].reshape(-1, lanes)
            one = sum_about(rows) if kind == "about" else functools.reduce(compute, rows.T)
            return np.repeat(one, lanes, axis=0)

        self.add(kind, f"gpu.subgroup_reduce {op} {a} uniform : ({type_of(kind)}) -> {type_of(kind)}", run)
