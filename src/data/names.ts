/**
 * Names of files and folders: which belong to an operating system, which look alike, and how a name is written in one line.
 *
 * @module
 */

/** Names, in lower case, that operating systems, file servers and tools give to what is no user's data. */
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

/** Whether a name is hidden by its first dot, or is that of an operating system's or a file server's own file or folder. */
export function isSystemName(name: string): boolean {
  return name.startsWith(".") || systemNames.has(name.toLowerCase());
}

/**
 * A text that is the same for names which a reader cannot tell apart: composed and decomposed letters, kinds of spaces, characters
 * that are not shown.
 */
export function looksOf(name: string): string {
  return name.replace(/\p{Default_Ignorable_Code_Point}/gu, "").normalize("NFC").replace(/\s+/g, " ").trim();
}

const escapes: Readonly<Record<string, string>> = { "\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r" };

function escapeCharacter(character: string): string {
  return escapes[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** A name as one field of one line: a backslash stands before `\`, `t`, `n`, `r` and the `uXXXX` of other control characters. */
export function escapeName(name: string): string {
  // deno-lint-ignore no-control-regex -- these are the characters that end a line or move a terminal's cursor.
  return name.replace(/[\\\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, escapeCharacter);
}

/** A name, and how it is spelled where other names look the same: `é ("e\u0301")`. */
export function spelledName(name: string): string {
  const spelled = JSON.stringify(name).replace(/[^ -~]/g, escapeCharacter);
  return `${escapeName(name)} (${spelled})`;
}
