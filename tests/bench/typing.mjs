// Types 10 keys per second and measures how long the main thread is blocked, and the time from a key to its verdict in the
// document.

import { longestGap, quantile, sleep, watchGaps } from "./measure.mjs";

const TEXT =
  // 40 tokens when complete.
  "I was sceptical at first, but the second half is one of the best things I've seen all year: funny, sad, " +
  "beautifully shot. I really loved it!";
const INTERVAL = 100;

/** Runs in the page before the first key: records keys and verdicts. */
function watch() {
  if (!document.getElementById("text")) {
    const field = document.createElement("textarea");
    field.id = "text";
    document.body.append(field);
  }
  const log = (window.typed = { keys: [], verdicts: [] });
  document.getElementById("text").addEventListener("input", (event) => log.keys.push(event.timeStamp), true);
  const verdict = document.getElementById("verdict");
  if (verdict) {
    const note = () => {
      const { seq, state } = verdict.dataset;
      if (state === "ready") log.verdicts.push({ seq: Number(seq), shown: performance.now() });
    };
    new MutationObserver(note).observe(verdict, { attributes: true, attributeFilter: ["data-seq", "data-state"] });
  }
  document.getElementById("text").focus();
}

/** Types `TEXT` into the page; returns times in milliseconds. `live`: whether the page shows a verdict. */
export async function typing(page, live) {
  if (live) {
    // The model is loaded and its code compiled, so that typing is measured, not loading.
    await page.waitForSelector("#verdict");
    await page.fill("#text", "Warm up.");
    await page.waitForSelector('#verdict[data-state="ready"]', { timeout: 60_000 });
    for (let i = 0; i < 30; i++) {
      await page.fill("#text", `${TEXT.slice(0, 40 + i)}`);
      await sleep(60);
    }
    await page.fill("#text", "");
    await sleep(500);
  }
  await page.evaluate(watch);
  await watchGaps(page);
  const client = await page.context().newCDPSession(page);
  const start = performance.now();
  for (let i = 0; i < TEXT.length; i++) {
    await sleep(Math.max(0, start + i * INTERVAL - performance.now()));
    await client.send("Input.dispatchKeyEvent", { type: "char", text: TEXT[i] });
  }
  await sleep(1500);
  const gap = await longestGap(page);
  const { keys, verdicts } = await page.evaluate(() => window.typed);
  if (keys.length !== TEXT.length) throw new Error(`${TEXT.length} keys were sent, ${keys.length} arrived`);
  const result = { longestGap: gap };
  if (!live) return result;

  // Every key requests a verdict, so the last verdict belongs to the last key, and numbers between increase by one.
  const last = Math.max(...verdicts.map(({ seq }) => seq));
  const waits = keys.map((pressed, i) => {
    const seq = last - (keys.length - 1 - i);
    const answer = verdicts.find((verdict) => verdict.seq >= seq && verdict.shown >= pressed);
    if (!answer) throw new Error(`key ${i} got no verdict`);
    return answer.shown - pressed;
  });
  return { ...result, keyToVerdict: { median: quantile(waits, 0.5), p95: quantile(waits, 0.95) } };
}
