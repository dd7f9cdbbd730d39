/**
 * Brings images from disk or host memory to the device.
 *
 * @module
 */
export * from "./batch_pixels.ts";
export * from "./device_images.ts";
export * from "./evaluation_images.ts";
export * from "./file_pixels.ts";
export * from "./frames.ts";
export * from "./image_reader.ts";
export * from "./image_stores.ts";
export * from "./memory_pixels.ts";
export * from "./record_pixels.ts";
export * from "./resized_pixels.ts";
export * from "./streamed_images.ts";
export * from "./training_images.ts";
