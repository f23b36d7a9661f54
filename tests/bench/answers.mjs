// Checks that every contender agrees with the model in f32: a benchmark of wrong results is worthless.

/** Softmax of `logits`, or the probabilities by label in the format of transformers.js and this project's API. */
function probabilities({ logits, scores }, labels) {
  if (logits) {
    const exp = logits.map((x) => Math.exp(x - Math.max(...logits)));
    const sum = exp.reduce((a, b) => a + b);
    return exp.map((x) => x / sum);
  }
  const named = new Map(scores.map(({ label, score }) => [label, score]));
  return labels.map((label) => named.get(label));
}

const best = (scores) => scores.indexOf(Math.max(...scores));
const share = (list, test) => list.filter(test).length / list.length;

/** Runs every row `{ text, ids, scores, label? }` on an open page and compares with its `scores`. */
export async function answers({ takes }, page, rows, labels) {
  await page.bringToFront();
  const raw = await page.evaluate(
    async ([inputs, takes]) => {
      const found = [];
      for (const input of inputs) found.push(await (takes === "text" ? window.bench.infer(input) : window.bench.inferIds(input)));
      return found.map(({ logits, scores }) => ({ logits, scores }));
    },
    [rows.map((row) => row[takes]), takes],
  );
  const compared = rows.map((row, i) => {
    const found = probabilities(raw[i], labels);
    const distance = Math.max(...found.map((x, label) => Math.abs(x - row.scores[label])));
    return { row, found, distance };
  });
  const distances = compared.map(({ distance }) => distance).sort((a, b) => a - b);
  const result = {
    texts: rows.length,
    sameLabel: share(compared, ({ row, found }) => best(found) === best(row.scores)),
    medianDistance: distances[distances.length >> 1],
    largestDistance: distances.at(-1),
  };
  const labelled = compared.filter(({ row }) => row.label !== undefined);
  if (labelled.length) {
    result.accuracy = share(labelled, ({ row, found }) => best(found) === row.label);
    result.accuracyInF32 = share(labelled, ({ row }) => best(row.scores) === row.label);
  }
  return result;
}
