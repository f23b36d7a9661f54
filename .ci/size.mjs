// Checks the size budget: what a visitor downloads before the model, compressed as by a good host (Brotli, quality 11).

import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";

// In bytes. The first limit also ensures that candle is not linked into the page.
const BUDGET = { "app_bg.wasm": 360_000, "worker_bg.wasm": 1_000_000, "worker_relaxed_bg.wasm": 1_000_000, "table_worker_bg.wasm": 1_000_000 };

const dist = process.argv[2] ?? "dist";
const [build, ...others] = readdirSync(dist).filter((name) => name.startsWith("build-"));
if (!build || others.length) throw new Error(`${dist} should contain one build-HASH folder.`);

const brotliSize = (path) => {
  const bytes = readFileSync(join(dist, path));
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  return [bytes.length, brotliCompressSync(bytes, { params }).length];
};

let kept = true;
const report = (name, bytes, brotli, limit) => {
  const over = limit !== undefined && brotli > limit;
  kept &&= !over;
  const verdict = limit === undefined ? "" : over ? `OVER its budget of ${limit}` : `of ${limit}`;
  console.log(`${name.padEnd(28)} ${String(bytes).padStart(9)} bytes, ${String(brotli).padStart(8)} with Brotli ${verdict}`);
};
for (const name of readdirSync(join(dist, build)).filter((name) => /\.(css|js|wasm)$/.test(name))) {
  report(name, ...brotliSize(`${build}/${name}`), BUDGET[name]);
}
// What a page with <live-sentiment> loads before the model is requested.
const modules = ["api.js", "api_bg.wasm", "api_failure.js", "api_field.js", "api_sentences.js", "api_sentiment.js", "api_view.js"].map((name) => `${build}/${name}`);
const element = ["live-sentiment.js", ...modules].map(brotliSize);
report("the element, total", ...[0, 1].map((i) => element.reduce((sum, sizes) => sum + sizes[i], 0)), 145_000);
for (const name of Object.keys(BUDGET)) {
  if (!readdirSync(join(dist, build)).includes(name)) throw new Error(`${build} has no ${name}.`);
}
process.exit(kept ? 0 : 1);
