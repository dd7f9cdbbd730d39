// Tests of safetensors files on disk.
import { assertEquals, assertThrows } from "@std/assert";
import { join } from "@std/path";
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
    assertEquals(readSafetensors(path), { tensors, metadata: { a: "b" } });
    assertEquals(readdirSync(folder), ["x.safetensors"]);
  });
});

Deno.test("a failed write leaves the older file and no temporary file", () => {
  inFolder((folder) => {
    const path = join(folder, "x.safetensors");
    writeFileSync(path, "older");
    const wrong: HostTensor = { dtype: "f32", shape: [3], data: new Float32Array(2) };
    assertThrows(() => writeSafetensors(path, new Map([["x", wrong]])), ShapeError);
    assertEquals(readFileSync(path, "utf8"), "older");
    mkdirSync(join(folder, "occupied", "inside"), { recursive: true });
    assertThrows(() => writeSafetensors(join(folder, "occupied"), tensors));
    assertEquals(readdirSync(folder).sort(), ["occupied", "x.safetensors"]);
  });
});

Deno.test("a missing file is refused with its path", () => {
  inFolder((folder) => {
    assertThrows(
      () => readSafetensors(join(folder, "none.safetensors")),
      InvalidInputError,
      "none.safetensors: cannot be read",
    );
  });
});

Deno.test("a damaged file is refused with its path", () => {
  inFolder((folder) => {
    const path = join(folder, "x.safetensors");
    writeSafetensors(path, tensors);
    writeFileSync(path, readFileSync(path).subarray(0, -1));
    assertThrows(
      () => readSafetensors(path),
      FormatError,
      'x.safetensors: not a valid safetensors file: tensor "x" ends at byte 8 of 7',
    );
  });
});
