"""The teacher: MPNet with a classifier on its mean-pooled hidden states.

    python teacher.py train --base DIR --data DIR --out DIR [--minutes 35]
    python teacher.py label --base DIR --data DIR --out DIR [--minutes 30] [--extra FILE.jsonl]

`train` fine-tunes on a sample of the training texts. `label` writes the teacher's logits for as many texts of reviews as the
time allows; both go on where they were stopped. `--extra` are texts to be labelled before all others.
"""

import argparse
import json
import os
import time

import torch
from torch import nn
from transformers import AutoModel, AutoTokenizer

import behaviour
import data
from loop import Loop

MAX_TOKENS = 64
# Rows of each source in an epoch, and texts of behaviour.py.
TRAIN = {
    "sst_sent": 8534, "sst_phr_pol": 24000, "sst_phr_neu": 7000, "semeval": 48069, "goemo": 36000,
    "dynasent_dev": 4316, "vader_amazonReviewSnippets": 3191, "vader_tweets": 3448, "vader_nytEditorialSnippets": 3571,
    "proscons": 3000, "cad": 700,
}  # fmt: skip
FRAMED = 8000
# What to ask it for.
ASKED = {
    "sst_sent": 8534, "sst_phr_pol": 40000, "sst_phr_neu": 9000, "semeval": 48069, "goemo": 41366, "dynasent_dev": 4316,
    "vader_amazonReviewSnippets": 3191, "vader_tweets": 3448, "vader_nytEditorialSnippets": 3571, "proscons": 5000,
    "unlabelled": 40000,
}  # fmt: skip


class Teacher(nn.Module):
    def __init__(self, base):
        super().__init__()
        # Without dropout: it sees a text once or twice, and drawing the numbers would take a sixth of the time.
        self.encoder = AutoModel.from_pretrained(
            base, dtype=torch.float32, add_pooling_layer=False, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0
        )
        self.head = nn.Linear(self.encoder.config.hidden_size, len(data.LABELS))

    def forward(self, x, mask):
        """`[batch, tokens]` ids and mask to `[batch, labels]` logits."""
        hidden = self.encoder(input_ids=x, attention_mask=mask).last_hidden_state.float()
        mask = mask.unsqueeze(-1)
        return self.head((hidden * mask).sum(1) / mask.sum(1))


def train(options, tokenizer, model):
    rows = data.to_learn(options.data)
    groups = [{"params": model.encoder.parameters(), "lr": options.rate}, {"params": model.head.parameters(), "lr": 1e-3}]
    optimizer = torch.optim.AdamW(groups, weight_decay=0.01, betas=(0.9, 0.98), eps=1e-6, fused=True)
    texts = []

    def epoch_batches(epoch):
        chosen = data.sample(rows, TRAIN, epoch) + behaviour.framed(FRAMED, epoch)
        ids = tokenizer([row["text"] for row in chosen], truncation=True, max_length=MAX_TOKENS)["input_ids"]
        texts[:] = zip(ids, (row["label"] for row in chosen))
        return data.batches([len(tokens) for tokens in ids], options.tokens, seed=epoch)

    def loss_of(batch):
        x, mask = data.collate([texts[row][0] for row in batch], tokenizer.pad_token_id)
        with torch.autocast(data.DEVICE, dtype=torch.bfloat16):
            logits = model(x, mask).float()
        labels = torch.tensor([texts[row][1] for row in batch], device=data.DEVICE)
        return nn.functional.cross_entropy(logits, labels, label_smoothing=0.05), x.numel()

    loop = Loop(options.out, model, optimizer, options.minutes)
    loop.run(epoch_batches, loss_of)
    torch.save(loop.average.module.state_dict(), f"{options.out}/teacher.pt")


@torch.no_grad()
def predict(model, tokenizer, texts):
    """Logits, a list a text."""
    ids = tokenizer(texts, truncation=True, max_length=MAX_TOKENS)["input_ids"]
    out = [None] * len(texts)
    for batch in data.batches([len(t) for t in ids], 4096, seed=0):
        with torch.autocast(data.DEVICE, dtype=torch.bfloat16):
            logits = model(*data.collate([ids[row] for row in batch], tokenizer.pad_token_id)).float()
        for row, answer in zip(batch, logits.tolist()):
            out[row] = [round(x, 3) for x in answer]
    return out


def label(options, tokenizer, model):
    model.load_state_dict(torch.load(f"{options.out}/teacher.pt", map_location=data.DEVICE, weights_only=True))
    model.eval()
    for name, file in (("SST-3", "sst3_dev"), ("TweetEval", "tweeteval_val")):
        rows = data.read(f"{options.data}/eval/{file}.jsonl")
        logits = torch.tensor(predict(model, tokenizer, [row["text"] for row in rows]))
        right = (logits.argmax(1) == torch.tensor([row["label"] for row in rows])).float().mean()
        print(f"teacher on {name}: {100 * right:.1f} %", flush=True)

    path = f"{options.out}/labels.jsonl"
    done = set()
    if os.path.exists(path):
        with open(path, "rb+") as out:
            # The last line may have been cut off.
            out.truncate(out.read().rfind(b"\n") + 1)
        done = {row["text"] for row in data.read(path)}
    texts = [row["text"] for row in data.read(options.extra)] if options.extra else []
    rows = data.to_learn(options.data) + data.unlabelled(options.data)
    texts += [row["text"] for row in data.sample(rows, ASKED, seed=2)]
    texts = [text for text in dict.fromkeys(texts) if text not in done]
    start, count = time.time(), 0
    with open(path, "a", encoding="utf-8") as out:
        for at in range(0, len(texts), 2000):
            if time.time() - start > options.minutes * 60:
                break
            part = texts[at : at + 2000]
            for text, logits in zip(part, predict(model, tokenizer, part)):
                out.write(json.dumps({"text": text, "logits": logits}, ensure_ascii=False) + "\n")
            out.flush()
            count += len(part)
            print(f"{len(done) + count} of {len(done) + len(texts)} labelled, {(time.time() - start) / 60:.1f} minutes", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=["train", "label"])
    parser.add_argument("--base", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--minutes", type=float, default=35)
    parser.add_argument("--rate", type=float, default=4e-5)
    parser.add_argument("--tokens", type=int, default=3072, help="in a batch, padding included")
    parser.add_argument("--extra")
    options = parser.parse_args()
    torch.manual_seed(1)
    tokenizer = AutoTokenizer.from_pretrained(options.base)
    {"train": train, "label": label}[options.task](options, tokenizer, Teacher(options.base).to(data.DEVICE))


if __name__ == "__main__":
    main()
