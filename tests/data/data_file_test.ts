// Tests of reading data files.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { mkdirSync, writeFileSync } from "node:fs";
import { readDataFile } from "../../src/data/data_file.ts";
import { InvalidInputError } from "../../src/errors.ts";
import { withTree } from "./image_files.ts";

Deno.test("a file is read, and an unreadable file is refused with its name and the cause", () =>
  withTree((folder) => {
    const path = join(folder, "file.bin");
    writeFileSync(path, Uint8Array.of(1, 2, 3));
    assertEquals([...readDataFile(path)], [1, 2, 3]);
    mkdirSync(join(folder, "folder.bin"));
    const causes = { "folder.bin": "is a folder", "gone.bin": "there is no such file or folder" };
    for (const [name, cause] of Object.entries(causes)) {
      const error = assertThrows(() => readDataFile(join(folder, name)), InvalidInputError);
      assert(error.message.startsWith(`${join(folder, name)} cannot be read (${cause}): `), error.message);
      assert(!error.message.includes("\n"));
    }
  }));
