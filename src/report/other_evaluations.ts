/**
 * Builds the section about evaluations on images that are not a run's own. No other part of the page uses them.
 *
 * @module
 */
import type { FeatureAccuracy, NetworkEvaluation } from "../evaluation/mod.ts";
import { dataLabel, shortDigest } from "../run/mod.ts";
import { type Markup, markup } from "./markup.ts";
import { nearestNote, nearestPictures } from "./nearest_pictures.ts";
import type { ReportData, ReportEvaluation } from "./report_data.ts";
import { type Cell, type Column, columnOf, nothing, tableSection } from "./sortable_table.ts";

/** A network, or a reference, as other images judge it. */
interface Row {
  readonly run: string;
  readonly evaluation: ReportEvaluation;
  readonly network: string;
  readonly features: FeatureAccuracy & Partial<NetworkEvaluation>;
}

function rowsOf(run: string, evaluation: ReportEvaluation): Row[] {
  const { networks, references: { rawPixels, untrained } } = evaluation;
  const named: [string, Row["features"]][] = [
    ...Object.entries(networks),
    ...Object.entries(untrained).map(([name, network]): [string, NetworkEvaluation] => [`untrained ${name}`, network]),
    ...(Object.keys(rawPixels).length > 0 ? [["raw pixels", rawPixels] as [string, FeatureAccuracy]] : []),
  ];
  return named.map(([network, features]) => ({ run, evaluation, network, features }));
}

function textCell(text: string): Cell {
  return { text, value: text };
}

function numberCell(value: number | undefined, digits: number): Cell {
  return value === undefined ? nothing : { text: value.toFixed(digits), value };
}

/** Mean share of open channels, in percent. */
function openCell({ channels }: Row["features"]): Cell {
  if (channels === undefined) return nothing;
  const open = channels.blocks.reduce((sum, block) => sum + block.open * block.channels, 0);
  return numberCell(100 * open / channels.channels, 1);
}

function imagesCell({ data: { images } }: ReportEvaluation): Cell {
  return textCell(Object.entries(images).map(([split, count]) => `${count} ${split}`).join(", "));
}

/** The columns; those of measurements are left out if no evaluation has them. */
function columnsOf(rows: readonly Row[], isSweep: boolean): Column[] {
  const column = (heading: string, cell: (row: Row) => Cell) => columnOf(heading, rows, cell);
  const measured = [
    column("20-NN, %", ({ features }) => numberCell(features.knn20, 2)),
    column("probe, %", ({ features }) => numberCell(features.linear?.top1, 2)),
    column("effective rank", ({ features }) => numberCell(features.effectiveRank, 2)),
    column("cost, %", ({ features: { cost } }) => numberCell(cost && 100 * cost.share, 2)),
    column("cost, M MACs", ({ features: { cost } }) => numberCell(cost && cost.macs / 1e6, 2)),
    column("open channels, %", ({ features }) => openCell(features)),
  ];
  return [
    ...(isSweep ? [column("run", ({ run }) => textCell(run))] : []),
    column("data", ({ evaluation }) => textCell(dataLabel(evaluation.data))),
    column("images", ({ evaluation }) => imagesCell(evaluation)),
    column("digest", ({ evaluation }) => textCell(shortDigest(evaluation.data))),
    column("after step", ({ evaluation: { step } }) => numberCell(step, 0)),
    column("network", ({ network }) => textCell(network)),
    ...measured.filter(({ cells }) => cells.some(({ value }) => value !== null)),
  ];
}

function picturesOf({ data, pictures }: ReportEvaluation, index: number): Markup | null {
  const shown = nearestPictures(pictures, `nearest-${index}`);
  if (shown === null) return null;
  return markup`
    <h3>Nearest images of ${dataLabel(data)}, digest ${shortDigest(data)}</h3>${shown}`;
}

/** Builds the section; null if no run was evaluated on other images. */
export function otherEvaluations({ kind, runs }: ReportData): Markup | null {
  const rows = runs.flatMap(({ name, others }) => others.flatMap((evaluation) => rowsOf(name, evaluation)));
  if (rows.length === 0) return null;
  const pictures = runs.flatMap(({ others }) => others).map(picturesOf).filter((part) => part !== null);
  const table = tableSection({
    name: "others",
    title: "On other images",
    notes: [
      "These images are not the run’s own, and no figure or table above uses them. They have the size, the mean and " +
      "the standard deviation that the networks were trained with.",
      "The digest tells images of one name apart.",
    ],
    columns: columnsOf(rows, kind === "sweep"),
  });
  if (pictures.length === 0) return table;
  return markup`${table}
  <section aria-labelledby="others-nearest-title">
    <h2 id="others-nearest-title">Nearest images among other images</h2>
    <p>${nearestNote}</p>${pictures}
  </section>`;
}
