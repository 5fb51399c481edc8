//===- ManifestParse.cpp - Reading of manifests ---------------------------===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Json.h"
#include "Manifest.h"

#include <cstring>
#include <set>

using namespace tapml::rt;

/// The format version of the manifest that this runtime reads.
static constexpr int64_t manifestMajor = 1;

/// No tensor has more dimensions; keeps work per tensor small.
static constexpr size_t maxRank = 32;

bool VariantDesc::stepsUseArg(uint32_t arg) const {
  for (const LaunchDesc &launch : steps)
    for (const LaunchBuffer &buffer : launch.buffers)
      if (buffer.kind == LaunchBuffer::Kind::Arg && buffer.index == arg)
        return true;
  return false;
}

/// " (layer.0 and 5 more)".
static std::string listInstances(const std::vector<std::string> &instances) {
  if (instances.empty())
    return "";
  std::string out = " (" + instances.front();
  if (instances.size() > 1)
    out += concat(" and ", instances.size() - 1, " more");
  return out + ")";
}

std::string KernelDesc::describe() const {
  return "kernel '" + name + "'" + listInstances(instances);
}

std::string Manifest::describe(const StepDesc &step) const {
  std::string out;
  if (step.op == StepDesc::Op::Dispatch)
    out = "executable '" + executables[step.executable].name + "'";
  else
    out = concat("transfer of value ", step.from);
  return out + listInstances(step.instances);
}

/// Reads the array `key` of `cursor` with one call of `read` per element.
template <typename T, typename Fn>
static std::vector<T> readArray(const JsonCursor &cursor, const char *key,
                                Fn read) {
  std::vector<T> out;
  JsonCursor array = cursor.at(key);
  size_t size = array.size();
  for (size_t i = 0; i < size && !array.failed(); ++i)
    out.push_back(read(array.at(i)));
  return out;
}

/// The same for an array that may be left out.
template <typename T, typename Fn>
static std::vector<T> readOptionalArray(const JsonCursor &cursor,
                                        const char *key, Fn read) {
  if (!cursor.has(key))
    return {};
  return readArray<T>(cursor, key, read);
}

static std::string readString(const JsonCursor &cursor) {
  return cursor.string();
}

static std::vector<std::string> readInstances(const JsonCursor &cursor) {
  return readOptionalArray<std::string>(cursor, "instances", readString);
}

static DType readDType(const JsonCursor &cursor) {
  std::string text = cursor.string();
  std::optional<DType> dtype = parseDType(text);
  if (!dtype && !cursor.failed())
    cursor.fail("element type '" + text + "' is unknown");
  return dtype.value_or(DType::F32);
}

template <typename T>
static void checkRank(const JsonCursor &cursor, const std::vector<T> &shape) {
  if (shape.size() > maxRank)
    cursor.fail(concat("rank ", shape.size(), " exceeds ", maxRank));
}

static Shape readShape(const JsonCursor &cursor, int64_t lowest) {
  Shape shape = readArray<int64_t>(cursor, "shape", [&](const JsonCursor &dim) {
    int64_t size = dim.integer();
    if (size < lowest)
      dim.fail(concat("size ", size, " is negative"));
    return size;
  });
  checkRank(cursor, shape);
  return shape;
}

/// Shapes of the things that `dim` expressions may name.
using ArgRanks = std::vector<size_t>;

