/**
 * Tests of the files and the refusals of `sluice report`.
 *
 * @module
 */
import { assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { join } from "@std/path";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { makeRun } from "../report/synthetic_runs.ts";
import { withFolder } from "../folders.ts";
import { assertRefused, assertSucceeds } from "./run_sluice.ts";

Deno.test(
  "report writes a run's page and figures, and replaces older ones",
  withFolder(async (folder) => {
    const [run, page, figures] = ["run", "page.html", "figures"].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    makeRun(run);
    writeFileSync(page, "an older page");
    const document = JSON.parse(await assertSucceeds(["report", run, "-o", page, "--figures", figures, "--json"])) as {
      page: string;
      bytes: number;
      figures: string[];
    };
    assertStrictEquals(document.page, page);
    assertEquals(document.bytes, statSync(page).size);
    assertMatch(readFileSync(page, "utf8"), /^<!doctype html>/);
    const names = ["accuracy", "targets", "loss", "neighbours", "block-costs", "channels"].map((name) => `${name}.svg`);
    assertEquals(document.figures, names.map((name) => join(figures, name)));
    assertEquals(readdirSync(figures).sort(), names.sort());
    assertEquals(
      await assertSucceeds(["report", run, "-o", page]),
      `${page}: ${document.bytes.toLocaleString("en-GB")} bytes\n`,
    );
    assertEquals(readdirSync(folder).sort(), ["figures", "page.html", "run"], "no other file is left");
  }),
);

Deno.test(
  "a page that cannot be made is refused before anything is written",
  withFolder(async (folder) => {
    const [run, page] = [join(folder, "run"), join(folder, "page.html")];
    makeRun(run);
    mkdirSync(join(folder, "taken.html"));
    writeFileSync(join(folder, "file"), "");
    const refused = (args: readonly string[], message: RegExp) => assertRefused(["report", ...args], message);
    await refused([run], /report writes a page: give --out FILE\.html/);
    await refused([run, "-o", join(run, "config.yaml")], /pages are written as \.html; give FILE\.html/);
    await refused([run, "-o", join(folder, "no", "page.html")], /--out .*: there is no folder .*no; create it/);
    await refused([run, "-o", join(folder, "taken.html")], /taken\.html: exists and is not a file; give another path/);
    await refused(
      [run, "-o", page, "--figures", join(folder, "file")],
      /file: exists and is not a folder; give another/,
    );
    await refused([run, "-o", page, "--figures", join(folder, "no", "figures")], /--figures .*: there is no folder/);
    await refused([join(folder, "none"), "-o", page], /none: there is no such run; check the path/);
    await refused([folder, "-o", page], /holds no run/);
    writeFileSync(join(run, "evaluation.json"), "{}");
    await refused([run, "-o", page], /evaluation\.json: is damaged: run is missing or wrong/);
    Deno.removeSync(join(run, "evaluation.json"));
    writeFileSync(join(run, "speed.json"), '{"step": 4, "device": "a", "threads": 1.5}');
    await refused([run, "-o", page], /speed\.json: is damaged: threads is missing or wrong; remove the file and run/);
    assertEquals(readdirSync(folder).sort(), ["file", "run", "taken.html"]);
  }),
);
