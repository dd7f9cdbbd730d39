/**
 * `sluice help [COMMAND...]`, the same as `sluice COMMAND... --help`; and `sluice help TOPIC`, a chapter of the manual.
 *
 * @module
 */

import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { helpTopicNames, helpTopics, readHelpTopic } from "../help_topics.ts";
import { helpOption } from "../options.ts";
import { writeOut } from "../ui/output.ts";

/** Adds a command below `help` for every command of the program, so that shells complete it and suggestions know it. */
function addCommands(help: CommandUnknownOpts, explained: CommandUnknownOpts): void {
  for (const command of explained.createHelp().visibleCommands(explained)) {
    if (command === help) continue;
    const topic = help.command(command.name()).helpCommand(false).description(command.description())
      .addHelpOption(helpOption())
      .action(() => command.outputHelp());
    addCommands(topic, command);
  }
}

/** Adds a command below `help` for every chapter of the manual. */
function addTopics(help: CommandUnknownOpts): void {
  help.commandsGroup("Topics:");
  for (const topic of helpTopicNames) {
    help.command(topic).helpCommand(false).description(helpTopics[topic])
      .addHelpOption(helpOption())
      .action(async () => writeOut(`${await readHelpTopic(topic)}\n`));
  }
}

/** Adds `help` to the program; the last command, so that it knows all others. */
export function addHelp(program: CommandUnknownOpts): void {
  const help = program.command("help").helpCommand(false)
    .description("explains sluice, a command or a topic: sluice help pretrain, sluice help budgets")
    .addHelpOption(helpOption())
    .action(() => program.outputHelp());
  addCommands(help, program);
  addTopics(help);
}
