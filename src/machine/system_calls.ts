/**
 * The few functions of the C library that tell of the machine where Deno does not: it gives files in /proc and /sys to
 * programs with every permission only, has no processor affinity, and judges who may write by mode bits alone.
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
/** Bytes of a mask of processors: one bit each, eight times what the C library's own type has room for. */
const MASK_BYTES = 1024;
const CHUNK_BYTES = 1 << 16;

function openLibc(): Deno.DynamicLibrary<typeof functions> | null {
  // A program that gave sluice's libraries alone is not to be asked for another.
  if (Deno.permissions.querySync({ name: "ffi" }).state !== "granted") return null;
  try {
    return Deno.dlopen("libc.so.6", functions);
  } catch {
    // Another system, or another C library: what it says is unknown.
    return null;
  }
}

/** What the loader says of a library that it refuses, without Deno's words around it. */
export function loaderSentence(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replaceAll("Could not open library: ", "");
}

function cString(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${text}\0`);
}

/** The C library, opened; where there is none, or Deno does not give it, every answer is null. */
export class SystemCalls implements Disposable {
  readonly #libc = openLibc();

  /** @param root folder that holds `proc` and `sys`; another than the machine's for a drawn one. */
  constructor(readonly root = "") {}

  /**
   * The text of a file.
   *
   * @param path absolute, below the root.
   * @param atMost bytes after which no more is read.
   * @returns null where it cannot be read.
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

  /** Processors that the scheduler may put this process on. */
  affinity(): number | null {
    const mask = new Uint8Array(MASK_BYTES);
    if (this.#libc?.symbols.sched_getaffinity(0, BigInt(mask.length), mask) !== 0) return null;
    let count = 0;
    for (let bits of mask) for (; bits > 0; bits >>= 1) count += bits & 1;
    return count;
  }

  /** Whether this process may write to a path, which is taken as it is, whatever the root. */
  mayWrite(path: string): boolean | null {
    return this.#libc === null ? null : this.#libc.symbols.access(cString(path), MAY_WRITE) === 0;
  }

  /** Closes the C library. */
  [Symbol.dispose](): void {
    this.#libc?.close();
  }
}
