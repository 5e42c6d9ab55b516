# %% [markdown]
# (finite-augmentation)=
# # Finite augmentation
#
# {ref}`Exact augmentation <stationary-points-and-stability>` keeps a network in the equivariant weights $\mathcal{E}$.
# Nobody trains that way.
# In practice each mini-batch is moved by one random group element, a few times per step, and the weights drift off $\mathcal{E}$.
# {cite:t}`nordenfors2025optimization` set this aside: their Remark 1 calls the passage from finite to infinite augmentation important and beyond the scope of their work.
# Their experiments show it nevertheless. They report a gap between augmented and plain training of several orders of magnitude in two tasks and a small one in the third, and nothing in the theory says why.
#
# **How far does sampled augmentation drift?**
# This chapter derives it, checks it on small versions of the paper's three tasks, and says what follows for the choice of mini-batches, passes and penalty.
# At the end, networks that cannot drift: the equivariant weights in their own coordinates, without a dense matrix anywhere.
#
# **What we found.**
#
# * The drift is a random walk whose [steps are known](#claim-sampled-noise-of-one-step). It [grows like](#claim-augmented-drift-over-epochs) the square root of the number of steps, while plain training drifts in a straight line.
# * More passes shrink it by the square root. More mini-batches do so [only up to a point](#claim-noise-of-random-divisions), because a mini-batch is also a sample of the data. Where the data are invariant already they do not shrink it at all, and plain training drifts for want of samples only.
# * Long training bends the law, and the augmented Hessian [says how](#claim-drift-law-with-response). Where the network itself has [steep places](#claim-steep-places-break-the-law), as in the rotation task, single runs leave the law.
# * A penalty holds the drift at a level that the law [predicts](#claim-stationary-level-under-a-penalty).
# * Convolutions in orthonormal coordinates [train exactly like](#claim-small-parametrisations-follow-the-dense-run) the projected dense network, and kernel entries [do not](#claim-entries-as-parameters-do-not-follow).

# %% tags=["parameters"]
scale = "book"
seed = 0

# %%
from itertools import permutations, product

import matplotlib.pyplot as plt
import numpy as np
import torch
from scipy.linalg import block_diag
from torch.func import grad, hessian, vmap
from torch.nn.functional import layer_norm, leaky_relu

from learnsym import gallery, results
from learnsym.drift.curves import exponent, pooled
from learnsym.experiments import finite_augmentation, perm, trans
from learnsym.networks import losses
from learnsym.networks.mlp import Space, SymmetricMlp
from learnsym.networks.nonlinearities import identity, radial
from learnsym.publish import COLORS, MARKERS, claim, figure, footer, style, table
from learnsym.publish import use_style
from learnsym.training.symmetric import Schedule, Task, train

use_style()
torch.set_default_dtype(torch.float64)
many = scale != "smoke"  # a smoke run has four networks and six epochs

# %% [markdown]
# (drift-law)=
# ## A random walk off the equivariant weights
#
# There are $N$ samples in $K$ mini-batches of equal size, and $R_b$ is the mean loss on mini-batch $b$.
# Training makes $L$ passes over the data before each step ($N_{\text{aug}}$ in the paper). In every pass every mini-batch is moved by a random element of the group, drawn uniformly and independently. The step goes down the mean of all these gradients with learning rate $\eta$. We call this AUG.
# NOM is the same without moving anything, EQUI is NOM with the gradient projected onto $\mathcal{E}$.
# All three start at the same $x_0 \in \mathcal{E}$. Let $x_s$ be the weights of EQUI after $s$ steps, and $y_s$ the part of the weights of AUG (or NOM) orthogonal to $\mathcal{E}$; its length is the drift.
# Write $\Pi_\perp$ for the projector onto $\mathcal{E}^\perp$.
#
# ````{prf:definition} Noise of a step
# :label: def-step-noise
#
# $$
# S_K(x) = \frac{1}{K^2} \sum_{b=1}^{K} \lVert \Pi_\perp \nabla R_b(x) \rVert^2 .
# $$ (eq-step-noise)
#
# ````
#
# ````{prf:proposition} Drift law
# :label: prop-drift-law
# Let representations be orthogonal, nonlinearities equivariant, the loss invariant and the risk differentiable.
#
# 1. At $x \in \mathcal{E}$ the sampled gradient is $\Pi_{\mathcal{E}}\nabla R(x) + n$. The noise $n$ is orthogonal to $\mathcal{E}$, has mean zero, and $\mathbb{E}\lVert n\rVert^2 = S_K(x)/L$.
# 2. Suppose gradients at the trained weights are replaced by those at $x_s$. Then AUG and NOM drift by
#
#    $$
#    \mathbb{E}\lVert y_T\rVert^2 = \frac{\eta^2}{L} \sum_{s<T} S_K(x_s)
#    \qquad\text{and}\qquad
#    \lVert y_T \rVert = \eta\, \Bigl\lVert \sum_{s<T} \Pi_\perp \nabla R(x_s) \Bigr\rVert .
#    $$ (eq-drift-law)
#
# ````
#
# ````{prf:proof}
# The risk on a mini-batch moved by $g$ is $A \mapsto R_b(\bar\rho(g)^{-1}A)$, by {prf:ref}`lem-moved-input`. At $x \in \mathcal{E}$ its gradient is $\bar\rho(g)\nabla R_b(x)$, since $\bar\rho(g)$ is orthogonal and fixes $x$.
# Split $\nabla R_b$ into its two parts. On $\mathcal{E}$ nothing is moved, so the part in $\mathcal{E}$ is the same for every draw.
# The other part stays in $\mathcal{E}^\perp$ and keeps its length. Its mean over the group is its projection onto $\mathcal{E}$, which is zero.
# The $KL$ draws are independent, so the variance of their mean is the mean of the variances over $KL$, which is $S_K/L$.
# Steps are independent too, and $y_T$ is $-\eta$ times the sum of the noises. For NOM the parts $\Pi_\perp\nabla R(x_s)$ add up as they are.
# ````
#
# The first part is exact. It contains a small surprise: sampling leaves no noise at all *within* $\mathcal{E}$.
# The second part is the first order in the drift; {ref}`below <drift-response>` we come back to it.
#
# **The smallest example.**
# Five points on a circle, turned by $C_5$; two hidden channels with tanh; one invariant output, squared error.
# All 60 weights are one vector $\theta$, on which $\bar\rho(g)$ is a permutation matrix.


