// Tests of the batches of an epoch.
import { assert, assertEquals, assertIsError, assertNotEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { InvalidInputError, MisuseError } from "../../src/errors.ts";
import { AUGMENT_COLUMNS } from "../../src/ops/mod.ts";
import { type Dataset, drawView, EpochBatches, paperView, stepsPerEpoch, type ViewBatch } from "../../src/data/mod.ts";

function emptyDataset(count: number): Dataset {
  const split = {
    kind: "memory",
    count,
    height: 16,
    width: 24,
    images: new Uint8Array(0),
    labels: new Int32Array(count),
  } as const;
  const constants = { mean: [0, 0, 0], std: [1, 1, 1] } as const;
  const views = [paperView, { ...paperView, flipProbability: 0 }] as const;
  return { name: "none", classes: ["a"], ...constants, pretraining: split, labelled: null, views, skipped: [] };
}

const options = { dataset: emptyDataset(50), batch: 8, seed: 3, epoch: 2 };

/** The parts of a batch to compare. */
function valuesOf(batch: ViewBatch | undefined): unknown {
  return [batch?.indices, batch?.parameters];
}

function indicesOf(batches: EpochBatches): number[] {
  return [...batches].flatMap(({ indices }) => [...indices]);
}

Deno.test("an epoch consists of whole batches and contains no image twice", () => {
  const batches = new EpochBatches(options);
  assertEquals(batches.steps, 6);
  assertEquals(stepsPerEpoch(options), 6);
  const seen = indicesOf(batches);
  assertEquals(seen.length, 48);
  assertEquals(new Set(seen).size, 48);
  assert(seen.every((index) => index >= 0 && index < 50));
});

Deno.test("different images are left over in each epoch, so that a few epochs contain all images", () => {
  const seen = [0, 1, 2, 3].flatMap((epoch) => indicesOf(new EpochBatches({ ...options, epoch })));
  assertEquals(new Set(seen).size, 50);
});

Deno.test("seed and epoch determine the order", () => {
  const order = indicesOf(new EpochBatches(options)).join();
  assertEquals(indicesOf(new EpochBatches(options)).join(), order);
  assertNotEquals(indicesOf(new EpochBatches({ ...options, seed: 4 })).join(), order);
  assertNotEquals(indicesOf(new EpochBatches({ ...options, epoch: 3 })).join(), order);
});

Deno.test("a step by index equals the step by iteration, so that a resumed epoch continues with the same batches", () => {
  const all = [...new EpochBatches(options)];
  const resumed = new EpochBatches(options);
  for (const step of [5, 0, 3]) assertEquals(valuesOf(resumed.at(step)), valuesOf(all[step]));
});

Deno.test("each table row is the view of its image under its own recipe, for any batch size", () => {
  const { indices, parameters } = new EpochBatches(options).at(1);
  const expected = new Float32Array(AUGMENT_COLUMNS);
  for (const view of [0, 1] as const) {
    assertEquals(parameters[view].length, 8 * AUGMENT_COLUMNS);
    indices.forEach((image, row) => {
      const recipe = options.dataset.views[view];
      drawView(expected, 0, image, { recipe, seed: 3, epoch: 2, view, sizeOf: () => [16, 24] });
      assertEquals(parameters[view].subarray(row * AUGMENT_COLUMNS, (row + 1) * AUGMENT_COLUMNS), expected);
    });
  }
});

Deno.test("an image that replaces another has its own views of the epoch", () => {
  const batch = new EpochBatches(options).at(0);
  const other = new EpochBatches(options).at(3);
  batch.replace(2, other.indices[5] ?? 0);
  assertStrictEquals(batch.indices[2], other.indices[5]);
  for (const view of [0, 1] as const) {
    const row = (table: Float32Array, number: number) =>
      table.slice(number * AUGMENT_COLUMNS, (number + 1) * AUGMENT_COLUMNS);
    assertEquals(row(batch.parameters[view], 2), row(other.parameters[view], 5));
  }
});

Deno.test("left-over images make a smaller batch if that is asked for, unless there is only one", () => {
  const kept = new EpochBatches({ ...options, dropLast: false });
  assertEquals(kept.steps, 7);
  assertEquals(kept.at(6).indices.length, 2);
  assertEquals(new Set(indicesOf(kept)).size, 50);
  assertEquals(valuesOf(kept.at(3)), valuesOf(new EpochBatches(options).at(3)));
  assertEquals(new EpochBatches({ ...options, dataset: emptyDataset(49), dropLast: false }).steps, 6);
  assertEquals(new EpochBatches({ ...options, dataset: emptyDataset(48), dropLast: false }).steps, 6);
});

Deno.test("ranks share every batch in order and without overlap, also the last batch", () => {
  const whole = [...new EpochBatches({ ...options, dropLast: false })];
  const parts = [0, 1, 2, 3].map((rank) =>
    new EpochBatches({ ...options, dropLast: false, shard: { rank, ranks: 4 } })
  );
  // Two left-over images are too few for four ranks.
  assert(parts.every(({ steps }) => steps === 6));
  for (const [step, { indices, parameters }] of whole.slice(0, 6).entries()) {
    const shared = parts.map((part) => part.at(step));
    assertEquals(shared.flatMap((part) => [...part.indices]), [...indices]);
    assertEquals(shared.flatMap((part) => [...part.parameters[1]]), [...parameters[1]]);
  }
  const uneven = [0, 1].map((rank) =>
    new EpochBatches({ ...options, batch: 20, dropLast: false, shard: { rank, ranks: 2 } })
  );
  assertEquals(uneven.map((part) => part.at(2).indices.length), [5, 5]);
  assertIsError(
    assertThrows(() => new EpochBatches({ ...options, shard: { rank: 0, ranks: 3 } })),
    Error,
    /batch 8 .* multiple of 3/,
  );
  assertThrows(() => new EpochBatches({ ...options, shard: { rank: 2, ranks: 2 } }), InvalidInputError);
});

Deno.test("data with fewer images than a batch are refused with both numbers and the remedy", () => {
  assertIsError(
    assertThrows(() => new EpochBatches({ ...options, batch: 64 })),
    InvalidInputError,
    /batch 64 .* 50 training images .* at most 50/,
  );
  assertThrows(() => new EpochBatches({ ...options, batch: 0 }), Error, "batch 0");
  assertThrows(() => new EpochBatches({ ...options, batch: 2.5 }), InvalidInputError);
});

Deno.test("a step beyond the epoch is refused", () => {
  assertThrows(() => new EpochBatches(options).at(6), MisuseError);
  assertThrows(() => new EpochBatches(options).at(-1), MisuseError);
});
