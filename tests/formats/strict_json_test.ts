// Tests of the JSON parser that refuses duplicate keys.
import assert from "node:assert/strict";
import fc from "fast-check";
import { parseStrictJson } from "../../src/formats/strict_json.ts";

Deno.test("strict JSON gives what was written, for any value", () => {
  fc.assert(
    fc.property(
      fc.jsonValue(),
      (value) => assert.deepEqual(parseStrictJson(JSON.stringify(value, null, 1)), JSON.parse(JSON.stringify(value))),
    ),
    { numRuns: 200, seed: 1 },
  );
});

Deno.test("strict JSON refuses a key named twice in one object, however it is spelt", () => {
  assert.throws(() => parseStrictJson('{"a":1,"a":2}'), /duplicate key "a"/);
  assert.throws(() => parseStrictJson('{"a":1,"\\u0061":2}'), SyntaxError);
  assert.throws(() => parseStrictJson('[{"b":{"a":1, "c":[{}], "a" : 2}}]'), SyntaxError);
});

Deno.test("strict JSON lets one key appear in different objects and inside strings", () => {
  const text = '{"a":{"a":"\\"a\\":1,{"},"b":["a","a",{"a":1},{"a":2}]}';
  assert.deepEqual(parseStrictJson(text), JSON.parse(text));
});

Deno.test("strict JSON reads a key of twenty million characters without exhausting the stack", () => {
  const key = "\\\\x".repeat(7_000_000);
  assert.throws(() => parseStrictJson(`{"${key}":1,"${key}":2}`), /duplicate key/);
});
