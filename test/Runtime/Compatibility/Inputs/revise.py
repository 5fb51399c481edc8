# Part of the TapML project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE.TXT for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes an executable as another format version would: IN OUT MAJOR MINOR.

It has a section and members of the manifest that version 1.0 does not know.
"""

import hashlib
import json
import struct
import sys

source, output, major, minor = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
with open(source, "rb") as file:
    data = file.read()
HEADER, RECORD, DIGEST, ALIGNMENT = struct.Struct("<8sHHI"), struct.Struct("<32sQQ32s"), 32, 64
magic, _, _, count = HEADER.unpack_from(data)
sections = []
for i in range(count):
    name, offset, size, _ = RECORD.unpack_from(data, HEADER.size + i * RECORD.size)
    content = data[offset : offset + size]
    if name.rstrip(b"\0") == b"manifest":
        manifest = json.loads(content)
        manifest["format"] = {"major": major, "minor": minor}
        for member in (manifest, manifest["main"], *manifest["kernels"]):
            member["a_later_member"] = {"x": [1]}
        content = json.dumps(manifest).encode()
    sections.append((name, content))
sections.append((b"a_later_section", b"content"))


def aligned(offset):
    return -(-offset // ALIGNMENT) * ALIGNMENT


table = HEADER.pack(magic, major, minor, len(sections))
offset = aligned(HEADER.size + len(sections) * RECORD.size + DIGEST)
body = b""
for name, content in sections:
    start = aligned(offset + len(body)) - offset
    body = body.ljust(start, b"\0") + content
    table += RECORD.pack(name, offset + start, len(content), hashlib.sha256(content).digest())
table += hashlib.sha256(table).digest()
with open(output, "wb") as file:
    file.write(table.ljust(offset, b"\0") + body)
