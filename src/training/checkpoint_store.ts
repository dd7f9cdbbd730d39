/**
 * Puts a checkpoint on the disk; it is loaded by the thread that does this beside training, and so knows little else.
 *
 * @module
 */
import { StorageError } from "../errors.ts";
import { encodeSafetensors, type HostTensor, readSafetensors, reasonOf } from "../formats/mod.ts";
import { inTorchLayout } from "../models/torchvision.ts";
import { CheckpointFiles } from "./checkpoint_files.ts";

/** A checkpoint on its way to the disk. */
export interface CheckpointTask {
  /** The run's folder of checkpoints. */
  readonly folder: string;
  /** How many last checkpoints are kept. */
  readonly kept: number;
  /** Number of epochs if it also stays as the checkpoint after them; else null. */
  readonly epochs: number | null;
  /** By name, in this library's own layouts. */
  readonly tensors: ReadonlyMap<string, HostTensor>;
  /** What it says of itself. */
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Writes a checkpoint beside its place, flushes it, reads it back, and puts it in its place.
 *
 * @throws {StorageError} if it cannot be written, or does not read back; the last checkpoint stays.
 */
export function storeCheckpoint({ folder, kept, epochs, tensors, metadata }: CheckpointTask): void {
  const inLayout = new Map([...tensors].map(([name, tensor]) => [name, inTorchLayout(tensor)]));
  const files = new CheckpointFiles(folder);
  const check = (temporary: string) => {
    try {
      readSafetensors(temporary, { checksum: true });
    } catch (cause) {
      const reason = reasonOf(cause);
      throw new StorageError(`${files.last()}: does not read back as it was written (${reason}); check the disk`, {
        cause,
      });
    }
  };
  files.replaceLast({ kept, epochs, bytes: encodeSafetensors(inLayout, metadata, { checksum: true }), check });
}
