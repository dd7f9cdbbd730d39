/**
 * The measurements of the GPU kit: losses beside the CPU's, convolutions, training steps and inference.
 *
 * @module
 */
import { randomImages } from "../../../src/bench/images.ts";
import {
  benchInfer,
  benchStep,
  type InferenceBenchmark,
  type InferenceBenchmarkOptions,
  type StepBenchmark,
  type StepBenchmarkOptions,
} from "../../../src/bench/mod.ts";
import { median, timed } from "../../../src/device/stopwatch.ts";
import { resolveConfig, type RunConfig } from "../../../src/config/mod.ts";
import { Device, type Kernels } from "../../../src/device/mod.ts";
import { DivergenceError } from "../../../src/errors.ts";
import { Tape } from "../../../src/autograd/mod.ts";
import { philoxNoise, stemSpec } from "../../../src/models/mod.ts";
import { cast, conv2d, philoxUniform } from "../../../src/ops/mod.ts";
import { createTrainee, trainingStep } from "../../../src/training/mod.ts";
import { type Precision, Scope, withPrecision } from "../../../src/tensor/mod.ts";
import { shortRun } from "../short_run.ts";

/** The losses of the same steps on the GPU and on the CPU. */
export interface Losses {
  readonly cpu: readonly number[];
  readonly cuda: readonly number[];
}

/** Trains the same steps on both devices, in f32. */
function compareLosses({ steps }: { readonly steps: number }): Losses {
  const lossesOn = (name: string) => {
    using device = Device.open({ device: name, threads: 2 });
    return shortRun(device, steps).map(({ loss = NaN }, step) => {
      if (Number.isFinite(loss)) return loss;
      throw new DivergenceError(`step ${step + 1}: the loss is ${loss} on ${device.description.name}`);
    });
  };
  return { cuda: lossesOn("cuda"), cpu: lossesOn("cpu") };
}

/** The time of one kind of convolution within a step. */
export interface ConvolutionTime {
  /** The native function, such as `sl_conv_forward`. */
  readonly function: string;
  /** The fields of `sl_conv_shape` in their order. */
  readonly shape: readonly number[];
  /** Calls in a step. */
  readonly calls: number;
  /** Median milliseconds of a call. */
  readonly milliseconds: number;
}

/** The size of a network, and how it is computed. */
interface NetworkSize {
  readonly width: number;
  readonly batch: number;
  readonly precision?: Precision;
  /** Whether steps are recorded as a CUDA graph; false by default. */
  readonly cudaGraph?: boolean;
}

/** A dual run of ResNet-18 on images of 32 x 32. */
function configOf({ width, batch, precision = "f32", cudaGraph = false }: NetworkSize): RunConfig {
  return resolveConfig({
    flags: { width, batch, projector: 32 * width, stem: "cifar-paper", precision, gateWarmup: 0, cudaGraph },
  });
}

/** The convolutions of a step. */
export interface Convolutions {
  readonly rows: readonly ConvolutionTime[];
  /** The engines as `plans.txt` has them, with remarks. */
  readonly plans: string;
  /** Median milliseconds of the first convolution, forward and weights' gradient, by channels of its images. */
  readonly stem: Readonly<Record<StemChannels, number>>;
}

/** The channels of images, without and with one of zeros: cuDNN has kernels of its own for four. */
type StemChannels = 3 | 4;

const MEASURED_STEPS = 3;

/** The kind of convolution that a native call computes; null if it computes none. */
function kindOf(name: keyof Kernels, [shape]: readonly unknown[]): string | null {
  const isConvolution = name.startsWith("sl_conv_") && !name.includes("pack");
  return isConvolution ? `${name} ${(shape as Int32Array).join(" ")}` : null;
}

/** Times the first convolution of a training step by itself. */
function timeStem(device: Device, { width, batch }: NetworkSize, channels: StemChannels): number {
  using _scope = new Scope();
  const random = (shape: readonly number[]) => philoxUniform(device, { seed: 0, stream: 0, step: 0 }, shape);
  const x = cast(null, random([batch, 32, 32, channels]), "bf16");
  const { kernel, ...geometry } = stemSpec("cifar-paper");
  const weight = random([width, kernel, kernel, channels]);
  weight.requiresGrad = true;
  const work = () => {
    using _step = new Scope();
    const tape = new Tape();
    tape.backward(conv2d(tape, x, weight, geometry));
  };
  work(); // makes the plans
  return median(Array.from({ length: MEASURED_STEPS }, () => timed(device, work)));
}

/** Times each convolution of a dual training step of ResNet-18 by itself, which includes the time to start it. */
function timeConvolutions({ width, batch }: NetworkSize): Convolutions {
  using device = Device.open({ device: "cuda" });
  const precision = "bf16";
  const config = configOf({ width, batch, precision });
  using _scope = new Scope();
  using trainee = createTrainee(device, config, 32);
  const views = [randomImages(device, batch, 1, precision), randomImages(device, batch, 2, precision)] as const;
  const times = new Map<string, number[]>();
  const work = (step: number) => {
    const noise = (pass: number) => philoxNoise(device, { seed: 0, step }, pass);
    const inputs = { views, epoch: 0, rate: config.lr, noise };
    using _report = withPrecision(device, precision, () => trainingStep(trainee, config, inputs));
  };
  work(0); // makes the plans
  {
    using _observed = device.observe((name, parameters, call) => {
      const kind = kindOf(name, parameters);
      if (kind === null) return call();
      const time = timed(device, call);
      times.set(kind, [...times.get(kind) ?? [], time]);
    });
    for (let step = 1; step <= MEASURED_STEPS; step++) work(step);
  }
  const rows = [...times].map(([kind, measured]) => {
    const [name = "", ...shape] = kind.split(" ");
    return {
      function: name,
      shape: shape.map(Number),
      calls: measured.length / MEASURED_STEPS,
      milliseconds: median(measured),
    };
  });
  const total = ({ calls, milliseconds }: ConvolutionTime) => calls * milliseconds;
  const plans = device.exportPlans();
  const stem = { 3: timeStem(device, { width, batch }, 3), 4: timeStem(device, { width, batch }, 4) };
  return { rows: rows.toSorted((a, b) => total(b) - total(a)), plans, stem };
}

/** Times a training step as `sluice bench step --profile` does. */
function timeStep(options: NetworkSize & StepBenchmarkOptions): StepBenchmark {
  using device = Device.open({ device: "cuda" });
  return benchStep(device, configOf(options), { ...options, profiled: true });
}

/** Times inference as `sluice bench infer` does. */
function timeInference(options: NetworkSize & InferenceBenchmarkOptions): InferenceBenchmark {
  using device = Device.open({ device: "cuda" });
  return benchInfer(device, configOf(options), options);
}

/** The measurements by name. Each takes one object of options. */
export const measurements = {
  losses: compareLosses,
  convolutions: timeConvolutions,
  step: timeStep,
  inference: timeInference,
} as const;

/** The name of a measurement. */
export type Measurement = keyof typeof measurements;
