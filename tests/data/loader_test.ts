/**
 * Tests of the batches of a whole run.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { EpochBatches, folder, ImageStores, Loader, shapes, type ViewBatch } from "../../src/data/mod.ts";
import type { StoredBatch, TrainingImages } from "../../src/data/mod.ts";
import { augment } from "../../src/ops/mod.ts";
import { Scope } from "../../src/tensor/mod.ts";
import { openDevice } from "../devices.ts";
import { withTree, writeClassTree, writeDamagedPng } from "./image_files.ts";

const device = openDevice();

/** Records which batches are begun and when each is taken. */
class Recorded implements TrainingImages {
  readonly begun: ViewBatch[] = [];
  readonly log: string[] = [];

  constructor(readonly ahead: number) {}

  begin(batch: ViewBatch): void {
    this.begun.push(batch);
    this.log.push("begin");
  }

  take(): StoredBatch {
    this.log.push("take");
    return { indices: new Int32Array(), views: [] as unknown as StoredBatch["views"] };
  }

  [Symbol.dispose](): void {}
}

const plan = { dataset: shapes.open({ seed: 0, trainImages: 20, testImages: 1 }), batch: 8, seed: 5, epochs: 3 };

Deno.test("the batches of a run are those of its epochs in order, and none is begun after the last", () => {
  const images = new Recorded(2);
  const loader = new Loader(images, plan);
  assertEquals(loader.stepsPerEpoch, 2);
  for (let step = 0; step < 6; step++) loader.next();
  const expected = [0, 1, 2].flatMap((epoch) => [...new EpochBatches({ ...plan, epoch })]);
  assertEquals(images.begun.map(({ indices }) => indices), expected.map(({ indices }) => indices));
  assertEquals(images.begun.map(({ parameters }) => parameters), expected.map(({ parameters }) => parameters));
});

Deno.test("as many batches are begun ahead as the images allow, also across epochs", () => {
  const images = new Recorded(3);
  const loader = new Loader(images, plan);
  loader.next();
  assertEquals(images.log.join(" "), "begin take begin begin begin");
  loader.next();
  assertEquals(images.log.slice(5).join(" "), "take begin");
  const alone = new Recorded(0);
  new Loader(alone, plan).next();
  assertEquals(alone.log.join(" "), "begin take");
});

/** Every view of a run on a tree of files, and the skipped files. */
function viewsOf(root: string, options: { readonly ahead: number; readonly workers: number }) {
  const dataset = folder.open({ data: root, seed: 0, imageSize: 16 });
  const skipped: string[] = [];
  using stores = new ImageStores(device, dataset, { ...options, skipped: ({ path }) => void skipped.push(path) });
  const loader = new Loader(stores.training(dataset.pretraining, 6), { dataset, batch: 6, seed: 2, epochs: 4 });
  const views: Float32Array[] = [];
  for (let step = 0; step < 4 * loader.stepsPerEpoch; step++) {
    using _scope = new Scope();
    for (const { images, rows, parameters } of loader.next().views) {
      views.push(augment(images, rows, parameters, { ...dataset, size: [16, 16] }).toFloat32());
    }
  }
  return { views, skipped };
}

Deno.test("the views of files, also with damaged files, depend neither on the threads nor on the batches read ahead", () =>
  withTree((root) => {
    writeClassTree(root, ["a", "b", "c"], { train: 7, test: 1 });
    const damaged = [join(root, "train", "b", "007.png"), join(root, "train", "b", "008.png")];
    for (const path of damaged) writeDamagedPng(path, 30, 22);
    const expected = viewsOf(root, { ahead: 1, workers: 1 });
    assertEquals([...expected.skipped].sort(), damaged);
    assertEquals(expected.views.length, 24);
    for (const options of [{ ahead: 4, workers: 1 }, { ahead: 1, workers: 3 }, { ahead: 3, workers: 4 }]) {
      const { views, skipped } = viewsOf(root, options);
      assertEquals(views, expected.views);
      assertEquals([...skipped].sort(), damaged, "each is named once");
    }
  }));
