/**
 * Tests of writing files and folders: modes, the state after a failure, and the temporary files of killed processes.
 *
 * @module
 */
import { assert, assertEquals, assertIsError, assertMatch, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { StorageError } from "../../src/errors.ts";
import {
  appendToFile,
  clearLeftovers,
  flushFolder,
  makeFolder,
  PartialFolder,
  removeFolder,
  writeFileAtomically,
  writePartial,
} from "../../src/formats/mod.ts";
import { withFolder } from "../folders.ts";

const text = new TextEncoder().encode("text");

/** Calls a function under a umask. */
function under(umask: number, work: () => void): void {
  const before = Deno.umask(umask);
  try {
    work();
  } finally {
    Deno.umask(before);
  }
}

function modeOf(path: string): string {
  return (statSync(path).mode & 0o777).toString(8);
}

for (const umask of [0o000, 0o022, 0o027, 0o077]) {
  Deno.test(
    `files get 666 and folders 777 less the umask ${umask.toString(8).padStart(3, "0")}`,
    withFolder((folder) => {
      under(umask, () => {
        writeFileAtomically(join(folder, "whole"), text);
        appendToFile(join(folder, "grown"), text);
        appendToFile(join(folder, "grown"), text);
        makeFolder(join(folder, "outer", "inner"));
        using partial = new PartialFolder(join(folder, "run"));
        writeFileAtomically(join(partial.path, "file"), text);
        partial.putInPlace();
      });
      const [file, of] = [(0o666 & ~umask).toString(8), (0o777 & ~umask).toString(8)];
      const names = ["whole", "grown", "run/file", "outer", "outer/inner", "run"];
      assertEquals(names.map((name) => modeOf(join(folder, name))), [file, file, file, of, of, of]);
    }),
  );
}

Deno.test(
  "appending to a file keeps the mode that a person gave it",
  withFolder((folder) => {
    const path = join(folder, "grown");
    appendToFile(path, "a");
    Deno.chmodSync(path, 0o600);
    appendToFile(path, "b");
    assertEquals([modeOf(path), readFileSync(path, "utf8")], ["600", "ab"]);
  }),
);

Deno.test({
  name: "appending without enough space leaves the file unchanged (needs sh and its ulimit)",
  ignore: Deno.build.os !== "linux",
  fn: withFolder(async (folder) => {
    const path = join(folder, "grown");
    const script = join(folder, "grow.ts");
    const source = new URL("../../src/formats/write_file.ts", import.meta.url).href;
    const config = fileURLToPath(new URL("../../deno.json", import.meta.url));
    // The limit is 1 KiB (sh counts in units of 512 bytes): 600 bytes fit once, and then a part of the next 600.
    Deno.writeTextFileSync(
      script,
      `import { appendToFile } from ${JSON.stringify(source)};
       const line = "x".repeat(599) + "\\n";
       appendToFile(${JSON.stringify(path)}, line);
       try { appendToFile(${JSON.stringify(path)}, line); } catch (error) { console.log(error.name, error.message); }
       Deno.exit(0);`,
    );
    const { stdout, stderr } = await new Deno.Command("sh", {
      args: [
        "-c",
        'trap "" XFSZ; ulimit -f 2; exec "$0" run --config "$2" --no-lock --quiet -A --no-check "$1"',
        Deno.execPath(),
        script,
        config,
      ],
    }).output();
    const said = new TextDecoder().decode(stdout);
    assertMatch(
      said,
      /^StorageError .*grown: cannot be written: the file would exceed the size limit/,
      new TextDecoder().decode(stderr),
    );
    assertEquals(readFileSync(path, "utf8"), `${"x".repeat(599)}\n`);
  }),
});

Deno.test(
  "writing a file again removes the temporary files of killed processes and keeps those of running ones",
  withFolder((folder) => {
    const path = join(folder, "x.json");
    for (const name of ["x.json.4.partial", "x.json.5-2.partial", "y.json.4.partial", "x.json.partial"]) {
      writeFileSync(join(folder, name), "a part");
    }
    using living = Deno.openSync(join(folder, "x.json.6.partial"), { write: true, createNew: true });
    living.tryLockSync(true);
    writeFileAtomically(path, text);
    const left = ["x.json", "x.json.6.partial", "x.json.partial", "y.json.4.partial"];
    assertEquals(readdirSync(folder).sort(), left);
    clearLeftovers(folder);
    assertEquals(readdirSync(folder).sort(), ["x.json", "x.json.6.partial", "x.json.partial"]);
  }),
);

Deno.test(
  "if the name of a temporary file is taken, even by a link, another name is used",
  withFolder((folder) => {
    const [path, victim] = [join(folder, "x"), join(folder, "victim")];
    writeFileSync(victim, "precious");
    symlinkSync(victim, `${path}.${process.pid}.partial`);
    const temporary = writePartial(path, text);
    assertEquals(temporary, `${path}.${process.pid}-1.partial`);
    assertEquals(readFileSync(victim, "utf8"), "precious");
    clearLeftovers(folder);
    assert(existsSync(`${path}.${process.pid}.partial`), "a link is no temporary file of ours");
  }),
);

Deno.test(
  "a folder appears whole, is removed if it is not put in place, and leftovers of killed processes beside it are removed",
  withFolder((folder) => {
    const place = join(folder, "run");
    for (const name of [".run.4.partial", ".other.4.partial"]) {
      mkdirSync(join(folder, name, "checkpoints"), { recursive: true });
    }
    {
      using _partial = new PartialFolder(place);
      assertEquals(readdirSync(folder).sort(), [".other.4.partial", `.run.${process.pid}.partial`]);
    }
    assertEquals(readdirSync(folder), [".other.4.partial"]);
    using partial = new PartialFolder(place);
    writeFileAtomically(join(partial.path, "file"), text);
    partial.putInPlace();
    assertEquals(readdirSync(place), ["file"]);
    removeFolder(place);
    assertEquals(readdirSync(folder), [".other.4.partial"]);
  }),
);

Deno.test(
  "a running process's temporary folder stays when another process makes one for the same place",
  withFolder((folder) => {
    const name = join(folder, ".run.4.partial");
    mkdirSync(name);
    using living = Deno.openSync(name, { read: true });
    living.tryLockSync(true);
    using partial = new PartialFolder(join(folder, "run"));
    partial.putInPlace();
    assertEquals(readdirSync(folder).sort(), [".run.4.partial", "run"]);
  }),
);

Deno.test("flushing a missing folder is refused with a one-line message", () => {
  assertIsError(
    assertThrows(() => flushFolder("/none")),
    StorageError,
    /^\/none: cannot be written: its folder does not exist any more/,
  );
});
