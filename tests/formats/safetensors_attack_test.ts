// Tests that malformed safetensors bytes are refused, a test per attack.
import { assert, assertEquals, assertInstanceOf, assertMatch, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InvalidInputError } from "../../src/errors.ts";
import { decodeSafetensors, encodeSafetensors, FormatError } from "../../src/formats/mod.ts";

/** A file with this header text and this many bytes of data. */
function file(header: string | Uint8Array, dataBytes = 0): Uint8Array {
  const text = typeof header === "string" ? new TextEncoder().encode(header) : header;
  const bytes = new Uint8Array(8 + text.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

function entry(begin: unknown, end: unknown, shape: unknown = [4], dtype: unknown = "U8"): object {
  return { dtype, shape, data_offsets: [begin, end] };
}

function refused(bytes: Uint8Array, message: RegExp): void {
  const error = assertThrows(() => decodeSafetensors(bytes), FormatError);
  assertInstanceOf(error, InvalidInputError, String(error));
  assertMatch(error.message, message);
  assert(!error.message.includes("\n"), "the message is one line");
}

Deno.test("the files of these tests are valid before they are attacked", () => {
  assertEquals(decodeSafetensors(file(JSON.stringify({ a: entry(0, 4), b: entry(4, 8) }), 8)).tensors.size, 2);
});

Deno.test("an empty file and one shorter than its length field are refused", () => {
  refused(new Uint8Array(0), /0 bytes are too few/);
  refused(new Uint8Array(7), /7 bytes are too few/);
});

Deno.test("a header of no bytes is refused", () => refused(new Uint8Array(8), /not valid JSON/));

Deno.test("a truncated header is refused", () => {
  refused(file(JSON.stringify({ a: entry(0, 4) }), 0).subarray(0, 20), /only 12 follow/);
});

Deno.test("a header length larger than any memory is refused without an allocation", () => {
  const bytes = file("{}");
  new DataView(bytes.buffer).setBigUint64(0, 0xffff_ffff_ffff_ffffn, true);
  refused(bytes, /header of 18446744073709551615 bytes, the limit is 100000000/);
  new DataView(bytes.buffer).setBigUint64(0, 99_999_999n, true);
  refused(bytes, /header of 99999999 bytes, only 2 follow/);
});

Deno.test("a file truncated at any byte is refused", () => {
  const whole = encodeSafetensors(new Map([["a", { dtype: "f32", shape: [3], data: new Float32Array(3) }]]), {
    k: "v",
  });
  for (let length = 0; length < whole.length; length++) {
    assertThrows(() => decodeSafetensors(whole.subarray(0, length)), FormatError);
  }
});

Deno.test("tensors that overlap are refused", () => {
  refused(file(JSON.stringify({ a: entry(0, 4), b: entry(2, 6) }), 6), /"b" begins at byte 2 and overlaps/);
  refused(file(JSON.stringify({ a: entry(0, 4), b: entry(0, 4) }), 4), /overlaps/);
});

Deno.test("bytes that belong to no tensor are refused before, between and after tensors", () => {
  refused(file(JSON.stringify({ a: entry(1, 5) }), 5), /bytes 0 to 1, before tensor "a", belong to no tensor/);
  refused(file(JSON.stringify({ a: entry(0, 4), b: entry(6, 10) }), 10), /bytes 4 to 6/);
  refused(file(JSON.stringify({ a: entry(0, 4) }), 9), /the last 5 bytes/);
  refused(file("{}", 1), /the last 1 bytes/);
});

Deno.test("an offset beyond the end is refused", () => {
  refused(file(JSON.stringify({ a: entry(0, 4) }), 3), /"a" ends at byte 4 of 3/);
});

Deno.test("a tensor that ends before it begins is refused", () => {
  refused(file(JSON.stringify({ a: entry(4, 0) }), 4), /ends at byte 0, before it begins at 4/);
});

Deno.test("a shape that does not match the number of bytes or the dtype is refused", () => {
  refused(file(JSON.stringify({ a: entry(0, 4, [3]) }), 4), /needs 3 bytes, its offsets span 4/);
  refused(file(JSON.stringify({ a: entry(0, 4, [4], "F32") }), 4), /in F32 needs 16 bytes/);
  refused(file(JSON.stringify({ a: entry(0, 4, []) }), 4), /needs 1 bytes/);
});

Deno.test("a shape whose product overflows is refused", () => {
  const huge = 2 ** 32;
  refused(file(JSON.stringify({ a: entry(0, 0, [huge, huge, huge]) })), /needs Infinity bytes/);
  refused(file(JSON.stringify({ a: entry(0, 0, new Array(200).fill(2 ** 52)) })), /needs Infinity bytes/);
  assertEquals(decodeSafetensors(file(JSON.stringify({ a: entry(0, 0, [huge, 0, huge]) }))).tensors.size, 1);
});

Deno.test("negative, fractional, textual and unsafe numbers in shape or offsets are refused", () => {
  for (const wrong of [-4, 0.5, "4", null, true, 2 ** 53, [4], {}]) {
    refused(file(JSON.stringify({ a: entry(0, 4, [wrong]) }), 4), /shape that is not a list of whole numbers/);
    refused(file(JSON.stringify({ a: entry(0, wrong) }), 4), /data_offsets that are not two whole numbers/);
  }
  refused(file(JSON.stringify({ a: entry(-4, 0) }), 0), /data_offsets/);
  refused(file('{"a":{"dtype":"U8","shape":[1e999],"data_offsets":[0,4]}}', 4), /shape/);
});

Deno.test("fields that are missing, of the wrong type or unknown are refused", () => {
  refused(file('{"a":{"shape":[4],"data_offsets":[0,4]}}', 4), /has no dtype/);
  refused(file('{"a":{"dtype":"U8","data_offsets":[0,4]}}', 4), /shape/);
  refused(file('{"a":{"dtype":"U8","shape":[4]}}', 4), /data_offsets/);
  refused(file('{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4,8]}}', 4), /data_offsets/);
  refused(file('{"a":{"dtype":"U8","shape":{"0":4},"data_offsets":[0,4]}}', 4), /shape/);
  refused(file('{"a":{"dtype":8,"shape":[4],"data_offsets":[0,4]}}', 4), /has no dtype/);
  refused(file('{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4],"stride":[1]}}', 4), /unknown field "stride"/);
  refused(file('{"a":[0,4]}', 4), /"a" is not described by an object/);
  refused(file('{"a":null}'), /"a" is not described by an object/);
});

Deno.test("unsupported element types are refused by name", () => {
  for (const dtype of ["I64", "F16", "BOOL", "F8_E4M3", "toString", "f32", ""]) {
    refused(file(JSON.stringify({ a: entry(0, 4, [4], dtype) }), 4), new RegExp(`dtype "${dtype}".*F32`));
  }
});

Deno.test("a header that is not JSON, or not an object, is refused", () => {
  refused(file("not json at all"), /not valid JSON/);
  refused(file('{"a":'), /not valid JSON/);
  refused(file("\uFEFF{}"), /not valid JSON/);
  refused(file("[]"), /not a JSON object/);
  refused(file("null"), /not a JSON object/);
  refused(file("3"), /not a JSON object/);
});

Deno.test("a header that is not UTF-8 is refused", () => {
  refused(file(new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])), /not valid JSON/);
});

