/**
 * Opens pages in a headless browser.
 *
 * @module
 */
import { pathToFileURL } from "node:url";
import { type Browser, launch, type Page } from "puppeteer-core";

export type { Browser, Page } from "puppeteer-core";

/** Starts a browser, which the caller closes. @param path path of Chromium, from `findChromium`. */
export async function startBrowser(path: string): Promise<Browser> {
  // Chromium's sandbox does not work as root, and the pages are our own. A pipe needs no network port.
  const args = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--force-color-profile=srgb"];
  return await launch({ executablePath: path, headless: true, pipe: true, args });
}

/** Size of the window in pixels, and the system's theme. */
export interface View {
  readonly width: number;
  readonly height: number;
  readonly theme: "light" | "dark";
}

/** An open page, with its errors and requests. */
export interface OpenPage {
  readonly page: Page;
  /** Errors and warnings of the console, and exceptions. */
  readonly complaints: string[];
  /** Requested addresses, except the page's own and `data:` addresses. */
  readonly requests: string[];
}

/** Opens a file in a new tab. */
export async function openPage(browser: Browser, file: string, { theme, ...viewport }: View): Promise<OpenPage> {
  const page = await browser.newPage();
  const address = pathToFileURL(file).href;
  const [complaints, requests]: [string[], string[]] = [[], []];
  page.on("console", (message) => {
    if (["error", "warn"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => {
    if (request.url() !== address && !request.url().startsWith("data:")) requests.push(request.url());
  });
  await page.setViewport(viewport);
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: theme }]);
  await page.goto(address, { waitUntil: "load" });
  return { page, complaints, requests };
}
