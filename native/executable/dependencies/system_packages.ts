/**
 * The system's packages that libraries are from, where the system is Debian or made of it.
 *
 * @module
 */

import { existsSync, readFileSync, realpathSync } from "node:fs";
import { normalize } from "node:path";
import { InvalidInputError, SluiceError } from "../../../src/errors.ts";
import { execute } from "../../tools/packages.ts";
import type { Dependency } from "./dependency.ts";
import { commonTexts, readLicence, UnknownLicenceError } from "./licences.ts";

/** Licences of packages whose notices no program can read, by source package, and what must still be in the notices. */
const readByPeople: readonly (readonly [source: RegExp, licence: string, notice: RegExp])[] = [
  [/^gcc-\d+$/, "GPL-3.0-or-later WITH GCC-exception-3.1", /GCC\s+Runtime\s+Library\s+Exception/],
  [/^glibc$/, "LGPL-2.1-or-later", /GNU\s+Lesser\s+General\s+Public\s+License/],
];

/** The paths that a file may be known by: a system whose /lib is /usr/lib knows some files by one, others by the other. */
function pathsOf(path: string): string[] {
  const paths = [path, realpathSync(path)].map((one) => normalize(one));
  const without = paths.map((one) => one.replace(/^\/usr(?=\/)/, ""));
  return [...new Set([...paths, ...without, ...without.map((one) => `/usr${one}`)])];
}

/** The package that a file is from. */
async function ownerOf(path: string): Promise<string> {
  if (!existsSync(path)) throw new InvalidInputError(`${path}: there is no such library`);
  for (const candidate of pathsOf(path)) {
    const { success, output } = await execute("dpkg-query", ["--search", candidate]);
    const owner = /^([^\s:,]+)(?::\w+)?(?:, .*)?: \//m.exec(output.replaceAll(/^diversion by .*$/gm, ""))?.[1];
    if (success && owner !== undefined) return owner;
  }
  throw new InvalidInputError(
    `${path}: is from no package of the system, so that nothing says under which licence it is`,
  );
}

/** The paragraphs of notices in Debian's machine-readable form, each as its fields by name. */
function readParagraphs(notices: string): Map<string, string>[] {
  return notices.split(/\n\s*\n/).map((paragraph) => {
    const fields = paragraph.matchAll(/^([A-Za-z-]+):[ \t]*(.*(?:\n[ \t].*)*)/gm);
    return new Map([...fields].map(([, name = "", value = ""]) => [name, value]));
  });
}

/** The licence of a package's files, by its notices; of all files where the notices say one, else of each. */
function licenceOf(name: string, source: string, notices: string): string {
  const [, licence, notice] = readByPeople.find(([pattern]) => pattern.test(source)) ?? [];
  if (licence !== undefined && notice?.test(notices)) return licence;
  if (!/^Format:/.test(notices)) throw new UnknownLicenceError(name, "its notices are in no form that can be read");
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
  // A package of several architectures has a line for each.
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
 * The packages that files are from, each once.
 *
 * @throws {InvalidInputError} where the system is none of Debian's, or a file is from none of its packages.
 * @throws {UnknownLicenceError} where a package's licence is not known.
 */
export async function systemDependencies(paths: readonly string[]): Promise<Dependency[]> {
  if (!(await execute("dpkg-query", ["--version"])).success) {
    throw new InvalidInputError(
      "the licences of libraries are looked up with dpkg-query, which is not here: list them on Debian or Ubuntu",
    );
  }
  const owners = new Set(await Promise.all(paths.map(ownerOf)));
  return await Promise.all([...owners].map(describe));
}
