// Another engine, and the only one that can still be told to have no relaxed SIMD. Nothing drives it: a page of the
// test's own holds the real page in a frame, uses it, and posts what it saw.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text as body } from "node:stream/consumers";
import { test } from "node:test";

import { faults, site } from "./site.mjs";
import { TEXTS } from "./visit.mjs";

const PREFERENCES = {
  "app.normandy.enabled": false,
  "app.update.disabledForTesting": true,
  "browser.shell.checkDefaultBrowser": false,
  "datareporting.policy.dataSubmissionEnabled": false,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  "toolkit.telemetry.reportingpolicy.firstRun": false,
};

/** Runs in Firefox: types each text into the framed page and collects the labels it answers with. */
async function use(texts) {
  const report = (found) => fetch("report", { method: "POST", body: JSON.stringify(found) });
  try {
    const frame = document.querySelector("iframe");
    const pause = () => new Promise((resolve) => setTimeout(resolve, 50));
    const verdict = () => frame.contentDocument.querySelector("#verdict")?.dataset ?? {};
    const until = async (state, ended) => {
      for (const end = Date.now() + 90_000; !ended(verdict()); await pause()) {
        if (Date.now() > end) throw new Error(`never ${state}: ${frame.contentDocument.body.innerText}`);
      }
    };
    await until("loaded", ({ state }) => state === "empty");
    const labels = [];
    for (const text of texts) {
      const before = Number(verdict().seq || 0);
      const field = frame.contentDocument.querySelector("#text");
      field.value = text;
      field.dispatchEvent(new frame.contentWindow.InputEvent("input", { bubbles: true }));
      await until(`read ${text}`, ({ state, seq }) => state === "ready" && Number(seq) > before);
      labels.push(verdict().label);
    }
    await report({ labels, about: frame.contentDocument.body.textContent });
  } catch (error) {
    await report({ error: String(error) });
  }
}

for (const relaxed of [false, true]) {
  test(`Firefox ${relaxed ? "with" : "without"} relaxed SIMD reads each class rightly`, { timeout: 180_000 }, async (t) => {
    const home = await site(t);
    const script = `(${use})(${JSON.stringify(Object.values(TEXTS))})`;
    const page = `<!doctype html><title>Test</title><iframe src="./" width="800" height="600"></iframe><script>${script}</script>`;
    home.fault("/use.html", faults.body(Buffer.from(page), "text/html"));
    const reported = new Promise((resolve) =>
      home.fault("/report", async (request, response) => {
        resolve(JSON.parse(await body(request)));
        response.end();
        return true;
      }),
    );

    const profile = await mkdtemp(join(tmpdir(), "live-sentiment-firefox-"));
    const preferences = Object.entries({ ...PREFERENCES, "javascript.options.wasm_relaxed_simd": relaxed });
    await writeFile(join(profile, "user.js"), preferences.map(([key, value]) => `user_pref("${key}", ${value});\n`).join(""));
    const firefox = spawn(process.env.FIREFOX ?? "/usr/bin/firefox-esr", ["--headless", "--no-remote", "--profile", profile, `${home.url}use.html`], {
      stdio: "ignore",
      env: { ...process.env, HOME: profile },
    });
    const ended = new Promise((resolve) => firefox.once("exit", resolve));
    const failed = new Promise((_, reject) => firefox.once("error", reject));
    t.after(async () => {
      firefox.kill();
      await ended;
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    });

    const found = await Promise.race([reported, failed]);
    assert.equal(found.error, undefined);
    assert.deepEqual(found.labels, Object.keys(TEXTS));
    const program = relaxed ? "/worker_relaxed_bg.wasm" : "/worker_bg.wasm";
    assert.deepEqual(home.requests.filter((path) => /worker\w*_bg\.wasm$/.test(path)).map((path) => path.slice(path.lastIndexOf("/"))), [program]);
  });
}
