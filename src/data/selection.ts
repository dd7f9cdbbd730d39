/**
 * Counts which files of a folder a data set uses and ignores, and summarises them in one line.
 *
 * @module
 */
import { escapeName } from "./names.ts";

/** Which files of a folder were used and which were ignored. */
export interface Selection {
  /** Number of images in all splits. */
  readonly images: number;
  /** Number of ignored files, by extension (`.webp`) or by another reason. */
  readonly ignored: Readonly<Record<string, number>>;
  /** Names of ignored folders, which are not among the classes. */
  readonly ignoredFolders: readonly string[];
  /**
   * Number of files and folders that are hidden or the operating system's. The contents of such a folder are not
   * counted.
   */
  readonly hidden: number;
  /** A summary in one line. */
  readonly line: string;
}

/** Most names or kinds to list. */
const LISTED = 5;

/** Lists the first names, with `...` if there are more. */
function listed(names: readonly string[]): string {
  const more = names.length > LISTED ? ", ..." : "";
  return `${names.slice(0, LISTED).map(escapeName).join(", ")}${more}`;
}

function counted(count: number, one: string, several = `${one}s`): string {
  return `${count} ${count === 1 ? one : several}`;
}

/** The extension of a name, such as `.webp`. */
function endingOf(name: string): string {
  return /[^.](\.[A-Za-z0-9]{1,10})$/.exec(name)?.[1]?.toLowerCase() ?? "without an ending";
}

/** Counts ignored files and folders while folders are listed. */
export class SelectionCounts {
  readonly #ignored = new Map<string, number>();
  readonly #folders = new Set<string>();
  #hidden = 0;

  /** Counts an ignored file, by its extension unless a reason is given. */
  ignoreFile(name: string, reason: string = endingOf(name)): void {
    this.#ignored.set(reason, (this.#ignored.get(reason) ?? 0) + 1);
  }

  /** Counts an ignored folder. Folders of the same name in several splits count once. */
  ignoreFolder(name: string): void {
    this.#folders.add(name);
  }

  /** Counts a hidden or system file or folder. */
  hide(): void {
    this.#hidden++;
  }

  /** Adds the number of hidden entries of another count. */
  addHidden(other: SelectionCounts): void {
    this.#hidden += other.#hidden;
  }

  /** The ignored files by kind, the most frequent first: `100 .webp, 1 .txt`; empty if there are none. */
  describeIgnored(): string {
    const kinds = [...this.#ignored].toSorted(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
    const more = kinds.length > LISTED ? ", ..." : "";
    return kinds.slice(0, LISTED).map(([kind, count]) => `${count} ${kind}`).join(", ") + more;
  }

  /**
   * Summarises the counts.
   *
   * @param name the data set's name.
   * @param splits number of images by split, the training images first.
   * @param classes names of the classes; empty for a data set without labels.
   * @param note added at the end of the line, if any.
   */
  finish(
    name: string,
    splits: Readonly<Record<string, number>>,
    classes: readonly string[],
    note: string | null,
  ): Selection {
    const images = Object.values(splits).reduce((sum, count) => sum + count, 0);
    const files = [...this.#ignored.values()].reduce((sum, count) => sum + count, 0);
    const kinds = files === 0 ? "" : ` (${this.describeIgnored()})`;
    const inClasses = classes.length === 0
      ? ""
      : ` in ${counted(classes.length, "class", "classes")} (${listed(classes)})`;
    const folders = [...this.#folders];
    const parts = [
      `${name}: ${counted(images, "image")}${inClasses}`,
      `${counted(files, "other file")} ignored${kinds}`,
      ...(folders.length === 0 ? [] : [`${counted(folders.length, "other folder")} ignored (${listed(folders)})`]),
      ...(this.#hidden === 0
        ? []
        : [`${counted(this.#hidden, "hidden or system entry", "hidden or system entries")} skipped`]),
      ...(Object.keys(splits).length < 2
        ? []
        : [Object.entries(splits).map(([split, count]) => `${count} ${split}`).join(", ")]),
      ...(note === null ? [] : [note]),
    ];
    return {
      images,
      ignored: Object.fromEntries(this.#ignored),
      ignoredFolders: folders,
      hidden: this.#hidden,
      line: parts.join("; "),
    };
  }
}
