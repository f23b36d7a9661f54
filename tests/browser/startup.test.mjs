// Before the page's own program has arrived: the field is there already, and a program that never arrives is not silence.

import assert from "node:assert/strict";
import { test } from "node:test";

import { MODEL, buildFolder, built, faults, site } from "./site.mjs";
import { LOAD_MS, TEXTS, browser, reaches, visit } from "./visit.mjs";

const chromium = browser();

test("what is typed before the program has arrived is kept, with the focus, and read", async (t) => {
  const home = await site(t);
  const program = await built(`${await buildFolder()}/app_bg.wasm`);
  let arrived = false;
  let release;
  const released = new Promise((resolve) => (release = resolve)).then(() => (arrived = true));
  t.after(() => release());
  home.fault("/app_bg.wasm", async (request, response) => {
    await released;
    return faults.body(program, "application/wasm")(request, response);
  });
  const page = await visit(t, chromium, home);
  await page.locator("#text").waitFor();
  await page.keyboard.type("This is terrible");
  assert.ok(!arrived);
  release();
  await reaches(page, "ready", { label: "negative", timeout: LOAD_MS });
  assert.equal(await page.locator("#text").inputValue(), "This is terrible");
  await page.keyboard.type(" and I hate it.");
  assert.equal(await page.locator("#text").inputValue(), TEXTS.negative, "typing goes on where it was");
});

/** Holds the page's own program back until `release` is called. */
async function held(t, home) {
  const program = await built(`${await buildFolder()}/app_bg.wasm`);
  let release;
  const released = new Promise((resolve) => (release = resolve));
  t.after(() => release());
  home.fault("/app_bg.wasm", async (request, response) => {
    await released;
    return faults.body(program, "application/wasm")(request, response);
  });
  return release;
}

const workersStarted = (page) =>
  page.addInitScript(() => {
    window.started = [];
    const Native = Worker;
    window.Worker = class extends Native {
      constructor(...args) {
        super(...args);
        started.push(String(args[0]));
      }
    };
  });

const asks = (home, path) => home.requests.filter((url) => url.includes(path)).length;

/** Waits until the worker that started before the page's program has all of its model. */
const loaded = (page) =>
  page.waitForFunction(() => window.earlyWorker?.heard.some(({ data }) => data.type === "ready"), undefined, { timeout: LOAD_MS });

test("worker and model come while the page's program is still on its way, and once only", async (t) => {
  const home = await site(t);
  const release = await held(t, home);
  const page = await visit(t, chromium, home, { prepare: workersStarted });
  await loaded(page);
  await page.keyboard.type(TEXTS.positive);
  release();
  await reaches(page, "ready", { label: "positive", timeout: LOAD_MS });
  assert.equal(await page.evaluate(() => started.length), 1, "one worker");
  assert.equal(asks(home, MODEL), 1, "one download");
  assert.match(await page.locator(".requests").innerText(), /\d+ requests/);
});

test("a model of this site in the address starts early as well", async (t) => {
  const home = await site(t);
  for (const file of ["config.json", "tokenizer.json", "model.gguf", "files.json"]) {
    home.fault(`/other/${file}`, faults.body(await built(MODEL.replace("model.gguf", file))));
  }
  const release = await held(t, home);
  const page = await visit(t, chromium, home, { path: "#models&model=other%2F&text=fine", prepare: workersStarted });
  await loaded(page);
  release();
  await reaches(page, "ready", { timeout: LOAD_MS });
  assert.equal(await page.evaluate(() => started.length), 1);
  assert.equal(asks(home, "minilm"), 0, "the page's own model is not asked for");
});

test("a model of another site is asked for nothing before the visitor wants it", async (t) => {
  const home = await site(t);
  const release = await held(t, home);
  const page = await visit(t, chromium, home, { path: "#model=http%3A%2F%2Flocalhost%3A9%2Fm%2F", prepare: workersStarted });
  await loaded(page);
  assert.equal(await page.evaluate(() => earlyWorker.model), `${home.url}models/minilm-sentiment/`);
  release();
  await reaches(page, "empty", { timeout: LOAD_MS });
  assert.equal(await page.evaluate(() => started.length), 1);
});

test("where the early start fails, the page starts by itself", async (t) => {
  const home = await site(t);
  const page = await visit(t, chromium, home, {
    prepare: (page) =>
      page.addInitScript(() => {
        const Native = Worker;
        let first = true;
        window.Worker = class extends Native {
          constructor(...args) {
            if (first) {
              first = false;
              throw new Error("not yet");
            }
            super(...args);
          }
        };
      }),
  });
  await page.locator("#text").waitFor();
  await page.keyboard.type(TEXTS.negative);
  await reaches(page, "ready", { label: "negative", timeout: LOAD_MS });
});

for (const file of ["app_loader.js", "app.js", "app_bg.wasm"]) {
  test(`${file} missing is told in a sentence`, async (t) => {
    const home = await site(t);
    home.fault(`/${file}`, faults.status(404));
    const page = await visit(t, chromium, home, { expected: /Failed to load resource|net::ERR_|uncaught|WebAssembly|preload|MIME/i });
    const alert = page.locator('[role="alert"]:visible').filter({ hasText: /\w+ \w+/ });
    await alert.first().waitFor({ timeout: LOAD_MS });
    assert.match(await alert.first().innerText(), /reload|loaded|connection/i);
  });
}
