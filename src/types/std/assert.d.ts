// Types of what the tests use of @std/assert: npm's package has none. Delete this file when the package comes from JSR.

declare module "@std/assert" {
  /** What every assertion throws. */
  export class AssertionError extends Error {
    constructor(message: string, options?: ErrorOptions);
  }
  /** `expr` is truthy. */
  export function assert(expr: unknown, msg?: string): asserts expr;
  /** The difference is at most `tolerance`; by default 1e-7 of what is expected. */
  export function assertAlmostEquals(actual: number, expected: number, tolerance?: number, msg?: string): void;
  /** Deeply equal: same contents, same prototypes. 0 and -0 are equal, and so is NaN to itself. */
  export function assertEquals<T>(actual: T, expected: T, msg?: string): void;
  /** Neither null nor undefined. */
  export function assertExists<T>(actual: T, msg?: string): asserts actual is NonNullable<T>;
  /** `expr` is falsy. */
  export function assertFalse(expr: unknown, msg?: string): asserts expr is false | 0 | "" | null | undefined;
  /** `actual > expected`. */
  export function assertGreater<T>(actual: T, expected: T, msg?: string): void;
  /** `actual >= expected`. */
  export function assertGreaterOrEqual<T>(actual: T, expected: T, msg?: string): void;
  /** An instance of a class. */
  // deno-lint-ignore no-explicit-any -- a class takes any arguments
  export function assertInstanceOf<T extends abstract new (...args: any[]) => any>(
    actual: unknown,
    expectedType: T,
    msg?: string,
  ): asserts actual is InstanceType<T>;
  /** An error of a class whose message holds a text or matches a pattern. */
  export function assertIsError<E extends Error = Error>(
    error: unknown,
    // deno-lint-ignore no-explicit-any -- a class takes any arguments
    ErrorClass?: abstract new (...args: any[]) => E,
    msgMatches?: string | RegExp,
    msg?: string,
  ): asserts error is E;
  /** `actual < expected`. */
  export function assertLess<T>(actual: T, expected: T, msg?: string): void;
  /** `actual <= expected`. */
  export function assertLessOrEqual<T>(actual: T, expected: T, msg?: string): void;
  /** A text matches a pattern. */
  export function assertMatch(actual: string, expected: RegExp, msg?: string): void;
  /** Not deeply equal. */
  export function assertNotEquals<T>(actual: T, expected: T, msg?: string): void;
  /** A text does not match a pattern. */
  export function assertNotMatch(actual: string, expected: RegExp, msg?: string): void;
  /** Not the same value by `Object.is`. */
  export function assertNotStrictEquals<T>(actual: T, expected: T, msg?: string): void;
  /** The properties named in `expected`, at any depth, are equal. */
  export function assertObjectMatch(
    // deno-lint-ignore no-explicit-any -- an object of any kind
    actual: Record<PropertyKey, any>,
    expected: Record<PropertyKey, unknown>,
    msg?: string,
  ): void;
  /** The promise that a function returns is rejected; resolves to the reason. A function that throws at once fails. */
  export function assertRejects(fn: () => PromiseLike<unknown>, msg?: string): Promise<unknown>;
  /** As above, with an error of a class whose message holds `msgIncludes`. */
  export function assertRejects<E extends Error = Error>(
    fn: () => PromiseLike<unknown>,
    // deno-lint-ignore no-explicit-any -- a class takes any arguments
    ErrorClass: abstract new (...args: any[]) => E,
    msgIncludes?: string,
    msg?: string,
  ): Promise<E>;
  /** The same value by `Object.is`. */
  export function assertStrictEquals<T>(actual: unknown, expected: T, msg?: string): asserts actual is T;
  /** A text holds another. */
  export function assertStringIncludes(actual: string, expected: string, msg?: string): void;
  /** A function throws; returns what it throws. */
  export function assertThrows(fn: () => unknown, msg?: string): unknown;
  /** As above, an error of a class whose message holds `msgIncludes`. */
  export function assertThrows<E extends Error = Error>(
    fn: () => unknown,
    // deno-lint-ignore no-explicit-any -- a class takes any arguments
    ErrorClass: abstract new (...args: any[]) => E,
    msgIncludes?: string,
    msg?: string,
  ): E;
  /** Fails. */
  export function fail(msg?: string): never;
}
