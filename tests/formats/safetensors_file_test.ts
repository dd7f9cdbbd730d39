// Tests of safetensors files on disk.
import { join } from "@std/path";
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { InvalidInputError, ShapeError } from "../../src/errors.ts";
import { FormatError, type HostTensor, readSafetensors, writeSafetensors } from "../../src/formats/mod.ts";

const tensors = new Map<string, HostTensor>([["x", { dtype: "f32", shape: [2], data: new Float32Array([1, 2]) }]]);

function inFolder(test: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), "sluice-formats-"));
  try {
    test(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

Deno.test("a written file is read back, replaces an older file and leaves nothing else in the folder", () => {
  inFolder((folder) => {
    const path = join(folder, "x.safetensors");
    writeFileSync(path, "older");
    writeSafetensors(path, tensors, { a: "b" });
    assert.deepEqual(readSafetensors(path), { tensors, metadata: { a: "b" } });
    assert.deepEqual(readdirSync(folder), ["x.safetensors"]);
  });
});

Deno.test("a failed write leaves the older file and no temporary file", () => {
  inFolder((folder) => {
    const path = join(folder, "x.safetensors");
    writeFileSync(path, "older");
    const wrong: HostTensor = { dtype: "f32", shape: [3], data: new Float32Array(2) };
    assert.throws(() => writeSafetensors(path, new Map([["x", wrong]])), ShapeError);
    assert.equal(readFileSync(path, "utf8"), "older");
    mkdirSync(join(folder, "occupied", "inside"), { recursive: true });
    assert.throws(() => writeSafetensors(join(folder, "occupied"), tensors));
    assert.deepEqual(readdirSync(folder).sort(), ["occupied", "x.safetensors"]);
  });
});

Deno.test("a missing file is refused with its path", () => {
  inFolder((folder) => {
    assert.throws(() => readSafetensors(join(folder, "none.safetensors")), (error: unknown) => {
      assert.ok(error instanceof InvalidInputError);
      assert.match(error.message, /none\.safetensors: cannot be read/);
      return true;
    });
  });
});

Deno.test("a damaged file is refused with its path", () => {
  inFolder((folder) => {
    const path = join(folder, "x.safetensors");
    writeSafetensors(path, tensors);
    writeFileSync(path, readFileSync(path).subarray(0, -1));
    assert.throws(() => readSafetensors(path), (error: unknown) => {
      assert.ok(error instanceof FormatError);
      assert.match(error.message, /x\.safetensors: not a valid safetensors file: tensor "x" ends at byte 8 of 7/);
      return true;
    });
  });
});
