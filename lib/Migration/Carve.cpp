//===- Carve.cpp - From records to tests ----------------------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tapml/Migration/Carve.h"
#include "CarvedDirectory.h"
#include "Safetensors.h"
#include "Selection.h"
#include "Support.h"
#include "TestBuilder.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"
#include "tapml/Migration/CarvedTest.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/Parallel.h"
#include <cmath>
#include <map>
#include <mutex>
#include <set>

using namespace mlir;
using namespace tapml;

namespace {

/// What became of a visit that was chosen.
struct CarvedVisit {
  /// Path of the test; empty if the oracle is in doubt.
  std::string test;
  std::optional<double> share;
  std::vector<CoverageFlag> flags;
  bool roundsOnce = true;
};

class Carver {
public:
  Carver(ModuleOp graph, const CarveOptions &options)
      : graph(graph), options(options), directory(options.output) {}

  llvm::Expected<Coverage> carve();
  llvm::Expected<std::string> carveSet(ArrayRef<std::string> instances,
                                       bool fused);

private:
  /// The visits of an operator, by signature.
  using Classes = std::map<std::string, VisitClass>;

  llvm::Error open();
  llvm::Error readVisits();
  void chooseVisits();
  llvm::Error carveSample(unsigned index);
  /// Writes the test of an execution of `op`, whose operations are `group`.
  llvm::Expected<CarvedVisit> carveVisit(const RecordedOperator &op,
                                         const OperatorGroup &group,
                                         const Visit &visit,
                                         bool fused = false);
  llvm::Expected<DataAttr> copyValue(const RecordedValue &value);
  llvm::Expected<DataAttr> copyWeight(const RecordedValue &value);
  template <typename T>
  llvm::Expected<DataAttr> writeNumbers(ArrayRef<int64_t> shape, Type type,
                                        ArrayRef<T> numbers);
  std::vector<std::string> describeTest(const RecordedOperator &op,
                                        const OperatorGroup &group,
                                        const Visit &visit,
                                        std::optional<double> share) const;

  bool isWanted(unsigned sample) const {
    return options.samples.empty() ||
           llvm::is_contained(options.samples,
                              records->getSampleNumber(sample));
  }

  ModuleOp graph;
  const CarveOptions &options;
  CarvedDirectory directory;
  std::unique_ptr<Records> records;
  std::shared_ptr<rt::SafetensorsFile> weights;
  std::vector<Classes> classes;
  /// For each operator, its visits in samples that are not wanted.
  std::vector<int64_t> leftOut;
  /// The visits that become tests: sample and position in it.
  std::set<std::pair<int64_t, unsigned>> chosen;
  unsigned done = 0;
  /// For what the threads of one sample share.
  std::mutex mutex;
  llvm::StringMap<std::string> weightHashes;
  Coverage coverage;
};

} // namespace

/// The first diagnostic of what this thread is doing.
static thread_local std::string threadMessage;

/// Appends `count` things of one kind to a sentence about visits.
static void addReason(std::string &why, int64_t count, const Twine &reason) {
  if (count <= 0)
    return;
  if (!why.empty())
    why += "; ";
  why += (Twine(count) + " " + reason).str();
}

//===----------------------------------------------------------------------===//
// Choice
//===----------------------------------------------------------------------===//

llvm::Error Carver::readVisits() {
  classes.resize(records->getOperators().size());
  leftOut.assign(classes.size(), 0);
  for (unsigned sample = 0; sample < records->getNumSamples(); ++sample) {
    unsigned index = 0;
    bool wanted = isWanted(sample);
    coverage.samples += wanted;
    llvm::Error error =
        records->forEachVisit(sample, [&](const Visit &visit) -> llvm::Error {
          if (!wanted) {
            ++leftOut[visit.op];
            return llvm::Error::success();
          }
          classes[visit.op][getSignature(visit)].add(summarize(visit, index++));
          return llvm::Error::success();
        });
    if (error)
      return error;
  }
  return llvm::Error::success();
}

/// Whether something says what the operator should give.
static bool isDefined(const OperatorGroup &group) {
  return llvm::none_of(group.ops, llvm::IsaPred<OperatorRegionOp>);
}

