/**
 * Tests of Slurm's script and of parsing Slurm's output, with stand-ins for `scontrol` and for the program that does a
 * run.
 *
 * @module
 */
import {
  assertEquals,
  assertIsError,
  assertMatch,
  assertNotMatch,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { join } from "@std/path";
import { readFileSync } from "node:fs";
import { InvalidInputError } from "../../src/errors.ts";
import {
  isEnded,
  parseAccounting,
  parseQueue,
  parseSubmission,
  secondsOfLimit,
  slurmScript,
  SweepSpec,
} from "../../src/sweep/mod.ts";
import { slurmSchema } from "../../src/sweep/request_schemas.ts";
import { withFolder } from "../folders.ts";

const sweep = { folder: "/data/my 5%", runs: ["budget=0.1", "budget=0.3"], retries: 1, command: ["sluice"] };

Deno.test("a job array requests the spec's resources, requeueing and a signal before the time limit", () => {
  const request = slurmSchema.parse({
    partition: "gpu",
    gres: "gpu:1",
    time: "4:00:00",
    mem: "16G",
    jobs: 2,
    notice: 60,
  });
  const lines = slurmScript(sweep, request).split("\n");
  assertEquals(lines[0], "#!/bin/sh");
  assertEquals(lines.filter((line) => line.startsWith("#SBATCH")), [
    "#SBATCH --job-name=sluice-my-5",
    "#SBATCH --array=0-1%2",
    "#SBATCH --partition=gpu",
    "#SBATCH --gres=gpu:1",
    "#SBATCH --time=4:00:00",
    "#SBATCH --mem=16G",
    "#SBATCH --requeue",
    "#SBATCH --open-mode=append",
    "#SBATCH --signal=B:USR1@60",
    "#SBATCH --output='/data/my 5%%/tasks/'slurm-%A_%a.log",
  ]);
  const bare = slurmScript(sweep, slurmSchema.parse({}));
  assertMatch(bare, /^#SBATCH --array=0-1$/m);
  assertNotMatch(bare, /--(partition|gres|time|mem|cpus-per-task)/);
});

Deno.test("a folder with a backslash or a line end is refused", () => {
  for (const folder of ["/data/a\\b", "/data/a\nb"]) {
    assertThrows(() => slurmScript({ ...sweep, folder }, slurmSchema.parse({})), InvalidInputError);
  }
});

/** Runs the script of one task of an array, with stand-ins for the run's process and for scontrol. */
async function runTask(folder: string, index: number, status: number, restarts: string) {
  const tools = join(folder, "tools");
  Deno.mkdirSync(join(folder, "tasks"), { recursive: true });
  Deno.mkdirSync(tools, { recursive: true });
  const write = (name: string, line: string) =>
    Deno.writeTextFileSync(join(tools, name), `#!/bin/sh\n${line}\n`, { mode: 0o755 });
  write("scontrol", `echo "$@"`);
  write("sluice", `echo "$@" >>"$4/started"; exit ${status}`);
  const script = slurmScript({ ...sweep, folder }, slurmSchema.parse({ requeues: 3 }));
  const { code, stdout } = await new Deno.Command("sh", {
    args: ["-c", script],
    env: {
      PATH: `${tools}:${Deno.env.get("PATH")}`,
      SLURM_ARRAY_JOB_ID: "17",
      SLURM_ARRAY_TASK_ID: String(index),
      SLURM_RESTART_COUNT: restarts,
    },
  }).output();
  const started = readFileSync(join(folder, "started"), "utf8").trim().split("\n");
  Deno.removeSync(join(folder, "started"));
  return { code, requeued: new TextDecoder().decode(stdout).trim(), started };
}

Deno.test(
  "a task does the run of its index, and queues itself again after a notice, up to the limit of requeues",
  withFolder(async (folder) => {
    const line = `sweep task -- ${folder} budget=0.3`;
    assertEquals(await runTask(folder, 1, 0, ""), { code: 0, requeued: "", started: [line] });
    assertEquals(await runTask(folder, 1, 75, ""), { code: 75, requeued: "requeue 17_1", started: [line] });
    assertEquals(await runTask(folder, 1, 75, "2"), { code: 75, requeued: "requeue 17_1", started: [line] });
    assertEquals(await runTask(folder, 1, 75, "3"), { code: 75, requeued: "", started: [line] });
    assertEquals(await runTask(folder, 1, 1, ""), { code: 1, requeued: "", started: [line, line] });
    assertEquals(await runTask(folder, 1, 2, ""), { code: 2, requeued: "", started: [line] });
  }),
);

Deno.test("the id of a job is parsed from the output of sbatch", () => {
  assertEquals(parseSubmission("1234\n"), "1234");
  assertEquals(parseSubmission("1234;cluster\n"), "1234");
  assertEquals(parseSubmission("Submitted batch job\n"), null);
});

Deno.test("tasks are parsed from the output of squeue", () => {
  const printed = [
    "12|0|RUNNING|None",
    "12|1|PENDING|Resources",
    "12|2|PENDING|Nodes required for job are DOWN, DRAINED or reserved",
    "12|3|PENDING|None",
    "12|4|COMPLETING|NonZeroExitCode",
    "13|N/A|RUNNING|None",
    "",
  ];
  assertEquals(parseQueue(printed.join("\n")), [
    { job: "12", index: 0, state: "RUNNING" },
    { job: "12", index: 1, state: "PENDING (Resources)" },
    { job: "12", index: 2, state: "PENDING (Nodes required for job are DOWN, DRAINED or reserved)" },
    { job: "12", index: 3, state: "PENDING" },
    { job: "12", index: 4, state: "COMPLETING" },
  ]);
});

Deno.test("ended tasks are parsed from the output of sacct, and the common line of waiting tasks is left out", () => {
  const printed =
    "12_0|COMPLETED\n12_1|CANCELLED by 1000\n12_2|OUT_OF_MEMORY\n12_[3-7%2]|PENDING\n12_1.batch|CANCELLED\n";
  assertEquals(parseAccounting(printed), [
    { job: "12", index: 0, state: "COMPLETED" },
    { job: "12", index: 1, state: "CANCELLED" },
    { job: "12", index: 2, state: "OUT_OF_MEMORY" },
  ]);
});

Deno.test("tasks that wait, run, complete or are requeued have not ended", () => {
  for (const state of ["PENDING (BeginTime)", "RUNNING", "COMPLETING", "SUSPENDED", "REQUEUED"]) {
    assertEquals(isEnded({ state }), false, state);
  }
  for (const state of ["COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL"]) {
    assertEquals(isEnded({ state }), true, state);
  }
});

Deno.test("time limits are parsed in each of Slurm's notations", () => {
  const known = { "90": 5400, "1:30": 90, "1:00:00": 3600, "1-0": 86400, "1-2:30": 95400, "1-02:30:10": 95410 };
  for (const [text, seconds] of Object.entries(known)) assertStrictEquals(secondsOfLimit(text), seconds, text);
  for (const text of ["UNLIMITED", "", "1h"]) assertEquals(secondsOfLimit(text), null, text);
});

Deno.test("a wrong slurm section is refused with its line", () => {
  const refused: readonly (readonly [string, RegExp])[] = [
    ["slurm:\n  partitions: gpu", /^s\.yaml:2: unknown key partitions; did you mean partition\?$/],
    ["slurm:\n  partition: a b", /^s\.yaml:2: slurm\.partition: give one word/],
    ["slurm:\n  jobs: 0", /^s\.yaml:2: slurm\.jobs: give a whole number, 1 or more$/],
    ["slurm:\n  time: 3\n  notice: 120", /^s\.yaml:3: slurm\.notice: 120 seconds before the limit 3, .* longer time/],
  ];
  for (const [text, message] of refused) {
    assertIsError(assertThrows(() => SweepSpec.parse("s.yaml", text)), InvalidInputError, message);
  }
  const { slurm } = SweepSpec.parse("s.yaml", "slurm:\n  time: 4\n  mem: 8G").contents;
  assertEquals(slurm, { time: "4", mem: "8G", notice: 120, requeues: 100 });
});
