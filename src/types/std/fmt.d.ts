// Types of what sluice uses of @std/fmt: npm's package has none. Delete this file when the package comes from JSR.

declare module "@std/fmt/colors" {
  /** A text in bold type. */
  export function bold(str: string): string;
  /** A text in green. */
  export function green(str: string): string;
  /** A text in red. */
  export function red(str: string): string;
}