static Expr readExpr(const JsonCursor &cursor, size_t position,
                     const ArgRanks &ranks, size_t numSizes) {
  Expr expr;
  size_t count = cursor.size();
  std::string op = count ? cursor.at(size_t(0)).string() : "";
  int found = 0;
  while (found < tapml::numSizeOps && op != tapml::sizeOpNames[found])
    ++found;
  if (found == tapml::numSizeOps) {
    cursor.fail("expression operation '" + op + "' is unknown");
    return expr;
  }
  expr.op = ExprOp(found);
  bool unary = expr.op == ExprOp::Const || expr.op == ExprOp::Size;
  if (count != (unary ? 2u : 3u)) {
    cursor.fail(concat("'", op, "' with ", count - 1, " operands"));
    return expr;
  }
  switch (expr.op) {
  case ExprOp::Const:
    expr.a = cursor.at(1).integer();
    break;
  case ExprOp::Size:
    expr.a = cursor.at(1).index(numSizes, "size operands");
    break;
  case ExprOp::Dim:
    expr.a = cursor.at(1).index(ranks.size(), "arguments");
    if (!cursor.failed())
      expr.b = cursor.at(2).index(ranks[size_t(expr.a)],
                                  "dimensions of the argument");
    break;
  default:
    expr.a = cursor.at(1).index(position, "earlier expressions");
    expr.b = cursor.at(2).index(position, "earlier expressions");
  }
  return expr;
}

static ExprTable readExprs(const JsonCursor &cursor, const ArgRanks &ranks,
                           size_t numSizes) {
  ExprTable table;
  JsonCursor array = cursor.at("exprs");
  size_t size = array.size();
  if (size > size_t(1) << 24)
    array.fail("too many expressions");
  for (size_t i = 0; i < size && !array.failed(); ++i)
    table.push_back(readExpr(array.at(i), i, ranks, numSizes));
  return table;
}

static std::vector<ExprId>
readExprIds(const JsonCursor &cursor, const char *key, const ExprTable &exprs) {
  return readArray<ExprId>(cursor, key, [&](const JsonCursor &id) {
    return id.index(exprs.size(), "expressions");
  });
}

static TensorDesc readTensor(const JsonCursor &cursor, const ExprTable &exprs) {
  TensorDesc tensor;
  tensor.dtype = readDType(cursor.at("dtype"));
  tensor.shape = readExprIds(cursor, "shape", exprs);
  checkRank(cursor, tensor.shape);
  return tensor;
}

static ProfileDesc readProfile(const JsonCursor &cursor) {
  ProfileDesc profile;
  if (cursor.has("name"))
    profile.name = cursor.at("name").string();
  profile.features =
      readOptionalArray<std::string>(cursor, "features", readString);
  if (!cursor.has("limits"))
    return profile;
  JsonCursor limits = cursor.at("limits");
  if (!limits.raw()->is_object()) {
    limits.fail("expected an object");
    return profile;
  }
  for (auto &member : limits.raw()->items()) {
    std::vector<int64_t> &value = profile.limits[member.key()];
    if (member.value().is_array()) {
      value = readArray<int64_t>(
          limits, member.key().c_str(),
          [](const JsonCursor &element) { return element.integer(); });
      if (value.size() != 3)
        limits.fail("limit '" + member.key() + "' needs one number or three");
    } else {
      value = {limits.at(member.key().c_str()).integer()};
    }
  }
  return profile;
}

static LaunchBuffer readLaunchBuffer(const JsonCursor &cursor,
                                     const VariantDesc &variant) {
  LaunchBuffer buffer;
  if (cursor.has("part_of")) {
    JsonCursor whole = cursor.at("part_of");
    if (whole.has("part_of")) {
      whole.fail("a part has no parts");
      return buffer;
    }
    buffer = readLaunchBuffer(whole, variant);
    int64_t offset = cursor.at("offset").integer();
    int64_t bytes = cursor.at("bytes").integer();
    if (offset < 0 || offset % bindingAlignment || bytes < 1) {
      cursor.fail(concat("a part needs a size, and an offset that is a "
                         "multiple of ",
                         bindingAlignment));
      return buffer;
    }
    buffer.offset = uint64_t(offset);
    buffer.bytes = uint64_t(bytes);
    return buffer;
  }
  struct {
    const char *key;
    LaunchBuffer::Kind kind;
    size_t limit;
    const char *what;
  } kinds[] = {
      {"arg", LaunchBuffer::Kind::Arg, variant.args.size(), "arguments"},
      {"prepared", LaunchBuffer::Kind::Prepared, variant.prepared.size(),
       "prepared tensors"},
      {"slot", LaunchBuffer::Kind::Slot, variant.slots.size(), "slots"},
      {"result", LaunchBuffer::Kind::Result, variant.results.size(),
       "results"}};
  for (const auto &kind : kinds) {
    if (!cursor.has(kind.key))
      continue;
    buffer.kind = kind.kind;
    buffer.index = cursor.at(kind.key).index(kind.limit, kind.what);
    return buffer;
  }
  cursor.fail("expected 'arg', 'prepared', 'slot' or 'result'");
  return buffer;
}

