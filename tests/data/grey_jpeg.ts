/**
 * Writes large JPEG files quickly: every block has the same shade of grey.
 *
 * @module
 */
import { dirname } from "@std/path";
import { mkdirSync, writeFileSync } from "node:fs";

/** A marker segment: code, length and bytes. */
function segment(code: number, bytes: readonly number[]): number[] {
  const length = bytes.length + 2;
  return [0xff, code, length >> 8, length & 255, ...bytes];
}

/** A Huffman table with the codes `0` for the symbol 0 and `10` for another symbol. */
function huffmanTable(id: number, other: number): number[] {
  return segment(0xc4, [id, 1, 1, ...new Array<number>(14).fill(0), 0, other]);
}

/**
 * Writes a baseline JPEG file with one component. The mean of the first block is coded in 7 bits. Every other block
 * has the difference 0, which takes two zero bits with the end of the block.
 *
 * @param grey the shade; shades near the middle become 96 or 160.
 */
export function writeGreyJpeg(path: string, height: number, width: number, grey: number): void {
  const blocks = Math.ceil(height / 8) * Math.ceil(width / 8);
  // With a quantisation step of 4, a step of the mean is half a shade. 7 bits code 64 to 127 as such, and -127 to -64
  // as 0 to 63.
  const difference = 2 * (grey - 128);
  const value = difference > 0
    ? Math.max(64, Math.min(127, difference))
    : 127 - Math.max(64, Math.min(127, -difference));
  const first = (0b10 << 7 | value) << 1;
  const scan = new Uint8Array(Math.ceil((10 + 2 * (blocks - 1)) / 8));
  scan[0] = first >> 2;
  scan[1] = (first & 3) << 6;
  const header = [
    ...[0xff, 0xd8],
    ...segment(0xdb, [0, ...new Array<number>(64).fill(4)]),
    ...segment(0xc0, [8, height >> 8, height & 255, width >> 8, width & 255, 1, 1, 0x11, 0]),
    ...huffmanTable(0x00, 7),
    ...huffmanTable(0x10, 1),
    ...segment(0xda, [1, 1, 0x00, 0, 63, 0]),
  ];
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, Uint8Array.from([...header, ...scan, 0xff, 0xd9]));
}
