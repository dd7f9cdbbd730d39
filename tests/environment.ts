/**
 * Environment variables for tests.
 *
 * @module
 */

/** Runs with an environment variable changed, or deleted where the value is undefined, and puts it back. */
export function withVariable(name: string, value: string | undefined, body: () => void): void {
  const before = Deno.env.get(name);
  const change = (to: string | undefined) => to === undefined ? Deno.env.delete(name) : Deno.env.set(name, to);
  change(value);
  try {
    body();
  } finally {
    change(before);
  }
}

/** Folder of Deno's cache. A process with another HOME needs it as DENO_DIR, or it downloads all packages anew. */
export function denoFolder(): string {
  const { stdout } = new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).outputSync();
  return (JSON.parse(new TextDecoder().decode(stdout)) as { denoDir: string }).denoDir;
}
