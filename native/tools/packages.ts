/**
 * Installs packages of a system that has apt.
 *
 * @module
 */

/** Something that is needed: what people call it, and the packages that may bring it, the first known one wins. */
export interface Requirement {
  readonly name: string;
  readonly packages: readonly string[];
}

/** How a program ended, and what it printed on both streams. */
export interface Finished {
  /** Whether its exit status was 0. */
  readonly success: boolean;
  /** stdout, then stderr. */
  readonly output: string;
}

/** Runs a program to its end, with some variables of its own; a program that does not exist counts as a failed one. */
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

/** How apt-get is called here without asking anybody anything: as root, through sudo, or not at all (null). */
export async function aptCommand(): Promise<readonly string[] | null> {
  if (!(await execute("apt-get", ["--version"])).success) return null;
  const quiet = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "DPkg::Lock::Timeout=300"];
  if (Deno.uid() === 0) return quiet;
  return (await execute("sudo", ["-n", "true"])).success ? ["sudo", "-n", ...quiet] : null;
}

/** The first of a requirement's packages that apt knows, or the first at all where apt knows none. */
export async function choosePackage(requirement: Requirement): Promise<string> {
  for (const name of requirement.packages) {
    const { success, output } = await execute("apt-cache", ["show", name]);
    if (success && output.includes(`Package: ${name}\n`)) return name;
  }
  return requirement.packages[0] ?? requirement.name;
}

/**
 * Installs what brings some requirements, and says so on stderr.
 *
 * @param apt as of {@linkcode aptCommand}.
 */
export async function installWith(apt: readonly string[], missing: readonly Requirement[]): Promise<Finished> {
  const [program = "env", ...before] = apt;
  console.error(`installing system packages for: ${missing.map((requirement) => requirement.name).join(", ")}`);
  // A source that cannot be refreshed must not stop an installation that does not need it: the result of the update is
  // not judged, that of the installation is.
  await execute(program, [...before, "update"]);
  const packages = await Promise.all(missing.map(choosePackage));
  return await execute(program, [...before, "install", "-y", "--no-install-recommends", ...packages]);
}
