//===- Npy.cpp - Reader and writer of .npy files --------------------------===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Numpy.h"

#include <cctype>

using namespace tapml::rt;

namespace {
struct NumpyType {
  DType dtype;
  const char *descr;
};
} // namespace

static constexpr NumpyType numpyTypes[] = {
    {DType::F32, "<f4"}, {DType::I32, "<i4"}, {DType::I64, "<i8"},
    {DType::I1, "|b1"},  {DType::F64, "<f8"}, {DType::F16, "<f2"},
    {DType::I8, "|i1"},  {DType::U8, "|u1"},  {DType::I16, "<i2"},
    {DType::U16, "<u2"}, {DType::U32, "<u4"}, {DType::U64, "<u8"}};

static constexpr char magic[] = "\x93NUMPY";
static constexpr uint64_t magicSize = 6;

namespace {
/// The header of a .npy file is a Python dictionary with three entries: a
/// string, a bool and a tuple of integers. This reads just that.
class HeaderParser {
public:
  explicit HeaderParser(std::string_view text) : text(text) {}

  Status parse(std::string &descr, bool &fortran, Shape &shape) {
    bool seen[3] = {};
    if (!consume('{'))
      return fail("expected '{'");
    while (!consume('}')) {
      std::string key;
      if (!readString(key) || !consume(':'))
        return fail("expected a key and ':'");
      if (key == "descr" && !seen[0]) {
        seen[0] = true;
        if (!readString(descr))
          return fail("structured element types are not supported");
      } else if (key == "fortran_order" && !seen[1]) {
        seen[1] = true;
        fortran = word("True");
        if (!fortran && !word("False"))
          return fail("fortran_order must be True or False");
      } else if (key == "shape" && !seen[2]) {
        seen[2] = true;
        if (!readTuple(shape))
          return fail("shape must be a tuple of integers");
      } else {
        return fail("unexpected key '" + key + "'");
      }
      if (!consume(',') && peek() != '}')
        return fail("expected ',' or '}'");
    }
    skipSpace();
    if (position != text.size())
      return fail("text follows the dictionary");
    if (!seen[0] || !seen[1] || !seen[2])
      return fail("descr, fortran_order or shape is missing");
    return Status();
  }

private:
  Status fail(const std::string &message) const {
    return makeError(StatusCode::Damaged, "npy header, character ", position,
                     ": ", message);
  }
  void skipSpace() {
    while (position < text.size() && std::isspace(uint8_t(text[position])))
      ++position;
  }
  char peek() {
    skipSpace();
    return position < text.size() ? text[position] : '\0';
  }
  bool consume(char c) {
    if (peek() != c)
      return false;
    ++position;
    return true;
  }
  bool word(std::string_view expected) {
    skipSpace();
    if (text.substr(position, expected.size()) != expected)
      return false;
    position += expected.size();
    return true;
  }
  bool readString(std::string &out) {
    char quote = peek();
    if (quote != '\'' && quote != '"')
      return false;
    size_t end = text.find(quote, position + 1);
    if (end == std::string_view::npos)
      return false;
    out = std::string(text.substr(position + 1, end - position - 1));
    position = end + 1;
    return true;
  }
  bool readTuple(Shape &shape) {
    if (!consume('('))
      return false;
    while (!consume(')')) {
      int64_t value = 0;
      if (!std::isdigit(uint8_t(peek())))
        return false;
      while (position < text.size() && std::isdigit(uint8_t(text[position])))
        if (mulOverflow(value, 10, value) ||
            addOverflow(value, text[position++] - '0', value))
          return false;
      if (position < text.size() && text[position] == 'L')
        ++position;
      shape.push_back(value);
      if (!consume(',') && peek() != ')')
        return false;
    }
    return true;
  }

  std::string_view text;
  size_t position = 0;
};
} // namespace

/// Rearranges column-major `in` to row-major order.
static std::vector<uint8_t> fromFortranOrder(ByteSpan in, const Shape &shape,
                                             unsigned elementSize) {
  std::vector<uint8_t> out(in.size);
  size_t rank = shape.size();
  std::vector<uint64_t> strides(rank), index(rank);
  uint64_t stride = elementSize;
  for (size_t i = 0; i < rank; ++i) {
    strides[i] = stride;
    stride *= uint64_t(shape[i]);
  }
  uint64_t source = 0;
  for (uint64_t target = 0; target < in.size; target += elementSize) {
    std::memcpy(out.data() + target, in.data + source, elementSize);
    for (size_t i = rank; i-- > 0;) {
      source += strides[i];
      if (++index[i] < uint64_t(shape[i]))
        break;
      source -= strides[i] * index[i];
      index[i] = 0;
    }
  }
  return out;
}

