"""GGUF's Q4_0 in PyTorch, as the encoder of `live-sentiment quantize` rounds, with a gradient that passes straight through.

Bit by bit, unless a block's largest value and its least are equally far from 0: candle takes the first of them for its scale.
"""

import torch

BLOCK = 32


@torch.no_grad()
def rounded(weight):
    """What a matrix `[n, k]` is once it was stored: blocks of 32 along k, an f16 scale, values -8..7."""
    blocks = weight.reshape(-1, BLOCK)
    # The number of the largest magnitude, with its sign. amax and amin are many times faster than argmax.
    largest, least = blocks.amax(1, keepdim=True), blocks.amin(1, keepdim=True)
    extreme = torch.where(largest > -least, largest, least)
    scale = extreme / -8
    inverse = torch.where(scale == 0, torch.zeros_like(scale), 1 / scale)
    values = (blocks * inverse + 8.5).clamp_(0, 15).floor_() - 8
    return (values * scale.half().float()).view_as(weight)


def is_stored_in_4_bits(name, weight):
    return weight.dim() == 2 and not name.startswith("classifier") and weight.shape[1] % BLOCK == 0


def straight_through(weight):
    """The matrix as it will be stored; gradients go to the unrounded one (Bengio et al. 2013)."""
    return weight + (rounded(weight) - weight).detach()