static LaunchDesc readLaunch(const JsonCursor &cursor,
                             const VariantDesc &variant, size_t numKernels) {
  LaunchDesc launch;
  launch.buffers =
      readArray<LaunchBuffer>(cursor, "buffers", [&](const JsonCursor &b) {
        return readLaunchBuffer(b, variant);
      });
  launch.sizes = readExprIds(cursor, "sizes", variant.exprs);
  launch.cases =
      readArray<LaunchCase>(cursor, "cases", [&](const JsonCursor &c) {
        LaunchCase result;
        if (c.has("when"))
          result.when = c.at("when").index(variant.exprs.size(), "expressions");
        result.kernel = c.at("kernel").index(numKernels, "kernels");
        std::vector<ExprId> grid = readExprIds(c, "grid", variant.exprs);
        if (grid.size() != 3)
          c.fail("a grid needs three sizes");
        else
          std::copy(grid.begin(), grid.end(), result.grid.begin());
        return result;
      });
  if (launch.cases.empty())
    cursor.fail("a launch needs at least one case");
  return launch;
}

static VariantDesc readVariant(const JsonCursor &cursor,
                               const Manifest &manifest) {
  VariantDesc variant;
  variant.place = cursor.at("place").index(manifest.places.size(), "places");
  ArgRanks ranks;
  variant.args = readArray<ArgDesc>(cursor, "args", [&](const JsonCursor &c) {
    ArgDesc arg;
    arg.dtype = readDType(c.at("dtype"));
    arg.shape = readShape(c, -1);
    if (c.has("constant"))
      arg.constant = c.at("constant").boolean();
    ranks.push_back(arg.shape.size());
    return arg;
  });
  if (cursor.has("size_args"))
    variant.numSizes =
        cursor.at("size_args").index(1u << 16, "possible counts");
  variant.exprs = readExprs(cursor, ranks, variant.numSizes);
  auto tensor = [&](const JsonCursor &c) {
    return readTensor(c, variant.exprs);
  };
  variant.results = readArray<TensorDesc>(cursor, "results", tensor);
  variant.prepared = readOptionalArray<TensorDesc>(cursor, "prepared", tensor);
  if (cursor.has("slots"))
    variant.slots = readExprIds(cursor, "slots", variant.exprs);
  variant.checks =
      readOptionalArray<CheckDesc>(cursor, "checks", [&](const JsonCursor &c) {
        CheckDesc check;
        check.expr = c.at("expr").index(variant.exprs.size(), "expressions");
        if (c.has("min"))
          check.min = c.at("min").integer();
        if (c.has("max"))
          check.max = c.at("max").integer();
        check.what = c.at("what").string();
        return check;
      });
  auto launch = [&](const JsonCursor &c) {
    return readLaunch(c, variant, manifest.kernels.size());
  };
  variant.init = readOptionalArray<LaunchDesc>(cursor, "init", launch);
  variant.steps = readArray<LaunchDesc>(cursor, "steps", launch);
  return variant;
}

uint32_t tapml::rt::getTexelBytes(TexelFormat format) {
  switch (format) {
  case TexelFormat::None:
    return 0;
  case TexelFormat::F16:
    return 2;
  case TexelFormat::F16x4:
    return 8;
  case TexelFormat::F32:
  case TexelFormat::U32:
  case TexelFormat::U8x4:
    return 4;
  case TexelFormat::F32x4:
  case TexelFormat::U32x4:
    return 16;
  case TexelFormat::U8:
    return 1;
  }
  return 0;
}

