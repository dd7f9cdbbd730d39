/**
 * A sweep as one Indexed Job of Kubernetes, a completion for each run.
 *
 * @module
 */
import { basename, relative } from "@std/path";
import { createHash } from "node:crypto";
import { stringify } from "yaml";
import type { KubernetesRequest } from "./requests.ts";
import { attemptFunction, chooseRun, jobName, type ScriptedSweep } from "./shell.ts";

/** Whether a path is a folder or lies in it. */
export function liesIn(path: string, folder: string): boolean {
  return !/^\.\.(\/|$)/.test(relative(folder, path));
}

/** Threads that a request for processors is good for; null where it asks for none. */
export function threadsOf({ cpu }: Pick<KubernetesRequest, "cpu">): number | null {
  if (cpu === undefined) return null;
  return Math.max(1, Math.floor(cpu.endsWith("m") ? parseFloat(cpu) / 1000 : parseFloat(cpu)));
}

/** A text in which Kubernetes, which replaces `$(NAME)` in commands, finds nothing to replace. */
function asItIs(text: string): string {
  return text.replace(/\$(?=[$(])/g, "$$$$");
}

/** Works on one run. Kubernetes tries again, and asks a pod to stop with SIGTERM. */
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

/** What becomes of a run whose pod failed; all other failures count, and are tried again as often as the sweep says. */
const failureRules = [
  // Preempted, drained: nothing the run is to blame for.
  { action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] },
  // Asked to stop, and saved.
  { action: "Ignore", onExitCodes: { containerName: "sluice", operator: "In", values: [75, 143] } },
  // A wrong request stays wrong.
  { action: "FailIndex", onExitCodes: { containerName: "sluice", operator: "In", values: [2] } },
];

/** The first letters of a digest of something. */
function digestOf(contents: unknown): string {
  return createHash("sha256").update(JSON.stringify(contents)).digest("hex").slice(0, 8);
}

/**
 * The manifest, as YAML, of a Job whose pods share the sweep's folder on a volume. Kubernetes 1.29 or newer counts failures by index.
 * It is named after the folder and a digest of what it holds: one for what is left is another.
 */
export function kubernetesManifest(sweep: ScriptedSweep, request: KubernetesRequest): string {
  const { image, claim, mount, namespace, jobs, notice } = request;
  const container = {
    name: "sluice",
    image,
    command: ["sh", "-c", asItIs(podScript(sweep))],
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
