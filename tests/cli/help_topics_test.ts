/**
 * Tests that the topics of `sluice help` are the chapters of cli/README.md.
 *
 * @module
 */
import assert from "node:assert/strict";
import { chaptersOf, helpTopicNames, readHelpTopic } from "../../cli/help_topics.ts";
import { runSluice } from "./run_sluice.ts";

const page = Deno.readTextFileSync(new URL("../../cli/README.md", import.meta.url));

Deno.test("every chapter of cli/README.md is a topic, in the order of the page", () => {
  assert.deepEqual([...chaptersOf(page).keys()], [...helpTopicNames]);
});

Deno.test("no topic has the name of a command, whose help would hide it", async () => {
  const { stdout } = await runSluice(["--help"]);
  const commands = [...stdout.matchAll(/^ {2}([a-z]+) /gm)].map(([, name]) => name);
  assert.ok(commands.includes("pretrain"));
  assert.deepEqual(helpTopicNames.filter((topic) => commands.includes(topic)), []);
});

Deno.test("a topic prints its chapter and nothing of the next", async () => {
  const { status, stdout, stderr } = await runSluice(["help", "budgets"]);
  assert.equal(status, 0, stderr);
  assert.match(stdout, /^Budgets\n=======\n/);
  assert.match(stdout, /proportional-integral controller/);
  assert.doesNotMatch(stdout, /^## /m);
  assert.doesNotMatch(stdout, /resnet18/);
  assert.equal(stdout, `${await readHelpTopic("budgets")}\n`);
});

Deno.test("a misspelt topic is refused with the one that was meant", async () => {
  const { status, stderr } = await runSluice(["help", "budgts"]);
  assert.equal(status, 2);
  assert.match(stderr, /unknown command 'budgts' \(Did you mean budgets\?\)/);
});
