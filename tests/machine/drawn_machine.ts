/**
 * Machines that are drawn: folders with the files of /proc and /sys that matter.
 *
 * @module
 */
import { dirname, join } from "node:path";
import { SystemCalls } from "../../src/machine/mod.ts";
import { withFolder } from "../folders.ts";

/** Texts of files by their paths. */
export type Drawing = Readonly<Record<string, string | number>>;

/** Writes files, each with a newline at its end. */
export function draw(root: string, drawing: Drawing): void {
  for (const [path, text] of Object.entries(drawing)) {
    Deno.mkdirSync(dirname(join(root, path)), { recursive: true });
    Deno.writeTextFileSync(join(root, path), `${text}\n`);
  }
}

/** A test of what is said about a drawn machine. */
export function onDrawn(drawing: Drawing, test: (system: SystemCalls) => void): () => Promise<void> {
  return withFolder((root) => {
    draw(root, drawing);
    using system = new SystemCalls(root);
    test(system);
  });
}

/** A line of mountinfo: which group is mounted where. */
export function mountLine(root: string, point: string, type: "cgroup" | "cgroup2", options = "rw"): string {
  return `31 23 0:28 ${root} ${point} rw,relatime shared:9 - ${type} ${type} ${options}`;
}
