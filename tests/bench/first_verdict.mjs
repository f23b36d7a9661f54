#!/usr/bin/env node
// Measures the time from opening a page to its first verdict, with an empty profile, for the page itself and for a page with
// one tag, alternately. With the `dist/` of another build, that build's page takes the tag's place, and both are measured once more
// with the profile that their first visit left.
//
//     node first_verdict.mjs [ROUNDS] [DIST OF ANOTHER BUILD]

import { chromium } from "playwright-core";
import { serve } from "../../.ci/server.mjs";
import { fileURLToPath } from "node:url";
import { median } from "./measure.mjs";

const rounds = Number(process.argv[2] ?? 15);
const HOST = `<!doctype html><title>host</title><link rel="icon" href="data:,">
<textarea id="message">What a lovely day.</textarea>
<live-sentiment for="message" loading="eager"></live-sentiment>
<script type="module" src="/live-sentiment.js"></script>`;
const { server, url } = await serve(process.env.DIST ?? fileURLToPath(new URL("../../dist", import.meta.url)), {
  async intercept(request, response) {
    if (request.url !== "/host.html") return false;
    response.writeHead(200, { "Content-Type": "text/html" });
    response.end(HOST);
    return true;
  },
});
const base = process.argv[3] && (await serve(process.argv[3]));
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", chromiumSandbox: false, args: ["--disable-gpu"] });

const PAGE = "#text=What+a+lovely+day.";
const pageIsThere = () => document.querySelector("#verdict")?.dataset.state === "ready" && performance.now();
const tagIsThere = () => document.querySelector("live-sentiment")?.prediction && performance.now();

/** Milliseconds from the navigation until `isThere` returns true: at the first visit, and at a second one. */
async function time(address, isThere) {
  const context = await browser.newContext();
  const visit = async () => {
    const page = await context.newPage();
    await page.goto(address);
    const millis = await page.waitForFunction(isThere, null, { polling: "raf", timeout: 60_000 }).then((at) => at.jsonValue());
    // What is kept is written after the verdict.
    await page.waitForTimeout(1500);
    await page.close();
    return millis;
  };
  const times = { cold: await visit(), warm: await visit() };
  await context.close();
  return times;
}

const kinds = base
  ? { "this build": () => time(url + PAGE, pageIsThere), "the other build": () => time(base.url + PAGE, pageIsThere) }
  : { tag: () => time(url + "host.html", tagIsThere), page: () => time(url + PAGE, pageIsThere) };
const [ours, other] = Object.keys(kinds);
const ratios = { cold: [], warm: [] };
for (let round = 0; round < rounds; round++) {
  const times = {};
  for (const kind of round % 2 ? [other, ours] : [ours, other]) times[kind] = await kinds[kind]();
  for (const visit of ["cold", "warm"]) {
    ratios[visit].push(times[ours][visit] / times[other][visit]);
    console.log(`${visit}: ${ours} ${times[ours][visit].toFixed(0)} ms, ${other} ${times[other][visit].toFixed(0)} ms`);
  }
}
for (const visit of ["cold", "warm"]) console.log(`${visit}: ${ours} / ${other}: ${median(ratios[visit]).toFixed(3)}, median of ${rounds} pairs`);
await browser.close();
for (const open of [server, base?.server]) {
  open?.closeAllConnections();
  open?.close();
}
