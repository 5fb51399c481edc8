//===- Plan.cpp - Which operator runs on which target ---------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tapml/Dialect/TapML/Transforms/Plan.h"
#include "JSONText.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OperationSupport.h"
#include "tapml/Dialect/TapML/IR/TapMLOps.h"
#include "llvm/Support/GlobPattern.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace mlir;
using namespace tapml;
namespace json = llvm::json;

/// The names of element types in plans.
static constexpr StringRef kElementTypes[] = {
    "f64", "f32", "f16", "bf16", "i64", "i32", "i16", "i8", "i1"};

StringRef tapml::stringifyPolicy(UnsupportedPolicy policy) {
  switch (policy) {
  case UnsupportedPolicy::Error:
    return "error";
  case UnsupportedPolicy::Host:
    return "host";
  }
  llvm_unreachable("covered switch");
}

Plan Plan::getDefault(ArrayRef<Target> targets) {
  Plan plan;
  plan.source = "the built-in plan";
  plan.unsupported = UnsupportedPolicy::Host;
  if (!targets.empty())
    plan.defaultPlace = targets.front().place;
  return plan;
}

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

namespace {
/// Reads the parts of a plan, each with a diagnostic where it is wrong.
class PlanReader {
public:
  PlanReader(MLIRContext *context, StringRef source)
      : json(context, source), source(source) {}

  FailureOr<Plan> read(StringRef text);

private:
  LogicalResult readRule(const json::Value &value, const Twine &where,
                         PlanRule &rule);
  LogicalResult readMatch(const json::Object &match, const Twine &where,
                          PlanRule &rule);
  LogicalResult readPin(const json::Value &value, const Twine &where,
                        size_t ruleCount, PlanPin &pin);
  LogicalResult readPolicy(const json::Value &value, const Twine &where,
                           UnsupportedPolicy &policy);
  /// Reads a string that is not empty.
  LogicalResult readString(const json::Value &value, const Twine &where,
                           StringRef key, std::string &string);
  /// Calls `read` on the value of `key`, if `object` has it.
  LogicalResult
  readOptional(const json::Object &object, StringRef key,
               function_ref<LogicalResult(const json::Value &)> read) {
    const json::Value *value = object.get(key);
    return value ? read(*value) : success();
  }

  JSONReader json;
  StringRef source;
};
} // namespace

LogicalResult PlanReader::readString(const json::Value &value,
                                     const Twine &where, StringRef key,
                                     std::string &string) {
  std::optional<StringRef> text = value.getAsString();
  if (!text || text->empty())
    return json.error(where)
           << "\"" << key << "\" must be a string that is not empty";
  string = text->str();
  return success();
}

LogicalResult PlanReader::readPolicy(const json::Value &value,
                                     const Twine &where,
                                     UnsupportedPolicy &policy) {
  std::optional<StringRef> text = value.getAsString();
  if (text == stringifyPolicy(UnsupportedPolicy::Error))
    policy = UnsupportedPolicy::Error;
  else if (text == stringifyPolicy(UnsupportedPolicy::Host))
    policy = UnsupportedPolicy::Host;
  else
    return json.error(where) << "\"unsupported\" must be \"error\" or \"host\"";
  return success();
}

LogicalResult PlanReader::readMatch(const json::Object &match,
                                    const Twine &where, PlanRule &rule) {
  if (failed(
          json.checkKeys(match, where, {"instance", "op", "dtype", "index"})))
    return failure();
  auto readStrings = [&](StringRef key, std::vector<std::string> &strings) {
    return readOptional(match, key, [&](const json::Value &value) {
      return json.readStrings(value, where, key, strings);
    });
  };
  if (failed(readStrings("instance", rule.instances)) ||
      failed(readStrings("op", rule.ops)) ||
      failed(readStrings("dtype", rule.dtypes)))
    return failure();
  for (StringRef glob : rule.instances)
    if (llvm::Error error = llvm::GlobPattern::create(glob).takeError())
      return json.error(where)
             << "\"" << glob
             << "\" is not a valid glob: " << llvm::toString(std::move(error));
  for (StringRef dtype : rule.dtypes)
    if (!llvm::is_contained(kElementTypes, dtype)) {
      InFlightDiagnostic diag = json.error(where)
                                << "unknown element type \"" << dtype
                                << "\"; element types are ";
      llvm::interleaveComma(kElementTypes, diag);
      return diag;
    }
  return readOptional(match, "index", [&](const json::Value &value) {
    const json::Array *range = value.getAsArray();
    if (range && range->size() == 2) {
      std::optional<int64_t> from = (*range)[0].getAsInteger();
      std::optional<int64_t> to = (*range)[1].getAsInteger();
      if (from && to && 0 <= *from && *from <= *to) {
        rule.index = {*from, *to};
        return success();
      }
    }
    json.error(where) << "\"index\" must be [first, last] with 0 <= first <= "
                         "last";
    return failure();
  });
}

