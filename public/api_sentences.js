// The sentences of <live-sentiment sentences>: a copy of the field's text behind it, itself invisible, whose sentences are tinted,
// since a textarea cannot colour a part of its text.

/** Longer texts, in UTF-16 code units, are not laid out twice. */
const LONGEST = 100_000;

/** What must be the same for a copy to break its lines as the field does. */
const STYLES = [
  "direction", "font", "font-feature-settings", "font-kerning", "font-variation-settings", "hyphens", "letter-spacing", "line-height",
  "overflow-wrap", "padding-bottom", "padding-left", "padding-right", "padding-top", "tab-size", "text-align", "text-indent",
  "text-rendering", "text-transform", "word-break", "word-spacing",
];

/** Keeps the last line of the copy when it is empty, as the field does. */
const LAST_LINE = "\u200b";

/** The copy behind a field. */
export class Marks {
  #field;
  #mirror;
  /** `{ gap, text, before, span }`: a sentence, the blanks before it, and their nodes. */
  #pieces = [];
  #tail = document.createTextNode(LAST_LINE);
  #resized = new ResizeObserver(() => this.#fit());
  #listening = new AbortController();

  constructor(field) {
    this.#field = field;
    this.#mirror = field.ownerDocument.createElement("div");
    this.#mirror.className = "mirror";
    this.#mirror.setAttribute("aria-hidden", "true");
    this.#mirror.setAttribute("translate", "no");
    this.#mirror.append(this.#tail);
    field.before(this.#mirror);
    field.addEventListener("scroll", () => this.#scroll(), { signal: this.#listening.signal });
    this.#resized.observe(field);
  }

  remove() {
    this.#listening.abort();
    this.#resized.disconnect();
    this.#mirror.remove();
  }

  /** Tints `text` by its sentences. After an edit only the pieces that it changed are laid out again. */
  update(text, sentences) {
    if (text.length > LONGEST) [text, sentences] = ["", []];
    let end = 0;
    const pieces = sentences.map((sentence) => {
      const piece = { gap: text.slice(end, sentence.start), text: text.slice(sentence.start, sentence.end) };
      end = sentence.end;
      return piece;
    });
    const before = this.#pieces;
    const isSame = (one, other) => one && other && one.gap === other.gap && one.text === other.text;
    let front = 0;
    while (isSame(before[front], pieces[front])) front += 1;
    let back = 0;
    const rest = Math.min(before.length, pieces.length) - front;
    while (back < rest && isSame(before.at(-1 - back), pieces.at(-1 - back))) back += 1;
    const gone = before.slice(front, before.length - back);
    const next = before[before.length - back]?.before ?? this.#tail;
    const added = pieces.slice(front, pieces.length - back).map((piece) => this.#make(piece));
    for (const piece of added) {
      next.before(piece.before);
      next.before(piece.span);
    }
    for (const piece of gone) {
      piece.before.remove();
      piece.span.remove();
    }
    this.#pieces = [...before.slice(0, front), ...added, ...before.slice(before.length - back)];
    const tail = text.slice(end) + LAST_LINE;
    if (this.#tail.data !== tail) this.#tail.data = tail;
    const isAlone = sentences.length < 2;
    this.#pieces.forEach(({ span }, i) => {
      const tone = isAlone ? undefined : sentences[i].tone;
      if (tone) span.dataset.tone = tone;
      else delete span.dataset.tone;
      span.setAttribute("part", tone ? `sentence sentence-${tone}` : "sentence");
      if (tone) span.style.setProperty("--strength", `${Math.round(10 + 36 * Math.max(0, sentences[i].score - 0.5))}%`);
    });
    this.#fit();
  }

  #make({ gap, text }) {
    const document = this.#field.ownerDocument;
    const span = document.createElement("span");
    span.textContent = text;
    return { gap, text, before: document.createTextNode(gap), span };
  }

  /** Lies where the field's text lies. */
  #fit() {
    const field = this.#field;
    const { style } = this.#mirror;
    const computed = (field.ownerDocument.defaultView ?? window).getComputedStyle(field);
    for (const name of STYLES) style.setProperty(name, computed.getPropertyValue(name));
    const place = { left: field.clientLeft, top: field.clientTop, width: field.clientWidth, height: field.clientHeight };
    for (const [name, length] of Object.entries(place)) style.setProperty(name, `${length}px`);
    this.#scroll();
  }

  #scroll() {
    this.#mirror.scrollTop = this.#field.scrollTop;
    this.#mirror.scrollLeft = this.#field.scrollLeft;
  }
}
