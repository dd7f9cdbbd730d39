/**
 * Builds HTML and SVG from templates, and escapes every text.
 *
 * @module
 */

/** Markup that templates insert without escaping. */
export class Markup {
  /** Marks a text as markup. Use it for our own text only, never for text from a file. */
  constructor(readonly text: string) {}
}

/** A value of a template: markup stays unchanged, text is escaped, and null is empty. */
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
 * The template tag. Attributes must be in quotes. It is not named `html`, because formatters would then change white
 * space, which breaks the hash of a script and the first line of a file.
 */
export function markup(strings: TemplateStringsArray, ...values: readonly MarkupValue[]): Markup {
  return new Markup(strings.map((text, index) => text + insert(values[index] ?? null)).join(""));
}
