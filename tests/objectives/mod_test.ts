/**
 * Choosing an objective by its name.
 *
 * @module
 */

import { assertStringIncludes, assertThrows } from "@std/assert";
import { InvalidInputError } from "../../src/errors.ts";
import { objectiveKind } from "../../src/objectives/mod.ts";

Deno.test("an unknown objective is refused with the names there are", () => {
  const error = assertThrows(() => objectiveKind("toString"), InvalidInputError);
  assertStringIncludes(error.message, "toString");
  assertStringIncludes(error.message, "vicreg");
});
