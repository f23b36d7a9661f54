// A text of several sentences: tints, the strip, the sentence at the cursor, reasons, and what an edit changed.

import assert from "node:assert/strict";
import { test } from "node:test";

import { site } from "./site.mjs";
import { REVIEW, SCRIPTS, misplaced } from "./tints.mjs";
import { ANSWER_MS, browser, paste, reaches, retype, verdict, visit, visitReady } from "./visit.mjs";

const chromium = browser();

/** Reading a long text, on a busy machine. */
const LONG_MS = 60_000;

/** Records what the page asks of its workers. To be passed as `prepare`. */
const recordRequests = (page) =>
  page.addInitScript(() => {
    const Native = Worker;
    window.asked = [];
    window.workers = [];
    window.Worker = class extends Native {
      constructor(...args) {
        super(...args);
        workers.push(this);
      }
      postMessage(message, ...rest) {
        if (message.type === "classify") asked.push({ text: message.text, at: performance.now() });
        super.postMessage(message, ...rest);
      }
    };
  });

const tints = (page) =>
  page.locator(".mirror > span").evaluateAll((spans) => spans.map((span) => ({ text: span.textContent, tone: span.dataset.tone ?? "" })));

const caret = (page, at) => page.locator("#text").evaluate((field, at) => (field.focus(), field.setSelectionRange(at, at)), at);

const current = (page) =>
  page.locator("#sentence").evaluate(({ dataset, innerText }) => ({ index: Number(dataset.index), state: dataset.state, words: innerText }));

test("each sentence is tinted by its own verdict, and the whole is mixed", async (t) => {
  const page = await visitReady(t, chromium, await site(t));
  await paste(page, REVIEW);
  await reaches(page, "ready", { label: "mixed" });
  const shown = await tints(page);
  assert.deepEqual(shown.map(({ tone }) => tone), ["", "positive", "negative", "", "negative", "positive"]);
  assert.equal(shown.map(({ text }) => text).join(" "), REVIEW);
  const options = await page.getByRole("option").evaluateAll((bars) => bars.map((bar) => bar.getAttribute("aria-label")));
  assert.equal(options.length, 6);
  assert.match(options[2], /^Sentence 3 of 6: Negative, \d+%$/);
  assert.match(await page.locator(".strip").innerText(), /6 sentences: 2 positive, 2 negative, 2 neutral or not sure/);
});

test("with one sentence the page looks as before", async (t) => {
  const page = await visitReady(t, chromium, await site(t));
  await page.keyboard.type("I love this, it is wonderful!");
  await reaches(page, "ready", { label: "positive" });
  assert.deepEqual((await tints(page)).map(({ tone }) => tone), [""]);
  for (const part of [".strip", "#sentence", ".tools label"]) assert.ok(await page.locator(part).isHidden(), part);
});

test("a key in the middle of 5,000 words asks for two sentences at most", async (t) => {
  const page = await visitReady(t, chromium, await site(t), { prepare: recordRequests });
  const sentence = (n) => `On day ${n} the room was good, but e.g. Mr. Smith said no.`;
  const text = Array.from({ length: 420 }, (_, n) => sentence(n)).join(" ");
  assert.ok(text.split(" ").length >= 5000);
  await paste(page, text);
  await page.waitForFunction(() => /\d+ of 420 sentences read/.test(document.querySelector(".strip").innerText), null, { timeout: ANSWER_MS });
  await reaches(page, "ready", { label: undefined, timeout: 120_000 });
  for (const key of ["x", ".", " ", "?"]) {
    await caret(page, text.indexOf("day 200") + 20);
    await page.waitForTimeout(2_000);
    await page.evaluate(() => {
      asked.splice(0);
      addEventListener("input", () => (window.typedAt = performance.now()), { once: true, capture: true });
    });
    await page.keyboard.type(key);
    await reaches(page, "ready");
    // Later the words of the sentence are left out one by one.
    const sent = await page.evaluate(() => asked.filter(({ at }) => at - typedAt < 100).map(({ text }) => text));
    // A window is more than one sentence.
    const sentences = sent.filter((text) => (text.match(/On day/g) ?? []).length <= 1);
    const windows = sent.length - sentences.length;
    const said = `${JSON.stringify(key)}: ${sentences.length} sentences, ${windows} windows: ${JSON.stringify(sent)}`;
    assert.ok(sentences.length >= 1 && sentences.length <= 2 && windows <= 8, said);
    await page.keyboard.press("Backspace");
    await reaches(page, "ready");
  }
});

for (const [name, text] of Object.entries(SCRIPTS)) {
  test(`tints lie under their words: ${name}`, async (t) => {
    const page = await visitReady(t, chromium, await site(t), { viewport: { width: 420, height: 800 } });
    await paste(page, text);
    await reaches(page, "ready");
    const found = await page.evaluate(misplaced);
    assert.ok(found.worst <= 1, JSON.stringify(found));
  });
}

