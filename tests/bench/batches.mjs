#!/usr/bin/env node
// Texts per second of whole batches, ours and transformers.js', interleaved in one browser. See README.md.

import { readFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { serve, serveFile } from "../../.ci/server.mjs";
import { launch, median, say, shuffled, sleep } from "./measure.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const { values: options } = parseArgs({
  options: {
    texts: { type: "string" },
    count: { type: "string", default: "512" },
    rounds: { type: "string", default: "5" },
    dist: { type: "string", default: join(here, "../../dist") },
    // The dist/ of an older build, to compare with.
    base: { type: "string" },
    chromium: { type: "string", default: "/usr/bin/chromium" },
  },
});
if (!options.texts) throw new Error("--texts FILE is missing: one text a line");
// Each text once: ours reads identical ones once, which would count as speed.
const texts = [...new Set(readFileSync(options.texts, "utf8").split(/\r?\n/).map((line) => line.trim()))]
  .filter(Boolean)
  .slice(0, Number(options.count));
if (texts.length < Number(options.count)) throw new Error(`${options.texts} has only ${texts.length} different texts`);

const CONTENDERS = [
  { name: "ours1", site: "ours", workers: 1 },
  { name: "ours2", site: "ours", workers: 2 },
  ...(options.base ? [{ name: "base", site: "base", workers: 1 }] : []),
  { name: "tjs, one by one", site: "tjs", size: 1 },
  { name: "tjs, arrays of 32", site: "tjs", size: 32 },
  // Arrays are padded to their longest text.
  { name: "tjs, arrays of 32 of like length", site: "tjs", size: 32, sorted: true },
];

// Every site has its own host name, hence its own renderer process.
const FOLDERS = { "/ours/": options.dist, "/base/": options.base, "/npm/": join(here, "node_modules") };
const { server, port } = await serve(here, {
  async intercept(request, response) {
    response.setHeader("Cross-Origin-Opener-Policy", "same-origin");
    response.setHeader("Cross-Origin-Embedder-Policy", "require-corp");
    const prefix = Object.keys(FOLDERS).find((prefix) => FOLDERS[prefix] && request.url.startsWith(prefix));
    if (!prefix) return false;
    request.url = request.url.slice(prefix.length - 1);
    await serveFile(resolve(FOLDERS[prefix]), request, response);
    return true;
  },
});

const browser = await launch(options.chromium);
const context = await browser.newContext();

/** Opens a page that has `window.batch(texts, contender)`, which returns the labels. */
async function open(site) {
  const page = await context.newPage();
  page.on("pageerror", (error) => say(site, "error:", error.message));
  await page.goto(`http://${site}.localhost:${port}/pages/${site === "tjs" ? "transformers" : "blank"}.html`);
  await page.waitForFunction(() => window.bench?.ready);
  if (site === "tjs") {
    await page.evaluate(async () => {
      await window.bench.ready;
      window.batch = async (texts, { size }) => {
        const labels = [];
        for (let i = 0; i < texts.length; i += size) {
          const { scores } = await window.bench.infer(size === 1 ? texts[i] : texts.slice(i, i + size));
          for (const [best] of size === 1 ? [scores] : scores) labels.push(best.label);
        }
        return labels;
      };
    });
  } else {
    await page.evaluate(async (site) => {
      const sentiment = await (await import(`/${site}/live-sentiment.js`)).create();
      window.batch = async (texts, { workers }) => (await sentiment.classifyBatch(texts, { workers })).map(({ label }) => label);
    }, site);
  }
  say(site, "is ready");
  return page;
}

/** Reads `texts`: texts per second, and their labels. */
async function read(contender, page, texts) {
  const order = [...texts.keys()];
  if (contender.sorted) order.sort((a, b) => texts[a].length - texts[b].length);
  // Chromium gives the renderers of background tabs a lower priority.
  await page.bringToFront();
  await sleep(200);
  const [millis, labels] = await page.evaluate(
    async ([texts, contender]) => {
      const start = performance.now();
      const labels = await window.batch(texts, contender);
      return [performance.now() - start, labels];
    },
    [order.map((i) => texts[i]), contender],
  );
  return { speed: (1000 * texts.length) / millis, found: texts.map((_, i) => labels[order.indexOf(i)]) };
}

const pages = new Map();
for (const { site } of CONTENDERS) if (!pages.has(site)) pages.set(site, await open(site));
const [speeds, labels] = [{}, {}];
// Warm up until the optimizing compiler has compiled the code.
for (const contender of CONTENDERS) {
  for (const begun = Date.now(); Date.now() - begun < 2000; ) await read(contender, pages.get(contender.site), texts.slice(0, 128));
  speeds[contender.name] = [];
}
for (let round = 1; round <= Number(options.rounds); round++) {
  for (const contender of shuffled(CONTENDERS)) {
    const { speed, found } = await read(contender, pages.get(contender.site), texts);
    speeds[contender.name].push(speed);
    labels[contender.name] = found;
  }
  const last = Object.values(speeds).map((all) => all.at(-1).toFixed(0));
  say(`round ${round} of ${options.rounds}, load ${loadavg()[0].toFixed(1)}:`, ...last);
}

console.log(`${texts.length} texts, ${options.rounds} rounds, Chromium ${browser.version()}, ${cpus().length} × ${cpus()[0].model}\n`);
for (const [name, all] of Object.entries(speeds)) console.log(`${name}: ${median(all).toFixed(0)} texts/s`);
const speed = ({ name }) => median(speeds[name]);
const best = CONTENDERS.filter(({ site }) => site === "tjs").sort((a, b) => speed(b) - speed(a))[0].name;
console.log(`\nThe best way to call transformers.js: ${best}`);
const pairs = [["ours1", best], ["ours2", best], ["ours2", "ours1"], ...(options.base ? [["ours1", "base"]] : [])];
for (const [a, b] of pairs) {
  const same = labels[a].filter((label, i) => label === labels[b][i]).length / texts.length;
  const ratio = median(speeds[a].map((speed, i) => speed / speeds[b][i]));
  console.log(`${a} / ${b}: ${ratio.toFixed(2)}, with the same label for ${(100 * same).toFixed(1)} % of the texts`);
}

await browser.close();
server.close();
server.closeAllConnections();
