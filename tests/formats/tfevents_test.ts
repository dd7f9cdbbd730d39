/**
 * Tests of event files against published checksums and the bytes that TensorBoard 2.21 writes.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { crc32c, encodeRecord, fileBeginning, restartRecord, scalarsRecord } from "../../src/formats/mod.ts";

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

Deno.test("CRC-32C gives the values of RFC 3720's examples", () => {
  const ascending = Uint8Array.from({ length: 32 }, (_, index) => index);
  assertEquals(crc32c(new Uint8Array(32)), 0x8a9136aa);
  assertEquals(crc32c(new Uint8Array(32).fill(0xff)), 0x62a8ab43);
  assertEquals(crc32c(ascending), 0x46dd794e);
  assertEquals(crc32c(ascending.toReversed()), 0x113fdb5c);
  assertEquals(crc32c(new TextEncoder().encode("123456789")), 0xe3069283);
  assertEquals(crc32c(new Uint8Array()), 0);
});

Deno.test("a record is framed by its length and masked checksums", () => {
  assertEquals(hex(encodeRecord(new Uint8Array())), "000000000000000029039807d8ea82a2");
  assertEquals(hex(encodeRecord(new TextEncoder().encode("abc"))), "0300000000000000b099490e6162636e57f121");
});

Deno.test("events have the bytes that TensorBoard writes", () => {
  assertEquals(
    hex(fileBeginning(1.5)),
    "1800000000000000a37f4b2209000000000000f83f1a0d627261696e2e4576656e743a322a28646c",
  );
  assertEquals(
    hex(scalarsRecord({ wallTime: 1700000000.25, step: 300 }, { "loss/total": 0.1, "budget/share": -2.5 })),
    "36000000000000004f578cef0900001040fc54d94110ac022a280a110a0a6c6f73732f746f74616c15cdcccc3d" +
      "0a130a0c6275646765742f736861726515000020c064ae8499",
  );
  assertEquals(
    hex(restartRecord({ wallTime: 2, step: 5_000_000_000 })),
    "13000000000000000c91321b0900000000000000401080e497d0123a0208019df28947",
    "a step beyond 32 bits",
  );
});
