/**
 * Speed of an exported network in ONNX Runtime, beside this library's own inference.
 *
 * @module
 */
import { statSync } from "node:fs";
import { z } from "zod";
import { Device } from "../device/mod.ts";
import { parseDescription } from "../encoders/encoder_description.ts";
import { encoderOfModel } from "../encoders/onnx/encoder_of_model.ts";
import { timeInTurns, untimed } from "../evaluation/mod.ts";
import { parseJsonObject, readOnnx, writeFileAtomically } from "../formats/mod.ts";
import { type NetworkName, networkNames, passOf } from "../models/mod.ts";
import { Scope, type Tensor } from "../tensor/mod.ts";
import { randomImages } from "./images.ts";
import { timeInOnnxRuntime } from "./onnx_runtime.ts";

/** Programs that compute a network. */
export const engines = ["ONNX Runtime", "sluice"] as const;

/** Speed at one batch size. */
export interface ExportRow {
  /** The program. */
  readonly engine: typeof engines[number];
  /** Threads. */
  readonly threads: number;
  /** Images per batch. */
  readonly batch: number;
  /** Median milliseconds per batch. */
  readonly milliseconds: number;
  /** Milliseconds that the middle half of the times spans. */
  readonly spread: number;
  /** Median milliseconds per image. */
  readonly imageMilliseconds: number;
}

/** Speed of an exported network. */
export interface ExportBenchmark {
  /** The network. */
  readonly network: NetworkName;
  /** Its weights and values: floats or bytes. */
  readonly precision: "f32" | "int8";
  /** Size of the file. */
  readonly bytes: number;
  /** Name of the processor. */
  readonly processor: string;
  /** The version of ONNX Runtime; null if there is none. */
  readonly onnxruntime: string | null;
  /** By program, threads and batch size. */
  readonly rows: readonly ExportRow[];
}

/** What to measure, and how long. */
export interface ExportBenchmarkOptions {
  /** Batch sizes; by default 1, 8 and 64. */
  readonly batches?: readonly number[];
  /** Numbers of threads; by default one, and all. */
  readonly threads?: readonly number[];
  /** Least seconds of a size in each of nine rounds; 0.1 by default. */
  readonly seconds?: number;
  /** The Python that has ONNX Runtime, by its path or its name on PATH; `python3` by default. */
  readonly python?: string;
}

/** The file that keeps the figures of an exported file. */
export function exportBenchmarkPath(file: string): string {
  return `${file}.bench.json`;
}

/**
 * Times an ONNX file of `sluice export` on this machine's processor, on random images: in ONNX Runtime if `python3` has
 * it, and, if it is in floats, in this library.
 *
 * @throws {InvalidInputError} if the file is missing, damaged, or not one of sluice.
 * @throws {SluiceError} if ONNX Runtime cannot run it.
 */
export async function benchExport(file: string, options: ExportBenchmarkOptions = {}): Promise<ExportBenchmark> {
  const { batches = [1, 8, 64], seconds = 0.1, python = "python3" } = options;
  const model = readOnnx(file);
  const description = parseDescription(file, model.metadata);
  const precision = model.metadata["precision"] === "int8" ? "int8" : "f32";
  const { processor, all } = machine();
  const threads = options.threads ?? [...new Set([1, all])];
  const runtime = await timeInOnnxRuntime(file, batches, threads, seconds, python);
  const own = precision === "int8" ? [] : threads.flatMap((count) => {
    using device = Device.open({ device: "cpu", threads: count });
    using encoder = encoderOfModel(device, model, description);
    using _scope = new Scope();
    const inputs = batches.map((batch) => randomImages(device, batch, 3, "f32", description.spec.image));
    const pass = passOf(description.network);
    const kinds = inputs.map((images: Tensor) => () => void encoder.evaluate(pass, images));
    const timings = timeInTurns(device, kinds, { milliseconds: 9e3 * seconds * batches.length });
    return batches.map((batch, index) => {
      const { median: milliseconds, spread } = timings[index] ?? untimed;
      return { engine: "sluice" as const, threads: count, batch, milliseconds, spread };
    });
  });
  const others = runtime?.timings.map((timing) => ({ engine: "ONNX Runtime" as const, ...timing })) ?? [];
  const rows = [...others, ...own].map((row) => ({ ...row, imageMilliseconds: row.milliseconds / row.batch }));
  const { network } = description;
  const { size: bytes } = statSync(file);
  return { network, precision, bytes, processor, onnxruntime: runtime?.version ?? null, rows };
}

/** The processor's name, and the number of threads that it may run. */
function machine(): { processor: string; all: number } {
  using device = Device.open({ device: "cpu" });
  return { processor: device.description.name, all: device.threads };
}

const count = z.int().positive();
const schema = z.object({
  network: z.enum(networkNames),
  precision: z.enum(["f32", "int8"]),
  bytes: count,
  processor: z.string(),
  onnxruntime: z.string().nullable(),
  rows: z.array(z.object({
    engine: z.enum(engines),
    threads: count,
    batch: count,
    milliseconds: z.number().positive(),
    spread: z.number().min(0),
    imageMilliseconds: z.number().positive(),
  })),
});

/** Keeps the figures beside the file. @throws {StorageError} if they cannot be written. */
export function writeExportBenchmark(file: string, benchmark: ExportBenchmark): void {
  const text = `${JSON.stringify(benchmark, null, 2)}\n`;
  writeFileAtomically(exportBenchmarkPath(file), new TextEncoder().encode(text));
}

/** The figures of a text that {@linkcode writeExportBenchmark} wrote; null if it is damaged. */
export function parseExportBenchmark(text: string): ExportBenchmark | null {
  return schema.safeParse(parseJsonObject(text) ?? {}).data ?? null;
}
