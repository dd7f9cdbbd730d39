/**
 * Tests of what the benchmarks say of a machine that is too busy.
 *
 * @module
 */
import { assertMatch, assertStrictEquals } from "@std/assert";
import { describeNoise } from "../../../cli/ui/benchmarks.ts";

Deno.test("times are too noisy if the middle half of one spans more than a tenth of its median", () => {
  const steady = { median: 20, spread: 2 };
  assertStrictEquals(describeNoise([steady, { median: 0.5, spread: 0.01 }]), null);
  assertMatch(
    describeNoise([steady, { median: 2, spread: 0.5 }]) ?? "",
    /too busy to tell: .* spans 25 % of their median/,
  );
  assertStrictEquals(describeNoise([]), null);
});
