/**
 * Tests of completions in real shells.
 *
 * @module
 */

import { assert, assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { join } from "@std/path";
import { allCommands, completionScripts, describeCommand, type Shell, shells } from "../../cli/completions/mod.ts";
import { buildProgram } from "../../cli/program.ts";
import { datasetNames } from "../../src/data/datasets/registry.ts";
import { objectiveNames } from "../../src/objectives/mod.ts";
import { presets } from "../../src/config/presets.ts";
import { withFolder } from "../folders.ts";
import { complete, isInstalled } from "./completing_shells.ts";
import { assertRefused, assertSucceeds } from "./run_sluice.ts";

const program = describeCommand(buildProgram());
const commands = allCommands(program);
const all = ["photographs", "runs", "spec.yaml"];
const folders = ["photographs", "runs"];
const sweepCommands = ["cancel", "status", "task"];

function flagsOf(name: string): string[] {
  const command = commands.find(({ path }) => path.join(" ") === name);
  assert(command !== undefined);
  return command.options.flatMap(({ flags }) => flags);
}

function longFlagsOf(name: string): string[] {
  return flagsOf(name).filter((flag) => flag.startsWith("--"));
}

/** Typed lines with the expected offers at their ends. */
const cases: readonly Case[] = [
  ["sluice ", program.commands.map(({ path }) => path.join())],
  ["sluice pre", ["pretrain"]],
  ["sluice --v", ["--version"]],
  ["sluice bench st", ["step"]],
  ["sluice data ", ["fetch", "list", "preview", "verify"]],
  ["sluice completions ", shells],
  ["sluice pretrain --mo", ["--mode"]],
  ["sluice pretrain --mode ", ["dual", "gated", "vanilla"]],
  ["sluice pretrain --mode=", ["dual", "gated", "vanilla"]],
  ["sluice pretrain --mode=du", ["dual"]],
  ["sluice pretrain --preset ", Object.keys(presets)],
  ["sluice pretrain --json --objective ", objectiveNames],
  ["sluice pretrain --dataset ", datasetNames],
  ["sluice pretrain --device c", ["cpu", "cuda"]],
  ["sluice pretrain --epochs ", []],
  ["sluice pretrain --config ", all],
  ["sluice pretrain --config sp", ["spec.yaml"]],
  ["sluice pretrain --out ", folders],
  // A switch that is on by default is offered only in its negative form.
  ["sluice pretrain --no-sep", ["--no-separate-norm"]],
  ["sluice pretrain --separate", ["--separate-encoders"]],
  ["sluice evaluate ", folders],
  ["sluice evaluate runs --protocol knn,", ["knn,linear", "knn,linear,masks", "knn,masks"]],
  ["sluice evaluate runs --probe ", ["augmented", "cached"]],
  ["sluice export runs -o ", all],
  ["sluice export runs --format ", ["onnx", "safetensors"]],
  // The value of a flag does not count as an argument.
  ["sluice embed --network dense runs te", ["test"]],
  ["sluice embed runs ", [...folders, "test", "train"]],
  ["sluice sweep st", ["status"]],
  ["sluice sweep ", [...all, ...sweepCommands]],
  ["sluice sweep spec.yaml --emit ", ["k8s", "sh", "slurm"]],
  ["sluice sweep status ", folders],
  ["sluice sweep status --q", ["--quiet"]],
  ["sluice bench step --sw", ["--sweep"]],
  ["sluice data fetch cifar", ["cifar10", "cifar100"]],
  ["sluice data preview sh", ["shapes"]],
  ["sluice pretrain -o ", folders],
  ["sluice embed runs test -o ", all],
  // `help` takes the names of commands and subcommands.
  ["sluice vers", ["version"]],
  ["sluice help pre", ["pretrain"]],
  ["sluice help bench s", ["step"]],
  ["sluice help sweep ", sweepCommands],
];

/** Lines after which only flags may follow. */
const ends: readonly Case[] = [
  ["sluice pretrain ", flagsOf("pretrain")],
  ["sluice evaluate runs ", flagsOf("evaluate")],
  ["sluice embed runs photographs ", flagsOf("embed")],
  ["sluice sweep spec.yaml ", flagsOf("sweep")],
];

/** Every flag of every command, and every value of every flag. */
const exhaustive = commands.flatMap(({ path, options }): Case[] => {
  const name = path.join(" ");
  const start = `sluice ${name}`.trim();
  const values = options.flatMap(({ flags, value }) => {
    const paths = value?.path === "file" ? all : value?.path === "folder" ? folders : [];
    return value === null ? [] : flags.map((flag) => [`${start} ${flag} `, [...value.words, ...paths]] as const);
  });
  return [[`${start} --`, longFlagsOf(name)], ...values];
});

type Case = readonly [line: string, offers: readonly string[]];

/** A test that a shell makes the expected offers in a folder with two folders and a file. */
function offering(shell: Shell, expected: readonly Case[]): () => Promise<void> {
  return withFolder(async (folder) => {
    for (const name of ["home", "work", ...folders.map((name) => `work/${name}`)]) Deno.mkdirSync(join(folder, name));
    Deno.writeTextFileSync(join(folder, "work", "spec.yaml"), "");
    const script = join(folder, "home", "script");
    Deno.writeTextFileSync(script, completionScripts[shell](program));
    const offers = await complete(shell, { folder, script }, expected.map(([line]) => line));
    const found = expected.map(([line], index) => [line, offers[index]]);
    assertEquals(found, expected.map(([line, words]) => [line, [...words].sort()]));
  });
}

for (const shell of shells) {
  const installed = await isInstalled(shell);
  const title = installed ? "" : ` (left out: ${shell} is not installed here)`;
  Deno.test({
    name: `${shell} completes commands, flags, values and paths at their places${title}`,
    ignore: !installed,
    // fish offers flags only after a typed dash, for every program.
    fn: offering(shell, [...cases, ...ends.map(([line, flags]): Case => [line, shell === "fish" ? [] : flags])]),
  });
  Deno.test({
    name: `${shell} offers every flag of every command, and every word of every flag's value${title}`,
    ignore: !installed,
    fn: offering(shell, exhaustive),
  });
}

Deno.test("the placeholder of an option or argument tells whether it takes words, a path, a number or a name", () => {
  const values = commands.flatMap((command) => [
    ...command.options.flatMap(({ value }) => value === null ? [] : [value]),
    ...command.arguments,
  ]);
  const open = values.filter(({ words, path }) => words.length === 0 && path === null);
  assertEquals([...new Set(open.map(({ placeholder }) => placeholder))].sort(), ["N", "NAME", "SIZE", "X"]);
  const named = commands.filter((command) => command.arguments.some((value) => open.includes(value)));
  assertEquals(named.map(({ path }) => path.join(" ")), ["sweep task"]);
});

Deno.test("completions prints only the script, refuses unknown shells, and its help says how to install the script", async () => {
  for (const shell of shells) {
    assertStrictEquals(await assertSucceeds(["completions", shell]), completionScripts[shell](program));
    const help = await assertSucceeds(["completions", "--help"]);
    assertMatch(help, new RegExp(`\\$ sluice completions ${shell} > `));
  }
  await assertRefused(["completions", "tcsh"], /completions tcsh: give bash or zsh or fish/);
});
