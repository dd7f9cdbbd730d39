/**
 * Lists the third-party software in the executable, with its licences and their texts.
 *
 * @module
 */

import { basename } from "@std/path";
import { readFileSync } from "node:fs";
import { InvalidInputError } from "../../src/errors.ts";
import type { Dependency } from "./dependencies/dependency.ts";
import { commonText } from "./dependencies/licences.ts";
import { npmDependencies } from "./dependencies/npm_packages.ts";
import { systemDependencies } from "./dependencies/system_packages.ts";
import { ONNX_PACKAGE } from "../tools/onnx_schema.ts";
import { execute } from "../tools/packages.ts";

export type { Dependency } from "./dependencies/dependency.ts";
export { UnknownLicenceError } from "./dependencies/licences.ts";

/** The static libraries in the launcher: zstd, libsodium, and the runtimes of C++ and C. */
const launcherArchives = ["libzstd.a", "libsodium.a", "libstdc++.a", "libgcc_eh.a", "libc.a"];

/** The path at which the compiler finds a static library. */
async function findArchive(name: string): Promise<string> {
  const { success, output } = await execute("g++", [`-print-file-name=${name}`]);
  const path = output.trim();
  // The compiler prints the bare name if it does not find the library.
  if (success && path.startsWith("/")) return path;
  throw new InvalidInputError(
    `${name}: not found, or g++ is missing; the launcher is linked with it: run deno task setup`,
  );
}

function textOf(name: string): string {
  return readFileSync(new URL(`dependencies/${name}`, import.meta.url), "utf8");
}

/** Deno, and the two parts for which it reports versions of their own. */
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

/** Schemas from which modules of the program were made. */
function schemaDependencies(): Dependency[] {
  const [, version = ""] = ONNX_PACKAGE.split("==");
  const texts = [commonText("Apache-2.0")];
  return [{ name: "ONNX", version, licence: "Apache-2.0", kind: "schema", homepage: "https://onnx.ai", texts }];
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * Lists all third-party software in the executable: npm packages, system libraries (shared ones, and static ones in
 * the launcher), Deno, and schemas. Sorted by kind, name and version.
 *
 * @param nativeLibraries paths of the shared libraries in it; sluice's own are skipped.
 * @throws {InvalidInputError} if a library belongs to no package, or the system has no dpkg.
 * @throws {UnknownLicenceError} if the licence of a package is unknown; the message names the package.
 */
export async function listDependencies(nativeLibraries: readonly string[]): Promise<Dependency[]> {
  const others = nativeLibraries.filter((path) => !basename(path).startsWith("libsluice_"));
  const libraries = [...others, ...await Promise.all(launcherArchives.map(findArchive))];
  const native = await systemDependencies(libraries);
  const npm = await npmDependencies();
  return [...npm, ...native, ...runtimeDependencies(), ...schemaDependencies()]
    .sort((a, b) => compare(a.kind, b.kind) || compare(a.name, b.name) || compare(a.version, b.version));
}

const headings: Readonly<Record<Dependency["kind"], string>> = {
  npm: "npm packages",
  schema: "Schemas that modules were made from",
  native: "System libraries, shared or linked into the launcher",
  runtime:
    "The runtime, whose own dependencies are listed in its repository (https://github.com/denoland/deno, Cargo.lock)",
};

function describe({ name, version, licence, homepage, source }: Dependency): string {
  const lines = [`  ${name} ${version}: ${licence}`];
  if (homepage !== undefined) lines.push(`      ${homepage}`);
  if (source !== undefined) lines.push(`      built from ${source}`);
  return lines.join("\n");
}

/** Each text once, with the names of its packages. */
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
 * Formats a list of dependencies as a text: the list, then every notice and licence text, which the licences require
 * with a binary.
 *
 * @param dependencies the result of {@linkcode listDependencies}.
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
  const opening = "sluice contains third-party software. This is the list, with the licences, whose texts follow.\n" +
    "The launcher can be linked again with other versions of its libraries: " +
    "its sources are in native/executable/launcher of sluice.";
  return [opening, ...list, ...texts].join("\n\n") + "\n";
}
