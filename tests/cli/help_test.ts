/**
 * Tests of the help's headings, widths, exit statuses and environment variables.
 *
 * @module
 */

import {
  assert,
  assertEquals,
  assertGreater,
  assertGreaterOrEqual,
  assertMatch,
  assertNotMatch,
  assertStrictEquals,
} from "@std/assert";
import { join } from "@std/path";
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { buildProgram } from "../../cli/program.ts";
import { stopStatuses } from "../../cli/ui/errors.ts";
import { ExitStatus } from "../../cli/ui/errors.ts";
import { kebabCase, type OptionGroup, runOptionNames, runOptions } from "../../src/config/options.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

const headings: Readonly<Record<OptionGroup, string>> = {
  data: "Data:",
  network: "Network:",
  objective: "Objective and passes:",
  budget: "Budget and gates:",
  training: "Training:",
  evaluation: "Evaluation and checkpoints:",
  device: "Device:",
};

/** A command with all its subcommands. */
function withSubcommands(command: CommandUnknownOpts): CommandUnknownOpts[] {
  return [command, ...command.commands.flatMap(withSubcommands)];
}

/** A command's help for a terminal of some columns. */
function helpOf(command: CommandUnknownOpts, columns = 80): string {
  return command.configureOutput({ getOutHelpWidth: () => columns }).helpInformation();
}

/** The heading above the line of a flag; undefined if there is no such line. */
function headingOf(help: string, flag: string): string | undefined {
  const line = new RegExp(`^ {2}(-\\w, )?${flag}\\b`);
  let heading: string | undefined;
  for (const text of help.split("\n")) {
    if (/^\S.*:$/.test(text)) heading = text;
    if (line.test(text)) return heading;
  }
  return undefined;
}

Deno.test("every command lists the options of a run under the heading of their group, and output options under Output", () => {
  let options = 0;
  for (const command of withSubcommands(buildProgram())) {
    const help = helpOf(command);
    for (const name of runOptionNames) {
      const { group, default: value } = runOptions[name];
      const heading = headingOf(help, `--${value === true ? "no-" : ""}${kebabCase(name)}`);
      // Some commands have their own option of the same name: `data list --data`, `data preview --seed`.
      const own = ["evaluate", "embed", "export"].includes(command.name()) || command.parent?.name() === "data" ||
        command.name() === "infer" && ["batch", "data"].includes(name);
      if (heading === undefined || own && group !== "device") continue;
      assertStrictEquals(heading, headings[group], `${command.name()} ${name}`);
      options++;
    }
    if (headingOf(help, "--json") === undefined) continue;
    const output = ["json", "quiet", "verbose", "help"].map((flag) => headingOf(help, `--${flag}`));
    assertEquals(output, Array(4).fill("Output:"), command.name());
  }
  assertGreater(options, runOptionNames.length);
});

Deno.test("help keeps to the width of the terminal, down to 80 columns", () => {
  for (const columns of [80, 100, 160]) {
    for (const command of withSubcommands(buildProgram())) {
      const long = helpOf(command, columns).split("\n").filter((line) => line.length > columns);
      assertEquals(long, [], `${command.name()}, ${columns} columns`);
    }
  }
});

Deno.test("the program's help names every exit status", () => {
  const help = helpOf(buildProgram());
  const section = help.slice(help.indexOf("\nExit status:"), help.indexOf("\nEnvironment:"));
  for (const status of [...Object.values(ExitStatus), ...Object.values(stopStatuses)]) {
    assertMatch(section, new RegExp(`^ {2}(\\d+, )*${status}\\b`, "m"));
  }
});

/** The texts of a folder's source files. */
function sources(folder: string): string[] {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((path) => /\.(ts|cpp|cu|h)$/.test(path))
    .map((path) => readFileSync(join(root, folder, path), "utf8"));
}

Deno.test("the program's help names every environment variable that sluice reads, except HOME", () => {
  const help = helpOf(buildProgram());
  const section = help.slice(help.indexOf("\nEnvironment:"), help.indexOf("\nFiles that sluice writes:"));
  const folders = [
    "src",
    "cli",
    ...["common", "cpu", "cuda", "images", "executable/launcher"].map((name) => `native/${name}`),
  ];
  const texts = folders.flatMap(sources);
  const reads = /\b(?:env\.get\(|env\[|getenv\(|environment\(|named_by\()"(\w+)"/g;
  const names = texts.flatMap((text) => [
    ...[...text.matchAll(reads)].map(([, name = ""]) => name),
    // The CUDA library loops over a list of names.
    ...[...text.matchAll(/\bvariable : \{([^}]*)\}/g)].flatMap(([, list = ""]) => list.match(/\w+/g) ?? []),
  ]);
  // The launcher sets these for the program; users do not.
  const own = texts.flatMap((text) => [...text.matchAll(/\bsetenv\("(\w+)"/g)].map(([, name]) => name));
  const read = new Set(names.filter((name) => name !== "HOME" && !own.includes(name)));
  assertGreaterOrEqual(read.size, 6, [...read].join());
  for (const name of read) assertMatch(section, new RegExp(`\\b${name}\\b`));
});

Deno.test("the words of an option are named once, by its placeholder or its description", () => {
  const [pretrain] = buildProgram().commands;
  assert(pretrain !== undefined);
  const help = helpOf(pretrain, 400);
  assertMatch(help, /^ {2}--mode <dual\|vanilla\|gated> +passes of a training step: .* \(default: dual\)$/m);
  assertMatch(help, /^ {2}--objective <NAME> +.*: vicreg, vibcreg, barlow-twins, .* \(default: vicreg\)$/m);
  assertNotMatch(help, /choices/);
});
