/**
 * Builds HTML and SVG from templates, and escapes every text.
 *
 * @module
 */

import { escape } from "@std/html";

/** Markup, which a template inserts unchanged; text, in contrast, is escaped. */
export class Markup {
  /** Takes trusted markup. Never wrap text that comes from a file: it would reach the page unescaped. */
  constructor(readonly text: string) {}
}

/** The values of a template: markup stays unchanged, text is escaped, null inserts nothing. */
export type MarkupValue = Markup | string | number | null | readonly MarkupValue[];

function insert(value: MarkupValue): string {
  if (value === null) return "";
  if (value instanceof Markup) return value.text;
  if (typeof value === "object") return value.map(insert).join("");
  return escape(String(value));
}

/**
 * Tags a template: `` markup`<p title="${title}">${text}</p>` ``. Attributes must stand in quotes, or escaping does
 * not protect them.
 *
 * It is not called `html`, because formatters reformat templates of that name, and the space that they add breaks the
 * hash of a script and the first line of an SVG file.
 */
export function markup(strings: TemplateStringsArray, ...values: readonly MarkupValue[]): Markup {
  return new Markup(strings.map((text, index) => text + insert(values[index] ?? null)).join(""));
}
