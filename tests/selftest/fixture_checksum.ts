/**
 * What PyTorch's stored results of a case were computed from, as one checksum.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { HostArray } from "../../src/device/mod.ts";
import { caseName, drawCotangent, hostInputs, inputValues, type OperationCase } from "../../src/selftest/mod.ts";

/** Everything that the peer computes a case's outputs and gradients from, by name: inputs and cotangents. */
export function fixtureArrays(checked: OperationCase): Map<string, { data: HostArray; shape: readonly number[] }> {
  const inputs = Object.entries(hostInputs(checked)).map(([name, data]) => {
    return [`input ${name}`, { data, shape: checked.inputs[name]?.shape ?? [] }] as const;
  });
  const cotangents = checked.reference(inputValues(checked)).map((output, index) => {
    const shape = [output.length];
    return [`cotangent ${index}`, { data: drawCotangent(checked, index, shape, "f32"), shape }] as const;
  });
  return new Map([...inputs, ...cotangents]);
}

/** SHA-256 over a case's name, attributes, inputs and cotangents. */
export function fixtureChecksum(checked: OperationCase): string {
  const hash = createHash("sha256").update(JSON.stringify([caseName(checked), checked.attributes ?? {}]));
  for (const [name, { data, shape }] of fixtureArrays(checked)) {
    hash.update(JSON.stringify([name, shape])).update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest("hex");
}
