// Tables in the page: a file is opened, corrected, read, looked through, corrected by hand, saved, and found again.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

import { site } from "./site.mjs";
import { browser, reaches, visitReady } from "./visit.mjs";

const chromium = browser();

const TABLE = [
  "id;comment;department;date",
  "1;I love it, it is wonderful!;Support;2026-10-01",
  '2;"This is terrible; I hate it.";Delivery;2026-10-01',
  "3;The meeting is on Tuesday at ten.;Support;2026-10-02",
  "4;I love it, it is wonderful!;Delivery;2026-10-03",
  "5;;Support;2026-10-03",
  "6;Never again, what a disaster.;Delivery;2026-10-05",
].join("\r\n");

/** Gives the page a file as the picker does. */
const pick = (page, name, text) => page.locator("#table-file").setInputFiles({ name, mimeType: "text/csv", buffer: Buffer.from(text) });

async function openTable(t, home, { name = "survey.csv", text = TABLE, path = "#table", ...options } = {}) {
  const page = await visitReady(t, chromium, home, { path, ...options });
  await pick(page, name, text);
  await page.locator("#table-read:enabled").waitFor({ timeout: 20_000 });
  return page;
}

async function readAll(page) {
  await page.locator("#table-read").click();
  // The rows follow the progress.
  const isDone = () => {
    const [, read] = /^([\d,]+) of \1 rows? read/.exec(document.querySelector("#table-progress").textContent) ?? [];
    const words = [...document.querySelectorAll(".rows .chip")].map((chip) => chip.textContent);
    return read && read !== "0" && words.length > 0 && !words.includes("Waiting");
  };
  await page.waitForFunction(isDone, null, { timeout: 60_000 });
}

const rows = (page) => page.locator(".rows [role=row]:not(.head)").evaluateAll((rows) => rows.map((row) => [...row.children].map((cell) => cell.textContent)));

/** What the browser saves. */
async function saved(page, kind) {
  await page.locator(".save summary").click();
  await page.locator(".save select").selectOption(kind);
  const [download] = await Promise.all([page.waitForEvent("download"), page.locator(".save button.go").click()]);
  await page.locator(".save summary").click();
  return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) };
}

