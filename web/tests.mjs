// Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Runs a directory of tests in this tab. docs/Browser.md has the format of `tests.json` and of a test's data.

import { readSafetensors } from "./container.mjs";
import { damaged, TapmlError, within } from "./errors.mjs";
import { Executable } from "./executable.mjs";

const VERSION = 1;

async function fetchBytes(url) {
  let response;
  try {
    response = await fetch(url);
  } catch (error) {
    throw new TapmlError("not_found", `${url} cannot be fetched: ${error.message}`);
  }
  if (!response.ok) {
    throw new TapmlError("not_found", `${url} cannot be fetched: ${response.status} ${response.statusText}`);
  }
  return response.arrayBuffer();
}

/** IEEE half precision, from its bits. */
function halfToNumber(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) {
    return fraction ? NaN : sign * Infinity;
  }
  return sign * (exponent ? (1 + fraction / 1024) * 2 ** (exponent - 15) : (fraction / 1024) * 2 ** -14);
}

function bf16ToNumber(bits) {
  return new Float32Array(Uint32Array.of(bits << 16).buffer)[0];
}

/** The elements of a tensor: an array of numbers, or of BigInts for 64-bit integers. */
function elements({ dtype, data }) {
  const view = (type) => new type(data.buffer, data.byteOffset, data.length / type.BYTES_PER_ELEMENT);
  switch (dtype) {
    case "f64":
      return view(Float64Array);
    case "f32":
      return view(Float32Array);
    case "f16":
      return Float64Array.from(view(Uint16Array), halfToNumber);
    case "bf16":
      return Float64Array.from(view(Uint16Array), bf16ToNumber);
    case "i64":
      return view(BigInt64Array);
    case "u64":
      return view(BigUint64Array);
    case "i32":
      return view(Int32Array);
    case "u32":
      return view(Uint32Array);
    case "i16":
      return view(Int16Array);
    case "u16":
      return view(Uint16Array);
    case "i8":
      return view(Int8Array);
    default:
      return view(Uint8Array);
  }
}

/** Element `position` of a row-major tensor, as "[1, 3]". */
function indexText(position, shape) {
  let rest = position;
  const index = shape.map(() => 0);
  for (let d = shape.length - 1; d >= 0; --d) {
    index[d] = rest % shape[d];
    rest = Math.floor(rest / shape[d]);
  }
  return `[${index.join(", ")}]`;
}

/**
 * Compares with what is expected: how many elements are outside of their bounds, and the largest share of a bound.
 * Without bounds, elements must be equal.
 */
export function compare(name, got, expected, bound) {
  if (got.shape.join() !== expected.shape.join()) {
    throw damaged(`output '${name}' is ${got.shape.join(" x ")}, expected ${expected.shape.join(" x ")}`);
  }
  const actual = elements(got);
  const wanted = elements(expected);
  const bounds = bound ? elements(bound) : null;
  if (bounds && bounds.length !== wanted.length) {
    throw damaged(`the bound of output '${name}' has ${bounds.length} elements, expected ${wanted.length}`);
  }
  const result = { outside: 0, share: 0, message: "" };
  for (let i = 0; i < wanted.length; ++i) {
    const a = actual[i];
    const w = wanted[i];
    // Object.is would tell zeros apart, which are equal.
    let share = 0;
    const isFree = bounds && bounds[i] === Infinity;
    if (a != w && !isFree && !(Number.isNaN(a) && Number.isNaN(w))) { // eslint-disable-line eqeqeq
      const distance = Math.abs(Number(a) - Number(w));
      // A distance that is no number (NaN, infinities) is outside of every bound.
      share = bounds && distance <= Number.MAX_VALUE ? distance / Number(bounds[i]) : Infinity;
    }
    if (Number.isNaN(share) || share > 1) {
      share = Number.isNaN(share) ? Infinity : share;
      if (!result.outside++) {
        result.message = `output '${name}'${indexText(i, wanted.length ? expected.shape : [])} is ${a}, expected ${w}` +
          (bounds ? ` within ${bounds[i]}` : "");
      }
    }
    result.share = Math.max(result.share, share);
  }
  if (result.outside) {
    result.message += `; ${result.outside} of ${wanted.length} elements are outside`;
  }
  return result;
}

/** Runs one test; `base` is where its files are. */
async function runTest(test, base, loaded) {
  const report = {
    name: test.name, operator: test.operator ?? "", verdict: "error", share: null, milliseconds: null, message: "",
  };
  // What could not be compiled is in the list with the reason.
  if (test.unsupported || test.error) {
    return { ...report, verdict: test.unsupported ? "unsupported" : "error", message: test.unsupported ?? test.error };
  }
  try {
    const url = new URL(test.executable, base);
    const executable = await loaded(url);
    const tensors = await within(test.data, async () => readSafetensors(await fetchBytes(new URL(test.data, base))));
    const inputs = new Map();
    const expected = new Map();
    for (const [name, tensor] of tensors) {
      const [kind, rest] = [name.slice(0, name.indexOf(".")), name.slice(name.indexOf(".") + 1)];
      if (kind === "input") {
        inputs.set(rest, tensor);
      } else if (kind === "expect") {
        expected.set(rest, tensor);
      }
    }
    if (!expected.size) {
      throw damaged(`${test.data} expects nothing`);
    }
    const outputs = await executable.run(inputs);
    report.milliseconds = outputs.report.milliseconds;
    report.share = 0;
    report.verdict = "pass";
    for (const [name, tensor] of expected) {
      if (!outputs.has(name)) {
        throw damaged(`there is no output '${name}'`);
      }
      const result = compare(name, outputs.get(name), tensor, tensors.get(`bound.${name}`));
      report.share = Math.max(report.share, result.share);
      if (result.outside) {
        report.verdict = "fail";
        report.message ||= result.message;
      }
    }
  } catch (error) {
    report.verdict = "error";
    report.message = error.message;
    if (!(error instanceof TapmlError)) {
      console.error(error);
    }
  }
  return report;
}

/** Runs every test of `tests.json` at `url`, calling `show(report)` after each. */
export async function runTests(url, show) {
  const index = JSON.parse(new TextDecoder().decode(await fetchBytes(url)));
  if (index.version !== VERSION || !Array.isArray(index.tests)) {
    throw damaged(`${url} has version ${index.version}, this page reads ${VERSION}`);
  }
  // The tests of one executable follow each other; it is loaded once.
  let last = null;
  const loaded = async (executableUrl) => {
    if (last?.url !== executableUrl.href) {
      last?.executable.dispose();
      last = null;
      const buffer = await fetchBytes(executableUrl);
      const weights = async (file) => readSafetensors(await fetchBytes(new URL(file, executableUrl)));
      last = { url: executableUrl.href, executable: await Executable.load(buffer, { weights }) };
    }
    return last.executable;
  };
  const reports = [];
  for (const test of index.tests) {
    const report = await runTest(test, url, loaded);
    reports.push(report);
    show(report);
    // Let the page draw.
    await new Promise((resolve) => setTimeout(resolve));
  }
  last?.executable.dispose();
  return reports;
}
