/**
 * Tests of the messages for the operating system's errors on paths.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertStrictEquals, fail } from "@std/assert";
import { join } from "@std/path";
import { readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { describeSystemError, reasonOf, storageError } from "../../src/formats/mod.ts";
import { StorageError } from "../../src/errors.ts";
import { withFolder } from "../folders.ts";

function thrownBy(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  fail("nothing was thrown");
}

Deno.test(
  "errors of Node's and Deno's functions on the same path have the same message, with the path and a remedy",
  withFolder((folder) => {
    writeFileSync(join(folder, "file"), "");
    symlinkSync("loop", join(folder, "loop"));
    const cases = [
      [join(folder, "none"), /: there is no such file or folder; check the path$/],
      [join(folder, "file", "x"), /: a part of the path is a file, not a folder; check the path$/],
      [join(folder, "x".repeat(300)), /: the name is too long; give a shorter one$/],
      [join(folder, "loop"), /: its symbolic links lead back to themselves; /],
      [folder, /: is a folder; give a file$/],
    ] as const;
    for (const [path, sentence] of cases) {
      for (const read of [() => readFileSync(path), () => Deno.readTextFileSync(path)]) {
        const described = describeSystemError(thrownBy(read), path);
        assertMatch(described?.sentence ?? "", sentence);
        assert(described?.sentence.startsWith(path) && described.isRequest);
      }
    }
    const [path] = cases[0];
    assertStrictEquals(describeSystemError(thrownBy(() => Deno.readTextFileSync(path)))?.path, path);
    assertStrictEquals(describeSystemError(thrownBy(() => readFileSync(path)))?.path, path);
    assertEquals(reasonOf(thrownBy(() => readFileSync(path))), "there is no such file or folder");
  }),
);

Deno.test("an error of the machine is no wrong request, and an error that is not the system's stays unchanged", () => {
  const full = Object.assign(new Error("write"), { code: "ENOSPC" });
  assertEquals(describeSystemError(full, "x")?.isRequest, false);
  assertEquals(describeSystemError(new TypeError("no")), null);
  assertEquals(reasonOf(new TypeError("no")), "no");
  const error = storageError("x", Object.assign(new Error("open"), { code: "ENAMETOOLONG" }));
  assert(error instanceof StorageError && /^x: the name is too long/.test(error.message));
});
