/**
 * Judges names of files and folders: recognises the operating system's own, compares how names look, and escapes
 * names for messages.
 *
 * @module
 */

/** Names, in lower case, of files and folders of operating systems, file servers and tools, which are not user data. */
const systemNames = new Set([
  "__macosx",
  "__pycache__",
  "#recycle",
  "#snapshot",
  "$recycle.bin",
  "@eadir",
  "@recycle",
  "@tmp",
  "desktop.ini",
  "ehthumbs.db",
  "icon\r",
  "lost+found",
  "network trash folder",
  "recycler",
  "system volume information",
  "temporary items",
  "thevolumesettingsfolder",
  "thumbs.db",
  "thumbs.db:encryptable",
]);

/** Whether a name is hidden (begins with a dot) or belongs to an operating system or a file server. */
export function isSystemName(name: string): boolean {
  return name.startsWith(".") || systemNames.has(name.toLowerCase());
}

/**
 * Normalises a name, so that names that look the same become equal: composed and decomposed letters, kinds of spaces,
 * invisible characters.
 */
export function looksOf(name: string): string {
  return name.replace(/\p{Default_Ignorable_Code_Point}/gu, "").normalize("NFC").replace(/\s+/g, " ").trim();
}

const escapes: Readonly<Record<string, string>> = { "\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r" };

function escapeCharacter(character: string): string {
  return escapes[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** Escapes a name for a one-line message: `\\`, `\t`, `
 * `, `\r`, and `\uXXXX` for other control characters. */
export function escapeName(name: string): string {
  // deno-lint-ignore no-control-regex -- control characters end a line or move a terminal's cursor.
  return name.replace(/[\\\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, escapeCharacter);
}

/** A name with its spelling, to tell it from names that look the same: `é ("e\u0301")`. */
export function spelledName(name: string): string {
  const spelled = JSON.stringify(name).replace(/[^ -~]/g, escapeCharacter);
  return `${escapeName(name)} (${spelled})`;
}
