/**
 * What every format of exported networks loads into.
 *
 * @module
 */
import type { EncoderDescription } from "./encoder_description.ts";
import type { Encode } from "./golden_image.ts";

/** An exported network that is ready to encode images. */
export interface LoadedFile extends Disposable {
  /** What the file says of its encoder. */
  readonly description: EncoderDescription;
  /** All metadata of the file. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Encodes an image. */
  readonly encode: Encode;
}
