// Other people's models in the page: by address, from another site, dropped; looked at first, kept, listed, removed, linked to.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test } from "node:test";

import { serve } from "../../.ci/server.mjs";
import { GOLDEN, filesOf, mount } from "./golden.mjs";
import { faults, site } from "./site.mjs";
import { LOAD_MS, TEXTS, browser, paste, reaches, visit, visitReady } from "./visit.mjs";

const chromium = browser();
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
// The service worker and the model's own list are asked for in folders that have none.
const MISSING = /Failed to load resource: the server responded with a status of 404/;

/** The same with a `vocab.txt` in place of `tokenizer.json`, as older models have it. */
function withVocabulary({ "tokenizer.json": tokenizer, ...files }) {
  const { model, normalizer } = JSON.parse(tokenizer);
  const words = Object.entries(model.vocab).sort(([, a], [, b]) => a - b);
  files["vocab.txt"] = Buffer.from(words.map(([word]) => `${word}\n`).join(""));
  files["tokenizer_config.json"] = Buffer.from(JSON.stringify({ do_lower_case: normalizer.lowercase }));
  return files;
}

/**
 * Another site with the files in its folder `m`, whose server lets others read it or not. What it does not have it answers with
 * the status `absent`, without letting others read that if `silent`, as many servers do.
 */
async function elsewhere(t, files, { cors = true, absent = 404, silent = false } = {}) {
  const asked = [];
  const { server, url } = await serve(GOLDEN, {
    async intercept(request, response) {
      asked.push(request.url);
      const bytes = files[request.url.replace(/^\/(o\/n\/resolve\/abc\/|m\/)/, "")];
      if (cors && (bytes || !silent)) response.setHeader("Access-Control-Allow-Origin", "*");
      response.writeHead(bytes ? 200 : absent, { "Content-Type": "application/octet-stream", "Content-Length": bytes?.length ?? 0 });
      response.end(request.method === "HEAD" ? undefined : bytes);
      return true;
    },
  });
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url, asked };
}

const panel = (page) => page.locator("#models");
const said = (page) => panel(page).locator("#said");

async function lookAt(page, address) {
  if (!(await panel(page).evaluate((element) => element.open))) await panel(page).locator("summary").click();
  await page.getByLabel(/Address of the model/).fill(address);
  await page.getByRole("button", { name: "Look at it" }).click();
}

async function says(page, pattern) {
  await said(page).filter({ hasText: pattern }).waitFor({ timeout: LOAD_MS }).catch(async () => {
    assert.fail(`the panel never said ${pattern}, but: ${await panel(page).innerText()}`);
  });
}

async function useIt(page) {
  await says(page, /will run here/);
  await page.getByRole("button", { name: "Use this model" }).click();
}

/** The facts of the panel, by their terms. */
const facts = (page) =>
  panel(page)
    .locator("dl > div")
    .evaluateAll((facts) => Object.fromEntries(facts.map((fact) => [...fact.children].map((part) => part.textContent))));

test("a safetensors model by its address: looked at, then used, and the same text is read anew", async (t) => {
  const home = await site(t);
  const files = await filesOf("bert-stars");
  mount(home, "/stars/", files);
  const page = await visitReady(t, chromium, home, { expected: MISSING });
  await paste(page, TEXTS.positive);
  await reaches(page, "ready", { label: "positive" });
  await lookAt(page, "stars");
  await says(page, /will run here/);
  const found = await facts(page);
  assert.match(found.architecture, /BertForSequenceClassification/);
  assert.match(found.labels, /1 star, 2 stars, .*single-label/);
  assert.match(found.vocabulary, /cased; words: Latin/);
  assert.match(found.weights, /BF16/);
  assert.match(found.memory, /MB in a page/);
  assert.match((await page.locator("#verdict").innerText()).toLowerCase(), /positive/, "nothing changes before it is wanted");
  await page.evaluate(AXE);
  const violations = await page.evaluate(() => axe.run().then(({ violations }) => violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html)}`)));
  assert.deepEqual(violations, []);
  await useIt(page);
  const { label } = await reaches(page, "ready", { timeout: LOAD_MS });
  assert.match(label, /^\d stars?$/);
  assert.equal(await page.locator("#text").inputValue(), TEXTS.positive);
  assert.equal(new URL(page.url()).hash, `#model=${encodeURIComponent(`${home.url}stars/`)}`);
  // Listed, and the page's own can be had again.
  await panel(page).getByText(/^stars, .*in use$/).waitFor();
  await page.getByRole("button", { name: "Use the page’s own model" }).click();
  await reaches(page, "ready", { label: "positive", timeout: LOAD_MS });
  assert.equal(new URL(page.url()).hash, "");
});

