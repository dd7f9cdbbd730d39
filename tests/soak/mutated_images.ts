/**
 * Soak test: damaged JPEG, PNG and record files, read by the native library under AddressSanitizer and LeakSanitizer.
 *
 * @module
 */
import { assert } from "@std/assert";
import { join } from "@std/path";
import { build, sanitizedTestsPlan } from "../../native/tools/build.ts";
import type { SoakTest } from "./soak.ts";

const MUTANTS = 5_000;

/** 5,000 damaged files of each kind; the native tests read a few hundred of them each time. */
export const mutateImageFiles: SoakTest = {
  name: `${MUTANTS} damaged files of each kind of image are read or refused, without a leak`,
  trials: 1,
  portion: 1,
  async run() {
    const program = join(await build(sanitizedTestsPlan), "sluice_tests");
    const command = new Deno.Command(program, {
      args: ["--source-file=*reader_mutants_test.cpp"],
      env: { SLUICE_MUTANTS: String(MUTANTS) },
      stdin: "null",
    });
    const { success, stdout, stderr } = await command.output();
    const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    assert(success && !/test cases: +0 /.test(text), text);
  },
};
