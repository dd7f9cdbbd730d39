/**
 * The file of results that the GPU kit writes: a JSON object per line, each as soon as it exists.
 *
 * @module
 */
import { z } from "zod";
import { InvalidInputError } from "../../../src/errors.ts";
import { parseJsonObject, readTextFile, reasonOf } from "../../../src/formats/mod.ts";

const REMEDY = "give the gpu-results.jsonl of a GPU kit";

const schema = z.object({
  /** The section's name. */
  section: z.string(),
  /** How it ended. */
  outcome: z.enum(["passed", "failed", "cut off", "skipped"]),
  /** Why it was skipped; null if it was run. */
  reason: z.string().nullable(),
  /** The command that was run, without the folder of the kit. */
  command: z.string(),
  /** Seconds that it took. */
  seconds: z.number(),
  /** What it printed on stdout: a JSON document of most sections. */
  stdout: z.string(),
  /** The end of what it printed on stderr. */
  stderr: z.string(),
});

/** What came of a section. */
export type SectionResult = Readonly<z.infer<typeof schema>>;

function textOf(path: string): string {
  try {
    return readTextFile(path, REMEDY);
  } catch (error) {
    if (error instanceof InvalidInputError) throw error;
    throw new InvalidInputError(`${path}: cannot be read (${reasonOf(error)}); ${REMEDY}`, { cause: error });
  }
}

/**
 * Reads a file of results. Text after the last newline, of a line that was cut off, is left out.
 *
 * @throws {InvalidInputError} if the file cannot be read, or a line is not a result.
 */
export function readResults(path: string): SectionResult[] {
  const lines = textOf(path).split("\n").slice(0, -1);
  return lines.map((line, index) => {
    const { success, data } = schema.safeParse(parseJsonObject(line));
    if (success) return data;
    throw new InvalidInputError(
      `${path}, line ${index + 1}: is not a result; ${REMEDY}`,
    );
  });
}

/** The JSON document that a section printed; null if it has none, or was cut off. */
export function documentOf<T>({ stdout }: SectionResult): T | null {
  const begin = stdout.indexOf("{");
  return begin < 0 ? null : parseJsonObject(stdout.slice(begin)) as T | null;
}
