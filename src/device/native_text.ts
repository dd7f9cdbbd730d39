/**
 * Texts that native code writes.
 *
 * @module
 */

/** The zero-terminated UTF-8 text at the beginning of a buffer. */
export function textOf(buffer: Uint8Array): string {
  return new TextDecoder().decode(buffer.subarray(0, buffer.indexOf(0)));
}
