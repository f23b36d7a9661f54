// What <live-sentiment> shows: the parts of its shadow tree, and the words and colours in them.
//
// Each text is set as a whole, whatever a translation has put in the place of the last.

import { describe } from "./api.js";

/** The style sheet of the shadow root. The build puts style/element.css here. */
const STYLE = "";
/** How long a verdict must have stood before a screen reader hears it, in ms. */
const SETTLED = 1000;

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

/** The headline for a text with positive and negative sentences. */
function mixed(sentences) {
  const count = (tone) => sentences.filter((sentence) => sentence.tone === tone).length;
  return { word: "Mixed", figure: `${count("positive")} positive, ${count("negative")} negative`, tone: "mixed" };
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

/** The shadow tree of an element. */
export class View {
  #root;
  #verdict;
  /** What a screen reader heard last. */
  #heard = "";
  #speaking;

  constructor(root, document) {
    const made = parts();
    Object.assign(this, made);
    const { field, word, figure, bar, progress, shares, trouble, button, spoken } = made;
    const attributes = { part: "verdict", class: "verdict quiet", role: "group", "aria-label": "Verdict" };
    this.#verdict = make("div", attributes, word, figure, bar, progress, shares, trouble, button);
    // The words around the field are English, whatever its text is.
    this.#verdict.lang = spoken.lang = "en";
    this.#root = root;
    root.append(make("div", { class: "frame" }, field), this.#verdict, spoken);
    this.dress(document);
  }

  /** Puts on the style sheet of a document. */
  dress(document) {
    this.#root.adoptedStyleSheets = style(document);
  }

  /** Whether it says what went wrong. */
  get isTroubled() {
    return !this.trouble.hidden;
  }

  /** Says what went wrong, and offers to try again where that may help. */
  fail({ message, kind }) {
    this.progress.hidden = true;
    this.bar.hidden = false;
    this.word.textContent = this.figure.textContent = "";
    this.trouble.textContent = message;
    this.trouble.hidden = false;
    this.#verdict.removeAttribute("aria-busy");
    this.button.hidden = kind === "input" || kind === "unsupported";
    this.dim(false);
    this.#draw(null);
  }

  load({ received, total }) {
    const { progress } = this;
    this.trouble.hidden = this.button.hidden = true;
    this.#verdict.classList.add("quiet");
    this.#verdict.setAttribute("aria-busy", "true");
    this.word.textContent = "Loading the model";
    const megabytes = (bytes) => (bytes / 1e6).toFixed(1);
    this.figure.textContent = total ? `${megabytes(received)} of ${megabytes(total)} MB` : "";
    this.bar.hidden = true;
    progress.hidden = false;
    if (total) Object.assign(progress, { max: total, value: received });
    else progress.removeAttribute("value");
  }

  /** Shows a verdict, or `instead` of one. A screen reader hears it once it `stands`. */
  show(prediction, multiLabel, instead, stands) {
    this.progress.hidden = this.trouble.hidden = this.button.hidden = true;
    this.bar.hidden = false;
    this.#verdict.removeAttribute("aria-busy");
    const { scores } = prediction ?? {};
    const said = scores && describe(scores.map(({ label }) => label), Float32Array.from(scores, ({ score }) => score), multiLabel);
    if (prediction?.mixed) Object.assign(said, mixed(prediction.sentences));
    this.#verdict.classList.toggle("quiet", !said);
    this.word.textContent = said ? said.word : instead;
    this.figure.textContent = said ? said.figure : "";
    if (said?.tone) this.word.dataset.tone = said.tone;
    else delete this.word.dataset.tone;
    this.#draw(said);
    this.hush();
    this.#speaking = setTimeout(() => {
      const heard = said ? said.word : "";
      if (heard === this.#heard || !stands()) return;
      this.#heard = heard;
      this.spoken.textContent = said ? `${said.word}, ${said.figure}.` : "";
    }, SETTLED);
  }

  /** Says nothing of what was shown last. */
  hush() {
    clearTimeout(this.#speaking);
  }

  /** Whether the verdict is of an earlier text. */
  dim(isStale) {
    this.#verdict.classList.toggle("stale", isStale);
  }

  #draw(said) {
    const { bar, shares } = this;
    const parts = said?.parts ?? [];
    // Parts that stay are moved, so that widths ease.
    const fit = (parent, tag, count) => {
      while (parent.children.length > count) parent.lastChild.remove();
      while (parent.children.length < count) parent.append(document.createElement(tag));
    };
    fit(bar, "span", said?.isOneBar ? parts.length : 0);
    let before = 0;
    [...bar.children].forEach((element, i) => {
      element.className = "part";
      element.dataset.tone = parts[i].tone;
      // The last ones may have no width: they, and the gap before them, go behind the end.
      element.style.setProperty("--before", before < 0.9995 ? before.toFixed(3) : "1.05");
      before += parts[i].score;
    });
    const listed = said?.isOneBar ? parts : [...parts].sort((a, b) => b.score - a.score).slice(0, 3);
    fit(shares, "li", listed.length);
    [...shares.children].forEach((element, i) => {
      element.dataset.tone = listed[i].tone;
      element.textContent = `${listed[i].name} ${listed[i].share}`;
    });
  }
}
