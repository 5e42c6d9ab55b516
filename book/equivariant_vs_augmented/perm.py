# %% [markdown]
# (perm)=
# # PERM: connected graphs
#
# The first experiment of {cite:t}`nordenfors2025optimization` asks whether a graph is connected.
# The answer does not depend on how its nodes are numbered, so the symmetric group of the nodes acts, and there is a network of equivariant layers.
# The paper trains it with and without augmentation, starting from equivariant weights, and watches how far the weights leave them.
# Its Figure 1 shows that augmented training stays closer to the equivariant weights than plain training, "by several orders of magnitude" in this task and in {ref}`TRANS <trans>`.
#
# **How much closer should it stay?** The {ref}`drift law <drift-law>` answers with a number. Here is the experiment at the published size, with that number beside it.
#
# **What we found.**
#
# * The order of the curves is [as printed](#claim-perm-order-of-curves): equivariant training stays, augmented training leaves by a hundredth of its way or less, plain training leaves further.
# * The factor between the last two is [not several orders of magnitude](#claim-perm-orders-of-magnitude). It is about [$\sqrt{TL}$](#claim-perm-factor-is-root-of-draws) after $T$ epochs of $L$ passes, and much the same in each run. In the squared form that the public code draws it is [three orders](#claim-perm-orders-of-magnitude-squared).
# * What drives augmented training away is sampling noise and nothing else. It [follows the law](#claim-perm-augmented-law) within a few percent over all epochs, and with all group elements instead of random ones it [does not leave](#claim-perm-exact-augmentation-stays) at all.
# * In the published number of epochs the networks [do not learn](#claim-perm-does-not-learn): on average they answer no better than one who says the same of every graph.

# %% tags=["parameters"]
scale = "paper"
seed = 0

# %%
from functools import cache

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch.nn.functional import binary_cross_entropy_with_logits, layer_norm, leaky_relu

from learnsym import groups, representations, results
from learnsym.data import two_block_graphs
from learnsym.drift.curves import agreement, curves, ends, exponent, learned, sizes
from learnsym.equivariant import EquivariantMaps
from learnsym.experiments import perm
from learnsym.publish import claim, figure, footer, style, table, use_style

use_style()
trained = scale != "smoke"  # a smoke run has two small networks and three epochs

# %% [markdown]
# ## The experiment
#
# **Data.**
# Graphs on ten nodes from a two-block model: two blocks of five, an edge with probability one half within a block and one twentieth between blocks, nodes in random order.
# A graph is its adjacency matrix. The target is whether it is connected.
# We start with graphs on four nodes, small enough to do everything in view.


# %%
def data(samples, nodes, seed):
    """Adjacency matrices as rows, and targets."""
    rng = np.random.default_rng([seed, 2])
    graphs, connected = two_block_graphs(samples, nodes, seed=rng)
    x = torch.tensor(graphs.reshape(samples, nodes**2))
    return x, torch.tensor(connected[:, None], dtype=torch.float64)


x, y = data(24, 4, seed)
print(x[0].reshape(4, 4).int().numpy(), bool(y[0]))

# %% [markdown]
# **Group.**
# $S_n$ permutes rows and columns together.
# For $n = 10$ it has 3,628,800 elements, so augmentation can only sample it. Here it has 24.

# %%
S4 = groups.symmetric(4)
g = S4.sample(np.random.default_rng(seed), 1)[0]
print(S4.order, groups.symmetric(10).order)
print(representations.adjacency(S4).act(g, x[0]).reshape(4, 4).int().numpy())

# %% [markdown]
# **Network.**
# Four layers without bias. From the adjacency matrix to $c$ channels, each an $n\times n$ matrix on which the group acts in the same way; from there to 64 invariant features, then 32, then one logit.
# Leaky ReLU in between, layer normalisation without learned parameters on the 64 features, binary cross-entropy at the end.


# %%
def network(A, x):
    """Logits for rows x."""
    h = leaky_relu(leaky_relu(x @ A[0].T) @ A[1].T)
    return leaky_relu(layer_norm(h, h.shape[1:]) @ A[2].T) @ A[3].T


def gradient(A, x, y):
    """Gradient of the mean loss, one matrix a layer."""
    leaves = [W.clone().requires_grad_() for W in A]
    loss = binary_cross_entropy_with_logits(network(leaves, x), y)
    return torch.autograd.grad(loss, leaves)


