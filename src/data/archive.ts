/**
 * Describes the official archive of a data set: its address, checksums and files.
 *
 * @module
 */

/** A data set's archive as its authors publish it. It holds a single folder. */
export interface Archive {
  /** The archive's file name. */
  readonly file: string;
  /** The official address. */
  readonly url: string;
  /** The published MD5. It detects damage, not forgery. */
  readonly md5: string;
  /** The folder into which the archive unpacks. */
  readonly folder: string;
  /** The approximate size in bytes of all files in that folder together. */
  readonly bytes: number;
  /** The files that the folder must contain. */
  readonly files: readonly string[];
  /** Published MD5 of single files in the folder, by name. */
  readonly fileMd5?: Readonly<Record<string, string>>;
}

/** Largest size of an archive in bytes, compressed or not: twice the size of its files. */
export function mostArchiveBytes({ bytes }: Pick<Archive, "bytes">): number {
  return 2 * bytes;
}
