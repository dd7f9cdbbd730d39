/**
 * Times an ONNX model in ONNX Runtime, by a Python that has it.
 *
 * @module
 */
import { z } from "zod";
import { SluiceError } from "../errors.ts";
import { parseJsonObject } from "../formats/mod.ts";

/** The time of a model at one batch size, with one number of threads. */
export interface RuntimeTiming {
  /** Threads. */
  readonly threads: number;
  /** Images per batch. */
  readonly batch: number;
  /** Median milliseconds per batch. */
  readonly milliseconds: number;
  /** Milliseconds that the middle half of the times spans. */
  readonly spread: number;
}

/** The times of a model in ONNX Runtime. */
export interface RuntimeTimings {
  /** The version of ONNX Runtime. */
  readonly version: string;
  /** By threads and batch size. */
  readonly timings: readonly RuntimeTiming[];
}

/**
 * Reads a JSON object from its argument, and prints another. Every size is measured in each of nine rounds, so that
 * changes of the machine's speed affect all alike; short calls repeat.
 */
const script = `
import json, statistics, sys, time
import numpy, onnxruntime
asked = json.loads(sys.argv[1])
works = []
for threads in asked["threads"]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(asked["file"], options, providers=["CPUExecutionProvider"])
    images = session.get_inputs()[0]
    kind = numpy.uint8 if "uint8" in images.type else numpy.float32
    for batch in asked["batches"]:
        random = numpy.random.default_rng(0)
        shape = [batch, *images.shape[1:]]
        values = random.integers(0, 256, shape).astype(kind) if kind == numpy.uint8 else random.standard_normal(shape, kind)
        works.append((threads, batch, session, {images.name: values}, []))
        session.run(None, {images.name: values})
for _ in range(9):
    for threads, batch, session, inputs, times in works:
        spent = 0.0
        while spent < asked["seconds"]:
            start = time.perf_counter()
            session.run(None, inputs)
            times.append(1e3 * (time.perf_counter() - start))
            spent += times[-1] / 1e3
def row(threads, batch, times):
    quarters = statistics.quantiles(times, n=4)
    return {"threads": threads, "batch": batch, "milliseconds": quarters[1], "spread": quarters[2] - quarters[0]}
rows = [row(threads, batch, times) for threads, batch, _, _, times in works]
print(json.dumps({"version": onnxruntime.__version__, "timings": rows}))
`;

const schema = z.object({
  version: z.string(),
  timings: z.array(z.object({
    threads: z.int(),
    batch: z.int(),
    milliseconds: z.number().positive(),
    spread: z.number().min(0),
  })),
});

/** Runs a program. @returns null if it is not there. */
async function run(
  program: string,
  args: readonly string[],
): Promise<{ success: boolean; stdout: string; stderr: string } | null> {
  try {
    const { success, stdout, stderr } = await new Deno.Command(program, { args: [...args], stdin: "null" }).output();
    const decoder = new TextDecoder();
    return { success, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/**
 * Times a model on random images.
 *
 * @param seconds least time of a size in each of nine rounds.
 * @param python the Python to run, by its path or its name on PATH.
 * @returns null if there is no such program, or it has no onnxruntime.
 * @throws {SluiceError} if ONNX Runtime cannot run the model.
 */
export async function timeInOnnxRuntime(
  file: string,
  batches: readonly number[],
  threads: readonly number[],
  seconds: number,
  python: string,
): Promise<RuntimeTimings | null> {
  const found = await run(python, ["-c", "import numpy, onnxruntime"]);
  if (found === null || !found.success) return null;
  const result = await run(python, ["-c", script, JSON.stringify({ file, batches, threads, seconds })]);
  const { success, data } = schema.safeParse(parseJsonObject(result?.stdout ?? ""));
  if (result?.success === true && success) return data;
  const [reason = "no answer"] = (result?.stderr ?? "").trim().split("\n").slice(-1);
  throw new SluiceError(`${file}: ONNX Runtime cannot run it (${reason})`);
}
