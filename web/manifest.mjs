// Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Reads manifests and evaluates their sizes. Checks what the page relies on: that members are there and references in
// range. The order of definitions and uses is what the native runtime checks; here WebGPU and the sandbox bound the
// harm of a manifest that is wrong.

import { DTYPE_BYTES } from "./container.mjs";
import { damaged, TapmlError } from "./errors.mjs";

const MAJOR = 1;
const MAX_RANK = 32;

/** Reads a checked JSON document by path, so that every complaint says where. */
class Cursor {
  constructor(value, path) {
    this.value = value;
    this.path = path;
  }

  fail(what) {
    return damaged(`${this.path || "the manifest"}: ${what}`);
  }

  has(key) {
    return Object.hasOwn(this.object(), key);
  }

  object() {
    if (this.value === null || typeof this.value !== "object" || Array.isArray(this.value)) {
      throw this.fail("expected an object");
    }
    return this.value;
  }

  at(key) {
    if (!this.has(key)) {
      throw this.fail(`lacks '${key}'`);
    }
    return new Cursor(this.value[key], this.path ? `${this.path}.${key}` : key);
  }

  /** Calls `read` for every element. */
  list(read) {
    if (!Array.isArray(this.value)) {
      throw this.fail("expected an array");
    }
    return this.value.map((element, i) => read(new Cursor(element, `${this.path}[${i}]`), i));
  }

  optionalList(key, read) {
    return this.has(key) ? this.at(key).list(read) : [];
  }

  string() {
    if (typeof this.value !== "string") {
      throw this.fail("expected a string");
    }
    return this.value;
  }

  strings(key) {
    return this.optionalList(key, (c) => c.string());
  }

  integer(min = -Infinity, max = Infinity) {
    if (!Number.isInteger(this.value) || this.value < min || this.value > max) {
      throw this.fail(`expected an integer${min > -Infinity ? ` from ${min}` : ""}${max < Infinity ? ` to ${max}` : ""}`);
    }
    return this.value;
  }

  index(limit, what) {
    if (limit === 0) {
      throw this.fail(`there is no ${what}`);
    }
    return this.integer(0, limit - 1);
  }

  oneOf(values) {
    if (!values.includes(this.value)) {
      throw this.fail(`expected one of ${values.join(", ")}`);
    }
    return this.value;
  }

  dtype() {
    return this.oneOf(Object.keys(DTYPE_BYTES));
  }
}

//===----------------------------------------------------------------------===//
// Expressions
//===----------------------------------------------------------------------===//

// Numbers are exact to 2^53; a size above is an error, as one above 2^63 is in the native runtime.
// The remainder is exact where a quotient would be rounded.
function floorMod(a, b) {
  const rest = a % b;
  return rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest;
}

const OPERATIONS = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  floordiv: (a, b) => (a - floorMod(a, b)) / b,
  ceildiv: (a, b) => -((-a - floorMod(-a, b)) / b),
  mod: floorMod,
  min: Math.min,
  max: Math.max,
  le: (a, b) => Number(a <= b),
  lt: (a, b) => Number(a < b),
  eq: (a, b) => Number(a === b),
};

/** Reads a table; `ranks` are those of the arguments, and `sizes` is their number of size operands. */
function readExprs(cursor, ranks, sizes) {
  return cursor.list((c, i) => {
    const [op, a, b] = c.list((element) => element);
    const name = op?.oneOf(["const", "dim", "size", ...Object.keys(OPERATIONS)]);
    switch (name) {
      case undefined:
        throw c.fail("expected an operation");
      case "const":
        return { op: name, a: a ? a.integer() : NaN };
      case "dim": {
        const arg = a ? a.index(ranks.length, "argument") : 0;
        return { op: name, a: arg, b: b ? b.index(ranks[arg], "dimension") : 0 };
      }
      case "size":
        return { op: name, a: a ? a.index(sizes, "size operand") : 0 };
      default:
        if (!a || !b) {
          throw c.fail("expected two operands");
        }
        return { op: name, a: a.index(i, "earlier row"), b: b.index(i, "earlier row") };
    }
  });
}

/** The values of a table. Rows that have none matter only when something asks for them. */
export class ExprValues {
  constructor(table, shapes, sizes) {
    this.table = table;
    this.values = [];
    for (const { op, a, b } of table) {
      let value;
      if (op === "const") {
        value = a;
      } else if (op === "dim") {
        value = shapes[a][b];
      } else if (op === "size") {
        value = sizes[a];
      } else {
        value = OPERATIONS[op](this.values[a], this.values[b]);
      }
      // -0 + 0 is 0.
      this.values.push(Number.isSafeInteger(value) ? value + 0 : NaN);
    }
  }

