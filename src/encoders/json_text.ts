/**
 * Reads values of a file's metadata, which are texts.
 *
 * @module
 */
import { z } from "zod";

/** JSON in a text, parsed by the given schema. */
export function parsed<T>(schema: z.ZodType<T>): z.ZodType<T> {
  return z.string().transform((text, context): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      context.addIssue({ code: "custom", message: "is not JSON" });
      return z.NEVER;
    }
  }).pipe(schema);
}
