/**
 * Shows characters that steer a terminal, break a line or reorder text as codes: what is read from files may hold any of them.
 *
 * @module
 */

/** Controls (C0, DEL, C1), line and paragraph separators, unpaired surrogates, and marks that reorder text. */
const steering = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Bidi_Control}]/gu;

/** Of these, the characters that JSON leaves as they are. */
const steeringInJson = /[\x7f-\x9f\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

function codeOf(character: string): string {
  const code = (character.codePointAt(0) ?? 0).toString(16);
  return code.length > 2 ? `\\u{${code}}` : `\\x${code.padStart(2, "0")}`;
}

/** A text as one line that is safe to print: `a<ESC>[31mb` becomes `a\x1b[31mb`, a newline `\x0a`, a bidi override `\u{202e}`. */
export function printable(text: string): string {
  return text.replace(steering, codeOf);
}

/** A JSON document that is safe to print; it parses to the same value. */
export function printableJson(json: string): string {
  return json.replace(
    steeringInJson,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
