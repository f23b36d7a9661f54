// window.bench for tests/bench: every call is answered, none is overtaken by a newer one.

const query = new URLSearchParams(location.search);
const state = document.getElementById("state");

async function load() {
  const api = await import(document.querySelector("link[rel=modulepreload]").href);
  await api.default();
  return api.create({
    model: query.get("model") ?? "models/minilm-sentiment/",
    backend: query.get("backend") ?? undefined,
    onProgress: ({ received, total }) => {
      state.textContent = total ? `Loading: ${received} of ${total} bytes.` : `Loading: ${received} bytes.`;
    },
  });
}

const loaded = load();

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