Deno.test("a header nested a hundred thousand deep is refused or read without exhausting the stack", () => {
  refused(
    file(`{"a":${"[".repeat(100_000)}${"]".repeat(100_000)}}`),
    /"a" is not described by an object|not valid JSON/,
  );
});

Deno.test("a name given twice is refused, as tensor, field and metadata", () => {
  const one = JSON.stringify(entry(0, 4));
  refused(file(`{"a":${one},"a":${one}}`, 4), /duplicate key "a"/);
  refused(file(`{"a":${one},"\\u0061":${one}}`, 4), /duplicate key/);
  refused(file('{"a":{"dtype":"U8","dtype":"U8","shape":[4],"data_offsets":[0,4]}}', 4), /duplicate key "dtype"/);
  refused(file('{"__metadata__":{"k":"1","k":"2"}}'), /duplicate key "k"/);
});

Deno.test("metadata that is not an object of strings is refused", () => {
  refused(file('{"__metadata__":[]}'), /__metadata__ is not an object/);
  refused(file('{"__metadata__":{"step":3}}'), /entry "step" is not a string/);
  refused(file('{"__metadata__":{"step":{"a":"b"}}}'), /entry "step" is not a string/);
});

Deno.test("names that are very long or contain line breaks give a short message of one line", () => {
  const name = `\n${"x".repeat(5000)}`;
  refused(file(JSON.stringify({ [name]: entry(0, 4) }), 3), /^.{1,250}$/);
});

Deno.test("300 random mutations of a valid file are read or refused with a FormatError, with no other error", () => {
  const sound = encodeSafetensors(
    new Map([
      ["first", { dtype: "f32", shape: [2, 3], data: new Float32Array(6) }],
      ["second", { dtype: "u8", shape: [5], data: new Uint8Array(5) }],
    ]),
    { format: "pt" },
  );
  const change = fc.record({
    place: fc.nat({ max: sound.length - 1 }),
    byte: fc.oneof(fc.nat({ max: 255 }), fc.constantFrom(...new TextEncoder().encode('{}[]",:-09e. \\n'))),
    kind: fc.constantFrom("replace", "insert", "delete", "truncate"),
  });
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
      let bytes = [...sound];
      for (const { place, byte, kind } of changes) {
        if (kind === "replace") bytes[Math.min(place, bytes.length - 1)] = byte;
        else if (kind === "insert") bytes.splice(place, 0, byte);
        else if (kind === "delete") bytes.splice(place, 1);
        else bytes = bytes.slice(0, Math.max(place, 1));
      }
      try {
        const { tensors } = decodeSafetensors(Uint8Array.from(bytes));
        for (const { shape, data } of tensors.values()) assertEquals(data.length, shape.reduce((a, b) => a * b, 1));
      } catch (error) {
        assertInstanceOf(error, FormatError, String(error));
      }
    }),
    { numRuns: 300, seed: 3 },
  );
});
