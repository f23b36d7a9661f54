// A plain static file server, like any host: correct media types, ETag, range requests, 404 for missing files, and no
// header that a page could come to depend on. `node .ci/server.mjs FOLDER [--port N]`; the browser tests import it.

import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";

const TYPES = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".md": "text/markdown; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".ts": "text/plain; charset=utf-8",
  ".txt": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
  ".webmanifest": "application/manifest+json",
};

/** Answers one request from `root`. */
export async function serveFile(root, request, response) {
  const refuse = (status, text) => {
    response.writeHead(status, { "Content-Type": "text/html; charset=utf-8" });
    response.end(request.method === "HEAD" ? undefined : `<!doctype html><title>${status}</title><h1>${status} ${text}</h1>\n`);
  };
  if (request.method !== "GET" && request.method !== "HEAD") return refuse(405, "Method Not Allowed");

  let path;
  const url = new URL(request.url, "http://localhost");
  try {
    path = join(root, normalize(decodeURIComponent(url.pathname)));
  } catch {
    return refuse(400, "Bad Request");
  }
  if (path !== root && !path.startsWith(root + sep)) return refuse(403, "Forbidden");

  let file = await stat(path).catch(() => null);
  if (file?.isDirectory()) {
    if (!url.pathname.endsWith("/")) {
      response.writeHead(301, { Location: `${url.pathname}/${url.search}` });
      return response.end();
    }
    path = join(path, "index.html");
    file = await stat(path).catch(() => null);
  }
  if (!file?.isFile()) return refuse(404, "Not Found");

  const etag = `"${file.size.toString(16)}-${Math.trunc(file.mtimeMs).toString(16)}"`;
  const headers = {
    "Accept-Ranges": "bytes",
    "Content-Type": TYPES[extname(path)] ?? "application/octet-stream",
    ETag: etag,
    "Last-Modified": file.mtime.toUTCString(),
  };
  if (request.headers["if-none-match"]?.split(/\s*,\s*/).includes(etag)) {
    response.writeHead(304, headers);
    return response.end();
  }

  // A single range, as resumed downloads request. Multiple ranges, or one for another version, get the whole file.
  let [start, end, status] = [0, file.size - 1, 200];
  const range = /^bytes=(\d*)-(\d*)$/.exec(request.headers.range ?? "");
  if (range && (range[1] || range[2]) && (request.headers["if-range"] ?? etag) === etag) {
    start = range[1] ? Number(range[1]) : Math.max(0, file.size - Number(range[2]));
    if (range[1] && range[2]) end = Math.min(end, Number(range[2]));
    if (start > end) {
      response.writeHead(416, { "Content-Range": `bytes */${file.size}` });
      return response.end();
    }
    status = 206;
    headers["Content-Range"] = `bytes ${start}-${end}/${file.size}`;
  }
  headers["Content-Length"] = end - start + 1;
  response.writeHead(status, headers);
  if (request.method === "HEAD" || file.size === 0) return response.end();
  createReadStream(path, { start, end })
    .on("error", (error) => response.destroy(error))
    .pipe(response);
}

/**
 * Serves the folder `root`. `intercept(request, response)` gets each request first and returns true if it has
 * answered it. `port` 0 picks any free port.
 */
export async function serve(root, { port = 0, host = "127.0.0.1", intercept = async () => false } = {}) {
  root = resolve(root);
  const server = createServer(async (request, response) => {
    try {
      if (!(await intercept(request, response))) await serveFile(root, request, response);
    } catch (error) {
      response.destroy(error);
    }
  });
  await new Promise((listening, failed) => server.once("error", failed).listen(port, host, listening));
  return { server, port: server.address().port, url: `http://localhost:${server.address().port}/` };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [root, option, value] = process.argv.slice(2);
  const asked = option === "--port" ? Number(value) : undefined;
  // If the default port is taken, use another one, unless it was requested explicitly.
  const { url } = await serve(root, { port: asked ?? 8080 }).catch((error) => {
    if (asked !== undefined || error.code !== "EADDRINUSE") throw error;
    return serve(root);
  });
  console.log(`Serving ${root} at ${url} (Ctrl+C stops it)`);
}
