/**
 * Tests that operations refuse shapes, element types and values that do not fit, and leave no memory behind.
 *
 * @module
 */
import { assert, assertMatch, assertStrictEquals, assertThrows } from "@std/assert";
import { Tape } from "../../src/autograd/mod.ts";
import { MisuseError, NativeError, ShapeError } from "../../src/errors.ts";
import { basicBlock, bottleneckBlock } from "../../src/models/mod.ts";
import {
  augment,
  AUGMENT_COLUMNS,
  batchNorm,
  binary,
  concatRows,
  conv2d,
  crossEntropy,
  enqueueRows,
  gatedConvolutions,
  gateDecide,
  gateSample,
  gatherRows,
  larsUpdate,
  linear,
  matmul,
  maxPool,
  movingAverage,
  PackedWeights,
  repeatColumns,
  rotate,
  sgdUpdate,
  sliceRows,
  stack,
  topK,
  writeRows,
} from "../../src/ops/mod.ts";
import { Scope, Tensor } from "../../src/tensor/mod.ts";
import { openDevice } from "../devices.ts";

const device = openDevice();

function floats(...shape: number[]): Tensor {
  return Tensor.full(device, shape, 1);
}

function integers(...values: number[]): Tensor {
  return Tensor.from(device, Int32Array.from(values), [values.length]);
}

function norm(channels: number) {
  const [gamma, beta, runningMean, runningVar] = [0, 1, 2, 3].map(() => floats(channels));
  assert(gamma && beta && runningMean && runningVar);
  return { gamma, beta, runningMean, runningVar, epsilon: 1e-5, momentum: 0.1 };
}

const pixels = (count: number) => Tensor.from(device, new Uint8Array(count * 12), [count, 2, 2, 3]);
const views = { size: [2, 2], mean: [0, 0, 0], std: [1, 1, 1] } as const;
const row = (...start: number[]) => {
  const table = new Float32Array(AUGMENT_COLUMNS);
  table.set([...start, -1]);
  return Tensor.from(device, table, [1, AUGMENT_COLUMNS]);
};

/** Tables of an update of `count` tensors without elements. */
function emptyUpdate(count: number) {
  return {
    parameters: new BigUint64Array(count),
    gradients: new BigUint64Array(count),
    velocities: new BigUint64Array(count),
    sizes: new BigInt64Array(count),
    rates: new Float32Array(count),
    weightDecays: new Float32Array(count),
  };
}

/** A bottleneck of 2 input channels, 4 channels and stride 2. */
function bottleneck(x: Tensor, masks: readonly Tensor[], residual: Tensor): Tensor {
  using copies = new DisposableStack();
  const weights = [floats(4, 1, 1, 2), floats(4, 3, 3, 4), floats(16, 1, 1, 4)];
  const operands = weights.map((weight, index) => ({
    weight,
    packed: copies.use(new PackedWeights()),
    norm: norm(weight.dim(0)),
    mask: masks[index],
  }));
  return gatedConvolutions(x, bottleneckBlock.table(4, 2), operands, residual).y;
}

