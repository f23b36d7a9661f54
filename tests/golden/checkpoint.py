"""Loads a GGUF file into transformers: every tensor dequantized and under its Hugging Face name."""

import gguf
import numpy as np
import torch
from tokenizers import Tokenizer
from transformers import AutoConfig, AutoModelForSequenceClassification, PreTrainedTokenizerFast

NAMES = {
    "token_embd": "bert.embeddings.word_embeddings",
    "position_embd": "bert.embeddings.position_embeddings",
    "token_types": "bert.embeddings.token_type_embeddings",
    "token_embd_norm": "bert.embeddings.LayerNorm",
    "attn_q": "attention.self.query",
    "attn_k": "attention.self.key",
    "attn_v": "attention.self.value",
    "attn_output": "attention.output.dense",
    "attn_output_norm": "attention.output.LayerNorm",
    "ffn_up": "intermediate.dense",
    "ffn_down": "output.dense",
    "layer_output_norm": "output.LayerNorm",
    "cls": "bert.pooler.dense",
    "cls.output": "classifier",
}


def hugging_face_name(name):
    """`blk.0.attn_q.weight` -> `bert.encoder.layer.0.attention.self.query.weight`."""
    stem, suffix = name.rsplit(".", 1)
    if stem.startswith("blk."):
        _, layer, part = stem.split(".", 2)
        return f"bert.encoder.layer.{layer}.{NAMES[part]}.{suffix}"
    return f"{NAMES[stem]}.{suffix}"


def read_gguf(path):
    """The tensors in f32, and the names of those stored in blocks of 4 or 8 bits."""
    tensors, quantized = {}, set()
    for tensor in gguf.GGUFReader(path).tensors:
        name = hugging_face_name(tensor.name)
        shape = [int(n) for n in reversed(tensor.shape)]
        numbers = gguf.quants.dequantize(tensor.data, tensor.tensor_type).astype(np.float32)
        tensors[name] = torch.tensor(numbers.reshape(shape))
        if gguf.GGML_QUANT_SIZES[tensor.tensor_type][0] > 1:
            quantized.add(name)
    return tensors, quantized


def new_model(folder):
    """An f32 model as described by `config.json`, with weights not set yet."""
    config = AutoConfig.from_pretrained(folder, dtype=torch.float32)
    return AutoModelForSequenceClassification.from_config(config, attn_implementation="eager").eval()


def set_weights(model, tensors):
    """Sets all weights to `tensors`, none missing and none unused."""
    missing, unexpected = model.load_state_dict(tensors, strict=False)
    assert not unexpected and all("position_ids" in name for name in missing), (missing, unexpected)
    return model


def wrap_tokenizer(tokenizer):
    """As a fast tokenizer of transformers, without the truncation and padding of `tokenizer.json`."""
    tokenizer = Tokenizer.from_str(tokenizer.to_str())
    tokenizer.no_truncation()
    tokenizer.no_padding()
    special = {f"{name}_token": f"[{name.upper()}]" for name in ("unk", "sep", "pad", "cls", "mask")}
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, **special)


def load_tokenizer(folder):
    """Loads `tokenizer.json`."""
    return wrap_tokenizer(Tokenizer.from_file(str(folder / "tokenizer.json")))
