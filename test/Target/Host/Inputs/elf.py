"""Loads the shared objects that a compiled module prints.

Only the standard library is used, so that the tests run with any Python.
"""

import ctypes
import os
import platform
import re
import sys
import tempfile


def f32(value):
    """Rounds to a float."""
    return ctypes.c_float(value).value


def binaries(text):
    """Yields the CPU's name and the bytes of each module-level binary."""
    pattern = r'tapml\.binary @\S+ "elf" .*?cpu "([^"]+)".*\] \[([-0-9, ]+)\]'
    for match in re.finditer(pattern, text):
        data = bytes(int(number) & 255 for number in match.group(2).split(","))
        yield match.group(1), data


def runs_here(cpu):
    """Whether this machine can run code for a level of x86-64."""
    if platform.machine() != "x86_64":
        return False
    with open("/proc/cpuinfo") as file:
        flags = set(re.search(r"^flags\s*:(.*)$", file.read(), re.M).group(1).split())
    return cpu != "x86-64-v3" or {"avx2", "fma", "bmi2", "f16c"} <= flags


class Library:
    def __init__(self, data):
        with tempfile.NamedTemporaryFile(suffix=".so", delete=False) as file:
            file.write(data)
        try:
            self.library = ctypes.CDLL(file.name)
        finally:
            os.unlink(file.name)

    def call(self, name, buffers, sizes, begin, end):
        """Calls a kernel with ctypes arrays as buffers."""
        pointers = (ctypes.c_void_p * len(buffers))(*[ctypes.addressof(buffer) for buffer in buffers])
        numbers = (ctypes.c_int64 * max(len(sizes), 1))(*sizes)
        function = getattr(self.library, name)
        function.restype = None
        function.argtypes = [
            ctypes.c_void_p,
            ctypes.c_void_p,
            ctypes.c_int64,
            ctypes.c_int64,
        ]
        function(pointers, numbers, begin, end)


def libraries():
    """Loads, from the IR on standard input, what this machine can run."""
    found = list(binaries(sys.stdin.read()))
    assert len(found) == 2, f"{len(found)} binaries"
    usable = [(cpu, Library(data)) for cpu, data in found if runs_here(cpu)]
    assert usable or platform.machine() != "x86_64"
    return usable
