// After one visit the page works without the network; and what a disturbed download or a damaged store leaves behind is
// mended, with every byte counted and the text in the field kept.

import assert from "node:assert/strict";
import { test } from "node:test";

import { MODEL, buildFolder, built, faults, site } from "./site.mjs";
import { LOAD_MS, TEXTS, browser, paste, reaches, retype, visit, visitReady } from "./visit.mjs";

const chromium = browser();
const NETWORK = /Failed to load resource|net::ERR_|ServiceWorker|service worker|Quota ?exceeded/i;
const MODEL_FOLDER = "models/minilm-sentiment/";

/** Waits until the page says that it no longer needs the network. */
const kept = (page) => page.getByText("works without the network").waitFor({ timeout: LOAD_MS });
const alert = (page) => page.locator('[role="alert"]:visible').filter({ hasText: /\w/ });
const button = (page, name) => page.locator("#verdict").getByRole("button", { name });
const about = (page) => page.locator("footer").innerText();

/** How many bytes of the model the server has sent, and in how many answers. */
function meter(home) {
  const sent = { bytes: 0, answers: 0, ranges: [] };
  home.fault(MODEL, async (request, response) => {
    sent.answers++;
    sent.ranges.push(request.headers.range ?? "all");
    const { write, end } = response;
    const count = (chunk) => void (sent.bytes += chunk && typeof chunk !== "function" ? Buffer.byteLength(chunk) : 0);
    response.write = (chunk, ...rest) => (count(chunk), write.call(response, chunk, ...rest));
    response.end = (chunk, ...rest) => (count(chunk), end.call(response, chunk, ...rest));
    return false;
  });
  return sent;
}

/** Opens the page, waits until it is kept, and closes it; the device keeps what it has. */
async function firstVisit(t, home, options) {
  const page = await visitReady(t, chromium, home, { expected: NETWORK, ...options });
  await kept(page);
  return page;
}

/** The entries of the model store. */
const entries = (page) =>
  page.evaluate(async () => (await (await caches.open("live-sentiment-models")).keys()).map(({ url }) => new URL(url).pathname));

/** Changes the stored bytes of the model's weights. */
const spoil = (page, change) =>
  page.evaluate(async (change) => {
    const cache = await caches.open("live-sentiment-models");
    const segments = (await cache.keys()).filter(({ url }) => /\/\d+\+\d+$/.test(url));
    const length = ({ url }) => Number(url.split("+").at(-1));
    const largest = segments.sort((a, b) => length(b) - length(a))[0];
    const bytes = new Uint8Array(await (await cache.match(largest)).arrayBuffer());
    if (change === "flip") bytes[bytes.length >> 1] ^= 1;
    if (change === "zero") bytes.fill(0, bytes.length - 10_000);
    if (change === "remove") await cache.delete(largest);
    else await cache.put(largest, new Response(bytes));
  }, change);

test("without the network, after one visit: it loads, reads and keeps the text", async (t) => {
  const home = await site(t);
  const page = await firstVisit(t, home);
  await page.keyboard.type(TEXTS.positive);
  await reaches(page, "ready", { label: "positive" });
  home.stop();
  await page.reload();
  await reaches(page, "ready", { label: "positive", timeout: LOAD_MS });
  assert.equal(await page.locator("#text").inputValue(), TEXTS.positive, "a reload keeps the text");
  await retype(page, TEXTS.negative);
  await reaches(page, "ready", { label: "negative" });
  assert.equal(await alert(page).count(), 0);
  assert.match(await about(page), /Stored on this device: 10\.\d MB, minilm-sentiment/);
});

test("it works so from a path below the host's root, and beside another site of the same host", async (t) => {
  const home = await site(t, { mount: "/project/" });
  const page = await firstVisit(t, home);
  const names = await page.evaluate(() => caches.keys());
  assert.ok(names.every((name) => name === "live-sentiment-models" || name.includes(" /project/ ")), names.join());
  home.stop();
  await page.goto(`${home.url}index.html?again#here`);
  await reaches(page, "empty", { timeout: LOAD_MS });
  await page.keyboard.type(TEXTS.neutral);
  await reaches(page, "ready", { label: "neutral" });
});

