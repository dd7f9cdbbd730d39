/**
 * Lists the software of other people that is a part of the executable, with its licences and their texts.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { InvalidInputError } from "../../src/errors.ts";
import type { Dependency } from "./dependencies/dependency.ts";
import { commonText } from "./dependencies/licences.ts";
import { npmDependencies } from "./dependencies/npm_packages.ts";
import { systemDependencies } from "./dependencies/system_packages.ts";
import { execute } from "../tools/packages.ts";

export type { Dependency } from "./dependencies/dependency.ts";
export { UnknownLicenceError } from "./dependencies/licences.ts";

/** What the launcher is linked from besides its own code: zstd, libsodium, and the runtimes of C++ and C. */
const launcherArchives = ["libzstd.a", "libsodium.a", "libstdc++.a", "libgcc_eh.a", "libc.a"];

/** Where the compiler finds an archive. */
async function findArchive(name: string): Promise<string> {
  const { success, output } = await execute("g++", [`-print-file-name=${name}`]);
  const path = output.trim();
  // An archive that is not found is printed as it was asked for.
  if (success && path.startsWith("/")) return path;
  throw new InvalidInputError(`${name}: is not on this machine, or g++ is not; the launcher is linked from it`);
}

function textOf(name: string): string {
  return readFileSync(new URL(`dependencies/${name}`, import.meta.url), "utf8");
}

/** Deno, and the two parts of it that it names with versions of their own. */
function runtimeDependencies(): Dependency[] {
  const { deno, v8, typescript } = Deno.version;
  return [
    {
      name: "Deno",
      version: deno,
      licence: "MIT",
      kind: "runtime",
      homepage: "https://deno.com",
      texts: [textOf("deno_licence.txt")],
    },
    {
      name: "TypeScript",
      version: typescript,
      licence: "Apache-2.0",
      kind: "runtime",
      homepage: "https://www.typescriptlang.org",
      texts: [commonText("Apache-2.0")],
    },
    {
      name: "V8",
      version: v8,
      licence: "BSD-3-Clause",
      kind: "runtime",
      homepage: "https://v8.dev",
      texts: [textOf("v8_licence.txt")],
    },
  ];
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * Everything of other people's that is in the executable: packages of npm, libraries of the system, shared ones and those that the
 * launcher is linked from, and Deno. Sorted by kind, name and version.
 *
 * @param nativeLibraries paths of the shared libraries that go with it; ours among them are passed over.
 * @throws {InvalidInputError} where a library is from no package, or there is no dpkg to ask.
 * @throws {UnknownLicenceError} where the licence of a package is not known; the message names it.
 */
export async function listDependencies(nativeLibraries: readonly string[]): Promise<Dependency[]> {
  const others = nativeLibraries.filter((path) => !basename(path).startsWith("libsluice_"));
  const libraries = [...others, ...await Promise.all(launcherArchives.map(findArchive))];
  const native = await systemDependencies(libraries);
  const npm = await npmDependencies();
  return [...npm, ...native, ...runtimeDependencies()]
    .sort((a, b) => compare(a.kind, b.kind) || compare(a.name, b.name) || compare(a.version, b.version));
}

const headings: Readonly<Record<Dependency["kind"], string>> = {
  npm: "Packages of npm",
  native: "Libraries of the system, shared or linked into the launcher",
  runtime:
    "The runtime, which is made of more that its own repository names (https://github.com/denoland/deno, Cargo.lock)",
};

function describe({ name, version, licence, homepage, source }: Dependency): string {
  const lines = [`  ${name} ${version}: ${licence}`];
  if (homepage !== undefined) lines.push(`      ${homepage}`);
  if (source !== undefined) lines.push(`      built from ${source}`);
  return lines.join("\n");
}

/** Texts, each once, with the names of those that it goes with. */
function collectTexts(dependencies: readonly Dependency[]): Map<string, string[]> {
  const owners = new Map<string, string[]>();
  for (const { name, version, texts } of dependencies) {
    for (const text of texts) {
      const clean = text.replaceAll("\r\n", "\n").trim();
      owners.set(clean, [...owners.get(clean) ?? [], `${name} ${version}`]);
    }
  }
  return owners;
}

/**
 * One text of a list of dependencies: what there is, then every notice and licence, as their licences ask for with a binary.
 *
 * @param dependencies as of {@linkcode listDependencies}.
 */
export function formatDependencies(dependencies: readonly Dependency[]): string {
  const kinds = Object.keys(headings) as Dependency["kind"][];
  const list = kinds.flatMap((kind) => {
    const ofKind = dependencies.filter((one) => one.kind === kind);
    return ofKind.length === 0 ? [] : [`${headings[kind]}:\n\n${ofKind.map(describe).join("\n")}`];
  });
  const texts = [...collectTexts(dependencies)].map(([text, names]) =>
    `${"=".repeat(80)}\n${names.join(", ")}\n\n${text}`
  );
  const opening = "sluice holds software of others. It is listed here with its licences, whose texts follow.\n" +
    "The launcher's sources, in native/executable/launcher of sluice's, can be linked anew with other versions of what it is linked from.";
  return [opening, ...list, ...texts].join("\n\n") + "\n";
}
