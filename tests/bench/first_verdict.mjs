#!/usr/bin/env node
// Measures the time from opening a page to its first verdict, with an empty profile, for the page itself and for a page with
// one tag, alternately.
//
//     node first_verdict.mjs [ROUNDS]

import { chromium } from "playwright-core";
import { serve } from "../../.ci/server.mjs";
import { fileURLToPath } from "node:url";

const rounds = Number(process.argv[2] ?? 15);
const HOST = `<!doctype html><title>host</title><link rel="icon" href="data:,">
<textarea id="message">What a lovely day.</textarea>
<live-sentiment for="message" loading="eager"></live-sentiment>
<script type="module" src="/live-sentiment.js"></script>`;
const { server, url } = await serve(fileURLToPath(new URL("../../dist", import.meta.url)), {
  async intercept(request, response) {
    if (request.url !== "/host.html") return false;
    response.writeHead(200, { "Content-Type": "text/html" });
    response.end(HOST);
    return true;
  },
});
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", chromiumSandbox: false, args: ["--disable-gpu"] });

const median = (numbers) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1];

/** Milliseconds from the navigation until `isThere` returns true. */
async function time(path, isThere) {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(url + path);
  const millis = await page.waitForFunction(isThere, null, { polling: "raf", timeout: 60_000 }).then((at) => at.jsonValue());
  await context.close();
  return millis;
}

const ratios = [];
for (let round = 0; round < rounds; round++) {
  const kinds = {
    page: () => time("#text=What+a+lovely+day.", () => document.querySelector("#verdict")?.dataset.state === "ready" && performance.now()),
    tag: () => time("host.html", () => document.querySelector("live-sentiment")?.prediction && performance.now()),
  };
  const order = round % 2 ? ["page", "tag"] : ["tag", "page"];
  const millis = {};
  for (const kind of order) millis[kind] = await kinds[kind]();
  ratios.push(millis.tag / millis.page);
  console.log(`page ${millis.page.toFixed(0)} ms, tag ${millis.tag.toFixed(0)} ms`);
}
console.log(`tag / page: ${median(ratios).toFixed(3)}, median of ${rounds} pairs`);
await browser.close();
server.closeAllConnections();
server.close();
