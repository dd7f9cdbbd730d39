/**
 * Tests of scopes.
 *
 * @module
 */
import { assert, assertEquals, assertNotEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { Scope, Tensor, unscoped } from "../../src/tensor/mod.ts";
import { openDevice } from "../devices.ts";

const device = openDevice();

Deno.test("tensors made in a scope are freed at its end", () => {
  const before = device.memory().live;
  {
    using _scope = new Scope();
    for (let i = 0; i < 5; i++) Tensor.full(device, [3], i);
    assertEquals(device.memory().live, before + 5);
  }
  assertStrictEquals(device.memory().live, before);
});

Deno.test("a scope is closed when its block is left by an exception", () => {
  const before = device.memory().live;
  assertThrows(() => {
    using _scope = new Scope();
    new Tensor(device, [3]);
    throw new RangeError("left early");
  }, RangeError);
  assertStrictEquals(device.memory().live, before);
  assertEquals(Scope.current, null);
});

Deno.test("the innermost scope owns a tensor", () => {
  using outer = new Scope();
  const kept = new Tensor(device, [3]);
  {
    using inner = new Scope();
    assertStrictEquals(Scope.current, inner);
    const dropped = new Tensor(device, [3]);
    inner[Symbol.dispose]();
    assert(dropped.disposed);
  }
  assertStrictEquals(Scope.current, outer);
  assert(!kept.disposed);
});

Deno.test("a tensor made outside all scopes belongs to its maker", () => {
  let tensor: Tensor;
  {
    using _scope = new Scope();
    tensor = unscoped(() => new Tensor(device, [3]));
    assertNotEquals(Scope.current, null);
  }
  assert(!tensor.disposed);
  tensor[Symbol.dispose]();
});

Deno.test("the scope is found again after an exception outside all scopes", () => {
  using scope = new Scope();
  assertThrows(() =>
    unscoped(() => {
      throw new RangeError("inside");
    }), RangeError);
  assertStrictEquals(Scope.current, scope);
});

Deno.test("closing an outer scope closes the scopes left open inside it", () => {
  const outer = new Scope();
  new Scope();
  outer[Symbol.dispose]();
  assertEquals(Scope.current, null);
});

Deno.test("a tensor freed early is not freed again by its scope", () => {
  const before = device.memory().live;
  {
    using _scope = new Scope();
    const tensor = new Tensor(device, [3]);
    tensor[Symbol.dispose]();
    assertStrictEquals(device.memory().live, before);
  }
  assertStrictEquals(device.memory().live, before);
});
