// The small models of tests/golden/, as folders of a site.

import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { join } from "node:path";

import { faults } from "./site.mjs";

export const GOLDEN = fileURLToPath(new URL("../golden/", import.meta.url));

/** The files of a model that transformers made, as a folder of a site. */
export async function filesOf(name, weights = "model.safetensors") {
  const files = {};
  for (const file of ["config.json", "tokenizer.json"]) files[file] = await readFile(join(GOLDEN, "models", name, file));
  files[weights] = await readFile(join(GOLDEN, weights.endsWith(".gguf") ? "llama.cpp" : `models/${name}`, weights));
  return files;
}

/** Serves `files` under `folder` of the site. */
export function mount(home, folder, files) {
  home.fault(folder, faults.status(404));
  for (const [name, bytes] of Object.entries(files)) home.fault(`${folder}${name}`, faults.body(bytes));
}