void Carver::chooseVisits() {
  for (auto [index, op, visits] :
       llvm::enumerate(records->getOperators(), classes)) {
    OperatorCoverage row;
    row.name = op.name;
    row.op = op.op;
    row.visits = op.visits;
    row.signatures = visits.size();
    int64_t duplicates = 0, dropped = 0, undefined = 0;
    for (auto &[signature, group] : visits) {
      row.recorded += group.visits.size() + group.duplicates;
      if (!isDefined(records->getGroup(index))) {
        undefined += group.visits.size() + group.duplicates;
        continue;
      }
      std::vector<VisitSummary> kept = group.select(options.keep);
      for (const VisitSummary &visit : kept)
        chosen.insert({visit.sample, visit.index});
      duplicates += group.duplicates;
      dropped += group.visits.size() - kept.size();
    }
    int64_t ofOthers = leftOut[index];
    addReason(row.why, ofOthers, "of samples that are left out");
    addReason(row.why, row.visits - row.recorded - ofOthers,
              "not recorded" + (op.why.empty() ? "" : " (" + op.why + ")"));
    addReason(row.why, undefined,
              "of what has no definition in float64; make it of this dialect's "
              "operators");
    addReason(row.why, duplicates, "with the values of another");
    addReason(row.why, dropped,
              "with value ranges nearer to a test's (--keep=" +
                  Twine(options.keep) + ")");
    coverage.operators.push_back(std::move(row));
  }
}

//===----------------------------------------------------------------------===//
// Data
//===----------------------------------------------------------------------===//

llvm::Expected<DataAttr> Carver::copyWeight(const RecordedValue &value) {
  const rt::SafetensorsEntry *entry = weights->find(value.name);
  if (!entry)
    return makeError(options.weightsPath + ": has no weight '" + value.name +
                     "'; capture the model again");
  rt::ByteSpan span = weights->bytes(*entry);
  if (span.size != getByteSize(value))
    return makeError(options.weightsPath + ": weight '" + value.name +
                     "' has " + Twine(span.size) + " bytes, the graph needs " +
                     Twine(getByteSize(value)) + "; capture the model again");
  std::string hash;
  {
    std::lock_guard<std::mutex> lock(mutex);
    hash = weightHashes.lookup(value.name);
  }
  if (hash.empty()) {
    llvm::Expected<std::string> written = directory.getStore().write(
        {reinterpret_cast<const char *>(span.data), span.size});
    if (!written)
      return written.takeError();
    hash = *written;
    std::lock_guard<std::mutex> lock(mutex);
    weightHashes[value.name] = hash;
  }
  return DataAttr::get(graph.getContext(), hash,
                       getTensorType(graph.getContext(), value));
}

llvm::Expected<DataAttr> Carver::copyValue(const RecordedValue &value) {
  if (value.kind == RecordedValue::Kind::Weight)
    return copyWeight(value);
  llvm::Expected<ArrayRef<char>> bytes = records->read(value);
  if (!bytes)
    return bytes.takeError();
  if (llvm::Error error = directory.getStore().add(value.name, *bytes))
    return std::move(error);
  return DataAttr::get(graph.getContext(), value.name,
                       getTensorType(graph.getContext(), value));
}

template <typename T>
llvm::Expected<DataAttr> Carver::writeNumbers(ArrayRef<int64_t> shape,
                                              Type type, ArrayRef<T> numbers) {
  llvm::Expected<std::string> hash = directory.getStore().write(
      {reinterpret_cast<const char *>(numbers.data()),
       numbers.size() * sizeof(T)});
  if (!hash)
    return hash.takeError();
  return DataAttr::get(graph.getContext(), *hash,
                       RankedTensorType::get(shape, type));
}

/// The bounds in f32, never less.
static std::vector<float> roundUp(const Estimate &estimate) {
  std::vector<float> rounded(estimate.getNumElements());
  for (auto [i, value] : llvm::enumerate(estimate.getBounds())) {
    float nearest = static_cast<float>(value);
    if (nearest < value)
      nearest = std::nextafter(nearest, HUGE_VALF);
    rounded[i] = nearest;
  }
  return rounded;
}

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

static std::string formatNumber(std::optional<double> number) {
  std::string text;
  if (number)
    llvm::raw_string_ostream(text) << llvm::format("%.3g", *number);
  return number ? text : "?";
}

/// One line of the header about a tensor.
static std::string describe(StringRef name, const RecordedValue &value) {
  std::string text = name.str() + " ";
  for (int64_t size : value.shape)
    text += std::to_string(size) + "x";
  text += value.type;
  if (value.kind == RecordedValue::Kind::Weight)
    return text + ", weight " + value.name;
  const RangeStatistics &s = value.statistics;
  if (!s.min)
    return text;
  text += " in [" + formatNumber(s.min) + ", " + formatNumber(s.max) + "]";
  for (auto [count, kind] : {std::pair(s.nan, " NaN"),
                             {s.inf, " infinite"},
                             {s.subnormals, " subnormal"}})
    if (count.value_or(0))
      text += ", " + std::to_string(*count) + kind;
  return text;
}

