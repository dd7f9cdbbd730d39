/**
 * The tests that run on every kind of device.
 *
 * @module
 */

/** Operations and gradients, PyTorch's steps, its fixtures and torchvision's, encoders, agreement with the CPU; paths from the root. */
export const deviceTests: readonly string[] = [
  "tests/device/pending_download_test.ts",
  "tests/data/images/file_pixels_test.ts",
  "tests/data/images/streamed_images_test.ts",
  "tests/data/loader_test.ts",
  "tests/selftest/operations_test.ts",
  "tests/selftest/fixtures_test.ts",
  "tests/training/step_test.ts",
  "tests/models/gated_resnet_test.ts",
  "tests/models/bottleneck_test.ts",
  "tests/budget/share_test.ts",
  "tests/data/torchvision_test.ts",
  "tests/cuda/agreement_test.ts",
  "tests/cuda/memory_test.ts",
  "tests/cuda/order_test.ts",
  "tests/cuda/plans_test.ts",
  "tests/cuda/requirements_test.ts",
];

/** Whole runs: what stands in for a GPU would take hours for them. */
export const gpuTests: readonly string[] = ["tests/training/resume_test.ts"];
