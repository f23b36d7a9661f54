"""A trained checkpoint to the files that ship: GGUF in Q4_0, with the temperature that makes its probabilities true.

    python export.py --checkpoint DIR --data DIR --out DIR [--cli PATH]

The temperature (Guo et al. 2017) is the one number with the least negative log-likelihood on the even rows of SST-3's and
TweetEval's development files, which training never looks at, each file counting alike; it is fitted to the logits of the
very file that ships, and stored in its config.json as `live_sentiment.temperature`. `report.py` measures on all rows, and
on the odd ones alone.
"""

import argparse
import json
import os
import subprocess

import torch
from torch.nn.functional import cross_entropy

import data

FITTED_ON = ["sst3_dev", "tweeteval_val"]


def classify(cli, model, texts):
    """What the command line answers for each text: `scores`, `logits` and so on."""
    lines = "".join(json.dumps({"text": text}) + "\n" for text in texts)
    command = [cli, "classify", "--model", model, "--format", "jsonl"]
    answers = subprocess.run(command, input=lines, capture_output=True, text=True, check=True).stdout
    return [json.loads(line) for line in answers.splitlines()]


def fit(files):
    """The temperature for files of `[texts, labels]` logits and `[texts]` class ids."""
    # In steps of a twentieth: so few texts do not tell more.
    temperatures = torch.linspace(0.3, 4.0, 75)
    losses = torch.stack([sum(cross_entropy(logits / t, labels) for logits, labels in files) for t in temperatures])
    return round(temperatures[losses.argmin()].item(), 2)


def configure(path, changes):
    """Changes `live_sentiment` in a config.json; None takes a key out."""
    with open(path, encoding="utf-8") as file:
        config = json.load(file)
    ours = {**config.get("live_sentiment", {}), **changes}
    config["live_sentiment"] = {key: value for key, value in ours.items() if value is not None}
    with open(path, "w", encoding="utf-8") as file:
        json.dump(config, file, indent=2, ensure_ascii=False)
        file.write("\n")


def quantize(cli, checkpoint, out, form):
    command = [cli, "quantize", checkpoint, out, "--format", form, "--name", "MiniLM-L6 sentiment", "--license", "apache-2.0"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--cli", default="live-sentiment")
    parser.add_argument("--format", default="q4_0", choices=["q4_0", "q8_0"])
    options = parser.parse_args()
    # The checkpoint gets the temperature too, so that it can be compared with what was made of it.
    configs = [os.path.join(folder, "config.json") for folder in (options.checkpoint, options.out)]
    configure(configs[0], {"temperature": None, "measured": None})
    quantize(options.cli, options.checkpoint, options.out, options.format)
    files = []
    for name in FITTED_ON:
        rows = data.read(f"{options.data}/eval/{name}.jsonl")[::2]
        answers = classify(options.cli, options.out, [row["text"] for row in rows])
        files.append((torch.tensor([answer["logits"] for answer in answers]), torch.tensor([row["label"] for row in rows])))
    temperature = fit(files)
    for config in configs:
        configure(config, {"temperature": temperature})
    size = os.path.getsize(os.path.join(options.out, "model.gguf"))
    print(f"{options.out}: {size / 1e6:.2f} MB, temperature {temperature}, fitted on {sum(len(labels) for _, labels in files)} texts")


if __name__ == "__main__":
    main()
