/**
 * Tests how a run shares processors with other programs.
 *
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";

import { usableProcessors } from "../../src/machine/mod.ts";
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

Deno.test(
  "beside a busy program, a run says once which number of threads fits",
  withFolder(async (folder) => {
    const threads = Math.max(2, usableProcessors());
    const busy = new Deno.Command(Deno.execPath(), { args: ["eval", "for (;;);"], stdout: "null" }).spawn();
    try {
      const size = ["--width", "4", "--projector", "8", "--batch", "16", "--train-images", "64", "--test-images", "8"];
      const args = ["pretrain", "--dataset", "shapes", ...size, "--epochs", "4096", "--eval-every", "0"];
      const child = startSluice([...args, "--threads", `${threads}`, "--out", join(folder, "run")]);
      const output = child.stdout.cancel();
      let [text, isStopped] = ["", false];
      for await (const chunk of child.stderr.pipeThrough(new TextDecoderStream())) {
        text += chunk;
        if (isStopped || !text.includes("beside them")) continue;
        child.kill("SIGTERM");
        isStopped = true;
      }
      await output;
      assertEquals((await child.status).code, 143, text);
      const fitting = new RegExp(
        `^other programs keep about \\d+\\.\\d of ${usableProcessors()} processors busy, so that ${threads} threads ` +
          `wait for each other: --threads \\d+ fits beside them$`,
        "m",
      );
      assertMatch(text, fitting);
    } finally {
      busy.kill("SIGKILL");
      await busy.status;
    }
  }),
);
