/**
 * Tests of a sweep's progress bar on a terminal.
 *
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { writeFileSync } from "node:fs";
import { quoteWords } from "../../src/sweep/mod.ts";
import { tinyBase } from "../sweep/tiny_sweep.ts";
import { selfCommand } from "../../cli/self.ts";
import { withFolder } from "../folders.ts";
import { finish, testedExecutable } from "./run_sluice.ts";

/** Whether util-linux's `script` is installed, which gives a process a terminal. */
const hasScript = await finish("sh", ["-c", "command -v script"], {}).then(({ status }) => status === 0);

Deno.test({
  name: `a sweep's bar shows its steps and an estimate before a run has ended${
    hasScript ? "" : " (skipped: no script)"
  }`,
  ignore: !hasScript,
  fn: withFolder(async (folder) => {
    const [spec, out] = [join(folder, "spec.yaml"), join(folder, "sweep")];
    writeFileSync(
      spec,
      `${
        tinyBase.replace("epochs: 4", "epochs: 100").replace("train-images: 96", "train-images: 64")
      }evaluate: [knn]\n`,
    );
    const program = testedExecutable === undefined ? selfCommand() : [testedExecutable];
    const command = quoteWords([...program, "sweep", spec, "--out", out]);
    const { status, stdout } = await finish("script", ["-qec", command, "/dev/null"], { TERM: "xterm" });
    assertEquals(status, 0, stdout);
    const [beforeFirst = ""] = stdout.split("run: done");
    assertMatch(beforeFirst, /[1-9]\d*% \| 0 of 1 runs \| about \d+:\d\d left/);
    assertMatch(stdout, /run: done; 1 of 1 runs, 100 %/);
  }),
});
