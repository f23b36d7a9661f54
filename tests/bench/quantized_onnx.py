"""Exports a classifier in the format of the Hugging Face Hub for browsers: int8 ONNX."""

import onnxruntime
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic


def write_onnx(model, folder):
    """Writes `folder`/onnx/model_quantized.onnx, like scripts/quantize.py of transformers.js."""
    (folder / "onnx").mkdir(exist_ok=True)
    plain, quantized = folder / "onnx/model.onnx", folder / "onnx/model_quantized.onnx"
    ids = torch.randint(1000, model.config.vocab_size, (2, 16))
    inputs = {"input_ids": ids, "attention_mask": torch.ones_like(ids), "token_type_ids": torch.zeros_like(ids)}
    axes = {name: {0: "batch_size", 1: "sequence_length"} for name in inputs}
    torch.onnx.export(
        model, tuple(inputs.values()), str(plain), input_names=list(inputs), output_names=["logits"],
        dynamic_axes=axes | {"logits": {0: "batch_size"}}, opset_version=14, do_constant_folding=True, dynamo=False)
    quantize_dynamic(
        str(plain), str(quantized), per_channel=True, reduce_range=True, weight_type=QuantType.QInt8,
        extra_options={"EnableSubgraph": True, "MatMulConstBOnly": True})
    session = onnxruntime.InferenceSession(str(plain), providers=["CPUExecutionProvider"])
    found = session.run(None, {name: tensor.numpy() for name, tensor in inputs.items()})[0]
    with torch.no_grad():
        torch.testing.assert_close(torch.tensor(found), model(**inputs).logits, atol=1e-4, rtol=1e-4)
    plain.unlink()