test("a second visit fetches nothing of the model again", async (t) => {
  const home = await site(t);
  const page = await firstVisit(t, home);
  const sent = meter(home);
  await page.reload();
  await reaches(page, "empty", { timeout: LOAD_MS });
  assert.equal(sent.answers, 0);
});

test("offline before the first visit is over: it says so, and goes on by itself when the network is back", async (t) => {
  const home = await site(t);
  home.fault(MODEL_FOLDER, faults.dropped());
  const page = await visit(t, chromium, home, { expected: NETWORK });
  await page.locator("#text").waitFor();
  await paste(page, TEXTS.positive);
  await reaches(page, "error", { timeout: LOAD_MS });
  await page.context().setOffline(true);
  await button(page, /again/i).click();
  await page.getByText("You are offline").waitFor();
  assert.match(await alert(page).innerText(), /has to be downloaded once/);
  home.mend();
  await page.context().setOffline(false);
  await reaches(page, "ready", { label: "positive", timeout: LOAD_MS });
  assert.equal(await alert(page).count(), 0);
});

for (const percent of [10, 50, 99]) {
  test(`a connection cut at ${percent} % is continued after a reload, from where it was cut`, async (t) => {
    const home = await site(t);
    const model = await built(MODEL);
    const cut = Math.floor((model.length * percent) / 100);
    let connection;
    home.fault(MODEL, async (request, response) => {
      // Every further attempt fails at once, so that there is no more than this.
      if (connection) return faults.dropped()(request, response);
      connection = response;
      response.writeHead(200, { "Content-Length": model.length });
      response.write(model.subarray(0, cut));
      return true;
    });
    const page = await visit(t, chromium, home, { expected: NETWORK });
    await page.locator("#text").waitFor();
    await paste(page, TEXTS.negative);
    // What a browser has not yet handed to the page is lost with the connection, so it is cut once all has arrived.
    const others = JSON.parse(await built(`${MODEL_FOLDER}files.json`));
    const arrived = cut + others["config.json"].bytes + others["tokenizer.json"].bytes;
    await page.waitForFunction((arrived) => document.querySelector("progress")?.value >= arrived, arrived, { timeout: LOAD_MS });
    connection.destroy();
    await reaches(page, "error", { timeout: LOAD_MS });
    home.mend();
    const sent = meter(home);
    await page.reload();
    await reaches(page, "ready", { label: "negative", timeout: LOAD_MS });
    const have = model.length - sent.bytes;
    assert.ok(have > 0.9 * cut && have <= cut, `${sent.bytes} bytes were sent again, though ${cut} had come`);
    assert.deepEqual(sent.ranges, [`bytes=${have}-`]);
  });
}

test("a connection that is cut again and again is continued by itself", async (t) => {
  const home = await site(t);
  const model = await built(MODEL);
  let answers = 0;
  home.fault(MODEL, async (request, response) => {
    const from = Number(/bytes=(\d+)-/.exec(request.headers.range)?.[1] ?? 0);
    const rest = model.subarray(from);
    response.writeHead(from ? 206 : 200, { "Content-Length": rest.length, "Content-Range": `bytes ${from}-${model.length - 1}/${model.length}` });
    if (++answers > 3) return response.end(rest), true;
    response.write(rest.subarray(0, 3_000_000), () => response.destroy());
    return true;
  });
  const page = await visit(t, chromium, home, { expected: NETWORK });
  await page.locator("#text").waitFor();
  await page.keyboard.type(TEXTS.positive);
  await reaches(page, "ready", { label: "positive", timeout: LOAD_MS });
  assert.equal(answers, 4);
});

test("a server that knows no ranges sends everything again, and all is well", async (t) => {
  const home = await site(t);
  const model = await built(MODEL);
  home.fault(MODEL, faults.broken(model, 6_000_000));
  const page = await visit(t, chromium, home, { expected: NETWORK });
  await reaches(page, "error", { timeout: LOAD_MS });
  home.mend();
  home.fault(MODEL, faults.body(model));
  await page.reload();
  await reaches(page, "empty", { timeout: LOAD_MS });
  await kept(page);
});

