/**
 * The worth of the gates' decisions: the gated network under its own masks and under masks that need no gates.
 *
 * A gate that decides alike for every image could be replaced by one fixed mask of equal cost. So the gates' masks are
 * compared with the masks of other images, with one mask for all images, and with the masks of an oracle. Other masks
 * change the inputs of the norms, so norms are recalibrated, too.
 *
 * @module
 */
import type { EvaluationImages } from "../data/mod.ts";
import { gatedMacs, type GatedResNet, networkCost, type TracedRow } from "../models/mod.ts";
import type { Precision } from "../tensor/mod.ts";
import type { FeatureAccuracy, JudgedMasks } from "./accuracy.ts";
import { type EncodeOptions, encodeSplit, type SplitFeatures } from "./features.ts";
import { type GateUsage, gateUsage, maskVariation, meanMacs } from "./gate_usage.ts";
import { derangement, type MaskSource, SplitMasks, StaticMask } from "./masks.ts";
import { ChannelScorer, meanScores, sampleScores, scoreThreshold } from "./oracle.ts";
import { deployedWay, type StaticWay, staticWayNames } from "./protocols.ts";
import { alike, type NormImages, type NormMasks, recalibrateNorms } from "./recalibration.ts";
import { rankingPrices, staticMask } from "./static_masks.ts";

/** A static mask's worth with the norms as they are, and with recalibrated norms. */
export interface StaticWorth {
  /** With the running statistics that the gated network has. */
  readonly asIs: JudgedMasks;
  /** With statistics estimated again under the mask, {@linkcode recalibrateNorms}. */
  readonly recalibrated: JudgedMasks;
}

/**
 * Accuracies of the gated network under different masks. A probe is fitted to the features under the same masks, and is
 * always the cached one. Files of earlier versions lack the optional keys.
 */
export interface MaskWorth {
  /** Each image under its own masks: the gated network itself. */
  readonly own: FeatureAccuracy;
  /** The gated network with norms recalibrated under the gates' decisions. */
  readonly ownRecalibrated?: JudgedMasks;
  /** Each image under the masks of another image of the same split. */
  readonly exchanged: FeatureAccuracy & Partial<JudgedMasks>;
  /** Every channel open, with recalibrated norms: the gated network without gates. */
  readonly openRecalibrated?: JudgedMasks;
  /** One mask for all images, chosen by {@linkcode deployedWay}, with the norms as they are. */
  readonly static: JudgedMasks;
  /** The way that chose the mask of `static`. */
  readonly staticWay?: StaticWay;
  /** One mask for all images, by the way that chose it. `scorePerMac` is the oracle's rival. */
  readonly statics?: Readonly<Record<StaticWay, StaticWorth>>;
  /** Each image under the oracle's masks, {@linkcode ChannelScorer}, with recalibrated norms. */
  readonly oracle?: JudgedMasks;
  /** rho over the test images, {@linkcode maskVariation}. */
  readonly rho?: number;
}

/** The way of the static mask in files of earlier versions, which measured a single one. */
const earlierWay: StaticWay = "mostOpenByGate";

/**
 * The worth of a static mask; empty if it was not measured. Earlier versions measured one way, without recalibrated
 * norms.
 *
 * @param way the way that chose the mask; by default that of the static mask to compare with.
 */
export function staticWorthOf(masks: MaskWorth, way: StaticWay = masks.staticWay ?? earlierWay): Partial<StaticWorth> {
  const { statics, static: asIs, staticWay = earlierWay } = masks;
  return statics?.[way] ?? (way === staticWay ? { asIs } : {});
}

/** A value for the training images and another for the test images. */
export interface PerSplit<T> {
  /** Of the training images. */
  readonly train: T;
  /** Of the test images. */
  readonly test: T;
}

/** What the worth of masks is measured with. */
export interface MaskStudy {
  /** The gated network. */
  readonly encoder: GatedResNet;
  /** Images to fit probes to, and images to test with. */
  readonly images: PerSplit<EvaluationImages>;
  /** Training images to recalibrate norms on. */
  readonly normImages: NormImages;
  /** Seed of the exchanged masks. */
  readonly seed: number;
  /** The gated network under its own masks: features, decisions and accuracy. */
  readonly own: PerSplit<SplitFeatures> & {
    readonly decisions: PerSplit<SplitMasks>;
    readonly accuracy: FeatureAccuracy;
  };
  /** The precision of the network's passes. */
  readonly precision: Precision;
  /** Judges features. */
  readonly judge: (train: SplitFeatures, test: SplitFeatures) => FeatureAccuracy;
  /** Called before each measurement with its name. */
  readonly progress: (stage: string) => void;
}

/** Encodes and judges both splits. `gates` says whether the cost counts the gates. */
function judged(
  { encoder, images, precision, judge }: MaskStudy,
  gates: "with gates" | "without gates",
  options: PerSplit<EncodeOptions>,
): JudgedMasks {
  using train = encodeSplit(encoder, "gated", images.train, { precision, ...options.train });
  using test = encodeSplit(encoder, "gated", images.test, { precision, ...options.test });
  const cost = networkCost(encoder.spec);
  const macs = gatedMacs(cost, test.termShares) - (gates === "with gates" ? 0 : cost.gateMacs);
  return { ...judge(train, test), cost: { macs, share: macs / cost.macs } };
}

