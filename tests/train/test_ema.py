"""The moving average against its formula, step by step."""

import lightning.pytorch as pl
import torch
from torch import nn

from bupose.train.ema import MovingAverage


class Counter(pl.LightningModule):
    """A weight that is the number of the step, and a counter such as batch norm has."""

    def __init__(self):
        super().__init__()
        self.net = nn.Linear(1, 1, bias=False)
        self.register_buffer("steps", torch.zeros((), dtype=torch.int64))


def test_it_forgets_the_start_and_then_decays():
    module, average = Counter(), MovingAverage(0.5)
    average.setup(None, module, "fit")
    expected = 0.0
    for step in range(12):
        with torch.no_grad():
            module.net.weight.fill_(float(step))
            module.steps += 1
        average._average_model.update_parameters(module)
        decay = 0.0 if step == 0 else min(0.5, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * step
        torch.testing.assert_close(average.averaged(module.net).weight.item(), expected, rtol=1e-5, atol=1e-6)
    assert average._average_model.module.steps == 12