// A page at 200 % has half the width in CSS pixels, and two device pixels for each.
for (const [zoom, width, height] of [[1, 700, 600], [2, 350, 300]]) {
  test(`tints lie under their words: scrolled at ${zoom * 100} %, and after edits in the middle`, async (t) => {
    const page = await visitReady(t, chromium, await site(t), { viewport: { width, height }, deviceScaleFactor: zoom });
    const long = Array.from({ length: 12 }, () => REVIEW).join("\n");
    await paste(page, long);
    await reaches(page, "ready", { timeout: LONG_MS });
    for (const top of [0, 137, 100_000]) {
      await page.locator("#text").evaluate((field, top) => (field.scrollTop = top), top);
      await page.waitForTimeout(100);
      const found = await page.evaluate(misplaced);
      assert.ok(found.worst <= 1 && Math.abs(found.scrolled[0] - found.scrolled[1]) <= 1, JSON.stringify({ top, found }));
    }
    await caret(page, 400);
    for (const key of ["x", " ", ".", "Enter", "Enter", "Backspace", "Z"]) {
      await page.keyboard.press(key);
      const found = await page.evaluate(misplaced);
      assert.ok(found.worst <= 1, `after ${key}: ${JSON.stringify(found)}`);
    }
  });
}

test("arrow keys and clicks move between the strip and the text", async (t) => {
  const page = await visitReady(t, chromium, await site(t));
  await paste(page, REVIEW);
  await reaches(page, "ready", { label: "mixed" });
  await caret(page, REVIEW.indexOf("Breakfast") + 4);
  await page.waitForFunction(() => document.querySelector("#sentence").dataset.index === "2");
  assert.match((await current(page)).words, /Breakfast was a disaster[^]*Negative/);
  assert.equal(await page.locator("#sentence").getAttribute("data-label"), "negative");
  // Once its parts have moved.
  await page.waitForFunction(() => {
    // A part is seen up to where the next one begins.
    const [negative, neutral] = document.querySelectorAll("#sentence .part");
    const left = (part) => part.getBoundingClientRect().left;
    return left(neutral) - left(negative) > 0.6 * document.querySelector("#sentence .bar").offsetWidth;
  });
  // By keys alone: the strip is the first stop behind the field.
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute("role")), "listbox");
  await page.keyboard.press("ArrowRight");
  assert.equal((await current(page)).index, 3);
  await page.keyboard.press("End");
  assert.equal((await current(page)).index, 5);
  await page.keyboard.press("Home");
  await page.keyboard.press("ArrowRight");
  const active = await page.locator("[role=listbox]").getAttribute("aria-activedescendant");
  assert.match(await page.locator(`#${active}`).getAttribute("aria-label"), /^Sentence 2 of 6: Positive/);
  await page.keyboard.press("Enter");
  const at = await page.locator("#text").evaluate((field) => [document.activeElement === field, field.selectionStart]);
  assert.deepEqual(at, [true, REVIEW.indexOf("The room")]);
  await page.getByRole("option").nth(4).click();
  assert.equal((await current(page)).index, 4);
  assert.equal(await page.locator("#text").evaluate((field) => field.selectionStart), REVIEW.indexOf("I hated"));
});

test("the switch turns tints off, and is remembered", async (t) => {
  const page = await visitReady(t, chromium, await site(t));
  await paste(page, REVIEW);
  await reaches(page, "ready", { label: "mixed" });
  await page.getByRole("switch").uncheck();
  assert.deepEqual(await tints(page), []);
  await page.reload();
  await reaches(page, "ready", { label: "mixed", timeout: LONG_MS });
  assert.deepEqual(await tints(page), []);
  await page.getByRole("switch").check();
  assert.equal((await tints(page)).length, 6);
});

test("a text that is too long to tint says so, and a shorter one is tinted again", async (t) => {
  const page = await visitReady(t, chromium, await site(t));
  const said = page.getByText("This text is too long to tint its sentences.");
  await paste(page, REVIEW);
  await reaches(page, "ready", { label: "mixed" });
  assert.ok(await said.isHidden());
  // Before anything else can be painted.
  const left = await page.locator("#text").evaluate((field) => {
    field.value = "I love this wonderful day. ".repeat(4_000);
    field.dispatchEvent(new Event("input", { bubbles: true }));
    return document.querySelectorAll(".mirror > span").length;
  });
  assert.equal(left, 0, "no tint lies under another text");
  await said.waitFor();
  assert.ok(await page.getByRole("switch").isHidden());
  await reaches(page, "ready", { timeout: LONG_MS });
  await page.locator("#text").fill(REVIEW);
  await reaches(page, "ready", { label: "mixed" });
  assert.equal((await tints(page)).length, 6);
  assert.ok(await said.isHidden());
});

