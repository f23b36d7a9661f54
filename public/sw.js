// The page without the network: keeps everything but the model, which the page's worker keeps itself.
//
// Every release has a cache of its own. It is filled whole or not at all, and goes when no tab needs it any more. What was
// compiled lies in build-HASH/ and never changes, so it comes from the cache; the page itself comes from the network where
// there is one, so that nobody is stuck with an old release.

// .ci/stamp.mjs puts these in: the build's hash, the files of the page, those of each worker, and the SHA-256 of what was compiled.
const BUILD = "dev";
const PAGE = [];
const WORKERS = { simd128: [], relaxed: [] };
const DIGESTS = {};

/** Milliseconds that the network may take over the page itself before the cached one is shown. */
const PATIENCE = 4000;

const SCOPE = new URL(registration.scope).pathname;
const OURS = `live-sentiment-page ${SCOPE} `;
const CACHE = OURS + BUILD;

// RELAXED of src/web/probe.rs.
const RELAXED_SIMD = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 6, 1, 96, 1, 123, 1, 123, 3, 2, 1, 0, 10, 13, 1, 11, 0, 32, 0, 32, 0, 32, 0, 253, 147, 2, 11,
];

/** The files of the page on this browser: only one of the two workers can be of use. */
const files = () => [...PAGE, ...WORKERS[WebAssembly.validate(new Uint8Array(RELAXED_SIMD)) ? "relaxed" : "simd128"]];

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
    files().map(async (path) => {
      // What has its build in its name cannot be out of date; the rest can.
      let response = await get(path, path.startsWith("build-") ? "default" : "no-cache");
      // A damaged program would be kept for as long as this release lives.
      if (!(await isRight(path, response))) response = await get(path, "reload");
      if (!(await isRight(path, response))) throw new Error(`${path} is not what this release has`);
      const body = await response.blob();
      // Another release has been put in place meanwhile: its own service worker will come.
      if (path === "./" && !(await body.text()).includes(`name="build" content="${BUILD}"`)) throw new Error("another release");
      // A copy, for browsers refuse to show a page that was redirected to.
      await cache.put(path, new Response(body, { headers: { "Content-Type": response.headers.get("Content-Type") ?? "" } }));
    }),
  );
}

async function get(path, cache) {
  const response = await fetch(path, { cache });
  if (!response.ok) throw new Error(`${path}: HTTP status ${response.status}`);
  return response;
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

// The page lists every request that is made, these too.
new PerformanceObserver(async (list) => {
  const requests = list
    .getEntries()
    .filter(({ name }) => name.startsWith("http"))
    .map(({ name, transferSize, startTime }) => ({ url: name, bytes: transferSize ?? 0, at: performance.timeOrigin + startTime }));
  for (const client of await clients.matchAll({ includeUncontrolled: true })) {
    client.postMessage({ type: "requested", requests });
  }
}).observe({ type: "resource", buffered: true });
