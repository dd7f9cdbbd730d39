/**
 * A Slurm of its own on this machine: controller and two nodes of one processor each, under root, without systemd and cgroups.
 *
 * @module
 */
import { join } from "@std/path";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { aptCommand, execute, installWith } from "../../native/tools/packages.ts";

/** The nodes' names. */
export const nodes = ["a", "b"] as const;

/** Programs of a cluster; the daemons lie where only root looks. */
const programs = ["munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel", "scontrol", "sinfo"];
const searched = { PATH: `${Deno.env.get("PATH")}:/usr/sbin:/sbin` };

/** Milliseconds between two looks at what is waited for, and until that is given up. */
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

/** Makes sure that Slurm is installed; why it cannot be, or null where it is. */
async function findObstacle(): Promise<string | null> {
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) return "its daemons are started as root, on Linux";
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
# A job that is queued again waits until its credentials have expired.
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

/** What a line of the shell prints, for what of `/proc` Deno does not read. */
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

/** Processes that have a file open whose path begins so: Slurm's name themselves as they like, but keep their logs open. */
async function holdersOf(path: string): Promise<number[]> {
  const links = await askShell('find /proc/[0-9]*/fd -lname "$1*"', path);
  return [...new Set(links.flatMap((link) => link === "" ? [] : [Number(link.split("/")[2])]))];
}

/** Processes and all that they have started. */
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

/** Kills processes that have a file open whose path begins so, then what those had started, of which nobody reports the end. */
async function killHolders(path: string): Promise<void> {
  for (let holders = await holdersOf(path); holders.length > 0; holders = await holdersOf(path)) {
    const processes = await allProcesses();
    for (const id of withDescendants(holders, processes)) kill(id);
    await sleep(INTERVAL);
  }
}

/** A cluster that runs. */
export class SlurmCluster implements AsyncDisposable {
  /** What Slurm's commands need to find it. */
  readonly environment: Readonly<Record<string, string>>;
  readonly #folder: string;
  readonly #daemons = new Map<string, Deno.ChildProcess>();

  private constructor(folder: string) {
    this.#folder = folder;
    this.environment = { ...searched, SLURM_CONF: join(folder, "slurm.conf") };
  }

  /** Starts a cluster, its files in a temporary folder. @throws where its daemons do not get ready. */
  static async start(): Promise<SlurmCluster> {
    const folder = Deno.makeTempDirSync({ prefix: "slurm" });
    // Munge's socket is for everybody.
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

  /** Runs one of Slurm's commands, and gives what it prints. */
  async ask(program: string, ...args: readonly string[]): Promise<string> {
    const { success, output } = await this.#execute(program, args);
    if (!success) throw new Error(`${program} ${args.join(" ")}: ${output}`);
    return output.trim();
  }

  /** Waits until something is so; what that is and what Slurm says is in the error where it never is. */
  async until(what: string, isSo: () => boolean | Promise<boolean>, patience = PATIENCE): Promise<void> {
    for (let waited = 0; !await isSo(); waited += INTERVAL) {
      if (waited > patience) throw new Error(`waited too long until ${what}\n${await this.#describe()}`);
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
   * Sends a task's script the signal that comes before a time limit. Where other tasks of the array wait, scancel delivers it, is told
   * all the same that the task cannot be altered now, and would send it again five seconds later.
   */
  async giveNotice(task: string): Promise<void> {
    await this.#execute("timeout", ["2", "scancel", "--batch", "--signal=USR1", task]);
  }

  /** Ends a node as a loss of power does: its daemon, and all that works there. */
  async killNode(node: (typeof nodes)[number]): Promise<void> {
    const daemon = this.#daemons.get(node);
    daemon?.kill("SIGKILL");
    await daemon?.status;
    this.#daemons.delete(node);
    await killHolders(join(this.#folder, `slurmd-${node}.log`));
  }

  /** Ends everything that belongs to it. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const daemon of this.#daemons.values()) kill(daemon.pid);
    await Promise.all([...this.#daemons.values()].map(({ status }) => status));
    await killHolders(join(this.#folder, ""));
    Deno.removeSync(this.#folder, { recursive: true });
  }
}

/** Why there can be no cluster on this machine, in a line, or null where there can. */
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
