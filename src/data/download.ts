/**
 * Downloads a file, and continues an interrupted download.
 *
 * @module
 */
import { closeSync, openSync, renameSync, rmSync, statSync, writeSync } from "node:fs";

import { InvalidInputError, SluiceError } from "../errors.ts";
import { isPlainFile } from "../formats/plain_file.ts";
import { checksumOf } from "./data_file.ts";

/** The progress of a download. */
export interface DownloadProgress {
  /** Bytes downloaded so far. */
  readonly done: number;
  /** Bytes of the whole file; null if the server does not say. */
  readonly total: number | null;
}

/** Computes the MD5 of a file, as hexadecimal digits. */
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
    throw new SluiceError(
      `${url} cannot be reached (${cause}): download the file by other means and give --from FILE`,
      { cause: error },
    );
  }
}

/**
 * Downloads to `path`, which appears only when the download is complete. An interrupted download stays in
 * `path.partial`, and the next attempt continues it if the server can.
 *
 * @param most largest size of the file in bytes.
 * @throws {SluiceError} if the server cannot be reached or answers with an error; the part that has arrived stays for
 * the next attempt. Also if the file is larger than `most`; the part is then removed.
 */
export async function download(
  url: string,
  path: string,
  progress: (state: DownloadProgress) => void,
  most = Infinity,
): Promise<void> {
  const partial = `${path}.partial`;
  const present = isPlainFile(partial) ? statSync(partial).size : 0;
  const response = await request(url, present);
  // 416 Range Not Satisfiable: the partial file is already complete.
  const isWhole = response.status === 416 && present > 0;
  if (!isWhole && !response.ok) {
    await response.body?.cancel();
    throw new SluiceError(
      `${url} answers with status ${response.status}: download the file by other means and give --from FILE`,
    );
  }
  const from = response.status === 206 ? present : 0;
  if (isWhole) await response.body?.cancel();
  else await append(response, partial, from, { progress, most, url });
  renameSync(partial, path);
}

/** The limit of a download, and how to report its progress. */
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
        throw new SluiceError(
          `${url} sends more than ${most} bytes: download the file by other means and give --from FILE`,
        );
      }
      for (let written = 0; written < bytes.length;) written += writeSync(file, bytes, written);
      done += bytes.length;
      progress({ done, total });
    }
  } finally {
    closeSync(file);
  }
  if (total !== null && done < total) {
    throw new SluiceError(`the connection ended after ${done} of ${total} bytes: fetch again to continue`);
  }
}

/**
 * Checks a file against its published MD5.
 *
 * @throws {InvalidInputError} if they differ. The message names both.
 */
export function checkMd5(path: string, expected: string): void {
  const actual = md5Of(path);
  if (actual === expected) return;
  throw new InvalidInputError(
    `${path} is damaged: its MD5 is ${actual}, the official MD5 is ${expected}; fetch it again`,
  );
}