  get(id) {
    const value = this.values[id];
    if (Number.isNaN(value)) {
      throw new TapmlError(
        "resource_exhausted",
        `size expression ${id} (${this.table[id].op}) divides by zero or exceeds 53 bits; use smaller inputs`,
      );
    }
    return value;
  }

  all(ids) {
    return ids.map((id) => this.get(id));
  }
}

//===----------------------------------------------------------------------===//
// Manifests
//===----------------------------------------------------------------------===//

function readProfile(cursor) {
  const profile = { name: "", limits: {}, features: [] };
  if (!cursor.has("profile")) {
    return profile;
  }
  const c = cursor.at("profile");
  profile.name = c.has("name") ? c.at("name").string() : "";
  if (c.has("limits")) {
    const limits = c.at("limits");
    for (const key of Object.keys(limits.object())) {
      const limit = limits.at(key);
      profile.limits[key] = Array.isArray(limit.value) ? limit.list((e) => e.integer(0)) : [limit.integer(0)];
    }
  }
  profile.features = c.strings("features");
  return profile;
}

function readShape(cursor, numExprs) {
  const shape = cursor.list((c) => c.index(numExprs, "expression"));
  if (shape.length > MAX_RANK) {
    throw cursor.fail(`has rank ${shape.length}, at most ${MAX_RANK} are possible`);
  }
  return shape;
}

function readLaunch(cursor, manifest, counts) {
  const expr = (c) => c.index(counts.exprs, "expression");
  const launch = {
    buffers: cursor.at("buffers").list((c) => {
      for (const kind of ["arg", "prepared", "slot", "result"]) {
        if (c.has(kind)) {
          return { kind, index: c.at(kind).index(counts[kind], kind) };
        }
      }
      throw c.fail("expected 'arg', 'prepared', 'slot' or 'result'");
    }),
    sizes: cursor.optionalList("sizes", expr),
    cases: cursor.at("cases").list((c) => ({
      when: c.has("when") ? expr(c.at("when")) : null,
      kernel: c.at("kernel").index(manifest.kernels.length, "kernel"),
      grid: c.at("grid").list(expr),
    })),
  };
  for (const alternative of launch.cases) {
    const kernel = manifest.kernels[alternative.kernel];
    if (alternative.grid.length !== 3) {
      throw cursor.fail("a grid has three expressions");
    }
    if (kernel.place !== counts.place) {
      throw cursor.fail(`kernel '${kernel.name}' is for another place`);
    }
    if (kernel.access.length !== launch.buffers.length || kernel.sizes !== launch.sizes.length) {
      throw cursor.fail(
        `has ${launch.buffers.length} buffers and ${launch.sizes.length} sizes, kernel '${kernel.name}' ` +
          `needs ${kernel.access.length} and ${kernel.sizes}`,
      );
    }
  }
  return launch;
}

function readVariant(cursor, manifest) {
  const args = cursor.at("args").list((c) => ({
    dtype: c.at("dtype").dtype(),
    shape: c.at("shape").list((d) => d.integer(-1)),
    constant: c.has("constant") && c.at("constant").value === true,
  }));
  const sizeArgs = cursor.has("size_args") ? cursor.at("size_args").integer(0) : 0;
  const ranks = args.map((arg) => arg.shape.length);
  const exprs = readExprs(cursor.at("exprs"), ranks, sizeArgs);
  const tensor = (c) => ({ dtype: c.at("dtype").dtype(), shape: readShape(c.at("shape"), exprs.length) });
  const variant = {
    place: cursor.at("place").index(manifest.places.length, "place"),
    args,
    sizeArgs,
    exprs,
    results: cursor.at("results").list(tensor),
    prepared: cursor.optionalList("prepared", tensor),
    slots: cursor.optionalList("slots", (c) => c.index(exprs.length, "expression")),
    checks: cursor.optionalList("checks", (c) => ({
      expr: c.at("expr").index(exprs.length, "expression"),
      min: c.has("min") ? c.at("min").integer() : -Infinity,
      max: c.has("max") ? c.at("max").integer() : Infinity,
      what: c.has("what") ? c.at("what").string() : "",
    })),
  };
  const counts = {
    place: variant.place,
    exprs: exprs.length,
    arg: args.length,
    prepared: variant.prepared.length,
    slot: variant.slots.length,
    result: variant.results.length,
  };
  variant.init = cursor.optionalList("init", (c) => readLaunch(c, manifest, counts));
  variant.steps = cursor.at("steps").list((c) => readLaunch(c, manifest, counts));
  return variant;
}

