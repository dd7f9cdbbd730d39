/**
 * The topics of `sluice help`: the chapters of this folder's README.md.
 *
 * @module
 */

/**
 * What each chapter is about, by the name that prints it, in the order of the page.
 *
 * The names are not read from the page: a start of the program need not wait for it.
 */
export const helpTopics = {
  output: "what goes to stdout and stderr, exit statuses, completions",
  options: "flags, the configuration file and presets",
  datasets: "the data sets, your own images, and how files become views",
  budgets: "what --budget means, and what holds it",
  recipes: "how a run with gates begins",
  networks: "architectures, modes and objectives",
  machines: "memory, threads and precision",
  runs: "the files of a run",
  resuming: "checkpoints, and what may change when a run is resumed",
  evaluation: "accuracy, cost and features of a run's networks",
  sweeps: "many runs from one file, and their results",
  clusters: "sweeps on Slurm and Kubernetes",
  exports: "networks as files for other programs",
} as const;

/** A chapter's name. */
export type HelpTopic = keyof typeof helpTopics;

/** The names of the chapters, in the order of the page. */
export const helpTopicNames = Object.keys(helpTopics) as HelpTopic[];

/**
 * The chapters of a page in Markdown: each begins at a heading of the second level.
 *
 * @returns the text of each chapter, its heading included, by its heading in lower case.
 */
export function chaptersOf(page: string): Map<string, string> {
  const [, ...chapters] = page.split(/^## /m);
  return new Map(chapters.map((chapter) => {
    const [heading = ""] = chapter.split("\n", 1);
    return [
      heading.toLowerCase(),
      `${heading}\n${"=".repeat(heading.length)}${chapter.slice(heading.length).trimEnd()}`,
    ];
  }));
}

/** The text of a topic. */
export async function readHelpTopic(topic: HelpTopic): Promise<string> {
  const { default: page } = await import("./README.md", { with: { type: "text" } });
  return chaptersOf(page).get(topic) ?? "";
}
