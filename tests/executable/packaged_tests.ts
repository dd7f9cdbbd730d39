/**
 * The tests of the command line that also run against the single-file executable.
 *
 * Packaging changes how the program starts itself and its workers, which modules and files it finds, and what it may do. The
 * other tests of the command line are of code that is the same in the executable.
 *
 * @module
 */

/** Paths from the root of the checkout. */
export const packagedTests: readonly string[] = [
  // Every command's module is loaded.
  "tests/cli/help_test.ts",
  // Shells start the program for completions.
  "tests/cli/completions_test.ts",
  // The libraries, and how the program finds them.
  "tests/cli/doctor_test.ts",
  // The permissions of a download.
  "tests/cli/data_test.ts",
  // The worker that writes checkpoints, signals, standard output.
  "tests/cli/run_test.ts",
  "tests/cli/resume_test.ts",
  "tests/cli/usage_test.ts",
  // Files that the program makes of parts that it carries.
  "tests/cli/export_test.ts",
  "tests/cli/embed_test.ts",
  "tests/cli/report_test.ts",
  // A page that the program carries.
  "tests/cli/help_topics_test.ts",
  // The program starts itself, and names itself in scripts.
  "tests/cli/sweep_test.ts",
  "tests/cli/sweep_emit_test.ts",
];
