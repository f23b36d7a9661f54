// The layout's rules: imports of src/ form no circle, and no room names what it must not know (CONTRIBUTING.md, Layout).

import { readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";

// [room, what it never names, except in these files]
const WALLS = [
  [/^src\/(present|text|document|table)\//, /\bcrate::web\b|\bcandle_/],
  [/^src\/web\/app\//, /\bclassifier\b/],
  [/^src\/kernels\//, /\bcandle_/],
  [/^src\/model\//, /\bcrate::layers\b/],
  [/^src\/(?!kernels\/|bin\/worker_relaxed\.rs)/, /\bKernels::RELAXED\b/],
  [/^src\/(?!web\/library\.rs)/, /live-sentiment-models/],
  [/^src\/(?!kernels\/)/, /\bunsafe\s*(\{|fn|impl)/],
];

const files = readdirSync("src", { recursive: true })
  .map((name) => join("src", name).replaceAll("\\", "/"))
  .filter((name) => name.endsWith(".rs"));
// Comments and strings that span lines are rare enough: a line that begins as a comment is none of ours.
const code = new Map(
  files.map((file) => [file, readFileSync(file, "utf8").replace(/^\s*\/\/.*$/gm, "").replace(/\s\/\/ .*$/gm, "")]),
);

const faults = [];
for (const [room, never] of WALLS) {
  for (const [file, text] of code) {
    const found = room.test(file) && text.match(never);
    if (found) faults.push(`${file} names ${found[0]}`);
  }
}

const modulePath = (file) => file.replace(/^src\//, "").replace(/(\/mod)?\.rs$/, "").replace(/^lib$/, "").split("/").filter(Boolean);
const byModule = new Map(files.map((file) => [modulePath(file).join("::"), file]));

/** `a::{b, c::{d}}` as `["a::b", "a::c::d"]`. */
const expand = (path) => {
  const open = path.indexOf("{");
  if (open < 0) return [path.replace(/\s+as\s.*/, "").trim()];
  const prefix = path.slice(0, open).trim();
  const parts = [];
  let depth = 0;
  let part = "";
  for (const c of path.slice(open + 1, path.lastIndexOf("}"))) {
    if (c === "," && depth === 0) {
      parts.push(part);
      part = "";
      continue;
    }
    depth += (c === "{") - (c === "}");
    part += c;
  }
  return [...parts, part].filter((item) => item.trim()).flatMap((item) => expand(prefix + item.trim()));
};

/** The file that a path leads to, seen from the module `from`: that of its longest prefix that is a module. */
const resolve = (path, from) => {
  const parts = path.split("::").map((part) => part.trim());
  let base = [];
  if (parts[0] === "crate") parts.shift();
  else if (parts[0] === "super" || parts[0] === "self") {
    base = [...from];
    while (parts[0] === "super" || parts[0] === "self") if (parts.shift() === "super") base.pop();
  } else return undefined;
  const whole = [...base, ...parts];
  for (let length = whole.length; length > 0; length--) {
    const file = byModule.get(whole.slice(0, length).join("::"));
    if (file) return file;
  }
  return undefined;
};

const imports = new Map();
for (const [file, text] of code) {
  const from = modulePath(file);
  // What a module hands on with `pub use` is an import of whoever takes it, not of the module.
  const uses = [...text.matchAll(/^\s*use\s+([^;]+);/gm)].flatMap((match) => expand(match[1].replace(/\s+/g, " ")));
  const inline = [...text.matchAll(/\bcrate(?:::\w+)+/g)].map((match) => match[0]);
  const targets = [...uses, ...inline].map((path) => resolve(path, from));
  // A part of a room may take what its own mod.rs defines.
  const isOwnRoom = (target) => target.endsWith("/mod.rs") && file.startsWith(dirname(target) + "/");
  imports.set(file, new Set(targets.filter((target) => target && target !== file && !isOwnRoom(target))));
}

// Depth first; a file met again on the way down closes a circle.
const done = new Set();
const visit = (file, way) => {
  if (way.includes(file)) {
    faults.push(`circle: ${[...way.slice(way.indexOf(file)), file].join(" -> ")}`);
    return;
  }
  if (done.has(file)) return;
  for (const target of imports.get(file) ?? []) visit(target, [...way, file]);
  done.add(file);
};
for (const file of files) visit(file, []);

if (!imports.size || ![...imports.values()].some((targets) => targets.size)) faults.push("no imports were found: this check is broken");
for (const fault of faults) console.error(fault);
console.log(`${files.length} files, ${faults.length} faults`);
process.exit(faults.length ? 1 : 0);
