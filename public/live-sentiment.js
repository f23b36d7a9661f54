// The element <live-sentiment> and the JavaScript API, as one ES module: live-sentiment.d.ts says what it exports.
//
// What a text means is computed in a worker and put into words in WebAssembly (src/web/api.rs). Here is what has to be
// JavaScript: the class of the element, which draws those words, and workers that bundlers and other origins can start.

import init, { create as load, describe } from "./api.js";

/** The style sheet of the shadow root. The build puts style/element.css here. */
const STYLE = "";
/** Folder of the worker's files, relative to this script. The build puts its own here. */
const PROGRAMS = "./";
const VERSION = "0.1.0";

/** The model of this site, beside the script. */
const OWN_MODEL = new URL(/* @vite-ignore */ "models/minilm-sentiment/", import.meta.url).href;

/** How long a verdict must have stood before a screen reader hears it, in ms. */
const SETTLED = 1000;
/** How long a model that no element uses any more stays, in ms: elements are moved by taking them out and in. */
const KEPT = 3000;
/** How long the field that `for` names may be away before it is missed, in ms: frameworks put in one thing after the other. */
const MISSED = 200;

let program;

/** What a page's policy on trusted types has to name. */
const POLICY = "live-sentiment";
let policy;

/** The address of a script of ours, as a page with a policy on trusted types wants it. */
function trusted(address) {
  if (!window.trustedTypes) return address;
  policy ??= trustedTypes.createPolicy(POLICY, { createScriptURL: (address) => address });
  return policy.createScriptURL(address);
}

/** Starts the worker `name`. Both calls are spelled out, for bundlers look for them. */
function startWorker(name) {
  const file = () => new URL(PROGRAMS + name + "_loader.js", import.meta.url).href;
  try {
    return name === "worker_relaxed"
      ? new Worker(new URL("./worker_relaxed_loader.js", import.meta.url), { type: "module" })
      : new Worker(new URL("./worker_loader.js", import.meta.url), { type: "module" });
  } catch (error) {
    // That policy wants an address to be vouched for.
    if (error instanceof TypeError && new URL(file()).origin === location.origin) return new Worker(trusted(file()), { type: "module" });
    if (!(error instanceof TypeError) && error.name !== "SecurityError") throw error;
    // This script is from another origin, where no worker may be from: one of this page's own imports the other.
    // A static import would need worker-src, not script-src. A rejection alone would not be heard of here.
    const code = `import(${JSON.stringify(file())}).catch((error) => setTimeout(() => { throw error; }));`;
    const shim = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
    const worker = new Worker(trusted(shim), { type: "module" });
    // By then it has been fetched.
    setTimeout(() => URL.revokeObjectURL(shim), 60_000);
    return worker;
  }
}

/** Loads a model into a worker of its own. */
export async function create({ model = OWN_MODEL, backend, signal, onProgress } = {}) {
  if (signal?.aborted) throw signal.reason;
  const blocked = [];
  // A page's policy may stop much else meanwhile, or only report it.
  const ours = [import.meta.url, String(model)].map((address) => parsed(address)?.origin);
  const note = ({ disposition, effectiveDirective, blockedURI }) => {
    const isCode = ["wasm-eval", "trusted-types-policy"].includes(blockedURI);
    const isFile = /^(script|worker|connect)-src/.test(effectiveDirective) && /^(blob|https?:)/.test(blockedURI);
    const isOurs = isCode || (isFile && (blockedURI.startsWith("blob") || ours.includes(parsed(blockedURI)?.origin)));
    if (disposition === "enforce" && isOurs) blocked.push({ effectiveDirective, blockedURI });
  };
  document.addEventListener("securitypolicyviolation", note);
  try {
    program ??= init();
    await program.catch((error) => {
      program = undefined;
      throw failure("network", `The program could not be loaded: ${error.message ?? error}`);
    });
    return new Sentiment(await load({ model: String(model), backend, signal, onProgress, startWorker }));
  } catch (error) {
    // What a policy stopped is told a moment after it was stopped.
    await new Promise((resolve) => setTimeout(resolve));
    throw await explain(error, String(model), blocked);
  } finally {
    document.removeEventListener("securitypolicyviolation", note);
  }
}

