/**
 * Tests the list of third-party software against the packages and libraries that the program really uses.
 *
 * @module
 */

import {
  assert,
  assertEquals,
  assertIsError,
  assertMatch,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { join } from "@std/path";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import denoJson from "../../deno.json" with { type: "json" };
import { formatDependencies, listDependencies, UnknownLicenceError } from "../../native/executable/dependencies.ts";
import { readLicence } from "../../native/executable/dependencies/licences.ts";
import { systemDependencies } from "../../native/executable/dependencies/system_packages.ts";
import { InvalidInputError } from "../../src/errors.ts";
import { withFolder } from "../folders.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const library = join(root, "native", "build", "libsluice_cpu.so");

/** The paths of the libraries that the native library is linked with, as the loader resolves them. */
async function linkedLibraries(): Promise<string[]> {
  const { success, stdout } = await new Deno.Command("ldd", { args: [library] }).output();
  assert(success);
  const paths = [...new TextDecoder().decode(stdout).matchAll(/ => (\S+) /g)].map(([, path = ""]) => path);
  return paths.filter((path) => /\/lib(dnnl|gomp|jpeg|png16|z|OpenCL)\./.test(path));
}

/** The packages that the text of cli/ and src/ imports. Type-only imports do not count. */
function importedSpecifiers(): string[] {
  const imports: Readonly<Record<string, string>> = denoJson.imports;
  const texts = ["cli", "src"].flatMap((folder) => {
    return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((path) => path.endsWith(".ts") && !path.endsWith(".d.ts"))
      .map((path) => readFileSync(join(root, folder, path), "utf8"));
  });
  const named = texts.flatMap((text) => [
    ...text.matchAll(/^(?:import|export) (?!type\b)[^;]*?from "([^".]+?)";|\bimport\("([^".]+?)"\)/gm),
  ]).map(([, eager, lazy]) => eager ?? lazy ?? "");
  return [...new Set(named.filter((name) => !name.startsWith("node:")))].map((name) => imports[name] ?? name);
}

/** The npm part of deno.lock. */
interface Lock {
  /** Versions by specifier. */
  readonly specifiers: Readonly<Record<string, string>>;
  /** Packages by name and version. */
  readonly npm: Readonly<
    Record<string, { readonly dependencies?: readonly string[]; readonly optionalDependencies?: readonly string[] }>
  >;
}

/** The packages and all their dependencies according to deno.lock, as names with versions. */
function lockedClosure(specifiers: readonly string[]): string[] {
  const { npm: packages, specifiers: versions } = JSON.parse(readFileSync(join(root, "deno.lock"), "utf8")) as Lock;
  const plain = (key: string) => key.replace(/(?<=.@[^_]*)_.*$/, "");
  const resolve = (named: string) => {
    const key = named in packages
      ? named
      : Object.keys(packages).find((one) => one.replace(/(?<=.)@.*$/, "") === named);
    assert(key !== undefined, named);
    return key;
  };
  const waiting = specifiers.map((specifier) => {
    const [, name = "", version = ""] = /^npm:(.+?)@([\d.]+)/.exec(specifier) ?? [];
    return resolve(`${name}@${versions[`npm:${name}@${version}`] ?? version}`);
  });
  const found = new Set<string>();
  for (let key = waiting.pop(); key !== undefined; key = waiting.pop()) {
    if (found.has(key)) continue;
    found.add(key);
    const { dependencies = [], optionalDependencies = [] } = packages[key] ?? {};
    waiting.push(...[...dependencies, ...optionalDependencies].map(resolve));
  }
  return [...new Set([...found].map(plain))].sort();
}

const dependencies = await listDependencies([library, ...await linkedLibraries()]);

Deno.test("the npm packages are those that the code imports and their dependencies, without those of tests or types", () => {
  const listed = dependencies.filter(({ kind }) => kind === "npm").map(({ name, version }) => `${name}@${version}`);
  assertEquals(listed.sort(), lockedClosure(importedSpecifiers()));
  for (const name of ["@observablehq/plot", "d3-array", "tar", "zod", "commander"]) {
    assert(dependencies.some((one) => one.name === name), name);
  }
  for (const name of ["fast-check", "axe-core", "puppeteer-core", "kubernetes-models"]) {
    assert(!dependencies.some((one) => one.name === name), name);
  }
});

