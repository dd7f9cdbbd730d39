// Types of what sluice uses of @std/text: npm's package has none. Delete this file when the package comes from JSR.

declare module "@std/text/levenshtein-distance" {
  /** Number of insertions, deletions and replacements of a character that turn one text into another. */
  export function levenshteinDistance(str1: string, str2: string): number;
}
