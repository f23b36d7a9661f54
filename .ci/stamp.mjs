// Trunk's post-build hook: makes what it built safe to cache for ever, to keep for offline use, and to serve under a strict
// policy.
//
//   index.html, bench.html …    from Trunk and public/, under the names people link to; know the build's hash
//   sw.js                       the service worker: knows the build's hash, and which files the page is made of
//   models/NAME/files.json      length and SHA-256 of the model's files, which the worker holds them against
//   live-sentiment.js           the element and the API: has its style sheet, and knows where the compiled files are
//   models/, icons/, *.js …     public/ as it is
//   build-HASH/                 what was compiled: the page's and the workers' files, which find each other by plain
//                               relative names. A page never meets a worker of another build.
//
// A debug build (`trunk serve`) stays flat and without policy: its meta tag keeps saying "dev".

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const dist = process.env.TRUNK_STAGING_DIR;
const publicFolder = join(process.env.TRUNK_SOURCE_DIR, "public");

// Workers get no other source of code or data than the site itself. WebAssembly needs 'wasm-unsafe-eval', not 'unsafe-eval'.
const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "connect-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

writeFileSync(join(dist, "app_loader.js"), `import init from "./app.js";\nawait init();\n`);
listModels(join(dist, "models"));
rewrite("live-sentiment.js", [[/^const STYLE = .*;$/m, `const STYLE = ${JSON.stringify(style("element.css"))};`]]);
rewrite("startup.js", [[/(?<=^  const PROBES = ).*(?=;$)/m, JSON.stringify({ simd128: probe("simd128"), relaxed: probe("relaxed") })]]);
if (process.env.TRUNK_PROFILE === "release") stamp();

function stamp() {
  const hash = hashOf(dist);
  const build = `build-${hash}`;
  const compiled = readdirSync(dist).filter((name) => name !== "index.html" && !existsSync(join(publicFolder, name)));
  mkdirSync(join(dist, build));
  for (const name of compiled) renameSync(join(dist, name), join(dist, build, name));

  const pages = readdirSync(dist).filter((name) => name.endsWith(".html"));
  for (const name of pages) {
    const path = join(dist, name);
    writeFileSync(path, stampPage(name, readFileSync(path, "utf8"), hash, compiled));
  }
  stampServiceWorker(hash, build, compiled);
  rewrite("live-sentiment.js", [
    [/from "\.\/api\.js"/, `from "./${build}/api.js"`],
    [/"\.\/worker_loader\.js"/, `"./${build}/worker_loader.js"`],
    [/"\.\/worker_relaxed_loader\.js"/, `"./${build}/worker_relaxed_loader.js"`],
    [/^const PROGRAMS = .*;$/m, `const PROGRAMS = "./${build}/";`],
  ]);
  console.log(`stamp: ${build}, ${compiled.length} compiled files, ${pages.join(" and ")}`);
}

/**
 * Writes each model's files.json. A folder whose files it cannot list, such as one with vocab.txt or several files of weights,
 * gets none: its files are then kept as they come.
 */
function listModels(models) {
  for (const { name } of readdirSync(models, { withFileTypes: true }).filter((entry) => entry.isDirectory())) {
    const folder = join(models, name);
    const weights = readdirSync(folder).filter((file) => /^[^.].*\.(gguf|safetensors)$/i.test(file));
    const listed = ["config.json", "tokenizer.json", ...weights];
    if (weights.length !== 1 || !listed.every((file) => existsSync(join(folder, file)))) {
      console.log(`stamp: models/${name} is left without a files.json`);
      continue;
    }
    const entry = (file) => {
      const bytes = readFileSync(join(folder, file));
      return [file, { bytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") }];
    };
    writeFileSync(join(folder, "files.json"), `${JSON.stringify(Object.fromEntries(listed.map(entry)), null, 2)}\n`);
  }
}

/** Tells the service worker what the page is made of. What only programs use, bench.html and the API, is not kept. */
function stampServiceWorker(hash, build, compiled) {
  const icons = readdirSync(join(publicFolder, "icons")).map((name) => `icons/${name}`);
  const kept = compiled.filter((name) => /\.(css|js|wasm)$/.test(name) && !name.startsWith("api"));
  const digest = (path) => createHash("sha256").update(readFileSync(join(dist, path))).digest("hex");
  const programs = kept.map((name) => `${build}/${name}`);
  const values = {
    BUILD: hash,
    DIGESTS: Object.fromEntries(programs.map((path) => [path, digest(path)])),
    PAGE: ["./", "startup.js", "manifest.webmanifest", ...icons, ...programs],
  };
  const constant = ([name, value]) => [new RegExp(`^const ${name} = .*;$`, "m"), `const ${name} = ${JSON.stringify(value)};`];
  rewrite("sw.js", Object.entries(values).map(constant));
}

/** The bytes of a module that only some browsers take. */
function probe(name) {
  return [...readFileSync(join(process.env.TRUNK_SOURCE_DIR, "src/web/client/probe", `${name}.wasm`))];
}

/** A style sheet without comments and indentation. */
function style(name) {
  const css = readFileSync(join(process.env.TRUNK_SOURCE_DIR, "style", name), "utf8");
  return css.replace(/\/\*[^]*?\*\//g, "").replace(/\s*\n\s*/g, "\n").trim();
}

/** Replaces each pattern, which must be there exactly once, in a file of the build. */
function rewrite(name, replacements) {
  const path = join(dist, name);
  const text = replacements.reduce((text, [pattern, by]) => replaceOnce(name, text, pattern, by), readFileSync(path, "utf8"));
  writeFileSync(path, text);
}

/** A hash of every file's name and content. */
function hashOf(folder) {
  const hash = createHash("sha256");
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath ?? entry.path, entry.name));
  for (const file of files.sort()) {
    const bytes = readFileSync(file);
    hash.update(`${file.slice(folder.length)}\0${bytes.length}\0`).update(bytes);
  }
  return hash.digest("hex").slice(0, 12);
}

/** The page with its references into the build's folder, the build's hash and the policy. */
function stampPage(name, html, hash, compiled) {
  html = html.replace(/[ \t]*<!--[^]*?-->\n?/g, "");
  for (const file of compiled) html = html.replaceAll(`="./${file}`, `="./build-${hash}/${file}`);
  html = replaceOnce(name, html, /<meta name="build" content="[^"]*"/, `<meta name="build" content="${hash}"`);
  // Before anything that loads something.
  html = replaceOnce(name, html, /(?<=<meta charset="utf-8"[^>]*>)/i, `<meta http-equiv="Content-Security-Policy" content="${POLICY}">`);
  for (const inline of html.matchAll(/<style[\s>]|\sstyle="|\son[a-z]+="|<script(?![^>]*\ssrc=)[^>]*>/gi)) {
    throw new Error(`${name} has "${inline[0].trim()}" inline, which its Content-Security-Policy forbids.`);
  }
  return html;
}

function replaceOnce(name, html, pattern, replacement) {
  const found = html.match(new RegExp(pattern, "gim"))?.length ?? 0;
  if (found !== 1) throw new Error(`${name} should have exactly one ${pattern}, but has ${found}.`);
  return html.replace(pattern, () => replacement);
}