# %% [markdown]
# An equivariant layer from one matrix to another has 15 free parameters, an invariant one 2 ({ref}`groups and projections <groups-and-projections>` counts them).
# So the group acts on the first two layers only; the last two are equivariant whatever they are.
# The projection $\Pi$ onto the equivariant layers $\mathcal{E}$ works on one pair of channels at a time.


# %%
@cache
def maps(n):
    """Equivariant maps of the first and of the second layer, for one pair of channels."""
    edges = representations.adjacency(groups.symmetric(n))
    one = representations.trivial(edges.group)
    return EquivariantMaps(edges, edges), EquivariantMaps(edges, one)


def project(A, n):
    """Pi A."""
    first, second = maps(n)
    B = first.project(A[0].unflatten(0, (-1, n**2)))
    C = second.project(A[1].unflatten(1, (-1, n**2)).unsqueeze(2)).squeeze(2)
    return [B.flatten(0, 1), C.flatten(1), *A[2:]]


def across(A, n):
    """The part A_perp off E."""
    return [W - P for W, P in zip(A, project(A, n))]


def norm(A):
    return sum((W**2).sum() for W in A).sqrt().item()


print(*maps(4), sep="\n")

# %% [markdown]
# **Training.**
# Weights start at standard Gaussian matrices projected onto $\mathcal{E}$.
# A step is one epoch of gradient descent with learning rate $\eta = 5\cdot10^{-5}$, the gradient averaged over $K$ mini-batches.
#
# * **NOM** uses the data as they are.
# * **AUG** makes $L = 25$ passes before each step. In every pass each mini-batch is moved by a random relabelling of its own.
# * **EQUI** is NOM with the gradient projected onto $\mathcal{E}$.
# * **exact**, which is not in the paper's experiment, uses all relabellings in each step.


# %%
def start(n, c, widths, seed):
    """Gaussian weights in E."""
    rng = np.random.default_rng([seed, 0])
    spaces = [n**2, c * n**2, *widths, 1]
    A = [rng.standard_normal(shape) for shape in zip(spaces[1:], spaces)]
    return project([torch.tensor(W) for W in A], n)


def slope(A, way, n, x, y, batch, passes, rng):
    """Gradient of one epoch."""
    group, act = groups.symmetric(n), maps(n)[0].rho_in.act
    seen = [(x, y)]
    if way == "exact":
        seen = [(act(g, x), y) for g in group.elements()]
    if way == "AUG":
        pairs = list(zip(x.split(batch), y.split(batch)))
        draws = [group.sample(rng, len(pairs)) for _ in range(passes)]
        seen = [(act(g, a), b) for row in draws for g, (a, b) in zip(row, pairs)]
    slopes = [gradient(A, *part) for part in seen]
    mean = [torch.stack(layer).mean(0) for layer in zip(*slopes)]
    return project(mean, n) if way == "EQUI" else mean


# %% [markdown]
# **Measured** after each epoch: how far the weights $A$ have come, $\lVert A - A^0\rVert$, and how far they have left $\mathcal{E}$, the norm of $A_\perp = A - \Pi A$. We call the second the drift. All norms are over all layers, in float64.
#
# Ten epochs on the small graphs, with three mini-batches and three passes:

# %%
rate, drift, rows = 5e-5, {}, []
for way in ("NOM", "AUG", "EQUI", "exact"):
    A = first = start(4, 2, (4, 3), seed)
    rng = np.random.default_rng([seed, 1])
    for _ in range(10):
        G = slope(A, way, 4, x, y, 8, 3, rng)
        A = [W - rate * step for W, step in zip(A, G)]
    way_off = norm([W - V for W, V in zip(A, first)])
    drift[way] = norm(across(A, 4)) / way_off
    shown = "0" if drift[way] < 1e-9 else f"{drift[way]:.1e}"
    rows.append([way, f"{way_off:.2e}", shown])
table(["24 graphs, four nodes", "distance covered", "drift over distance"], rows)

# %% [markdown]
# NOM and AUG leave. With all 24 relabellings in each step there is no sampling noise, and by Corollary 1 of the paper the weights must stay, as they do under EQUI.

