/**
 * How this program is started again, as a process of its own.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import denoJson from "../deno.json" with { type: "json" };

/** Program and arguments before a command's own: the executable itself, or Deno with what the task `sluice` gives it. */
export function selfCommand(): readonly string[] {
  if (Deno.build.standalone) return [Deno.execPath()];
  const [, ...args] = denoJson.tasks.sluice.command.split(" ");
  return [Deno.execPath(), ...args.slice(0, -1), fileURLToPath(new URL("main.ts", import.meta.url))];
}
