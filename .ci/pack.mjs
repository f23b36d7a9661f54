// Packs the release build as an npm package: `node .ci/pack.mjs [FOLDER]` writes live-sentiment-VERSION.tgz to FOLDER, by
// default target/. It has the site's files in one flat folder, so that bundlers, which follow
// `new URL(…, import.meta.url)`, find them all.

import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = process.env.DIST ?? join(root, "dist");

/** Writes the package to `folder`; returns the tarball's path. */
export function pack(folder = join(root, "target")) {
  const [build, ...others] = readdirSync(dist).filter((name) => name.startsWith("build-"));
  if (!build || others.length) throw new Error(`${dist} should contain one build-HASH folder: build the release first.`);
  const cargo = readFileSync(join(root, "Cargo.toml"), "utf8");
  const stated = (key) => new RegExp(`^${key} = "(.*)"$`, "m").exec(cargo)[1];

  const staging = mkdtempSync(join(tmpdir(), "live-sentiment-"));
  for (const name of readdirSync(join(dist, build)).filter((name) => /^(api|worker)/.test(name))) {
    cpSync(join(dist, build, name), join(staging, name));
  }
  for (const name of ["live-sentiment.d.ts", "models"]) cpSync(join(dist, name), join(staging, name), { recursive: true });
  for (const name of ["README.md", "LICENSE"]) cpSync(join(root, name), join(staging, name));
  const script = readFileSync(join(dist, "live-sentiment.js"), "utf8");
  writeFileSync(join(staging, "live-sentiment.js"), script.replaceAll(`./${build}/`, "./"));
  const manifest = {
    name: stated("name"),
    version: stated("version"),
    description: stated("description"),
    license: stated("license"),
    type: "module",
    exports: {
      ".": { types: "./live-sentiment.d.ts", default: "./live-sentiment.js" },
      "./models/*": "./models/*",
      "./package.json": "./package.json",
    },
    types: "./live-sentiment.d.ts",
    // Importing it defines the element.
    sideEffects: ["./live-sentiment.js"],
  };
  writeFileSync(join(staging, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  mkdirSync(folder, { recursive: true });
  const [{ filename }] = JSON.parse(execFileSync("npm", ["pack", "--json", "--pack-destination", resolve(folder)], { cwd: staging, encoding: "utf8" }));
  rmSync(staging, { recursive: true });
  return join(resolve(folder), filename);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(pack(process.argv[2]));
