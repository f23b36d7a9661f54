// A visitor with a fresh browser: opens the page, types, reads the verdict, and reports whatever went wrong unseen.

import assert from "node:assert/strict";
import { after, before } from "node:test";
import { chromium } from "playwright-core";

// No name but localhost resolves: whatever would leave the machine fails, and shows.
const ARGS = ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

/** Texts whose reading nobody would dispute. */
export const TEXTS = {
  negative: "This is terrible and I hate it.",
  neutral: "The meeting is on Tuesday at ten.",
  positive: "I love this, it is wonderful!",
};

/** Loading the model and warming up, on a busy machine. */
export const LOAD_MS = 60_000;
export const ANSWER_MS = 20_000;

/** One Chromium for the tests of a file. Call at the file's top level. */
export function browser(...args) {
  const holder = {};
  before(async () => {
    holder.chromium = await chromium.launch({
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      chromiumSandbox: false,
      args: [...ARGS, ...args],
    });
  });
  after(() => holder.chromium?.close());
  return holder;
}

/**
 * Opens `path` of the site with an empty profile. When the test ends, anything in the console that `expected` does not
 * match fails it, and so does a request to another origin, unless `others` are allowed.
 */
export async function visit(test, browser, site, { path = "", expected = /^$/, others = false, prepare = async () => {}, ...options } = {}) {
  const context = await browser.chromium.newContext(options);
  const page = await context.newPage();
  const unseen = [];
  const complain = (what) => void (expected.test(what) || unseen.push(what));
  context.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complain(`console ${message.type()}: ${message.text()} (${message.location().url})`);
  });
  context.on("weberror", (error) => complain(`uncaught: ${error.error().message}`));
  context.on("request", (request) => {
    const { origin, protocol } = new URL(request.url());
    if (!others && /^https?:/.test(protocol) && origin !== new URL(site.url).origin) complain(`request to ${request.url()}`);
  });
  site.guests?.push(() => context.close());
  test.after(async () => {
    await context.close();
    assert.deepEqual(unseen, [], "nothing unexpected in the console, no request to another origin");
  });
  await prepare(page);
  await page.goto(new URL(path, site.url).href);
  return page;
}

/** What `#verdict` says for programs. */
export const verdict = (page) =>
  page.locator("#verdict").evaluate((element) => ({
    label: element.dataset.label ?? "",
    seq: Number(element.dataset.seq || 0),
    state: element.dataset.state,
  }));

/** Waits for `#verdict` to reach a state and, where given, a label. */
export async function reaches(page, state, { label, timeout = ANSWER_MS } = {}) {
  const selector = `#verdict[data-state="${state}"]` + (label === undefined ? "" : `[data-label="${label}"]`);
  try {
    await page.locator(selector).waitFor({ state: "attached", timeout });
  } catch {
    const text = await page.locator("body").innerText();
    assert.fail(`#verdict never matched ${selector}; it says ${JSON.stringify(await verdict(page))}, the page says:\n${text}`);
  }
  return verdict(page);
}

/** Opens the page and waits for the model. */
export async function visitReady(test, browser, site, options) {
  const page = await visit(test, browser, site, options);
  await reaches(page, "empty", { timeout: LOAD_MS });
  return page;
}

/** Replaces the field's text by real key events. */
export async function retype(page, text) {
  await page.locator("#text").focus();
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.press("Delete");
  await page.keyboard.type(text);
}

/** Puts a text into the field at once, as pasting does. */
export async function paste(page, text) {
  await page.locator("#text").focus();
  await page.keyboard.insertText(text);
}

/**
 * Records what each worker says and lets the test say it again: `await page.evaluate(i => replies.say(i), 3)`.
 * To be passed as `prepare`.
 */
export const recordReplies = (page) =>
  page.addInitScript(() => {
    const Native = Worker;
    const heard = [];
    let latest;
    window.replies = {
      heard,
      say: (data) => latest.dispatchEvent(new MessageEvent("message", { data })),
    };
    window.Worker = class extends Native {
      constructor(...args) {
        super(...args);
        latest = this;
        this.addEventListener("message", ({ data }) => heard.push(data));
      }
    };
  });
