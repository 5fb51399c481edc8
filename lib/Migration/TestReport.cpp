//===- TestReport.cpp - What a run of tests shows -------------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tapml/Migration/TestReport.h"
#include "JSONNumber.h"
#include "tapml/Support/Text.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include <cmath>
#include <map>

using namespace llvm;
using namespace tapml;
using Status = TestResult::Status;

StringRef tapml::stringifyStatus(Status status) {
  static constexpr StringRef names[] = {"pass", "fail", "unsupported", "error",
                                        "not run"};
  return names[static_cast<unsigned>(status)];
}

//===----------------------------------------------------------------------===//
// One failure
//===----------------------------------------------------------------------===//

static std::string formatNumber(double number, const char *form = "%.3g") {
  std::string text;
  raw_string_ostream(text) << format(form, number);
  return text;
}

static std::string formatNumber(std::optional<double> number) {
  return number ? formatNumber(*number) : "-";
}

std::string tapml::summarizeComparison(const Comparison &comparison) {
  if (!comparison.mismatch.empty())
    return comparison.mismatch;
  std::string text = std::to_string(comparison.failed) + " of " +
                     std::to_string(comparison.elements) +
                     " elements outside the bound";
  if (comparison.proven)
    text += ", " + std::to_string(comparison.proven) +
            " of them beyond any rounding";
  if (comparison.worstShare > 1)
    text += "; the worst at " + formatNumber(comparison.worstShare) +
            " times the bound";
  return text;
}

/// What the source computed for the element at `index`, as text.
static std::string getElement(const HostTensor &tensor,
                              ArrayRef<int64_t> index) {
  // The source never had what a test with another's values computes.
  if (tensor.getBytes().empty())
    return "-";
  int64_t position = 0;
  for (auto [size, i] : zip_equal(tensor.getShape(), index))
    position = position * size + i;
  if (!tensor.isFloat()) {
    int64_t value;
    tensor.read(position, 1, &value);
    return std::to_string(value);
  }
  double value;
  tensor.read(position, 1, &value);
  return formatNumber(value, "%.9g");
}

static void printRange(raw_ostream &os, StringRef name,
                       const RangeStats &range) {
  os << "  " << left_justify(name, 8);
  for (std::optional<double> number : {range.min, range.max, range.mean,
                                       range.variance, range.largestMagnitude})
    os << right_justify(formatNumber(number), 10);
  for (int64_t count : {range.subnormals, range.nan, range.infinities})
    os << right_justify(std::to_string(count), 6);
  os << "\n";
}

void tapml::printComparison(raw_ostream &os, const Comparison &comparison,
                            const HostTensor &expected) {
  printWrapped(os, "  ", summarizeComparison(comparison));
  if (!comparison.mismatch.empty())
    return;
  os << "  " << left_justify("element", 17) << right_justify("source", 14)
     << right_justify("got", 14) << right_justify("oracle", 14)
     << right_justify("ULP", 9) << right_justify("x bound", 9) << "\n";
  auto printElement = [&](const ElementComparison &element) {
    std::string index =
        "[" +
        join(map_range(element.index,
                       [](int64_t i) { return std::to_string(i); }),
             ", ") +
        "]";
    os << "  " << left_justify(index, 17)
       << right_justify(getElement(expected, element.index), 14)
       << right_justify(element.gotText, 14)
       << right_justify(element.expectedText, 14)
       << right_justify(formatNumber(element.ulps), 9)
       << right_justify(formatNumber(element.share), 9) << "\n";
  };
  for (const ElementComparison &element : comparison.worstFailed)
    printElement(element);
  if (comparison.first &&
      none_of(comparison.worstFailed, [&](const ElementComparison &element) {
        return element.index == comparison.first->index;
      })) {
    os << "  the first:\n";
    printElement(*comparison.first);
  }
  for (const std::string &cluster : comparison.clusters)
    printWrapped(os, "  ", cluster);
  os << "  " << left_justify("", 8);
  for (StringRef name : {"min", "max", "mean", "variance", "largest"})
    os << right_justify(name, 10);
  for (StringRef name : {"subn", "NaN", "inf"})
    os << right_justify(name, 6);
  os << "\n";
  printRange(os, "source", RangeStats::get(expected));
  printRange(os, "oracle", comparison.expectedRange);
  printRange(os, "got", comparison.gotRange);
}

//===----------------------------------------------------------------------===//
// All results
//===----------------------------------------------------------------------===//

size_t TestReport::count(Status status) const {
  return count_if(results, [&](const TestResult &result) {
    return result.status == status;
  });
}

