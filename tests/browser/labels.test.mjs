// Documents read by models with other labels than the page's own: tinted and called mixed where labels have a polarity, and only there.

import assert from "node:assert/strict";
import { test } from "node:test";

import { filesOf, mount } from "./golden.mjs";
import { site } from "./site.mjs";
import { LOAD_MS, browser, paste, reaches, visitReady } from "./visit.mjs";

const chromium = browser();

const TEXT = "I hate the noise. The pool is heated. I love the view.";

/**
 * Has the worker answer for a model with these labels: of a text with “hate” and without “love” the first is likely, of one with
 * “love” alone the last, else the one in the middle.
 */
const answering = (labels, multiLabel = false) => (page) =>
  page.addInitScript(
    ({ labels, multiLabel }) => {
      const Native = Worker;
      window.Worker = class extends Native {
        constructor(...args) {
          super(...args);
          let text = "";
          const post = this.postMessage.bind(this);
          this.postMessage = (message, ...rest) => {
            text = message.text ?? text;
            post(message, ...rest);
          };
          this.addEventListener("message", (event) => {
            if (!event.isTrusted) return;
            event.stopImmediatePropagation();
            const { data } = event;
            if (data.type === "ready") Object.assign(data, { labels, multiLabel });
            if (data.type === "classified") {
              const [hates, loves] = [text.includes("hate"), text.includes("love")];
              const label = hates === loves ? Math.floor(labels.length / 2) : hates ? 0 : labels.length - 1;
              const scores = labels.map((_, i) => (i === label ? 0.9 : 0.1 / (labels.length - 1)));
              Object.assign(data.prediction, { label, scores, logits: scores });
            }
            this.dispatchEvent(new MessageEvent("message", { data }));
          });
        }
      };
    },
    { labels, multiLabel },
  );

/** What the page says of the text's sentences. */
async function shown(page) {
  const [bars, spans] = [page.getByRole("option"), page.locator(".mirror > span")];
  return {
    names: await bars.evaluateAll((bars) => bars.map((bar) => bar.getAttribute("aria-label").replace(/^.*: /, ""))),
    bars: await bars.evaluateAll((bars) => bars.map(({ dataset }) => dataset.tone)),
    tints: await spans.evaluateAll((spans) => spans.map(({ dataset }) => dataset.tone ?? "")),
    counts: await page.locator(".strip p").innerText(),
  };
}

test("of five stars one and two are negative, four and five positive", async (t) => {
  const labels = ["1 star", "2 stars", "3 stars", "4 stars", "5 stars"];
  const page = await visitReady(t, chromium, await site(t), { prepare: answering(labels) });
  await paste(page, TEXT);
  await reaches(page, "ready", { label: "mixed" });
  assert.deepEqual(await shown(page), {
    names: ["1 star, 90%", "3 stars, 90%", "5 stars, 90%"],
    bars: ["negative", "neutral", "positive"],
    tints: ["negative", "", "positive"],
    counts: "3 sentences: 1 positive, 1 negative, 1 neutral or not sure.",
  });
});

test("labels without a polarity tint nothing, and are never mixed", async (t) => {
  const page = await visitReady(t, chromium, await site(t), { prepare: answering(["anger", "surprise", "joy"]) });
  await paste(page, TEXT);
  await reaches(page, "ready", { label: "surprise" });
  assert.deepEqual(await shown(page), {
    names: ["Anger, 90%", "Surprise, 90%", "Joy, 90%"],
    bars: ["none", "none", "none"],
    tints: ["", "", ""],
    counts: "3 sentences.",
  });
});

test("labels that do not exclude each other tint nothing, and are never mixed", async (t) => {
  const prepare = answering(["negative", "neutral", "positive"], true);
  const page = await visitReady(t, chromium, await site(t), { prepare });
  await paste(page, TEXT);
  await reaches(page, "ready", { label: "neutral" });
  const { tints, counts } = await shown(page);
  assert.deepEqual([tints, counts], [["", "", ""], "3 sentences."]);
  assert.ok(await page.locator("#sentence .bar").isHidden(), "one bar would say that they sum to 100 %");
});

test("a model that takes over in the middle of a document reads all of it", async (t) => {
  const home = await site(t);
  mount(home, "/stars/", await filesOf("bert-stars"));
  // The service worker and the model's own list are asked for in a folder that has none.
  const page = await visitReady(t, chromium, home, { expected: /Failed to load resource: the server responded with a status of 404/ });
  await paste(page, Array.from({ length: 80 }, (_, n) => `I loved day ${n}.`).join(" "));
  await page.waitForFunction(() => /^[1-7]\d of 80 sentences read/.test(document.querySelector(".strip p").innerText));
  await page.evaluate(() => void (location.hash = "model=stars%2F"));
  await page.waitForFunction(() => /stars?$/.test(document.querySelector("#verdict").dataset.label ?? ""), null, { timeout: LOAD_MS });
  await reaches(page, "ready", { timeout: LOAD_MS });
  const { names, counts } = await shown(page);
  assert.equal(names.length, 80);
  for (const name of names) assert.match(name, /^(\d stars?, \d+%|not sure)$/);
  assert.match(counts, /^80 sentences: /);
});
