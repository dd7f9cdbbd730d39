/**
 * Tests of file locks: the holder, the file's text, and noticing that the file was replaced.
 *
 * @module
 */
import { assert, assertEquals, assertIsError, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { linkSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import process from "node:process";
import { InvalidInputError, LostFolderError } from "../../src/errors.ts";
import { ownIdentity } from "../../src/machine/mod.ts";
import { describeHolder, FileLock, isHolderHere, readLock } from "../../src/formats/mod.ts";
import { withFolder } from "../folders.ts";

/** Holds a lock as another process would: locks belong to open files, not to processes. */
function hold(path: string, text: string, exclusive = true): Deno.FsFile {
  writeFileSync(path, text);
  const file = Deno.openSync(path, { read: true, write: true });
  assertEquals(file.tryLockSync(exclusive), true);
  return file;
}

Deno.test(
  "a lock file names process number, host and start time in a line each, and disposing of the lock frees it",
  withFolder(async (folder) => {
    const path = join(folder, "lock");
    writeFileSync(
      path,
      "an older text, which is longer than the text that replaces it and must not remain in part\n",
    );
    const lock = await FileLock.take(path, folder);
    const own = ownIdentity();
    assertEquals(readFileSync(path, "utf8"), `${process.pid}\n${own?.host}\n${own?.start}\n`);
    assertEquals(readLock(path), { holder: own, noLocks: null });
    assertEquals(
      (await assertRejects(() => FileLock.take(path, folder), InvalidInputError)).message,
      `${folder}: is in use by process ${process.pid}; wait for it, or stop it`,
    );
    lock[Symbol.dispose]();
    assertEquals(readLock(path), { holder: null, noLocks: null });
    (await FileLock.take(path, folder))[Symbol.dispose]();
  }),
);

Deno.test(
  "reading the state of a lock does not keep another process from taking it",
  withFolder(async (folder) => {
    const path = join(folder, "lock");
    const looking = hold(path, "", false);
    setTimeout(() => looking.close(), 200);
    (await FileLock.take(path, folder))[Symbol.dispose]();
  }),
);

/** Makes locks fail as on a file system without them, and calls `meanwhile` during the first attempt. */
function withoutLocks(meanwhile: () => void): Disposable {
  const { prototype } = Deno.FsFile;
  const { tryLockSync } = prototype;
  let attempts = 0;
  prototype.tryLockSync = () => {
    if (attempts++ === 0) meanwhile();
    throw new Error("no locks");
  };
  return { [Symbol.dispose]: () => void (prototype.tryLockSync = tryLockSync) };
}

Deno.test(
  "a lock file that its holder removes during an attempt to lock it is made anew",
  withFolder(async (folder) => {
    const path = join(folder, "lock");
    writeFileSync(path, "");
    using _noLocks = withoutLocks(() => rmSync(path));
    using lock = await FileLock.takeWhenFree(path, folder);
    assertEquals(lock.noLocks, "no locks");
    assertEquals(readFileSync(path, "utf8").split("\n")[0], `${process.pid}`);
  }),
);

Deno.test(
  "a process that waits for a lock learns its holder once, and gets the lock when it is free",
  withFolder(async (folder) => {
    const path = join(folder, "lock");
    const holding = hold(path, "123\n");
    setTimeout(() => holding.close(), 300);
    const told: string[] = [];
    using _lock = await FileLock.takeWhenFree(path, folder, (holder) => told.push(describeHolder(holder)));
    assertEquals(told, ["process 123"]);
  }),
);

Deno.test(
  "a waiting process creates the lock file again if its holder removes it",
  withFolder(async (folder) => {
    const path = join(folder, "lock");
    const first = await FileLock.take(path, folder);
    setTimeout(() => {
      first.remove();
      first[Symbol.dispose]();
    }, 200);
    using second = await FileLock.takeWhenFree(path, folder);
    second.check();
    assertStrictEquals(readLock(path).holder?.pid, process.pid);
  }),
);

const own = ownIdentity();
const earlier = `${Number(own?.start) - 1}`;
for (
  const { name, text, words, pid } of [
    { name: "nothing", text: "", words: "another process", pid: null },
    { name: "-1", text: "-1", words: "another process", pid: null },
    { name: "0", text: "0\n", words: "another process", pid: null },
    { name: "1e3", text: "1e3\n", words: "another process", pid: null },
    { name: "a number alone, as in earlier versions,", text: `${process.pid}\n`, words: `process ${process.pid}` },
    { name: "another machine", text: `12\nnode7\n${own?.start}\n`, words: "process 12 on node7", pid: 12 },
    { name: "a machine of control characters", text: "12\n\x1b[31m\n99\n", words: "process 12", pid: 12 },
    { name: "another start", text: `${process.pid}\n${own?.host}\n${earlier}\n`, words: `process ${process.pid}` },
  ]
) {
  Deno.test(
    `a locked file with the text of ${name} is held, and its holder does not count as running here`,
    withFolder((folder) => {
      const path = join(folder, "lock");
      using _held = hold(path, text);
      const { holder, noLocks } = readLock(path);
      assert(holder !== null && noLocks === null);
      const expected = [pid === undefined ? process.pid : pid, words, false];
      assertEquals([holder.pid, describeHolder(holder), isHolderHere(holder)], expected);
    }),
  );
}

Deno.test(
  "a link, a file with a second hard link, a folder and a pipe are refused, and linked files keep their contents",
  withFolder(async (folder) => {
    const [path, precious] = [join(folder, "lock"), join(folder, "precious")];
    writeFileSync(precious, "precious");
    const refused = async (message: RegExp) => {
      const isRefusal = message;
      assertIsError(await assertRejects(() => FileLock.take(path, folder)), InvalidInputError, isRefusal);
      assertIsError(await assertRejects(() => FileLock.takeWhenFree(path, folder)), InvalidInputError, isRefusal);
      rmSync(path, { recursive: true });
    };
    symlinkSync(precious, path);
    assertThrows(() => readLock(path), Error, "lock: is a link");
    await refused(/lock: is a link and must be a file; remove it, or copy the file here$/);
    symlinkSync(join(folder, "not there"), path);
    await refused(/lock: is a link/);
    linkSync(precious, path);
    await refused(/lock: has another name \(a hard link\); remove it$/);
    Deno.mkdirSync(path);
    await refused(/lock: is not a file; remove it$/);
    await new Deno.Command("mkfifo", { args: [path] }).output();
    await refused(/lock: is not a file; remove it$/);
    assertEquals(readFileSync(precious, "utf8"), "precious");
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["precious"]);
  }),
);

Deno.test(
  "a lock notices if its file was removed, replaced, or moved with its folder",
  withFolder(async (folder) => {
    const inner = join(folder, "run");
    const path = join(inner, "lock");
    const lost = /run: was removed or replaced while this process worked on it/;
    const locked = async () => {
      Deno.mkdirSync(inner, { recursive: true });
      const lock = await FileLock.take(path, inner);
      lock.check();
      return lock;
    };
    using removed = await locked();
    rmSync(path);
    assertIsError(assertThrows(() => removed.check()), LostFolderError, lost);
    using replaced = await locked();
    const text = readFileSync(path);
    rmSync(path);
    writeFileSync(path, text);
    assertIsError(assertThrows(() => replaced.check()), LostFolderError, lost);
    using moved = await locked();
    renameSync(inner, join(folder, "elsewhere"));
    assertIsError(assertThrows(() => moved.check()), LostFolderError, lost);
  }),
);
