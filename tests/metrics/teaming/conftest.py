import warnings

import numpy as np
import pandas as pd
import pytest


@pytest.fixture(scope="session")
def independent():
    """Makes worlds that P+L's own model describes: people and machine err independently, given the truth."""

    def make(images=4000, classes=4, temperature=2.0, right=0.75, people=1, seed=0):
        rng = np.random.default_rng(seed)
        honest = rng.dirichlet(np.full(classes, 0.4), size=images)
        truth = (honest.cumsum(1) < rng.random((images, 1))).sum(1)
        machine = honest**temperature  # what it says is too sure; tempered, it is honest again
        machine /= machine.sum(1, keepdims=True)
        psi = np.full((classes, classes), (1 - right) / (classes - 1))
        np.fill_diagonal(psi, right)
        psi[0, 1], psi[2, 1] = psi[0, 1] + psi[2, 1], 0.0  # the second class is taken for the first
        draws = rng.random((images, people, 1))
        labels = (psi.T.cumsum(1)[truth][:, None] < draws).sum(2)
        posterior = honest * psi[labels].prod(1)
        return machine, labels, truth, psi, posterior / posterior.sum(1, keepdims=True)

    return make


@pytest.fixture(scope="session")
def crowdkit():
    """Fits an aggregator of crowd-kit to a machine's answers (worker 0) and people's labels."""
    aggregation = pytest.importorskip("crowdkit.aggregation")

    def fit(name, machine, labels, **options):
        columns = np.column_stack([machine.argmax(1), labels])
        task, worker = np.nonzero(columns >= 0)
        data = pd.DataFrame({"task": task, "worker": worker, "label": columns[task, worker]})
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of how it calls pandas
            return getattr(aggregation, name)(**options).fit(data)

    return fit