# %%
def rho_bar(k):
    """The turn by k places on all weights."""
    turn = np.roll(np.eye(5), k, axis=0)
    hidden = np.kron(np.eye(2), turn)
    return block_diag(np.kron(hidden, turn), hidden)


Pi = torch.tensor(np.mean([rho_bar(k) for k in range(5)], axis=0))
across = torch.eye(60) - Pi  # Pi_perp


def risk(theta, x, y):
    A, B = theta[:50].view(10, 5), theta[50:]
    return ((torch.tanh(x @ A.T) @ B - y) ** 2).mean()


slope = grad(risk)

# %%
rng = np.random.default_rng([seed, 5])
x, y = torch.tensor(rng.normal(size=(20, 5))), torch.tensor(rng.normal(size=20))
turned = torch.stack([x.roll(k, 1) for k in range(5)])  # every sample in every position
theta = Pi @ torch.tensor(0.5 * np.random.default_rng([seed, 0]).normal(size=60))
print(f"weights {len(theta)}, of them free in E: {round(Pi.trace().item())}")

# %% [markdown]
# With $K = 4$ mini-batches and one pass there are $5^4$ draws. We list them all:

# %%
K = 4
parts = np.split(np.arange(20), K)
moved = [[slope(theta, turned[k, part], y[part]) for k in range(5)] for part in parts]
draws = [torch.stack(draw).mean(0) for draw in product(*moved)]
S = sum((across @ row[0]).square().sum() for row in moved).item() / K**2
squares = [(across @ draw).square().sum().item() for draw in draws]
print(f"mean over {len(draws)} draws {np.mean(squares):.6f}, S_K {S:.6f}")
inside = torch.stack([Pi @ (draw - draws[0]) for draw in draws])
print("the same part in E:", bool(inside.abs().max() < 1e-12))

# %% [markdown]
# Now the gallery: a network with two hidden channels for each group, ten samples in two mini-batches, and all pairs of draws.


# %%
def tower(case):
    """A task on random data, and weights in E."""
    a, b = Space(case.rho_in), Space(case.rho_out)
    hidden = [Space(a.rho, 2)] if case.is_orthogonal else []  # or nothing in between
    bends = [radial(a.dimension) for _ in hidden]
    network = SymmetricMlp([a, *hidden, b], [*bends, identity])
    x, y = (torch.tensor(rng.normal(size=(10, s.dimension))) for s in (a, b))
    task = Task(network, x, y, losses.squared_error, b)
    return task, network.project(network.gaussian([seed]))


# %%
def moved_slope(task, A, g, part):
    """Gradient off E and in E, for the samples in a part moved by g."""
    leaves = [W.clone().requires_grad_() for W in A]
    x, y = task.moved(g, part)
    loss = task.loss(task.network.forward(leaves, x), y).mean()
    whole = torch.autograd.grad(loss, leaves)
    split = task.network.complement(whole), task.network.project(whole)
    return [torch.cat([W.flatten() for W in half]) for half in split]


# %%
def mean_noise(case):
    """Mean of |n|^2 over all draws, over S_2; and how far the draws differ in E."""
    task, A = tower(case)
    halves = slice(0, 5), slice(5, 10)
    slopes = [[moved_slope(task, A, g, half) for g in case.rho_in.group.elements()]
              for half in halves]  # fmt: skip
    off, within = (
        [torch.stack([pair[k] for pair in row]) for row in slopes] for k in (0, 1)
    )
    S = sum(row[0].square().sum() for row in off) / 4  # identity first
    pairs = (off[0][:, None] + off[1]) / 2
    spread = max((row - row[0]).abs().max() for row in within)
    return (pairs.square().sum(-1).mean() / S).item(), spread.item()


# %%
swept = [case for case in gallery.orthogonal_cases() if case.rho_in.group.order > 1]
noise, spread = np.transpose([mean_noise(case) for case in swept])
print(f"{len(swept)} cases; draws agree in E:", bool(spread.max() < 1e-9))

# %%
claim("beyond: B", "The squared noise of a sampled gradient has the mean $S_K/L$.",
      noise, equals=1, within=1e-9, id="sampled-noise-of-one-step",
      details="Mean over all pairs of draws for two mini-batches, over $S_2$, each "
      "group of the gallery.")

# %% [markdown]
# **Breaking it.**
# The proof moves a gradient without changing its length. A representation that is not orthogonal stretches it, and the noise is not $S_K/L$, even for a linear network with an invariant output:

# %%
for name in ("C4 in stretched coordinates", "D3, cubic polynomials to a number"):
    ratio, _ = mean_noise(gallery.find(name))
    print(f"{name}: mean noise over S_K {ratio:.1f}")

# %% [markdown]
# ### The law in training
#
# If $S_K$ and the gradient change slowly, {eq}`eq-drift-law` reads
#
# $$
# \lVert y_T\rVert \approx \eta \sqrt{T S_K / L} \quad\text{for AUG}, \qquad \lVert y_T\rVert \approx \eta\, T \sqrt{S_1} \quad\text{for NOM}.
# $$
#
# AUG drifts like $\sqrt{T}$, NOM like $T$. At a fixed training time $\eta T$, halving the learning rate lowers the drift of AUG by $\sqrt2$ and leaves that of NOM as it is.
#
# We check it on the three tasks of the paper in small. PERM: is a graph on six nodes connected, invariant under relabelling. TRANS: digits of $7\times7$ pixels under cyclic translations. ROT: triangles and pentagons of $6\times6$ pixels, each turned at random, whose masks turn with them.
# The networks have the published layers with few channels and start at projected Gaussian weights, a different one each run. {ref}`PERM <perm>` and {ref}`TRANS <trans>` show the update rules in code.
# The law is evaluated along EQUI for each run and compared with the drift that AUG and NOM show in training, by {mod}`learnsym.experiments.finite_augmentation`.
# The learning rate is the published one for PERM and TRANS and about a thirtieth of it for ROT, where single runs leave the law ({ref}`below <claim-steep-places-break-the-law>`).

