// Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Reads the two binary formats: executables (.tapx, see docs/Runtime.md) and safetensors.

import { damaged, TapmlError } from "./errors.mjs";

const MAGIC = [0x54, 0x41, 0x50, 0x58, 0x0d, 0x0a, 0x1a, 0x0a];
const MAJOR = 1;
const HEADER_BYTES = 16;
const RECORD_BYTES = 80;
const NAME_BYTES = 32;
const DIGEST_BYTES = 32;
const MAX_SECTIONS = 65536;
const ALIGNMENT = 64;

const ascii = new TextDecoder("ascii");
const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Bytes of one element. */
export const DTYPE_BYTES = {
  f32: 4, i32: 4, i64: 8, i1: 1, f64: 8, f16: 2, bf16: 2, i8: 1, u8: 1, i16: 2, u16: 2, u32: 4, u64: 8,
};

const SAFETENSORS_DTYPES = {
  F32: "f32", I32: "i32", I64: "i64", BOOL: "i1", F64: "f64", F16: "f16", BF16: "bf16",
  I8: "i8", U8: "u8", I16: "i16", U16: "u16", U32: "u32", U64: "u64",
};

function align(value, alignment) {
  return Math.ceil(value / alignment) * alignment;
}

function same(a, b) {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

async function sha256(bytes) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

/** A 64-bit number; files of 2^53 bytes and more do not exist here. */
function readSize(view, offset) {
  const value = view.getBigUint64(offset, true);
  return value > BigInt(Number.MAX_SAFE_INTEGER) ? Infinity : Number(value);
}

export function decodeText(bytes, what) {
  try {
    return utf8.decode(bytes);
  } catch {
    throw damaged(`${what} is no UTF-8 text`);
  }
}

/** Checks every byte of an executable and returns its sections: name to bytes. */
export async function readTapx(buffer) {
  const bytes = new Uint8Array(buffer);
  const view = new DataView(buffer);
  const cutShort = (needed) =>
    damaged(`cut short: it has ${bytes.length} bytes and needs at least ${needed}; copy it again or compile it anew`);
  const altered = (what) => damaged(`damaged: ${what}; copy it again or compile it anew`);
  const head = bytes.subarray(0, MAGIC.length);
  if (!head.every((byte, i) => byte === MAGIC[i])) {
    throw damaged("not a TapML executable; 'tapml compile' makes one");
  }
  if (bytes.length < HEADER_BYTES) {
    throw cutShort(HEADER_BYTES + DIGEST_BYTES);
  }
  const major = view.getUint16(8, true);
  if (major !== MAJOR) {
    throw new TapmlError("incompatible", `format ${major}, this page reads ${MAJOR}.x (or the file is damaged)`);
  }
  const count = view.getUint32(12, true);
  if (count > MAX_SECTIONS) {
    throw altered(`it claims ${count} sections`);
  }
  const tableEnd = HEADER_BYTES + count * RECORD_BYTES;
  if (bytes.length < tableEnd + DIGEST_BYTES) {
    throw cutShort(tableEnd + DIGEST_BYTES);
  }
  if (!same(await sha256(bytes.subarray(0, tableEnd)), bytes.subarray(tableEnd, tableEnd + DIGEST_BYTES))) {
    throw altered("the section table does not match its checksum");
  }
  const sections = new Map();
  let position = tableEnd + DIGEST_BYTES;
  for (let i = 0; i < count; ++i) {
    const record = HEADER_BYTES + i * RECORD_BYTES;
    const name = ascii.decode(bytes.subarray(record, record + NAME_BYTES)).replace(/\0+$/, "");
    if (!/^[A-Za-z0-9._-]{1,31}$/.test(name) || sections.has(name)) {
      throw altered(`section ${i} has an invalid name`);
    }
    const offset = readSize(view, record + NAME_BYTES);
    const size = readSize(view, record + NAME_BYTES + 8);
    const digest = bytes.subarray(record + NAME_BYTES + 16, record + RECORD_BYTES);
    if (offset !== align(position, ALIGNMENT)) {
      throw altered(`section '${name}' is out of place`);
    }
    if (offset + size > bytes.length) {
      throw cutShort(offset + size);
    }
    if (bytes.subarray(position, offset).some((byte) => byte !== 0)) {
      throw altered(`the bytes before section '${name}' are not zero`);
    }
    const data = bytes.subarray(offset, offset + size);
    if (!same(await sha256(data), digest)) {
      throw altered(`section '${name}' does not match its checksum`);
    }
    sections.set(name, data);
    position = offset + size;
  }
  if (position !== bytes.length) {
    throw altered(`${bytes.length - position} bytes follow the last section`);
  }
  if (!sections.has("manifest")) {
    throw altered("it has no manifest");
  }
  return sections;
}

/** Reads a safetensors file: name to {dtype, shape, data}. */
export function readSafetensors(buffer) {
  const bytes = new Uint8Array(buffer);
  const headerBytes = bytes.length < 8 ? Infinity : readSize(new DataView(buffer), 0);
  if (8 + headerBytes > bytes.length) {
    throw damaged("not a safetensors file, or cut short");
  }
  let header;
  try {
    header = JSON.parse(decodeText(bytes.subarray(8, 8 + headerBytes), "the header"));
  } catch (error) {
    throw error instanceof TapmlError ? error : damaged("the header of the safetensors file is no JSON");
  }
  const tensors = new Map();
  for (const [name, entry] of Object.entries(header)) {
    if (name === "__metadata__") {
      continue;
    }
    const dtype = SAFETENSORS_DTYPES[entry?.dtype];
    const [begin, end] = entry?.data_offsets ?? [];
    const shape = entry?.shape;
    if (!dtype || !Array.isArray(shape) || !shape.every((d) => Number.isSafeInteger(d) && d >= 0)) {
      throw damaged(`tensor '${name}' has an unknown element type or no shape`);
    }
    const size = shape.reduce((a, b) => a * b, DTYPE_BYTES[dtype]);
    if (!(begin >= 0) || end - begin !== size || 8 + headerBytes + end > bytes.length) {
      throw damaged(`tensor '${name}' does not fit its shape or lies outside of the file`);
    }
    // A copy, so that typed arrays find it aligned.
    tensors.set(name, { dtype, shape, data: bytes.slice(8 + headerBytes + begin, 8 + headerBytes + end) });
  }
  return tensors;
}
