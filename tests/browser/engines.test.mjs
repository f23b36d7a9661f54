// The same visit in each engine: the page loads, is typed into, reads rightly, and does so again without the network. And
// where an engine lacks something, it says so in a plain sentence.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { site } from "./site.mjs";
import { SCRIPTS, misplaced } from "./tints.mjs";
import { LOAD_MS, TEXTS } from "./visit.mjs";
import { chromium, firefox, webkit } from "./webdriver.mjs";

const TIMEOUT = { timeout: 180_000 };

// By which the page picks its worker.
const RELAXED_SIMD = [...readFileSync(new URL("../../src/web/client/probe/relaxed.wasm", import.meta.url))];

const hasRelaxed = (tab) => tab.evaluate((bytes) => WebAssembly.validate(new Uint8Array(bytes)), RELAXED_SIMD);

/** Waits until the page is ready for a text, or has read one to be `label`. */
const reaches = (tab, state, label, timeout) =>
  tab.reaches(
    label ? `${state} with ${label}` : state,
    (state, label) => {
      const { dataset } = document.querySelector("#verdict") ?? { dataset: {} };
      return dataset.state === state && (label === null || dataset.label === label);
    },
    { args: [state, label ?? null], timeout },
  );

const ready = (tab) => reaches(tab, "empty", null, LOAD_MS);

/** Types a text of each class, and waits for its verdict. */
async function readEach(tab) {
  for (const [label, text] of Object.entries(TEXTS)) {
    await tab.retype(text);
    await reaches(tab, "ready", label);
    assert.equal(await tab.evaluate(() => document.querySelector("#text").value), text);
  }
}

const says = (tab, words) => tab.reaches(`said “${words}”`, (words) => document.body.innerText.includes(words), { args: [words], timeout: LOAD_MS });

/** What the page says as alarming. */
const alerts = (tab) =>
  tab.evaluate(() => [...document.querySelectorAll("[role=alert]")].map((alert) => alert.innerText.trim()).filter((text) => text));

/** The names of the workers' programs that were fetched. */
const programs = (home) => [...new Set(home.requests.map((path) => /worker\w*_bg\.wasm$/.exec(path)?.[0]).filter((name) => name))];

const relaxedSimd = (on) => (t) => firefox(t, { preferences: { "javascript.options.wasm_relaxed_simd": on } });

for (const [engine, open, relaxed] of [
  ["Chromium", chromium, true],
  ["Firefox", relaxedSimd(true), true],
  ["Firefox without relaxed SIMD", relaxedSimd(false), false],
  // That of Debian 12 has none yet.
  ["WebKit", webkit, undefined],
]) {
  test(`${engine} loads, reads each class rightly, and does so again without the network`, TIMEOUT, async (t) => {
    const home = await site(t);
    // The browser's own cache keeps nothing, so what is there without the network comes from the service worker.
    home.fault("", async (_, response) => void response.setHeader("Cache-Control", "no-store"));
    const tab = await open(t);
    await tab.goto(home.url);
    await ready(tab);
    const program = (await hasRelaxed(tab)) ? "worker_relaxed_bg.wasm" : "worker_bg.wasm";
    if (relaxed !== undefined) assert.equal(program, relaxed ? "worker_relaxed_bg.wasm" : "worker_bg.wasm");
    await readEach(tab);
    await says(tab, "This page works without the network from now on.");
    // The page asks for one; the service worker keeps both for later.
    assert.equal(programs(home)[0], program);
    // Nobody is offered what the engine cannot do.
    if (!(await tab.evaluate(() => "storage" in navigator))) assert.doesNotMatch(await tab.text(), /Ask the browser/);
    assert.deepEqual(await alerts(tab), []);

    home.stop();
    await assert.rejects(fetch(home.url));
    await tab.reload();
    // A reload keeps the text.
    await reaches(tab, "ready", Object.keys(TEXTS).at(-1), LOAD_MS);
    await readEach(tab);
    assert.ok(await tab.evaluate(() => navigator.serviceWorker.controller?.state === "activated"));
    assert.deepEqual(await alerts(tab), []);
  });
}

for (const [engine, open] of [
  ["Firefox", firefox],
  ["WebKit", webkit],
]) {
  test(`${engine} lays tints under their words`, TIMEOUT, async (t) => {
    const home = await site(t);
    const tab = await open(t);
    await tab.goto(home.url);
    await ready(tab);
    const write = (text) =>
      tab.evaluate((text) => {
        const field = document.querySelector("#text");
        field.value = text;
        field.dispatchEvent(new Event("input", { bubbles: true }));
      }, text);
    const said = {};
    for (const [name, text] of Object.entries({ ...SCRIPTS, scrolled: `${SCRIPTS.latin}\n`.repeat(12) })) {
      await write(text);
      await reaches(tab, "ready", null, LOAD_MS);
      if (name === "scrolled") await tab.evaluate(() => (document.querySelector("#text").scrollTop = 137));
      const found = await tab.evaluate(misplaced);
      assert.ok(found.words > 0 && found.worst <= 1, `${name}: ${JSON.stringify(found)}`);
      assert.ok(Math.abs(found.scrolled[0] - found.scrolled[1]) <= 1, `${name}: ${found.scrolled}`);
      said[name] = found.worst;
    }
    t.diagnostic(JSON.stringify(said));
  });
}

