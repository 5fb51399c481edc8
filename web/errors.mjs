// Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

/** A failure with a sentence for people. `code` is that of the C API's status, in lower case. */
export class TapmlError extends Error {
  constructor(code, message) {
    super(message);
    this.name = "TapmlError";
    this.code = code;
  }

  /** The same failure with `context: ` before the message. */
  within(context) {
    return new TapmlError(this.code, `${context}: ${this.message}`);
  }
}

/** Runs `body` (which may be asynchronous) and puts `context` before the message of what it throws. */
export async function within(context, body) {
  try {
    return await body();
  } catch (error) {
    throw error instanceof TapmlError ? error.within(context) : error;
  }
}

export function damaged(message) {
  return new TapmlError("damaged", message);
}
