/**
 * Tests of reading text files line by line, against splitting their whole text.
 *
 * @module
 */
import { assertEquals, assertIsError, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { InvalidInputError } from "../../src/errors.ts";
import { readLines, readTextFile } from "../../src/formats/mod.ts";
import { withFolder } from "../folders.ts";

Deno.test(
  "lines that end within, at and beyond the pieces that are read equal those of the whole text",
  withFolder((folder) => {
    const path = join(folder, "text");
    const piece = 2 ** 20;
    for (const lengths of [[], [0], [3, 0, 5], [piece - 1, 4], [piece, 1], [piece - 2, 3 * piece, 7], [5 * piece]]) {
      // Letters of two bytes: a piece may end in the middle of a letter.
      const lines = lengths.map((length, index) => `${index}${"é".repeat(length / 2)}`);
      for (const torn of ["", "torn"]) {
        Deno.writeTextFileSync(path, lines.map((line) => `${line}\n`).join("") + torn);
        assertEquals([...readLines(path)], lines, `${lengths} ${torn}`);
      }
    }
  }),
);

Deno.test(
  "a line of more than 16 MiB is null, and the lines around it are read",
  withFolder((folder) => {
    const path = join(folder, "text");
    const long = "x".repeat(2 ** 24 + 1);
    Deno.writeTextFileSync(path, `first\n${long}\nmiddle\n${long}${long}\n\nlast\n${long}`);
    assertEquals([...readLines(path)], ["first", null, "middle", null, "", "last"]);
  }),
);

Deno.test(
  "a text file of absurd size is refused with a one-line message",
  withFolder((folder) => {
    const path = join(folder, "config.yaml");
    Deno.writeTextFileSync(path, "seed: 1\n");
    assertEquals(readTextFile(path, "restore it"), "seed: 1\n");
    Deno.truncateSync(path, 2 ** 40);
    assertIsError(
      assertThrows(() => readTextFile(path, "restore it")),
      InvalidInputError,
      /config\.yaml: has 1099511627776 bytes, more than any file that sluice writes; restore it$/,
    );
  }),
);
