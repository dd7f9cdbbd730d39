/**
 * A run of many budgets at the command line: trained once, then judged, embedded, timed and exported at its costs.
 *
 * @module
 */
import { assert, assertAlmostEquals, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { existsSync, readFileSync } from "node:fs";
import { readSafetensors } from "../../src/formats/mod.ts";
import type { Evaluation } from "../../src/run/mod.ts";
import { withFolder } from "../folders.ts";
import { assertRefused, assertSucceeds, startSluice, until } from "./run_sluice.ts";

const tiny = ["--width", "8", "--projector", "16", "--batch", "8", "--epochs", "2", "--eval-every", "0"];
const images = ["--train-images", "24", "--test-images", "16", "--threads", "1", "--quiet"];

function weightsOf(run: string): Uint8Array {
  return readFileSync(join(run, "checkpoints", "last.safetensors"));
}

Deno.test(
  "one run is judged, timed, embedded and exported at any cost of its range",
  withFolder(async (folder) => {
    const run = join(folder, "run");
    await assertSucceeds(["pretrain", ...tiny, ...images, "--budget", "0.2..0.6", "--out", run]);
    assertStringIncludes(readFileSync(join(run, "config.yaml"), "utf8"), "\nbudget: 0.2..0.6\n");

    // A whole file has the defaults of gates that decide, which are refused only if somebody changes them.
    const again = join(folder, "again");
    await assertSucceeds(["pretrain", "--config", join(run, "config.yaml"), ...images, "--out", again]);
    assertEquals(weightsOf(again), weightsOf(run));
    await assertRefused(
      ["evaluate", run, "--network", "slim", "--cost", "0.1"],
      /the run serves costs from 0.2 to 0.6/,
    );

    const evaluate = async (...args: string[]) => {
      return JSON.parse(await assertSucceeds(["evaluate", run, "--protocol", "knn", "--json", ...args])) as Evaluation;
    };
    const { networks, budgets = [], budgetMissed } = await evaluate();
    assertEquals(Object.keys(networks), ["dense", "gated"]);
    assertEquals(budgets.map(({ budget }) => budget), [0.3, 0.5]);
    assertEquals(budgetMissed, null);
    const { networks: both } = await evaluate("--network", "gated,slim", "--cost", "0.6", "--channel-multiple", "1");
    assertEquals(both.gated, networks.gated, "the slim network leaves the gated one as it is");
    const asked = await evaluate("--network", "gated", "--budget", "0.55,0.2");
    for (const { budget, cost } of asked.budgets ?? []) assertAlmostEquals(cost.share, budget, 0.02);
    // What was judged stays beside what is judged later.
    const { budgets: all = [] } = JSON.parse(readFileSync(join(run, "evaluation.json"), "utf8")) as Evaluation;
    assertEquals(all.map(({ budget }) => budget), [0.2, 0.3, 0.5, 0.55]);

    const size = ["--network", "slim", "--cost", "0.4", "--channel-multiple", "2"];
    const slim = join(folder, "slim.safetensors");
    await assertSucceeds(["export", run, ...size, "--out", slim]);
    await assertSucceeds(["verify-export", slim]);
    const widths = (path: string) => {
      const { tensors } = readSafetensors(path);
      return [...tensors].filter(([name]) => name.endsWith("conv1.weight")).map(([, { shape }]) => shape[0] ?? 0);
    };
    const wider = join(folder, "wider.safetensors");
    await assertSucceeds(["export", run, "--cost", "0.6", "--channel-multiple", "2", "--out", wider]);
    assertEquals(widths(slim).every((width, layer) => width <= (widths(wider)[layer] ?? 0)), true);
    await assertSucceeds(["embed", run, "test", ...size, "--out", join(folder, "slim.npy")]);
    const timed = await assertSucceeds(["bench", "infer", run, "--batch", "4"]);
    assertMatch(timed, /gated/);
    await assertSucceeds(["report", run, "--out", join(folder, "report.html")]);
    assertMatch(await assertSucceeds(["status", run]), /finished/);

    await assertRefused(["evaluate", run, "--budget", "0.1"], /--budget 0.1: the run serves costs from 0.2 to 0.6/);
    await assertRefused(["evaluate", run, "--network", "dense", "--budget", "0.3"], /give --network gated as well/);
    await assertRefused(["export", run, "--network", "gated"], /give --network slim --cost X/);
  }),
);

Deno.test(
  "a run of many budgets that is stopped resumes from the command line, and is not judged before its norms are estimated",
  withFolder(async (folder) => {
    const [whole, run] = [join(folder, "whole"), join(folder, "run")];
    // Long enough for the signal to come before the last step.
    const options = [...tiny.with(tiny.indexOf("--epochs") + 1, "40"), ...images, "--budget", "0.7..0.8", "--out"];
    await assertSucceeds(["pretrain", ...options, whole]);
    const training = startSluice(["pretrain", ...options, run]);
    await until(
      () => existsSync(join(run, "metrics.jsonl")) && readFileSync(join(run, "metrics.jsonl")).length > 0,
      "a step",
    );
    training.kill("SIGTERM");
    await training.status;
    await assertRefused(["evaluate", run], /resume it first, or give --network dense/);
    await assertRefused(["export", run, "--cost", "0.75"], /resume it first/);
    assert(!existsSync(join(run, "exports")));
    await assertSucceeds(["evaluate", run, "--network", "dense", "--protocol", "knn"]);
    await assertSucceeds(["pretrain", "--resume", run, "--quiet"]);
    assertEquals(weightsOf(run), weightsOf(whole));
  }),
);

Deno.test(
  "a sweep over ranges has a row for each cost that was judged",
  withFolder(async (folder) => {
    const spec = join(folder, "spec.yaml");
    const out = join(folder, "sweep");
    const base =
      "{ width: 8, projector: 16, batch: 8, epochs: 1, gate-warmup: 0, eval-every: 0, train-images: 24, test-images: 16 }";
    Deno.writeTextFileSync(spec, `base: ${base}\nruns: [{ budget: 0.25..0.6 }]\nevaluate: { protocol: [knn] }\n`);
    await assertSucceeds(["sweep", spec, "--out", out, "--jobs", "1", "--threads", "1", "--quiet"]);
    const rows = readFileSync(join(out, "results.csv"), "utf8").trim().split("\n").map((row) => row.split(","));
    const column = (name: string) => rows.slice(1).map((row) => row[rows[0]?.indexOf(name) ?? 0]);
    assertEquals(column("network"), ["dense", "gated", "gated"]);
    assertEquals(column("target"), ["", "0.3", "0.5"]);
  }),
);

Deno.test(
  "a run that cannot serve many budgets is refused before it begins",
  withFolder(async (folder) => {
    const out = join(folder, "run");
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [["--budget", "all"], /a range such as 0.1..0.9, or any/],
      [["--budget", "0.9..0.1"], /a range such as 0.1..0.9, or any/],
      [["--budget", "0.1..1.2"], /a range such as 0.1..0.9, or any/],
      [["--budget", "0.01..0.5"], /begin at/],
      [["--budget", "any", "--budget-rule", "paper"], /--budget-rule paper: holds one budget/],
      [["--budget", "any", "--gate-noise", "0.7"], /--gate-noise 0.7: is for gates that decide by image/],
      [["--budget", "any", "--recipe", "paper"], /--recipe paper: is for gates that decide by image/],
      [["--budget", "any", "--no-separate-norm"], /leave it out/],
    ];
    for (const [args, message] of cases) {
      await assertRefused(["pretrain", ...tiny, ...images, ...args, "--out", out], message);
      assertEquals(existsSync(out), false);
    }
  }),
);
