/**
 * Tests that the topics of `sluice help` are the chapters of cli/README.md.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertNotMatch } from "@std/assert";
import { chaptersOf, helpTopicNames, readHelpTopic } from "../../cli/help_topics.ts";
import { runSluice } from "./run_sluice.ts";

const page = Deno.readTextFileSync(new URL("../../cli/README.md", import.meta.url));

Deno.test("every chapter of cli/README.md is a topic, in the order of the page", () => {
  assertEquals([...chaptersOf(page).keys()], [...helpTopicNames]);
});

Deno.test("no topic has the name of a command, whose help would hide it", async () => {
  const { stdout } = await runSluice(["--help"]);
  const commands = [...stdout.matchAll(/^ {2}([a-z]+) /gm)].map(([, name]) => name);
  assert(commands.includes("pretrain"));
  assertEquals(helpTopicNames.filter((topic) => commands.includes(topic)), []);
});

Deno.test("a topic prints its chapter and nothing of the next", async () => {
  const { status, stdout, stderr } = await runSluice(["help", "budgets"]);
  assertEquals(status, 0, stderr);
  assertMatch(stdout, /^Budgets\n=======\n/);
  assertMatch(stdout, /proportional-integral controller/);
  assertNotMatch(stdout, /^## /m);
  assertNotMatch(stdout, /resnet18/);
  assertEquals(stdout, `${await readHelpTopic("budgets")}\n`);
});

Deno.test("a misspelt topic is refused with the one that was meant", async () => {
  const { status, stderr } = await runSluice(["help", "budgts"]);
  assertEquals(status, 2);
  assertMatch(stderr, /unknown command 'budgts' \(Did you mean budgets\?\)/);
});
