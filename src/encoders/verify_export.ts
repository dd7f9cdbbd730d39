/**
 * Compares an exported file with the features that are stored in it.
 *
 * @module
 */
import type { Device } from "../device/mod.ts";
import type { NetworkName } from "../models/mod.ts";
import { encoderFormats, type ExportFormat, formatOf } from "./encoder_formats.ts";
import { goldenDifference, parseGolden, refuseDifference } from "./golden_image.ts";

/** The document that `sluice verify-export --json` prints. */
export interface VerifiedExport {
  /** The file. */
  readonly file: string;
  /** Its format. */
  readonly format: ExportFormat;
  /** The network in it. */
  readonly network: NetworkName;
  /** The largest difference of a feature of the golden image, on this device. */
  readonly largestDifference: number;
  /** The largest stored feature. */
  readonly largestFeature: number;
  /** The largest difference that is allowed, as a share of the largest feature. */
  readonly tolerance: number;
}

/**
 * Runs an exported network on its golden image.
 *
 * @throws {InvalidInputError} if the file is missing, damaged, or not one of sluice.
 * @throws {StorageError} if its features differ by more than the format's tolerance.
 */
export function verifyExport(device: Device, file: string): VerifiedExport {
  const format = formatOf(file);
  const { load, tolerance } = encoderFormats[format];
  using loaded = load(device, file);
  const { description, metadata } = loaded;
  const golden = parseGolden(file, metadata, description);
  const difference = goldenDifference(golden.features, loaded.encode(golden.image));
  refuseDifference(file, difference, tolerance, "copy or export the file again");
  return { file, format, network: description.network, ...difference, tolerance };
}
