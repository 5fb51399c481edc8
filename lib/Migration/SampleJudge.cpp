//===- SampleJudge.cpp - Whether a run was right --------------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "SampleJudge.h"
#include "JSONNumber.h"
#include "tapml/Dialect/TapML/Transforms/Placement.h"
#include "tapml/Migration/TestReport.h"
#include <cmath>
#include <cstring>

using namespace mlir;
using namespace tapml;

tapml_dtype tapml::getRuntimeType(Type type) {
  if (type.isF32())
    return TAPML_F32;
  if (type.isF64())
    return TAPML_F64;
  if (type.isF16())
    return TAPML_F16;
  if (type.isBF16())
    return TAPML_BF16;
  if (type.isInteger(1))
    return TAPML_I1;
  return type.isInteger(32) ? TAPML_I32 : TAPML_I64;
}

//===----------------------------------------------------------------------===//
// Observing
//===----------------------------------------------------------------------===//

static std::vector<char> copyBytes(const void *data, size_t size) {
  const char *begin = static_cast<const char *>(data);
  return {begin, begin + size};
}

static HostTensor copyTensor(MLIRContext *context, tapml_dtype dtype,
                             ArrayRef<int64_t> shape, const void *data,
                             size_t bytes) {
  return HostTensor(getElementType(context, static_cast<rt::DType>(dtype)),
                    shape, copyBytes(data, bytes));
}

size_t SampleJudge::checkTransfer(const tapml_observed_value &value,
                                  const tapml_observed_value &result) {
  auto it = made.find(value.id);
  size_t origin = it == made.end() ? value.id : it->second.origin;
  llvm::StringSet<> &places = whereabouts[origin];
  places.insert(value.place);
  if (!places.insert(result.place).second) {
    std::string producer = it == made.end() ? "" : it->second.producer;
    bool isNew = llvm::none_of(report.repeated, [&](auto &repeated) {
      return repeated.producer == producer && repeated.place == result.place;
    });
    if (isNew)
      report.repeated.push_back({producer, result.place});
  }
  return origin;
}

void SampleJudge::observe(const tapml_observed_step &step) {
  MLIRContext *context = data.getFunction().getContext();
  ArrayRef<tapml_observed_value> operands(step.operands, step.num_operands);
  ArrayRef<tapml_observed_value> results(step.results, step.num_results);
  bool isDispatch = step.num_instances != 0;
  for (const char *instance : ArrayRef(step.instances, step.num_instances))
    places[instance] = step.place;
  std::string name = isDispatch ? step.instances[0] : "";
  for (const tapml_observed_value &value : operands) {
    auto it = made.find(value.id);
    if (value.weight || it == made.end())
      continue;
    // A transfer that is handed a value that changed hands on the change.
    const std::vector<char> &before = it->second.bytes;
    if (before.size() != value.bytes ||
        std::memcmp(before.data(), value.data, value.bytes) != 0)
      report.changed.push_back(
          {it->second.producer, isDispatch ? name : "transfer", sample});
    if (!isDispatch)
      name = it->second.producer;
  }
  if (isDispatch && numDispatches < resultNames.size())
    for (auto [instance, value] : zip(resultNames[numDispatches], results))
      if (!instance.empty())
        values[instance] = {
            copyTensor(context, value.dtype,
                       ArrayRef<int64_t>(value.shape, value.rank), value.data,
                       value.bytes),
            step.place};
  if (isDispatch)
    ++numDispatches;
  else
    ++report.transfers;
  for (const tapml_observed_value &value : results) {
    if (!isDispatch)
      report.bytesMoved += value.bytes;
    size_t origin = value.id;
    if (!isDispatch && !operands.empty() && !operands.front().weight)
      origin = checkTransfer(operands.front(), value);
    made[value.id] = {name, copyBytes(value.data, value.bytes), origin};
  }
}

std::string SampleJudge::getNextInstance() const {
  if (numDispatches >= resultNames.size())
    return "";
  const std::vector<std::string> &names = resultNames[numDispatches];
  return names.empty() ? "" : names.front();
}