test("a model that changed on the server since the connection was cut is not mixed with its old begin", async (t) => {
  const home = await site(t);
  const model = await built(MODEL);
  const old = Buffer.from(model);
  old.fill(7, 1_000_000, 2_000_000);
  home.fault(MODEL, faults.broken(old, 6_000_000));
  const page = await visit(t, chromium, home, { expected: NETWORK });
  await reaches(page, "error", { timeout: LOAD_MS });
  home.mend();
  await page.reload();
  await page.keyboard.type(TEXTS.positive);
  await reaches(page, "ready", { label: "positive", timeout: LOAD_MS });
});

for (const [name, change] of [["one flipped bit", "flip"], ["a tail of zeros", "zero"], ["a missing piece", "remove"]]) {
  test(`${name} in the store is noticed, and the file fetched again`, async (t) => {
    const home = await site(t);
    const page = await firstVisit(t, home);
    await spoil(page, change);
    const sent = meter(home);
    await page.reload();
    await page.keyboard.type(TEXTS.positive);
    await reaches(page, "ready", { label: "positive", timeout: LOAD_MS });
    assert.equal(sent.answers, 1);
    assert.equal(await alert(page).count(), 0);
    await page.reload();
    await reaches(page, "ready", { timeout: LOAD_MS });
    assert.equal(sent.answers, 1, "now it is right");
  });
}

for (const [name, change] of [
  ["one flipped bit", (model) => ((model[model.length >> 1] ^= 1), model)],
  ["a tail of zeros", (model) => model.fill(0, model.length - 1_000_000)],
  ["a tail that does not belong to it", (model) => Buffer.concat([model, Buffer.alloc(100)])],
]) {
  test(`${name} on the way is mended by fetching it again; on the server it is told`, async (t) => {
    const home = await site(t);
    const damaged = change(Buffer.from(await built(MODEL)));
    let answers = 0;
    home.fault(MODEL, async (request, response) => (++answers === 1 ? faults.body(damaged)(request, response) : false));
    const page = await visit(t, chromium, home, { expected: NETWORK });
    await page.locator("#text").waitFor();
    await paste(page, TEXTS.positive);
    await reaches(page, "ready", { label: "positive", timeout: LOAD_MS });
    assert.equal(answers, 2);

    await page.getByRole("button", { name: "Clear" }).click();
    await page.getByText("No model is stored").waitFor();
    home.fault(MODEL, faults.body(damaged));
    await page.reload();
    await reaches(page, "error", { timeout: LOAD_MS });
    assert.match(await alert(page).innerText(), /damaged[^]*model\.gguf/);
    assert.equal(await page.locator("#text").inputValue(), TEXTS.positive);
    home.mend();
    await button(page, /again/i).click();
    await reaches(page, "ready", { label: "positive", timeout: LOAD_MS });
  });
}

test("no room on the device: it works, keeps nothing, and says so", async (t) => {
  const home = await site(t);
  const page = await visit(t, chromium, home, {
    expected: NETWORK,
    prepare: async (page) => {
      const session = await page.context().newCDPSession(page);
      await session.send("Storage.overrideQuotaForOrigin", { origin: new URL(home.url).origin, quotaSize: 5_000_000 });
    },
  });
  await page.locator("#text").waitFor();
  await page.keyboard.type(TEXTS.positive);
  await reaches(page, "ready", { label: "positive", timeout: LOAD_MS });
  await page.getByText("has to be downloaded at every visit").waitFor();
  assert.equal(await alert(page).count(), 0);
});

test("no room halfway: what was promised is not there, and it works all the same", async (t) => {
  const home = await site(t);
  const page = await visit(t, chromium, home, {
    expected: NETWORK,
    // The worker asks for the quota first; this one lies, as a disk that fills up meanwhile does.
    prepare: async (page) => {
      await page.route(/worker\w*_loader\.js$/, async (route) => {
        const original = await (await route.fetch()).text();
        const lie = `navigator.storage.estimate = async () => ({ quota: 1e12, usage: 0 });
          const put = Cache.prototype.put; let left = 4;
          Cache.prototype.put = function (key, response) { return left-- > 0 ? put.call(this, key, response) : Promise.reject(new DOMException("full", "QuotaExceededError")); };\n`;
        await route.fulfill({ contentType: "text/javascript", body: lie + original.replace(/^import (\w+) from "(.+)";/, 'const { default: $1 } = await import("$2");') });
      });
    },
  });
  await page.locator("#text").waitFor();
  await page.keyboard.type(TEXTS.positive);
  await reaches(page, "ready", { label: "positive", timeout: LOAD_MS });
  await page.getByText(/at every visit: QuotaExceededError/).waitFor();
});

