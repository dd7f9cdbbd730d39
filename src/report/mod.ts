/**
 * Reports of runs and sweeps, as a page and as figures.
 *
 * @module
 */
export { type FigureFile, figureFiles } from "./figure_file.ts";
export type { ReportExport } from "./exported_files.ts";
export { reportPage } from "./page.ts";
export {
  curvePoints,
  type NetworkPicture,
  readReportRun,
  type ReportData,
  type ReportEvaluation,
  reportOfRun,
  reportOfSweep,
  type ReportRun,
} from "./report_data.ts";
