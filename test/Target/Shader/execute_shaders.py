# Part of the TapML project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE.TXT for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs emitted kernels as WGSL on a WebGPU device, and as MSL on the stand-in."""

import ctypes
import pathlib
import re
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "Codegen" / "Emission"))
from execute import BUILD, CANARY_ELEMENTS, Program, run_tool


def with_guard(output):
    """The bytes of an output with the canary behind it."""
    size = output.nbytes + CANARY_ELEMENTS * output.itemsize
    size -= size % 16
    return np.frombuffer(
        (ctypes.c_uint8 * size).from_address(output.ctypes.data),
        np.uint8,
    )


def padded(array):
    """The bytes of an array as a buffer holds them."""
    data = np.zeros(max(-(-array.nbytes // 16), 1) * 16, np.uint8)
    data[: array.nbytes] = array.reshape(-1).view(np.uint8)
    return data


def size_block(sizes):
    block = np.zeros(-(-len(sizes) // 4) * 4, np.uint32)
    block[: len(sizes)] = sizes
    return block.view(np.uint8)


class ShaderProgram(Program):
    """A program whose kernels are text; `language` is "wgsl" or "msl"."""

    language = None

    def compile(self, profile, directory):
        legal = run_tool("tapml-opt", ["-", f"--tapml-to-legal-shader=profile={profile}"], self.text)
        self.shader = run_tool("tapml-translate", ["-", f"--tapml-to-{self.language}"], legal)
        self.load()

    def get_entry(self, name):
        """What a kernel is called in the text, where the language keeps its name for itself."""
        renamed = f"{name}_kernel"
        return renamed if re.search(rf"\b{renamed}\(", self.shader) else name

    def launch(self, name, buffers, sizes, grid):
        self.launched.append((name, grid))
        output = with_guard(buffers[-1])
        data = [padded(b) for b in buffers[:-1]] + [output.copy()]
        if sizes:
            data.append(size_block(sizes))
        if 0 not in grid:
            output[:] = self.run(name, data, grid, len(buffers) - 1)


class MetalProgram(ShaderProgram):
    language = "msl"

    def load(self):
        self.library = ctypes.CDLL(str(BUILD / "lib" / "libTapMLMetalStandIn.so"))
        self.library.tapml_metal_compile.restype = ctypes.c_void_p
        error = ctypes.c_char_p()
        self.compiled = self.library.tapml_metal_compile(self.shader.encode(), ctypes.byref(error))
        if not self.compiled:
            raise self.take(error)

    def __del__(self):
        if getattr(self, "compiled", None):
            self.library.tapml_metal_release(ctypes.c_void_p(self.compiled))

    def take(self, error):
        """The error behind a message, which is freed."""
        message = error.value.decode()
        self.library.tapml_metal_free(error)
        return RuntimeError(message)

    def run(self, name, data, grid, output):
        pointers = (ctypes.c_void_p * len(data))(*[d.ctypes.data for d in data])
        three = ctypes.c_uint32 * 3
        error = ctypes.c_char_p()
        if not self.library.tapml_metal_launch(
            ctypes.c_void_p(self.compiled),
            self.get_entry(name).encode(),
            pointers,
            ctypes.c_size_t(len(data)),
            three(*grid),
            three(*self.functions[name].workgroup),
            2,
            ctypes.byref(error),
        ):
            raise self.take(error)
        return data[output]


def open_device():
    """A WebGPU device with the features that kernels may use."""
    import wgpu

    adapter = wgpu.gpu.request_adapter_sync()
    wanted = {"shader-f16", "subgroup"}
    return adapter.request_device_sync(required_features=[f for f in adapter.features if f in wanted])


class WebGPUProgram(ShaderProgram):
    language = "wgsl"
    device = None

    def load(self):
        if WebGPUProgram.device is None:
            WebGPUProgram.device = open_device()
        self.module = self.device.create_shader_module(code=self.shader)
        # Those that the layout "auto" leaves out, as no kernel reads them, may not
        # be bound.
        self.pipelines = {
            name: self.device.create_compute_pipeline(
                layout=self.make_layout(name),
                compute={"module": self.module, "entry_point": self.get_entry(name)},
            )
            for name, function in self.functions.items()
            if function.is_kernel
        }

    def make_layout(self, name):
        function = self.functions[name]
        access = re.search(r"tapml.access = \[(.*?)\]", function.attributes)[1]
        types = ["read-only-storage" if kind == '"read"' else "storage" for kind in access.split(", ")]
        if len(function.arguments) > len(types):
            types.append("uniform")
        group = self.device.create_bind_group_layout(
            entries=[{"binding": i, "visibility": 4, "buffer": {"type": kind}} for i, kind in enumerate(types)]
        )
        return self.device.create_pipeline_layout(bind_group_layouts=[group])

    def run(self, name, data, grid, output):
        from wgpu import BufferUsage

        device = self.device
        pipeline = self.pipelines[name]
        usage = BufferUsage.STORAGE | BufferUsage.UNIFORM | BufferUsage.COPY_SRC
        buffers = [device.create_buffer_with_data(data=d, usage=usage) for d in data]
        group = device.create_bind_group(
            layout=pipeline.get_bind_group_layout(0),
            entries=[
                {"binding": i, "resource": {"buffer": b, "offset": 0, "size": b.size}} for i, b in enumerate(buffers)
            ],
        )
        encoder = device.create_command_encoder()
        compute = encoder.begin_compute_pass()
        compute.set_pipeline(pipeline)
        compute.set_bind_group(0, group)
        compute.dispatch_workgroups(*grid)
        compute.end()
        device.queue.submit([encoder.finish()])
        return np.frombuffer(device.queue.read_buffer(buffers[output]), np.uint8)