Deno.test("the libraries are those of the native library and of the launcher, each with its source package", () => {
  const native = dependencies.filter(({ kind }) => kind === "native");
  const wanted = [
    /^lib(dnnl|onednn)/,
    /^libgomp1$/,
    /^libjpeg/,
    /^libpng16/,
    /^zlib1g$/,
    /^libzstd-dev$/,
    /^libsodium-dev$/,
    /^libstdc\+\+-\d+-dev$/,
    /^libgcc-\d+-dev$/,
    /^libc6-dev$/,
  ];
  for (const pattern of wanted) assertEquals(native.filter(({ name }) => pattern.test(name)).length, 1, `${pattern}`);
  for (const { name, source } of native) assertMatch(source ?? "", /^\S+ \S*\d\S* of .+/, name);
});

Deno.test("the runtime's entries are Deno, V8 and TypeScript with the versions that Deno reports", () => {
  const runtime = dependencies.filter(({ kind }) => kind === "runtime");
  const { deno, typescript, v8 } = Deno.version;
  assertEquals(runtime.map(({ name, version, licence }) => [name, version, licence]), [
    ["Deno", deno, "MIT"],
    ["TypeScript", typescript, "Apache-2.0"],
    ["V8", v8, "BSD-3-Clause"],
  ]);
});

Deno.test("the text names every package with its licence, and contains every notice once", () => {
  const text = formatDependencies(dependencies);
  const [, ...notices] = text.split(`${"=".repeat(80)}\n`).map((block) => block.trim());
  for (const { name, version, licence, texts } of dependencies) {
    assertStringIncludes(text, `  ${name} ${version}: ${licence}\n`, name);
    assert(texts.length > 0 && texts.every((one) => one.length > 200), name);
    for (const one of texts) {
      const holding = notices.filter((notice) => notice.endsWith(`\n\n${one.replaceAll("\r\n", "\n").trim()}`));
      assert(holding.some((notice) => notice.split("\n")[0]?.split(", ").includes(`${name} ${version}`)), name);
    }
  }
  const bodies = notices.map((notice) => notice.slice(notice.indexOf("\n\n")));
  assertEquals(new Set(bodies).size, bodies.length);
  // Debian's copyright files refer to these licences without their text.
  assertMatch(text, /Apache License\s+Version 2\.0, January 2004/);
  assertMatch(text, /GNU LESSER GENERAL PUBLIC LICENSE\s+Version 2\.1, February 1999/);
  assertMatch(text, /GNU GENERAL PUBLIC LICENSE\s+Version 3, 29 June 2007/);
  assertStrictEquals(text, formatDependencies(dependencies));
});

Deno.test("a library is found under /lib and /usr/lib alike if they are one folder, and its package is listed once", async () => {
  const paths = (await linkedLibraries()).filter((path) => path.includes("/libz."));
  const short = paths.map((path) => path.replace(/^\/usr/, ""));
  const found = await systemDependencies([...short, ...short.map((path) => `/usr${path}`)]);
  assertEquals(found.map(({ name }) => name), ["zlib1g"]);
});

Deno.test("licences are written as SPDX expressions, and an unknown licence is an error that names the package", () => {
  assertEquals(readLicence("a", "(MIT OR CC0-1.0)"), "MIT OR CC0-1.0");
  assertEquals(readLicence("a", "Expat, zlib"), "MIT AND Zlib");
  assertEquals(readLicence("a", "BSD-3-clause or GPL-2"), "BSD-3-Clause OR GPL-2.0-only");
  assertEquals(readLicence("a", "LGPL-2.1+"), "LGPL-2.1-or-later");
  for (const text of ["SSPL-1.0", "GPL-2", "MIT AND Commons-Clause", "SEE LICENSE IN file", ""]) {
    const error = assertThrows(() => readLicence("npm:odd@1.2.3", text), UnknownLicenceError);
    assertEquals(error.packageName, "npm:odd@1.2.3");
    assertMatch(error.message, /^npm:odd@1\.2\.3: its licence ".*" is not known; /);
  }
});

Deno.test(
  "a library of no package, a missing library and a system without dpkg are errors that name the cause",
  withFolder(async (folder) => {
    const own = join(folder, "libown.so");
    Deno.writeTextFileSync(own, "");
    {
      const error = await assertRejects(() => systemDependencies([own]), InvalidInputError);
      assert(error.message.startsWith(`${own}: belongs to no package`));
    }
    await assertRejects(() => systemDependencies([`${own}.2`]), Error, "libown.so.2: there is no such library");
    const path = Deno.env.get("PATH") ?? "";
    Deno.env.set("PATH", folder);
    try {
      assertIsError(await assertRejects(() => systemDependencies([own])), InvalidInputError, /^dpkg-query is missing/);
    } finally {
      Deno.env.set("PATH", path);
    }
  }),
);
