# Build rules shared by every directory.
#
#   add_tapml_library(Name sources... [DEPENDS targets...])
#     One component of the compiler: an object library that becomes part of
#     libTapML.so. The tools and the plugin link that one library.
#   add_tapml_tool(name sources... [LINK_LIBS libraries...])
#     An executable in build/bin that links libTapML.so.

# The MLIR headers cost seconds per file: they are compiled once.
add_library(TapMLPCH OBJECT ${PROJECT_SOURCE_DIR}/cmake/modules/pch.cpp)
target_precompile_headers(
  TapMLPCH
  PRIVATE
  <mlir/Dialect/Arith/IR/Arith.h>
  <mlir/Dialect/Func/IR/FuncOps.h>
  <mlir/Dialect/Linalg/IR/Linalg.h>
  <mlir/Dialect/Tensor/IR/Tensor.h>
  <mlir/IR/Builders.h>
  <mlir/IR/BuiltinOps.h>
  <mlir/IR/PatternMatch.h>
  <mlir/Pass/Pass.h>)

function(add_tapml_library name)
  cmake_parse_arguments(ARG "" "" "DEPENDS" ${ARGN})
  add_library(${name} OBJECT ${ARG_UNPARSED_ARGUMENTS})
  target_precompile_headers(${name} REUSE_FROM TapMLPCH)
  target_compile_options(${name} PRIVATE -Wall -Wextra -Wno-unused-parameter)
  add_dependencies(${name} tapml-headers ${ARG_DEPENDS})
  set_property(GLOBAL APPEND PROPERTY TAPML_COMPILER_LIBS ${name})
endfunction()

function(add_tapml_tool name)
  cmake_parse_arguments(ARG "" "" "LINK_LIBS" ${ARGN})
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE TapML ${ARG_LINK_LIBS} MLIR LLVM)
  add_dependencies(${name} tapml-headers)
  set_property(GLOBAL APPEND PROPERTY TAPML_TOOLS ${name})
endfunction()
