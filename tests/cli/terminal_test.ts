/**
 * Tests of the output on a pseudo-terminal.
 *
 * @module
 */

import { assert, assertEquals, assertGreater, assertMatch, assertNotMatch } from "@std/assert";
import { join } from "@std/path";
import { quoteWords } from "../../src/sweep/shell.ts";
import { withFolder } from "../folders.ts";
import { sluiceCommand, untilWritten } from "./run_sluice.ts";

/** Gates from the first step on, so that every line has a cost. */
const tiny = [
  ...["--recipe", "paper", "--budget-rule", "default"],
  ...["--width", "4", "--projector", "16", "--batch", "8", "--threads", "1"],
  ...["--train-images", "32", "--test-images", "16"],
];

async function isInstalled(): Promise<boolean> {
  const { success } = await new Deno.Command("sh", { args: ["-c", "script --version && stty --version"] }).output();
  return success;
}

const hasTerminal = Deno.build.os === "linux" && await isInstalled();
const title = hasTerminal ? "" : " (left out: script of util-linux is not installed here)";

/** Starts the command line on a terminal of 80 columns. Text written to stdin is typed there. */
function startOnTerminal(args: readonly string[], term: string): Deno.ChildProcess {
  const command = `stty cols 80; exec ${quoteWords([...sluiceCommand(), ...args])}`;
  const options = { stdin: "piped", stdout: "piped", stderr: "piped" } as const;
  const env = { TERM: term, NO_COLOR: "" };
  return new Deno.Command("script", { args: ["-qec", command, "/dev/null"], env, ...options }).spawn();
}

/** The text that a terminal receives, with `␛` for escape characters. */
async function textOf(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<string> {
  return (await new Response(stream).text()).replaceAll("\x1b", "␛");
}

Deno.test({
  name: `Ctrl-C on a terminal removes the bar, and writes its message on a separate line${title}`,
  ignore: !hasTerminal,
  fn: withFolder(async (folder) => {
    const run = join(folder, "run");
    const child = startOnTerminal(["pretrain", ...tiny, "--eval-every", "0", "--epochs", "4000", "-o", run], "xterm");
    const shown = textOf(child.stdout);
    await untilWritten(join(run, "metrics.jsonl"), '"step":5,');
    const keyboard = child.stdin.getWriter();
    await keyboard.write(new TextEncoder().encode("\x03"));
    const { code } = await child.status;
    await keyboard.close();
    const text = await shown;
    assertEquals(code, 130, text);
    assertMatch(text, /reading the data: shapes/);
    assertMatch(text, /building the network; the first step/);
    assertMatch(text, /\r␛\[KSIGINT: saving, then stopping\r\n/);
    assertMatch(text, /\r␛\[Kstopped after \d+ steps, and saved; to resume: [^␛]*\r\n(\r␛\[K)?$/);
    // The terminal's modes stay unchanged: a killed process could not restore them.
    assertNotMatch(text, /␛\[\?/);
    const bars = text.split(/\r\n?/).map((line) => line.replace("␛[K", "")).filter((line) => /^[█░]/.test(line));
    assertGreater(bars.length, 0);
    for (const bar of bars) assert(bar.replace("^C", "").length < 80 && /left \| cost \d/.test(bar), bar);
  }),
});

Deno.test({
  name: `a dumb terminal gets plain lines without a bar and without colours${title}`,
  ignore: !hasTerminal,
  fn: withFolder(async (folder) => {
    const run = join(folder, "run");
    const child = startOnTerminal(["pretrain", ...tiny, "--epochs", "2", "-o", run], "dumb");
    const text = await textOf(child.stdout);
    const { code } = await child.status;
    await child.stdin.close();
    assertEquals(code, 0, text);
    assert(!text.includes("␛"), JSON.stringify(text));
    assertMatch(text, /^epoch 1\/2, step \d\/8, cost \d\.\d+ of 0\.3, loss /m);
    assertMatch(text, /^network +20-NN/m);
  }),
});
