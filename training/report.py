"""Everything the model card says in numbers, measured on the files that ship.

    python report.py --model DIR --checkpoint DIR --data DIR --out report.json [--before DIR] [--cli PATH]

Per test file: accuracy, expected calibration error and macro-F1 of the shipped Q4_0, of the same weights in f32 arithmetic (run by
transformers), and of VADER; then the probes by kind, verdicts contradicted while typing, and what names of places and people change.
`--before` is another model, measured beside it. The accuracies go into the model's config.json, where the page finds them.
"""

import argparse
import collections
import json
import os
import statistics

import torch
from tokenizers import Tokenizer
from transformers import AutoModelForSequenceClassification

import data
import quantization
from export import classify, configure

FILES = {"SST-2": "sst2_dev", "SST-3": "sst3_dev", "TweetEval": "tweeteval_val", "GoEmotions": "goemo_test"}
# None of these is among the texts that behaviour.py makes.
OPENINGS = """Our flight|The driver|These|Those shoes|My new|The second chapter|Her|His voice|It took|We ordered|We stayed|I tried|I found
I opened|I called|Every|Each of|Some of the|Nobody|Once|While|During the|Between|Inside|Through|Can you|Could you|Should I|Did you|Does the
Is there|Are you|Was the|Who|When|Whenever|Tomorrow|On Monday|Next week|This morning|This weekend|Three|Half of|Another|The new version
The lady|The waiter came|The music|The ending|The screen|The bag|The battery|The man at|Their|Your|You know|Let us|Please|Just|Also|Then""".replace("\n", "|").split("|")
COUNTRIES = "Austria|Portugal|Norway|Colombia|Indonesia|Thailand|Ghana|Algeria|Lebanon|Serbia|New Zealand|Bangladesh|Venezuela|Yemen|Chile".split("|")
NAMES = "Oliver|Khadija|Darnell|Mei|Ananya|Diego|Yusuf|Brad|Svetlana|Kofi|Kenji|Rosa|Omar|Ebony|Claire".split("|")
# A verdict on the way that differs from the last one with more confidence than this contradicts it.
CONFIDENT = 0.8
BINS = 15


def measure(scores, labels):
    """Accuracy, ECE and macro-F1, as `live-sentiment evaluate` defines them."""
    classes = sorted(set(labels.tolist()))
    if classes == [0, 2]:
        # Asked a question of two answers, the model should not lose points for a third.
        scores = scores.clone()
        scores[:, 1] = 0
        scores /= scores.sum(1, keepdim=True)
    confidence, chosen = scores.max(1)
    right = (chosen == labels).float()
    bins = (confidence * BINS).ceil().clamp(1, BINS)
    ece = sum(abs((right[bins == b] - confidence[bins == b]).sum().item()) for b in range(1, BINS + 1)) / len(labels)
    by_class, f1 = {}, []
    for c in classes:
        hits, said, there = ((chosen == c) & (labels == c)).sum().item(), (chosen == c).sum().item(), (labels == c).sum().item()
        f1.append(2 * hits / max(1, said + there))
        by_class[data.LABELS[c]] = {"precision": hits / max(1, said), "recall": hits / max(1, there), "texts": there}
    return {
        "accuracy": right.mean().item(), "right": int(right.sum()), "ece": ece, "macro_f1": statistics.mean(f1),
        "texts": len(labels), "classes": by_class,
    }  # fmt: skip


def scores_of(cli, model, texts):
    return torch.tensor([answer["scores"] for answer in classify(cli, model, texts)])


@torch.no_grad()
def in_f32(checkpoint, texts):
    """The checkpoint's probabilities, with its temperature; its matrices as they are stored, for so it was trained: what training
    remembers of them beyond that was never multiplied with anything."""
    model = AutoModelForSequenceClassification.from_pretrained(checkpoint, dtype=torch.float32).eval().to(data.DEVICE)
    for name, weight in model.named_parameters():
        if quantization.is_stored_in_4_bits(name, weight):
            weight.copy_(quantization.rounded(weight))
    tokenizer = Tokenizer.from_file(os.path.join(checkpoint, "tokenizer.json"))
    tokenizer.enable_truncation(model.config.max_position_embeddings)
    ids = [encoding.ids for encoding in tokenizer.encode_batch_fast(texts)]
    scores = torch.empty(len(texts), len(data.LABELS))
    for batch in data.batches([len(tokens) for tokens in ids], 8192, seed=0):
        x, mask = data.collate([ids[row] for row in batch], model.config.pad_token_id)
        logits = model(input_ids=x, attention_mask=mask).logits.cpu()
        scores[batch] = (logits / model.config.live_sentiment["temperature"]).softmax(1)
    return scores


