// A long life: thousands of texts, a tab nobody looks at, a device without memory.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { buildFolder, built, faults, site } from "./site.mjs";
import { LOAD_MS, TEXTS, browser, paste, reaches, retype, visit, visitReady } from "./visit.mjs";

const chromium = browser("--js-flags=--expose-gc");
const PROGRAM = "worker_relaxed";
const PAGE_BYTES = 65_536;

/** Bytes of the worker's WebAssembly memory: its module, imported again, is the one that runs. */
const memory = async (page) => {
  const url = new URL(`${await buildFolder()}/${PROGRAM}.js`, page.url()).href;
  return page.workers()[0].evaluate(async (url) => (await (await import(url)).default()).memory.buffer.byteLength, url);
};

test("10,000 texts of every length leave the memory where the first 100 had it", { timeout: 400_000 }, async (t) => {
  const page = await visit(t, chromium, await site(t), { path: "bench.html" });
  await page.waitForFunction(() => "bench" in window);
  await page.evaluate(() => bench.ready.then(() => {}));
  const classify = (from, to) =>
    page.evaluate(
      async ([from, to]) => {
        const words = "the film was not as good as everybody says but I liked its music 好 é 🙂 naïve".split(" ");
        for (let i = from; i < to; i++) {
          // Mostly a few words, every fiftieth up to several times what the model reads.
          const length = i % 50 ? 1 + (i * 7) % 23 : 1 + (i * 131) % 2_000;
          await bench.infer(Array.from({ length }, (_, k) => words[(i * 31 + k * k) % words.length]).join(" "));
        }
      },
      [from, to],
    );
  const heap = async () => page.evaluate(() => (gc(), gc(), performance.memory.usedJSHeapSize));
  await page.evaluate(() => bench.infer("long ".repeat(3_000)));
  await classify(0, 100);
  const [wasm, js] = [await memory(page), await heap()];
  await classify(100, 10_000);
  t.diagnostic(`${wasm} bytes of WebAssembly memory after 100, ${await memory(page)} after 10,000`);
  assert.equal(await memory(page), wasm);
  const growth = (await heap()) - js;
  assert.ok(growth < 1_000_000, `the page's own heap grew by ${growth} bytes`);
});

test("a tab that is out of sight for minutes has no worker; back in sight it reads again", async (t) => {
  const page = await visitReady(t, chromium, await site(t), { prepare: (page) => page.clock.install() });
  await page.keyboard.type(TEXTS.positive);
  await reaches(page, "ready", { label: "positive" });
  const look = (hidden) =>
    page.evaluate((hidden) => {
      Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }, hidden);
  // That a worker has ended is heard a moment later.
  const workers = async () => (await sleep(500), page.workers().length);
  await look(true);
  await page.clock.runFor("01:00");
  assert.equal(await workers(), 1, "a glance elsewhere ends nothing");
  await look(false);
  await page.clock.runFor("05:00");
  assert.equal(await workers(), 1, "it is in sight");
  await look(true);
  await page.clock.runFor("02:30");
  assert.equal(await workers(), 1, "only the last time out of sight counts");
  await page.clock.runFor("01:00");
  assert.equal(await workers(), 0, "it is ended");
  await reaches(page, "ready", { label: "positive" });

  await look(false);
  await retype(page, TEXTS.negative);
  await reaches(page, "ready", { label: "negative", timeout: LOAD_MS });
  assert.equal(page.workers().length, 1);
});

