/**
 * Judges what a spec asks of a cluster.
 *
 * @module
 */
import { z } from "zod";

/** Words that stand alone on a line of a script: no blanks, quotes or line ends that would become another one. */
const word = z.union([z.number().transform(String), z.string()], { error: "give a word or a number" }).pipe(
  z.string().regex(/^[^\s'"\\]+$/, "give one word, without blanks, quotes and backslashes"),
);
const aboveZero = { error: "give a whole number, 1 or more" };
const fromZero = { error: "give a whole number, 0 or more" };
const count = z.number(aboveZero).int(aboveZero).min(1, aboveZero);

/**
 * The seconds of a time limit in any of Slurm's notations; null if it is unlimited, or not in a notation of Slurm's.
 */
export function secondsOfLimit(text: string): number | null {
  const match = /^(?:(\d+)-)?(\d+)(?::(\d+))?(?::(\d+))?$/.exec(text);
  if (match === null) return null;
  const [days, ...parts] = [match[1], match[2], match[3], match[4]].map((part) => part === undefined ? null : +part);
  const [first = 0, second = null, third = null] = parts;
  // With days or three numbers the first are hours, else minutes.
  const inHours = days !== null || third !== null;
  const [hours, minutes, seconds] = inHours ? [first, second, third] : [0, first, second];
  return (((days ?? 0) * 24 + (hours ?? 0)) * 60 + (minutes ?? 0)) * 60 + (seconds ?? 0);
}

/** Slurm looks at time limits once a minute: a notice may come so many seconds early. */
const NOTICE_RESOLUTION = 60;

/** Keys as those of `sbatch`, without their dashes; times and memory are Slurm's own notation. */
const slurmKeys = z.strictObject({
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
  "requeues": z.number(fromZero).int(fromZero).min(0, fromZero).default(100),
});

/** What a spec says of Slurm; refused where runs would be asked to save as soon as they begin. */
export const slurmSchema = slurmKeys.superRefine(({ time, notice }, context) => {
  const limit = time === undefined ? null : secondsOfLimit(time);
  if (limit === null || limit > notice + NOTICE_RESOLUTION) return;
  const message =
    `${notice} seconds before a limit of ${time}, and up to ${NOTICE_RESOLUTION} earlier, is before the ` +
    "beginning; give a longer time or a shorter notice";
  context.addIssue({ code: "custom", path: ["notice"], message });
});

/** Names of Kubernetes' objects. */
const namesObject = { error: "give the name of an object of Kubernetes: small letters, digits, - and ." };
const objectName = z.string(namesObject).regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/, namesObject);
/** Its quantities: `2`, `500m`, `16Gi`. */
const isQuantity = { error: "give a quantity of Kubernetes, such as 2, 500m or 16Gi" };
const quantity = z.union([z.number().positive().transform(String), z.string()], isQuantity).pipe(
  z.string().regex(/^\d+(\.\d+)?(m|[kMGTPE]|[KMGTPE]i)?$/, isQuantity),
);

const namesImage = { error: "give the name of a container image" };
const isMount = { error: "give a whole path, such as /shared" };

/** What a pod has. */
export const kubernetesSchema = z.strictObject({
  /** Container image that has `sluice` on its path. */
  "image": z.string(namesImage).regex(/^\S+$/, namesImage),
  /** The persistent volume claim that all pods share. */
  "claim": objectName,
  /** Where it is mounted; the sweep's folder and the data lie under it. */
  "mount": z.string(isMount).startsWith("/", isMount).default("/shared"),
  "namespace": objectName.optional(),
  "cpu": quantity.optional(),
  "memory": quantity.optional(),
  "gpus": count.optional(),
  /** Runs at a time; all where left out. */
  "jobs": count.optional(),
  /** Seconds that a run which is asked to stop has to save in. */
  "notice": count.default(120),
});
