// Tests of downloading, from a local server.
import {
  assert,
  assertEquals,
  assertGreater,
  assertIsError,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { createHash } from "node:crypto";
import { checkMd5, download, type DownloadProgress } from "../../src/data/mod.ts";
import { InvalidInputError, SluiceError } from "../../src/errors.ts";

const content = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 31 + (i >> 9)) % 256);

function assertWhole(path: string): void {
  const got = Deno.readFileSync(path);
  assertEquals(got.length, content.length);
  assert(got.every((byte, i) => byte === content[i]));
}

/** Serves the content, or the response of `answer`. */
async function withServer(
  answer: (request: Request) => Response,
  check: (url: string, path: string) => Promise<void>,
): Promise<void> {
  const stop = new AbortController();
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, signal: stop.signal, onListen: () => {} }, answer);
  const folder = Deno.makeTempDirSync();
  try {
    await check(`http://127.0.0.1:${server.addr.port}/file`, `${folder}/file`);
  } finally {
    // Not `shutdown`: it waits for connections that the client keeps open.
    stop.abort();
    await server.finished;
    Deno.removeSync(folder, { recursive: true });
  }
}

/** Answers range requests. */
function ranged(request: Request): Response {
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.get("range") ?? "")?.[1] ?? 0);
  if (from >= content.length) return new Response(null, { status: 416 });
  const rest = content.slice(from);
  return new Response(rest, { status: from > 0 ? 206 : 200, headers: { "content-length": String(rest.length) } });
}

Deno.test("a download appears when it is complete, and reports its progress", async () => {
  await withServer(ranged, async (url, path) => {
    const seen: DownloadProgress[] = [];
    await download(url, path, (state) => seen.push(state));
    assertWhole(path);
    assertEquals(seen.at(-1), { done: content.length, total: content.length });
    assertThrows(() => Deno.statSync(`${path}.partial`), Deno.errors.NotFound);
  });
});

Deno.test("a download continues a partial file, and starts again if the server cannot continue", async () => {
  await withServer(ranged, async (url, path) => {
    Deno.writeFileSync(`${path}.partial`, content.subarray(0, 123_456));
    const seen: number[] = [];
    await download(url, path, ({ done }) => seen.push(done));
    assertGreater(seen[0] ?? 0, 123_456);
    assertWhole(path);
  });
  await withServer(() => new Response(content), async (url, path) => {
    Deno.writeFileSync(`${path}.partial`, Uint8Array.of(9, 9, 9));
    await download(url, path, () => {});
    assertWhole(path);
  });
});

Deno.test("a partial file that is already complete is used", async () => {
  await withServer(ranged, async (url, path) => {
    Deno.writeFileSync(`${path}.partial`, content);
    await download(url, path, () => {});
    assertWhole(path);
  });
});

Deno.test("a download of more bytes than allowed is stopped and leaves nothing", async () => {
  let cancelled = false;
  const endless = () =>
    new Response(
      new ReadableStream({
        pull: (sink) => sink.enqueue(content.slice()),
        cancel: () => {
          cancelled = true;
        },
      }),
    );
  await withServer(endless, async (url, path) => {
    assertIsError(
      await assertRejects(() => download(url, path, () => {}, 1_000_000)),
      SluiceError,
      /file sends more than 1000000 bytes: download the file by other means and give --from FILE$/,
    );
    for (const left of [path, `${path}.partial`]) assertThrows(() => Deno.statSync(left), Deno.errors.NotFound);
  });
  assert(cancelled);
  await withServer(ranged, async (url, path) => {
    await download(url, path, () => {}, content.length);
    assertWhole(path);
  });
});

Deno.test("an error of the server and an unreachable server are reported with the address and the remedy", async () => {
  await withServer(() => new Response("gone", { status: 404 }), async (url, path) => {
    assertIsError(
      await assertRejects(() => download(url, path, () => {})),
      SluiceError,
      /file answers with status 404: download the file by other means and give --from FILE$/,
    );
    assertThrows(() => Deno.statSync(path), Deno.errors.NotFound);
  });
  assertIsError(
    await assertRejects(() => download("http://127.0.0.1:1/file", "/nowhere/file", () => {})),
    Error,
    /cannot be reached .*--from FILE$/,
  );
});

Deno.test("a file whose MD5 is not the published one is refused with both", () => {
  const path = Deno.makeTempFileSync();
  try {
    Deno.writeFileSync(path, content);
    const md5 = createHash("md5").update(content).digest("hex");
    checkMd5(path, md5);
    const error = assertThrows(() => checkMd5(path, "0".repeat(32)), InvalidInputError);
    assertStringIncludes(error.message, md5);
    assertStringIncludes(error.message, "0".repeat(32));
  } finally {
    Deno.removeSync(path);
  }
});
