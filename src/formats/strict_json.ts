/**
 * Parses JSON and refuses duplicate keys, which `JSON.parse` accepts.
 *
 * @module
 */

/**
 * Parses JSON.
 *
 * @throws {SyntaxError} If the text is not JSON, or an object has a duplicate key, which the message names.
 */
export function parseStrictJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  refuseDuplicateKeys(text);
  return value;
}

/**
 * Walks text that is known to be JSON: a string followed by a colon is a key of the innermost object. A regular
 * expression for strings would exhaust the stack on a string of many megabytes.
 */
function refuseDuplicateKeys(text: string): void {
  const objects: Set<string>[] = [];
  const colon = /\s*:/y;
  for (let position = 0; position < text.length; position++) {
    const character = text[position];
    if (character === "{") objects.push(new Set());
    else if (character === "}") objects.pop();
    else if (character === '"') {
      const end = endOfString(text, position);
      colon.lastIndex = end;
      const keys = objects.at(-1);
      if (colon.test(text) && keys !== undefined) addKey(keys, text.slice(position, end));
      position = end - 1;
    }
  }
}

/** The position after the closing quote of the string that opens at `start`. */
function endOfString(text: string, start: number): number {
  let position = start + 1;
  while (position < text.length && text[position] !== '"') position += text[position] === "\\" ? 2 : 1;
  return position + 1;
}

function addKey(keys: Set<string>, literal: string): void {
  const key: unknown = JSON.parse(literal);
  if (typeof key !== "string") return;
  if (keys.has(key)) throw new SyntaxError(`duplicate key ${literal}`);
  keys.add(key);
}
