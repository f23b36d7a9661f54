// The release build on a server of its own, which can be told to misbehave.

import { readFile, readdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { serve } from "../../.ci/server.mjs";

export const DIST = process.env.DIST ?? fileURLToPath(new URL("../../dist", import.meta.url));
export const MODEL = "models/minilm-sentiment/model.gguf";

/** A file of the build, as bytes. */
export const built = (path) => readFile(join(DIST, path));

/** The build's own folder, `build-HASH`. */
export async function buildFolder() {
  const folders = (await readdir(DIST).catch(() => [])).filter((name) => name.startsWith("build-"));
  if (folders.length !== 1) throw new Error(`${DIST} should hold one build-HASH folder: build the release first.`);
  return folders[0];
}

/** Serves the build at `mount` until the test ends. */
export async function site(test, { mount = "/" } = {}) {
  const faults = [];
  const requests = [];
  const guests = [];
  const build = (await buildFolder()).slice("build-".length);
  let released;
  const { server, url } = await serve(DIST, {
    async intercept(request, response) {
      requests.push(request.url);
      if (!request.url.startsWith(mount)) return false;
      request.url = request.url.slice(mount.length - 1);
      // The latest fault wins, so that a test can change its mind.
      for (const fault of [...faults].reverse()) {
        if (request.url.includes(fault.path) && (await fault.answer(request, response))) return true;
      }
      if (released) return serveRelease(request, response, build, released);
      return false;
    },
  });
  test.after(async () => {
    // Pages go first: one that still loads something would complain of a server that is gone.
    for (const leave of guests) await leave();
    server.closeAllConnections();
    server.close();
  });
  return {
    url: url.slice(0, -1) + mount,
    /** Paths asked for so far. */
    requests,
    /** How to close the pages that are open. */
    guests,
    /** Answers requests whose path contains `path` by `answer`, until `mend` is called. */
    fault(path, answer) {
      faults.push({ path, answer });
    },
    mend() {
      faults.length = 0;
    },
    /** Replaces the site by another release of the same, under another hash. */
    release(hash) {
      released = hash;
    },
    /** From now on nobody answers. */
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Answers as a release with the hash `hash` would; it has nothing under the hash `build`, which is in dist/. */
async function serveRelease(request, response, build, hash) {
  if (request.url.includes(build)) {
    response.writeHead(404, { "Content-Type": "text/html" });
    response.end();
    return true;
  }
  const page = /^\/(index\.html)?([?#]|$)/.test(request.url);
  if (page || request.url.startsWith("/sw.js")) {
    const text = (await built(page ? "index.html" : "sw.js")).toString().replaceAll(build, hash);
    response.writeHead(200, { "Content-Type": page ? "text/html" : "text/javascript" });
    response.end(text);
    return true;
  }
  request.url = request.url.replaceAll(hash, build);
  return false;
}

/** Ways to misbehave: each takes a request and its response, and returns true where it has answered. */
export const faults = {
  status: (status) => async (request, response) => {
    response.writeHead(status, { "Content-Type": "text/html" });
    response.end(`<!doctype html><title>${status}</title>`);
    return true;
  },
  /** The connection breaks before an answer. */
  dropped: () => async (request) => {
    request.socket.destroy();
    return true;
  },
  /** Another body, complete and with status 200. */
  body: (bytes, type = "application/octet-stream") => async (request, response) => {
    response.writeHead(200, { "Content-Type": type, "Content-Length": bytes.length });
    response.end(bytes);
    return true;
  },
  /** The connection breaks after `count` bytes, though more were promised. */
  broken: (bytes, count) => async (request, response) => {
    response.writeHead(200, { "Content-Type": "application/octet-stream", "Content-Length": bytes.length });
    response.write(bytes.subarray(0, count), () => response.destroy());
    return true;
  },
  /** `count` bytes, then hardly any until `released` resolves; then the rest. */
  held: (bytes, count, released) => async (request, response) => {
    response.writeHead(200, { "Content-Type": "application/octet-stream", "Content-Length": bytes.length });
    response.write(bytes.subarray(0, count));
    // The page tells its progress when bytes arrive, and not for every piece.
    const trickle = setInterval(() => response.write(bytes.subarray(count, ++count)), 100);
    response.on("close", () => clearInterval(trickle));
    released.then(() => {
      clearInterval(trickle);
      response.end(bytes.subarray(count));
    });
    return true;
  },
  /** A slow line: the file in `pieces` pieces, `pause` ms between them. */
  slow: (bytes, pieces, pause) => async (request, response) => {
    response.writeHead(200, { "Content-Type": "application/octet-stream", "Content-Length": bytes.length });
    for (let piece = 0; piece < pieces && !response.destroyed; piece++) {
      response.write(bytes.subarray(Math.floor((bytes.length * piece) / pieces), Math.floor((bytes.length * (piece + 1)) / pieces)));
      await sleep(pause);
    }
    response.end();
    return true;
  },
};
