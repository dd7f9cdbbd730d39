/**
 * Finds Chromium for the tests of pages. Installs Debian's package if the machine has no browser and allows it.
 *
 * @module
 */
import { DELIMITER, join } from "@std/path";
import { existsSync } from "node:fs";
import process from "node:process";
import { aptCommand, installWith } from "../../native/tools/packages.ts";

const names = ["chromium", "chromium-browser", "google-chrome"];

/** The browser that the variable CHROMIUM names, or the first browser on the PATH. */
function onPath(): string | null {
  const named = process.env["CHROMIUM"] ?? "";
  if (named !== "") return named;
  const folders = (process.env["PATH"] ?? "").split(DELIMITER);
  const files = names.flatMap((name) => folders.map((folder) => join(folder, name)));
  return files.find((file) => existsSync(file)) ?? null;
}

/** Path of a browser. If there is none and none can be installed, writes the reason to stderr and returns null. */
export async function findChromium(): Promise<string | null> {
  const found = onPath();
  if (found !== null) return found;
  const apt = await aptCommand();
  const finished = apt === null ? null : await installWith(apt, [{ name: "Chromium", packages: ["chromium"] }]);
  const installed = onPath();
  if (installed !== null) return installed;
  const reason = finished === null ? "apt-get must not install it here" : finished.output.trimEnd().split("\n").at(-1);
  console.error(
    `tests of pages are ignored: there is no Chromium, and ${reason}; install it, or set CHROMIUM to its path`,
  );
  return null;
}
