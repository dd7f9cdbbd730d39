/**
 * The flags of a Deno that is packed with its program.
 *
 * @module
 */

/** Flags of a packed Deno: it reads no file that its user did not name, and asks for nothing. */
export const isolation: readonly string[] = [
  ...["--quiet", "--no-prompt", "--no-config", "--no-lock", "--no-npm", "--no-remote", "--cached-only"],
  "--no-check",
];
