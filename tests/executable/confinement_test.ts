/**
 * Tests what the executable touches: it only writes to its cache and to the paths that it was given, and opens no
 * connection.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { join, resolve } from "@std/path";
import { aptCommand, execute, installWith } from "../../native/tools/packages.ts";
import { finish } from "../cli/run_sluice.ts";
import { withFolder } from "../folders.ts";
import { testedExecutable } from "./executable.ts";

/** Why system calls cannot be traced on this machine; null if they can. */
async function findObstacle(): Promise<string | null> {
  const canTrace = async () => (await execute("strace", ["-f", "true"])).success;
  if (await canTrace()) return null;
  const apt = await aptCommand();
  if (apt === null) return "strace is missing, and there is no apt-get to install it";
  await installWith(apt, [{ name: "strace", packages: ["strace"] }]);
  return await canTrace() ? null : "strace cannot be installed, or may not trace";
}

/** The actions of a traced process, without failed calls. */
interface Trace {
  /** Paths that were created or opened for writing. */
  readonly written: readonly string[];
  /** Calls that create a socket. */
  readonly sockets: readonly string[];
}

/** Runs the executable and reads its system calls. */
async function trace(folder: string, args: readonly string[]): Promise<Trace> {
  const log = join(folder, "calls");
  const calls = "trace=socket,openat,open,creat,mkdir,mkdirat,rename,renameat,renameat2,symlink,link";
  const env = { SLUICE_CACHE: join(folder, "cache"), HOME: join(folder, "home"), TMPDIR: join(folder, "tmp") };
  const command = ["-f", "-e", calls, "-o", log, testedExecutable(), ...args];
  const { status, stderr } = await finish("strace", command, env);
  assertEquals(status, 0, stderr);
  const done = Deno.readTextFileSync(log).split("\n").filter((line) => !/ = -1 E/.test(line));
  const isWriting = (line: string) => /\b(mkdir|creat|rename|link)|O_WRONLY|O_RDWR|O_CREAT/.test(line);
  const paths = done.filter(isWriting).flatMap((line) => /"([^"]*)"/.exec(line)?.[1] ?? []);
  return { written: paths.map((path) => resolve(path)), sockets: done.filter((line) => /\bsocket\(/.test(line)) };
}

const reason = await findObstacle();
if (reason !== null) console.log(`skipped: what the executable touches (${reason})`);

Deno.test({
  name: "commands write only to the cache and to the given paths, and open no socket",
  ignore: reason !== null,
  fn: withFolder(async (folder) => {
    for (const name of ["home", "tmp"]) Deno.mkdirSync(join(folder, name));
    const run = join(folder, "run");
    const tiny = ["--width", "4", "--projector", "16", "--batch", "8", "--train-images", "64", "--test-images", "32"];
    const commands: readonly (readonly [readonly string[], readonly string[]])[] = [
      [["--version"], []],
      [["doctor"], []],
      [["cost"], []],
      // A run's folder is made beside its place and then renamed.
      [["pretrain", ...tiny, "--epochs", "1", "--out", run], [run, join(folder, ".run.")]],
      [["evaluate", run], [run]],
      [["status", run], [run]],
      [["export", run, "-o", join(folder, "a.safetensors")], [join(folder, "a.safetensors"), join(folder, ".a.")]],
      [["report", run, "-o", join(folder, "a.html")], [join(folder, "a.html"), join(folder, ".a.")]],
    ];
    for (const [args, own] of commands) {
      const { written, sockets } = await trace(folder, args);
      const allowed = [join(folder, "cache"), "/dev/null", "/dev/tty", ...own];
      const strange = written.filter((path) => !allowed.some((start) => path.startsWith(start)) && path !== folder);
      assertEquals(strange, [], args.join(" "));
      assertEquals(sockets, [], args.join(" "));
    }
  }),
});
