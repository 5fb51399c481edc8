// Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Loads executables and runs them on the browser's WebGPU: interprets the manifest as the native runtime does
// (lib/Runtime), without its host code.

import { decodeText, readTapx } from "./container.mjs";
import { Device, padded, Queue } from "./device.mjs";
import { damaged, TapmlError, within } from "./errors.mjs";
import { byteSize, describe, ExprValues, parseManifest } from "./manifest.mjs";
import { convert, orderInputs, planVariant } from "./plan.mjs";

const DEFAULT_DEADLINE = 60_000;

function describeStep(manifest, step) {
  return step.op === "dispatch"
    ? describe("executable", manifest.executables[step.executable].name, step.instances)
    : describe("transfer of value", `${step.from}`, step.instances);
}

/** A loaded executable: its device open, its kernels compiled, its weights in place. */
export class Executable {
  /**
   * `buffer` holds the file. `weights` is called with the name of the weights file, if there is one, and gives its
   * tensors (name to {dtype, shape, data}). `deadline` is how long to wait for the device, in milliseconds.
   */
  static async load(buffer, { weights, deadline = DEFAULT_DEADLINE } = {}) {
    const sections = await readTapx(buffer);
    const manifest = parseManifest(decodeText(sections.get("manifest"), "the manifest"));
    const executable = new Executable(manifest, deadline);
    executable.#checkPlaces();
    await executable.#openDevice();
    await executable.#loadKernels(sections);
    await executable.#placeWeights(weights);
    return executable;
  }

  constructor(manifest, deadline) {
    this.manifest = manifest;
    this.deadline = deadline;
    this.kernels = [];
    this.weights = new Map();
    this.prepared = new Map();
    this.buffers = [];
  }

