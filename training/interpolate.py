"""A model between the one before a round of training and the one after: it keeps more of what was known before (Wortsman et
al. 2022, "Robust fine-tuning of zero-shot models").

    python interpolate.py --before DIR --after DIR --share 0.1 --out DIR
"""

import argparse
import pathlib
import shutil

import torch
from transformers import AutoModelForSequenceClassification


@torch.no_grad()
def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--before", required=True)
    parser.add_argument("--after", required=True, type=pathlib.Path)
    parser.add_argument("--share", type=float, default=0.1, help="of the one before")
    parser.add_argument("--out", required=True)
    options = parser.parse_args()
    before, model = (AutoModelForSequenceClassification.from_pretrained(path, dtype=torch.float32) for path in (options.before, options.after))
    for weight, old in zip(model.parameters(), before.parameters(), strict=True):
        weight.lerp_(old, options.share)
    model.save_pretrained(options.out)
    shutil.copy(options.after / "tokenizer.json", options.out)


if __name__ == "__main__":
    main()
