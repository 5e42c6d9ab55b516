"""Training at full size without dense gradients: what happens off E, from gradients on E.

Along the equivariant trajectory ``x_s`` of a network whose group is abelian (``BlockMlp``), three
facts replace the dense loop of ``learnsym.training``; ``d_i`` and ``h_i`` are the derivative by the
outputs and the inputs of a layer for sample ``i``:

* the gradient of data moved by ``g`` is ``rho_bar(g)`` times that of the data. In the basis of
  characters its block ``(k, l)`` has the factor ``chi_k(g) / chi_l(g)``, so that all passes of
  sampled augmentation together are one product with the mean of that factor;
* ``|sum_i d_i h_i^T|^2 = sum_ij (d_i . d_j) (h_i . h_j)``: norms need inner products only;
* gradients change slowly, so that a few nodes along ``x_s`` serve for all epochs.

All this is at ``x_s``, without the drift ``y``. What the drift does to the gradient is small, and
:func:`response` takes it from a dense gradient of some samples, once a node.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from learnsym.characters import Characters
from learnsym.networks.blocks import BlockMlp, Blocks, Layer
from learnsym.networks.mlp import Weights
from learnsym.training.augmentation import draw
from learnsym.training.symmetric import Schedule, Task, check_finite, gradient
from learnsym.training.tasks import check_law

ROWS = 250  # samples at a time

Moved = list[torch.Tensor]


@dataclass(frozen=True)
class Trajectory:
    """Equivariant training of one run.

    ``steps`` is ``|x_s - x_0|`` by layer, (T + 1, layers); ``noise`` the part ``S_K(x_s)`` of each
    layer, (T, layers), as ``learnsym.drift.noise``; ``loss`` the mean loss before each step, (T,);
    ``nodes`` the blocks at the epochs that were asked for, ``last`` those at the end.
    """

    steps: np.ndarray
    noise: np.ndarray
    loss: np.ndarray
    nodes: dict[int, Blocks]
    last: Blocks


def follow(
    net: BlockMlp, task: Task, blocks: Blocks, schedule: Schedule, nodes: Sequence[int] = ()
) -> Trajectory:
    """Train on E, one matrix a character, as ``mode="equivariant"`` of ``train`` does.

    Raises
    ------
    ValueError
        The task has another network, mini-batches do not divide the data, a node is no epoch of the
        schedule, or weights are no longer finite.
    """
    _check(net, task, schedule.batch)
    if not set(nodes) <= set(range(schedule.epochs)):
        raise ValueError(f"nodes: expected epochs below {schedule.epochs}, got {tuple(nodes)}")
    first, x, rows, kept = blocks, blocks, [], {}
    steps = [net.squares(blocks).sqrt() * 0]
    for epoch in range(schedule.epochs):
        if epoch in nodes:
            kept[epoch] = x
        slope, loss, noise = _epoch(net, task, x, schedule.batch)
        rows.append((loss.numpy(force=True), noise.numpy(force=True)))
        x = [W - schedule.rate * s for W, s in zip(x, slope, strict=True)]
        check_finite("weights", [W[None] for W in x], epoch + 1, [0])
        steps.append(net.squares([W - V for W, V in zip(x, first, strict=True)]).sqrt())
    losses, noises = (np.array(column) for column in zip(*rows, strict=True))
    return Trajectory(torch.stack(steps).numpy(force=True), noises, losses, kept, x)


def drawn(
    characters: Characters, schedule: Schedule, rng: np.random.Generator, batches: int
) -> np.ndarray:
    """Return the mean of all characters over the passes of an epoch, (batches, characters).

    The draws are those of ``learnsym.training`` from the same generator. ValueError for a law that
    does not fit the group.
    """
    if schedule.law is not None:
        check_law(schedule.law, characters.group)
    total = np.zeros((batches, len(characters.table)), dtype=complex)
    for _ in range(schedule.passes):
        elements = draw(characters.group, schedule.law, rng, batches)
        total += characters.table[:, [characters.number(g) for g in elements]].T
    return total / schedule.passes


def zeros(net: BlockMlp) -> Moved:
    """Return a vector of zeros off E: for each layer that the group moves, complex blocks.

    Shape ``(k, out, l, in)``: rows for one character of each pair, columns for all of them.
    """
    kind = {"dtype": net.across.to_complex(), "device": net.bases[0].device}
    return [torch.zeros(_form(net, number), **kind) for number in _mixed(net)]


def norms(net: BlockMlp, vector: Moved) -> np.ndarray:
    """Return the norm by layer, zero for layers that the group does not move, (layers,)."""
    found = np.zeros(len(net.network.shapes))
    for number, Y in zip(_mixed(net), vector, strict=True):
        found[number] = np.sqrt(_inner(net, Y, Y))
    return found


def inner(net: BlockMlp, a: Moved, b: Moved) -> float:
    """Return the inner product of two vectors off E."""
    return sum(_inner(net, Y, Z) for Y, Z in zip(a, b, strict=True))


def _inner(net: BlockMlp, Y: torch.Tensor, Z: torch.Tensor) -> float:
    parts = [(A * B.conj()).real.sum(dtype=torch.float64) for A, B in zip(Y, Z, strict=True)]
    return float(sum(parts) + sum(parts[net.real :]))


def multiplied(net: BlockMlp, vector: Moved, factors: np.ndarray) -> Moved:
    """Return a vector with its blocks (k, l) times ``factors[k / l]``, one for each character.

    ValueError for another number of factors.
    """
    if np.shape(factors) != (len(net.characters.table),):
        raise ValueError(
            f"factors: expected {len(net.characters.table)}, one for each character, got shape "
            f"{np.shape(factors)}"
        )
    factors = torch.as_tensor(factors, device=net.bases[0].device).to(net.across.to_complex())
    return [
        Y * factors[_quotients(net, number)][:, None, :, None]
        for number, Y in zip(_mixed(net), vector, strict=True)
    ]


def across(net: BlockMlp, weights: Weights) -> Moved:
    """Return the part off E of layers ``(out, in)``.

    In float64 up to its last step, so that the part off E can be much smaller than the layers.
    """
    within = net.weights(net.project(weights))
    return off_blocks(net, [A - B for A, B in zip(weights, within, strict=True)])


def off_blocks(net: BlockMlp, weights: Weights) -> Moved:
    """Return the part off E of layers ``(out, in)`` of which it is a fair share."""
    found = zeros(net)
    for number, Y in zip(_mixed(net), found, strict=True):
        rows = Y.flatten(2).flatten(0, 1)  # (k out, in), first as pixels and then by character
        for columns, part in zip(rows.split(ROWS, 1), weights[number].split(ROWS, 1), strict=True):
            planes = net.planes(number + 1, part.T.contiguous())
            columns.copy_(_complex(net, number + 1, planes).transpose(1, 2).flatten(0, 1))
        for part in rows.split(ROWS):
            part.copy_(_by_inputs(net, number, part).flatten(1))
        _clear(net, number, Y)
    return found


def _by_inputs(net: BlockMlp, number: int, rows: torch.Tensor) -> torch.Tensor:
    """Return complex rows ``(N, in)`` of a layer as factors of the inputs by character."""
    real, imag = (  # a row times conj(h) is linear in its real and its imaginary part
        _every(net, number, net.planes(number, part.contiguous())).conj()
        for part in (rows.real, rows.imag)
    )
    return real + 1j * imag


def dense(net: BlockMlp, vector: Moved) -> Iterator[tuple[int, torch.Tensor]]:
    """Yield number and layer ``(out, in)``, the inverse of :func:`off_blocks`."""
    for number, Y in zip(_mixed(net), vector, strict=True):
        space, m = net.network.spaces[number], net.multiplicities[number]
        basis = net.bases[number].view(-1, m, space.rho.dimension)
        waves = _every(net, number, basis).transpose(0, 1).flatten(0, 1)  # (l m), pixels
        rows = [
            (part.unflatten(2, (m, space.channels)).flatten(1, 2).mT @ waves).flatten(1)
            for part in Y.flatten(0, 1).split(ROWS)
        ]
        rows = torch.cat(rows).unflatten(0, Y.shape[:2])  # k, out, in
        layer = Y.real.new_empty(net.network.shapes[number])
        for columns, part in zip(layer.split(ROWS, 1), rows.split(ROWS, 2), strict=True):
            real, pairs = part[: net.real].real, np.sqrt(2) * part[net.real :]
            planes = torch.cat([real, pairs.real, pairs.imag]).transpose(1, 2)
            columns.copy_(net.pixels(number + 1, planes.double()).T)
        yield number, layer


def add_moved(
    net: BlockMlp,
    task: Task,
    blocks: Blocks,
    totals: Sequence[Moved],
    factors: Sequence[np.ndarray | float],
    batch: int,
) -> None:
    """Add to each of ``totals`` the gradient off E of moved data, at equivariant weights.

    In the precision of ``net.across``: it is a sum and no difference.

    Parameters
    ----------
    blocks
        The equivariant weights.
    totals
        Vectors as :func:`zeros` makes them, changed in place.
    factors
        One for each total: sums over draws of the characters, for each mini-batch, (batches,
        characters), as sums of :func:`drawn`; or a number, that many times the data as they are.
    batch
        Samples a mini-batch.

    Raises
    ------
    ValueError
        Factors that do not fit the totals, the mini-batches or the characters.
    """
    _check(net, task, batch)
    shape = len(task.x) // batch, len(net.characters.table)
    if len(factors) != len(totals) or any(np.shape(c) not in ((), shape) for c in factors):
        raise ValueError(
            f"factors: expected {len(totals)} numbers or arrays of shape {shape}, for mini-batches "
            f"and characters, got shapes {[np.shape(c) for c in factors]}"
        )
    device = net.bases[0].device
    factors = [
        torch.as_tensor(c, device=device).to(net.across.to_complex()) if np.ndim(c) else float(c)
        for c in factors
    ]
    task, blocks = _rounded(net, task), [W.to(net.across) for W in blocks]
    for cut in _cuts(len(task.x), batch):
        part = slice(cut.start // batch, cut.stop // batch)
        layers, _, derivatives = _backward(net, task, blocks, cut)
        for place, number in enumerate(_mixed(net)):
            D = _complex(net, number + 1, net.planes(number + 1, derivatives[number])).mT
            H = _every(net, number, net.planes(number, layers[number].h.detach())).conj()
            for total, factor in zip(totals, factors, strict=True):
                if torch.is_tensor(factor):
                    _add_drawn(net, number, total[place], D, H, factor[part])
                else:
                    rows = total[place].flatten(2).flatten(0, 1)
                    rows.addmm_(D.flatten(0, 1), H.flatten(1), alpha=factor)
    for total in totals:
        for number, Y in zip(_mixed(net), total, strict=True):
            _clear(net, number, Y)


def response(net: BlockMlp, task: Task, blocks: Blocks, drift: Moved) -> Moved:
    """Return how a drift changes the gradient off E, ``Pi_perp (grad R(x + y) - grad R(x))``.

    Dense, in the precision of ``net.across``, on the samples of ``task``.
    """
    rounded, blocks = _rounded(net, task), [W.to(net.across) for W in blocks]
    everything = Schedule(1.0, 1, len(task.x))

    def slope(changes: Iterable[tuple[int, torch.Tensor]]) -> Weights:
        weights = [A[None] for A in net.weights(blocks)]
        for number, A in changes:
            weights[number] += A
        return gradient(rounded, weights, "nominal", everything, [])[0]

    after = slope(dense(net, drift))
    return off_blocks(net, [A.sub_(B)[0] for A, B in zip(after, slope([]), strict=True)])


def _rounded(net: BlockMlp, task: Task) -> Task:
    """Return a task in the precision of ``net.across``; class numbers stay what they are."""
    y = task.y.to(net.across) if task.y.is_floating_point() else task.y
    return replace(task, x=task.x.to(net.across), y=y)


def _add_drawn(
    net: BlockMlp, number: int, Y: torch.Tensor, D: torch.Tensor, H: torch.Tensor, c: torch.Tensor
) -> None:
    """Add ``sum_b c_b[k / l] sum_(i in b) d_i h_i^H`` to the blocks (k, l) of a layer."""
    parts = H.unflatten(0, (len(c), -1))
    for k, row in enumerate(_quotients(net, number)):
        Y[k].flatten(1).addmm_(D[k], (c[:, None, row, None] * parts).flatten(0, 1).flatten(1))


def _clear(net: BlockMlp, number: int, Y: torch.Tensor) -> None:
    """Set the blocks of a layer in E to zero."""
    for k, row in enumerate(_quotients(net, number)):
        Y[k][:, row == 0] = 0


def _quotients(net: BlockMlp, number: int) -> np.ndarray:
    """Return the number of ``chi_k / chi_l`` for the rows and columns of a layer."""
    return net.characters.quotients[np.ix_(_half(net, number + 1), _all(net, number))]


def _mixed(net: BlockMlp) -> Iterator[int]:
    return (number for number in range(len(net.network.shapes)) if net.is_mixed(number))


def _half(net: BlockMlp, space: int) -> np.ndarray:
    """Return the characters of the rows of a space: real ones, then one of each pair."""
    if net.is_fixed[space]:
        return np.zeros(1, dtype=int)
    return np.concatenate([net.characters.real, net.characters.pairs])


def _all(net: BlockMlp, space: int) -> np.ndarray:
    """Return the characters of the columns of a space: conjugates come last."""
    half = _half(net, space)
    return (
        half
        if net.is_fixed[space]
        else np.concatenate([half, net.characters.quotients[0, net.characters.pairs]])
    )


def _form(net: BlockMlp, number: int) -> tuple[int, ...]:
    sizes = [
        net.multiplicities[space] * net.network.spaces[space].channels
        for space in (number, number + 1)
    ]
    return len(_half(net, number + 1)), sizes[1], len(_all(net, number)), sizes[0]


def _complex(net: BlockMlp, space: int, planes: torch.Tensor) -> torch.Tensor:
    """Return coordinates by character of each pair, (k, N, rows), complex."""
    if net.is_fixed[space]:
        return planes.to(net.across.to_complex())
    real, a, b = net.split(planes.to(net.across))
    pairs = torch.complex(a, b) / np.sqrt(2)
    return torch.cat([real.to(pairs.dtype), pairs])


def _every(net: BlockMlp, space: int, planes: torch.Tensor) -> torch.Tensor:
    """Return coordinates by all characters, (N, l, rows), complex."""
    half = _complex(net, space, planes)
    if not net.is_fixed[space]:
        half = torch.cat([half, half[net.real :].conj()])
    return half.transpose(0, 1).contiguous()


def _backward(
    net: BlockMlp, task: Task, blocks: Blocks, cut: slice, within: bool = False
) -> tuple[list[Layer], torch.Tensor, list[torch.Tensor]]:
    """Return what layers saw, losses, and derivatives of their sum over N: by outputs, or more."""
    leaves = [W.detach().requires_grad_() for W in blocks]
    outputs, layers = net.forward(leaves, task.x[cut])
    losses = task.loss(outputs, task.y[cut]) / len(task.x)
    wanted = [layer.u for layer in layers]
    if within:
        wanted += leaves + [layer.outputs for layer in layers]
    return layers, losses.detach().sum(), torch.autograd.grad(losses.sum(), wanted)


def _epoch(
    net: BlockMlp, task: Task, blocks: Blocks, batch: int
) -> tuple[Blocks, torch.Tensor, torch.Tensor]:
    """Return the projected gradient, the loss, and the noise of each layer."""
    count = len(blocks)
    slope, loss = [torch.zeros_like(W) for W in blocks], 0.0
    noise = torch.zeros(count, dtype=torch.float64, device=blocks[0].device)
    for cut in _cuts(len(task.x), batch):
        layers, part, found = _backward(net, task, blocks, cut, within=True)
        loss = loss + part
        by_outputs, by_blocks, by_planes = (found[n : n + count] for n in (0, count, 2 * count))
        for total, G in zip(slope, net.slopes(by_blocks), strict=True):
            total += G
        for number in _mixed(net):
            layer = layers[number]
            whole = _grams(by_outputs[number], batch) * _grams(layer.h, batch)
            within = _squares_within(net, by_planes[number], layer.inputs, batch)
            noise[number] += whole.sum() - within
    return slope, loss, noise


def _grams(rows: torch.Tensor, batch: int) -> torch.Tensor:
    """Return inner products within each mini-batch, (..., batches, batch, batch)."""
    parts = rows.detach().unflatten(-2, (-1, batch))
    return parts @ parts.mT


def _squares_within(
    net: BlockMlp, derivatives: torch.Tensor, inputs: torch.Tensor, batch: int
) -> torch.Tensor:
    """Return the sum over mini-batches of ``|Pi grad|^2`` of one layer, from its planes."""
    if len(inputs) == 1:
        return (_grams(derivatives, batch) * _grams(inputs, batch)).sum()
    (real, *d), (own, *h) = net.split(derivatives), net.split(inputs.detach())
    total = (_grams(real, batch) * _grams(own, batch)).sum()
    (same, turned), (other, back) = (_hermitian(*parts, batch) for parts in (d, h))
    return total + (same * other + turned * back).sum() / 2


def _hermitian(a: torch.Tensor, b: torch.Tensor, batch: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return real and imaginary part of the inner products of a + i b."""
    a, b = (part.unflatten(-2, (-1, batch)) for part in (a, b))
    cross = b @ a.mT
    return a @ a.mT + b @ b.mT, cross - cross.mT


def _cuts(count: int, batch: int) -> list[slice]:
    size = max(1, ROWS // batch) * batch
    return [slice(low, min(low + size, count)) for low in range(0, count, size)]


def _check(net: BlockMlp, task: Task, batch: int) -> None:
    if task.network is not net.network:
        raise ValueError("task: expected the network of the blocks, got another one")
    if len(task.x) % batch:
        raise ValueError(f"batch: expected a divisor of the {len(task.x)} samples, got {batch}")
