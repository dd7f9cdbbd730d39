/**
 * Makes a native library whose functions do nothing, which shows what a step costs the host alone.
 *
 * @module
 */
import { assert } from "@std/assert";
import { join } from "@std/path";

import { execute } from "../../native/tools/packages.ts";
import { constants, symbols } from "../../src/device/mod.ts";

/** Types of C for those of the table of native functions. */
const types: Readonly<Record<string, string>> = {
  pointer: "void*",
  buffer: "void*",
  i32: "int32_t",
  i64: "int64_t",
  u32: "uint32_t",
  u64: "uint64_t",
  f32: "float",
  f64: "double",
};

const description = {
  kind: "cuda",
  name: "nothing",
  isa: "none",
  cores: 1,
  backend: "nothing",
  backendVersion: "0",
  bf16: true,
  tf32: true,
  sharedPacks: true,
};

/** A statement in which a function writes what the host reads from it; its arguments are a0, a1 and so on. */
const bodies: Readonly<Record<string, string>> = {
  sl_abi_version: `return ${constants.SL_ABI_VERSION};`,
  sl_last_error: `return (void*)"";`,
  sl_device_count: "*(int32_t*)a0 = 1;",
  sl_device_describe: `strcpy(a1, ${JSON.stringify(JSON.stringify(description))});`,
  sl_requirements: `strcpy(a1, "[]");`,
  sl_context_create: "*(void**)a2 = &next;",
  // Addresses that nothing ever reads: memory of a device does not belong to the host.
  sl_malloc: "*(void**)a2 = (void*)next; next += (a1 + 255) / 256 * 256;",
  sl_host_malloc: "*(void**)a2 = calloc(1, (size_t)a1);",
  sl_host_free: "free(a1);",
  sl_memory_total: "*(int64_t*)a1 = (int64_t)80 << 30;",
  sl_stream_create: "*(void**)a1 = &next;",
  sl_event_create: "*(void**)a1 = &next;",
  sl_graph_begin: "*(void**)a1 = &next;",
  sl_conv_packed_bytes: "*(int64_t*)a3 = 4096;",
  sl_gated_supports: "*(int32_t*)a3 = 1;",
  sl_gated_packed_bytes: "*(int64_t*)a4 = 4096;",
};

/** The source of the library. */
function source(): string {
  const functions = Object.entries(symbols).map(([name, { parameters, result }]) => {
    const typed = parameters.map((type, index) => `${types[type]} a${index}`);
    const body = bodies[name] ?? "";
    const unused = parameters.map((_, index) => `(void)a${index};`).join(" ");
    const end = body.startsWith("return") ? "" : "return 0;";
    return `${types[result]} ${name}(${typed.join(", ") || "void"}) { ${unused} ${body} ${end} }`;
  });
  const includes = ["stdint.h", "stdlib.h", "string.h"].map((name) => `#include <${name}>`);
  return [...includes, "static uintptr_t next = (uintptr_t)1 << 40;", ...functions, ""].join("\n");
}

/** Compiles the library as the CUDA library of a folder, for SLUICE_NATIVE. */
export async function makeEmptyLibrary(folder: string): Promise<void> {
  const file = join(folder, "empty.c");
  Deno.writeTextFileSync(file, source());
  const args = ["-shared", "-fPIC", "-O2", "-Wall", "-Werror", "-o", join(folder, "libsluice_cuda.so"), file];
  const { success, output } = await execute("cc", args);
  assert(success, output);
}
