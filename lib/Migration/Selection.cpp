//===- Selection.cpp - Which visits become tests --------------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Selection.h"
#include <algorithm>
#include <cmath>
#include <limits>

using namespace llvm;
using namespace tapml;

/// Maps numbers of very different size to a common scale.
static float scale(std::optional<double> value) {
  if (!value || std::isnan(*value))
    return 0;
  double magnitude = std::min(std::fabs(*value), 1e300);
  return static_cast<float>(
      std::copysign(std::log2(1 + magnitude * 0x1p20), *value));
}

static float scale(std::optional<int64_t> count) {
  // That there are any matters more than how many.
  return count && *count ? 8 + std::log2(static_cast<float>(*count)) : 0;
}

VisitSummary tapml::summarize(const Visit &visit, unsigned index) {
  VisitSummary summary;
  summary.sample = visit.sample;
  summary.index = index;
  hash_code values = 0;
  for (const RecordedValue &value : visit.operands)
    values = hash_combine(values, StringRef(value.name), value.size);
  summary.values = values;
  for (ArrayRef<RecordedValue> values :
       {ArrayRef(visit.operands), ArrayRef(visit.results)})
    for (const RecordedValue &value : values) {
      const RangeStatistics &s = value.statistics;
      if (value.kind == RecordedValue::Kind::Data)
        for (float feature : {scale(s.largestMagnitude), scale(s.min),
                              scale(s.max), scale(s.mean), scale(s.variance),
                              scale(s.subnormals), scale(s.nan), scale(s.inf)})
          summary.ranges.push_back(feature);
    }
  return summary;
}

std::string tapml::getSignature(const Visit &visit) {
  std::string signature;
  raw_string_ostream os(signature);
  for (ArrayRef<RecordedValue> values :
       {ArrayRef(visit.operands), ArrayRef(visit.results)}) {
    for (const RecordedValue &value : values) {
      if (value.kind == RecordedValue::Kind::Size)
        os << value.size;
      for (int64_t size : value.shape)
        os << size << "x";
      os << value.type << ",";
    }
    os << ";";
  }
  return signature;
}

void VisitClass::add(VisitSummary summary) {
  if (seen.insert(summary.values).second)
    visits.push_back(std::move(summary));
  else
    ++duplicates;
}

std::vector<VisitSummary> VisitClass::select(unsigned keep) const {
  std::vector<VisitSummary> chosen;
  if (visits.empty() || !keep)
    return chosen;
  auto magnitude = [](const VisitSummary &visit) {
    float sum = 0;
    for (size_t i = 0; i < visit.ranges.size(); i += 8)
      sum += visit.ranges[i];
    return sum;
  };
  std::vector<float> distances(visits.size(),
                               std::numeric_limits<float>::infinity());
  size_t next = std::max_element(visits.begin(), visits.end(),
                                 [&](auto &a, auto &b) {
                                   return magnitude(a) < magnitude(b);
                                 }) -
                visits.begin();
  while (true) {
    chosen.push_back(visits[next]);
    distances[next] = -1;
    if (chosen.size() == std::min<size_t>(keep, visits.size()))
      break;
    for (auto [distance, visit] : zip_equal(distances, visits)) {
      float sum = 0;
      for (auto [a, b] : zip_equal(visit.ranges, chosen.back().ranges))
        sum += (a - b) * (a - b);
      distance = std::min(distance, sum);
    }
    next = std::max_element(distances.begin(), distances.end()) -
           distances.begin();
  }
  // In the order of execution, which is the order of reading.
  sort(chosen, [](const VisitSummary &a, const VisitSummary &b) {
    return std::pair(a.sample, a.index) < std::pair(b.sample, b.index);
  });
  return chosen;
}
