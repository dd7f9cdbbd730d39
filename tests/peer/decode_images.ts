/**
 * Decodes whole image files with sluice, for pillow_images.py.
 *
 * `deno run --allow-read --allow-write --allow-ffi --allow-env tests/peer/decode_images.ts PATHS.json FOLDER`
 *
 * PATHS.json is a list of paths. The script writes `N.rgb`, the upright pixels [height, width, 3] of path number N, and
 * `results.json`, a list of `{height, width}` or `{reason}`, into FOLDER.
 *
 * @module
 */
import { join } from "@std/path";
import { readFileSync, writeFileSync } from "node:fs";
import { FRAME_COLUMNS, ImageReader } from "../../src/data/mod.ts";
import { Device } from "../../src/device/mod.ts";

const [list = "paths.json", folder = "."] = Deno.args;
const paths = JSON.parse(readFileSync(list, "utf8")) as string[];
using device = Device.open({ device: "cpu", threads: 1 });
using reader = new ImageReader(device, 1);

const { sizes, refusals } = reader.inspect(paths);
const refused = new Map(refusals.map(({ index, reason }) => [index, reason]));

function decode(path: string, index: number): { height: number; width: number } | { reason: string } {
  const reason = refused.get(index);
  if (reason !== undefined) return { reason };
  const [height = 0, width = 0] = sizes.subarray(2 * index);
  const pixels = new Uint8Array(height * width * 3);
  const frames = Int32Array.of(0, 0, height, width, height, width, 0, 0);
  const job = reader.decode({
    paths: [path],
    views: frames.length / FRAME_COLUMNS,
    frames,
    size: [height, width],
    pixels,
  });
  const [refusal] = job.wait();
  if (refusal !== undefined) return { reason: refusal.reason };
  writeFileSync(join(folder, `${index}.rgb`), pixels);
  return { height, width };
}

writeFileSync(join(folder, "results.json"), JSON.stringify(paths.map(decode)));
