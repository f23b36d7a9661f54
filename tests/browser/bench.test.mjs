// bench.html keeps the contract of the benchmark's harness: window.bench = { ready, infer(text), inferIds(ids) }.

import assert from "node:assert/strict";
import { test } from "node:test";

import { built, site } from "./site.mjs";
import { TEXTS, browser, visit } from "./visit.mjs";

const chromium = browser();

/** Waits for window.bench and its model. */
async function bench(t, path) {
  const page = await visit(t, chromium, await site(t), { path });
  await page.waitForFunction(() => "bench" in window, undefined, { timeout: 30_000 });
  await page.evaluate(() => bench.ready);
  return page;
}

for (const backend of ["relaxed", "simd128", "candle"]) {
  test(`backend ${backend} reads each class rightly`, async (t) => {
    const page = await bench(t, `bench.html?backend=${backend}`);
    for (const [label, text] of Object.entries(TEXTS)) {
      const answer = await page.evaluate((text) => bench.infer(text), text);
      assert.equal(answer.label, label);
      assert.ok(answer.score > 0.4 && answer.score <= 1, `score ${answer.score}`);
    }
  });
}

test("token ids read as the text they came from", async (t) => {
  const page = await bench(t, "bench.html");
  const { vocab } = JSON.parse(await built("models/minilm-sentiment/tokenizer.json")).model;
  const ids = ["[CLS]", "i", "love", "this", "[SEP]"].map((token) => vocab[token]);
  const [byIds, byText] = await page.evaluate(async (ids) => [await bench.inferIds(ids), await bench.infer("i love this")], ids);
  assert.equal(byIds.label, byText.label);
  assert.ok(Math.abs(byIds.score - byText.score) < 1e-6, `${byIds.score} and ${byText.score}`);
});

test("every one of many calls at once gets its own answer", async (t) => {
  const page = await bench(t, "bench.html");
  const labels = await page.evaluate(
    (texts) => Promise.all(Array.from({ length: 30 }, (_, i) => bench.infer(texts[i % texts.length]).then(({ label }) => label))),
    Object.values(TEXTS),
  );
  assert.deepEqual(labels, Array.from({ length: 30 }, (_, i) => Object.keys(TEXTS)[i % 3]));
});

for (const [backend, program] of [["relaxed", "worker_relaxed.js"], ["simd128", "worker.js"]]) {
  test(`memory of ${backend} stays within 2.5 times the model file, after 512 tokens too`, async (t) => {
    const page = await bench(t, `bench.html?backend=${backend}`);
    const api = await page.evaluate(() => document.querySelector("link[rel=modulepreload]").href);
    // The worker's module, imported again, is the one that runs; its WebAssembly memory never shrinks.
    const memory = () =>
      page.workers()[0].evaluate(async (url) => (await (await import(url)).default()).memory.buffer.byteLength, new URL(program, api).href);
    const file = await page.evaluate(async () => (await (await fetch("models/minilm-sentiment/model.gguf")).arrayBuffer()).byteLength);
    const loaded = await memory();
    assert.ok(loaded > file / 2, `${loaded} bytes cannot hold a model of ${file}`);
    await page.evaluate(() => bench.infer("a long text indeed ".repeat(2000)));
    const read = await memory();
    t.diagnostic(`${(loaded / file).toFixed(2)} times the file once loaded, ${(read / file).toFixed(2)} after 512 tokens`);
    assert.ok(read <= 2.5 * file, `${read} bytes for a model of ${file}`);
    await page.evaluate(() => Promise.all(Array.from({ length: 5 }, () => bench.infer("another long text of words ".repeat(2000)))));
    assert.equal(await memory(), read);
  });
}

test("a backend that does not exist is refused, not replaced", async (t) => {
  const page = await visit(t, chromium, await site(t), { path: "bench.html?backend=magic", expected: /magic|backend/i });
  await page.waitForFunction(() => "bench" in window, undefined, { timeout: 30_000 });
  const outcome = await page.evaluate(() => bench.ready.then(() => "ready", (error) => String(error)));
  assert.match(outcome, /magic|backend/i);
});
