/**
 * The typed errors that cross layers: sluice throws every exception of its own as one of these.
 *
 * @module
 */

/** Base of all errors of sluice. Its message is one line for people. */
export class SluiceError extends Error {
  /** Takes the name of the error's class, which Deno prints before the message. */
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/**
 * The request is wrong: a value is out of range, or an input is missing or damaged. Thrown before any work starts. The
 * message names the thing, its value and the remedy; the command line exits with status 2.
 */
export class InvalidInputError extends SluiceError {}

/** The value of an option of a run is wrong: by itself, next to other options, or for the images. */
export class InvalidOptionError extends InvalidInputError {
  /** Takes the camelCase name of the option, and a line that names its value and the remedy. */
  constructor(readonly option: string, message: string) {
    super(message);
  }
}

/** Shapes, dtypes or counts do not fit an operation: a mistake in the calling program. */
export class ShapeError extends SluiceError {}

/**
 * An object cannot do what was asked in its present state, or as it was built: a freed tensor is read, an optimiser
 * steps without gradients. A mistake in the calling program.
 */
export class MisuseError extends SluiceError {}

/** Training diverged: a loss is not finite. */
export class DivergenceError extends SluiceError {}

/** Training collapsed: the features of all images are alike. */
export class CollapseError extends SluiceError {}

/** An image file turned out to be damaged during use, and the settings do not allow training to go on without it. */
export class DamagedImageError extends SluiceError {
  /** Takes the file's path, what is wrong with the file, and the remedy. */
  constructor(readonly path: string, readonly reason: string, remedy: string) {
    super(`${path}: ${reason}; ${remedy}`);
  }
}

/** The remedy if the limit of open files is reached. */
export const OPEN_FILES_REMEDY = "allow more (ulimit -n 4096), or give fewer --workers";

/** The process or the whole machine has reached its limit of open files. The file itself may be sound. */
export class TooManyOpenFilesError extends SluiceError {
  /** Takes the path of the file or folder that could not be opened. */
  constructor(path: string, options?: ErrorOptions) {
    super(`${path} cannot be opened: as many files are open as are allowed; ${OPEN_FILES_REMEDY}`, options);
  }
}

/** A native call failed; the message is the library's own sentence. */
export class NativeError extends SluiceError {
  /** Takes the name of the exported function that failed, such as `sl_conv_forward`, and the library's sentence. */
  constructor(readonly operation: string, message: string, options?: ErrorOptions) {
    super(message, options);
  }
}

/** The device has too little free memory for a request. */
export class OutOfMemoryError extends NativeError {}

/** The device or its library lacks a feature, for example bf16 on a processor without AVX-512. */
export class UnsupportedError extends NativeError {}

/** The native library or the device itself is missing; the message says how to get it. Exit status 2. */
export class DeviceUnavailableError extends SluiceError {}

/** A file cannot be written: no room, no permission, a failing disk. The previous contents stay. */
export class StorageError extends SluiceError {}

/** Another process removed or replaced a folder that this process works in. Nothing more is written there. */
export class LostFolderError extends StorageError {}

/** A cluster's scheduler is missing, does not answer, or refuses; the message holds its own words. */
export class ClusterError extends SluiceError {}
