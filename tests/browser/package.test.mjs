// The npm package: packed, installed, and used by a page that Vite builds and by one without a bundler.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cp, mkdtemp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { build } from "vite";

import { pack } from "../../.ci/pack.mjs";
import { serve } from "../../.ci/server.mjs";
import { LOAD_MS, TEXTS, browser, visit } from "./visit.mjs";

const chromium = browser();
let folder;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "live-sentiment-package-"));
  await writeFile(join(folder, "package.json"), '{ "private": true, "type": "module" }');
  execFileSync("npm", ["install", "--offline", "--no-audit", "--no-fund", pack(folder)], { cwd: folder, stdio: "pipe" });
});
after(() => rm(folder, { recursive: true, force: true }));

const installed = (...path) => join(folder, "node_modules", "live-sentiment", ...path);

/** Serves `root` until the test ends. */
async function served(t, root) {
  const { server, url } = await serve(root);
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url };
}

async function classifies(page) {
  await page.waitForFunction(() => window.answer, undefined, { timeout: LOAD_MS });
  assert.equal(await page.evaluate(() => window.answer), "positive");
  await page.locator("live-sentiment textarea").focus();
  await page.keyboard.type(TEXTS.negative);
  await page.waitForFunction(() => document.querySelector("live-sentiment").prediction?.label === "negative", undefined, { timeout: LOAD_MS });
}

/** A page that uses the API and the element. `from` is what it imports, `model` the model's folder or nothing. */
const program = (from, model) => `
  import { create } from ${JSON.stringify(from)};
  const sentiment = await create(${model ? JSON.stringify({ model }) : ""});
  window.answer = (await sentiment.classify(${JSON.stringify(TEXTS.positive)})).label;
  sentiment.dispose();
`;
const html = (script, attributes = "") =>
  `<!doctype html><html lang="en"><link rel="icon" href="data:,"><title>x</title><live-sentiment ${attributes}></live-sentiment>${script}`;

test("the package says what it is, and holds what it says", async () => {
  const manifest = JSON.parse(await readFile(installed("package.json"), "utf8"));
  assert.equal(manifest.type, "module");
  const { types, default: script } = manifest.exports["."];
  for (const path of [types, script, "models/minilm-sentiment/model.gguf", "models/minilm-sentiment/README.md", "LICENSE"]) {
    assert.ok((await readFile(installed(path))).length > 0, path);
  }
  assert.ok(!(await readFile(installed(script), "utf8")).includes("build-"), "all paths are flat");
});

test("a page that Vite builds", async (t) => {
  const root = join(folder, "vite");
  await mkdir(join(root, "public"), { recursive: true });
  await cp(installed("models"), join(root, "public", "models"), { recursive: true });
  const model = "models/minilm-sentiment/";
  await writeFile(join(root, "index.html"), html('<script type="module" src="/main.js"></script>', `model="${model}"`));
  await writeFile(join(root, "main.js"), program("live-sentiment", model));
  await build({ root, base: "./", logLevel: "warn", build: { target: "esnext" }, worker: { format: "es" } });
  const page = await visit(t, chromium, await served(t, join(root, "dist")));
  await classifies(page);
});

test("a plain page, without a bundler", async (t) => {
  const root = join(folder, "plain");
  await mkdir(root, { recursive: true });
  await cp(installed(), join(root, "live-sentiment"), { recursive: true });
  await writeFile(join(root, "index.html"), html(`<script type="module">${program("./live-sentiment/live-sentiment.js")}</script>`));
  await classifies(await visit(t, chromium, await served(t, root)));
});
