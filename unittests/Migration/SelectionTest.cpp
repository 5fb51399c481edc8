//===- SelectionTest.cpp - Tests of which visits are kept -----------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Selection.h"
#include "gtest/gtest.h"

using namespace tapml;

namespace {

/// A visit of an operator with one operand, of values from -`largest`.
Visit makeVisit(unsigned sample, double largest, const std::string &hash,
                int64_t nan = 0) {
  RecordedValue value;
  value.type = "f32";
  value.shape = {4};
  value.name = hash;
  value.statistics.largestMagnitude = largest;
  value.statistics.min = -largest;
  value.statistics.max = largest / 2;
  value.statistics.nan = nan;
  Visit visit;
  visit.sample = sample;
  visit.operands.push_back(value);
  return visit;
}

std::vector<unsigned> select(const VisitClass &visits, unsigned keep) {
  std::vector<unsigned> samples;
  for (const VisitSummary &visit : visits.select(keep))
    samples.push_back(visit.sample);
  return samples;
}

TEST(SelectionTest, KeepsTheMostDifferentRanges) {
  VisitClass visits;
  double ranges[] = {1.0, 1.1, 1000.0, 1e-6, 1.2};
  for (unsigned i = 0; i < 5; ++i)
    visits.add(summarize(makeVisit(i, ranges[i], std::to_string(i)), 0));
  // The largest first, then the smallest, then one between them.
  EXPECT_EQ(select(visits, 1), (std::vector<unsigned>{2}));
  EXPECT_EQ(select(visits, 2), (std::vector<unsigned>{2, 3}));
  EXPECT_EQ(select(visits, 3), (std::vector<unsigned>{0, 2, 3}));
  EXPECT_EQ(select(visits, 9).size(), 5u);
}

TEST(SelectionTest, CountsEqualValuesOnce) {
  VisitClass visits;
  for (unsigned i = 0; i < 3; ++i)
    visits.add(summarize(makeVisit(i, 1.0, "same"), 0));
  EXPECT_EQ(visits.duplicates, 2u);
  EXPECT_EQ(select(visits, 3), (std::vector<unsigned>{0}));
}

TEST(SelectionTest, PrefersNaN) {
  VisitClass visits;
  visits.add(summarize(makeVisit(0, 2.0, "a"), 0));
  visits.add(summarize(makeVisit(1, 1.0, "b"), 0));
  visits.add(summarize(makeVisit(2, 1.0, "c", /*nan=*/1), 0));
  EXPECT_EQ(select(visits, 2), (std::vector<unsigned>{0, 2}));
}

TEST(SelectionTest, SignatureHasTypesShapesAndSizes) {
  Visit a = makeVisit(0, 1.0, "a"), b = makeVisit(1, 5.0, "b");
  EXPECT_EQ(getSignature(a), getSignature(b));
  b.operands[0].shape = {5};
  EXPECT_NE(getSignature(a), getSignature(b));
  b = a;
  b.operands[0].type = "f16";
  EXPECT_NE(getSignature(a), getSignature(b));
  RecordedValue size;
  size.kind = RecordedValue::Kind::Size;
  size.size = 3;
  a.operands.push_back(size);
  b = a;
  EXPECT_EQ(getSignature(a), getSignature(b));
  b.operands[1].size = 4;
  EXPECT_NE(getSignature(a), getSignature(b));
}

TEST(SelectionTest, EmptyTensorsHaveNoRange) {
  VisitClass visits;
  Visit visit = makeVisit(0, 1.0, "a");
  visit.operands[0].statistics = RangeStatistics();
  visits.add(summarize(visit, 0));
  EXPECT_EQ(select(visits, 1).size(), 1u);
}

} // namespace