/// Reads how a kernel accesses a buffer, and through which texels.
static Access readAccess(const JsonCursor &cursor, TexelFormat &texels) {
  static const std::pair<const char *, TexelFormat> formats[] = {
      {"texels f16", TexelFormat::F16}, {"texels f16x4", TexelFormat::F16x4},
      {"texels f32", TexelFormat::F32}, {"texels f32x4", TexelFormat::F32x4},
      {"texels u32", TexelFormat::U32}, {"texels u32x4", TexelFormat::U32x4},
      {"texels u8", TexelFormat::U8},   {"texels u8x4", TexelFormat::U8x4}};
  std::string text = cursor.string();
  if (text == "read")
    return Access::Read;
  if (text == "write")
    return Access::Write;
  for (const auto &[name, format] : formats) {
    if (text != name)
      continue;
    texels = format;
    return Access::Read;
  }
  if (text != "readwrite")
    cursor.fail("expected 'read', 'write', 'readwrite' or 'texels ' and one of "
                "f16, f16x4, f32, f32x4, u32, u32x4, u8, u8x4");
  return Access::ReadWrite;
}

static KernelDesc readKernel(const JsonCursor &cursor,
                             const Manifest &manifest) {
  KernelDesc kernel;
  kernel.name = cursor.at("name").string();
  kernel.place = cursor.at("place").index(manifest.places.size(), "places");
  if (cursor.has("section"))
    kernel.section = cursor.at("section").string();
  kernel.entry = cursor.at("entry").string();
  if (kernel.entry.empty() || kernel.entry.find('\0') != std::string::npos)
    cursor.at("entry").fail("a kernel needs an entry point");
  kernel.access = readArray<Access>(cursor, "access", [&](const JsonCursor &c) {
    return readAccess(c, kernel.texels.emplace_back(TexelFormat::None));
  });
  kernel.uniformSizes = cursor.has("uniform_sizes");
  kernel.numSizes = cursor.at(kernel.uniformSizes ? "uniform_sizes" : "sizes")
                        .index(1u << 16, "possible counts");
  if (kernel.uniformSizes && !kernel.numSizes)
    cursor.at("uniform_sizes").fail("a uniform buffer needs a size");
  if (cursor.has("workgroup")) {
    JsonCursor workgroup = cursor.at("workgroup");
    if (workgroup.size() != 3)
      workgroup.fail("a workgroup needs three sizes");
    for (size_t i = 0; i < 3 && !workgroup.failed(); ++i) {
      kernel.workgroup[i] =
          workgroup.at(i).index(size_t(1) << 31, "possible sizes");
      if (!kernel.workgroup[i])
        workgroup.fail("a workgroup has no size 0");
    }
  }
  kernel.instances = readInstances(cursor);
  return kernel;
}

static InputDesc readInput(const JsonCursor &cursor,
                           const std::vector<SymbolDesc> &symbols) {
  InputDesc input;
  input.name = cursor.at("name").string();
  input.dtype = readDType(cursor.at("dtype"));
  input.shape = readArray<DimSpec>(cursor, "shape", [&](const JsonCursor &c) {
    DimSpec dim;
    if (!c.isString()) {
      dim.size = c.integer();
      if (dim.size < 0)
        c.fail("a size cannot be negative");
      return dim;
    }
    std::string symbol = c.string();
    for (uint32_t i = 0; i < symbols.size(); ++i)
      if (symbols[i].name == symbol)
        dim.symbol = i;
    if (!dim.symbol)
      c.fail("symbol '" + symbol + "' is not declared");
    return dim;
  });
  checkRank(cursor, input.shape);
  return input;
}

