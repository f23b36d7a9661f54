"""Generates the golden vectors of this folder with Hugging Face's libraries (versions: requirements.txt).

    python make.py tokens    # tokens.json: ids and offsets
    python make.py tiny      # models/*: small random checkpoints with their outputs
    python make.py llama.cpp # llama.cpp/*: two of them in GGUF, as written by llama.cpp's converter
    python make.py default   # default.json: the default model
    python make.py checkpoint --checkpoint DIR    # checkpoint.json: a whole checkpoint of the same architecture

The output is committed, so that the tests need no Python. Run a command again after a change of its input: the corpus
or the default model. The tiny checkpoints are reproducible (fixed seeds).
"""

import argparse
import json
import pathlib

import gguf
import torch
import transformers
from safetensors.torch import load_file
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import AutoModelForSequenceClassification

import corpus
from checkpoint import load_tokenizer, new_model, read_gguf, set_weights, wrap_tokenizer

HERE = pathlib.Path(__file__).parent
DEFAULT_MODEL = HERE.parent.parent / "public/models/minilm-sentiment"


def write(path, value):
    """Writes JSON in ASCII, so that control characters survive editors, one case per line, so that diffs are readable."""
    lines = []
    for key, item in value.items():
        if isinstance(item, list) and item and isinstance(item[0], dict):
            rows = ",\n".join(json.dumps(row, separators=(",", ":")) for row in item)
            lines.append(f"{json.dumps(key)}:[\n{rows}\n]")
        else:
            lines.append(f"{json.dumps(key)}:{json.dumps(item, separators=(',', ':'))}")
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print(path.relative_to(HERE), path.stat().st_size, "bytes")


def numbers(tensor):
    """Rounds floats to seven digits, the precision of f32."""
    return [float(f"{x:.7g}") for x in tensor.flatten().tolist()]


# ---- token ids and offsets -------------------------------------------------------------------------------------


def tokens(_):
    """Each text of the corpus, truncated to 512 tokens: ids, and offsets in code points, as in Hugging Face's tokenizers."""
    tokenizer = load_tokenizer(DEFAULT_MODEL)
    cases = []
    for name, text in corpus.TOKENIZER.items():
        text, rule = corpus.expand(text), corpus.rule(text)
        encoded = tokenizer(text, truncation=True, max_length=512, return_offsets_mapping=True)
        cases.append({
            "name": name,
            **rule,
            "ids": encoded["input_ids"],
            "offsets": [x for pair in encoded["offset_mapping"] for x in pair],
            "truncated": len(tokenizer(text)["input_ids"]) > 512,
        })
    padded = []
    for text in corpus.ARTICLE:
        # Called encode_plus until version 5 of transformers.
        encoded = tokenizer(text, add_special_tokens=True, max_length=512, padding="max_length", truncation=True,
                            return_attention_mask=True, return_token_type_ids=True)
        padded.append({"text": text, "ids": encoded["input_ids"], "mask": encoded["attention_mask"],
                       "type_ids": encoded["token_type_ids"]})
    write(HERE / "tokens.json", {"cases": cases, "article": padded})


# ---- models ----------------------------------------------------------------------------------------------------


def run(model, tokenizer, max_length, texts=corpus.CLASSIFIED):
    """Logits of every text, one at a time and unpadded; the article's texts also padded, with their pooled output."""
    model.eval()
    pooler = getattr(getattr(model, "bert", None), "pooler", None)
    results = []
    with torch.no_grad():
        for text in texts:
            rule, text = corpus.rule(text), corpus.expand(text)
            encoded = tokenizer(text, truncation=True, max_length=max_length, return_tensors="pt")
            inputs = {"input_ids": encoded["input_ids"], "attention_mask": encoded["attention_mask"]}
            case = {**rule, "tokens": inputs["input_ids"].shape[1], "logits": numbers(model(**inputs).logits)}
            if text in corpus.ARTICLE and pooler is not None:
                case["pooled"] = numbers(model.bert(**inputs).pooler_output)
                padded = tokenizer(text, truncation=True, max_length=max_length, padding="max_length", return_tensors="pt")
                logits = model(input_ids=padded["input_ids"], attention_mask=padded["attention_mask"]).logits
                torch.testing.assert_close(logits, model(**inputs).logits, atol=1e-5, rtol=1e-5)
            results.append(case)
    return results


