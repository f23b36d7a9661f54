// analyze(), explain() and <live-sentiment sentences>.

import assert from "node:assert/strict";
import { test } from "node:test";

import { faults, site } from "./site.mjs";
import { LOAD_MS, browser, visit } from "./visit.mjs";

const chromium = browser();

const REVIEW = "I loved the room 🙂. Breakfast was a disaster and the staff were rude! We left on Tuesday.";

/** The built site with a page that holds `body`. */
async function host(t, body = "") {
  const home = await site(t);
  const page = `<!doctype html><html lang="en"><link rel="icon" href="data:,"><title>host</title>${body}`;
  home.fault("/host.html", faults.body(Buffer.from(page), "text/html"));
  return home;
}

/** Runs `act(sentiment, rest)` in a blank page with a loaded model. */
async function withModel(t, act, rest = {}) {
  const page = await visit(t, chromium, await host(t), { path: "host.html" });
  return page.evaluate(
    async ([act, rest]) => {
      const { create } = await import("/live-sentiment.js");
      const sentiment = await create();
      try {
        return await new Function(`return ${act}`)()(sentiment, rest);
      } finally {
        sentiment.dispose();
      }
    },
    [act.toString(), rest],
  );
}

test("analyze reads a text sentence by sentence", async (t) => {
  const { analysis, progress } = await withModel(
    t,
    async (sentiment, { text }) => {
      const progress = [];
      const analysis = await sentiment.analyze(text, { onProgress: ({ done, total }) => progress.push([done, total]) });
      return { analysis, progress };
    },
    { text: REVIEW },
  );
  assert.equal(analysis.label, "mixed");
  assert.equal(analysis.mixed, true);
  const texts = analysis.sentences.map(({ start, end }) => REVIEW.slice(start, end));
  assert.deepEqual(texts, ["I loved the room 🙂.", "Breakfast was a disaster and the staff were rude!", "We left on Tuesday."]);
  assert.deepEqual(analysis.sentences.map(({ label }) => label), ["positive", "negative", "neutral"]);
  assert.deepEqual(Object.keys(analysis).sort(), ["label", "mixed", "score", "scores", "sentences", "tokenCount"]);
  for (const { scores, label, score } of analysis.sentences) {
    assert.deepEqual(scores.map(({ label }) => label), ["negative", "neutral", "positive"]);
    assert.equal(scores.find((each) => each.label === label).score, score);
    assert.ok(Math.abs(scores.reduce((sum, { score }) => sum + score, 0) - 1) < 1e-4);
  }
  assert.deepEqual(progress.at(-1), [3, 3]);
});

test("analyze reads 5,000 words to their end, and blank texts too", async (t) => {
  const result = await withModel(t, async (sentiment) => {
    const text = "The train leaves at noon. ".repeat(300) + "I hate this awful hotel. ".repeat(700);
    const { label, sentences } = await sentiment.analyze(text);
    return { label, count: sentences.length, blank: await sentiment.analyze(" \n ") };
  });
  assert.deepEqual([result.label, result.count], ["negative", 1000]);
  assert.deepEqual([result.blank.label ?? null, result.blank.sentences], [null, []]);
});

test("analyze can be called off, and leaves other requests alone", async (t) => {
  const result = await withModel(t, async (sentiment) => {
    const controller = new AbortController();
    const long = Array.from({ length: 3000 }, (_, n) => `I hate day ${n}.`).join(" ");
    const called = sentiment.analyze(long, { signal: controller.signal }).catch((error) => error.message);
    await new Promise((resolve) => setTimeout(resolve, 200));
    const other = sentiment.classify("I love it.");
    const third = sentiment.analyze("I love it. I hate it.");
    controller.abort(new Error("never mind"));
    const early = await sentiment.analyze("x", { signal: AbortSignal.abort(new Error("before")) }).catch((error) => error.message);
    return { called: await called, other: (await other).label, third: (await third).sentences.map(({ label }) => label), early };
  });
  assert.deepEqual(result, { called: "never mind", other: "positive", third: ["positive", "negative"], early: "before" });
});

test("explain says which words carry the verdict", async (t) => {
  const text = "We came in May 🙂. The food was not good, but the well-known view was lovely.";
  const { sentences, words } = await withModel(t, (sentiment, { text }) => sentiment.explain(text), { text });
  assert.equal(sentences.length, 2);
  assert.equal(words.length, sentences[0].words.length + sentences[1].words.length);
  for (const word of words) assert.equal(text.slice(word.start, word.end), word.text);
  const texts = words.map(({ text }) => text);
  assert.ok(texts.includes("not good") && texts.includes("well-known"), JSON.stringify(texts));
  const strongest = sentences[1].words.reduce((one, other) => (Math.abs(other.weight) > Math.abs(one.weight) ? other : one));
  assert.ok(["lovely", "not good"].includes(strongest.text), JSON.stringify(strongest));
});

test("a disposed model rejects what is analyzed", async (t) => {
  const kinds = await withModel(t, async (sentiment) => {
    const long = Array.from({ length: 3000 }, (_, n) => `I hate day ${n}.`).join(" ");
    const open = sentiment.analyze(long).catch((error) => error.kind);
    sentiment.dispose();
    return [await open, await sentiment.analyze("x").catch((error) => error.kind)];
  });
  assert.deepEqual(kinds, ["cancelled", "input"]);
});

