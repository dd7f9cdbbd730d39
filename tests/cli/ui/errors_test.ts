/**
 * Tests of error messages and exit statuses.
 *
 * @module
 */

import { assertEquals, assertMatch } from "@std/assert";
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
  assertEquals(statusOf(new InvalidInputError("no")), 2);
  assertEquals(statusOf(new DeviceUnavailableError("no")), 2);
  assertEquals(statusOf(new SluiceError("no")), 1);
  assertEquals(statusOf(new NativeError("sl_fill", "no")), 1);
  assertEquals(statusOf(new OutOfMemoryError("sl_malloc", "no")), 1);
  assertEquals(statusOf(new TypeError("no")), 1);
  assertEquals(statusOf("no"), 1);
});

Deno.test("a failure is one line, with its class if it is not a SluiceError, and with its stack only on request", () => {
  assertEquals(describeFailure(new InvalidInputError("a\n  b"), false).text, "sluice: a b");
  assertEquals(describeFailure(new TypeError("a"), false).text, "sluice: TypeError: a");
  assertMatch(
    describeFailure(new InvalidInputError("a"), true).text ?? "",
    /^sluice: a\nInvalidInputError: a\n {4}at /,
  );
});
