/**
 * The official archive of a data set: where it is, and whether it is whole.
 *
 * @module
 */

/** An archive of one folder, as the authors of a data set publish it. */
export interface Archive {
  /** Its file name. */
  readonly file: string;
  /** Its official address. */
  readonly url: string;
  /** Its MD5 as published: a sum against damage, not against forgery. */
  readonly md5: string;
  /** The folder that it unpacks to. */
  readonly folder: string;
  /** Bytes of that folder's files, about, all together. */
  readonly bytes: number;
  /** The files that the folder has to hold. */
  readonly files: readonly string[];
  /** MD5 of files in that folder, by name, if they are published. */
  readonly fileMd5?: Readonly<Record<string, string>>;
}

/** The most bytes that an archive may have, compressed or not: twice those of its files. */
export function mostArchiveBytes({ bytes }: Pick<Archive, "bytes">): number {
  return 2 * bytes;
}
