// Tests of reading and writing safetensors bytes.
import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { MisuseError, ShapeError } from "../../src/errors.ts";
import { decodeSafetensors, encodeSafetensors, type HostTensor } from "../../src/formats/mod.ts";

function example(): Map<string, HostTensor> {
  return new Map<string, HostTensor>([
    ["weights", { dtype: "f32", shape: [2, 3], data: new Float32Array([1, -2, 3.5, 0, NaN, Infinity]) }],
    ["mask", { dtype: "u8", shape: [3], data: new Uint8Array([0, 1, 255]) }],
    ["half", { dtype: "bf16", shape: [1, 2], data: new Uint16Array([0x3f80, 0xbf80]) }],
    ["labels", { dtype: "i32", shape: [2], data: new Int32Array([-1, 2147483647]) }],
    ["double", { dtype: "f64", shape: [1], data: new Float64Array([Math.PI]) }],
    ["scalar", { dtype: "f32", shape: [], data: new Float32Array([7]) }],
    ["empty", { dtype: "f32", shape: [0, 4], data: new Float32Array(0) }],
  ]);
}

function headerOf(bytes: Uint8Array): Record<string, { dtype: string; data_offsets: [number, number] }> {
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  return JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
}

Deno.test("every dtype, scalars and empty tensors come back bit for bit", () => {
  const { tensors, metadata } = decodeSafetensors(encodeSafetensors(example(), { format: "pt", step: "12" }));
  assertEquals(metadata, { format: "pt", step: "12" });
  assertEquals(tensors.size, 7);
  for (const [name, tensor] of example()) assertEquals(tensors.get(name), tensor);
});

Deno.test("the smallest file has the published layout byte for byte", () => {
  const bytes = encodeSafetensors(new Map([["x", { dtype: "u8", shape: [2], data: new Uint8Array([5, 6]) }]]));
  const header = '{"x":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}   ';
  assertEquals([...bytes], [header.length, 0, 0, 0, 0, 0, 0, 0, ...new TextEncoder().encode(header), 5, 6]);
});

Deno.test("the same content in another order gives the same bytes", () => {
  const reversed = new Map([...example()].reverse());
  assertEquals(encodeSafetensors(reversed, { b: "2", a: "1" }), encodeSafetensors(example(), { a: "1", b: "2" }));
});

Deno.test("header names are sorted and every tensor begins at a multiple of its element size", () => {
  const bytes = encodeSafetensors(example());
  const header = headerOf(bytes);
  assertEquals(Object.keys(header), Object.keys(header).toSorted());
  const dataStart = 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true));
  assertEquals(dataStart % 8, 0);
  const elementBytes: Record<string, number> = { F64: 8, F32: 4, I32: 4, BF16: 2, U8: 1 };
  for (const { dtype, data_offsets: [begin] } of Object.values(header)) {
    assertEquals(begin % (elementBytes[dtype] ?? 0), 0);
  }
});

Deno.test("bytes at an odd address are read, and the tensors do not share memory with them", () => {
  const encoded = encodeSafetensors(example());
  const shifted = new Uint8Array(encoded.length + 1);
  shifted.set(encoded, 1);
  const { tensors } = decodeSafetensors(shifted.subarray(1));
  shifted.fill(0);
  assertEquals(tensors.get("weights"), example().get("weights"));
});

Deno.test("a file without tensors is valid", () => {
  const content = decodeSafetensors(encodeSafetensors(new Map()));
  assertEquals(content.tensors.size, 0);
  assertEquals(content.metadata, {});
});

Deno.test("a tensor whose data do not match its shape is not written", () => {
  const tensor: HostTensor = { dtype: "f32", shape: [2, 2], data: new Float32Array(3) };
  assertThrows(
    () => encodeSafetensors(new Map([["x", tensor]])),
    ShapeError,
    '"x" (f32) holds 3 elements, its shape [2,2] needs 4',
  );
});

Deno.test("a tensor cannot have the metadata's name", () => {
  const tensor: HostTensor = { dtype: "u8", shape: [0], data: new Uint8Array(0) };
  assertThrows(() => encodeSafetensors(new Map([["__metadata__", tensor]])), MisuseError);
});

Deno.test("any names, metadata, shapes and values survive the round trip", () => {
  const text = fc.string({ unit: "grapheme", maxLength: 12 });
  const name = fc.oneof(text, fc.constantFrom("__proto__", "constructor", "toString", ""));
  const tensor = fc.array(fc.nat({ max: 4 }), { maxLength: 4 }).chain((shape) => {
    const length = shape.reduce((product, extent) => product * extent, 1);
    return fc.float32Array({ minLength: length, maxLength: length }).map((data): HostTensor => ({
      dtype: "f32",
      shape,
      data,
    }));
  });
  const named = fc.array(fc.tuple(name, tensor), { maxLength: 6 }).map((pairs) => new Map(pairs));
  const notes = fc.array(fc.tuple(name, text), { maxLength: 4 }).map((pairs) => Object.fromEntries(pairs));
  fc.assert(
    fc.property(named, notes, (tensors, metadata) => {
      const decoded = decodeSafetensors(encodeSafetensors(tensors, metadata));
      assertEquals([...decoded.tensors].sort(), [...tensors].sort());
      assertEquals(Object.entries(decoded.metadata).sort(), Object.entries(metadata).sort());
    }),
    { numRuns: 200, seed: 2 },
  );
});
