/**
 * From images to a training loop: the method on one screen, built from the parts of the library.
 *
 * @module
 */
import { Tape } from "@sluice/sluice/autograd";
import { BudgetController, controlledBudgetTerms, priceOf } from "@sluice/sluice/budget";
import { datasetSource, ImageStores, Loader, type StoredView } from "@sluice/sluice/data";
import { Device } from "@sluice/sluice/device";
import { DualNetwork, networkCost, philoxNoise, scaledNoise } from "@sluice/sluice/models";
import { vicreg } from "@sluice/sluice/objectives";
import { augment, binary } from "@sluice/sluice/ops";
import { Lars, warmupCosine } from "@sluice/sluice/optim";
import { Scope } from "@sluice/sluice/tensor";

/** VICReg's loss, and the gated pass's cost as a share of the dense network's. */
export type StepScalars = { readonly objective: number; readonly share: number };

/** Trains a small network on drawn shapes until its gated encoder costs 40 % of its dense one. */
export function trainOnShapes(trainImages: number, epochs: number): StepScalars[] {
  const [seed, batch, target, temperature] = [0, 16, 0.4, 2 / 3];
  using device = Device.open({ device: "cpu", threads: 1 });

  // datasetSource("folder").open({ data: "photos", imageSize: 96, ... }) reads your own images.
  const dataset = datasetSource("shapes").open({ seed, trainImages, testImages: 1 });
  const { mean, std, pretraining: { height, width } } = dataset;
  using stores = new ImageStores(device, dataset);
  const plan = { dataset, batch, seed, epochs, dropLast: true };
  const loader = new Loader(stores.training(dataset.pretraining, batch), plan);
  const options = { mean, std, size: [height, width] } as const;
  const augmented = ({ images, rows, parameters }: StoredView) => augment(images, rows, parameters, options);

  // The network holds a dense and a gated encoder, which share all convolutions.
  const spec = { arch: "resnet18", width: 8, stem: "cifar", image: height } as const;
  using network = new DualNetwork(device, { spec, projector: 64, seed, gated: true, separateNorm: true });
  using objective = vicreg();
  using optimizer = new Lars(device, new Map(network.parameters()), { weightDecay: 1e-4 });
  const cost = networkCost(spec);
  const controller = new BudgetController(target, 1);

  const reports: StepScalars[] = [];
  for (let step = 0; step < epochs * loader.stepsPerEpoch; step++) {
    using _scope = new Scope(); // frees the step's tensors
    const tape = new Tape();
    const [stored1, stored2] = loader.next().views;
    const noise = scaledNoise(device, { temperature })(philoxNoise(device, { seed, step }, 0));
    const gated = network.encoderOf("gated").forward({ tape, pass: "gated", noise }, augmented(stored1));
    const dense = network.encoderOf("dense").forward({ tape, pass: "dense", noise }, augmented(stored2));
    const [a, b] = network.projector.forward(tape, [gated.features, dense.features] as const, { precision: "f32" });
    const { loss } = objective.compute(tape, a, b);
    const epoch = Math.floor(step / loader.stepsPerEpoch);
    const price = priceOf(device, { multiplier: controller.multiplier, target });
    const bounds = { target, tightness: Math.exp(-0.02 * epoch) };
    const { macs, bound, share } = controlledBudgetTerms(tape, gated.masks, cost, bounds, price);
    const total = binary(tape, "add", loss, binary(tape, "add", macs, bound));
    for (const scalar of [loss, share]) tape.keep(scalar); // read after the backward sweep
    tape.backward(total);
    optimizer.step(tape, warmupCosine(epoch, { epochs, warmupEpochs: 1, startRate: 0.003, peakRate: 0.02 }));
    reports.push({ objective: loss.item(), share: share.item() });
    controller.observe(share.item());
  }
  return reports;
}
