"""Compares transformers and `live-sentiment` on checkpoints with the shapes and names of popular models, with random weights.

    python shapes.py --cli ../../target/release/live-sentiment [NAME…]

They are too large to be committed or generated in each test run (0.3 to 0.7 GB each, a minute or two); the tests use tiny
ones of the same kinds (make.py tiny). Prints the difference of logits in f32 and, by `quantize --verify`, in Q8_0. Fails if
that in f32 exceeds 1e-3.
"""

import argparse
import json
import pathlib
import subprocess
import tempfile

import torch
import transformers
from transformers import AutoModelForSequenceClassification

import corpus
from checkpoint import wrap_tokenizer
from make import EMOTIONS, tiny_tokenizer

# Configuration, vocabulary, whether the folder has only vocab.txt, and whether that is cased.
SHAPES = {
    "bert-base-uncased": (transformers.BertConfig, 30_522, False, False, {
        "id2label": {0: "LABEL_0", 1: "LABEL_1"}}),
    "distilbert-base-uncased-finetuned-sst-2-english": (transformers.DistilBertConfig, 30_522, True, False, {
        "id2label": {0: "NEGATIVE", 1: "POSITIVE"}}),
    "bert-base-multilingual-cased-sentiment": (transformers.BertConfig, 119_547, True, True, {
        "id2label": {stars - 1: f"{stars} star{'s' * (stars > 1)}" for stars in range(1, 6)}}),
    "bert-base-go-emotions": (transformers.BertConfig, 30_522, False, False, {
        "problem_type": "multi_label_classification", "id2label": dict(enumerate(EMOTIONS))}),
}  # fmt: skip
TEXTS = [text for text in map(corpus.expand, corpus.CLASSIFIED) if text.strip()][:40]


def write_checkpoint(name, folder):
    """Saves the checkpoint; returns transformers' logits of TEXTS."""
    config_class, size, only_words, cased, options = SHAPES[name]
    words = json.loads(tiny_tokenizer(False, cased).to_str())["model"]["vocab"]
    # As many tokens as embeddings.
    lines = sorted(words, key=words.get) + [f"[unused{id}]" for id in range(len(words), size)]
    (folder / "vocab.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "tokenizer_config.json").write_text(json.dumps({"do_lower_case": not cased}))
    tokenizer = transformers.BertTokenizer.from_pretrained(folder)
    labels = options["id2label"]
    config = config_class(**options, vocab_size=size, pad_token_id=0, label2id={label: i for i, label in labels.items()})
    torch.manual_seed(1)
    model = AutoModelForSequenceClassification.from_config(config, attn_implementation="eager").eval()
    with torch.no_grad():
        # Large enough to separate the labels.
        model.classifier.weight.mul_(20)
        logits = [
            model(**{key: value for key, value in tokenizer(text, truncation=True, max_length=512, return_tensors="pt").items()
                     if key != "token_type_ids"}).logits[0]
            for text in TEXTS
        ]  # fmt: skip
    model.save_pretrained(folder)
    if not only_words:
        (folder / "vocab.txt").unlink()
        wrap_tokenizer(tokenizer.backend_tokenizer).backend_tokenizer.save(str(folder / "tokenizer.json"))
    return torch.stack(logits)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cli", default="live-sentiment")
    parser.add_argument("names", nargs="*", default=list(SHAPES))
    options = parser.parse_args()
    for name in options.names:
        with tempfile.TemporaryDirectory() as work:
            folder, out, texts = (pathlib.Path(work, part) for part in ("model", "q8_0", "texts.jsonl"))
            folder.mkdir()
            expected = write_checkpoint(name, folder)
            texts.write_text("".join(json.dumps({"text": text}) + "\n" for text in TEXTS))
            command = [options.cli, "classify", "--model", str(folder), "--format", "jsonl"]
            answers = subprocess.run(command, input=texts.read_text(), capture_output=True, text=True, check=True).stdout
            found = torch.tensor([json.loads(line)["logits"] for line in answers.splitlines()])
            error = (found - expected).abs().max().item()
            print(f"{name}: {len(TEXTS)} texts, logits up to {expected.abs().max():.2f}, at most {error:.1e} apart in f32", flush=True)
            assert error < 1e-3, name
            subprocess.run(
                [options.cli, "quantize", str(folder), str(out), "--format", "q8_0", "--verify", str(texts)], check=True)


if __name__ == "__main__":
    main()
