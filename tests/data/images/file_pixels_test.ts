/**
 * Tests of reading pixels from image files.
 *
 * @module
 */
import { assert, assertEquals, assertIsError, assertLessOrEqual, assertMatch, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { writeFileSync } from "node:fs";
import {
  type Dataset,
  drawBatch,
  evaluationFrame,
  type FileImages,
  FilePixels,
  folder,
  FRAME_COLUMNS,
  ImageReader,
  ImageStores,
  type SkippedImage,
  trainingFrame,
} from "../../../src/data/mod.ts";
import { DamagedImageError, NativeError, ShapeError } from "../../../src/errors.ts";
import { augment } from "../../../src/ops/mod.ts";
import { Scope } from "../../../src/tensor/mod.ts";
import { openDevice } from "../../devices.ts";
import { testPixels, withTree, writeClassTree, writeDamagedPng, writePng } from "../image_files.ts";

const device = openDevice();

/** A frame as an array. */
function evaluated(height: number, width: number, wanted: number): number[] {
  const frames = new Int32Array(FRAME_COLUMNS);
  evaluationFrame([height, width], wanted, frames, 0);
  return [...frames];
}

/** Opens a tree with an image size of 16 pixels. */
function opened(root: string): Dataset<FileImages> {
  return folder.open({ data: root, seed: 0, imageSize: 16 });
}

Deno.test("evaluation resizes the shorter side to 8/7 of the wanted side and crops the centre, like torchvision", () => {
  // Resize(256) makes 256 x 341 of 375 x 500, and CenterCrop(224) begins at 16 and at round(58.5) = 58.
  assertEquals(evaluated(375, 500, 224), [0, 0, 375, 500, 256, 341, 16, 58]);
  assertEquals(evaluated(500, 375, 224), [0, 0, 500, 375, 341, 256, 58, 16]);
  assertEquals(evaluated(100, 100, 224), [0, 0, 100, 100, 256, 256, 16, 16]);
  // 33 x 36 becomes 37 x 40: the crop begins at round(2.5) = 2 and at 4.
  assertEquals(evaluated(33, 36, 32), [0, 0, 33, 36, 37, 40, 2, 4]);
});

Deno.test("an image of the wanted size is evaluated unchanged", () => {
  assertEquals(evaluated(32, 32, 32), [0, 0, 32, 32, 32, 32, 0, 0]);
});

Deno.test("a training frame is the crop of its view, resized to the network's input", () => {
  const frames = new Int32Array(2 * FRAME_COLUMNS);
  trainingFrame(Float32Array.of(3, 4, 20, 10, -1, 1, 1, 1, 0, 0, 0, 0, 0), [16, 12], frames, 1);
  assertEquals([...frames], [0, 0, 0, 0, 0, 0, 0, 0, 3, 4, 20, 10, 16, 12, 0, 0]);
});

Deno.test("files of the wanted size give their own pixels, and the same views as images in memory", () =>
  withTree((root) => {
    const sides = [0, 1, 2, 3].map((seed) => {
      writePng(join(root, "train", "a", `${seed}.png`), 16, 16, seed);
      return testPixels(16, 16, seed);
    });
    const dataset = opened(root);
    const memory = {
      ...dataset.pretraining,
      kind: "memory",
      images: Uint8Array.from(sides.flatMap((side) => [...side])),
    };
    const inMemory = { ...dataset, pretraining: memory as Dataset["pretraining"] };
    using files = new ImageStores(device, dataset);
    using whole = new ImageStores(device, inMemory);
    using _scope = new Scope();
    const actual = files.evaluation(dataset.pretraining).normalised(0, 4).toFloat32();
    assertEquals(actual, whole.evaluation(inMemory.pretraining).normalised(0, 4).toFloat32());

    // Cropping files rounds to bytes, which costs half a grey level, and as much again if the cubic overshoots.
    const views = ({ dataset }: ImageStores, stores: ImageStores) => {
      const training = stores.training(dataset.pretraining, 4);
      training.begin(drawBatch(Int32Array.of(2, 0, 3, 1), { dataset: plain(dataset), seed: 4, epoch: 1 }));
      return training.take().views.flatMap(({ images, rows, parameters }) => {
        const unchanged = { size: [16, 16], mean: [0, 0, 0], std: [1, 1, 1] } as const;
        return [...augment(images, rows, parameters, unchanged).toFloat32()];
      });
    };
    const [cut, expected] = [views(files, files), views(whole, whole)];
    const worst = Math.max(...cut.map((value, place) => Math.abs(value - (expected[place] ?? NaN))));
    assertLessOrEqual(worst, 1 / 255, `${worst * 255} grey levels`);
  }));

/** The data set with views that only crop and flip. */
function plain(dataset: Dataset): Dataset {
  const [view] = dataset.views;
  const crops = { ...view, jitterProbability: 0, grayscaleProbability: 0, solarizeProbability: 0 };
  return { ...dataset, views: [crops, crops] };
}

Deno.test("the next undamaged file with the same label replaces a damaged file, in training and in evaluation", () =>
  withTree((root) => {
    writeClassTree(root, ["a", "b"], { train: 3, test: 2 });
    // It is the last of its class, so the next with its label is the first.
    const damaged = join(root, "train", "a", "003.png");
    writeDamagedPng(damaged, 20, 20);
    const dataset = opened(root);
    const { pretraining: set } = dataset;
    const skipped: SkippedImage[] = [];
    using reader = new ImageReader(device, 2);
    const pixels = new FilePixels(set, reader, { strict: false, skipped: (image) => void skipped.push(image) });
    const bytes = 16 * 16 * 3;
    const into = new Uint8Array(7 * bytes);
    pixels.beginEvaluation(0, 7, into).wait();
    assertEquals(into.slice(3 * bytes, 4 * bytes), into.slice(0, bytes));
    assertEquals(skipped.map(({ path }) => path), [damaged]);
    assertMatch(skipped[0]?.reason ?? "", /truncated|damaged/);

    const batch = drawBatch(Int32Array.of(5, 3), { dataset, seed: 0, epoch: 0 });
    const sound = drawBatch(Int32Array.of(5, 0), { dataset, seed: 0, epoch: 0 });
    const [views, expected] = [new Uint8Array(4 * bytes), new Uint8Array(4 * bytes)];
    pixels.begin(batch, views).wait();
    pixels.begin(sound, expected).wait();
    assertEquals(views, expected);
    assertEquals([batch.indices, batch.parameters], [sound.indices, sound.parameters]);
    assertEquals(skipped.length, 1, "it is named once");
  }));

Deno.test("a damaged file is an error with strict, or if all images are damaged", () =>
  withTree((root) => {
    writeClassTree(root, ["a"], { train: 2, test: 1 });
    for (const name of ["000.png", "001.png"]) writeDamagedPng(join(root, "train", "a", name), 20, 20);
    const { pretraining: set } = opened(root);
    using reader = new ImageReader(device, 2);
    const into = new Uint8Array(2 * 16 * 16 * 3);
    const evaluate = (strict: boolean) => () =>
      new FilePixels(set, reader, { strict, skipped: () => {} }).beginEvaluation(0, 2, into).wait();
    assertIsError(
      assertThrows(evaluate(true)),
      DamagedImageError,
      /a\/000\.png: .*; remove or repair the file, or start a run without --strict/,
    );
    assertIsError(
      assertThrows(evaluate(false)),
      Error,
      /a\/001\.png: is damaged \(.*\), and 1 more file is damaged; give other images/,
    );
  }));

Deno.test("if all files of a class are damaged, images of other classes replace them, with their labels", () =>
  withTree((root) => {
    writeClassTree(root, ["a", "c"], { train: 2, test: 1 });
    for (const split of ["train", "test"]) writeDamagedPng(join(root, split, "b", "0.png"), 20, 20);
    const dataset = opened(root);
    const { pretraining: set } = dataset;
    assertEquals([...(set.labels ?? [])], [0, 0, 1, 2, 2]);
    const skipped: SkippedImage[] = [];
    using reader = new ImageReader(device, 2);
    const pixels = new FilePixels(set, reader, { strict: false, skipped: (image) => void skipped.push(image) });
    const bytes = 16 * 16 * 3;
    const batch = drawBatch(Int32Array.of(2, 0), { dataset, seed: 0, epoch: 0 });
    pixels.begin(batch, new Uint8Array(4 * bytes)).wait();
    assertEquals([...batch.indices], [3, 0]);
    const into = new Uint8Array(5 * bytes);
    pixels.beginEvaluation(0, 5, into).wait();
    assertEquals(into.slice(2 * bytes, 3 * bytes), into.slice(3 * bytes, 4 * bytes));
    assertEquals([...(set.labels ?? [])], [0, 0, 2, 2, 2], "the row is judged as what it shows");
    assertEquals(skipped.map(({ path }) => path), [join(root, "train", "b", "0.png")]);
  }));

Deno.test("a file that has changed since its header was read is replaced like a damaged file", () =>
  withTree((root) => {
    writeClassTree(root, ["a"], { train: 2, test: 1 });
    const dataset = opened(root);
    const path = join(root, "train", "a", "000.png");
    writePng(path, 4, 4, 9);
    const skipped: SkippedImage[] = [];
    using reader = new ImageReader(device, 1);
    const pixels = new FilePixels(dataset.pretraining, reader, {
      strict: false,
      skipped: (image) => void skipped.push(image),
    });
    pixels.beginEvaluation(0, 2, new Uint8Array(2 * 16 * 16 * 3)).wait();
    assertEquals(skipped.map((image) => image.path), [path]);
  }));

Deno.test("a reader names files that it cannot read, and refuses buffers of the wrong size", () =>
  withTree((root) => {
    writePng(join(root, "a.png"), 8, 12, 0);
    writeFileSync(join(root, "b.jpg"), "no image");
    using reader = new ImageReader(device, 2);
    const paths = [join(root, "a.png"), join(root, "b.jpg"), join(root, "gone.png")];
    const { sizes, refusals } = reader.inspect(paths);
    assertEquals([...sizes], [8, 12, 0, 0, 0, 0]);
    assertEquals(refusals.map(({ index }) => index), [1, 2]);
    const frames = Int32Array.of(0, 0, 8, 12, 8, 12, 0, 0);
    const request = { paths: paths.slice(0, 1), views: 1, frames, size: [8, 12] as const };
    assertThrows(() => reader.decode({ ...request, pixels: new Uint8Array(10) }), ShapeError);
    const pixels = new Uint8Array(8 * 12 * 3);
    assertThrows(() => reader.decode({ ...request, frames: frames.subarray(1), pixels }), ShapeError);
    assertThrows(
      () => reader.decode({ ...request, frames: Int32Array.of(0, 0, 8, 12, 8, 12, 1, 0), pixels }),
      NativeError,
    );
    const job = reader.decode({ ...request, pixels });
    assertEquals(job.wait(), []);
    assert(job.done);
    assertEquals(job.wait(), [], "a second wait has nothing to wait for");
    assertEquals(pixels, testPixels(8, 12, 0));
    assertThrows(() => new ImageReader(device, 0), NativeError);
    assertThrows(() => new ImageReader(device, 257), NativeError);
  }));
