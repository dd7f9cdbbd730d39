/**
 * Tests that the page keeps evaluations on other images, and pictures of nearest images, apart from the runs' own.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertNotMatch, assertStrictEquals } from "@std/assert";
import { join } from "@std/path";
import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { type ReportData, reportOfRun, reportPage } from "../../src/report/mod.ts";
import type { RunFolder } from "../../src/run/mod.ts";
import { withFolder } from "../folders.ts";
import { judgeElsewhere } from "./judged_elsewhere.ts";
import { makeRun, makeSweep } from "./synthetic_runs.ts";

/** The page's text without white space between elements. */
function compact(page: string): string {
  return page.replace(/\s+/g, " ").replace(/> </g, "><");
}

/** The sections of a page whose headings have an id that begins with a name. */
function sections(page: string, name: string): string[] {
  return page.match(new RegExp(`<section aria-labelledby="${name}[^"]*-title">[\\s\\S]*?</section>`, "g")) ?? [];
}

function withoutOthers(data: ReportData): ReportData {
  return { ...data, runs: data.runs.map((run) => ({ ...run, others: [], pictures: [] })) };
}

Deno.test(
  "without the sections on other images and of pictures, the page is that of a run that has none",
  withFolder((folder) => {
    const run = makeRun(join(folder, "run"));
    const plain = reportPage(reportOfRun(run));
    judgeElsewhere(run);
    const data = reportOfRun(run);
    const page = reportPage(data);
    assertEquals(sections(plain, "(others|nearest)"), []);
    const own = sections(page, "(others|nearest)").reduce((rest, section) => rest.replace(section, ""), page);
    assertStrictEquals(compact(own), compact(plain));
    assertStrictEquals(reportPage(withoutOthers(data)), plain);
    assertStrictEquals(sections(page, "(others|nearest)").length, 3);
  }),
);

Deno.test(
  "the section has the data set's name, digest and images, with a row for each network and reference",
  withFolder((folder) => {
    const run = makeRun(join(folder, "run"));
    judgeElsewhere(run);
    const page = reportPage(reportOfRun(run));
    const [table = "", pictures = ""] = sections(page, "others");
    const cells = (text: string) => [...text.matchAll(/<td[^>]*>(.*?)<\/td>/g)].map(([, cell]) => cell);
    const rows = table.split("<tr>").slice(2).map(cells);
    assertEquals(rows.map(([data, images, digest, step, network]) => [data, images, digest, step, network]), [
      ...["dense", "gated", "untrained dense", "untrained gated", "raw pixels"].map((network) => {
        return ["folder &lt;b&gt;flowers", "40 train, 16 test", "aaaaaaaa", "40", network];
      }),
      ["images photos", "9 train", "bbbbbbbb", "40", "gated"],
    ]);
    assertEquals(rows.at(-1)?.slice(5), ["–", "–", "3.25", "50.00", "0.00", "–"]);
    assertMatch(pictures, /<h3>Nearest images of folder &lt;b&gt;flowers, digest aaaaaaaa<\/h3>/);
    assertNotMatch(page, /<b>flowers/);
  }),
);

Deno.test(
  "pictures are in the page itself, with their size, a description and the names of their images",
  withFolder((folder) => {
    const run = makeRun(join(folder, "run"));
    judgeElsewhere(run);
    const page = reportPage(reportOfRun(run));
    const images = [
      ...page.matchAll(/<img width="(\d+)" height="(\d+)" alt="([^"]+)" src="data:image\/png;base64,([^"]+)">/g),
    ];
    assertEquals(images.length, 2, "the run's own dense network, and the gated one on the flowers");
    const [, width, height, alt, data = ""] = images[0] ?? [];
    assertEquals([width, height], ["20", "10"]);
    assertMatch(alt ?? "", /^2 images in the first column, and beside each the 2 images that the dense network finds/);
    const file = readFileSync(join(run.path, "evaluations", "own-dense.png"));
    assertEquals(Buffer.from(data, "base64"), file);
    assertMatch(page, /<li>test\/&lt;i&gt;\.png: train\/b\.png, train\/c\.png<\/li>/);
  }),
);

Deno.test(
  "a picture of another step than the evaluation's is left out, and so are the pictures of a sweep",
  withFolder((folder) => {
    const run = makeRun(join(folder, "run"));
    judgeElsewhere(run, 39);
    assertNotMatch(reportPage(reportOfRun(run)), /<img /);
    const sweep = makeSweep(join(folder, "sweep"), { budgets: [0.5], modes: ["dual"], seeds: 2 }, (one: RunFolder) => {
      judgeElsewhere(one);
    });
    const page = reportPage(sweep);
    assertNotMatch(page, /<img /);
    const [table = ""] = sections(page, "others");
    for (const { name } of sweep.runs) assert(table.includes(`>${name}</td>`), name);
    assertEquals(sections(page, "others").length, 1);
  }),
);

Deno.test(
  "a run without labels has its rank and cost in the table, and no accuracy",
  withFolder((folder) => {
    const run = makeRun(join(folder, "run"));
    const evaluation = run.readEvaluation();
    assert(evaluation?.networks.gated !== undefined);
    const { cost, parts, channels } = evaluation.networks.gated;
    const gated = { cost, parts, ...(channels && { channels }), effectiveRank: 4.5 };
    run.writeEvaluation({ ...evaluation, networks: { gated }, references: { rawPixels: {}, untrained: {} } });
    const page = reportPage(reportOfRun(run));
    assertMatch(page, /The images have no labels, so there is no accuracy\./);
    assertMatch(page, /effective rank<\/button>/);
    assertMatch(page, />4\.50<\/td>/);
    assertNotMatch(page, /Accuracy by|Baselines to beat/);
  }),
);
