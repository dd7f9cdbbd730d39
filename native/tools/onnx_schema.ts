/**
 * Makes the module of ONNX's messages anew: `deno task onnx:schema`.
 *
 * The schema comes from ONNX's own package, without its comments. protoc (Debian's protobuf-compiler) and the plugin of
 * the library that reads and writes the messages turn it into TypeScript.
 *
 * @module
 */
import { join } from "@std/path";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { InvalidInputError } from "../../src/errors.ts";
import { execute } from "./packages.ts";

/** ONNX's package for pip. The messages of IR version 8 are the same in all later versions. */
export const ONNX_PACKAGE = "onnx==1.17.0";
const PLUGIN = "npm:@bufbuild/protoc-gen-es@2.13.0";
const module = fileURLToPath(new URL("../../src/formats/onnx/messages.ts", import.meta.url));

const head = `/**
 * ONNX's messages, made by \`deno task onnx:schema\` from the schema of ${ONNX_PACKAGE} (Apache-2.0, Copyright (c) ONNX
 * Project Contributors).
 *
 * @module
 */
// deno-lint-ignore-file
`;

async function run(program: string, args: readonly string[], remedy: string): Promise<void> {
  const { success, output } = await execute(program, args);
  if (!success) throw new InvalidInputError(`${program} failed: ${output.trim()}; ${remedy}`);
}

/** A schema without comments, which are for authors of models. */
function withoutComments(schema: string): string {
  return schema.replace(/\/\/[^\n]*/g, "").replace(/\n\s*\n+/g, "\n");
}

async function makeSchema(folder: string): Promise<void> {
  const pip = ["-m", "pip", "install", "--quiet", "--no-deps", "--target", join(folder, "package"), ONNX_PACKAGE];
  await run("python3", pip, "install python3-pip");
  const schema = readFileSync(join(folder, "package", "onnx", "onnx.proto"), "utf8");
  writeFileSync(join(folder, "onnx.proto"), withoutComments(schema));
  const plugin = join(folder, "protoc-gen-es");
  writeFileSync(
    plugin,
    `#!/bin/sh\nexec ${JSON.stringify(Deno.execPath())} run --quiet --allow-all --no-lock ${PLUGIN} "$@"\n`,
  );
  chmodSync(plugin, 0o755);
  const made = join(folder, "made");
  mkdirSync(made);
  const args = [`--plugin=protoc-gen-es=${plugin}`, "-I", folder, `--es_out=${made}`, "--es_opt=target=ts"];
  await run("protoc", [...args, "onnx.proto"], "install protobuf-compiler");
  const text = readFileSync(join(made, "onnx_pb.ts"), "utf8").replace(
    /^(\/\/[^\n]*\n|\/\* eslint-disable \*\/\n)+/,
    "",
  );
  writeFileSync(module, head + text);
  await run(Deno.execPath(), ["fmt", "--quiet", module], "see the message");
}

if (import.meta.main) {
  const folder = mkdtempSync(join(tmpdir(), "sluice-onnx-"));
  try {
    await makeSchema(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
