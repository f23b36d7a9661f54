"""The student: a BERT classifier trained as it will be stored, every matrix rounded to Q4_0 in each forward pass.

    python student.py finetune --start DIR --data DIR --out DIR [--minutes 70]
    python student.py label --start DIR --data DIR --out FILE.jsonl
    python student.py distil --start DIR --data DIR --labels FILE.jsonl --out DIR [--minutes 60]

`finetune` makes the first checkpoint from the base weights, by the labels alone and without rounding. `label` asks that
checkpoint, so that what it knows is not lost. `distil` goes on from it (with its vocabulary chosen by vocabulary.py) by
labels, by the answers in `--labels`, by the texts of behaviour.py and by prefixes of sentences. Training goes on where it was
stopped; its last state is the result: nothing is chosen by a test file.
"""

import argparse
import collections
import random

import torch
from tokenizers import Tokenizer
from torch import nn
from transformers import AutoModelForSequenceClassification

import behaviour
import data
import quantization
from loop import Loop

MAX_TOKENS = 96
# Rows of each source in one epoch of `distil`; a source may be shorter.
MIXTURE = {
    "sst_sent": 8534, "sst_phr_neg": 23000, "sst_phr_pos": 23000, "sst_phr_neu": 9000, "semeval": 48069, "goemo": 41366, "dynasent_dev": 4316,
    "vader_amazonReviewSnippets": 3191, "vader_tweets": 3448, "vader_nytEditorialSnippets": 3571, "proscons": 5000,
    "cad": 700, "imdb": 1200, "blitzer": 1200, "unlabelled": 24000,
}  # fmt: skip
# What to ask an earlier model for; only what has an answer is drawn from the sentences without a label.
ASKED = {**MIXTURE, "sst_phr_neg": 40000, "sst_phr_pos": 50000, "unlabelled": 40000}
# How much a label given by people weighs beside the answers' probabilities.
BY_LABEL = 0.4
SMOOTHING = 0.06
# What an opening that says nothing yet should read as.
UNDECIDED = torch.tensor([0.2, 0.6, 0.2])


def read(folder):
    """All texts that may be learnt from, sentences without a label last."""
    rows = data.to_learn(folder)
    for row in rows:
        if row["src"] == "sst_phr_pol":
            # Apart, so that both are there alike often.
            row["src"] = "sst_phr_pos" if row["label"] else "sst_phr_neg"
    return rows + data.unlabelled(folder)


def targets(rows, teacher):
    """`[rows, labels]` probabilities to learn."""
    out = torch.empty(len(rows), len(data.LABELS))
    for at, row in enumerate(rows):
        if "target" in row:
            out[at] = row["target"]
            continue
        answers = teacher.get(row["text"])
        probabilities = torch.tensor(answers).softmax(1).mean(0) if answers else None
        if "label" not in row:
            out[at] = probabilities
            continue
        smooth = torch.full((len(data.LABELS),), SMOOTHING / len(data.LABELS))
        smooth[row["label"]] += 1 - SMOOTHING
        out[at] = smooth if probabilities is None else BY_LABEL * smooth + (1 - BY_LABEL) * probabilities
    return out


def prefixes(rows, count, teacher, seed):
    """Sentences broken off after some words, with what they will turn out to say, the less of it the less there is."""
    draw = random.Random(seed)
    out = []
    for row in draw.sample(rows, count):
        words = row["text"].split()
        if not 4 <= len(words) <= 40:
            continue
        # Short ones more often: that is where a verdict flips.
        length = 1 + int((len(words) - 1) * draw.random() ** 1.5)
        whole = targets([row], teacher)[0]
        known = 0.35 + 0.65 * length / len(words)
        out.append({"text": " ".join(words[:length]), "target": known * whole + (1 - known) * UNDECIDED})
    return out


def epoch_of(rows, teacher, seed):
    """The texts of one epoch."""
    chosen = data.sample(rows, MIXTURE, seed)
    short = [row for row in chosen if row["src"] not in ("cad", "imdb", "blitzer")]
    sentences = [row for row in short if not row["src"].startswith("sst_phr") and "label" in row]
    framed = behaviour.framed(22000, seed)
    plain = [row for row in sentences if row["src"] in ("semeval", "goemo", "vader_tweets", "dynasent_dev")]
    openings = [{**row, "target": UNDECIDED} for row in behaviour.openings()]
    again = [row for row in chosen if row["src"] in ("sst_sent", "dynasent_dev")]
    return (
        chosen + again + framed + openings * 3
        + prefixes(sentences + framed, 26000, teacher, seed)
        + behaviour.with_emoji(framed, 2500, seed) + behaviour.with_emoji(plain, 3500, seed)
    )  # fmt: skip


