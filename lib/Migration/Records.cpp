//===- Records.cpp - Reading records --------------------------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tapml/Migration/Records.h"
#include "RecordsJSON.h"
#include "Support.h"
#include "mlir/AsmParser/AsmParser.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "tapml/Dialect/TapML/IR/TapMLOps.h"
#include "tapml/Migration/ContentStore.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace tapml;

/// The version of the records that this build reads.
static constexpr int64_t kRecordsVersion = 2;

unsigned tapml::getElementBytes(StringRef name) {
  return llvm::StringSwitch<unsigned>(name)
      .Cases({"i1", "i8"}, 1)
      .Cases({"i16", "f16", "bf16"}, 2)
      .Cases({"i32", "f32"}, 4)
      .Cases({"i64", "f64"}, 8)
      .Default(0);
}

uint64_t tapml::getByteSize(const RecordedValue &value) {
  uint64_t size = getElementBytes(value.type);
  for (int64_t dim : value.shape)
    size *= dim;
  return size;
}

Type tapml::getRecordedType(MLIRContext *context, StringRef name) {
  if (!getElementBytes(name))
    return nullptr;
  return parseType(name, context);
}

RankedTensorType tapml::getTensorType(MLIRContext *context,
                                      const RecordedValue &value) {
  if (value.kind == RecordedValue::Kind::Size)
    return nullptr;
  return RankedTensorType::get(value.shape,
                               getRecordedType(context, value.type));
}

//===----------------------------------------------------------------------===//
// The index
//===----------------------------------------------------------------------===//

static llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>>
readFile(StringRef path) {
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false,
                                            /*RequiresNullTerminator=*/false);
  if (!buffer)
    return makeError(path + ": " + buffer.getError().message());
  return std::move(*buffer);
}

/// Checks that the file at `path` is the one that was recorded.
static llvm::Error checkUnchanged(StringRef path, StringRef hash) {
  auto buffer = readFile(path);
  if (!buffer)
    return buffer.takeError();
  StringRef content = (*buffer)->getBuffer();
  if (hashContent({content.data(), content.size()}) == hash)
    return llvm::Error::success();
  return makeError(path + ": is not the file that was recorded; the model "
                          "changed since then: record it again");
}

llvm::Error Records::readIndex(StringRef graphPath, StringRef weightsPath) {
  std::string path = joinPath(directory, "records.json");
  if (!llvm::sys::fs::exists(path))
    return makeError(llvm::sys::path::parent_path(directory) +
                     ": has no records; capture the model with --record");
  auto buffer = readFile(path);
  if (!buffer)
    return buffer.takeError();
  JSONFields fields(path);
  if (llvm::Error error = fields.parse((*buffer)->getBuffer()))
    return error;
  int64_t version = fields.getInteger("version");
  if (fields.ok() && version != kRecordsVersion)
    return makeError(path + ": records of version " + llvm::Twine(version) +
                     ", this build reads version " +
                     llvm::Twine(kRecordsVersion) + "; record the model again");
  std::string graphHash = fields.getString("graph_sha256");
  std::string weightsHash = fields.getString("weights_sha256");
  complete = fields.getBoolean("complete");
  JSONFields framework = fields.getObject("source");
  source =
      framework.getString("framework") + " " + framework.getString("version");
  for (JSONFields entry : fields.getObjects("data")) {
    std::string file = entry.getString("file");
    data.addFile(file, joinPath(directory, file), entry.getInteger("bytes"));
  }
  for (JSONFields entry : fields.getObjects("samples"))
    samples.push_back({entry.getInteger("sample"), entry.getString("file"),
                       entry.getString("sha256"), entry.getInteger("visits")});
  for (JSONFields entry : fields.getObjects("operators")) {
    RecordedOperator op;
    op.name = entry.getString("operator");
    op.instances = entry.getStrings("instances");
    op.op = entry.getString("op");
    op.aten = entry.getStringOr("aten", "");
    op.source = entry.getStringOr("source", "");
    op.visits = entry.getInteger("visits");
    op.recorded = entry.getInteger("recorded");
    op.why = entry.getStringOr("why", "");
    op.noOracle = entry.getStringOr("oracle", "");
    if (!operatorNumbers.try_emplace(op.name, operators.size()).second)
      return makeError(path + ": has operator '" + op.name + "' twice");
    operators.push_back(std::move(op));
  }
  if (llvm::Error error = fields.takeError())
    return error;
  if (llvm::Error error = checkUnchanged(graphPath, graphHash))
    return error;
  return checkUnchanged(weightsPath, weightsHash);
}

//===----------------------------------------------------------------------===//
// Operators in the graph
//===----------------------------------------------------------------------===//