test("a link opens with its model and its text, and the second time the model is on the device", async (t) => {
  const home = await site(t);
  const files = await filesOf("bert-stars");
  mount(home, "/stars/", files);
  const fetched = [];
  home.fault("/stars/model.safetensors", (request, response) => {
    fetched.push(request.method);
    return faults.body(files["model.safetensors"])(request, response);
  });
  const path = "#model=stars%2F&text=I+love+100%25+of+it";
  const page = await visit(t, chromium, home, { path, expected: MISSING });
  const { label } = await reaches(page, "ready", { timeout: LOAD_MS });
  assert.match(label, /stars?$/);
  assert.equal(await page.locator("#text").inputValue(), "I love 100% of it");
  assert.ok(home.requests.every((url) => !url.includes("minilm")), "the page's own model is not asked for");
  assert.ok(home.requests.every((url) => !/love|text=/.test(url)), "and the text goes nowhere");
  assert.deepEqual(fetched, ["GET"]);
  await page.reload();
  await reaches(page, "ready", { timeout: LOAD_MS });
  assert.deepEqual(fetched, ["GET", "HEAD"], "whether it has changed is asked, and no more");
});

test("weights by their own name, in a folder whose list names others", async (t) => {
  const home = await site(t);
  const files = await filesOf("bert-stars");
  const entry = { bytes: 1, sha256: "0".repeat(64) };
  const list = { "config.json": entry, "tokenizer.json": entry, "model.gguf": entry };
  mount(home, "/m/", { ...files, "mine.safetensors": files["model.safetensors"], "files.json": Buffer.from(JSON.stringify(list)) });
  const page = await visit(t, chromium, home, { path: "#model=m/mine.safetensors&text=fine", expected: MISSING });
  assert.match((await reaches(page, "ready", { timeout: LOAD_MS })).label, /stars?$/);
});

