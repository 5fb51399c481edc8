// Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// The browser's WebGPU as a device: what it can do, kernels, buffers, submissions. Follows lib/Runtime/WebGPU*.cpp.

import { damaged, TapmlError } from "./errors.mjs";
import { describe } from "./manifest.mjs";

/** Bindings and buffers are rounded up to this, as the planner counts on. */
const GRANULARITY = 16;
/** Offsets in a uniform buffer that every device accepts. */
const UNIFORM_ALIGNMENT = 256;
const COPY_ALIGNMENT = 4;

/** The optional features that TapML knows, and the names in a profile that need them. */
const FEATURES = [
  ["shader-f16", ["float16", "storage16"]],
  ["subgroups", ["subgroup_arithmetic", "subgroup_shuffle"]],
];

/** Limits that are asked for; a device without has the defaults. */
const LIMITS = [
  "maxStorageBuffersPerShaderStage",
  "maxStorageBufferBindingSize",
  "maxBufferSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
  "maxComputeWorkgroupSizeY",
  "maxComputeWorkgroupSizeZ",
  "maxComputeWorkgroupStorageSize",
  "maxComputeWorkgroupsPerDimension",
];

export function padded(bytes) {
  return Math.ceil(Math.max(bytes, 1) / GRANULARITY) * GRANULARITY;
}

function copySize(bytes) {
  return Math.ceil(bytes / COPY_ALIGNMENT) * COPY_ALIGNMENT;
}

export function uniformBytes(numSizes) {
  return padded(numSizes * 4);
}

/** The adapter of this browser; a sentence where there is none. */
async function findAdapter() {
  if (!navigator.gpu) {
    const insecure = globalThis.isSecureContext ? "" : "; pages have it only over https or from this machine";
    throw new TapmlError("not_found", `this browser has no WebGPU${insecure}; use one that has, or turn it on`);
  }
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) {
    throw new TapmlError("not_found", "this browser finds no GPU that WebGPU can use; see its page chrome://gpu");
  }
  return adapter;
}

/** Limits and features in the words of profiles. */
function infoOf(adapter) {
  const { limits, info } = adapter;
  const groups = limits.maxComputeWorkgroupsPerDimension;
  const result = {
    name: [info.vendor, info.architecture, info.device].filter(Boolean).join(" ") || "a device without a name",
    features: FEATURES.filter(([name]) => adapter.features.has(name)).flatMap(([, provides]) => provides),
    limits: {
      max_workgroup_invocations: [limits.maxComputeInvocationsPerWorkgroup],
      max_workgroup_size: [
        limits.maxComputeWorkgroupSizeX, limits.maxComputeWorkgroupSizeY, limits.maxComputeWorkgroupSizeZ,
      ],
      max_workgroup_count: [groups, groups, groups],
      max_workgroup_memory: [limits.maxComputeWorkgroupStorageSize],
      max_storage_buffers: [limits.maxStorageBuffersPerShaderStage],
      max_storage_buffer_bytes: [limits.maxStorageBufferBindingSize],
      max_allocation_bytes: [limits.maxBufferSize],
      max_push_constant_bytes: [0],
      min_storage_buffer_alignment: [limits.minStorageBufferOffsetAlignment],
    },
  };
  if (info.subgroupMinSize && info.subgroupMinSize === info.subgroupMaxSize) {
    result.limits.subgroup_size = [info.subgroupMinSize];
  }
  return result;
}

function checkProfile(profile, info) {
  const fail = (what) =>
    new TapmlError(
      "incompatible",
      `the browser's device (${info.name}) ${what}, which profile '${profile.name}' needs; ` +
        "use another device, or compile for this one",
    );
  for (const feature of profile.features) {
    if (!info.features.includes(feature)) {
      throw fail(`lacks the feature '${feature}'`);
    }
  }
  for (const [key, need] of Object.entries(profile.limits)) {
    const have = info.limits[key];
    if (!have) {
      throw fail(`says nothing of the limit '${key}'`);
    }
    have.forEach((value, i) => {
      const needed = need[need.length === 1 ? 0 : i];
      const enough = key.startsWith("max") ? value >= needed : key.startsWith("min") ? value <= needed : value === needed;
      if (!enough) {
        throw fail(`has ${key}${have.length > 1 ? `[${i}]` : ""} = ${value}, not ${needed}`);
      }
    });
  }
}

