/**
 * Tests of the errors that cross layers.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import {
  DamagedImageError,
  InvalidInputError,
  InvalidOptionError,
  OutOfMemoryError,
  SluiceError,
} from "../src/errors.ts";

Deno.test("an error has the name of its own class, and is one of its base classes", () => {
  const error = new InvalidOptionError("batch", "batch 0: give 1 or more");
  assertEquals(`${error}`, "InvalidOptionError: batch 0: give 1 or more");
  assert(error instanceof InvalidInputError && error instanceof SluiceError);
  assertEquals(error.option, "batch");
});

Deno.test("a native error names the function, and a damaged image its file and the remedy", () => {
  const cause = new Error("before");
  const native = new OutOfMemoryError("sl_malloc", "no memory", { cause });
  assertEquals([native.name, native.operation, native.cause], ["OutOfMemoryError", "sl_malloc", cause]);
  const image = new DamagedImageError("a.png", "it ends early", "remove it");
  assertEquals(image.message, "a.png: it ends early; remove it");
  assertEquals([image.path, image.reason], ["a.png", "it ends early"]);
});
