"""The systems measured beside TapML, each as a callable on the same inputs.

A peer that is not installed, or that cannot run a case, is reported with the
reason; it is never left out silently.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

Inputs = dict[str, torch.Tensor]
Runner = Callable[[], np.ndarray]


@dataclass(frozen=True)
class Unavailable(Exception):
    """A peer that cannot run a case, with the reason in one line."""

    reason: str


class LastHiddenState(torch.nn.Module):
    """A model's first output alone, so that every peer computes the same."""

    def __init__(self, model: torch.nn.Module):
        super().__init__()
        self.model = model
        # torch-mlir does not find the state of non-persistent buffers.
        for module in self.modules():
            module._non_persistent_buffers_set.clear()

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        return self.model(input_ids=input_ids, attention_mask=attention_mask)[0]


def eager(model: torch.nn.Module, inputs: Inputs) -> Runner:
    """PyTorch, eager mode."""

    def run() -> np.ndarray:
        with torch.inference_mode():
            return model(**inputs).numpy()

    return run


def onnx_runtime(model: torch.nn.Module, inputs: Inputs, path: str) -> Runner:
    """ONNX Runtime on the CPU, one export with dynamic sizes for all cases."""
    try:
        import onnxruntime
    except ImportError as error:
        raise Unavailable(f"not installed ({error})") from error
    if not os.path.exists(path):
        dim = torch.export.Dim.DYNAMIC
        torch.onnx.export(
            model,
            (),
            path,
            kwargs=dict(inputs),
            dynamic_shapes={name: {0: dim, 1: dim} for name in inputs},
            dynamo=True,
            verbose=False,
        )
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    feed = {name: value.numpy() for name, value in inputs.items()}
    return lambda: session.run(None, feed)[0]


def iree(model: torch.nn.Module, inputs: Inputs, backend: str) -> Runner:
    """IREE through torch-mlir, compiled for exactly these sizes.

    IREE's numbers with dynamic sizes are far slower, so static is what it is
    measured with.
    """
    try:
        import iree.compiler as compiler
        import iree.runtime as runtime
        from torch_mlir import fx
    except ImportError as error:
        raise Unavailable(f"not installed ({error})") from error
    program = torch.export.export(model, (), kwargs=dict(inputs), strict=False)
    module = fx.export_and_import(program, output_type="linalg-on-tensors", func_name="forward")
    flags = ["--iree-llvmcpu-target-cpu=host"] if backend == "llvm-cpu" else []
    try:
        binary = compiler.compile_str(str(module), target_backends=[backend], input_type="none", extra_args=flags)
    except compiler.CompilerToolError as error:
        raise Unavailable("does not compile: " + str(error).splitlines()[-1][:100]) from error
    device = {"llvm-cpu": "local-task", "vulkan-spirv": "vulkan"}[backend]
    config = runtime.Config(device)
    context = runtime.SystemContext(config=config)
    context.add_vm_module(runtime.VmModule.copy_buffer(context.instance, binary))
    function = context.modules.module["forward"]
    arrays = [runtime.asdevicearray(config.device, value.numpy()) for value in inputs.values()]
    if backend == "llvm-cpu":
        return lambda: function(*arrays).to_host()
    return lambda: _read_back(runtime, config.device, function(*arrays))


def _read_back(runtime, device, array) -> np.ndarray:
    """Copies a device array to the host through a staging buffer.

    DeviceArray.to_host() imports NumPy's memory instead, whose alignment Mesa's
    driver refuses.
    """
    source = array._buffer_view.get_buffer()
    staging = device.allocator.allocate_buffer(
        memory_type=int(runtime.MemoryType.HOST_LOCAL | runtime.MemoryType.DEVICE_VISIBLE),
        allowed_usage=int(runtime.BufferUsage.TRANSFER_TARGET | runtime.BufferUsage.MAPPING_SCOPED),
        allocation_size=source.byte_length(),
    )
    semaphore = device.create_semaphore(0)
    done = runtime.HalFence.create_at(semaphore, 1)
    device.queue_copy(
        source,
        staging,
        wait_semaphores=runtime.HalFence.create_at(semaphore, 0),
        signal_semaphores=done,
    )
    done.wait()
    return np.array(staging.map().asarray(array.shape, array.dtype))
