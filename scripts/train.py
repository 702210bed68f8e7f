"""Train a network: train.py [experiment=tiny_synthetic] [skeleton=…] [trunk=…] [data=…] [optim.lr=…] [-m] …

`resume=RUN` goes on where the run in that folder was interrupted.
"""

import sys

from bupose import cli
from bupose.train import TrainOptions, train
from bupose.train.resume import recall_arguments


def main(options: TrainOptions) -> float:
    return train(options)


if __name__ == "__main__":
    answer = cli.run(main, "train", recall_arguments(sys.argv[1:]))
    sys.exit(answer if isinstance(answer, int) else 0)
