/**
 * Makes names of files and folders that work on every file system.
 *
 * @module
 */

/**
 * Turns a text into a part of a file's or folder's name: keeps letters and digits of all scripts in composed form, and
 * replaces the rest by `_`.
 */
export function plainName(text: string): string {
  return text.normalize("NFC").replace(/[^\p{L}\p{M}\p{N}_.+=,-]+/gu, "_");
}
