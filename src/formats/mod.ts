/**
 * Reads and writes file formats. Nothing here knows about models.
 *
 * @module
 */

export * from "./file_lock.ts";
export * from "./file_name.ts";
export * from "./format_error.ts";
export * from "./host_tensor.ts";
export * from "./json_lines.ts";
export * from "./json_object.ts";
export * from "./leftovers.ts";
export * from "./npy.ts";
export * from "./onnx/mod.ts";
export * from "./plain_file.ts";
export * from "./png.ts";
export * from "./png_text.ts";
export * from "./safetensors.ts";
export * from "./safetensors_file.ts";
export * from "./system_errors.ts";
export * from "./text_file.ts";
export * from "./text_lines.ts";
export * from "./tfevents.ts";
export * from "./whole_folder.ts";
export * from "./write_file.ts";
export * from "./yaml_file.ts";
