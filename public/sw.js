// The page without the network: keeps everything but the model, which the page's worker keeps itself.
//
// Every release has a cache of its own. It is filled whole or not at all, and goes when no tab needs it any more. What was
// compiled lies in build-HASH/ and never changes, so it comes from the cache; the page itself comes from the network where
// there is one, so that nobody is stuck with an old release.

// .ci/stamp.mjs puts these in: the build's hash, the files of the page and of both workers, and the SHA-256 of what was compiled.
// Both workers, for an update or a setting can give a browser relaxed SIMD, or take it away, while it is offline.
const BUILD = "dev";
const PAGE = [];
const DIGESTS = {};

/** Milliseconds that the network may take over the page itself before the cached one is shown. */
const PATIENCE = 4000;

const SCOPE = new URL(registration.scope).pathname;
const OURS = `live-sentiment-page ${SCOPE} `;
const CACHE = OURS + BUILD;

addEventListener("install", (event) => event.waitUntil(install()));
addEventListener("activate", (event) => event.waitUntil(activate()));
addEventListener("fetch", (event) => {
  const { method, mode, url } = event.request;
  const { origin, pathname } = new URL(url);
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
      // What has its build in its name cannot be out of date; the rest can.
      let response = await get(path, path.startsWith("build-") ? "default" : "no-cache");
      // A damaged program would be kept for as long as this release lives.
      if (!(await isRight(path, response))) response = await get(path, "reload");
      if (!(await isRight(path, response))) throw new Error(`${path} is not what this release has`);
      const body = await response.blob();
      // Another release has been put in place meanwhile: its own service worker will come.
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
 * The response without the mark that it was redirected to, which browsers refuse as a page. It keeps its headers, such as the
 * host's policies, but for those that tell how the body was sent, and Vary, by which the one copy might not be found or kept.
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

/** From the network; if that fails, or is slow, or the server has trouble, from the cache. */
function page(request) {
  return newest(request, "./", (response) => response.status < 500);
}

/** From the cache of any release; an open tab may be of an older one, and a newer one may be waiting for its turn. */
async function compiled(request) {
  return (await caches.match(request, { ignoreSearch: true })) ?? fetch(request);
}

/** From the network, if it brings the whole of it in time and that `will` do; or else what is cached under `name`. */
async function newest(request, name = request, will = (response) => response.ok) {
  const cached = await (await caches.open(CACHE)).match(name);
  if (!cached) return fetch(request);
  try {
    const response = await fetch(request, { signal: AbortSignal.timeout(PATIENCE) });
    // A body can be cut off, or stall, after its head has come.
    await response.clone().arrayBuffer();
    return will(response) ? response : cached;
  } catch {
    return cached;
  }
}

// The page lists every request that is made, these too. Other sites of the same origin are told nothing.
new PerformanceObserver(async (list) => {
  const requests = list
    .getEntries()
    .filter(({ name }) => name.startsWith("http"))
    .map(({ name, transferSize, startTime }) => ({ url: name, bytes: transferSize ?? 0, at: performance.timeOrigin + startTime }));
  for (const client of await clients.matchAll({ includeUncontrolled: true })) {
    if (client.url.startsWith(registration.scope)) client.postMessage({ type: "requested", requests });
  }
}).observe({ type: "resource", buffered: true });