LogicalResult PlanReader::readRule(const json::Value &value, const Twine &where,
                                   PlanRule &rule) {
  const json::Object *object = value.getAsObject();
  if (!object)
    return json.error(where) << "must be an object such as {\"match\": "
                                "{\"op\": \"linear\"}, \"place\": \"host\"}";
  if (failed(json.checkKeys(*object, where,
                            {"match", "place", "unsupported", "why"})))
    return failure();
  const json::Value *match = object->get("match");
  if (!match || !match->getAsObject())
    return json.error(where) << "needs \"match\", an object; {} matches every "
                                "operator";
  if (failed(readMatch(*match->getAsObject(), where, rule)))
    return failure();
  const json::Value *place = object->get("place");
  if (!place)
    return json.error(where) << "needs \"place\", the name of a target or "
                                "\"host\"";
  if (failed(readString(*place, where, "place", rule.place)))
    return failure();
  if (const json::Value *policy = object->get("unsupported")) {
    rule.unsupported = UnsupportedPolicy::Error;
    if (failed(readPolicy(*policy, where, *rule.unsupported)))
      return failure();
  }
  return readOptional(*object, "why", [&](const json::Value &why) {
    return readString(why, where, "why", rule.why);
  });
}

LogicalResult PlanReader::readPin(const json::Value &value, const Twine &where,
                                  size_t ruleCount, PlanPin &pin) {
  const json::Object *object = value.getAsObject();
  if (!object)
    return json.error(where) << "must be an object such as {\"index\": 0, "
                                "\"instance\": \"encoder.query\", \"op\": "
                                "\"linear\", \"place\": \"host\"}";
  if (failed(json.checkKeys(*object, where,
                            {"index", "graph", "instance", "op", "place",
                             "rule", "wanted", "reason"})))
    return failure();
  std::optional<int64_t> index = object->getInteger("index");
  if (!index || *index < 0)
    return json.error(where) << "needs \"index\", the operator's position";
  pin.index = *index;
  auto readText = [&](StringRef key, std::string &string) {
    return readOptional(*object, key, [&](const json::Value &text) {
      return readString(text, where, key, string);
    });
  };
  if (failed(readText("graph", pin.graph)) || failed(readText("op", pin.op)) ||
      failed(readText("place", pin.place)) ||
      failed(readText("wanted", pin.wanted)) ||
      failed(readText("reason", pin.reason)) ||
      failed(readOptional(*object, "instance", [&](const json::Value &text) {
        return json.readStrings(text, where, "instance", pin.instances);
      })))
    return failure();
  if (pin.op.empty() || pin.place.empty())
    return json.error(where) << "needs \"op\" and \"place\"";
  return readOptional(*object, "rule", [&](const json::Value &rule) {
    std::optional<int64_t> number = rule.getAsInteger();
    if (number && 1 <= *number && *number <= static_cast<int64_t>(ruleCount)) {
      pin.rule = *number - 1;
      return success();
    }
    if (rule.getAsString() == StringRef("default"))
      return success();
    json.error(where) << "\"rule\" must be \"default\" or the number of a rule "
                         "of this plan, from 1 to "
                      << ruleCount;
    return failure();
  });
}

