# Points find_package(MLIR) at the prefix that llvm-config-22 names, unless the
# caller has already said where MLIR is (MLIR_DIR or CMAKE_PREFIX_PATH).
if(NOT MLIR_DIR AND NOT CMAKE_PREFIX_PATH)
  find_program(TAPML_LLVM_CONFIG llvm-config-22)
  if(TAPML_LLVM_CONFIG)
    execute_process(
      COMMAND ${TAPML_LLVM_CONFIG} --prefix
      OUTPUT_VARIABLE TAPML_LLVM_PREFIX
      OUTPUT_STRIP_TRAILING_WHITESPACE)
    list(APPEND CMAKE_PREFIX_PATH ${TAPML_LLVM_PREFIX})
  endif()
endif()
