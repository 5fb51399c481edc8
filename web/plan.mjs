// Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// What follows from the sizes of inputs, and the checks before anything runs.

import { padded } from "./device.mjs";
import { damaged, TapmlError } from "./errors.mjs";
import { byteSize, ExprValues } from "./manifest.mjs";

function tooLarge(what) {
  return new TapmlError("resource_exhausted", `${what}; use smaller inputs, or place the operator elsewhere`);
}

/** Chooses the launches of a variant for known sizes; as lib/Runtime/VariantPlan.cpp. */
export function planVariant(manifest, variant, phase, argShapes, sizes, limits) {
  const values = new ExprValues(variant.exprs, argShapes, sizes);
  const plan = { prepared: [], slots: [], results: [], resultShapes: [], launches: [] };
  if (phase === "steps") {
    variant.args.forEach((arg, i) =>
      arg.shape.forEach((size, d) => {
        if (size >= 0 && size !== argShapes[i][d]) {
          throw new TapmlError(
            "invalid_argument", `operand ${i}, dimension ${d} is ${argShapes[i][d]}, compiled for ${size}`,
          );
        }
      }),
    );
    for (const check of variant.checks) {
      const value = values.get(check.expr);
      if (value > check.max) {
        throw tooLarge(`${check.what}: ${value}, at most ${check.max} are possible`);
      }
      if (value < check.min) {
        throw new TapmlError("invalid_argument", `${check.what}: ${value}, needs at least ${check.min}`);
      }
    }
    for (const { dtype, shape } of variant.results) {
      const known = values.all(shape);
      plan.resultShapes.push(known);
      plan.results.push(byteSize(dtype, known));
    }
  }
  plan.args = variant.args.map(({ dtype }, i) => byteSize(dtype, argShapes[i]));
  plan.prepared = variant.prepared.map(({ dtype, shape }) => byteSize(dtype, values.all(shape)));
  plan.slots = variant.slots.map(() => 0);
  const bytesOf = { arg: plan.args, prepared: plan.prepared, slot: plan.slots, result: plan.results };
  for (const launch of variant[phase]) {
    const chosen = launch.cases.find(({ when }) => when === null || values.get(when) !== 0);
    if (!chosen) {
      throw damaged("no alternative of a launch fits these sizes; compile the executable anew");
    }
    const kernel = manifest.kernels[chosen.kernel];
    const fail = (error) => error.within(`kernel '${kernel.name}'`);
    const grid = values.all(chosen.grid);
    grid.forEach((groups, d) => {
      if (groups < 0) {
        throw fail(damaged(`the grid has ${groups} workgroups in dimension ${d}`));
      }
      if (groups > limits.maxComputeWorkgroupsPerDimension) {
        throw fail(
          tooLarge(
            `${groups} workgroups in dimension ${d}, the browser's device allows ` +
              `${limits.maxComputeWorkgroupsPerDimension}`,
          ),
        );
      }
    });
    const launchSizes = values.all(launch.sizes);
    for (const size of launchSizes) {
      if (size !== (size | 0)) {
        throw fail(tooLarge(`size ${size} does not fit in 32 bits`));
      }
    }
    for (const { kind, index } of launch.buffers) {
      if (kind === "slot") {
        plan.slots[index] = values.get(variant.slots[index]);
      }
      if (padded(bytesOf[kind][index]) > limits.maxStorageBufferBindingSize) {
        throw fail(
          tooLarge(
            `a buffer of ${bytesOf[kind][index]} bytes, the browser's device binds at most ` +
              `${limits.maxStorageBufferBindingSize}`,
          ),
        );
      }
    }
    if (!grid.includes(0)) {
      plan.launches.push({ kernel: chosen.kernel, grid, sizes: launchSizes, buffers: launch.buffers });
    }
  }
  return plan;
}

/** Copies between element types of i64 and i32; from i64 every value is checked. */
export function convert(data, from, to, shape, what) {
  if (from === to) {
    return data;
  }
  if (to === "i64") {
    const narrow = new Int32Array(data.buffer, data.byteOffset, data.length / 4);
    return new Uint8Array(BigInt64Array.from(narrow, BigInt).buffer);
  }
  const wide = new BigInt64Array(data.buffer, data.byteOffset, data.length / 8);
  const out = new Int32Array(wide.length);
  wide.forEach((value, i) => {
    if (BigInt.asIntN(32, value) !== value) {
      const index = shape.map((_, d) => Math.floor(i / shape.slice(d + 1).reduce((a, b) => a * b, 1)) % shape[d]);
      throw new TapmlError(
        "invalid_argument",
        `${what}: element [${index.join(", ")}] is ${value}, which does not fit in the 32 bits that the device has; ` +
          "use smaller values",
      );
    }
    out[i] = Number(value);
  });
  return new Uint8Array(out.buffer);
}

/** Checks inputs (name to {dtype, shape, data}) and returns them in the model's order. */
export function orderInputs(manifest, inputs) {
  const bound = new Map();
  for (const name of inputs.keys()) {
    if (!manifest.inputs.some((input) => input.name === name)) {
      const names = manifest.inputs.map((input) => `'${input.name}'`).join(", ");
      throw new TapmlError("invalid_argument", `input '${name}' is unknown; the model has ${names}`);
    }
  }
  return manifest.inputs.map((desc) => {
    const input = inputs.get(desc.name);
    const fail = (what) => new TapmlError("invalid_argument", `input '${desc.name}'${what}`);
    if (!input) {
      throw fail(" is missing");
    }
    if (input.dtype !== desc.dtype) {
      throw fail(` has element type ${input.dtype}, expected ${desc.dtype}`);
    }
    if (input.shape.length !== desc.shape.length) {
      throw fail(` has rank ${input.shape.length}, expected rank ${desc.shape.length} (${desc.shape.join(" x ")})`);
    }
    desc.shape.forEach((dim, d) => {
      const size = input.shape[d];
      const symbol = manifest.symbols.find(({ name }) => name === dim);
      if (!symbol) {
        if (size !== dim) {
          throw fail(`: dimension ${d} is ${size}, expected ${dim}`);
        }
        return;
      }
      if (size < symbol.min || size > symbol.max) {
        throw fail(`: dimension ${d} ('${dim}') is ${size}, expected ${symbol.min} to ${symbol.max}`);
      }
      if ((bound.get(dim) ?? size) !== size) {
        throw fail(`: dimension ${d} ('${dim}') is ${size}, expected ${bound.get(dim)} as in another input`);
      }
      bound.set(dim, size);
    });
    if (input.data.length !== byteSize(input.dtype, input.shape)) {
      throw fail(` has ${input.data.length} bytes, its shape needs ${byteSize(input.dtype, input.shape)}`);
    }
    return input;
  });
}
