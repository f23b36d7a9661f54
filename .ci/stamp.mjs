// Trunk's post-build hook: makes a release cacheable forever, usable offline, and servable under a strict
// Content-Security-Policy. The result:
//
//   index.html, bench.html …    from Trunk and public/, under their public names; contain the build's hash
//   sw.js                       the service worker; contains the build's hash and the list of the page's files
//   models/NAME/files.json      manifest: length and SHA-256 of the model's files, which the worker verifies
//   live-sentiment.js           the element and the API; contains the paths of the compiled files
//   models/, icons/, *.js …     copied from public/
//   build-HASH/                 the compiled files of page and workers and the element's modules, which refer to each other
//                               by relative paths, so that a page never loads a worker of another build
//
// A debug build (`trunk serve`) stays flat and without the policy: the build in its meta tag is "dev".

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const dist = process.env.TRUNK_STAGING_DIR;
const publicFolder = join(process.env.TRUNK_SOURCE_DIR, "public");

/** Modules of live-sentiment.js in public/ that must match its version: they are moved to build-HASH/. */
const MODULES = ["api_failure.js", "api_field.js", "api_sentences.js", "api_sentiment.js", "api_view.js"];

// Code and data come from the site itself only. WebAssembly needs 'wasm-unsafe-eval', not 'unsafe-eval'.
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
rewrite("api_view.js", [[/^const STYLE = .*;$/m, `const STYLE = ${JSON.stringify(style("element.css"))};`]]);
rewrite("startup.js", [[/(?<=^  const PROBES = ).*(?=;$)/m, JSON.stringify({ simd128: probe("simd128"), relaxed: probe("relaxed") })]]);
if (process.env.TRUNK_PROFILE === "release") stamp();

function stamp() {
  const hash = hashOf(dist);
  const build = `build-${hash}`;
  const stays = (name) => name === "index.html" || (existsSync(join(publicFolder, name)) && !MODULES.includes(name));
  const compiled = readdirSync(dist).filter((name) => !stays(name));
  mkdirSync(join(dist, build));
  for (const name of compiled) renameSync(join(dist, name), join(dist, build, name));

  const pages = readdirSync(dist).filter((name) => name.endsWith(".html"));
  for (const name of pages) {
    const path = join(dist, name);
    writeFileSync(path, stampPage(name, readFileSync(path, "utf8"), hash, compiled));
  }
  stampServiceWorker(hash, build, compiled);
  rewrite("live-sentiment.js", [
    ...["api.js", ...MODULES].map((name) => [new RegExp(`from "\\./${name}"`), `from "./${build}/${name}"`]),
    [/"\.\/worker_loader\.js"/, `"./${build}/worker_loader.js"`],
    [/"\.\/worker_relaxed_loader\.js"/, `"./${build}/worker_relaxed_loader.js"`],
    [/^const PROGRAMS = .*;$/m, `const PROGRAMS = "./${build}/";`],
  ]);
  console.log(`stamp: ${build}, ${compiled.length} compiled files, ${pages.join(" and ")}`);
}

/**
 * Writes each model's files.json; what it does not list is not there. A folder whose files it cannot list, such as one with
 * several weights files, gets none: its files are then cached without verification. Names as in src/model/folder.rs.
 */
function listModels(models) {
  for (const { name } of readdirSync(models, { withFileTypes: true }).filter((entry) => entry.isDirectory())) {
    const folder = join(models, name);
    const isHere = (file) => existsSync(join(folder, file));
    const weights = readdirSync(folder).filter((file) => /^[^.].*\.(gguf|safetensors)$/i.test(file));
    const tokenizer = isHere("tokenizer.json") ? "tokenizer.json" : "vocab.txt";
    const others = ["tokenizer_config.json", ...(tokenizer === "vocab.txt" ? ["added_tokens.json", "special_tokens_map.json"] : [])];
    const listed = ["config.json", tokenizer, ...others.filter(isHere), ...weights];
    if (weights.length !== 1 || !listed.every(isHere)) {
      console.log(`stamp: models/${name} gets no files.json`);
      continue;
    }
    const entry = (file) => {
      const bytes = readFileSync(join(folder, file));
      return [file, { bytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") }];
    };
    writeFileSync(join(folder, "files.json"), `${JSON.stringify(Object.fromEntries(listed.map(entry)), null, 2)}\n`);
  }
}

/** Inserts the list of the page's files into the service worker. bench.html and the API are not cached. */
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

/** Replaces each pattern, which must match exactly once, in a file of the build. */
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

/** Inserts the build's hash and the policy into a page, and redirects references to the build's folder. */
function stampPage(name, html, hash, compiled) {
  html = html.replace(/[ \t]*<!--[^]*?-->\n?/g, "");
  for (const file of compiled) html = html.replaceAll(`="./${file}`, `="./build-${hash}/${file}`);
  html = replaceOnce(name, html, /<meta name="build" content="[^"]*"/, `<meta name="build" content="${hash}"`);
  // The policy must precede every element that loads something.
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
