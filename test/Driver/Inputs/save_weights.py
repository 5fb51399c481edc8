# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes a safetensors file of one tensor: ``save_weights.py FILE NAME ROWS COLUMNS``."""

import json
import struct
import sys

path, name, rows, columns = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
data = struct.pack(f"<{rows * columns}f", *range(rows * columns))
entry = {"dtype": "F32", "shape": [rows, columns], "data_offsets": [0, len(data)]}
header = json.dumps({name: entry}).encode()
header += b" " * (-len(header) % 8)
with open(path, "wb") as file:
    file.write(struct.pack("<Q", len(header)) + header + data)
