/**
 * Compares the tables of native functions, constants and structs with the header, in both directions.
 *
 * @module
 */
import { assert, assertEquals, assertGreater, assertMatch, assertStrictEquals, assertThrows } from "@std/assert";
import { existsSync } from "node:fs";
import { symbols } from "../../src/device/abi.ts";
import { constants, structOf, structs } from "../../src/device/abi_constants.ts";
import { type DeviceKind, libraryPath } from "../../src/device/mod.ts";

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
  assert(scalar, `the type ${type} of ${name} is not known here`);
  return scalar;
}

function parseParameter(parameter: string): string {
  const match = /^(?:const )?(?<type>\w+\s*\**)\s*(?<name>\w+)$/.exec(parameter.trim());
  assert(match?.groups, `cannot read the parameter "${parameter}"`);
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

/** The constants of `#define SL_NAME number`, by name. */
function parseConstants(text: string): Record<string, number> {
  const definitions = [...text.matchAll(/^[ \t]*#[ \t]*define[ \t]+(SL_\w+)(.*)$/gm)];
  const valued = definitions.filter(([, name]) => name !== "SL_API");
  assertEquals(definitions.length - valued.length, 1, "SL_API is defined once");
  return Object.fromEntries(valued.map(([, name = "", value = ""]) => {
    assertMatch(value.trim(), /^-?\d+$/, `${name} is not a whole number`);
    return [name, Number(value)];
  }));
}

/** The fields of each `typedef struct`, as pairs of name and foreign type in their order; none for an opaque handle. */
function parseStructs(text: string): Record<string, [name: string, type: string][]> {
  const definition = /typedef struct (?<tag>\w+)\s*(?:\{(?<body>[^}]*)\})?\s*(?<name>\w+);/g;
  const found = [...text.matchAll(definition)];
  assertEquals(
    found.length,
    text.match(/\b(?:struct|union|enum)\b(?=[^;{]*[;{])/g)?.length,
    "every struct is a typedef",
  );
  return Object.fromEntries(found.map(({ groups }) => {
    const { tag = "", body = "", name = "" } = groups ?? {};
    assertStrictEquals(tag, name);
    const fields = body.split(";").map((field) => field.trim()).filter((field) => field !== "");
    return [
      name,
      fields.map((field) => {
        const [, type = "", member = ""] = /^(\w+)\s+(\w+)$/.exec(field) ?? [];
        return [member, foreignType(type, member)] as [string, string];
      }),
    ];
  }));
}

Deno.test("the table of native functions has the names, arity and types of the header", () => {
  const declared = parseHeader();
  assertEquals(declared.size, header.match(/^SL_API /gm)?.length);
  assertEquals(Object.keys(symbols).sort(), [...declared.keys()].sort());
  for (const [name, { parameters, result }] of Object.entries(symbols)) {
    assertEquals({ parameters, result }, declared.get(name), name);
  }
});

Deno.test("a built library exports every function of the table", () => {
  const kinds: readonly DeviceKind[] = ["cpu", "cuda"];
  const built = kinds.map(libraryPath).filter((path) => existsSync(path));
  assertGreater(built.length, 0);
  for (const path of built) {
    for (const [name, symbol] of Object.entries(symbols)) {
      Deno.dlopen(path, { [name]: symbol }).close();
    }
  }
});

Deno.test("the table of constants has the names and values of the header", () => {
  assertEquals({ ...constants }, parseConstants(code));
});

Deno.test("the table of structs has the names of the header, and their fields in its order and of its types", () => {
  const ours = Object.entries(structs).map(([name, fields]) => [name, Object.entries(fields)]);
  assertEquals(Object.fromEntries(ours), parseStructs(code));
});

Deno.test("constants and structs that the header has in another way are found", () => {
  const first = (text: string) => parseStructs(text)["sl_pair"];
  assertEquals(first("typedef struct sl_pair {\n  int32_t a;\n  float b;\n} sl_pair;"), [["a", "i32"], [
    "b",
    "f32",
  ]]);
  assertEquals(first("typedef struct sl_pair sl_pair;"), []);
  assertThrows(() => parseStructs("struct sl_pair {\n  int32_t a;\n};\n"));
  assertThrows(() => parseStructs("typedef struct sl_pair {\n  char* a;\n} sl_pair;\n"));
  assertEquals(parseConstants("#define SL_API x\n#define SL_ONE 1\n"), { SL_ONE: 1 });
  assertThrows(() => parseConstants("#define SL_API x\n#define SL_ONE (1)\n"));
});

Deno.test("a struct is written in the order of the header, whatever the order of the fields given", () => {
  const shape = structOf("sl_conv_shape", {
    dtype: 10,
    padding: 9,
    stride: 8,
    kernel_width: 7,
    kernel_height: 6,
    out_channels: 5,
    in_channels: 4,
    width: 3,
    height: 2,
    batch: 1,
  });
  assertEquals([...shape], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
});