/** Blanks out the comments of WGSL text, keeping its lines. */
function withoutComments(code) {
  let out = "";
  let nesting = 0;
  for (let i = 0; i < code.length; ) {
    const two = code.slice(i, i + 2);
    if (two === "/*" || (two === "*/" && nesting)) {
      nesting += two === "/*" ? 1 : -1;
      i += 2;
    } else if (two === "//" && !nesting) {
      while (i < code.length && code[i] !== "\n") {
        ++i;
      }
    } else {
      out += nesting && code[i] !== "\n" ? " " : code[i];
      ++i;
    }
  }
  return out;
}

/** The compute entry points of WGSL text with their first lines, in order. */
function entryPoints(code) {
  const text = withoutComments(code);
  const lineOf = (at) => text.slice(0, at).split("\n").length;
  return [...text.matchAll(/@\s*compute\b[^;{}]*?\bfn\s+([\p{L}_][\p{L}\p{N}_]*)/gu)].map((match) => ({
    name: match[1],
    line: lineOf(match.index),
  }));
}

/** An opened device. An error that leaves it unusable is thrown by every later call. */
export class Device {
  static #open = new Map();

  /** Opens a device with the features of `profile` and no others; devices are shared between executables. */
  static async open(profile) {
    const adapter = await findAdapter();
    const info = infoOf(adapter);
    checkProfile(profile, info);
    const features = FEATURES.filter(([, provides]) => provides.some((name) => profile.features.includes(name)));
    const key = features.map(([name]) => name).join();
    const before = Device.#open.get(key);
    if (before && !before.finalError) {
      return before;
    }
    let handle;
    try {
      handle = await adapter.requestDevice({
        requiredFeatures: features.map(([name]) => name),
        requiredLimits: Object.fromEntries(LIMITS.map((name) => [name, adapter.limits[name]])),
      });
    } catch (error) {
      throw new TapmlError("device_error", `the browser's device (${info.name}) cannot be opened: ${error.message}`);
    }
    const device = new Device(handle, info);
    Device.#open.set(key, device);
    return device;
  }

  constructor(handle, info) {
    this.handle = handle;
    this.info = info;
    this.finalError = null;
    this.layouts = new Map();
    handle.lost.then(({ message }) => {
      this.finalError ??= new TapmlError(
        "device_lost",
        `the browser's device (${info.name}) was lost${message ? `: ${message}` : ""}; a kernel may have hung or the ` +
          "driver crashed; load the page again",
      );
    });
    handle.onuncapturederror = ({ error }) => {
      this.finalError ??= new TapmlError(
        "device_error", `the browser's device (${info.name}) reports: ${error.message}`,
      );
    };
  }

  check() {
    if (this.finalError) {
      throw this.finalError;
    }
  }

  /** Runs `body`; an error of the device in it is thrown as "cannot <what>: ...". */
  async guarded(what, body) {
    this.check();
    const filters = ["validation", "out-of-memory", "internal"];
    filters.forEach((filter) => this.handle.pushErrorScope(filter));
    let result, thrown;
    try {
      result = await body();
    } catch (error) {
      thrown = error;
    }
    // In the order of the stack.
    const errors = await Promise.all(filters.map(() => this.handle.popErrorScope())).catch(() => []);
    this.check();
    if (thrown) {
      throw thrown;
    }
    const error = errors.find(Boolean);
    if (error) {
      const memory = error instanceof GPUOutOfMemoryError;
      throw new TapmlError(
        memory ? "resource_exhausted" : "device_error",
        `the browser's device (${this.info.name}) cannot ${what}: ${error.message}`,
      );
    }
    return result;
  }

