/**
 * Training steps that a GPU repeats: recorded once as a CUDA graph, and launched with one native call.
 *
 * @module
 */
import { DeviceGraph } from "../device/mod.ts";
import type { RunConfig } from "../config/options.ts";
import { NativeError } from "../errors.ts";
import { Scope } from "../tensor/mod.ts";
import { type Draws, FixedOperands, notingDraws } from "./fixed_operands.ts";
import { type ComputedStep, computeStep, finishStep, type StepReport, trainingStep } from "./step.ts";
import { type StepConfig, type StepConstants, stepConstants, type StepInputs } from "./step_inputs.ts";
import { stepOperands } from "./step_operands.ts";
import { freeCopies, type Trainee } from "./trainee.ts";

/** The options that decide which steps are recorded. */
export type RecordedStepConfig = StepConfig & Pick<RunConfig, "vanillaShare">;

/** Takes the steps of a run. */
export interface StepTaker extends Disposable {
  /** Trains the network on one batch, as {@linkcode trainingStep} does. */
  run(inputs: StepInputs): StepReport;
}

/** A kind of step, with gates or without: a run may take them in turn. */
type Kind = "gated" | "vanilla";

/** What a recorded step must have in common with the steps that it takes. */
interface Likeness {
  /** Its constants, as text. */
  readonly constants: string;
  /** The shapes of its operands, as text. */
  readonly shapes: string;
}

/** A plain step, after which an equal one may be recorded. */
interface SeenStep extends Likeness {
  readonly draws: Draws;
}

/** A recorded step. */
interface Recording extends SeenStep, Disposable {
  readonly operands: FixedOperands;
  readonly graph: DeviceGraph;
  readonly computed: ComputedStep;
}

/**
 * Takes the steps of a run. The first step of each kind is computed as it always is; from the second on, steps whose
 * numbers stay the same are launches of one recorded step. They give the same bits.
 */
class RecordedSteps implements StepTaker {
  readonly #trainee: Trainee;
  readonly #config: RecordedStepConfig;
  readonly #refused: (reason: string) => void;
  readonly #seen = new Map<Kind, SeenStep>();
  readonly #recordings = new Map<Kind, Recording>();
  #isOff = false;

  constructor(trainee: Trainee, config: RecordedStepConfig, refused: (reason: string) => void) {
    this.#trainee = trainee;
    this.#config = config;
    this.#refused = refused;
  }

  run(inputs: StepInputs): StepReport {
    using _scope = new Scope();
    const constants = stepConstants(this.#config, inputs);
    const kind = constants.isVanilla ? "vanilla" : "gated";
    const { views, turns } = inputs;
    const like = {
      constants: JSON.stringify(constants),
      shapes: JSON.stringify([views.map(({ shape, dtype }) => [shape, dtype]), turns !== undefined]),
    };
    this.#forgetUseless(kind, like);
    const recorded = this.#recordings.get(kind);
    const recording = recorded?.shapes === like.shapes ? recorded : this.#tryToRecord(kind, like, constants, inputs);
    if (recording === null) return this.#plain(kind, like, constants, inputs);
    this.#seen.set(kind, recording);
    recording.operands.set(stepOperands(this.#trainee.network.device, this.#config, inputs));
    recording.graph.launch();
    return finishStep(this.#trainee, inputs, recording.computed);
  }

  /**
   * Frees the memory of recordings that take no more steps: if constants have changed, and if the gate warm-up of a run
   * without later vanilla steps is over. A recording stays while a batch has another shape, as an epoch's last may
   * have.
   */
  #forgetUseless(kind: Kind, { constants }: Likeness): void {
    for (const [other, recording] of this.#recordings) {
      const isUseless = other === kind ? recording.constants !== constants : this.#config.vanillaShare === 0;
      if (isUseless) this.#forget(other, recording);
    }
  }

  #plain(kind: Kind, like: Likeness, constants: StepConstants, inputs: StepInputs): StepReport {
    const draws: Draws = new Map();
    const operands = notingDraws(stepOperands(this.#trainee.network.device, this.#config, inputs), draws);
    const computed = computeStep(this.#trainee, this.#config, constants, operands, inputs.collective);
    this.#seen.set(kind, { ...like, draws });
    return finishStep(this.#trainee, inputs, computed);
  }

  /** Records a step if the step of its kind before it was equal. Null if it was not, or if that fails. */
  #tryToRecord(kind: Kind, like: Likeness, constants: StepConstants, inputs: StepInputs): Recording | null {
    const seen = this.#seen.get(kind);
    if (this.#isOff || seen?.constants !== like.constants || seen.shapes !== like.shapes) return null;
    const before = this.#recordings.get(kind);
    if (before !== undefined) this.#forget(kind, before);
    try {
      const recording = this.#record(seen, constants, inputs);
      this.#recordings.set(kind, recording);
      return recording;
    } catch (error) {
      if (!(error instanceof NativeError)) throw error;
      this.#isOff = true;
      this[Symbol.dispose]();
      this.#refused(error.message);
      return null;
    }
  }

  #record({ draws, ...like }: SeenStep, constants: StepConstants, inputs: StepInputs): Recording {
    const [trainee, config] = [this.#trainee, this.#config];
    const { device } = trainee.network;
    using undone = new DisposableStack();
    const operands = undone.use(new FixedOperands(stepOperands(device, config, inputs), draws));
    // The recorded step makes its own copies whenever it is launched; those of a failed recording hold nothing.
    freeCopies(trainee);
    undone.defer(() => freeCopies(trainee));
    // Owns what the recorded calls leave: gradients, scalars, features.
    const scope = undone.use(new Scope());
    const compute = () => computeStep(trainee, config, constants, operands, inputs.collective);
    const [graph, computed] = DeviceGraph.record(device, compute);
    scope.leave();
    undone.move();
    const dispose = () => {
      scope[Symbol.dispose]();
      graph[Symbol.dispose]();
      operands[Symbol.dispose]();
    };
    return { ...like, draws, operands, graph, computed, [Symbol.dispose]: dispose };
  }

  #forget(kind: Kind, recording: Recording): void {
    this.#recordings.delete(kind);
    recording[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    for (const [kind, recording] of this.#recordings) this.#forget(kind, recording);
  }
}

/**
 * Takes the steps of a run, with `cudaGraph` recorded ones.
 *
 * @param refused gets the reason if a step cannot be recorded; all further steps are computed as they always are.
 */
export function stepTaker(
  trainee: Trainee,
  config: RecordedStepConfig & Pick<RunConfig, "cudaGraph">,
  refused: (reason: string) => void,
): StepTaker {
  if (config.cudaGraph) return new RecordedSteps(trainee, config, refused);
  return { run: (inputs) => trainingStep(trainee, config, inputs), [Symbol.dispose]: () => {} };
}
