/**
 * Imitates a file system without locks, such as some network file systems: a preloaded library makes `flock` fail.
 *
 * @module
 */
import { join } from "@std/path";

const source = `#include <errno.h>
#include <stdlib.h>
int flock(int file, int operation) {
  errno = atoi(getenv("REFUSED_LOCK"));
  return -1;
}
`;

/**
 * Builds the library. @returns a function from an error number to the variables that make every lock fail with it, or
 * null without a C compiler.
 */
export async function withoutLocks(folder: string): Promise<((error: number) => Record<string, string>) | null> {
  const [code, library] = [join(folder, "no_locks.c"), join(folder, "no_locks.so")];
  Deno.writeTextFileSync(code, source);
  try {
    const { success } = await new Deno.Command("cc", { args: ["-shared", "-fPIC", "-o", library, code] }).output();
    return success ? (error) => ({ LD_PRELOAD: library, REFUSED_LOCK: String(error) }) : null;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