static ValueDesc readValue(const JsonCursor &cursor, const Manifest &m) {
  ValueDesc value;
  std::string kind = cursor.at("kind").string();
  value.place = cursor.at("place").index(m.places.size(), "places");
  if (kind == "input") {
    value.kind = ValueDesc::Kind::Input;
    value.index = cursor.at("index").index(m.inputs.size(), "inputs");
    if (!cursor.failed()) {
      value.dtype = m.inputs[value.index].dtype;
      value.rank = unsigned(m.inputs[value.index].shape.size());
    }
  } else if (kind == "weight") {
    value.kind = ValueDesc::Kind::Weight;
    value.index = cursor.at("index").index(m.weights.size(), "weights");
    if (!cursor.failed()) {
      value.dtype = m.weights[value.index].dtype;
      value.rank = unsigned(m.weights[value.index].shape.size());
    }
  } else if (kind == "slot") {
    value.kind = ValueDesc::Kind::Slot;
    value.index = cursor.at("slot").index(m.main.slots.size(), "slots");
  } else {
    cursor.at("kind").fail("expected 'input', 'weight' or 'slot'");
  }
  bool isSlot = value.kind == ValueDesc::Kind::Slot;
  if (isSlot || cursor.has("dtype")) {
    DType dtype = readDType(cursor.at("dtype"));
    if (!isSlot && dtype != value.dtype)
      cursor.at("dtype").fail(
          concat("the ", kind, " has element type ", name(value.dtype)));
    value.dtype = dtype;
  }
  if (isSlot || cursor.has("shape")) {
    value.shape = readExprIds(cursor, "shape", m.main.exprs);
    checkRank(cursor, *value.shape);
    if (!isSlot && value.shape->size() != value.rank)
      cursor.at("shape").fail(concat("the ", kind, " has rank ", value.rank));
    value.rank = unsigned(value.shape->size());
  }
  return value;
}

static StepDesc readStep(const JsonCursor &cursor, const Manifest &m) {
  StepDesc step;
  auto value = [&](const JsonCursor &c) {
    return c.index(m.main.values.size(), "values");
  };
  std::string op = cursor.at("op").string();
  step.instances = readInstances(cursor);
  if (op == "transfer") {
    step.op = StepDesc::Op::Transfer;
    step.from = value(cursor.at("from"));
    step.to = value(cursor.at("to"));
  } else if (op == "dispatch") {
    step.op = StepDesc::Op::Dispatch;
    step.executable =
        cursor.at("executable").index(m.executables.size(), "executables");
    if (!cursor.failed())
      step.variant = cursor.at("variant").index(
          m.executables[step.executable].variants.size(), "variants");
    step.operands = readArray<uint32_t>(cursor, "operands", value);
    if (cursor.has("sizes"))
      step.sizes = readExprIds(cursor, "sizes", m.main.exprs);
    step.results = readArray<uint32_t>(cursor, "results", value);
  } else {
    cursor.at("op").fail("expected 'transfer' or 'dispatch'");
  }
  return step;
}

static void readMain(const JsonCursor &cursor, Manifest &m) {
  ArgRanks ranks;
  for (const InputDesc &input : m.inputs)
    ranks.push_back(input.shape.size());
  m.main.exprs = readExprs(cursor, ranks, 0);
  m.main.slots =
      readArray<MainSlotDesc>(cursor, "slots", [&](const JsonCursor &c) {
        MainSlotDesc slot;
        slot.place = c.at("place").index(m.places.size(), "places");
        slot.bytes = c.at("bytes").index(m.main.exprs.size(), "expressions");
        return slot;
      });
  m.main.values = readArray<ValueDesc>(
      cursor, "values", [&](const JsonCursor &c) { return readValue(c, m); });
  m.main.steps = readArray<StepDesc>(
      cursor, "steps", [&](const JsonCursor &c) { return readStep(c, m); });
}

