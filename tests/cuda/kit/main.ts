/**
 * Runs the sections of the GPU kit within some minutes, and writes each result as soon as it exists.
 *
 * Starts from the packed kit, `run.sh [minutes]`: it installs nothing, and writes into the current folder only.
 *
 * @module
 */
import { dirname, join } from "@std/path";
import { appendFileSync, existsSync } from "node:fs";
import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";

import { restoreHome } from "../../../cli/home.ts";
import { isolation } from "../../../native/executable/isolation.ts";
import { defaultDataFolder } from "../../../src/data/mod.ts";
import { type Measurement, measurements } from "./measurements.ts";
import type { SectionResult } from "./results.ts";
import { kitSections, type KitSize, type Section } from "./sections.ts";

/** The minutes that the kit takes by default, and at most: a timer counts no more than 2^31 milliseconds. */
const [MINUTES, MOST_MINUTES] = [10, 30_000];
/** The folder of CIFAR-10's files in the data folder. */
const CIFAR10 = "cifar-10-batches-bin";
/** The characters of stderr that are kept. */
const KEPT = 20_000;
/** Milliseconds that a program may take to say whether it is there. */
const ASKED = 60_000;

/** The folder of the unpacked kit: Deno lies in it, with the programs below `app` and the libraries in `native`. */
const folder = dirname(Deno.execPath());
const app = (name: string) => join(folder, "app", name);
const libraries = join(folder, "native");
const nativeTests = join(libraries, "sluice_tests");

type Variables = Readonly<Record<string, string | undefined>>;

/** A program that a section starts. */
interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Variables;
}

/** How a program ended. */
type Ending = Pick<SectionResult, "outcome" | "seconds" | "stdout" | "stderr">;

/** Starts programs one after another, each in a group of its own, which can be killed with all that it started. */
class Programs {
  #running: ChildProcess | null = null;

  /** Kills the running program. */
  kill(): void {
    const child = this.#running;
    if (child?.pid === undefined) return;
    try {
      process.kill(-child.pid, "SIGKILL");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error; // it has ended
    }
    // A process of another group may hold them open.
    child.stdout?.destroy();
    child.stderr?.destroy();
  }

  /** Runs a program until it ends or its time is over. */
  run({ program, args, env }: Command, milliseconds: number): Promise<Ending> {
    const begin = performance.now();
    return new Promise((resolve) => {
      const child = spawn(program, [...args], { env: { ...env }, stdio: ["ignore", "pipe", "pipe"], detached: true });
      this.#running = child;
      const [stdout, stderr]: [string[], string[]] = [[], []];
      child.stdout.setEncoding("utf8").on("data", (text: string) => stdout.push(text));
      child.stderr.setEncoding("utf8").on("data", (text: string) => stderr.push(text));
      let isCut = false;
      const timer = setTimeout(() => {
        isCut = true;
        this.kill();
      }, milliseconds);
      child.on("error", (error) => stderr.push(`${error.message}\n`));
      child.on("close", (code) => {
        clearTimeout(timer);
        this.#running = null;
        resolve({
          outcome: isCut ? "cut off" : code === 0 ? "passed" : "failed",
          seconds: (performance.now() - begin) / 1000,
          stdout: stdout.join(""),
          stderr: stderr.join("").slice(-KEPT),
        });
      });
    });
  }
}

/** A kit that is running. */
interface Kit {
  readonly programs: Programs;
  /** Variables of Deno's programs, in which the launcher hides HOME, and of all others. */
  readonly env: { readonly deno: Variables; readonly machine: Variables };
  /** A fresh folder. */
  readonly work: string;
  /** Whether a program of the machine is there, by its name. */
  readonly found: Map<string, boolean>;
}

/** Whether a program of the machine runs. It is asked once. */
async function runs({ programs, env, found }: Kit, program: string, args: readonly string[]): Promise<boolean> {
  const known = found.get(program);
  if (known !== undefined) return known;
  const { outcome } = await programs.run({ program, args, env: env.machine }, ASKED);
  found.set(program, outcome === "passed");
  return outcome === "passed";
}

/** The program of a section, or why it cannot be run here. */
async function commandOf({ program, args }: Section, kit: Kit): Promise<Command | string> {
  const { env: { deno, machine }, work } = kit;
  const dataset = existsSync(join(defaultDataFolder(), CIFAR10)) ? "cifar10" : "shapes";
  const values = new Map([["{native}", nativeTests], ["{work}", work], ["{dataset}", dataset]]);
  const given = args.map((word) => word.replace(/^\{\w+\}/, (name) => values.get(name) ?? name));
  const byDeno = (command: string, script: string): Command => ({
    program: Deno.execPath(),
    args: [command, ...isolation, "--allow-all", app(script), ...given],
    env: deno,
  });
  // Only this program needs to be told: the libraries look beside themselves, and Python has its own of the same names.
  const native = { ...machine, LD_LIBRARY_PATH: [libraries, machine["LD_LIBRARY_PATH"]].filter(Boolean).join(":") };
  switch (program) {
    case "sluice":
      return byDeno("run", "cli/main.js");
    case "measure":
      return byDeno("run", "tests/cuda/kit.js");
    case "device_tests":
    case "run_tests":
      return byDeno("test", `tests/cuda/${program}.js`);
    case "native":
      return { program: nativeTests, args: given, env: native };
    case "python3": {
      const [script = "", ...rest] = given;
      const hasTorch = await runs(kit, program, ["-c", "import torch; assert torch.cuda.is_available()"]);
      if (!hasTorch) return "python3 has no PyTorch with CUDA";
      return { program, args: [app(`tests/peer/${script}`), ...rest], env: machine };
    }
    case "compute-sanitizer":
      if (!await runs(kit, program, ["--version"])) return "compute-sanitizer is not on the PATH";
      return { program, args: given, env: native };
  }
}

