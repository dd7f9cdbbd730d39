/**
 * Tests that the project's own rules catch violations, and that the repository has none.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { lintRepository } from "./lint_layers.ts";
import {
  checkCircles,
  checkDeterminism,
  checkFile,
  checkForeignFunctions,
  checkImports,
  checkKernels,
  checkLength,
  checkModes,
  checkOpening,
  checkWidth,
} from "./rules.ts";

Deno.test("the repository keeps the project's rules", () => {
  assertEquals(lintRepository(), []);
});

Deno.test("an import may stay in its layer or go to a lower one, not to a higher one", () => {
  assertEquals(checkImports("src/ops/conv.ts", 'import { Tape } from "../autograd/mod.ts";\n'), []);
  assertEquals(checkImports("src/models/resnet.ts", 'import { a } from "../budget/mod.ts";\n'), []);
  assertEquals(checkImports("src/ops/conv.ts", '\nimport type { Module } from "../nn/mod.ts";\n')[0]?.line, 2);
  assertEquals(checkImports("src/training/trainer.ts", 'export * from "../../cli/main.ts";\n').length, 1);
  assertEquals(checkImports("src/data/loader.ts", 'await import("../training/mod.ts");\n').length, 1);
  assertEquals(checkImports("src/data/loader.ts", 'import "../../tests/helper.ts";\n').length, 1);
});

Deno.test("files that import each other in a circle are named once, in the order of the circle", () => {
  const texts = new Map([
    ["src/a.ts", 'import "./b.ts";\n'],
    ["src/b.ts", 'import type { C } from "./deep/c.ts";\nimport "./d.ts";\n'],
    ["src/deep/c.ts", 'export * from "../a.ts";\nimport "../d.ts";\n'],
    ["src/d.ts", "export const d = 1;\n"],
  ]);
  const messages = checkCircles(texts).map(({ message }) => message);
  assertEquals(messages, ["imports in a circle: src/a.ts -> src/b.ts -> src/deep/c.ts -> src/a.ts"]);
  texts.set("src/deep/c.ts", 'await import("../d.ts");\n');
  assertEquals(checkCircles(texts), []);
});

Deno.test("the packages of the command line stay in cli/", () => {
  assertEquals(checkImports("cli/ui/colours.ts", 'import { bold } from "@std/fmt/colors";\n'), []);
  assertEquals(checkImports("src/training/trainer.ts", 'import { bold } from "@std/fmt/colors";\n').length, 1);
});

Deno.test("foreign functions are refused outside src/machine and src/device", () => {
  const code = "// why\nconst view = new Deno.UnsafePointerView(pointer);\n";
  assertEquals(checkForeignFunctions("src/device/memory.ts", code), []);
  assertEquals(checkForeignFunctions("src/machine/signals.ts", code), []);
  assertEquals(checkForeignFunctions("src/tensor/tensor.ts", code)[0]?.line, 2);
});

Deno.test("kernels are called by operations and below, and nowhere above but where their own speed is measured", () => {
  const call = "// why\nx.device.kernels.sl_copy(null, y.pointer, x.pointer, 4);\n";
  const bound = "// why\nconst { kernels } = device;\n";
  for (const text of [call, bound]) {
    for (const path of ["src/device/device.ts", "src/tensor/tensor.ts", "src/autograd/tape.ts", "src/ops/copy.ts"]) {
      assertEquals(checkKernels(path, text), []);
    }
    for (
      const path of ["src/nn/linear.ts", "src/optim/sgd.ts", "src/training/step.ts", "src/bench/step.ts", "cli/main.ts"]
    ) {
      assertEquals(checkKernels(path, text)[0]?.line, 2, path);
    }
    assertEquals(checkKernels("src/bench/ceilings.ts", text), []);
    assertEquals(checkKernels("tests/device/device_test.ts", text), []);
  }
  assertEquals(checkKernels("src/nn/linear.ts", "// about kernels\nconst kernel = 3;\n"), []);
});

Deno.test("clocks and unseeded randomness are refused in code and allowed in comments", () => {
  assertEquals(checkDeterminism("src/nn/init.ts", "const x = Math.random();\n").length, 1);
  assertEquals(checkDeterminism("src/nn/init.ts", "const t = Date.now();\n").length, 1);
  assertEquals(checkDeterminism("cli/ui/progress.ts", "const t = performance.now();\n"), []);
  assertEquals(checkDeterminism("src/nn/init.ts", "/* never Math.random() */ const x = 1; // Date.now()\n"), []);
});

Deno.test("calls that ignore the umask are refused in the program and allowed in tests", () => {
  const text = '/** x */\nimport { appendFileSync, copyFile } from "node:fs";\nDeno.chmodSync(path, 0o755);\n';
  assertEquals(checkModes("src/data/x.ts", text).map(({ line }) => line), [2, 2, 3]);
  assertEquals(checkModes("tests/data/x.ts", text), []);
  assertEquals(checkModes("src/data/x.ts", "// not appendFileSync\nwriteSync(file, bytes);\n"), []);
  assertEquals(checkModes("src/data/x.ts", 'fail("add permission (chmod u+rx)");\n'), []);
});

Deno.test("a file opens with a comment and has at most 400 lines", () => {
  assertEquals(checkOpening("src/a.ts", "const x = 1;\n").length, 1);
  assertEquals(checkOpening("cli/main.ts", "#!/usr/bin/env -S deno run\n/** What it is for. */\n"), []);
  assertEquals(checkLength("src/a.ts", "\n".repeat(400)), []);
  assertEquals(checkLength("src/a.ts", "\n".repeat(401)).length, 1);
  assertEquals(checkFile("native/cpu/a.cpp", "int x;\n").length, 1);
});

Deno.test("a comment line has at most 120 columns, and lines of code are left to the formatter", () => {
  const widths = (path: string, text: string) => checkWidth(path, text).map(({ line }) => line);
  const words = "x".repeat(120);
  assertEquals(widths("src/a.ts", `// ${words.slice(3)}\n// ${words}\n`), [2]);
  assertEquals(widths("src/a.ts", `/**\n * short\n * ${words}\n */\nconst a = 1; // ${words}\n`), [3]);
  assertEquals(widths("src/a.ts", `const url = "https://${words}";\n`), []);
  assertEquals(widths("native/a.cu", `/* ${words} */\nint a;\n`), [1]);
  assertEquals(widths("tests/a.py", `a = "${words}"\n# ${words}\n`), [2]);
  assertEquals(widths("native/CMakeLists.txt", `# ${words}\n`), [1]);
});
