// Tests of STL-10: small synthetic files for layout and damage.
import { assert, assertAlmostEquals, assertEquals, assertIsError, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { drawBatch, identityTable, ImageStores, stl10 } from "../../../src/data/mod.ts";
import { InvalidInputError } from "../../../src/errors.ts";
import { augment, AUGMENT_COLUMNS } from "../../../src/ops/mod.ts";
import { Scope, Tensor } from "../../../src/tensor/mod.ts";
import { openDevice } from "../../devices.ts";

const SIDE = 96;
const PLANE = SIDE * SIDE;
const device = openDevice();

/** A byte for each image, channel, row and column, chosen so that a wrong order is noticed. */
function value(image: number, channel: number, y: number, x: number): number {
  return (image * 37 + channel * 101 + y * 3 + x * 7) % 256;
}

/** Images in the layout of STL-10's files: planes, column by column. */
function imageFile(first: number, count: number): Uint8Array {
  return Uint8Array.from({ length: count * 3 * PLANE }, (_, i) => {
    const within = i % PLANE;
    return value(
      first + Math.floor(i / (3 * PLANE)),
      Math.floor(i / PLANE) % 3,
      within % SIDE,
      Math.floor(within / SIDE),
    );
  });
}

function withFolder(test: (folder: string) => void): void {
  const parent = mkdtempSync(join(tmpdir(), "sluice-stl10-"));
  try {
    const folder = join(parent, "stl10_binary");
    mkdirSync(folder);
    writeFileSync(join(folder, "unlabeled_X.bin"), imageFile(0, 9));
    writeFileSync(join(folder, "train_X.bin"), imageFile(50, 4));
    writeFileSync(join(folder, "train_y.bin"), Uint8Array.of(1, 10, 3, 2));
    writeFileSync(join(folder, "test_X.bin"), imageFile(70, 2));
    writeFileSync(join(folder, "test_y.bin"), Uint8Array.of(9, 1));
    test(folder);
  } finally {
    rmSync(parent, { recursive: true });
  }
}

function refused(data: string, message: RegExp, options: object = {}): void {
  assertIsError(assertThrows(() => stl10.open({ data, seed: 0, ...options })), InvalidInputError, message);
}

Deno.test("training uses the unlabelled images, evaluation the labelled ones, and labels are counted from 0", () => {
  withFolder((folder) => {
    const { pretraining, labelled, classes } = stl10.open({ data: folder, seed: 0 });
    assertEquals([pretraining.count, pretraining.height, pretraining.width, pretraining.labels], [9, 96, 96, null]);
    assertEquals([...(labelled?.train.labels ?? [])], [0, 9, 2, 1]);
    assertEquals([...(labelled?.test.labels ?? [])], [8, 0]);
    assertEquals(classes[9], "truck");
    const few = stl10.open({ data: join(folder, ".."), seed: 0, trainImages: 5, testImages: 1 });
    assertEquals([few.pretraining.count, few.labelled?.train.count, few.labelled?.test.count], [5, 4, 1]);
  });
});

Deno.test("planes stored by columns become rows of pixels, in training and in evaluation", () => {
  withFolder((folder) => {
    const dataset = { ...stl10.open({ data: folder, seed: 0 }), mean: [0, 0, 0], std: [1, 1, 1] } as const;
    using stores = new ImageStores(device, dataset, { workers: 2 });
    using _scope = new Scope();
    const check = (pixels: Float32Array, row: number, image: number) => {
      for (const [channel, y, x] of [[0, 0, 0], [1, 5, 80], [2, 95, 94], [0, 60, 1]] as const) {
        const actual = (pixels[((row * SIDE + y) * SIDE + x) * 3 + channel] ?? NaN) * 255;
        assertAlmostEquals(actual, value(image, channel, y, x), 1e-3);
      }
    };
    const { labelled, pretraining } = dataset;
    assert(labelled !== null);
    check(stores.evaluation(labelled.train).normalised(1, 4).toFloat32(), 2, 53);
    const training = stores.training(pretraining, 3);
    training.begin(drawBatch(Int32Array.of(8, 0, 3), { dataset, seed: 0, epoch: 0 }));
    const whole = Tensor.from(device, identityTable(3, [SIDE, SIDE]), [3, AUGMENT_COLUMNS]);
    for (const { images, rows } of training.take().views) {
      const pixels = augment(images, rows, whole, { ...dataset, size: [SIDE, SIDE] }).toFloat32();
      [8, 0, 3].forEach((image, row) => check(pixels, row, image));
    }
  });
});

Deno.test("missing, truncated and inconsistent files are refused by name", () => {
  for (const name of ["unlabeled_X.bin", "train_X.bin", "train_y.bin", "test_X.bin", "test_y.bin"]) {
    withFolder((folder) => {
      rmSync(join(folder, name));
      refused(folder, new RegExp(`${name.replace(".", "\\.")} is missing: give --data a complete folder stl10_binary`));
    });
  }
  withFolder((folder) => {
    truncateSync(join(folder, "unlabeled_X.bin"), 3 * PLANE + 5);
    refused(folder, /unlabeled_X\.bin is damaged: 27653 bytes are not a whole number of 27648-byte images/);
    truncateSync(join(folder, "unlabeled_X.bin"), 0);
    refused(folder, /unlabeled_X\.bin is damaged: 0 bytes/);
  });
  withFolder((folder) => {
    writeFileSync(join(folder, "train_y.bin"), Uint8Array.of(1, 2, 11, 3));
    refused(folder, /train_y\.bin is damaged: the label of image 2 is not one of 1 to 10/);
    writeFileSync(join(folder, "train_y.bin"), Uint8Array.of(1, 2));
    refused(folder, /train_y\.bin has 2 labels for 4 images/);
  });
  withFolder((folder) => {
    refused(folder, /train-images 10 .* 1 to 9/, { trainImages: 10 });
    refused(folder, /--image-size 64: the images of stl10 have a fixed size/, { imageSize: 64 });
    refused(folder, /--class-list x: stl10 has no class folders/, { classList: "x" });
    refused(join(folder, "nowhere"), /nowhere does not exist: give --data DIR/);
  });
});

Deno.test("a file that is truncated while it is used gives an error, not old pixels", () => {
  withFolder((folder) => {
    const dataset = stl10.open({ data: folder, seed: 0 });
    using stores = new ImageStores(device, dataset);
    const training = stores.training(dataset.pretraining, 2);
    truncateSync(join(folder, "unlabeled_X.bin"), 4 * 3 * PLANE);
    assertIsError(
      assertThrows(() => {
        training.begin(drawBatch(Int32Array.of(0, 7), { dataset, seed: 0, epoch: 0 }));
        training.take();
      }),
      Error,
      /unlabeled_X\.bin: record 7 .*; start again when no program writes to it/,
    );
  });
});
