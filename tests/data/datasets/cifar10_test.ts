// Tests of reading CIFAR-10: small synthetic files for layout and damage, and the real files if they are available.
import { assert, assertAlmostEquals, assertEquals, assertLess, assertMatch, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { InvalidInputError } from "../../../src/errors.ts";
import { cifar10 } from "../../../src/data/mod.ts";

const RECORD_BYTES = 3073;
const TRAIN_FILES = [1, 2, 3, 4, 5].map((number) => `data_batch_${number}.bin`);
const sharedData = fileURLToPath(new URL("../../../../shared/data", import.meta.url));
const realDataMissing = !existsSync(join(sharedData, "cifar-10-batches-bin"));
if (realDataMissing) console.log(`CIFAR-10 is not at ../shared/data: tests that read the real images are ignored`);

/** Red, green and blue of a pixel of a record, chosen so that a byte in the wrong position is noticed. */
function planeByte(file: number, record: number, channel: number, pixel: number): number {
  return (file * 101 + record * 53 + channel * 31 + pixel * 7 + (pixel >> 5)) % 256;
}

function batchFile(file: number, records: number): Uint8Array {
  const bytes = new Uint8Array(records * RECORD_BYTES);
  for (let record = 0; record < records; record++) {
    const start = record * RECORD_BYTES;
    bytes[start] = (file + record) % 10;
    for (let i = 0; i < 3072; i++) bytes[start + 1 + i] = planeByte(file, record, Math.floor(i / 1024), i % 1024);
  }
  return bytes;
}

/** Calls the test with a folder of files with 2, 3, 4, 5 and 6 training records and 3 test records. */
function withFolder(test: (folder: string) => void): void {
  const parent = mkdtempSync(join(tmpdir(), "sluice-cifar10-"));
  try {
    const folder = join(parent, "cifar-10-batches-bin");
    mkdirSync(folder);
    TRAIN_FILES.forEach((name, index) => writeFileSync(join(folder, name), batchFile(index + 1, index + 2)));
    writeFileSync(join(folder, "test_batch.bin"), batchFile(6, 3));
    test(folder);
  } finally {
    rmSync(parent, { recursive: true });
  }
}

function refused(data: string | undefined, message: RegExp, options: object = {}): void {
  const given = data === undefined ? {} : { data };
  const error = assertThrows(() => cifar10.open({ ...given, seed: 0, ...options }), InvalidInputError);
  assertMatch(error.message, message);
  assert(!error.message.includes("\n"));
}

Deno.test("planar records become NHWC images in the order of the files", () => {
  withFolder((folder) => {
    const { labelled: { train, test }, classes } = cifar10.open({ data: folder, seed: 0 });
    assertEquals([train.count, train.height, train.width, test.count], [20, 32, 32, 3]);
    assertEquals([...train.labels], [1, 2, 2, 3, 4, 3, 4, 5, 6, 4, 5, 6, 7, 8, 5, 6, 7, 8, 9, 0]);
    assertEquals([...test.labels], [6, 7, 8]);
    assertEquals(classes.length, 10);
    for (const [image, file, record] of [[0, 1, 0], [4, 2, 2], [19, 5, 5]] as const) {
      for (const pixel of [0, 1, 32, 517, 1023]) {
        const place = (image * 1024 + pixel) * 3;
        const expected = [0, 1, 2].map((channel) => planeByte(file, record, channel, pixel));
        assertEquals([...train.images.subarray(place, place + 3)], expected);
      }
    }
  });
});

Deno.test("the parent of the official folder works like the folder itself", () => {
  withFolder((folder) => {
    assertEquals(cifar10.open({ data: join(folder, ".."), seed: 0 }), cifar10.open({ data: folder, seed: 0 }));
  });
});

Deno.test("only the wanted records of a huge file are read, and more records than fit in memory are refused", () => {
  withFolder((folder) => {
    // A sparse file: 6 GB that use no disk space.
    Deno.truncateSync(join(folder, "data_batch_1.bin"), 2_000_000 * RECORD_BYTES);
    const before = Deno.memoryUsage().rss;
    const { labelled: { train } } = cifar10.open({ data: folder, seed: 0, trainImages: 4 });
    assertLess(Deno.memoryUsage().rss - before, 100 * 2 ** 20);
    // The file's two written records, then zeros.
    assertEquals([...train.labels], [1, 2, 0, 0]);
    assertEquals([...train.images.subarray(3072, 3075)], [0, 1, 2].map((channel) => planeByte(1, 1, channel, 0)));
    assert(train.images.subarray(2 * 3072).every((value) => value === 0));
    const tooMany =
      /data_batch_1\.bin: 2000018 images are more than the 1000000 .*; give --train-images 1000000 or fewer$/;
    refused(folder, tooMany);
    refused(folder, /data_batch_1\.bin: 1000001 images are more/, { trainImages: 1_000_001 });
    Deno.truncateSync(join(folder, "test_batch.bin"), 1_000_001 * RECORD_BYTES);
    refused(folder, /test_batch\.bin: 1000001 images .*give --test-images 1000000 or fewer$/, { trainImages: 1 });
  });
});

Deno.test("records are read across the boundaries of pieces, up to the last record", () => {
  withFolder((folder) => {
    writeFileSync(join(folder, "data_batch_2.bin"), batchFile(2, 3000));
    const { labelled: { train } } = cifar10.open({ data: folder, seed: 0, trainImages: 2 + 2999 });
    for (const record of [0, 1363, 1364, 1365, 2728, 2998]) {
      const image = 2 + record;
      assertEquals(train.labels[image], (2 + record) % 10);
      const expected = [0, 1, 2].map((channel) => planeByte(2, record, channel, 1023));
      assertEquals([...train.images.subarray((image + 1) * 3072 - 3, (image + 1) * 3072)], expected);
    }
  });
});

Deno.test("fewer images are the first ones", () => {
  withFolder((folder) => {
    const all = cifar10.open({ data: folder, seed: 0 });
    const few = cifar10.open({ data: folder, seed: 0, trainImages: 4, testImages: 1 });
    assertEquals(few.labelled.train.images, all.labelled.train.images.slice(0, 4 * 3072));
    assertEquals(few.labelled.train.labels, all.labelled.train.labels.slice(0, 4));
    assertEquals(few.labelled.test.count, 1);
  });
});

Deno.test("more images than exist, and no images, are refused with the available number", () => {
  withFolder((folder) => {
    refused(folder, /train-images 21 .* 1 to 20/, { trainImages: 21 });
    refused(folder, /test-images 4 .* 1 to 3/, { testImages: 4 });
    refused(folder, /train-images 0 /, { trainImages: 0 });
    refused(folder, /train-images 1\.5 /, { trainImages: 1.5 });
  });
});

Deno.test("no folder, a missing folder and a file in place of a folder are refused with the remedy", () => {
  withFolder((folder) => {
    Deno.env.set("SLUICE_DATA", join(folder, "nowhere"));
    try {
      refused(undefined, /cifar10 is not in .*nowhere: run `sluice data fetch cifar10`, or give --data DIR/);
      Deno.env.set("SLUICE_DATA", join(folder, ".."));
      assertEquals(cifar10.open({ seed: 0 }).labelled.test.count, 3);
    } finally {
      Deno.env.delete("SLUICE_DATA");
    }
    refused(join(folder, "nowhere"), /nowhere does not exist: give --data DIR/);
    refused(join(folder, "test_batch.bin"), /test_batch\.bin does not exist|is not a folder/);
  });
});

Deno.test("a missing batch file is refused by name", () => {
  for (const name of [...TRAIN_FILES, "test_batch.bin"]) {
    withFolder((folder) => {
      rmSync(join(folder, name));
      refused(folder, new RegExp(`${name.replace(".", "\\.")} is missing`));
    });
  }
});

Deno.test("a truncated or empty file is refused by name and size", () => {
  withFolder((folder) => {
    const path = join(folder, "data_batch_3.bin");
    writeFileSync(path, readFileSync(path).subarray(0, 4 * RECORD_BYTES - 1));
    refused(folder, /data_batch_3\.bin is damaged: 12291 bytes are not a whole number of 3073-byte records/);
    writeFileSync(path, new Uint8Array(0));
    refused(folder, /data_batch_3\.bin is damaged: 0 bytes/);
  });
});

Deno.test("a label above 9 is refused by file, record and value", () => {
  withFolder((folder) => {
    const path = join(folder, "test_batch.bin");
    const bytes = readFileSync(path);
    bytes[2 * RECORD_BYTES] = 10;
    writeFileSync(path, bytes);
    refused(folder, /test_batch\.bin is damaged: record 2 has label 10/);
  });
});

Deno.test({
  name: "the real images have the published constants, balanced classes and no empty image",
  ignore: realDataMissing,
  fn: () => {
    const { labelled: { train, test }, mean, std } = cifar10.open({ data: sharedData, seed: 0 });
    assert(train.count >= 10_000 && test.count >= 2_000);
    for (const channel of [0, 1, 2] as const) {
      let sum = 0;
      let squares = 0;
      for (let i = channel; i < train.images.length; i += 3) {
        const value = (train.images[i] ?? 0) / 255;
        sum += value;
        squares += value * value;
      }
      const pixels = train.count * 1024;
      assertAlmostEquals(sum / pixels, mean[channel], 0.005);
      assertAlmostEquals(Math.sqrt(squares / pixels - (sum / pixels) ** 2), std[channel], 0.005);
    }
    const counts = new Array<number>(10).fill(0);
    for (const label of train.labels) counts[label] = (counts[label] ?? 0) + 1;
    for (const count of counts) assertAlmostEquals(count / train.count, 0.1, 0.02);
  },
});
