/**
 * Builds the GPU kit on a machine with a GPU, and runs it there without a limit of time.
 *
 * @module
 */
import { join } from "@std/path";
import { rmSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";

import { runTask } from "../../native/tools/build.ts";
import { execute } from "../../native/tools/packages.ts";
import { SluiceError } from "../../src/errors.ts";
import { buildForGpus, makeKit } from "./kit/make.ts";

/** Minutes that are never over. */
const MINUTES = 30_000;

const folder = fileURLToPath(new URL("../../runs/gpu-kit", import.meta.url));

if (import.meta.main) {
  const gpus = await execute("nvidia-smi", ["--query-gpu=compute_cap,name,driver_version", "--format=csv,noheader"]);
  if (!gpus.success) console.log("skipped: no GPU was found (nvidia-smi does not run)");
  else {
    console.log(gpus.output.trim());
    await runTask(async () => {
      const unpacked = join(folder, "kit");
      rmSync(unpacked, { recursive: true, force: true });
      Deno.mkdirSync(unpacked, { recursive: true });
      const archive = join(unpacked, "kit.tar");
      await makeKit(archive, { native: await buildForGpus(), level: 1 });
      const { success, output } = await execute("tar", ["-xf", archive, "-C", unpacked, "--strip-components=1"]);
      if (!success) throw new SluiceError(`the kit cannot be unpacked: ${output.trim()}`);
      // Results of earlier runs stay beside the folder of the kit.
      const kit = new Deno.Command("sh", { args: ["kit/run.sh", `${MINUTES}`], cwd: folder, stdin: "null" });
      process.exitCode = (await kit.spawn().status).code;
      rmSync(unpacked, { recursive: true });
    });
  }
}