test("a model that changed on a server without files.json is fetched anew", async (t) => {
  const home = await site(t);
  const files = await filesOf("bert-stars");
  mount(home, "/m/", files);
  const page = await visit(t, chromium, home, { path: "#model=m/&text=fine", expected: MISSING });
  assert.match((await reaches(page, "ready", { timeout: LOAD_MS })).label, /stars?$/);
  const config = files["config.json"].toString().replaceAll(/(\d) stars?"/g, '$1 points"');
  mount(home, "/m/", { ...files, "config.json": Buffer.from(config) });
  await page.reload();
  assert.match((await reaches(page, "ready", { timeout: LOAD_MS })).label, /points$/);
});

test("a model of another site, as a hub has it, and what a link to it may do by itself", async (t) => {
  const home = await site(t);
  const hub = await elsewhere(t, await filesOf("bert-emotions"));
  const link = `${hub.url}o/n/tree/abc`;
  const page = await visit(t, chromium, home, { path: `#model=${encodeURIComponent(link)}`, expected: MISSING, others: true });
  await reaches(page, "empty", { timeout: LOAD_MS });
  await says(page, /asks for this model of another site/);
  assert.deepEqual(hub.asked, [], "nothing is asked of it before somebody wants that");
  assert.equal(await page.getByLabel(/Address of the model/).inputValue(), `${hub.url}o/n/tree/abc/`);
  await page.getByRole("button", { name: "Look at it" }).click();
  await says(page, /will run here/);
  assert.match((await facts(page)).labels, /multi-label/);
  await useIt(page);
  await paste(page, "What a surprise");
  await reaches(page, "ready", { timeout: LOAD_MS });
  await panel(page).getByText(/^o\/n, .*in use$/).waitFor();
  const listed = await page.locator(".requests li").allTextContents();
  assert.ok(listed.some((line) => line.startsWith(hub.url)), "and the page lists what it asked that site for");
});

for (const [host, absent] of [
  ["forbids what it does not have", { absent: 403 }],
  ["hides from others what it does not have", { silent: true }],
]) {
  test(`a model with vocab.txt, of a host that ${host}`, async (t) => {
    const home = await site(t);
    const other = await elsewhere(t, withVocabulary(await filesOf("bert-stars")), absent);
    const page = await visitReady(t, chromium, home, { expected: /Failed to load resource|CORS policy/, others: true });
    await paste(page, TEXTS.positive);
    await lookAt(page, `${other.url}m/`);
    await useIt(page);
    const { label } = await reaches(page, "ready", { timeout: LOAD_MS });
    assert.match(label, /^\d stars?$/);
    // As the same model says with its tokenizer.json.
    const scores = async () => (await page.locator("#verdict").innerText()).replace(/ · .*/, "");
    const read = await scores();
    mount(home, "/stars/", await filesOf("bert-stars"));
    await lookAt(page, "stars/");
    await useIt(page);
    await panel(page).getByText(/^stars, .*in use$/).waitFor();
    await reaches(page, "ready", { label, timeout: LOAD_MS });
    assert.equal(await scores(), read);
  });
}

test("what cannot be used is refused with its reason, and the model in use stays", async (t) => {
  const home = await site(t);
  const files = await filesOf("bert-stars");
  const changed = (change) => ({ ...files, "config.json": Buffer.from(change(files["config.json"].toString())) });
  mount(home, "/roberta/", changed((config) => config.replaceAll("BertFor", "RobertaFor")));
  mount(home, "/four/", changed((config) => config.replace(/,\s*"4": "5 stars"/, "")));
  mount(home, "/pickle/", { "config.json": files["config.json"], "tokenizer.json": files["tokenizer.json"], "pytorch_model.bin": Buffer.from("PK") });
  const nobody = await elsewhere(t, files, { cors: false });
  const expected = new RegExp(`${MISSING.source}|CORS policy|ERR_FAILED`);
  const page = await visitReady(t, chromium, home, { expected, others: true });
  for (const [address, reason] of [
    ["roberta", /RobertaFor/],
    ["four", /config\.json names 4 labels, but classifier\.weight .* has 5 rows/],
    ["pickle", /Python pickle/],
    ["nowhere", /nowhere\/config\.json was not found \(HTTP status 404\)/],
    [`${nobody.url}m`, /does not let other sites read it \(CORS\)/],
    ["http://[", /is not an address/],
  ]) {
    await lookAt(page, address);
    await says(page, reason);
    assert.ok(await page.getByRole("button", { name: "Use this model" }).isHidden(), `${address} is not offered`);
  }
  await paste(page, TEXTS.negative);
  await reaches(page, "ready", { label: "negative" });
});

test("files dropped on the page are a model, which stays on the device until it is removed", async (t) => {
  const home = await site(t);
  const page = await visitReady(t, chromium, home, { expected: MISSING });
  const files = await filesOf("bert-gelu-new", "bert-gelu-new-q8_0.gguf");
  await panel(page).locator("summary").click();
  await page.getByText("works without the network").waitFor({ timeout: LOAD_MS });
  const before = home.requests.length;
  const dropped = Object.entries(files).map(([name, bytes]) => [name, bytes.toString("base64")]);
  const transfer = await page.evaluateHandle((files) => {
    const transfer = new DataTransfer();
    for (const [name, base64] of files) transfer.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], name));
    return transfer;
  }, dropped);
  await page.dispatchEvent("body", "dragover", { dataTransfer: transfer });
  await page.dispatchEvent("body", "drop", { dataTransfer: transfer });
  await useIt(page);
  await paste(page, "Anything");
  const { label } = await reaches(page, "ready", { timeout: LOAD_MS });
  assert.deepEqual(home.requests.slice(before).filter((url) => !/build-|sw\.js$/.test(url)), [], "no request for what was dropped");
  assert.match(decodeURIComponent(new URL(page.url()).hash), /^#model=dropped:bert-gelu-new-q8_0\/$/);
  // Still here after a reload, without a request.
  await page.reload();
  await reaches(page, "ready", { label, timeout: LOAD_MS });
  await page.getByText("Use another model").click();
  const button = page.getByRole("button", { name: "Remove bert-gelu-new-q8_0" });
  await button.click();
  await says(page, /not on this device any more/);
  assert.equal(await button.count(), 0);
  // Who pressed it is not thrown back to the top of the page.
  assert.notEqual(await page.evaluate(() => document.activeElement.localName), "body");
  await page.reload();
  await reaches(page, "error", { timeout: LOAD_MS });
  assert.match(await page.locator("#verdict").innerText(), /dropped on this page was not found/);
  await page.getByText("Use another model").click();
  await page.getByRole("button", { name: "Use the page’s own model" }).click();
  await reaches(page, "ready", { timeout: LOAD_MS });
});

