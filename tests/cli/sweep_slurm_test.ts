/**
 * Tests of sweeps on a real Slurm with the disturbances of clusters. Ignored if Slurm cannot be started; the tests'
 * names give the reason.
 *
 * @module
 */
import { assertEquals, assertMatch, assertNotStrictEquals, assertStrictEquals } from "@std/assert";
import { join } from "@std/path";
import { readFileSync } from "node:fs";
import { hasBegun, hasSaved, rowsOf, weightsOf } from "../sweep/outcome.ts";
import { tinyBase, tinySweep } from "../sweep/tiny_sweep.ts";
import { withFolder } from "../folders.ts";
import { assertRefused, assertSucceeds } from "./run_sluice.ts";
import { nodes, obstacleToCluster, SlurmCluster } from "./slurm_cluster.ts";

const obstacle = await obstacleToCluster();

/** Enough epochs that a disturbance comes in the middle of a run. */
const lasting = "epochs: 60";
const slurm = "slurm: {cpus-per-task: 1}\n";

/** A sweep on a cluster. */
class ClusterSweep {
  constructor(readonly cluster: SlurmCluster, readonly spec: string, readonly path: string) {}

  async submit(): Promise<{ job: string | null; runs: string[] }> {
    const args = ["sweep", this.spec, "--out", this.path, "--executor", "slurm", "--json"];
    return JSON.parse(await assertSucceeds(args, this.cluster.environment));
  }

  async states(): Promise<{ name: string; phase: string; cluster: string; step: number }[]> {
    return JSON.parse(await assertSucceeds(["sweep", "status", this.path, "--json"], this.cluster.environment)).runs;
  }

  log(run: string): string {
    return readFileSync(join(this.path, "tasks", `${run}.log`), "utf8");
  }

  /** Index and node of each running task. */
  async running(): Promise<(readonly [number, string])[]> {
    const printed = await this.cluster.ask("squeue", "--noheader", "--array", "--states=RUNNING", "--format=%K %N");
    return printed.split("\n").map((line) => line.split(" ")).map(([index, node = ""]) =>
      [Number(index), node] as const
    );
  }
}

function test(name: string, body: (folder: string, cluster: SlurmCluster) => Promise<void>): void {
  Deno.test({
    name: obstacle === null ? name : `${name} (ignored, Slurm cannot be started here: ${obstacle})`,
    ignore: obstacle !== null,
    fn: withFolder(async (folder) => {
      await using cluster = await SlurmCluster.start();
      await body(folder, cluster);
    }),
  });
}

function writeSpec(folder: string, text: string): string {
  const path = join(folder, "spec.yaml");
  Deno.writeTextFileSync(path, text);
  return path;
}

test(
  "a job array that is requeued, given notice, and loses a node ends with the results of an undisturbed sweep",
  async (folder, cluster) => {
    const spec = writeSpec(folder, `${tinySweep.replace("epochs: 4", lasting)}${slurm}`);
    // A path that scripts and Slurm's patterns would change if it were not quoted.
    const sweep = new ClusterSweep(cluster, spec, join(folder, "it's 5% %A"));
    const { job, runs } = await sweep.submit();
    assertEquals(runs.length, 8);
    const [requeued = "", noticed = ""] = runs;
    await cluster.until("the first runs train", () => hasBegun(sweep.path, requeued) && hasBegun(sweep.path, noticed));
    await cluster.ask("scontrol", "requeue", `${job}_0`);
    await cluster.giveNotice(`${job}_1`);

    let lost = 0;
    await cluster.until("another run has saved on the second node", async () => {
      const [index = 0] = (await sweep.running()).find(([, node]) => node === "b") ?? [];
      lost = index;
      return lost > 1 && hasSaved(sweep.path, runs[lost] ?? "");
    });
    await cluster.killNode("b");

    const whole = join(folder, "whole");
    await assertSucceeds(["sweep", spec, "--out", whole]);
    await cluster.until("the queue is empty", async () => (await cluster.ask("squeue", "--noheader")) === "");
    const states = await sweep.states();
    assertEquals(states.map(({ phase, cluster: state }) => [phase, state]), runs.map(() => ["done", "COMPLETED"]));
    assertEquals(rowsOf(sweep.path), rowsOf(whole));
    assertEquals(weightsOf(sweep.path), weightsOf(whole));

    assertMatch(sweep.log(requeued), /SIGTERM: saving, then stopping[^]*: resumes at epoch/);
    assertMatch(sweep.log(noticed), /SIGUSR1: saving, then stopping[^]*: resumes at epoch/);
    assertMatch(sweep.log(runs[lost] ?? ""), /: resumes at epoch/);
    for (const index of [0, 1, lost]) {
      assertMatch(await cluster.ask("scontrol", "show", "job", `${job}_${index}`), / Restarts=1 /, `task ${index}`);
    }
    assertEquals<unknown>(await sweep.submit(), { sweep: sweep.path, job: null, runs: [] });
  },
);

test(
  "a cancelled job array saves its runs, and each remaining run is submitted once",
  async (folder, cluster) => {
    const spec = writeSpec(folder, `${tinyBase.replace("epochs: 4", "epochs: 2000")}seeds: [0, 1, 2]\n${slurm}`);
    const sweep = new ClusterSweep(cluster, spec, join(folder, "sweep"));
    const runs = ["seed=0", "seed=1", "seed=2"];
    const first = await sweep.submit();
    assertEquals(first.runs, runs);
    await cluster.until("runs train", () => hasBegun(sweep.path, "seed=0") && hasBegun(sweep.path, "seed=1"));
    assertEquals((await sweep.running()).length, nodes.length);
    assertEquals((await sweep.submit()).runs, []);
    const [running, , waiting] = await sweep.states();
    assertEquals([running?.phase, running?.cluster], ["running", "RUNNING"]);
    assertStrictEquals(waiting?.phase, "waiting");
    assertMatch(waiting.cluster, /^PENDING/);
    const table = await assertSucceeds(["status", sweep.path], cluster.environment);
    assertMatch(table, /^run +state +step +cluster +why$/m);

    const cancel = ["sweep", "cancel", sweep.path];
    await assertSucceeds(cancel, cluster.environment);
    const isEmpty = async () => (await cluster.ask("squeue", "--noheader")) === "";
    await cluster.until("the queue is empty", isEmpty);
    const states = await sweep.states();
    assertEquals(states.map(({ phase }) => phase), ["stopped", "stopped", "waiting"]);
    assertEquals(states.map((state) => state.cluster), runs.map(() => "CANCELLED"));
    assertMatch(sweep.log("seed=0"), /SIGTERM: saving, then stopping\n[^]*stopped after \d+ steps, and saved/);
    await assertRefused(cancel, /nothing works through its runs/, cluster.environment);

    const second = await sweep.submit();
    assertEquals(second.runs, runs);
    assertNotStrictEquals(second.job, first.job);
    await cluster.until("a run resumes", () => /: resumes at epoch/.test(sweep.log("seed=0")));
    await assertSucceeds(cancel, cluster.environment);
    await cluster.until("the queue is empty", isEmpty);
  },
);
