/**
 * Folders for tests to write in.
 *
 * @module
 */

/** Runs a test with a fresh folder, removed afterwards. */
export function withFolder(test: (folder: string) => void | Promise<void>): () => Promise<void> {
  return async () => {
    const folder = Deno.makeTempDirSync();
    try {
      await test(folder);
    } finally {
      Deno.removeSync(folder, { recursive: true });
    }
  };
}
