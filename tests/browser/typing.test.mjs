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

test("5,000 words are read to their end, and the page says how far it is", async (t) => {
  const page = await visitReady(t, chromium, await site(t));
  const sentences = Array.from({ length: 400 }, (_, n) => `The train number ${n} leaves from platform ${n + 1} at ten to the hour.`);
  await paste(page, sentences.join(" ") + " " + Array.from({ length: 500 }, (_, n) => `I hate day ${n}.`).join(" "));
  await page.waitForFunction(() => /\d+ of 900 sentences read/.test(document.querySelector(".strip").innerText), null, { timeout: 20_000 });
  await reaches(page, "ready", { timeout: 60_000 });
  assert.match(await page.locator(".strip").innerText(), /900 sentences: \d+ positive, 5\d\d negative/);
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

test("the direction follows the first letter", async (t) => {
  const page = await visitReady(t, chromium, await site(t));
  const direction = () => page.locator("#text").evaluate((field) => getComputedStyle(field).direction);
  for (const [text, expected] of [["أنا سعيد", "rtl"], ["Hello שלום", "ltr"], ["1. «שלום» Hello", "rtl"], ["", "ltr"]]) {
    await page.locator("#text").fill(text);
    assert.equal(await direction(), expected, text);
  }
});

test("after a browser's translation the page still shows the verdict on the text", async (t) => {
  const page = await visitReady(t, chromium, await site(t));
  const long = "What a day. ".repeat(1000);
  const shown = async () => (await page.locator("#verdict").innerText()).toLowerCase();
  for (const [label, text] of [...Object.entries(TEXTS), ["neutral", long], ...Object.entries(TEXTS), ["", ""]]) {
    // Each text node gives way to <font><font>text</font></font>, as Chromium's translation does it.
    await page.evaluate(() => {
      const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      const nodes = [];
      while (walker.nextNode()) nodes.push(walker.currentNode);
      for (const node of nodes) {
        if (!node.data.trim() || node.parentElement.closest("script, style, textarea, [translate=no]")) continue;
        const [outer, inner] = [document.createElement("font"), document.createElement("font")];
        inner.textContent = node.data;
        outer.append(inner);
        node.replaceWith(outer);
      }
    });
    await page.locator("#text").fill(text);
    if (text === long) {
      await page.waitForFunction(() => /^1,000 sentences/.test(document.querySelector(".strip").innerText), null, { timeout: 60_000 });
      continue;
    }
    await reaches(page, text ? "ready" : "empty", text ? { label } : {});
    const words = await shown();
    if (text) assert.equal(words.split("\n")[0], label);
    else assert.match(words, /^nothing to read yet/);
    assert.ok(await page.locator(".strip").isHidden(), "nothing of the text before");
    for (const name of ["negative", "neutral", "positive"]) assert.equal(words.split(name).length, name === label ? 3 : 2, words);
  }
});

test("numbers are written as the browser's language has them", async (t) => {
  const page = await visitReady(t, chromium, await site(t), { locale: "de-DE" });
  await paste(page, "word ".repeat(5000));
  await reaches(page, "ready");
  const words = await page.locator("#verdict").innerText();
  assert.match(words, /5\.\d{3} tokens/);
  assert.match(words, /\d\u00a0%/);
  await page.locator("summary:visible").first().click();
  assert.match(await page.locator("footer").innerText(), /\d,\d\sMB/);
});

/** What the worker says, changed on its way to the page by `change`, which is run in the page. */
const saying = (change) => (page) =>
  page.addInitScript(`{
    const change = ${change};
    const Native = Worker;
    window.Worker = class extends Native {
      constructor(...args) {
        super(...args);
        this.addEventListener("message", (event) => {
          if (!event.isTrusted) return;
          event.stopImmediatePropagation();
          this.dispatchEvent(new MessageEvent("message", { data: change(event.data) }));
        });
      }
    };
  }`);

test("of 3,000 labels six are listed, and the rest together", async (t) => {
  const prepare = saying((data) => {
    if (data.type === "ready") data.labels = Array.from({ length: 3000 }, (_, i) => `label_${i}`);
    if (data.type === "classified") {
      data.prediction.scores = Array.from({ length: 3000 }, (_, i) => (i === 7 ? 0.9 : 0.1 / 2999));
      data.prediction.label = 7;
    }
    return data;
  });
  const page = await visitReady(t, chromium, await site(t), { prepare });
  await page.keyboard.type("one two");
  await reaches(page, "ready", { label: "label_7" });
  const rows = await page.locator("#verdict li:visible").allInnerTexts();
  assert.equal(rows.length, 7, rows.join("; "));
  assert.match(rows.join("; "), /Label 7\s+90%.*2,994 other labels\s+10%$/s);
  assert.ok((await page.locator("#verdict *").count()) < 80, "elements do not grow with the labels");
});

test("labels that do not exclude each other are never one bar, whatever their scores sum to", async (t) => {
  const prepare = saying((data) => {
    if (data.type === "ready") data.multiLabel = true;
    if (data.type === "classified") {
      data.prediction.scores = [0.604, 0.204, 0.194];
      data.prediction.label = 0;
    }
    return data;
  });
  const page = await visitReady(t, chromium, await site(t), { prepare });
  await page.keyboard.type("one");
  await reaches(page, "ready", { label: "negative" });
  assert.equal(await page.locator("#verdict .meter").getAttribute("data-bars"), "many");
  const shares = await page.locator("#verdict .share:visible").allInnerTexts();
  assert.deepEqual(shares, ["60%", "20%", "19%"]);
});

test("typing behind a pasted megabyte in one line is as quick as on a blank page", async (t) => {
  const home = await site(t);
  const page = await visitReady(t, chromium, home);
  const blank = await (await chromium.chromium.newContext()).newPage();
  t.after(() => blank.context().close());
  await blank.setContent(`<textarea id="text" style="width: 44rem; height: 20rem; font: 1.5rem system-ui"></textarea>`);
  /** How long its thread is busy with the paste and with one key, in milliseconds of processor time: the machine may be at something else. */
  const measured = async (page) => {
    const session = await page.context().newCDPSession(page);
    await session.send("Performance.enable", { timeDomain: "threadTicks" });
    const busy = async () => (await session.send("Performance.getMetrics")).metrics.find(({ name }) => name === "TaskDuration").value * 1000;
    const start = await busy();
    await page.locator("#text").fill("I love this movie. ".repeat(1e6 / 19));
    await page.locator("#text").focus();
    await page.waitForTimeout(5_000);
    const paste = (await busy()) - start;
    const keys = [];
    for (const letter of "abcdef") {
      const before = await busy();
      await page.keyboard.type(letter);
      await page.waitForTimeout(1_000);
      keys.push((await busy()) - before);
    }
    // The middle one: on a busy machine a single key says little.
    return { paste, key: keys.sort((a, b) => a - b)[keys.length / 2] };
  };
  const [ours, theirs] = [await measured(page), await measured(blank)];
  const said = JSON.stringify({ ours, theirs });
  t.diagnostic(said);
  assert.ok(ours.key <= theirs.key + 100, said);
  // `dir=auto` took ten times a blank page's time.
  assert.ok(ours.paste <= 2 * theirs.paste + 500, said);
});
