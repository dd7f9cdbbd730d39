/**
 * Scripts that complete the command line in the user's shell.
 *
 * @module
 */

import { bashScript } from "./bash.ts";
import { fishScript } from "./fish.ts";
import type { CommandGrammar } from "./grammar.ts";
import { zshScript } from "./zsh.ts";

export * from "./grammar.ts";

/** The shells that can load a script. */
export const shells = ["bash", "zsh", "fish"] as const;

/** One of {@linkcode shells}. */
export type Shell = typeof shells[number];

/** Writes a shell's script for the grammar of the program. */
export const completionScripts: Readonly<Record<Shell, (program: CommandGrammar) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};