/** What is refused, the exception, and what its message has to name. */
const refused: readonly [
  what: string,
  kind: typeof ShapeError | typeof MisuseError | typeof NativeError,
  names: RegExp,
  () => unknown,
][] = [
  [
    "matmul of other inner sizes",
    ShapeError,
    /matmul.*\[2, 3\].*\[4, 5\]/,
    () => matmul(null, floats(2, 3), floats(4, 5)),
  ],
  ["matmul of a vector", ShapeError, /matmul b.*\[3\]/, () => matmul(null, floats(2, 3), floats(3))],
  ["linear with a weight of other size", ShapeError, /linear.*weight.*\[4,5\].*\[4,3\]/, () => {
    linear(null, floats(2, 3), floats(4, 5), null);
  }],
  ["linear with a bias of other size", ShapeError, /linear.*bias/, () => {
    linear(null, floats(2, 3), floats(4, 3), floats(3));
  }],
  ["a product of f32 that is to be bf16", NativeError, /matmul.*out_dtype/, () => {
    linear(null, floats(2, 3), floats(4, 3), null, { outDtype: "bf16" });
  }],
  ["linear with a weight of bf16", ShapeError, /linear.*bf16.*\[4,3\]/, () => {
    linear(null, floats(2, 3), Tensor.full(device, [4, 3], 1, "bf16"), null);
  }],
  ["a convolution of other channels", ShapeError, /conv2d.*weight.*\[4,3,3,5\]/, () => {
    conv2d(null, floats(1, 4, 4, 2), floats(4, 3, 3, 5), { stride: 1, padding: 1 });
  }],
  ["a convolution of a matrix", ShapeError, /conv2d.*\[4,2\]/, () => {
    conv2d(null, floats(4, 2), floats(4, 3, 3, 2), { stride: 1, padding: 1 });
  }],
  ["a stride of 0", ShapeError, /stride 0/, () => {
    conv2d(null, floats(1, 4, 4, 2), floats(4, 3, 3, 2), { stride: 0, padding: 1 });
  }],
  ["a convolution whose kernel is larger than the image", NativeError, /conv/, () => {
    conv2d(null, floats(1, 2, 2, 2), floats(4, 3, 3, 2), { stride: 1, padding: 0 });
  }],
  ["a norm of other channels", ShapeError, /batchNorm.*gamma.*\[3\].*\[2\]/, () => {
    batchNorm(null, floats(4, 2), norm(3), { training: true });
  }],
  ["a norm's mask of other size", ShapeError, /batchNorm.*mask/, () => {
    batchNorm(null, floats(4, 2), norm(2), { training: true, mask: floats(2, 4) });
  }],
  ["a norm's residual of other size", ShapeError, /batchNorm.*residual/, () => {
    batchNorm(null, floats(4, 2), norm(2), { training: true, residual: floats(2, 4) });
  }],
  ["a norm with mask and residual", NativeError, /norm_apply.*mask.*residual/, () => {
    batchNorm(null, floats(4, 2), norm(2), { training: true, residual: floats(4, 2), mask: floats(4, 2) });
  }],
  ["a norm of 5 rows in 2 groups", ShapeError, /batchNorm.*5.*2 equal groups/, () => {
    batchNorm(null, floats(5, 2), norm(2), { training: true, groups: 2 });
  }],
  ["a norm in no group", ShapeError, /batchNorm.*0 equal groups/, () => {
    batchNorm(null, floats(4, 2), norm(2), { training: true, groups: 0 });
  }],
  ["a norm in groups of half an image", ShapeError, /batchNorm.*1.5 equal groups/, () => {
    batchNorm(null, floats(3, 2), norm(2), { training: true, groups: 1.5 });
  }],
  ["a gradient through running statistics", MisuseError, /batchNorm.*running statistics/, () => {
    const x = floats(4, 2);
    x.requiresGrad = true;
    batchNorm(new Tape(), x, norm(2), { training: false });
  }],
  ["binary arithmetic of sizes that do not fit", ShapeError, /binary.*\[2\].*row.*\[2,3\]/, () => {
    binary(null, "add", floats(2, 3), floats(2), "row");
  }],
  ["labels of another number", ShapeError, /crossEntropy.*3 i32.*2 rows/, () => {
    crossEntropy(null, floats(2, 4), integers(0, 1, 2));
  }],
  ["labels that are no whole numbers", ShapeError, /crossEntropy.*f32/, () => {
    crossEntropy(null, floats(2, 4), floats(2));
  }],
  ["a label that is no class", NativeError, /cross_entropy.*4/, () => crossEntropy(null, floats(2, 4), integers(0, 4))],
  ["noise of another shape than the logits", ShapeError, /gateSample.*uniform/, () => {
    gateSample(null, floats(2, 4), floats(4, 2), floats(2));
  }],
  ["means of another number of channels than a gate reads", ShapeError, /gateDecide.*weight1/, () => {
    gateDecide(floats(2, 5), { weight1: floats(1, 4), norm: norm(1), weight2: floats(3, 1), bias: null });
  }],
  ["biases of another number than a gate's channels", ShapeError, /gateDecide.*bias/, () => {
    gateDecide(floats(2, 4), { weight1: floats(1, 4), norm: norm(1), weight2: floats(3, 1), bias: floats(2) });
  }],
  ["indices that are no whole numbers", ShapeError, /gatherRows.*f32/, () => gatherRows(null, floats(2, 4), floats(1))],
  ["an index beyond the rows", NativeError, /gather_rows.*2/, () => gatherRows(null, floats(2, 4), integers(2))],
  ["an index below 0", NativeError, /gather_rows.*-1/, () => gatherRows(null, floats(2, 4), integers(-1))],
  ["columns repeated 0 times", ShapeError, /repeatColumns.*0 times.*from 1 on/, () => {
    repeatColumns(null, floats(2, 4), 0);
  }],
  ["columns repeated 1.5 times", ShapeError, /repeatColumns.*1\.5 times/, () => repeatColumns(null, floats(2, 4), 1.5)],
  ["columns of images", ShapeError, /repeatColumns.*\[2,1,1,4\].*\[rows, columns\]/, () => {
    repeatColumns(null, floats(2, 1, 1, 4), 2);
  }],
  ["columns of bf16", ShapeError, /repeatColumns.*bf16/, () => {
    repeatColumns(null, Tensor.full(device, [2, 4], 1, "bf16"), 2);
  }],
  ["max pooling of a matrix", ShapeError, /maxPool.*\[4,2\]/, () => {
    maxPool(null, floats(4, 2), { kernel: 2, stride: 2, padding: 0 });
  }],
  ["a pool whose padding is its kernel", NativeError, /max_pool.*padding/, () => {
    maxPool(null, floats(1, 4, 4, 2), { kernel: 2, stride: 2, padding: 2 });
  }],
  ["a stack of nothing", ShapeError, /stack/, () => stack(null, [])],
  ["a stack of vectors", ShapeError, /stack/, () => stack(null, [floats(1), floats(2)])],
  ["rows of no tensors", ShapeError, /concatRows/, () => concatRows(null, [])],
  [
    "rows of other lengths",
    ShapeError,
    /concatRows.*\[2,4\].*\[2,3\]/,
    () => concatRows(null, [floats(2, 3), floats(2, 4)]),
  ],
  ["rows of other element types", ShapeError, /concatRows.*bf16.*f32/, () => {
    concatRows(null, [floats(2, 3), Tensor.full(device, [2, 3], 1, "bf16")]);
  }],
  ["rows of a tensor without axes", ShapeError, /axis 0/, () => concatRows(null, [floats()])],
  [
    "rows beyond the last",
    ShapeError,
    /sliceRows.*3 rows from row 1.*\[3,2\]/,
    () => sliceRows(null, floats(3, 2), 1, 3),
  ],
  ["rows before the first", ShapeError, /sliceRows.*row -1/, () => sliceRows(null, floats(3, 2), -1, 2)],
  ["half a row", ShapeError, /sliceRows.*0\.5/, () => sliceRows(null, floats(3, 2), 0, 0.5)],
  ["writing rows of other lengths", ShapeError, /writeRows.*\[1,3\] f32.*\[4,2\] f32/, () => {
    writeRows(floats(4, 2), 0, floats(1, 3));
  }],
  ["writing rows of another element type", ShapeError, /writeRows.*i32.*f32/, () => {
    writeRows(floats(4, 1), 0, Tensor.from(device, Int32Array.of(1), [1, 1]));
  }],
  ["writing rows beyond the last", ShapeError, /writeRows.*2 rows from row 3.*\[4,2\]/, () => {
    writeRows(floats(4, 2), 3, floats(2, 2));
  }],
  ["writing rows before the first", ShapeError, /writeRows.*row -1/, () => writeRows(floats(4, 2), -1, floats(2, 2))],
  ["a queue's rows of other lengths", ShapeError, /enqueueRows.*\[1,3\].*\[4,2\]/, () => {
    enqueueRows(floats(4, 2), floats(1, 3));
  }],
  ["a queue's rows of another element type", ShapeError, /enqueueRows.*bf16.*f32/, () => {
    enqueueRows(floats(4, 2), Tensor.full(device, [1, 2], 1, "bf16"));
  }],
  ["a queue of images", ShapeError, /enqueueRows queue.*\[4,2,2\]/, () => enqueueRows(floats(4, 2, 2), floats(1, 2))],
  ["an average of another shape than its value", ShapeError, /movingAverage.*\[3,2\].*\[2,3\]/, () => {
    movingAverage(floats(2, 3), floats(3, 2), 0.9);
  }],
  ["an average of another element type than its value", ShapeError, /movingAverage.*bf16.*f32/, () => {
    movingAverage(floats(2, 3), Tensor.full(device, [2, 3], 1, "bf16"), 0.9);
  }],
  ["rotating images that are not square", ShapeError, /rotate.*\[2,3,4,3\].*square/, () => {
    rotate(floats(2, 3, 4, 3), integers(0, 1));
  }],
  ["rotating a matrix", ShapeError, /rotate.*\[2,2\]/, () => rotate(floats(2, 2), integers(0, 1))],
  ["turns of another number than images", ShapeError, /rotate.*i32 of shape \[1\].*2 i32/, () => {
    rotate(floats(2, 3, 3, 3), integers(0));
  }],
  ["turns that are no whole numbers", ShapeError, /rotate.*f32/, () => rotate(floats(2, 3, 3, 3), floats(2))],
  ["an SGD update with a table too short", ShapeError, /sgdUpdate.*1, 1, 1, 1, 0, 1/, () => {
    sgdUpdate(device, { ...emptyUpdate(1), rates: new Float32Array(0) }, 0.9);
  }],
  ["a LARS update with a table too long", ShapeError, /larsUpdate.*1, 1, 1, 1, 1, 1, 2/, () => {
    const tables = { ...emptyUpdate(1), adapt: new Int32Array(2) };
    larsUpdate(device, tables, { momentum: 0.9, trustCoefficient: 0.02, epsilon: 1e-8 });
  }],
  ["the 0 largest", ShapeError, /topK.*0.*1\.\.4/, () => topK(floats(2, 4), 0)],
  ["more of the largest than there are", ShapeError, /topK.*5.*1\.\.4/, () => topK(floats(2, 4), 5)],
  [
    "a gated block's residual of other size",
    ShapeError,
    /gatedConvolutions.*residual.*\[1,2,2,4\].*\[1,2,2,16\]/,
    () => {
      bottleneck(floats(1, 4, 4, 2), [floats(1, 4), floats(1, 4)], floats(1, 2, 2, 4));
    },
  ],
  ["a gated block's second mask of other size", ShapeError, /gatedConvolutions.*mask2/, () => {
    bottleneck(floats(1, 4, 4, 2), [floats(1, 4), floats(1, 16)], floats(1, 2, 2, 16));
  }],
  ["a gated block without its second mask", ShapeError, /gatedConvolutions.*mask2.*missing/, () => {
    bottleneck(floats(1, 4, 4, 2), [floats(1, 4)], floats(1, 2, 2, 16));
  }],
  ["a gated block's residual of another type", ShapeError, /gatedConvolutions.*residual is bf16.*x is f32/, () => {
    const residual = Tensor.full(device, [1, 2, 2, 16], 1, "bf16");
    bottleneck(floats(1, 4, 4, 2), [floats(1, 4), floats(1, 4)], residual);
  }],
  ["a gated block of bytes", ShapeError, /gatedConvolutions: x is u8: f32 or bf16 is needed/, () => {
    const bytes = new Tensor(device, [1, 4, 4, 2], "u8");
    bottleneck(bytes, [floats(1, 4), floats(1, 4)], floats(1, 2, 2, 16));
  }],
  ["a gated block with a mask behind the residual", ShapeError, /gatedConvolutions.*mask3.*unmasked/, () => {
    bottleneck(floats(1, 4, 4, 2), [floats(1, 4), floats(1, 4), floats(1, 16)], floats(1, 2, 2, 16));
  }],
  [
    "a gated block's input of other channels",
    ShapeError,
    /gatedConvolutions.*weight1.*\[4,1,1,2\].*\[4,1,1,3\]/,
    () => {
      bottleneck(floats(1, 4, 4, 3), [floats(1, 4), floats(1, 4)], floats(1, 2, 2, 16));
    },
  ],
  ["a gated block's operands for another table", ShapeError, /gatedConvolutions.*0 operands.*2 rows/, () => {
    gatedConvolutions(floats(1, 4, 4, 2), basicBlock.table(2, 1), [], floats(1, 4, 4, 2));
  }],
  [
    "a gated block's group that does not divide its channels",
    ShapeError,
    /gatedConvolutions.*row 1 is 3.*4 chan/,
    () => {
      using copies = new DisposableStack();
      const operands = [floats(4, 3, 3, 2), floats(4, 3, 3, 4)].map((weight, index) => ({
        weight,
        packed: copies.use(new PackedWeights()),
        norm: norm(4),
        mask: index === 0 ? floats(1, 4) : undefined,
      }));
      const table = basicBlock.table(4, 1).map((row) => (row.masked ? { ...row, group: 3 } : row));
      gatedConvolutions(floats(1, 4, 4, 2), table, operands, floats(1, 4, 4, 4));
    },
  ],
  ["a gated block's mask of bf16", ShapeError, /gatedConvolutions.*bf16.*\[1,4\]/, () => {
    const mask = Tensor.full(device, [1, 4], 1, "bf16");
    bottleneck(floats(1, 4, 4, 2), [mask, floats(1, 4)], floats(1, 2, 2, 16));
  }],
  ["views of floats", ShapeError, /augment.*u8/, () => {
    augment(floats(1, 2, 2, 3), integers(0), row(0, 0, 2, 2), views);
  }],
  ["fewer rows of parameters than views", ShapeError, /augment.*2 i32/, () => {
    augment(pixels(1), integers(0, 0), row(0, 0, 2, 2), views);
  }],
  ["a view of an image that is not there", NativeError, /augment.*1/, () => {
    augment(pixels(1), integers(1), row(0, 0, 2, 2), views);
  }],
  ["a crop outside the image", NativeError, /augment.*crop/, () => {
    augment(pixels(1), integers(0), row(1, 0, 2, 2), views);
  }],
];

for (const [what, kind, names, call] of refused) {
  Deno.test(`${what} is refused by name, and leaves no memory behind`, () => {
    const before = device.memory().inUse;
    {
      using _scope = new Scope();
      const error = assertThrows(call, kind);
      assertMatch(error.message, names);
      assert(!error.message.includes("\n"));
    }
    assertStrictEquals(device.memory().inUse, before);
  });
}
