/**
 * Tests of tables and the formats of their cells.
 *
 * @module
 */

import assert from "node:assert/strict";
import { formatTable, mebibytes, megaMacs, percent, share } from "../../../cli/ui/tables.ts";

Deno.test("a table has its first column to the left and the others to the right, and no trailing blanks", () => {
  const table = formatTable(["network", "20-NN"], [["dense", "41.50 %"], ["gated", null]]);
  assert.equal(table, ["network    20-NN", "dense    41.50 %", "gated          -"].join("\n"));
});

Deno.test("cells show percentages, shares, MACs and bytes in fixed formats, and nothing as nothing", () => {
  assert.equal(percent(41.5), "41.50 %");
  assert.equal(percent(undefined), undefined);
  assert.equal(share(0.3), "0.3000");
  assert.equal(share(null), undefined);
  assert.equal(megaMacs(703_560_448), "703.56 M");
  assert.equal(mebibytes(2 ** 20), "1.0 MiB");
});
