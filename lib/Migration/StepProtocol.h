//===- StepProtocol.h - What a migration and its worker say -----*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Requests and answers are JSON, one line each:
//
//   {"list": true}       -> {"operators": [...], "device": "...", "samples": 6}
//   {"step": {...}}      -> {"next": "encoder.query"} for each operator that is
//                           about to run, then {"report": {...}}
//   {"carve": true}      -> {"carved": 899}, or null without records
//   {"carve_set": {...}} -> {"carved": "FILE"}, or null if not all recorded
//   {"test": {...}}      -> {"begin": {...}} and {"verdict": {...}} for every
//                           test, then {"tested": true}
//   anything that fails  -> {"error": "..."}
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_MIGRATION_STEPPROTOCOL_H
#define TAPML_LIB_MIGRATION_STEPPROTOCOL_H

#include "MixedModel.h"

namespace tapml {

/// What can be known of a model before any step.
struct ModelListing {
  std::vector<PlacedOperator> operators;
  std::string device;
  /// The samples that are run, and the number of input elements of each.
  std::vector<int64_t> samples;
  std::vector<int64_t> sampleSizes;
};

llvm::json::Value toJSON(const PlacedOperator &op);
bool fromJSON(const llvm::json::Value &value, PlacedOperator &op,
              llvm::json::Path path);
bool fromJSON(const llvm::json::Value &value, ModelListing &listing,
              llvm::json::Path path);

/// Writes a value and a line end. False when nobody reads.
bool writeLine(int file, const llvm::json::Value &value);

} // namespace tapml

#endif // TAPML_LIB_MIGRATION_STEPPROTOCOL_H
