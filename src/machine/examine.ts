/**
 * Describes the machine in one report, and lists its problems as warnings.
 *
 * @module
 */
import { type Processor, readProcessor } from "./instructions.ts";
import { type MemoryLimits, type ProcessorLimits, readMemoryLimits, readProcessorLimits } from "./limits.ts";
import { examineNvidia, type NvidiaReport } from "./nvidia.ts";
import { examineStorage, type FolderReport, type StorageReport } from "./storage.ts";
import { SystemCalls } from "./system_calls.ts";

/** What the machine or the container offers this process. Sizes are in bytes. */
export interface Machine {
  /** The processor's name, and instructions that it lacks. */
  readonly processor: Processor;
  /** The processors and the memory that this process may use. */
  readonly limits: { readonly processors: ProcessorLimits; readonly memory: MemoryLimits };
  /** NVIDIA's driver and GPUs. */
  readonly nvidia: NvidiaReport;
  /** The folders that sluice uses, and their free space. */
  readonly storage: StorageReport;
}

const LITTLE_MEMORY = 2 * 2 ** 30;
const LITTLE_ROOM = 2 ** 30;

/**
 * Examines the processor, limits, GPUs and folders.
 *
 * @param dataFolder the folder of the data sets.
 * @param root the folder that holds `proc` and `sys`; tests give a folder with files of their own.
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
  return [`only ${mebibytes(total)} of memory${cause} use a small --batch and --width`];
}

/** Warnings about little free space: a single sentence for all folders of a file system. */
function roomWarnings({ current, data, temporary, cache }: StorageReport): string[] {
  const named: readonly [string, FolderReport | null][] = [
    ["runs here", current],
    ["data sets", data],
    ["temporary files", temporary],
    ["the executable's files", cache],
  ];
  // A folder that cannot be written has a warning of its own, and a read-only container image reports no free space.
  const byMount = Map.groupBy(
    named.flatMap(([name, folder]) => folder?.writable === false || folder?.free == null ? [] : [{ name, ...folder }]),
    ({ mount, path }) => mount ?? path,
  );
  return [...byMount].flatMap(([mount, folders]) => {
    const free = Math.min(...folders.map((folder) => folder.free ?? Infinity));
    if (free >= LITTLE_ROOM) return [];
    return [
      `only ${mebibytes(free)} are free on ${mount}, for ${
        folders.map(({ name }) => name).join(", ")
      }: free some space`,
    ];
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
      ? [`the temporary folder, ${temporary.path}, cannot be written: set TMPDIR to a folder that can be written`]
      : []),
    ...(temporary.noexec && !noTemporary
      ? [
        `the temporary folder, ${temporary.path}, is mounted noexec: sluice runs nothing from there, ` +
        "set TMPDIR to a folder elsewhere for programs that do",
      ]
      : []),
  ];
}

/** Problems of memory, free space and folders: a sentence each, with its remedy. GPUs are not among them. */
export function machineWarnings({ limits, storage }: Machine): string[] {
  return [...memoryWarnings(limits.memory), ...roomWarnings(storage), ...folderWarnings(storage)];
}