FailureOr<Plan> PlanReader::read(StringRef text) {
  FailureOr<json::Value> root = json.parse(text);
  if (failed(root))
    return failure();
  const json::Object *object = root->getAsObject();
  if (!object)
    return json.error("") << "a plan must be an object such as {\"version\": "
                             "1, \"rules\": [], \"default\": \"host\"}";
  // The version first: the keys of another version are not known here.
  std::optional<int64_t> version = object->getInteger("version");
  if (!version)
    return json.error("") << "needs \"version\": " << Plan::kVersion;
  if (*version != Plan::kVersion)
    return json.error("") << "version " << *version
                          << " of the plan format is not known, this build "
                             "reads version "
                          << Plan::kVersion
                          << "; use the TapML that wrote the plan";
  if (failed(json.checkKeys(
          *object, "",
          {"version", "rules", "default", "unsupported", "instances"})))
    return failure();

  Plan plan;
  plan.source = source.str();
  auto readList = [&](StringRef key, auto read) {
    return readOptional(*object, key, [&](const json::Value &value) {
      const json::Array *array = value.getAsArray();
      if (!array) {
        json.error("") << "\"" << key << "\" must be a list";
        return failure();
      }
      for (auto [index, element] : llvm::enumerate(*array))
        if (failed(read(index, element)))
          return failure();
      return success();
    });
  };
  if (failed(readList("rules", [&](size_t index, const json::Value &value) {
        PlanRule &rule = plan.rules.emplace_back();
        rule.position = json.getPosition("rules", index);
        json.moveTo(rule.position);
        return readRule(value, "rule " + Twine(index + 1), rule);
      })))
    return failure();
  json.moveTo(TextPosition());
  if (failed(readOptional(*object, "default",
                          [&](const json::Value &value) {
                            return readString(value, "", "default",
                                              plan.defaultPlace);
                          })) ||
      failed(
          readOptional(*object, "unsupported", [&](const json::Value &value) {
            return readPolicy(value, "", plan.unsupported);
          })))
    return failure();
  if (failed(readList("instances", [&](size_t index, const json::Value &value) {
        PlanPin &pin = plan.pins.emplace_back();
        pin.position = json.getPosition("instances", index);
        json.moveTo(pin.position);
        return readPin(value, "instances, entry " + Twine(index + 1),
                       plan.rules.size(), pin);
      })))
    return failure();
  return plan;
}

FailureOr<Plan> tapml::parsePlan(MLIRContext *context, StringRef text,
                                 StringRef source) {
  return PlanReader(context, source).read(text);
}

FailureOr<Plan> tapml::loadPlan(MLIRContext *context, StringRef path) {
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/true);
  if (!buffer)
    return emitError(UnknownLoc::get(context))
           << "cannot read plan '" << path
           << "': " << buffer.getError().message();
  return parsePlan(context, (*buffer)->getBuffer(), path);
}

//===----------------------------------------------------------------------===//
// Checking
//===----------------------------------------------------------------------===//

/// Returns the names of the operators registered in `context`, as plans write
/// them.
static SmallVector<StringRef> getRegisteredOperators(MLIRContext *context) {
  SmallVector<StringRef> names;
  for (RegisteredOperationName name : context->getRegisteredOperations()) {
    if (!name.hasInterface<TapMLOperator>())
      continue;
    StringRef text = name.getStringRef();
    text.consume_front("tapml.");
    // Operators of other IR are known by names of their own.
    if (name.getTypeID() != TypeID::get<OperatorRegionOp>())
      names.push_back(text);
  }
  return names;
}

