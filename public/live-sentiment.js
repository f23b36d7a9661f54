// The element <live-sentiment> and the JavaScript API, as one ES module: live-sentiment.d.ts says what it exports.
//
// What a text means is computed in a worker and put into words in WebAssembly (src/web/api.rs). Here is what has to be
// JavaScript: the class of the element, which draws those words, and workers that bundlers and other origins can start.

import init, { create as load, describe } from "./api.js";
import * as fields from "./api_field.js";

/** The style sheet of the shadow root. The build puts style/element.css here. */
const STYLE = "";
/** Folder of the worker's files, relative to this script. The build puts its own here. */
const PROGRAMS = "./";
const VERSION = "0.1.0";

/** The model of this site, beside the script. */
const OWN_MODEL = new URL(/* @vite-ignore */ "models/minilm-sentiment/", import.meta.url).href;

/** How long a verdict must have stood before a screen reader hears it, in ms. */
const SETTLED = 1000;
/** How long the verdict of an earlier text may stand, dimmed, until the next comes, in ms. */
const STALE = 1000;
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
    const abort = () => this.#model.withdraw(seq, signal.reason);
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
    const files = what === "model" ? filesOf(href) : [href];
    const options = { referrerPolicy: "no-referrer" };
    // One that may be read tells that it is not that: an answer other than "here it is" often comes without the header.
    if ((await Promise.all(files.map((file) => answers(file, options)))).includes(true)) continue;
    const there = await answers(files[0], { ...options, mode: "no-cors" });
    if (there) return failure("network", `The ${what} is at ${origin}, which does not allow other sites to read it: it must send Access-Control-Allow-Origin: *.`);
  }
  return error;
}

/** Whether a server answers at an address, whatever it says. A GET, for signed addresses know no other; its body is not waited for. */
async function answers(address, options) {
  const controller = new AbortController();
  const answer = fetch(address, { ...options, signal: controller.signal });
  return answer.then(() => true, () => false).finally(() => controller.abort());
}

/** Files that a model's address stands for: of its folder, which lies beside a file that is named; and that file. */
function filesOf(href) {
  const url = new URL(href);
  // A hub's page of a folder or file.
  url.pathname = url.pathname.replace(/^(\/[^/]+\/[^/]+\/)(?:tree|blob)(?=\/[^/])/, "$1resolve");
  const isFile = /\.(gguf|safetensors|json)$/i.test(url.pathname);
  if (!isFile && !url.pathname.endsWith("/")) url.pathname += "/";
  const beside = new URL("config.json", url);
  beside.search = url.search;
  return isFile ? [beside.href, url.href] : [beside.href];
}

/** What a policy calls the source of a blocked address. */
function source(address) {
  if (address === "blob" || address.startsWith("blob:")) return "blob:";
  if (address === "wasm-eval") return "'wasm-unsafe-eval'";
  if (address === "trusted-types-policy") return POLICY;
  return parsed(address)?.origin ?? address;
}

