/**
 * Tests that every command reports a missed budget.
 *
 * @module
 */
import {
  assertAlmostEquals,
  assertEquals,
  assertGreater,
  assertLess,
  assertMatch,
  assertNotMatch,
  assertStrictEquals,
  assertStringIncludes,
} from "@std/assert";
import { join } from "@std/path";
import { readFileSync, writeFileSync } from "node:fs";
import { withFolder } from "../folders.ts";
import { assertSucceeds, runSluice } from "./run_sluice.ts";

const tiny = [
  ...["--width", "4", "--projector", "16", "--batch", "8", "--threads", "1"],
  ...["--train-images", "16", "--test-images", "16", "--epochs", "2"],
];
/** Gates without an opening, which cannot be brought to the budget after the last step. */
const unopened = ["--recipe", "paper", "--budget-rule", "default"];

async function json(...args: string[]) {
  return JSON.parse(await assertSucceeds([...args, "--json"]));
}

Deno.test(
  "pretrain reports a missed budget with cause and remedy, and every other command marks it",
  withFolder(async (folder) => {
    const run = join(folder, "run");
    const { status, stdout, stderr } = await runSluice([
      "pretrain",
      ...tiny,
      ...unopened,
      "--budget",
      "0.3",
      "--out",
      run,
    ]);
    assertEquals(status, 0, stderr);
    const line = stderr.split("\n").find((text) => text.startsWith("--budget 0.3 is missed: ")) ?? "";
    assertMatch(line, /4 steps with gates are too few for the cost to settle; train longer: sluice pretrain --resume/);
    assertMatch(line, /--epochs 500 --stretch-schedule; the smallest reachable cost is 0\.\d{4}$/);
    assertMatch(stdout, /^gated .* 0\.\d{4}, missed by \+0\.\d{4}$/m);

    const again = await json("pretrain", "--resume", run);
    const { share } = again.networks.gated.cost;
    assertEquals(again.budgetMissed, Math.round((share - 0.3) * 1e6) / 1e6);
    assertGreater(again.budgetMissed, 0.01);
    assertStrictEquals((await json("status", run)).budgetMissed, again.budgetMissed);
    assertMatch(await assertSucceeds(["status", run]), /^state +finished; the budget is missed by \+0\.\d{4}$/m);

    const evaluation = await json("evaluate", run, "--protocol", "knn");
    assertStrictEquals(evaluation.budgetMissed, again.budgetMissed);
    assertEquals((await json("evaluate", run, "--protocol", "knn", "--network", "dense")).budgetMissed, null);
    const table = await assertSucceeds(["evaluate", run, "--protocol", "knn"]);
    assertMatch(table, /^gated .* 0\.\d{4}, missed by \+0\.\d{4}$/m);
    assertNotMatch(table, /^dense .*missed/m);

    // The cost of a run that has steps left is still on its way to the budget.
    const config = join(run, "config.yaml");
    const stored = readFileSync(config, "utf8");
    writeFileSync(config, stored.replace(/^epochs: 2$/m, "epochs: 4"));
    const midway = await json("evaluate", run, "--protocol", "knn");
    assertStrictEquals(midway.networks.gated.cost.share, share);
    assertStrictEquals(midway.budgetMissed, null);
    writeFileSync(config, stored);

    // An evaluation by an earlier version lacks the key.
    const file = join(run, "evaluation.json");
    const { budgetMissed: _, ...earlier } = JSON.parse(readFileSync(file, "utf8"));
    writeFileSync(file, JSON.stringify(earlier));
    const page = join(folder, "page.html");
    const report = await json("report", run, "--out", page);
    assertEquals(report.runs, [{ name: "run", budgetMissed: again.budgetMissed }]);
    assertMatch(
      readFileSync(page, "utf8"),
      /This run missed its budget: its gated network costs [\d.]+ % of the dense/,
    );
  }),
);

Deno.test(
  "the paper's rule is named as the cause, a run without gates cannot miss, and --quiet keeps the mark",
  withFolder(async (folder) => {
    const paper = join(folder, "paper");
    const rule = ["--budget-rule", "paper", "--budget", "0.3"];
    const { stderr } = await runSluice(["pretrain", ...tiny, ...rule, "--out", paper]);
    assertMatch(
      stderr,
      /^--budget 0\.3 is missed: .*the published penalties miss by design, and --budget-rule default/m,
    );
    assertGreater((await json("status", paper)).budgetMissed, 0.01);

    const vanilla = await json("pretrain", ...tiny, "--mode", "vanilla", "--out", join(folder, "vanilla"));
    assertEquals(vanilla.budgetMissed, null);

    const quietly = [...tiny, ...unopened, "--budget", "0.9", "--quiet", "--out", join(folder, "quiet")];
    const quiet = await runSluice(["pretrain", ...quietly]);
    assertEquals(quiet.stderr, "");
    assertMatch(quiet.stdout, /missed by -0\.\d{4}/);
  }),
);

Deno.test(
  "a run with an opening is brought to its budget, and says so in every place where its cost is shown",
  withFolder(async (folder) => {
    const run = join(folder, "run");
    const given = [...tiny, "--train-images", "64", "--test-images", "64", "--budget", "0.8", "--out", run];
    const { status, stdout, stderr } = await runSluice(["pretrain", ...given, "--json"]);
    assertEquals(status, 0, stderr);
    const said = /^gates: ([+-]\d\.\d{4}) is added to all logits: .* costs (0\.\d{4}) .* and (0\.\d{4}) without$/m;
    const [, added = "", after, before] = said.exec(stderr) ?? [];
    assertLess(Math.abs(Number(after) - 0.8), Math.abs(Number(before) - 0.8) / 2);
    const { opening } = JSON.parse(stdout).networks.gated;
    assertAlmostEquals(opening, Number(added), 1e-4);
    const lines = readFileSync(join(run, "metrics.jsonl"), "utf8").trimEnd().split("\n");
    assertEquals(JSON.parse(lines.at(-1) ?? "").networks.gated.opening, opening);
    assertEquals((await json("evaluate", run, "--protocol", "knn")).networks.gated.opening, opening);
    assertStringIncludes(
      await assertSucceeds(["evaluate", run, "--protocol", "knn"]),
      `\n${added} is added to the logits`,
    );
    await assertSucceeds(["report", run, "--out", join(folder, "page.html")]);
    const page = readFileSync(join(folder, "page.html"), "utf8");
    assertMatch(page, new RegExp(`<dt>added to all logits</dt><dd>${opening.toFixed(4)}</dd>`));
  }),
);
