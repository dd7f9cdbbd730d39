/**
 * Tests of tables and of the formats in their cells.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { formatTable, mebibytes, megaMacs, percent, share } from "../../../cli/ui/tables.ts";

Deno.test("a table aligns its first column left and the others right, without trailing blanks", () => {
  const table = formatTable(["network", "20-NN"], [["dense", "41.50 %"], ["gated", null]]);
  assertEquals(table, ["network    20-NN", "dense    41.50 %", "gated          -"].join("\n"));
});

Deno.test("percentages, shares, MACs and bytes have fixed formats, and a missing value stays undefined", () => {
  assertEquals(percent(41.5), "41.50 %");
  assertEquals(percent(undefined), undefined);
  assertEquals(share(0.3), "0.3000");
  assertEquals(share(null), undefined);
  assertEquals(megaMacs(703_560_448), "703.56 M");
  assertEquals(mebibytes(2 ** 20), "1.0 MiB");
});