# %%
stored = results.obtain("finite_augmentation", scale, seed=seed)
found, config = stored.arrays, stored.config
TASKS = finite_augmentation.TASKS
table(
    ["", "this run"],
    [
        ["samples $N$, runs", f"{config.samples}, {config.runs}"],
        ["epochs $T$", config.epochs],
        ["mini-batches $K$, passes $L$", f"{config.count}, {config.passes}"],
        ["learning rates", ", ".join(f"{rate:g}" for rate in config.rates)],
        *[
            [f"weights of {name}, of them equivariant", f"{total:.0f}, {inside:.0f}"]
            for name, (total, inside, _) in zip(TASKS, found["sizes"])
        ],
    ],
)

# %% tags=["hide-input"]
DASHES = ("-", (0, (5, 1.6)), (0, (1.2, 1.4)))


def band(ax, grid, drift, k, label):
    """Root mean square over runs, and 10 to 90 percent of the runs."""
    low, high = np.percentile(drift, (10, 90), axis=-1)
    ax.fill_between(grid, low, high, color=COLORS[k], alpha=0.2, linewidth=0)
    ax.plot(grid, pooled(drift), MARKERS[k], color=COLORS[k], ls="none", ms=5,
            mfc="white", label=label)  # fmt: skip


fig, axes = plt.subplots(1, 3, figsize=(9.2, 3.9), sharey=True)
for row, (ax, name) in enumerate(zip(axes, TASKS)):
    unit = found["epochs_law"][row, 1]
    for k, (kind, label) in enumerate((("nominal", "NOM"), ("epochs", "AUG"))):
        both = (found[f"{kind}_{one}"][row, 1:] for one in ("drift", "law"))
        drift, law = (values / unit for values in both)
        times = np.arange(1, len(drift) + 1)
        band(ax, times, drift, k, label)
        ax.plot(times, pooled(law), color=COLORS[k], ls=DASHES[k],
                label=f"{label}, predicted")  # fmt: skip
    ax.set(xscale="log", yscale="log", title=name, xlabel="epochs $T$")
    style.epoch_ticks(ax, times[-1])
axes[0].set_ylabel("drift, in steps")
style.legend_below(fig, axes[0], 4)
figure(
    fig,
    "drift-over-epochs",
    title="Drift of augmented and of nominal training",
    caption="Distance from $\\mathcal{E}$ against the number of epochs, without augmentation (NOM) and with sampled augmentation (AUG), "
    "each run in units of its predicted first step of AUG. Markers: root mean square over runs; shaded: 10 to 90 percent of the runs. "
    "Lines: the law {eq}`eq-drift-law`, evaluated along equivariant training. In PERM and TRANS NOM has slope 1 and AUG about one "
    "half. In ROT single runs bend, because their gradients change on the way.",
    alt="Three panels of two rising lines on logarithmic axes. The upper one, without augmentation, is steeper, in the first two panels "
    "twice as steep. Markers lie on both. In the third panel the band of the runs widens.",
)


# %%
def agreement(name, first=0):
    """Measured over predicted drift, root mean square over runs."""
    drift, law = found[f"{name}_drift"], found[f"{name}_law"]
    return pooled(drift[..., first:, :] / law[..., first:, :])


# %%
for row, name in enumerate(TASKS):
    powers = [exponent(found[f"{kind}_drift"][row]) for kind in ("epochs", "nominal")]
    S = found["noise"][row, config.counts.index(config.count)]
    one = np.mean(found["one_step"][row].mean(0) / S)  # sampled, at the initial weights
    print(f"{name:5} slopes: AUG {powers[0]:.2f}, NOM {powers[1]:.2f}; ", end="")
    print(f"noise over S_K {one:.2f}")

# %%
claim("beyond: B", "Over the epochs AUG and NOM drift on average as the law says.",
      [pooled(agreement(kind, 1)) for kind in ("epochs", "nominal")], equals=1,
      within=0.1, decided=many, id="augmented-drift-over-epochs",
      details="Drift over predicted drift, root mean square, three tasks.")

# %% [markdown]
# ### Mini-batches and passes
#
# The law has two more knobs. Passes enter as $1/\sqrt{L}$. Mini-batches enter through $S_K$.

# %% tags=["hide-input"]
fig, axes = plt.subplots(2, 3, figsize=(9.2, 6.2), sharey="row")
knobs = (
    ("counts", config.counts, "mini-batches $K$"),
    ("passes", config.pass_counts, "passes $L$"),
)
for line, (kind, grid, label) in zip(axes, knobs):
    for row, (ax, name) in enumerate(zip(line, TASKS)):
        unit = found[f"{kind}_law"][row, 0]
        band(ax, grid, found[f"{kind}_drift"][row] / unit, 1, "measured")
        law = pooled(found[f"{kind}_law"][row] / unit)
        ax.plot(grid, law, color="black", ls="-", lw=1.3, label="law")
        root = law[0] * np.sqrt(grid[0] / np.array(grid))
        ax.plot(grid, root, color="#777777", ls=":", label="inverse square root")
        ax.set(xscale="log", yscale="log", xlabel=label)
        ax.set_title(name if kind == "counts" else "")
        ax.set_xticks(grid, [str(v) for v in grid])
        low, high = ax.get_ylim()
        ticks = [t for t in (0.05, 0.1, 0.2, 0.5, 1, 2) if low < t < high]
        ax.set_yticks(ticks, [f"{t:g}" for t in ticks])
        ax.minorticks_off()
    line[0].set_ylabel("relative drift")
