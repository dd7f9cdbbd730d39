/**
 * A run of many budgets at the command line: trained once, then judged, embedded, timed and exported at its costs.
 *
 * @module
 */
import { assertAlmostEquals, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { existsSync, readFileSync } from "node:fs";
import { readSafetensors } from "../../src/formats/mod.ts";
import type { Evaluation } from "../../src/run/mod.ts";
import { withFolder } from "../folders.ts";
import { assertRefused, assertSucceeds } from "./run_sluice.ts";

const tiny = ["--width", "8", "--projector", "16", "--batch", "8", "--epochs", "2", "--eval-every", "0"];
const images = ["--train-images", "24", "--test-images", "16", "--threads", "1", "--quiet"];

Deno.test(
  "one run is judged, timed, embedded and exported at any cost of its range",
  withFolder(async (folder) => {
    const run = join(folder, "run");
    await assertSucceeds(["pretrain", ...tiny, ...images, "--budget", "0.2..0.6", "--out", run]);
    assertStringIncludes(readFileSync(join(run, "config.yaml"), "utf8"), "\nbudget: 0.2..0.6\n");

    const evaluate = async (...args: string[]) => {
      return JSON.parse(await assertSucceeds(["evaluate", run, "--protocol", "knn", "--json", ...args])) as Evaluation;
    };
    const { networks, budgets = [], budgetMissed } = await evaluate();
    assertEquals(Object.keys(networks), ["dense", "gated"]);
    assertEquals(budgets.map(({ budget }) => budget), [0.3, 0.5]);
    assertEquals(budgetMissed, null);
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
  "a run that cannot serve many budgets is refused before it begins",
  withFolder(async (folder) => {
    const out = join(folder, "run");
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [["--budget", "all"], /a range such as 0.1..0.9, or any/],
      [["--budget", "0.9..0.1"], /a range such as 0.1..0.9, or any/],
      [["--budget", "0.1..1.2"], /a range such as 0.1..0.9, or any/],
      [["--budget", "0.01..0.5"], /begin at/],
      [["--budget", "any", "--budget-rule", "paper"], /--budget-rule paper: holds one budget/],
      [["--budget", "any", "--gate-noise", "0.5"], /--gate-noise 0.5: is for gates that decide by image/],
      [["--budget", "any", "--no-separate-norm"], /leave it out/],
    ];
    for (const [args, message] of cases) {
      await assertRefused(["pretrain", ...tiny, ...images, ...args, "--out", out], message);
      assertEquals(existsSync(out), false);
    }
  }),
);