  /** Compiles the text of a section; `kernels` are what will be made from it. */
  async loadModule(code, name, kernels) {
    const entries = entryPoints(code);
    for (const kernel of kernels) {
      if (!entries.some((entry) => entry.name === kernel.entry)) {
        throw damaged(`section '${name}' has no entry point '${kernel.entry}' for kernel '${kernel.name}'`);
      }
      if (kernel.access.length > this.handle.limits.maxStorageBuffersPerShaderStage) {
        throw new TapmlError(
          "resource_exhausted",
          `kernel '${kernel.name}' has ${kernel.access.length} buffers, the browser's device allows ` +
            `${this.handle.limits.maxStorageBuffersPerShaderStage} (max_storage_buffers); compile for this device`,
        );
      }
    }
    this.check();
    // The compiler's messages say more than the error of a scope, which only must not reach the device.
    this.handle.pushErrorScope("validation");
    const module = this.handle.createShaderModule({ label: name, code });
    const info = await module.getCompilationInfo();
    await this.handle.popErrorScope();
    this.check();
    const error = info.messages.find((message) => message.type === "error");
    if (error) {
      // The kernel whose entry point is the last before the line; all where there is none.
      const entry = entries.filter(({ line }) => line <= error.lineNum).at(-1);
      const blamed = kernels.filter((kernel) => kernel.entry === entry?.name);
      const who = (blamed.length ? blamed : kernels).map((k) => describe("kernel", k.name, k.instances)).join(", ");
      throw new TapmlError(
        "device_error",
        `${who}: the browser's device (${this.info.name}) cannot compile section '${name}', line ${error.lineNum}: ` +
          error.message,
      );
    }
    return module;
  }

  /** The layouts of kernels with these buffers, and sizes or not. */
  #layout(kernel) {
    const key = `${kernel.access.join()};${uniformBytes(kernel.sizes)};${kernel.sizes > 0}`;
    let layout = this.layouts.get(key);
    if (!layout) {
      const entries = kernel.access.map((access, binding) => ({
        binding,
        visibility: GPUShaderStage.COMPUTE,
        buffer: { type: access === "read" ? "read-only-storage" : "storage" },
      }));
      if (kernel.sizes) {
        entries.push({
          binding: entries.length,
          visibility: GPUShaderStage.COMPUTE,
          buffer: { type: "uniform", hasDynamicOffset: true, minBindingSize: uniformBytes(kernel.sizes) },
        });
      }
      const group = this.handle.createBindGroupLayout({ entries });
      layout = { group, pipeline: this.handle.createPipelineLayout({ bindGroupLayouts: [group] }) };
      this.layouts.set(key, layout);
    }
    return layout;
  }

  async createKernel(module, kernel) {
    this.check();
    const layout = this.#layout(kernel);
    try {
      const pipeline = await this.handle.createComputePipelineAsync({
        layout: layout.pipeline,
        compute: { module, entryPoint: kernel.entry },
      });
      return { pipeline, groupLayout: layout.group, desc: kernel };
    } catch (error) {
      this.check();
      throw new TapmlError(
        "device_error",
        `the browser's device (${this.info.name}) cannot compile ` +
          `${describe("kernel", kernel.name, kernel.instances)}: ${error.message}`,
      );
    }
  }

  /** A buffer for a tensor; must be made inside of `guarded`. */
  allocate(bytes) {
    const size = padded(bytes);
    if (size > this.handle.limits.maxBufferSize) {
      throw new TapmlError(
        "resource_exhausted",
        `the browser's device allocates at most ${this.handle.limits.maxBufferSize} bytes at once, not ${size}`,
      );
    }
    const { STORAGE, COPY_SRC, COPY_DST } = GPUBufferUsage;
    return this.handle.createBuffer({ size, usage: STORAGE | COPY_SRC | COPY_DST });
  }

  write(buffer, data) {
    const whole = data.length - (data.length % COPY_ALIGNMENT);
    if (whole) {
      this.handle.queue.writeBuffer(buffer, 0, data, 0, whole);
    }
    if (whole < data.length) {
      const rest = new Uint8Array(COPY_ALIGNMENT);
      rest.set(data.subarray(whole));
      this.handle.queue.writeBuffer(buffer, whole, rest);
    }
  }
}

/**
 * Commands in order, in as few submissions as possible: launches and copies are collected until the host needs a
 * result. Must be used inside of `guarded`.
 */
export class Queue {
  constructor(device, deadline) {
    this.device = device;
    this.deadline = deadline;
    this.commands = [];
    this.touched = new Set();
    this.reads = [];
    this.submissions = 0;
    this.launches = 0;
    this.owned = [];
  }

  /** `launch`: {kernel, grid, sizes, buffers: [{buffer, bytes}]}. */
  launch(launch) {
    const { access } = launch.kernel.desc;
    launch.buffers.forEach(({ buffer }, i) => {
      this.touched.add(buffer);
      for (let k = 0; k < i; ++k) {
        if (launch.buffers[k].buffer === buffer && (access[i] !== "read" || access[k] !== "read")) {
          throw damaged(
            `${describe("kernel", launch.kernel.desc.name, launch.kernel.desc.instances)} binds buffers ${k} and ` +
              `${i} in the same memory and writes there, which WebGPU forbids`,
          );
        }
      }
    });
    this.commands.push(launch);
    ++this.launches;
  }

