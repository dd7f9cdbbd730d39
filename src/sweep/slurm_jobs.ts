/**
 * Records a sweep's Slurm jobs in its folder.
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

/** A submitted job array. */
export interface SlurmJob {
  /** Job id of the array. */
  readonly job: string;
  /** Names of the runs by task index. */
  readonly runs: readonly string[];
}

function pathOf(sweep: SweepFolder): string {
  return join(sweep.path, "slurm.json");
}

/**
 * Reads a sweep's jobs, the earliest first. A sweep that was never submitted has none.
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
    throw new InvalidInputError(`${path}: is damaged; cancel the jobs that squeue shows, then remove the file`, {
      cause,
    });
  }
}

/**
 * Adds a job to the record.
 *
 * @throws {StorageError} if there is no room or no permission.
 */
export function addJob(sweep: SweepFolder, job: SlurmJob): void {
  const jobs = [...readJobs(sweep), job];
  writeFileAtomically(pathOf(sweep), new TextEncoder().encode(`${JSON.stringify(jobs, null, 2)}\n`));
}
