/**
 * Tests how a run shares processors with other programs.
 *
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";

import { SystemCalls, usableProcessors } from "../../src/machine/mod.ts";
import { withFolder } from "../folders.ts";
import { runShell, startSluice } from "./run_sluice.ts";

/** How long OpenMP's threads spin, by the shell's commands before the process starts. */
async function spinCount(commands: string): Promise<string | undefined> {
  const script = `unset OMP_WAIT_POLICY GOMP_SPINCOUNT; ${commands}; exec "$@"`;
  const { status, stderr } = await runShell(script, ["doctor"], { OMP_DISPLAY_ENV: "verbose" });
  assertEquals(status, 0, stderr);
  return /GOMP_SPINCOUNT = '(\d+)'/.exec(stderr)?.[1];
}

Deno.test("waiting threads sleep soon, unless the user has set how they wait", async () => {
  assertEquals(await spinCount("true"), "2000");
  assertEquals(await spinCount("export GOMP_SPINCOUNT=77"), "77");
  assertEquals(await spinCount("export OMP_WAIT_POLICY=passive"), "0");
});

/** Milliseconds after which a run that says nothing is ended. */
const PATIENCE = 120_000;

/** The processors that the scheduler gives to this process; a quota of processor time is another limit. */
function processors(): number {
  using system = new SystemCalls();
  return system.affinity()?.length ?? 1;
}

Deno.test({
  name: "beside a busy program, a run says once which number of threads fits",
  // A process with a quota of processor time cannot keep its processors busy.
  ignore: usableProcessors() < processors(),
  fn: withFolder(async (folder) => {
    const threads = Math.max(2, processors());
    const busy = new Deno.Command(Deno.execPath(), { args: ["eval", "for (;;);"], stdout: "null" }).spawn();
    const size = ["--width", "4", "--projector", "8", "--batch", "16", "--train-images", "64", "--test-images", "8"];
    const args = ["pretrain", "--dataset", "shapes", ...size, "--epochs", "4096", "--eval-every", "0"];
    const child = startSluice([...args, "--threads", `${threads}`, "--out", join(folder, "run")]);
    const stop = () => child.kill("SIGTERM");
    const timer = setTimeout(stop, PATIENCE);
    try {
      const output = child.stdout.cancel();
      let [text, isStopped] = ["", false];
      for await (const chunk of child.stderr.pipeThrough(new TextDecoderStream())) {
        text += chunk;
        if (isStopped || !text.includes("beside them")) continue;
        stop();
        isStopped = true;
      }
      await output;
      assertEquals((await child.status).code, 143, text);
      const fitting = new RegExp(
        `^other programs keep about \\d+\\.\\d of ${processors()} processors busy, which slows down ${threads} threads ` +
          `that wait for each other: --threads \\d+ fits beside them$`,
        "m",
      );
      assertMatch(text, fitting);
    } finally {
      clearTimeout(timer);
      busy.kill("SIGKILL");
      await busy.status;
    }
  }),
});
