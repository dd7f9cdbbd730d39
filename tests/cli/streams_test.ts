/**
 * Tests of unwritable streams: a run continues without stderr, but a result that cannot be written is an error.
 *
 * @module
 */

import { assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { readFileSync } from "node:fs";
import { withFolder } from "../folders.ts";
import { runShell } from "./run_sluice.ts";

const tiny = [
  ...["--width", "4", "--projector", "16", "--batch", "8", "--threads", "1", "--epochs", "2"],
  ...["--train-images", "32", "--test-images", "16", "--eval-every", "0"],
];

const hasFull = Deno.build.os === "linux";

/** Shell scripts that break stderr in different ways. */
const brokenStreams = [
  ["whose reader has exited", '{ "$@"; echo $? >"$0.status"; } 2>&1 | true'],
  ["whose reader stops after one line", '{ "$@"; echo $? >"$0.status"; } 2>&1 | head -n 1'],
  ["that is closed", '"$@" 2>&-; echo $? >"$0.status"'],
  ["on a full disk", '"$@" 2>/dev/full; echo $? >"$0.status"'],
] as const;

for (const [fault, script] of brokenStreams) {
  Deno.test({
    name: `a run finishes with a stderr ${fault}`,
    ignore: !hasFull,
    fn: withFolder(async (folder) => {
      const run = join(folder, "run");
      await runShell(script.replaceAll('"$0.status"', `'${folder}/status'`), ["pretrain", ...tiny, "-o", run]);
      assertEquals(readFileSync(join(folder, "status"), "utf8"), "0\n");
      assertMatch(readFileSync(join(run, "metrics.jsonl"), "utf8"), /"step":8,"steps":8/);
    }),
  });
}

Deno.test({
  name: "a result that cannot be written is an error with status 1, in text, in JSON and in help",
  ignore: !hasFull,
  fn: async () => {
    for (const args of [["cost"], ["cost", "--json"], ["--help"], ["-v"], ["completions", "bash"]]) {
      const { status, stderr } = await runShell('"$@" >/dev/full', args);
      assertMatch(stderr, /^sluice: standard output: cannot be written: no space is left on the device; free some\n$/);
      assertEquals(status, 1, args.join(" "));
    }
  },
});

Deno.test("a reader of results that stops early is not an error", async () => {
  const { stdout, stderr } = await runShell('{ "$@"; echo "status $?" >&2; } | head -n 1', ["completions", "bash"]);
  assertMatch(stdout, /^# Completions of sluice/);
  assertEquals(stderr, "status 0\n");
});