test("undo, selection and typing work as in any field", async (t) => {
  const page = await visitReady(t, chromium, await site(t));
  await paste(page, REVIEW);
  await reaches(page, "ready", { label: "mixed" });
  await caret(page, 10);
  await page.keyboard.type("never ");
  await reaches(page, "ready");
  // A browser takes back what was typed in one or more steps.
  for (let step = 0; step < 6 && (await page.locator("#text").inputValue()) !== REVIEW; step += 1) await page.keyboard.press("ControlOrMeta+z");
  assert.equal(await page.locator("#text").inputValue(), REVIEW);
  await reaches(page, "ready", { label: "mixed" });
  await page.keyboard.press("Shift+ArrowRight");
  assert.equal(await page.locator("#text").evaluate((field) => field.selectionEnd - field.selectionStart), 1);
});

test("the words that carry the verdict are shown soon after the last key, and can be left out", async (t) => {
  const page = await visitReady(t, chromium, await site(t));
  const text = "The staff were friendly and the room was clean, but the breakfast that we were given each morning was truly awful.";
  assert.ok(text.split(" ").length <= 25);
  await paste(page, text.slice(0, -1));
  await reaches(page, "ready");
  // From the key to the reasons, as the page sees it: the test's own way there takes time too.
  await page.evaluate(() => {
    window.shownAfter = new Promise((resolve) => {
      let begun;
      document.querySelector("#text").addEventListener("input", () => (begun = performance.now()));
      const section = document.querySelector("#reasons");
      const after = () => performance.now() - begun;
      // The reasons of the text before stay for the first 120 ms at least.
      new MutationObserver(() => begun && after() > 120 && !section.hidden && section.dataset.state === "ready" && resolve(after())).observe(section, { attributes: true, childList: true, subtree: true });
    });
  });
  await page.keyboard.type(".");
  const after = await page.evaluate(() => shownAfter);
  t.diagnostic(`reasons after ${after.toFixed(0)} ms`);
  assert.ok(after <= 1_000, `${after} ms`);
  const words = await page.locator("#reasons li").evaluateAll((rows) => rows.map((row) => row.innerText.split("\n").map((part) => part.trim()).filter(Boolean)));
  assert.ok(words.length >= 1 && words.length <= 6, JSON.stringify(words));
  assert.ok(words.some(([word]) => word === "awful"), JSON.stringify(words));
  for (const [, points] of words) assert.match(points, /^[−+]\d+$/);
  const marked = await page.locator(".mirror u").allTextContents();
  assert.deepEqual([...marked].sort(), words.map(([word]) => word).sort());

  const awful = page.getByRole("button", { name: "Leave out “awful”" });
  await awful.click();
  await page.waitForFunction(() => /^Without “awful”: \p{L}/u.test(document.querySelector(".outcome").innerText));
  assert.equal(await awful.getAttribute("aria-pressed"), "true");
  await awful.click();
  assert.equal(await page.locator(".outcome").innerText(), "");
  const said = page.locator("#reasons [role=status]").last();
  for (const time of ["once", "again"]) {
    await said.evaluate((region) => void (region.dataset.heard = ""));
    await said.evaluate((region) => new MutationObserver(() => (region.dataset.heard += region.textContent)).observe(region, { childList: true }));
    await page.getByRole("button", { name: "Say the reasons" }).click();
    await page.waitForFunction(() => /Without “.+” the verdict (loses|gains) \d+ points?\./.test(document.querySelector("#reasons [role=status][data-heard]").dataset.heard), null, { timeout: ANSWER_MS }).catch(() => assert.fail(`not said ${time}`));
  }
});

test("while somebody types the reasons stay where they are, and say that they are old", async (t) => {
  const page = await visitReady(t, chromium, await site(t));
  await paste(page, "The breakfast was awful");
  const reasons = page.locator("#reasons");
  await page.locator('#reasons[data-state="ready"]').waitFor();
  await page.evaluate(() => {
    const section = document.querySelector("#reasons");
    window.states = [];
    new MutationObserver(() => states.push(section.hidden ? "hidden" : section.dataset.state)).observe(section, { attributes: true });
  });
  await page.keyboard.type(" and cold", { delay: 200 });
  await page.getByRole("button", { name: "Leave out “cold”" }).waitFor();
  await page.waitForFunction(() => states.at(-1) === "ready");
  const states = await page.evaluate(() => states);
  assert.ok(states.includes("stale") && !states.includes("hidden"), String(states));
  // Another sentence has reasons of its own.
  await page.keyboard.insertText(". Fine.");
  await page.waitForFunction(() => document.querySelector("#reasons").hidden || !document.querySelector("#reasons").innerText.includes("awful"));
  await page.locator("#text").fill("");
  assert.ok(await reasons.isHidden());
});

