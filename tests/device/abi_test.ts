/**
 * Tests that the table of native functions, and the constants that TypeScript repeats, are those of the header.
 *
 * @module
 */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { ABI_VERSION, Status, symbols } from "../../src/device/abi.ts";
import { type DeviceKind, libraryPath } from "../../src/device/mod.ts";
import { AUGMENT_COLUMNS, binaryCodes, unaryCodes } from "../../src/ops/mod.ts";
import { type DType, dtypeCode } from "../../src/tensor/mod.ts";

const header = Deno.readTextFileSync(new URL("../../native/include/sluice.h", import.meta.url));
const code = header.replace(/\/\*[\s\S]*?\*\//g, " ");

interface Signature {
  readonly parameters: readonly string[];
  readonly result: string;
}

const scalars: Readonly<Record<string, string>> = { int32_t: "i32", int64_t: "i64", uint32_t: "u32", float: "f32" };

/** The foreign function type of a C type; pointers named `host_...` are host arrays. */
function foreignType(type: string, name: string): string {
  if (type.includes("*")) return name.startsWith("host_") ? "buffer" : "pointer";
  const scalar = scalars[type];
  assert.ok(scalar, `the type ${type} of ${name} is not known here`);
  return scalar;
}

function parseParameter(parameter: string): string {
  const match = /^(?:const )?(?<type>\w+\s*\**)\s*(?<name>\w+)$/.exec(parameter.trim());
  assert.ok(match?.groups, `cannot read the parameter "${parameter}"`);
  const { type = "", name = "" } = match.groups;
  return foreignType(type.trim(), name);
}

function parseHeader(): Map<string, Signature> {
  const declaration = /SL_API (?<result>[\w ]+\**) (?<name>sl_\w+)\((?<parameters>[^)]*)\);/g;
  return new Map([...code.matchAll(declaration)].map(({ groups }) => {
    const { result = "", name = "", parameters = "" } = groups ?? {};
    const list = parameters.trim() === "void" ? [] : parameters.split(",").map(parseParameter);
    return [name, { parameters: list, result: foreignType(result.replace("const ", ""), "result") }];
  }));
}

/** The whole numbers of `#define PREFIX_NAME number`, by name in lower case. */
function constants(prefix: string): Record<string, number> {
  const pattern = new RegExp(`^#define ${prefix}_?(\\w*) (\\d+)`, "gm");
  return Object.fromEntries([...header.matchAll(pattern)].map(([, name = "", value]) => [
    name.toLowerCase(),
    Number(value),
  ]));
}

Deno.test("the table of native functions has the names, arity and types of the header", () => {
  const declared = parseHeader();
  assert.equal(declared.size, header.match(/^SL_API /gm)?.length);
  assert.deepEqual(Object.keys(symbols).sort(), [...declared.keys()].sort());
  for (const [name, { parameters, result }] of Object.entries(symbols)) {
    assert.deepEqual({ parameters, result }, declared.get(name), name);
  }
});

Deno.test("a built library exports every function of the table", () => {
  const kinds: readonly DeviceKind[] = ["cpu", "cuda"];
  const built = kinds.map(libraryPath).filter((path) => existsSync(path));
  assert.ok(built.length > 0);
  for (const path of built) {
    for (const [name, symbol] of Object.entries(symbols)) {
      assert.doesNotThrow(() => Deno.dlopen(path, { [name]: symbol }).close(), `${path}: ${name}`);
    }
  }
});

Deno.test("the version and the status codes are those of the header", () => {
  assert.equal(ABI_VERSION, constants("SL_ABI_VERSION")[""]);
  const errors = constants("SL_ERROR");
  assert.deepEqual(Status, {
    ok: constants("SL_OK")[""],
    invalidArgument: errors["invalid_argument"],
    outOfMemory: errors["out_of_memory"],
    unsupported: errors["unsupported"],
    backend: errors["backend"],
  });
});

Deno.test("the codes of element types and element-wise operations are those of the header", () => {
  for (const dtype of ["f32", "bf16", "u8", "i32"] satisfies DType[]) {
    assert.equal(dtypeCode(dtype), constants(`SL_${dtype.toUpperCase()}`)[""], dtype);
  }
  assert.deepEqual({ ...unaryCodes }, constants("SL_UNARY"));
  assert.deepEqual({ ...binaryCodes }, constants("SL_BINARY"));
});

Deno.test("the parameter table of views has the columns of the header", () => {
  const columns = constants("SL_AUGMENT");
  assert.equal(AUGMENT_COLUMNS, columns["columns"]);
  assert.equal(Object.keys(columns).length - 1, AUGMENT_COLUMNS);
});
