/**
 * `sluice completions SHELL`: what makes a shell complete the command line.
 *
 * @module
 */

import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { InvalidInputError } from "../../src/errors.ts";
import { completionScripts, describeCommand, shells } from "../completions/mod.ts";
import { addOutputOptions, outputOptions, wordArgument } from "../options.ts";
import { writeVerbatim } from "../ui/output.ts";

function printScript(name: string, program: CommandUnknownOpts, command: CommandUnknownOpts): void {
  const shell = shells.find((one) => one === name);
  if (shell === undefined) throw new InvalidInputError(`completions ${name}: give ${shells.join(" or ")}`);
  const script = completionScripts[shell](describeCommand(program));
  writeVerbatim(outputOptions(command), { shell, script }, () => script.trimEnd());
}

const installing = `
To install, once and again after an update of sluice:
  bash   $ mkdir -p ~/.local/share/bash-completion/completions
         $ sluice completions bash > ~/.local/share/bash-completion/completions/sluice
         or without the package bash-completion, in ~/.bashrc:
         source <(sluice completions bash)
  zsh    $ sluice completions zsh > /usr/local/share/zsh/site-functions/_sluice
         or another folder of fpath; or in ~/.zshrc, after compinit:
         source <(sluice completions zsh)
  fish   $ sluice completions fish > ~/.config/fish/completions/sluice.fish`;

/** Adds `completions` to the program. */
export function addCompletions(program: CommandUnknownOpts): void {
  const command = program.command("completions")
    .description("prints a script that makes a shell complete commands, options and their values")
    .addArgument(wordArgument("<SHELL>", shells.join(", "), shells))
    .action((shell, _options, self) => printScript(String(shell), program, self));
  addOutputOptions(command);
  command.addHelpText("after", installing);
}
