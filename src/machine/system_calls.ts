/**
 * Calls the C library for facts about the machine that Deno does not give: Deno reads /proc and /sys only with
 * --allow-all, does not report processor affinity, and judges by mode bits alone who may write.
 *
 * @module
 */

const functions = {
  open: { parameters: ["buffer", "i32"], result: "i32" }, // path, flags
  read: { parameters: ["i32", "buffer", "usize"], result: "isize" }, // descriptor, bytes, capacity
  close: { parameters: ["i32"], result: "i32" }, // descriptor
  access: { parameters: ["buffer", "i32"], result: "i32" }, // path, mode
  sched_getaffinity: { parameters: ["i32", "usize", "buffer"], result: "i32" }, // process, capacity, mask
} as const;

/** W_OK of access(2). */
const MAY_WRITE = 2;
/** Bytes of an affinity mask with one bit per processor: eight times the size of `cpu_set_t`. */
const MASK_BYTES = 1024;
const CHUNK_BYTES = 1 << 16;

function openLibc(): Deno.DynamicLibrary<typeof functions> | null {
  // A program that allows FFI for sluice's libraries alone must not be prompted for the C library.
  if (Deno.permissions.querySync({ name: "ffi" }).state !== "granted") return null;
  try {
    return Deno.dlopen("libc.so.6", functions);
  } catch {
    // Another system or C library: every answer is then unknown.
    return null;
  }
}

/** The dynamic loader's message about a library, without the words that Deno adds. */
export function loaderSentence(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replaceAll("Could not open library: ", "");
}

function cString(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${text}\0`);
}

/** Access to the C library. Every answer is null if the library is missing or Deno does not permit it. */
export class SystemCalls implements Disposable {
  readonly #libc = openLibc();

  /**
   * Opens the C library.
   *
   * @param root the folder that holds `proc` and `sys`; tests give a folder with files of their own.
   */
  constructor(readonly root = "") {}

  /**
   * Reads a text file.
   *
   * @param path absolute, as seen from the root.
   * @param atMost stops reading after this many bytes, rounded up to whole chunks.
   * @returns null if the file cannot be read.
   */
  read(path: string, atMost = Infinity): string | null {
    if (this.#libc === null) return null;
    const { open, read, close } = this.#libc.symbols;
    const descriptor = open(cString(this.root + path), 0);
    if (descriptor < 0) return null;
    const [bytes, decoder] = [new Uint8Array(CHUNK_BYTES), new TextDecoder()];
    let [text, total, count] = ["", 0, 0];
    do {
      count = Number(read(descriptor, bytes, BigInt(bytes.length)));
      if (count > 0) text += decoder.decode(bytes.subarray(0, count), { stream: true });
      total += count;
    } while (count > 0 && total < atMost);
    close(descriptor);
    return count < 0 ? null : text;
  }

  /** The numbers of the processors on which the scheduler may run this process; null if that is unknown. */
  affinity(): readonly number[] | null {
    const mask = new Uint8Array(MASK_BYTES);
    if (this.#libc?.symbols.sched_getaffinity(0, BigInt(mask.length), mask) !== 0) return null;
    return Array.from({ length: 8 * mask.length }, (_, index) => index).filter((index) =>
      ((mask[index >> 3] ?? 0) >> (index & 7) & 1) === 1
    );
  }

  /** Whether this process may write to a path; null if that is unknown. The root does not apply. */
  mayWrite(path: string): boolean | null {
    return this.#libc === null ? null : this.#libc.symbols.access(cString(path), MAY_WRITE) === 0;
  }

  /** Closes the C library; call nothing afterwards. */
  [Symbol.dispose](): void {
    this.#libc?.close();
  }
}
