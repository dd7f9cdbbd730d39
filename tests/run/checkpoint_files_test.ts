/**
 * Tests of the order in which checkpoints take their places: killed between any two changes of names, and again,
 * nothing is lost.
 *
 * A kill is played by an interface that ends the changes: from one on, none is done any more.
 *
 * @module
 */
import { assert, assertEquals, assertGreaterOrEqual, assertLess, assertThrows } from "@std/assert";
import { basename, join } from "@std/path";
import { existsSync, linkSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { CheckpointFiles, type FileChanges } from "../../src/run/checkpoint_files.ts";
import { withFolder } from "../folders.ts";

/** Thrown in the place of a kill. */
class Killed extends Error {}

/** More changes than a save makes. */
const ALL = 100;

/** Changes that are made but not flushed to the disk, until a number of them is: then the process counts as killed. */
function mortal(changes: number, hasLinks: boolean): FileChanges {
  let left = changes;
  const step = (change: () => void) => {
    if (left-- <= 0) throw new Killed();
    change();
  };
  return {
    write: (path, bytes) => {
      const temporary = `${path}.${Deno.pid}.partial`;
      step(() => writeFileSync(temporary, bytes));
      return temporary;
    },
    link: (path, name) =>
      step(() => {
        // As Deno says it of a file system that has none.
        if (!hasLinks) throw new Error("Operation not supported (os error 95)");
        linkSync(path, name);
      }),
    rename: (path, name) => step(() => renameSync(path, name)),
    remove: (path) => step(() => rmSync(path, { force: true })),
    flush: () => {},
  };
}

function save(
  folder: string,
  names: FileChanges | undefined,
  text: string,
  kept: number,
  epochs: number | null,
  supersedes = false,
): void {
  const bytes = new TextEncoder().encode(text);
  new CheckpointFiles(folder, names).replaceLast({ kept, epochs, supersedes, bytes, check: () => {} });
}

/** Saves until it is killed. Returns whether it came to its end. */
function saveMortally(
  folder: string,
  names: FileChanges,
  text: string,
  kept: number,
  epochs: number | null,
  supersedes = false,
): boolean {
  try {
    save(folder, names, text, kept, epochs, supersedes);
    return true;
  } catch (error) {
    if (!(error instanceof Killed)) throw error;
    return false;
  }
}

/** What the checkpoints hold, latest first. */
function texts(folder: string): string[] {
  return new CheckpointFiles(folder).list().map((path) => readFileSync(path, "utf8"));
}

function names(folder: string): string[] {
  return new CheckpointFiles(folder).list().map((path) => basename(path, ".safetensors"));
}

/** Every number of changes after which a save may be killed, up to the number that it needs. */
function everyKill(trial: (changes: number) => boolean): void {
  let changes = 0;
  while (!trial(changes)) assertLess(++changes, ALL);
}

for (const hasLinks of [true, false]) {
  for (const kept of [1, 2, 3]) {
    for (const epochs of [null, 4]) {
      const what = `${kept} kept${epochs === null ? "" : ", one of them an epoch's"}, ${
        hasLinks ? "with" : "without"
      } links`;
      Deno.test(
        `a save killed anywhere and the next killed anywhere lose no checkpoint: ${what}`,
        withFolder((parent) => {
          let trials = 0;
          everyKill((first) => {
            let isFirstWhole = false;
            everyKill((second) => {
              const folder = join(parent, String(trials++));
              Deno.mkdirSync(folder);
              for (const text of ["1", "2", "3"].slice(-kept)) save(folder, mortal(ALL, hasLinks), text, kept, epochs);
              isFirstWhole = saveMortally(folder, mortal(first, hasLinks), "4", kept, epochs);
              const between = texts(folder);
              // Those that were kept are there, whichever the new one is among.
              for (const text of ["3", "2", "1"].slice(0, isFirstWhole ? kept - 1 : kept)) {
                assert(between.includes(text), `${text} of ${between} after ${first} changes`);
              }
              const newest = between[0] === "4" || between[0] === "3";
              assert(newest, `the latest is ${between[0]} after ${first} changes`);
              const isSecondWhole = saveMortally(folder, mortal(second, hasLinks), "5", kept, null);
              const after = texts(folder);
              assert(["5", "4", "3"].includes(after[0] ?? ""), `${after} after ${first} and ${second} changes`);
              assertGreaterOrEqual(after.length, kept, `${after} after ${first} and ${second} changes`);
              save(folder, mortal(ALL, hasLinks), "6", kept, null);
              assertEquals(texts(folder)[0], "6");
              assertEquals(
                names(folder).filter((name) => name.startsWith("last")),
                ["last", "last-1", "last-2"].slice(0, kept),
              );
              return isSecondWhole;
            });
            return isFirstWhole;
          });
          assertGreaterOrEqual(trials, 9, `${trials} trials`);
        }),
      );
    }
  }
}

Deno.test(
  "a checkpoint that supersedes the last one takes its place alone, wherever the save is killed",
  withFolder((parent) => {
    let trials = 0;
    everyKill((changes) => {
      const folder = join(parent, String(trials++));
      Deno.mkdirSync(folder);
      for (const text of ["1", "2"]) save(folder, undefined, text, 2, null);
      const isWhole = saveMortally(folder, mortal(changes, true), "fitted", 2, null, true);
      assertEquals(texts(folder), [isWhole ? "fitted" : texts(folder)[0] ?? "", "1"]);
      assert(["2", "fitted"].includes(texts(folder)[0] ?? ""));
      return isWhole;
    });
    assertGreaterOrEqual(trials, 3);
  }),
);

Deno.test(
  "an epoch's checkpoint stays as it was until its successor has its name",
  withFolder((folder) => {
    save(folder, undefined, "old", 1, 2);
    everyKill((changes) => {
      const isWhole = saveMortally(folder, mortal(changes, true), "new", 1, 2);
      const found = readFileSync(new CheckpointFiles(folder).epoch(2), "utf8");
      assert(found === "old" || found === "new", found);
      return isWhole;
    });
    assertEquals(readFileSync(new CheckpointFiles(folder).epoch(2), "utf8"), "new");
  }),
);

Deno.test(
  "a damaged last checkpoint does not cost the whole one before it, until the next is in its place",
  withFolder((folder) => {
    for (const text of ["whole", "damaged"]) save(folder, undefined, text, 2, null);
    everyKill((changes) => {
      const isWhole = saveMortally(folder, mortal(changes, true), "new", 2, null);
      assert(texts(folder).includes("whole") || texts(folder)[0] === "new", `${texts(folder)} after ${changes}`);
      return isWhole;
    });
  }),
);

Deno.test(
  "places that a person has emptied are no trouble, and no more are kept than asked for",
  withFolder((folder) => {
    for (const text of ["1", "2", "3", "4"]) save(folder, undefined, text, 4, null);
    rmSync(new CheckpointFiles(folder).last());
    rmSync(new CheckpointFiles(folder).last(2));
    assertEquals(texts(folder), ["3", "1"]);
    save(folder, undefined, "5", 3, null);
    assertEquals(texts(folder), ["5", "3", "1"]);
    save(folder, undefined, "6", 2, null);
    assertEquals([names(folder), texts(folder)], [["last", "last-1"], ["6", "5"]]);
  }),
);

Deno.test(
  "surplus checkpoints go when a run goes on, but not the one that it goes on from",
  withFolder((folder) => {
    for (const text of ["1", "2", "3", "4"]) save(folder, mortal(ALL, true), text, 4, null);
    const files = new CheckpointFiles(folder);
    files.removeSurplus(3, files.last());
    assertEquals(texts(folder), ["4", "3", "2"]);
    files.removeSurplus(1, files.last(2));
    assertEquals(texts(folder), ["4", "2"]);
  }),
);

Deno.test(
  "a check that fails leaves every checkpoint in its place, and no temporary file",
  withFolder((folder) => {
    for (const text of ["1", "2"]) save(folder, undefined, text, 2, 1);
    const check = () => {
      throw new Error("does not read back");
    };
    const bytes = new TextEncoder().encode("3");
    assertThrows(
      () => new CheckpointFiles(folder).replaceLast({ kept: 2, epochs: 1, bytes, check }),
      Error,
      "read back",
    );
    assertEquals(texts(folder), ["2", "1", "2"]);
    assertEquals(readdirSync(folder).sort(), ["epoch-0001.safetensors", "last-1.safetensors", "last.safetensors"]);
  }),
);

Deno.test(
  "what killed processes left of checkpoints is removed, and what a living one is writing stays",
  withFolder((folder) => {
    save(folder, undefined, "1", 1, null);
    const left = ["last.safetensors.new", "last.safetensors.new.77.partial", "epoch-0002.safetensors.78-1.partial"];
    for (const name of left) writeFileSync(join(folder, name), "a part");
    const living = join(folder, "last.safetensors.79.partial");
    using file = Deno.openSync(living, { write: true, createNew: true });
    file.tryLockSync(true);
    const other = join(folder, "notes.partial");
    writeFileSync(other, "a person's");
    new CheckpointFiles(folder).clearLeftovers();
    assertEquals(left.filter((name) => existsSync(join(folder, name))), []);
    assert(existsSync(living) && existsSync(other));
  }),
);
