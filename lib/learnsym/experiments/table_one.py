"""How well a matrix on features stands in for a permutation of the inputs (Gideoni, Table 1).

One hidden ReLU layer with PyTorch's default initial weights, three inputs, the permutations (1 2)
and (1 2 3), points uniform in the unit cube. The matrix is fitted on some points and tested on
others, for gradients (EWK) and for outputs of the hidden layer (CK).
"""

from dataclasses import dataclass

import numpy as np
from tqdm import tqdm

from learnsym import kernels
from learnsym.groups import symmetric
from learnsym.kernels import Mlp
from learnsym.representations import vector

PROBE_TOLERANCE = 0.02  # fits in float32 depend on the order of sums
EXPECTED_SECONDS = {"smoke": 4.0, "book": 135.0}
ELEMENTS = ("(1 2)", "(1 2 3)")
_IMAGES = ([1, 0, 2], [1, 2, 0])
EXACT_CUTOFF = 1e-10

Pair = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Config:
    """Size of the experiment.

    ``networks`` random networks with ``hidden`` neurons, fitted on ``points`` points and tested on
    as many; ``sizes``: other numbers of points; ``cutoffs``: powers of ten; ``widths``: other
    numbers of neurons, with ``repeats`` networks each; ``seed`` for weights and points.
    """

    hidden: int = 100
    points: int = 10_000
    networks: int = 10
    sizes: tuple[int, ...] = (1_000, 3_000, 10_000, 30_000)
    cutoffs: tuple[int, ...] = (-2, -3, -4, -5, -6, -7, -8, -9, -10, -11, -12)
    widths: tuple[int, ...] = (12, 25, 50, 100, 200)
    repeats: int = 3
    seed: int = 0


SCALES = {
    "smoke": Config(
        points=10_000,
        networks=1,
        sizes=(1_000, 2_000),
        cutoffs=(-3, -10),
        widths=(12, 100),
        repeats=1,
    ),
    "book": Config(),
}


def run(config: Config, progress: bool = True) -> dict[str, np.ndarray]:
    """Fit and test.

    Returns
    -------
    dict
        The last axes are the kernel (EWK, CK) and the group element, then:
        ``frobenius``, ``mean`` (networks, 2, 2, 3): errors in float32 with torch's cut-off, before
        the fit, after it, and after it on the test points, in two norms;
        ``exact`` (networks, 2, 2, 2): mean norm in float64 on the test points, before and after;
        ``size_frobenius``, ``size_mean`` (sizes, 2, 2, 2): the first network in float32, before and
        after;
        ``cutoff_error`` (networks, cutoffs, 2, 2): relative error on the test points in float64;
        ``width_error`` (widths, repeats, 2, 2): the same at the cut-off 1e-10.
    """
    total = config.networks + len(config.sizes) + len(config.widths) * config.repeats
    with tqdm(total=total, desc="table_one", disable=not progress) as bar:
        tables = [_advance(bar, _network(config, k)) for k in range(config.networks)]
        sizes = [_advance(bar, _size(config, n)) for n in config.sizes]
        widths = [
            [_advance(bar, _width(config, hidden, k)) for k in range(config.repeats)]
            for hidden in config.widths
        ]
    return {
        **{name: np.array([table[name] for table in tables]) for name in tables[0]},
        **{name: np.array([size[name] for size in sizes]) for name in sizes[0]},
        "width_error": np.array(widths),
    }


def probe(config: Config) -> dict[str, np.ndarray]:
    """Recompute the first network, the first size and the first width."""
    first = {**_network(config, 0), **_size(config, config.sizes[0])}
    arrays = {name: np.array(value)[None] for name, value in first.items()}
    return {**arrays, "width_error": _width(config, config.widths[0], 0)[None, None]}


def feature_pairs(mlp: Mlp, theta: np.ndarray, X: np.ndarray) -> list[list[Pair]]:
    """Return features of ``X`` (n, 3) and of the permuted points, per kernel and group element."""
    rho = vector(symmetric(3))
    moved = [rho.act(np.array(g), X) for g in _IMAGES]
    pairs = []
    for features in (kernels.weight_features, kernels.conjugate_features):
        at_rest = features(mlp, theta, X)
        pairs.append([(at_rest, features(mlp, theta, Xg)) for Xg in moved])
    return pairs


