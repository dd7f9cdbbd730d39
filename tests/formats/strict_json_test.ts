// Tests of the JSON parser that refuses duplicate keys.
import assert from "node:assert/strict";
import fc from "fast-check";
import { parseStrictJson } from "../../src/formats/strict_json.ts";

Deno.test("strict JSON reads any value back unchanged", () => {
  fc.assert(
    fc.property(
      fc.jsonValue(),
      (value) => assert.deepEqual(parseStrictJson(JSON.stringify(value, null, 1)), JSON.parse(JSON.stringify(value))),
    ),
    { numRuns: 200, seed: 1 },
  );
});

Deno.test("strict JSON refuses a duplicate key in an object, even if it is escaped differently", () => {
  assert.throws(() => parseStrictJson('{"a":1,"a":2}'), /duplicate key "a"/);
  assert.throws(() => parseStrictJson('{"a":1,"\\u0061":2}'), SyntaxError);
  assert.throws(() => parseStrictJson('[{"b":{"a":1, "c":[{}], "a" : 2}}]'), SyntaxError);
});

Deno.test("strict JSON allows the same key in different objects and inside strings", () => {
  const text = '{"a":{"a":"\\"a\\":1,{"},"b":["a","a",{"a":1},{"a":2}]}';
  assert.deepEqual(parseStrictJson(text), JSON.parse(text));
});

Deno.test("strict JSON reads a key of twenty million characters without exhausting the stack", () => {
  const key = "\\\\x".repeat(7_000_000);
  assert.throws(() => parseStrictJson(`{"${key}":1,"${key}":2}`), /duplicate key/);
});
