/**
 * Builds the table that puts the gates' masks beside masks that need no gates.
 *
 * @module
 */
import { deployedWay, staticWayNames } from "../evaluation/protocols.ts";
import type { Markup } from "./markup.ts";
import { type MaskKind, maskKinds, type MaskOutcome } from "./mask_outcomes.ts";
import { measureNames } from "./outcomes.ts";
import type { PlainCurves } from "./plain_curve.ts";
import type { ReportData } from "./report_data.ts";
import { type Cell, type Column, columnOf, spreadCell, tableSection } from "./sortable_table.ts";
import { networkColumns, pointsCell } from "./table.ts";

function maskCell(kind: MaskKind, { accuracies, bestStatic }: MaskOutcome): Cell {
  return { ...spreadCell(accuracies.get(kind) ?? null, 2), isBold: kind === bestStatic };
}

/** The columns of measurements. Leaves out masks that no evaluation has, because earlier versions made them. */
function measuredColumns(rows: readonly MaskOutcome[], plain: PlainCurves): Column[] {
  const kinds = maskKinds.filter((kind) => rows.some(({ accuracies }) => accuracies.has(kind)));
  const columns = [
    ...kinds.map((kind) => columnOf(kind.name, rows, (row) => maskCell(kind, row))),
    columnOf("rho", rows, ({ rho }) => spreadCell(rho, 3)),
  ];
  return plain.isEmpty ? columns : [
    ...columns,
    columnOf("above plain: own", rows, ({ ownAbovePlain }) => pointsCell(ownAbovePlain)),
    columnOf("above plain: static", rows, ({ staticAbovePlain }) => pointsCell(staticAbovePlain)),
  ];
}

/** Builds the table, with a row for each gated network; null if no evaluation has the protocol `masks`. */
export function maskTable(data: ReportData, rows: readonly MaskOutcome[], plain: PlainCurves): Markup | null {
  if (rows.length === 0) return null;
  const networks = networkColumns(data, rows.map(({ outcome }) => outcome));
  // An option that only other networks have would be an empty column.
  const identifying = networks.filter(({ cells }) => cells.some(({ value }) => value !== null));
  return tableSection({
    name: "masks",
    title: "What deciding image by image is worth",
    notes: [
      `Each column is the ${measureNames[plain.measure]} accuracy of the gated network in percent under other masks: ` +
      "its own, those of other images, every channel open, one static mask for all images, and an oracle's.",
      "Recalibrated means that the statistics of the gated norms are estimated again under these masks.",
      "The best static mask is bold; rho is 0 if all images have one mask, and 1 if masks vary as much as their cost allows.",
      ...(plain.isEmpty ? [] : [
        `“Above plain: static” takes the mask “static: ${staticWayNames[deployedWay]}”, as it is or recalibrated, ` +
        "whichever is better.",
      ]),
    ],
    columns: [...identifying, ...measuredColumns(rows, plain)],
  });
}
