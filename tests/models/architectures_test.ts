/**
 * Every architecture that torchvision has, against torchvision's names and shapes (tests/peer/torchvision_states.py),
 * and what gates add to them.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { readFileSync } from "node:fs";

import { architectures, DualNetwork, featureSize, gateSpecs, toTorchState } from "../../src/models/mod.ts";
import { openDevice } from "../devices.ts";

/** Width of torchvision's networks over that of the ones built here. */
const NARROWING = 16;

const fixture = new URL("../fixtures/torchvision_states.json", import.meta.url);
const torchvision = JSON.parse(readFileSync(fixture, "utf8")) as Record<string, Record<string, number[]>>;

/** The shapes of an encoder's state in PyTorch's layouts, channels but the image's as many as at width 64. */
function shapesOf(arch: typeof architectures[number], gated: boolean): Map<string, readonly number[]> {
  using device = openDevice();
  using network = new DualNetwork(device, {
    spec: { arch, width: 64 / NARROWING, stem: "imagenet", image: 32 },
    projector: 4,
    seed: 0,
    gated,
    separateNorm: gated,
  });
  const widened = (size: number, axis: number) => axis > 1 || size === 3 ? size : NARROWING * size;
  return new Map([...toTorchState(network.encoder)].map(([name, { shape }]) => [name, shape.map(widened)]));
}

for (const arch of architectures.filter((name) => name in torchvision)) {
  Deno.test(`a dense ${arch} has torchvision's names and shapes`, () => {
    assertEquals(Object.fromEntries(shapesOf(arch, false)), torchvision[arch]);
  });

  Deno.test(`a gated ${arch} has a second set of norms and the gates besides`, () => {
    const shapes = shapesOf(arch, true);
    for (const name of Object.keys(torchvision[arch] ?? {})) assert(shapes.delete(name), name);
    const norms = new Map(
      Object.entries(torchvision[arch] ?? {}).filter(([name]) => /^layer.*\.bn\d\./.test(name))
        .map(([name, shape]) => [name.replace(".bn", ".gated_bn"), shape]),
    );
    for (const [name, shape] of norms) {
      assertEquals(shapes.get(name), shape, name);
      shapes.delete(name);
    }
    const spec = { arch, width: 64 };
    const gates = gateSpecs(spec).flatMap(({ name, label, inChannels, hidden, channels }) => {
      const block = label.split(".").slice(0, 2).join(".");
      const norm = ["weight", "bias", "running_mean", "running_var"].map((of) => [`bn.${of}`, [hidden]] as const);
      return [["fc1.weight", [hidden, inChannels]] as const, ["fc2.weight", [channels, hidden]] as const, ...norm]
        .map(([of, shape]) => [`${block}.${name}.${of}`, shape] as const);
    });
    assertEquals(Object.fromEntries(shapes), Object.fromEntries(gates));
  });
}

Deno.test("a feature of resnet50 has 2,048 values, four times those of resnet18", () => {
  assertEquals(featureSize({ arch: "resnet50", width: 64 }), 2048);
  assertEquals(featureSize({ arch: "resnet18", width: 64 }), 512);
  assertEquals(torchvision["resnet50"]?.["layer4.2.bn3.weight"]?.[0], 2048);
});