# %%
claim("B: Corollary 1",
      "With all relabellings in each step, training stays in $\\mathcal{E}$.",
      drift["exact"], below=1e-9, id="perm-exact-augmentation-stays",
      details="Drift over distance covered.")
print("sampled relabellings leave:", drift["AUG"] > 1e-4)

# %% [markdown]
# ## Figure 1
#
# Thirty such runs at the published size were computed once and stored, by {mod}`learnsym.experiments.perm`.

# %%
stored = results.obtain("perm", scale, seed=seed)
arrays, config = stored.arrays, stored.config
table(["", "published", "this run"], sizes(config, "graphs"))

# %% [markdown]
# Is the stored run what the code above does?
# The first step of its first run, by the code of this chapter: the distance under EQUI, the drift under NOM, and the noise $S_K = \frac{1}{K^2}\sum_b\lVert\Pi_\perp\nabla R_b\rVert^2$ of AUG, to which we come below.

# %%
n, T, L, K = config.nodes, config.epochs, config.passes, config.samples // config.batch
x, y = data(config.samples, n, config.seed)
A = start(n, config.channels, config.widths, config.seeds()[0])
G = gradient(A, x, y)
parts = zip(x.split(config.batch), y.split(config.batch))
S = sum(norm(across(gradient(A, *part), n)) ** 2 for part in parts) / K**2
mine = config.rate * norm(project(G, n)), config.rate * norm(across(G, n)), S
theirs = arrays["distance"][1, 1, 0], arrays["drift"][0, 1, 0], arrays["noise"][0, 0]
print("agree:", np.allclose(mine, theirs, rtol=1e-6))

# %%
found = curves(arrays, perm.MODES, config.rate, L)
NOM, EQUI, AUG = (found[mode] for mode in perm.MODES)
head = ["", "$\\lVert A - A^0\\rVert$", "$\\lVert A_\\perp\\rVert$", "by the law"]
table([*head, "public code's horizontal", "and vertical"], ends(found))

# %% tags=["hide-input"]
figure(
    style.drift_against_distance(found, ["nominal", "augmented"]),
    "perm-figure-one",
    title="PERM: drift against distance covered",
    caption="Distance from $\\mathcal{E}$ against distance from the initial weights, over the epochs. Thin: runs. Thick: their mean. Circles: the "
    "drift law, evaluated along equivariant training. Left and right show the same data at two scales. NOM is a straight line, AUG bends like "
    "a square root, EQUI is zero. After Figure 1 (PERM) of {cite:t}`nordenfors2025optimization`.",
    alt="Two panels. Left: a straight rising line for nominal training, and the two others along the bottom. Right: the same at a much finer "
    "scale, where augmented training is a curve that flattens, nominal training is nearly vertical, and equivariant training stays at zero. "
    "Circles of the law lie on the mean curves.",
)

# %%
slow = AUG.drift[-1] / AUG.distance[-1]
print(f"AUG, drift over distance: {slow.min():.1e} to {slow.max():.1e}")
order = [EQUI.drift < 1e-11, AUG.drift[1:] > 1e-9, NOM.drift[-1] > AUG.drift[-1]]
order += [slow <= 0.01] if trained else []
claim("B: Figure 1, PERM",
      "In every run EQUI stays in $\\mathcal{E}$, AUG leaves it, by at most a hundredth "
      "of its way, and NOM leaves further.", [part.all() for part in order],
      id="perm-order-of-curves")

# %% [markdown]
# Expansion (27) of the paper says that AUG and EQUI agree to first order. So they should cover the same distance and come to the same loss.

# %%
same = [
    AUG.distance[-1] / EQUI.distance[-1] - 1,
    arrays["final_loss"][2] / arrays["final_loss"][1] - 1,
]
claim("B: Eq. 27", "AUG covers the distance of EQUI and comes to its loss.", same,
      equals=0, within=1e-3, verdict="reproduced", decided=trained,
      id="perm-aug-follows-equi", details="Relative differences, each run.")

# %% [markdown]
# ### How many orders of magnitude?
#
# Take "several orders of magnitude" to mean at least two, a factor of a hundred.

# %%
factor = NOM.drift[-1] / AUG.drift[-1]
print(f"NOM over AUG, run by run: median {np.median(factor):.0f}, ", end="")
print(f"from {factor.min():.0f} to {factor.max():.0f}")

