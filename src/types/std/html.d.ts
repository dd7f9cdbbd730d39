// Types of what sluice uses of @std/html: npm's package has none. Delete this file when the package comes from JSR.

declare module "@std/html" {
  /** Replaces `&`, `<`, `>`, `"` and `'` by entities, for text and for attributes in quotes. */
  export function escape(str: string): string;
}
