/**
 * Tests of help, version and wrong usage.
 *
 * @module
 */

import { assert, assertEquals, assertMatch, assertStrictEquals, assertStringIncludes } from "@std/assert";
import { objectiveNames } from "../../src/objectives/mod.ts";
import denoJson from "../../deno.json" with { type: "json" };
import { kebabCase, runOptionNames, runOptions } from "../../src/config/options.ts";
import { assertRefused, assertSucceeds, runSluice } from "./run_sluice.ts";

const commands = [
  "pretrain",
  "evaluate",
  "embed",
  "export",
  "cost",
  "bench step",
  "bench infer",
  "bench ops",
  "doctor",
];

Deno.test("--version prints the version of deno.json", async () => {
  assertEquals(await assertSucceeds(["--version"]), `${denoJson.version}\n`);
});

Deno.test("-v and version print the version, -h and help print the help", async () => {
  for (const words of [["-v"], ["version"]]) assertEquals(await assertSucceeds(words), `${denoJson.version}\n`);
  const whole = await assertSucceeds(["--help"]);
  for (const words of [["-h"], ["help"]]) assertStrictEquals(await assertSucceeds(words), whole);
  const step = await assertSucceeds(["bench", "step", "--help"]);
  for (const words of [["bench", "step", "-h"], ["help", "bench", "step"]]) {
    assertStrictEquals(await assertSucceeds(words), step);
  }
  assertEquals(JSON.parse(await assertSucceeds(["version", "--json"])), { version: denoJson.version });
});

Deno.test("an unknown command is refused with the nearest command at any level", async () => {
  await assertRefused(["eval", "runs/demo"], /unknown command 'eval' \(Did you mean evaluate\?\)/);
  await assertRefused(["fetch", "cifar10"], /unknown command 'fetch' \(Did you mean data fetch\?\)/);
  await assertRefused(["help", "bench", "stpe"], /unknown command 'stpe' \(Did you mean step\?\)/);
  await assertRefused(["sweep", "statsu", "runs"], /sweep statsu: .*\(Did you mean status\?\)/);
  await assertRefused(["frobnicate"], /^sluice: unknown command 'frobnicate'; see --help/);
});

Deno.test("a seed beyond the exact integers of a double is refused with the limit", async () => {
  await assertRefused(
    ["pretrain", "--seed", "9007199254740993", "-o", "run"],
    /--seed 9007199254740993: give a whole number from 0 to 9007199254740991/,
  );
});

Deno.test("an argument in a message cannot control the terminal", async () => {
  await assertRefused(["status", "no\u001b[31m\u202e\u009b"], /^sluice: no\\x1b\[31m\\u\{202e\}\\x9b: there is no/);
  await assertRefused(["\u001b[2J"], /unknown command '\\x1b\[2J'/);
});

Deno.test("--help lists every command, and every command's --help has examples and the common flags", async () => {
  const help = await assertSucceeds(["--help"]);
  for (const command of ["pretrain", "evaluate", "embed", "export", "cost", "bench", "doctor"]) {
    assertStringIncludes(help, `\n  ${command}`);
  }
  for (const command of commands) {
    const text = await assertSucceeds([...command.split(" "), "--help"]);
    assertMatch(text, /\nExamples:\n {2}\$ sluice /, command);
    for (const flag of ["device", "precision", "threads", "json", "quiet", "verbose", "help"]) {
      assertStringIncludes(text, `--${flag}`, `${command} --${flag}`);
    }
  }
});

Deno.test("every option of a run is a flag of pretrain, and help hides an option that only repeats earlier runs", async () => {
  const help = await assertSucceeds(["pretrain", "--help"]);
  for (const name of runOptionNames) {
    const isShown = new RegExp(`--(no-)?${kebabCase(name)}(?![\\w-])`).test(help);
    assertEquals(isShown, runOptions[name].hidden !== true, name);
  }
  assertMatch(
    await assertSucceeds(["pretrain", "--rotation-head", "relu", "--print-config"]),
    /^rotation-head: relu$/m,
  );
});

Deno.test("sluice without a command prints the help on stderr and exits with 2", async () => {
  const { status, stdout, stderr } = await runSluice([]);
  assertEquals(status, 2);
  assertEquals(stdout, "");
  assertMatch(stderr, /^Usage: sluice/);
});

Deno.test("unknown commands and flags are refused in one line that suggests the nearest name", async () => {
  await assertRefused(["pretrian"], /unknown command 'pretrian' \(Did you mean pretrain\?\)/);
  await assertRefused(["bench", "stepp"], /Did you mean step\?/);
  await assertRefused(["pretrain", "--bugdet", "0.3"], /unknown option '--bugdet' \(Did you mean --budget\?\)/);
  await assertRefused(["cost", "--frobnicate"], /unknown option '--frobnicate'; see --help/);
  await assertRefused(["cost", "--width"], /'--width <N>' argument missing/);
  await assertRefused(["evaluate"], /missing required argument 'RUN'/);
  await assertRefused(["doctor", "me"], /too many arguments/);
});

Deno.test("an error's stack is shown only with --verbose", async () => {
  const { stderr } = await runSluice(["cost", "--width", "3", "--verbose"]);
  assertMatch(stderr, /^sluice: --width 3: [^\n]+\nInvalidOptionError: [\s\S]*\n {4}at /);
});

Deno.test("--print-config prints the contents of config.yaml, and --config accepts them", async () => {
  const args = ["pretrain", "--preset", "paper-stl10", "--budget", "0.5", "--print-config"];
  const text = await assertSucceeds(args);
  assertMatch(text, /^dataset: stl10$/m);
  assertMatch(text, /^stem: imagenet$/m);
  assertMatch(text, /^budget: 0\.5$/m);
  assertMatch(text, /^budget-rule: paper$/m);
  const document = JSON.parse(await assertSucceeds([...args, "--json"])) as Record<string, unknown>;
  assertEquals([document["dataset"], document["batch"], document["warmup-epochs"]], ["stl10", 512, 10]);
  const folder = Deno.makeTempDirSync();
  try {
    const path = `${folder}/config.yaml`;
    Deno.writeTextFileSync(path, text);
    assertStrictEquals(await assertSucceeds(["pretrain", "--config", path, "--print-config"]), text);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("--objective list prints every objective with a description, as text and as JSON", async () => {
  const text = await assertSucceeds(["pretrain", "--objective", "list"]);
  const listed = JSON.parse(await assertSucceeds(["pretrain", "--objective", "list", "--json"])) as unknown;
  assert(Array.isArray(listed));
  const names = listed.map(({ name }: { name: string }) => name);
  assertEquals(names, objectiveNames);
  for (const { name, description } of listed as { name: string; description: string }[]) {
    assertMatch(text, new RegExp(`^${name} +${description.slice(0, 20)}`, "m"));
  }
});

Deno.test("an unknown objective is refused with the known names, and --no-invariance if the objective lacks the term", async () => {
  await assertRefused(
    ["pretrain", "--objective", "x", "--out", "run"],
    /--objective x: .*vicreg.*vibcreg.*barlow-twins/,
  );
  await assertRefused(
    ["pretrain", "--objective", "simclr", "--no-invariance", "--out", "run"],
    /--no-invariance: is for the objective vicreg/,
  );
});
