/**
 * Lists the neighbours that sluice's evaluation finds in features from `sluice embed`, for evaluation_reference.py.
 *
 * `deno run --allow-read --allow-write --allow-ffi --allow-env tests/peer/neighbour_rows.ts FOLDER ROWS.json`
 *
 * @module
 */
import { join } from "@std/path";
import { readFileSync, writeFileSync } from "node:fs";
import { Device } from "../../src/device/mod.ts";
import { nearestRows } from "../../src/evaluation/mod.ts";
import { decodeNpy } from "../../src/formats/mod.ts";
import { Scope, Tensor } from "../../src/tensor/mod.ts";

const [folder = ".", out = "rows.json"] = Deno.args;
using device = Device.open({ device: "cpu" });
using _scope = new Scope();

function load(name: string): Tensor {
  const { shape, data } = decodeNpy(readFileSync(join(folder, `${name}.npy`)));
  return Tensor.from(device, data, shape);
}

const networks = ["dense", "gated"].map((network) => {
  const [train, test] = [load(`${network}-train`), load(`${network}-test`)];
  const lists = (measure: "euclidean" | "cosine", k: number) =>
    nearestRows(train, test, k, measure).map((row) => [...row]);
  return [network, { knn1: lists("euclidean", 1), knn20: lists("cosine", 20) }] as const;
});
writeFileSync(out, JSON.stringify(Object.fromEntries(networks)));
