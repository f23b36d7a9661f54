#!/usr/bin/env node
// Types a sentence into the middle of a long document, and behind a short text, in turn: the time from a key to the verdict on the
// sentence that it changed, and how long the page's thread is blocked, beside a blank page's. With one sentence that verdict is the
// one on the whole.
//
//     node document.mjs [ROUNDS]

import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { serve } from "../../.ci/server.mjs";
import { longestGap, quantile, sleep, watchGaps } from "./measure.mjs";

const rounds = Number(process.argv[2] ?? 5);
const KEYS = "it took a while, but they made it right";
const SENTENCES = ["The room was clean and quiet.", "Breakfast came late on the second day, and nobody could say why.", "I would stay here again.", "The lift was broken all week.", "We left on Sunday at noon."];
const LONG = Array.from({ length: 385 }, (_, i) => `${SENTENCES[i % 5].slice(0, -1)}, as I wrote on page ${i}.${i % 6 === 5 ? "\n\n" : ""}`).join(" ");
const texts = { long: LONG, short: "The room was quiet and " };

const { server, url } = await serve(process.env.DIST ?? fileURLToPath(new URL("../../dist", import.meta.url)));
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", chromiumSandbox: false, args: ["--disable-gpu"] });

function watch([at, shown]) {
  const field = document.getElementById("text");
  field.focus();
  field.setSelectionRange(at, at);
  const log = (window.typed = { waits: [], pressed: 0 });
  const verdict = document.querySelector(shown);
  // It is stale until the model has answered, or has another number then.
  let isStale = false;
  let before;
  field.addEventListener("input", (event) => ((log.pressed = event.timeStamp), (before = verdict?.dataset.seq)), true);
  if (!verdict) return;
  new MutationObserver(() => {
    if (verdict.dataset.state !== "ready") return void (isStale = true);
    if (!log.pressed || (!isStale && verdict.dataset.seq === before)) return;
    isStale = false;
    log.waits.push(performance.now() - log.pressed);
    log.pressed = 0;
  }).observe(verdict, { attributes: true, attributeFilter: ["data-seq", "data-state"] });
}

/** Types `KEYS` in the middle of `text`; returns the wait of each key and the longest gap. */
async function type(page, text) {
  if (text !== undefined) {
    await page.fill("#text", "");
    await page.fill("#text", text);
    // All of it has been read.
    await page.locator('#verdict[data-state="ready"]').waitFor({ state: "attached", timeout: 120_000 });
    await sleep(3000);
  }
  await page.evaluate(watch, [text === LONG ? LONG.indexOf(". ", LONG.length >> 1) + 2 : (text ?? "").length, text === LONG ? "#sentence" : "#verdict"]);
  await watchGaps(page);
  const client = await page.context().newCDPSession(page);
  for (const key of KEYS) {
    await client.send("Input.dispatchKeyEvent", { type: "char", text: key });
    await sleep(100);
  }
  await sleep(500);
  return { waits: await page.evaluate(() => window.typed.waits), gap: await longestGap(page) };
}

const found = { long: { waits: [], gaps: [] }, short: { waits: [], gaps: [] }, blank: { waits: [], gaps: [] } };
for (let round = 0; round < rounds; round++) {
  for (const kind of round % 2 ? ["blank", "short", "long"] : ["long", "short", "blank"]) {
    const context = await browser.newContext();
    const page = await context.newPage();
    if (kind === "blank") await page.setContent("<textarea id=text></textarea>");
    else {
      await page.goto(url);
      await page.locator('#verdict[data-state="empty"]').waitFor({ state: "attached", timeout: 60_000 });
    }
    const { waits, gap } = await type(page, texts[kind]);
    found[kind].waits.push(...waits);
    found[kind].gaps.push(gap);
    await context.close();
  }
}
const words = LONG.split(/\s+/).length;
for (const [kind, { waits, gaps }] of Object.entries(found)) {
  const verdicts = waits.length ? `key to verdict: median ${quantile(waits, 0.5).toFixed(1)} ms, 95th percentile ${quantile(waits, 0.95).toFixed(1)} ms (${waits.length} of ${KEYS.length * rounds} keys); ` : "";
  console.log(`${kind}${kind === "long" ? `, ${words} words` : ""}: ${verdicts}longest gap: median ${quantile(gaps, 0.5).toFixed(1)} ms, most ${Math.max(...gaps).toFixed(1)} ms`);
}
await browser.close();
server.closeAllConnections();
server.close();
