/**
 * Writes the masks of a run's test images and the features of the gated network under them, for exported_onnx.py.
 *
 * `deno run --allow-read --allow-write --allow-ffi --allow-env tests/peer/gated_masks.ts RUN DATA MASKS.safetensors`
 *
 * @module
 */
import { networkOptions } from "../../src/config/network.ts";
import { openDataset } from "../../src/config/open_dataset.ts";
import { storeOptions } from "../../src/config/options.ts";
import { ImageStores } from "../../src/data/mod.ts";
import { Device } from "../../src/device/mod.ts";
import { SplitMasks } from "../../src/evaluation/masks.ts";
import { encodeSplit, labelledSets } from "../../src/evaluation/mod.ts";
import { type HostTensor, writeSafetensors } from "../../src/formats/mod.ts";
import { DualNetwork, gateSpecs } from "../../src/models/mod.ts";
import { loadCheckpoint, RunFolder } from "../../src/run/mod.ts";

const [path = "", data = "", out = "masks.safetensors"] = Deno.args;
using device = Device.open({ device: "cpu" });
const run = RunFolder.open(path);
const dataset = openDataset(run.config, data);
using stores = new ImageStores(device, dataset, { ...storeOptions(run.config), skipped: () => {} });
const { test } = labelledSets(dataset);
using network = new DualNetwork(device, networkOptions(run.config, test.height));
loadCheckpoint(run.latestCheckpoint((line) => console.error(line)), network);
const encoder = network.encoderOf("gated");
const decisions = new SplitMasks(test.count);
using encoded = encodeSplit(encoder, "gated", stores.evaluation(test), { decisions });
const tensors = new Map<string, HostTensor>([
  ["features", { dtype: "f32", shape: encoded.features.shape, data: encoded.features.toFloat32() }],
]);
const masks = decisions.rows(device, 0, test.count);
gateSpecs(encoder.spec).forEach(({ label, name }, gate) => {
  const mask = masks[gate];
  if (mask === undefined) return;
  const node = label.endsWith(`.${name}`) ? label : `${label}.${name}`;
  tensors.set(`${node}.mask`, { dtype: "f32", shape: mask.shape, data: mask.toFloat32() });
  mask[Symbol.dispose]();
});
writeSafetensors(out, tensors);