void tapml::findBorder(OperatorGroup &group) {
  llvm::SmallPtrSet<Operation *, 4> inside(llvm::from_range, group.ops);
  llvm::SetVector<Value> operands;
  for (Operation *member : group.ops) {
    for (Value operand : member->getOperands()) {
      Operation *producer = operand.getDefiningOp();
      if (producer && (inside.contains(producer) ||
                       isa<ConstantOp, arith::ConstantOp>(producer)))
        continue;
      operands.insert(operand);
    }
    for (Value result : member->getResults())
      if (llvm::any_of(result.getUsers(),
                       [&](Operation *user) { return !inside.contains(user); }))
        group.results.push_back(result);
  }
  group.operands = operands.takeVector();
}

llvm::Error Records::findGroups(ModuleOp graph) {
  std::string path = joinPath(directory, "records.json");
  llvm::StringMap<unsigned> owners;
  for (auto [number, op] : llvm::enumerate(operators))
    for (const std::string &instance : op.instances)
      if (!owners.try_emplace(instance, number).second)
        return makeError(path + ": instance '" + instance +
                         "' belongs to two operators");
  groups.resize(operators.size());
  llvm::Error error = llvm::Error::success();
  graph.walk([&](TapMLOperator op) {
    ArrayAttr instances = op.getInstances();
    if (!instances)
      return WalkResult::advance(); // A constant: of no operator.
    for (auto instance : instances.getAsRange<StringAttr>()) {
      auto it = owners.find(instance.getValue());
      if (it == owners.end()) {
        error = makeError(path + ": does not know '" + instance.getValue() +
                          "' of graph.mlir; record the model again");
        return WalkResult::interrupt();
      }
      // An operation that several operators share is each one's.
      SmallVector<Operation *> &ops = groups[it->second].ops;
      if (ops.empty() || ops.back() != op)
        ops.push_back(op);
    }
    return WalkResult::advance();
  });
  if (error)
    return error;
  for (auto [op, group] : llvm::zip_equal(operators, groups)) {
    if (group.ops.empty())
      return makeError(path + ": operator '" + op.name +
                       "' is not in graph.mlir; record the model again");
    findBorder(group);
  }
  return llvm::Error::success();
}

llvm::Expected<std::unique_ptr<Records>> Records::open(StringRef directory,
                                                       StringRef graphPath,
                                                       StringRef weightsPath,
                                                       ModuleOp graph) {
  std::unique_ptr<Records> records(
      new Records(joinPath(directory.rtrim('/'), "records")));
  if (llvm::Error error = records->readIndex(graphPath, weightsPath))
    return std::move(error);
  if (llvm::Error error = records->findGroups(graph))
    return std::move(error);
  return records;
}

//===----------------------------------------------------------------------===//
// Visits
//===----------------------------------------------------------------------===//

llvm::Expected<Visit> Records::parseVisit(int64_t sample,
                                          const std::string &position,
                                          StringRef line) const {
  JSONFields fields(position);
  if (llvm::Error error = fields.parse(line))
    return std::move(error);
  Visit visit;
  visit.sample = sample;
  visit.position = position;
  std::string name = fields.getString("operator");
  visit.number = fields.getInteger("visit");
  for (JSONFields entry : fields.getObjects("operands"))
    visit.operands.push_back(readValue(entry));
  for (JSONFields entry : fields.getObjects("results"))
    visit.results.push_back(readValue(entry));
  for (std::optional<JSONFields> entry : fields.getObjectsOrNulls("oracle"))
    visit.oracle.push_back(entry ? std::optional(readValue(*entry))
                                 : std::nullopt);
  if (llvm::Error error = fields.takeError())
    return std::move(error);
  auto it = operatorNumbers.find(name);
  if (it == operatorNumbers.end())
    return makeError(position + ": operator '" + name +
                     "' is not in records.json");
  visit.op = it->second;
  return visit;
}

/// Prints a value as records describe it: "f32 1x19x384".
static std::string describe(const RecordedValue &value) {
  if (value.kind == RecordedValue::Kind::Size)
    return "size " + std::to_string(value.size);
  std::string text = value.type;
  for (auto [i, size] : llvm::enumerate(value.shape))
    text += (i ? "x" : " ") + std::to_string(size);
  if (value.kind == RecordedValue::Kind::Weight)
    text += " (weight '" + value.name + "')";
  return text;
}

/// Returns whether `value` can be what `graphValue` stands for.
static bool matches(const RecordedValue &value, Value graphValue) {
  using Kind = RecordedValue::Kind;
  if (isa<IndexType>(graphValue.getType()))
    return value.kind == Kind::Size;
  auto type = dyn_cast<RankedTensorType>(graphValue.getType());
  RankedTensorType recorded = getTensorType(graphValue.getContext(), value);
  if (!type || !recorded ||
      type.getElementType() != recorded.getElementType() ||
      failed(verifyCompatibleShape(type, recorded)))
    return false;
  auto get = graphValue.getDefiningOp<GetGlobalOp>();
  if (static_cast<bool>(get) != (value.kind == Kind::Weight))
    return false;
  if (!get)
    return true;
  auto global =
      SymbolTable::lookupNearestSymbolFrom<GlobalOp>(get, get.getGlobalAttr());
  return global.getWeightKey() == value.name;
}

