/**
 * Simulates machines: folders with the files of /proc and /sys that the code under test reads.
 *
 * @module
 */
import { dirname, join } from "@std/path";
import { SystemCalls } from "../../src/machine/mod.ts";
import { withFolder } from "../folders.ts";

/** The text of each file, by its absolute path on the simulated machine. */
export type MachineFiles = Readonly<Record<string, string | number>>;

/** Writes the files below `root`, each with a newline at its end. */
export function writeMachine(root: string, files: MachineFiles): void {
  for (const [path, text] of Object.entries(files)) {
    Deno.mkdirSync(dirname(join(root, path)), { recursive: true });
    Deno.writeTextFileSync(join(root, path), `${text}\n`);
  }
}

/** A test on a simulated machine, whose folder exists as long as the test runs. */
export function onSimulated(files: MachineFiles, test: (system: SystemCalls) => void): () => Promise<void> {
  return withFolder((root) => {
    writeMachine(root, files);
    using system = new SystemCalls(root);
    test(system);
  });
}

/** A line of /proc/self/mountinfo that mounts the control group `root` on the folder `point`. */
export function mountLine(root: string, point: string, type: "cgroup" | "cgroup2", options = "rw"): string {
  return `31 23 0:28 ${root} ${point} rw,relatime shared:9 - ${type} ${type} ${options}`;
}
