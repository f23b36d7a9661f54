// The element <live-sentiment> and the JavaScript API, as one ES module: live-sentiment.d.ts says what it exports.
//
// What a text means is computed in a worker and put into words in WebAssembly (src/web/api.rs). Here is what has to be
// JavaScript: the class of the element, which draws those words, and workers that bundlers and other origins can start.

import init, { create as load } from "./api.js";
import { POLICY, explain, failure, parsed } from "./api_failure.js";
import * as fields from "./api_field.js";
import { Marks } from "./api_sentences.js";
import { Sentiment, publicSentence } from "./api_sentiment.js";
import { View } from "./api_view.js";

/** Folder of the worker's files, relative to this script. The build puts its own here. */
const PROGRAMS = "./";
const VERSION = "0.1.0";

/** The model of this site, beside the script. */
const OWN_MODEL = new URL(/* @vite-ignore */ "models/minilm-sentiment/", import.meta.url).href;

/** How long the verdict of an earlier text may stand, dimmed, until the next comes, in ms. */
const STALE = 1000;
/** How long a model that no element uses any more stays, in ms: elements are moved by taking them out and in. */
const KEPT = 3000;
/** How long the field that `for` names may be away before it is missed, in ms: frameworks put in one thing after the other. */
const MISSED = 200;

let program;

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
    // A static import would need worker-src, not script-src. A rejection alone would raise no error event here.
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
    throw await explain(error, import.meta.url, String(model), blocked);
  } finally {
    document.removeEventListener("securitypolicyviolation", note);
  }
}

// Elements with the same model share it, and its worker.
const models = new Map();

