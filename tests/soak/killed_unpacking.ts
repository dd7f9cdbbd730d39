/**
 * Soak test: kills executables at random moments while they unpack themselves.
 *
 * @module
 */
import { join } from "@std/path";
import { fileURLToPath } from "node:url";
import { compileExecutable } from "../../native/executable/compile.ts";
import { RandomStream } from "../../src/random/mod.ts";
import { assertKillsAreSurvived } from "../executable/executable.ts";
import type { SoakTest } from "./soak.ts";

const output = fileURLToPath(new URL("../../runs/soak/sluice", import.meta.url));
/**
 * Milliseconds within which a process is killed: about the time of unpacking, or of waiting for another process to
 * unpack.
 */
const LONGEST_LIFE = 1500;

/** Kills up to four processes at a time at random moments; the next process must find or make a complete cache. */
export const killUnpacking: SoakTest = {
  name: "executables killed while unpacking leave nothing that a later process would use",
  trials: 500,
  portion: 25,
  run: async (begin, end) => {
    const { path } = await compileExecutable(output, 1);
    for (let number = begin; number < end; number++) {
      const random = new RandomStream(11, 2, number);
      const folder = Deno.makeTempDirSync();
      try {
        const delays = Array.from({ length: 1 + random.integer(4) }, () => random.integer(LONGEST_LIFE));
        await assertKillsAreSurvived(path, join(folder, "cache"), delays);
      } finally {
        Deno.removeSync(folder, { recursive: true });
      }
    }
  },
};
