"""Evaluates the size table of sizes.mlir and compares with each operation."""

import json
import sys

manifest = json.load(sys.stdin)
(variant,) = manifest["executables"][0]["variants"]
(step,) = variant["steps"]

BINARY = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "floordiv": lambda a, b: a // b,
    "ceildiv": lambda a, b: -(-a // b),
    "mod": lambda a, b: a % b,
    "min": min,
    "max": max,
    "le": lambda a, b: int(a <= b),
    "lt": lambda a, b: int(a < b),
    "eq": lambda a, b: int(a == b),
}


def evaluate(shape, sizes):
    values = []
    for op, *operands in variant["exprs"]:
        if op == "const":
            values.append(operands[0])
        elif op == "dim":
            assert operands[0] == 0
            values.append(shape[operands[1]])
        elif op == "size":
            values.append(sizes[operands[0]])
        else:
            values.append(BINARY[op](values[operands[0]], values[operands[1]]))
    return [values[index] for index in step["sizes"]]


def truncated(a, b):
    quotient = abs(a) // abs(b)
    return quotient if (a < 0) == (b < 0) else -quotient


def expected(n, p, q):
    return [
        6,
        n + p,
        p - n,
        p * q,
        n // 3,
        (n + 2) // 3,
        n % 3,
        truncated(p, q),
        p - q * truncated(p, q),
        p // q,
        -(-p // q),
        min(p, q),
        max(p, q),
        min(n, 3),
        max(n, 3),
        p if p < q else q,
        int(p < q and p != q),
        int(p >= q or p != q),
        int(not p < q),
        int(n > 3),
        p + 10000000000,
        n * 2 + n % 4 - n // 2 + (n + 1) // 2,
        min(n, p + 1, 4),
        max(n, p + 1, 4),
        6 * n,
        n,
        6,
    ]


for n in (0, 1, 4, 7, 128):
    for p in (-9, -1, 0, 5, 12):
        for q in (-4, 1, 5, 7):
            assert evaluate([n, 6], [p, q]) == expected(n, p, q), (n, p, q)

# Rows are made once.
rows = [tuple(row) for row in variant["exprs"]]
assert len(set(rows)) == len(rows)
print("sizes agree")
# CHECK: sizes agree