/** Recalibrates the norms until the result is disposed of, see {@linkcode recalibrateNorms}. */
function recalibrated({ encoder, normImages, precision }: MaskStudy, masks: NormMasks): Disposable {
  return recalibrateNorms(encoder, normImages, masks, precision);
}

/** Judges each image under the masks of another image. */
function judgeExchanged(study: MaskStudy): JudgedMasks {
  const { own: { decisions, test, train }, seed } = study;
  const masksOf = (masks: SplitMasks, split: SplitFeatures, index: number) => ({
    masks: masks.exchanged(derangement(split.features.dim(0), seed, index)),
  });
  return judged(study, "with gates", {
    train: masksOf(decisions.train, train, 0),
    test: masksOf(decisions.test, test, 1),
  });
}

/** Judges the decisions that the gates make with recalibrated norms. */
function judgeOwnRecalibrated(study: MaskStudy): JudgedMasks {
  using _norms = recalibrated(study, () => []);
  return judged(study, "with gates", { train: {}, test: {} });
}

/**
 * Judges masks in place of the gates.
 *
 * @param normMasks the masks that norms are recalibrated with; by default norms stay as they are.
 */
function judgeGiven(study: MaskStudy, { train, test }: PerSplit<MaskSource>, normMasks?: NormMasks): JudgedMasks {
  using norms = new DisposableStack();
  if (normMasks !== undefined) norms.use(recalibrated(study, normMasks));
  return judged(study, "without gates", { train: { masks: train }, test: { masks: test } });
}

/** Judges the network with every channel open, and the oracle, which chooses its masks in the same passes. */
function judgeOpen(study: MaskStudy, usage: GateUsage) {
  const { encoder, images, precision, own: { train, test }, progress } = study;
  using norms = new DisposableStack();
  progress("all open, norms recalibrated");
  const open = StaticMask.allOpen(encoder.spec);
  const openMasks = alike(open);
  norms.use(recalibrated(study, openMasks));
  const scorer = new ChannelScorer(rankingPrices(usage));
  const scores = sampleScores(encoder, images.train, scorer, precision);
  const threshold = scoreThreshold(scores, usage.cost, meanMacs(usage));
  const masks = { train: new SplitMasks(train.features.dim(0)), test: new SplitMasks(test.features.dim(0)) };
  const scoring = (into: SplitMasks): EncodeOptions => ({
    masks: open,
    trace: scorer,
    encoded: (from) => into.store(from, scorer.takeMasks(threshold)),
  });
  const openRecalibrated = judged(study, "without gates", { train: scoring(masks.train), test: scoring(masks.test) });
  norms.dispose();
  progress("oracle, norms recalibrated");
  // A view's masks are chosen by its own scores: those of its plain image would not fit it.
  const oracleMasks: NormMasks = (images) => {
    const trace = { batchStatistics: true, visit: (row: TracedRow) => scorer.visit(row) };
    encoder.evaluate("gated", images, { masks: openMasks(images), trace, precision });
    return scorer.takeMasks(threshold);
  };
  return { openRecalibrated, oracle: judgeGiven(study, masks, oracleMasks), scores: meanScores(scores) };
}

/** Judges one mask for all images. */
function judgeStatic(study: MaskStudy, name: string, mask: StaticMask): StaticWorth {
  const both = { train: mask, test: mask };
  study.progress(`static: ${name}`);
  const asIs = judgeGiven(study, both);
  study.progress(`static: ${name}, norms recalibrated`);
  return { asIs, recalibrated: judgeGiven(study, both, alike(mask)) };
}

/**
 * Measures the worth of the gates' decisions. The network keeps its norms.
 *
 * @throws {InvalidInputError} if a split has a single image, which has no other to exchange its masks with.
 */
export function maskWorth(study: MaskStudy): MaskWorth {
  const { encoder, own, progress } = study;
  progress("masks exchanged");
  const exchanged = judgeExchanged(study);
  progress("own masks, norms recalibrated");
  const ownRecalibrated = judgeOwnRecalibrated(study);
  const usage = gateUsage(encoder.spec, own.train);
  const { openRecalibrated, oracle, scores } = judgeOpen(study, usage);
  const worthOf = (way: StaticWay) => judgeStatic(study, staticWayNames[way], staticMask(way, usage, scores));
  const statics = {
    mostOpen: worthOf("mostOpen"),
    mostOpenPerMac: worthOf("mostOpenPerMac"),
    mostOpenByGate: worthOf("mostOpenByGate"),
    scorePerMac: worthOf("scorePerMac"),
  };
  return {
    own: own.accuracy,
    ownRecalibrated,
    exchanged,
    openRecalibrated,
    static: statics[deployedWay].asIs,
    staticWay: deployedWay,
    statics,
    oracle,
    rho: maskVariation(gateUsage(encoder.spec, own.test)),
  };
}
