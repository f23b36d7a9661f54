// Tables when something fails in the middle: a worker, the model, the room on the device, the file. Nothing that was read is lost.

import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { buildFolder, built, faults, site } from "./site.mjs";
import { LOAD_MS, browser, visitReady } from "./visit.mjs";

const chromium = browser();

const TABLE = ["text;team", ...Array.from({ length: 40 }, (_, i) => `Number ${i} was ${i % 2 ? "a wonderful" : "an awful"} day.;${i % 3}`)];

/** The start of a program, with `code` before it: that can break what the program relies on. */
async function broken(home, program, code) {
  const loader = `${program}_loader.js`;
  const start = (await built(`${await buildFolder()}/${loader}`)).toString();
  home.fault(loader, faults.body(Buffer.from(`${code}\n${start}`), "text/javascript"));
}

async function opened(t, home, { lines = TABLE, ...options } = {}) {
  const page = await visitReady(t, chromium, home, { path: "#table", ...options });
  await page.locator("#table-file").setInputFiles({ name: "days.csv", mimeType: "text/csv", buffer: Buffer.from(lines.join("\n")) });
  await page.locator("#table-read:enabled").waitFor({ timeout: 20_000 });
  return page;
}

/** Waits until `#table-progress` begins with these words. */
const progressed = (page, begin, timeout = 90_000) =>
  page
    .waitForFunction((begin) => document.querySelector("#table-progress").textContent.startsWith(begin), begin, { timeout })
    .catch(async () => assert.fail(`the page says: ${await page.locator(".tables").innerText()}`));

async function saved(page, button) {
  const [download] = await Promise.all([page.waitForEvent("download"), button.click()]);
  return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) };
}

async function savedTable(page) {
  await page.locator(".save summary").click();
  const { bytes } = await saved(page, page.locator(".save button.go"));
  return bytes.toString().trimEnd().split("\n");
}

const kept = (page) => page.locator(".tables .quiet", { hasText: /on this device/ }).first();

test("a text that crashes its worker fails alone, and is listed", async (t) => {
  const home = await site(t);
  // The worker for what is typed is never given it.
  const crash = `addEventListener("message", (event) => {
    if (!JSON.stringify(event.data).includes("POISON")) return;
    event.stopImmediatePropagation();
    setTimeout(() => { throw new Error("poisoned"); });
  });`;
  await broken(home, "worker_relaxed", crash);
  const lines = [...TABLE];
  lines[8] = "A POISON day.;1";
  const page = await opened(t, home, { lines, expected: /poisoned/ });
  await page.locator("#table-read").click();
  await progressed(page, "39 of 40 rows read · 1 could not be read");
  await page.locator(".filters button", { hasText: "Not read" }).click();
  await page.waitForFunction(() => document.querySelectorAll(".rows [role=row]:not(.head)").length === 1);
  assert.match(await page.locator(".rows [role=row]:not(.head)").innerText(), /A POISON day\./);
  const table = await savedTable(page);
  assert.match(table[8], /^A POISON day\.;1;;.*poisoned/);
  for (const at of [1, 2, 7, 9, 40]) assert.match(table[at], at % 2 ? /;negative;/ : /;positive;/, table[at]);
});

test("where no worker can be had, the page says so, keeps what was read, and goes on later", async (t) => {
  const home = await site(t);
  let isDown = false;
  home.fault("/is-down", async (request, response) => faults.status(isDown ? 503 : 204)(request, response));
  // The worker asks at its start, and with each batch.
  const code = `const check = () => {
    const request = new XMLHttpRequest();
    request.open("GET", "/is-down", false);
    request.send();
    if (request.status !== 204) throw new Error("down on purpose");
  };
  check();
  addEventListener("message", (event) => {
    if (!("batch" in event.data)) return;
    try {
      check();
    } catch (error) {
      event.stopImmediatePropagation();
      throw error;
    }
  });`;
  await broken(home, "worker_relaxed", code);
  const lines = ["text", ...Array.from({ length: 1_200 }, (_, i) => `Number ${i} was ${i % 2 ? "a wonderful" : "an awful"} day.`)];
  const page = await opened(t, home, { lines, expected: /down on purpose|503/ });
  await page.locator("#table-read").click();
  const count = async () => Number((await page.locator("#table-progress").innerText()).split(" ")[0].replace(",", ""));
  await page.waitForFunction(() => Number(document.querySelector("#table-progress").textContent.split(" ")[0].replace(",", "")) > 60, null, { timeout: LOAD_MS });
  isDown = true;
  await page.locator("#table-go-on").waitFor({ timeout: 60_000 });
  assert.match(await page.locator(".results .trouble").innerText(), /\w+ \w+ .*\.$/);
  const read = await count();
  assert.ok(read > 60 && read < 1_200, String(read));
  isDown = false;
  await page.locator("#table-go-on").click();
  await progressed(page, "1,200 of 1,200 rows read");
});

