/**
 * What a data set takes of a folder and what it leaves out, counted and said in one line.
 *
 * @module
 */
import { escapeName } from "./names.ts";

/** What was taken of a folder and what was not. */
export interface Selection {
  /** Images, of all splits. */
  readonly images: number;
  /** Number of files that were left out, by the end of their names (`.webp`) or by another reason. */
  readonly ignored: Readonly<Record<string, number>>;
  /** Names of folders that were left out: they are no class that was asked for. */
  readonly ignoredFolders: readonly string[];
  /** Number of files and folders that are hidden or an operating system's; what is inside such a folder is not looked at. */
  readonly hidden: number;
  /** All of this in one line for people. */
  readonly line: string;
}

/** So many names or kinds are listed. */
const LISTED = 5;

/** The first names of a list, and dots for more. */
function listed(names: readonly string[]): string {
  const more = names.length > LISTED ? ", ..." : "";
  return `${names.slice(0, LISTED).map(escapeName).join(", ")}${more}`;
}

function counted(count: number, one: string, several = `${one}s`): string {
  return `${count} ${count === 1 ? one : several}`;
}

/** The end of a name, `.webp` for one. */
function endingOf(name: string): string {
  return /[^.](\.[A-Za-z0-9]{1,10})$/.exec(name)?.[1]?.toLowerCase() ?? "without an ending";
}

/** Counts what is left out while folders are walked. */
export class SelectionCounts {
  readonly #ignored = new Map<string, number>();
  readonly #folders = new Set<string>();
  #hidden = 0;

  /** Counts a file that is no image by its name, or whose reason is given. */
  ignoreFile(name: string, reason: string = endingOf(name)): void {
    this.#ignored.set(reason, (this.#ignored.get(reason) ?? 0) + 1);
  }

  /** Counts a folder that is not looked into; one of the same name, in another split, counts once. */
  ignoreFolder(name: string): void {
    this.#folders.add(name);
  }

  /** Counts a hidden file or folder, or an operating system's. */
  hide(): void {
    this.#hidden++;
  }

  /** Adds what another count has found hidden. */
  addHidden(other: SelectionCounts): void {
    this.#hidden += other.#hidden;
  }

  /** Files that were left out, the most frequent kind first: `100 .webp, 1 .txt`; empty if there are none. */
  describeIgnored(): string {
    const kinds = [...this.#ignored].toSorted(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
    const more = kinds.length > LISTED ? ", ..." : "";
    return kinds.slice(0, LISTED).map(([kind, count]) => `${count} ${kind}`).join(", ") + more;
  }

  /**
   * Ends the count.
   *
   * @param name the data set's.
   * @param splits number of images by split, the first being trained on.
   * @param classes names of the classes, none of a data set without labels.
   * @param note said at the line's end.
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