std::vector<std::string>
Carver::describeTest(const RecordedOperator &op, const OperatorGroup &group,
                     const Visit &visit, std::optional<double> share) const {
  std::string origin = "Carved from " + op.name + " of " + options.model +
                       ", sample " + std::to_string(visit.sample) + ", visit " +
                       std::to_string(visit.number) + ": " + op.op;
  if (!op.aten.empty())
    origin += " (" + op.aten + ")";
  if (!op.source.empty())
    origin += ", called in " + op.source;
  std::vector<std::string> lines = {origin + ".", ""};
  unsigned argument = 0;
  for (const RecordedValue &value : visit.operands)
    if (value.kind != RecordedValue::Kind::Size)
      lines.push_back(
          describe("%arg" + std::to_string(argument++) + " =", value));
  for (auto [i, value] : llvm::enumerate(visit.results))
    lines.push_back(describe("result " + std::to_string(i) + " =", value));
  lines.push_back("");
  std::string verdict = "Expected: " + records->getSource() + ". ";
  if (share) {
    verdict += "Oracle: ";
    verdict += op.noOracle.empty() ? "its float64"
                                   : "TapML's float64 (" + op.noOracle + ")";
    verdict += ". Bound: " + describeBound(group, visit) +
               ". The source lies at " + formatNumber(share) + " of it";
    verdict += *share > 1 ? ", outside: FLAGGED." : ".";
  } else {
    verdict += "The result must be equal.";
  }
  lines.push_back(verdict);
  return lines;
}

//===----------------------------------------------------------------------===//
// Tests
//===----------------------------------------------------------------------===//

/// Where the framework's float64 evaluation and the evaluator's differ by more
/// than float64 explains, in words.
static std::optional<std::string> findDisagreement(const Estimate &estimate,
                                                   const HostTensor &oracle) {
  std::vector<double> values(oracle.getNumElements());
  oracle.read(0, values.size(), values.data());
  ArrayRef<double> ours = estimate.getFloats();
  for (size_t i = 0; i < values.size(); ++i) {
    if (ours[i] == values[i] || (std::isnan(ours[i]) && std::isnan(values[i])))
      continue;
    // The bound is one of f32, which float64 is finer than by 2^-29.
    double allowed =
        estimate.getBound(i).bound * 0x1p-20 + std::fabs(ours[i]) * 0x1p-48;
    if (std::fabs(ours[i] - values[i]) <= allowed)
      continue;
    std::string text;
    llvm::raw_string_ostream(text) << llvm::format(
        "element %zu is %.17g in the framework's float64 and %.17g in TapML's",
        i, values[i], ours[i]);
    return text;
  }
  return std::nullopt;
}

