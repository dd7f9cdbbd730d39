/**
 * Times what a training step costs the host alone, with a native library whose functions do nothing, and counts its
 * native calls.
 *
 * Part of `deno task bench`.
 *
 * @module
 */
import { fail } from "@std/assert";
import { join } from "@std/path";

import { median } from "../../src/device/stopwatch.ts";
import { resolveConfig } from "../../src/config/mod.ts";
import { type Dataset, datasetSource } from "../../src/data/mod.ts";
import { Device } from "../../src/device/mod.ts";
import { RunFolder } from "../../src/run/mod.ts";
import { pretrain } from "../../src/training/mod.ts";
import { makeEmptyLibrary } from "./empty_library.ts";

const [BATCH, STEPS_PER_EPOCH, EPOCHS] = [256, 100, 8];
/** Steps in which the runtime still compiles the program. */
const WARM_UP = 400;

/** Height and width of an image. */
const SIDE = 32;
/** Functions to name, those that are called most. */
const NAMED = 6;

/** What a step costs the host. */
interface HostCost {
  /** Median milliseconds of a step. */
  readonly milliseconds: number;
  /** Median number of native calls by function. */
  readonly calls: ReadonlyMap<string, number>;
}

/** Images that need no time to be drawn. */
function blackImages(): Dataset {
  const count = BATCH * STEPS_PER_EPOCH;
  const images = new Uint8Array(count * SIDE * SIDE * 3);
  const pretraining = { kind: "memory", count, height: SIDE, width: SIDE, labels: null, images } as const;
  return { ...datasetSource("shapes").open({ seed: 0, trainImages: 1, testImages: 1 }), pretraining };
}

/** What is trained, and how it is measured. */
interface Measurement {
  readonly width: number;
  /** Whether steps are recorded as a CUDA graph. */
  readonly cudaGraph: boolean;
  /** Whether calls are counted, which takes time. */
  readonly counted: boolean;
}

/** Trains a run. */
async function train(parent: string, { width, cudaGraph, counted }: Measurement): Promise<HostCost> {
  const images = { trainImages: BATCH * STEPS_PER_EPOCH, testImages: 1 };
  const flags = {
    dataset: "shapes",
    ...images,
    width,
    projector: 32 * width,
    epochs: EPOCHS,
    batch: BATCH,
    evalEvery: 0,
    cudaGraph,
  };
  const config = resolveConfig({ flags: { ...flags, gateWarmup: 0, precision: "bf16", device: "cuda" } });
  using device = Device.open({ device: "cuda" });
  let calls = new Map<string, number>();
  const [times, counts]: [number[], Map<string, number>[]] = [[], []];
  let latest = performance.now();
  using _observed = counted
    ? device.observe((name, _parameters, call) => {
      calls.set(name, (calls.get(name) ?? 0) + 1);
      call();
    })
    : null;
  const observer = {
    step: () => {
      const now = performance.now();
      times.push(now - latest);
      latest = now;
      counts.push(calls);
      calls = new Map();
    },
    evaluation() {},
    skipped() {},
    unrecorded: (reason: string) => {
      fail(`no step was recorded: ${reason}`);
    },
    stopRequested: () => false,
  };
  const run = RunFolder.create(join(parent, `width-${width}-${cudaGraph}-${counted}`), config, {});
  await pretrain(device, config, blackImages(), run, observer);
  const names = new Set(counts.flatMap((count) => [...count.keys()]));
  const steady = counts.slice(WARM_UP);
  return {
    milliseconds: median(times.slice(WARM_UP)),
    calls: new Map([...names].map((name) => [name, median(steady.map((count) => count.get(name) ?? 0))])),
  };
}

if (import.meta.main) {
  const folder = Deno.makeTempDirSync();
  try {
    await makeEmptyLibrary(folder);
    Deno.env.set("SLUICE_NATIVE", folder);
    const kinds = [16, 64].flatMap((width) => [false, true].map((cudaGraph) => ({ width, cudaGraph })));
    // Counted calls are slower, and so are those after them: all times are measured first.
    const timed: HostCost[] = [];
    for (const kind of kinds) timed.push(await train(folder, { ...kind, counted: false }));
    for (const [index, kind] of kinds.entries()) {
      const { calls } = await train(folder, { ...kind, counted: true });
      const total = [...calls.values()].reduce((sum, count) => sum + count, 0);
      const most = [...calls].toSorted(([, a], [, b]) => b - a).slice(0, NAMED);
      const named = most.map(([name, count]) => `${name} ${count}`).join(", ");
      const time = timed[index]?.milliseconds.toFixed(2);
      const name = `host, width ${kind.width}, batch ${BATCH}${kind.cudaGraph ? ", CUDA graph" : ""}`;
      console.log(`${name}: ${time} ms a step, ${total} native calls (${named}, ...)`);
    }
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}