style.legend_below(fig, axes[0, 0], 3)
figure(
    fig,
    "drift-over-draws",
    title="Drift by mini-batches and by passes",
    caption="Drift after the last epoch against the number of mini-batches with one pass (above) and the number of passes (below), each "
    "run relative to the prediction for the first entry. Markers: root mean square over runs; shaded: 10 to 90 percent of the runs. "
    "Solid: the law. Dotted: inverse square root. Passes follow it; mini-batches help in TRANS, up to a point, and not in the others.",
    alt="Six panels on logarithmic axes. In the lower three, markers and solid line fall along the dotted line. In the upper row, both are "
    "level in the outer panels; in the middle one they fall along the dotted line at first and then level off.",
)

# %%
claim("beyond: B", "The law holds for all numbers of mini-batches and of passes.",
      np.concatenate([agreement("counts"), agreement("passes")], axis=1), equals=1,
      within=0.2, decided=many, id="drift-by-mini-batches-and-passes",
      details="Drift over predicted drift, root mean square over runs, every entry.")

# %% [markdown]
# (drift-tradeoff)=
# ## What mini-batches buy
#
# Smaller mini-batches mean more draws, but each carries more noise of its own.
#
# ````{prf:proposition} Noise by the number of mini-batches
# :label: prop-divisions
# Let $m = \lVert \Pi_\perp\nabla R\rVert^2$, and let $v$ be the variance of $\Pi_\perp$ of the samples' gradients: the mean squared distance from their mean. If the samples are divided into mini-batches at random,
#
# $$
# \mathbb{E}\, S_K = \frac{m}{K} + \Bigl(1 - \frac1K\Bigr) \frac{v}{N-1} .
# $$ (eq-divisions)
#
# ````
#
# ````{prf:proof}
# A mini-batch of $B = N/K$ samples is drawn without replacement. Its mean gradient has the mean $\nabla R$, and by the finite-population formula $\mathbb{E}\lVert\Pi_\perp\nabla R_b\rVert^2 = m + \frac{v}{B}\,\frac{N-B}{N-1}$.
# Divide by $K$ and insert $B = N/K$.
# ````
#
# Six samples of the small example can be listed in every order. Here is the mean of $S_K$ over all 720; the claim compares it with the formula. It does not fall with $K$: these samples are invariant as a distribution, and $m$ happens to be below $v/(N-1)$.

