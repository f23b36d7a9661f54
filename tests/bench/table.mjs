#!/usr/bin/env node
// Opens a large file as a table: how long until it is shown, how long the page's thread is blocked meanwhile, and the memory
// that it takes. The profile lies on the disk, as a visitor's does: a private window keeps files in memory.
//
//     node table.mjs [ROWS]

import { mkdtemp, open, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { serve } from "../../.ci/server.mjs";
import { longestGap, sleep, watchGaps } from "./measure.mjs";

const rows = Number(process.argv[2] ?? 1_000_000);
const folder = await mkdtemp(join(tmpdir(), "table-"));

/** Writes a table of so many rows; returns its path and size. */
async function table(rows) {
  const path = join(folder, `${rows}.csv`);
  const file = await open(path, "w");
  await file.write("id,department,comment,date\n");
  const line = (i) => `${i},Team ${i % 7},"Order ${i % 5000} came late, and nobody could say why; the second one came at once.",2026-10-${String((i % 28) + 1).padStart(2, "0")}\n`;
  for (let n = 0; n < rows; n += 10_000) {
    await file.write(Array.from({ length: Math.min(10_000, rows - n) }, (_, i) => line(n + i)).join(""));
  }
  const { size } = await file.stat();
  await file.close();
  return { path, size };
}

const { server, url } = await serve(process.env.DIST ?? fileURLToPath(new URL("../../dist", import.meta.url)));
let profile, page;

/** Whether a process belongs to this browser: Chromium names the profile in its first process' command line alone. */
async function isOurs(id) {
  for (let parent = id; parent > 1; ) {
    if ((await readFile(`/proc/${parent}/cmdline`, "utf8")).includes(profile)) return true;
    parent = Number(/PPid:\s+(\d+)/.exec(await readFile(`/proc/${parent}/status`, "utf8"))[1]);
  }
  return false;
}

/** Bytes of memory that the page's process has, its workers included. */
async function memory() {
  let most = 0;
  for (const id of await readdir("/proc")) {
    if (!/^\d+$/.test(id)) continue;
    try {
      const command = await readFile(`/proc/${id}/cmdline`, "utf8");
      if (!command.includes("--type=renderer") || !(await isOurs(id))) continue;
      const [, kilobytes] = /VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${id}/status`, "utf8"));
      most = Math.max(most, kilobytes * 1024);
    } catch {
      // It has ended meanwhile.
    }
  }
  return most;
}

/** Runs `work` and returns its time, the longest gap of a 4 ms timer on the page, and the most memory, sampled each 20 ms. */
async function watched(work) {
  await watchGaps(page);
  let peak = 0;
  let isOver = false;
  const sampling = (async () => {
    while (!isOver) {
      peak = Math.max(peak, await memory());
      await sleep(20);
    }
  })();
  const began = performance.now();
  await work();
  const millis = performance.now() - began;
  isOver = true;
  await sampling;
  const gap = await longestGap(page);
  return { millis, gap, peak };
}

/** Opens a table in a browser of its own. */
async function visit({ path }) {
  profile = await mkdtemp(join(folder, "profile-"));
  const context = await chromium.launchPersistentContext(profile, { executablePath: "/usr/bin/chromium", chromiumSandbox: false, args: ["--disable-gpu"] });
  page = context.pages()[0] ?? (await context.newPage());
  await page.goto(url + "#table");
  await page.locator('#verdict[data-state="empty"]').waitFor({ state: "attached", timeout: 60_000 });
  await page.locator("#table-file").waitFor({ state: "attached" });
  await sleep(3000);
  const stages = {};
  stages["chosen and looked at"] = await watched(async () => {
    await page.locator("#table-file").setInputFiles(path);
    await page.locator("#table-read:enabled").waitFor({ timeout: 60_000 });
  });
  stages["read and shown"] = await watched(async () => {
    await page.locator("#table-read").click();
    await page.locator(".rows [role=row]:not(.head)").first().waitFor({ timeout: 120_000 });
  });
  stages["classified for ten seconds"] = await watched(() => sleep(10_000));
  await context.close();
  return stages;
}

// A small table loads the same programs, and the model into the same workers: what the large one takes beyond that is its own.
const small = await visit(await table(1000));
const large = await table(rows);
const stages = await visit(large);
const peaks = (stages) => Object.values(stages).map(({ peak }) => peak);
console.log(`${rows} rows, ${(large.size / 1e6).toFixed(0)} MB`);
for (const [name, { millis, gap }] of Object.entries(stages)) {
  console.log(`${name}: ${(millis / 1000).toFixed(1)} s, longest gap ${gap.toFixed(0)} ms (${small[name].gap.toFixed(0)} ms with 1000 rows)`);
}
const own = Math.max(...peaks(stages)) - Math.max(...peaks(small));
console.log(`peak of memory beyond that of 1000 rows: ${(own / 1e6).toFixed(0)} MB, ${(own / large.size).toFixed(2)} of the file`);
server.closeAllConnections();
server.close();
await rm(folder, { recursive: true });
