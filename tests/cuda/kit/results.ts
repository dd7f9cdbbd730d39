/**
 * The file of results that the GPU kit writes: a JSON object per line, each as soon as it exists.
 *
 * @module
 */

/** How a section of the kit ended. */
export type Outcome = "passed" | "failed" | "cut off" | "skipped";

/** What came of a section. */
export interface SectionResult {
  /** The section's name. */
  readonly section: string;
  /** How it ended. */
  readonly outcome: Outcome;
  /** Why it was skipped; null if it was run. */
  readonly reason: string | null;
  /** The command that was run, without the folder of the kit. */
  readonly command: string;
  /** Seconds that it took. */
  readonly seconds: number;
  /** What it printed on stdout: a JSON document of most sections. */
  readonly stdout: string;
  /** The end of what it printed on stderr. */
  readonly stderr: string;
}

/** Reads a file of results. A last line that was cut off is left out. */
export function readResults(text: string): SectionResult[] {
  return text.split("\n").slice(0, -1).map((line) => JSON.parse(line) as SectionResult);
}

/** The JSON document that a section printed; null if it has none. */
export function documentOf<T>({ stdout }: SectionResult): T | null {
  const begin = stdout.indexOf("{");
  if (begin < 0) return null;
  try {
    return JSON.parse(stdout.slice(begin)) as T;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return null; // cut off
  }
}
