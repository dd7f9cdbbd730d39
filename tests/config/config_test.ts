/**
 * Tests of how a run's configuration is resolved and what is refused.
 *
 * @module
 */

import { assert, assertEquals, assertIsError, assertMatch, assertStrictEquals, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { homedir } from "node:os";
import { InvalidInputError, InvalidOptionError } from "../../src/errors.ts";
import { checkConfig, portableConfig } from "../../src/run/checkpoint.ts";
import { checkAgainstImages, resolveConfig } from "../../src/config/config.ts";
import { withFolder } from "../folders.ts";
import { formatConfig, parseConfigFile, readConfigFile } from "../../src/config/config_file.ts";
import { networkSpec } from "../../src/config/network.ts";
import { kebabCase, runOptionNames, runOptions } from "../../src/config/options.ts";
import { presets } from "../../src/config/presets.ts";
import { assertRefused } from "./refused.ts";

const images = { count: 10_000, height: 32 };

/** The state of a run before its first step. */
const emptyState = {
  ...{ step: 0, images: 1, multiplier: 0, plainShare: null, calibrations: 0, untrained: {} },
  controller: { integral: 0, offset: null, batchShare: null, error: 0, steps: 0 },
};

Deno.test("a flag wins over the file, the file over the preset, the preset over the default", () => {
  const file = parseConfigFile("run.yaml", "epochs: 7\nwidth: 8\npreset: small\n");
  const config = resolveConfig({ flags: { epochs: "5" }, file });
  assertEquals(config.epochs, 5);
  assertEquals(config.width, 8);
  assertStrictEquals(config.projector, presets["small"]?.options.projector);
  assertEquals(config.weightDecay, 1e-4);
  assertStrictEquals(resolveConfig({ file, preset: "demo" }).stem, presets["demo"]?.options.stem);
});

Deno.test("without any source every option has its default", () => {
  const config = resolveConfig({});
  assertEquals<unknown>(Object.keys(config), runOptionNames);
  assertEquals(config.dataset, "shapes");
  assertEquals(config.epochs, 500);
  assertEquals(config.warmupEpochs, 10);
  assertEquals(resolveConfig({ flags: { epochs: 19 } }).warmupEpochs, 0);
  assertEquals(config.lr, 0.3);
  assertEquals(config.separateNorm, true);
});

Deno.test("the default rate follows the batch, and a given rate does not", () => {
  assertEquals(resolveConfig({ flags: { batch: 512 } }).lr, 0.6);
  assertEquals(resolveConfig({ flags: { batch: 512, lr: 0.1 } }).lr, 0.1);
});

Deno.test("a default warm-up is shortened to fit a short run, a given one that does not fit is refused", () => {
  assertEquals(resolveConfig({ preset: "small", flags: { epochs: 1 } }).warmupEpochs, 0);
  assertRefused({ flags: { epochs: 3, warmupEpochs: 4 } }, /^--warmup-epochs 4: .*give 3 or less$/);
});

Deno.test("the default and every preset satisfy the table's own rules", () => {
  for (const name of runOptionNames) {
    const option = runOptions[name];
    if (!(option.default instanceof Function)) assert(option.schema.safeParse(option.default).success, name);
  }
  for (const name of Object.keys(presets)) {
    const config = resolveConfig({ preset: name, flags: { data: "somewhere" } });
    for (const key of runOptionNames) {
      assert(runOptions[key].schema.safeParse(config[key]).success, `${name} ${key}`);
    }
    checkAgainstImages(config, images);
  }
});

Deno.test("a value out of range is named with its remedy", () => {
  assertRefused(
    { flags: { budget: "1.5" } },
    /^--budget 1\.5: give a number above 0 and at most 1, a range such as 0\.1\.\.0\.9, or any$/,
  );
  assertRefused({ flags: { budget: "0" } }, /^--budget 0: /);
  assertRefused({ flags: { budget: "-0.1" } }, /^--budget -0\.1: /);
  assertRefused({ flags: { budget: "a lot" } }, /^--budget a lot: /);
  assertRefused({ flags: { budget: "" } }, /^--budget : /);
  assertRefused({ flags: { batch: "1" } }, /^--batch 1: give a whole number from 2 to 65536$/);
  assertRefused({ flags: { batch: "2.5" } }, /^--batch 2\.5: /);
  assertRefused({ flags: { width: "6" } }, /^--width 6: give a multiple of 4 from 4 to 4096$/);
  assertRefused({ flags: { width: "0" } }, /^--width 0: /);
  assertRefused({ flags: { epochs: "0" } }, /^--epochs 0: /);
  assertRefused({ flags: { lr: "NaN" } }, /^--lr NaN: /);
  assertRefused({ flags: { lr: "Infinity" } }, /^--lr Infinity: /);
  assertRefused({ flags: { mode: "both" } }, /^--mode both: give dual or vanilla or gated$/);
  assertRefused({ flags: { device: "cuda:x" } }, /^--device cuda:x: give auto, cpu, cuda or cuda:N$/);
  assertRefused({ flags: { precision: "f16" } }, /^--precision f16: give auto or f32 or tf32 or bf16$/);
  assertRefused({ flags: { threads: "-1" } }, /^--threads -1: /);
  assertRefused({ flags: { gateWarmup: 500 } }, /^--gate-warmup 500: /);
  assertRefused(
    { flags: { epochs: 10, gateWarmup: 4, budgetRamp: 6 } },
    /^--budget-ramp 6: leaves no epoch at the budget; give 5 or less$/,
  );
  assertRefused({ flags: { budgetRamp: 0, gateOpening: 4 } }, /^--gate-opening 4: .*give --budget-ramp, too$/);
  assertRefused({ flags: { gateBias: 1, gateOpening: 4 } }, /^--gate-opening 4: the run has --gate-bias 1, /);
  assertRefused({ flags: { vanillaShare: 1 } }, /^--vanilla-share 1: give a number from 0 to below 1$/);
  assertRefused({ flags: { gateNoise: -1 } }, /^--gate-noise -1: give a number from 0 to 1000000$/);
  assertRefused({ flags: { symmetric: true, mode: "vanilla" } }, /^--symmetric: a vanilla run /);
  assertRefused(
    { flags: { rotation: true, mode: "vanilla" } },
    /^--rotation: is for --mode dual, and this run is vanilla/,
  );
  assertRefused(
    { flags: { separateEncoders: true, mode: "gated" } },
    /^--separate-encoders: a gated run has one encoder/,
  );
  assertRefused({ flags: { dataset: "mnist" } }, /mnist.*shapes, cifar10/);
  assertRefused({ preset: "smal" }, /^preset smal: .*small/);
});

Deno.test("a value beyond an option's limits is refused with them, and the limits themselves are taken", () => {
  const limits = {
    width: ["a multiple of 4", 4, 4096],
    projector: ["a whole number", 1, 65_536],
    batch: ["a whole number", 2, 65_536],
    imageSize: ["a whole number", 1, 4096],
    lr: ["a number", 1e-37, 1e38],
    weightDecay: ["a number", 0, 1e38],
    gateTemperature: ["a number", 1e-6, 1e6],
    gateTemperatureEnd: ["a number", 1e-6, 1e6],
    gateBias: ["a number", -1e6, 1e6],
    gateReduction: ["a whole number", 1, 65_536],
    gateGroup: ["a whole number", 1, 65_536],
    boundAlpha: ["a number", 0, 1e6],
    seed: ["a whole number", 0, Number.MAX_SAFE_INTEGER],
  } as const;
  for (const [name, [what, smallest, largest]] of Object.entries(limits)) {
    const { schema } = runOptions[name as keyof typeof limits];
    for (const limit of [smallest, largest]) assert(schema.safeParse(limit).success, `${name} ${limit}`);
    for (const beyond of [smallest === 0 ? -1 : smallest - Math.abs(smallest) / 2, largest * 2, 1e300, -1e300]) {
      assertEquals(
        assertThrows(() => resolveConfig({ flags: { [name]: String(beyond) } }), InvalidOptionError).message,
        `--${kebabCase(name)} ${beyond}: give ${what} from ${smallest} to ${largest}`,
      );
    }
  }
  // A 32-bit float takes it for 0.
  assertRefused({ flags: { gateTemperature: "1e-300" } }, /^--gate-temperature 1e-300: give a number from 0\.000001/);
});

Deno.test("a value out of range in a file is named with file and line", () => {
  const file = parseConfigFile("run.yaml", "budget: 2\n");
  assertRefused(
    { file },
    /^run\.yaml:1: budget 2: give a number above 0 and at most 1, a range such as 0\.1\.\.0\.9, or any$/,
  );
  assertRefused({ file: parseConfigFile("run.yaml", "# short\nepochs: [1]\n") }, /^run\.yaml:2: epochs 1: /);
  assertRefused({ file: parseConfigFile("run.yaml", 'symmetric: "yes"\n') }, /^run\.yaml:1: symmetric yes: /);
});

Deno.test("a damaged file and an unknown key are refused in one line", () => {
  const refused = (text: string, message: RegExp) =>
    assertIsError(assertThrows(() => parseConfigFile("run.yaml", text)), InvalidInputError, message);
  refused("epochs: 3\nbugdet: 0.3\n", /^run\.yaml:2: unknown key bugdet; did you mean budget\?$/);
  refused("zzzzzzzz: 1\n", /^run\.yaml:1: unknown key zzzzzzzz; remove it$/);
  refused("epochs: [1\n", /^run\.yaml:2: not YAML \([^\n]*\); mend the file$/);
  refused("- 1\n", /^run\.yaml: holds no options/);
  refused("", /^run\.yaml: holds no options/);
  refused("preset: 3\n", /^run\.yaml:1: preset 3: give a name$/);
});

Deno.test(
  "paths that begin with ~/ in a file lie in the home folder, those of a run's own configuration stay as they are",
  withFolder((folder) => {
    const path = join(folder, "run.yaml");
    const read = (text: string) => {
      Deno.writeTextFileSync(path, text);
      return readConfigFile(path);
    };
    const { options, out } = read("data: ~/d\nclass-list: ~/c.txt\nplans: ~/p.txt\nout: ~/runs/x\n");
    assertEquals(options, {
      data: join(homedir(), "d"),
      classList: join(homedir(), "c.txt"),
      plans: join(homedir(), "p.txt"),
    });
    assertStrictEquals(out, join(homedir(), "runs/x"));
    assertStrictEquals(read(`data: "~"\n`).options["data"], homedir());
    assertEquals(read("data: ./~/d\nout: a~b\n"), {
      path,
      options: { data: "./~/d" },
      out: "a~b",
      lines: { data: 1 },
    });
    assertEquals(
      assertThrows(() => read("epochs: 1\ndata: ~anna/d\n"), InvalidInputError).message,
      `${path}:2: data ~anna/d: home folders of other users are not looked up; write the whole path`,
    );
    assertEquals(parseConfigFile(path, "data: ~/d\n").options["data"], "~/d");
  }),
);

Deno.test("a written configuration reads back the same", () => {
  const config = resolveConfig({
    preset: "demo",
    flags: { seed: 7, symmetric: true, separateNorm: false, trainImages: 4096 },
  });
  const text = formatConfig(config, { sluice: "1.2.3" });
  assertEquals(resolveConfig({ file: parseConfigFile("config.yaml", text) }), config);
  assertMatch(text, /^train-images: 4096$/m);
  assertMatch(text, /^versions:\n {2}sluice: 1\.2\.3$/m);
});

Deno.test("a stored configuration that lacks an option takes the value of the versions without it", () => {
  const lacking = (text: string) => parseConfigFile("config.yaml", text);
  const stored = resolveConfig({ file: lacking("rotation: true\ndataset: images\n"), stored: true });
  assertEquals([stored.rotationHead, stored.stem], ["relu", "cifar"]);
  // A run's own file records versions, wherever it is given.
  const own = resolveConfig({ file: lacking("rotation: true\ndataset: images\nversions: {sluice: 0.0.1}\n") });
  assertEquals([own.rotationHead, own.stem], ["relu", "cifar"]);
  const written = resolveConfig({ file: lacking("rotation: true\ndataset: images\n") });
  assertEquals([written.rotationHead, written.stem], ["paper", "imagenet"]);
  const named = resolveConfig({
    file: lacking("rotation: true\nrotation-head: paper\nstem: imagenet\n"),
    stored: true,
  });
  assertEquals([named.rotationHead, named.stem], ["paper", "imagenet"]);
  // Without rotation there is no head to repeat.
  assertEquals(resolveConfig({ file: lacking("rotation: false\n"), stored: true }).rotationHead, "paper");
});

Deno.test("a group that does not divide a gate's channels is refused, except in a run without gates", () => {
  const refused = (flags: Record<string, unknown>, message: string) => {
    assertEquals(assertThrows(() => resolveConfig({ flags }), InvalidOptionError).message, message);
  };
  refused(
    { gateGroup: "3" },
    "--gate-group 3: does not divide the 64 channels of gate layer1.0 at width 64; give a divisor of 64",
  );
  refused(
    { gateGroup: 8, width: 4, arch: "resnet50", mode: "gated" },
    "--gate-group 8: does not divide the 4 channels of gate layer1.0.gate1 at width 4; give a divisor of 4",
  );
  assertEquals(resolveConfig({ flags: { gateGroup: 64 } }).gateGroup, 64);
  const vanilla = resolveConfig({ flags: { gateGroup: 3, mode: "vanilla" } });
  assertEquals(networkSpec(vanilla, 32).gateGroup, 1);
  assertEquals(networkSpec(resolveConfig({ flags: { gateGroup: 16 } }), 32).gateGroup, 16);
});

Deno.test("a run stored without a group has gates of single channels", () => {
  const file = parseConfigFile("config.yaml", "epochs: 3\n");
  const run = resolveConfig({ file, stored: true });
  assertEquals(run.gateGroup, 1);
  const { "gate-group": _later, ...config } = portableConfig(run);
  const checkpoint = { path: "last.safetensors", tensors: new Map(), state: emptyState, config };
  checkConfig(checkpoint, run);
  assertEquals(
    assertThrows(() => checkConfig(checkpoint, { ...run, gateGroup: 4 }), InvalidInputError).message,
    "last.safetensors: is of another configuration: gate-group 1 there and 4 here; put config.yaml back",
  );
});

Deno.test("every value of an earlier version is one that the option takes", () => {
  for (const rotation of [true, false]) {
    for (const name of runOptionNames) {
      const { earlier, schema } = runOptions[name];
      const value: unknown = earlier instanceof Function ? earlier({ rotation }) : earlier;
      assert(value === undefined || schema.safeParse(value).success, name);
    }
  }
});

Deno.test("a checkpoint that lacks an option resumes under the earlier value and no other", () => {
  const run = resolveConfig({ flags: { rotation: true, rotationHead: "relu" } });
  const { "rotation-head": _later, ...config } = portableConfig(run);
  const checkpoint = { path: "last.safetensors", tensors: new Map(), state: emptyState, config };
  checkConfig(checkpoint, run);
  assertEquals(
    assertThrows(() => checkConfig(checkpoint, { ...run, rotationHead: "paper" }), InvalidInputError).message,
    'last.safetensors: is of another configuration: rotation-head "relu" there and "paper" here; ' +
      "put config.yaml back",
  );
  const plain = resolveConfig({ flags: { rotation: false } });
  const { "rotation-head": _none, ...withoutHead } = portableConfig(plain);
  checkConfig({ ...checkpoint, config: withoutHead }, plain);
});

Deno.test("images up to 64 pixels have the CIFAR stem by default, larger ones that of ImageNet", () => {
  const stem = (flags: Record<string, unknown>) => resolveConfig({ flags }).stem;
  assertEquals(stem({ dataset: "cifar10" }), "cifar");
  assertEquals(stem({ dataset: "stl10" }), "imagenet");
  assertEquals(stem({ dataset: "images" }), "imagenet");
  assertEquals(stem({ dataset: "folder", imageSize: 64 }), "cifar");
  assertEquals(stem({ dataset: "folder", imageSize: "65" }), "imagenet");
  assertEquals(stem({ dataset: "images", stem: "cifar" }), "cifar");
  assertEquals(resolveConfig({ preset: "small", flags: { dataset: "images" } }).stem, "cifar-paper");
});

Deno.test("fitted defaults yield to whatever is given, and the default rate follows a fitted batch", () => {
  const fitted = { batch: 64 };
  const config = resolveConfig({ fitted });
  assertEquals([config.batch, config.lr], [64, 0.075]);
  assertEquals(resolveConfig({ fitted, flags: { batch: 32 } }).batch, 32);
  assertEquals(resolveConfig({ fitted, preset: "paper-cifar10" }).batch, 512);
  assertEquals(resolveConfig({ fitted, file: parseConfigFile("run.yaml", "batch: 16\n") }).batch, 16);
});

Deno.test("a single training image is refused, because a step compares two", () => {
  assertEquals(
    assertThrows(() => checkAgainstImages(resolveConfig({ flags: { batch: 2 } }), { count: 1, height: 32 }), Error)
      .message,
    "there is 1 training image, and a step compares at least two; give --data a folder with more images",
  );
});

Deno.test("a budget below what the ungated parts cost is refused with the smallest reachable one", () => {
  const config = resolveConfig({ flags: { budget: 0.01, width: 16, stem: "cifar-paper" } });
  let named = Number.NaN;
  const error = assertThrows(() => checkAgainstImages(config, images), InvalidInputError);
  named = Number(/give ([\d.]+) or more$/.exec(error.message)?.[1]);
  assert(named > 0.01 && named < 0.1, String(named));
  checkAgainstImages({ ...config, budget: named }, images);
  assertThrows(() => checkAgainstImages({ ...config, budget: named - 2e-4 }, images), InvalidInputError);
  checkAgainstImages({ ...config, mode: "vanilla" }, images);
});

Deno.test("a batch larger than the training images is refused with their number", () => {
  const config = resolveConfig({ flags: { batch: 64 } });
  checkAgainstImages(config, { count: 64, height: 32 });
  assertEquals(
    assertThrows(() => checkAgainstImages(config, { count: 63, height: 32 }), InvalidOptionError).message,
    "--batch 64: there are only 63 training images; give 63 or less",
  );
});
