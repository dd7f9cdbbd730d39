/**
 * Scripts that complete the command line, for each shell.
 *
 * @module
 */

import { bashScript } from "./bash.ts";
import { fishScript } from "./fish.ts";
import type { CommandGrammar } from "./grammar.ts";
import { zshScript } from "./zsh.ts";

export * from "./grammar.ts";

/** Shells that there are scripts for. */
export const shells = ["bash", "zsh", "fish"] as const;

/** A shell's name. */
export type Shell = typeof shells[number];

/** Makes the script of each. */
export const completionScripts: Readonly<Record<Shell, (program: CommandGrammar) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};
