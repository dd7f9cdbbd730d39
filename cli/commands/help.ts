/**
 * `sluice help [COMMAND...]`: the same as `sluice COMMAND... --help`.
 *
 * @module
 */

import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { helpOption } from "../options.ts";

/** Adds a command below `help` for every command of the program, so that shells complete them and misspelt names are suggested. */
function addTopics(help: CommandUnknownOpts, explained: CommandUnknownOpts): void {
  for (const command of explained.createHelp().visibleCommands(explained)) {
    if (command === help) continue;
    const topic = help.command(command.name()).helpCommand(false).description(command.description())
      .addHelpOption(helpOption())
      .action(() => command.outputHelp());
    addTopics(topic, command);
  }
}

/** Adds `help` to the program; the last command, so that it knows all others. */
export function addHelp(program: CommandUnknownOpts): void {
  const help = program.command("help").helpCommand(false)
    .description("explains sluice, or a command: sluice help pretrain")
    .addHelpOption(helpOption())
    .action(() => program.outputHelp());
  addTopics(help, program);
}
