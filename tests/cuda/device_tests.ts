/**
 * Lists the tests that run on every kind of device.
 *
 * @module
 */

/**
 * Tests of operations, gradients, fixtures, steps, encoders and agreement with the CPU, as paths from the repository's
 * root.
 */
export const deviceTests: readonly string[] = [
  "tests/device/pending_download_test.ts",
  "tests/data/images/file_pixels_test.ts",
  "tests/data/images/streamed_images_test.ts",
  "tests/data/loader_test.ts",
  "tests/selftest/operations_test.ts",
  "tests/selftest/fixtures_test.ts",
  "tests/training/step_test.ts",
  "tests/models/gated_resnet_test.ts",
  "tests/models/block_kinds_test.ts",
  "tests/budget/share_test.ts",
  "tests/data/torchvision_test.ts",
  "tests/cuda/agreement_test.ts",
  "tests/cuda/library_search_test.ts",
  "tests/cuda/memory_test.ts",
  "tests/cuda/order_test.ts",
  "tests/cuda/plans_test.ts",
  "tests/cuda/recorded_steps_test.ts",
  "tests/cuda/requirements_test.ts",
];

/** Tests of whole runs, which would take hours on the stand-in for a GPU. */
export const gpuTests: readonly string[] = ["tests/training/resume_test.ts"];