def tiny_tokenizer(limited, cased=False):
    """A WordPiece tokenizer with a few hundred tokens, whose ids differ from bert-base-uncased's. The cased one is
    multilingual: it keeps capitals and accents, and has words in other scripts."""
    letters = [chr(c) for c in range(33, 127) if cased or not chr(c).isupper()]
    words = "the film was good bad not great it is and a of i love hate this movie terrible never again fantastic".split()
    if cased:
        letters += "ßàâçèéêëíîïñóôöùúûü这部电影太棒了好"
        words += "The Film I It This Ich fand den großartig très über Этот фильм хороший".split()
    pieces = ["##" + c for c in letters if c.isalnum()] + ["##ing", "##ed", "##ly"]
    vocab = ["[PAD]", "[UNK]", "[SEP]", "[MASK]", "[CLS]", *letters, *(w for w in words if w not in letters), *pieces]
    ids = {token: i for i, token in enumerate(vocab)}
    tokenizer = Tokenizer(models.WordPiece(ids, unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=not cased, strip_accents=None, handle_chinese_chars=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", ids["[CLS]"]), ("[SEP]", ids["[SEP]"])])
    if limited:  # Many files on the Hub have these settings; they must have no effect.
        tokenizer.enable_truncation(16)
        tokenizer.enable_padding(length=32)
    return tokenizer


BERT = {
    "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64,
    "max_position_embeddings": 128,
}
EMOTIONS = """admiration amusement anger annoyance approval caring confusion curiosity desire disappointment disapproval
    disgust embarrassment excitement fear gratitude grief joy love nervousness optimism pride realization relief remorse
    sadness surprise neutral""".split()
TINY = {
    # A binary classifier like in the article: 512 positions.
    "bert-binary": (transformers.BertConfig, torch.float32, False, {
        **BERT, "max_position_embeddings": 512, "id2label": {0: "NEGATIVE", 1: "POSITIVE"}}),
    "bert-multi-label": (transformers.BertConfig, torch.float16, True, {
        **BERT, "hidden_act": "relu", "problem_type": "multi_label_classification",
        "id2label": {0: "anger", 1: "fear", 2: "joy", 3: "sadness", 4: "surprise"}}),
    "bert-gelu-new": (transformers.BertConfig, torch.float16, False, {
        **BERT, "hidden_act": "gelu_new", "layer_norm_eps": 1e-5, "num_attention_heads": 1,
        "id2label": {0: "negative", 1: "neutral", 2: "positive"}}),
    "distilbert-binary": (transformers.DistilBertConfig, torch.float16, False, {
        "dim": 32, "n_layers": 2, "n_heads": 2, "hidden_dim": 64, "max_position_embeddings": 128,
        "id2label": {0: "NEGATIVE", 1: "POSITIVE"}}),
    # Like nlptown/bert-base-multilingual-*-sentiment: stars, words of several languages, and the keys of an old config.json.
    "bert-stars": (transformers.BertConfig, torch.bfloat16, False, {
        **BERT, "num_hidden_layers": 1, "_num_labels": 5, "directionality": "bidi", "finetuning_task": "sentiment-analysis",
        "output_past": True, "pooler_fc_size": 768, "pooler_num_attention_heads": 12, "pooler_num_fc_layers": 3,
        "pooler_size_per_head": 128, "pooler_type": "first_token_transform",
        "id2label": {stars - 1: f"{stars} star{'s' * (stars > 1)}" for stars in range(1, 6)}}),
    # One label for each emotion of GoEmotions.
    "bert-emotions": (transformers.BertConfig, torch.float16, False, {
        **BERT, "num_hidden_layers": 1, "problem_type": "multi_label_classification", "id2label": dict(enumerate(EMOTIONS))}),
}
CASED = {"bert-stars"}


def tiny(_):
    """Random checkpoints saved by transformers, scaled so that every part of the network affects the logits."""
    for seed, (name, (config_class, dtype, limited, options)) in enumerate(TINY.items()):
        folder = HERE / "models" / name
        tokenizer = tiny_tokenizer(limited, name in CASED)
        labels = options["id2label"]
        config = config_class(**options, vocab_size=tokenizer.get_vocab_size(), pad_token_id=0,
                              label2id={label: i for i, label in labels.items()})
        model = AutoModelForSequenceClassification.from_config(config, attn_implementation="eager")
        random = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for key, parameter in model.named_parameters():
                values = torch.randn(parameter.shape, generator=random)
                if key.endswith("LayerNorm.weight") or key.endswith("_norm.weight"):
                    values = 1 + 0.2 * values
                elif parameter.dim() == 1:
                    values *= 0.2
                elif "embeddings" not in key:
                    values *= (4 if key.startswith("classifier") else 1.5) * parameter.shape[1] ** -0.5
                # Rounded to the file's type first, so that the file has exactly the weights that are run.
                parameter.copy_(values.to(dtype).float())
            # Centered, so that each label is predicted for some text.
            centred = run(model, wrap_tokenizer(tokenizer), config.max_position_embeddings, corpus.CENTRED)
            logits = [case["logits"] for case in centred]
            bias = model.classifier.bias - torch.tensor(logits).median(dim=0).values
            model.classifier.bias.copy_(bias.to(dtype).float())
        results = run(model, wrap_tokenizer(tokenizer), config.max_position_embeddings)
        model.to(dtype).save_pretrained(folder)
        tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
        write(folder / "golden.json", {"cases": results})


def llama_cpp(_):
    """Two of the tiny models as written by llama.cpp's convert_hf_to_gguf.py (conversion/bert.py): a DistilBERT, and a
    BERT with the pooler, which the converter itself drops."""
    for name, kind in [("distilbert-binary", "F16"), ("bert-gelu-new", "Q8_0")]:
        folder = HERE / "models" / name
        config = json.loads((folder / "config.json").read_text())
        layers = config.get("num_hidden_layers") or config["n_layers"]
        path = HERE / "llama.cpp" / f"{name}-{kind.lower()}.gguf"
        path.parent.mkdir(exist_ok=True)
        writer = gguf.GGUFWriter(path, "bert")
        writer.add_name(name)
        writer.add_file_type(gguf.LlamaFileType[f"MOSTLY_{kind}"])
        writer.add_context_length(config["max_position_embeddings"])
        writer.add_embedding_length(config.get("hidden_size") or config["dim"])
        writer.add_feed_forward_length(config.get("intermediate_size") or config["hidden_dim"])
        writer.add_block_count(layers)
        writer.add_head_count(config.get("num_attention_heads") or config["n_heads"])
        writer.add_layer_norm_eps(config.get("layer_norm_eps", 1e-12))
        writer.add_causal_attention(False)
        writer.add_classifier_output_labels(list(config["id2label"].values()))
        vocab = Tokenizer.from_file(str(folder / "tokenizer.json")).get_vocab()
        words = sorted(vocab, key=vocab.get)
        writer.add_token_type_count(2)
        writer.add_tokenizer_model("bert")
        writer.add_tokenizer_pre("default")
        writer.add_token_list([w[2:] if w.startswith("##") else w if w.startswith("[") else "\u2581" + w for w in words])
        writer.add_token_types([gguf.TokenType.CONTROL if w.startswith("[") else gguf.TokenType.NORMAL for w in words])
        names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.BERT, layers)
        for key, tensor in load_file(folder / "model.safetensors").items():
            key = key.removeprefix("distilbert.").removeprefix("bert.")
            # The mapping has only the pooler of RoBERTa's head, and maps `classifier` to it.
            key = key.replace("pooler.dense", "pre_classifier")
            key = "classifier.out_proj" + key.removeprefix("classifier") if key.startswith("classifier") else key
            own = names.get_name(key, try_suffixes=(".weight", ".bias"))
            plain = tensor.dim() == 1 or own in ("position_embd.weight", "token_types.weight")
            dtype = gguf.GGMLQuantizationType["F32" if plain else kind]
            writer.add_tensor(own, gguf.quants.quantize(tensor.float().numpy(), dtype), raw_dtype=dtype)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        print(path.relative_to(HERE), path.stat().st_size, "bytes")


def default(_):
    """Results of the default model: its GGUF dequantized."""
    tokenizer, model = load_tokenizer(DEFAULT_MODEL), new_model(DEFAULT_MODEL)
    path = DEFAULT_MODEL / "model.gguf"
    dequantized, _ = read_gguf(path)
    cases = run(set_weights(model, dequantized), tokenizer, model.config.max_position_embeddings)
    write(HERE / "default.json", {"gguf_bytes": path.stat().st_size, "gguf": cases})


def checkpoint(options):
    """Results of a checkpoint of the same architecture, unquantized and quantized to Q8_0."""
    tokenizer, model = load_tokenizer(options.checkpoint), new_model(options.checkpoint)
    longest = model.config.max_position_embeddings
    plain = {name: tensor.float() for name, tensor in load_file(options.checkpoint / "model.safetensors").items()}
    golden = {"f32": run(set_weights(model, plain), tokenizer, longest)}
    kind = gguf.GGMLQuantizationType.Q8_0
    for name in read_gguf(DEFAULT_MODEL / "model.gguf")[1]:
        blocks = gguf.quants.quantize(plain[name].numpy(), kind)
        plain[name] = torch.tensor(gguf.quants.dequantize(blocks, kind))
    golden["q8_0"] = run(set_weights(model, plain), tokenizer, longest)
    write(HERE / "checkpoint.json", golden)


if __name__ == "__main__":
    torch.set_num_threads(1)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["tokens", "tiny", "llama.cpp", "default", "checkpoint"])
    parser.add_argument("--checkpoint", type=pathlib.Path, help="its Hugging Face folder")
    chosen = parser.parse_args()
    {"tokens": tokens, "tiny": tiny, "llama.cpp": llama_cpp, "default": default, "checkpoint": checkpoint}[chosen.what](chosen)
