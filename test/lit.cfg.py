# The lit suite: FileCheck tests that mirror lib/, and Integration tests that
# run on devices. Features say which devices and programs are here.

import os
import shutil
import subprocess
import sys

import lit.formats

config.name = "TapML"
# Not ShTest(True): lit from PyPI refuses the external shell.
config.test_format = lit.formats.ShTest(False)
config.suffixes = [".mlir", ".test"]
config.excludes = ["lib", "Inputs", "CMakeLists.txt"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.path.join(config.tapml_obj_root, "test")

tools = os.path.join(config.tapml_obj_root, "bin")
config.environment["PATH"] = os.pathsep.join([tools, config.llvm_tools_dir, config.environment["PATH"]])
# A variable bound in one function must not leak into the checks of the next.
config.environment["FILECHECK_OPTS"] = "-enable-var-scope --dump-input-filter=all"

config.substitutions.append(("%tapml_root", config.tapml_src_root))
config.substitutions.append(("%tapml_obj", config.tapml_obj_root))

# Vulkan drivers that need no GPU, each by its own manifest, so that a test says
# which one it means. XDG_RUNTIME_DIR keeps the loader and Chromium's ICD quiet.
DRIVERS = {
    "lavapipe": "/usr/share/vulkan/icd.d/lvp_icd.x86_64.json",
    "swiftshader": "/usr/lib/chromium/vk_swiftshader_icd.json",
}
config.environment["XDG_RUNTIME_DIR"] = config.test_exec_root
for driver, manifest in DRIVERS.items():
    if os.path.exists(manifest):
        config.available_features.add(driver)
    config.substitutions.append((f"%{driver}", f"env VK_ICD_FILENAMES={manifest} VK_DRIVER_FILES={manifest}"))
# The build links to wgpu-native where it is; so does who names another.
webgpu = os.environ.get("TAPML_WEBGPU_LIBRARY")
if webgpu:
    config.environment["TAPML_WEBGPU_LIBRARY"] = webgpu
if os.path.exists(webgpu or os.path.join(config.tapml_obj_root, "lib", "libwgpu_native.so")):
    config.available_features.add("webgpu")
# Metal's stand-in is a device only where it is asked for.
stand_in = os.path.join(config.tapml_obj_root, "lib", "libTapMLMetalStandIn.so")
if os.path.exists(stand_in):
    config.available_features.add("metal")
config.substitutions.append(("%metal", f"env TAPML_METAL_STAND_IN={stand_in}"))
if shutil.which("spirv-val"):
    config.available_features.add("spirv-val")


def can_mount(flags: str) -> bool:
    """Whether ``unshare`` with these flags lets us mount a file system that nobody else sees, to fill it up."""
    command = ["unshare", flags, "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


if shutil.which("unshare") and (can_mount("-m") or can_mount("-rm")):
    config.available_features.add("small-disk")

python = os.path.join(config.tapml_src_root, ".venv", "bin", "python")
config.substitutions.append(("%python", python if os.path.exists(python) else sys.executable))
config.substitutions.append(("%hook_plugin", os.path.join(config.tapml_obj_root, "lib", "HookPlugin.so")))
config.substitutions.append(("%plugin", os.path.join(config.tapml_obj_root, "lib", "tapml-plugin.so")))

# After scripts/setup.sh everything is here, and ctest says so: nothing passes by being left out. Whether a file system
# can be mounted is the machine's own affair.
missing = {*DRIVERS, "webgpu", "metal", "spirv-val"} - config.available_features
if missing and os.environ.get("TAPML_TEST_COMPLETE"):
    lit_config.fatal(f"TAPML_TEST_COMPLETE is set, but these are not here: {', '.join(sorted(missing))}")
