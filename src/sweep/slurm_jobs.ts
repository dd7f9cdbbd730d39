/**
 * The jobs that a sweep was submitted as, written down in its folder.
 *
 * @module
 */
import { join } from "@std/path";
import { readFileSync } from "node:fs";
import { z } from "zod";
import { InvalidInputError } from "../errors.ts";
import { isPlainFile, writeFileAtomically } from "../formats/mod.ts";
import type { SweepFolder } from "./sweep_folder.ts";

const jobSchema = z.strictObject({ job: z.string().regex(/^\d+$/), runs: z.array(z.string()) });

/** A job array. */
export interface SlurmJob {
  /** Its id. */
  readonly job: string;
  /** Names of its runs, by the tasks' indexes. */
  readonly runs: readonly string[];
}

function pathOf(sweep: SweepFolder): string {
  return join(sweep.path, "slurm.json");
}

/**
 * The jobs of a sweep in the order in which they were submitted; none if it never was.
 *
 * @throws {InvalidInputError} if the file is damaged or a link.
 */
export function readJobs(sweep: SweepFolder): SlurmJob[] {
  const path = pathOf(sweep);
  if (!isPlainFile(path)) return [];
  try {
    return z.array(jobSchema).parse(JSON.parse(readFileSync(path, "utf8")));
  } catch (cause) {
    if (!(cause instanceof SyntaxError || cause instanceof z.ZodError)) throw cause;
    throw new InvalidInputError(`${path}: lists no jobs of Slurm; cancel what squeue shows, and remove the file`, {
      cause,
    });
  }
}

/**
 * Writes down another job.
 *
 * @throws {StorageError} where there is no room or no permission.
 */
export function addJob(sweep: SweepFolder, job: SlurmJob): void {
  const jobs = [...readJobs(sweep), job];
  writeFileAtomically(pathOf(sweep), new TextEncoder().encode(`${JSON.stringify(jobs, null, 2)}\n`));
}
