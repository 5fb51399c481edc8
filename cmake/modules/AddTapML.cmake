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
  <mlir/Dialect/GPU/IR/GPUDialect.h>
  <mlir/Dialect/Linalg/IR/Linalg.h>
  <mlir/Dialect/Math/IR/Math.h>
  <mlir/Dialect/MemRef/IR/MemRef.h>
  <mlir/Dialect/SCF/IR/SCF.h>
  <mlir/Dialect/SPIRV/IR/SPIRVOps.h>
  <mlir/Dialect/Tensor/IR/Tensor.h>
  <mlir/Dialect/Vector/IR/VectorOps.h>
  <mlir/IR/Builders.h>
  <mlir/IR/BuiltinOps.h>
  <mlir/IR/PatternMatch.h>
  <mlir/Pass/Pass.h>)

# CMake also includes the header's own text, by a path that ccache takes as it
# is, so that it would miss in every other tree. The precompiled form has it all.
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  set(CMAKE_CXX_COMPILE_OPTIONS_USE_PCH -Xclang -include-pch -Xclang <PCH_FILE>)
endif()

# The bytes of the precompiled header hold the path of the tree, so that ccache
# would miss in every other one. It takes this sum in their place: of all that
# goes into the header, which are the compiler and the MLIR package.
file(SHA256 ${LLVM_INCLUDE_DIRS}/llvm/Support/VCSRevision.h TAPML_PCH_REVISION)
file(SHA256 ${CMAKE_CURRENT_LIST_FILE} TAPML_PCH_LIST)
string(SHA256 TAPML_PCH_SUM
  "${LLVM_PACKAGE_VERSION} ${TAPML_PCH_REVISION} ${TAPML_PCH_LIST}
   ${CMAKE_CXX_COMPILER_VERSION} ${CMAKE_BUILD_TYPE} ${CMAKE_CXX_FLAGS}")
file(CONFIGURE
  OUTPUT ${PROJECT_BINARY_DIR}/CMakeFiles/TapMLPCH.dir/cmake_pch.hxx.pch.sum
  CONTENT "${TAPML_PCH_SUM}")

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
