// Service worker: makes the page available offline. It caches everything but the model, which the page's worker caches.
//
// Every release has its own cache, which is filled completely or not at all, and deleted once no tab needs it. Compiled
// files in build-HASH/ never change, so they are served cache-first; the page itself is served network-first, so that
// nobody is stuck with an old release.

// Inserted by .ci/stamp.mjs: the build's hash, the files of the page and of both workers, and the SHA-256 of the compiled
// files. Both workers are cached, because an update or a setting can enable or disable relaxed SIMD while offline.
const BUILD = "dev";
const PAGE = [];
const DIGESTS = {};

/** Network timeout in milliseconds, after which the cached page is served. */
const PATIENCE = 4000;

const SCOPE = new URL(registration.scope).pathname;
const OURS = `live-sentiment-page ${SCOPE} `;
const CACHE = OURS + BUILD;

addEventListener("install", (event) => event.waitUntil(install()));
addEventListener("activate", (event) => event.waitUntil(activate()));
addEventListener("fetch", (event) => {
  const { method, mode, url } = event.request;
  const { origin, pathname } = new URL(url);
  // A text that another app shares goes behind the # of the page's address, and so to no server.
  if (method === "POST" && url === new URL("share", registration.scope).href) return event.respondWith(share(event.request));
  if (method !== "GET" || origin !== location.origin || !pathname.startsWith(SCOPE)) return;
  const path = pathname.slice(SCOPE.length);
  if (mode === "navigate") {
    if (path === "" || path === "index.html") event.respondWith(page(event.request));
  } else if (path.startsWith("build-")) {
    event.respondWith(compiled(event.request));
  } else if (PAGE.includes(path)) {
    event.respondWith(newest(event.request));
  }
});

async function install() {
  const cache = await caches.open(CACHE);
  await Promise.all(
    PAGE.map(async (path) => {
      // Paths that contain the build's hash cannot be stale; others can.
      let response = await get(path, path.startsWith("build-") ? "default" : "no-cache");
      // A damaged file would stay in the cache for the lifetime of this release.
      if (!(await isRight(path, response))) response = await get(path, "reload");
      if (!(await isRight(path, response))) throw new Error(`${path} is not what this release has`);
      const body = await response.blob();
      // A newer release has been deployed meanwhile; its own service worker will be installed.
      if (path === "./" && !(await body.text()).includes(`name="build" content="${BUILD}"`)) throw new Error("another release");
      await cache.put(path, copy(response, body));
    }),
  );
}

async function get(path, cache) {
  const response = await fetch(path, { cache });
  if (!response.ok) throw new Error(`${path}: HTTP status ${response.status}`);
  return response;
}

/**
 * A copy without the `redirected` flag, since browsers reject a redirected response for a navigation. It keeps the headers,
 * such as the host's policies, except those about the transfer of the body, and Vary, which could prevent a cache hit.
 */
function copy({ status, statusText, headers: sent }, body) {
  const headers = new Headers(sent);
  for (const name of ["Content-Encoding", "Content-Length", "Vary"]) headers.delete(name);
  return new Response(body, { status, statusText, headers });
}

async function isRight(path, response) {
  if (!(path in DIGESTS)) return true;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await response.clone().arrayBuffer()));
  return DIGESTS[path] === Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function activate() {
  const old = (await caches.keys()).filter((name) => name.startsWith(OURS) && name !== CACHE);
  await Promise.all(old.map((name) => caches.delete(name)));
  await clients.claim();
}

/** Leads to the page, with the text that was shared. */
async function share(request) {
  const form = await request.formData().catch(() => new FormData());
  const parts = ["title", "text", "url"].map((name) => form.get(name)).filter((part) => typeof part === "string" && part.trim());
  return Response.redirect(`./#text=${encodeURIComponent(parts.join("\n"))}`, 303);
}

/** Network-first; from the cache if the network fails or is slow, or on a server error. */
function page(request) {
  return newest(request, "./", (response) => response.status < 500);
}

/** From the cache of any release: an open tab may belong to an older one, and a newer one may be waiting. */
async function compiled(request) {
  return (await caches.match(request, { ignoreSearch: true })) ?? fetch(request);
}

/** From the network, if the response arrives completely, in time, and `isUsable`; otherwise what is cached under `name`. */
async function newest(request, name = request, isUsable = (response) => response.ok) {
  const cached = await (await caches.open(CACHE)).match(name);
  if (!cached) return fetch(request);
  try {
    const response = await fetch(request, { signal: AbortSignal.timeout(PATIENCE) });
    // The body can be truncated, or stall, after the headers have arrived.
    await response.clone().arrayBuffer();
    return isUsable(response) ? response : cached;
  } catch {
    return cached;
  }
}

// The page lists all network requests, including those of this worker. Other sites of the same origin are not notified.
new PerformanceObserver(async (list) => {
  const requests = list
    .getEntries()
    .filter(({ name }) => name.startsWith("http"))
    .map(({ name, transferSize, startTime }) => ({ url: name, bytes: transferSize ?? 0, at: performance.timeOrigin + startTime }));
  for (const client of await clients.matchAll({ includeUncontrolled: true })) {
    if (client.url.startsWith(registration.scope)) client.postMessage({ type: "requested", requests });
  }
}).observe({ type: "resource", buffered: true });
