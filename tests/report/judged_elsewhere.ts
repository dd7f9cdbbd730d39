/**
 * Adds evaluations on other images, and pictures of nearest images, to a synthetic run.
 *
 * @module
 */
import { type EvaluatedData, EvaluationsFolder, onOtherImages, type RunFolder } from "../../src/run/mod.ts";

const flowers: EvaluatedData = {
  dataset: "folder",
  folder: "<b>flowers",
  digest: "a".repeat(64),
  images: { train: 40, test: 16 },
};
const photos: EvaluatedData = { dataset: "images", folder: "photos", digest: "b".repeat(64), images: { train: 9 } };

/** Rows of names, some of which are markup. */
const rows = [["test/<i>.png", "train/b.png", "train/c.png"], ["test/d.png", "train/e.png", "train/f.png"]];

/**
 * Judges a run by labelled flowers, with the numbers of its own evaluation, and by photographs without labels.
 *
 * @param step of the pictures; defaults to that of the evaluation.
 */
export function judgeElsewhere(run: RunFolder, step?: number): void {
  const own = run.readEvaluation();
  if (own === null) return;
  const folder = new EvaluationsFolder(run);
  const picture = { width: 20, height: 10, pixels: new Uint8Array(600).fill(90) };
  folder.write(onOtherImages(own, flowers));
  const gated = { cost: { macs: 5, share: 0.5 }, parts: [], effectiveRank: 3.25 };
  folder.write(
    onOtherImages({ ...own, networks: { gated }, references: { rawPixels: {}, untrained: {} } }, photos),
  );
  folder.writePicture(null, "dense", step ?? own.step ?? 0, { rows, picture });
  folder.writePicture(flowers, "gated", step ?? own.step ?? 0, { rows, picture });
}
