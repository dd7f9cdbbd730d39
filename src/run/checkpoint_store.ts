/**
 * Writes a checkpoint to the disk. A thread beside training loads this file, so it imports little.
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
  /** The run's lock, if it has one: if another run has taken the folder's place, no checkpoint is written into it. */
  readonly locked?: LockedFile | null;
  /** How many of the last checkpoints to keep. */
  readonly kept: number;
  /** Number of epochs done, if the checkpoint is also kept under the name of that epoch; else null. */
  readonly epochs: number | null;
  /** Whether it takes the place of the last one, which is not kept: both are of the same step. False by default. */
  readonly supersedes?: boolean | undefined;
  /** The tensors by name, in this library's layouts. */
  readonly tensors: ReadonlyMap<string, HostTensor>;
  /** Metadata of the file. */
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Frees a tensor's memory now. If the garbage collector did it, a checkpoint would take several times its size
 * meanwhile.
 */
function free({ data }: HostTensor): void {
  data.buffer.transfer(0);
}

/** The tensor in PyTorch's layout. The memory of the given tensor is freed if it has another layout. */
function relaid(tensor: HostTensor): HostTensor {
  const inLayout = inTorchLayout(tensor);
  if (inLayout !== tensor) free(tensor);
  return inLayout;
}

/**
 * Writes a checkpoint to a temporary file, flushes it, reads it back, and renames it. The memory of the tensors is
 * freed.
 *
 * @throws {StorageError} if the file cannot be written, or reads back differently; the last checkpoint stays.
 * @throws {LostFolderError} if the run's folder was removed or replaced; no checkpoint there is changed.
 */
export function storeCheckpoint({ folder, locked, tensors, metadata, ...place }: CheckpointTask): void {
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
  files.replaceLast({ ...place, bytes, check });
}
