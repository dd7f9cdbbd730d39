/**
 * Every command of the command line, in the order of `--help`.
 *
 * @module
 */

export { addPretrain } from "./pretrain.ts";
export { addSweep } from "./sweep.ts";
export { addStatus } from "./status.ts";
export { addEvaluate } from "./evaluate.ts";
export { addReport } from "./report.ts";
export { addEmbed } from "./embed.ts";
export { addExport } from "./export.ts";
export { addVerifyExport } from "./verify_export.ts";
export { addCost } from "./cost.ts";
export { addData } from "./data.ts";
export { addBench } from "./bench.ts";
export { addDoctor } from "./doctor.ts";
export { addCompletions } from "./completions.ts";
export { addVersion } from "./version.ts";
export { addHelp } from "./help.ts";
