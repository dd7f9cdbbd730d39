/**
 * The typed errors that cross layers: every exception that sluice throws on purpose is one of these.
 *
 * @module
 */

/** Base of all errors that sluice throws: its message is one line fit for people. */
export class SluiceError extends Error {
  /** The error's kind. */
  override name = "SluiceError";
}

/**
 * The request was wrong (a value out of range, missing or damaged input), found before any work started. The message
 * names the thing, the value and the remedy; the command line ends with exit status 2.
 */
export class InvalidInputError extends SluiceError {
  /** The error's kind. */
  override name = "InvalidInputError";
}

/** The value of one of a run's options is wrong, by itself, beside the others or for the images. */
export class InvalidOptionError extends InvalidInputError {
  /** The error's kind. */
  override name = "InvalidOptionError";

  /** Made with the camelCase name of the option, and one line that names its value and the remedy. */
  constructor(readonly option: string, message: string) {
    super(message);
  }
}

/** Shapes, dtypes or lifetimes do not fit an operation: a mistake in the calling program. */
export class ShapeError extends SluiceError {
  /** The error's kind. */
  override name = "ShapeError";
}

/** Training left the numbers: a loss is not finite. */
export class DivergenceError extends SluiceError {
  /** The error's kind. */
  override name = "DivergenceError";
}

/** Training lost what it is for: features are alike for all images. */
export class CollapseError extends SluiceError {
  /** The error's kind. */
  override name = "CollapseError";
}

/** An image file turned out to be damaged while it was used, and that is an error. */
export class DamagedImageError extends SluiceError {
  /** The error's kind. */
  override name = "DamagedImageError";

  /** Names the file, what is wrong with it, and the remedy that applies. */
  constructor(readonly path: string, readonly reason: string, remedy: string) {
    super(`${path}: ${reason}; ${remedy}`);
  }
}

/** What to do if no further file can be opened. */
export const OPEN_FILES_REMEDY = "allow more (ulimit -n 4096), or give fewer --workers";

/** The process, or the whole machine, has as many files open as it may. The files are not at fault. */
export class TooManyOpenFilesError extends SluiceError {
  /** The error's kind. */
  override name = "TooManyOpenFilesError";

  /** Made with the path of the file or folder that could not be opened. */
  constructor(path: string, options?: ErrorOptions) {
    super(`${path} cannot be opened: as many files are open as are allowed; ${OPEN_FILES_REMEDY}`, options);
  }
}

/** A native call failed; the message holds the library's own sentence. */
export class NativeError extends SluiceError {
  /** The error's kind. */
  override name = "NativeError";
  /** The exported function that failed, `sl_conv_forward` for one. */
  readonly operation: string;

  /** Made by `src/device` from a status and the library's sentence. */
  constructor(operation: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.operation = operation;
  }
}

/** The device has no memory left for a request. */
export class OutOfMemoryError extends NativeError {
  /** The error's kind. */
  override name = "OutOfMemoryError";
}

/** The device or its library cannot do what was asked (bf16 on a processor without it, say). */
export class UnsupportedError extends NativeError {
  /** The error's kind. */
  override name = "UnsupportedError";
}

/** The native library or the device itself is missing; the message says how to get it. Exit status 2. */
export class DeviceUnavailableError extends SluiceError {
  /** The error's kind. */
  override name = "DeviceUnavailableError";
}

/** A file cannot be written: no room, no permission, a failing disk. What was there before stays. */
export class StorageError extends SluiceError {
  /** The error's kind. */
  override name = "StorageError";
}

/** A folder that this process works in was removed or replaced by another: nothing more is written there. */
export class LostFolderError extends StorageError {
  /** The error's kind. */
  override name = "LostFolderError";
}

/** A cluster's scheduler is not there, does not answer, or refuses; the message holds its own words. */
export class ClusterError extends SluiceError {
  /** The error's kind. */
  override name = "ClusterError";
}
