/**
 * Tests of error messages and exit statuses.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describeFailure } from "../../../cli/ui/errors.ts";
import {
  DeviceUnavailableError,
  InvalidInputError,
  NativeError,
  OutOfMemoryError,
  SluiceError,
} from "../../../src/errors.ts";

Deno.test("wrong requests and missing devices exit with 2, any other failure with 1", () => {
  const statusOf = (error: unknown) => describeFailure(error, false).status;
  assert.equal(statusOf(new InvalidInputError("no")), 2);
  assert.equal(statusOf(new DeviceUnavailableError("no")), 2);
  assert.equal(statusOf(new SluiceError("no")), 1);
  assert.equal(statusOf(new NativeError("sl_fill", "no")), 1);
  assert.equal(statusOf(new OutOfMemoryError("sl_malloc", "no")), 1);
  assert.equal(statusOf(new TypeError("no")), 1);
  assert.equal(statusOf("no"), 1);
});

Deno.test("a failure is one line, with its class if it is not a SluiceError, and with its stack only on request", () => {
  assert.equal(describeFailure(new InvalidInputError("a\n  b"), false).text, "sluice: a b");
  assert.equal(describeFailure(new TypeError("a"), false).text, "sluice: TypeError: a");
  assert.match(
    describeFailure(new InvalidInputError("a"), true).text ?? "",
    /^sluice: a\nInvalidInputError: a\n {4}at /,
  );
});
