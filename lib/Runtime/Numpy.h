//===- Numpy.h - Reader and writer of .npy and .npz files -------*- C++ -*-===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_RUNTIME_NUMPY_H
#define TAPML_LIB_RUNTIME_NUMPY_H

#include "Safetensors.h"

#include <string>
#include <vector>

namespace tapml::rt {

/// An array read from a file, in row-major order and native byte order.
struct NumpyArray {
  std::string name;
  DType dtype = DType::F32;
  Shape shape;
  std::vector<uint8_t> data;
};

/// Parses the bytes of a .npy file (format 1.0 to 3.0, little endian, C or
/// Fortran order; Fortran order is rearranged).
Result<NumpyArray> parseNpy(ByteSpan bytes);
Result<NumpyArray> readNpy(const std::string &path);

/// Reads every array of an .npz archive (members stored or deflated).
Result<std::vector<NumpyArray>> readNpz(const std::string &path);

/// The bytes of a .npy file that NumPy loads. bf16 has no NumPy type and is
/// refused.
Result<std::string> formatNpyHeader(DType dtype, const Shape &shape);
Status writeNpy(const std::string &path, const NamedTensor &tensor);

/// Writes an uncompressed .npz archive; members are named `<name>.npy`.
Status writeNpz(const std::string &path,
                const std::vector<NamedTensor> &tensors);

} // namespace tapml::rt

#endif // TAPML_LIB_RUNTIME_NUMPY_H
