"""The student's vocabulary: of BERT's 30,522 rows those that English text of this kind uses, and emoji, which BERT lacks.

    python vocabulary.py --start DIR --data DIR --out DIR [--rows 16384]

A word that is left out is read in pieces, as any word BERT does not know. `--start` is a checkpoint; `--out` becomes the
same checkpoint with fewer rows and its `tokenizer.json` to match.
"""

import argparse
import collections
import json
import os
import unicodedata

import torch
from tokenizers import Tokenizer
from transformers import AutoModelForSequenceClassification

import data

# By what people mean by them; the embeddings begin as the mean of the words given and of the emoji's Unicode name.
EMOJI = {
    "good happy": "😀😃😄😁😆😊🙂😉😋😎😺🥳🤗😇🙌👏👍👌✌💪🤩🎉🎊✨⭐🌟🏆🥇💯🔥✅☀🌈☺✔🌞🤙🫶🤝🙏",
    "love": "😍🥰😘😻❤♥💕💖💗💙💚💛💜🧡💞💓💘💝🤍🖤💐🌹🌸",
    "funny": "😂🤣😅😜😝😛😹🤪💀",
    "bad awful": "👎😒🙄😤😡😠🤬😾💩🤮🤢😖😣🤦😑😬🗑❌👿🖕🤡⛔😵🥴🥱",
    "sad": "😢😭😞😔😟🙁☹😿💔😩😫😥😓😪🥺😰😨😱😧😦🤧😷🤒",
    "maybe": "🤔😐😶🤷🙃😏🤨👀🫠😴🤭🤫🧐😳😲😮",
    "thing": "🐶🐱🦀🚗✈🏠📷📱💻📚📅🕐🎵🎧⚽🏀🍕🍔🍺☕🎂🎄🌍🌊🌧❄🚀💡📈📉🛒🎬📍➡👉💬🧵🤖👋",
}


def counts(tokenizer, options):
    """How often each token is used, every source of texts weighing the same."""
    sources = collections.defaultdict(list)
    for row in data.read(f"{options.data}/train/train.jsonl"):
        sources[row["src"].split("_")[0]].append(row["text"])
    sources["unlabelled"] = [row["text"] for row in data.unlabelled(options.data)]
    share = collections.Counter()
    for texts in sources.values():
        of_source = collections.Counter()
        for encoding in tokenizer.encode_batch_fast(texts):
            of_source.update(encoding.ids)
        total = sum(of_source.values())
        # A word seen twice says more than half of one seen four times.
        for id, count in of_source.items():
            if count > 1:
                share[tokenizer.id_to_token(id)] += (count / total) ** 0.75
    return share


def choose(vocabulary, share, rows):
    """The tokens that stay, in BERT's order, then the emoji."""
    emoji = [form for group in EMOJI.values() for char in group for form in (char, "##" + char)]
    emoji = [token for token in emoji if token not in vocabulary]
    always = {token for token in vocabulary if token.strip("#").isascii() and len(token.removeprefix("##")) == 1}
    always |= {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"}
    often = [token for token, _ in share.most_common() if token not in always and token in vocabulary]
    kept = always | set(often[: rows - len(emoji) - len(always)])
    return sorted(kept, key=vocabulary.get), emoji


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--start", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--rows", type=int, default=16384)
    options = parser.parse_args()

    path = os.path.join(options.start, "tokenizer.json")
    tokenizer = Tokenizer.from_file(path)
    # The base weights' tokenizer cuts texts off and fills them up.
    tokenizer.no_truncation()
    tokenizer.no_padding()
    with open(path, encoding="utf-8") as file:
        described = json.load(file) | {"truncation": None, "padding": None}
    vocabulary = described["model"]["vocab"]
    kept, emoji = choose(vocabulary, counts(tokenizer, options), options.rows)

    model = AutoModelForSequenceClassification.from_pretrained(options.start, dtype=torch.float32)
    table = model.get_input_embeddings().weight.data
    groups = {char: words for words, chars in EMOJI.items() for char in chars}

    def meaning(token):
        char = token.removeprefix("##")
        words = f"{groups[char]} {unicodedata.name(char).lower()}"
        return table[tokenizer.encode(words, add_special_tokens=False).ids].mean(0)

    rows = torch.stack([table[vocabulary[token]] for token in kept] + [meaning(token) for token in emoji])
    model.resize_token_embeddings(len(rows))
    model.get_input_embeddings().weight.data.copy_(rows)

    ids = {token: id for id, token in enumerate(kept + emoji)}
    described["model"]["vocab"] = ids
    for token in described["added_tokens"]:
        token["id"] = ids[token["content"]]
    for name, special in described["post_processor"]["special_tokens"].items():
        special["ids"] = [ids[name]]
    # Phones type ’ where keyboards type '.
    plain = [{"type": "Replace", "pattern": {"String": curly}, "content": straight} for curly, straight in ("’'", "‘'", "“\"", "”\"")]
    described["normalizer"] = {"type": "Sequence", "normalizers": plain + [described["normalizer"]]}

    model.config.pad_token_id = ids["[PAD]"]
    model.save_pretrained(options.out)
    with open(os.path.join(options.out, "tokenizer.json"), "w", encoding="utf-8") as file:
        json.dump(described, file, ensure_ascii=False)
    print(f"{len(kept)} of BERT's {len(vocabulary)} rows, {len(emoji)} of emoji")


if __name__ == "__main__":
    main()
