/**
 * Writes the inputs and cotangents of the operation cases that have fixtures, for operation_fixtures.py.
 *
 * Usage: deno run --allow-read --allow-write tests/peer/export_cases.ts FILE
 *
 * @module
 */
import process from "node:process";
import { type HostTensor, writeSafetensors } from "../../src/formats/mod.ts";
import type { HostArray } from "../../src/device/mod.ts";
import { caseName, operationCases } from "../../src/selftest/mod.ts";
import { fixtureArrays, fixtureChecksum } from "../selftest/fixture_checksum.ts";

function hostTensor(data: HostArray, shape: readonly number[]): HostTensor {
  if (data instanceof Float32Array) return { dtype: "f32", shape, data };
  if (data instanceof Int32Array) return { dtype: "i32", shape, data };
  if (data instanceof Uint8Array) return { dtype: "u8", shape, data };
  return { dtype: "bf16", shape, data };
}

const [path] = Deno.args;
if (path === undefined) {
  console.error("usage: export_cases.ts FILE");
  process.exit(2);
}

const cases = operationCases.filter(({ fixture }) => fixture);
const tensors = new Map<string, HostTensor>();
for (const checked of cases) {
  for (const [name, { data, shape }] of fixtureArrays(checked)) {
    tensors.set(`${caseName(checked)}/${name}`, hostTensor(data, shape));
  }
}
const descriptions = cases.map((checked) => ({
  name: caseName(checked),
  operation: checked.operation,
  attributes: checked.attributes ?? {},
  inputs: Object.keys(checked.inputs),
  differentiable: checked.differentiable ?? [],
  checksum: fixtureChecksum(checked),
}));
writeSafetensors(path, tensors, { cases: JSON.stringify(descriptions) });
console.log(`${cases.length} cases`);
