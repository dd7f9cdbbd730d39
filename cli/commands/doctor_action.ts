/**
 * What `sluice doctor` does.
 *
 * @module
 */
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import process from "node:process";
import { resolveConfig } from "../../src/config/config.ts";
import { examine, type Report } from "../examination.ts";
import { givenRunOptions, outputOptions } from "../options.ts";
import { ExitStatus } from "../ui/errors.ts";
import { remark, writeResult } from "../ui/output.ts";
import { formatSelftest } from "../ui/selftest.ts";
import { mebibytes } from "../ui/tables.ts";

type Row = readonly [string, string | number | undefined];
type Folder = Report["storage"]["current"];

function describeProcessors({ usable, host, affinity, quota, quotaFolder, decidedBy }: Report["limits"]["processors"]) {
  const limits = [
    ...(affinity < host ? [`affinity ${affinity}`] : []),
    ...(quota === null ? [] : [`quota ${Number(quota.toFixed(2))} of ${quotaFolder}`]),
  ];
  const counts = decidedBy === "host" ? "" : `, the ${decidedBy} counts`;
  return `${usable} of ${host}${limits.length === 0 ? "" : ` (${limits.join(", ")}${counts})`}`;
}

function describeMemory({ total, available, host, limit, limitFolder, decidedBy }: Report["limits"]["memory"]): string {
  const have = `${mebibytes(total)}, ${mebibytes(available)} available`;
  if (limit === null || decidedBy === "host") return have;
  const machine = `the machine has ${mebibytes(host.total)}, ${mebibytes(host.available)} available`;
  return `${have} (the limit of ${limitFolder} counts; ${machine})`;
}

function describeFolder({ path, exists, writable, free, mount, type, noexec, readOnly }: Folder): string {
  const notes = [
    free === null ? "free space unknown" : `${mebibytes(free)} free`,
    ...(mount === null ? [] : [`${type} on ${mount}`]),
    ...(readOnly ? ["mounted read-only"] : []),
    ...(noexec ? ["mounted noexec"] : []),
    ...(writable === false && !readOnly ? ["not writable"] : []),
    ...(exists ? [] : ["not made yet"]),
  ];
  return `${path} (${notes.join(", ")})`;
}

function storageRows({ current, data, temporary, home, cache }: Report["storage"]): Row[] {
  return [
    ["current folder", describeFolder(current)],
    ["data folder", describeFolder(data)],
    ["temporary folder", describeFolder(temporary)],
    ["home", describeFolder(home)],
    ...(cache === null
      ? []
      : [["executable's files", `${mebibytes(cache.bytes)} in ${describeFolder(cache)}`] as const]),
  ];
}

function describeDriver({ kernelModule, library, cuda }: Report["nvidia"]): string {
  if (kernelModule === null && library === null) {
    return "none: no /proc/driver/nvidia/version, and no libcuda.so.1 on the loader's paths";
  }
  const versions = `${kernelModule ?? "unknown version"}${cuda === null ? "" : `, for CUDA ${cuda}`}`;
  return `${versions}, ${library ?? "without libcuda.so.1 on the loader's paths"}`;
}

function nvidiaRows({ nvidia, libraries: { cuda } }: Report): Row[] {
  return [
    ["CUDA library", cuda.found ? cuda.path : "not built (only the CPU is used)"],
    ["NVIDIA's driver", describeDriver(nvidia)],
    ...nvidia.gpus.map(({ name, capability, memory }, index): Row => [
      `GPU ${index}`,
      `${name}, ${mebibytes(memory)}, compute capability ${capability}`,
    ]),
    ...(nvidia.fault === null ? [] : [["GPUs", nvidia.fault] as const]),
    ...requirementRows(cuda),
  ];
}

function requirementRows({ requirements }: Report["libraries"]["cpu"]): Row[] {
  return requirements.map(({ name, needed, found, detail }) => {
    const lacking = needed ? "missing" : "not there";
    return [name, found ? detail : `${lacking}: ${detail}`];
  });
}

function describeProcessor({ name, needs, missing, isa, bf16 }: Report["processor"]): string {
  const level = missing.length === 0 ? needs : `less than ${needs}, lacks ${missing.join(", ")}`;
  const library = isa === null
    ? ""
    : `; the library uses ${isa}, bf16 ${bf16 === true ? "supported" : "not supported"}`;
  return `${name ?? "unknown"}: ${level}${library}`;
}

function supported(value: boolean | undefined): string | undefined {
  return value === undefined ? undefined : value ? "supported" : "not supported by this device";
}

function describeReport(report: Report): string {
  const { device, libraries: { cpu }, limits, storage } = report;
  const rows: Row[] = [
    ["sluice", report.sluice],
    ...(report.executable === null ? [] : [["executable", report.executable] as const]),
    ["deno", report.deno],
    ["system", report.system],
    ["processor", describeProcessor(report.processor)],
    ["cores", describeProcessors(limits.processors)],
    ["memory", describeMemory(limits.memory)],
    ["CPU library", cpu.found ? cpu.path : "not built"],
    ...requirementRows(cpu),
    ...nvidiaRows(report),
    ["device", device === null ? "none" : `${device.kind}, ${device.name}`],
    ["threads", device?.threads],
    ["backend", device === null ? undefined : `${device.backend} ${device.backendVersion}`],
    ["instructions", device?.isa],
    ["bf16", supported(device?.bf16)],
    ["tf32", supported(device?.tf32)],
    ...storageRows(storage),
  ];
  const width = Math.max(...rows.map(([name]) => name.length)) + 2;
  const lines = rows.map(([name, value]) => `${name.padEnd(width)}${value ?? "-"}`);
  if (report.operations !== null) lines.push("", formatSelftest(report.operations));
  return [...lines, "", ...describeFaults(report)].join("\n");
}

function describeFaults({ problems, warnings }: Report): string[] {
  if (problems.length + warnings.length === 0) return ["all is well"];
  const faults = [...warnings.map((warning) => `warning: ${warning}`), ...problems.map((problem) => `! ${problem}`)];
  return problems.length === 0 ? [...faults, "nothing essential is missing"] : faults;
}

/** Examines the machine and prints what it finds. */
export async function runDoctor(command: CommandUnknownOpts): Promise<void> {
  const { device, threads } = resolveConfig({ flags: givenRunOptions(command) });
  const { ops }: Record<string, unknown> = command.opts();
  const output = outputOptions(command);
  const report = await examine({
    device,
    threads,
    operations: ops === true,
    progress: (row) => {
      if (output.verbose) remark(output, `${row.operation}, ${row.case}: ${row.ok ? "ok" : "wrong"}`);
    },
  });
  writeResult(output, report, () => describeReport(report));
  if (report.problems.length > 0) process.exitCode = ExitStatus.failed;
}
