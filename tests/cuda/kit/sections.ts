/**
 * The sections of the GPU kit, the most telling first.
 *
 * @module
 */
import type { Measurement } from "./measurements.ts";

/**
 * How much to compute. `full`: all that a GPU can do in minutes. `tests`: all tests with tiny measurements, an hour on
 * the stand-in for a GPU. `tiny`: a little of all, a minute there.
 */
export type KitSize = "full" | "tests" | "tiny";

/** A section: one program that is run. */
export interface Section {
  /** The name in the results. */
  readonly name: string;
  /** Which of the kit's programs, or `python3` or `compute-sanitizer` of the machine. */
  readonly program: "sluice" | "measure" | "device_tests" | "run_tests" | "native" | "python3" | "compute-sanitizer";
  /** Its arguments. */
  readonly args: readonly string[];
}

/** A filter that no test passes: whole runs take the stand-in for a GPU hours, so there they are only loaded. */
const NO_TEST = "none of the tests";

const precisions = ["bf16", "tf32", "f32"] as const;

const tinyStep = { batch: 2, steps: 1, warmup: 1, peak: 1 };
const tinyInference = { batches: [1], openShares: [], repeats: 1, milliseconds: 0 };

/** Native tests that reach every kernel at small sizes: under a checker, a test is about a hundred times slower. */
export const checkedTests: readonly string[] = [
  "gate",
  "gather",
  "norm",
  "pool",
  "reduce",
  "topk",
  "cross_entropy",
  "optim",
  "augment",
  "gated",
  "gated_precision",
  "gated_table",
  "graph",
];

/** doctest's filter for the files of some native tests. */
export function sourceFiles(names: readonly string[]): string {
  return `--source-file=${names.map((name) => `*${name}_test.cpp`).join(",")}`;
}

/** A command of sluice. */
function sluice(name: string, words: string): Section {
  return { name, program: "sluice", args: words.split(" ") };
}

/** A measurement of the kit itself. */
function measured(name: string, measurement: Measurement, options: object): Section {
  return { name, program: "measure", args: [measurement, JSON.stringify(options)] };
}

/**
 * Training steps, with PyTorch's beside them, in bf16 also recorded as a CUDA graph. PyTorch's step in f32 stands
 * beside tf32 too.
 */
function stepSections(widths: readonly number[], options: { readonly batch: number }): Section[] {
  return widths.flatMap((width) =>
    precisions.flatMap((precision): Section[] => {
      const own = measured(`step, width ${width}, ${precision}`, "step", { ...options, width, precision });
      if (precision === "tf32") return [own];
      const size = ["--width", `${width}`, "--projector", `${32 * width}`, "--batch", `${options.batch}`];
      const args = ["step_speed.py", "--device", "cuda", ...size, "--precision", precision];
      const peer: Section = { name: `PyTorch's step, width ${width}, ${precision}`, program: "python3", args };
      if (precision !== "bf16") return [own, peer];
      const recorded = { ...options, width, precision, cudaGraph: true };
      return [own, peer, measured(`step, width ${width}, ${precision}, CUDA graph`, "step", recorded)];
    })
  );
}

function inferenceSections(width: number, options: object): Section[] {
  return precisions.map((precision) =>
    measured(`inference, width ${width}, ${precision}`, "inference", { ...options, batch: 2, width, precision })
  );
}

function checkSections(tests: readonly string[]): Section[] {
  return ["memcheck", "racecheck"].map((tool) => ({
    name: `native tests under ${tool}`,
    program: "compute-sanitizer",
    args: ["--tool", tool, "--error-exitcode", "1", "{native}", sourceFiles(tests)],
  }));
}

/**
 * The sections in their order. `{native}` stands for the program of the native tests, `{work}` for a fresh folder, and
 * `{dataset}` for CIFAR-10 if it lies in the data folder, else for drawn shapes.
 */
export function kitSections(size: KitSize): readonly Section[] {
  const [isFull, isTiny] = [size === "full", size === "tiny"];
  const training = isFull
    ? "--width 16 --train-images 20000 --epochs 2"
    : "--width 4 --projector 8 --batch 8 --train-images 16 --test-images 8 --epochs 1";
  return [
    sluice("doctor", "doctor --device cuda --json"),
    { name: "native tests", program: "native", args: isTiny ? [sourceFiles(["reduce", "gather"])] : [] },
    ...(isTiny ? [] : [sluice("operations and gradients", "doctor --device cuda --ops --json")]),
    {
      name: "tests of the device, with PyTorch's fixtures",
      program: "device_tests",
      args: isTiny ? ["--filter", "random numbers"] : [],
    },
    measured("losses beside the CPU's", "losses", { steps: isFull ? 20 : 1 }),
    measured("convolutions of ResNet-18", "convolutions", isFull ? { width: 64, batch: 256 } : { width: 4, batch: 2 }),
    // The peak of matrix products, which a step is compared with, takes minutes on the stand-in.
    ...(isFull ? stepSections([16, 64], { batch: 256 }) : stepSections([4], tinyStep)),
    ...(isFull ? inferenceSections(64, {}) : inferenceSections(4, tinyInference)),
    ...checkSections(checkedTests),
    sluice("training", `pretrain --device cuda --dataset {dataset} ${training} --out {work}/run --json --quiet`),
    { name: "runs that stop and resume", program: "run_tests", args: isFull ? [] : ["--filter", NO_TEST] },
  ];
}