test("what has changed since a version was pinned", async (t) => {
  const page = await visitReady(t, chromium, await site(t));
  await paste(page, "I hated the noise. The pool is heated.");
  await reaches(page, "ready");
  await page.getByRole("button", { name: "Pin this version" }).click();
  assert.match(await page.locator("#changes").innerText(), /Nothing has changed since/);
  await retype(page, "I loved the quiet. The pool is heated. Bye.");
  await reaches(page, "ready");
  const changes = await page.locator("#changes").innerText();
  assert.match(changes, /I hated the noise\.\s+Negative, \d+%\s+I loved the quiet\.\s+Positive, \d+%/);
  assert.match(changes, /Added:\s+Bye\./);
  assert.match(changes, /The whole text: .* then, .* now\./);
  await page.getByRole("button", { name: "Unpin" }).click();
  assert.ok(await page.locator("#changes").isHidden());
});

test("a worker that crashes in the middle of a document loses nothing that was read", async (t) => {
  const page = await visitReady(t, chromium, await site(t), { prepare: recordRequests });
  const text = Array.from({ length: 60 }, (_, n) => `I loved day ${n}.`).join(" ");
  await paste(page, text);
  await page.waitForFunction(() => asked.length > 20);
  const before = await page.evaluate(() => {
    const count = asked.length;
    workers.at(-1).dispatchEvent(new ErrorEvent("error", { message: "unreachable" }));
    return count;
  });
  await reaches(page, "ready", { label: "positive", timeout: LONG_MS });
  const texts = await page.evaluate(() => asked.map(({ text }) => text));
  const again = texts.filter((text, i) => texts.indexOf(text) !== i);
  assert.ok(again.length <= 1, `${again.length} texts were read twice, of ${before} before the crash`);
});

test("a text that is replaced while it is read leaves nothing of the old one", async (t) => {
  const page = await visitReady(t, chromium, await site(t));
  await paste(page, "I hate this awful place. ".repeat(300));
  await page.waitForTimeout(100);
  await page.locator("#text").fill("I love it. It is wonderful.");
  await reaches(page, "ready", { label: "positive" });
  assert.deepEqual((await tints(page)).map(({ tone }) => tone), ["positive", "positive"]);
});

test("strange documents: only line breaks, emoji, code, one endless word, a list of 10,000 lines", async (t) => {
  const page = await visitReady(t, chromium, await site(t));
  await page.locator("#text").fill("\n\n\n\n");
  await reaches(page, "empty");
  // As a program would: to insert ten thousand lines by keys takes a blank page minutes.
  const write = (text) =>
    page.locator("#text").evaluate((field, text) => {
      field.value = text;
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }, text);
  for (const text of ["🙂🙃 👍🏽 🤮", "fn main() {\n    let x = 1.0;\n}\n\nfor (;;) {}", "x".repeat(100_000), Array.from({ length: 10_000 }, (_, n) => `- item ${n % 70}`).join("\n")]) {
    await write(text);
    await reaches(page, "ready", { timeout: LONG_MS });
    assert.ok((await verdict(page)).label);
  }
});

test("a link and the draft hold a megabyte", async (t) => {
  const home = await site(t);
  const text = "I love this wonderful day. ".repeat(Math.ceil(1e6 / 27)).slice(0, 1_000_000);
  const page = await visit(t, chromium, home, { path: `#text=${encodeURIComponent(text).replaceAll("%20", "+")}` });
  await page.waitForFunction((length) => document.querySelector("#text")?.value.length === length, text.length, { timeout: LONG_MS });
  await page.locator("#text").evaluate((field) => {
    field.value = "x" + field.value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });
  await page.goto(new URL("about:blank").href);
  await page.goBack();
  await page.waitForFunction((length) => document.querySelector("#text")?.value.length === length, text.length + 1, { timeout: LONG_MS });
});

test("a text that is too long for an address says so, and the address stays", async (t) => {
  const page = await visitReady(t, chromium, await site(t));
  const put = page.getByRole("button", { name: "Put the text into the page’s address" });
  await page.getByText("Use another model").click();
  // Blanks, which are long and quickly read.
  await page.locator("#text").fill(`I love it.${" ".repeat(2_000_000)}`);
  await put.click();
  await page.getByText(/^This text is too long for an address/).waitFor();
  assert.equal(new URL(page.url()).hash, "");
  await page.locator("#text").fill("I love it.");
  await put.click();
  assert.equal(new URL(page.url()).hash, "#text=I+love+it.");
  await page.waitForFunction(() => !document.body.innerText.includes("too long for an address"));
});
