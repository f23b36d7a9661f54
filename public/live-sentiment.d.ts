/** Which arithmetic runs the model; by default the fastest that the browser has. */
export type Backend = "relaxed" | "simd128" | "scalar" | "candle";

/** What a failure means, and so what helps. */
export type ErrorKind =
  | "network"
  | "not-found"
  | "malformed"
  | "unsupported"
  | "input"
  | "cancelled"
  | "browser"
  | "crashed"
  | "internal";

/** What every rejected promise holds, unless a signal's own reason. */
export interface LiveSentimentError extends Error {
  name: "LiveSentimentError";
  kind: ErrorKind;
}

/** Bytes of the model's files that have arrived; `total` is missing where it is not known. */
export interface Progress {
  received: number;
  total?: number;
}

export interface CreateOptions {
  /**
   * Address of the model's folder, relative to the document: `config.json`, `tokenizer.json`, and `model.gguf` or
   * `model.safetensors`. Or of the weights in such a folder. By default the model beside the script.
   */
  model?: string | URL;
  backend?: Backend;
  /** Cancels loading. */
  signal?: AbortSignal;
  onProgress?(progress: Progress): void;
}

export interface Score {
  label: string;
  /** A probability. */
  score: number;
}

export interface Token {
  /** Its id in the model's vocabulary. */
  id: number;
  /** Where it stands in the text, in UTF-16 code units, as JavaScript counts. */
  start: number;
  end: number;
  /** Whether the vocabulary does not have it, so that the model sees only [UNK]. */
  unknown: boolean;
}

export interface Classification extends Score {
  /** All labels, in the model's order. */
  scores: Score[];
  /** What was read, without special tokens. */
  tokens: Token[];
  /** How many tokens the model saw, special tokens included. */
  tokenCount: number;
  /** Where reading stopped, if the text is longer than the model reads. */
  truncatedAt?: number;
  /** Tokenizing and inference, in milliseconds. */
  millis: number;
}

/** A sentence of a text, or a part of one that is longer than the model reads. */
export interface Sentence {
  /** Where it stands in the text, in UTF-16 code units, as JavaScript counts. */
  start: number;
  end: number;
  /** Missing, as the two below, if it could not be read. */
  label?: string;
  score?: number;
  /** All labels, in the model's order. */
  scores: Score[];
  /** What it is, where the model is sure and its labels have a polarity. */
  tone?: "negative" | "neutral" | "positive";
  /** Whether it could not be read. */
  failed?: true;
}

/** The verdict on a text of any length. */
export interface Analysis {
  /** Of the whole: "mixed" if positive and negative sentences both have a fair share of it; null for a blank text. */
  label: string | null;
  /** The highest of `scores`. */
  score?: number;
  /** All labels, in the model's order: the mean over windows of whole sentences. */
  scores: Score[];
  mixed: boolean;
  sentences: Sentence[];
  /** How many tokens the sentences have together, special tokens included. */
  tokenCount: number;
}

/** A word, or a negation with its word. */
export interface Word {
  text: string;
  start: number;
  end: number;
  /** What the probability of the sentence's label loses when it is left out: negative if it speaks against the label. */
  weight: number;
}

/** The words that carry the verdict on each sentence. */
export interface Explanation {
  sentences: { start: number; end: number; label?: string; score?: number; words: Word[] }[];
  /** Those of all sentences, in the order of the text. */
  words: Word[];
}

export interface Tokens {
  tokens: Token[];
  truncatedAt?: number;
}

/** How often a model was right on texts whose label is known. */
export interface Measured {
  name: string;
  texts: number;
  right: number;
}

export interface ModelInfo {
  name: string;
  architecture: string;
  labels: string[];
  /** Whether each label holds or not for itself; otherwise exactly one does, and the scores sum to 1. */
  multiLabel: boolean;
  parameters: number;
  /** In bytes. */
  fileSize: number;
  /** How most matrices are stored, as GGUF names it. */
  format: string;
  license?: string;
  maxTokens: number;
  backend: Backend;
  loadMillis: number;
  measured: Measured[];
}

export interface Options {
  /** Cancels the request; its promise is rejected with the signal's reason. */
  signal?: AbortSignal;
}

/** A model in a worker. */
export interface Sentiment {
  readonly info: ModelInfo;
  /** Classifies a text. */
  classify(text: string, options?: Options): Promise<Classification>;
  /**
   * Classifies several texts, in their order; identical ones are read once. With `workers`, so many read them, each with a model
   * of its own (about 25 MB), until all are read: as many as `navigator.hardwareConcurrency - 1` make sense.
   */
  classifyBatch(
    texts: readonly string[],
    options?: Options & { workers?: number; onProgress?(progress: { done: number; total: number }): void },
  ): Promise<Classification[]>;
  /** Reads a text of any length, sentence by sentence. */
  analyze(
    text: string,
    options?: Options & { onProgress?(progress: { done: number; total: number }): void },
  ): Promise<Analysis>;
  /** The words that carry the verdict on each sentence of a text. */
  explain(
    text: string,
    options?: Options & { onProgress?(progress: { done: number; total: number }): void },
  ): Promise<Explanation>;
  /** Classifies token ids, special tokens included. */
  classifyIds(ids: Iterable<number>, options?: Options): Promise<Classification>;
  /** The tokens that the model would see of a text, without inference. */
  tokenize(text: string, options?: Options): Promise<Tokens>;
  /** Ends the worker, which frees the model. What is still open is rejected with kind "cancelled". */
  dispose(): void;
}

/** Loads a model into a worker of its own. */
export function create(options?: CreateOptions): Promise<Sentiment>;

/** What an element knows of its present text. */
export interface Prediction extends Score {
  scores: Score[];
  tokens: Token[];
  /** Whether the text was longer than the model reads; with the attribute `sentences` all of it is read. */
  truncated: boolean;
  /** With the attribute `sentences`; `label` is "mixed" then. */
  mixed?: boolean;
  sentences?: Sentence[];
}

export interface LiveSentimentEventMap {
  /** Null when there is no verdict any more. A verdict that comes when the text is another already is not told. */
  "sentiment-change": CustomEvent<Prediction | null>;
  "model-progress": CustomEvent<Progress>;
  "model-error": CustomEvent<{ kind: ErrorKind; message: string }>;
}

/** `<live-sentiment>`; attributes: `for`, `model`, `loading`, `sentences`, `theme`, `name`, `placeholder`, `form`, `disabled`. */
export class LiveSentimentElement extends HTMLElement {
  static readonly version: string;
  /** The text that is read. */
  value: string;
  /** These reflect attributes. */
  name: string;
  type: string;
  htmlFor: string;
  model: string;
  theme: string;
  placeholder: string;
  disabled: boolean;
  /** Whether texts are read sentence by sentence, and sentences marked in the element's own field; reflects the attribute. */
  sentences: boolean;
  get loading(): "lazy" | "eager";
  set loading(loading: string);
  /** The form it belongs to; sets the attribute, which is an id. */
  get form(): HTMLFormElement | null;
  set form(form: string | HTMLFormElement | null);
  readonly labels: NodeList;
  /** The verdict; null while there is none on the present text. */
  readonly prediction: Prediction | null;
  addEventListener<K extends keyof LiveSentimentEventMap>(
    type: K,
    listener: (this: LiveSentimentElement, event: LiveSentimentEventMap[K]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(type: string, listener: EventListenerOrEventListenerObject, options?: boolean | AddEventListenerOptions): void;
}

declare global {
  interface HTMLElementTagNameMap {
    "live-sentiment": LiveSentimentElement;
  }
}
