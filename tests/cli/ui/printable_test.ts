/**
 * Tests that text from files cannot control a terminal.
 *
 * @module
 */

import { assert, assertEquals, assertNotMatch } from "@std/assert";
import { coloursFor, printableWithStyles } from "../../../cli/ui/colours.ts";
import { printable, printableJson } from "../../../cli/ui/printable.ts";
import { formatTable } from "../../../cli/ui/tables.ts";

Deno.test("controls, line breaks, bidi marks and half characters become codes, and all other text stays", () => {
  assertEquals(printable("a\u001b[31mb"), "a\\x1b[31mb");
  assertEquals(printable("a\nb\rc\td\u0000\u007f"), "a\\x0ab\\x0dc\\x09d\\x00\\x7f");
  assertEquals(printable("\u0085\u009b31m"), "\\x85\\x9b31m");
  assertEquals(printable("gpj.\u202ephoto\u2066\u200f"), "gpj.\\u{202e}photo\\u{2066}\\u{200f}");
  assertEquals(printable("\u2028\u2029\ud800"), "\\u{2028}\\u{2029}\\u{d800}");
  assertEquals(printable("Grün 写真 👩‍🔬 e\u0301 \\x1b"), "Grün 写真 👩‍🔬 e\u0301 \\x1b");
});

Deno.test("printable JSON parses to the same value, and contains no control, separator or bidi mark", () => {
  const value = { "a\u009b": ["\u202e\u2028\u007f\u001b\n", "ü👩‍🔬"] };
  const text = printableJson(JSON.stringify(value));
  assertEquals(JSON.parse(text), value);
  assertNotMatch(text, /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u);
});

Deno.test("any cell of a table is one line, and only the program's own colours pass", () => {
  const table = formatTable(["name", "n"], [["a\n\u001b[2J", 1], ["\u001b[1mbold\u001b[22m", 2]]);
  assertEquals(table.split("\n").length, 3);
  assert(!table.includes("\u001b"), table);
  const before = Deno.env.get("TERM");
  Deno.env.set("TERM", "xterm");
  try {
    const own = coloursFor({ isTTY: true }).green("good");
    if (own === "good") return; // NO_COLOR is set
    assertEquals(own, "\u001b[32mgood\u001b[39m");
    assertEquals(printableWithStyles(`${own} \u001b[32mforged\u001b[39m`), `${own} \\x1b[32mforged\\x1b[39m`);
    Deno.env.set("TERM", "dumb");
    assertEquals(coloursFor({ isTTY: true }).green("good"), "good");
  } finally {
    if (before === undefined) Deno.env.delete("TERM");
    else Deno.env.set("TERM", before);
  }
});
