#!/usr/bin/env node
// The browser benchmark: this project's backends and its peers, interleaved in one browser. See README.md.

import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { loadavg } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { serveFile } from "../../.ci/server.mjs";
import { answers } from "./answers.mjs";
import { launch, median, say, shuffled, sleep } from "./measure.mjs";
import { report } from "./report.mjs";
import { typing } from "./typing.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "../..");

const CONTENDERS = [
  { name: "relaxed", page: "/dist/bench.html?backend=relaxed&", takes: "text" },
  { name: "simd128", page: "/dist/bench.html?backend=simd128&", takes: "text" },
  { name: "candle", page: "/dist/bench.html?backend=candle&", takes: "text" },
  { name: "LiteRT.js", page: "/pages/litert.html", takes: "ids" },
  { name: "transformers.js", page: "/pages/transformers.html", takes: "text" },
  { name: "onnxruntime-web", page: "/pages/onnxruntime.html?", takes: "ids" },
];

const { values: options } = parseArgs({
  options: {
    phases: { type: "string", default: "answers,latency,typing" },
    lengths: { type: "string", default: "8,16,24,32,48,64,100,128,256,512" },
    rounds: { type: "string", default: "15" },
    repeats: { type: "string", default: "3" },
    only: { type: "string" },
    // A folder of models/, by default the page's own model. Only this project and onnxruntime-web support another one.
    model: { type: "string" },
    answers: { type: "string", default: join(here, "models/golden.json") },
    dist: { type: "string", default: join(root, "dist") },
    chromium: { type: "string", default: "/usr/bin/chromium" },
    "js-flags": { type: "string" },
    out: { type: "string", default: join(here, "results.json") },
  },
});
const only = options.only?.split(",");
const contenders = CONTENDERS.filter(({ name, page }) => (!only || only.includes(name)) && (!options.model || page.includes("?")));
const lengths = options.lengths.split(",").map(Number);
const phases = options.phases.split(",");

// ---- server: cross-origin isolated, for the highest clock resolution; every contender has its own host name, hence its own
// renderer process

const FOLDERS = {
  "/dist/": options.dist,
  "/pages/": join(here, "pages"),
  "/models/": join(here, "models"),
  "/npm/": join(here, "node_modules"),
};
const server = createServer((request, response) => {
  response.setHeader("Cross-Origin-Opener-Policy", "same-origin");
  response.setHeader("Cross-Origin-Embedder-Policy", "require-corp");
  const prefix = Object.keys(FOLDERS).find((prefix) => request.url.startsWith(prefix));
  if (!prefix) return response.writeHead(404).end();
  request.url = request.url.slice(prefix.length - 1);
  serveFile(FOLDERS[prefix], request, response).catch((error) => response.destroy(error));
}).listen(0, "127.0.0.1");
await once(server, "listening");
const query = options.model ? `model=${encodeURIComponent(`/models/${options.model}/`)}` : "";
const address = ({ name, page }) =>
  `http://${name.toLowerCase().replaceAll(/[^a-z0-9]/g, "-")}.localhost:${server.address().port}${page.includes("?") ? page + query : page}`;

// ---- texts of exactly n tokens: words that are one token each; no text is timed twice

const tokenizer = JSON.parse(readFileSync(join(root, "public/models/minilm-sentiment/tokenizer.json")));
const vocabulary = tokenizer.model.vocab;
// The vocabulary is ordered by frequency, except for entries that are not words.
const words = Object.entries(vocabulary).filter(([word]) => /^[a-z]{2,}$/.test(word)).slice(0, 5000);
const sample = (tokens) => {
  const picked = Array.from({ length: tokens - 2 }, () => words[Math.floor(Math.random() * words.length)]);
  return { text: picked.map(([word]) => word).join(" "), ids: [vocabulary["[CLS]"], ...picked.map(([, id]) => id), vocabulary["[SEP]"]] };
};

// ---- browser

const browser = await launch(options.chromium, options["js-flags"] ? [`--js-flags=${options["js-flags"]}`] : []);
const context = await browser.newContext();
const open = async (contender) => {
  const page = await context.newPage();
  page.on("pageerror", (error) => say(contender.name, "error:", error.message));
  await page.goto(address(contender));
  await page.waitForFunction(() => window.bench?.ready, null, { timeout: 120_000 });
  await page.evaluate(() => window.bench.ready.then(() => {}));
  return page;
};

/** Milliseconds of each inference, from the page's call to its result. */
const time = ({ takes }, page, samples) =>
  page.evaluate(
    async ([inputs, takes]) => {
      const infer = takes === "text" ? window.bench.infer : window.bench.inferIds;
      const millis = [];
      for (const input of inputs) {
        await new Promise((done) => setTimeout(done, 2));
        const start = performance.now();
        await infer(input);
        millis.push(performance.now() - start);
      }
      return millis;
    },
    [samples.map((sample) => sample[takes]), takes],
  );

const results = { browser: browser.version(), lengths, load: [], answers: {}, latency: {}, typing: {} };
const save = () => writeFileSync(options.out, JSON.stringify(results));

if (phases.includes("answers") || phases.includes("latency")) {
  const pages = new Map();
  for (const contender of contenders) {
    pages.set(contender, await open(contender));
    say(contender.name, "is ready");
  }

  if (phases.includes("answers")) {
    const rows = JSON.parse(readFileSync(options.answers));
    const labels = Object.values(JSON.parse(readFileSync(join(here, "models/minilm/config.json"))).id2label);
    for (const [contender, page] of pages) {
      results.answers[contender.name] = await answers(contender, page, rows, labels);
      say(contender.name, JSON.stringify(results.answers[contender.name]));
    }
  }

  if (phases.includes("latency")) {
    // Warm up until the optimizing compiler has compiled the code.
    for (const [contender, page] of pages) {
      await page.bringToFront();
      for (const tokens of lengths) await time(contender, page, [sample(tokens)]);
      for (const begun = Date.now(); Date.now() - begun < 1500; ) await time(contender, page, [sample(32)]);
      results.latency[contender.name] = Object.fromEntries(lengths.map((tokens) => [tokens, []]));
    }
    for (let round = 1; round <= Number(options.rounds); round++) {
      for (const tokens of lengths) {
        for (const [contender, page] of shuffled([...pages])) {
          // Chromium gives the renderers of background tabs a lower priority.
          await page.bringToFront();
          await sleep(40);
          const samples = Array.from({ length: Number(options.repeats) }, () => sample(tokens));
          results.latency[contender.name][tokens].push(median(await time(contender, page, samples)));
        }
      }
      results.load.push(loadavg()[0]);
      say(`round ${round} of ${options.rounds}, load ${loadavg()[0].toFixed(1)}`);
      save();
    }
  }
  for (const page of pages.values()) await page.close();
}

if (phases.includes("typing")) {
  for (const contender of [
    { name: "blank page", page: "/pages/blank.html", live: false },
    { name: "the page", page: "/dist/index.html", live: true },
  ]) {
    const page = await context.newPage();
    await page.goto(address(contender));
    results.typing[contender.name] = await typing(page, contender.live);
    say(contender.name, JSON.stringify(results.typing[contender.name]));
    await page.close();
  }
}

save();
await browser.close();
server.close();
server.closeAllConnections();
console.log(report(results));

// Peers may round differently; this project has to agree with the model.
const wrong = ["relaxed", "simd128", "candle"].filter((name) => results.answers[name]?.sameLabel < 0.995);
if (wrong.length) {
  console.error(`Labels differ from those of the dequantized model: ${wrong.join(", ")}`);
  process.exitCode = 1;
}