/** A share in the model at `url`: `{ ready, release() }`. `listener` is called with its progress. */
function share(url, listener) {
  let shared = models.get(url);
  if (!shared) {
    const controller = new AbortController();
    const listeners = new Set();
    const onProgress = (progress) => listeners.forEach((listener) => listener(progress));
    shared = { users: 0, listeners, controller, ready: create({ model: url, signal: controller.signal, onProgress }) };
    models.set(url, shared);
    // Each element reports the failure; the next one tries again.
    shared.ready.catch(() => models.get(url) === shared && models.delete(url));
  }
  const mine = shared;
  mine.users += 1;
  mine.listeners.add(listener);
  clearTimeout(mine.timer);
  return {
    ready: mine.ready,
    release() {
      mine.listeners.delete(listener);
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

/** Classifies a text, anywhere on a page. */
export class LiveSentimentElement extends HTMLElement {
  static version = VERSION;
  static formAssociated = true;
  static observedAttributes = ["for", "model", "loading", "sentences", "theme", "data-theme", "lang", "placeholder", "aria-label", "aria-labelledby", "title"];

  #internals = this.attachInternals();
  #view = new View(this.attachShadow({ mode: "open", delegatesFocus: true }), this.ownerDocument);
  #own = this.#view.field;
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
  /** With the attribute `sentences`: the text as a document of the model, and the tints behind our own field. */
  #document = null;
  #marks = null;
  /** The field's text that the document was last given. */
  #given = "";
  #dark;
  /** Between `connectedCallback` and `disconnectedCallback`: attributes are told of before, and are read there. */
  #isPlaced = false;

  constructor() {
    super();
    this.#view.button.addEventListener("click", () => this.#retry());
    // As from a <textarea>: unlike "input", it does not leave the shadow tree by itself.
    this.#own.addEventListener("change", () => this.dispatchEvent(new Event("change", { bubbles: true })));
  }

  /** The text that is read. */
  get value() {
    this.#fill();
    return fields.textOf(this.#field ?? this.#own);
  }
  set value(text) {
    const field = this.#field ?? this.#own;
    if (field === this.#own) this.#isGiven = true;
    fields.setTextOf(field, text);
    this.#read();
  }

  /**
   * The verdict on the text, or null where there is none of it (yet): `{ label, score, scores, tokens, truncated }`, with the
   * attribute `sentences` also `mixed` and `sentences`.
   */
  get prediction() {
    const field = this.#field;
    if (!this.#prediction || !field) return null;
    // The field may be gone, or hold a password by now: observers are told of that, and of its text, only later.
    return this.#named() === field && fields.rawTextOf(field) === this.#of ? this.#prediction : null;
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
  get sentences() {
    return this.hasAttribute("sentences");
  }
  set sentences(isOn) {
    this.toggleAttribute("sentences", Boolean(isOn));
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
    this.#adopt(["name", "htmlFor", "model", "loading", "sentences", "theme", "placeholder", "form", "type", "disabled"]);
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
    this.#view.hush();
    this.#leave();
    this.#failed = false;
    // The field that `for` names is no longer observed.
    const isOwn = this.#field === this.#own;
    this.#field = null;
    if (!isOwn) this.#submit();
  }

  adoptedCallback() {
    this.#view.dress(this.ownerDocument);
  }

  attributeChangedCallback(name, before, after) {
    if (before === after || !this.#isPlaced) return;
    // Set by ourselves. It goes where a framework makes a page as its server's HTML has it.
    if (name === "data-theme" && after !== null) return;
    if (name === "sentences") {
      this.#close();
      // The same text is read again, another way.
      this.#asked = "";
      this.#prediction = null;
      this.#read();
    } else if (name === "for") this.#attach();
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
    this.#read(false);
  }
  formDisabledCallback(disabled) {
    this.#own.disabled = disabled;
  }
  formStateRestoreCallback(state) {
    if (this.hasAttribute("for") || typeof state !== "string") return;
    // As any text that stands there already, it is read once somebody comes to it.
    this.#isGiven = true;
    this.#own.value = state;
    this.#read(false);
  }

  /** The field that is to be read, if it is there and one. */
  #named() {
    if (!this.hasAttribute("for")) return this.#own;
    const named = this.getRootNode().getElementById?.(this.getAttribute("for"));
    return fields.isField(named) ? named : null;
  }

  /** Finds the field and listens to it. One that is taken out of the page may be put back. */
  #attach(isMoved = false) {
    this.#failed = false;
    clearTimeout(this.#missing);
    this.#watching.disconnect();
    const isOwn = !this.hasAttribute("for");
    this.#own.hidden = !isOwn;
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
      changed: (byUser) => this.#onChange(byUser),
      focused: () => {
        this.#label();
        this.#load();
      },
      signal: this.#reading.signal,
    });
  }

  /** The field's text may have changed. */
  #onChange(byUser) {
    const field = this.#field;
    if (!field || (!byUser && fields.rawTextOf(field) === this.#seen)) return;
    if (field === this.#own) this.#isGiven = true;
    // What a script puts into a field is there to be read once somebody comes to it.
    this.#read(byUser);
  }

  /** Looks for what no event tells of. */
  #look() {
    // Editable elements are observed.
    if (this.#field && fields.isControl(this.#field)) this.#onChange(false);
    if (this.#isRelabelled) this.#label();
  }

  /** Our own text is what stands between the tags, as a textarea's is, until somebody gives another. */
  #fill(records = this.#filling.takeRecords()) {
    if (!records.every(fields.isTranslation)) this.#initial = this.textContent.trim();
    const own = this.#own;
    if (this.#isGiven || this.#field !== own || own.value === this.#initial) return;
    own.value = this.#initial;
    this.#read(false);
  }

  /** Names our own field as the page names the element. */
  #label() {
    this.#isRelabelled = false;
    const name = fields.nameOf(this, this.#internals.labels) || "Your text";
    const field = this.#own;
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
      this.#view.load(progress);
      this.#tell("model-progress", progress);
    });
    this.#model = model;
    this.#view.load({});
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
    this.#close();
    this.#model?.release();
    this.#model = null;
    this.#prediction = null;
  }

  #retry() {
    this.#failed = false;
    this.#view.button.hidden = this.#view.trouble.hidden = true;
    this.#load();
    this.#read();
    this.#field?.focus();
  }

  /** The text may have changed: classifies it, the newest only. */
  async #read(mayLoad = true) {
    const isOwn = this.#field === this.#own;
    this.#seen = this.#field ? fields.rawTextOf(this.#field) : "";
    if (isOwn) this.#direct();
    this.#submit();
    if (fields.isBlank(this.#seen) && !this.#failed && (this.#prediction || this.#view.isTroubled)) {
      this.#prediction = null;
      this.#show();
    }
    this.#dim();
    if (mayLoad && !fields.isBlank(this.#seen)) this.#load();
    const model = this.#model;
    if (!model?.sentiment || !this.#field) return;
    if (this.sentences) return this.#readSentences(model);
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
          // Another raw text that reads the same, as after a translation.
          this.#of = raw;
          this.#show();
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

  /** Hands the text over to the document, which reads what has changed of it. */
  #readSentences(model) {
    const field = this.#field;
    const raw = fields.rawTextOf(field);
    if (!this.#document) {
      this.#document = model.sentiment.document((error) => (error ? this.#fail(error) : this.#showDocument()));
      this.#given = null;
    }
    const isOwn = field === this.#own;
    if (isOwn) this.#marks ??= new Marks(this.#own);
    else this.#marks = this.#marks?.remove() ?? null;
    if (raw === this.#given) return;
    this.#given = raw;
    this.#document.edit(isOwn ? raw : fields.textOf(field));
    this.#showDocument();
  }

  /** Shows what is known of the document. */
  #showDocument() {
    const view = this.#document?.view();
    if (!view) return;
    this.#marks?.update(this.#given, view.sentences);
    const failure = this.#document.failure();
    if (failure) {
      this.#prediction = null;
      return this.#fail(failure);
    }
    if (!view.isComplete || !view.sentences.length || !this.#field || fields.rawTextOf(this.#field) !== this.#given) return;
    const { label, score, scores, mixed } = view;
    const sentences = view.sentences.map(publicSentence);
    this.#prediction = { label, score, scores, mixed, sentences, tokens: [], truncated: false };
    this.#of = this.#given;
    this.#show();
  }

  /** Forgets the document. */
  #close() {
    this.#document?.dispose();
    this.#document = null;
    this.#marks = this.#marks?.remove() ?? null;
  }

  /** The verdict of the text before stands a moment, so that it does not flicker with each key; but not as if it were of this. */
  #dim() {
    const isStale = Boolean(this.#prediction) && this.#seen !== this.#of;
    this.#view.dim(isStale);
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
    const field = this.#own;
    const direction = fields.directionOf(this.#seen);
    if (direction === field.dir) return;
    if (direction) field.dir = direction;
    else field.removeAttribute("dir");
  }

  /** What the form submits: our own text; beside a field of the page, which submits its text itself, the label of that. */
  #submit() {
    const sent = !this.hasAttribute("for") ? this.#own.value : (this.prediction?.label ?? null);
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
    const { kind = "internal", message = String(error) } = error;
    this.#view.fail({ kind, message });
    this.#submit();
    this.#announce();
    this.#tell("model-error", { kind, message });
  }

  /** Shows the newest verdict, or that there is none yet. */
  #show() {
    if (!this.#model || this.#model.sentiment) {
      const isReading = (this.#busy || this.#document) && !fields.isBlank(this.#seen);
      const shown = this.#prediction;
      // Once the next one is being read, that is announced in its place.
      const { multiLabel } = this.#model?.sentiment?.info ?? {};
      const instead = isReading ? "Reading…" : "Nothing to read yet";
      this.#view.show(shown, multiLabel, instead, () => !shown || this.prediction === shown);
      this.#dim();
      this.#submit();
    }
    this.#announce();
  }

  /** Theme, language and words of the own field. */
  #paint() {
    const theme = this.getAttribute("theme") ?? "auto";
    if (!["auto", "light", "dark"].includes(theme)) console.warn(`<live-sentiment theme="${theme}">: auto, light and dark are known; auto is taken.`);
    this.dataset.theme = theme === "light" || theme === "dark" ? theme : this.#dark.matches ? "dark" : "light";
    const field = this.#own;
    field.placeholder = this.getAttribute("placeholder") ?? "Write or paste something";
    this.#label();
    const lang = this.closest("[lang]")?.getAttribute("lang");
    if (lang) field.lang = lang;
  }
}

fields.reflect(LiveSentimentElement.prototype, { htmlFor: "for", model: "model", theme: "theme", placeholder: "placeholder", name: "name" });

const defined = customElements.get("live-sentiment");
if (!defined) customElements.define("live-sentiment", LiveSentimentElement);
else if (defined.version !== VERSION) {
  console.warn(`This page has <live-sentiment> ${defined.version ?? "of another version"} already; version ${VERSION} leaves it in place.`);
}
