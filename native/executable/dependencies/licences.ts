/**
 * Knows the licences under which third-party software may be distributed in a binary.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { SluiceError } from "../../../src/errors.ts";

/** Thrown if a package's licence is unknown or not stated. */
export class UnknownLicenceError extends SluiceError {
  /** The error's name, as messages print it. */
  override name = "UnknownLicenceError";

  /** Makes the error from the package's name and the problem. */
  constructor(readonly packageName: string, problem: string) {
    super(
      `${packageName}: ${problem}; read the licence and add it to native/executable/dependencies/licences.ts, or remove the package`,
    );
  }
}

/** Licences that only require notices. Each package contains their text. */
const permissive = [
  ...["0BSD", "Apache-2.0", "BlueOak-1.0.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC", "libpng", "MIT", "NTP"],
  ...["Unlicense", "Zlib"],
  // Debian's name for the licence of the Independent JPEG Group.
  "BSD-BY-LC-NE",
];

/**
 * Licences that also require sources. They suit shared libraries, and static ones that users can link again from our
 * sources.
 */
const reciprocal = ["GPL-3.0-or-later WITH GCC-exception-3.1", "LGPL-2.1-or-later"];

/** Debian's names for licences, in lower case, if SPDX uses another name. */
const aliases: Readonly<Record<string, string>> = {
  "cc0": "CC0-1.0",
  "expat": "MIT",
  "gpl-2": "GPL-2.0-only",
  "lgpl-2.1+": "LGPL-2.1-or-later",
};

const names = new Map([...permissive, ...reciprocal].map((name) => [name.toLowerCase(), name]));

/** Debian's licence files, for licences that its notices name without their text. */
const commonFiles: Readonly<Record<string, string>> = {
  "Apache-2.0": "Apache-2.0",
  "GPL-3.0-or-later WITH GCC-exception-3.1": "GPL-3",
  "LGPL-2.1-or-later": "LGPL-2.1",
};

/** Splits an expression into parts that all apply, each a list of alternatives. */
function readExpression(text: string): string[][] {
  const parts = text.replace(/^\((.*)\)$/, "$1").split(/\s+and\s+|,\s+/i);
  return parts.map((part) => part.split(/\s+or\s+/i).map((word) => aliases[word.toLowerCase()] ?? word));
}

/**
 * Converts a licence to an SPDX expression.
 *
 * @param text the licence as its package states it.
 * @throws {UnknownLicenceError} if a part has no known alternative.
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

/** Reads the text of a licence that Debian keeps once for all packages. */
export function commonText(file: string): string {
  return readFileSync(`/usr/share/common-licenses/${file}`, "utf8");
}

/** The licence texts that an expression of {@linkcode readLicence} requires besides the package's own notices. */
export function commonTexts(expression: string): string[] {
  const files = expression.split(" AND ").flatMap((part) => {
    const [chosen = ""] = part.split(" OR ").filter((one) => names.has(one.toLowerCase()));
    const file = commonFiles[chosen];
    return file === undefined ? [] : [file];
  });
  return files.map(commonText);
}
