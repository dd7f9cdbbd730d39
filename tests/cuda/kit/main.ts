/**
 * Runs the sections of the GPU kit within some minutes, and writes each result as soon as it exists.
 *
 * Starts from the packed kit, `run.sh [minutes]`: it installs nothing and changes nothing outside the current folder.
 *
 * @module
 */
import { dirname, join } from "@std/path";
import { appendFileSync, existsSync } from "node:fs";
import { spawn } from "node:child_process";
import process from "node:process";

import { defaultDataFolder } from "../../../src/data/mod.ts";
import { type Measurement, measurements } from "./measurements.ts";
import type { SectionResult } from "./results.ts";
import { kitSections, type KitSize, type Section } from "./sections.ts";

/** The minutes that the kit takes by default. */
const MINUTES = 10;
/** The folder of CIFAR-10's files in the data folder. */
const CIFAR10 = "cifar-10-batches-bin";
/** The characters of stderr that are kept. */
const KEPT = 20_000;

/** The folder of the unpacked kit: Deno lies in it, with the programs below `app` and the libraries in `native`. */
const folder = dirname(Deno.execPath());
const app = (name: string) => join(folder, "app", name);
const nativeTests = join(folder, "native", "sluice_tests");

const isolation = [
  ...["--quiet", "--no-prompt", "--no-config", "--no-lock", "--no-npm", "--no-remote", "--cached-only"],
  ...["--no-check", "--allow-all"],
];

/** A program with its arguments, or why it cannot be run here. */
type Command = readonly [program: string, ...args: string[]] | string;

/** Whether a program of the machine runs. */
async function runs(program: string, args: readonly string[]): Promise<boolean> {
  try {
    return (await new Deno.Command(program, { args: [...args], stdout: "null", stderr: "null" }).output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function commandOf({ program, args }: Section, work: string): Promise<Command> {
  const dataset = existsSync(join(defaultDataFolder(), CIFAR10)) ? "cifar10" : "shapes";
  const values = new Map([["{native}", nativeTests], ["{work}", work], ["{dataset}", dataset]]);
  const given = args.map((word) => word.replace(/^\{\w+\}/, (name) => values.get(name) ?? name));
  switch (program) {
    case "sluice":
      return [Deno.execPath(), "run", ...isolation, app("cli/main.js"), ...given];
    case "measure":
      return [Deno.execPath(), "run", ...isolation, app("tests/cuda/kit.js"), ...given];
    case "device_tests":
    case "run_tests":
      return [Deno.execPath(), "test", ...isolation, app(`tests/cuda/${program}.js`), ...given];
    case "native":
      return [nativeTests, ...given];
    case "python3": {
      const [script = "", ...rest] = given;
      const hasTorch = await runs("python3", ["-c", "import torch; assert torch.cuda.is_available()"]);
      return hasTorch ? ["python3", app(`tests/peer/${script}`), ...rest] : "python3 has no PyTorch with CUDA";
    }
    case "compute-sanitizer":
      return await runs(program, ["--version"]) ? [program, ...given] : "compute-sanitizer is not on the PATH";
  }
}

/** Runs a program until it ends or its time is over; then it and all that it started are killed. */
function execute(
  command: readonly [string, ...string[]],
  milliseconds: number,
): Promise<Omit<SectionResult, "section">> {
  const [program, ...args] = command;
  const begin = performance.now();
  const named = [program, ...args].map((word) => word.replace(`${folder}/`, "")).join(" ");
  const env = {
    ...process.env,
    NO_COLOR: "1",
    SLUICE_NATIVE: join(folder, "native"),
    SLUICE_TEST_DEVICE: "cuda",
    LD_LIBRARY_PATH: [join(folder, "native"), process.env["LD_LIBRARY_PATH"]].filter(Boolean).join(":"),
  };
  return new Promise((resolve) => {
    const child = spawn(program, args, { env, stdio: ["ignore", "pipe", "pipe"], detached: true });
    const [stdout, stderr]: [string[], string[]] = [[], []];
    child.stdout.setEncoding("utf8").on("data", (text: string) => stdout.push(text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => stderr.push(text));
    let isCut = false;
    const timer = setTimeout(() => {
      isCut = true;
      process.kill(-(child.pid ?? process.pid), "SIGKILL");
    }, milliseconds);
    child.on("error", (error) => stderr.push(`${error.message}\n`));
    child.on("close", (code) => {
      clearTimeout(timer);
      resolve({
        outcome: isCut ? "cut off" : code === 0 ? "passed" : "failed",
        reason: null,
        command: named,
        seconds: (performance.now() - begin) / 1000,
        stdout: stdout.join(""),
        stderr: stderr.join("").slice(-KEPT),
      });
    });
  });
}

/** The first name of `gpu-results.jsonl`, `gpu-results-2.jsonl` and so on that no file has. */
function freeName(): string {
  for (let number = 1;; number++) {
    const name = number === 1 ? "gpu-results.jsonl" : `gpu-results-${number}.jsonl`;
    if (!existsSync(name)) return name;
  }
}

/** Runs the sections. @returns whether none failed. */
async function runKit(minutes: number, size: KitSize): Promise<boolean> {
  const [file, end] = [freeName(), performance.now() + 60_000 * minutes];
  const work = Deno.makeTempDirSync({ prefix: "sluice-kit-" });
  console.log(`${minutes} minutes; results go to ${file}`);
  let allPassed = true;
  try {
    for (const section of kitSections(size)) {
      const left = end - performance.now();
      const command = left <= 0 ? "the time is over" : await commandOf(section, work);
      const result = typeof command === "string"
        ? { outcome: "skipped" as const, reason: command, command: "", seconds: 0, stdout: "", stderr: "" }
        : await execute(command, left);
      appendFileSync(file, `${JSON.stringify({ section: section.name, ...result })}\n`);
      const time = result.reason === null ? `${result.seconds.toFixed(1)} s` : result.reason;
      console.log(`${result.outcome.padEnd(8)} ${section.name} (${time})`);
      if (result.outcome === "failed") {
        allPassed = false;
        console.log(result.stderr.trimEnd().split("\n").slice(-5).join("\n"));
      }
    }
  } finally {
    Deno.removeSync(work, { recursive: true });
  }
  return allPassed;
}

/** The sizes that a flag asks for, on the stand-in. */
const sizes: readonly KitSize[] = ["tests", "tiny"];

/** Reads the minutes; null if they are not a number above 0. */
function readMinutes(text: string | undefined): number | null {
  const minutes = text === undefined ? MINUTES : Number(text);
  return Number.isFinite(minutes) && minutes > 0 ? minutes : null;
}

/** Makes a measurement, and prints its result. @param options its options as JSON. */
function measure(name: Measurement, options: string): void {
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
      console.error(`run.sh ${Deno.args.join(" ")}: give the minutes as a number above 0, or nothing for ${MINUTES}`);
      process.exitCode = 2;
    } else if (!await runKit(minutes, size)) process.exitCode = 1;
  }
}
