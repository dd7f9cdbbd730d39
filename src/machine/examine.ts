/**
 * One look at the machine, and what there is to say about it.
 *
 * @module
 */
import { type Processor, readProcessor } from "./instructions.ts";
import { type MemoryLimits, type ProcessorLimits, readMemoryLimits, readProcessorLimits } from "./limits.ts";
import { examineNvidia, type NvidiaReport } from "./nvidia.ts";
import { examineStorage, type FolderReport, type StorageReport } from "./storage.ts";
import { SystemCalls } from "./system_calls.ts";

/** What the machine, or the container, has for this process. Sizes are in bytes. */
export interface Machine {
  /** The kind of processor. */
  readonly processor: Processor;
  /** What this process may use. */
  readonly limits: { readonly processors: ProcessorLimits; readonly memory: MemoryLimits };
  /** NVIDIA's driver and GPUs. */
  readonly nvidia: NvidiaReport;
  /** Folders, and the room that they have. */
  readonly storage: StorageReport;
}

const LITTLE_MEMORY = 2 * 2 ** 30;
const LITTLE_ROOM = 2 ** 30;

/**
 * Looks at the machine.
 *
 * @param dataFolder where data sets lie.
 * @param root folder that holds `proc` and `sys`; another than the machine's for a drawn one.
 */
export function examineMachine(dataFolder: string, root = ""): Machine {
  using system = new SystemCalls(root);
  return {
    processor: readProcessor(system),
    limits: {
      processors: readProcessorLimits(system),
      memory: readMemoryLimits(system, Deno.systemMemoryInfo()),
    },
    nvidia: examineNvidia(system),
    storage: examineStorage(system, dataFolder),
  };
}

function mebibytes(bytes: number): string {
  return `${Math.floor(bytes / 2 ** 20)} MiB`;
}

function memoryWarnings({ total, limitFolder, decidedBy }: MemoryLimits): string[] {
  if (total >= LITTLE_MEMORY) return [];
  const cause = decidedBy === "limit" ? ` (the limit of ${limitFolder}): give the container more, or` : ":";
  return [`there are ${mebibytes(total)} of memory${cause} take a small --batch and --width`];
}

/** Folders with little room, those on one file system in one sentence. */
function roomWarnings({ current, data, temporary, cache }: StorageReport): string[] {
  const named: readonly [string, FolderReport | null][] = [
    ["runs here", current],
    ["data sets", data],
    ["temporary files", temporary],
    ["the executable's files", cache],
  ];
  // What cannot be written has no room either, as images of containers have it: that is said by itself.
  const byMount = Map.groupBy(
    named.flatMap(([name, folder]) => folder?.writable === false || folder?.free == null ? [] : [{ name, ...folder }]),
    ({ mount, path }) => mount ?? path,
  );
  return [...byMount].flatMap(([mount, folders]) => {
    const free = Math.min(...folders.map((folder) => folder.free ?? Infinity));
    if (free >= LITTLE_ROOM) return [];
    return [`${mebibytes(free)} are free on ${mount}, for ${folders.map(({ name }) => name).join(", ")}: make room`];
  });
}

function folderWarnings({ current, data, temporary }: StorageReport): string[] {
  const refused = (folder: FolderReport) => folder.writable === false;
  const noTemporary = refused(temporary) || !temporary.exists;
  return [
    ...(refused(current)
      ? [`the current folder, ${current.path}, cannot be written: give --out a folder elsewhere`]
      : []),
    ...(refused(data)
      ? [`data sets cannot be fetched to ${data.path}, which cannot be written: set SLUICE_DATA to a folder elsewhere`]
      : []),
    ...(noTemporary
      ? [`the temporary folder, ${temporary.path}, cannot be written: set TMPDIR to a folder that can`]
      : []),
    ...(temporary.noexec && !noTemporary
      ? [
        `the temporary folder, ${temporary.path}, is mounted noexec: sluice runs nothing from there, ` +
        "set TMPDIR to a folder elsewhere for programs that do",
      ]
      : []),
  ];
}

/** What is worth knowing of the machine, GPUs apart: sentences, each with its remedy. */
export function machineWarnings({ limits, storage }: Machine): string[] {
  return [...memoryWarnings(limits.memory), ...roomWarnings(storage), ...folderWarnings(storage)];
}
