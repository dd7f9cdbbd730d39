/**
 * Opens pages in a headless browser, for tests and for pictures to look at.
 *
 * @module
 */
import { pathToFileURL } from "node:url";
import { type Browser, launch, type Page } from "puppeteer-core";

export type { Browser, Page } from "puppeteer-core";

/** Starts a browser; closing it is the caller's. @param path as of `findChromium`. */
export async function startBrowser(path: string): Promise<Browser> {
  // Without a sandbox, as root cannot have one; the pages are our own. A pipe needs no port.
  const args = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--force-color-profile=srgb"];
  return await launch({ executablePath: path, headless: true, pipe: true, args });
}

/** How a page is shown. */
export interface View {
  readonly width: number;
  readonly height: number;
  readonly theme: "light" | "dark";
}

/** What a page complained of: its console, its exceptions, and everything it asked for. */
export interface OpenPage {
  readonly page: Page;
  /** Errors and warnings of the console, and exceptions. */
  readonly complaints: string[];
  /** Addresses asked for besides the page itself, but for those that hold their data. */
  readonly requests: string[];
}

/** Opens a file as people do. */
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
