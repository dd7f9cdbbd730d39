/**
 * Runs an experiment's runs one after the other, leaving out those that are done, and prints its table.
 *
 * usage: deno task experiment NAME DATA [--table]
 *
 * @module
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { budgets } from "./budgets.ts";
import type { Cell, CellEvaluation, Experiment } from "./experiment.ts";
import { headline } from "./headline.ts";
import { objectives } from "./objectives.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const experiments: readonly Experiment[] = [headline, budgets, objectives];

/** Runs the command line, whose remarks are passed on; false where it failed. */
async function sluice(args: readonly string[]): Promise<boolean> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", "sluice", ...args],
    cwd: root,
    stdin: "null",
    stdout: "null",
    stderr: "inherit",
  });
  return (await command.output()).success;
}

/** Trains and evaluates a run; one that was interrupted begins again. */
async function complete({ name, pretrain }: Cell, folder: string): Promise<boolean> {
  const run = join(folder, name);
  if (existsSync(join(run, "evaluation.json"))) return true;
  console.error(`${name}: ${["sluice pretrain", ...pretrain].join(" ")}`);
  const partial = `${run}.partial`;
  if (existsSync(partial)) Deno.removeSync(partial, { recursive: true });
  const done = await sluice(["pretrain", ...pretrain, "--out", partial]) && await sluice(["evaluate", partial]);
  if (done) Deno.renameSync(partial, run);
  return done;
}

function evaluationsIn(cells: readonly Cell[], folder: string): Map<string, CellEvaluation> {
  const found = new Map<string, CellEvaluation>();
  for (const { name } of cells) {
    const path = join(folder, name, "evaluation.json");
    if (existsSync(path)) found.set(name, JSON.parse(Deno.readTextFileSync(path)) as CellEvaluation);
  }
  return found;
}

if (import.meta.main) {
  const [name, data, option] = Deno.args;
  const experiment = experiments.find((candidate) => candidate.name === name);
  if (experiment === undefined || data === undefined) {
    const known = experiments.map(({ name, description }) => `  ${name}: ${description}`);
    console.error(["usage: deno task experiment NAME DATA [--table]", ...known].join("\n"));
    process.exit(2);
  }
  const folder = join(root, "runs", experiment.name);
  Deno.mkdirSync(folder, { recursive: true });
  const cells = experiment.cells(data);
  for (const cell of option === "--table" ? [] : cells) {
    if (!await complete(cell, folder)) {
      console.error(`${cell.name}: failed`);
      process.exitCode = 1;
      break;
    }
  }
  console.log(experiment.table(evaluationsIn(cells, folder)));
}