@torch.no_grad()
def label(options, tokenizer, model):
    """Writes the model's logits for the texts of `ASKED`."""
    texts = list(dict.fromkeys(row["text"] for row in data.sample(read(options.data), ASKED, seed=0)))
    ids = [encoding.ids for encoding in tokenizer.encode_batch_fast(texts)]
    model.eval()
    answers = [None] * len(texts)
    for batch in data.batches([len(tokens) for tokens in ids], options.tokens, seed=0):
        x, mask = data.collate([ids[row] for row in batch], model.config.pad_token_id)
        with torch.autocast(data.DEVICE, dtype=torch.bfloat16):
            logits = model(input_ids=x, attention_mask=mask).logits.float()
        for row, answer in zip(batch, logits.tolist()):
            answers[row] = [round(logit, 3) for logit in answer]
    data.write(options.out, [{"text": text, "logits": answer} for text, answer in zip(texts, answers)])
    print(f"{len(texts)} answers")


def train(options, tokenizer, model):
    distil = options.task == "distil"
    teacher = collections.defaultdict(list)
    for file in options.labels:
        for row in data.read(file):
            teacher[row["text"]].append(row["logits"])
    rows = [row for row in read(options.data) if "label" in row or row["text"] in teacher]
    labelled = sum("label" in row for row in rows)
    print(f"{labelled} texts with labels, {len(rows) - labelled} with answers only", flush=True)
    texts = []

    def epoch_batches(epoch):
        chosen = epoch_of(rows, teacher, epoch) if distil else rows
        encodings = tokenizer.encode_batch_fast([row["text"] for row in chosen])
        wanted = targets(chosen, teacher)
        texts[:] = [(encoding.ids, wanted[at]) for at, encoding in enumerate(encodings)]
        return data.batches([len(ids) for ids, _ in texts], options.tokens, seed=epoch)

    def loss_of(batch):
        x, mask = data.collate([texts[row][0] for row in batch], model.config.pad_token_id)
        words, weights = table(x), dict(model.named_parameters())
        if distil:
            # Of the words' table only the rows that are read: blocks lie within a row.
            words = quantization.straight_through(words)
            weights = {
                name: quantization.straight_through(weight)
                for name, weight in weights.items()
                if weight is not table.weight and quantization.is_stored_in_4_bits(name, weight)
            }
        with torch.autocast(data.DEVICE, dtype=torch.bfloat16):
            inputs = {"inputs_embeds": words, "attention_mask": mask}
            logits = torch.func.functional_call(model, weights, kwargs=inputs).logits.float()
        return nn.functional.cross_entropy(logits, torch.stack([texts[row][1] for row in batch]).to(data.DEVICE)), x.numel()

    table = model.get_input_embeddings()
    parameters = list(model.named_parameters())
    plain = [weight for name, weight in parameters if name.endswith("bias") or "LayerNorm" in name]
    decayed = [weight for name, weight in parameters if not (name.endswith("bias") or "LayerNorm" in name)]
    groups = [{"params": decayed, "weight_decay": 0.01}, {"params": plain, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=options.rate, betas=(0.9, 0.98), eps=1e-6, fused=True)
    loop = Loop(options.out, model, optimizer, options.minutes)
    loop.run(epoch_batches, loss_of)
    loop.average.module.save_pretrained(options.out)
    tokenizer.no_truncation()
    tokenizer.save(f"{options.out}/tokenizer.json", pretty=False)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=["finetune", "label", "distil"])
    parser.add_argument("--start", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--labels", action="append", default=[], help="of `label`, or of teacher.py; their mean where there are several")
    parser.add_argument("--minutes", type=float, default=70)
    parser.add_argument("--rate", type=float, default=1e-4)
    parser.add_argument("--tokens", type=int, default=4096, help="in a batch, padding included")
    options = parser.parse_args()
    if options.task == "distil" and not options.labels:
        parser.error("distil needs --labels")
    torch.manual_seed(1)
    tokenizer = Tokenizer.from_file(f"{options.start}/tokenizer.json")
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS)
    model = AutoModelForSequenceClassification.from_pretrained(
        options.start, dtype=torch.float32, num_labels=len(data.LABELS), problem_type="single_label_classification",
        id2label=dict(enumerate(data.LABELS)), label2id={name: id for id, name in enumerate(data.LABELS)},
        # Rounding is noise enough for a model this small; drawing dropout takes a sixth of the time.
        hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
        # PyTorch's fused attention takes half the step on a CPU, going backward.
        attn_implementation="eager" if data.DEVICE == "cpu" else "sdpa",
    ).to(data.DEVICE)  # fmt: skip
    (label if options.task == "label" else train)(options, tokenizer, model)


if __name__ == "__main__":
    main()
