// A model as programs use it: questions to it as promises, which a signal can abort.

/** A model, ready to be asked. */
export class Sentiment {
  #model;
  /** Batches that are read. */
  #batches = 0;

  constructor(model) {
    this.#model = model;
  }

  /** What is known of the model. */
  get info() {
    return this.#model.info;
  }

  /** Classifies `text`. */
  async classify(text, options) {
    return this.#answer((model) => model.submit(String(text)), options);
  }

  /** Classifies token ids, special tokens included. */
  async classifyIds(ids, options) {
    return this.#answer((model) => model.submitIds(Uint32Array.from(ids)), options);
  }

  /** Classifies each of `texts`, in their order, by so many workers; identical texts are read once. */
  async classifyBatch(texts, { signal, onProgress, workers = 1 } = {}) {
    const places = new Map();
    for (const [i, text] of Array.from(texts, String).entries()) {
      const same = places.get(text);
      if (same) same.push(i);
      else places.set(text, [i]);
    }
    const waiting = [...places.keys()].reverse();
    const answers = [];
    let done = 0;
    const read = async (worker) => {
      while (waiting.length) {
        const text = waiting.pop();
        try {
          const answer = await this.#answer((model) => model.submitTo(worker, text), { signal });
          for (const i of places.get(text)) {
            answers[i] = answer;
            onProgress?.({ done: ++done, total: texts.length });
          }
        } catch (error) {
          // What another worker cannot read, the first one may.
          if (worker > 0) return void waiting.push(text);
          waiting.length = 0;
          throw error;
        }
      }
    };
    this.#batches += 1;
    try {
      // Each has one text ahead, so that none waits for the page.
      const count = Math.max(1, Math.min(workers, 16));
      await Promise.all(Array.from({ length: 2 * count }, (_, i) => read(i >> 1)));
      await read(0);
    } finally {
      this.#batches -= 1;
      if (!this.#batches) this.#model.endOthers();
    }
    return answers;
  }

  /** What the model would read of `text`. */
  async tokenize(text, options) {
    return this.#answer((model) => model.submitTokens(String(text)), options);
  }

  /** The verdict on `text`, of any length, and on each of its sentences. */
  async analyze(text, { signal, onProgress } = {}) {
    const { reading, view } = await this.#read(text, signal, onProgress);
    reading.free();
    const { label, score, scores, mixed, sentences, tokenCount } = view;
    return { label, score, scores, mixed, sentences: sentences.map(publicSentence), tokenCount };
  }

  /** The verdict on each sentence of `text`, and the words that carry it. */
  async explain(text, { signal, onProgress } = {}) {
    const { reading, view } = await this.#read(text, signal);
    try {
      const sentences = [];
      for (const [index, sentence] of view.sentences.entries()) {
        const { start, end, label, score } = sentence;
        const words = sentence.isFailed ? [] : await changed(reading, signal, () => reading.explain(index));
        sentences.push({ start, end, label, score, words });
        onProgress?.({ done: index + 1, total: view.sentences.length });
      }
      return { sentences, words: sentences.flatMap(({ words }) => words) };
    } finally {
      reading.dispose();
      reading.free();
    }
  }

  /** A document that is edited: only what an edit changed is read. */
  document(onChange) {
    return this.#model.document(true, onChange);
  }

  /** Ends the worker, which frees everything. */
  dispose() {
    this.#model.dispose();
  }

  /** A document with this text, once all of it has been read. */
  async #read(text, signal, onProgress) {
    if (signal?.aborted) throw signal.reason;
    const reading = this.#model.document(false, (error) => reading.onChange?.(error));
    const look = () => {
      const view = reading.view();
      onProgress?.({ done: view.done, total: view.total });
      return view.isComplete ? view : undefined;
    };
    try {
      const view = await changed(reading, signal, look, () => reading.edit(String(text)));
      const failure = reading.failure();
      if (failure && view.total > 0) throw failure;
      return { reading, view };
    } catch (error) {
      reading.dispose();
      reading.free();
      throw error;
    }
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

/** What `look` finds in a document, be it only after a change; it looks again at each. Rejects when `signal` is aborted. */
function changed(reading, signal, look, start) {
  return new Promise((resolve, reject) => {
    const end = (settle, value) => {
      signal?.removeEventListener("abort", abort);
      reading.onChange = undefined;
      settle(value);
    };
    const abort = () => end(reject, signal.reason);
    const check = (error) => {
      if (error) return end(reject, error);
      try {
        const found = look();
        if (found !== undefined) end(resolve, found);
      } catch (thrown) {
        end(reject, thrown);
      }
    };
    signal?.addEventListener("abort", abort);
    reading.onChange = check;
    start?.();
    check();
  });
}

/** A sentence as programs see it. */
export const publicSentence = ({ start, end, label, score, scores, tone, isFailed }) =>
  isFailed ? { start, end, scores, failed: true } : { start, end, label, score, scores, tone };