test("a store emptied while the page is open is filled again when it is needed", async (t) => {
  const home = await site(t);
  const page = await firstVisit(t, home);
  await page.keyboard.type(TEXTS.positive);
  await reaches(page, "ready", { label: "positive" });
  await page.evaluate(async () => Promise.all((await caches.keys()).map((name) => caches.delete(name))));
  await retype(page, TEXTS.negative);
  await reaches(page, "ready", { label: "negative" });
  await page.reload();
  await reaches(page, "ready", { label: "negative", timeout: LOAD_MS });
  assert.ok((await entries(page)).some((path) => path.endsWith("/whole")));
});

test("a newer model that does not come leaves the one that is here at work", async (t) => {
  const home = await site(t);
  const page = await firstVisit(t, home);
  const files = JSON.parse(await built(`${MODEL_FOLDER}files.json`));
  files["model.gguf"].sha256 = "0".repeat(64);
  home.fault("files.json", faults.body(Buffer.from(JSON.stringify(files)), "application/json"));
  home.fault(MODEL, faults.dropped());
  await page.reload();
  await page.keyboard.type(TEXTS.positive);
  await reaches(page, "ready", { label: "positive", timeout: LOAD_MS });
  assert.equal(await alert(page).count(), 0);
});

test("a release of which only the list is there yet leaves the model that is here at work", async (t) => {
  const home = await site(t);
  const page = await firstVisit(t, home);
  const files = JSON.parse(await built(`${MODEL_FOLDER}files.json`));
  files["model.gguf"].sha256 = "0".repeat(64);
  home.fault("files.json", faults.body(Buffer.from(JSON.stringify(files)), "application/json"));
  await page.reload();
  await page.keyboard.type(TEXTS.positive);
  await reaches(page, "ready", { label: "positive", timeout: LOAD_MS });
  assert.equal(await alert(page).count(), 0);
});

test("Clear forgets the model, says so, and the next visit fetches it", async (t) => {
  const home = await site(t);
  const page = await firstVisit(t, home);
  await page.getByRole("button", { name: "Clear" }).click();
  await page.getByText("No model is stored on this device").waitFor();
  assert.deepEqual(await entries(page), []);
  assert.ok(await page.getByRole("button", { name: "Clear" }).isHidden());
  await page.keyboard.type(TEXTS.neutral);
  await reaches(page, "ready", { label: "neutral" });
  const sent = meter(home);
  await page.reload();
  await reaches(page, "ready", { label: "neutral", timeout: LOAD_MS });
  assert.equal(sent.answers, 1);
});

test("two tabs at once share one download", async (t) => {
  const home = await site(t);
  const model = await built(MODEL);
  const sent = meter(home);
  home.fault(MODEL, async (request, response) => (sent.answers++, faults.slow(model, 30, 100)(request, response)));
  const first = await visit(t, chromium, home, { expected: NETWORK });
  const second = await first.context().newPage();
  await second.goto(home.url);
  await Promise.all([first, second].map((page) => reaches(page, "empty", { timeout: LOAD_MS })));
  assert.equal(sent.answers, 1);
  for (const page of [first, second]) {
    await page.bringToFront();
    await retype(page, TEXTS.positive);
    await reaches(page, "ready", { label: "positive" });
  }
});

test("a tab that is closed while it downloads leaves the rest to the other", async (t) => {
  const home = await site(t);
  const model = await built(MODEL);
  home.fault(MODEL, faults.held(model, 6_000_000, new Promise(() => {})));
  const first = await visit(t, chromium, home, { expected: NETWORK });
  await first.getByRole("progressbar").waitFor();
  await first.waitForFunction(() => document.querySelector("progress").value > 5_000_000);
  const second = await first.context().newPage();
  await second.goto(home.url);
  // What the first has brought is seen from the second.
  await second.waitForFunction(() => document.querySelector("progress")?.value > 5_000_000);
  home.mend();
  const sent = meter(home);
  await first.close();
  await reaches(second, "empty", { timeout: LOAD_MS });
  assert.match(sent.ranges[0], /^bytes=[5-6]\d{6}-$/);
});

