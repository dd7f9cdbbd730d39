/**
 * The project's own rules, which neither the compiler nor `deno lint` checks, as functions of a file's path and text.
 *
 * @module
 */

import { dirname, join } from "@std/path/posix";

/** A place that breaks a rule. */
export interface Violation {
  readonly path: string;
  readonly line: number;
  readonly message: string;
}

/** The layers from the lowest to the highest. A file imports from its own layer or from lower ones. */
export const layers: readonly (readonly string[])[] = [
  ["src/errors.ts"],
  ["src/machine/"],
  ["src/device/"],
  ["src/tensor/", "src/random/", "src/formats/"],
  ["src/autograd/"],
  ["src/ops/"],
  ["src/nn/"],
  ["src/models/", "src/objectives/", "src/budget/", "src/optim/", "src/selftest/"],
  ["src/data/", "src/evaluation/"],
  ["src/config/"],
  ["src/run/"],
  ["src/training/", "src/encoders/"],
  ["src/bench/", "src/sweep/", "src/report/"],
  ["cli/"],
];

/** Files that may read a clock: they show progress or measure speed, and no result depends on the time. */
export const clockFiles: readonly string[] = [
  "src/training/trainer.ts",
  "src/training/yield_to_events.ts",
  "src/selftest/harness.ts",
  "src/device/stopwatch.ts",
  "cli/ui/download.ts",
  "cli/ui/live_line.ts",
  "cli/ui/other_work.ts",
  "cli/ui/progress.ts",
  "cli/ui/sweep_progress.ts",
];

/** Packages that only the command line may import, so that replacing them touches few files. */
const commandLinePackages = ["@commander-js/extra-typings", "commander", "cli-table3", "@std/fmt/colors"];

const largestFile = 400;

/** The width that `deno fmt` and clang-format give to code. */
const widestComment = 120;

/**
 * Exceptions to the limit. The native libraries' ABI stays in one file, which compilers and a test of abi.ts read, and
 * ONNX's messages are made by a program.
 */
const longFiles = ["native/include/sluice.h", "src/formats/onnx/messages.ts"];

/** Replaces comments by blanks, which keeps line numbers, so that a comment about a rule does not break it. */
export function withoutComments(text: string): string {
  const blank = (comment: string) => comment.replace(/[^\n]/g, " ");
  return text.replace(/\/\*[\s\S]*?\*\//g, blank).replace(/(^|\s)\/\/[^\n]*/g, (comment, before: string) => {
    return before + " ".repeat(comment.length - before.length);
  });
}

function lineOf(text: string, index: number): number {
  return text.slice(0, index).split("\n").length;
}

/** A violation with the same message for each match of a global pattern. */
function occurrences(path: string, code: string, pattern: RegExp, message: string): Violation[] {
  return [...code.matchAll(pattern)].map((match) => ({ path, line: lineOf(code, match.index), message }));
}

/** The index of a path's layer in {@link layers}; -1 if it is in none. */
export function layerOf(path: string): number {
  return layers.findIndex((folders) => folders.some((folder) => path === folder || path.startsWith(folder)));
}

/** A file in a layer must not import from a higher layer, nor a file that is in no layer. */
export function checkImports(path: string, text: string): Violation[] {
  const own = layerOf(path);
  if (own < 0) return [];
  const code = withoutComments(text);
  const violations: Violation[] = [];
  for (const match of code.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*"([^"]+)"/g)) {
    const specifier = match[1] ?? "";
    const line = lineOf(code, match.index);
    if (!specifier.startsWith(".")) {
      if (commandLinePackages.includes(specifier) && !path.startsWith("cli/")) {
        violations.push({ path, line, message: `${specifier} may only be imported in cli/` });
      }
      continue;
    }
    const target = join(dirname(path), specifier);
    const theirs = layerOf(target);
    // deno.json is in no layer and is allowed: the command line prints the version in it.
    if (theirs < 0 && target !== "deno.json") violations.push({ path, line, message: `${target} is in no layer` });
    if (theirs > own) violations.push({ path, line, message: `${target} is in a higher layer` });
  }
  return violations;
}

/** The local files that a source file imports, as paths relative to the repository's root. */
function importedFiles(path: string, text: string): string[] {
  const specifiers = withoutComments(text).matchAll(/(?:\bfrom|\bimport)\s*\(?\s*"(\.[^"]+)"/g);
  return [...specifiers].map(([, specifier = ""]) => join(dirname(path), specifier));
}

/**
 * Files must not import each other in a circle: their order of execution would depend on which file is imported first.
 *
 * @param texts the files by path.
 * @returns a violation for each circle, at the file that closes it.
 */
