/**
 * Starts a private Slurm on this machine: a controller and two nodes with one processor each, as root, without systemd
 * and cgroups.
 *
 * @module
 */
import { join } from "@std/path";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { aptCommand, execute, installWith } from "../../native/tools/packages.ts";

/** Names of the nodes. */
export const nodes = ["a", "b"] as const;

/** Programs of a cluster. The daemons are in folders that are on root's `PATH` only. */
const programs = ["munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel", "scontrol", "sinfo"];
const searched = { PATH: `${Deno.env.get("PATH")}:/usr/sbin:/sbin` };

/** Milliseconds between two checks of a condition, and until the wait fails. */
const INTERVAL = 100;
const [START_PATIENCE, PATIENCE] = [15_000, 90_000];

async function missingPrograms(): Promise<string[]> {
  const found = await Promise.all(programs.map(async (program) => {
    const { success } = await new Deno.Command("sh", {
      args: ["-c", `command -v ${program}`],
      env: searched,
      stdout: "null",
    }).output();
    return success ? [] : [program];
  }));
  return found.flat();
}

/** Installs Slurm if necessary. @returns the reason if that fails, else null. */
async function findObstacle(): Promise<string | null> {
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) return "its daemons need root on Linux";
  if ((await missingPrograms()).length === 0) return null;
  const apt = await aptCommand();
  if (apt === null) {
    return `${(await missingPrograms()).join(", ")} are missing, and there is no apt-get to install them`;
  }
  const requirements = ["slurm-wlm", "munge"].map((name) => ({ name, packages: [name] }));
  const { output } = await installWith(apt, requirements);
  const missing = await missingPrograms();
  return missing.length === 0 ? null : `${missing.join(", ")} cannot be installed: ${output.trim().split("\n").at(-1)}`;
}

function freePorts(count: number): number[] {
  const listeners = Array.from({ length: count }, () => Deno.listen({ hostname: "127.0.0.1", port: 0 }));
  const ports = listeners.map(({ addr }) => (addr as Deno.NetAddr).port);
  for (const listener of listeners) listener.close();
  return ports;
}

function configuration(folder: string): string {
  const [controller, ...ports] = freePorts(1 + nodes.length);
  return `ClusterName=test
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort=${controller}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CredType=cred/munge
# A requeued job waits until its credentials have expired.
AuthInfo=socket=${folder}/munge.socket,cred_expire=5
StateSaveLocation=${folder}/state
SlurmdSpoolDir=${folder}/spool-%n
SlurmctldPidFile=${folder}/slurmctld.pid
SlurmdPidFile=${folder}/slurmd-%n.pid
SlurmctldLogFile=${folder}/slurmctld.log
SlurmdLogFile=${folder}/slurmd-%n.log
ProctrackType=proctrack/pgid
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
ReturnToService=2
SlurmdTimeout=2
KillWait=10
JobRequeue=1
${
    nodes.map((name, index) => `NodeName=${name} NodeHostname=localhost NodeAddr=127.0.0.1 Port=${ports[index]} CPUs=1`)
      .join("\n")
  }
PartitionName=main Nodes=ALL Default=YES State=UP
`;
}

/** A process of this machine. */
interface Process {
  readonly id: number;
  readonly parent: number;
}

/** Output lines of a shell command, for the parts of `/proc` that Deno does not read. */
async function askShell(line: string, ...args: readonly string[]): Promise<string[]> {
  const command = new Deno.Command("sh", { args: ["-c", line, "sh", ...args], stdin: "null", stderr: "null" });
  const { stdout } = await command.output();
  return new TextDecoder().decode(stdout).split("\n");
}

async function allProcesses(): Promise<Process[]> {
  return (await askShell("cat /proc/[0-9]*/stat")).flatMap((line) => {
    const [, id, parent] = /^(\d+) .*\) \S (\d+) /.exec(line) ?? [];
    return id === undefined ? [] : [{ id: Number(id), parent: Number(parent) }];
  });
}

/**
 * Processes with an open file whose path has a prefix. Slurm's processes change their names, but keep their logs open.
 */
async function holdersOf(path: string): Promise<number[]> {
  const links = await askShell('find /proc/[0-9]*/fd -lname "$1*"', path);
  return [...new Set(links.flatMap((link) => link === "" ? [] : [Number(link.split("/")[2])]))];
}

/** Processes with all their descendants. */
function withDescendants(roots: readonly number[], processes: readonly Process[]): number[] {
  const found = new Set(roots);
  for (let before = -1; before !== found.size;) {
    before = found.size;
    for (const { id, parent } of processes) if (found.has(parent)) found.add(id);
  }
  return [...found];
}