test("picked files: one is missing, then all are there", async (t) => {
  const home = await site(t);
  const page = await visitReady(t, chromium, home, { expected: MISSING });
  const at = (file) => join(GOLDEN, "models/bert-stars", file);
  await panel(page).locator("summary").click();
  const picker = page.locator("#files");
  await picker.setInputFiles([at("config.json"), at("model.safetensors")]);
  await says(page, /tokenizer\.json among the files given was not found/);
  await picker.setInputFiles(["config.json", "tokenizer.json", "model.safetensors"].map(at));
  await useIt(page);
  await paste(page, "Anything");
  assert.match((await reaches(page, "ready", { timeout: LOAD_MS })).label, /stars?$/);
});

test("the address takes the text on demand, and a changed address is followed", async (t) => {
  const home = await site(t);
  const page = await visitReady(t, chromium, home);
  await page.getByText("Use another model").click();
  await paste(page, TEXTS.positive);
  await reaches(page, "ready", { label: "positive" });
  assert.equal(new URL(page.url()).hash, "", "never by itself");
  await page.getByRole("button", { name: "Put the text into the page’s address" }).click();
  assert.equal(new URLSearchParams(new URL(page.url()).hash.slice(1)).get("text"), TEXTS.positive);
  await page.evaluate((text) => void (location.hash = `text=${encodeURIComponent(text)}`), TEXTS.negative);
  await reaches(page, "ready", { label: "negative" });
  assert.equal(await page.locator("#text").inputValue(), TEXTS.negative);
});

const nav = (page, name) => page.getByRole("navigation").getByRole("link", { name });

