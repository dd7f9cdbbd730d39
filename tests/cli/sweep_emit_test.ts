/**
 * Tests of a sweep's scripts for other machines, by running the scripts.
 *
 * @module
 */
import { assert, assertEquals, assertGreater, assertMatch, assertNotEquals, assertStrictEquals } from "@std/assert";
import { join } from "@std/path";
import { existsSync } from "node:fs";
import { type IJob, Job } from "kubernetes-models/batch/v1";
import { parse } from "yaml";
import { selfCommand } from "../../cli/self.ts";
import { quoteWords } from "../../src/sweep/mod.ts";
import { withFolder } from "../folders.ts";
import { assertRefused, assertSucceeds } from "./run_sluice.ts";

const base = {
  width: 4,
  stem: "imagenet",
  projector: 16,
  batch: 32,
  epochs: 2,
  "train-images": 96,
  "test-images": 40,
  "eval-every": 0,
  "budget": 0.8,
};

/** Writes a spec of two runs, as JSON, which is valid YAML. */
function writeSpec(folder: string, sections: Readonly<Record<string, unknown>> = {}): string {
  const path = join(folder, "spec.yaml");
  const text = JSON.stringify({ base, grid: { budget: [0.6, 0.8] }, evaluate: ["knn"], ...sections }, null, 2);
  Deno.writeTextFileSync(path, text);
  return path;
}

/** Phases of a sweep's runs. */
async function phases(sweep: string): Promise<string[]> {
  const { runs } = JSON.parse(await assertSucceeds(["sweep", "status", sweep, "--json"]));
  return runs.map(({ phase }: { phase: string }) => phase);
}

async function runScript(command: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const [program = "", ...args] = command;
  const { code, stderr } = await new Deno.Command(program, { args, env: { ...env }, stdin: "null" }).output();
  return { code, stderr: new TextDecoder().decode(stderr) };
}

Deno.test(
  "the script of --emit sh does all runs, and only the remaining runs when it is started again",
  withFolder(async (folder) => {
    const out = join(folder, "it's a sweep");
    const spec = writeSpec(folder);
    const script = await assertSucceeds(["sweep", spec, "--out", out, "--emit", "sh"]);
    assertEquals(await phases(out), ["waiting", "waiting"]);
    const path = join(folder, "script.sh");
    Deno.writeTextFileSync(path, script);
    const done = { code: 0, stderr: "budget=0.6\nbudget=0.8\n" };
    assertEquals(await runScript(["sh", path]), done);
    assertEquals(await phases(out), ["done", "done"]);
    const evaluation = join(out, "runs", "budget=0.8", "evaluation.json");
    const written = Deno.statSync(evaluation).mtime;
    assertEquals(await runScript(["sh", path]), done);
    assertEquals(Deno.statSync(evaluation).mtime, written, "a run that is done is not repeated");
    await assertRefused(
      ["sweep", spec, "--out", out, "--emit", "sh"],
      /all runs are done or damaged; there is nothing to write/,
    );
  }),
);

Deno.test(
  "the manifest of --emit k8s is a valid Kubernetes Job, and a pod's command does its run",
  withFolder(async (folder) => {
    const out = join(folder, "sweep");
    const spec = writeSpec(folder, {
      kubernetes: { image: "registry.example/sluice:0.1", claim: "shared", mount: folder, cpu: 1, memory: "2Gi" },
      retries: 1,
    });
    const manifest: IJob = parse(await assertSucceeds(["sweep", spec, "--out", out, "--emit", "k8s"]));
    new Job(manifest).validate();
    assertStrictEquals(manifest.spec?.completions, 2);
    const command = manifest.spec.template.spec?.containers[0]?.command ?? [];
    // In a container, the program is on the PATH.
    const tools = join(folder, "tools");
    Deno.mkdirSync(tools);
    const shim = `#!/bin/sh\nexec ${quoteWords(selfCommand())} "$@"\n`;
    Deno.writeTextFileSync(join(tools, "sluice"), shim, { mode: 0o755 });
    const PATH = `${tools}:${Deno.env.get("PATH")}`;
    assertEquals(await runScript(command, { PATH, JOB_COMPLETION_INDEX: "1" }), { code: 0, stderr: "" });
    assertEquals(await phases(out), ["waiting", "done"]);
    const rest: IJob = parse(await assertSucceeds(["sweep", spec, "--out", out, "--emit", "k8s", "--jobs", "3"]));
    assertEquals([rest.spec?.completions, rest.spec?.parallelism], [1, 1], "only the remaining run");
    assertNotEquals(rest.metadata?.name, manifest.metadata?.name);
  }),
);

