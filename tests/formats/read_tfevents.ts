/**
 * Reads event files back, for tests: framing, checksums, and the fields that sluice writes.
 *
 * @module
 */
import { assertEquals, fail } from "@std/assert";
import { readFileSync } from "node:fs";
import { encodeRecord } from "../../src/formats/mod.ts";

/** An event that was read back. */
export interface ReadEvent {
  readonly wallTime: number;
  readonly step: number;
  readonly fileVersion: string | null;
  readonly isRestart: boolean;
  /** By tag, rounded to float32. */
  readonly scalars: ReadonlyMap<string, number>;
}

type Field = { readonly number: number; readonly value: number; readonly bytes: Uint8Array };

/** The fields of a protobuf message, in order: a number as `value`, anything else as `bytes`. */
function fieldsOf(message: Uint8Array): Field[] {
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let scale = 1;; scale *= 0x80) {
      const byte = message[at++] ?? fail("a number ends early");
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  };
  const fields: Field[] = [];
  while (at < message.length) {
    const key = varint();
    const kind = key & 7;
    const value = kind === 0 || kind === 2 ? varint() : 0;
    const length = { 0: 0, 1: 8, 2: value, 5: 4 }[kind] ?? fail(`a field of kind ${kind}`);
    fields.push({ number: key >> 3, value, bytes: message.slice(at, at += length) });
  }
  assertEquals(at, message.length);
  return fields;
}

function field(fields: readonly Field[], number: number): Field | undefined {
  return fields.find((one) => one.number === number);
}

function eventOf(data: Uint8Array): ReadEvent {
  const fields = fieldsOf(data);
  const text = (bytes: Uint8Array | undefined) => bytes && new TextDecoder().decode(bytes);
  const scalars = fieldsOf(field(fields, 5)?.bytes ?? new Uint8Array()).map(({ bytes }): [string, number] => {
    const value = fieldsOf(bytes);
    const [tag, number] = [field(value, 1)?.bytes, field(value, 2)?.bytes ?? fail("a value is missing")];
    return [text(tag) ?? "", new DataView(number.buffer).getFloat32(0, true)];
  });
  const session = field(fields, 7);
  return {
    wallTime: new DataView(field(fields, 1)?.bytes.buffer ?? fail("no time")).getFloat64(0, true),
    step: field(fields, 2)?.value ?? 0,
    fileVersion: text(field(fields, 3)?.bytes) ?? null,
    isRestart: session !== undefined && field(fieldsOf(session.bytes), 1)?.value === 1,
    scalars: new Map(scalars),
  };
}

/** The events of a file. All records must be valid; an incomplete last record, as a crash leaves it, is ignored. */
export function readEvents(path: string): ReadEvent[] {
  const bytes = new Uint8Array(readFileSync(path));
  const events: ReadEvent[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = Number(new DataView(bytes.buffer, at).getBigUint64(0, true));
    if (at + length + 16 > bytes.length) break;
    const data = bytes.subarray(at + 12, at + 12 + length);
    assertEquals(bytes.subarray(at, at + length + 16), encodeRecord(data));
    events.push(eventOf(data));
    at += length + 16;
  }
  return events;
}