test("a page that did not arrive whole starts by itself once there is a network, with what was typed", async (t) => {
  const home = await site(t);
  home.fault("app_bg.wasm", faults.dropped());
  const page = await visit(t, chromium, home, { expected: /Failed to load resource|net::ERR_|Failed to fetch/ });
  await page.getByRole("alert").filter({ hasText: /could not be loaded completely/ }).waitFor();
  await page.locator("#text").fill(TEXTS.positive);
  home.mend();
  // The browser says that it is online.
  await page.context().setOffline(true);
  await page.context().setOffline(false);
  await reaches(page, "ready", { label: "positive", timeout: LOAD_MS });
  assert.equal(await page.locator("#text").inputValue(), TEXTS.positive);
});

for (const [what, path, stall] of [
  ["does not answer for the page", /^\/$/, () => {}],
  ["stops in the middle of the page", /^\/$/, (response) => response.writeHead(200, { "Content-Type": "text/html" }).write("<!doctype html><html>")],
  ["does not answer for its script", /^\/startup\.js$/, () => {}],
]) {
  test(`a network that ${what}: the kept one is shown`, async (t) => {
    const home = await site(t);
    // Nothing comes from the browser's own cache.
    home.fault("/", async (request, response) => void response.setHeader("Cache-Control", "no-store"));
    const page = await firstVisit(t, home);
    let stalled = 0;
    home.fault("/", async (request, response) => {
      if (!path.test(request.url)) return false;
      stalled++;
      stall(response);
      return true;
    });
    await page.reload({ waitUntil: "commit", timeout: LOAD_MS });
    await reaches(page, "empty", { timeout: LOAD_MS });
    assert.ok(stalled > 0, "the network was asked first");
    await page.keyboard.type(TEXTS.positive);
    await reaches(page, "ready", { label: "positive" });
  });
}

test("a slow network: the progress is true, and the page can be typed into", async (t) => {
  const home = await site(t);
  const model = await built(MODEL);
  home.fault(MODEL, faults.slow(model, 10, 400));
  const page = await visit(t, chromium, home, { expected: NETWORK });
  const seen = [];
  await page.locator("#text").waitFor();
  await page.keyboard.type(TEXTS.positive);
  for (;;) {
    const state = await page.locator("#verdict").getAttribute("data-state");
    if (state !== "loading") break;
    seen.push(await page.evaluate(() => [document.querySelector("progress")?.value, document.querySelector("progress")?.max]));
    await page.waitForTimeout(150);
  }
  await reaches(page, "ready", { label: "positive", timeout: LOAD_MS });
  const bytes = seen.filter(([, max]) => max > 1);
  const whole = Object.values(JSON.parse(await built(`${MODEL_FOLDER}files.json`))).reduce((sum, file) => sum + file.bytes, 0);
  assert.ok(new Set(bytes.map(([value]) => value)).size >= 8, `steps: ${JSON.stringify(seen)}`);
  assert.ok(bytes.every(([value, max], i) => max === whole && value >= (bytes[i - 1]?.[0] ?? 0)), "it only grows, to the true sum");
});

test("a clock that is a year wrong changes nothing", async (t) => {
  const home = await site(t);
  const context = { expected: NETWORK, prepare: (page) => page.clock.setFixedTime(new Date(Date.now() - 366 * 86_400_000)) };
  const page = await firstVisit(t, home, context);
  await page.clock.setFixedTime(new Date(Date.now() + 366 * 86_400_000));
  home.stop();
  await page.reload();
  await reaches(page, "empty", { timeout: LOAD_MS });
  await page.keyboard.type(TEXTS.positive);
  await reaches(page, "ready", { label: "positive" });
});