const TAG = `<script type="module" src="/live-sentiment.js"></script><live-sentiment sentences style="width: 22rem"></live-sentiment>`;

/** The element's field, typed into. */
async function element(t, body = TAG) {
  const page = await visit(t, chromium, await host(t, body), { path: "host.html" });
  await page.waitForFunction(() => customElements.get("live-sentiment"));
  return page;
}

const prediction = (page) => page.evaluate(() => document.querySelector("live-sentiment").prediction);

async function write(page, text) {
  await page.locator("live-sentiment textarea").focus();
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.insertText(text);
  await page.waitForFunction(() => document.querySelector("live-sentiment").prediction !== null, null, { timeout: LOAD_MS });
  return prediction(page);
}

const tones = (page) => page.locator("live-sentiment .mirror span").evaluateAll((spans) => spans.map(({ dataset }) => dataset.tone ?? ""));

test("the element marks sentences, and says mixed", async (t) => {
  const page = await element(t);
  const found = await write(page, REVIEW);
  assert.deepEqual([found.label, found.mixed, found.sentences.length], ["mixed", true, 3]);
  assert.deepEqual(await tones(page), ["positive", "negative", "neutral"]);
  assert.equal(await page.locator("live-sentiment [part~=sentence-negative]").count(), 1);
  assert.match(await page.locator("live-sentiment [part=verdict]").innerText(), /Mixed\s+1 positive, 1 negative/);
  // One sentence alone is not tinted.
  assert.equal((await write(page, "I love it.")).label, "positive");
  assert.deepEqual(await tones(page), [""]);
});

test("the attribute can come and go", async (t) => {
  const page = await element(t, TAG.replace(" sentences", ""));
  assert.equal((await write(page, REVIEW)).sentences, undefined);
  await page.evaluate(() => (document.querySelector("live-sentiment").sentences = true));
  await page.waitForFunction(() => document.querySelector("live-sentiment").prediction?.sentences?.length === 3);
  await page.evaluate(() => document.querySelector("live-sentiment").removeAttribute("sentences"));
  await page.waitForFunction(() => document.querySelector("live-sentiment").prediction && !document.querySelector("live-sentiment").prediction.sentences);
  assert.equal(await page.locator("live-sentiment .mirror").count(), 0);
});

test("a key asks only for what it changed, and programs are told once it is read", async (t) => {
  const page = await element(t);
  await write(page, REVIEW);
  await page.evaluate(() => {
    window.told = [];
    document.querySelector("live-sentiment").addEventListener("sentiment-change", ({ detail }) => told.push(detail && detail.sentences.map(({ label }) => label)));
  });
  await page.locator("live-sentiment textarea").evaluate((field) => field.setSelectionRange(field.value.length, field.value.length));
  await page.keyboard.type(" I hate it.");
  // "I" and "I hate" may be told as well.
  await page.waitForFunction(() => told.at(-1)?.[3] === "negative");
  assert.deepEqual(await page.evaluate(() => told.at(-1)), ["positive", "negative", "neutral", "negative"]);
  assert.equal(await page.evaluate(() => document.querySelector("live-sentiment").value.length), REVIEW.length + 11);
});

for (const [name, text] of Object.entries({
  latin: `${REVIEW} `.repeat(6),
  hebrew: "אני אוהב את המקום הזה. האוכל היה נורא ואיום. He said \"fine\" and left. שלום לכולם!",
  tabs: "I love\tit.\n\n\tI hate it.\t\tWhat a day.\n    Four blanks.\n",
})) {
  test(`the element's tints lie under their words: ${name}`, async (t) => {
    const page = await element(t);
    await page.addStyleTag({ content: "live-sentiment::part(field) { padding: 7px 13px; font: 19px/1.4 serif; letter-spacing: 0.3px; height: 9rem; }" });
    await write(page, text);
    for (const top of [0, 41]) {
      const heights = await page.locator("live-sentiment textarea").evaluate(async (field, top) => {
        field.scrollTop = top;
        await new Promise((resolve) => setTimeout(resolve, 100));
        const mirror = field.previousElementSibling;
        const box = (element) => element.getBoundingClientRect();
        return {
          scroll: [field.scrollTop, mirror.scrollTop],
          height: [field.scrollHeight, mirror.scrollHeight],
          left: [box(field).left + field.clientLeft, box(mirror).left],
          top: [box(field).top + field.clientTop, box(mirror).top],
          width: [field.clientWidth, mirror.clientWidth],
        };
      }, top);
      for (const [what, [ours, theirs]] of Object.entries(heights)) assert.ok(Math.abs(ours - theirs) <= 1, `${what}: ${JSON.stringify(heights)}`);
    }
  });
}

test("a field of the page is read sentence by sentence, without marks", async (t) => {
  const page = await element(t, `<textarea id="note"></textarea>${TAG.replace("sentences", 'sentences for="note"')}`);
  await page.locator("#note").focus();
  await page.keyboard.insertText(REVIEW);
  await page.waitForFunction(() => document.querySelector("live-sentiment").prediction?.mixed, null, { timeout: LOAD_MS });
  assert.equal(await page.locator("live-sentiment .mirror").count(), 0);
});