for (const [name, code, reason] of [
  ["room ends in the middle", `let writes = 0; const write = FileSystemSyncAccessHandle.prototype.write;
    FileSystemSyncAccessHandle.prototype.write = function (...args) { if (++writes > 3) throw new DOMException("full", "QuotaExceededError"); return write.apply(this, args); };`, /there is no more room|full/],
  ["there is no room for the file", `FileSystemSyncAccessHandle.prototype.write = () => { throw new DOMException("full", "QuotaExceededError"); };`, /there is no more room on it/],
  ["the browser refuses to keep anything", `StorageManager.prototype.getDirectory = () => Promise.reject(new DOMException("never", "SecurityError"));`, /never/],
]) {
  test(`${name}: the page says so, reads on, and saves all`, async (t) => {
    const home = await site(t);
    await broken(home, "table_worker", code);
    const page = await opened(t, home);
    await page.locator("#table-read").click();
    await progressed(page, "40 of 40 rows read");
    const said = await kept(page).innerText();
    assert.match(said, /^What is read cannot be kept on this device \(.*\): save the table before you close the page\.$/);
    assert.match(said, reason);
    const table = await savedTable(page);
    assert.equal(table.length, 41);
    for (const [at, line] of table.entries()) if (at) assert.match(line, at % 2 ? /;negative;/ : /;positive;/, line);
  });
}

test("a file that has changed since it was chosen is refused in a sentence", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "changed-"));
  t.after(() => rm(folder, { recursive: true }));
  const path = join(folder, "days.csv");
  await writeFile(path, TABLE.join("\n"));
  const page = await visitReady(t, chromium, await site(t), { path: "#table" });
  // By its path, so that the browser reads the file itself.
  await page.locator("#table-file").setInputFiles(path);
  await page.locator("#table-read:enabled").waitFor({ timeout: 20_000 });
  await page.waitForTimeout(1_200);
  await writeFile(path, TABLE.slice(0, 5).join("\n"));
  await page.locator("#table-read").click();
  await page.locator(".tables .trouble", { hasText: /days\.csv/ }).first().waitFor({ timeout: 20_000 });
  await page.locator("button", { hasText: "Another file" }).click();
  await page.locator("#table-file").setInputFiles(path);
  await page.waitForFunction(() => document.querySelectorAll(".preview tbody tr").length === 4);
});

test("a chart is saved as a picture", async (t) => {
  const page = await opened(t, await site(t));
  await page.locator("#table-group").selectOption({ label: "team" });
  await page.locator("#table-read").click();
  await progressed(page, "40 of 40 rows read");
  const figure = page.locator("figure", { hasText: "By group" });
  await figure.locator("summary").click();
  const svg = await saved(page, figure.locator("button", { hasText: "SVG" }));
  assert.equal(svg.name, "by-group.svg");
  const drawn = await page.evaluate((text) => {
    const { documentElement } = new DOMParser().parseFromString(text, "image/svg+xml");
    const fills = [...documentElement.querySelectorAll("rect")].map((rect) => rect.getAttribute("fill"));
    return { name: documentElement.localName, width: Number(documentElement.getAttribute("width")), height: Number(documentElement.getAttribute("height")), words: documentElement.textContent, fills };
  }, svg.bytes.toString());
  assert.equal(drawn.name, "svg");
  assert.ok(drawn.width > 100 && drawn.height > 20, JSON.stringify(drawn));
  // Colours of its own, as it stands outside of the page's styles: the ground, and one for each label.
  assert.ok(new Set(drawn.fills).size >= 3 && drawn.fills.every((fill) => /^(rgb|#|color|oklch)/.test(fill)), JSON.stringify(drawn.fills));
  assert.match(drawn.words, /0[^]*1[^]*2/);
  const png = await saved(page, figure.locator("button", { hasText: "PNG" }));
  assert.equal(png.name, "by-group.png");
  assert.equal(png.bytes.subarray(1, 4).toString(), "PNG");
  assert.deepEqual([png.bytes.readUInt32BE(16), png.bytes.readUInt32BE(20)], [2 * drawn.width, 2 * drawn.height].map(Math.floor));
});
