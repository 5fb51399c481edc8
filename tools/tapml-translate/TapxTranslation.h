//===- TapxTranslation.h - Modules to executables ---------------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_TOOLS_TAPML_TRANSLATE_TAPXTRANSLATION_H
#define TAPML_TOOLS_TAPML_TRANSLATE_TAPXTRANSLATION_H

namespace tapml {

/// Registers `--tapml-to-tapx` and, for its manifest alone,
/// `--tapml-to-manifest`.
void registerTapxTranslations();

} // namespace tapml

#endif // TAPML_TOOLS_TAPML_TRANSLATE_TAPXTRANSLATION_H
