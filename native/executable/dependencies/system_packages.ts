/**
 * Finds the system packages of libraries, on Debian and systems derived from it.
 *
 * @module
 */

import { normalize } from "@std/path";
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { InvalidInputError, SluiceError } from "../../../src/errors.ts";
import { execute } from "../../tools/packages.ts";
import type { Dependency } from "./dependency.ts";
import { commonTexts, readLicence, UnknownLicenceError } from "./licences.ts";

/**
 * Licences of packages whose notices are not machine-readable, by source package. The notices must match the
 * pattern.
 */
const readByPeople: readonly (readonly [source: RegExp, licence: string, notice: RegExp])[] = [
  [/^gcc-\d+$/, "GPL-3.0-or-later WITH GCC-exception-3.1", /GCC\s+Runtime\s+Library\s+Exception/],
  [/^glibc$/, "LGPL-2.1-or-later", /GNU\s+Lesser\s+General\s+Public\s+License/],
];

/**
 * The paths under which dpkg may know a file: if /lib is a link to /usr/lib, it knows some files by one, some by the
 * other.
 */
function pathsOf(path: string): string[] {
  const paths = [path, realpathSync(path)].map((one) => normalize(one));
  const without = paths.map((one) => one.replace(/^\/usr(?=\/)/, ""));
  return [...new Set([...paths, ...without, ...without.map((one) => `/usr${one}`)])];
}

/** The package that contains a file. */
async function ownerOf(path: string): Promise<string> {
  if (!existsSync(path)) throw new InvalidInputError(`${path}: there is no such library`);
  for (const candidate of pathsOf(path)) {
    const { success, output } = await execute("dpkg-query", ["--search", candidate]);
    const owner = /^([^\s:,]+)(?::\w+)?(?:, .*)?: \//m.exec(output.replaceAll(/^diversion by .*$/gm, ""))?.[1];
    if (success && owner !== undefined) return owner;
  }
  throw new InvalidInputError(
    `${path}: belongs to no package of the system, so its licence is unknown; install the library from a package`,
  );
}

/** Parses notices in Debian's machine-readable format into paragraphs of fields by name. */
function readParagraphs(notices: string): Map<string, string>[] {
  return notices.split(/\n\s*\n/).map((paragraph) => {
    const fields = paragraph.matchAll(/^([A-Za-z-]+):[ \t]*(.*(?:\n[ \t].*)*)/gm);
    return new Map([...fields].map(([, name = "", value = ""]) => [name, value]));
  });
}

/**
 * The licence of a package according to its notices: the one for all files if there is one, else those of all parts.
 */
function licenceOf(name: string, source: string, notices: string): string {
  const [, licence, notice] = readByPeople.find(([pattern]) => pattern.test(source)) ?? [];
  if (licence !== undefined && notice?.test(notices)) return licence;
  if (!/^Format:/.test(notices)) throw new UnknownLicenceError(name, "its notices are not machine-readable");
  const stanzas = readParagraphs(notices).filter((fields) => fields.has("Files") && fields.has("License"));
  const whole = stanzas.find((fields) => fields.get("Files")?.trim() === "*");
  const shipped = whole === undefined
    ? stanzas.filter((fields) => !fields.get("Files")?.split(/\s+/).every((files) => files.startsWith("debian/")))
    : [whole];
  if (shipped.length === 0) throw new UnknownLicenceError(name, "its notices name no licence");
  const said = shipped.map((fields) => fields.get("License")?.split("\n")[0]?.trim() ?? "");
  return readLicence(name, [...new Set(said)].join(" and "));
}

function distribution(): string {
  const release = readFileSync("/etc/os-release", "utf8");
  return /^PRETTY_NAME="?(.*?)"?$/m.exec(release)?.[1] ?? "the system";
}

async function describe(name: string): Promise<Dependency> {
  const format = "${Version}\t${Homepage}\t${source:Package}\t${source:Version}\n";
  const { success, output } = await execute("dpkg-query", ["--show", `--showformat=${format}`, name]);
  // A package with several architectures has a line for each.
  const [version, homepage, source, sourceVersion] = output.split("\n")[0]?.split("\t") ?? [];
  if (!success || version === undefined || source === undefined) {
    throw new SluiceError(`dpkg-query does not describe the package ${name}: ${output.trim()}`);
  }
  const path = `/usr/share/doc/${name}/copyright`;
  if (!existsSync(path)) throw new UnknownLicenceError(name, `there is no ${path}`);
  const notices = readFileSync(path, "utf8");
  const licence = licenceOf(name, source, notices);
  return {
    name,
    version,
    licence,
    kind: "native",
    ...(homepage ? { homepage } : {}),
    source: `${source} ${sourceVersion} of ${distribution()}`,
    texts: [notices, ...commonTexts(licence)],
  };
}

/**
 * Finds the packages that contain the files, each once.
 *
 * @throws {InvalidInputError} if the system has no dpkg, or a file belongs to no package.
 * @throws {UnknownLicenceError} if a package's licence is unknown.
 */
export async function systemDependencies(paths: readonly string[]): Promise<Dependency[]> {
  if (!(await execute("dpkg-query", ["--version"])).success) {
    throw new InvalidInputError(
      "dpkg-query is missing, which finds the licences of libraries: list the dependencies on Debian or Ubuntu",
    );
  }
  const owners = new Set(await Promise.all(paths.map(ownerOf)));
  return await Promise.all([...owners].map(describe));
}
