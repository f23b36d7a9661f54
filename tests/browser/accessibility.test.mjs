// Every state of the page in both themes: axe finds nothing, nothing scrolls sideways on a small phone, the keyboard is
// enough, and a screen reader hears a verdict once it has settled.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";

import { MODEL, built, faults, site } from "./site.mjs";
import { LOAD_MS, TEXTS, browser, paste, reaches, retype, visit, visitReady } from "./visit.mjs";

const chromium = browser();
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const NETWORK = /Failed to load resource|net::ERR_/;
const PHONE = { width: 360, height: 640 };

/** axe finds nothing, and the page is no wider than its window. */
async function isSound(page, state) {
  // Colours ease into place; axe should see where they end.
  await page.waitForTimeout(200);
  if (!(await page.evaluate(() => "axe" in window))) {
    // Through the debugger, past the page's Content-Security-Policy.
    await page.evaluate(AXE);
  }
  const { violations } = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
  const found = violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html).join(" ")}`);
  assert.deepEqual(found, [], `axe, ${state}`);
  const [width, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(width <= window, `${state}: ${width} px wide in a window of ${window} px`);
}

for (const colorScheme of ["light", "dark"]) {
  for (const viewport of [PHONE, { width: 1280, height: 800 }]) {
    test(`every state is sound: ${colorScheme}, ${viewport.width} px wide`, async (t) => {
      const home = await site(t);
      let release;
      const released = new Promise((resolve) => (release = resolve));
      t.after(() => release());
      home.fault(MODEL, faults.held(await built(MODEL), 4_000_000, released));
      const page = await visit(t, chromium, home, { colorScheme, viewport });
      await reaches(page, "loading");
      await isSound(page, "loading");
      release();
      await reaches(page, "empty", { timeout: LOAD_MS });
      await isSound(page, "empty");
      for (const [label, text] of Object.entries(TEXTS)) {
        await retype(page, text);
        await reaches(page, "ready", { label });
        await isSound(page, label);
      }
      await retype(page, "I love the room. I hate the noise.");
      await reaches(page, "ready", { label: "mixed" });
      await isSound(page, "mixed");
      const [word, figure] = await Promise.all([".word", ".figure"].map((part) => page.locator(`#verdict > ${part}`).evaluate((element) => {
        const range = document.createRange();
        range.selectNodeContents(element);
        return range.getBoundingClientRect().toJSON();
      })));
      assert.ok(word.right <= figure.left, `the headline ends at ${word.right}, its figure begins at ${figure.left}`);
      await retype(page, "");
      await paste(page, "What a day. ".repeat(1000));
      await reaches(page, "ready");
      await isSound(page, "too long a text");
      await retype(page, "");
      await paste(page, "x".repeat(400));
      await reaches(page, "ready");
      await isSound(page, "one endless word");
      for (const summary of await page.locator("summary:visible").all()) await summary.click();
      await isSound(page, "details open");
    });

    test(`a table is sound: ${colorScheme}, ${viewport.width} px wide`, async (t) => {
      const page = await visitReady(t, chromium, await site(t), { colorScheme, viewport, path: "#table" });
      await isSound(page, "no table");
      const rows = Object.entries(TEXTS).flatMap(([label, text], at) => [`${text};sales;2026-10-0${at + 1};${label}`, `${text};support;;`]);
      const buffer = Buffer.from(["comment;department;date;label", ...rows].join("\n"));
      await page.locator("#table-file").setInputFiles({ name: "a-rather-long-name-of-a-file-of-comments.csv", mimeType: "text/csv", buffer });
      await page.locator("#table-read:enabled").waitFor({ timeout: 20_000 });
      for (const role of ["group", "date", "label"]) await page.locator(`#table-${role}`).selectOption({ index: { group: 2, date: 3, label: 4 }[role] });
      await isSound(page, "a file that is looked at");
      await page.locator("#table-read").click();
      await page.waitForFunction(() => document.querySelectorAll(".rows .chip[data-tone=positive]").length === 2, null, { timeout: LOAD_MS });
      for (const summary of await page.locator(".tables summary:visible").all()) await summary.click();
      await isSound(page, "a table that is read");
      await page.locator(".rows").focus();
      await page.keyboard.press("2");
      await page.keyboard.press("Enter");
      await page.locator("dialog[open]").waitFor();
      await isSound(page, "all of a row");
    });

    test(`a failure is sound: ${colorScheme}, ${viewport.width} px wide`, async (t) => {
      const home = await site(t);
      home.fault(MODEL, faults.status(404));
      const page = await visit(t, chromium, home, { colorScheme, viewport, expected: NETWORK });
      await reaches(page, "error", { timeout: LOAD_MS });
      await isSound(page, "error");
    });
  }
}

test("the two themes differ", async (t) => {
  const home = await site(t);
  const backgrounds = [];
  for (const colorScheme of ["light", "dark"]) {
    const page = await visit(t, chromium, home, { colorScheme });
    await page.locator("#text").waitFor();
    backgrounds.push(
      await page.evaluate(() => {
        const canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d");
        for (const element of [document.documentElement, document.body]) {
          canvas.fillStyle = getComputedStyle(element).backgroundColor;
          canvas.fillRect(0, 0, 1, 1);
        }
        const [r, g, b] = canvas.getImageData(0, 0, 1, 1).data;
        return (r + g + b) / 3;
      }),
    );
  }
  assert.ok(backgrounds[0] > 200 && backgrounds[1] < 60, `brightness ${backgrounds} of light and dark`);
});

