#!/usr/bin/env python3
# Part of the TapML project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE.TXT for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Derives the coefficients in lib/Codegen/Math/Coefficients.h.

Each is the best uniform (minimax) approximation of a function on an interval,
found with the exchange algorithm of E. Ya. Remez (1934) in 60-digit
arithmetic, weighted so that the error of the whole result is levelled rather
than that of the polynomial; see J.-M. Muller, "Elementary Functions", ch. 3.
Coefficients are then rounded to float one by one, lowest degree first, and
the others fitted again, so that the rounding of one is absorbed by the next.

Needs mpmath. Prints the header's tables and the error of each fit.
"""

import struct

import mpmath as mp

mp.mp.dps = 60


def to_float(x):
    """Rounds to the nearest float32, as an exact mpmath number."""
    return mp.mpf(struct.unpack("<f", struct.pack("<f", float(x)))[0])


def literal(x):
    """A hexadecimal float literal, exact and without trailing zeros."""
    mantissa, exponent = float(x).hex().split("p")
    return f"{mantissa.rstrip('0')}p{exponent}f"


def remez(f, weight, lo, hi, degree):
    """The polynomial p of `degree` that minimises max |weight * (f - p)|."""
    count = degree + 2
    middle, half = (lo + hi) / 2, (hi - lo) / 2
    nodes = [middle - half * mp.cos(mp.pi * i / (count - 1)) for i in range(count)]
    grid = [middle - half * mp.cos(mp.pi * i / 1200) for i in range(1201)]
    values = [(x, f(x), weight(x)) for x in grid]
    for _ in range(40):
        system = mp.matrix(count, count)
        right = mp.matrix(count, 1)
        for i, x in enumerate(nodes):
            for j in range(degree + 1):
                system[i, j] = x**j
            system[i, degree + 1] = (-1) ** i / weight(x)
            right[i] = f(x)
        solution = mp.lu_solve(system, right)
        p = [solution[j] for j in range(degree + 1)]
        level = abs(solution[degree + 1])
        errors = [w * (y - mp.polyval(p[::-1], x)) for x, y, w in values]
        # One extremum per run of equal sign.
        extrema = []
        for x, e in zip(grid, errors, strict=True):
            if extrema and (e > 0) == (extrema[-1][1] > 0):
                if abs(e) > abs(extrema[-1][1]):
                    extrema[-1] = (x, e)
            else:
                extrema.append((x, e))
        while len(extrema) > count:
            extrema.pop(0 if abs(extrema[0][1]) < abs(extrema[-1][1]) else -1)
        if len(extrema) < count:
            break
        nodes = [x for x, _ in extrema]
        largest = max(abs(e) for _, e in extrema)
        if largest <= level * (1 + mp.mpf("1e-3")):
            break
    return p, max(abs(e) for e in errors)


def fit(name, f, weight, lo, hi, degree):
    """Fits, rounds coefficient after coefficient, and prints the table."""
    lo, hi = mp.mpf(lo), mp.mpf(hi)
    fixed = []
    for k in range(degree + 1):

        def rest(x, k=k):
            return (f(x) - sum(c * x**i for i, c in enumerate(fixed))) / x**k

        p, error = remez(rest, lambda x, k=k: weight(x) * x**k, lo, hi, degree - k)
        fixed.append(to_float(p[0]))
    grid = [lo + (hi - lo) * i / 2000 for i in range(2001)]
    error = max(abs(weight(x) * (f(x) - sum(c * x**i for i, c in enumerate(fixed)))) for x in grid)
    print(f"/// Weighted error {mp.nstr(error, 3)} on [{mp.nstr(lo, 6)}, {mp.nstr(hi, 6)}].")
    print(f"constexpr float {name}[] = {{")
    for c in fixed:
        print(f"    {literal(c)},")
    print("};")


def split(name, value, bits, parts):
    """Writes `value` as a sum of floats of `bits` bits; the last has 24."""
    print(f"constexpr float {name}[] = {{")
    for i in range(parts):
        width = 24 if i == parts - 1 else bits
        exponent = int(mp.floor(mp.log(abs(value), 2))) + 1
        unit = mp.mpf(2) ** (exponent - width)
        part = (mp.nint(value / unit) if i == parts - 1 else mp.floor(value / unit)) * unit
        print(f"    {literal(part)},")
        value -= part
    print("};")


# Intervals that start at zero start just above it: the fits divide by powers.
TINY = "1e-6"


def symmetric(f):
    """Moves a removable singularity at zero to a series."""
    return lambda x: f(x) if abs(x) > mp.mpf("1e-12") else f(mp.mpf("1e-12"))


def fit_symmetric(name, f, weight, bound, degree):
    """Like `fit`, on [-bound, bound]; the coefficients are rounded at once."""
    bound = mp.mpf(bound)
    p, _ = remez(symmetric(f), weight, -bound, bound, degree)
    p = [to_float(c) for c in p]
    grid = [-bound + 2 * bound * i / 2000 for i in range(2001)]
    error = max(abs(weight(x) * (symmetric(f)(x) - mp.polyval(p[::-1], x))) for x in grid)
    print(f"/// Weighted error {mp.nstr(error, 3)} on [-{mp.nstr(bound, 6)}, {mp.nstr(bound, 6)}].")
    print(f"constexpr float {name}[] = {{")
    for c in p:
        print(f"    {literal(c)},")
    print("};")


def main():
    print("// exp(r) = 1 + r + r^2 p(r)")
    fit_symmetric(
        "exp",
        lambda r: (mp.exp(r) - 1 - r) / r**2,
        lambda r: r**2 / mp.exp(r) + mp.mpf("1e-9"),
        mp.log(2) / 2 * mp.mpf("1.001"),
        4,
    )
    print("// 2^r = 1 + r p(r)")
    fit_symmetric(
        "exp2",
        lambda r: (mp.mpf(2) ** r - 1) / r,
        lambda r: abs(r) / mp.mpf(2) ** r + mp.mpf("1e-9"),
        mp.mpf("0.5005"),
        5,
    )
    print("// log(1 + f) = f - f^2 / 2 + f^3 p(f), sqrt(1/2) <= 1 + f <= sqrt(2)")
    lo, hi = mp.sqrt(mp.mpf(1) / 2) - 1, mp.sqrt(mp.mpf(2)) - 1

    def log_rest(f):
        if abs(f) < mp.mpf("1e-8"):
            return mp.mpf(1) / 3 - f / 4
        return (mp.log1p(f) - f + f**2 / 2) / f**3

    p, _ = remez(
        log_rest,
        lambda f: abs(f**3 / (mp.log1p(f) if f else 1)) + mp.mpf("1e-9"),
        lo * mp.mpf("1.001"),
        hi * mp.mpf("1.001"),
        8,
    )
    p = [to_float(c) for c in p]
    grid = [lo + (hi - lo) * i / 2001 for i in range(2002)]
    error = max(abs(f**3 * (log_rest(f) - mp.polyval(p[::-1], f)) / mp.log1p(f)) for f in grid)
    print(f"/// Relative error of the result {mp.nstr(error, 3)}.")
    print("constexpr float log[] = {")
    for c in p:
        print(f"    {literal(c)},")
    print("};")

    print("// tanh(x) = x + x t p(t), t = x^2, |x| <= 0.625")
    root = mp.sqrt
    fit(
        "tanhSmall",
        lambda t: (mp.tanh(root(t)) / root(t) - 1) / t,
        lambda t: t * root(t) / mp.tanh(root(t)),
        TINY,
        mp.mpf("0.6251") ** 2,
        4,
    )
    print("// erf(x) = x + x p(t), t = x^2, |x| <= 0.9375")
    fit(
        "erfSmall",
        lambda t: mp.erf(root(t)) / root(t) - 1,
        lambda t: root(t) / mp.erf(root(t)),
        TINY,
        mp.mpf("0.9376") ** 2,
        6,
    )
    print("// erf(x) = 1 - exp(-x q(x)), 0.9375 <= x <= 3.9375")
    fit(
        "erfLarge",
        lambda x: -mp.log(mp.erfc(x)) / x,
        lambda x: x * mp.erfc(x) / mp.erf(x),
        "0.9374",
        "3.9376",
        7,
    )
    print("// sin(r) = r + r t p(t), t = r^2, |r| <= 1.05 pi/4")
    quarter = mp.pi / 4 * mp.mpf("1.05")
    fit(
        "sin",
        lambda t: (mp.sin(root(t)) / root(t) - 1) / t,
        lambda t: t * root(t) / mp.sin(root(t)),
        TINY,
        quarter**2,
        3,
    )
    print("// cos(r) = 1 - t / 2 + t^2 p(t), t = r^2, |r| <= 1.05 pi/4")
    fit(
        "cos",
        lambda t: (mp.cos(root(t)) - 1 + t / 2) / t**2,
        lambda t: t**2 / mp.cos(root(t)),
        "1e-5",
        quarter**2,
        3,
    )
    print("// log(2), the high part with 15 bits: its product with an exponent is exact")
    split("logOfTwo", mp.log(2), 15, 2)
    print("// pi/2, 6 bits per part: products with integers up to 2^18 are exact")
    split("halfPi", mp.pi / 2, 6, 8)


if __name__ == "__main__":
    main()
