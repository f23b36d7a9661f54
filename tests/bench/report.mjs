// Formats the results as Markdown tables. `node report.mjs [results.json]` prints those of an earlier run.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { median } from "./measure.mjs";

// The pairs compared: this project's relaxed backend if the peer uses relaxed SIMD too, or could.
const PAIRS = [
  ["relaxed", "LiteRT.js"],
  ["relaxed", "transformers.js"],
  ["relaxed", "onnxruntime-web"],
  ["simd128", "onnxruntime-web"],
  ["relaxed", "candle"],
];

const row = (cells) => `| ${cells.join(" | ")} |`;
const table = (head, rows) => [row(head), row(head.map((_, i) => (i ? "--:" : "---"))), ...rows.map(row)].join("\n");

/** Markdown. */
export function report({ browser, lengths, load, answers, latency, typing }) {
  const parts = [];
  const timed = Object.keys(latency);
  if (timed.length) {
    const pairs = PAIRS.filter((pair) => pair.every((name) => timed.includes(name)));
    const ratio = (ours, theirs, tokens) =>
      median(latency[ours][tokens].map((millis, round) => millis / latency[theirs][tokens][round])).toFixed(2);
    parts.push(
      `Chromium ${browser}, ${latency[timed[0]][lengths[0]].length} rounds, load average ${median(load).toFixed(1)}. ` +
        "Time of ours divided by the peer's, in tokens of the text; less than 1 is faster.",
      table(
        ["tokens", ...lengths],
        pairs.map(([ours, theirs]) => [`${ours} / ${theirs}`, ...lengths.map((tokens) => ratio(ours, theirs, tokens))]),
      ),
      "Milliseconds from the page's call to its answer, medians:",
      table(
        ["tokens", ...lengths],
        timed.map((name) => [name, ...lengths.map((tokens) => median(latency[name][tokens]).toFixed(1))]),
      ),
    );
  }
  if (Object.keys(answers).length) {
    const percent = (share) => (share === undefined ? "" : (100 * share).toFixed(2));
    parts.push(
      `Against the same weights in f32, on ${Object.values(answers)[0].texts} texts:`,
      table(
        ["", "same label, %", "probability off by, median", "at most", "accuracy, %", "in f32, %"],
        Object.entries(answers).map(([name, found]) => [
          name,
          percent(found.sameLabel),
          found.medianDistance.toFixed(4),
          found.largestDistance.toFixed(4),
          percent(found.accuracy),
          percent(found.accuracyInF32),
        ]),
      ),
    );
  }
  if (Object.keys(typing).length) {
    parts.push(
      "Typing a text of 40 tokens at 10 keys a second, in milliseconds:",
      table(
        ["", "longest gap of the main thread", "key to verdict, median", "95 %"],
        Object.entries(typing).map(([name, { longestGap, keyToVerdict }]) => [
          name,
          longestGap.toFixed(1),
          ...(keyToVerdict ? [keyToVerdict.median.toFixed(1), keyToVerdict.p95.toFixed(1)] : ["", ""]),
        ]),
      ),
    );
  }
  return parts.join("\n\n");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const file = process.argv[2] ?? fileURLToPath(new URL("results.json", import.meta.url));
  console.log(report(JSON.parse(readFileSync(file))));
}
