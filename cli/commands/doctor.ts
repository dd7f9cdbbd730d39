/**
 * `sluice doctor`: what this machine has, what it lacks, and what to do about it.
 *
 * @module
 */

import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import process from "node:process";
import denoJson from "../../deno.json" with { type: "json" };
import { DeviceUnavailableError, NativeError } from "../../src/errors.ts";
import type { Device, DeviceDescription, DeviceKind, Requirement } from "../../src/device/mod.ts";
import type { CaseResult } from "../../src/selftest/mod.ts";
import { addCommonOptions, addExamples, givenRunOptions, outputOptions } from "../options.ts";
import { ExitStatus } from "../ui/errors.ts";
import { type OutputOptions, remark, writeResult } from "../ui/output.ts";
import { formatSelftest } from "../ui/selftest.ts";
import { mebibytes } from "../ui/tables.ts";

/** A native library: where it is or would be, and what it needs besides itself, empty where it is not built. */
interface LibraryReport {
  readonly path: string;
  readonly found: boolean;
  readonly requirements: readonly Requirement[];
}

/** What `doctor --json` prints. */
interface Report {
  readonly sluice: string;
  readonly deno: string;
  readonly system: string;
  readonly cores: number;
  readonly memory: { readonly total: number; readonly available: number };
  readonly libraries: Readonly<Record<DeviceKind, LibraryReport>>;
  readonly device: (DeviceDescription & { readonly threads: number }) | null;
  readonly operations: readonly CaseResult[] | null;
  /** What is missing or wrong and needed, each with its remedy. */
  readonly problems: readonly string[];
}

/** Opens the device, or says why that cannot be done. */
async function openDevice(device: string, threads: number): Promise<Device | string> {
  const { Device } = await import("../../src/device/mod.ts");
  try {
    return Device.open({ device, threads });
  } catch (error) {
    if (error instanceof DeviceUnavailableError || error instanceof NativeError) return error.message;
    throw error;
  }
}

/** Checks every operation on the device; a wrong one becomes a problem. */
async function testOperations(device: Device, output: OutputOptions): Promise<CaseResult[]> {
  const { runSelftest } = await import("../../src/selftest/mod.ts");
  return runSelftest(device, {
    progress: (row) => {
      if (output.verbose) remark(output, `${row.operation}, ${row.case}: ${row.ok ? "ok" : "wrong"}`);
    },
  });
}

function describeWrongCase(row: CaseResult): string {
  const cause = row.message ?? `error ${row.error}, gradient error ${row.gradientError}, ${row.leakedBytes} bytes kept`;
  return `operation ${row.operation}, case ${row.case}, is wrong (${cause}): rebuild with \`deno task build\``;
}

/** Looks at one native library; one that cannot be loaded becomes an unmet requirement of itself. */
async function examineLibrary(kind: DeviceKind): Promise<LibraryReport> {
  const { hasLibrary, libraryPath, requirementsOf } = await import("../../src/device/mod.ts");
  const [path, found] = [libraryPath(kind), hasLibrary(kind)];
  try {
    return { path, found, requirements: found ? requirementsOf(kind) : [] };
  } catch (error) {
    if (!(error instanceof DeviceUnavailableError)) throw error;
    return { path, found, requirements: [{ name: "library", found: false, detail: error.message }] };
  }
}

/** Who asks what of {@link examine}. */
interface Request {
  readonly device: string;
  readonly threads: number;
  readonly operations: boolean;
  readonly output: OutputOptions;
}

async function examine(request: Request): Promise<Report> {
  const opened = await openDevice(request.device, request.threads);
  using device = typeof opened === "string" ? null : opened;
  const operations = device !== null && request.operations ? await testOperations(device, request.output) : null;
  const wrong = operations?.filter((row) => !row.ok).map(describeWrongCase) ?? [];
  const { total, available } = Deno.systemMemoryInfo();
  const libraries = { cpu: await examineLibrary("cpu"), cuda: await examineLibrary("cuda") };
  return {
    sluice: denoJson.version,
    deno: Deno.version.deno,
    system: `${Deno.build.os} ${Deno.osRelease()} ${Deno.build.arch}`,
    cores: navigator.hardwareConcurrency,
    memory: { total, available },
    libraries,
    device: device === null ? null : { ...device.description, threads: device.threads },
    operations,
    // What keeps a GPU from being used is a problem where it was asked for; `auto` takes the CPU then.
    problems: [...(typeof opened === "string" ? [opened] : []), ...wrong],
  };
}

function describeReport(report: Report): string {
  const { cpu, cuda } = report.libraries;
  const device = report.device;
  const requirements = [...cpu.requirements, ...cuda.requirements].map((
    { name, found, detail },
  ): [string, string] => [name, found ? detail : `missing: ${detail}`]);
  const rows: [string, string | number | undefined][] = [
    ["sluice", report.sluice],
    ["deno", report.deno],
    ["system", report.system],
    ["cores", report.cores],
    ["memory", `${mebibytes(report.memory.total)}, ${mebibytes(report.memory.available)} available`],
    ["CPU library", cpu.found ? cpu.path : "not built"],
    ["CUDA library", cuda.found ? cuda.path : "not built (only the CPU is used)"],
    ...requirements,
    ["device", device === null ? "none" : `${device.kind}, ${device.name}`],
    ["threads", device?.threads],
    ["backend", device === null ? undefined : `${device.backend} ${device.backendVersion}`],
    ["instructions", device?.isa],
    ["bf16", device === null ? undefined : device.bf16 ? "supported" : "not supported by this device"],
    ["tf32", device === null ? undefined : device.tf32 ? "supported" : "not supported by this device"],
  ];
  const width = Math.max(...rows.map(([name]) => name.length)) + 2;
  const lines = rows.map(([name, value]) => `${name.padEnd(width)}${value ?? "-"}`);
  if (report.operations !== null) lines.push("", formatSelftest(report.operations));
  const verdict = report.problems.length === 0 ? ["all is well"] : report.problems.map((problem) => `! ${problem}`);
  return [...lines, "", ...verdict].join("\n");
}

async function runDoctor(command: CommandUnknownOpts): Promise<void> {
  const { resolveConfig } = await import("../../src/training/config.ts");
  const { device, threads } = resolveConfig({ flags: givenRunOptions(command) });
  const { ops }: Record<string, unknown> = command.opts();
  const output = outputOptions(command);
  const report = await examine({ device, threads, operations: ops === true, output });
  writeResult(output, report, () => describeReport(report));
  if (report.problems.length > 0) process.exitCode = ExitStatus.failed;
}

/** Adds `doctor` to the program. */
export function addDoctor(program: CommandUnknownOpts): void {
  const command = program.command("doctor")
    .description("what this machine has, what it lacks, and what to do about it")
    .option("--ops", "test every operation on the device")
    .action((_options, self) => runDoctor(self));
  addCommonOptions(command);
  addExamples(command, ["sluice doctor", "sluice doctor --ops", "sluice doctor --json"]);
}
