// Before the page's own program has arrived: the field is there already, and a program that never arrives is not silence.

import assert from "node:assert/strict";
import { test } from "node:test";

import { buildFolder, built, faults, site } from "./site.mjs";
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