llvm::Expected<CarvedVisit> Carver::carveVisit(const RecordedOperator &op,
                                               const OperatorGroup &group,
                                               const Visit &visit, bool fused) {
  MLIRContext *context = graph.getContext();
  CarvedVisit carved;
  auto flag = [&](CoverageFlag::Kind kind, double share, std::string text) {
    carved.flags.push_back(
        {kind, visit.sample, visit.number, share, std::move(text)});
  };

  SmallVector<DataAttr> inputs, expects;
  for (const RecordedValue &value : visit.operands) {
    if (value.kind == RecordedValue::Kind::Size)
      continue;
    llvm::Expected<DataAttr> data = copyValue(value);
    if (!data)
      return data.takeError();
    inputs.push_back(*data);
  }
  for (const RecordedValue &value : visit.results) {
    llvm::Expected<DataAttr> data = copyValue(value);
    if (!data)
      return data.takeError();
    expects.push_back(*data);
  }
  OpBuilder builder(context);
  OwningOpRef<ModuleOp> module = ModuleOp::create(builder.getUnknownLoc());
  builder.setInsertionPointToEnd(module->getBody());
  TestOp test = buildTest(builder, op.name, group, visit, inputs, expects);
  if (fused)
    test->setAttr(kFusedAttr, builder.getUnitAttr());

  carved.roundsOnce = roundsOnce(test);
  threadMessage.clear();
  auto invalid = [&] {
    return makeError(visit.position + ": no test of '" + op.name +
                     "' can be made of its values: " + threadMessage);
  };
  if (failed(verify(*module)))
    return invalid();
  llvm::Expected<CarvedTest> loaded =
      CarvedTest::load(test, directory.getStore());
  if (!loaded)
    return loaded.takeError();
  FailureOr<SmallVector<Estimate>> estimates =
      loaded->evaluate(Arithmetic::source());
  if (failed(estimates))
    return invalid();

  for (auto [i, estimate] : llvm::enumerate(*estimates)) {
    const RecordedValue &result = visit.results[i];
    const std::optional<RecordedValue> &oracle = visit.oracle[i];
    // An operator that rounds has an oracle, if need be the evaluator's own.
    bool rounds = estimate.isFloat() && !estimate.isExact();
    if (oracle || rounds) {
      if (oracle) {
        llvm::Expected<ArrayRef<char>> values = records->read(*oracle);
        if (!values)
          return values.takeError();
        auto text = findDisagreement(
            estimate,
            HostTensor::borrow(builder.getF64Type(), result.shape, *values));
        if (text) {
          flag(CoverageFlag::Kind::OracleInDoubt, 0, *text);
          return carved;
        }
      }
      llvm::Expected<DataAttr> data =
          oracle ? copyValue(*oracle)
                 : writeNumbers(result.shape, builder.getF64Type(),
                                estimate.getFloats());
      if (!data)
        return data.takeError();
      llvm::Expected<DataAttr> bound = writeNumbers<float>(
          result.shape, builder.getF32Type(), roundUp(estimate));
      if (!bound)
        return bound.takeError();
      setOracle(test, i, *data, *bound);
    }
    Comparison comparison = compare(estimate, loaded->getExpected()[i]);
    if (rounds)
      carved.share = std::max(carved.share.value_or(0), comparison.worstShare);
    if (!comparison.passes())
      flag(rounds ? CoverageFlag::Kind::SourceOutside
                  : CoverageFlag::Kind::SourceDiffers,
           comparison.worstShare, "");
  }
  std::string name = op.name + ".s" + std::to_string(visit.sample) + ".v" +
                     std::to_string(visit.number);
  llvm::Expected<std::string> path = directory.writeTest(
      op.op, name,
      printTest(*module, describeTest(op, group, visit, carved.share)));
  if (!path)
    return path.takeError();
  carved.test = *path;
  return carved;
}

llvm::Error Carver::carveSample(unsigned index) {
  std::vector<Visit> visits;
  unsigned position = 0;
  llvm::Error error =
      records->forEachVisit(index, [&](const Visit &visit) -> llvm::Error {
        if (chosen.count({visit.sample, position++}))
          visits.push_back(visit);
        return llvm::Error::success();
      });
  if (error)
    return error;
  std::vector<std::optional<llvm::Expected<CarvedVisit>>> results(
      visits.size());
  llvm::parallelFor(0, visits.size(), [&](size_t i) {
    const Visit &visit = visits[i];
    results[i].emplace(carveVisit(records->getOperators()[visit.op],
                                  records->getGroup(visit.op), visit));
    std::lock_guard<std::mutex> lock(mutex);
    if (options.progress)
      options.progress(++done, chosen.size());
  });
  for (auto [visit, result] : llvm::zip_equal(visits, results)) {
    if (!*result) {
      error = llvm::joinErrors(std::move(error), result->takeError());
      continue;
    }
    CarvedVisit &carved = **result;
    OperatorCoverage &row = coverage.operators[visit.op];
    if (!carved.test.empty())
      row.tests.push_back(carved.test);
    else
      addReason(row.why, 1, "with an oracle in doubt");
    row.roundsOnce = carved.roundsOnce;
    if (carved.share)
      row.sourceShare = std::max(row.sourceShare.value_or(0), *carved.share);
    llvm::append_range(row.flags, carved.flags);
  }
  if (!error)
    return error;
  // One is enough: the first in the order of execution.
  bool first = true;
  llvm::Error only = llvm::Error::success();
  llvm::handleAllErrors(std::move(error), [&](const llvm::ErrorInfoBase &info) {
    if (std::exchange(first, false))
      only = makeError(info.message());
  });
  return only;
}

llvm::Error Carver::open() {
  llvm::Expected<std::unique_ptr<Records>> opened = Records::open(
      options.directory, options.graphPath, options.weightsPath, graph);
  if (!opened)
    return opened.takeError();
  records = std::move(*opened);
  auto file = rt::SafetensorsFile::open(options.weightsPath);
  if (!file.ok())
    return makeError(file.status().message());
  weights = *file;
  coverage.model = options.model;
  coverage.source = records->getSource();
  coverage.complete = records->isComplete();
  return llvm::Error::success();
}

