/**
 * Tests that no operation is without cases.
 *
 * @module
 */
import { assert, assertEquals, assertGreater, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { fileURLToPath } from "node:url";
import { caseName, operationBenchmarks, operationCases } from "../../src/selftest/mod.ts";

const sources = fileURLToPath(new URL("../../src", import.meta.url));

/** The names of the files of a folder whose text matches, without `.ts`, in order. */
function filesMatching(folder: string, pattern: RegExp): string[] {
  const names = [...Deno.readDirSync(join(sources, folder))].map((entry) => entry.name).sort();
  return names.filter((name) => pattern.test(Deno.readTextFileSync(join(sources, folder, name))))
    .map((name) => name.replace(/\.ts$/, ""));
}

Deno.test("every file of src/ops that calls a native function has cases, and all cases belong to such a file", () => {
  const operations = filesMatching("ops", /\bkernels\.sl_/);
  const covered = new Set(operationCases.map(({ operation }) => operation));
  assertGreater(operations.length, 15);
  assertEquals([...covered].sort(), operations.sort());
});

Deno.test("every file of cases is in the list of all cases", () => {
  const listed = Deno.readTextFileSync(join(sources, "selftest", "operation_cases.ts"));
  for (const file of filesMatching("selftest", /Cases: readonly OperationCase\[\] = \[\n/)) {
    if (file !== "operation_cases") assertMatch(listed, new RegExp(`from "\\./${file}\\.ts"`));
  }
});

Deno.test("every file with a benchmark is in the list of all benchmarks", () => {
  const listed = Deno.readTextFileSync(join(sources, "selftest", "operation_cases.ts"));
  for (const file of filesMatching("selftest", /export const \w+Benchmarks: readonly OperationBenchmark\[\]/)) {
    const name = Deno.readTextFileSync(join(sources, "selftest", `${file}.ts`)).match(/export const (\w+Benchmarks)/);
    if (file !== "operation_cases") assertMatch(listed, new RegExp(`\\.\\.\\.${name?.[1]},`));
  }
});

Deno.test("cases and benchmarks have names of their own", () => {
  for (const list of [operationCases.map(caseName), operationBenchmarks.map(caseName)]) {
    assertEquals(list.filter((name, index) => list.indexOf(name) !== index), []);
  }
});

Deno.test("a tolerance other than the default has its reason", () => {
  for (const { tolerance } of operationCases) assert(tolerance === undefined || tolerance.reason.length > 10);
});
