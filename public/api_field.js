// What <live-sentiment> has to know of the text field it reads, and of the form and labels around it.

/** How often fields are looked at for what no event tells of, in ms. */
const LOOK = 250;
/** Of a text longer than this, in UTF-16 code units, the start is read alone where the model reads no further. */
const LONG = 50_000;
/** So far from its cut end a long text reads as the whole does. */
const MARGIN = 1_000;
/** How far the first letter that has a direction is looked for. */
const LEAD = 1_000;

const looks = new Set();
let timer;

/** Calls `look` a few times a second while the page is seen. One timer does for all elements. Returns what ends it. */
export function watch(look) {
  looks.add(look);
  timer ??= setInterval(() => document.hidden || [...looks].forEach((look) => look()), LOOK);
  return () => {
    looks.delete(look);
    if (looks.size) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** Whether an element is one whose text is read. */
export function isField(element) {
  if (!element) return false;
  if (element.localName === "input") return ["text", "search", "url", "email", "tel"].includes(element.type);
  return element.localName === "textarea" || Boolean(element.isContentEditable);
}

/** Whether it holds its text as a value. (An editable <li> has a `value` too, which is a number.) */
export const isControl = (field) => ["input", "textarea"].includes(field.localName);

/** The text of a field. */
export const textOf = (field) => (isControl(field) ? field.value : field.innerText);

/** The text of a field to compare with: without line ends where those would have to be laid out first. */
export const rawTextOf = (field) => (isControl(field) ? field.value : field.textContent);

/** The text of a field for the model. To lay out a long one would hold up the page at each key. */
export function readableTextOf(field) {
  const raw = rawTextOf(field);
  return isControl(field) || raw.length > LONG ? raw : field.innerText;
}

export function setTextOf(field, text) {
  const name = isControl(field) ? "value" : "innerText";
  field[name] = text ?? "";
}

/** Whether there is nothing to read in a text. Does not copy it, as `trim` may. */
export const isBlank = (text) => !/\S/.test(text);

/** Classifies `text`. What is sent is copied by the page's thread, so that no more is sent than the model reads. */
export async function classify(sentiment, text) {
  if (text.length <= LONG) return sentiment.classify(text);
  const answer = await sentiment.classify(text.slice(0, LONG));
  // Where all of it was read, as where most is blank, the rest counts.
  return answer.truncatedAt < LONG - MARGIN ? answer : sentiment.classify(text);
}

/**
 * Calls `changed(true)` when somebody writes, `changed(false)` when a script may have, and `focused` when somebody comes to the
 * field. Listens above the field and before it, so that no listener there can keep an event to itself.
 */
export function follow(field, { changed, focused, signal }) {
  const root = field.getRootNode();
  const on = (type, act) => root.addEventListener(type, (event) => field.contains(event.target) && act(event), { capture: true, signal });
  on("input", () => changed(true));
  on("change", () => changed(true));
  on("focus", focused);
  // The form's fields are empty only after its event, and only if nobody prevents it.
  const reset = (event) => field.form && event.target === field.form && setTimeout(() => signal.aborted || changed(false));
  root.addEventListener("reset", reset, { capture: true, signal });
  if (isControl(field)) return;
  const observer = new MutationObserver(() => changed(false));
  observer.observe(field, { subtree: true, childList: true, characterData: true });
  signal.addEventListener("abort", () => observer.disconnect());
}

/**
 * The direction of a text by its first letter that has one, "" where none has. `dir=auto` says the same, but lays out a long
 * paragraph many times as slowly.
 */
export function directionOf(text) {
  const [letter] = /[\p{L}\u200e\u200f\u061c]/u.exec(text.slice(0, LEAD)) ?? [""];
  if (!letter) return "";
  return /[\u0590-\u08ff\u200f\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u.test(letter) ? "rtl" : "ltr";
}

/** The name that a page gives a form's element, as it would to a <textarea>; "" where it gives none. */
export function nameOf(element, labels) {
  const root = element.getRootNode();
  const ids = (element.getAttribute("aria-labelledby") ?? "").split(/\s+/).filter(Boolean);
  const worded = (elements) => elements.map((each) => wordsOf(each)).join(" ").replace(/\s+/g, " ").trim();
  return (
    worded(ids.map((id) => root.getElementById?.(id)).filter(Boolean)) ||
    element.getAttribute("aria-label")?.trim() ||
    worded([...labels]) ||
    element.getAttribute("title")?.trim() ||
    ""
  );
}

/** The words of a label, without those of the controls in it. */
function wordsOf(node) {
  if (node.nodeType === Node.TEXT_NODE) return node.data;
  if (node.nodeType !== Node.ELEMENT_NODE) return "";
  if (node.hasAttribute("aria-label")) return node.getAttribute("aria-label");
  if (node.localName === "img") return node.alt;
  if (node.matches("live-sentiment, input, textarea, select, button, script, style, template, [aria-hidden=true]")) return "";
  return [...node.childNodes].map(wordsOf).join("");
}

/** In what a form hands in, replaces the entry `before` of a name by `after`; each may be null for none. */
export function replaceEntry(data, name, before, after) {
  const entries = data.getAll(name);
  const at = before === null ? entries.length : entries.indexOf(before);
  if (at < 0) return;
  entries.splice(at, 1, ...(after === null ? [] : [after]));
  data.delete(name);
  for (const entry of entries) data.append(name, entry);
}

/** Whether a change in a page comes from its translation, which wraps texts into <font>. */
export function isTranslation({ target, addedNodes }) {
  const parent = target.nodeType === Node.ELEMENT_NODE ? target : target.parentElement;
  return Boolean(parent?.closest("font")) || [...addedNodes].some(({ localName }) => localName === "font");
}

/** Gives a class properties that reflect attributes: frameworks assign to what an element has a property for. */
export function reflect(prototype, attributes) {
  for (const [property, attribute] of Object.entries(attributes)) {
    Object.defineProperty(prototype, property, {
      configurable: true,
      enumerable: true,
      get() {
        return this.getAttribute(attribute) ?? "";
      },
      set(value) {
        assign(this, attribute, value);
      },
    });
  }
}

/** Sets an attribute, or removes it for what frameworks mean none by. */
export function assign(element, attribute, value) {
  if (value === null || value === undefined || value === false) element.removeAttribute(attribute);
  else element.setAttribute(attribute, value === true ? "" : value);
}