/** An address of the page, or nothing where it is none. (`URL.canParse` is younger than the browsers we work in.) */
function parsed(address, base = document.baseURI) {
  try {
    return new URL(address, base);
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
    field: make("textarea", { part: "field", spellcheck: "false", autocomplete: "off" }),
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

const sheets = new WeakMap();

/** The style sheet for elements in a document, which takes none that was made for another; none where nothing is shown. */
function style(document) {
  const Sheet = document.defaultView?.CSSStyleSheet;
  if (!Sheet) return [];
  if (!sheets.has(document)) {
    const sheet = new Sheet();
    sheet.replaceSync(STYLE);
    sheets.set(document, sheet);
  }
  return [sheets.get(document)];
}

/** How a text reads, anywhere on a page. */
export class LiveSentimentElement extends HTMLElement {
  static version = VERSION;
  static formAssociated = true;
  static observedAttributes = ["for", "model", "loading", "theme", "data-theme", "lang", "placeholder", "aria-label", "aria-labelledby", "title"];

  #internals = this.attachInternals();
  #root = this.attachShadow({ mode: "open", delegatesFocus: true });
  #parts = parts();
  #verdict;
  /** The field that is read: our own, or the one that `for` names. */
  #field = null;
  /** Its text when it was last looked at. */
  #seen = "";
  /** Ends with the connection to the document, and with the field. */
  #listening = new AbortController();
  #reading = new AbortController();
  /** The field that `for` names may come later, go, and come back as another; labels may too. */
  #watching = new MutationObserver(() => {
    this.#isRelabelled = true;
    if (this.#named() !== this.#field) this.#attach(true);
  });
  #isRelabelled = false;
  /** What stands between the tags may be parsed, or set, after the element is there. */
  #filling = new MutationObserver((records) => this.#fill(records));
  #initial = "";
  /** Whether our own text was written, or set: it then no longer follows what stands between the tags. */
  #isGiven = false;
  #missing;
  #model = null;
  /** The model could not be had: only the button, or another model, tries again. */
  #failed = false;
  /** Whether somebody came to the field, or gave it a text, be it before the element was moved. */
  #wanted = false;
  /** The newest verdict, and the field's text that it is of. */
  #prediction = null;
  #of = "";
  #asked = "";
  /** Takes a verdict away for which no newer one comes. */
  #expiring;
  /** The last one that programs were told of, and what the form was last given. */
  #told = null;
  #sent = null;
  #busy = false;
  #again = false;
  #spoken = "";
  #speaking;
  #dark;
  /** Between `connectedCallback` and `disconnectedCallback`: attributes are told of before, and are read there. */
  #isPlaced = false;

  constructor() {
    super();
    const { field, word, figure, bar, progress, shares, trouble, button, spoken } = this.#parts;
    const attributes = { part: "verdict", class: "verdict quiet", role: "group", "aria-label": "How it reads" };
    this.#verdict = make("div", attributes, word, figure, bar, progress, shares, trouble, button);
    this.#root.append(field, this.#verdict, spoken);
    this.#root.adoptedStyleSheets = style(this.ownerDocument);
    button.addEventListener("click", () => this.#retry());
    // As from a <textarea>: unlike "input", it does not leave the shadow tree by itself.
    field.addEventListener("change", () => this.dispatchEvent(new Event("change", { bubbles: true })));
  }

  /** The text that is read. */
  get value() {
    this.#fill();
    return fields.textOf(this.#field ?? this.#parts.field);
  }
  set value(text) {
    const field = this.#field ?? this.#parts.field;
    if (field === this.#parts.field) this.#isGiven = true;
    fields.setTextOf(field, text);
    this.#read();
  }

  /** How the text reads, or null where there is no verdict of it (yet): `{ label, score, scores, tokens, truncated }`. */
  get prediction() {
    return this.#prediction && this.#field && fields.rawTextOf(this.#field) === this.#of ? this.#prediction : null;
  }

  get form() {
    return this.#internals.form;
  }
  set form(form) {
    fields.assign(this, "form", form instanceof Element ? form.id : form);
  }
  get labels() {
    return this.#internals.labels;
  }
  get type() {
    return this.getAttribute("type") ?? this.localName;
  }
  set type(type) {
    fields.assign(this, "type", type);
  }
  get disabled() {
    return this.hasAttribute("disabled");
  }
  set disabled(isDisabled) {
    this.toggleAttribute("disabled", Boolean(isDisabled));
  }
  get loading() {
    return this.getAttribute("loading") === "eager" ? "eager" : "lazy";
  }
  set loading(loading) {
    fields.assign(this, "loading", loading);
  }

  connectedCallback() {
    this.#isPlaced = true;
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    this.#adopt(["name", "htmlFor", "model", "loading", "theme", "placeholder", "form", "type", "disabled"]);
    this.#dark = (this.ownerDocument.defaultView ?? window).matchMedia("(prefers-color-scheme: dark)");
    this.#dark.addEventListener("change", () => this.#paint(), { signal });
    // Before any listener of the form's own page, which would be handed what is no longer so.
    this.getRootNode().addEventListener("formdata", (event) => this.#correct(event), { capture: true, signal });
    signal.addEventListener("abort", fields.watch(() => this.#look()));
    this.#filling.observe(this, { subtree: true, childList: true, characterData: true });
    this.#initial = this.textContent.trim();
    this.#paint();
    this.#attach();
  }

  disconnectedCallback() {
    this.#isPlaced = false;
    this.#listening.abort();
    this.#reading.abort();
    this.#watching.disconnect();
    this.#filling.disconnect();
    clearTimeout(this.#missing);
    clearTimeout(this.#speaking);
    this.#leave();
    this.#failed = false;
    // Nobody notices any more what becomes of the field that `for` names.
    const isOwn = this.#field === this.#parts.field;
    this.#field = null;
    if (!isOwn) this.#submit();
  }

  adoptedCallback() {
    this.#root.adoptedStyleSheets = style(this.ownerDocument);
  }

  attributeChangedCallback(name, before, after) {
    if (before === after || !this.#isPlaced) return;
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
    this.#isGiven = false;
    this.#fill();
    this.#read();
  }
  formDisabledCallback(disabled) {
    this.#parts.field.disabled = disabled;
  }
  formStateRestoreCallback(state) {
    if (this.hasAttribute("for") || typeof state !== "string") return;
    this.value = state;
  }

  /** The field that is to be read, if it is there and one. */
  #named() {
    if (!this.hasAttribute("for")) return this.#parts.field;
    const named = this.getRootNode().getElementById?.(this.getAttribute("for"));
    return fields.isField(named) ? named : null;
  }

  /** Finds the field and listens to it. One that is taken out of the page may be put back. */
  #attach(isMoved = false) {
    this.#failed = false;
    clearTimeout(this.#missing);
    this.#watching.disconnect();
    const own = this.#parts.field;
    const isOwn = !this.hasAttribute("for");
    own.hidden = !isOwn;
    const attributeFilter = ["id", "contenteditable", "type", "for", "aria-label"];
    this.#watching.observe(this.getRootNode(), { subtree: true, childList: true, characterData: isOwn, attributeFilter });
    const before = this.#field;
    this.#field = this.#named();
    if (this.#field !== before) {
      this.#reading.abort();
      this.#prediction = null;
      this.#listen();
    }
    if (!this.#field && !(isMoved && before)) this.#miss();
    if (this.#field) this.#adopt(["value"]);
    if (this.#isWanted()) this.#load();
    this.#read(false);
    // An address that is none has been told of already.
    if (!this.#failed) this.#show();
  }

  #listen() {
    const field = this.#field;
    if (!field) return;
    this.#fill();
    this.#reading = new AbortController();
    fields.follow(field, {
      changed: (bySomebody) => this.#hear(bySomebody),
      focused: () => {
        this.#label();
        this.#load();
      },
      signal: this.#reading.signal,
    });
  }

  /** The field's text may have changed. */
  #hear(bySomebody) {
    const field = this.#field;
    if (!field || (!bySomebody && fields.rawTextOf(field) === this.#seen)) return;
    if (field === this.#parts.field) this.#isGiven = true;
    // What a script puts into a field is there to be read once somebody comes to it.
    this.#read(bySomebody);
  }

  /** Looks for what no event tells of. */
  #look() {
    // Editable elements are observed.
    if (this.#field && fields.isControl(this.#field)) this.#hear(false);
    if (this.#isRelabelled) this.#label();
  }

  /** Our own text is what stands between the tags, as a textarea's is, until somebody gives another. */
  #fill(records = this.#filling.takeRecords()) {
    if (!records.every(fields.isTranslation)) this.#initial = this.textContent.trim();
    const own = this.#parts.field;
    if (this.#isGiven || this.#field !== own || own.value === this.#initial) return;
    own.value = this.#initial;
    this.#read(false);
  }

  /** Names our own field as the page names the element. */
  #label() {
    this.#isRelabelled = false;
    const name = fields.nameOf(this, this.#internals.labels) || "Your text";
    const { field } = this.#parts;
    if (field.getAttribute("aria-label") !== name) field.setAttribute("aria-label", name);
  }

  /** Says that there is no field, unless the page is about to bring it. */
  #miss() {
    const document = this.ownerDocument;
    if (document.readyState === "loading") {
      const { signal } = this.#listening;
      document.addEventListener("DOMContentLoaded", () => this.#field || this.#miss(), { once: true, signal });
      return;
    }
    this.#missing = setTimeout(() => {
      const id = this.getAttribute("for");
      this.#refuse(failure("input", `There is no text field with the id “${id}” for this <live-sentiment>: a <textarea>, an <input> for text, or something contenteditable.`));
    }, MISSED);
  }

  /** What was assigned before the script had run stands in the way of the properties. */
  #adopt(names) {
    for (const name of names) {
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
    return loading === "eager" || this.#wanted || this.#field.matches(":focus-within");
  }

  #load() {
    this.#wanted = true;
    if (this.#model || this.#failed || !this.isConnected || !this.#field) return;
    const url = this.hasAttribute("model") ? parsed(this.getAttribute("model"), this.baseURI)?.href : OWN_MODEL;
    if (!url) return this.#refuse(failure("input", `${this.getAttribute("model")} is not an address.`));
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
        this.#read();
        this.#show();
      },
      (error) => {
        if (this.#model !== model) return;
        this.#leave();
        this.#refuse(error);
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
    this.#read();
    this.#field?.focus();
  }

  /** The text may be another one: asks how it reads, the newest only. */
  async #read(mayLoad = true) {
    const isOwn = this.#field === this.#parts.field;
    this.#seen = this.#field ? fields.rawTextOf(this.#field) : "";
    if (isOwn) this.#direct();
    this.#submit();
    if (fields.isBlank(this.#seen) && !this.#failed && (this.#prediction || !this.#parts.trouble.hidden)) {
      this.#prediction = null;
      this.#show();
    }
    this.#dim();
    if (mayLoad && !fields.isBlank(this.#seen)) this.#load();
    const model = this.#model;
    if (!model?.sentiment || !this.#field) return;
    if (this.#busy) {
      this.#again = true;
      return;
    }
    this.#busy = true;
    try {
      do {
        this.#again = false;
        const field = this.#field;
        if (!field) break;
        const raw = fields.rawTextOf(field);
        if (fields.isBlank(raw)) continue;
        const text = fields.readableTextOf(field);
        if (text === this.#asked && this.#prediction) {
          this.#of = raw;
          continue;
        }
        this.#asked = text;
        const answer = await fields.classify(model.sentiment, text);
        if (this.#model !== model) break;
        // Another field, or the text was cleared while it was read.
        if (this.#field !== field || fields.isBlank(fields.rawTextOf(field))) continue;
        const { label, score, scores, tokens, truncatedAt } = answer;
        this.#prediction = { label, score, scores, tokens, truncated: truncatedAt !== undefined };
        this.#of = raw;
        this.#show();
      } while (this.#again);
    } catch (error) {
      // The next text may well be read.
      if (this.#model === model) {
        this.#prediction = null;
        this.#fail(error);
      }
    } finally {
      this.#busy = false;
      // The model was changed for another meanwhile.
      if (this.#again) this.#read();
    }
  }

  /** The verdict of the text before stands a moment, so that it does not flicker with each key; but not as if it were of this. */
  #dim() {
    const isStale = Boolean(this.#prediction) && this.#seen !== this.#of;
    this.#verdict.classList.toggle("stale", isStale);
    if (isStale && this.#expiring) return;
    clearTimeout(this.#expiring);
    this.#expiring = isStale ? setTimeout(() => this.#expire(), STALE) : undefined;
  }

  #expire() {
    this.#expiring = undefined;
    this.#prediction = null;
    this.#show();
  }

  /** The writing direction of our own text. */
  #direct() {
    const { field } = this.#parts;
    const direction = fields.directionOf(this.#seen);
    if (direction === field.dir) return;
    if (direction) field.dir = direction;
    else field.removeAttribute("dir");
  }

  /** What the form gets: our own text; beside a field of the page's, which hands in its text itself, how that reads. */
  #submit() {
    const own = this.#parts.field;
    const sent = !this.hasAttribute("for") ? own.value : (this.prediction?.label ?? null);
    if (sent === this.#sent) return;
    this.#sent = sent;
    this.#internals.setFormValue(sent);
  }

  /** What a form is about to hand in may have been given before a script changed the field. */
  #correct({ target, formData }) {
    if (target !== this.form || this.matches(":disabled")) return;
    const before = this.#sent;
    this.#fill();
    this.#submit();
    if (this.name && this.#sent !== before) fields.replaceEntry(formData, this.name, before, this.#sent);
  }

  /** Tells programs of a verdict, and that there is none any more; not of one that comes too late. */
  #announce() {
    const prediction = this.prediction;
    if (this.#told === prediction || (this.#prediction && !prediction)) return;
    this.#told = prediction;
    this.#tell("sentiment-change", prediction);
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { bubbles: true, composed: true, detail }));
  }

  /** Says that the field or the model cannot be had. */
  #refuse(error) {
    this.#failed = true;
    this.#fail(error);
  }

  #fail(error) {
    const { trouble, button, progress, bar, word, figure } = this.#parts;
    progress.hidden = true;
    bar.hidden = false;
    word.textContent = figure.textContent = "";
    trouble.textContent = error.message ?? String(error);
    trouble.hidden = false;
    this.#verdict.removeAttribute("aria-busy");
    button.hidden = error.kind === "input" || error.kind === "unsupported";
    this.#draw(null);
    this.#submit();
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

  /** Shows the newest verdict, or that there is none yet. */
  #show() {
    const { progress, bar, word, figure, trouble, button } = this.#parts;
    const verdict = this.#verdict;
    const loading = this.#model && !this.#model.sentiment;
    if (loading) return this.#announce();
    progress.hidden = trouble.hidden = button.hidden = true;
    bar.hidden = false;
    verdict.removeAttribute("aria-busy");
    const { scores } = this.#prediction ?? {};
    const said = scores && describe(scores.map(({ label }) => label), Float32Array.from(scores, ({ score }) => score));
    verdict.classList.toggle("quiet", !said);
    word.textContent = said ? said.word : this.#busy && !fields.isBlank(this.#seen) ? "Reading…" : "Nothing to read yet";
    figure.textContent = said ? said.figure : "";
    this.#dim();
    if (said?.tone) word.dataset.tone = said.tone;
    else delete word.dataset.tone;
    this.#draw(said);
    this.#submit();
    this.#announce();
    clearTimeout(this.#speaking);
    this.#speaking = setTimeout(() => {
      // The next verdict is on its way, and is heard in its place.
      if (said && !this.prediction) return;
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
    this.#label();
    const lang = this.closest("[lang]")?.getAttribute("lang");
    if (lang) field.lang = lang;
    // The words around it are English, whatever the text is.
    this.#verdict.lang = this.#parts.spoken.lang = "en";
  }
}

fields.reflect(LiveSentimentElement.prototype, { htmlFor: "for", model: "model", theme: "theme", placeholder: "placeholder", name: "name" });

const defined = customElements.get("live-sentiment");
if (!defined) customElements.define("live-sentiment", LiveSentimentElement);
else if (defined.version !== VERSION) {
  console.warn(`This page has <live-sentiment> ${defined.version ?? "of another version"} already; version ${VERSION} leaves it in place.`);
}