std::vector<HostTensor> SampleJudge::copyOutputs(tapml_result result) const {
  std::vector<HostTensor> tensors;
  for (size_t i = 0, e = tapml_result_num_outputs(result); i < e; ++i) {
    tapml_tensor tensor = {};
    // The index is in range, so that this cannot fail.
    tapml_status_free(tapml_result_output(result, i, &tensor));
    tensors.push_back(copyTensor(data.getFunction().getContext(), tensor.dtype,
                                 ArrayRef<int64_t>(tensor.shape, tensor.rank),
                                 tensor.data, tensor.bytes));
  }
  return tensors;
}

void SampleJudge::setOutputs(tapml_result result) {
  outputs = copyOutputs(result);
}

static bool isSame(const HostTensor &a, const HostTensor &b) {
  return a.getShape() == b.getShape() && a.getBytes() == b.getBytes();
}

void SampleJudge::compareRun(tapml_result result) {
  std::vector<HostTensor> again = copyOutputs(result);
  // The first run that does not wait is compared with the observed one, those
  // that follow with the first.
  bool isFirst = unobservedOutputs.empty();
  std::vector<std::string> &different =
      isFirst ? report.unordered : report.unstable;
  for (auto [name, before, now] :
       zip(data.getOutputNames(), isFirst ? outputs : unobservedOutputs, again))
    if (!isSame(before, now) && !llvm::is_contained(different, name))
      different.push_back(name);
  if (isFirst)
    unobservedOutputs = std::move(again);
}

//===----------------------------------------------------------------------===//
// Judging
//===----------------------------------------------------------------------===//

/// Places without 64-bit integers hold them in 32 bits.
static HostTensor widen(const HostTensor &tensor, Type type) {
  if (tensor.getElementType() == type || !type.isInteger(64) ||
      !tensor.getElementType().isInteger(32))
    return tensor;
  std::vector<int64_t> wide(tensor.getNumElements());
  tensor.read(0, wide.size(), wide.data());
  return HostTensor(type, tensor.getShape(),
                    copyBytes(wide.data(), wide.size() * sizeof(int64_t)));
}

OperatorVerdict &SampleJudge::getVerdict(Operation *op, StringRef instance) {
  for (OperatorVerdict &verdict : report.operators)
    if (verdict.instance == instance)
      return verdict;
  OperatorVerdict verdict;
  verdict.instance = instance.str();
  verdict.op = cast<TapMLOperator>(op).getOperatorName().str();
  verdict.verdict = stringifyVerdict(Verdict::Pass).str();
  report.operators.push_back(std::move(verdict));
  return report.operators.back();
}

void SampleJudge::judgeOperator(Operation *op, StringRef instance,
                                MutableArrayRef<Estimate> results,
                                const Envelope &envelope) {
  auto it = values.find(instance);
  if (it == values.end())
    return;
  HostTensor got = widen(it->second.tensor, results.front().getElementType());
  Comparison comparison = compare(results.front(), got);
  OperatorVerdict &verdict = getVerdict(op, instance);
  verdict.place = it->second.place;
  if (!comparison.passes())
    verdict.failedSamples.push_back(sample);
  bool isWorse = comparison.worstShare > verdict.share ||
                 (!comparison.passes() && verdict.evidence == nullptr);
  if (isWorse) {
    verdict.share = comparison.worstShare;
    verdict.sample = sample;
    verdict.failed = comparison.failed;
    verdict.elements = comparison.elements;
  }
  if (isWorse && !comparison.passes()) {
    verdict.verdict = stringifyVerdict(comparison.verdict).str();
    verdict.evidence = describeComparison(comparison);
  }
  // What later operators really had.
  if (!comparison.mismatch.empty())
    return;
  results.front() = Estimate::exact(got);
  auto boundary = envelope.operators.find(instance);
  if (boundary == envelope.operators.end())
    return;
  // What the target does not promise is nobody's fault inside the model; what
  // comes out of it is another matter.
  operatorDrifts.push_back({size_t(&verdict - report.operators.data()),
                            getDistance(results.front(), boundary->second.clean,
                                        targetArithmetic.promisesNonFinite)});
}

