/**
 * Tests of texts in PNG files: other programs read the picture, and damage anywhere is found.
 *
 * @module
 */
import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { Buffer } from "node:buffer";
// @ts-types="../../src/types/pngjs.d.ts"
import { PNG } from "pngjs";
import { encodePng, FormatError, pngText, withPngText } from "../../src/formats/mod.ts";

const pixels = Uint8Array.from({ length: 4 * 3 * 3 }, (_, place) => place * 7);
const plain = encodePng({ width: 4, height: 3, pixels });
const text = '{"name": "größe\\n\u0000 猫"}';
const png = withPngText(plain, "sluice", text);

Deno.test("a text reads back under its keyword, and leaves the picture as it was", () => {
  assertStrictEquals(pngText(png, "sluice"), text);
  assertStrictEquals(pngText(png, "other"), null);
  assertStrictEquals(pngText(plain, "sluice"), null);
  assertStrictEquals(pngText(withPngText(png, "other", ""), "other"), "");
  const { width, height, data } = PNG.sync.read(Buffer.from(png));
  assertEquals([width, height], [4, 3]);
  assertEquals([...data].filter((_, place) => place % 4 !== 3), [...pixels]);
});

Deno.test("bytes that are no PNG file, or a damaged or truncated one, are refused", () => {
  assertThrows(() => pngText(new TextEncoder().encode("no picture"), "sluice"), FormatError, "is not a PNG file");
  assertThrows(() => withPngText(new Uint8Array(), "sluice", text), FormatError, "is not a PNG file");
  for (let length = 0; length < png.length; length++) {
    assertThrows(() => pngText(png.subarray(0, length), "sluice"), FormatError, length < 8 ? "no" : "is truncated");
  }
  for (let place = 0; place < png.length; place++) {
    const damaged = png.slice();
    damaged[place] = 255 - (damaged[place] ?? 0);
    assertThrows(() => pngText(damaged, "sluice"), FormatError);
  }
});