/** A model, ready to be asked. */
class Sentiment {
  #model;

  constructor(model) {
    this.#model = model;
  }

  /** What is known of the model. */
  get info() {
    return this.#model.info;
  }

  /** How `text` reads. */
  async classify(text, options) {
    return this.#answer((model) => model.submit(String(text)), options);
  }

  /** How token ids read, special tokens included. */
  async classifyIds(ids, options) {
    return this.#answer((model) => model.submitIds(Uint32Array.from(ids)), options);
  }

  /** How each of `texts` reads, in their order. */
  async classifyBatch(texts, { signal, onProgress } = {}) {
    const total = texts.length;
    let done = 0;
    return Promise.all(
      Array.from(texts, async (text) => {
        const answer = await this.classify(text, { signal });
        onProgress?.({ done: ++done, total });
        return answer;
      }),
    );
  }

  /** What the model would read of `text`. */
  async tokenize(text, options) {
    return this.#answer((model) => model.submitTokens(String(text)), options);
  }

  /** Ends the worker, which frees everything. */
  dispose() {
    this.#model.dispose();
  }

  async #answer(submit, { signal } = {}) {
    if (signal?.aborted) throw signal.reason;
    const seq = submit(this.#model);
    const abort = () => this.#model.cancelRequest(seq, signal.reason);
    signal?.addEventListener("abort", abort);
    try {
      return await this.#model.answer(seq);
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  }
}

function failure(kind, message) {
  return Object.assign(new Error(message), { name: "LiveSentimentError", kind });
}

/** Adds to a failure what only the page can know: that its policy, or the other origin, does not allow it. */
async function explain(error, model, blocked) {
  if (!["network", "browser", "crashed"].includes(error?.kind)) return error;
  const here = location.origin;
  if (blocked.length) {
    const rules = new Map(blocked.map(({ effectiveDirective, blockedURI }) => [effectiveDirective, source(blockedURI)]));
    const needed = [...rules].map(([directive, from]) => `${directive} ${from}`).join("; ");
    return failure("browser", `This page's Content-Security-Policy does not allow it. It would have to contain: ${needed}.`);
  }
  for (const [what, address] of [["script", import.meta.url], ["model", model]]) {
    const { origin, href } = parsed(address) ?? {};
    if (!origin || origin === here || !origin.startsWith("http")) continue;
    const file = what === "model" ? new URL("config.json", href.endsWith("/") ? href : `${href}/`).href : href;
    const readable = await fetch(file, { method: "HEAD", referrerPolicy: "no-referrer" }).then(() => true, () => false);
    if (readable) continue;
    const there = await fetch(file, { method: "HEAD", mode: "no-cors", referrerPolicy: "no-referrer" }).then(() => true, () => false);
    if (there) return failure("network", `The ${what} is at ${origin}, which does not allow other sites to read it: it must send Access-Control-Allow-Origin: *.`);
  }
  return error;
}

/** What a policy calls the source of a blocked address. */
function source(address) {
  if (address === "blob" || address.startsWith("blob:")) return "blob:";
  if (address === "wasm-eval") return "'wasm-unsafe-eval'";
  if (address === "trusted-types-policy") return POLICY;
  return parsed(address)?.origin ?? address;
}

/** An address of the page, or nothing where it is none. (`URL.canParse` is younger than the browsers we work in.) */
function parsed(address) {
  try {
    return new URL(address, document.baseURI);
  } catch {
    return undefined;
  }
}

// Elements with the same model share it, and its worker.
const models = new Map();

/** A share in the model at `url`: `{ ready, release() }`. `hear` is told of its progress. */
function share(url, hear) {
  let shared = models.get(url);
  if (!shared) {
    const controller = new AbortController();
    const listeners = new Set();
    const onProgress = (progress) => listeners.forEach((listener) => listener(progress));
    shared = { users: 0, listeners, controller, ready: create({ model: url, signal: controller.signal, onProgress }) };
    models.set(url, shared);
    // A failure is each element's to tell; the next one tries anew.
    shared.ready.catch(() => models.get(url) === shared && models.delete(url));
  }
  const mine = shared;
  mine.users += 1;
  mine.listeners.add(hear);
  clearTimeout(mine.timer);
  return {
    ready: mine.ready,
    release() {
      mine.listeners.delete(hear);
      mine.users -= 1;
      if (mine.users > 0) return;
      mine.timer = setTimeout(() => {
        if (mine.users > 0) return;
        if (models.get(url) === mine) models.delete(url);
        mine.controller.abort();
        mine.ready.then((sentiment) => sentiment.dispose(), () => {});
      }, KEPT);
    },
  };
}

/** An element with attributes and children. No HTML is parsed, so that a policy on trusted types has nothing to object to. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** What stands in the shadow root, by name. */
function parts() {
  return {
    field: make("textarea", { part: "field", dir: "auto", spellcheck: "false", autocomplete: "off" }),
    word: make("p", { part: "word", class: "word" }),
    figure: make("p", { part: "figure", class: "figure" }),
    bar: make("div", { part: "bar", class: "bar", "aria-hidden": "true" }),
    progress: make("progress", { part: "progress", "aria-label": "Loading the model", hidden: "" }),
    shares: make("ul", { part: "shares", class: "shares", "aria-label": "Probabilities" }),
    trouble: make("p", { part: "trouble", class: "trouble", role: "alert" }),
    button: make("button", { part: "button", type: "button", hidden: "" }, "Try again"),
    spoken: make("div", { class: "spoken", role: "status" }),
  };
}

let sheet;

/** The style sheet, one for all elements. */
function style() {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
  }
  return sheet;
}