void SampleJudge::judgeOutputs(const Envelope &envelope) {
  for (auto [output, boundary] : llvm::zip_equal(outputs, envelope.outputs)) {
    Estimate got = Estimate::exact(output);
    bool isComparable = got.getShape() == boundary.clean.getShape() &&
                        got.getElementType() == boundary.clean.getElementType();
    outputDrifts.push_back(isComparable ? getDistance(got, boundary.clean)
                                        : INFINITY);
  }
}

double SampleJudge::getAllowed(const Envelope &envelope,
                               const Drift &drift) const {
  return envelope.getAllowed(
      envelope.operators.at(report.operators[drift.verdict].instance));
}

bool SampleJudge::drifts(const Envelope &envelope) const {
  for (const Drift &drift : operatorDrifts)
    if (drift.distance > getAllowed(envelope, drift))
      return true;
  for (auto [drift, boundary] : llvm::zip_equal(outputDrifts, envelope.outputs))
    if (drift > envelope.getAllowed(boundary))
      return true;
  return false;
}

/// Returns what part of `envelope` the drift is; 0 where both are infinite.
static double getShare(double drift, double envelope) {
  if (drift == 0 || std::isinf(envelope))
    return 0;
  return drift / envelope;
}

void SampleJudge::noteDrifts(const Envelope &envelope) {
  for (const Drift &drift : operatorDrifts) {
    OperatorVerdict &verdict = report.operators[drift.verdict];
    double allowed = getAllowed(envelope, drift);
    if (getShare(drift.distance, allowed) <
        getShare(verdict.drift, verdict.envelope))
      continue;
    verdict.drift = drift.distance;
    verdict.envelope = allowed;
    verdict.driftSample = sample;
  }
  for (size_t i = 0; i < outputs.size(); ++i) {
    OutputVerdict verdict;
    verdict.name = data.getOutputNames()[i];
    verdict.sample = sample;
    verdict.drift = outputDrifts[i];
    verdict.envelope = envelope.getAllowed(envelope.outputs[i]);
    verdict.passes = verdict.drift <= verdict.envelope;
    const HostTensor &expected = data.getSample(sample).outputs[i];
    bool isComparable =
        outputs[i].getShape() == expected.getShape() &&
        outputs[i].getElementType() == expected.getElementType();
    verdict.difference = isComparable
                             ? getLargestDifference(Estimate::exact(outputs[i]),
                                                    Estimate::exact(expected))
                             : INFINITY;
    report.outputs.push_back(std::move(verdict));
  }
}

LogicalResult SampleJudge::judge(Envelopes &envelopes) {
  FailureOr<const Envelope *> envelope = envelopes.get(sample);
  if (failed(envelope))
    return failure();
  std::vector<Estimate> arguments;
  for (const HostTensor &input : data.getSample(sample).inputs)
    arguments.push_back(Estimate::exact(input));
  EvaluationOptions options;
  options.arithmeticOf = [&](Operation *op) {
    std::optional<StringRef> instance = getInstance(op);
    auto it = instance ? places.find(*instance) : places.end();
    bool isHost = it == places.end() || it->second == kHostPlace;
    return isHost ? Arithmetic::host() : targetArithmetic;
  };
  options.weights = [&](GlobalOp global) { return data.getWeight(global); };
  options.observer = [&](Operation *op, ArrayRef<Estimate>,
                         MutableArrayRef<Estimate> results) {
    if (std::optional<StringRef> instance = getInstance(op))
      judgeOperator(op, *instance, results, **envelope);
    return success();
  };
  if (failed(evaluateFunction(data.getFunction(), arguments, options)))
    return failure();
  // A value that a region should give and that was never seen.
  for (const std::vector<std::string> &names : resultNames)
    for (const std::string &name : names)
      if (!name.empty() && !values.count(name) &&
          !llvm::is_contained(report.missing, name))
        report.missing.push_back(name);
  judgeOutputs(**envelope);
  if (drifts(**envelope) && failed(envelope = envelopes.getFromMany(sample)))
    return failure();
  noteDrifts(**envelope);
  return success();
}