for (const [engine, open] of [
  ["Firefox", firefox],
  ["WebKit", webkit],
]) {
  test(`${engine} reads a table, and finds it again after a reload where it can keep it`, TIMEOUT, async (t) => {
    const home = await site(t);
    const tab = await open(t);
    await tab.goto(home.url);
    await ready(tab);
    const texts = Object.values(TEXTS);
    await tab.evaluate((text) => {
      location.hash = "#table";
      const data = new DataTransfer();
      data.items.add(new File([text], "three.csv"));
      const input = document.querySelector("#table-file");
      input.files = data.files;
      input.dispatchEvent(new Event("change", { bubbles: true }));
    }, ["text", ...texts].join("\n"));
    await tab.reaches("a preview", () => document.querySelector("#table-read").offsetParent !== null, { timeout: LOAD_MS });
    await tab.evaluate(() => document.querySelector("#table-read").click());
    const listed = () => tab.reaches("three rows", (count) => {
      const words = [...document.querySelectorAll(".rows .chip")].map((chip) => chip.textContent.toLowerCase());
      return words.length === count && !words.includes("waiting") && words.join();
    }, { args: [texts.length], timeout: LOAD_MS });
    await listed();
    const words = () => tab.evaluate(() => [...document.querySelectorAll(".rows .chip")].map((chip) => chip.textContent.toLowerCase()));
    assert.deepEqual(await words(), Object.keys(TEXTS));
    assert.deepEqual(await alerts(tab), []);
    // WebKit of Debian has no file system for sites.
    if (!(await tab.evaluate(() => "storage" in navigator))) return says(tab, "What is read cannot be kept on this device (this browser has no place for it)");
    await says(tab, "kept on this device until you close it");
    await tab.reload();
    await listed();
    assert.deepEqual(await words(), Object.keys(TEXTS));
    assert.deepEqual(await alerts(tab), []);
  });
}

const NOTHING = "this browser lets this site keep nothing";

for (const [browser, open, reason, address = (url) => url] of [
  ["Chromium that is set to keep nothing", (t) => chromium(t, { preferences: { "profile.default_content_setting_values.cookies": 2 } }), NOTHING],
  ["Firefox that is set to keep nothing", (t) => firefox(t, { preferences: { "network.cookie.cookieBehavior": 2 } }), NOTHING],
  // Only a name that is not localhost needs TLS.
  ["Firefox, on a page without TLS", (t) => firefox(t, { preferences: { "network.dns.localDomains": "plain.test" } }), "this browser has no Cache Storage here", (url) => url.replace("localhost", "plain.test")],
]) {
  test(`${browser} reads all the same, and says what it does not keep`, TIMEOUT, async (t) => {
    const home = await site(t);
    const tab = await open(t);
    await tab.goto(address(home.url));
    await ready(tab);
    await readEach(tab);
    await says(tab, `No model is stored on this device. The model has to be downloaded at every visit: ${reason}.`);
    assert.doesNotMatch(await tab.text(), /works without the network/);
    assert.deepEqual(await alerts(tab), []);
  });
}

for (const [browser, open, skip = false] of [
  // On this processor its SIMD needs SSE 4.1; on others nothing takes it away.
  ["Chromium", (t) => chromium(t, { args: ["--js-flags=--no-enable-sse4-1"] }), process.arch !== "x64"],
  ["WebKit", (t) => webkit(t, { env: { JSC_useWasmSIMD: "0" } })],
]) {
  test(`${browser} without SIMD says which browsers have it, and still takes text`, { ...TIMEOUT, skip }, async (t) => {
    const home = await site(t);
    const tab = await open(t);
    await tab.goto(home.url);
    await says(tab, "This browser is too old");
    // Keys may be lost on an engine that is still busy with its start.
    const text = () => tab.evaluate(() => document.querySelector("#text").value);
    for (let tries = 0; tries < 5 && (await text()) !== TEXTS.positive; tries++) await tab.retype(TEXTS.positive);
    assert.equal(await text(), TEXTS.positive);
    const [said, ...more] = await alerts(tab);
    assert.match(said, /Chrome and Edge \d+, Firefox \d+, Safari [\d.]+/);
    assert.deepEqual(more, []);
    assert.deepEqual(programs(home), [], "no worker is fetched in vain");
  });
}