test("a text that comes while the tab is out of sight brings the worker back", async (t) => {
  const page = await visitReady(t, chromium, await site(t), { prepare: (page) => page.clock.install() });
  await page.evaluate(() => {
    Object.defineProperty(document, "hidden", { value: true, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  });
  await page.clock.runFor("05:00");
  await paste(page, TEXTS.negative);
  await reaches(page, "ready", { label: "negative", timeout: LOAD_MS });
  assert.equal(page.workers().length, 1);
  // Until then it is busy with the reasons.
  await page.getByRole("button", { name: "Say the reasons" }).waitFor();
  await page.clock.runFor("05:00");
  // That a worker has ended is heard a moment later.
  await sleep(500);
  assert.equal(page.workers().length, 0, "it is ended again");
});

/** The worker's program, with a memory that cannot grow beyond `pages` more than it starts with, or than `total`. */
async function starved({ more, total }) {
  const wasm = await built(`${await buildFolder()}/${PROGRAM}_bg.wasm`);
  const number = (at) => {
    for (let value = 0, shift = 0; ; shift += 7, at++) {
      value += (wasm[at] & 0x7f) * 2 ** shift;
      if (wasm[at] < 0x80) return [value, at + 1];
    }
  };
  const bytes = (value) => (value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...bytes(value >>> 7)]);
  for (let at = 8; at < wasm.length; ) {
    const [size, start] = number(at + 1);
    // Section 5: one memory, by its smallest and, if its flag is 1, its largest size in pages of 64 KiB.
    if (wasm[at] === 5) {
      const [smallest] = number(start + 2);
      const limits = [1, 1, ...bytes(smallest), ...bytes(total ?? smallest + more)];
      return Buffer.concat([wasm.subarray(0, at + 1), Buffer.from([...bytes(limits.length), ...limits]), wasm.subarray(start + size)]);
    }
    at = start + size;
  }
  throw new Error("the program has no memory");
}

test("no memory for the model: a sentence, the text is kept, and a retry helps once there is some", async (t) => {
  const home = await site(t);
  home.fault(`/${PROGRAM}_bg.wasm`, faults.body(await starved({ more: 40 }), "application/wasm"));
  // A program without memory ends in the middle of a task; a timer may call it once more before the page has ended it.
  const page = await visit(t, chromium, home, { expected: /unreachable|memory|alloc|RefCell already borrowed/i });
  await page.locator("#text").waitFor();
  await paste(page, TEXTS.positive);
  await reaches(page, "error", { timeout: LOAD_MS });
  assert.match(await page.locator('[role="alert"]:visible').innerText(), /stopped and did not recover[^]*memory/i);
  assert.equal(await page.locator("#text").inputValue(), TEXTS.positive);
  home.mend();
  await page.locator("#verdict").getByRole("button", { name: /again/i }).click();
  await reaches(page, "ready", { label: "positive", timeout: LOAD_MS });
});

test("no memory for a long sentence: it is said, and shorter ones are read again", async (t) => {
  const home = await site(t);
  const first = await visitReady(t, chromium, home);
  const loaded = (await memory(first)) / PAGE_BYTES;
  home.fault(`/${PROGRAM}_bg.wasm`, faults.body(await starved({ total: loaded + 4 }), "application/wasm"));
  const page = await visitReady(t, chromium, home, { expected: /unreachable|memory|alloc|not what this release has/i });
  await page.keyboard.type(TEXTS.negative);
  await reaches(page, "ready", { label: "negative" });
  // As long as a sentence is read at once.
  await retype(page, "");
  await paste(page, "and a very long story follows ".repeat(65) + "too.");
  await reaches(page, "error", { timeout: LOAD_MS });
  await retype(page, TEXTS.positive);
  await reaches(page, "ready", { label: "positive", timeout: LOAD_MS });
});

/** Megabytes that a page's process has for itself, its workers' included. */
async function processMemory(page) {
  const session = await chromium.chromium.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  await session.detach();
  const sizes = [];
  for (const { type, id } of processInfo) {
    if (type !== "renderer") continue;
    const rollup = await readFile(`/proc/${id}/smaps_rollup`, "utf8").catch(() => "");
    const kilobytes = (key) => Number(rollup.match(new RegExp(`^${key}: +(\\d+) kB`, "m"))?.[1] ?? 0);
    sizes.push((kilobytes("Private_Dirty") + kilobytes("Private_Clean") + kilobytes("Swap")) / 1000);
  }
  // The others are spare ones, without a page.
  return Math.max(...sizes);
}

test("dispose gives the memory back", async (t) => {
  const home = await site(t);
  home.fault("/blank.html", faults.body(Buffer.from('<!doctype html><link rel="icon" href="data:,"><title>blank</title>'), "text/html"));
  const page = await visit(t, chromium, home, { path: "blank.html" });
  const settled = async () => {
    await page.evaluate(() => (gc(), gc()));
    await page.waitForTimeout(3000);
    return processMemory(page);
  };
  const load = () =>
    page.evaluate(async () => {
      const { create } = await import("/live-sentiment.js");
      window.sentiment = await create();
      return (await sentiment.classify("What a lovely day. ".repeat(200))).label;
    });
  // The first time leaves code behind, compiled.
  assert.equal(await load(), "positive");
  await page.evaluate(() => sentiment.dispose());
  const before = await settled();
  await load();
  const loaded = await settled();
  await page.evaluate(() => sentiment.dispose());
  const after = await settled();
  t.diagnostic(`${before.toFixed(1)} MB before, ${loaded.toFixed(1)} MB with the model, ${after.toFixed(1)} MB after dispose()`);
  assert.ok(loaded - before > 15, "what is measured has the model in it");
  assert.ok(after - before <= 10, `${(after - before).toFixed(1)} MB stay`);
});
