/**
 * Downloads wheels with headers and libraries that tests build against.
 *
 * @module
 */
import { join } from "@std/path";
import { existsSync, rmSync } from "node:fs";

import { execute } from "../native/tools/packages.ts";

/**
 * Downloads wheels through pip and unpacks them, unless the folder exists.
 *
 * @param names pip's requirements.
 * @param size how much is downloaded, in words.
 * @returns the reason if that fails, else null.
 */
export async function unpackWheels(names: readonly string[], folder: string, size: string): Promise<string | null> {
  if (existsSync(folder)) return null;
  const partial = `${folder}.partial`;
  rmSync(partial, { recursive: true, force: true });
  const download = join(partial, "download");
  console.error(`downloading ${names.join(" and ")} through pip: about ${size}, once`);
  const pip = ["-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", "--dest", download];
  if (!(await execute("python3", [...pip, ...names])).success) return `pip could not download ${names.join(" and ")}`;
  for (const { name } of Deno.readDirSync(download)) {
    const { success, output } = await execute("python3", ["-m", "zipfile", "-e", join(download, name), partial]);
    if (!success) return `${name} could not be unpacked: ${output.trim()}`;
  }
  rmSync(download, { recursive: true });
  Deno.renameSync(partial, folder);
  return null;
}
