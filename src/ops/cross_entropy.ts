/**
 * Softmax cross-entropy.
 *
 * @module
 */
import { needsGradient, type Recorder } from "../autograd/mod.ts";
import { ShapeError } from "../errors.ts";
import { Tensor } from "../tensor/mod.ts";
import { expectF32, matrixShape } from "./shapes.ts";

/**
 * losses[i] = -log softmax(logits[i])[labels[i]].
 *
 * Gradient: dlogits[i] = dlosses[i] (softmax(logits[i]) - onehot(labels[i])).
 *
 * @param logits [N, K] f32.
 * @param labels [N] i32, each in 0..K-1.
 * @returns [N] f32.
 * @throws {ShapeError} if labels do not fit the logits, or if logits are not f32.
 * @throws {NativeError} if a label is out of range.
 */
export function crossEntropy(tape: Recorder, logits: Tensor, labels: Tensor): Tensor {
  expectF32("crossEntropy", logits);
  const [rows, classes] = matrixShape("crossEntropy", logits);
  if (labels.dtype !== "i32" || labels.size !== rows) {
    throw new ShapeError(`crossEntropy: ${labels.size} ${labels.dtype} labels for ${rows} rows of logits`);
  }
  const { kernels } = logits.device;
  const losses = new Tensor(logits.device, [rows]);
  const probabilities = new Tensor(logits.device, [rows, classes]);
  kernels.sl_cross_entropy(
    rows,
    classes,
    logits.pointer,
    labels.pointer,
    losses.pointer,
    probabilities.pointer,
  );
  if (!needsGradient(tape, logits)) {
    probabilities[Symbol.dispose]();
    return losses;
  }
  tape.record(losses, [probabilities], (dlosses) => {
    tape.accumulate(logits, (dlogits, accumulate) => {
      kernels.sl_cross_entropy_backward(
        rows,
        classes,
        probabilities.pointer,
        labels.pointer,
        dlosses.pointer,
        dlogits.pointer,
        accumulate,
      );
    });
  });
  return losses;
}