/** How a text reads, anywhere on a page. */
export class LiveSentimentElement extends HTMLElement {
  static version = VERSION;
  static formAssociated = true;
  static observedAttributes = ["for", "model", "loading", "theme", "lang", "placeholder", "aria-label"];

  #internals = this.attachInternals();
  #root = this.attachShadow({ mode: "open", delegatesFocus: true });
  #parts = parts();
  #verdict;
  /** The field that is read: our own, or the one that `for` names. */
  #field = null;
  /** Ends with the connection to the document, and with the field. */
  #listening = new AbortController();
  #reading = new AbortController();
  /** The field that `for` names may come later, go, and come back as another. */
  #watching = new MutationObserver(() => this.#named() !== this.#field && this.#attach(true));
  #missing;
  #model = null;
  /** The model could not be had: only the button, or another model, tries again. */
  #failed = false;
  /** Whether somebody came to the field, or gave it a text, be it before the element was moved. */
  #wanted = false;
  #prediction = null;
  /** The last one that programs were told of. */
  #told = null;
  #busy = false;
  #again = false;
  #asked = "";
  #spoken = "";
  #speaking;
  #dark = matchMedia("(prefers-color-scheme: dark)");

  constructor() {
    super();
    const { field, word, figure, bar, progress, shares, trouble, button, spoken } = this.#parts;
    const attributes = { part: "verdict", class: "verdict quiet", role: "group", "aria-label": "How it reads" };
    this.#verdict = make("div", attributes, word, figure, bar, progress, shares, trouble, button);
    this.#root.append(field, this.#verdict, spoken);
    this.#root.adoptedStyleSheets = [style()];
    this.#parts.button.addEventListener("click", () => this.#retry());
  }

  /** The text that is read. */
  get value() {
    const field = this.#field ?? this.#parts.field;
    return "value" in field ? field.value : field.innerText;
  }
  set value(text) {
    const field = this.#field ?? this.#parts.field;
    if ("value" in field) field.value = text ?? "";
    else field.innerText = text ?? "";
    this.#read();
  }