test("text and models are views, which keep the text, the keyboard and the browser's history", async (t) => {
  const home = await site(t);
  const page = await visitReady(t, chromium, home, { expected: MISSING });
  await page.keyboard.type(TEXTS.positive);
  await reaches(page, "ready", { label: "positive" });
  assert.equal(await nav(page, "Text").getAttribute("aria-current"), "page");
  await nav(page, "Models").focus();
  await page.keyboard.press("Enter");
  await page.getByLabel(/Address of the model/).waitFor();
  assert.equal(new URL(page.url()).hash, "#models");
  assert.equal(await nav(page, "Models").getAttribute("aria-current"), "page");
  assert.equal(await nav(page, "Text").getAttribute("aria-current"), null);
  assert.ok(await page.locator("#text").isHidden());
  await page.waitForFunction(() => document.activeElement.localName === "h2");
  await page.evaluate(AXE);
  const violations = await page.evaluate(() => axe.run().then(({ violations }) => violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html)}`)));
  assert.deepEqual(violations, []);
  await page.goBack();
  await page.locator("#text").waitFor();
  assert.equal(await page.locator("#text").inputValue(), TEXTS.positive);
  await page.waitForFunction(() => document.activeElement.id === "text");
  await page.goForward();
  await page.getByLabel(/Address of the model/).waitFor();
  await nav(page, "Text").click();
  await reaches(page, "ready", { label: "positive" });
  assert.equal(new URL(page.url()).hash, "#text");
});

test("a view, a model and a text together; coming back does not undo what was typed since", async (t) => {
  const home = await site(t);
  mount(home, "/stars/", await filesOf("bert-stars"));
  const page = await visit(t, chromium, home, { path: "#text&model=stars%2F&text=I+love+it", expected: MISSING });
  assert.match((await reaches(page, "ready", { timeout: LOAD_MS })).label, /stars?$/);
  assert.equal(await page.locator("#text").inputValue(), "I love it");
  await page.locator("#text").fill("I love it, mostly");
  await nav(page, "Models").click();
  await panel(page).getByText(/^stars, .*in use$/).waitFor();
  assert.equal(new URLSearchParams(new URL(page.url()).hash.slice(1)).get("model"), `${home.url}stars/`, "a link to this view has the model");
  await page.goBack();
  await page.locator("#text").waitFor();
  assert.equal(await page.locator("#text").inputValue(), "I love it, mostly");
  // To use a model leads to the text; Back to the models.
  await nav(page, "Models").click();
  await page.getByRole("button", { name: "Use the page’s own model" }).click();
  await reaches(page, "ready", { label: "positive", timeout: LOAD_MS });
  await page.waitForFunction(() => document.activeElement.id === "text");
  await page.goBack();
  await page.getByLabel(/Address of the model/).waitFor();
});

test("a look at a host that stalls can be stopped, and there is never more than one", async (t) => {
  const home = await site(t);
  mount(home, "/stars/", await filesOf("bert-stars"));
  home.fault("/stalls/", async () => true);
  const page = await visitReady(t, chromium, home, { expected: MISSING });
  for (let click = 0; click < 10; click++) await lookAt(page, "stalls");
  await page.waitForTimeout(500);
  assert.equal(page.workers().length, 2, "the model's, and that of the last look");
  await page.getByRole("button", { name: "Stop looking" }).click();
  await says(page, /Stopped/);
  await page.waitForTimeout(500);
  assert.equal(page.workers().length, 1);
  await lookAt(page, "stars");
  await says(page, /will run here/);
  await page.waitForTimeout(500);
  assert.equal(page.workers().length, 1);
});

test("a look at a host that stalls ends by itself", async (t) => {
  const home = await site(t);
  home.fault("/stalls/", async () => true);
  const page = await visitReady(t, chromium, home, { expected: MISSING, prepare: (page) => page.clock.install() });
  await lookAt(page, "stalls");
  await says(page, /Looking at it/);
  await page.waitForTimeout(1_000);
  await page.clock.runFor("01:30");
  await says(page, /may have stopped answering/);
});

test("a folder of more files than the browser hands out at once", async (t) => {
  const home = await site(t);
  const page = await visitReady(t, chromium, home, { expected: MISSING });
  const files = Object.entries(await filesOf("bert-stars")).map(([name, bytes]) => [name, bytes.toString("base64")]);
  await page.evaluate((files) => {
    // What Chromium makes of a dropped folder, a hundred entries at a time.
    const entry = (file) => ({ isFile: true, name: file.name, file: (found) => found(file) });
    const others = Array.from({ length: 250 }, (_, i) => new File(["x"], `checkpoint-${i}.txt`));
    const model = files.map(([name, base64]) => new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], name));
    const entries = [...others, ...model].map(entry);
    const folder = {
      isFile: false,
      name: "my-model",
      createReader: () => ({ readEntries: (found) => setTimeout(found, 0, entries.splice(0, 100)) }),
    };
    const event = new Event("drop", { cancelable: true, bubbles: true });
    Object.defineProperty(event, "dataTransfer", { value: { types: ["Files"], items: [{ webkitGetAsEntry: () => folder }] } });
    document.body.dispatchEvent(event);
  }, files);
  await says(page, /will run here/);
});

test("the service worker is registered once, whatever models are used", async (t) => {
  const home = await site(t);
  mount(home, "/stars/", await filesOf("bert-stars"));
  const page = await visitReady(t, chromium, home, {
    expected: MISSING,
    prepare: (page) =>
      page.addInitScript(() => {
        window.registered = 0;
        const { register } = ServiceWorkerContainer.prototype;
        ServiceWorkerContainer.prototype.register = function (...args) {
          registered++;
          return register.apply(this, args);
        };
      }),
  });
  await page.getByText("works without the network").waitFor({ timeout: LOAD_MS });
  await page.locator("#text").fill("fine");
  for (const model of ["stars%2F", "models%2Fminilm-sentiment%2F", "stars%2F"]) {
    await page.evaluate((model) => void (location.hash = `model=${model}`), model);
    await page.locator(model.startsWith("stars") ? '#verdict[data-state="ready"][data-label*="star"]' : '#verdict[data-state="ready"]:not([data-label*="star"])').waitFor({ state: "attached", timeout: LOAD_MS });
  }
  await page.waitForTimeout(300);
  assert.equal(await page.evaluate(() => registered), 1);
});
