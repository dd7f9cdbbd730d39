/**
 * Tests that the harness catches what it is for.
 *
 * @module
 */
import { assert, assertEquals, assertGreater, assertLess, assertThrows } from "@std/assert";
import { ShapeError } from "../../src/errors.ts";
import { scale } from "../../src/ops/mod.ts";
import {
  canRun,
  checkCase,
  normal,
  type OperationCase,
  operationCase,
  operationCases,
  runSelftest,
} from "../../src/selftest/mod.ts";
import { Tensor, unscoped } from "../../src/tensor/mod.ts";
import { openDevice } from "../devices.ts";

const device = openDevice();

/** Doubling, which the tests below spoil in one way each. */
function doubling(change: Partial<OperationCase<"x">>): OperationCase {
  return operationCase({
    operation: "scale",
    label: "doubling",
    inputs: { x: normal([4, 3]) },
    differentiable: ["x"],
    run: (_device, tape, { x }) => scale(tape, x, 2),
    reference: ({ x }) => [x.map((value) => 2 * value)],
    ...change,
  });
}

Deno.test("a right operation passes", () => {
  const result = checkCase(device, doubling({}));
  assert(result.ok);
  assertLess(result.error, 1e-13);
  assertLess(result.gradientError ?? Infinity, 1e-13);
});

Deno.test("a wrong value fails", () => {
  const result = checkCase(device, doubling({ reference: ({ x }) => [x.map((value) => 2.00001 * value)] }));
  assert(!result.ok);
  assertGreater(result.error, 1e-12);
});

Deno.test("a value that was not written fails", () => {
  const result = checkCase(device, doubling({ run: (_device, _tape, { x }) => new Tensor(x.device, x.shape) }));
  assert(!result.ok);
  assertEquals(result.error, Infinity);
});

Deno.test("a wrong gradient fails", () => {
  const run: OperationCase<"x">["run"] = (_device, tape, { x }) => {
    const y = scale(null, x, 2);
    tape?.record(y, [], (dy) => {
      tape.accumulate(x, (dx, accumulate) => {
        x.device.kernels.sl_axpby(x.code, x.size, 2.001, dy.pointer, accumulate, dx.pointer);
      });
    });
    return y;
  };
  const result = checkCase(device, doubling({ run }));
  assert(!result.ok);
  assertLess(result.error, 1e-13);
  assertGreater(result.gradientError ?? 0, 1e-7);
});

Deno.test("a gradient that overwrites instead of adding fails", () => {
  const run: OperationCase<"x">["run"] = (_device, tape, { x }) => {
    const y = scale(null, x, 2);
    tape?.record(y, [], (dy) => {
      tape.accumulate(x, (dx) => x.device.kernels.sl_axpby(x.code, x.size, 2, dy.pointer, 0, dx.pointer));
    });
    return y;
  };
  const result = checkCase(device, doubling({ run }));
  assert(!result.ok);
});

Deno.test("a missing gradient fails", () => {
  const run: OperationCase<"x">["run"] = (_device, tape, { x }) => {
    const y = scale(null, x, 2);
    tape?.record(y, [], () => {});
    return y;
  };
  const result = checkCase(device, doubling({ run }));
  assertEquals(result.gradientError, Infinity);
});

Deno.test("memory that is not given back fails", () => {
  const lost: Tensor[] = [];
  const run: OperationCase<"x">["run"] = (_device, tape, { x }) => {
    lost.push(unscoped(() => x.clone()));
    return scale(tape, x, 2);
  };
  const result = checkCase(device, doubling({ run }));
  assert(!result.ok);
  assertGreater(result.leakedBytes, 0);
  for (const tensor of lost) tensor[Symbol.dispose]();
});

Deno.test("an operation that throws fails with its message, and frees its inputs", () => {
  const run: OperationCase<"x">["run"] = () => {
    throw new ShapeError("the shapes do not fit");
  };
  const result = checkCase(device, doubling({ run }));
  assert(!result.ok);
  assertEquals(result.message, "the shapes do not fit");
  assertEquals(result.leakedBytes, 0);
});

Deno.test("a mistake in a case itself is not taken for a failed operation", () => {
  const differentiable = ["z"] as unknown as ["x"];
  assertThrows(() => checkCase(device, doubling({ differentiable })), TypeError);
});

Deno.test("the self-test reports every case of the operations asked for", () => {
  const seen: string[] = [];
  const results = runSelftest(device, { operations: ["scale", "cast"], progress: (result) => seen.push(result.case) });
  const wanted = operationCases.filter((checked) => {
    return ["scale", "cast"].includes(checked.operation) && canRun(device, checked);
  });
  assertEquals(seen, wanted.map(({ label }) => label));
  assertEquals(results.filter(({ ok }) => !ok), []);
});

Deno.test("cases of bf16 matrices are left out where the device has none", () => {
  const without = { description: { ...device.description, bf16: false } } as typeof device;
  assertEquals(canRun(without, doubling({})), true);
  assertEquals(canRun(without, doubling({ needsBf16: true })), false);
});
