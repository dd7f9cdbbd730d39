/**
 * Puts a checkpoint on the disk; it is loaded by the thread that does this beside training, and so knows little else.
 *
 * @module
 */
import { StorageError } from "../errors.ts";
import {
  checkLockedFile,
  encodeSafetensors,
  type HostTensor,
  type LockedFile,
  readSafetensors,
  reasonOf,
} from "../formats/mod.ts";
import { inTorchLayout } from "../models/torchvision.ts";
import { CheckpointFiles } from "./checkpoint_files.ts";

/** A checkpoint on its way to the disk. */
export interface CheckpointTask {
  /** The run's folder of checkpoints. */
  readonly folder: string;
  /** The run's lock, if it has one: no checkpoint is put in place after another run's folder was. */
  readonly locked?: LockedFile | null;
  /** How many last checkpoints are kept. */
  readonly kept: number;
  /** Number of epochs if it also stays as the checkpoint after them; else null. */
  readonly epochs: number | null;
  /** By name, in this library's own layouts. */
  readonly tensors: ReadonlyMap<string, HostTensor>;
  /** What it says of itself. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** Frees a tensor's memory now: until the garbage collector looks, a checkpoint would take several times its size. */
function free({ data }: HostTensor): void {
  data.buffer.transfer(0);
}

/** A tensor in PyTorch's layout, in place of the one given. */
function relaid(tensor: HostTensor): HostTensor {
  const inLayout = inTorchLayout(tensor);
  if (inLayout !== tensor) free(tensor);
  return inLayout;
}

/**
 * Writes a checkpoint beside its place, flushes it, reads it back, and puts it in its place. The tensors are used up.
 *
 * @throws {StorageError} if it cannot be written, or does not read back; the last checkpoint stays.
 * @throws {LostFolderError} if the run's folder was removed or replaced; no checkpoint there is changed.
 */
export function storeCheckpoint({ folder, locked, kept, epochs, tensors, metadata }: CheckpointTask): void {
  if (locked) checkLockedFile(locked);
  const inLayout = new Map([...tensors].map(([name, tensor]) => [name, relaid(tensor)]));
  const bytes = encodeSafetensors(inLayout, metadata, { checksum: true });
  for (const tensor of inLayout.values()) free(tensor);
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
    if (locked) checkLockedFile(locked);
  };
  files.replaceLast({ kept, epochs, bytes, check });
}
