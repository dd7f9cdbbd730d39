/**
 * Tests of the page in a browser: no errors, no requests, all figures visible, a sortable table, and no serious fault
 * by axe.
 *
 * @module
 */
import { assertEquals, assertGreater, assertMatch, assertNotMatch, assertStrictEquals } from "@std/assert";
import { join } from "@std/path";
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { figureFiles, type ReportData, reportOfRun, reportOfSweep, reportPage } from "../../src/report/mod.ts";
import { RunFolder } from "../../src/run/run_folder.ts";
import { type Browser, openPage, type Page, startBrowser, type View } from "./browser.ts";
import { findChromium } from "./chromium.ts";
import { judgedSweep } from "./judged_sweep.ts";
import { judgeElsewhere } from "./judged_elsewhere.ts";
import { makeRun, makeSweep } from "./synthetic_runs.ts";

const desk: View = { width: 1200, height: 900, theme: "light" };
const phone: View = { width: 375, height: 800, theme: "dark" };
const chromium = await findChromium();
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** A test with a browser and a temporary folder, ignored without a browser. */
function browserTest(name: string, test: (browser: Browser, folder: string) => Promise<void>): void {
  const fn = async () => {
    const folder = Deno.makeTempDirSync();
    const browser = await startBrowser(chromium ?? "");
    try {
      await test(browser, folder);
    } finally {
      await browser.close();
      Deno.removeSync(folder, { recursive: true });
    }
  };
  Deno.test({ name, ignore: chromium === null, fn });
}

function writePage(folder: string, data: ReportData): string {
  const path = join(folder, "page.html");
  Deno.writeTextFileSync(path, reportPage(data));
  return path;
}

/** The serious and critical faults that axe finds, one line each. */
async function faultsOf(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  return await page.evaluate(`axe.run().then(({ violations }) => violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => id + ": " + nodes.map(({ html }) => html.slice(0, 120)).join(" | ")))`) as string[];
}

/** The number of visible charts by figure. */
async function chartsSeen(page: Page): Promise<Record<string, number>> {
  return await page.evaluate(`Object.fromEntries([...document.querySelectorAll("figure")].map((figure) => [figure.id,
    [...figure.querySelectorAll("svg.chart")].filter((chart) => chart.getBoundingClientRect().width > 100).length]))`) as Record<
    string,
    number
  >;
}

/** Texts that reach beyond their image by more than 2 pixels, which rounding of fonts can explain. */
async function clippedTexts(page: Page, images: string): Promise<string[]> {
  return await page.evaluate(`[...document.querySelectorAll("${images}")].flatMap((image) => {
    const box = image.getBoundingClientRect();
    return [...image.querySelectorAll("text")].filter((text) => {
      const { left, right, top, bottom } = text.getBoundingClientRect();
      return left < box.left - 2 || right > box.right + 2 || top < box.top - 2 || bottom > box.bottom + 2;
    }).map((text) => text.textContent);
  })`) as string[];
}

/** The texts of a table's column from top to bottom. */
async function column(page: Page, heading: string): Promise<string[]> {
  return await page.evaluate(`(() => {
    const index = [...document.querySelectorAll("th")].findIndex((cell) => cell.textContent === ${
    JSON.stringify(heading)
  });
    return [...document.querySelectorAll("tbody tr")].map((row) => row.cells[index].textContent);
  })()`) as string[];
}

browserTest(
  "the page of a sweep is complete and without faults in both themes, on a wide screen and on a phone",
  async (browser, folder) => {
    const data = makeSweep(folder, { budgets: [0.1, 0.3, 0.5], modes: ["dual", "gated", "vanilla"], seeds: 2 });
    const path = writePage(folder, data);
    for (const view of [desk, phone]) {
      const { page, complaints, requests } = await openPage(browser, path, view);
      // 3 dual and 3 gated configurations have channels, and all 7 have blocks.
      const expected = { accuracy: 1, targets: 1, loss: 1, neighbours: 1, "block-costs": 7, channels: 6 };
      assertEquals(await chartsSeen(page), expected);
      assertEquals(await clippedTexts(page, "svg.chart"), []);
      assertEquals(await faultsOf(page), []);
      assertEquals({ complaints, requests }, { complaints: [], requests: [] });
      const overflow = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
      assertEquals(overflow, 0, `no overflow in a window ${view.width} pixels wide`);
      await page.close();
    }
  },
);

browserTest(
  "a heading sorts the table by numbers or names, ascending and descending, by keyboard and by mouse",
  async (browser, folder) => {
    const data = makeSweep(folder, { budgets: [0.15, 0.5, 1], modes: ["dual", "vanilla"], seeds: 1 });
    const { page } = await openPage(browser, writePage(folder, data), desk);
    const target = "target, %";
    await page.evaluate(
      `[...document.querySelectorAll("th button")].find((button) => button.textContent === "${target}").focus()`,
    );
    await page.keyboard.press("Enter");
    assertEquals(await column(page, target), ["15", "50", "100", "–", "–", "–", "–"]);
    await page.keyboard.press("Enter");
    assertEquals(await column(page, target), ["100", "50", "15", "–", "–", "–", "–"]);
    const sorted = `[...document.querySelectorAll("th")].map((cell) => cell.ariaSort).filter((sort) => sort !== null)`;
    assertEquals(await page.evaluate(sorted), ["descending"]);
    await page.evaluate(
      `[...document.querySelectorAll("th button")].find((button) => button.textContent === "network").click()`,
    );
    assertEquals(await column(page, "network"), ["dense", "dense", "dense", "gated", "gated", "gated", "vanilla"]);
    assertEquals(await page.evaluate(sorted), ["ascending"]);
  },
);