void TestReport::print(raw_ostream &os) const {
  std::map<std::string, size_t> reasons;
  // A single rounding may come as close to half a unit as it likes: it says
  // nothing about how far off things are.
  const TestCase *worst = nullptr;
  double share = -1;
  int64_t free = 0;
  for (auto [test, result] : zip_equal(tests, results)) {
    if (result.status == Status::Unsupported)
      ++reasons[result.message];
    for (const Comparison &comparison : result.comparisons)
      free += comparison.free;
    if (result.status == Status::Pass && !test.roundsOnce &&
        result.share.value_or(-1) > share) {
      worst = &test;
      share = *result.share;
    }
  }
  for (auto &[reason, number] : reasons)
    os << "unsupported on " << place << ", " << number << " tests: " << reason
       << "\n";
  size_t passed = count(Status::Pass);
  os << left_justify(place, 8) << "  " << passed << "/" << tests.size()
     << " pass";
  for (Status status :
       {Status::Fail, Status::Error, Status::Unsupported, Status::NotRun})
    if (size_t number = count(status))
      os << ", " << number << " "
         << (status == Status::Fail ? "FAIL" : stringifyStatus(status).str())
         << (status == Status::NotRun ? " as the device is lost" : "");
  if (worst)
    os << "; worst " << formatNumber(share, "%.2g") << " of the bound ("
       << worst->symbol << ", " << worst->op << ")";
  if (free)
    os << "; " << free << " elements may be anything";
  os << "; " << bodies << (bodies == 1 ? " body, " : " bodies, ")
     << format("%.1f s", seconds) << " on " << device << "\n";
}

static json::Value describeElement(const ElementComparison &element) {
  return json::Object{{"index", ArrayRef<int64_t>(element.index).vec()},
                      {"expected", element.expectedText},
                      {"got", element.gotText},
                      {"ulps", toNumber(element.ulps)},
                      {"share", toNumber(element.share)}};
}

static json::Value describeRange(const RangeStats &range) {
  return json::Object{{"min", toNumber(range.min)},
                      {"max", toNumber(range.max)},
                      {"mean", toNumber(range.mean)},
                      {"variance", toNumber(range.variance)},
                      {"largest_magnitude", range.largestMagnitude},
                      {"subnormals", range.subnormals},
                      {"nan", range.nan},
                      {"inf", range.infinities}};
}

json::Value tapml::describeComparison(const Comparison &comparison) {
  json::Array worst;
  for (const ElementComparison &element : comparison.worstFailed)
    worst.push_back(describeElement(element));
  return json::Object{
      {"verdict", stringifyVerdict(comparison.verdict)},
      {"elements", comparison.elements},
      {"worst_share", toNumber(comparison.worstShare)},
      {"mismatch", comparison.mismatch},
      {"failed", comparison.failed},
      {"proven", comparison.proven},
      {"free", comparison.free},
      {"first", comparison.first ? describeElement(*comparison.first)
                                 : json::Value(nullptr)},
      {"worst", std::move(worst)},
      {"clusters", comparison.clusters},
      {"expected_range", describeRange(comparison.expectedRange)},
      {"got_range", describeRange(comparison.gotRange)}};
}

json::Value TestReport::toJSON() const {
  json::Array entries;
  for (auto [test, result] : zip_equal(tests, results)) {
    json::Array comparisons;
    for (const Comparison &comparison : result.comparisons)
      comparisons.push_back(describeComparison(comparison));
    entries.push_back(json::Object{{"file", test.file},
                                   {"operator", test.symbol},
                                   {"op", test.op},
                                   {"status", stringifyStatus(result.status)},
                                   {"message", result.message},
                                   {"details", result.details},
                                   {"share", toNumber(result.share)},
                                   {"seconds", result.seconds},
                                   {"results", std::move(comparisons)}});
  }
  json::Object summary{{"tests", tests.size()}, {"bodies", bodies}};
  for (Status status : {Status::Pass, Status::Fail, Status::Unsupported,
                        Status::Error, Status::NotRun})
    summary[stringifyStatus(status)] = count(status);
  return json::Object{{"target", place},
                      {"device", device},
                      {"seconds", seconds},
                      {"summary", std::move(summary)},
                      {"tests", std::move(entries)}};
}

/// Escapes what XML gives a meaning to, and leaves out what it cannot hold.
static std::string escape(StringRef text) {
  std::string result;
  raw_string_ostream os(result);
  std::string printable;
  for (char c : text)
    if (static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\t')
      printable += c;
  printHTMLEscaped(printable, os);
  return result;
}

std::string TestReport::toJUnit() const {
  std::string text;
  raw_string_ostream os(text);
  size_t skipped = count(Status::Unsupported) + count(Status::NotRun);
  os << "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
     << "<testsuite name=\"" << escape("tapml." + place) << "\" tests=\""
     << tests.size() << "\" failures=\"" << count(Status::Fail)
     << "\" errors=\"" << count(Status::Error) << "\" skipped=\"" << skipped
     << "\" time=\"" << format("%.3f", seconds) << "\">\n";
  for (auto [test, result] : zip_equal(tests, results)) {
    os << "<testcase classname=\"" << escape(place + "." + test.op)
       << "\" name=\"" << escape(test.file)
       << (test.index ? ":" + std::to_string(test.index) : "") << "\" time=\""
       << format("%.3f", result.seconds) << "\"";
    StringRef element = result.status == Status::Fail    ? "failure"
                        : result.status == Status::Error ? "error"
                                                         : "skipped";
    if (result.status == Status::Pass)
      os << "/>\n";
    else
      os << "><" << element << " message=\"" << escape(result.message) << "\">"
         << escape(result.details) << "</" << element << "></testcase>\n";
  }
  os << "</testsuite>\n</testsuites>\n";
  return text;
}
