/**
 * Compares the images of a run that resumes with the images that its checkpoint was trained on.
 *
 * @module
 */
import { InvalidInputError } from "../errors.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { digestOf, firstDifference, type ImageList } from "./image_list.ts";
import type { RunFolder } from "./run_folder.ts";

/** The difference between the images of a checkpoint and the present ones, in words; null if no difference is known. */
export function changedImages(run: RunFolder, { state }: Checkpoint, present: ImageList): string | null {
  const recorded = run.readImageList();
  // A checkpoint of an earlier version has no digest; the run's list was made when the run resumed first.
  const digest = state.imageList ?? (recorded === null ? null : digestOf(recorded));
  if (digest === null || digest === present.digest) return null;
  const isList = recorded !== null && digestOf(recorded) === digest;
  return isList ? firstDifference(recorded, present.text) : "the list of its images, images.tsv, is gone or changed";
}

/**
 * Refuses to resume with other images than the checkpoint's.
 *
 * @throws {InvalidInputError} with the first row of the list that differs.
 */
export function checkImageList(run: RunFolder, checkpoint: Checkpoint, present: ImageList): void {
  const change = changedImages(run, checkpoint, present);
  if (change === null) return;
  throw new InvalidInputError(
    `${run.path}: the images differ from the checkpoint's: ${change}; put them back, give --data their folder, ` +
      "or add --accept-changed-images to resume, though not bit for bit",
  );
}
