/**
 * A bare system: a root folder with only the C and C++ libraries, no network, an ordinary user, and a home that cannot
 * be written.
 *
 * @module
 */
import { assert } from "@std/assert";
import { dirname, join } from "@std/path";
import { copyFileSync, existsSync } from "node:fs";
import { finish, type Finished } from "../cli/run_sluice.ts";

const libraries = [
  "libc.so.6",
  "libm.so.6",
  "libdl.so.2",
  "libpthread.so.0",
  "librt.so.1",
  "libstdc++.so.6",
  "libgcc_s.so.1",
];
const libraryFolders = ["/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib64", "/usr/lib64"];
const loader = "/lib64/ld-linux-x86-64.so.2";
/** The user's number. */
export const user = 1000;

/** A file to copy into the root folder. */
export interface RootFile {
  /** Its path on this machine. */
  readonly source: string;
  /** Its path in the root folder; the same as on this machine by default. */
  readonly path?: string;
}

/** Makes a root folder with the C and C++ libraries, more files, and a folder `work` that the user may write. */
export function makeRoot(root: string, more: readonly RootFile[]): void {
  Deno.chmodSync(root, 0o755);
  const copied = [
    loader,
    ...libraries.map((name) => {
      const folder = libraryFolders.find((folder) => existsSync(join(folder, name)));
      assert(folder, `${name} is on this machine`);
      return join(folder, name);
    }),
  ];
  const files = [...copied.map((source) => ({ source })), ...more].map(({ source, path = source }: RootFile) => ({
    source,
    path,
  }));
  const folders = [...files.map(({ path }) => dirname(path)), "dev", "proc", "tmp", "home/user", "work"];
  for (const path of folders) Deno.mkdirSync(join(root, path), { recursive: true });
  for (const { source, path } of files) copyFileSync(source, join(root, path));
  Deno.writeTextFileSync(join(root, "dev", "null"), "");
  Deno.chmodSync(join(root, "tmp"), 0o1777);
  Deno.chownSync(join(root, "work"), user, user);
}

/**
 * Runs a program in the root folder as the user, without network and with `/proc`.
 *
 * @param command the program's path in the root folder, and its arguments.
 * @param noexec a folder in the root to mount noexec.
 */
export function runInRoot(
  root: string,
  command: readonly string[],
  { noexec, variables = {} }: { readonly noexec?: string; readonly variables?: Readonly<Record<string, string>> } = {},
): Promise<Finished> {
  const script = [
    'mount -t proc proc "$0/proc" && mount --bind /dev/null "$0/dev/null" && cd "$0" &&',
    noexec === undefined ? "" : `mount -t tmpfs -o noexec,mode=1777 none "$0/${noexec}" &&`,
    `exec chroot --userspec=${user}:${user} "$0" "$@"`,
  ].join(" ");
  const spaces = ["--mount", "--pid", "--net", "--fork"];
  const env = { PATH: Deno.env.get("PATH") ?? "", HOME: "/home/user", NO_COLOR: "1", ...variables };
  return finish("env", [
    "-i",
    ...Object.entries(env).map(([name, value]) => `${name}=${value}`),
    ...["unshare", ...spaces, "sh", "-c", script, root, ...command],
  ], {});
}

/** Why this machine cannot run a program in its own root folder; null if it can. */
export async function obstacle(): Promise<string | null> {
  if (Deno.uid() !== 0) return "only root can change the root folder";
  try {
    const { status, stderr } = await finish("unshare", ["--mount", "--pid", "--net", "--fork", "true"], {});
    return status === 0 ? null : stderr.trim();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return "there is no unshare";
  }
}
