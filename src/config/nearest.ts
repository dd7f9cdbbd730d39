/**
 * Suggests the known word that a misspelt word was meant to be.
 *
 * @module
 */

import { levenshteinDistance } from "@std/text/levenshtein-distance";

/** The candidate with the fewest edits: at most 2, or a third of the word's letters. Ties go to the first candidate. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const farthest = Math.max(2, Math.floor(word.length / 3));
  let [best, bestDistance]: [string | undefined, number] = [undefined, farthest + 1];
  for (const candidate of candidates) {
    const distance = levenshteinDistance(word, candidate);
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** The remedy for an unknown word, as part of a message: the known word that was meant, or to remove the word. */
export function remedyFor(word: string, known: readonly string[]): string {
  const suggestion = nearest(word, known);
  return suggestion === undefined ? "remove it" : `did you mean ${suggestion}?`;
}
