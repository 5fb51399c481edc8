//===- ReportPageTest.cpp - The report as one HTML file -------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ReportPage.h"
#include "gtest/gtest.h"

using namespace llvm;
using namespace tapml;

static MigrationState makeState() {
  MigrationState state;
  state.model = "small";
  state.target = "vulkan";
  for (const char *name : {"a", "b", "c"}) {
    MigrationOperator op;
    op.instance = name;
    op.op = "add";
    state.operators.push_back(op);
  }
  state.operators[1].operands = {"a", "gone"};
  state.operators[2].operands = {"b", "a"};
  return state;
}

TEST(ReportPage, ScriptTextIsJSONWithoutWhatEndsScripts) {
  json::Value value = json::Object{
      {"a</script><!--", "\xe2\x80\xa8 and \xe2\x80\xa9, \xe2\x82\xac"}};
  std::string text = printForScript(value);
  EXPECT_EQ(text.find('<'), std::string::npos);
  EXPECT_EQ(text.find("\xe2\x80\xa8"), std::string::npos);
  EXPECT_EQ(text.find("\xe2\x80\xa9"), std::string::npos);
  EXPECT_NE(text.find("\xe2\x82\xac"), std::string::npos);
  Expected<json::Value> again = json::parse(text);
  ASSERT_TRUE(bool(again));
  EXPECT_EQ(*again, value);
}

TEST(ReportPage, OperandsAreNumbersOfOperators) {
  json::Value data = makeReportData(makeState());
  const json::Array &operators = *data.getAsObject()->getArray("operators");
  ASSERT_EQ(operators.size(), 3u);
  EXPECT_EQ(*operators[1].getAsObject()->get("operands"),
            json::Value(json::Array{0}));
  EXPECT_EQ(*operators[2].getAsObject()->get("operands"),
            json::Value(json::Array({1, 0})));
  EXPECT_EQ(operators[2].getAsObject()->getInteger("layer"), 2);
  EXPECT_EQ(data.getAsObject()->getArray("edges")->size(), 3u);
}

TEST(ReportPage, OnlyFailingOperatorsOfReportsAreKept) {
  MigrationState state = makeState();
  Fault fault;
  for (const MigrationOperator &op : state.operators) {
    OperatorVerdict verdict;
    verdict.instance = op.instance;
    verdict.verdict = op.instance == "b" ? "fail" : "pass";
    fault.report.operators.push_back(verdict);
    state.finalReport.operators.push_back(verdict);
  }
  state.faults.push_back(fault);
  json::Value data = makeReportData(state);
  const json::Object &object = *data.getAsObject();
  const json::Object &record = *(*object.getArray("faults"))[0].getAsObject();
  const json::Array &kept = *record.getObject("report")->getArray("operators");
  ASSERT_EQ(kept.size(), 1u);
  EXPECT_EQ(kept[0].getAsObject()->getString("instance"), "b");
  // Each operator has its verdict of the last run, and null for those it never
  // had.
  const json::Object &op = *(*object.getArray("operators"))[1].getAsObject();
  EXPECT_EQ(op.getObject("last")->getString("verdict"), "fail");
  EXPECT_EQ(*op.get("host"), json::Value(nullptr));
}

TEST(ReportPage, PageIsWhole) {
  std::string page = makeReportPage(makeState());
  StringRef text = page;
  EXPECT_TRUE(text.starts_with("<!doctype html>"));
  EXPECT_TRUE(text.ends_with("</html>\n"));
  for (StringRef mark : {"@style@", "@data@", "@script@"})
    EXPECT_EQ(text.find(mark), StringRef::npos);
}
