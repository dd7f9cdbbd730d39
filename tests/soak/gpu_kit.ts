/**
 * Soak test: all tests of the GPU kit on the stand-in for a GPU, in a bare root folder.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { assertOutcome, resultsOf, unpackKit } from "../cuda/kit/bare_kit.ts";
import { kitSections } from "../cuda/kit/sections.ts";
import { obstacle } from "../executable/bare_root.ts";
import { withFolder } from "../folders.ts";
import type { SoakTest } from "./soak.ts";

/** More than the tests take. */
const MINUTES = 240;

/** Runs every test that a kit has, and tiny measurements. */
export const runGpuKit: SoakTest = {
  name: "every test of the GPU kit passes on the stand-in",
  trials: 1,
  portion: 1,
  run: async () => {
    const reason = await obstacle();
    if (reason !== null) return console.error(`skipped: the GPU kit in a bare root (${reason})`);
    await withFolder(async (root) => {
      const run = await unpackKit(root);
      const { status, stdout, stderr } = await run(`${MINUTES}`, "--tests");
      const results = resultsOf(root);
      assertEquals(
        results.map(({ section }) => section),
        kitSections("tests").map(({ name }) => name),
        stdout + stderr,
      );
      for (const result of results) assertOutcome(result);
      assertEquals(status, 0, stdout + stderr);
    })();
  },
};