test("a file is looked at, read, summed up, corrected and saved as it came", async (t) => {
  const home = await site(t);
  const page = await openTable(t, home);
  assert.equal(await page.locator("#table-format").inputValue(), "semicolon");
  assert.equal(await page.locator("#table-encoding").inputValue(), "UTF-8");
  assert.ok(await page.locator("#table-header").isChecked());
  assert.equal(await page.locator("#table-text option:checked").innerText(), "comment");
  assert.equal(await page.locator(".preview tbody tr").count(), 6);
  await page.locator("#table-group").selectOption({ label: "department" });
  await page.locator("#table-date").selectOption({ label: "date" });
  await readAll(page);
  assert.match(await page.locator("#table-progress").innerText(), /^5 of 5 rows read · 1 says the same as an earlier one · 1 has no text$/);
  const listed = await rows(page);
  assert.equal(listed.length, 6);
  assert.deepEqual(listed.map(([word]) => word), ["Positive", "Negative", "Neutral", "Positive", "No text", "Negative"]);
  assert.deepEqual(listed[1].slice(2), ["This is terrible; I hate it.", "Delivery", "2026-10-01"]);
  assert.match(await page.locator(".headline").innerText(), /40% negative/);
  // For those who do not see it.
  assert.match(await page.locator(".tables [role=status].visually-hidden").innerText(), /^All rows are read: 40% negative, 40% positive, 20% neutral\.$/);
  const groups = page.locator("figure", { hasText: "By group" });
  assert.match(await groups.locator("svg").getAttribute("aria-label"), /Delivery: 67% negative, 33% positive/);

  // Keys alone: the third row is not neutral, says the visitor.
  await page.locator(".rows").focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("1");
  await page.waitForFunction(() => document.querySelector("#row-2 .chip").textContent === "Neutral → Negative");
  await page.keyboard.press("Enter");
  await page.locator("dialog[open]").waitFor();
  assert.match(await page.locator("dialog").innerText(), /Row 3[^]*The meeting is on Tuesday[^]*department\s+Support/);
  await page.keyboard.press("Escape");
  await page.locator("dialog[open]").waitFor({ state: "hidden" });

  await page.locator(".filters button", { hasText: "Corrected" }).click();
  await page.waitForFunction(() => document.querySelectorAll(".rows [role=row]:not(.head)").length === 1);
  await page.locator(".filters button", { hasText: "All" }).first().click();
  await page.locator("#table-find").fill("DISASTER never");
  await page.waitForFunction(() => document.querySelectorAll(".rows [role=row]:not(.head)").length === 1);
  await page.locator("#table-find").fill("");

  const same = await saved(page, "same");
  assert.equal(same.name, "survey-sentiment.csv");
  const lines = same.bytes.toString().split("\r\n");
  assert.equal(lines[0], "id;comment;department;date;sentiment;confidence;negative;neutral;positive;corrected;truncated;note");
  const before = TABLE.split("\r\n");
  for (const [at, line] of before.entries()) assert.ok(lines[at].startsWith(line + ";"), lines[at]);
  assert.match(lines[3], /;neutral;0\.\d+;[^;]+;[^;]+;[^;]+;negative;false;$/);
  assert.match(lines[5], /;no text$/);
  const workbook = await saved(page, "xlsx");
  assert.equal(workbook.name, "survey-sentiment.xlsx");
  assert.equal(workbook.bytes.subarray(0, 2).toString(), "PK");
});

test("what was guessed wrong is one choice away from right", async (t) => {
  const page = await openTable(t, await site(t), { name: "odd.txt", text: "caf\u00e9|good\nth\u00e9|bad\n" });
  await page.locator("#table-format").selectOption("comma");
  await page.waitForFunction(() => document.querySelectorAll(".preview thead th").length === 1);
  await page.locator("#table-format").selectOption("pipe");
  await page.waitForFunction(() => document.querySelectorAll(".preview thead th").length === 2);
  await page.locator("#table-encoding").selectOption("windows-1252");
  await page.waitForFunction(() => document.querySelector(".preview tbody").textContent.includes("cafÃ©"));
});

test("a reload loses nothing that was read, and closing forgets it", async (t) => {
  const home = await site(t);
  const many = ["text", ...Array.from({ length: 1_500 }, (_, i) => `Number ${i} was ${i % 2 ? "a wonderful" : "an awful"} day.`)].join("\n");
  const page = await openTable(t, home, { name: "days.csv", text: many });
  await page.locator("#table-read").click();
  await page.waitForFunction(() => Number(document.querySelector("#table-progress").textContent.split(" ")[0].replace(",", "")) > 60, null, { timeout: 60_000 });
  await page.locator("#table-pause").click();
  await page.locator("#table-go-on").waitFor();
  await page.waitForTimeout(1_500);
  const read = Number((await page.locator("#table-progress").innerText()).split(" ")[0].replace(",", ""));
  assert.ok(read > 60 && read < 1_500, String(read));
  await page.reload();
  await page.waitForFunction((read) => Number(document.querySelector("#table-progress").textContent.split(" ")[0].replace(",", "")) >= read, read, { timeout: 60_000 });
  await page.waitForFunction(() => document.querySelector("#table-progress").textContent.startsWith("1,500 of 1,500"), null, { timeout: 60_000 });
  await page.locator("#table-close").click();
  await page.locator("#table-file").waitFor();
  await page.waitForFunction(() => document.activeElement.textContent === "Table");
  await page.reload();
  await reaches(page, "empty", { timeout: 60_000 });
  await page.locator("#table-file").waitFor();
  assert.ok(await page.locator(".results").isHidden());
});

