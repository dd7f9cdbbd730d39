/**
 * Examines, for `sluice doctor`, the machine, the native libraries, a device and on demand every operation on it.
 *
 * @module
 */
import denoJson from "../deno.json" with { type: "json" };
import { defaultDataFolder } from "../src/data/mod.ts";
import {
  describeDevices,
  Device,
  type DeviceDescription,
  type DeviceKind,
  examineLibrary,
  gpuWarnings,
  type LibraryReport,
} from "../src/device/mod.ts";
import { examineMachine, type Machine, machineWarnings, repairRemedy } from "../src/machine/mod.ts";
import { DeviceUnavailableError, NativeError } from "../src/errors.ts";
import { type CaseResult, runSelftest } from "../src/selftest/mod.ts";

/** The document of `doctor --json`. Sizes are in bytes. */
export interface Report extends Omit<Machine, "processor"> {
  readonly sluice: string;
  readonly deno: string;
  readonly system: string;
  /** Path of the packaged executable; null in a checkout. */
  readonly executable: string | null;
  /** Processors that this process may use, the same number as in `limits`. */
  readonly cores: number;
  /** Memory of the machine; `limits` has the share that this process may use. */
  readonly memory: { readonly total: number; readonly available: number };
  /** The processor, with the instructions that the CPU library uses; null if the library cannot be loaded. */
  readonly processor: Machine["processor"] & { readonly isa: string | null; readonly bf16: boolean | null };
  readonly libraries: Readonly<Record<DeviceKind, LibraryReport>>;
  readonly device: (DeviceDescription & { readonly threads: number }) | null;
  readonly operations: readonly CaseResult[] | null;
  /** Faults that prevent the requested use, each with its remedy. */
  readonly problems: readonly string[];
  /** Faults that sluice can work around, each with its remedy. */
  readonly warnings: readonly string[];
}

/** The request of `sluice doctor`. */
export interface Examination {
  /** Value of `--device`. */
  readonly device: string;
  /** Value of `--threads`. */
  readonly threads: number;
  /** Whether to check every operation (`--ops`). */
  readonly operations: boolean;
  /** Called after each checked case. */
  readonly progress: (row: CaseResult) => void;
}

/** The result of `attempt`, or the message if a device or its library cannot be used. */
function orSentence<T>(attempt: () => T): T | string {
  try {
    return attempt();
  } catch (error) {
    if (error instanceof DeviceUnavailableError || error instanceof NativeError) return error.message;
    throw error;
  }
}

function describeWrongCase(row: CaseResult): string {
  const cause = row.message ?? `error ${row.error}, gradient error ${row.gradientError}, ${row.leakedBytes} bytes kept`;
  return `operation ${row.operation}, case ${row.case}, is wrong (${cause}): ${repairRemedy()}`;
}

/**
 * Examines the machine. A fault becomes a line of the report, not an error.
 *
 * @throws {InvalidInputError} on an unknown device or a thread count out of range.
 */
export async function examine(request: Examination): Promise<Report> {
  const machine = examineMachine(defaultDataFolder());
  const opened = orSentence(() => Device.open(request));
  using device = typeof opened === "string" ? null : opened;
  const operations = device !== null && request.operations
    ? await runSelftest(device, { progress: request.progress })
    : null;
  const wrong = operations?.filter((row) => !row.ok).map(describeWrongCase) ?? [];
  const libraries = { cpu: examineLibrary("cpu"), cuda: examineLibrary("cuda") };
  const described = orSentence(() => describeDevices("cpu"));
  const cpu = typeof described === "string" ? undefined : described[0];
  const { limits, processor } = machine;
  return {
    sluice: denoJson.version,
    deno: Deno.version.deno,
    system: `${Deno.build.os} ${Deno.osRelease()} ${Deno.build.arch}`,
    executable: Deno.env.get("SLUICE_EXECUTABLE") ?? null,
    cores: limits.processors.usable,
    memory: limits.memory.host,
    ...machine,
    processor: { ...processor, isa: cpu?.isa ?? null, bf16: cpu?.bf16 ?? null },
    libraries,
    device: device === null ? null : { ...device.description, threads: device.threads },
    operations,
    // An unusable GPU is a problem only if the user asked for it: `auto` falls back to the CPU, with a warning.
    problems: [...(typeof opened === "string" ? [opened] : []), ...wrong],
    warnings: [
      ...machineWarnings(machine),
      ...(request.device === "auto" && device?.kind !== "cuda"
        ? gpuWarnings(machine.nvidia, () => libraries.cuda, null)
        : []),
    ],
  };
}
