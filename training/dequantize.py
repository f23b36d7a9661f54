"""A model that ships back to a checkpoint, so that training can go on from it: rounding the same numbers again changes nothing.

    python dequantize.py --model ../public/models/minilm-sentiment --out DIR
"""

import argparse
import pathlib
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "tests/golden"))
from checkpoint import new_model, read_gguf, set_weights  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True, type=pathlib.Path)
    parser.add_argument("--out", required=True, type=pathlib.Path)
    options = parser.parse_args()
    model = set_weights(new_model(options.model), read_gguf(options.model / "model.gguf")[0])
    model.save_pretrained(options.out)
    shutil.copy(options.model / "tokenizer.json", options.out)


if __name__ == "__main__":
    main()
