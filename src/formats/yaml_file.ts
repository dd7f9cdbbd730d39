/**
 * Reads YAML that a person wrote, and names the line of each fault.
 *
 * @module
 */
// std's YAML keeps no positions, from which messages name lines.
import {
  type Alias,
  type Document,
  isAlias,
  isCollection,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Pair,
  parseDocument,
  type YAMLMap,
} from "yaml";
import { InvalidInputError } from "../errors.ts";

/** A place in a document: the keys and indexes that lead to it from the root. */
export type YamlPlace = readonly (string | number)[];

/**
 * Most values in a document, counting repetitions by aliases: a few lines of aliases can stand for billions of
 * values.
 */
const LARGEST_DOCUMENT = 100_000;

/** Most aliases: the library searches the whole document for the anchor of each alias. */
const MOST_ALIASES = 1000;
/** Most levels of nesting: code that reads the values may be recursive. */
const DEEPEST_NESTING = 100;
const tooDeep = `values are nested more than ${DEEPEST_NESTING} levels deep; write them flatter`;

/** A parsed document that knows the line of each value. */
export class YamlFile {
  readonly #document: Document;
  readonly #lines: LineCounter;
  /** The anchored values by anchor name, as far as the document has been walked. */
  readonly #anchors = new Map<string, unknown>();
  /** The value of each alias. */
  readonly #targets = new Map<unknown, unknown>();
  /** The number of values in each anchored value; missing while the walk is inside it. */
  readonly #sizes = new Map<unknown, number>();
  #size = 0;
  #aliases = 0;

  /** The document as objects, arrays and scalars; null if it is empty. */
  readonly value: unknown;

  /**
   * Parses a text. Aliases are replaced by the values of their anchors, and `<<` merges a mapping into another.
   *
   * @param path the file's path, for messages.
   * @throws {InvalidInputError} if the text is not YAML, an alias has no anchor before it or is part of the value
   * that it repeats, or the document has too many values or aliases or is nested too deeply. The message names file
   * and line.
   */
  constructor(readonly path: string, text: string) {
    this.#lines = new LineCounter();
    this.#document = parseDocument(text, {
      lineCounter: this.#lines,
      prettyErrors: false,
      merge: true,
      // The library compares each key with all earlier keys, which takes over a second for a few thousand.
      uniqueKeys: false,
      logLevel: "error",
    });
    const [error] = this.#document.errors;
    if (error !== undefined) {
      if (error.code === "RESOURCE_EXHAUSTION") throw this.#faultAt(error.pos[0], tooDeep);
      const [first = ""] = error.message.split("\n");
      throw this.#faultAt(error.pos[0], `not YAML (${first}); mend the file`);
    }
    this.#measure(this.#document.contents, 0);
    // The walk above has limited the aliases.
    this.value = this.#document.toJS({ maxAliasCount: -1 });
  }

  /** The line, from 1, of a mapping's key or a list's item; that of the nearest parent if the place does not exist. */
  lineOf(place: YamlPlace): number {
    let [node, line]: [unknown, number] = [this.#document.contents, 1];
    for (const part of place) {
      const target = this.#targets.get(node) ?? node;
      const pair = isMap(target)
        ? target.items.find(({ key }) => isScalar(key) && String(key.value) === String(part))
        : isSeq(target)
        ? { key: target.items[Number(part)], value: target.items[Number(part)] }
        : undefined;
      if (pair === undefined || !isNode(pair.key) || !pair.key.range) break;
      [node, line] = [pair.value, this.#lines.linePos(pair.key.range[0]).line];
    }
    return line;
  }

  /** Makes an error whose message begins with file and line; it is up to the caller to throw it. */
  fault(place: YamlPlace, message: string): InvalidInputError {
    return new InvalidInputError(`${this.path}:${this.lineOf(place)}: ${message}`);
  }

  #faultAt(offset: number, message: string): InvalidInputError {
    return new InvalidInputError(`${this.path}:${this.#lines.linePos(offset).line}: ${message}`);
  }

  /** Counts the values of a node in the order of the text, since an alias names the last anchor before it. */
  #measure(node: unknown, depth: number): void {
    if (isPair(node)) {
      this.#measure(node.key, depth);
      this.#measure(node.value, depth);
      return this.#checkMerge(node);
    }
    if (!isNode(node)) return;
    const offset = node.range?.[0] ?? 0;
    if (depth > DEEPEST_NESTING) throw this.#faultAt(offset, tooDeep);
    if (isAlias(node)) return this.#measureAlias(node, offset);
    const before = this.#size;
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, node);
    this.#size++;
    if (isMap(node)) this.#checkKeys(node);
    if (isCollection(node)) { for (const item of node.items) this.#measure(item, depth + 1); }
    if (node.anchor !== undefined) this.#sizes.set(node, this.#size - before);
  }

  #checkKeys({ items }: YAMLMap): void {
    const keys = new Set<string>();
    for (const { key } of items) {
      if (!isScalar(key)) continue;
      const name = String(key.value);
      if (keys.has(name)) throw this.#faultAt(key.range?.[0] ?? 0, `${name}: is given twice; remove one`);
      keys.add(name);
    }
  }

  /** `<<` may merge a mapping, an alias of a mapping, or a list of these. */
  #checkMerge({ key, value }: Pair): void {
    if (!isScalar(key) || key.type !== "PLAIN" || key.source !== "<<") return;
    const merged = this.#targets.get(value) ?? value;
    const sources = isSeq(merged) ? merged.items : [merged];
    if (sources.every((source) => isMap(this.#targets.get(source) ?? source))) return;
    throw this.#faultAt(key.range?.[0] ?? 0, "<<: give a mapping to merge, such as <<: *base");
  }

  #measureAlias(alias: Alias, offset: number): void {
    const name = alias.source;
    const target = this.#anchors.get(name);
    if (target === undefined) {
      throw this.#faultAt(
        offset,
        `alias *${name}: there is no anchor &${name} before it; add it, or write the value out`,
      );
    }
    const size = this.#sizes.get(target);
    if (size === undefined) {
      throw this.#faultAt(offset, `alias *${name}: is inside the value that it repeats; write the value out`);
    }
    this.#targets.set(alias, target);
    this.#size += size;
    if (++this.#aliases > MOST_ALIASES) {
      throw this.#faultAt(offset, `alias *${name}: there are more than ${MOST_ALIASES} aliases; write values out`);
    }
    if (this.#size <= LARGEST_DOCUMENT) return;
    throw this.#faultAt(
      offset,
      `alias *${name}: aliases repeat more than ${LARGEST_DOCUMENT} values up to here; use fewer of them`,
    );
  }
}
