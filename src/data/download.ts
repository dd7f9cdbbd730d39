/**
 * Downloading a file that may take several attempts.
 *
 * @module
 */
import { closeSync, openSync, renameSync, rmSync, statSync, writeSync } from "node:fs";

import { InvalidInputError, SluiceError } from "../errors.ts";
import { isPlainFile } from "../formats/plain_file.ts";
import { checksumOf } from "./data_file.ts";

/** How far a download is; the total is null if the server does not say. */
export interface DownloadProgress {
  /** Bytes that are there. */
  readonly done: number;
  /** Bytes of the whole file. */
  readonly total: number | null;
}

/** The MD5 of a file as hexadecimal digits. */
export function md5Of(path: string): string {
  return checksumOf("md5", path).checksum;
}

function totalOf(response: Response, from: number): number | null {
  const length = response.headers.get("content-length");
  return length === null ? null : from + Number(length);
}

async function request(url: string, from: number): Promise<Response> {
  try {
    return await fetch(url, from > 0 ? { headers: { range: `bytes=${from}-` } } : {});
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw new SluiceError(`${url} cannot be reached (${cause}): get the file elsewhere and give --from FILE`, {
      cause: error,
    });
  }
}

/**
 * Downloads to `path`, which appears once it is whole. It continues what an earlier attempt left beside it, in `path.partial`, if the
 * server can do that.
 *
 * @param most bytes that the file may have.
 * @throws {SluiceError} if the address cannot be reached, or answers with an error; what has arrived stays for the next attempt. Also if
 * more bytes come than the file may have; nothing stays then.
 */
export async function download(
  url: string,
  path: string,
  progress: (state: DownloadProgress) => void,
  most = Infinity,
): Promise<void> {
  const partial = `${path}.partial`;
  const there = isPlainFile(partial) ? statSync(partial).size : 0;
  const response = await request(url, there);
  // 416: there is nothing after what is there.
  const isWhole = response.status === 416 && there > 0;
  if (!isWhole && !response.ok) {
    await response.body?.cancel();
    throw new SluiceError(`${url} answers ${response.status}: get the file elsewhere and give --from FILE`);
  }
  const from = response.status === 206 ? there : 0;
  if (isWhole) await response.body?.cancel();
  else await append(response, partial, from, { progress, most, url });
  renameSync(partial, path);
}

/** How a download is reported, and how far it may go. */
interface DownloadLimits {
  readonly progress: (state: DownloadProgress) => void;
  readonly most: number;
  readonly url: string;
}

async function append(
  response: Response,
  partial: string,
  from: number,
  { progress, most, url }: DownloadLimits,
): Promise<void> {
  const total = totalOf(response, from);
  let done = from;
  const file = openSync(partial, from === 0 ? "w" : "a");
  try {
    for await (const bytes of response.body ?? []) {
      if (done + bytes.length > most) {
        rmSync(partial);
        throw new SluiceError(`${url} sends more than ${most} bytes: get the file elsewhere and give --from FILE`);
      }
      for (let written = 0; written < bytes.length;) written += writeSync(file, bytes, written);
      done += bytes.length;
      progress({ done, total });
    }
  } finally {
    closeSync(file);
  }
  if (total !== null && done < total) {
    throw new SluiceError(`the connection ended after ${done} of ${total} bytes: fetch again, it goes on from there`);
  }
}

/**
 * Refuses a file whose MD5 is another than the published one.
 *
 * @throws {InvalidInputError} naming both.
 */
export function checkMd5(path: string, expected: string): void {
  const actual = md5Of(path);
  if (actual === expected) return;
  throw new InvalidInputError(`${path} is damaged: its MD5 is ${actual}, the official one ${expected}; fetch it again`);
}
