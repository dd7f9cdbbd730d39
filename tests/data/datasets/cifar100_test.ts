// Tests of what differs in CIFAR-100: two labels per record, of which the second is the class.
import { assertEquals, assertIsError, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { InvalidInputError } from "../../../src/errors.ts";
import { cifar100 } from "../../../src/data/mod.ts";

const RECORD_BYTES = 3074;

/** Records with the given fine labels, and pixels that encode the record and the position. */
function batchFile(fine: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(fine.length * RECORD_BYTES);
  fine.forEach((label, record) => {
    const start = record * RECORD_BYTES;
    bytes[start] = 19;
    bytes[start + 1] = label;
    for (let i = 0; i < 3072; i++) bytes[start + 2 + i] = (record * 53 + i * 7 + (i >> 8)) % 256;
  });
  return bytes;
}

function withFolder(train: readonly number[], check: (parent: string) => void): void {
  const parent = mkdtempSync(join(tmpdir(), "sluice-cifar100-"));
  try {
    mkdirSync(join(parent, "cifar-100-binary"));
    writeFileSync(join(parent, "cifar-100-binary", "train.bin"), batchFile(train));
    writeFileSync(join(parent, "cifar-100-binary", "test.bin"), batchFile([99]));
    check(parent);
  } finally {
    rmSync(parent, { recursive: true });
  }
}

Deno.test("the fine label is the class, and the pixels begin after both labels", () => {
  withFolder([0, 42, 99], (parent) => {
    const { labelled: { train, test }, classes } = cifar100.open({ data: parent, seed: 0 });
    assertEquals([...train.labels], [0, 42, 99]);
    assertEquals([classes.length, classes[0], classes[42], classes[99]], [100, "apple", "leopard", "worm"]);
    assertEquals(test.count, 1);
    const planes = [0, 1024, 2048].map((plane) => (53 + (plane + 5) * 7 + ((plane + 5) >> 8)) % 256);
    assertEquals([...train.images.subarray(3072 + 15, 3072 + 18)], planes);
  });
});

Deno.test("a label above 99 and records of another length are refused, and the message names the archive", () => {
  const refused = (data: string, message: RegExp) =>
    assertIsError(assertThrows(() => cifar100.open({ data, seed: 0 })), InvalidInputError, message);
  withFolder(
    [100],
    (parent) => refused(parent, /train\.bin is damaged: record 0 has label 100, but the classes are 0 to 99/),
  );
  withFolder([1], (parent) => {
    writeFileSync(join(parent, "cifar-100-binary", "test.bin"), new Uint8Array(3073));
    refused(
      parent,
      /3073 bytes are not a whole number of 3074-byte records; unpack the official cifar-100-binary.tar.gz/,
    );
  });
});
