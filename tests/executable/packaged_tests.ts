/**
 * The tests of the command line that also run against the single-file executable.
 *
 * Packaging changes how the program starts itself and its workers, which modules and files it finds, and its
 * permissions. The other tests of the command line test code that is the same in the executable.
 *
 * @module
 */

/** Paths relative to the root of the checkout. */
export const packagedTests: readonly string[] = [
  // Loads the module of every command.
  "tests/cli/help_test.ts",
  // Shells start the program to complete words.
  "tests/cli/completions_test.ts",
  // Finds the native libraries.
  "tests/cli/doctor_test.ts",
  // Needs the permissions of a download.
  "tests/cli/data_test.ts",
  // Use the worker that writes checkpoints, signals and standard output.
  "tests/cli/run_test.ts",
  "tests/cli/resume_test.ts",
  "tests/cli/usage_test.ts",
  // Write files from parts embedded in the program.
  "tests/cli/export_test.ts",
  "tests/cli/embed_test.ts",
  "tests/cli/report_test.ts",
  // A page that the program carries.
  "tests/cli/help_topics_test.ts",
  // Start the program itself, and write scripts that name it.
  "tests/cli/sweep_test.ts",
  "tests/cli/sweep_emit_test.ts",
];
