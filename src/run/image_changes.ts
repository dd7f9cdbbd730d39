/**
 * Whether a run that goes on sees the images that its checkpoint was trained on.
 *
 * @module
 */
import { InvalidInputError } from "../errors.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { digestOf, firstDifference, type ImageList } from "./image_list.ts";
import type { RunFolder } from "./run_folder.ts";

/** What differs between the images of a checkpoint and those that are there, in words; null if nothing does, as far as is known. */
export function changedImages(run: RunFolder, { state }: Checkpoint, present: ImageList): string | null {
  const recorded = run.readImageList();
  // A checkpoint of an earlier version knows no list: the run's own was made when it went on.
  const digest = state.imageList ?? (recorded === null ? null : digestOf(recorded));
  if (digest === null || digest === present.digest) return null;
  const isList = recorded !== null && digestOf(recorded) === digest;
  return isList
    ? firstDifference(recorded, present.text)
    : "the list of those that it was trained on is gone or changed";
}

/**
 * Refuses to go on with other images than those of a checkpoint.
 *
 * @throws {InvalidInputError} naming the first row of the list that differs.
 */
export function checkImageList(run: RunFolder, checkpoint: Checkpoint, present: ImageList): void {
  const change = changedImages(run, checkpoint, present);
  if (change === null) return;
  throw new InvalidInputError(
    `${run.path}: the images are not those of the checkpoint: ${change}; put them back, give --data their folder, ` +
      "or add --accept-changed-images to go on, though not bit for bit",
  );
}
