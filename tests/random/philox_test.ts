// Tests of the Philox4x32-10 generator against published vectors.
import { assertEquals, assertStrictEquals } from "@std/assert";
import { philox4x32 } from "../../src/random/philox.ts";

function hex(words: Uint32Array): string[] {
  return [...words].map((word) => word.toString(16).padStart(8, "0"));
}

Deno.test("philox4x32 gives the published answer for a counter and key of zeros", () => {
  assertEquals(hex(philox4x32(0, 0, [0, 0, 0, 0])), ["6627e8d5", "e169c58d", "bc57ac4c", "9b00dbd8"]);
});

Deno.test("philox4x32 gives the published answer for a counter and key of ones", () => {
  const ones = 0xffffffff;
  assertEquals(hex(philox4x32(ones, ones, [ones, ones, ones, ones])), [
    "408f276d",
    "41c83b0e",
    "a20bc7c6",
    "6d5451fd",
  ]);
});

Deno.test("philox4x32 gives the published answer for the digits of pi", () => {
  const counter = [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344];
  assertEquals(hex(philox4x32(0xa4093822, 0x299f31d0, counter)), [
    "d16cfe09",
    "94fdcceb",
    "5001e420",
    "24126ea1",
  ]);
});

Deno.test("philox4x32 writes into the array it is given and returns it", () => {
  const output = new Uint32Array(4);
  assertStrictEquals(philox4x32(0, 0, [0, 0, 0, 0], output), output);
  assertEquals(output[0], 0x6627e8d5);
});