function kill(id: number): void {
  try {
    Deno.kill(id, "SIGKILL");
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** Kills processes with an open file whose path has a prefix, and all their descendants, until none is left. */
async function killHolders(path: string): Promise<void> {
  for (let holders = await holdersOf(path); holders.length > 0; holders = await holdersOf(path)) {
    const processes = await allProcesses();
    for (const id of withDescendants(holders, processes)) kill(id);
    await sleep(INTERVAL);
  }
}

/** A running cluster. */
export class SlurmCluster implements AsyncDisposable {
  /** Variables with which Slurm's commands find the cluster. */
  readonly environment: Readonly<Record<string, string>>;
  readonly #folder: string;
  readonly #daemons = new Map<string, Deno.ChildProcess>();

  private constructor(folder: string) {
    this.#folder = folder;
    this.environment = { ...searched, SLURM_CONF: join(folder, "slurm.conf") };
  }

  /** Starts a cluster with its files in a temporary folder. @throws if the daemons do not become ready. */
  static async start(): Promise<SlurmCluster> {
    const folder = Deno.makeTempDirSync({ prefix: "slurm" });
    // Every user must reach munge's socket.
    Deno.chmodSync(folder, 0o755);
    const cluster = new SlurmCluster(folder);
    try {
      await cluster.#start();
      return cluster;
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #start(): Promise<void> {
    const at = (name: string) => join(this.#folder, name);
    for (const name of ["state", ...nodes.map((node) => `spool-${node}`)]) Deno.mkdirSync(at(name));
    Deno.writeFileSync(at("munge.key"), crypto.getRandomValues(new Uint8Array(1024)), { mode: 0o400 });
    Deno.writeTextFileSync(at("slurm.conf"), configuration(this.#folder));
    const files = {
      key: "munge.key",
      socket: "munge.socket",
      pid: "munged.pid",
      seed: "munged.seed",
      log: "munged.log",
    };
    const munged = Object.entries(files).map(([kind, file]) => {
      return `--${kind}${kind === "socket" ? "" : "-file"}=${at(file)}`;
    });
    this.#begin("munged", ["--foreground", ...munged]);
    await this.until("munged listens", () => existsSync(at(files.socket)), START_PATIENCE);
    this.#begin("slurmctld", ["-D", "-i", "-f", at("slurm.conf")]);
    for (const node of nodes) this.#begin("slurmd", ["-D", "-N", node, "-f", at("slurm.conf")], node);
    await this.until("all nodes are idle", async () => {
      const { success, output } = await this.#execute("sinfo", ["--noheader", "--Node", "--format=%t"]);
      return success && output.trim().split("\n").join(" ") === nodes.map(() => "idle").join(" ");
    }, START_PATIENCE);
  }

  #begin(program: string, args: readonly string[], name = program): void {
    const command = new Deno.Command(program, {
      args: [...args],
      env: this.environment,
      stdin: "null",
      stdout: "null",
      stderr: "null",
    });
    this.#daemons.set(name, command.spawn());
  }

  async #execute(program: string, args: readonly string[]) {
    return await execute("env", [`SLURM_CONF=${this.environment["SLURM_CONF"]}`, program, ...args]);
  }

  /** Runs one of Slurm's commands. @returns its output. */
  async ask(program: string, ...args: readonly string[]): Promise<string> {
    const { success, output } = await this.#execute(program, args);
    if (!success) throw new Error(`${program} ${args.join(" ")}: ${output}`);
    return output.trim();
  }

  /**
   * Waits for a condition.
   *
   * @throws an error with the condition's description and Slurm's logs if it does not come true.
   */
  async until(
    description: string,
    condition: () => boolean | Promise<boolean>,
    patience = PATIENCE,
  ): Promise<void> {
    for (let waited = 0; !await condition(); waited += INTERVAL) {
      if (waited > patience) throw new Error(`waited too long until ${description}\n${await this.#describe()}`);
      await sleep(INTERVAL);
    }
  }

  async #describe(): Promise<string> {
    const logs = readdirSync(this.#folder).filter((name) => name.endsWith(".log")).map((name) => {
      return `${name}:\n${readFileSync(join(this.#folder, name), "utf8").split("\n").slice(-12).join("\n")}`;
    });
    return [(await this.#execute("squeue", ["--array", "--states=all"])).output, ...logs].join("\n");
  }

  /**
   * Sends a task's script the signal that comes before a time limit. If other tasks of the array wait, scancel delivers
   * the signal, receives an error nevertheless, and would send it again after five seconds; the timeout prevents that.
   */
  async giveNotice(task: string): Promise<void> {
    await this.#execute("timeout", ["2", "scancel", "--batch", "--signal=USR1", task]);
  }

  /** Kills a node's daemon and all processes of the node, like a loss of power. */
  async killNode(node: (typeof nodes)[number]): Promise<void> {
    const daemon = this.#daemons.get(node);
    daemon?.kill("SIGKILL");
    await daemon?.status;
    this.#daemons.delete(node);
    await killHolders(join(this.#folder, `slurmd-${node}.log`));
  }

  /** Kills all processes of the cluster, and removes its files. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const daemon of this.#daemons.values()) kill(daemon.pid);
    await Promise.all([...this.#daemons.values()].map(({ status }) => status));
    await killHolders(join(this.#folder, ""));
    Deno.removeSync(this.#folder, { recursive: true });
  }
}

/** The reason in one line why this machine cannot run a cluster, or null if it can. */
export async function obstacleToCluster(): Promise<string | null> {
  const obstacle = await findObstacle();
  if (obstacle !== null) return obstacle;
  try {
    await using _cluster = await SlurmCluster.start();
    return null;
  } catch (error) {
    const [line = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
    return line;
  }
}
