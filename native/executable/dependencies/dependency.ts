/**
 * Describes a piece of third-party software: name, version, licence and texts.
 *
 * @module
 */

/** A third-party package that is distributed with sluice. */
export interface Dependency {
  /** The name in its registry or distribution. */
  readonly name: string;
  /** The version in its registry or distribution. */
  readonly version: string;
  /** The licence, an SPDX expression. */
  readonly licence: string;
  /** The source: npm, the system's packages, Deno and its parts, or a schema that a module was made from. */
  readonly kind: "npm" | "native" | "runtime" | "schema";
  /** The project's web page. */
  readonly homepage?: string;
  /** For a system package: its source package, with version and system. */
  readonly source?: string;
  /** The copyright notices and licence texts to distribute with it. */
  readonly texts: readonly string[];
}
