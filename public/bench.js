// Defines window.bench for tests/bench: calls are queued, and every one is answered.

import { create } from "./live-sentiment.js";

const query = new URLSearchParams(location.search);
const state = document.getElementById("state");

const loaded = create({
  model: query.get("model") ?? undefined,
  backend: query.get("backend") ?? undefined,
  onProgress: ({ received, total }) => {
    state.textContent = total ? `Loading: ${received} of ${total} bytes.` : `Loading: ${received} bytes.`;
  },
});

window.bench = {
  ready: loaded.then(({ info }) => {
    state.textContent = `${info.name} (${info.format}) is ready, with the backend “${info.backend}”.`;
  }),
  infer: async (text) => (await loaded).classify(text),
  inferIds: async (ids) => (await loaded).classifyIds(ids),
};

window.bench.ready.catch((error) => {
  state.textContent = error.message;
});
