"""Full-batch training of ensembles, against loops written out in NumPy."""

import os

import numpy as np
import pytest
import torch
from tqdm import tqdm

from learnsym.training import History, full_batch

RUNS, STEPS = 3, 40
RATE = {"adam": 0.02, "descent": 0.01}


class Fits:
    """One least squares fit of 4 weights per run, each on data of its own."""

    def __init__(self, runs=range(RUNS)):
        runs = list(runs)
        rng = np.random.default_rng(0)
        X, y = rng.standard_normal((RUNS, 6, 4)), rng.standard_normal((RUNS, 6))
        self.X, self.y = X[runs], y[runs]
        self.start = rng.standard_normal((RUNS, 4))[runs]
        self.w = torch.tensor(self.start, requires_grad=True)

    def loss(self):
        outputs = torch.einsum("rij,rj->ri", torch.tensor(self.X), self.w)
        return ((outputs - torch.tensor(self.y)) ** 2).mean(dim=1)

    def losses(self, w):
        return np.mean((np.einsum("rij,rj->ri", self.X, w) - self.y) ** 2, axis=1)

    def gradient(self, w):
        residual = np.einsum("rij,rj->ri", self.X, w) - self.y
        return 2 * np.einsum("rij,ri->rj", self.X, residual) / self.y.shape[1]

    def train(self, steps, optimiser="adam", **options):
        observe = lambda: {"w": self.w, "loss": self.loss()}  # noqa: E731
        rate = RATE[optimiser]
        return full_batch([self.w], self.loss, observe, steps, rate, optimiser, **options)


def descent_path(fits):
    w = [fits.start]
    for _ in range(STEPS):
        w.append(w[-1] - RATE["descent"] * fits.gradient(w[-1]))
    return np.array(w)


def adam_path(fits, rate=RATE["adam"], first=0.9, second=0.999, epsilon=1e-8):
    """Kingma and Ba, Algorithm 1."""
    w, mean, square = [fits.start], np.zeros_like(fits.start), np.zeros_like(fits.start)
    for t in range(1, STEPS + 1):
        g = fits.gradient(w[-1])
        mean = first * mean + (1 - first) * g
        square = second * square + (1 - second) * g**2
        shift = mean / (1 - first**t) / (np.sqrt(square / (1 - second**t)) + epsilon)
        w.append(w[-1] - rate * shift)
    return np.array(w)


PATHS = {"adam": adam_path, "descent": descent_path}


@pytest.mark.parametrize("optimiser", PATHS)
@pytest.mark.parametrize("steps", [range(STEPS + 1), [3, 4, 17], [0]])
def test_training_is_the_loop_written_out(optimiser, steps):
    """It records the named steps and ends at the last; records do not change afterwards."""
    fits, path = Fits(), PATHS[optimiser](Fits())
    history = fits.train(np.array(steps), optimiser)
    assert isinstance(history, History) and history.steps.tolist() == list(steps)
    assert np.abs(fits.w.detach().numpy() - path[steps[-1]]).max() < 1e-12
    with torch.no_grad():
        fits.w.zero_()  # what is observed may be the parameter itself
    assert np.abs(history["w"] - path[steps]).max() < 1e-12
    assert history["w"] is history.series["w"]
    losses = np.array([fits.losses(w) for w in path[steps]])
    assert history["loss"] == pytest.approx(losses, abs=1e-12)


@pytest.mark.parametrize("optimiser", PATHS)
def test_every_run_trains_as_if_it_were_alone(optimiser):
    together = Fits().train([0, 7, STEPS], optimiser)
    for run in range(RUNS):
        alone = Fits([run]).train([0, 7, STEPS], optimiser)
        assert np.abs(together["w"][:, run] - alone["w"][:, 0]).max() < 1e-13


def test_a_parameter_shared_by_the_runs_breaks_their_independence():
    """The statement above can fail: here the second run pulls the first along."""

    def final(runs):
        w = torch.zeros(1, requires_grad=True, dtype=torch.float64)
        goals = torch.tensor([1.0, 5.0], dtype=torch.float64)[runs]
        seen = full_batch(
            [w], lambda: (w - goals) ** 2, lambda: {"w": w}, [200], 0.05, optimiser="descent"
        )
        return seen["w"].item()

    assert final([0]) == pytest.approx(1.0)
    assert final([0, 1]) == pytest.approx(3.0)


def test_observation_needs_no_gradients():
    fits, enabled = Fits(), []

    def observe():
        enabled.append(torch.is_grad_enabled())
        return {"loss": fits.loss()}

    full_batch([fits.w], fits.loss, observe, [0, 2], 0.1)
    assert enabled == [False, False]
    assert torch.is_grad_enabled()


def test_bar_counts_the_updates():
    with open(os.devnull, "w") as nowhere, tqdm(total=12, file=nowhere) as bar:
        Fits().train([2, 5], bar=bar)
        assert bar.n == 5
        Fits().train([7], bar=bar)
        assert bar.n == 12


# --- divergence and bad input --------------------------------------------------------------------


def diverging(steps):
    """Train three scalars by descent on ``x^4``, of which the middle one leaves the numbers."""
    x = torch.tensor([[0.1], [3.0], [0.2]], dtype=torch.float64, requires_grad=True)
    return full_batch(
        [x], lambda: (x**4).sum(dim=1), lambda: {"x": x}, steps, 1.0, optimiser="descent"
    )


def test_a_loss_that_is_not_finite_names_step_and_runs():
    """The last step is checked too."""
    x, step = 3.0, 0
    with np.errstate(over="ignore"):
        while np.isfinite(np.float64(x) ** 4):
            x, step = x - 4 * x**3, step + 1
    assert step > 1
    for last in (30, step):
        with pytest.raises(ValueError, match=rf"loss: not finite at step {step} in runs \[1\]"):
            diverging([0, last])
    assert np.isfinite(diverging([0, step - 1])["x"]).all()
    fits = Fits()
    with torch.no_grad():
        fits.w[[0, 2], 1] = float("nan")
    with pytest.raises(ValueError, match=r"not finite at step 0 in runs \[0, 2\]"):
        fits.train([0, 1])


@pytest.mark.parametrize(
    ("steps", "optimiser", "words"),
    [
        ([0, 1], "newton", r"optimiser: expected one of .*adam.* got 'newton'"),
        *(
            (steps, "adam", "steps: expected ascending step numbers, got")
            for steps in ([], 3, [[0, 1]], [1, 0], [0, 0, 1], [-1, 2], [0.0, 1.0])
        ),
    ],
)
def test_bad_input_is_refused(steps, optimiser, words):
    fits = Fits()
    with pytest.raises(ValueError, match=words):
        full_batch([fits.w], fits.loss, dict, steps, 0.1, optimiser)
