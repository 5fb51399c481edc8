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
#include "llvm/Support/Format.h"
#include <cmath>
#include <map>
#include <set>

using namespace mlir;
using namespace tapml;

namespace {

class Carver {
public:
  Carver(ModuleOp graph, const CarveOptions &options)
      : graph(graph), options(options), directory(options.output) {}

  llvm::Expected<Coverage> carve();

private:
  /// The visits of an operator, by signature.
  using Classes = std::map<std::string, VisitClass>;

  llvm::Error readVisits();
  void chooseVisits();
  llvm::Error carveVisit(const Visit &visit);
  llvm::Expected<DataAttr> copyValue(const RecordedValue &value);
  template <typename T>
  llvm::Expected<DataAttr> writeNumbers(ArrayRef<int64_t> shape, Type type,
                                        ArrayRef<T> numbers);
  std::string describe(StringRef name, const RecordedValue &value) const;
  std::vector<std::string> describeTest(const Visit &visit,
                                        std::optional<double> share);

  ModuleOp graph;
  const CarveOptions &options;
  CarvedDirectory directory;
  std::unique_ptr<Records> records;
  std::shared_ptr<rt::SafetensorsFile> weights;
  std::vector<Classes> classes;
  /// The visits that become tests: sample and position in it.
  std::set<std::pair<unsigned, unsigned>> chosen;
  unsigned done = 0;
  Coverage coverage;
};

} // namespace

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
  for (unsigned sample = 0; sample < records->getNumSamples(); ++sample) {
    unsigned index = 0;
    llvm::Error error =
        records->forEachVisit(sample, [&](const Visit &visit) -> llvm::Error {
          classes[visit.op][getSignature(visit)].add(
              summarize(visit, index++));
          return llvm::Error::success();
        });
    if (error)
      return error;
  }
  return llvm::Error::success();
}