/** The first name of `gpu-results.jsonl`, `gpu-results-2.jsonl` and so on that no file has. */
function freeName(): string {
  for (let number = 1;; number++) {
    const name = number === 1 ? "gpu-results.jsonl" : `gpu-results-${number}.jsonl`;
    if (!existsSync(name)) return name;
  }
}

/** Runs a section. */
async function runSection(section: Section, kit: Kit, left: number): Promise<SectionResult> {
  const command = left <= 0 ? "the time is over" : await commandOf(section, kit);
  if (typeof command === "string") {
    const nothing = { command: "", seconds: 0, stdout: "", stderr: "" };
    return { section: section.name, outcome: "skipped", reason: command, ...nothing };
  }
  const words = [command.program, ...command.args].map((word) => word.replace(`${folder}/`, ""));
  return { section: section.name, reason: null, command: words.join(" "), ...await kit.programs.run(command, left) };
}

/** Runs the sections. @returns whether none failed. */
async function runKit(minutes: number, size: KitSize, kit: Kit): Promise<boolean> {
  const [file, end] = [freeName(), performance.now() + 60_000 * minutes];
  console.log(`${minutes} minutes; results go to ${file}`);
  const counts = new Map<string, number>();
  for (const section of kitSections(size)) {
    const result = await runSection(section, kit, end - performance.now());
    appendFileSync(file, `${JSON.stringify(result)}\n`);
    const { outcome, reason, seconds, stderr } = result;
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
    console.log(`${outcome.padEnd(8)} ${section.name} (${reason ?? `${seconds.toFixed(1)} s`})`);
    if (outcome === "failed") console.log(stderr.trimEnd().split("\n").slice(-5).join("\n"));
  }
  console.log([...counts].map(([outcome, count]) => `${count} ${outcome}`).join(", "));
  return !counts.has("failed");
}

/** Runs the kit, and removes what it wrote besides its results, also if a signal stops it. */
async function runWhole(minutes: number, size: KitSize): Promise<void> {
  const packed = { ...process.env };
  restoreHome();
  const work = Deno.makeTempDirSync({ dir: Deno.cwd(), prefix: "gpu-kit-" });
  const ours = {
    NO_COLOR: "1",
    SLUICE_NATIVE: libraries,
    SLUICE_DATA: defaultDataFolder(),
    SLUICE_TEST_DEVICE: "cuda",
    TMPDIR: work,
    CUDA_CACHE_PATH: join(work, "cuda"),
    // The launcher takes files that it does not know for damage.
    PYTHONDONTWRITEBYTECODE: "1",
  };
  const programs = new Programs();
  const env = { deno: { ...packed, ...ours }, machine: { ...process.env, ...ours } };
  for (const [signal, status] of [["SIGHUP", 129], ["SIGINT", 130], ["SIGTERM", 143]] as const) {
    Deno.addSignalListener(signal, () => {
      programs.kill();
      Deno.removeSync(work, { recursive: true });
      Deno.exit(status);
    });
  }
  try {
    if (!await runKit(minutes, size, { programs, env, work, found: new Map() })) process.exitCode = 1;
  } finally {
    Deno.removeSync(work, { recursive: true });
  }
  process.exit();
}

/** The sizes that a flag asks for, on the stand-in. */
const sizes: readonly KitSize[] = ["tests", "tiny"];

/** Reads the minutes; null if they are out of range. */
function readMinutes(text: string | undefined): number | null {
  const minutes = text === undefined ? MINUTES : Number(text);
  return minutes > 0 && minutes <= MOST_MINUTES ? minutes : null;
}

/** Makes a measurement, and prints its result. @param options its options as JSON. */
function measure(name: Measurement, options: string): void {
  restoreHome();
  const run: (options: never) => object = measurements[name];
  console.log(JSON.stringify(run(JSON.parse(options) as never)));
}

if (import.meta.main) {
  const [first = "", options] = Deno.args;
  if (Object.hasOwn(measurements, first)) measure(first as Measurement, options ?? "{}");
  else {
    const size = sizes.find((name) => Deno.args.includes(`--${name}`)) ?? "full";
    const minutes = readMinutes(Deno.args.find((word) => word !== `--${size}`));
    if (minutes === null) {
      const rule = `give the minutes as a number above 0, at most ${MOST_MINUTES}, or nothing for ${MINUTES}`;
      console.error(`run.sh ${Deno.args.join(" ")}: ${rule}`);
      process.exitCode = 2;
    } else await runWhole(minutes, size);
  }
}
