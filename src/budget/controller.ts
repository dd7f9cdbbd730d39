/**
 * Sets the price of cost so that the gated network's cost reaches the target.
 *
 * @module
 */

/**
 * Price of an error of 1, at first and for settled gates. It grows because fewer and fewer gates stay close to their
 * threshold, where a price can move them.
 */
const PROPORTIONAL = { first: 60, settled: 200 } as const;
/** Steps until gates have settled. */
const SETTLING_STEPS = 200;
/**
 * Rise of the price in a step with an error of 1, over the square of the proportional gain: the square keeps the
 * damping of the loop constant.
 */
const INTEGRAL = 1e-4;
/** Larger errors count as this one: far from the target, the price must not outweigh the objective. */
const LARGEST_ERROR = 0.1;
/**
 * The limit in the integral part: errors on the way to the target say nothing of the price that holds the gates there.
 */
const LARGEST_INTEGRATED_ERROR = 0.05;
/** Weight of a new batch in the smoothed share. */
const SMOOTHING = 0.2;
/** Weight of a new measurement on plain images. It is noisy because it sees few images. */
const CALIBRATION_SMOOTHING = 0.3;

/** The state of a controller, as checkpoints store it. */
export interface ControllerState {
  /** The integral part of the price, unscaled. */
  readonly integral: number;
  /** Share of plain images less the share of batches; null before the first measurement. */
  readonly offset: number | null;
  /** The share of batches, smoothed over steps; null before the first step. */
  readonly batchShare: number | null;
  /** The latest share, with the offset, less the target. */
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
 * It controls the cost without the gates' noise, on images as they are evaluated. Two measurements estimate that cost.
 * Each step measures its batch, which is free but sees augmented views. From time to time plain training images are
 * measured, and the difference to the batches of that time corrects all later steps. The proportional part of the price
 * answers an error at once and damps the loop. The integral part grows as long as an error lasts, and so finds the
 * price that balances the objective's pull, whatever its scale.
 */
export class BudgetController {
  #state: ControllerState = { integral: 0, offset: null, batchShare: null, error: 0, steps: 0 };

  /**
   * Starts with a price of 0, or from the state of an earlier controller.
   *
   * @param target t, in (0, 1].
   * @param priceScale factor of the price, 1 for VICReg's loss.
   */
  constructor(readonly target: number, readonly priceScale: number, state?: ControllerState) {
    if (state !== undefined) this.#state = state;
  }

  /** A snapshot, from which another controller can continue. */
  get state(): ControllerState {
    return this.#state;
  }

  /** The price of cost in the next step. */
  get multiplier(): number {
    return this.priceScale *
      (gainAfter(this.#state.steps) * clamped(this.#state.error, LARGEST_ERROR) + this.#state.integral);
  }

  /**
   * Updates the price by the noise-free share of a step's batch.
   *
   * @param target the share that the step should have had, in a run whose target changes; defaults to t.
   */
  observe(share: number, target: number = this.target): void {
    const { batchShare, offset, integral } = this.#state;
    const error = share + (offset ?? 0) - target;
    const steps = this.#state.steps + 1;
    this.#state = {
      offset,
      batchShare: batchShare === null ? share : batchShare + SMOOTHING * (share - batchShare),
      error,
      steps,
      integral: integral + INTEGRAL * gainAfter(steps) ** 2 * clamped(error, LARGEST_INTEGRATED_ERROR),
    };
  }

  /** Updates the offset by the noise-free share of plain images, measured after the last observed batch. */
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
