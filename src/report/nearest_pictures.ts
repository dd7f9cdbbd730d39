/**
 * Builds the figures that show images beside the images that a network finds nearest.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { type Markup, markup } from "./markup.ts";
import type { NetworkPicture, ReportData } from "./report_data.ts";

/** Where a PNG file has its width and height: after the signature, and the length and type of the first chunk. */
const [WIDTH_AT, HEIGHT_AT] = [16, 20];

function describeRow([query = "", ...neighbours]: readonly string[]): string {
  return `${query}: ${neighbours.join(", ")}`;
}

/** A picture with its caption, and the names of its images. @param id unique in the page. */
function figureOf({ network, png, rows }: NetworkPicture, id: string): Markup {
  const bytes = Buffer.from(png.buffer, png.byteOffset, png.byteLength);
  const size = markup`width="${bytes.readUInt32BE(WIDTH_AT)}" height="${bytes.readUInt32BE(HEIGHT_AT)}"`;
  const neighbours = Math.max(0, (rows[0]?.length ?? 0) - 1);
  const alt = `${rows.length} images in the first column, and beside each the ${neighbours} images that the ` +
    `${network} network finds nearest. The names of all are listed below.`;
  return markup`
    <figure id="${id}">
      <p>${network}</p>
      <img ${size} alt="${alt}" src="data:image/png;base64,${bytes.toString("base64")}">
      <details>
        <summary>Names of the images, ${network} network</summary>
        <ul>${rows.map((row) => markup`<li>${describeRow(row)}</li>`)}</ul>
      </details>
    </figure>`;
}

/** The pictures of an evaluation beside each other; null if there are none. @param id unique in the page. */
export function nearestPictures(pictures: readonly NetworkPicture[], id: string): Markup | null {
  if (pictures.length === 0) return null;
  return markup`
  <div class="pictures">${pictures.map((picture) => figureOf(picture, `${id}-${picture.network}`))}
  </div>`;
}

/** How to read the pictures. */
export const nearestNote =
  "Each row begins with an image, and beside it are the images whose features are nearest to " +
  "its own by cosine, the nearest first: training images beside test images, or other training images if there is no " +
  "test set.";

/** Builds the section of a run's own images; null without pictures. */
export function nearestSection({ runs }: ReportData): Markup | null {
  const pictures = runs.length === 1 ? nearestPictures(runs[0]?.pictures ?? [], "nearest") : null;
  if (pictures === null) return null;
  return markup`
  <section aria-labelledby="nearest-title">
    <h2 id="nearest-title">Nearest images</h2>
    <p>${nearestNote}</p>${pictures}
  </section>`;
}
