//===- Plan.h - Which operator runs on which target -------------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_DIALECT_TAPML_TRANSFORMS_PLAN_H
#define TAPML_DIALECT_TAPML_TRANSFORMS_PLAN_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Support/LLVM.h"
#include "tapml/Dialect/TapML/Transforms/Profile.h"
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tapml {

/// What happens to an operator that the place chosen for it cannot run. There
/// is no silent third way.
enum class UnsupportedPolicy {
  /// Report it.
  Error,
  /// Run it on the host and record the reason.
  Host
};

/// A place in a text, for diagnostics.
struct TextPosition {
  unsigned line = 1, column = 1;
};

/// A rule of a plan: the operators it matches and where they go. A condition
/// that is empty matches every operator; all conditions must hold.
struct PlanRule {
  /// Globs, of which one must match one of the operator's instances.
  std::vector<std::string> instances;
  /// Names of operators, of which the operator must have one.
  std::vector<std::string> ops;
  /// Element types, of which one of the results must have one.
  std::vector<std::string> dtypes;
  /// First and last position of the operator in the order of the graph.
  std::optional<std::pair<int64_t, int64_t>> index;

  std::string place;
  std::optional<UnsupportedPolicy> unsupported;
  /// A remark for people.
  std::string why;

  /// Where the rule stands in the plan's text.
  TextPosition position;

  /// Returns the conditions as they stand in the plan, without braces.
  std::string describeMatch() const;
};

/// A decision about one operator, from the `instances` of an effective plan.
struct PlanPin {
  /// The operator's identity; empty where it has none, then `index` decides.
  std::vector<std::string> instances;
  int64_t index = 0;
  /// The graph's name, where a module has several.
  std::string graph;
  std::string op;
  std::string place;
  /// The rule that placed the operator, from 0; none for the default.
  std::optional<int64_t> rule;
  /// Where the rule wanted the operator, if it had to go to the host.
  std::string wanted;
  std::string reason;

  /// Where the decision stands in the plan's text.
  TextPosition position;
};

/// A plan: rules of which the first that matches wins, and a default that ends
/// the list. The file format is JSON:
///
///   { "version": 1,
///     "rules": [
///       { "match": { "instance": "encoder.layer.3.*", "op": "layer_norm",
///                    "dtype": "f32", "index": [0, 9] },
///         "place": "host", "unsupported": "error", "why": "suspect" } ],
///     "default": "host", "unsupported": "error" }
///
/// `instance`, `op` and `dtype` are a string or a list of strings. An effective
/// plan also holds `instances`: what was decided for every operator. Read back,
/// these decisions go before the rules.
struct Plan {
  /// The version of the file format that this build reads and writes.
  static constexpr int64_t kVersion = 1;

  /// What diagnostics call the plan: the name of its file.
  std::string source = "plan";
  std::vector<PlanRule> rules;
  std::string defaultPlace = kHostPlace.str();
  UnsupportedPolicy unsupported = UnsupportedPolicy::Error;
  std::vector<PlanPin> pins;

  /// Returns the plan that is used where none is given: every operator on the
  /// first target, and what it cannot run on the host.
  static Plan getDefault(llvm::ArrayRef<Target> targets);
};

/// Reads a plan from JSON text; `source` names it in diagnostics. Fails with a
/// diagnostic for malformed JSON, unknown keys and versions, and values of the
/// wrong kind.
mlir::FailureOr<Plan> parsePlan(mlir::MLIRContext *context,
                                llvm::StringRef text, llvm::StringRef source);

/// Reads a plan from the file `path`.
mlir::FailureOr<Plan> loadPlan(mlir::MLIRContext *context,
                               llvm::StringRef path);

/// Checks that the operators that `plan` names are registered or defined in
/// `module`, and that its places are among `targets`. Fails with a diagnostic
/// for the first that is not.
mlir::LogicalResult verifyPlan(mlir::ModuleOp module, const Plan &plan,
                               llvm::ArrayRef<Target> targets);

/// Writes `plan` as JSON, one line per rule and per decision.
void printPlan(llvm::raw_ostream &os, const Plan &plan);

/// Returns the word for `policy` in a plan file.
llvm::StringRef stringifyPolicy(UnsupportedPolicy policy);

} // namespace tapml

#endif // TAPML_DIALECT_TAPML_TRANSFORMS_PLAN_H