browserTest(
  "the page with masks and very long labels is without faults, and only its tables scroll sideways",
  async (browser, folder) => {
    const { keys, runs, ...data } = reportOfSweep(judgedSweep(folder));
    const long = "a label of many words ".repeat(20);
    const labelled = runs.map((run) => ({ ...run, varied: { ...run.varied, note: long } }));
    const path = writePage(folder, { ...data, keys: [...keys, "note"], runs: labelled });
    for (const view of [desk, phone]) {
      const { page, complaints } = await openPage(browser, path, view);
      assertEquals([await faultsOf(page), complaints], [[], []]);
      assertEquals(await page.evaluate("document.documentElement.scrollWidth - innerWidth"), 0);
      const scrolling = `[...document.querySelectorAll(".scroll")].map((box) => box.scrollWidth > box.clientWidth)`;
      assertEquals(await page.evaluate(scrolling), [true, true]);
      await page.close();
    }
  },
);

browserTest(
  "the page with nearest images and evaluations on other images is without faults, and opens the names by keyboard",
  async (browser, folder) => {
    const run = makeRun(join(folder, "run"));
    judgeElsewhere(run);
    const path = writePage(folder, reportOfRun(run));
    for (const view of [desk, phone]) {
      const { page, complaints, requests } = await openPage(browser, path, view);
      assertEquals([await faultsOf(page), complaints, requests], [[], [], []]);
      assertEquals(await page.evaluate("document.documentElement.scrollWidth - innerWidth"), 0);
      const drawn = "[...document.querySelectorAll('img')].map((image) => image.complete && image.naturalWidth)";
      assertEquals(await page.evaluate(drawn), [20, 20]);
      await page.focus("#nearest-dense summary");
      await page.keyboard.press("Enter");
      assertEquals(await page.evaluate("document.querySelector('#nearest-dense details').open"), true);
      assertEquals(await faultsOf(page), []);
      await page.close();
    }
  },
);

browserTest("the theme is the system's until the button changes it", async (browser, folder) => {
  const { page } = await openPage(browser, writePage(folder, reportOfRun(makeRun(join(folder, "run")))), phone);
  const background = "getComputedStyle(document.body).backgroundColor";
  const seen = [await page.evaluate(background), await page.evaluate("theme.textContent")];
  await page.click("#theme");
  seen.push(await page.evaluate(background), await page.evaluate("theme.textContent"));
  assertEquals(seen, ["rgb(20, 24, 29)", "Light theme", "rgb(255, 255, 255)", "Dark theme"]);
});

browserTest(
  "the page of an unevaluated run shows the available figures, and markup in a name stays text",
  async (browser, folder) => {
    const name = "<img src=x onerror=alert(1)>&'\" run";
    makeRun(join(folder, "run"), { stage: "stopped" });
    Deno.renameSync(join(folder, "run"), join(folder, name));
    const data = reportOfRun(RunFolder.open(join(folder, name)));
    const { page, complaints } = await openPage(browser, writePage(folder, data), desk);
    assertEquals(await chartsSeen(page), {
      accuracy: 0,
      targets: 0,
      loss: 1,
      neighbours: 1,
      "block-costs": 0,
      channels: 0,
    });
    assertStrictEquals(await page.evaluate("document.querySelector('h1').textContent"), name);
    const notice = await page.evaluate("document.querySelector('.notice').textContent") as string;
    assertMatch(notice, /This run stopped before its end; to resume: sluice pretrain --resume /);
    assertEquals([await faultsOf(page), complaints], [[], []]);
  },
);

browserTest("figure files are complete images without references to the page's colours", async (browser, folder) => {
  const data = makeSweep(folder, { budgets: [0.2, 0.6], modes: ["dual", "gated", "vanilla"], seeds: 1 });
  const files = figureFiles(data);
  assertEquals(files.map(({ name }) => name), [
    "accuracy",
    "targets",
    "loss",
    "neighbours",
    "block-costs",
    "channels",
  ]);
  for (const { name, svg } of files) {
    assertNotMatch(svg, /var\(|currentColor|class=/, name);
    const path = join(folder, `${name}.svg`);
    Deno.writeTextFileSync(path, svg);
    const { page, complaints, requests } = await openPage(browser, path, desk);
    assertEquals(await page.evaluate("document.documentElement.tagName"), "svg", name);
    assertEquals(await clippedTexts(page, "svg"), [], name);
    assertEquals({ complaints, requests }, { complaints: [], requests: [] }, name);
    assertGreater(await page.evaluate("document.querySelectorAll('path, rect, line').length") as number, 5, name);
    await page.close();
  }
});
