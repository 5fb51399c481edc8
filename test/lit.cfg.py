# The lit suite: FileCheck tests that mirror lib/, and Integration tests that
# run on devices. Features say which devices and programs are here.

import os

import lit.formats

config.name = "TapML"
# Not ShTest(True): lit from PyPI refuses the external shell.
config.test_format = lit.formats.ShTest(False)
config.suffixes = [".mlir", ".test"]
config.excludes = ["Inputs", "CMakeLists.txt"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.path.join(config.tapml_obj_root, "test")

tools = os.path.join(config.tapml_obj_root, "bin")
config.environment["PATH"] = os.pathsep.join(
    [tools, config.llvm_tools_dir, config.environment["PATH"]]
)
# A variable bound in one function must not leak into the checks of the next.
config.environment["FILECHECK_OPTS"] = "-enable-var-scope --dump-input-filter=all"

config.substitutions.append(("%tapml_root", config.tapml_src_root))
