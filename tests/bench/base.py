"""Generates a model of bert-base-uncased's shape with random weights, for this project and onnxruntime-web, in `models/base/`:

    config.json, tokenizer.json, model.gguf    Q8_0, by `live-sentiment quantize`
    onnx/model_quantized.onnx                  int8, converted as by models.py

    python base.py --cli ../../target/release/live-sentiment
"""

import argparse
import json
import pathlib
import subprocess
import tempfile

import torch
from transformers import BertConfig, BertForSequenceClassification

from quantized_onnx import write_onnx

HERE = pathlib.Path(__file__).parent
TOKENIZER = HERE.parent.parent / "public/models/minilm-sentiment/tokenizer.json"
OUT = HERE / "models/base"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cli", default="live-sentiment")
    options = parser.parse_args()
    torch.manual_seed(1)
    # The defaults are bert-base-uncased's: 12 layers, hidden size 768, 12 heads, 30,522 tokens.
    labels = dict(enumerate(["negative", "neutral", "positive"]))
    config = BertConfig(id2label=labels, label2id={name: id for id, name in labels.items()}, num_labels=3)
    model = BertForSequenceClassification(config).eval()
    OUT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as checkpoint:
        model.save_pretrained(checkpoint)
        tokenizer = json.loads(TOKENIZER.read_text())
        words = tokenizer["model"]["vocab"]
        # As many tokens as embeddings, like in BERT's own files.
        words |= {f"[unused{id}]": id for id in range(len(words), config.vocab_size)}
        pathlib.Path(checkpoint, "tokenizer.json").write_text(json.dumps(tokenizer))
        texts = pathlib.Path(checkpoint, "texts.txt")
        texts.write_text("I love it.\nI hate it.\nThe train leaves at nine.\nNobody expected that much from so little.\n")
        command = [options.cli, "quantize", checkpoint, str(OUT), "--format", "q8_0", "--verify", str(texts)]
        subprocess.run(command, check=True)
    write_onnx(model, OUT)


if __name__ == "__main__":
    main()