Deno.test(
  "the script of --emit slurm requests the spec's resources, and its runs use the requested processors",
  withFolder(async (folder) => {
    const out = join(folder, "sweep");
    const spec = writeSpec(folder, { slurm: { "partition": "gpu", "cpus-per-task": 3, "jobs": 8 } });
    const args = ["sweep", spec, "--out", out, "--emit", "slurm"];
    const { script, runs, kind } = JSON.parse(await assertSucceeds([...args, "--jobs", "1", "--json"]));
    assertEquals([kind, runs], ["slurm", ["budget=0.6", "budget=0.8"]]);
    assertMatch(script, /^#SBATCH --array=0-1%1$/m);
    assertMatch(script, /^#SBATCH --partition=gpu$/m);
    const plan = JSON.parse(Deno.readTextFileSync(join(out, "plan.json")));
    assertEquals(plan.runs[0].config.threads, 3);
    assertMatch(await assertSucceeds(args), /^#SBATCH --array=0-1%8$/m);
  }),
);

Deno.test(
  "a request that does not fit a cluster is refused, and makes no folder",
  withFolder(async (folder) => {
    const out = join(folder, "sweep");
    const images = join(folder, "images.yaml");
    const mounted = { image: "a", claim: "b", mount: join(folder, "mounted") };
    const spec = writeSpec(folder, { kubernetes: mounted });
    const bare = join(folder, "bare.yaml");
    Deno.writeTextFileSync(bare, JSON.stringify({ base }));
    const data = join(folder, "data");
    Deno.mkdirSync(data);
    Deno.writeTextFileSync(images, JSON.stringify({ base: { ...base, plans: data }, kubernetes: mounted }, null, 2));
    const refused: readonly (readonly [string[], RegExp])[] = [
      [[bare, "--emit", "k8s"], /bare\.yaml:1: has no section kubernetes; add one with image and claim/],
      [[spec, "--emit", "k8s"], /--out \S+: is outside \S+mounted, where pods mount their volume/],
      [[spec, "--emit", "sh", "--jobs", "2"], /--jobs with --emit sh/],
      [[spec, "--emit", "sh", "--executor", "slurm"], /--executor with --emit sh: .*; leave one out/],
      [[spec, "--emit", "pbs"], /argument 'pbs' is invalid\. Allowed choices are sh, slurm, k8s/],
      [[spec, "--executor", "pbs"], /argument 'pbs' is invalid\. Allowed choices are local, slurm/],
    ];
    for (const [args, message] of refused) await assertRefused(["sweep", ...args, "--out", out], message);
    await assertRefused(
      ["sweep", images, "--emit", "k8s", "--out", join(folder, "mounted", "sweep")],
      /images\.yaml:\d+: plans \S+data: is outside/,
    );
    const noSlurm = { PATH: folder };
    await assertRefused(["sweep", spec, "--executor", "slurm", "--out", out], /sbatch is not installed here/, noSlurm);
    assert(!existsSync(out));
  }),
);

Deno.test(
  "--dry-run shows the runs for a cluster without making a folder",
  withFolder(async (folder) => {
    const out = join(folder, "sweep");
    const args = ["sweep", writeSpec(folder), "--out", out, "--executor", "slurm", "--dry-run", "--json"];
    const { runs, estimate } = JSON.parse(await assertSucceeds(args));
    assertEquals(runs.map(({ name }: { name: string }) => name), ["budget=0.6", "budget=0.8"]);
    assertEquals(estimate.seconds, null);
    assertGreater(estimate.bytes, 0);
    assert(!existsSync(out));
  }),
);