test("files that are no tables are refused in a sentence", async (t) => {
  const page = await visitReady(t, chromium, await site(t), { path: "#table" });
  for (const [name, text, said] of [
    ["empty.csv", "", "empty.csv cannot be used: it is empty."],
    ["paper.csv", "%PDF-1.7 …", "paper.csv cannot be used: it is a PDF."],
  ]) {
    await pick(page, name, text);
    await page.locator(".tables .trouble", { hasText: said }).waitFor({ timeout: 20_000 });
    assert.ok(await page.locator("#table-file").isVisible(), "another can be chosen");
  }
});

test("100,000 rows scroll, and only those in sight are elements", async (t) => {
  const text = ["text", ...Array.from({ length: 100_000 }, (_, i) => `row ${i % 7}`)].join("\n");
  const page = await openTable(t, await site(t), { name: "many.csv", text });
  await readAll(page);
  assert.match(await page.locator("#table-progress").innerText(), /^100,000 of 100,000 rows read · 99,993 say the same/);
  await page.locator(".rows").focus();
  await page.keyboard.press("End");
  await page.waitForFunction(() => document.querySelector("#row-99999 .text")?.textContent === "row 4");
  assert.ok((await page.locator(".rows [role=row]").count()) < 100);
  assert.equal(await page.locator(".rows").getAttribute("aria-activedescendant"), "row-99999");
});

test("a file that the installed app is started with, and one that is dropped, are opened", async (t) => {
  const home = await site(t);
  const prepare = (page) => page.addInitScript(() => Object.defineProperty(window, "launchQueue", { value: { setConsumer: (consumer) => (window.launch = consumer) } }));
  const page = await visitReady(t, chromium, home, { prepare });
  await page.evaluate(async () => {
    const handle = await (await navigator.storage.getDirectory()).getFileHandle("launched.csv", { create: true });
    const to = await handle.createWritable();
    await to.write("text\nI love it.\n");
    await to.close();
    window.launch({ files: [handle] });
  });
  await page.locator(".preview h3", { hasText: "launched.csv" }).waitFor({ timeout: 20_000 });
  assert.match(page.url(), /#table$/);
  await page.evaluate(() => {
    const data = new DataTransfer();
    data.items.add(new File(["text\nI hate it.\n"], "dropped.csv"));
    document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
  });
  await page.locator(".preview h3", { hasText: "dropped.csv" }).waitFor({ timeout: 20_000 });
});

test("what is typed does not wait for a table", async (t) => {
  const text = ["text", ...Array.from({ length: 3_000 }, (_, i) => `Number ${i} was a day like any other, with some sun and some rain.`)].join("\n");
  const page = await openTable(t, await site(t), { name: "days.csv", text });
  await page.locator("#table-read").click();
  await page.waitForFunction(() => Number(document.querySelector("#table-progress").textContent.split(" ")[0]) > 30, null, { timeout: 60_000 });
  await page.locator("nav a", { hasText: "Text" }).click();
  await page.locator("#text").fill("I love this, it is wonderful!");
  await reaches(page, "ready", { label: "positive" });
  await page.locator("nav a", { hasText: "Table" }).click();
  assert.ok(await page.locator("#table-pause").isVisible(), "and the table is not done");
});

test("cells that are pasted are a table", async (t) => {
  const page = await visitReady(t, chromium, await site(t), { path: "#table" });
  await page.evaluate(() => {
    const data = new DataTransfer();
    data.setData("text/plain", "name\tanswer\nAnn\tI love it, it is wonderful!\nBob\tThis is terrible and I hate it.\n");
    document.querySelector("#table-paste").dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
  });
  await page.locator("#table-read:enabled").waitFor({ timeout: 20_000 });
  await readAll(page);
  assert.deepEqual((await rows(page)).map(([word]) => word), ["Positive", "Negative"]);
});
