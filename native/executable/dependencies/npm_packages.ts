/**
 * Lists the npm packages in the program.
 *
 * @module
 */

import { join } from "@std/path";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { SluiceError } from "../../../src/errors.ts";
import type { Dependency } from "./dependency.ts";
import { commonText, readLicence, UnknownLicenceError } from "./licences.ts";

/** The program's entry points: the command, and the worker that it starts by path. */
const entries = ["cli/main.ts", "src/run/checkpoint_worker.ts"];

const root = fileURLToPath(new URL("../../..", import.meta.url));

const npmPackageSchema = z.object({
  name: z.string(),
  version: z.string(),
  dependencies: z.array(z.string()),
  localPath: z.string(),
});

/** The output of `deno info --json`: the program's modules, and all packages in the lock file. */
const graphSchema = z.object({
  roots: z.array(z.string()),
  redirects: z.record(z.string(), z.string()),
  modules: z.array(z.object({
    specifier: z.string(),
    npmPackage: z.string().optional(),
    dependencies: z.array(z.object({ code: z.object({ specifier: z.string() }).optional() })).optional(),
  })),
  npmPackages: z.record(z.string(), npmPackageSchema),
});

type Graph = z.infer<typeof graphSchema>;
type NpmPackage = z.infer<typeof npmPackageSchema>;

/** All items that can be reached from `first` through `next`. */
function reach(first: readonly string[], next: (one: string) => readonly string[]): Set<string> {
  const reached = new Set<string>();
  const waiting = [...first];
  for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) {
    if (reached.has(one)) continue;
    reached.add(one);
    waiting.push(...next(one));
  }
  return reached;
}

async function readGraph(entry: string): Promise<Graph> {
  const command = new Deno.Command(Deno.execPath(), { args: ["info", "--json", entry], cwd: root, stdin: "null" });
  const { success, stdout, stderr } = await command.output();
  const decoder = new TextDecoder();
  if (!success) throw new SluiceError(`the modules of ${entry} cannot be listed: ${decoder.decode(stderr).trim()}`);
  return graphSchema.parse(JSON.parse(decoder.decode(stdout)));
}

/** The packages whose code the program can reach. Type-only imports do not count. */
function packagesOf({ roots, redirects, modules, npmPackages }: Graph): NpmPackage[] {
  const bySpecifier = new Map(modules.map((module) => [module.specifier, module]));
  const module = (specifier: string) => bySpecifier.get(redirects[specifier] ?? specifier);
  const reached = reach(roots, (specifier) => {
    return module(specifier)?.dependencies?.flatMap(({ code }) => code === undefined ? [] : [code.specifier]) ?? [];
  });
  const direct = [...reached].flatMap((specifier) => module(specifier)?.npmPackage ?? []);
  return [...reach(direct, (key) => npmPackages[key]?.dependencies ?? [])].map((key) => {
    const found = npmPackages[key];
    if (found === undefined) throw new SluiceError(`deno info does not list the package ${key}`);
    return found;
  });
}

/** Licence texts of the packages that come without one, by the package's name. */
const missingTexts: Readonly<Record<string, () => readonly string[]>> = {
  "deno-std": () => [textOf("std_licence.txt")],
  "@bufbuild/protobuf": () => [textOf("protobuf_licence.txt"), commonText("Apache-2.0")],
};

function textOf(file: string): string {
  return readFileSync(new URL(file, import.meta.url), "utf8");
}

/** The texts of a package's licence and notices. */
function licenceTexts({ name, version, localPath }: NpmPackage): string[] {
  const files = readdirSync(localPath).filter((file) => /^(un)?licen[cs]e|^copying|^notice/i.test(file)).sort();
  const texts = files.map((file) => readFileSync(join(localPath, file), "utf8"));
  if (files.some((file) => !/^notice/i.test(file))) return texts;
  const missing = missingTexts[name];
  if (missing === undefined) {
    throw new UnknownLicenceError(`npm:${name}@${version}`, "it has no file with the text of its licence");
  }
  return [...texts, ...missing()];
}

const manifestSchema = z.object({
  license: z.union([z.string(), z.object({ type: z.string() })]).optional(),
  homepage: z.string().optional(),
  repository: z.union([z.string(), z.object({ url: z.string() })]).optional(),
});

/** The web page of a repository. */
function pageOf(repository: z.infer<typeof manifestSchema>["repository"]): string | undefined {
  const url = typeof repository === "string" ? repository : repository?.url;
  if (url === undefined) return undefined;
  if (/^[\w.-]+\/[\w.-]+$/.test(url)) return `https://github.com/${url}`;
  return url.replace(/^git\+/, "").replace(/^(git|ssh):\/\/(git@)?/, "https://").replace(/\.git$/, "");
}

function describe(npmPackage: NpmPackage): Dependency {
  const { name, version, localPath } = npmPackage;
  const { license, homepage, repository } = manifestSchema.parse(
    JSON.parse(readFileSync(join(localPath, "package.json"), "utf8")),
  );
  const said = typeof license === "string" ? license : license?.type;
  if (said === undefined) throw new UnknownLicenceError(`npm:${name}@${version}`, "its package.json names no licence");
  const page = homepage ?? pageOf(repository);
  return {
    name,
    version,
    licence: readLicence(`npm:${name}@${version}`, said),
    kind: "npm",
    ...(page === undefined ? {} : { homepage: page }),
    texts: licenceTexts(npmPackage),
  };
}

/**
 * Lists every npm package whose code is part of the program, directly or through another package.
 *
 * @throws {UnknownLicenceError} if a package has an unknown licence or no licence text.
 */
export async function npmDependencies(): Promise<Dependency[]> {
  const found = (await Promise.all(entries.map(readGraph))).flatMap(packagesOf);
  return [...new Map(found.map((one) => [`${one.name}@${one.version}`, one])).values()].map(describe);
}
