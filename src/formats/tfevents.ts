/**
 * Writes TensorBoard's event files: TFRecords that each hold an `Event` of TensorFlow's `event.proto`.
 *
 * Encodes protobuf's wire format by hand, since only three kinds of field are written and none is read. A library
 * would not be shorter and would need TensorFlow's schemas.
 *
 * @see https://protobuf.dev/programming-guides/encoding/
 * @see https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/util/event.proto
 *
 * @module
 */

/** The time of an event. */
export interface EventTime {
  /** Seconds since 1970. */
  readonly wallTime: number;
  /** The number of steps done. */
  readonly step: number;
}

/** Castagnoli's polynomial (CRC-32C), bits reversed. */
const POLYNOMIAL = 0x82f63b78;
/** TFRecord adds this to the rotated checksum, since a CRC of data that contain their own CRC is weak. */
const MASK_DELTA = 0xa282ead8;
/** The format version that readers expect in the first event of a file. */
const FILE_VERSION = "brain.Event:2";
/** `SessionLog.START`. */
const SESSION_START = 1;

const remainders = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) remainder = (remainder >>> 1) ^ (remainder & 1 ? POLYNOMIAL : 0);
  return remainder;
});

/** The CRC-32C checksum of bytes, a whole number below 2^32. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ (remainders[(crc ^ byte) & 0xff] ?? 0);
  return ~crc >>> 0;
}

function maskedChecksum(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + MASK_DELTA) >>> 0;
}

/**
 * Encodes data as a TFRecord: length as uint64, checksum of the length, data, checksum of the data, all
 * little-endian.
 */
export function encodeRecord(data: Uint8Array): Uint8Array<ArrayBuffer> {
  const record = new Uint8Array(8 + 4 + data.length + 4);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, maskedChecksum(record.subarray(0, 8)), true);
  record.set(data, 12);
  view.setUint32(12 + data.length, maskedChecksum(data), true);
  return record;
}

/** Encodes a non-negative whole number in groups of seven bits, the lowest first. */
function varint(value: number): number[] {
  const groups: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) groups.push(rest % 0x80 | 0x80);
  return [...groups, rest];
}

function numberField(field: number, value: number): number[] {
  return [field << 3, ...varint(value)];
}

function bytesField(field: number, bytes: ArrayLike<number>): number[] {
  return [field << 3 | 2, ...varint(bytes.length), ...Array.from(bytes)];
}

function doubleField(field: number, value: number): number[] {
  return [field << 3 | 1, ...new Uint8Array(Float64Array.of(value).buffer)];
}

function floatField(field: number, value: number): number[] {
  return [field << 3 | 5, ...new Uint8Array(Float32Array.of(value).buffer)];
}

/** The record of an event: `wall_time`, `step` (protobuf omits it if it is 0), and the event's content. */
function eventRecord({ wallTime, step }: EventTime, content: readonly number[]): Uint8Array<ArrayBuffer> {
  const stepField = step === 0 ? [] : numberField(2, step);
  return encodeRecord(Uint8Array.from([...doubleField(1, wallTime), ...stepField, ...content]));
}

/** The first record of a file. @param wallTime seconds since 1970. */
export function fileBeginning(wallTime: number): Uint8Array<ArrayBuffer> {
  return eventRecord({ wallTime, step: 0 }, bytesField(3, new TextEncoder().encode(FILE_VERSION)));
}

/** Marks that a run resumes at a step: readers drop what earlier files say about this step and later ones. */
export function restartRecord(time: EventTime): Uint8Array<ArrayBuffer> {
  return eventRecord(time, bytesField(7, numberField(1, SESSION_START)));
}

/** The record of a step's scalars by tag. The part of a tag before its first slash is its group in TensorBoard. */
export function scalarsRecord(
  time: EventTime,
  scalars: Readonly<Record<string, number>>,
): Uint8Array<ArrayBuffer> {
  const summary = Object.entries(scalars).flatMap(([tag, value]) => {
    return bytesField(1, [...bytesField(1, new TextEncoder().encode(tag)), ...floatField(2, value)]);
  });
  return eventRecord(time, bytesField(5, summary));
}
