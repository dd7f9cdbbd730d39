/**
 * What a sweep asks of a cluster for each of its runs.
 *
 * @module
 */
import { z } from "zod";

/** Words that stand alone on a line of a script: no blanks, quotes or line ends that would become another one. */
const word = z.union([z.string().regex(/^[^\s'"\\]+$/), z.number().transform(String)]);
const count = z.number().int().min(1);

/** Keys as those of `sbatch`, without their dashes; times and memory are Slurm's own notation. */
export const slurmSchema = z.strictObject({
  "partition": word.optional(),
  "account": word.optional(),
  "qos": word.optional(),
  "constraint": word.optional(),
  "gres": word.optional(),
  "time": word.optional(),
  "mem": word.optional(),
  "cpus-per-task": count.optional(),
  /** Runs at a time; all that the cluster has room for where left out. */
  "jobs": count.optional(),
  /** Seconds before the time limit at which a run is asked to save. */
  "notice": count.default(120),
  /** How often a run that was stopped by such a notice is queued again. */
  "requeues": z.number().int().min(0).default(100),
});

/** What is asked of Slurm. */
export type SlurmRequest = z.infer<typeof slurmSchema>;

/** What a pod has. */
export const kubernetesSchema = z.strictObject({
  /** Container image that holds sluice, as its entry point or on its path. */
  "image": z.string().min(1),
  /** The persistent volume claim that all pods share. */
  "claim": z.string().min(1),
  /** Where it is mounted; the sweep's folder and the data lie under it. */
  "mount": z.string().startsWith("/").default("/shared"),
  "namespace": z.string().min(1).optional(),
  "cpu": z.union([z.string(), z.number()]).optional(),
  "memory": z.string().optional(),
  "gpus": count.optional(),
  /** Runs at a time. */
  "jobs": count.optional(),
});

/** What is asked of Kubernetes. */
export type KubernetesRequest = z.infer<typeof kubernetesSchema>;