export function checkCircles(texts: ReadonlyMap<string, string>): Violation[] {
  const violations: Violation[] = [];
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]) => {
    const begin = trail.indexOf(path);
    if (begin >= 0) {
      violations.push({ path, line: 1, message: `imports in a circle: ${[...trail.slice(begin), path].join(" -> ")}` });
    }
    const text = texts.get(path);
    if (begin >= 0 || text === undefined || done.has(path)) return;
    for (const imported of importedFiles(path, text)) visit(imported, [...trail, path]);
    done.add(path);
  };
  for (const path of texts.keys()) visit(path, []);
  return violations;
}

/** Folders that may call foreign functions: src/machine/ the system's, src/device/ the native library's. */
const foreignFolders = ["src/machine/", "src/device/"];

/** Only `src/machine/` and `src/device/` may use Deno's foreign function interface. */
export function checkForeignFunctions(path: string, text: string): Violation[] {
  if (layerOf(path) < 0 || foreignFolders.some((folder) => path.startsWith(folder))) return [];
  const message = "foreign functions belong to src/machine/ and src/device/";
  return occurrences(path, withoutComments(text), /\bDeno\.(dlopen|UnsafePointer\w*|UnsafeFnPointer)\b/g, message);
}

/** Files above the operations that may call kernels: they measure native calls without an operation around them. */
export const kernelFiles: readonly string[] = ["src/bench/ceilings.ts"];

/** Kernels are called by operations and by the layers below them: everything above works with operations. */
export function checkKernels(path: string, text: string): Violation[] {
  if (layerOf(path) <= layerOf("src/ops/") || kernelFiles.includes(path)) return [];
  const message = "native kernels are called in src/ops/ and below: write an operation";
  return occurrences(path, withoutComments(text), /\bkernels\b/g, message);
}

/** Code that computes must not read a clock or draw unseeded random numbers: no run could then be repeated. */
export function checkDeterminism(path: string, text: string): Violation[] {
  if (layerOf(path) < 0) return [];
  const code = withoutComments(text);
  const random = /\bMath\.random\b|\bcrypto\.(getRandomValues|randomUUID)\b/g;
  const clock = /\bDate\.now\b|\bnew Date\b|\bperformance\.now\b|\bprocess\.hrtime\b/g;
  return [
    ...occurrences(path, code, random, "draw random numbers from src/random/"),
    ...(clockFiles.includes(path) ? [] : occurrences(path, code, clock, "this file may not read a clock")),
  ];
}

/** New files and folders respect the umask, so calls that set a mode themselves are not allowed. */
export function checkModes(path: string, text: string): Violation[] {
  if (layerOf(path) < 0) return [];
  const message = "this call ignores the umask: use src/formats/write_file.ts";
  // Not the remedy `chmod u+rx` in a message.
  const calls = /\b(appendFile|copyFile|chmod)(Sync)?\b(?! \S*[+=])|\bcpSync\b/g;
  return occurrences(path, withoutComments(text), calls, message);
}

/** Whether comments in a file begin with a hash. */
function usesHashes(path: string): boolean {
  return path.endsWith(".py") || path.endsWith("CMakeLists.txt");
}

/** A file must open with a comment that says what it is for. */
export function checkOpening(path: string, text: string): Violation[] {
  const body = text.replace(/^#![^\n]*\n/, "");
  const opening = usesHashes(path) ? /^("""|'''|#)/ : /^\/[*/]/;
  return opening.test(body)
    ? []
    : [{ path, line: 1, message: "open the file with a comment that says what it is for" }];
}

/** A file must have at most {@link largestFile} lines, except {@link longFiles}. */
export function checkLength(path: string, text: string): Violation[] {
  if (longFiles.includes(path)) return [];
  const lines = text.replace(/\n$/, "").split("\n").length;
  return lines <= largestFile ? [] : [{ path, line: largestFile + 1, message: `${lines} lines: split the file` }];
}

/** A comment line has at most 120 columns. The formatters keep code within the width, but leave comments alone. */
export function checkWidth(path: string, text: string): Violation[] {
  const code = (usesHashes(path) ? text.replace(/^[ \t]*#[^\n]*/gm, "") : withoutComments(text)).split("\n");
  return text.split("\n").flatMap((line, index) => {
    if (line.length <= widestComment || code[index]?.trim() !== "") return [];
    return [{ path, line: index + 1, message: `${line.length} columns: break the comment at ${widestComment}` }];
  });
}

/** All violations in a file; circles are found by {@link checkCircles}. */
export function checkFile(path: string, text: string): Violation[] {
  const rules = [checkOpening, checkLength, checkWidth, ...(path.endsWith(".ts") ? typescriptRules : [])];
  return rules.flatMap((rule) => rule(path, text));
}

const typescriptRules = [checkImports, checkForeignFunctions, checkKernels, checkDeterminism, checkModes];