  copy(source, target, bytes) {
    this.touched.add(source).add(target);
    this.commands.push({ source, target, size: copySize(bytes) });
  }

  /** Host to device. */
  write(buffer, data) {
    // Writes go ahead of what has not been submitted.
    if (this.touched.has(buffer)) {
      this.submit();
    }
    this.device.write(buffer, data);
  }

  /** Device to host: a promise for the bytes. Nothing is waited for before `finish`. */
  read(buffer, bytes) {
    if (bytes === 0) {
      return Promise.resolve(new Uint8Array(0));
    }
    const staging = this.device.handle.createBuffer({
      size: copySize(bytes),
      usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
    });
    this.owned.push(staging);
    this.copy(buffer, staging, bytes);
    const result = new Promise((resolve, reject) => this.reads.push({ staging, bytes, resolve, reject }));
    // Who waits for it hears of a failure; nobody else needs to.
    result.catch(() => {});
    return result;
  }

  submit() {
    if (!this.commands.length) {
      return;
    }
    const { handle } = this.device;
    const launches = this.commands.filter((command) => command.kernel);
    let size = 0;
    for (const launch of launches) {
      launch.uniformOffset = size;
      size += Math.ceil(uniformBytes(launch.sizes.length) / UNIFORM_ALIGNMENT) * UNIFORM_ALIGNMENT;
    }
    let uniforms = null;
    if (launches.some((launch) => launch.sizes.length)) {
      const words = new Int32Array(size / 4);
      launches.forEach((launch) => words.set(launch.sizes, launch.uniformOffset / 4));
      uniforms = handle.createBuffer({ size, usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST });
      this.owned.push(uniforms);
      handle.queue.writeBuffer(uniforms, 0, words);
    }
    const encoder = handle.createCommandEncoder();
    let pass = null;
    for (const command of this.commands) {
      if (!command.kernel) {
        pass?.end();
        pass = null;
        encoder.copyBufferToBuffer(command.source, 0, command.target, 0, command.size);
        continue;
      }
      const entries = command.buffers.map(({ buffer, bytes }, binding) => ({
        binding,
        resource: { buffer, size: padded(bytes) },
      }));
      if (command.sizes.length) {
        entries.push({
          binding: entries.length,
          resource: { buffer: uniforms, size: uniformBytes(command.sizes.length) },
        });
      }
      pass ??= encoder.beginComputePass();
      pass.setPipeline(command.kernel.pipeline);
      const group = handle.createBindGroup({ layout: command.kernel.groupLayout, entries });
      pass.setBindGroup(0, group, command.sizes.length ? [command.uniformOffset] : []);
      pass.dispatchWorkgroups(...command.grid);
    }
    pass?.end();
    handle.queue.submit([encoder.finish()]);
    ++this.submissions;
    this.commands = [];
    this.touched.clear();
  }

  /** Submits what is left and settles the reads. */
  async finish() {
    this.submit();
    const reads = this.reads;
    this.reads = [];
    const settle = Promise.all(
      reads.map(async ({ staging, bytes, resolve, reject }) => {
        try {
          await staging.mapAsync(GPUMapMode.READ);
          resolve(new Uint8Array(staging.getMappedRange()).slice(0, bytes));
        } catch (error) {
          reject(this.device.finalError ?? new TapmlError("device_error", `cannot read results: ${error.message}`));
        }
      }),
    );
    let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => {
        this.device.finalError ??= new TapmlError(
          "deadline_exceeded",
          `the browser's device (${this.device.info.name}) did not finish within ${this.deadline} ms; ` +
            "a kernel may hang: raise the deadline, or load the page again",
        );
        reject(this.device.finalError);
      }, this.deadline);
    });
    try {
      await Promise.race([Promise.all([settle, this.device.handle.queue.onSubmittedWorkDone()]), late]);
    } finally {
      clearTimeout(timer);
    }
    this.device.check();
  }

  /** Gives back the buffers that it has made. */
  dispose() {
    this.owned.forEach((buffer) => buffer.destroy());
  }
}
