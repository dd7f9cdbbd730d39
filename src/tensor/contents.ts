/**
 * Copies the contents of several tensors to the host at once.
 *
 * @module
 */
import { offsetPointer } from "../device/mod.ts";
import { ShapeError } from "../errors.ts";
import { dtypeBytes, Tensor } from "./tensor.ts";

/**
 * The contents of f32 tensors of one device. Waits for the device once, where `toFloat32` of each would wait for each.
 *
 * @throws {ShapeError} if a tensor has another element type.
 */
export function contentsOf(tensors: readonly Tensor[]): Float32Array<ArrayBuffer>[] {
  const [first] = tensors;
  if (first === undefined) return [];
  const { device } = first;
  using all = new Tensor(device, [tensors.reduce((total, { size }) => total + size, 0)]);
  let from = 0;
  const places = tensors.map(({ dtype, pointer, size }) => {
    if (dtype !== "f32") throw new ShapeError(`a ${dtype} tensor has no f32 contents: cast it to f32 first`);
    const place = from;
    if (size > 0) {
      device.kernels.sl_copy(
        null,
        offsetPointer(all.pointer, place * dtypeBytes(dtype)),
        pointer,
        size * dtypeBytes(dtype),
      );
    }
    from += size;
    return place;
  });
  const contents = all.toFloat32();
  return tensors.map(({ size }, index) => contents.slice(places[index], (places[index] ?? 0) + size));
}
