/**
 * What other people's software is here: its name, version, licence and the texts that go with it.
 *
 * @module
 */

/** A package that is a part of what is given away. */
export interface Dependency {
  /** Its name, as its registry or distribution has it. */
  readonly name: string;
  /** Its version, likewise. */
  readonly version: string;
  /** Its licence, an SPDX expression. */
  readonly licence: string;
  /** Where it is from: npm, the system's packages, or Deno with what it is made of. */
  readonly kind: "npm" | "native" | "runtime";
  /** Where people find it. */
  readonly homepage?: string;
  /** The source package that a system's package was built from, with its version and the system. */
  readonly source?: string;
  /** Copyright notices and licence texts that go with it. */
  readonly texts: readonly string[];
}
