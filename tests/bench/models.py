"""Converts the page's own model for the peers of the benchmark, to `models/`:

    minilm/{config.json, tokenizer.json, tokenizer_config.json}
    minilm/onnx/model_quantized.onnx    int8 as the Hugging Face Hub has it (transformers.js' scripts/quantize.py)
    minilm/minilm-int8.tflite           int8 as LiteRT's quantizer makes it, one signature for each static length
    golden.json                         texts with their token ids, and the probabilities of the model in f32

Everybody so runs the same weights (those of model.gguf, dequantized), and answers can be compared as well as times.

    python models.py    # about five minutes
    python models.py --eval FILE.jsonl…    # only eval.json: the same as golden.json for rows of `text` and `label`
"""

import argparse
import json
import pathlib
import shutil
import sys

import litert_torch
import torch
from ai_edge_quantizer import quantizer, recipe

HERE = pathlib.Path(__file__).parent
SOURCE = HERE.parent.parent / "public/models/minilm-sentiment"
OUT = HERE / "models/minilm"
# LiteRT has only static shapes. A text is padded to the next of these lengths.
LENGTHS = [8, 16, 32, 64, 128, 256, 512]

sys.path.insert(0, str(HERE.parent / "golden"))
import corpus  # noqa: E402
from checkpoint import load_tokenizer, new_model, read_gguf, set_weights  # noqa: E402
from quantized_onnx import write_onnx  # noqa: E402


def write_answers(file, rows, model, tokenizer):
    """Probabilities of the model in f32 for each row's text."""
    for row in rows:
        row["ids"] = tokenizer(row["text"], truncation=True, max_length=512)["input_ids"]
        with torch.no_grad():
            row["scores"] = torch.softmax(model(input_ids=torch.tensor([row["ids"]])).logits[0], dim=0).tolist()
    (HERE / "models" / file).write_text(json.dumps(rows))


class Plain(torch.nn.Module):
    """The classifier without constructs that LiteRT's converter does not support: dynamic shapes, dropout, several masks."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, ids, mask):
        bert, config = self.model.bert, self.model.config
        hidden = bert.embeddings(input_ids=ids)
        batch, tokens, width = hidden.shape
        heads, size = config.num_attention_heads, width // config.num_attention_heads
        masked = (1.0 - mask.float())[:, None, None, :] * -1e4
        for layer in bert.encoder.layer:
            attention = layer.attention.self
            query, key, value = (
                linear(hidden).view(batch, tokens, heads, size).transpose(1, 2)
                for linear in (attention.query, attention.key, attention.value))
            weights = torch.softmax(query @ key.transpose(-1, -2) * size**-0.5 + masked, dim=-1)
            context = (weights @ value).transpose(1, 2).reshape(batch, tokens, width)
            output = layer.attention.output
            attended = output.LayerNorm(output.dense(context) + hidden)
            inner = torch.nn.functional.gelu(layer.intermediate.dense(attended))
            hidden = layer.output.LayerNorm(layer.output.dense(inner) + attended)
        return self.model.classifier(torch.tanh(bert.pooler.dense(hidden[:, 0])))


def write_tflite(model):
    wrapped = Plain(model).eval()
    ids = torch.tensor([[101, 2023, 3185, 2003, 1037, 6659, 5949, 102]], dtype=torch.int32)
    with torch.no_grad():
        torch.testing.assert_close(
            wrapped(ids, torch.ones_like(ids)), model(input_ids=ids.long()).logits, atol=1e-4, rtol=1e-4)
    converter = litert_torch
    for length in LENGTHS:
        # Two different tensors: the converter merges equal inputs.
        ids, mask = torch.zeros((1, length), dtype=torch.int32), torch.ones((1, length), dtype=torch.int32)
        converter = converter.signature(f"tokens_{length}", wrapped, (ids, mask))
    plain = OUT / "minilm.tflite"
    converter.convert().export(str(plain))
    quantize = quantizer.Quantizer(str(plain))
    quantize.load_quantization_recipe(recipe.dynamic_wi8_afp32())
    quantize.quantize().export_model(str(OUT / "minilm-int8.tflite"), overwrite=True)
    plain.unlink()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--eval", type=pathlib.Path, nargs="+", default=[])
    options = parser.parse_args()
    OUT.mkdir(parents=True, exist_ok=True)
    model = set_weights(new_model(SOURCE), read_gguf(SOURCE / "model.gguf")[0])
    tokenizer = load_tokenizer(SOURCE)
    if options.eval:
        rows = [json.loads(line) | {"file": path.stem} for path in options.eval for line in path.open()]
        return write_answers("eval.json", rows, model, tokenizer)
    for file in ("config.json", "tokenizer.json"):
        shutil.copy(SOURCE / file, OUT)
    # Without a pad token transformers.js takes no arrays of texts.
    tokenizer_config = {"tokenizer_class": "BertTokenizer", "model_max_length": 512, "pad_token": "[PAD]"}
    (OUT / "tokenizer_config.json").write_text(json.dumps(tokenizer_config))
    write_answers("golden.json", [{"text": corpus.expand(text)} for text in corpus.CLASSIFIED], model, tokenizer)
    write_onnx(model, OUT)
    write_tflite(model)


if __name__ == "__main__":
    main()
