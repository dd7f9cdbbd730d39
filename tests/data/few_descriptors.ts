/**
 * Opens class folders in a process that may open only a few more files. Tests run it under a limit.
 *
 * @module
 */
import { closeSync, openSync } from "node:fs";
import { folder, verifyDataset } from "../../src/data/mod.ts";

const [data = "", left = "0", workers = "1"] = Deno.args;
// Load the libraries while file descriptors are left.
folder.open({ data, seed: 0 });
const held: number[] = [];
try {
  for (;;) held.push(openSync("/dev/null", "r"));
} catch (error) {
  if (!(error instanceof Error && "code" in error && error.code === "EMFILE")) throw error;
}
for (let i = 0; i < Number(left); i++) closeSync(held.pop() ?? -1);
try {
  console.log(verifyDataset(folder, data, Number(workers)).problems.length);
} catch (error) {
  console.log(error instanceof Error ? `${error.name}: ${error.message}` : error);
}
