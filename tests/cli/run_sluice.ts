/**
 * Runs the command line in its own process, from this checkout or from the packaged executable.
 *
 * @module
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { existsSync, readFileSync } from "node:fs";
import { selfCommand } from "../../cli/self.ts";

/** Path of the executable to test instead of the checkout, or undefined. */
export const testedExecutable = Deno.env.get("SLUICE_TESTED_EXECUTABLE");

/** The result of a process that has ended. */
export interface Finished {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

type Variables = Readonly<Record<string, string>>;

/** Starts any program with piped output. */
function start(program: string, args: readonly string[], env: Variables): Deno.ChildProcess {
  return new Deno.Command(program, { args: [...args], env, stdin: "null", stdout: "piped", stderr: "piped" }).spawn();
}

async function ending(child: Deno.ChildProcess): Promise<Finished> {
  const { code, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  return { status: code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** Runs any program to its end. */
export async function finish(program: string, args: readonly string[], env: Variables): Promise<Finished> {
  return await ending(start(program, args, env));
}

/** The program with its arguments before the command's name. */
export function sluiceCommand(): readonly string[] {
  return testedExecutable === undefined ? selfCommand() : [testedExecutable];
}

/** Starts the command line, to wait for it or to signal it. */
export function startSluice(args: readonly string[], env: Variables = {}): Deno.ChildProcess {
  const [program = "", ...before] = sluiceCommand();
  return start(program, [...before, ...args], env);
}

/** Runs a shell script to its end. In the script, `"$@"` is the command line with these arguments. */
export function runShell(script: string, args: readonly string[], env: Variables = {}): Promise<Finished> {
  return finish("sh", ["-c", script, "sh", ...sluiceCommand(), ...args], env);
}

/** Runs the command line to its end. */
export function runSluice(args: readonly string[], env: Variables = {}): Promise<Finished> {
  return ending(startSluice(args, env));
}

/** Asserts that a command is refused: status 2, nothing on stdout, one matching line on stderr. */
export async function assertRefused(
  args: readonly string[],
  message: RegExp,
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  const { status, stdout, stderr } = await runSluice(args, env);
  const command = args.join(" ");
  assertMatch(stderr, message, command);
  assertMatch(stderr, /^sluice: [^\n]+\n$/, `one line for: ${command}`);
  assertEquals(stdout, "", command);
  assertEquals(status, 2, command);
}

/** Asserts that a command succeeds. @returns its stdout. */
export async function assertSucceeds(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { status, stdout, stderr } = await runSluice(args, env);
  assertEquals(status, 0, `${args.join(" ")}\n${stderr}`);
  return stdout;
}

/** Milliseconds that a condition may take. Without a limit, a command that failed early would stop the whole suite. */
const PATIENCE = 300_000;

/** Waits until a condition holds. @param what names the condition if it never does. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + PATIENCE;
  while (!condition()) {
    assert(performance.now() < deadline, `still waiting after ${PATIENCE / 1000} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Waits until a file exists and contains a text. */
export function untilWritten(path: string, text: string): Promise<void> {
  return until(() => existsSync(path) && readFileSync(path, "utf8").includes(text), `${path} contains ${text}`);
}