void Carver::chooseVisits() {
  for (auto [op, visits] : llvm::zip_equal(records->getOperators(), classes)) {
    OperatorCoverage row;
    row.name = op.name;
    row.op = op.op;
    row.visits = op.visits;
    row.signatures = visits.size();
    int64_t duplicates = 0, dropped = 0;
    for (auto &[signature, group] : visits) {
      std::vector<VisitSummary> kept = group.select(options.keep);
      for (const VisitSummary &visit : kept)
        chosen.insert({visit.sample, visit.index});
      duplicates += group.duplicates;
      dropped += group.visits.size() - kept.size();
      row.recorded += group.visits.size() + group.duplicates;
    }
    addReason(row.why, row.visits - row.recorded,
              "not recorded" + (op.why.empty() ? "" : " (" + op.why + ")"));
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

llvm::Expected<DataAttr> Carver::copyValue(const RecordedValue &value) {
  RankedTensorType type = getTensorType(graph.getContext(), value);
  uint64_t size = getElementBytes(value.type);
  for (int64_t dim : value.shape)
    size *= dim;
  ArrayRef<char> bytes;
  if (value.kind == RecordedValue::Kind::Weight) {
    const rt::SafetensorsEntry *entry = weights->find(value.name);
    if (!entry)
      return makeError(options.weightsPath + ": has no weight '" + value.name +
                       "'; capture the model again");
    rt::ByteSpan span = weights->bytes(*entry);
    if (span.size != size)
      return makeError(options.weightsPath + ": weight '" + value.name +
                       "' has " + Twine(span.size) + " bytes, the graph needs " +
                       Twine(size) + "; capture the model again");
    bytes = {reinterpret_cast<const char *>(span.data), span.size};
  } else {
    llvm::Expected<ArrayRef<char>> read =
        records->getStore().read(value.name, size);
    if (!read)
      return read.takeError();
    bytes = *read;
  }
  llvm::Expected<std::string> hash = directory.getStore().write(bytes);
  if (!hash)
    return hash.takeError();
  return DataAttr::get(graph.getContext(), *hash, type);
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

std::string Carver::describe(StringRef name, const RecordedValue &value) const {
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
  for (auto [count, kind] : {std::pair(s.nan, " NaN"), {s.inf, " infinite"},
                             {s.subnormals, " subnormal"}})
    if (count.value_or(0))
      text += ", " + std::to_string(*count) + kind;
  return text;
}

std::vector<std::string> Carver::describeTest(const Visit &visit,
                                              std::optional<double> share) {
  const RecordedOperator &op = records->getOperators()[visit.op];
  const OperatorGroup &group = records->getGroup(visit.op);
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
    verdict += "Oracle: its float64. Bound: " + describeBound(group, visit) +
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
    double allowed = estimate.getBound(i).bound * 0x1p-20 +
                     std::fabs(ours[i]) * 0x1p-48;
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

llvm::Error Carver::carveVisit(const Visit &visit) {
  MLIRContext *context = graph.getContext();
  OperatorCoverage &row = coverage.operators[visit.op];
  const OperatorGroup &group = records->getGroup(visit.op);
  auto flag = [&](const Twine &text) {
    row.flags.push_back(("sample " + Twine(visit.sample) + ", visit " +
                         Twine(visit.number) + ": " + text)
                            .str());
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
  TestOp test = buildTest(builder, row.name, group, visit, inputs, expects);

  // What does not verify or evaluate has a diagnostic, which becomes the error.
  std::string message;
  ScopedDiagnosticHandler handler(context, [&](Diagnostic &diagnostic) {
    if (message.empty())
      message = diagnostic.str();
    return success();
  });
  auto invalid = [&] {
    return makeError(visit.position + ": the values of '" + row.name +
                     "' do not fit the operator: " + message);
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

  std::optional<double> share;
  for (auto [i, estimate] : llvm::enumerate(*estimates)) {
    const RecordedValue &result = visit.results[i];
    // An operator that rounds has an oracle, if need be the evaluator's own.
    bool rounds = estimate.isFloat() && !estimate.isExact();
    if (visit.oracle[i] || rounds) {
      llvm::Expected<DataAttr> data =
          visit.oracle[i] ? copyValue(*visit.oracle[i])
                          : writeNumbers(result.shape, builder.getF64Type(),
                                         estimate.getFloats());
      if (!data)
        return data.takeError();
      llvm::Expected<ArrayRef<char>> values = directory.getStore().read(
          data->getHash(), data->getByteSize());
      if (!values)
        return values.takeError();
      HostTensor oracle = HostTensor::borrow(builder.getF64Type(),
                                             result.shape, *values);
      if (auto text = findDisagreement(estimate, oracle)) {
        flag("the oracle is in doubt: " + *text);
        ++coverage.disagreements;
        addReason(row.why, 1, "with an oracle in doubt");
        return llvm::Error::success();
      }
      llvm::Expected<DataAttr> bound =
          writeNumbers<float>(result.shape, builder.getF32Type(),
                              roundUp(estimate));
      if (!bound)
        return bound.takeError();
      setOracle(test, i, *data, *bound);
    }
    Comparison comparison = compare(estimate, loaded->getExpected()[i]);
    if (rounds)
      share = std::max(share.value_or(0), comparison.worstShare);
    if (!comparison.passes())
      flag(rounds ? "the source lies outside its own bound, at " +
                        formatNumber(comparison.worstShare) + " of it"
                  : "the source's result is not what TapML's evaluation gives");
  }
  if (share)
    row.sourceShare = std::max(row.sourceShare.value_or(0), *share);
  std::string name = row.name + ".s" + std::to_string(visit.sample) + ".v" +
                     std::to_string(visit.number);
  llvm::Expected<std::string> path = directory.writeTest(
      row.op, name, printTest(*module, describeTest(visit, share)));
  if (!path)
    return path.takeError();
  row.tests.push_back(*path);
  return llvm::Error::success();
}

llvm::Expected<Coverage> Carver::carve() {
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
  coverage.samples = records->getNumSamples();
  coverage.complete = records->isComplete();

  if (llvm::Error error = readVisits())
    return std::move(error);
  chooseVisits();
  if (llvm::Error error = directory.begin())
    return std::move(error);
  for (unsigned sample = 0; sample < records->getNumSamples(); ++sample) {
    unsigned index = 0;
    llvm::Error error =
        records->forEachVisit(sample, [&](const Visit &visit) -> llvm::Error {
          if (!chosen.count({sample, index++}))
            return llvm::Error::success();
          if (options.progress)
            options.progress(++done, chosen.size());
          return carveVisit(visit);
        });
    if (error)
      return std::move(error);
  }
  if (llvm::Error error = directory.finish(coverage))
    return std::move(error);
  return std::move(coverage);
}

llvm::Expected<Coverage> tapml::carveTests(ModuleOp graph,
                                           const CarveOptions &options) {
  return Carver(graph, options).carve();
}
