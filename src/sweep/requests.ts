/**
 * The resources that a sweep requests from a cluster for each run.
 *
 * @module
 */

/** A request to Slurm. Keys are options of `sbatch` without the dashes; times and memory are in Slurm's notation. */
export interface SlurmRequest {
  /** Queue to submit to. */
  readonly partition?: string | undefined;
  /** Account that pays for the time. */
  readonly account?: string | undefined;
  /** Quality of service. */
  readonly qos?: string | undefined;
  /** Features that nodes must have. */
  readonly constraint?: string | undefined;
  /** Generic resources of a run, such as `gpu:1` for one GPU. */
  readonly gres?: string | undefined;
  /** Time limit of a run; shortly before it, the run saves and is queued again. */
  readonly time?: string | undefined;
  /** Memory of a run. */
  readonly mem?: string | undefined;
  /** Processors of a run. */
  readonly "cpus-per-task"?: number | undefined;
  /** Runs at a time; no limit if left out. */
  readonly jobs?: number | undefined;
  /** Seconds before the time limit at which Slurm signals a run to save. */
  readonly notice: number;
  /** How often a run is queued again after it stopped because of the notice. */
  readonly requeues: number;
}

/** A request to Kubernetes for the pod of each run. */
export interface KubernetesRequest {
  /** Container image with `sluice` on its `PATH`. */
  readonly image: string;
  /** The persistent volume claim that all pods share. */
  readonly claim: string;
  /** Mount path of the claim; the sweep's folder and the data are under it. */
  readonly mount: string;
  /** Namespace of the Job; kubectl's current namespace if left out. */
  readonly namespace?: string | undefined;
  /** Processors of a run, as a Kubernetes quantity. */
  readonly cpu?: string | undefined;
  /** Memory of a run, as a Kubernetes quantity. */
  readonly memory?: string | undefined;
  /** GPUs of a run. */
  readonly gpus?: number | undefined;
  /** Runs at a time; all of them if left out. */
  readonly jobs?: number | undefined;
  /** Seconds between SIGTERM and SIGKILL, in which a run saves. */
  readonly notice: number;
}
