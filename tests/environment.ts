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
