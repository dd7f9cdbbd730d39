/**
 * HTML and SVG from templates, in which every text is escaped.
 *
 * @module
 */

/** Markup as it is, in contrast to text. */
export class Markup {
  /** Text that is markup already: what comes from files never is. */
  constructor(readonly text: string) {}
}

/** What a template takes: markup stays as it is, text is escaped, and null is nothing. */
export type MarkupValue = Markup | string | number | null | readonly MarkupValue[];

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function insert(value: MarkupValue): string {
  if (value === null) return "";
  if (value instanceof Markup) return value.text;
  if (typeof value === "object") return value.map(insert).join("");
  return String(value).replace(/[&<>"']/g, (character) => entities[character] ?? character);
}

/**
 * The tag of templates; attributes stand in quotes. It has not the name that formatters know: they would put spaces where a script's
 * hash, or the first line of a file, admits none.
 */
export function markup(strings: TemplateStringsArray, ...values: readonly MarkupValue[]): Markup {
  return new Markup(strings.map((text, index) => text + insert(values[index] ?? null)).join(""));
}