/// Checks that a tensor can lie where the records say that it does.
llvm::Error Records::checkPlace(const Visit &visit,
                                const RecordedValue &value) const {
  if (value.kind != RecordedValue::Kind::Data)
    return llvm::Error::success();
  std::optional<uint64_t> size = data.getFileSize(value.file);
  if (!size)
    return makeError(visit.position + ": a tensor of '" +
                     operators[visit.op].name + "' lies in '" + value.file +
                     "', which is not in records.json; record the model "
                     "again");
  uint64_t offset = value.offset, bytes = getByteSize(value);
  if (offset % kRecordedAlignment)
    return makeError(
        visit.position + ": a tensor of '" + operators[visit.op].name +
        "' begins at " + llvm::Twine(offset) + " of " + value.file +
        ", which is not a multiple of " + llvm::Twine(kRecordedAlignment) +
        "; record the model again");
  if (offset > *size || bytes > *size - offset)
    return makeError(visit.position + ": a tensor of '" +
                     operators[visit.op].name + "' has " + llvm::Twine(bytes) +
                     " bytes at " + llvm::Twine(offset) + " of " + value.file +
                     ", which has " + llvm::Twine(*size) +
                     " bytes; record the model again");
  return llvm::Error::success();
}

llvm::Error Records::checkVisit(const Visit &visit) const {
  const std::string &name = operators[visit.op].name;
  const OperatorGroup &group = groups[visit.op];
  for (auto [kind, values, recorded] :
       {std::tuple("operand", ArrayRef<Value>(group.operands),
                   ArrayRef<RecordedValue>(visit.operands)),
        std::tuple("result", ArrayRef<Value>(group.results),
                   ArrayRef<RecordedValue>(visit.results))}) {
    if (values.size() != recorded.size())
      return makeError(visit.position + ": has " +
                       llvm::Twine(recorded.size()) + " " + kind + "s of '" +
                       name + "', which has " + llvm::Twine(values.size()) +
                       " in graph.mlir");
    for (auto [i, value, entry] : llvm::enumerate(values, recorded)) {
      if (matches(entry, value))
        continue;
      std::string type;
      llvm::raw_string_ostream(type) << value.getType();
      if (auto get = value.getDefiningOp<GetGlobalOp>())
        type += " (weight '" + get.getGlobal().str() + "')";
      return makeError(visit.position + ": " + kind + " " + llvm::Twine(i) +
                       " of '" + name + "' is " + describe(entry) +
                       ", but in graph.mlir it is " + type);
    }
  }
  if (visit.oracle.size() != visit.results.size())
    return makeError(visit.position + ": has " +
                     llvm::Twine(visit.oracle.size()) + " oracles for " +
                     llvm::Twine(visit.results.size()) + " results of '" +
                     name + "'");
  for (auto [i, oracle, result] : llvm::enumerate(visit.oracle, visit.results))
    if (oracle && (oracle->type != "f64" || oracle->shape != result.shape ||
                   oracle->kind != RecordedValue::Kind::Data))
      return makeError(visit.position + ": the oracle of result " +
                       llvm::Twine(i) + " of '" + name + "' is " +
                       describe(*oracle) + ", but the result is " +
                       describe(result));
  for (ArrayRef<RecordedValue> values :
       {ArrayRef(visit.operands), ArrayRef(visit.results)})
    for (const RecordedValue &value : values)
      if (llvm::Error error = checkPlace(visit, value))
        return error;
  for (const std::optional<RecordedValue> &oracle : visit.oracle)
    if (oracle)
      if (llvm::Error error = checkPlace(visit, *oracle))
        return error;
  return llvm::Error::success();
}

llvm::Expected<ArrayRef<char>> Records::read(const RecordedValue &value) {
  return data.read(value.file, value.offset, getByteSize(value), value.name);
}

llvm::Error
Records::forEachVisit(unsigned index,
                      llvm::function_ref<llvm::Error(const Visit &)> callback) {
  const Sample &sample = samples[index];
  std::string path = joinPath(directory, sample.file);
  auto buffer = readFile(path);
  if (!buffer)
    return buffer.takeError();
  StringRef text = (*buffer)->getBuffer();
  int64_t lines = text.count('\n');
  if (lines < sample.visits)
    return makeError(path + ": cut short: holds " + llvm::Twine(lines) +
                     " of " + llvm::Twine(sample.visits) +
                     " visits; record the model again");
  if (hashContent({text.data(), text.size()}) != sample.hash)
    return makeError(path + ": edited since it was recorded, its SHA-256 is "
                            "not the one in records.json; record the model "
                            "again");
  for (int64_t line = 1; !text.empty(); ++line) {
    StringRef entry;
    std::tie(entry, text) = text.split('\n');
    std::string position = path + ":" + std::to_string(line);
    llvm::Expected<Visit> visit = parseVisit(sample.number, position, entry);
    if (!visit)
      return visit.takeError();
    if (llvm::Error error = checkVisit(*visit))
      return error;
    if (llvm::Error error = callback(*visit))
      return error;
  }
  return llvm::Error::success();
}