Result<NumpyArray> tapml::rt::parseNpy(ByteSpan bytes) {
  if (!bytes.contains(0, 10) || std::memcmp(bytes.data, magic, magicSize) != 0)
    return makeError(StatusCode::Damaged, "not a .npy file");
  unsigned major = bytes.data[6];
  if (major < 1 || major > 3)
    return makeError(StatusCode::Incompatible, ".npy format ", major,
                     " is not supported; save with numpy.save");
  uint64_t prefix = major == 1 ? 10 : 12;
  if (!bytes.contains(0, prefix))
    return makeError(StatusCode::Damaged, ".npy file is cut short");
  uint64_t headerSize = major == 1 ? readLE<uint16_t>(bytes.data + 8)
                                   : readLE<uint32_t>(bytes.data + 8);
  if (!bytes.contains(prefix, headerSize))
    return makeError(StatusCode::Damaged, ".npy file is cut short");
  NumpyArray array;
  std::string descr;
  bool fortran = false;
  HeaderParser parser(bytes.slice(prefix, headerSize).text());
  TAPML_RETURN_IF_ERROR(parser.parse(descr, fortran, array.shape));
  const NumpyType *found = nullptr;
  for (const NumpyType &type : numpyTypes)
    if (descr == type.descr)
      found = &type;
  if (!found)
    return makeError(StatusCode::InvalidArgument, "element type '", descr,
                     "' is not supported; convert the array with astype");
  array.dtype = found->dtype;
  std::optional<uint64_t> size = byteSize(array.dtype, array.shape);
  ByteSpan data =
      bytes.slice(prefix + headerSize, bytes.size - prefix - headerSize);
  if (!size || *size != data.size)
    return makeError(StatusCode::Damaged, ".npy file holds ", data.size,
                     " data bytes, which is not what shape ",
                     toString(array.shape), " of ", name(array.dtype),
                     " needs");
  if (fortran && array.shape.size() > 1 && *size)
    array.data = fromFortranOrder(data, array.shape, byteSize(array.dtype));
  else
    array.data.assign(data.data, data.data + data.size);
  return array;
}

Result<NumpyArray> tapml::rt::readNpy(const std::string &path) {
  TAPML_ASSIGN_OR_RETURN(auto file, MappedFile::open(path));
  Result<NumpyArray> array = parseNpy(file->bytes());
  if (!array.ok())
    return array.status().withContext("'" + path + "'");
  return array;
}

Result<std::string> tapml::rt::formatNpyHeader(DType dtype,
                                               const Shape &shape) {
  const char *descr = nullptr;
  for (const NumpyType &type : numpyTypes)
    if (type.dtype == dtype)
      descr = type.descr;
  if (!descr)
    return makeError(StatusCode::InvalidArgument, "NumPy has no type for ",
                     name(dtype), "; write a safetensors file");
  std::string text =
      concat("{'descr': '", descr, "', 'fortran_order': False, 'shape': (");
  for (size_t i = 0; i < shape.size(); ++i)
    text += concat(i ? ", " : "", shape[i]);
  text += shape.size() == 1 ? ",), }" : "), }";
  // The data starts at a multiple of 64; the header ends with a line feed.
  text.append(alignTo(10 + text.size() + 1, 64) - 10 - text.size() - 1, ' ');
  text += '\n';
  if (text.size() > 0xffff)
    return makeError(StatusCode::InvalidArgument, "rank ", shape.size(),
                     " is too large for a .npy file");
  std::string out(magic, magicSize);
  out += '\1';
  out += '\0';
  appendLE<uint16_t>(out, uint16_t(text.size()));
  return out + text;
}

Status tapml::rt::writeNpy(const std::string &path, const NamedTensor &tensor) {
  TAPML_ASSIGN_OR_RETURN(std::string header,
                         formatNpyHeader(tensor.dtype, tensor.shape));
  TAPML_ASSIGN_OR_RETURN(auto file, AtomicFile::create(path));
  TAPML_RETURN_IF_ERROR(file->write(header));
  TAPML_RETURN_IF_ERROR(file->write(tensor.data));
  return file->commit();
}
