/**
 * Compares views with torchvision's for the same parameters (tests/peer/augmentation_fixtures.py), to within a grey
 * level.
 *
 * @module
 */
import { assert, assertEquals, assertGreater, assertLessOrEqual } from "@std/assert";
import { fileURLToPath } from "node:url";

import type { Device } from "../../src/device/mod.ts";
import { type HostTensor, readSafetensors } from "../../src/formats/mod.ts";
import { augment } from "../../src/ops/mod.ts";
import { Scope, Tensor } from "../../src/tensor/mod.ts";
import { openDevices } from "../devices.ts";

const { tensors } = readSafetensors(fileURLToPath(new URL("../fixtures/augmentation.safetensors", import.meta.url)));
const cases = [...tensors.keys()].filter((name) => name.endsWith("/expected")).map((name) =>
  name.replace("/expected", "")
);

/** The kinds of fixtures, with their names in the tests. */
const kinds: Readonly<Record<string, string>> = {
  crop: "a crop resized up, down or not at all",
  flip: "a mirrored image",
  brightness: "a change of brightness",
  contrast: "a change of contrast",
  saturation: "a change of saturation",
  hue: "a change of hue",
  grayscale: "a grey image",
  blur: "a blurred image",
  solarize: "a solarised image",
  jitter: "a jitter of colour in any order",
  view: "a whole view",
};

function stored<D extends HostTensor["dtype"]>(name: string, dtype: D): Extract<HostTensor, { readonly dtype: D }> {
  const tensor = tensors.get(name);
  const ofType = (found?: HostTensor): found is Extract<HostTensor, { readonly dtype: D }> => found?.dtype === dtype;
  assert(ofType(tensor), `the fixtures have no ${dtype} tensor ${name}: run tests/peer/augmentation_fixtures.py`);
  return tensor;
}

/** The largest difference of a case's view, rounded to grey levels, from torchvision's. */
function levelsApart(device: Device, name: string): number {
  using _scope = new Scope();
  const image = stored(`${name}/image`, "u8");
  const parameters = stored(`${name}/parameters`, "f32");
  const { data: expected, shape: [height = NaN, width = NaN] } = stored(`${name}/expected`, "u8");
  const view = augment(
    Tensor.from(device, image.data, [1, ...image.shape]),
    Tensor.from(device, Int32Array.of(0), [1]),
    Tensor.from(device, parameters.data, [1, parameters.data.length]),
    { size: [height, width], mean: [0, 0, 0], std: [1, 1, 1] },
  );
  const actual = view.toFloat32();
  assertEquals(actual.length, expected.length);
  return actual.reduce((most, value, i) => Math.max(most, Math.abs(Math.round(255 * value) - (expected[i] ?? NaN))), 0);
}

for (const device of openDevices()) {
  for (const [kind, said] of Object.entries(kinds)) {
    Deno.test(`on ${device.kind}, ${said} is torchvision's to one grey level`, () => {
      const own = cases.filter((name) => name.startsWith(`${kind}/`));
      assertGreater(own.length, 1, `the fixtures hold no cases of ${kind}`);
      for (const name of own) {
        const apart = levelsApart(device, name);
        assertLessOrEqual(apart, 1, `${name}: ${apart} grey levels apart`);
      }
    });
  }
}

Deno.test("every kind of view that torchvision made is compared", () => {
  assertEquals([...new Set(cases.map((name) => name.replace(/\/.*/, "")))].sort(), Object.keys(kinds).sort());
});
