/**
 * Whether this processor has the instructions that the native libraries are compiled for.
 *
 * @module
 */
import type { SystemCalls } from "./system_calls.ts";

/** The level of x86-64 that the libraries are compiled for. */
export const INSTRUCTION_LEVEL = "x86-64-v3";

/** What that level adds to what every x86-64 processor of these years has, by the names of /proc/cpuinfo. */
const needed = ["avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe", "xsave"] as const;

/** Of a file that has a paragraph for each processor, and takes long to write on large machines: the first. */
const FIRST_PARAGRAPH = 1 << 12;

/** What the kernel says of the first processor. */
export interface Processor {
  /** Its name. */
  readonly name: string | null;
  /** The level that the libraries are compiled for. */
  readonly needs: string;
  /** Instructions of that level that it lacks; empty also where the kernel does not say. */
  readonly missing: readonly string[];
}

/** The processor, from /proc/cpuinfo. */
export function readProcessor(system: SystemCalls): Processor {
  const text = system.read("/proc/cpuinfo", FIRST_PARAGRAPH) ?? "";
  const field = (name: string) => new RegExp(`^${name}\\s*: (.*)$`, "m").exec(text)?.[1] ?? null;
  const flags = field("flags")?.split(" ");
  const missing = flags === undefined ? [] : needed.filter((name) => !flags.includes(name));
  return { name: field("model name"), needs: INSTRUCTION_LEVEL, missing };
}

/** One sentence of what a processor lacks, with the remedy; null where it has everything. */
export function describeMissing({ name, needs, missing }: Processor): string | null {
  if (missing.length === 0) return null;
  return `the processor (${name ?? "unknown"}) lacks ${
    missing.join(", ")
  }, and the native library is compiled for ${needs}: ` +
    "use a machine that has them (Intel's Core and Xeon since 2013, AMD's since 2015), or a virtual one that passes its processor's on";
}
