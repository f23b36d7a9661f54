// The build as a folder of files: from any path, on any plain host, under its own strict policy.

import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { DIST, buildFolder, built, site } from "./site.mjs";
import { TEXTS, browser, reaches, visitReady } from "./visit.mjs";

const chromium = browser();

test("it works from a path below the host's root, with a query and a fragment", async (t) => {
  const page = await visitReady(t, chromium, await site(t, { mount: "/some/where/" }), { path: "?utm=1#top" });
  await page.keyboard.type(TEXTS.positive);
  await reaches(page, "ready", { label: "positive" });
});

test("the pages carry the build's hash and a policy without unsafe-eval and unsafe-inline", async () => {
  const build = await buildFolder();
  const pages = (await readdir(DIST)).filter((name) => name.endsWith(".html"));
  assert.ok(pages.includes("index.html"));
  for (const name of pages) {
    const html = (await built(name)).toString();
    assert.ok(html.includes(`<meta name="build" content="${build.slice("build-".length)}"`), name);
    const policy = /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(html)?.[1];
    assert.ok(policy?.includes("default-src 'none'"), name);
    assert.ok(!/'unsafe-(eval|inline|hashes)'|\*|data:.*script/.test(policy), policy);
    assert.ok(!/<script(?![^>]*\ssrc=)/.test(html), `${name} has no inline script`);
  }
});

test("the policy holds: an inline script does not run, eval throws, another host cannot be asked", async (t) => {
  const page = await visitReady(t, chromium, await site(t), { expected: /Content Security Policy|violates/ });
  const outcome = await page.evaluate(async () => {
    const script = document.createElement("script");
    script.textContent = "window.ran = true";
    document.head.append(script);
    const fetched = await fetch("http://127.0.0.1:9/").then(() => true, () => false);
    return { ran: "ran" in window, fetched };
  });
  assert.deepEqual(outcome, { ran: false, fetched: false });
});

test("nothing asks for a file that is not there", async (t) => {
  const home = await site(t);
  const page = await visitReady(t, chromium, home);
  await page.keyboard.type(TEXTS.negative);
  await reaches(page, "ready", { label: "negative" });
  const known = new Set((await readdir(DIST, { recursive: true })).map((path) => `/${path.replaceAll("\\", "/")}`));
  const missing = home.requests.map((url) => url.split(/[?#]/)[0]).filter((path) => path !== "/" && !known.has(path));
  assert.deepEqual(missing, []);
  const model = home.requests.filter((path) => path.endsWith(".gguf"));
  assert.equal(model.length, 1, "the model is fetched once");
});

test("the manifest and the icons it names are there", async (t) => {
  const manifest = JSON.parse(await built("manifest.webmanifest"));
  assert.ok(manifest.name && manifest.start_url && manifest.display);
  for (const { src } of manifest.icons) assert.ok((await built(src)).length > 0, src);
  const html = (await built("index.html")).toString();
  for (const [, href] of html.matchAll(/href="(?:\.\/)?([^":#]+)"/g)) assert.ok((await built(href)).length > 0, href);
});

test("the model's folder is complete and says where it comes from", async () => {
  const files = await readdir(join(DIST, "models/minilm-sentiment"));
  for (const name of ["config.json", "tokenizer.json", "model.gguf", "README.md"]) assert.ok(files.includes(name), name);
});
