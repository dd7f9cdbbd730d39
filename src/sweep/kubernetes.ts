/**
 * Writes a sweep as an Indexed Job of Kubernetes, with one completion for each run.
 *
 * @module
 */
import { basename, relative } from "@std/path";
import { createHash } from "node:crypto";
import { stringify } from "yaml";
import type { KubernetesRequest } from "./requests.ts";
import { attemptFunction, chooseRun, jobName, type ScriptedSweep } from "./shell.ts";

/** Whether a path is a folder or is inside it. */
export function liesIn(path: string, folder: string): boolean {
  return !/^\.\.(\/|$)/.test(relative(folder, path));
}

/** Threads that fit the requested processors, at least 1; null if the spec requests none. */
export function threadsOf({ cpu }: Pick<KubernetesRequest, "cpu">): number | null {
  if (cpu === undefined) return null;
  return Math.max(1, Math.floor(cpu.endsWith("m") ? parseFloat(cpu) / 1000 : parseFloat(cpu)));
}

/** Escapes `$(NAME)`, which Kubernetes would replace in a command. */
function escapeReferences(text: string): string {
  return text.replace(/\$(?=[$(])/g, "$$$$");
}

/** The script of a pod: one attempt at one run. Kubernetes retries a failure, and stops a pod with SIGTERM. */
function podScript(sweep: ScriptedSweep): string {
  return `${attemptFunction(sweep)}
${chooseRun(sweep.runs, "JOB_COMPLETION_INDEX")}
attempt "$1"
exit "$status"
`;
}

function resourcesOf({ cpu, memory, gpus }: KubernetesRequest): Record<string, unknown> {
  const limits = {
    ...(cpu === undefined ? {} : { cpu }),
    ...(memory === undefined ? {} : { memory }),
    ...(gpus === undefined ? {} : { "nvidia.com/gpu": gpus }),
  };
  return Object.keys(limits).length === 0 ? {} : { resources: { requests: limits, limits } };
}

/** Rules for a failed pod. Any other failure counts, and is retried as often as the spec's `retries` says. */
const failureRules = [
  // Preempted or drained, which is not the run's fault.
  { action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] },
  // Stopped by a signal after saving.
  { action: "Ignore", onExitCodes: { containerName: "sluice", operator: "In", values: [75, 143] } },
  // A wrong request fails again, so do not retry.
  { action: "FailIndex", onExitCodes: { containerName: "sluice", operator: "In", values: [2] } },
];

/** The first 8 hexadecimal digits of the SHA-256 of a value's JSON. */
function digestOf(contents: unknown): string {
  return createHash("sha256").update(JSON.stringify(contents)).digest("hex").slice(0, 8);
}

/**
 * The manifest, as YAML, of a Job whose pods share the sweep's folder on a volume. Needs Kubernetes 1.29 or newer,
 * which counts failures by index. The Job's name has the folder and a digest of the Job, so a later Job for the
 * remaining runs has another name.
 */
export function kubernetesManifest(sweep: ScriptedSweep, request: KubernetesRequest): string {
  const { image, claim, mount, namespace, jobs, notice } = request;
  const container = {
    name: "sluice",
    image,
    command: ["sh", "-c", escapeReferences(podScript(sweep))],
    ...resourcesOf(request),
    volumeMounts: [{ name: "shared", mountPath: mount }],
  };
  const spec = {
    completionMode: "Indexed",
    completions: sweep.runs.length,
    parallelism: Math.min(jobs ?? sweep.runs.length, sweep.runs.length),
    backoffLimitPerIndex: sweep.retries,
    podFailurePolicy: { rules: failureRules },
    template: {
      spec: {
        restartPolicy: "Never",
        terminationGracePeriodSeconds: notice,
        containers: [container],
        volumes: [{ name: "shared", persistentVolumeClaim: { claimName: claim } }],
      },
    },
  };
  const name = `${jobName(basename(sweep.folder)).toLowerCase()}-${digestOf(spec)}`;
  const metadata = { name, ...(namespace === undefined ? {} : { namespace }) };
  const manifest = { apiVersion: "batch/v1", kind: "Job", metadata, spec };
  return stringify(manifest, { lineWidth: 0, aliasDuplicateObjects: false });
}