# %%
slopes = vmap(slope, (None, 0, 0))(theta, x[:6, None], y[:6, None]) @ across
m = slopes.mean(0).square().sum().item()
v = (slopes - slopes.mean(0)).square().sum().item() / 6
orders = slopes[list(permutations(range(6)))]
ratios = []
for K in (1, 2, 3, 6):
    batches = orders.unflatten(1, (K, 6 // K)).mean(2)
    S = batches.square().sum(-1).sum(-1).mean().item() / K**2
    ratios.append(S / (m / K + (1 - 1 / K) * v / 5))
    print(f"K = {K}: {S:.6f}")

# %%
claim("beyond: B",
      "The noise of a step has a part that falls like $1/K$ and one that stays.",
      ratios, equals=1, within=1e-10, id="noise-of-random-divisions",
      details="Mean over all divisions, over the formula.")

# %% [markdown]
# ````{prf:proposition} Invariant data
# :label: prop-invariant-data
# Let the samples, inputs with targets, be independent draws from a distribution that the group leaves as it is, and let $x \in \mathcal{E}$ not depend on them. Then $\mathbb{E}\, S_K(x) = w/N$ for every $K$, with $w$ the expectation of $\lVert\Pi_\perp\nabla\ell\rVert^2$ over that distribution, $\nabla\ell$ the gradient of a sample's loss.
# ````
#
# ````{prf:proof}
# Moving a sample by $g$ turns its gradient into $\bar\rho(g)\nabla\ell$ and does not change the distribution. So the mean of $\nabla\ell$ is fixed by the group: it lies in $\mathcal{E}$, and $\Pi_\perp\nabla\ell$ has mean zero.
# The mean over $B = N/K$ independent samples has squared length $w/B$ on average. Sum over $K$ mini-batches and divide by $K^2$.
# ````
#
# So dividing shrinks only the part of the drift that all samples have in common. What single samples add stays: there are $N$ of them, however they are grouped.
# Write $K^* = (N-1)\,m/v$. At $K = K^*$ the first part has come down to $v/(N-1)$. Beyond that, more mini-batches are of little use.
#
# If the data are invariant, $m$ is itself a fluctuation of the sample. Its mean is that of $v/(N-1)$, so $K^*$ lies around 1.
# Nodes in random order make the graphs of PERM such data, and random quarter turns the shapes of ROT in this chapter (the published ones are upright, {ref}`rot`). There NOM drifts only because the data are finite, and exceeds AUG by the factor $\sqrt{TL}$, as long as the gradient keeps its direction.
# Digits are centred and not invariant under translations. In TRANS the drift of NOM has a cause that no number of samples removes, and the factor is $\sqrt{TLK}$ as long as $K$ is well below $K^*$.
# This sets TRANS apart from PERM. It does not set ROT apart from PERM, as the paper's figure does; {ref}`rot` is about that.

# %%
counts = np.array([*config.counts, config.samples])
noises = found["noise"]  # tasks, counts, runs; last: one sample a mini-batch
N, m, single = config.samples, noises[:, 0], noises[:, -1]
v = N * single - m
crossover = np.median((N - 1) * m / v, axis=-1)
table(["task", "$K^*$"], [[name, f"{k:.2g}"] for name, k in zip(TASKS, crossover)])

# %%
claim("beyond: B",
      "On digits, which translations do not leave as they are, many mini-batches help.",
      crossover[1], above=10, decided=many, id="centred-digits-gain-from-division",
      details="$K^*$, median over runs, TRANS; PERM and ROT about 1.")

# %% tags=["hide-input"]
fig, ax = plt.subplots(figsize=(6.4, 4.0))
fine = np.geomspace(1, N, 60)
for k, name in enumerate(TASKS):
    mean = np.mean(noises[k] / m[k], axis=-1)
    ax.plot(counts, mean, MARKERS[k], color=COLORS[k], ls="none", mfc="white",
            ms=9 - 2 * k, label=name)  # fmt: skip
    rest = np.mean(v[k] / m[k]) / (N - 1)
    ax.plot(fine, 1 / fine + (1 - 1 / fine) * rest, color=COLORS[k], ls=DASHES[k],
            label=f"{name}, predicted")  # fmt: skip
ax.plot(fine, 1 / fine, color="#777777", ls=":", lw=1, label="$1/K$")
ax.set(xscale="log", yscale="log", xlabel="mini-batches $K$", ylabel="$S_K / S_1$")
ax.set_xticks(counts, [str(count) for count in counts])
ax.minorticks_off()
style.legend_below(fig, ax, 4)
figure(
    fig,
    "noise-by-division",
    title="Noise of a step by the number of mini-batches",
    caption="$S_K$ at the initial weights over $S_1$, mean over runs, for the division in the order of the data (markers), and its mean over "
    "random divisions {eq}`eq-divisions` (lines). The last marker is one sample a mini-batch. Thin: $1/K$.",
    alt="Three lines on logarithmic axes with markers on them. Two stay level near one; the third falls along the dotted line and levels off.",
)

# %% [markdown]
# The right choice depends on what is scarce.
#
# * **Gradients.** A step costs $NL$ gradients of single samples, whatever $K$. Then take $K$ as large as the hardware likes, up to about $K^*$, and spend the rest on passes.
# * **Random draws.** A step costs $KL$ draws. At fixed $KL$ the mean square of the drift is $\frac{\eta^2 T}{KL}\bigl(m + (K-1)\frac{v}{N-1}\bigr)$, smallest for $K = 1$: one element for all the data, and many passes.
# * **Data.** The part $v/(N-1)$ falls with more samples, the part $m/K$ does not, unless the data are invariant.
#
# (drift-response)=
# ## When the weights respond
#
# The law takes gradients at $x_s$. AUG takes them at $x_s + y_s$.
#
# ````{prf:proposition} Law with response
# :label: prop-response
# Let $H_s = H_{\text{aug}}(x_s)$, as a map of $\mathcal{E}^\perp$ to itself. To first order in $y$, and without the products of $y_s$ with the draws of step $s$,
# $y_{s+1} = (1 - \eta H_s)\, y_s - \eta\, n_s$, and
#
# $$
# \mathbb{E}\lVert y_T\rVert^2 = \frac{\eta^2}{K^2 L} \sum_{s<T} \sum_b \bigl\lVert P_s\, \Pi_\perp \nabla R_b(x_s) \bigr\rVert^2,
# \qquad P_s = (1 - \eta H_{T-1}) \cdots (1 - \eta H_{s+1}) .
# $$ (eq-response)
#
# ````
#
# ````{prf:proof}
# The mean of the sampled gradient over the draws is $\nabla R_{\text{aug}}$, and {eq}`eq-decoupled` expands its part off $\mathcal{E}$.
# Its part in $\mathcal{E}$ changes at second order in $y$ only. This is so *in the mean*. A single draw $g$ has the Hessian $\bar\rho(g) H_R\, \bar\rho(g)^\top$, which does not commute with the group, and changes the part in $\mathcal{E}$ at first order. That change is a product of $y_s$ with a draw, has mean zero, and is left out with the others; so $x_s$ stays.
# Solve the recursion. The noises are independent with mean zero. By {prf:ref}`prop-hessians` $H_s$ commutes with the group, so $\lVert P_s \bar\rho(g) v\rVert = \lVert \bar\rho(g) P_s v\rVert = \lVert P_s v\rVert$, and the group drops out.
# ````
#
# The two orders, in the small example: how much the part of the gradient in $\mathcal{E}$ changes at a distance $\varepsilon$ from $\mathcal{E}$, for each of the five draws, and for their mean.


# %%
def change(epsilon, k=None):
    """Change of the part in E, for the draw k or in the mean."""
    off = theta + epsilon * direction
    draws = range(5) if k is None else [k]
    there, here = (sum(slope(w, turned[j], y) for j in draws) for w in (off, theta))
    return (Pi @ (there - here)).norm().item()


direction = across @ torch.tensor(rng.normal(size=60))
direction /= direction.norm()
powers = [np.log10(change(1e-2, k) / change(1e-3, k)) for k in (*range(5), None)]
print("powers of the distance, draws:", *(f"{p:.1f}" for p in powers[:-1]), end=", ")
print(f"mean: {powers[-1]:.1f}")

# %% [markdown]
# {eq}`eq-drift-law` is the case $P_s = 1$. It is good as long as $\eta T$ times the eigenvalues of $H$ in the directions of the noise is small against 1.
# Where the curvature is positive, the response pulls back and the true drift is smaller.
#
# We train the small example so long that the weights respond. First AUG itself, many runs from the same weights:

# %%
eta, T, L, K = 0.02, 40 if many else 20, 5, 4
runs = theta.repeat(160 if many else 20, 1)
rng, drift = np.random.default_rng([seed, 1]), []
batched = turned.unflatten(1, (K, 5))  # turn, mini-batch, sample, point
for _ in range(T + 1):
    drift.append((runs @ across).norm(dim=1).numpy())
    drawn = rng.integers(5, size=(len(runs), L, K))
    seen = batched[drawn, torch.arange(K)].flatten(1, 3)
    runs = runs - eta * vmap(slope, (0, 0, None))(runs, seen, y.repeat(L))
drift = np.array(drift)

# %% [markdown]
# Then the covariance of $y$, step by step along EQUI, with the dense Hessian of $R_{\text{aug}}$. Its trace is $\mathbb{E}\lVert y\rVert^2$.


# %%
def augmented(theta):
    return torch.stack([risk(theta, x, y) for x in turned]).mean()


def predicted(response):
    """Root mean square of y, (T + 1,)."""
    w, C, traces = theta, torch.zeros(60, 60), [0]
    for _ in range(T):
        V = torch.stack([slope(w, x[part], y[part]) for part in parts]) @ across / K
        step = torch.eye(60) - eta * hessian(augmented)(w) * response
        C = step @ C @ step.T + eta**2 / L * V.T @ V
        traces.append(C.trace().item())
        w = w - eta * Pi @ slope(w, x, y)
    return np.sqrt(traces)


law, full = predicted(False), predicted(True)
ends = pooled(drift)[-1] / law[-1], pooled(drift)[-1] / full[-1]
print(f"measured over predicted: law {ends[0]:.1f}, with response {ends[1]:.1f}")

# %%
fig, ax = plt.subplots(figsize=(6.4, 3.9))
times = np.arange(T + 1)
ax.fill_between(times, *np.percentile(drift, (10, 90), axis=1), color="#dddddd")
ax.plot(times[::3], pooled(drift)[::3], "ko", mfc="white", label="measured")
ax.plot(times, law, "--", color=COLORS[1], label="law")
ax.plot(times, full, "-", color=COLORS[0], label="law with response")
ax.set(xlabel="epochs", ylabel="$|y|$", ylim=(0, None))
ax.legend(loc="upper left")
figure(
    fig,
    "drift-with-response",
    title="Drift with and without response",
    caption="A small network on five points on a circle, many runs from the same weights, until the weights respond. Markers: root mean "
    "square over runs; shaded: 10 to 90 percent. Dashed: the law {eq}`eq-drift-law`. Solid: the law with response {eq}`eq-response`.",
    alt="Markers rise and bend; the solid curve runs through them, the dashed one rises above them.",
)

# %%
claim("beyond: B",
      "In a long run the law with response predicts the drift, the law without does "
      "not.", [abs(ends[1] - 1) < 0.15, abs(ends[0] - 1) > 0.15], decided=many,
      id="drift-law-with-response", details="Within 15 percent at the end, or not.")

# %% [markdown]
# ### Steep places
#
# ROT normalises two output channels at each pixel. With $d$ the difference of the two, this is the function $d \mapsto \pm d/\sqrt{d^2 + 4\varepsilon}$ with $\varepsilon = 10^{-5}$.
# It is nearly a step: its slope at $d = 0$ is $1/(2\sqrt\varepsilon)$, about 158, on a width of less than a hundredth.
# A pixel that happens to fall there dominates the gradient, and a step that is not tiny throws it out again.
# No linear law describes that. We raise the learning rate by 10 and by 100 and count the runs whose drift is what the law says, up to a factor of 1.5.
# The published learning rate, $5 \cdot 10^{-5}$, lies between the last two columns of ROT.

# %%
off = abs(np.log(found["rates_drift"] / found["rates_law"]))
shares = np.mean(off < np.log(1.5), axis=-1)  # tasks, factors
table(
    ["task", *(f"{k:g} times" for k in config.factors)],
    [
        [name, *(f"{s:.2f} at {k * rate:.0e}" for s, k in zip(row, config.factors))]
        for name, rate, row in zip(TASKS, config.rates, shares)
    ],
)
claim("beyond: B", "At each rate a fifth of the runs of ROT or more leave the law.",
      [*shares[:2].min(axis=1), 1 - shares[2].max()], above=[0.8, 0.8, 0.2],
      decided=many, id="steep-places-break-the-law",
      details="Shares of runs within 1.5 of it for PERM and TRANS, and outside for ROT.")

# %% [markdown]
# ## A penalty
#
# The paper suggests to add $\lambda\lVert y\rVert^2$ to the risk.
# It multiplies $y$ by $1 - 2\eta\lambda$ in every step and leaves $\mathcal{E}$ alone.
#
# ````{prf:proposition} Level under a penalty
# :label: prop-penalty-level
# In the setting of {prf:ref}`prop-drift-law` with a penalty, $\mathbb{E}\lVert y_{s+1}\rVert^2 = (1 - 2\eta\lambda)^2\, \mathbb{E}\lVert y_s\rVert^2 + \eta^2 S_K(x_s)/L$.
# If $S_K$ is constant and $0 < \eta\lambda < 1$, AUG comes to the level
#
# $$
# \mathbb{E}\lVert y_\infty\rVert^2 = \frac{\eta^2 S_K/L}{1 - (1 - 2\eta\lambda)^2} = \frac{\eta\, S_K/L}{4\lambda(1 - \eta\lambda)} .
# $$ (eq-penalty-level)
#
# If the gradient is constant, NOM comes to $\lVert y_\infty\rVert = \lVert\Pi_\perp\nabla R\rVert / (2\lambda)$.
# ````
#
# ````{prf:proof}
# The noise of a step is independent of $y_s$ and has mean zero. The fixed points of the two recursions are as stated.
# ````
#
# The best penalty for AUG is $\lambda = 1/(2\eta)$: it forgets $y$ in every step, and what remains is the noise of a single step. To first order this is the same as projecting onto $\mathcal{E}$ before each step. Beyond $1/\eta$ the penalty itself makes the weights diverge.
# For weak penalties AUG falls like $1/\sqrt\lambda$ and with the learning rate, NOM like $1/\lambda$ whatever the learning rate.
# A penalty cures noise and bias alike, but it takes time to reach its level: about $1/(4\eta\lambda)$ steps for the mean square of AUG, twice that for NOM.


# %%
late = slice(-max(1, config.epochs // 3), None)  # the last third of the epochs


def late_level(name, kind):
    """Late drift in units of the predicted first step, (tasks, penalties)."""
    values = found[f"{name}_{kind}"] / found[f"{name}_law"][..., 1:2, :]
    return np.sqrt(np.mean(values[..., late, :] ** 2, axis=(-2, -1)))


# %%
ways = ("penalties", "held")
levels = np.array([late_level(w, "drift") / late_level(w, "law") for w in ways])
recursion = pooled(levels[:, :2].swapaxes(1, 2))  # PERM and TRANS; ways, penalties
for name, values in zip(["AUG", "NOM"], levels[:, 2]):
    print(f"{name} of ROT", ", ".join(f"{v:.2f}" for v in values))
claim("beyond: B, Penalty on the non-equivariant part",
      "Under a penalty AUG and NOM of PERM and TRANS follow the recursions.", recursion,
      equals=1, within=0.05, decided=many, id="penalty-level-of-augmented-training",
      details="Drift over predicted drift, last third of the epochs, root mean square.")

# %% tags=["hide-input"]
fig, axes = plt.subplots(1, 3, figsize=(9.2, 3.9), sharey=True)
for k, (kind, label) in enumerate((("held", "NOM"), ("penalties", "AUG"))):
    for row, ax in enumerate(axes):
        drift, law = (late_level(kind, one)[row] for one in ("drift", "law"))
        ax.plot(config.pulls, drift, MARKERS[k], color=COLORS[k], ls="none",
                mfc="white", label=label)  # fmt: skip
        ax.plot(config.pulls, law, color=COLORS[k], ls=DASHES[k],
                label=f"{label}, predicted")  # fmt: skip
for ax, name in zip(axes, TASKS):
    ax.axvline(0.5, color="#777777", ls=":", lw=1)  # a step multiplies y by 0
    ax.set(xscale="log", yscale="log", title=name, xlabel=r"$\eta\lambda$")
    labels = [f"{pull:g}" for pull in config.pulls]
    ax.set_xticks(config.pulls, labels, fontsize=8.5, rotation=45)
    ax.minorticks_off()
axes[0].set_ylabel("late $|y|$ over $|y_1|$")
style.legend_below(fig, axes[0], 4)
figure(
    fig,
    "penalty-levels",
    title="Drift under a penalty",
    caption="Drift in the last third of the epochs, in units of the predicted first step, against the strength of the penalty times the "
    "learning rate. Markers: root mean square over runs. Lines: the recursions of {prf:ref}`prop-penalty-level`. At one half (dotted) "
    "what remains is the noise of a single step.",
    alt="Three panels. Two falling lines with markers on them, steeper without augmentation, meet at 1 at the dotted line and part "
    "again beyond it.",
)

# %% [markdown]
# A penalty that has had time to act, with $\eta\lambda$ of 0.1 and more, should hold both drifts at the stationary level. We take it from noise and gradient of the first step, for PERM and TRANS, whose gradients change little.


# %%
def over_level(task, k):
    """Late drift of AUG and of NOM over its level, penalty number k."""
    rate, lam = config.rates[task], config.pulls[k] / config.rates[task]
    S = found["noise"][task, config.counts.index(config.count)]  # one pass
    aug = np.sqrt(rate**2 * S / (1 - (1 - 2 * rate * lam) ** 2))
    nom = np.sqrt(found["noise"][task, 0]) / (2 * lam)
    AUG, NOM = (found[f"{name}_drift"][task, k, late] for name in ("penalties", "held"))
    return [pooled((AUG / aug).ravel()), pooled((NOM / nom).ravel())]


# %%
strong = [k for k, pull in enumerate(config.pulls) if pull >= 0.1]
ratios = [over_level(task, k) for task in (0, 1) for k in strong]
claim("beyond: B, Penalty on the non-equivariant part",
      "A penalty that has had time to act holds both drifts at the stationary level.",
      ratios, equals=1, within=0.05, decided=many,
      id="stationary-level-under-a-penalty")

# %% [markdown]
# (small-parametrisations)=
# ## Networks that cannot drift
#
# EQUI trains dense matrices and projects their gradient. It is simpler to train the coordinates of $\mathcal{E}$ themselves, and never to form the matrices.
# The layers are right in any parametrisation. Training is not.
#
# ````{prf:proposition} The metric matters
# :label: prop-coordinates
# Let $c$ be coordinates of $\mathcal{E}$ in an orthonormal basis. Gradient descent in $c$ is EQUI, step for step, with the same learning rate.
# If instead the parameters are entries $a_k$ of the matrices, one for each orbit $k$ of index pairs, then gradient descent moves the coordinate of orbit $k$ by as many times the step of EQUI as the orbit has members.
# ````
#
# ````{prf:proof}
# With $A = \sum_k c_k B_k$ the gradient in $c$ is $(\langle\nabla R, B_k\rangle)_k$, the coordinates of $\Pi_{\mathcal{E}}\nabla R$.
# The basis map of an orbit with $o_k$ members is $o_k^{-1/2}$ on it and 0 elsewhere, so $c_k = \sqrt{o_k}\,a_k$. Then $\partial R/\partial a_k = \sqrt{o_k}\,\partial R/\partial c_k$, and a step in $a_k$ is $o_k$ times the step in $c_k$.
# ````
#
# A framework's convolution layer has kernel entries as parameters. With the same learning rate it trains faster, by the number of pixels, than the dense network with a projected gradient.
#
# **TRANS.**
# A map between images that commutes with cyclic translations is a circular convolution with a kernel as large as the image. The fast Fourier transform applies it. An invariant map sums over the pixels.
# Divided by the side, both have orthonormal coordinates.


# %%
def circular(c, x):
    """Convolve images x (N, in, n, n) with kernels c / n, c of shape (out, in, n, n)."""
    waves = torch.einsum("oiuv,niuv->nouv", torch.fft.fft2(c), torch.fft.fft2(x))
    return torch.fft.ifft2(waves).real / x.shape[-1]


def digits_network(c, x):
    h = leaky_relu(circular(c[1], leaky_relu(circular(c[0], x))))
    h = torch.tanh(h.sum((-2, -1)) / x.shape[-1] @ c[2].T)
    return layer_norm(h, h.shape[1:]) @ c[3].T


# %% [markdown]
# **PERM.**
# A map between graphs that commutes with relabelling has 15 parameters: weights of the matrix and its transpose; of its row sums, column sums and diagonal, each repeated along rows, along columns or put on the diagonal; of its total and its trace, put everywhere or on the diagonal. An invariant map has two.


# %%
def terms(x):
    """The 15 maps of graphs x (..., n, n), shape (..., 15, n, n)."""
    one, diagonal = torch.eye(x.shape[-1]), x.diagonal(dim1=-2, dim2=-1)
    vectors = torch.stack([x.sum(-1), x.sum(-2), diagonal], -2)
    numbers = torch.stack([x.sum((-2, -1)), diagonal.sum(-1)], -1)[..., None, None]
    rows = vectors[..., None].expand(*vectors.shape, x.shape[-1])
    spread = [rows, rows.mT, torch.diag_embed(vectors)]
    numbers = [numbers * torch.ones_like(one), numbers * one]
    return torch.cat([torch.stack([x, x.mT], -3), *spread, *numbers], -3)


# %%
def graphs_network(c, x):
    n = x.shape[-1]
    h = leaky_relu(torch.einsum("ot,ntpq->nopq", c[0] @ to_terms, terms(x)))
    trace = h.diagonal(dim1=-2, dim2=-1).sum(-1)
    rest = (h.sum((-2, -1)) - trace) / np.sqrt(n * (n - 1))
    pair = torch.stack([trace / np.sqrt(n), rest], -1)
    h = leaky_relu(torch.einsum("oik,nik->no", c[1], pair))
    return leaky_relu(layer_norm(h, h.shape[1:]) @ c[2].T) @ c[3].T


# %% [markdown]
# The 15 terms are no orthonormal basis; their matrices, expanded in one, tell how to change coordinates.

# %%
size = {"samples": 120, "batch": 120, "channels": 3, "seed": seed}
graphs = perm.problem(perm.Config(**size, nodes=6, widths=(6, 4))).task
pictures = trans.problem(trans.Config(**size, side=7, width=6)).task
edges = graphs.network.maps[0]
matrices = terms(torch.eye(36, dtype=torch.float64).view(36, 6, 6)).flatten(2)
to_terms = edges.coordinates(matrices.permute(1, 2, 0).contiguous()).inverse()

# %% [markdown]
# Both train from the start of a dense network, which the library trains as EQUI. Coordinates, orbit sizes, and descent:


# %%
def digits_coordinates(A):
    first, second, *rest = pictures.network.coordinates(A)
    order = torch.tensor(pictures.network.maps[0].labels[:, 0])  # entries by shift
    kernels = [w[0][..., order].unflatten(-1, (7, 7)) for w in (first, second)]
    return [*kernels, *(w[0, ..., 0] for w in rest)]


def graphs_coordinates(A):
    first, second, *rest = graphs.network.coordinates(A)
    return [first[0, :, 0], second[0], *(w[0, ..., 0] for w in rest)]


# %%
def descend(c, x, network, task, rate, epochs, sizes=(1, 1, 1, 1)):
    """Gradient descent in coordinates, or, with the sizes of the orbits, in entries."""
    for _ in range(epochs):
        leaves = [w.clone().requires_grad_() for w in c]
        G = torch.autograd.grad(task.loss(network(leaves, x), task.y).mean(), leaves)
        c = [w - rate * o * g for w, o, g in zip(c, sizes, G)]
    return c


def apart(c, d):
    return sum((w - v).square().sum() for w, v in zip(c, d)).sqrt().item()


# %%
orbits = torch.tensor(np.bincount(edges.labels.ravel()))
cases = {
    "TRANS": (pictures, pictures.x.view(-1, 1, 7, 7), digits_network, digits_coordinates,
              1e-3, (49, 49, 49, 1)),
    "PERM": (graphs, graphs.x.view(-1, 6, 6), graphs_network, graphs_coordinates,
             1e-2, (orbits, torch.tensor([6, 30]), 1, 1)),
}  # fmt: skip
gaps, strays, rows, epochs = [], [], [], 12
for name, (task, x, network, coordinates, rate, sizes) in cases.items():
    A = task.network.project(task.network.gaussian([seed]))
    dense, _ = train(task, A, "equivariant", Schedule(rate, epochs, 120), [seed])
    first, last = coordinates(A), coordinates(dense)
    small = descend(first, x, network, task, rate, epochs)
    entries = descend(first, x, network, task, rate, epochs, sizes)
    gaps.append(apart(small, last) / apart(last, [0 * w for w in last]))
    strays.append(apart(entries, last) / apart(last, first))
    rows.append([name, task.network.dimension, sum(w.numel() for w in first)])
table(["task", "dense weights", "free parameters"], rows)

# %%
claim("beyond: B", "Descent in orthonormal coordinates is dense equivariant training.",
      gaps, below=1e-12, id="small-parametrisations-follow-the-dense-run",
      details="Distance after twelve epochs over the size of the weights: TRANS by "
      "convolutions, PERM by the 15 parameters.")
claim("beyond: B",
      "With entries of the matrices as parameters, the same networks train along "
      "another path.", strays, above=0.5, id="entries-as-parameters-do-not-follow",
      details="Distance from dense training over the distance that it covers.")

# %% [markdown]
# In ROT the group moves every pixel, and one row of weights for each orbit of pixels is enough. The other rows are the same one, turned.
#
# ## What to take away
#
# * Sampled augmentation walks off $\mathcal{E}$ at random, with steps that can be computed from mini-batch gradients at equivariant weights. Nominal training walks off in a straight line.
# * Passes always help, by the square root. Mini-batches help up to $K^* \approx (N-1)m/v$; beyond it the samples themselves are the noise. On invariant data $K^*$ lies around 1.
# * The law is first order. Long training needs the augmented Hessian. Where outputs are saturated and single pixels steep, a smaller learning rate does not mend it; weights of ordinary size do ({ref}`rot`).
# * A penalty holds the drift at a level that is known beforehand. The best one for AUG projects onto $\mathcal{E}$ in each step.
# * A network in orthonormal coordinates of $\mathcal{E}$ trains exactly like the projected one, and does not drift at all.

# %% tags=["hide-input", "nbval-ignore-output"]
footer(scale, seed, stored)
