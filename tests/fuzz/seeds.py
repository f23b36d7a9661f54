"""Generates model/, a minimal model with random weights.

The fuzz targets run it for every input, so it has 16 tokens, a hidden size of 32, and one layer.

    python3 seeds.py FOLDER
"""

import json
import pathlib
import random
import struct
import sys

HIDDEN, LABELS, POSITIONS = 32, 2, 12
SPECIAL = ["[PAD]", "[UNK]", "[SEP]", "[MASK]", "[CLS]"]
WORDS = SPECIAL + ["good", "bad", "not", "so", "g", "##o", "##d", "!", ".", "é", "好"]

CONFIG = {
    "architectures": ["BertForSequenceClassification"],
    "hidden_act": "gelu",
    "hidden_size": HIDDEN,
    "id2label": {"0": "bad", "1": "good"},
    "intermediate_size": HIDDEN,
    "layer_norm_eps": 1e-12,
    "max_position_embeddings": POSITIONS,
    "model_type": "bert",
    "num_attention_heads": 2,
    "num_hidden_layers": 1,
    "pad_token_id": 0,
    "type_vocab_size": 1,
    "vocab_size": len(WORDS),
}


def tokenizer():
    piece = lambda token: {"SpecialToken": {"id": token, "type_id": 0}}
    special = {t: {"id": t, "ids": [WORDS.index(t)], "tokens": [t]} for t in ("[CLS]", "[SEP]")}
    added = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [{"id": id, "content": token, **added} for id, token in enumerate(SPECIAL)],
        "normalizer": {
            "type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True,
            "strip_accents": None, "lowercase": True,
        },
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [piece("[CLS]"), {"Sequence": {"id": "A", "type_id": 0}}, piece("[SEP]")],
            "pair": [],
            "special_tokens": special,
        },
        "decoder": None,
        "model": {
            "type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100, "vocab": {word: id for id, word in enumerate(WORDS)},
        },
    }


def tensors():
    yield "bert.embeddings.word_embeddings.weight", [len(WORDS), HIDDEN]
    yield "bert.embeddings.position_embeddings.weight", [POSITIONS, HIDDEN]
    yield "bert.embeddings.token_type_embeddings.weight", [1, HIDDEN]
    layer = "bert.encoder.layer.0"
    matrices = ["attention.self.query", "attention.self.key", "attention.self.value"]
    matrices += ["attention.output.dense", "intermediate.dense", "output.dense"]
    for name in [f"{layer}.{matrix}" for matrix in matrices] + ["bert.pooler.dense"]:
        yield f"{name}.weight", [HIDDEN, HIDDEN]
        yield f"{name}.bias", [HIDDEN]
    for name in ["bert.embeddings", f"{layer}.attention.output", f"{layer}.output"]:
        yield f"{name}.LayerNorm.weight", [HIDDEN]
        yield f"{name}.LayerNorm.bias", [HIDDEN]
    yield "classifier.weight", [LABELS, HIDDEN]
    yield "classifier.bias", [LABELS]


def safetensors():
    random.seed(1)
    header, data = {}, b""
    for name, shape in tensors():
        count = shape[0] * (shape[1] if len(shape) > 1 else 1)
        numbers = struct.pack(f"<{count}e", *(random.uniform(-1, 1) for _ in range(count)))
        header[name] = {"dtype": "F16", "shape": shape, "data_offsets": [len(data), len(data) + len(numbers)]}
        data += numbers
    text = json.dumps(header, separators=(",", ":")).encode()
    return struct.pack("<Q", len(text)) + text + data


out = pathlib.Path(sys.argv[1])
out.mkdir(parents=True, exist_ok=True)
for name, content in {"config.json": CONFIG, "tokenizer.json": tokenizer()}.items():
    (out / name).write_text(json.dumps(content, separators=(",", ":"), ensure_ascii=False))
(out / "model.safetensors").write_bytes(safetensors())