test("a new release while a tab is open: the tab keeps its own worker, the next visit has the new one", async (t) => {
  const home = await site(t);
  const page = await firstVisit(t, home);
  await page.keyboard.type(TEXTS.positive);
  await reaches(page, "ready", { label: "positive" });
  const old = await buildFolder();
  home.release("0123456789ab");
  // The server has nothing of the old release any more; the open tab's worker crashes and must come back.
  await page.evaluate(() => navigator.serviceWorker.getRegistration().then((registration) => registration.update()));
  await page.evaluate(async () => {
    const registration = await navigator.serviceWorker.getRegistration();
    while (!registration.waiting) await new Promise((resolve) => setTimeout(resolve, 50));
  });
  const oldFiles = () => home.requests.filter((path) => path.includes(old)).length;
  const before = oldFiles();
  const worker = page.workers()[0];
  await worker.evaluate(() => setTimeout(() => { throw new Error("crash"); })).catch(() => {});
  await retype(page, TEXTS.negative);
  await reaches(page, "ready", { label: "negative", timeout: LOAD_MS });
  assert.ok(page.workers().every((worker) => worker.url().includes(old)), "the worker of its own release");
  assert.equal(oldFiles(), before, "from the device");
  await page.reload();
  await reaches(page, "ready", { label: "negative", timeout: LOAD_MS });
  assert.equal(await page.locator("meta[name=build]").getAttribute("content"), "0123456789ab");
  assert.ok(page.workers().every((worker) => worker.url().includes("build-0123456789ab")));
  // Once no tab is of the old release, the new one is what there is offline.
  const context = page.context();
  await page.goto("about:blank");
  const next = await context.newPage();
  await next.goto(home.url);
  await reaches(next, "empty", { timeout: LOAD_MS });
  home.stop();
  await next.reload();
  await reaches(next, "empty", { timeout: LOAD_MS });
  assert.equal(await next.locator("meta[name=build]").getAttribute("content"), "0123456789ab");
});

test("the service worker keeps both programs of the model's worker, for the browser may gain or lose relaxed SIMD, and the table's", async (t) => {
  const page = await firstVisit(t, await site(t));
  const paths = await page.evaluate(async () => {
    const name = (await caches.keys()).find((name) => name.startsWith("live-sentiment-page"));
    return (await (await caches.open(name)).keys()).map(({ url }) => url);
  });
  const programs = paths.filter((url) => url.endsWith("_bg.wasm")).map((url) => url.slice(url.lastIndexOf("/") + 1));
  assert.deepEqual(programs.sort(), ["app_bg.wasm", "table_worker_bg.wasm", "worker_bg.wasm", "worker_relaxed_bg.wasm"]);
});

test("a program damaged on its way is not kept: the next visit gets a right one", async (t) => {
  const home = await site(t);
  const program = `${await buildFolder()}/worker_relaxed_bg.wasm`;
  const cut = (await built(program)).subarray(0, 2_000_000);
  home.fault(program, faults.body(cut, "application/wasm"));
  const page = await visit(t, chromium, home, { expected: /Failed|net::ERR_|WebAssembly|wasm/i });
  await page.locator("#text").waitFor();
  await paste(page, TEXTS.positive);
  await reaches(page, "error", { timeout: LOAD_MS });
  await page.waitForTimeout(1_500);
  home.mend();
  await page.reload();
  await reaches(page, "ready", { label: "positive", timeout: LOAD_MS });
  await kept(page);
});

test("a secret that is typed is in no request, and after loading there is none", async (t) => {
  const home = await site(t);
  const page = await firstVisit(t, home);
  const seen = [];
  page.context().on("request", (request) => seen.push(request.url() + (request.postData() ?? "")));
  const before = home.requests.length;
  const said = () => page.locator("details.requests summary").innerText();
  const counted = await said();
  await page.keyboard.type("My password is hunter2-zebra, and I love it!");
  await reaches(page, "ready", { label: "positive" });
  await page.waitForTimeout(1_500);
  assert.deepEqual(seen, []);
  assert.equal(home.requests.length, before, "the server was asked for nothing");
  assert.ok(!home.requests.join().includes("zebra"));
  assert.equal(await said(), counted, "and the page says so");
});

test("the list of requests is the server's", async (t) => {
  const home = await site(t);
  const page = await firstVisit(t, home);
  await page.locator("details.requests summary").click();
  const lines = await page.locator("details.requests li").allInnerTexts();
  // `/` is the navigation itself, and sw.js the browser's own request: neither is any script's.
  const asked = new Set(home.requests.map((path) => path.slice(1)).filter((path) => path && path !== "sw.js"));
  for (const path of asked) assert.ok(lines.some((line) => line.startsWith(`${path},`)), `${path} is listed`);
  assert.ok(lines.some((line) => /model\.gguf, 9\.8 MB, after/.test(line)), lines.join("\n"));
});