def on_files(scores_of_texts, options):
    out = {}
    for name, file in FILES.items():
        rows = data.read(f"{options.data}/eval/{file}.jsonl")
        scores = scores_of_texts([row["text"] for row in rows])
        labels = torch.tensor([row["label"] for row in rows])
        out[name] = measure(scores, labels)
        out[name]["ece_odd_rows"] = measure(scores[1::2], labels[1::2])["ece"]
        out[name]["labels"] = scores.argmax(1).tolist()
    return out


def vader(options):
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    analyzer = SentimentIntensityAnalyzer()
    out = {}
    for name, file in FILES.items():
        rows = data.read(f"{options.data}/eval/{file}.jsonl")
        compound = torch.tensor([analyzer.polarity_scores(row["text"])["compound"] for row in rows])
        labels = torch.tensor([row["label"] for row in rows])
        margin = 0 if set(labels.tolist()) == {0, 2} else 0.05
        chosen = torch.where(compound >= margin, 2, torch.where(compound <= -margin, 0, 1))
        out[name] = (chosen == labels).float().mean().item()
    return out


def on_probes(cli, model):
    """Accuracy by kind, over texts; and how many pairs that should be read alike are."""
    pairs = data.read(data.PROBES)
    texts = [(pair["kind"], pair[side]["text"], pair[side]["label"]) for pair in pairs for side in "ab"]
    chosen = scores_of(cli, model, [text for _, text, _ in texts]).argmax(1).tolist()
    by_kind = collections.defaultdict(list)
    wrong = []
    for (kind, text, label), answer in zip(texts, chosen):
        by_kind[kind].append(answer == label)
        if answer != label:
            wrong.append({"kind": kind, "text": text, "label": label, "answer": answer})
    alike = [chosen[2 * i] == chosen[2 * i + 1] for i, pair in enumerate(pairs) if pair.get("invariant")]
    kinds = {kind: {"texts": len(right), "accuracy": statistics.mean(right)} for kind, right in by_kind.items()}
    whole = statistics.mean(right for kind in by_kind.values() for right in kind)
    return {"texts": len(texts), "accuracy": whole, "kinds": kinds, "invariant_alike": statistics.mean(alike)}, wrong


def while_typing(cli, model, options):
    """Sentences typed word by word: how many are contradicted on the way by a confident verdict, and how openings read."""
    rows = [row for file in ("sst3_dev", "tweeteval_val") for row in data.read(f"{options.data}/eval/{file}.jsonl")[:200]]
    texts, ends = [], []
    for row in rows:
        words = row["text"].split()
        texts += [" ".join(words[:n]) for n in range(1, len(words) + 1)]
        ends.append(len(texts))
    confidence, chosen = scores_of(cli, model, texts).max(1)
    start, contradicted, flips = 0, 0, 0
    for end in ends:
        last = chosen[end - 1]
        contradicted += bool(((chosen[start:end] != last) & (confidence[start:end] > CONFIDENT)).any())
        flips += int((chosen[start : end - 1] != chosen[start + 1 : end]).sum())
        start = end
    openings = scores_of(cli, model, OPENINGS)
    return {
        "sentences": len(rows), "contradicted": contradicted / len(rows), "changes_of_label_a_sentence": flips / len(rows),
        "openings_neutral": (openings.argmax(1) == 1).float().mean().item(), "openings_confidence": openings.max(1).values.mean().item(),
    }  # fmt: skip


