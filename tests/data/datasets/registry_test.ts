// Tests of finding a data set by its name.
import assert from "node:assert/strict";
import { InvalidInputError } from "../../../src/errors.ts";
import { datasetNames, datasetSource } from "../../../src/data/mod.ts";

Deno.test("every listed name has a source of that name with a description", () => {
  assert.deepEqual(datasetNames, ["shapes", "cifar10", "cifar100", "stl10", "imagenet100", "folder", "images"]);
  for (const name of datasetNames) {
    assert.equal(datasetSource(name).name, name);
    assert.match(datasetSource(name).description, /^[^\n]{10,100}$/);
  }
  assert.equal(datasetSource("shapes").archive, null);
  assert.equal(datasetSource("cifar10").archive?.folder, "cifar-10-batches-bin");
});

Deno.test("an unknown name is refused with the list of names", () => {
  assert.throws(() => datasetSource("cifar1"), (error: unknown) => {
    assert.ok(error instanceof InvalidInputError);
    assert.match(error.message, /"cifar1": choose one of shapes, cifar10, cifar100/);
    return true;
  });
});
