/**
 * Evaluates a run, as the commands that evaluate do.
 *
 * @module
 */
import type { SkippedImage } from "../src/data/mod.ts";
import type { RunConfig } from "../src/config/config.ts";
import type { EvaluationOptions } from "../src/encoders/evaluate_run.ts";
import type { Evaluation } from "../src/run/evaluation_file.ts";
import type { RunFolder } from "../src/run/run_folder.ts";
import { type OutputOptions, remark } from "./ui/output.ts";
import { SkippedRemarks } from "./ui/skipped.ts";

/**
 * Evaluates a run's latest whole checkpoint. The evaluation is not written.
 *
 * @param where what computes, where the data set's files are, and whether damaged images are recorded in the run's folder.
 * @throws {InvalidInputError} if the run has saved nothing yet, or its data set cannot be evaluated with.
 */
export async function evaluateFolder(
  run: RunFolder,
  options: EvaluationOptions,
  where: Pick<RunConfig, "device" | "threads" | "data"> & { readonly isKept: boolean },
  output: OutputOptions,
): Promise<Evaluation> {
  const checkpoint = run.latestCheckpoint((line) => remark(output, line));
  const { openDataset, remarkSelection } = await import("./datasets.ts");
  const { labelledSets } = await import("../src/evaluation/mod.ts");
  const { ImageStores } = await import("../src/data/mod.ts");
  const { storeOptions } = await import("../src/config/options.ts");
  const dataset = openDataset(run.config, where.data);
  labelledSets(dataset);
  const { Device } = await import("../src/device/mod.ts");
  using device = Device.open(where);
  const { evaluateRun } = await import("../src/encoders/evaluate_run.ts");
  remarkSelection(dataset, output);
  const remarks = new SkippedRemarks(output);
  const skipped = (image: SkippedImage) => {
    if (where.isKept) run.appendSkipped(image);
    remarks.add(image);
  };
  dataset.skipped.forEach(skipped);
  using stores = new ImageStores(device, dataset, { ...storeOptions(run.config), skipped });
  const evaluation = evaluateRun(run, checkpoint, stores, { ...options, progress: (stage) => remark(output, stage) });
  remarks.conclude(where.isKept ? `${run.path}/skipped.jsonl names them` : "sluice data verify names them");
  return evaluation;
}
