"""One training loop for teacher and student: a budget of time, checkpoints to go on from, progress, and the loss plotted."""

import json
import os
import time

import torch
from torch.optim.swa_utils import AveragedModel

import data

# The weights' average reaches back over about the last tenth of the steps: the n-th state weighs as n^7, so neither the budget nor
# the length of a step has to be known (Karras et al. 2024, "power function EMA").
POWER = 7


@torch.no_grad()
def towards(average, weights, states):
    """Moves the average of so many states towards the newest."""
    torch._foreach_lerp_(average, weights, (POWER + 1) / (states.item() + POWER + 1))


class Loop:
    """Counts time over all runs. The learning rate rises over `warmup` of the budget, then falls to zero at its end.
    `average` holds the model with its states averaged: what a run leaves."""

    def __init__(self, out, model, optimizer, minutes, warmup=0.05, every=120):
        self.out, self.model, self.optimizer = out, model, optimizer
        self.seconds, self.warmup, self.every = minutes * 60, warmup, every
        self.rates = [group["lr"] for group in optimizer.param_groups]
        self.step, self.epoch, self.batch, self.spent = 0, 0, 0, 0.0
        self.losses, self.tokens = [], 0
        self.average = AveragedModel(model, multi_avg_fn=towards)
        os.makedirs(out, exist_ok=True)
        self.checkpoint = os.path.join(out, "checkpoint.pt")
        if os.path.exists(self.checkpoint):
            state = torch.load(self.checkpoint, map_location=data.DEVICE, weights_only=True)
            model.load_state_dict(state["model"])
            self.average.load_state_dict(state["average"])
            optimizer.load_state_dict(state["optimizer"])
            self.step, self.epoch, self.batch, self.spent = state["at"]
            print(f"going on at step {self.step}, {self.spent / 60:.0f} minutes in", flush=True)
        self.saved = self.spent

    @property
    def progress(self):
        return min(1.0, self.spent / self.seconds)

    def run(self, epoch_batches, loss_of):
        """`epoch_batches(epoch)` lists batches, the same for the same epoch; `loss_of(batch)` is a loss and its tokens."""
        start = time.time() - self.spent
        self.model.train()
        while self.progress < 1:
            batches = epoch_batches(self.epoch)
            while self.batch < len(batches) and self.progress < 1:
                rate = min(1.0, self.progress / self.warmup) if self.warmup else 1.0
                for group, peak in zip(self.optimizer.param_groups, self.rates):
                    group["lr"] = peak * min(rate, (1 - self.progress) / (1 - self.warmup))
                loss, tokens = loss_of(batches[self.batch])
                loss.backward()
                torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
                self.optimizer.step()
                self.optimizer.zero_grad(set_to_none=True)
                self.average.update_parameters(self.model)
                self.step, self.batch, self.spent = self.step + 1, self.batch + 1, time.time() - start
                self.losses.append(loss.detach())
                self.tokens += tokens
                if self.step % 50 == 0:
                    self.log()
                if self.spent - self.saved > self.every:
                    self.save()
            if self.batch >= len(batches):
                self.epoch, self.batch = self.epoch + 1, 0
        self.save()

    def log(self):
        loss = torch.stack(self.losses).mean().item()
        line = {"step": self.step, "epoch": self.epoch, "minutes": round(self.spent / 60, 2), "loss": round(loss, 4), "tokens": self.tokens}
        with open(os.path.join(self.out, "log.jsonl"), "a", encoding="utf-8") as log:
            log.write(json.dumps(line) + "\n")
        print(f"{100 * self.progress:3.0f} %  step {self.step}  epoch {self.epoch}  loss {loss:.4f}", flush=True)
        self.losses, self.tokens = [], 0

    def save(self):
        state = {
            "model": self.model.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "at": (self.step, self.epoch, self.batch, self.spent),
        }
        # Never a half-written checkpoint under its final name.
        torch.save(state, self.checkpoint + ".new")
        os.replace(self.checkpoint + ".new", self.checkpoint)
        self.saved = self.spent
        self.plot()

    def plot(self):
        import matplotlib

        matplotlib.use("Agg")
        from matplotlib import pyplot

        path = os.path.join(self.out, "log.jsonl")
        if not os.path.exists(path):
            return
        with open(path, encoding="utf-8") as log:
            lines = [json.loads(line) for line in log]
        figure, axes = pyplot.subplots(figsize=(7, 4))
        axes.plot([line["step"] for line in lines], [line["loss"] for line in lines])
        axes.set(xlabel="step", ylabel="loss, mean of 50 steps", title=os.path.basename(self.out))
        figure.savefig(os.path.join(self.out, "loss.png"), dpi=120)
        pyplot.close(figure)
