/**
 * Installs system packages with apt.
 *
 * @module
 */

/**
 * A required program or library: its name, and the packages that may provide it, of which the first known one is
 * used.
 */
export interface Requirement {
  readonly name: string;
  readonly packages: readonly string[];
}

/** The result of running a program. */
export interface Finished {
  /** Whether the exit status was 0. */
  readonly success: boolean;
  /** The text of stdout, then of stderr. */
  readonly output: string;
}

/** Runs a program with additional environment variables. A program that does not exist counts as failed. */
export async function execute(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Finished> {
  try {
    const command = new Deno.Command(program, { args: [...args], env, stdin: "null" });
    const { success, stdout, stderr } = await command.output();
    const decoder = new TextDecoder();
    return { success, output: decoder.decode(stdout) + decoder.decode(stderr) };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return { success: false, output: `${program} is not installed` };
    throw error;
  }
}

/** The command for apt-get that asks no questions: as root, or through sudo; null if neither is possible. */
export async function aptCommand(): Promise<readonly string[] | null> {
  if (!(await execute("apt-get", ["--version"])).success) return null;
  const quiet = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "DPkg::Lock::Timeout=300"];
  if (Deno.uid() === 0) return quiet;
  return (await execute("sudo", ["-n", "true"])).success ? ["sudo", "-n", ...quiet] : null;
}

/** The first of a requirement's packages that apt knows, or simply the first if apt knows none. */
export async function choosePackage(requirement: Requirement): Promise<string> {
  for (const name of requirement.packages) {
    const { success, output } = await execute("apt-cache", ["show", name]);
    if (success && output.includes(`Package: ${name}\n`)) return name;
  }
  return requirement.packages[0] ?? requirement.name;
}

/**
 * Installs packages for the requirements, and announces it on stderr.
 *
 * @param apt the result of {@linkcode aptCommand}.
 */
export async function installWith(apt: readonly string[], missing: readonly Requirement[]): Promise<Finished> {
  const [program = "env", ...before] = apt;
  console.error(`installing system packages for: ${missing.map((requirement) => requirement.name).join(", ")}`);
  // A failed update may concern a source that this installation does not need, so only the installation's result
  // counts.
  await execute(program, [...before, "update"]);
  const packages = await Promise.all(missing.map(choosePackage));
  return await execute(program, [...before, "install", "-y", "--no-install-recommends", ...packages]);
}
