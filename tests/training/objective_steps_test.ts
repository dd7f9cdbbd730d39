/**
 * Compares a training step with each objective in each mode with PyTorch in float64
 * (tests/peer/objective_step_fixtures.py).
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";

import { readSafetensors } from "../../src/formats/mod.ts";
import {
  mocov2plus,
  type Objective,
  objectiveKind,
  objectiveNames,
  type ObjectiveParts,
} from "../../src/objectives/mod.ts";
import { openDevice } from "../devices.ts";
import { assertClose, gradientsOf, readStep, repeatStep, under, valuesOf } from "./recorded_step.ts";

const { tensors, metadata } = readSafetensors(
  fileURLToPath(new URL("../fixtures/objective_steps.safetensors", import.meta.url)),
);

/** The objective with the fixture's predictor or queues. */
function recorded(name: string, parts: ObjectiveParts): Objective {
  const objective = name === "mocov2plus"
    // The default queues are too long for a fixture.
    ? mocov2plus(parts, { queue: Number(metadata["queue"]) })
    : objectiveKind(name).create(parts);
  const state = [...under(tensors, `state/${name}/`).keys()];
  assertEquals(objective.module === undefined, state.length === 0);
  objective.module?.loadState(new Map(state.map((key) => [key, valuesOf(tensors, `state/${name}/${key}`)])));
  return objective;
}

// step_test.ts compares the steps with VICReg.
for (const name of objectiveNames.filter((name) => name !== "vicreg")) {
  for (const mode of ["dual", "vanilla", "gated"] as const) {
    Deno.test(`a ${mode} step with ${name} is PyTorch's: terms, and gradients of network and objective`, () => {
      using device = openDevice();
      const step = repeatStep(device, readStep(mode), {
        optimizer: "sgd",
        objective: (parts) => recorded(name, parts),
      });
      assertClose(step.terms, under(tensors, `terms/${mode}/${name}/`), "loss terms");
      assertClose(gradientsOf(step), under(tensors, `gradient/${mode}/${name}/`), "gradients");
    });
  }
}