function readMain(cursor, manifest) {
  const ranks = manifest.inputs.map((input) => input.shape.length);
  const exprs = readExprs(cursor.at("exprs"), ranks, 0);
  const expr = (c) => c.index(exprs.length, "expression");
  const place = (c) => c.at("place").index(manifest.places.length, "place");
  const slots = cursor.at("slots").list((c) => ({ place: place(c), bytes: expr(c.at("bytes")) }));
  const values = cursor.at("values").list((c) => {
    const kind = c.at("kind").oneOf(["input", "weight", "slot"]);
    const known = { input: manifest.inputs, weight: manifest.weights, slot: slots }[kind];
    const index = c.at(kind === "slot" ? "slot" : "index").index(known.length, kind);
    const shape = c.has("shape") ? readShape(c.at("shape"), exprs.length) : null;
    if (kind === "slot" && !shape) {
      throw c.fail("lacks 'shape'");
    }
    return { kind, index, place: place(c), dtype: c.has("dtype") ? c.at("dtype").dtype() : known[index].dtype, shape };
  });
  const value = (c) => c.index(values.length, "value");
  const steps = cursor.at("steps").list((c) => {
    const instances = c.strings("instances");
    if (c.at("op").oneOf(["transfer", "dispatch"]) === "transfer") {
      return { op: "transfer", from: value(c.at("from")), to: value(c.at("to")), instances };
    }
    const executable = c.at("executable").index(manifest.executables.length, "executable");
    const { variants } = manifest.executables[executable];
    const step = {
      op: "dispatch",
      executable,
      variant: variants[c.at("variant").index(variants.length, "variant")],
      operands: c.at("operands").list(value),
      sizes: c.optionalList("sizes", expr),
      results: c.at("results").list(value),
      instances,
    };
    const needed = [step.variant.args.length, step.variant.sizeArgs, step.variant.results.length];
    if (needed.some((count, i) => count !== [step.operands, step.sizes, step.results][i].length)) {
      throw c.fail("has another number of operands, sizes or results than its variant");
    }
    return step;
  });
  return { exprs, slots, values, steps };
}

/** Reads a manifest; see docs/Runtime.md for its members, which have the same names here. */
export function parseManifest(text) {
  let json;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw damaged(`the manifest is no JSON: ${error.message}`);
  }
  const root = new Cursor(json, "");
  const major = root.at("format").at("major").integer();
  if (major !== MAJOR) {
    throw new TapmlError("incompatible", `manifest of format ${major}, this page reads ${MAJOR}`);
  }
  const manifest = { model: root.at("model").string(), weightsFile: "" };
  if (root.has("package") && root.at("package").has("weights")) {
    manifest.weightsFile = root.at("package").at("weights").string();
  }
  manifest.places = root.at("places").list((c) => ({
    name: c.at("name").string(),
    kind: c.at("kind").string(),
    profile: readProfile(c),
  }));
  manifest.host = manifest.places.findIndex((place) => place.kind === "host");
  manifest.symbols = root.optionalList("symbols", (c) => ({
    name: c.at("name").string(),
    min: c.at("min").integer(0),
    max: c.at("max").integer(0),
  }));
  const names = manifest.symbols.map((symbol) => symbol.name);
  manifest.inputs = root.at("inputs").list((c) => ({
    name: c.at("name").string(),
    dtype: c.at("dtype").dtype(),
    shape: c.at("shape").list((d) => (typeof d.value === "string" ? d.oneOf(names) : d.integer(0))),
  }));
  manifest.weights = root.optionalList("weights", (c) => ({
    key: c.at("key").string(),
    dtype: c.at("dtype").dtype(),
    shape: c.at("shape").list((d) => d.integer(0)),
  }));
  manifest.kernels = root.at("kernels").list((c) => ({
    name: c.at("name").string(),
    place: c.at("place").index(manifest.places.length, "place"),
    section: c.has("section") ? c.at("section").string() : "",
    entry: c.at("entry").string(),
    access: c.at("access").list((a) => a.oneOf(["read", "write", "readwrite"])),
    sizes: c.at("sizes").integer(0),
    instances: c.strings("instances"),
  }));
  manifest.executables = root.at("executables").list((c) => ({
    name: c.at("name").string(),
    variants: c.at("variants").list((v) => readVariant(v, manifest)),
  }));
  manifest.main = readMain(root.at("main"), manifest);
  manifest.outputs = root.at("outputs").list((c) => ({
    name: c.at("name").string(),
    value: c.at("value").index(manifest.main.values.length, "value"),
  }));
  return manifest;
}

/** "kernel 'k' (layer.0 and 5 more)", for messages. */
export function describe(what, name, instances) {
  const more = instances.length > 1 ? ` and ${instances.length - 1} more` : "";
  return `${what} '${name}'${instances.length ? ` (${instances[0]}${more})` : ""}`;
}

/** Bytes of a dense tensor. */
export function byteSize(dtype, shape) {
  const bytes = shape.reduce((a, b) => a * b, DTYPE_BYTES[dtype]);
  if (!Number.isSafeInteger(bytes) || shape.some((size) => size < 0)) {
    throw new TapmlError("resource_exhausted", `a tensor has the size ${shape.join(" x ")}; use smaller inputs`);
  }
  return bytes;
}