# %%
claim("B: Figure 1, PERM", "AUG drifts less than NOM by several orders of magnitude.",
      NOM.drift[-1].mean() / AUG.drift[-1].mean(), above=100, decided=trained,
      verdict="not reproduced", id="perm-orders-of-magnitude",
      details="Ratio of mean drifts after the last epoch; expected: two orders.")

# %% [markdown]
# The text of the paper speaks of $\lVert A_\perp\rVert$.
# The public code draws something else: its training script stores the *squared* norm of the part off $\mathcal{E}$ for each layer, and its evaluation script draws the root of the sum of the squares of these.
# So each layer enters with the fourth power of its norm under a square root, and the result scales like $\lVert A_\perp\rVert^2$.

# %%
code = np.sqrt((arrays["layers"] ** 4).sum(axis=-1))  # modes, epochs, runs
print("as the library has it:", np.allclose(code[2], AUG.code_drift))
claim("B: Figure 1, PERM",
      "In the squared form of the public code the gap is several orders of magnitude.",
      code[0, -1].mean() / code[2, -1].mean(), above=100, decided=trained,
      id="perm-orders-of-magnitude-squared", details="NOM over AUG at the end.")

# %% [markdown]
# On the horizontal axis the code draws the distance, not squared, over the layers on which the group acts. (It stores the distance of AUG in the place of that of NOM. We draw each at its own.)

# %% tags=["hide-input"]
figure(
    style.drift_against_distance(found, ["nominal", "augmented"], code=True),
    "perm-squared-form",
    title="PERM in the form that the public code draws",
    caption="The same runs with the axes of the public code's evaluation script: the vertical axis is the root of the sum over layers of the "
    "fourth powers of $\\lVert A_\\perp\\rVert$, the horizontal one $\\lVert A - A^0\\rVert$ over the layers on which the group acts. Thin: runs. Thick: "
    "their median. Squaring turns the straight line of NOM into a parabola and the square root of AUG into a straight line, and widens the gap.",
    alt="Two panels at two scales. Left: nominal training as a parabola that rises from zero, the others along the bottom. Right: augmented "
    "training as a nearly straight line through zero, with noise, and nominal training leaving through the top.",
)

# %% [markdown]
# ## What the drift law says
#
# To first order in the drift, {eq}`eq-drift-law` predicts each run's drift from gradients along equivariant training $x_s$ alone:
# for NOM the length of $\eta\sum_s \Pi_\perp\nabla R(x_s)$, for AUG the random walk $\eta\sqrt{\sum_s S_K(x_s)/L}$.
# The first is a straight line as long as the gradient keeps its direction. The second grows like $\sqrt{T}$.
# The stored run of EQUI recorded both ingredients.

# %%
walk = config.rate * np.sqrt(np.cumsum(arrays["noise"], axis=0) / L)  # from epoch 1 on
line = arrays["systematic"][0, 1:]
fig, ax = plt.subplots()
for mode, law in ("nominal", line), ("augmented", walk):
    epochs = np.arange(1, T + 1)
    style.draw_runs(ax, epochs, found[mode].drift[1:], mode, found[mode].label)
    some = np.unique(np.geomspace(1, T, 8).round().astype(int))
    style.mark_law(ax, some, law[some - 1].mean(axis=1), "law" if law is walk else None)
ax.set(xscale="log", yscale="log", xlabel="epochs", ylabel=r"$\Vert A_\perp \Vert$")
style.epoch_ticks(ax, T)
ax.legend()
figure(
    fig,
    "perm-over-epochs",
    title="PERM: drift against epochs",
    caption="Drift against the number of epochs on logarithmic axes. Thin: runs. Thick: their mean. Circles: the law. NOM has slope 1, AUG one "
    "half, so the gap between them widens like the square root of the number of epochs.",
    alt="Two bundles of lines that rise from the left. The upper one, nominal training, is twice as steep as the lower. Circles lie on both means.",
)

# %%
same = np.allclose(walk, AUG.law[1:]) and np.allclose(line, NOM.law[1:])
print("the law of the library:", same)
print(f"slopes: NOM {exponent(NOM.drift):.2f}, AUG {exponent(AUG.drift):.2f}")
claim("beyond: B, Figure 1, PERM", "AUG is the random walk of its sampling noise.",
      [agreement(AUG), agreement(NOM)], equals=1, within=0.05, decided=trained,
      id="perm-augmented-law", details="Measured over predicted, root mean square over "
      "runs, each epoch; and the same of NOM.")

