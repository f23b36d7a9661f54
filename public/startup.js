// Starts the worker and its model while the page's own program is still on its way, and says what is wrong when that cannot
// start. Once it has started, it takes the worker over (src/web/client/early.rs) and says everything itself.

{
  // Modules that only browsers with this kind of SIMD take: src/web/client/probe/, which .ci/stamp.mjs puts in here.
  const PROBES = {};
  /** As MODEL of src/web/app/shell.rs. */
  const MODEL = "models/minilm-sentiment/";

  const has = (probe) =>
    typeof WebAssembly === "object" && probe in PROBES && WebAssembly.validate(new Uint8Array(PROBES[probe]));
  const canRun = has("simd128");

  /**
   * The model that the page will begin with, as it writes addresses itself; nothing for an address in other words, which only it
   * can read. One of another site is never asked for before the visitor wants that: the page begins with its own.
   */
  function model() {
    const own = new URL(MODEL, document.baseURI).href;
    // A view's name has no value.
    const asked = new URLSearchParams(location.hash.slice(1)).get("model");
    if (!asked) return own;
    const { href, origin, protocol } = new URL(asked, document.baseURI);
    if (protocol !== "dropped:" && origin !== location.origin) return own;
    return /^[^?#]*\/$/.test(href) && !/\/(tree|blob)\//.test(href) ? href : undefined;
  }

  function startWorker() {
    const address = model();
    if (!canRun || !address) return;
    const build = document.querySelector("meta[name=build]").content;
    const folder = build === "dev" ? "./" : `./build-${build}/`;
    const name = has("relaxed") ? "worker_relaxed" : "worker";
    const script = new URL(`${folder}${name}_loader.js`, document.baseURI).href;
    // By its name, which it has at once: this thread is about to be busy with the page's program.
    const worker = new Worker(script, { type: "module", name: `load ${address}` });
    // Until the page listens, what the worker says waits here.
    const heard = [];
    const early = { script, model: address, worker, heard };
    worker.onmessage = (event) => heard.push(event);
    // The page starts another one, and says why if that fails as well.
    worker.onerror = (event) => {
      event.preventDefault();
      worker.terminate();
      if (window.earlyWorker === early) delete window.earlyWorker;
    };
    window.earlyWorker = early;
  }

  function say(what) {
    const alert = document.getElementById("startup");
    if (alert && !alert.textContent) alert.textContent = what;
  }

  function explain() {
    say(
      canRun
        ? "The page could not be loaded completely. Check the connection and reload it."
        : "This browser is too old for this page. Chrome and Edge 96, Firefox 114, Safari 16.4 and anything later will do.",
    );
  }

  // A script that did not arrive only tells its own element: hence the capturing.
  addEventListener("error", explain, true);
  // It comes by itself once there is a network again, with what was typed (DRAFT of src/web/app/text/field.rs).
  addEventListener("online", () => {
    if (!document.getElementById("startup")?.textContent || !canRun) return;
    try {
      sessionStorage.setItem("live-sentiment draft", document.getElementById("text").value);
    } catch {
      // This browser keeps nothing.
    }
    location.reload();
  });
  addEventListener("unhandledrejection", explain);
  if (!canRun) addEventListener("DOMContentLoaded", explain);

  try {
    startWorker();
  } catch {
    // The page starts it then.
  }
}
