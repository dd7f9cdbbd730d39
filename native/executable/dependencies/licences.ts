/**
 * The licences under which other people's software may be given away as part of a binary.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { SluiceError } from "../../../src/errors.ts";

/** A licence that is not known here, or that nothing says. */
export class UnknownLicenceError extends SluiceError {
  /** The error's kind. */
  override name = "UnknownLicenceError";

  /** Names the package, and what is wrong. */
  constructor(readonly packageName: string, problem: string) {
    super(
      `${packageName}: ${problem}; read it, and add it to native/executable/dependencies/licences.ts or do without the package`,
    );
  }
}

/** Licences that allow it with notices alone, their texts being with each package. */
const permissive = [
  ...["0BSD", "Apache-2.0", "BlueOak-1.0.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC", "libpng", "MIT", "NTP"],
  ...["Unlicense", "Zlib"],
  // The Independent JPEG Group's, as Debian names it.
  "BSD-BY-LC-NE",
];

/** Licences that ask for the sources, too: of libraries that are shared, or that whoever has ours can link anew. */
const reciprocal = ["GPL-3.0-or-later WITH GCC-exception-3.1", "LGPL-2.1-or-later"];

/** Debian's names of licences that SPDX calls otherwise, beside those that differ in case alone. */
const aliases: Readonly<Record<string, string>> = {
  "cc0": "CC0-1.0",
  "expat": "MIT",
  "gpl-2": "GPL-2.0-only",
  "lgpl-2.1+": "LGPL-2.1-or-later",
};

const names = new Map([...permissive, ...reciprocal].map((name) => [name.toLowerCase(), name]));

/** Debian's files of licences that its notices name without giving their texts. */
const commonFiles: Readonly<Record<string, string>> = {
  "Apache-2.0": "Apache-2.0",
  "GPL-3.0-or-later WITH GCC-exception-3.1": "GPL-3",
  "LGPL-2.1-or-later": "LGPL-2.1",
};

/** Parts of an expression, all of which hold; each as alternatives, of which one is chosen. */
function readExpression(text: string): string[][] {
  const parts = text.replace(/^\((.*)\)$/, "$1").split(/\s+and\s+|,\s+/i);
  return parts.map((part) => part.split(/\s+or\s+/i).map((word) => aliases[word.toLowerCase()] ?? word));
}

/**
 * A licence as an SPDX expression.
 *
 * @param text what its package says of it.
 * @throws {UnknownLicenceError} where a part of it allows nothing that is known here.
 */
export function readLicence(packageName: string, text: string): string {
  const parts = readExpression(text).map((alternatives) => {
    const known = alternatives.map((one) => names.get(one.toLowerCase()));
    if (known.every((one) => one === undefined)) {
      throw new UnknownLicenceError(packageName, `its licence "${text}" is not known`);
    }
    return alternatives.map((one, index) => known[index] ?? one).join(" OR ");
  });
  return [...new Set(parts)].sort().join(" AND ");
}

/** The text of a licence as Debian has it once for all packages. */
export function commonText(file: string): string {
  return readFileSync(`/usr/share/common-licenses/${file}`, "utf8");
}

/** The texts that an expression of {@linkcode readLicence} asks for besides a package's own notices. */
export function commonTexts(expression: string): string[] {
  const files = expression.split(" AND ").flatMap((part) => {
    const [chosen = ""] = part.split(" OR ").filter((one) => names.has(one.toLowerCase()));
    const file = commonFiles[chosen];
    return file === undefined ? [] : [file];
  });
  return files.map(commonText);
}