test("nothing jumps when a verdict comes and goes", async (t) => {
  const page = await visitReady(t, chromium, await site(t), { viewport: PHONE });
  const places = () => page.evaluate(() => ["#text", "#verdict"].map((id) => Math.round(document.querySelector(id).getBoundingClientRect().top)));
  const before = await places();
  await page.keyboard.type(TEXTS.positive);
  await reaches(page, "ready", { label: "positive" });
  assert.deepEqual(await places(), before);
  await retype(page, TEXTS.negative);
  await reaches(page, "ready", { label: "negative" });
  assert.deepEqual(await places(), before);
});

for (const viewport of [PHONE, { width: 768, height: 1024 }, { width: 1280, height: 800 }]) {
  test(`the field grows with its text up to the window, ${viewport.width} px wide`, async (t) => {
    const page = await visitReady(t, chromium, await site(t), { viewport });
    const height = () => page.locator("#text").evaluate((field) => field.offsetHeight);
    const heights = [await height()];
    for (const lines of [8, 400]) {
      await page.locator("#text").fill("What a day.\n".repeat(lines));
      await reaches(page, "ready");
      heights.push(await height());
    }
    assert.ok(heights[0] < heights[1] && heights[1] <= heights[2], `heights ${heights}`);
    const bottom = await page.locator("#verdict ul").evaluate((list) => list.getBoundingClientRect().bottom);
    assert.ok(bottom <= viewport.height, `the verdict ends at ${bottom}`);
    await page.locator("#text").fill("");
    await reaches(page, "empty");
    assert.equal(await height(), heights[0], "and shrinks again");
  });
}

test("above a phone's keyboard stand what is written and the verdict", async (t) => {
  const page = await visitReady(t, chromium, await site(t), { viewport: { width: 360, height: 300 } });
  for (const text of ["What a day.", "What a day. ".repeat(1000)]) {
    await page.locator("#text").fill(text);
    await page.locator("#text").focus();
    await page.keyboard.press("ControlOrMeta+End");
    await reaches(page, "ready");
    const [field, verdict, list] = await page.evaluate(() => ["#text", "#verdict", "#verdict ul"].map((of) => document.querySelector(of).getBoundingClientRect()));
    assert.ok(field.top >= 0 && field.bottom <= verdict.top, `the field from ${field.top} to ${field.bottom}, the verdict from ${verdict.top}`);
    assert.ok(list.bottom <= 300, `the verdict ends at ${list.bottom}`);
  }
});

test("the keyboard is enough, and shows where it is", async (t) => {
  const page = await visitReady(t, chromium, await site(t));
  await page.keyboard.type(TEXTS.positive);
  await reaches(page, "ready", { label: "positive" });
  // Its buttons come a moment after the verdict.
  await page.getByRole("button", { name: "Say the reasons" }).waitFor();
  const reached = new Set();
  for (let presses = 0; presses < 40; presses++) {
    await page.keyboard.press("Tab");
    const stop = await page.evaluate(() => {
      const element = document.activeElement;
      if (element === document.body) return null;
      element.dataset.reached = "";
      const style = getComputedStyle(element);
      const ringed = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
      return { name: element.outerHTML.slice(0, 120), visible: ringed || style.boxShadow !== "none" };
    });
    if (stop === null) break;
    assert.ok(stop.visible, `the focus shows on ${stop.name}`);
    reached.add(stop.name);
  }
  const missed = await page.evaluate(() =>
    [...document.querySelectorAll("a[href], button, summary, input, select, textarea")]
      .filter((element) => !("reached" in element.dataset) && element.checkVisibility() && !element.disabled && element.id !== "text")
      .map((element) => element.outerHTML.slice(0, 120)),
  );
  assert.deepEqual(missed, [], "controls that Tab does not reach");

  // An example, by keys alone.
  await page.locator(".examples button").first().focus();
  const { seq } = await reaches(page, "ready");
  await page.keyboard.press("Enter");
  await page.waitForFunction((seq) => Number(document.querySelector("#verdict").dataset.seq) > seq, seq, { timeout: 20_000 });
});

test("a screen reader hears the label once typing has settled, and only then", async (t) => {
  const page = await visitReady(t, chromium, await site(t));
  const status = page.getByRole("status").or(page.locator('[aria-live="polite"]')).first();
  await status.waitFor({ state: "attached" });
  await page.evaluate(() => {
    window.heard = [];
    const regions = document.querySelectorAll('[role="status"], [aria-live="polite"]');
    for (const region of regions) {
      new MutationObserver(() => heard.push(region.textContent.trim())).observe(region, { subtree: true, childList: true, characterData: true });
    }
  });
  await page.keyboard.type(TEXTS.positive, { delay: 40 });
  await reaches(page, "ready", { label: "positive" });
  await page.waitForFunction(() => heard.some((words) => /positive/i.test(words)), undefined, { timeout: 10_000 });
  const heard = (await page.evaluate(() => heard)).filter(Boolean);
  assert.ok(heard.length <= 3, `announcements while one sentence was typed: ${JSON.stringify(heard)}`);
});

test("with reduced motion nothing moves", async (t) => {
  const page = await visitReady(t, chromium, await site(t), { reducedMotion: "reduce" });
  await page.keyboard.type(TEXTS.positive);
  await reaches(page, "ready", { label: "positive" });
  const moving = await page.evaluate(() => document.getAnimations().filter(({ playState }) => playState === "running").length);
  assert.equal(moving, 0);
});

test("the page has a title, a language, one h1, and names its field", async (t) => {
  const page = await visitReady(t, chromium, await site(t));
  assert.notEqual(await page.title(), "");
  assert.equal(await page.locator("html").getAttribute("lang"), "en");
  assert.equal(await page.locator("h1").count(), 1);
  assert.equal(await page.getByRole("textbox").count(), 1);
  assert.notEqual(await page.getByRole("textbox").evaluate((field) => field.labels?.[0]?.innerText ?? field.ariaLabel ?? ""), "");
});
