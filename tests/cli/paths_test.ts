/**
 * Tests that a path which the system refuses is named with the reason and a remedy before any work.
 *
 * @module
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { chmodSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { resolveConfig } from "../../src/config/config.ts";
import { RunFolder } from "../../src/run/run_folder.ts";
import { withFolder } from "../folders.ts";
import { writePng } from "../data/image_files.ts";
import { assertRefused, assertSucceeds, finish, runShell, runSluice, sluiceCommand } from "./run_sluice.ts";

Deno.test(
  "a path through a file, in a circle of links, or with too long a name is refused by name",
  withFolder(async (folder) => {
    const [file, loop, long] = [join(folder, "file"), join(folder, "loop"), join(folder, "x".repeat(300))];
    writeFileSync(file, "");
    symlinkSync("loop", loop);
    const run = join(folder, "run");
    RunFolder.create(run, resolveConfig({ preset: "demo" }), {});
    const before = readdirSync(folder).sort();
    await assertRefused(["status", loop], /loop: its symbolic links lead back to themselves/);
    await assertRefused(["evaluate", long], /x{300}: the name is too long; give a shorter one/);
    await assertRefused(["pretrain", "--config", join(file, "x"), "-o", "r"], /file\/x: a part of the path is a file/);
    await assertRefused(["pretrain", "--config", loop, "-o", "r"], /loop: its symbolic links lead back/);
    await assertRefused(["report", run, "-o", `${long}.html`], /--out .*x\.html: the name is too long/);
    await assertRefused(["embed", run, file, "-o", join(folder, "x.npy")], /file: is a file; give a folder of image/);
    await assertRefused(["bench", "folder", join(folder, "none")], /none: there is no such folder; give a folder of/);
    await assertRefused(["data", "preview", "shapes", "-o", join(folder, "no", "x.png")], /there is no folder .*no; /);
    assertEquals(readdirSync(folder).sort(), before);
  }),
);

/** Shell script that runs a command as root without the capabilities that override permissions. */
const bound = "drop=-dac_override,-dac_read_search,-fowner; " +
  'exec setpriv --bounding-set="$drop" --inh-caps="$drop" "$@"';

async function canBind(): Promise<boolean> {
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) return false;
  return (await new Deno.Command("sh", { args: ["-c", bound, "sh", "true"], stderr: "null" }).output()).success;
}

const binds = await canBind();

Deno.test({
  name: `folders without permission to read or write are refused by name${
    binds ? "" : " (left out: needs root and setpriv)"
  }`,
  ignore: !binds,
  fn: withFolder(async (folder) => {
    const [unread, unwritten] = [join(folder, "unread"), join(folder, "unwritten")];
    const run = join(folder, "run");
    RunFolder.create(run, resolveConfig({ preset: "demo" }), {});
    for (const path of [unread, unwritten]) mkdirSync(path);
    chmodSync(unread, 0);
    chmodSync(unwritten, 0o555);
    const refused = async (args: readonly string[], message: RegExp) => {
      const { status, stderr } = await runShell(bound, args);
      assertMatch(stderr, /^sluice: [^\n]+\n$/);
      assertMatch(stderr, message);
      assertEquals(status, 2, stderr);
    };
    await refused(["status", join(unread, "run")], /unread\/run: permission is denied; change its permissions/);
    const demo = ["pretrain", "--preset", "demo", "--train-images", "64", "--test-images", "32", "--batch", "16"];
    await refused([...demo, "-o", join(unwritten, "r")], /--out .*\/r: cannot be made: .*permission is denied; change/);
    await refused(
      ["report", run, "-o", join(unwritten, "x.html")],
      /--out .*x\.html: .*unwritten is not writable/,
    );
    await refused(["export", run, "-o", join(unwritten, "x.safetensors")], /unwritten is not writable; make it/);
  }),
});

Deno.test(
  "names of folders and files do not reach a terminal raw",
  withFolder(async (folder) => {
    const evil = "evil\u001b[31m\u202e";
    for (const split of ["train", "test"]) {
      mkdirSync(join(folder, split, evil), { recursive: true });
      mkdirSync(join(folder, split, "good"));
      for (const name of [evil, "good"]) writeFileSync(join(folder, split, name, "\u009bx.png"), "no picture");
    }
    for (const args of [["--json"], []]) {
      const { stdout, stderr } = await runSluice(["data", "verify", "folder", "--data", folder, ...args]);
      assertMatch(stdout + stderr, /evil/);
      for (const raw of ["\u001b", "\u009b", "\u202e"]) assert(!(stdout + stderr).includes(raw), stdout + stderr);
    }
  }),
);

Deno.test(
  "a name that is not UTF-8 is refused, because it would become the name of another folder",
  { ignore: Deno.build.os === "windows" },
  withFolder(async (folder) => {
    for (const flag of ["--out", "--data", "--config"]) {
      const script = `exec "$@" pretrain ${flag} "$(printf '${folder}/bad\\377')"`;
      const { status, stderr } = await finish("sh", ["-c", script, "sh", ...sluiceCommand()], {});
      assertMatch(stderr, /^sluice: \S+bad\ufffd: is not UTF-8; rename the file or folder, or give another path\n$/);
      assertEquals(status, 2);
    }
    assertEquals(readdirSync(folder), []);
  }),
);

Deno.test(
  "the commands that a finished run suggests can be pasted, and fit its data",
  withFolder(async (folder) => {
    const tiny = ["--width", "4", "--projector", "8", "--threads", "1", "--epochs", "1", "--eval-every", "0"];
    const run = join(folder, "my run");
    const drawn = ["--train-images", "8", "--test-images", "8"];
    const shapes = await assertSucceeds(["pretrain", ...tiny, ...drawn, "--out", run]);
    assertEquals(shapes, `not evaluated; to evaluate: sluice evaluate '${run}'\n`);
    const data = join(folder, "images");
    for (let image = 0; image < 4; image++) writePng(join(data, `${image}.png`), 32, 32, image);
    const unlabelled = ["--dataset", "images", "--data", data, "--image-size", "32", "--out", join(folder, "r")];
    const images = await assertSucceeds(["pretrain", ...tiny, ...unlabelled]);
    assertMatch(
      images,
      /^not evaluated: the images have no labels; to compute their features: sluice embed \S+ train -o FILE/,
    );
    assert(images.endsWith(`; for costs and nearest images: sluice evaluate ${join(folder, "r")}\n`), images);
    const embed = ["embed", join(folder, "r"), "train", "-o", join(folder, "features.npy")];
    await assertSucceeds(embed);
    await assertSucceeds(["evaluate", join(folder, "r")]);
  }),
);