/// What does not verify or evaluate has a diagnostic, which becomes the error.
static LogicalResult noteDiagnostic(Diagnostic &diagnostic) {
  if (threadMessage.empty())
    threadMessage = diagnostic.str();
  return success();
}

llvm::Expected<Coverage> Carver::carve() {
  if (llvm::Error error = open())
    return std::move(error);
  if (llvm::Error error = readVisits())
    return std::move(error);
  chooseVisits();
  if (llvm::Error error = directory.begin())
    return std::move(error);
  ScopedDiagnosticHandler handler(graph.getContext(), noteDiagnostic);
  for (unsigned i = 0; i < records->getNumSamples(); ++i)
    if (isWanted(i))
      if (llvm::Error error = carveSample(i))
        return std::move(error);
  if (llvm::Error error = directory.finish(coverage))
    return std::move(error);
  return std::move(coverage);
}

//===----------------------------------------------------------------------===//
// Several operators together
//===----------------------------------------------------------------------===//

/// Finds what the visits of a set recorded for the values at its border.
/// Returns whether that is all of them.
static bool findValues(ArrayRef<Value> border,
                       const llvm::DenseMap<Value, RecordedValue> &recorded,
                       std::vector<RecordedValue> &values) {
  for (Value value : border) {
    auto it = recorded.find(value);
    if (it == recorded.end())
      return false;
    values.push_back(it->second);
  }
  return true;
}

llvm::Expected<std::string> Carver::carveSet(ArrayRef<std::string> instances,
                                             bool fused) {
  if (llvm::Error error = open())
    return std::move(error);
  RecordedOperator set;
  set.op = fused ? "fused" : "together";
  set.noOracle = "of several operators";
  std::vector<std::string> names;
  llvm::StringSet<> visited;
  OperatorGroup group;
  Visit whole;
  llvm::SetVector<Operation *> ops;
  llvm::DenseMap<Value, RecordedValue> recorded;
  auto add = [&](const Visit &visit) -> llvm::Error {
    const RecordedOperator &op = records->getOperators()[visit.op];
    if (llvm::none_of(op.instances, [&](const std::string &instance) {
          return llvm::is_contained(instances, instance);
        }))
      return llvm::Error::success();
    names.push_back(op.name);
    visited.insert_range(op.instances);
    whole.sample = visit.sample;
    whole.position = visit.position;
    const OperatorGroup &part = records->getGroup(visit.op);
    ops.insert_range(part.ops);
    for (auto [value, what] : llvm::zip_equal(part.operands, visit.operands))
      recorded.try_emplace(value, what);
    for (auto [value, what] : llvm::zip_equal(part.results, visit.results))
      recorded.try_emplace(value, what);
    return llvm::Error::success();
  };
  for (unsigned i = 0; i < records->getNumSamples(); ++i)
    if (isWanted(i))
      if (llvm::Error error = records->forEachVisit(i, add))
        return std::move(error);
  for (const std::string &instance : instances)
    if (!visited.contains(instance))
      return makeError(instance + " was not recorded");
  set.name = names.front() + "-and-" + std::to_string(names.size() - 1);
  set.aten = llvm::join(names, ", ");
  group.ops = llvm::to_vector(ops);
  llvm::sort(group.ops,
             [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
  findBorder(group);
  if (!findValues(group.operands, recorded, whole.operands) ||
      !findValues(group.results, recorded, whole.results))
    return makeError("not all that goes into " + set.aten +
                     " or comes out was recorded");
  whole.oracle.resize(whole.results.size());

  if (llvm::Error error = directory.begin())
    return std::move(error);
  ScopedDiagnosticHandler handler(graph.getContext(), noteDiagnostic);
  llvm::Expected<CarvedVisit> carved = carveVisit(set, group, whole, fused);
  if (!carved)
    return carved.takeError();
  OperatorCoverage row;
  row.name = set.name;
  row.op = set.op;
  row.visits = row.recorded = row.signatures = 1;
  row.tests = {carved->test};
  row.sourceShare = carved->share;
  row.flags = carved->flags;
  coverage.samples = 1;
  coverage.operators = {row};
  if (llvm::Error error = directory.finish(coverage))
    return std::move(error);
  return carved->test;
}

llvm::Expected<std::string> tapml::carveSet(ModuleOp graph,
                                            const CarveOptions &options,
                                            ArrayRef<std::string> instances,
                                            bool fused) {
  return Carver(graph, options).carveSet(instances, fused);
}

llvm::Expected<Coverage> tapml::carveTests(ModuleOp graph,
                                           const CarveOptions &options) {
  return Carver(graph, options).carve();
}