  #checkPlaces() {
    const { places, main, host } = this.manifest;
    for (const place of places) {
      if (place.kind !== "host" && place.kind !== "webgpu") {
        throw new TapmlError(
          "incompatible", `place '${place.name}' needs a device of kind '${place.kind}', a page has only 'webgpu'`,
        );
      }
    }
    const devices = places.filter((place) => place.kind === "webgpu");
    if (devices.length !== 1) {
      throw new TapmlError("incompatible", `it has ${devices.length} places of kind 'webgpu', a page runs those with one`);
    }
    for (const step of main.steps) {
      if (step.op === "dispatch" && step.variant.place === host) {
        throw new TapmlError(
          "incompatible",
          `${describeStep(this.manifest, step)} is on the host, and a page has no host code; ` +
            "compile with every operator on webgpu",
        );
      }
    }
  }

  async #openDevice() {
    const place = this.manifest.places.find(({ kind }) => kind === "webgpu");
    this.device = await within(`place '${place.name}'`, () => Device.open(place.profile));
  }

  #dispatches() {
    return this.manifest.main.steps.filter((step) => step.op === "dispatch");
  }

  async #loadKernels(sections) {
    const reachable = new Set();
    for (const { variant } of this.#dispatches()) {
      for (const launch of [...variant.init, ...variant.steps]) {
        launch.cases.forEach(({ kernel }) => reachable.add(kernel));
      }
    }
    const bySection = new Map();
    for (const index of [...reachable].sort((a, b) => a - b)) {
      const { section } = this.manifest.kernels[index];
      bySection.set(section, [...(bySection.get(section) ?? []), index]);
    }
    const pending = [];
    for (const [section, indices] of bySection) {
      const kernels = indices.map((index) => this.manifest.kernels[index]);
      const bytes = sections.get(section);
      if (!bytes) {
        throw damaged(`kernel '${kernels[0].name}' is in section '${section}', which the file does not have`);
      }
      const code = decodeText(bytes, `section '${section}'`);
      const module = await this.device.loadModule(code, section, kernels);
      for (const index of indices) {
        const create = async () => {
          this.kernels[index] = await this.device.createKernel(module, this.manifest.kernels[index]);
        };
        pending.push(create());
      }
    }
    await Promise.all(pending);
  }

  async #placeWeights(source) {
    const { manifest } = this;
    const { values, steps } = manifest.main;
    const needed = new Set();
    for (const step of steps) {
      for (const id of step.op === "dispatch" ? step.operands : [step.from]) {
        if (values[id].kind === "weight") {
          needed.add(values[id].index);
        }
      }
    }
    manifest.outputs.forEach(({ value }) => values[value].kind === "weight" && needed.add(values[value].index));
    if (needed.size) {
      if (!source || !manifest.weightsFile) {
        throw new TapmlError("not_found", "it needs weights, and none are given");
      }
      const tensors = await within("its weights", () => source(manifest.weightsFile));
      this.hostWeights = new Map();
      for (const index of needed) {
        const { key, dtype, shape } = manifest.weights[index];
        const tensor = tensors.get(key);
        if (!tensor || tensor.dtype !== dtype || tensor.shape.join() !== shape.join()) {
          throw new TapmlError(
            "incompatible",
            tensor
              ? `weight '${key}' is ${tensor.shape.join(" x ")} ${tensor.dtype}, needs ${shape.join(" x ")} ${dtype}`
              : `the weights have no tensor '${key}'`,
          );
        }
        this.hostWeights.set(index, tensor.data);
      }
    }
    await this.device.guarded("hold the weights", async () => {
      for (const [index, data] of this.hostWeights ?? []) {
        const buffer = this.#allocate(data.length);
        this.device.write(buffer, data);
        this.weights.set(index, buffer);
      }
      await this.#prepare();
    });
  }

  #allocate(bytes, owner = this.buffers) {
    const buffer = this.device.allocate(bytes);
    owner.push(buffer);
    return buffer;
  }

  /** Runs the initialisers: once per variant and weights. */
  async #prepare() {
    const { values } = this.manifest.main;
    const temporary = [];
    const queue = new Queue(this.device, this.deadline);
    try {
      for (const step of this.#dispatches()) {
        const { variant } = step;
        if (!variant.prepared.length) {
          continue;
        }
        const key = this.#preparedKey(step);
        if (this.prepared.has(key)) {
          continue;
        }
        await within(describeStep(this.manifest, step), () => {
          const shapes = variant.args.map((arg, i) =>
            (arg.constant ? this.manifest.weights[values[step.operands[i]].index].shape : arg.shape).map((size) =>
              Math.max(size, 0),
            ),
          );
          const sizes = new Array(variant.sizeArgs).fill(0);
          const limits = this.device.handle.limits;
          const plan = planVariant(this.manifest, variant, "init", shapes, sizes, limits);
          const prepared = plan.prepared.map((bytes) => this.#allocate(bytes));
          this.prepared.set(key, prepared);
          const slots = plan.slots.map((bytes) => this.#allocate(bytes, temporary));
          const args = step.operands.map((id) => this.weights.get(values[id].index));
          this.#launch(queue, plan, { arg: args, prepared, slot: slots, result: [] });
        });
      }
      await queue.finish();
    } finally {
      queue.dispose();
      temporary.forEach((buffer) => buffer.destroy());
    }
  }

  #preparedKey(step) {
    const { values } = this.manifest.main;
    const weights = step.operands.filter((_, i) => step.variant.args[i].constant).map((id) => values[id].index);
    const variants = this.manifest.executables[step.executable].variants;
    return `${step.executable}/${variants.indexOf(step.variant)}/${weights.join()}`;
  }

  #launch(queue, plan, buffers) {
    const bytes = { arg: plan.args, prepared: plan.prepared, slot: plan.slots, result: plan.results };
    for (const launch of plan.launches) {
      queue.launch({
        kernel: this.kernels[launch.kernel],
        grid: launch.grid,
        sizes: launch.sizes,
        buffers: launch.buffers.map(({ kind, index }) => ({ buffer: buffers[kind][index], bytes: bytes[kind][index] })),
      });
    }
  }

  /** Sizes of all values for these inputs, and the launches of every dispatch. */
  #planShapes(inputs) {
    const { main, weights } = this.manifest;
    const exprs = new ExprValues(main.exprs, inputs.map(({ shape }) => shape), []);
    const shapes = main.values.map((value, i) => {
      const known = value.kind === "input" ? inputs[value.index].shape : weights[value.index]?.shape;
      if (!value.shape) {
        return known;
      }
      const shape = exprs.all(value.shape);
      if (value.kind !== "slot" && shape.join() !== known.join()) {
        throw damaged(`value ${i} has the shape ${shape.join(" x ")}, its ${value.kind} ${known.join(" x ")}`);
      }
      return shape;
    });
    const bytes = main.values.map((value, i) => byteSize(value.dtype, shapes[i]));
    const slots = main.slots.map((slot, i) =>
      main.values.some((value) => value.kind === "slot" && value.index === i) ? exprs.get(slot.bytes) : 0,
    );
    main.values.forEach((value, i) => {
      if (value.kind === "slot" && padded(bytes[i]) > padded(slots[value.index])) {
        throw damaged(`value ${i} of ${bytes[i]} bytes does not fit in slot ${value.index} of ${slots[value.index]}`);
      }
    });
    return { exprs, shapes, bytes, slots };
  }

  /**
   * Runs the model. `inputs` maps names to {dtype, shape, data}, data being the bytes of a dense row-major tensor; so
   * does the result, which also has what the run took: `report`.
   */
  async run(inputs) {
    const { main, host } = this.manifest;
    const ordered = orderInputs(this.manifest, inputs);
    const plan = this.#planShapes(ordered);
    const owned = [];
    const queue = new Queue(this.device, this.deadline);
    const start = performance.now();
    const work = async () => {
      const slots = main.slots.map((slot, i) => (slot.place === host ? null : this.#allocate(plan.slots[i], owned)));
      // Host values: bytes, or a promise of bytes that the next `finish` keeps.
      const onHost = new Map();
      main.values.forEach((value, id) => {
        if (value.place === host && value.kind !== "slot") {
          onHost.set(id, value.kind === "input" ? ordered[value.index].data : this.hostWeights.get(value.index));
        }
      });
      const bufferOf = (id) =>
        main.values[id].kind === "weight" ? this.weights.get(main.values[id].index) : slots[main.values[id].index];
      const hostData = async (id) => {
        const data = onHost.get(id);
        if (data instanceof Promise) {
          await queue.finish();
        }
        return data;
      };
      for (const step of main.steps) {
        await within(describeStep(this.manifest, step), () =>
          step.op === "dispatch"
            ? this.#runDispatch(step, plan, queue, bufferOf, owned)
            : this.#runTransfer(step, plan, queue, bufferOf, onHost, hostData),
        );
      }
      const outputs = this.manifest.outputs.map(({ value }) =>
        main.values[value].place === host ? onHost.get(value) : queue.read(bufferOf(value), plan.bytes[value]),
      );
      await queue.finish();
      return Promise.all(outputs);
    };
    try {
      const data = await this.device.guarded("run the model", work);
      const result = new Map(
        this.manifest.outputs.map(({ name, value }, i) => [
          name, { dtype: main.values[value].dtype, shape: plan.shapes[value], data: data[i] },
        ]),
      );
      result.report = {
        milliseconds: performance.now() - start, launches: queue.launches, submissions: queue.submissions,
      };
      return result;
    } finally {
      queue.dispose();
      owned.forEach((buffer) => buffer.destroy());
    }
  }

  #runDispatch(step, plan, queue, bufferOf, owned) {
    const { variant } = step;
    const dispatch = planVariant(
      this.manifest,
      variant,
      "steps",
      step.operands.map((id) => plan.shapes[id]),
      plan.exprs.all(step.sizes),
      this.device.handle.limits,
    );
    step.results.forEach((id, i) => {
      if (dispatch.resultShapes[i].join() !== plan.shapes[id].join()) {
        throw damaged(
          `result ${i} has the shape ${dispatch.resultShapes[i].join(" x ")}, its value ${plan.shapes[id].join(" x ")}`,
        );
      }
    });
    const used = new Set(dispatch.launches.flatMap(({ buffers }) => buffers.filter((b) => b.kind === "slot")).map((b) => b.index));
    this.#launch(queue, dispatch, {
      arg: step.operands.map(bufferOf),
      result: step.results.map(bufferOf),
      prepared: variant.prepared.length ? this.prepared.get(this.#preparedKey(step)) : [],
      slot: dispatch.slots.map((bytes, i) => (used.has(i) ? this.#allocate(bytes, owned) : null)),
    });
  }

  async #runTransfer(step, plan, queue, bufferOf, onHost, hostData) {
    const { main, host, inputs } = this.manifest;
    const from = main.values[step.from];
    const to = main.values[step.to];
    if (plan.shapes[step.from].join() !== plan.shapes[step.to].join()) {
      throw damaged(`a transfer changes the shape ${plan.shapes[step.from].join(" x ")}`);
    }
    const what = from.kind === "input" ? `input '${inputs[from.index].name}'` : "a value";
    const converted = (data) => convert(data, from.dtype, to.dtype, plan.shapes[step.from], what);
    if (from.place !== host && to.place !== host && from.dtype === to.dtype) {
      if (bufferOf(step.from) !== bufferOf(step.to)) {
        queue.copy(bufferOf(step.from), bufferOf(step.to), plan.bytes[step.from]);
      }
      return;
    }
    let data;
    if (from.place === host) {
      data = converted(await hostData(step.from));
    } else {
      data = queue.read(bufferOf(step.from), plan.bytes[step.from]).then(converted);
      data.catch(() => {});
    }
    if (to.place === host) {
      onHost.set(step.to, data);
      return;
    }
    if (data instanceof Promise) {
      await queue.finish();
    }
    queue.write(bufferOf(step.to), await data);
  }

  /** Gives its memory on the device back. */
  dispose() {
    this.buffers.forEach((buffer) => buffer.destroy());
    this.buffers = [];
  }
}
