/**
 * Checks that this processor has the instructions that the native libraries are compiled for.
 *
 * @module
 */
import type { SystemCalls } from "./system_calls.ts";

/** The level of x86-64 that the libraries are compiled for. */
export const INSTRUCTION_LEVEL = "x86-64-v3";

/** The instruction sets that x86-64-v3 adds to x86-64-v2, under their names in /proc/cpuinfo. */
const needed = ["avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe", "xsave"] as const;

/**
 * Bytes to read: the first processor's paragraph. The kernel takes long to produce the whole file on large machines.
 */
const FIRST_PARAGRAPH = 1 << 12;

/** The first processor, as the kernel describes it. */
export interface Processor {
  /** The model name; null if the kernel does not report it. */
  readonly name: string | null;
  /** The level that the libraries are compiled for. */
  readonly needs: string;
  /** Instruction sets of that level that the processor lacks; also empty if the kernel does not report any. */
  readonly missing: readonly string[];
}

/** Reads /proc/cpuinfo. */
export function readProcessor(system: SystemCalls): Processor {
  const text = system.read("/proc/cpuinfo", FIRST_PARAGRAPH) ?? "";
  const field = (name: string) => new RegExp(`^${name}\\s*: (.*)$`, "m").exec(text)?.[1] ?? null;
  const flags = field("flags")?.split(" ");
  const missing = flags === undefined ? [] : needed.filter((name) => !flags.includes(name));
  return { name: field("model name"), needs: INSTRUCTION_LEVEL, missing };
}

/** A sentence that names the missing instruction sets and the remedy; null if none is missing. */
export function describeMissing({ name, needs, missing }: Processor): string | null {
  if (missing.length === 0) return null;
  return `the processor (${name ?? "unknown"}) lacks ${
    missing.join(", ")
  }, and the native library is compiled for ${needs}: ` +
    "use a machine that has them (Intel Core and Xeon since 2013, AMD since 2015), or let the virtual machine use its host's processor type";
}
