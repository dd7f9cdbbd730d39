/**
 * Measures how busy other programs keep the processors of this process, and names the number of threads that fits.
 *
 * @module
 */
import { SystemCalls } from "./system_calls.ts";

/** The work of other programs in some time. */
export interface OtherWork {
  /** Processors that the scheduler may put this process on. */
  readonly processors: number;
  /** How many of them others kept busy on average, such as 0.7. */
  readonly busy: number;
}

/** Processor time, in the kernel's ticks. */
interface Ticks {
  /** Time of all processors of this process. */
  readonly total: number;
  /** The part in which they did not idle. */
  readonly busy: number;
  /** What this process used. */
  readonly own: number;
}

/** The first columns of /proc/stat add up to all time, and the columns after them repeat parts of it: proc_stat(5). */
const COLUMNS = 8;
/**
 * The columns of idle processors: nothing to do, and waiting for a disk. The time of niced programs counts as busy: the
 * kernel heeds niceness only within a session or a control group.
 */
const IDLE: readonly number[] = [3, 4];
/** The columns of /proc/self/stat, counted from the state, with this process's time in user and in kernel mode. */
const OWN = [11, 12] as const;

function readTicks(system: SystemCalls, processors: readonly number[]): Ticks | null {
  const text = system.read("/proc/stat");
  // The name of the program stands in parentheses, and may hold any character.
  const own = system.read("/proc/self/stat")?.split(") ").at(-1)?.split(" ");
  if (text === null || own === undefined) return null;
  const names = new Set(processors.map((index) => `cpu${index}`));
  const rows = text.split("\n").map((line) => line.split(" ")).filter(([name = ""]) => names.has(name));
  if (rows.length < names.size) return null;
  let [total, busy] = [0, 0];
  for (const [, ...columns] of rows) {
    columns.slice(0, COLUMNS).forEach((ticks, column) => {
      total += Number(ticks);
      if (!IDLE.includes(column)) busy += Number(ticks);
    });
  }
  return { total, busy, own: Number(own[OWN[0]]) + Number(own[OWN[1]]) };
}

/** Measures the work of other programs since the last time it was asked. */
export class OtherWorkMeter implements Disposable {
  readonly #system: SystemCalls;
  readonly #processors: readonly number[] | null;
  #last: Ticks | null;

  /** Begins to measure. @param root the folder that holds `proc`; tests give one of their own. */
  constructor(root = "", processors?: readonly number[]) {
    this.#system = new SystemCalls(root);
    this.#processors = processors ?? this.#system.affinity();
    this.#last = this.#ticks();
  }

  #ticks(): Ticks | null {
    return this.#processors && readTicks(this.#system, this.#processors);
  }

  /** The work of others since the last call, or since this meter was made; null if the system does not tell. */
  read(): OtherWork | null {
    const [begin, end] = [this.#last, this.#ticks()];
    this.#last = end;
    if (begin === null || end === null || end.total <= begin.total || this.#processors === null) return null;
    const processors = this.#processors.length;
    const others = end.busy - begin.busy - (end.own - begin.own);
    return { processors, busy: Math.max(0, others) * processors / (end.total - begin.total) };
  }

  /** Ends measuring. */
  [Symbol.dispose](): void {
    this.#system[Symbol.dispose]();
  }
}

/**
 * The number of threads for which other programs leave processors; null if `threads` are not too many. Threads of a
 * step wait for each other, so a thread too many costs more than it computes.
 */
export function fittingThreads(threads: number, { processors, busy }: OtherWork): number | null {
  const left = processors - busy;
  // More threads than processors are the user's choice, and half a processor is what the system may take for a moment.
  if (threads === 1 || Math.min(threads, processors) <= left + 0.5) return null;
  return Math.max(1, Math.min(threads - 1, Math.round(left)));
}
