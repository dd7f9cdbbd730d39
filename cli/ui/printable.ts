/**
 * Escapes characters that control a terminal, break a line or reorder text: any text from a file may contain them.
 *
 * @module
 */

/** Controls (C0, DEL, C1), line and paragraph separators, unpaired surrogates, and marks that reorder text. */
const steering = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Bidi_Control}]/gu;

/** The same characters except those that JSON escapes itself. */
const steeringInJson = /[\x7f-\x9f\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

function codeOf(character: string): string {
  const code = (character.codePointAt(0) ?? 0).toString(16);
  return code.length > 2 ? `\\u{${code}}` : `\\x${code.padStart(2, "0")}`;
}

/**
 * Makes a text one line that is safe to print: an escape becomes `\x1b`, a newline `\x0a`, a bidi override `\u{202e}`.
 */
export function printable(text: string): string {
  return text.replace(steering, codeOf);
}

/** Makes a JSON document safe to print. It parses to the same value. */
export function printableJson(json: string): string {
  return json.replace(
    steeringInJson,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
