/**
 * Tests of NumPy's files: the header byte by byte, the values by reading them back.
 *
 * @module
 */
import { assertEquals, assertIsError, assertThrows } from "@std/assert";
import { Buffer } from "node:buffer";

import { ShapeError } from "../../src/errors.ts";
import { decodeNpy, encodeNpy, FormatError } from "../../src/formats/mod.ts";

Deno.test("a file has the bytes that numpy.save writes", () => {
  const bytes = encodeNpy({ shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) });
  const header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";
  assertEquals([...bytes.subarray(0, 10)], [0x93, ...new TextEncoder().encode("NUMPY"), 1, 0, 118, 0]);
  assertEquals(new TextDecoder().decode(bytes.subarray(10, 128)), `${header.padEnd(117)}\n`);
  assertEquals(new Float32Array(bytes.slice(128).buffer), Float32Array.of(1, 2, 3, 4, 5, 6));
});

Deno.test("arrays of every element type and number of axes are read back unchanged", () => {
  const arrays = [
    { shape: [], data: Float32Array.of(7) },
    { shape: [3], data: Int32Array.of(-1, 0, 2 ** 31 - 1) },
    { shape: [0, 4], data: new Float32Array() },
    { shape: [2, 1, 2], data: Uint8Array.of(0, 255, 3, 4) },
  ];
  for (const array of arrays) {
    assertEquals(decodeNpy(encodeNpy(array)), array);
    assertEquals(decodeNpy(Buffer.from(encodeNpy(array))), array, "of bytes that are a view of others");
  }
});

Deno.test("data begin at a multiple of 64 bytes for a header of any length", () => {
  for (let axes = 0; axes < 40; axes++) {
    const bytes = encodeNpy({ shape: Array<number>(axes).fill(1), data: Float32Array.of(1) });
    assertEquals((bytes.length - 4) % 64, 0);
  }
});

Deno.test("a shape that does not match the number of values is refused", () => {
  assertThrows(() => encodeNpy({ shape: [2, 2], data: new Float32Array(3) }), ShapeError);
});

Deno.test("damaged files and other types are refused, and the message names the fault", () => {
  const whole = encodeNpy({ shape: [2], data: Float32Array.of(1, 2) });
  const changed = (from: string, to: string) => {
    const text = String.fromCharCode(...whole).replace(from, to);
    return Uint8Array.from(text, (character) => character.charCodeAt(0));
  };
  const cases: [Uint8Array, RegExp][] = [
    [new Uint8Array(), /does not begin/],
    [whole.subarray(0, 50), /a header of 128 bytes in a file of 50/],
    [whole.subarray(0, -1), /7 bytes of data, but shape \(2\) needs 8/],
    [Uint8Array.from(whole, (byte, index) => index === 6 ? 2 : byte), /version 2\.0/],
    [changed("<f4", "<f8"), /elements are <f8/],
    [changed("False", "True "), /column by column/],
    [changed("'shape'", "'shap_'"), /no usable 'shape'/],
  ];
  for (const [bytes, message] of cases) {
    assertIsError(assertThrows(() => decodeNpy(bytes)), FormatError, message);
  }
});
