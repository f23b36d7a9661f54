// Drives Chromium, Firefox and WebKit alike, by the commands of WebDriver: over HTTP where the engine has a driver, and over
// a socket where Firefox takes them itself (Marionette, to which geckodriver would only translate).

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { ANSWER_MS } from "./visit.mjs";

const START_MS = 60_000;

const PREFERENCES = {
  "app.normandy.enabled": false,
  "app.update.disabledForTesting": true,
  "browser.shell.checkDefaultBrowser": false,
  "datareporting.policy.dataSubmissionEnabled": false,
  "marionette.port": 0,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  "toolkit.telemetry.reportingpolicy.firstRun": false,
};

/** Chromium with an empty profile. */
export function chromium(test, { args = [], preferences = {} } = {}) {
  const options = {
    binary: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--headless=new", "--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost", ...args],
    prefs: preferences,
  };
  return overHttp(test, process.env.CHROMEDRIVER ?? "/usr/bin/chromedriver", { "goog:chromeOptions": options });
}

/** Debian's WebKit, the engine of Safari. `env` may hold switches of its JavaScript engine. */
export async function webkit(test, { env = {} } = {}) {
  // It has no headless mode. The display's number is written to file 3.
  const display = run(test, process.env.XVFB ?? "/usr/bin/Xvfb", ["-displayfd", "3", "-screen", "0", "1280x1024x24", "-nolisten", "tcp"], {
    stdio: ["ignore", "ignore", "ignore", "pipe"],
  });
  const [number] = await Promise.race([once(display.stdio[3], "data"), ended(display)]);
  return overHttp(test, process.env.WEBKITDRIVER ?? "/usr/bin/WebKitWebDriver", {}, { ...env, DISPLAY: `:${String(number).trim()}`, GDK_BACKEND: "x11" });
}

/** Firefox with an empty profile. `preferences` are those of about:config. */
export async function firefox(test, { preferences = {} } = {}) {
  const profile = await folder(test);
  const lines = Object.entries({ ...PREFERENCES, ...preferences }).map(([key, value]) => `user_pref("${key}", ${JSON.stringify(value)});\n`);
  await writeFile(join(profile, "user.js"), lines.join(""));
  const program = run(test, process.env.FIREFOX ?? "/usr/bin/firefox-esr", ["--headless", "--marionette", "--no-remote", "--profile", profile], {
    env: { HOME: profile },
  });
  const port = await until(
    async () => Number(await readFile(join(profile, "MarionetteActivePort"), "utf8").catch(() => 0)),
    ended(program),
  );
  const socket = connect(port, "127.0.0.1");
  atEnd(test, () => socket.destroy());
  const answers = packets(socket);
  await answers.next();
  let id = 0;
  const command = async (name, parameters) => {
    const packet = JSON.stringify([0, ++id, `WebDriver:${name}`, parameters]);
    socket.write(`${Buffer.byteLength(packet)}:${packet}`);
    const [, , error, result] = (await answers.next()).value;
    if (error) throw new Error(`${name}: ${error.message}`);
    return result.value;
  };
  await command("NewSession", {});
  return new Tab(command);
}

/** The packets that arrive at a socket: each is its length, a colon, and JSON. */
async function* packets(socket) {
  let received = Buffer.alloc(0);
  for await (const chunk of socket) {
    received = Buffer.concat([received, chunk]);
    for (;;) {
      const colon = received.indexOf(":");
      const end = colon + 1 + Number(received.subarray(0, colon));
      if (colon < 0 || received.length < end) break;
      yield JSON.parse(received.subarray(colon + 1, end));
      received = received.subarray(end);
    }
  }
}

/** Where the drivers take each command. */
const PATHS = { Navigate: "url", ExecuteScript: "execute/sync", PerformActions: "actions" };

async function overHttp(test, driver, capabilities, env = {}) {
  const port = await freePort();
  const program = run(test, driver, [`--port=${port}`], { env: { HOME: await folder(test), ...env } });
  const request = async (method, path, body) => {
    const response = await fetch(`http://127.0.0.1:${port}/${path}`, { method, body: body && JSON.stringify(body) });
    const { value } = await response.json();
    if (!response.ok) throw new Error(`${path}: ${value.message}`);
    return value;
  };
  await until(() => request("GET", "status").catch(() => null), ended(program));
  const { sessionId } = await request("POST", "session", { capabilities: { alwaysMatch: capabilities } });
  // The browser ends with its session, not with the driver.
  atEnd(test, () => request("DELETE", `session/${sessionId}`));
  return new Tab((name, parameters) => request("POST", `session/${sessionId}/${PATHS[name]}`, parameters));
}

/** The page in a browser that is driven. */
class Tab {
  constructor(command) {
    this.command = command;
  }

  goto(url) {
    return this.command("Navigate", { url });
  }

  /** As a visitor does. The command for it would not do: Firefox's goes past the service worker. */
  async reload() {
    await this.evaluate(() => {
      window.isOld = true;
      location.reload();
    });
    await this.reaches("reloaded", () => !window.isOld);
  }

  /** What a function returns in the page. */
  evaluate(read, ...args) {
    return this.command("ExecuteScript", { script: `return (${read})(...arguments)`, args });
  }

  /** Waits until a function returns true in the page. */
  async reaches(what, holds, { timeout = ANSWER_MS, args = [] } = {}) {
    for (const end = Date.now() + timeout; !(await this.evaluate(holds, ...args)); await sleep(50)) {
      if (Date.now() > end) assert.fail(`never ${what}; the page says:\n${await this.text()}`);
    }
  }

  /** What can be read on the page. */
  text() {
    return this.evaluate(() => document.body.innerText);
  }

  /** Replaces the text of the field that has the focus by real key events. */
  retype(text) {
    const press = (...keys) => [...keys.map((value) => ({ type: "keyDown", value })), ...keys.reverse().map((value) => ({ type: "keyUp", value }))];
    const [control, backspace] = ["\uE009", "\uE003"];
    const actions = [press(control, "a"), press(backspace), ...Array.from(text, (key) => press(key))].flat();
    return this.command("PerformActions", { actions: [{ type: "key", id: "keyboard", actions }] });
  }
}

const ends = new WeakMap();

/** Does something when the test ends, the latest first: node:test itself begins with the earliest. */
function atEnd(test, undo) {
  if (!ends.has(test)) {
    const all = [];
    ends.set(test, all);
    test.after(async () => {
      // What is left must go, even after a browser that crashed.
      for (const undo of all.reverse()) await Promise.allSettled([undo()]);
    });
  }
  ends.get(test).push(undo);
}

/** Runs a program until the test ends. */
function run(test, program, args, { env = {}, stdio = "ignore" } = {}) {
  const child = spawn(program, args, { stdio, env: { ...process.env, ...env } });
  const over = Promise.allSettled([ended(child)]);
  atEnd(test, async () => {
    child.kill();
    await over;
  });
  return child;
}

/** Rejects when a program ends. */
const ended = (child) =>
  new Promise((_, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`${child.spawnfile} ended: ${code}`)));
  });

/** Waits until `read` returns what is true, unless `failed` rejects. */
async function until(read, failed) {
  for (const end = Date.now() + START_MS; Date.now() < end; await sleep(50)) {
    const value = await Promise.race([read(), failed]);
    if (value) return value;
  }
  throw new Error("the browser did not start");
}

/** An empty folder, until the test ends. */
async function folder(test) {
  const path = await mkdtemp(join(tmpdir(), "live-sentiment-"));
  atEnd(test, () => rm(path, { recursive: true, force: true, maxRetries: 5 }));
  return path;
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}