/// Reads the parts that stand on their own, in the order of the document.
static void readTables(const JsonCursor &root, Manifest &m) {
  if (root.has("producer"))
    m.producer = root.at("producer").string();
  m.model = root.at("model").string();
  if (root.has("package")) {
    JsonCursor package = root.at("package");
    if (package.has("weights")) {
      m.weightsFile = package.at("weights").string();
      int64_t bytes = package.at("weights_bytes").integer();
      if (bytes < 0)
        package.at("weights_bytes").fail("a size cannot be negative");
      m.weightsBytes = uint64_t(bytes);
      m.weightsHeaderSha256 = package.at("weights_header_sha256").string();
    }
    if (package.has("samples"))
      m.samplesDirectory = package.at("samples").string();
  }
  if (root.has("host")) {
    JsonCursor host = root.at("host");
    m.hostTriple = host.at("triple").string();
    m.hostPayloads =
        readArray<HostPayloadDesc>(host, "payloads", [](const JsonCursor &c) {
          HostPayloadDesc payload;
          payload.cpu = c.at("cpu").string();
          payload.features =
              readOptionalArray<std::string>(c, "features", readString);
          payload.section = c.at("section").string();
          return payload;
        });
  }
  m.places = readArray<PlaceDesc>(root, "places", [](const JsonCursor &c) {
    PlaceDesc place;
    place.name = c.at("name").string();
    place.kind = c.at("kind").string();
    if (c.has("profile"))
      place.profile = readProfile(c.at("profile"));
    return place;
  });
  m.symbols =
      readOptionalArray<SymbolDesc>(root, "symbols", [](const JsonCursor &c) {
        SymbolDesc symbol;
        symbol.name = c.at("name").string();
        symbol.min = c.at("min").integer();
        symbol.max = c.at("max").integer();
        if (symbol.min < 0 || symbol.max < symbol.min)
          c.fail(concat("range ", symbol.min, " to ", symbol.max,
                        " is not a range of sizes"));
        return symbol;
      });
  m.inputs = readArray<InputDesc>(root, "inputs", [&](const JsonCursor &c) {
    return readInput(c, m.symbols);
  });
  m.weights =
      readOptionalArray<WeightDesc>(root, "weights", [](const JsonCursor &c) {
        WeightDesc weight;
        weight.key = c.at("key").string();
        weight.dtype = readDType(c.at("dtype"));
        weight.shape = readShape(c, 0);
        return weight;
      });
}

Result<Manifest> Manifest::parse(std::string_view text) {
  Result<Json> json = parseJson(text);
  if (!json.ok())
    return json.status().withContext("manifest");
  JsonErrors errors;
  errors.document = "manifest";
  JsonCursor root(*json, errors);
  int64_t major = root.at("format").at("major").integer();
  TAPML_RETURN_IF_ERROR(errors.status);
  if (major != manifestMajor)
    return makeError(StatusCode::Incompatible, "manifest: format ", major,
                     ", this runtime reads ", manifestMajor,
                     "; use another TapML or compile it anew");
  Manifest m;
  readTables(root, m);
  m.kernels = readArray<KernelDesc>(
      root, "kernels", [&](const JsonCursor &c) { return readKernel(c, m); });
  m.executables =
      readArray<ExecutableDesc>(root, "executables", [&](const JsonCursor &c) {
        ExecutableDesc executable;
        executable.name = c.at("name").string();
        executable.variants =
            readArray<VariantDesc>(c, "variants", [&](const JsonCursor &v) {
              return readVariant(v, m);
            });
        return executable;
      });
  readMain(root.at("main"), m);
  m.outputs = readArray<OutputDesc>(root, "outputs", [&](const JsonCursor &c) {
    OutputDesc output;
    output.name = c.at("name").string();
    output.value = c.at("value").index(m.main.values.size(), "values");
    return output;
  });
  TAPML_RETURN_IF_ERROR(errors.status);
  for (uint32_t i = 0; i < m.places.size(); ++i)
    if (m.places[i].kind == "host")
      m.hostPlace = i;
  Status status = verifyManifest(m);
  if (!status.ok())
    return status.withContext("manifest");
  return m;
}
