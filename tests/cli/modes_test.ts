/**
 * Tests of the modes of written files (666) and folders (777), less the umask.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { create } from "tar";
import { withFolder } from "../folders.ts";
import { writeClassTree } from "../data/image_files.ts";
import { finish, sluiceCommand } from "./run_sluice.ts";

const tiny = ["--width", "4", "--projector", "16", "--batch", "8", "--threads", "1", "--workers", "1"];

const spec = (data: string) =>
  `base:
  dataset: folder
  data: ${data}
  image-size: 32
  width: 4
  projector: 16
  batch: 8
  epochs: 1
  threads: 1
  eval-every: 0
seeds: [0]
evaluate:
  protocol: [knn]
`;

/** Writes an archive of CIFAR-100 whose two files have unusual modes. */
async function writeArchive(folder: string): Promise<string> {
  const source = join(folder, "source", "cifar-100-binary");
  mkdirSync(source, { recursive: true });
  for (const [name, mode] of [["train.bin", 0o777], ["test.bin", 0o444]] as const) {
    writeFileSync(join(source, name), new Uint8Array(3074));
    Deno.chmodSync(join(source, name), mode);
  }
  const path = join(folder, "archive.tar");
  await create({ file: path, cwd: join(folder, "source") }, ["cifar-100-binary"]);
  return path;
}

/** Runs a command under a umask, and asserts its success. */
async function assertSucceedsUnder(umask: string, args: readonly string[]): Promise<void> {
  const { status, stderr } = await finish(
    "sh",
    ["-c", 'umask "$0" && exec "$@"', umask, ...sluiceCommand(), ...args],
    {},
  );
  assertEquals(status, 0, `${args.join(" ")}\n${stderr}`);
}

/** Paths of all files and folders in a folder, at any depth. */
function writtenTo(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" });
}

/** Files and folders whose modes differ from 666 and 777 less the umask, with their modes. */
function others(folder: string, umask: number): string[] {
  return writtenTo(folder).flatMap((path) => {
    const found = statSync(join(folder, path));
    const expected = (found.isDirectory() ? 0o777 : 0o666) & ~umask;
    const mode = found.mode & 0o7777;
    return mode === expected ? [] : [`${path} ${mode.toString(8)}`];
  });
}

for (const umask of ["077", "027"]) {
  Deno.test({
    name: `everything that commands write under umask ${umask} has the mode that the umask allows`,
    ignore: Deno.build.os === "windows",
    fn: withFolder(async (folder) => {
      const [data, out] = [join(folder, "data"), join(folder, "out")];
      writeClassTree(data, ["apple", "pear"], { train: 8, test: 4 });
      // A damaged image makes the run write skipped.jsonl.
      writeFileSync(join(data, "train", "apple", "none.png"), "none");
      writeFileSync(join(folder, "spec.yaml"), spec(data));
      const archive = await writeArchive(folder);
      mkdirSync(out);
      Deno.chmodSync(out, 0o777 & ~Number.parseInt(umask, 8));
      const run = join(out, "runs", "run");
      const given = ["--dataset", "folder", "--data", data, "--image-size", "32", "--checkpoint-every", "1"];
      for (
        const args of [
          ["pretrain", ...tiny, ...given, "--epochs", "1", "--out", run],
          ["pretrain", "--resume", run, "--epochs", "2", "--stretch-schedule"],
          ["evaluate", run, "--protocol", "knn"],
          ["export", run, "--out", join(out, "x.safetensors")],
          ["embed", run, join(data, "test"), "--out", join(out, "x.npy")],
          ["report", run, "--out", join(out, "x.html"), "--figures", join(out, "figures")],
          ["sweep", join(folder, "spec.yaml"), "--out", join(out, "sweep")],
          ["data", "fetch", "cifar100", "--from", archive, "--data", join(out, "sets")],
          ["data", "preview", "shapes", "--images", "1", "--out", join(out, "x.png")],
        ]
      ) await assertSucceedsUnder(umask, args);
      const written = writtenTo(out);
      for (
        const name of [
          ...["skipped.jsonl", "metrics.jsonl", "lock", "evaluation.json", "speed.json", "config.yaml", "tensorboard"],
          ...["checkpoints/last-1.safetensors", "checkpoints/epoch-0002.safetensors"],
        ]
      ) assert(written.includes(join("runs", "run", name)), name);
      assert(written.includes(join("sets", "cifar-100-binary", "test.bin")) && written.length > 40, written.join(" "));
      assertEquals(others(out, Number.parseInt(umask, 8)), []);
    }),
  });
}
