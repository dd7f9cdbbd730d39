/**
 * What a sweep asks of a cluster for each of its runs.
 *
 * @module
 */

/** What is asked of Slurm: keys as those of `sbatch`, without their dashes; times and memory in its own notation. */
export interface SlurmRequest {
  /** Queue of the cluster. */
  readonly partition?: string | undefined;
  /** Whom the time is charged to. */
  readonly account?: string | undefined;
  /** Quality of service. */
  readonly qos?: string | undefined;
  /** Features that nodes must have. */
  readonly constraint?: string | undefined;
  /** Generic resources of a run, `gpu:1` for one GPU. */
  readonly gres?: string | undefined;
  /** Time limit of a run, after which it saves and is queued again. */
  readonly time?: string | undefined;
  /** Memory of a run. */
  readonly mem?: string | undefined;
  /** Processors of a run. */
  readonly "cpus-per-task"?: number | undefined;
  /** Runs at a time; all that the cluster has room for where left out. */
  readonly jobs?: number | undefined;
  /** Seconds before the time limit at which a run is asked to save. */
  readonly notice: number;
  /** How often a run that was stopped by such a notice is queued again. */
  readonly requeues: number;
}

/** What is asked of Kubernetes: what a pod has. */
export interface KubernetesRequest {
  /** Container image that has `sluice` on its path. */
  readonly image: string;
  /** The persistent volume claim that all pods share. */
  readonly claim: string;
  /** Where it is mounted; the sweep's folder and the data lie under it. */
  readonly mount: string;
  /** Namespace of the Job; the present one where left out. */
  readonly namespace?: string | undefined;
  /** Processors of a run. */
  readonly cpu?: string | undefined;
  /** Memory of a run. */
  readonly memory?: string | undefined;
  /** GPUs of a run. */
  readonly gpus?: number | undefined;
  /** Runs at a time; all where left out. */
  readonly jobs?: number | undefined;
  /** Seconds that a run which is asked to stop has to save in. */
  readonly notice: number;
}
