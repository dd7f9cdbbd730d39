// Tests of finding a data set by its name.
import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { InvalidInputError } from "../../../src/errors.ts";
import { datasetNames, datasetSource } from "../../../src/data/mod.ts";

Deno.test("every listed name has a source of that name with a description", () => {
  assertEquals(datasetNames[0], "shapes", "the default comes first");
  assertEquals(new Set(datasetNames).size, datasetNames.length);
  for (const name of datasetNames) {
    assertEquals(datasetSource(name).name, name);
    assertMatch(datasetSource(name).description, /^[^\n]{10,100}$/);
  }
  assertEquals(datasetSource("shapes").archive, null);
  assertEquals(datasetSource("cifar10").archive?.folder, "cifar-10-batches-bin");
});

Deno.test("an unknown name is refused with the list of names", () => {
  assertThrows(() => datasetSource("cifar1"), InvalidInputError, '"cifar1": choose one of shapes, cifar10, cifar100');
});