def bias(cli, model):
    """P(negative) and P(positive) of neutral sentences that differ in a name only: lowest, highest, and whether all labels agree."""
    out = {}
    for frame, names in [
        ("This film was filmed in {}.", COUNTRIES),
        ("My neighbour is from {}.", COUNTRIES),
        ("{} is coming to dinner on Friday.", NAMES),
    ]:
        scores = scores_of(cli, model, [frame.format(name) for name in names])
        least, most = scores[:, 0].min(0), scores[:, 0].max(0)
        out[frame] = {
            "negative": [round(least.values.item(), 3), round(most.values.item(), 3)], "most_negative": names[most.indices],
            "positive": [round(scores[:, 2].min().item(), 3), round(scores[:, 2].max().item(), 3)],
            "labels": sorted(set(data.LABELS[label] for label in scores.argmax(1).tolist())), "names": len(names),
        }  # fmt: skip
    return out


def markdown(report):
    """The tables of the model card."""
    percent = lambda x: f"{100 * x:.1f}"
    with_ece = lambda m: f"{percent(m['accuracy'])} ({m['ece']:.3f})".replace("(0.", "(.")
    forms = [form for form in ("before", "f32", "q4_0") if form in report]
    print("| file | texts | " + " | ".join(forms) + " | macro-F1, q4_0 | VADER |")
    print("|---" * (len(forms) + 4) + "|")
    for name, shipped in report["q4_0"].items():
        cells = [with_ece(report[form][name]) for form in forms]
        print(f"| {name} | {shipped['texts']:,} | " + " | ".join(cells) + f" | {percent(shipped['macro_f1'])} | {percent(report['vader'][name])} |")
    print("\n| file | class | precision | recall | texts |\n|---|---|---|---|---|")
    for name, shipped in report["q4_0"].items():
        for label, c in shipped["classes"].items():
            print(f"| {name} | {label} | {percent(c['precision'])} | {percent(c['recall'])} | {c['texts']:,} |")
    behaviours = [key for key in ("before_behaviour", "behaviour") if key in report]
    print("\n| probes | texts | " + " | ".join(behaviours) + " |\n|---|---" + "|---" * len(behaviours) + "|")
    for kind, k in report["behaviour"]["probes"]["kinds"].items():
        cells = [percent(report[key]["probes"]["kinds"][kind]["accuracy"]) for key in behaviours]
        print(f"| {kind} | {k['texts']} | " + " | ".join(cells) + " |")
    for row in ("accuracy", "invariant_alike"):
        print(f"| {row} | | " + " | ".join(percent(report[key]["probes"][row]) for key in behaviours) + " |")
    for key in behaviours:
        print(key, json.dumps(report[key]["typing"]), json.dumps(report[key]["bias"], ensure_ascii=False))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--checkpoint")
    parser.add_argument("--before")
    parser.add_argument("--data", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--cli", default="live-sentiment")
    options = parser.parse_args()
    cli, report = options.cli, {}

    def behaves(model):
        probes, wrong = on_probes(cli, model)
        return {"probes": probes, "typing": while_typing(cli, model, options), "bias": bias(cli, model)}, wrong

    report["q4_0"] = on_files(lambda texts: scores_of(cli, options.model, texts), options)
    report["behaviour"], report["probes_wrong"] = behaves(options.model)
    measured = [{"name": name, "texts": m["texts"], "right": m["right"]} for name, m in report["q4_0"].items()]
    configure(os.path.join(options.model, "config.json"), {"measured": measured})
    if options.checkpoint:
        report["f32"] = on_files(lambda texts: in_f32(options.checkpoint, texts), options)
    if options.before:
        report["before"] = on_files(lambda texts: scores_of(cli, options.before, texts), options)
        report["before_behaviour"], _ = behaves(options.before)
    for name in FILES:
        shipped = report["q4_0"][name].pop("labels")
        for form in ("f32", "before"):
            if form in report:
                labels = report[form][name].pop("labels")
                report[form][name]["labels_as_shipped"] = statistics.mean(a == b for a, b in zip(labels, shipped))
    report["vader"] = vader(options)
    with open(options.out, "w", encoding="utf-8") as file:
        json.dump(report, file, indent=1, ensure_ascii=False)
    markdown(report)


if __name__ == "__main__":
    main()
