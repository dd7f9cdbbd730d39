/**
 * Choosing an objective by its name.
 *
 * @module
 */
import assert from "node:assert/strict";

import { InvalidInputError } from "../../src/errors.ts";
import { objectiveKind } from "../../src/objectives/mod.ts";

Deno.test("an unknown objective is refused with the names there are", () => {
  assert.throws(() => objectiveKind("toString"), (error) => {
    return error instanceof InvalidInputError && error.message.includes("toString") && error.message.includes("vicreg");
  });
});