  /** How it reads, or null where there is no verdict: `{ label, scores, tokens, truncated }`. */
  get prediction() {
    return this.#prediction;
  }

  get form() {
    return this.#internals.form;
  }
  get name() {
    return this.getAttribute("name") ?? "";
  }
  set name(name) {
    this.setAttribute("name", name);
  }
  get type() {
    return this.localName;
  }

  connectedCallback() {
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    this.#dark.addEventListener("change", () => this.#paint(), { signal });
    this.#paint();
    this.#attach();
  }

  disconnectedCallback() {
    this.#listening.abort();
    this.#reading.abort();
    this.#watching.disconnect();
    clearTimeout(this.#missing);
    clearTimeout(this.#speaking);
    this.#leave();
    this.#failed = false;
    this.#field = null;
  }

  attributeChangedCallback(name, before, after) {
    if (before === after || !this.isConnected) return;
    if (name === "for") this.#attach();
    else if (name === "model") {
      this.#leave();
      this.#failed = false;
      if (this.#isWanted()) this.#load();
      else this.#show();
    } else this.#paint();
    if (name === "loading" && this.#isWanted()) this.#load();
  }

  formResetCallback() {
    if (this.#field === this.#parts.field) this.value = this.textContent.trim();
    else this.#read();
  }
  formDisabledCallback(disabled) {
    this.#parts.field.disabled = disabled;
  }
  formStateRestoreCallback(state) {
    if (this.#field === this.#parts.field) this.value = state;
  }

  /** The field that `for` names, if it is one. */
  #named() {
    const named = this.getRootNode().getElementById?.(this.getAttribute("for"));
    return isField(named) ? named : null;
  }

  /** Finds the field and listens to it. One that is taken out of the page may be put back. */
  #attach(isMoved = false) {
    this.#failed = false;
    clearTimeout(this.#missing);
    this.#watching.disconnect();
    const own = this.#parts.field;
    const isOwn = !this.hasAttribute("for");
    own.hidden = !isOwn;
    if (!isOwn) this.#watching.observe(this.getRootNode(), { subtree: true, childList: true, attributeFilter: ["id"] });
    const before = this.#field;
    this.#field = isOwn ? own : this.#named();
    if (this.#field !== before) {
      this.#reading.abort();
      this.#prediction = null;
      this.#listen();
    }
    if (!this.#field && !(isMoved && before)) this.#miss();
    this.#adopt();
    if (this.#isWanted()) this.#load();
    if (this.#model?.sentiment && this.#field) this.#read();
    // An address that is none has been told of already.
    if (!this.#failed) this.#show();
    this.#submit();
  }

  #listen() {
    const field = this.#field;
    if (!field) return;
    if (field === this.#parts.field && !field.value) field.value = this.textContent.trim();
    this.#reading = new AbortController();
    const { signal } = this.#reading;
    field.addEventListener("input", () => this.#read(), { signal });
    field.addEventListener("focus", () => this.#load(), { signal });
    // The form's fields are empty only after its event.
    field.form?.addEventListener("reset", () => setTimeout(() => this.#field === field && this.#read()), { signal });
  }

  /** Says that there is no field, unless the page is about to bring it. */
  #miss() {
    if (document.readyState === "loading") {
      const { signal } = this.#listening;
      document.addEventListener("DOMContentLoaded", () => this.#field || this.#miss(), { once: true, signal });
      return;
    }
    this.#missing = setTimeout(() => {
      const id = this.getAttribute("for");
      this.#fail(failure("input", `There is no text field with the id “${id}” for this <live-sentiment>: a <textarea>, an <input> for text, or something contenteditable.`));
    }, MISSED);
  }

  /** What was assigned before the script had run stands in the way of the properties. */
  #adopt() {
    for (const name of this.#field ? ["value", "name"] : []) {
      if (!Object.prototype.hasOwnProperty.call(this, name)) continue;
      const given = this[name];
      delete this[name];
      this[name] = given;
    }
  }

  #isWanted() {
    if (!this.#field) return false;
    const loading = this.getAttribute("loading") ?? "lazy";
    if (!["lazy", "eager"].includes(loading)) console.warn(`<live-sentiment loading="${loading}">: lazy and eager are known; lazy is taken.`);
    return loading === "eager" || this.#wanted || this.#field.matches(":focus");
  }

  #load() {
    this.#wanted = true;
    if (this.#model || this.#failed || !this.isConnected || !this.#field) return;
    const url = this.hasAttribute("model") ? parsed(this.getAttribute("model"))?.href : OWN_MODEL;
    if (!url) return this.#fail(failure("input", `${this.getAttribute("model")} is not an address.`));
    const model = share(url, (progress) => {
      this.#progress(progress);
      this.#tell("model-progress", progress);
    });
    this.#model = model;
    this.#progress({});
    model.ready.then(
      (sentiment) => {
        if (this.#model !== model) return;
        model.sentiment = sentiment;
        this.#show();
        this.#read();
      },
      (error) => {
        if (this.#model !== model) return;
        this.#leave();
        this.#fail(error);
      },
    );
  }

  #leave() {
    this.#model?.release();
    this.#model = null;
    this.#prediction = null;
  }

  #retry() {
    this.#failed = false;
    this.#parts.button.hidden = true;
    this.#parts.trouble.hidden = true;
    this.#load();
    this.#field?.focus();
  }

  /** The text may be another one: asks how it reads, the newest only. */
  async #read() {
    this.#submit();
    if (this.value.trim()) this.#load();
    const model = this.#model;
    if (!model?.sentiment) return;
    if (this.#busy) {
      this.#again = true;
      return;
    }
    this.#busy = true;
    try {
      do {
        this.#again = false;
        const field = this.#field;
        const text = this.value;
        if (text === this.#asked && this.#prediction) continue;
        this.#asked = text;
        if (!text.trim()) {
          this.#prediction = null;
          this.#show();
          continue;
        }
        const answer = await model.sentiment.classify(text);
        if (this.#model !== model) break;
        if (this.#field !== field) continue;
        const { label, score, scores, tokens, truncatedAt } = answer;
        // The text was cleared while it was read.
        if (!this.value.trim()) continue;
        this.#prediction = { label, score, scores, tokens, truncated: truncatedAt !== undefined };
        this.#show();
      } while (this.#again);
    } catch (error) {
      if (this.#model === model) {
        this.#leave();
        this.#fail(error);
      }
    } finally {
      this.#busy = false;
      // The model was changed for another meanwhile.
      if (this.#again) this.#read();
    }
  }

  /** What the form gets: our own text; beside a field of the page's, which hands in its text itself, how it reads. */
  #submit() {
    const own = this.#field === this.#parts.field;
    this.#internals.setFormValue(own ? this.value : (this.#prediction?.label ?? null));
  }

  /** Tells programs of a verdict, and that there is none any more. */
  #announce() {
    if (this.#told === this.#prediction) return;
    this.#told = this.#prediction;
    this.#tell("sentiment-change", this.#prediction);
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { bubbles: true, composed: true, detail }));
  }

  #fail(error) {
    this.#failed = true;
    const { trouble, button, progress, bar, word, figure } = this.#parts;
    progress.hidden = true;
    bar.hidden = false;
    word.textContent = figure.textContent = "";
    trouble.textContent = error.message ?? String(error);
    trouble.hidden = false;
    this.#verdict.removeAttribute("aria-busy");
    button.hidden = error.kind === "input" || error.kind === "unsupported";
    this.#draw(null);
    this.#announce();
    this.#tell("model-error", { kind: error.kind ?? "internal", message: trouble.textContent });
  }

  #progress({ received, total }) {
    const { progress, bar, word, figure, trouble, button } = this.#parts;
    const verdict = this.#verdict;
    trouble.hidden = button.hidden = true;
    verdict.classList.add("quiet");
    verdict.setAttribute("aria-busy", "true");
    word.textContent = "Loading the model";
    const megabytes = (bytes) => (bytes / 1e6).toFixed(1);
    figure.textContent = total ? `${megabytes(received)} of ${megabytes(total)} MB` : "";
    bar.hidden = true;
    progress.hidden = false;
    if (total) Object.assign(progress, { max: total, value: received });
    else progress.removeAttribute("value");
  }

  /** Shows the verdict, or that there is none yet. */
  #show() {
    const { progress, bar, word, figure, trouble, button } = this.#parts;
    const verdict = this.#verdict;
    const loading = this.#model && !this.#model.sentiment;
    if (loading) return this.#announce();
    progress.hidden = trouble.hidden = button.hidden = true;
    bar.hidden = false;
    verdict.removeAttribute("aria-busy");
    const { scores } = this.#prediction ?? {};
    const said = scores && describe(scores.map(({ label }) => label), Float32Array.from(scores, ({ score }) => score), this.#model?.sentiment?.info.multiLabel);
    verdict.classList.toggle("quiet", !said);
    word.textContent = said ? said.word : "Nothing to read yet";
    figure.textContent = said ? said.figure : "";
    if (said?.tone) word.dataset.tone = said.tone;
    else delete word.dataset.tone;
    this.#draw(said);
    this.#submit();
    this.#announce();
    clearTimeout(this.#speaking);
    this.#speaking = setTimeout(() => {
      const heard = said ? said.word : "";
      if (heard === this.#spoken) return;
      this.#spoken = heard;
      this.#parts.spoken.textContent = said ? `${said.word}, ${said.figure}.` : "";
    }, SETTLED);
  }

  #draw(said) {
    const { bar, shares } = this.#parts;
    const parts = said?.parts ?? [];
    // Parts that stay keep their place, so that widths ease.
    const fit = (parent, tag, count) => {
      while (parent.children.length > count) parent.lastChild.remove();
      while (parent.children.length < count) parent.append(document.createElement(tag));
    };
    fit(bar, "span", said?.isOneBar ? parts.length : 0);
    [...bar.children].forEach((element, i) => {
      element.className = "part";
      element.dataset.tone = parts[i].tone;
      element.style.setProperty("--share", parts[i].score.toFixed(3));
    });
    const listed = said?.isOneBar ? parts : [...parts].sort((a, b) => b.score - a.score).slice(0, 3);
    fit(shares, "li", listed.length);
    [...shares.children].forEach((element, i) => {
      element.dataset.tone = listed[i].tone;
      element.textContent = `${listed[i].name} ${listed[i].share}`;
    });
  }

  /** Theme, language and words of the own field. */
  #paint() {
    const theme = this.getAttribute("theme") ?? "auto";
    if (!["auto", "light", "dark"].includes(theme)) console.warn(`<live-sentiment theme="${theme}">: auto, light and dark are known; auto is taken.`);
    this.dataset.theme = theme === "light" || theme === "dark" ? theme : this.#dark.matches ? "dark" : "light";
    const { field } = this.#parts;
    field.placeholder = this.getAttribute("placeholder") ?? "Write or paste something";
    field.setAttribute("aria-label", this.getAttribute("aria-label") ?? "Your text");
    const lang = this.closest("[lang]")?.getAttribute("lang");
    if (lang) field.lang = lang;
    // The words around it are English, whatever the text is.
    this.#verdict.lang = this.#parts.spoken.lang = "en";
  }
}

function isField(element) {
  if (!element) return false;
  if (element.localName === "input") return ["text", "search", "url", "email", "tel"].includes(element.type);
  return element.localName === "textarea" || element.isContentEditable;
}

const defined = customElements.get("live-sentiment");
if (!defined) customElements.define("live-sentiment", LiveSentimentElement);
else if (defined.version !== VERSION) {
  console.warn(`This page has <live-sentiment> ${defined.version ?? "of another version"} already; version ${VERSION} leaves it in place.`);
}