LogicalResult tapml::verifyPlan(ModuleOp module, const Plan &plan,
                                ArrayRef<Target> targets) {
  MLIRContext *context = module.getContext();
  JSONReader json(context, plan.source);
  context->getOrLoadDialect<TapMLDialect>();
  SmallVector<StringRef> operators = getRegisteredOperators(context);
  module.walk([&](OperatorRegionOp op) { operators.push_back(op.getName()); });
  auto checkOp = [&](StringRef op, const Twine &where) -> LogicalResult {
    if (llvm::is_contained(operators, op))
      return success();
    StringRef bare = op;
    if (bare.consume_front("tapml.") && llvm::is_contained(operators, bare))
      return json.error(where)
             << "operator \"" << op << "\" must be written \"" << bare << "\"";
    std::string proposal = proposeName(op, operators);
    if (proposal.empty())
      proposal = "; see the reference of the dialect for the names";
    return json.error(where) << "unknown operator \"" << op << "\"" << proposal;
  };
  auto checkPlace = [&](StringRef place, const Twine &where) -> LogicalResult {
    if (findTarget(targets, place))
      return success();
    InFlightDiagnostic diag = json.error(where) << "place \"" << place
                                                << "\" is not a target; "
                                                   "targets are ";
    llvm::interleaveComma(targets, diag, [&](const Target &target) {
      diag << '"' << target.place << '"';
    });
    return diag << "; add it with --target";
  };

  for (auto [index, rule] : llvm::enumerate(plan.rules)) {
    std::string where = ("rule " + Twine(index + 1)).str();
    json.moveTo(rule.position);
    for (StringRef op : rule.ops)
      if (failed(checkOp(op, where)))
        return failure();
    if (failed(checkPlace(rule.place, where)))
      return failure();
  }
  json.moveTo(TextPosition());
  if (failed(checkPlace(plan.defaultPlace, "default")))
    return failure();
  for (auto [index, pin] : llvm::enumerate(plan.pins)) {
    std::string where = ("instances, entry " + Twine(index + 1)).str();
    json.moveTo(pin.position);
    if (failed(checkOp(pin.op, where)) || failed(checkPlace(pin.place, where)))
      return failure();
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Writing
//===----------------------------------------------------------------------===//

namespace {
/// Writes an object on one line.
class LineObject {
public:
  LineObject(raw_ostream &os) : os(os) { os << "{"; }
  ~LineObject() { os << (first ? "}" : " }"); }
  LineObject(const LineObject &) = delete;
  LineObject &operator=(const LineObject &) = delete;

  raw_ostream &key(StringRef name) {
    os << (first ? " " : ", ") << quoteJSON(name) << ": ";
    first = false;
    return os;
  }
  void string(StringRef name, StringRef value) {
    if (!value.empty())
      key(name) << quoteJSON(value);
  }
  void strings(StringRef name, ArrayRef<std::string> values) {
    if (values.size() == 1)
      return string(name, values.front());
    if (values.empty())
      return;
    key(name) << '[';
    llvm::interleaveComma(values, os, [&](StringRef v) { os << quoteJSON(v); });
    os << ']';
  }

private:
  raw_ostream &os;
  bool first = true;
};
} // namespace

static void printMatch(raw_ostream &os, const PlanRule &rule) {
  LineObject match(os);
  match.strings("instance", rule.instances);
  match.strings("op", rule.ops);
  match.strings("dtype", rule.dtypes);
  if (rule.index)
    match.key("index") << '[' << rule.index->first << ", " << rule.index->second
                       << ']';
}

std::string PlanRule::describeMatch() const {
  std::string text;
  llvm::raw_string_ostream os(text);
  printMatch(os, *this);
  StringRef inner = text;
  return inner.drop_front().drop_back().trim().str();
}

static void printRule(raw_ostream &os, const PlanRule &rule) {
  LineObject line(os);
  printMatch(line.key("match"), rule);
  line.string("place", rule.place);
  if (rule.unsupported)
    line.string("unsupported", stringifyPolicy(*rule.unsupported));
  line.string("why", rule.why);
}

static void printPin(raw_ostream &os, const PlanPin &pin) {
  LineObject line(os);
  line.key("index") << pin.index;
  line.string("graph", pin.graph);
  line.strings("instance", pin.instances);
  line.string("op", pin.op);
  line.string("place", pin.place);
  if (pin.rule)
    line.key("rule") << *pin.rule + 1;
  else
    line.string("rule", "default");
  line.string("wanted", pin.wanted);
  line.string("reason", pin.reason);
}

/// Writes `key` and a list with one line per entry.
template <typename T>
static void printList(raw_ostream &os, StringRef key,
                      const std::vector<T> &list,
                      void (*print)(raw_ostream &, const T &)) {
  os << "  " << quoteJSON(key) << ": [";
  llvm::interleave(
      list, os,
      [&](const T &entry) {
        os << "\n    ";
        print(os, entry);
      },
      ",");
  os << (list.empty() ? "]" : "\n  ]");
}

void tapml::printPlan(raw_ostream &os, const Plan &plan) {
  os << "{\n  \"version\": " << Plan::kVersion << ",\n";
  printList(os, "rules", plan.rules, printRule);
  os << ",\n  \"default\": " << quoteJSON(plan.defaultPlace)
     << ",\n  \"unsupported\": "
     << quoteJSON(stringifyPolicy(plan.unsupported));
  if (!plan.pins.empty()) {
    os << ",\n";
    printList(os, "instances", plan.pins, printPin);
  }
  os << "\n}\n";
}
