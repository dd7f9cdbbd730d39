/**
 * File systems without locks, as some networks' are: a library put before the C library's own refuses every lock.
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

/** The variables under which programs have no locks, by the number of the error; null if no C compiler is there. */
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
