/**
 * Tests the files that would be published as a library, with a dry run of publishing.
 *
 * @module
 */

import { assert, assertEquals, assertMatch, assertNotMatch } from "@std/assert";
import { dirname, join, relative } from "@std/path";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import denoJson from "../../deno.json" with { type: "json" };
import { cudaPlan, libraryPlan } from "../../native/tools/build.ts";
import { withFolder } from "../folders.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Runs a program, which must succeed, and returns the text of stdout and stderr together. */
async function run(program: string, args: readonly string[], cwd: string, env = {}): Promise<string> {
  const command = new Deno.Command(program, { args: [...args], cwd, env: { NO_COLOR: "1", ...env }, stdin: "null" });
  const { success, stdout, stderr } = await command.output();
  const decoder = new TextDecoder();
  const output = decoder.decode(stdout) + decoder.decode(stderr);
  assert(success, output);
  return output;
}

/** All files under a path of the repository, relative to its root. */
function filesUnder(path: string): string[] {
  const whole = join(root, path);
  if (statSync(whole).isFile()) return [path];
  // A build that runs at the same time changes its folder.
  const names = readdirSync(whole).filter((name) => path !== "native" || !/^build(-|$)/.test(name));
  return names.flatMap((name) => filesUnder(join(path, name)));
}

/** The files that would be published, relative to the repository's root. */
async function publishedFiles(): Promise<string[]> {
  const words = denoJson.tasks["publish:check"].command.split(" ").slice(1);
  const output = await run(Deno.execPath(), words, root);
  assertMatch(output, /Dry run complete/);
  return [...output.matchAll(/^\s*(file:\S+) \(/gm)].map(([, url = ""]) => relative(root, fileURLToPath(url)));
}

const published = await publishedFiles();

Deno.test("the published files are the library and the sources of both native libraries, and nothing else", () => {
  const native = [
    "native/tools/build.ts",
    "native/tools/packages.ts",
    "native/tools/setup.ts",
    "native/CMakeLists.txt",
  ];
  const sources = [...libraryPlan.sources, ...cudaPlan.sources].map((path) => relative(root, path));
  const wanted = ["deno.json", "mod.ts", "LICENSE", "README.md", "src", ...native, ...sources].flatMap(
    filesUnder,
  );
  assertEquals([...published].sort(), [...new Set(wanted)].sort());
  assertEquals(
    published.filter((path) => /^(tests|runs|cli|dist|node_modules)\/|^native\/build\b(?!\.ts)/.test(path)),
    [],
  );
});

Deno.test(
  "the published files suffice to use the library and to configure the native build",
  withFolder(async (folder) => {
    for (const path of published) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      cpSync(join(root, path), join(folder, path));
    }
    const program = join(folder, "program.ts");
    Deno.writeTextFileSync(
      program,
      `import { networkCost } from "@sluice/sluice";
import { Device } from "@sluice/sluice/device";
console.log(networkCost({ arch: "resnet18", width: 64, stem: "cifar", image: 32 }).macs);
using device = Device.open({ device: "cpu", threads: 1 });
console.log(device.description.kind);
`,
    );
    const flags = ["--quiet", "--no-prompt", "--no-lock", "--check", "--allow-ffi", "--allow-read", "--allow-env"];
    const library = { SLUICE_NATIVE: join(root, "native", "build") };
    assertEquals(await run(Deno.execPath(), ["run", ...flags, program], folder, library), "555417600\ncpu\n");
    await run("cmake", ["-S", join(folder, "native"), "-B", join(folder, "configured")], folder);
  }),
);

Deno.test("every part of the library is exported under its own name, and the library itself has at most 80 names", () => {
  // `src/types` has no module: it declares the types of packages.
  const parts = readdirSync(join(root, "src")).filter((name) => existsSync(join(root, "src", name, "mod.ts")));
  const exported = parts.map((name) => [`./${name}`, `./src/${name}/mod.ts`]);
  assertEquals(denoJson.exports, {
    ".": "./mod.ts",
    "./errors": "./src/errors.ts",
    ...Object.fromEntries(exported),
  });
  const lists = readFileSync(join(root, "mod.ts"), "utf8").matchAll(/^export \{([^}]*)\} from/gm);
  const names = [...lists].flatMap(([, list = ""]) => list.split(",").map((name) => name.trim()).filter(Boolean));
  assert(names.includes("beginRun") && names.length <= 80, `${names.length} names`);
  assertNotMatch(readFileSync(join(root, "mod.ts"), "utf8"), /^export \*/m);
});

Deno.test("the version is written in deno.json and nowhere else", () => {
  const folders = ["cli", "src", "native", "tests", "mod.ts", "README.md"];
  const isText = (path: string) => /\.(ts|md|txt|cmake|h|cpp|cu|py|yaml)$/.test(path);
  // Run folders of earlier versions name the version that wrote them.
  const texts = folders.flatMap(filesUnder).filter((path) => isText(path) && !path.startsWith("tests/fixtures/runs/"));
  const version = new RegExp(`(?<![\\w.])${denoJson.version.replaceAll(".", "\\.")}(?![\\w.])`);
  const typed = texts.filter((path) => version.test(readFileSync(join(root, path), "utf8")));
  assertEquals(typed, []);
});
