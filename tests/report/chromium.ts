/**
 * Finds Chromium for the tests of pages, installing Debian's where this machine has none and may.
 *
 * @module
 */
import { DELIMITER, join } from "@std/path";
import { existsSync } from "node:fs";
import process from "node:process";
import { aptCommand, installWith } from "../../native/tools/packages.ts";

const names = ["chromium", "chromium-browser", "google-chrome"];

/** The first of the browsers on the path, or the one that CHROMIUM names. */
function onPath(): string | null {
  const named = process.env["CHROMIUM"] ?? "";
  if (named !== "") return named;
  const folders = (process.env["PATH"] ?? "").split(DELIMITER);
  const files = names.flatMap((name) => folders.map((folder) => join(folder, name)));
  return files.find((file) => existsSync(file)) ?? null;
}

/** Path of a browser; null, with a line on stderr that says why, where there is none and none can be installed. */
export async function findChromium(): Promise<string | null> {
  const found = onPath();
  if (found !== null) return found;
  const apt = await aptCommand();
  const finished = apt === null ? null : await installWith(apt, [{ name: "Chromium", packages: ["chromium"] }]);
  const installed = onPath();
  if (installed !== null) return installed;
  const reason = finished === null ? "apt may not install it here" : finished.output.trimEnd().split("\n").at(-1);
  console.error(
    `tests of pages are ignored: there is no Chromium, and ${reason}; install it, or set CHROMIUM to its path`,
  );
  return null;
}