# %% [markdown]
# The graphs are invariant as a distribution. Then a mini-batch carries as much noise as its share of the data, $S_K \approx \lVert\Pi_\perp\nabla R\rVert^2$ for every $K$ ({prf:ref}`prop-invariant-data`), and NOM exceeds AUG by $\sqrt{TL}$.

# %%
ratio = NOM.drift[-1].mean() / AUG.drift[-1].mean() / np.sqrt(T * L)
claim("beyond: B, Figure 1, PERM", "NOM over AUG is $\\sqrt{TL}$.", ratio, equals=1,
      within=0.1, decided=trained, id="perm-factor-is-root-of-draws",
      details="Ratio of mean drifts after the last epoch over $\\sqrt{TL}$, 35.4 as "
              "published.")

# %% [markdown]
# This says what it would take. A factor of a hundred needs $TL = 10{,}000$ passes in all, eight times the published number, and a thousand needs a million.
# More data or more mini-batches would not help: both curves sink together, because plain training drifts only for want of samples.
#
# ### Without the random order
#
# The random order of the nodes is what makes the data invariant. Sort the nodes of each graph by their number of neighbours, and the samples have a direction off $\mathcal{E}$ in common.
# Then mini-batches help, by up to $\sqrt{K}$. The law at the initial weights, $\sqrt{TL\,\lVert\Pi_\perp\nabla R\rVert^2/S_K}$:


# %%
def gap(x):
    """NOM over AUG after T epochs, if gradients stay as they are."""
    parts = zip(x.split(config.batch), y.split(config.batch))
    slopes = [across(gradient(A, *part), n) for part in parts]
    mean = norm([sum(layer) / K for layer in zip(*slopes)])
    return np.sqrt(T * L * mean**2 / (sum(norm(s) ** 2 for s in slopes) / K**2))


graphs = x.reshape(-1, n, n)
place = graphs.sum(dim=2).argsort(dim=1)
row = torch.arange(len(graphs))[:, None, None]
ordered = graphs[row, place[:, :, None], place[:, None, :]]
print(f"random order {gap(x):.0f}, sorted {gap(ordered.flatten(1)):.0f}")
print(f"square root of TL {np.sqrt(T * L):.0f}, of TLK {np.sqrt(T * L * K):.0f}")

# %% [markdown]
# {ref}`TRANS <trans>` is a task of the second kind as it stands.
#
# ## Is it an instability?
#
# The paper reads the drift of AUG as a sign that $\mathcal{E}$ is unstable under the augmented flow.
# An instability amplifies what is there: it would make the drift grow faster and faster, and the law, which knows no feedback, would fall behind. Neither happens here within 50 epochs.
# What remains is noise. Without it, in the small example with all relabellings, nothing leaves.
#
# ## Do the networks learn?

# %%
head = ["", "loss at the start", "loss at the end", "accuracy"]
table(head, learned(arrays, perm.MODES))
constant = max(y.mean().item(), 1 - y.mean().item())
print(f"the same answer for every graph: {constant:.3f}")
claim("beyond: B, Figure 1, PERM",
      "On average the networks answer no better than a constant.",
      arrays["accuracy"].mean(axis=1), below=constant + 0.02, decided=trained,
      id="perm-does-not-learn", details="Training graphs, mean over runs, each mode.")

# %% [markdown]
# Most of these networks do say the same of every graph; at the published size the best of the thirty runs does better than a constant.
# Standard Gaussian weights make large logits, and the initial loss is many times $\log 2$. The small steps lower it in every run and change few answers.
# So the experiment shows the start of training and no more. For its purpose this is enough: the drift law needs gradients, not success.
# It also means that {ref}`what happens near a minimum <spectrum>`, where an instability could show, is not part of Figure 1.
#
# ## What to take away
#
# * The order of the curves and the slow motion off $\mathcal{E}$ are as the paper says.
# * The factor between AUG and NOM is $\sqrt{TL}$ in this task. Whether one calls it several orders of magnitude depends on whether one squares it.
# * AUG leaves $\mathcal{E}$ as a random walk. The length of a step is known before training starts.

# %% tags=["hide-input", "nbval-ignore-output"]
footer(scale, seed, stored)
