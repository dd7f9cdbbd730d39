/**
 * Measures the single-file executable: its size and what is in it, its first start, and how soon it answers afterwards.
 *
 * A line of `deno task bench`.
 *
 * @module
 */
import { assert } from "@std/assert";
import { join } from "@std/path";
import { compileExecutable, RELEASE_LEVEL } from "../../native/executable/compile.ts";

/** Milliseconds that one start takes. */
async function time(executable: string, cache: string, args: readonly string[]): Promise<number> {
  const command = new Deno.Command(executable, { args: [...args], env: { SLUICE_CACHE: cache }, stdin: "null" });
  const begun = performance.now();
  const { success, stderr } = await command.output();
  assert(success, new TextDecoder().decode(stderr));
  return performance.now() - begun;
}

async function median(count: number, measure: () => Promise<number>): Promise<string> {
  const times: number[] = [];
  for (let i = 0; i < count; i++) times.push(await measure());
  return `${times.sort((a, b) => a - b)[count >> 1]?.toFixed(0)} ms`;
}

if (import.meta.main) {
  const folder = Deno.makeTempDirSync();
  try {
    const executable = join(folder, "sluice");
    const { way } = await compileExecutable(executable, RELEASE_LEVEL);
    console.log(`executable: ${(Deno.statSync(executable).size / 1e6).toFixed(1)} MB, ${way}`);
    let caches = 0;
    const first = await median(5, () => time(executable, join(folder, `cache-${caches++}`), ["--version"]));
    const cache = join(folder, "cache-0");
    const version = await median(21, () => time(executable, cache, ["--version"]));
    const cost = await median(11, () => time(executable, cache, ["cost"]));
    console.log(`first start ${first}, then \`sluice --version\` ${version}, \`sluice cost\` ${cost}`);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}
