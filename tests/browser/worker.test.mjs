// The worker: which one is chosen, and what becomes of a crash.

import assert from "node:assert/strict";
import { test } from "node:test";

import { faults, site } from "./site.mjs";
import { LOAD_MS, TEXTS, browser, reaches, recordReplies, retype, visit, visitReady } from "./visit.mjs";

const chromium = browser();

/** What the worker said about the model it loaded. */
const info = (page) => page.evaluate(() => replies.heard.find(({ type }) => type === "ready"));

test("a browser with relaxed SIMD gets the relaxed worker", async (t) => {
  const home = await site(t);
  const page = await visitReady(t, chromium, home, { prepare: recordReplies });
  assert.equal((await info(page)).backend, "relaxed");
  assert.ok(home.requests.some((path) => path.endsWith("/worker_relaxed_bg.wasm")));
  // The service worker keeps both for later; the page asks for one.
  const first = (end) => home.requests.findIndex((path) => path.endsWith(end));
  const [other, kept] = [first("/worker_bg.wasm"), first("/sw.js")];
  assert.ok(other < 0 || (kept >= 0 && kept < other), "the page does not fetch the other worker");
});

test("a browser without relaxed SIMD gets the baseline worker, and the same answers", async (t) => {
  const home = await site(t);
  // Chromium has no switch for it any more, so the page is told so; .ci/check-baseline proves that the file is free of it.
  home.fault("/worker_relaxed", faults.status(404));
  const page = await visitReady(t, chromium, home, {
    prepare: async (page) => {
      await recordReplies(page);
      await page.addInitScript(() => {
        const validate = WebAssembly.validate;
        const hasRelaxed = (bytes) => bytes.some((byte, at) => byte === 0xfd && (bytes[at + 1] & 0x80) && bytes[at + 2] === 2);
        WebAssembly.validate = (source) => !hasRelaxed(new Uint8Array(source.buffer ?? source)) && validate(source);
      });
    },
  });
  assert.equal((await info(page)).backend, "simd128");
  for (const [label, text] of Object.entries(TEXTS)) {
    await retype(page, text);
    await reaches(page, "ready", { label });
  }
});

test("a worker that crashes is started again; the text stays and is read", async (t) => {
  const page = await visitReady(t, chromium, await site(t), { expected: /boom/ });
  await page.keyboard.type(TEXTS.negative);
  await reaches(page, "ready", { label: "negative" });
  const [crashed] = page.workers();
  await crashed.evaluate(() => void setTimeout(() => { throw new Error("boom"); })).catch(() => {});
  await page.waitForEvent("worker", { timeout: LOAD_MS });
  assert.equal(await page.locator("#text").inputValue(), TEXTS.negative);
  await reaches(page, "ready", { label: "negative", timeout: LOAD_MS });
  await retype(page, TEXTS.positive);
  await reaches(page, "ready", { label: "positive" });
});

test("a worker that keeps crashing is given up with a sentence, and a retry brings it back", async (t) => {
  const home = await site(t);
  home.fault("/worker_relaxed.js", faults.body(Buffer.from('throw new Error("boom");'), "text/javascript"));
  const page = await visit(t, chromium, home, { expected: /boom/ });
  await page.locator("#text").waitFor();
  await page.keyboard.type(TEXTS.positive);
  await reaches(page, "error", { timeout: LOAD_MS });
  home.mend();
  await page.getByRole("button", { name: /again|retry/i }).click();
  await reaches(page, "ready", { label: "positive", timeout: LOAD_MS });
});
