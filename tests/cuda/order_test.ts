/**
 * Tests that results do not depend on the order in which threads and blocks run, which would reveal a race.
 *
 * @module
 */
import { assert, assertGreater, assertStrictEquals } from "@std/assert";
import { fileURLToPath } from "node:url";

const script = fileURLToPath(new URL("print_bits.ts", import.meta.url));

async function bitsInOrder(order: string): Promise<string> {
  const args = ["run", "--quiet", "--no-prompt", "--allow-ffi", "--allow-read", "--allow-env", "--allow-sys", script];
  const command = new Deno.Command(Deno.execPath(), { args, env: { HOSTCUDA_ORDER: order }, stdin: "null" });
  const { success, stdout, stderr } = await command.output();
  assert(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

Deno.test({
  name: "every operation and a short run give the same bits in any order of threads",
  // Only the stand-in for CUDA can choose the order.
  ignore: Deno.env.get("SLUICE_TEST_STAND_IN") === undefined,
  fn: async () => {
    const ascending = await bitsInOrder("ascending");
    assertGreater(ascending.split("\n").length, 200);
    for (const order of ["descending", "shuffled"]) assertStrictEquals(await bitsInOrder(order), ascending, order);
  },
});
