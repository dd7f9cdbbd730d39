/**
 * Tests of reading YAML: aliases and merging, line numbers, and the faults that are refused.
 *
 * @module
 */
import { assertEquals, assertIsError, assertThrows } from "@std/assert";
import { InvalidInputError } from "../../src/errors.ts";
import { YamlFile } from "../../src/formats/mod.ts";

function valueOf(...lines: string[]): unknown {
  return new YamlFile("f.yaml", `${lines.join("\n")}\n`).value;
}

function refuse(message: RegExp, ...lines: string[]): void {
  assertIsError(assertThrows(() => valueOf(...lines)), InvalidInputError, message);
}

Deno.test("an alias repeats the last anchor of its name before it, and << merges mappings", () => {
  assertEquals(valueOf("a: &x 1", "b: *x", "c: &x 2", "d: *x"), { a: 1, b: 1, c: 2, d: 2 });
  assertEquals(valueOf("a: &x {p: 1, q: 2}", "b: {<<: *x, q: 3}"), { a: { p: 1, q: 2 }, b: { p: 1, q: 3 } });
  assertEquals(valueOf("<<: [{p: 1}, {q: 2}]"), { p: 1, q: 2 });
  assertEquals(valueOf("# nothing"), null);
});

Deno.test("an alias without an anchor before it is refused with file and line", () => {
  refuse(/^f\.yaml:2: alias \*nope: there is no anchor &nope before it/, "out: r", "lr: *nope");
  refuse(/^f\.yaml:1: alias \*late: /, "a: *late", "b: &late 1");
  refuse(/^f\.yaml:3: alias \*k: /, "a: 1", "b:", "  ? *k", "  : 2");
  refuse(/^f\.yaml:2: alias \*a: is inside the value that it repeats/, "a: &a", "  - *a");
  refuse(/^f\.yaml:2: <<: give a mapping to merge/, "a: 1", "<<: 3");
});

Deno.test("aliases that repeat billions of values are refused with file and line, and many small ones are not", () => {
  const nine = (name: string) => `[${Array.from({ length: 9 }, () => name)}]`;
  const lines = [
    "a: &a [x,x,x,x,x,x,x,x,x]",
    ..."bcdefghi".split("").map((letter, index) => {
      return `${letter}: &${letter} ${nine(`*${"abcdefgh"[index]}`)}`;
    }),
  ];
  refuse(/^f\.yaml:6: alias \*e: aliases repeat more than 100000 values/, ...lines);
  refuse(
    /^f\.yaml:\d+: alias \*m\d+: aliases repeat more than/,
    "m0: &m0 {a: 1, b: 2}",
    ...Array.from({ length: 40 }, (_, index) => `m${index + 1}: &m${index + 1} {p: *m${index}, q: *m${index}}`),
  );
  const sane = Array.from({ length: 900 }, (_, index) => `k${index}: *x`);
  assertEquals(Object.keys(valueOf("x: &x [1, 2]", ...sane) as object).length, 901);
  refuse(
    /^f\.yaml:1002: alias \*x: there are more than 1000 aliases/,
    "x: &x 1",
    ...Array.from({ length: 5000 }, (_, index) => `k${index}: *x`),
  );
});

Deno.test("a duplicate key is refused with its line, and thousands of keys are checked quickly", () => {
  refuse(/^f\.yaml:3: a: is given twice; remove one$/, "a: 1", "b: 2", "a: 3");
  refuse(/^f\.yaml:2: 1: is given twice/, "x: {1: a,", "    '1': b}");
  assertEquals(
    Object.keys(valueOf(...Array.from({ length: 20_000 }, (_, index) => `k${index}: 1`)) as object).length,
    20_000,
  );
});

Deno.test("deeply nested values are refused, at any depth beyond the limit", () => {
  const message = /^f\.yaml:2: values are nested more than 100 levels deep/;
  for (const depth of [150, 3000, 50_000]) refuse(message, "# deep", "[".repeat(depth) + "]".repeat(depth));
  assertEquals(valueOf("a: [[[[1]]]]"), { a: [[[[1]]]] });
});

Deno.test("the line of a place is found, also in values that aliases repeat", () => {
  const file = new YamlFile("f.yaml", "base: &b\n  lr: 1\nruns:\n  - *b\n  - x: 2\n");
  assertEquals([["base", "lr"], ["runs", 1, "x"], ["runs", 0, "lr"], ["none"]].map((place) => file.lineOf(place)), [
    2,
    5,
    2,
    1,
  ]);
  assertEquals(file.fault(["runs"], "no").message, "f.yaml:3: no");
});
