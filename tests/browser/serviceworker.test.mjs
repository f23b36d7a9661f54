// The service worker alone, on a small site of its own: what it keeps is the response, and it speaks to its own pages only.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

import { browser } from "./visit.mjs";

const chromium = browser();
const POLICIES = {
  "Content-Security-Policy": "default-src 'self'",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
};
const FILES = {
  "/site/": ["text/html", '<!doctype html><meta name="build" content="dev">'],
  "/site/build-dev/worker.js": ["text/javascript", "postMessage('here');"],
  "/other/": ["text/html", "<!doctype html>"],
};

/** Serves the small site at /site/ and another at /other/; every answer has `headers`. */
async function small(t, headers) {
  const text = await readFile(new URL("../../public/sw.js", import.meta.url), "utf8");
  const worker = text.replace(/^const PAGE = .*;$/m, 'const PAGE = ["./", "build-dev/worker.js"];');
  const asked = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    const [type, body] = request.url === "/site/sw.js" ? ["text/javascript", worker] : (FILES[request.url] ?? []);
    if (!type) return response.writeHead(404).end();
    response.writeHead(200, { ...headers, "Content-Type": type, "Content-Encoding": "gzip" }).end(gzipSync(body));
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  const context = await chromium.chromium.newContext();
  const stop = () => (server.closeAllConnections(), server.close());
  t.after(async () => (await context.close(), stop()));
  return { context, stop, asked, url: `http://localhost:${server.address().port}` };
}

const register = (page) =>
  page.evaluate(async () => {
    await navigator.serviceWorker.register("sw.js");
    await navigator.serviceWorker.ready;
    while (!navigator.serviceWorker.controller) await new Promise((resolve) => setTimeout(resolve, 20));
  });

const starts = (page) =>
  page.evaluate(
    () =>
      new Promise((resolve) => {
        const worker = new Worker("build-dev/worker.js");
        worker.onmessage = ({ data }) => resolve(data);
        worker.onerror = () => resolve("failed");
      }),
  );

for (const vary of ["Accept-Encoding", "Cookie, Sec-Fetch-Dest", "*"]) {
  test(`the kept page and worker have the host's policies, with Vary: ${vary}`, async (t) => {
    const { context, stop, url } = await small(t, { ...POLICIES, Vary: vary });
    const page = await context.newPage();
    await page.goto(`${url}/site/`);
    assert.equal(await starts(page), "here");
    await register(page);
    await page.reload();
    assert.equal(await starts(page), "here");
    stop();
    const headers = (await page.reload()).headers();
    for (const [name, value] of Object.entries(POLICIES)) assert.equal(headers[name.toLowerCase()], value);
    assert.equal(headers["content-encoding"], undefined);
    assert.ok(await page.evaluate(() => crossOriginIsolated));
    assert.equal(await starts(page), "here");
  });
}

test("a text that another app shares is opened, and no server hears of it", async (t) => {
  const { context, asked, url } = await small(t, {});
  const page = await context.newPage();
  await page.goto(`${url}/site/`);
  await register(page);
  asked.length = 0;
  await page.evaluate(() => {
    const form = Object.assign(document.createElement("form"), { method: "POST", action: "share" });
    for (const [name, value] of [["title", "On the weather"], ["text", "50 % rain & more?"], ["url", ""]]) form.append(Object.assign(document.createElement("input"), { name, value }));
    document.body.append(form);
    form.submit();
  });
  await page.waitForURL(/#text=/);
  assert.equal(new URL(page.url()).pathname, "/site/");
  assert.equal(new URLSearchParams(new URL(page.url()).hash.slice(1)).get("text"), "On the weather\n50 % rain & more?");
  assert.ok(asked.length > 0 && asked.every((request) => !/share|rain|POST/.test(request)), asked.join());
});

test("pages of another site of the same origin are told of no request", async (t) => {
  const { context, url } = await small(t, {});
  const [own, other] = [await context.newPage(), await context.newPage()];
  for (const [page, path] of [[own, "/site/"], [other, "/other/"]]) {
    await page.goto(url + path);
    await page.evaluate(() => {
      window.told = 0;
      navigator.serviceWorker.onmessage = () => window.told++;
    });
  }
  await register(own);
  await own.waitForFunction(() => window.told > 0);
  await other.waitForTimeout(300);
  assert.equal(await other.evaluate(() => window.told), 0);
});
