/**
 * Tests of tensors.
 *
 * @module
 */
import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { MisuseError, ShapeError } from "../../src/errors.ts";
import { contentsOf, type DType, dtypeBytes, elementCount, Scope, Tensor } from "../../src/tensor/mod.ts";
import { openDevice } from "../devices.ts";

const device = openDevice();

Deno.test("every element type travels to the device and back", () => {
  for (
    const data of [
      Float32Array.of(1.5, -2, NaN),
      Uint16Array.of(0x3f80, 1, 2),
      Uint8Array.of(0, 255, 7),
      Int32Array.of(-1, 2 ** 31 - 1, 0),
    ]
  ) {
    using tensor = Tensor.from(device, data, [3, 1]);
    assertEquals(tensor.toHost(), data);
    assertStrictEquals(data.BYTES_PER_ELEMENT, dtypeBytes(tensor.dtype));
  }
});

Deno.test("data that does not fill the shape is refused", () => {
  assertThrows(() => Tensor.from(device, new Float32Array(5), [2, 3]), ShapeError);
});

Deno.test("a size that is no natural number is refused", () => {
  for (const size of [-1, 1.5, NaN, Infinity]) assertThrows(() => new Tensor(device, [2, size]), ShapeError);
});

Deno.test("a tensor may have no elements", () => {
  using tensor = Tensor.from(device, new Float32Array(0), [0, 4]);
  assertEquals(tensor.size, 0);
  assertEquals(tensor.toFloat32(), new Float32Array(0));
  using copy = tensor.clone();
  assertEquals(copy.shape, [0, 4]);
});

Deno.test("a scalar's shape is empty", () => {
  assertEquals(elementCount([]), 1);
  using tensor = Tensor.full(device, [], 2.5);
  assertEquals(tensor.item(), 2.5);
});

Deno.test("a filled tensor holds its value, in f32 and in bf16", () => {
  using floats = Tensor.full(device, [3], -0.5);
  assertEquals(floats.toFloat32(), Float32Array.of(-0.5, -0.5, -0.5));
  using halves = Tensor.full(device, [2], 1, "bf16");
  assertEquals(halves.toHost(), Uint16Array.of(0x3f80, 0x3f80));
});

Deno.test("writing overwrites, and refuses another length or element type", () => {
  using tensor = Tensor.full(device, [2], 0);
  tensor.write(Float32Array.of(3, 4));
  assertEquals(tensor.toFloat32(), Float32Array.of(3, 4));
  assertThrows(() => tensor.write(Float32Array.of(1)), ShapeError);
  assertThrows(() => tensor.write(Int32Array.of(1, 2)), ShapeError);
});

Deno.test("reading as f32 refuses other element types, and item refuses more than one value", () => {
  using whole = Tensor.from(device, Int32Array.of(1), [1]);
  assertThrows(() => whole.toFloat32(), ShapeError);
  using two = Tensor.full(device, [2], 0);
  assertThrows(() => two.item(), ShapeError);
});

Deno.test("axes are counted from either end, and an axis that is not there is refused", () => {
  using tensor = new Tensor(device, [2, 3, 4]);
  assertEquals([tensor.dim(0), tensor.dim(-1)], [2, 4]);
  assertThrows(() => tensor.dim(3), ShapeError);
});

Deno.test("a clone has contents of its own", () => {
  using tensor = Tensor.full(device, [2], 1);
  using copy = tensor.clone();
  tensor.write(Float32Array.of(5, 6));
  assertEquals(copy.toFloat32(), Float32Array.of(1, 1));
});

Deno.test("a freed tensor refuses use, may be freed again, and has given back its memory", () => {
  const before = device.memory().inUse;
  const tensor = new Tensor(device, [16]);
  assert(!tensor.disposed && device.memory().inUse > before);
  tensor[Symbol.dispose]();
  tensor[Symbol.dispose]();
  assert(tensor.disposed);
  assertStrictEquals(device.memory().inUse, before);
  assertThrows(() => tensor.toFloat32(), MisuseError);
});

Deno.test("the bytes of a tensor are those of its element type", () => {
  const sizes: Record<DType, number> = { f32: 4, bf16: 2, u8: 1, i32: 4 };
  for (const [dtype, bytes] of Object.entries(sizes) as [DType, number][]) {
    const before = device.memory().inUse;
    using _tensor = new Tensor(device, [1024], dtype);
    assertEquals(device.memory().inUse - before, 1024 * bytes);
  }
});

Deno.test("the contents of several tensors come in one download, empty ones and scalars too", () => {
  using _scope = new Scope();
  const values = [[1, 2, 3], [], [4], [5, 6]];
  const tensors = values.map((some) => Tensor.from(device, Float32Array.from(some), [some.length]));
  let downloads = 0;
  {
    using _observed = device.observe((name, _parameters, call) => {
      if (name === "sl_download") downloads++;
      call();
    });
    assertEquals(contentsOf(tensors).map((some) => [...some]), values);
  }
  assertEquals(downloads, 1);
  assertEquals(contentsOf([]), []);
  const bytes = Tensor.from(device, new Uint8Array(2), [2]);
  assertThrows(() => contentsOf([bytes]), ShapeError, "a u8 tensor has no f32 contents");
});

Deno.test("a pair lies side by side in one buffer, which is freed with the second of them, in either order", () => {
  for (const reversed of [false, true]) {
    const before = device.memory();
    const pair = Tensor.pair(device, [3]);
    const [first, second] = pair;
    assertEquals(device.memory().live, before.live + 1);
    first.fill(1);
    second.fill(2);
    const both = new Float32Array(6);
    device.download(both, first.pointer);
    assertEquals([...both], [1, 1, 1, 2, 2, 2]);
    const [earlier, later] = reversed ? [second, first] : pair;
    earlier[Symbol.dispose]();
    earlier[Symbol.dispose]();
    assertEquals([...later.toFloat32()], reversed ? [1, 1, 1] : [2, 2, 2]);
    later[Symbol.dispose]();
    assertEquals(device.memory().inUse, before.inUse);
  }
  const held = device.memory().inUse;
  {
    using _scope = new Scope();
    Tensor.pair(device, [0]);
  }
  assertEquals(device.memory().inUse, held);
});
