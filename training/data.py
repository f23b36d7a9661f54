"""Texts and their labels, and batches of them. Labels: 0 negative, 1 neutral, 2 positive."""

import json
import pathlib
import random

import torch

LABELS = ["negative", "neutral", "positive"]
PROBES = pathlib.Path(__file__).parent / "probes.jsonl"
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


def read(path):
    """Rows of a JSON-lines file: `text`, `label`, and `src` where it has one."""
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def folded(text):
    """What two texts share that differ in case and white space only."""
    return " ".join(text.lower().split())


def to_learn(folder):
    """The texts to learn from: not those that also stand in a file to be measured on, or among the probes."""
    kept_aside = {folded(row["text"]) for file in pathlib.Path(folder, "eval").glob("*.jsonl") for row in read(file)}
    kept_aside |= {folded(pair[side]["text"]) for pair in read(PROBES) for side in "ab"}
    return [row for row in read(f"{folder}/train/train.jsonl") if folded(row["text"]) not in kept_aside]


def unlabelled(folder):
    """Sentences of reviews that nobody gave a label."""
    with open(f"{folder}/train/unlabelled.txt", encoding="utf-8") as lines:
        return [{"text": line.strip(), "src": "unlabelled"} for line in lines if line.strip()]


def write(path, rows):
    with open(path, "w", encoding="utf-8") as lines:
        lines.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def sample(rows, sources, seed):
    """At most `sources[src]` rows of each source, in random order."""
    draw = random.Random(seed)
    rows = draw.sample(rows, len(rows))
    left = dict(sources)
    chosen = []
    for row in rows:
        if left.get(row["src"], 0) > 0:
            left[row["src"]] -= 1
            chosen.append(row)
    return chosen


def batches(lengths, tokens, seed):
    """Lists of row numbers, in random order: texts of similar length, at most `tokens` padded tokens each."""
    draw = random.Random(seed)
    out, current, longest = [], [], 0
    for row in sorted(range(len(lengths)), key=lambda row: lengths[row] + draw.random() * 6):
        if current and max(longest, lengths[row]) * (len(current) + 1) > tokens:
            out.append(current)
            current, longest = [], 0
        current.append(row)
        longest = max(longest, lengths[row])
    if current:
        out.append(current)
    draw.shuffle(out)
    return out


def collate(ids, pad):
    """`[batch, tokens]` ids and mask of lists of ids, where the model computes."""
    width = max(map(len, ids))
    x = torch.full((len(ids), width), pad, dtype=torch.long)
    mask = torch.zeros(len(ids), width, dtype=torch.long)
    for row, tokens in enumerate(ids):
        x[row, : len(tokens)] = torch.tensor(tokens)
        mask[row, : len(tokens)] = 1
    return x.to(DEVICE), mask.to(DEVICE)
