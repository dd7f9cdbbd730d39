/**
 * `sluice bench`: how fast this machine trains, infers and computes single operations.
 *
 * @module
 */

import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import type { Device } from "../../src/device/mod.ts";
import type { RunConfig } from "../../src/training/config.ts";
import { addCommonOptions, addExamples, addRunOptions, givenRunOptions, outputOptions } from "../options.ts";
import { type OutputOptions, remark, writeResult } from "../ui/output.ts";
import { formatTable, mebibytes, share } from "../ui/tables.ts";
import { formatBenchmark } from "../ui/selftest.ts";

const networkOptions = ["arch", "stem", "width", "projector", "batch", "mode", "budget"] as const;

/** One benchmark: prints its own result. */
type Benchmark = (device: Device, config: RunConfig, output: OutputOptions) => Promise<void>;

const benchStep: Benchmark = async (device, config, output) => {
  const { benchStep: measure } = await import("../../src/training/benchmark.ts");
  const result = measure(device, config);
  writeResult(output, result, () =>
    formatTable(["training step", ""], [
      ["milliseconds a step", result.msPerStep.toFixed(1)],
      ["views a second", result.viewsPerSecond.toFixed(0)],
      ["GFLOP/s", result.gflops.toFixed(1)],
      ["peak memory", mebibytes(result.peakBytes)],
      ["device", result.device],
      ["precision", result.precision],
      ["threads", result.threads],
    ]));
};

const benchInfer: Benchmark = async (device, config, output) => {
  const { benchInfer: measure } = await import("../../src/training/benchmark.ts");
  const result = measure(device, config, { batches: [1, 64] });
  writeResult(output, result, () => {
    const rows = result.rows.map((row) => [
      row.batch,
      row.denseMs.toFixed(2),
      row.gatedMs.toFixed(2),
      share(row.macShare),
      share(row.timeShare),
    ]);
    const table = formatTable(["batch", "dense ms", "gated ms", "share of MACs", "share of time"], rows);
    return `${table}\n\n${result.device}, ${result.threads} threads`;
  });
};

const benchOperations: Benchmark = async (device, _config, output) => {
  const { benchOperations: measure } = await import("../../src/selftest/mod.ts");
  const rows = measure(device, (row) => {
    if (output.verbose) remark(output, `${row.operation}, ${row.case}: ${row.milliseconds.toFixed(3)} ms`);
  });
  writeResult(output, rows, () => formatBenchmark(rows));
};

async function runBench(benchmark: Benchmark, command: CommandUnknownOpts): Promise<void> {
  const { resolveConfig } = await import("../../src/training/config.ts");
  const config = resolveConfig({ flags: givenRunOptions(command) });
  const { Device } = await import("../../src/device/mod.ts");
  using device = Device.open({ device: config.device, threads: config.threads });
  await benchmark(device, config, outputOptions(command));
}

/** Adds `bench` with its kinds to the program. */
export function addBench(program: CommandUnknownOpts): void {
  const bench = program.command("bench").helpCommand(false).description(
    "speed of this machine: training step, inference, operations",
  );
  const step = bench.command("step").description("milliseconds of one training step").action((_options, self) =>
    runBench(benchStep, self)
  );
  addRunOptions(step, networkOptions);
  addCommonOptions(step);
  addExamples(step, ["sluice bench step --width 16 --stem cifar-paper --projector 512", "sluice bench step --json"]);
  const infer = bench.command("infer")
    .description("milliseconds of the dense and the gated network at batch 1 and 64")
    .action((_options, self) => runBench(benchInfer, self));
  addRunOptions(infer, networkOptions);
  addCommonOptions(infer);
  addExamples(infer, ["sluice bench infer --budget 0.3", "sluice bench infer --width 16 --json"]);
  const ops = bench.command("ops")
    .description("milliseconds of single operations beside what memory and processor allow")
    .action((_options, self) => runBench(benchOperations, self));
  addCommonOptions(ops);
  addExamples(ops, ["sluice bench ops", "sluice bench ops --threads 1 --json"]);
  addExamples(bench, ["sluice bench step", "sluice bench infer", "sluice bench ops"]);
}
