#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Times a step of the published PyTorch ASGO on the weights and gradients that asgo4j's GpuComparison uses.

    published_step.py CHECKOUT SET [ROUNDS] [DEVICE]

CHECKOUT is the folder of https://github.com/infinity-stars/ASGO; none of its code is here. It needs torch and einops.
SET is tiny, block (GPT-2 small's width), block-xl (GPT-2 XL's) or a number n. The answer is verified before anything is
timed; products are in float32 (TF32 off). Writes the lines that GpuComparison writes: set, implementation, round, ms.
"""
import sys
import time

import torch

WIDTHS = {"tiny": (4, 4), "char-gpt": (128, 4), "block": (768, 1), "block-xl": (1600, 1)}
LEARNING_RATE = 0.01
RMS = 0.2
# Of a wrong root a singular value is off by its whole length; ten steps of PolarExpress leave less than this.
TOLERANCE = 0.02
WARM_UP = 3
SAMPLE_SECONDS = 0.1
METHODS = {"polar-express": "_matrix_inverse_root_PolarExpress", "svd": "_matrix_inverse_root_svd"}


def shapes(name):
    if name not in WIDTHS:
        return [(int(name), int(name))]
    width, layers = WIDTHS[name]
    return layers * (4 * [(width, width)] + [(4 * width, width), (width, 4 * width)])


def parameters(name, device):
    """Weights of zeros; gradients of a diagonal of the root of the longer side, and noise: well conditioned."""
    made = []
    generator = torch.Generator().manual_seed(1)
    for rows, cols in shapes(name):
        parameter = torch.nn.Parameter(torch.zeros(rows, cols, device=device))
        noise = torch.rand(rows, cols, generator=generator) - 0.5
        parameter.grad = (noise + max(rows, cols) ** 0.5 * torch.eye(rows, cols)).to(device)
        made.append(parameter)
    return made


def verify(made):
    """The first update is the gradient's polar factor times RMS and the root of the longer side."""
    for parameter in made:
        w = parameter.detach().double()
        w = w if w.size(0) <= w.size(1) else w.t()
        product = w @ w.t() / ((LEARNING_RATE * RMS) ** 2 * w.size(1))
        off = (product - torch.eye(w.size(0), device=w.device)).abs().max().item()
        if not off <= TOLERANCE:
            sys.exit(f"first step of {tuple(parameter.shape)} is no polar factor: off by {off:.3g}")


def wait(device):
    if device.startswith("cuda"):
        torch.cuda.synchronize()


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    checkout, name = sys.argv[1], sys.argv[2]
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 10
    device = sys.argv[4] if len(sys.argv) > 4 else "cuda"
    sys.path[:0] = [checkout, checkout + "/LLMmodels"]
    from optimizers.utils.utils import asgo  # its imports run in a circle, which they only survive from here

    torch.backends.cuda.matmul.allow_tf32 = False
    torch.set_float32_matmul_precision("highest")
    hardware = torch.cuda.get_device_name() if device.startswith("cuda") else "CPU"
    print(f"# PyTorch {torch.__version__}, {hardware}; one step of the optimizer alone, without clipping")
    steps = {}
    for method, function in METHODS.items():
        made = parameters(name, device)
        steps[method] = asgo(made, learning_rate=LEARNING_RATE, inv_method=function).step
        steps[method]()
        verify(made)
        for _ in range(WARM_UP):
            steps[method]()
    for number in range(rounds):
        for method, step in steps.items():
            wait(device)
            start, count = time.perf_counter(), 0
            while count == 0 or time.perf_counter() - start < SAMPLE_SECONDS:
                step()
                wait(device)
                count += 1
            elapsed = time.perf_counter() - start
            print(f"{name},published PyTorch {method},{number},{1e3 * elapsed / count:.4f}", flush=True)


main()
