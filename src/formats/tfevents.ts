/**
 * TensorBoard's event files: TFRecords, each of one `Event` of TensorFlow's `event.proto`.
 *
 * Of protobuf's wire format three kinds of field are written and none is read, so it is written here: with a library it would be no
 * shorter, and TensorFlow's schemas would have to be kept beside it.
 *
 * @see https://protobuf.dev/programming-guides/encoding/
 * @see https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/util/event.proto
 *
 * @module
 */

/** When something happened. */
export interface EventTime {
  /** Seconds since 1970. */
  readonly wallTime: number;
  /** Steps done. */
  readonly step: number;
}

/** Castagnoli's polynomial, its bits reversed. */
const POLYNOMIAL = 0x82f63b78;
/** What TFRecords add to a rotated checksum, so that checksums of data that hold checksums stay sound. */
const MASK_DELTA = 0xa282ead8;
/** The version of the format that readers ask for, in the first event of a file. */
const FILE_VERSION = "brain.Event:2";
/** `SessionLog.START`. */
const SESSION_START = 1;

const remainders = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) remainder = (remainder >>> 1) ^ (remainder & 1 ? POLYNOMIAL : 0);
  return remainder;
});

/** The CRC-32C of bytes, a whole number below 2^32. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ (remainders[(crc ^ byte) & 0xff] ?? 0);
  return ~crc >>> 0;
}

function maskedChecksum(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + MASK_DELTA) >>> 0;
}

/** Data as a TFRecord: length as uint64, its checksum, the data, their checksum, all little-endian. */
export function encodeRecord(data: Uint8Array): Uint8Array<ArrayBuffer> {
  const record = new Uint8Array(8 + 4 + data.length + 4);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, maskedChecksum(record.subarray(0, 8)), true);
  record.set(data, 12);
  view.setUint32(12 + data.length, maskedChecksum(data), true);
  return record;
}

/** A whole number from 0 in groups of seven bits, the lowest first. */
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

/** The record of an event: `wall_time`, `step`, which protobuf leaves out where it is 0, and one of what an event may be. */
function eventRecord({ wallTime, step }: EventTime, what: readonly number[]): Uint8Array<ArrayBuffer> {
  const stepField = step === 0 ? [] : numberField(2, step);
  return encodeRecord(Uint8Array.from([...doubleField(1, wallTime), ...stepField, ...what]));
}

/** What a file begins with. @param wallTime seconds since 1970. */
export function fileBeginning(wallTime: number): Uint8Array<ArrayBuffer> {
  return eventRecord({ wallTime, step: 0 }, bytesField(3, new TextEncoder().encode(FILE_VERSION)));
}

/** Says that a run goes on at a step: what earlier files tell of this step and later ones is void. */
export function restartRecord(time: EventTime): Uint8Array<ArrayBuffer> {
  return eventRecord(time, bytesField(7, numberField(1, SESSION_START)));
}

/** Scalars of one moment by tag; what stands before a tag's first slash is the group that it is shown in. */
export function scalarsRecord(
  time: EventTime,
  scalars: Readonly<Record<string, number>>,
): Uint8Array<ArrayBuffer> {
  const summary = Object.entries(scalars).flatMap(([tag, value]) => {
    return bytesField(1, [...bytesField(1, new TextEncoder().encode(tag)), ...floatField(2, value)]);
  });
  return eventRecord(time, bytesField(5, summary));
}
