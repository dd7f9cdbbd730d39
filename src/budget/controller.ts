/**
 * Sets the price of cost so that the gated network comes to cost what was asked for.
 *
 * @module
 */

/** Price of an error of 1, at first and when gates have settled: fewer and fewer of them are near their threshold, where a price moves them. */
const PROPORTIONAL = { first: 60, settled: 200 } as const;
/** Steps in which gates settle. */
const SETTLING_STEPS = 200;
/** What the price rises by in a step with an error of 1, over the square of the proportional part: the loop is damped alike throughout. */
const INTEGRAL = 1e-4;
/** Larger errors count as this: while the gates are far off, cost is not to drown everything else. */
const LARGEST_ERROR = 0.1;
/** The same in the integral part: the price that will hold the gates is not to be learned on their way. */
const LARGEST_INTEGRATED_ERROR = 0.05;
/** Weight of a new batch in the smoothed share. */
const SMOOTHING = 0.2;
/** Weight of a new look at plain images: they are few. */
const CALIBRATION_SMOOTHING = 0.3;

/** What a controller has learned. */
export interface ControllerState {
  /** The price's integral part, before it is scaled. */
  readonly integral: number;
  /** Share of plain images over that of batches; null before the first look at them. */
  readonly offset: number | null;
  /** The batches' share, smoothed over some steps; null before the first. */
  readonly batchShare: number | null;
  /** Share over target, as it was found last. */
  readonly error: number;
  /** Batches observed. */
  readonly steps: number;
}

/** Price of an error of 1 after so many steps. */
function gainAfter(steps: number): number {
  const { first, settled } = PROPORTIONAL;
  return first + (settled - first) * Math.min(1, steps / SETTLING_STEPS);
}

function clamped(value: number, largest: number): number {
  return Math.max(-largest, Math.min(largest, value));
}

/**
 * A proportional-integral controller of the noise-free cost.
 *
 * What counts is the cost without the gates' noise, of images as they are evaluated. Two measurements stand for it: that of every
 * step's batch, which is free but sees augmented views, and now and then that of plain training images, whose distance to the
 * batches' of that time is held against all that follow. The price answers the error at once (proportional part, which damps) and
 * for as long as it lasts (integral part, which finds the price that the objective's pull needs, whatever its scale).
 */
export class BudgetController {
  #state: ControllerState = { integral: 0, offset: null, batchShare: null, error: 0, steps: 0 };

  /**
   * A controller that knows nothing yet, its price being 0, or what another has learned.
   *
   * @param target t, in (0, 1].
   * @param priceScale what prices are multiplied by: those beside VICReg's loss are of scale 1.
   */
  constructor(readonly target: number, readonly priceScale: number, state?: ControllerState) {
    if (state !== undefined) this.#state = state;
  }

  /** What it has learned. */
  get state(): ControllerState {
    return this.#state;
  }

  /** The price of cost in the next step. */
  get multiplier(): number {
    return this.priceScale *
      (gainAfter(this.#state.steps) * clamped(this.#state.error, LARGEST_ERROR) + this.#state.integral);
  }

  /** Takes the noise-free share of a step's batch. */
  observe(share: number): void {
    const { batchShare, offset, integral } = this.#state;
    const error = share + (offset ?? 0) - this.target;
    const steps = this.#state.steps + 1;
    this.#state = {
      offset,
      batchShare: batchShare === null ? share : batchShare + SMOOTHING * (share - batchShare),
      error,
      steps,
      integral: integral + INTEGRAL * gainAfter(steps) ** 2 * clamped(error, LARGEST_INTEGRATED_ERROR),
    };
  }

  /** Takes the noise-free share of plain images, at the time of the batches observed last. */
  calibrate(share: number): void {
    const { batchShare, offset } = this.#state;
    if (batchShare === null) return;
    const found = share - batchShare;
    this.#state = {
      ...this.#state,
      offset: offset === null ? found : offset + CALIBRATION_SMOOTHING * (found - offset),
    };
  }
}
