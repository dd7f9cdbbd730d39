/**
 * The words that start this program again, in a process of its own.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import denoJson from "../deno.json" with { type: "json" };

/**
 * The words before a command's name: the executable as its launcher names it, or Deno as the task `sluice` calls it.
 */
export function selfCommand(): readonly string[] {
  const executable = Deno.env.get("SLUICE_EXECUTABLE");
  if (executable) return [executable];
  const [, ...args] = denoJson.tasks.sluice.command.split(" ");
  return [Deno.execPath(), ...args.slice(0, -1), fileURLToPath(new URL("main.ts", import.meta.url))];
}
