// Tests of the JSON parser that refuses duplicate keys.
import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { parseStrictJson } from "../../src/formats/strict_json.ts";

Deno.test("strict JSON reads any value back unchanged", () => {
  fc.assert(
    fc.property(
      fc.jsonValue(),
      (value) => assertEquals(parseStrictJson(JSON.stringify(value, null, 1)), JSON.parse(JSON.stringify(value))),
    ),
    { numRuns: 200, seed: 1 },
  );
});

Deno.test("strict JSON refuses a duplicate key in an object, even if it is escaped differently", () => {
  assertThrows(() => parseStrictJson('{"a":1,"a":2}'), Error, 'duplicate key "a"');
  assertThrows(() => parseStrictJson('{"a":1,"\\u0061":2}'), SyntaxError);
  assertThrows(() => parseStrictJson('[{"b":{"a":1, "c":[{}], "a" : 2}}]'), SyntaxError);
});

Deno.test("strict JSON allows the same key in different objects and inside strings", () => {
  const text = '{"a":{"a":"\\"a\\":1,{"},"b":["a","a",{"a":1},{"a":2}]}';
  assertEquals(parseStrictJson(text), JSON.parse(text));
});

Deno.test("strict JSON reads a key of twenty million characters without exhausting the stack", () => {
  const key = "\\\\x".repeat(7_000_000);
  assertThrows(() => parseStrictJson(`{"${key}":1,"${key}":2}`), Error, "duplicate key");
});