def _advance(bar: tqdm, value: object) -> object:
    bar.update()
    return value


def _draw(config: Config, hidden: int, *key: int) -> tuple[Mlp, np.ndarray, np.random.Generator]:
    rng = np.random.default_rng([config.seed, *key])
    mlp = Mlp(3, hidden)
    return mlp, mlp.draw(rng), rng


def _network(config: Config, number: int) -> dict[str, np.ndarray]:
    mlp, theta, rng = _draw(config, config.hidden, 0, number)
    seen, unseen = rng.uniform(size=(2, config.points, 3))
    double = zip(feature_pairs(mlp, theta, seen), feature_pairs(mlp, theta, unseen), strict=True)
    curves = np.array([[_cutoff_curve(config, *p) for p in zip(*k, strict=True)] for k in double])
    single = [
        feature_pairs(mlp, theta.astype(np.float32), X.astype(np.float32)) for X in (seen, unseen)
    ]
    cells = [[_single_errors(*p) for p in zip(*k, strict=True)] for k in zip(*single, strict=True)]
    frobenius, mean = np.moveaxis(np.array(cells), 2, 0)
    return {
        "frobenius": frobenius,
        "mean": mean,
        "exact": curves[:, :, -2:],
        "cutoff_error": np.moveaxis(curves[:, :, :-2], 2, 0),
    }


def _cutoff_curve(config: Config, fitted: Pair, tested: Pair) -> list[float]:
    """Return relative errors at all cut-offs, then the mean error before and after the fit."""
    gram, cross = fitted[0].T @ fitted[0], fitted[0].T @ fitted[1]
    before = np.linalg.norm(tested[0] - tested[1])
    curve = []
    for power in config.cutoffs:
        matrix = kernels.from_moments(gram, cross, 10.0**power)
        curve.append(np.linalg.norm(matrix.act(tested[0]) - tested[1]) / before)
    moved = kernels.from_moments(gram, cross, EXACT_CUTOFF).act(tested[0])
    return [*curve, kernels.mean_error(*tested), kernels.mean_error(moved, tested[1])]


def _single_errors(fitted: Pair, tested: Pair) -> list[list[float]]:
    cutoff = kernels.default_cutoff(fitted[0].shape[1], np.float32)
    matrix = kernels.fit(*fitted, cutoff)
    pairs = [fitted, (matrix.act(fitted[0]), fitted[1]), (matrix.act(tested[0]), tested[1])]
    return [[error(*p) for p in pairs] for error in (kernels.frobenius_error, kernels.mean_error)]


def _size(config: Config, points: int) -> dict[str, np.ndarray]:
    mlp, theta, rng = _draw(config, config.hidden, 1)
    X = rng.uniform(size=(points, 3)).astype(np.float32)
    pairs = feature_pairs(mlp, theta.astype(np.float32), X)
    cells = np.array([[_single_errors(pair, pair) for pair in kernel] for kernel in pairs])
    return {"size_frobenius": cells[:, :, 0, :2], "size_mean": cells[:, :, 1, :2]}


def _width(config: Config, hidden: int, number: int) -> np.ndarray:
    mlp, theta, rng = _draw(config, hidden, 2, number)
    seen, unseen = rng.uniform(size=(2, config.points, 3))
    errors = []
    both = zip(feature_pairs(mlp, theta, seen), feature_pairs(mlp, theta, unseen), strict=True)
    for fitted, tested in both:
        row = []
        for fit_pair, test_pair in zip(fitted, tested, strict=True):
            moved = kernels.fit(*fit_pair, EXACT_CUTOFF).act(test_pair[0])
            gap = np.linalg.norm(moved - test_pair[1])
            row.append(gap / np.linalg.norm(test_pair[0] - test_pair[1]))
        errors.append(row)
    return np.array(errors)
