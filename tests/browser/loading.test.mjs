// The model's files arrive, or don't. Whatever happens, the page says so in a sentence, keeps what was typed, and can be
// made to work again without a reload.

import assert from "node:assert/strict";
import { test } from "node:test";

import { MODEL, built, faults, site } from "./site.mjs";
import { LOAD_MS, TEXTS, browser, paste, reaches, visit } from "./visit.mjs";

const chromium = browser();
// Chromium itself reports each failed request in the console.
const NETWORK = /Failed to load resource|net::ERR_/;

const alert = (page) => page.locator('[role="alert"]:visible').filter({ hasText: /\w/ });
const retry = (page) => page.locator("#verdict").getByRole("button", { name: /again|retry/i });

/** The page fails as told, in one sentence that matches, and keeps the text. */
async function fails(t, path, fault, sentence) {
  const home = await site(t);
  home.fault(path, fault);
  const page = await visit(t, chromium, home, { expected: NETWORK });
  await page.locator("#text").waitFor();
  await paste(page, TEXTS.positive);
  await reaches(page, "error", { timeout: LOAD_MS });
  await alert(page).first().waitFor();
  const words = (await alert(page).allInnerTexts()).join(" ");
  assert.match(words, sentence);
  assert.doesNotMatch(words, /panick|unwrap|undefined|\[object|RuntimeError|at .*\.rs:/, "a sentence for people");
  assert.equal(await page.locator("#text").inputValue(), TEXTS.positive, "the text is kept");
  return { home, page };
}

/** The same; mended, the retry button makes it work. */
async function failsThenWorks(t, path, fault, sentence) {
  const { home, page } = await fails(t, path, fault, sentence);
  home.mend();
  await retry(page).click();
  await reaches(page, "ready", { label: "positive", timeout: LOAD_MS });
  assert.equal(await alert(page).count(), 0, "the failure is gone from the page");
  return { home, page };
}

test("a missing model", (t) => failsThenWorks(t, MODEL, faults.status(404), /not found|missing/i));
test("a missing tokenizer", (t) => failsThenWorks(t, "tokenizer.json", faults.status(404), /tokenizer\.json.*(not found|missing)|(not found|missing).*tokenizer\.json/i));
test("a server that fails", (t) => failsThenWorks(t, MODEL, faults.status(503), /503|could not be (read|fetched|loaded)/i));
test("a server that answers 416 though no range was asked for", async (t) => {
  const { home } = await failsThenWorks(t, MODEL, faults.status(416), /416|could not be (read|fetched|loaded)/i);
  const asked = home.requests.filter((path) => path.includes(MODEL)).length;
  assert.ok(asked < 10, `it was asked ${asked} times`);
});
test("no connection", (t) => failsThenWorks(t, MODEL, faults.dropped(), /could not be (read|fetched|loaded)|connection/i));

test("a connection that breaks in the middle", async (t) => {
  const model = await built(MODEL);
  await failsThenWorks(t, MODEL, faults.broken(model, Math.floor(0.25 * model.length)), /could not be (read|fetched|loaded)|connection|broke|interrupted/i);
});

test("an HTML page in place of the model, with status 200", (t) => {
  const html = Buffer.from("<!doctype html><title>Welcome</title><p>This host answers everything with its front page.");
  return failsThenWorks(t, MODEL, faults.body(html, "text/html"), /model\.gguf/);
});

test("an HTML page in place of config.json, with status 200", (t) => {
  const html = Buffer.from("<!doctype html><title>Welcome</title>");
  return failsThenWorks(t, "config.json", faults.body(html, "text/html"), /config\.json/);
});

test("a model cut short, though the server says that is all", async (t) => {
  const model = await built(MODEL);
  await failsThenWorks(t, MODEL, faults.body(model.subarray(0, model.length >> 1)), /model\.gguf/);
});

test("an empty model", (t) => failsThenWorks(t, MODEL, faults.body(Buffer.alloc(0)), /model\.gguf/));

for (const [name, offset] of [["tensors", 8], ["metadata entries", 16]]) {
  test(`a GGUF header that promises 2^62 ${name}`, async (t) => {
    const model = Buffer.from((await built(MODEL)).subarray(0, 100_000));
    model.writeBigUInt64LE(2n ** 62n, offset);
    await failsThenWorks(t, MODEL, faults.body(model), /model\.gguf/);
  });
}

test("another model's vocabulary, which no retry can mend", async (t) => {
  const tokenizer = JSON.parse(await built("models/minilm-sentiment/tokenizer.json"));
  for (let id = 40_000; id < 40_010; id++) tokenizer.model.vocab[`zz${id}`] = id;
  await fails(t, "tokenizer.json", faults.body(Buffer.from(JSON.stringify(tokenizer)), "application/json"), /tokenizer\.json|vocabulary/i);
});

test("a worker program that is missing", (t) => failsThenWorks(t, "/worker", faults.status(404), /\w+ \w+/));

test("loading shows how far it is, can be called off, and started again", async (t) => {
  const home = await site(t);
  const model = await built(MODEL);
  let release;
  home.fault(MODEL, faults.held(model, Math.floor(0.45 * model.length), new Promise((resolve) => (release = resolve))));
  t.after(() => release());
  const page = await visit(t, chromium, home, { expected: NETWORK });
  const bar = page.getByRole("progressbar");
  await bar.waitFor();
  await page.waitForFunction(
    () => {
      const bar = document.querySelector("progress, [role=progressbar]");
      const now = bar?.value ?? Number(bar?.getAttribute("aria-valuenow"));
      const max = bar?.max ?? Number(bar?.getAttribute("aria-valuemax"));
      return now / max > 0.3 && now / max < 0.6;
    },
    undefined,
    { timeout: 20_000 },
  );
  assert.match(await page.locator("body").innerText(), /\d+([.,]\d+)?\s*(of\s*\d+([.,]\d+)?\s*)?(MB|MiB)/, "bytes in words");
  assert.equal((await page.locator("#verdict").getAttribute("data-state")), "loading");
  await page.keyboard.type(TEXTS.positive);

  await page.locator("#verdict").getByRole("button", { name: /cancel|stop/i }).click();
  await page.locator("#verdict").getByRole("button", { name: /again|retry|load|start/i }).first().waitFor();
  assert.equal(await page.locator("#text").inputValue(), TEXTS.positive);
  home.mend();
  await page.locator("#verdict").getByRole("button", { name: /again|retry|load|start/i }).first().click();
  await reaches(page, "ready", { label: "positive", timeout: LOAD_MS });
});

test("a compressing host, which cannot say how long the model is, works too", async (t) => {
  const home = await site(t);
  const { gzipSync } = await import("node:zlib");
  const packed = gzipSync(await built(MODEL), { level: 1 });
  home.fault(MODEL, async (request, response) => {
    response.writeHead(200, { "Content-Type": "application/octet-stream", "Content-Encoding": "gzip" });
    response.end(packed);
    return true;
  });
  const page = await visit(t, chromium, home);
  await page.locator("#text").waitFor();
  await paste(page, TEXTS.negative);
  await reaches(page, "ready", { label: "negative", timeout: LOAD_MS });
});

test("on a slow line the field can be typed into all the while", async (t) => {
  const home = await site(t);
  home.fault(MODEL, faults.slow(await built(MODEL), 40, 50));
  const page = await visit(t, chromium, home);
  await page.locator("#text").waitFor();
  const begun = Date.now();
  await page.keyboard.type("I love typing");
  assert.ok(Date.now() - begun < 1500, "keys are not held up");
  assert.equal(await page.locator("#text").inputValue(), "I love typing");
  await reaches(page, "ready", { label: "positive", timeout: LOAD_MS });
});
