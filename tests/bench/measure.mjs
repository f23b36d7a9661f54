// What all benchmarks share: quantiles, a browser whose pages are all in the foreground, and how long a page's thread is blocked.

import { chromium } from "playwright-core";

export const sleep = (millis) => new Promise((done) => setTimeout(done, millis));
export const say = (...words) => console.error(new Date().toISOString().slice(11, 19), ...words);
export const shuffled = (list) => list.map((x) => [Math.random(), x]).sort(([a], [b]) => a - b).map(([, x]) => x);

export const median = (numbers) => {
  const sorted = [...numbers].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
};

export const quantile = (numbers, q) => {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];
};

/** A Chromium that slows no page down for being behind another one. */
export const launch = (executablePath, flags = []) =>
  chromium.launch({
    executablePath,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-background-networking",
      "--disable-background-timer-throttling",
      "--disable-backgrounding-occluded-windows",
      "--disable-renderer-backgrounding",
      ...flags,
    ],
  });

/** Begins to note by how much a 4 ms timer of the page is late. */
export const watchGaps = (page) =>
  page.evaluate(() => {
    const log = (window.gaps = { longest: 0, stop: false });
    let last = performance.now();
    (function beat() {
      const now = performance.now();
      log.longest = Math.max(log.longest, now - last - 4);
      last = now;
      if (!log.stop) setTimeout(beat, 4);
    })();
  });

/** Ends that; returns the most, in milliseconds. */
export const longestGap = (page) => page.evaluate(() => ((window.gaps.stop = true), window.gaps.longest));
