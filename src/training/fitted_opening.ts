/**
 * Moves all gates together at the end of a run, if the gated network does not cost what the budget says.
 *
 * @module
 */
import { maskedShare } from "../budget/mod.ts";
import type { EvaluationImages } from "../data/mod.ts";
import { sampleBatches, type Steps } from "../evaluation/mod.ts";
import type { FittedOpening } from "../run/records.ts";
import { Scope } from "../tensor/mod.ts";
import { openGates, type Trainee } from "./trainee.ts";

/** The most plain training images to measure on. */
const IMAGES = 2000;
/** The largest error that is left as training made it: half of the promised half point. */
const TOLERANCE = 0.0025;
/** The error at which the search ends, as a share of the dense network's cost. */
const PRECISION = 0.0005;
/** The first opening to try, and the largest: more would change what the gates have learned to tell. */
const [FIRST, LARGEST] = [1 / 32, 2];
/** An opening that moves no gate but those whose logits are 0. */
const SMALLEST = 1e-6;
/** Halvings of the interval at most, if no opening gives the budget. */
const HALVINGS = 16;

/** Measures a cost, a step for each batch. */
type Measurement = Steps<number>;

/**
 * The cost share of the gated network on a sample of plain images, without noise, at its present opening. In f32, as
 * `sluice evaluate` measures it unless another precision is asked for.
 */
function* plainCost({ network, cost }: Trainee, images: EvaluationImages): Measurement {
  const encoder = network.encoderOf("gated");
  let [total, count] = [0, 0];
  for (const batch of sampleBatches(images.set.count, IMAGES)) {
    {
      using _scope = new Scope();
      const { masks } = encoder.evaluate("gated", images.gathered(batch));
      const size = masks[0]?.dim(0) ?? 0;
      total += size * maskedShare(masks, cost).item();
      count += size;
    }
    yield;
  }
  return total / count;
}

/** An opening with the cost that the network has with it. */
interface Measured {
  readonly opening: number;
  readonly cost: number;
}

/**
 * Measures openings, and returns the one whose cost is nearest to the budget, with `unopened` among them.
 *
 * @param unopened the opening 0.
 * @param direction 1 to open gates, and -1 to close them.
 */
function* search(
  costAt: (opening: number) => Measurement,
  budget: number,
  unopened: Measured,
  direction: number,
): Steps<Measured> {
  let nearest = unopened;
  const isShortAt = function* (opening: number): Steps<boolean> {
    const cost = yield* costAt(opening);
    if (Math.abs(cost - budget) < Math.abs(nearest.cost - budget)) nearest = { opening, cost };
    return (budget - cost) * direction > 0;
  };
  // Doubles the opening until the cost has passed the budget. The budget then lies between the last two openings.
  let [near, far] = [0, direction * FIRST];
  while (yield* isShortAt(far)) {
    if (Math.abs(far) >= LARGEST) return nearest;
    [near, far] = [far, 2 * far];
  }
  for (let halving = 0; halving < HALVINGS && Math.abs(nearest.cost - budget) > PRECISION; halving++) {
    const middle = (near + far) / 2;
    if (yield* isShortAt(middle)) near = middle;
    else far = middle;
  }
  return nearest;
}

/**
 * Adds one number to the logits of all gates, found by bisection, so that the cost on up to 2,000 plain training images
 * is the budget. A network that lies within a quarter of a point stays as training left it.
 *
 * It is for runs that are too short for the controller: after the target has fallen, the price needs time to settle,
 * and at a learning rate near 0 it moves no gate.
 *
 * Nothing is added if no number up to 2 halves the error, or if the smallest negative one already changes the cost by
 * more than a quarter of a point: a gate whose hidden units are 0 for every image has logits of 0, so it opens all of
 * its channels, and would close all of them.
 *
 * @param trainee a network whose gates have an opening, which is 0.
 * @param budget the cost share that the network should have.
 * @returns what was added, 0 for nothing. A step for each batch; if the caller stops in between, the gates keep the
 * opening that was tried last.
 */
export function* fitOpening(trainee: Trainee, images: EvaluationImages, budget: number): Steps<FittedOpening> {
  const costAt = function* (opening: number): Measurement {
    openGates(trainee, opening);
    return yield* plainCost(trainee, images);
  };
  try {
    const before = yield* plainCost(trainee, images);
    const unchanged = { opening: 0, before, after: before };
    if (Math.abs(before - budget) <= TOLERANCE) return unchanged;
    const direction = before > budget ? -1 : 1;
    const isTied = direction < 0 && before - (yield* costAt(-SMALLEST)) > TOLERANCE;
    const unopened = { opening: 0, cost: before };
    const { opening, cost: after } = isTied ? unopened : yield* search(costAt, budget, unopened, direction);
    const isWorthIt = Math.abs(after - budget) <= Math.abs(before - budget) / 2;
    openGates(trainee, isWorthIt ? opening : 0);
    return isWorthIt ? { opening, before, after } : unchanged;
  } finally {
    // Their memory is not needed any more.
    trainee.network.encoderOf("gated").freeCopies();
  }
}
