// Type, and the verdict follows.

import assert from "node:assert/strict";
import { test } from "node:test";

import { site } from "./site.mjs";
import { TEXTS, browser, paste, reaches, recordReplies, retype, verdict, visit, visitReady } from "./visit.mjs";

const chromium = browser();

test("the field has the focus, and every class is recognised as it is typed", async (t) => {
  const page = await visitReady(t, chromium, await site(t));
  assert.equal(await page.evaluate(() => document.activeElement.id), "text");
  await page.keyboard.type(TEXTS.positive);
  await reaches(page, "ready", { label: "positive" });
  await retype(page, TEXTS.negative);
  await reaches(page, "ready", { label: "negative" });
  await retype(page, TEXTS.neutral);
  await reaches(page, "ready", { label: "neutral" });
});

test("the label and three probabilities that sum to one stand in the page as words", async (t) => {
  const page = await visitReady(t, chromium, await site(t));
  await page.keyboard.type(TEXTS.positive);
  await reaches(page, "ready", { label: "positive" });
  const words = (await page.locator("#verdict").innerText()).toLowerCase();
  for (const label of ["negative", "neutral", "positive"]) assert.ok(words.includes(label), `“${label}” in: ${words}`);
  const percents = [...words.matchAll(/(?:less than |< ?)?(\d+(?:[.,]\d+)?)\s*%/g)].map((match) => Number(match[1].replace(",", ".")));
  assert.ok(percents.length >= 3, `three probabilities in: ${words}`);
  const sum = percents.slice(-3).reduce((a, b) => a + b);
  assert.ok(Math.abs(sum - 100) <= 2, `${percents} should sum to about 100`);
});

test("an emptied field shows no verdict", async (t) => {
  const page = await visitReady(t, chromium, await site(t));
  await page.keyboard.type(TEXTS.positive);
  await reaches(page, "ready", { label: "positive" });
  await retype(page, "");
  assert.equal((await reaches(page, "empty")).label, "");
  await page.keyboard.type("   \n ");
  await page.waitForTimeout(300);
  assert.equal((await verdict(page)).label, "", "blank text is no text");
});

test("the verdict follows the typing, not only its end", async (t) => {
  const page = await visitReady(t, chromium, await site(t));
  const seen = new Set();
  for (const letter of "I love this so much, what a wonderful and happy day!") {
    await page.keyboard.type(letter);
    await page.waitForTimeout(60);
    seen.add((await verdict(page)).seq);
  }
  assert.ok(seen.size >= 5, `the shown answer changed ${seen.size} times during 50 keys`);
});

test("an older answer never replaces a newer one", async (t) => {
  const page = await visitReady(t, chromium, await site(t), { prepare: recordReplies });
  await paste(page, TEXTS.negative);
  await reaches(page, "ready", { label: "negative" });
  const stale = await page.evaluate(() => replies.heard.findLast(({ type }) => type === "classified"));
  await retype(page, TEXTS.positive);
  const shown = await reaches(page, "ready", { label: "positive" });
  assert.ok(shown.seq > stale.seq, "seq rises");
  const heard = await page.evaluate((data) => (replies.say(data), replies.heard.at(-1)), stale);
  assert.deepEqual(heard, stale, "the page was told again");
  await page.waitForTimeout(300);
  assert.deepEqual(await verdict(page), shown);
});

test("what is typed while the model loads is read as soon as it is there", async (t) => {
  const page = await visit(t, chromium, await site(t));
  await page.locator("#text").waitFor();
  await page.keyboard.type(TEXTS.negative);
  await reaches(page, "ready", { label: "negative", timeout: 60_000 });
  assert.equal(await page.locator("#text").inputValue(), TEXTS.negative);
});

test("5,000 words are read as far as the model can, and the page says how far", async (t) => {
  const page = await visitReady(t, chromium, await site(t));
  const text = Array(1000).fill("I love this wonderful day.").join(" ");
  await paste(page, text);
  await reaches(page, "ready", { label: "positive" });
  const words = await page.locator("body").innerText();
  // 512 tokens are [CLS], 85 times these six, and [SEP]: "only the first … were read", in whatever unit the page counts.
  assert.match(words, /\b(5\d\d|4\d\d|2[,.]?\d\d\d)\b/, "how much was read");
  assert.match(words, /only|first|rest|stop|read/i);
  await retype(page, "Fine, I love it.");
  await reaches(page, "ready", { label: "positive" });
});

test("strange texts are answered: emoji, right-to-left, NUL, one endless word", async (t) => {
  const page = await visitReady(t, chromium, await site(t));
  let last = 0;
  for (const text of ["👩‍👩‍👧‍👦 👍🏽 ❤️", "أنا سعيد جدا اليوم", "zero\u0000width\u200b", "x".repeat(100_000)]) {
    await page.locator("#text").fill(text);
    await page.waitForFunction((seq) => Number(document.querySelector("#verdict").dataset.seq) > seq, last, { timeout: 20_000 });
    last = (await reaches(page, "ready")).seq;
  }
});

test("an example text can be clicked", async (t) => {
  const page = await visitReady(t, chromium, await site(t));
  const examples = page.locator("button:visible").filter({ hasText: /\w+ \w+/ });
  assert.ok((await examples.count()) >= 2, "several examples");
  await examples.first().click();
  await reaches(page, "ready");
  assert.notEqual(await page.locator("#text").inputValue(), "");
});
