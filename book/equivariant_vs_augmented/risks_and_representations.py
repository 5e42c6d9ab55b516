# %% [markdown]
# (risks-and-representations)=
# # Three risks
#
# Suppose that you know the symmetry of a task.
# You can build it into the network, or you can show the network moved copies of the data and let it learn the rest.
# {cite:t}`nordenfors2023optimization` (paper B) compare the two on the same set of weights: the *equivariant* strategy stays in a subspace $\mathcal{E}$ of that set, the *augmented* strategy may use all of it.
#
# Their argument starts from two lemmas and one remark.
# Lemma 3 trades a move of the input for a move of the weights.
# Lemma 4 turns the risk on augmented data into an average over moved weights.
# The remark, their Eq. 7, equates augmentation with averaging the network's outputs over the group.
# **Which of the three is true, and what does each need?**
#
# **What we found.**
#
# * [Lemma 3](#claim-b-lemma-3) and [Lemma 4](#claim-b-lemma-4) hold. Each assumption is needed, [and we say for what](#claim-which-assumption-is-needed).
# * Eq. 7 needs [a correction](#claim-b-eq-7). For the squared error, the augmented risk exceeds the risk of the averaged network by the variance of its predictions over an orbit. For the cross-entropy it does so [by a divergence](#claim-averaging-gap-cross-entropy).
# * The difference is a penalty on asymmetry that augmentation carries with it. On $\mathcal{E}$ it makes augmentation [the more stable of the two](#claim-augmentation-more-stable-than-averaging).
#
# **Which version of the paper.**
# We follow the preprint of 2023, arXiv 2303.13458 in its versions 1 and 2; lemmas, propositions and equations have its numbers throughout the book.
# The article that appeared later, {cite:t}`nordenfors2025optimization`, is more general.
# There the layers need not be all matrices: they come from a space of *admissible* layers, such as convolutions with small filters.
# The results then ask that the orthogonal projections onto admissible and onto equivariant layers commute, and for the flow that the parametrisation of the layers is unitary.
# Where every matrix is admissible, as here, the first condition holds by itself, and the statements are those of 2023.

# %% tags=["parameters"]
scale = "book"
seed = 0

# %%
from typing import Any, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch.nn.functional import softplus

from learnsym import gallery
from learnsym.publish import COLORS, MARKERS, claim, figure, footer, table, use_style
from learnsym.representations import PermutationRepresentation, channels, conjugated

use_style()
rng = np.random.default_rng(seed)
torch.set_default_dtype(torch.float64)
draws = 1 if scale == "smoke" else 2

# %% [markdown]
# ## A network with a group on every space
#
# A finite group $G$ acts on each space of the network.
# We keep the notation of {ref}`the chapter on groups <groups-and-projections>`: $\bar\rho(g)A = \rho_{\text{out}}(g)\,A\,\rho_{\text{in}}(g)^{-1}$ is the action on a linear map, and the maps that it fixes are the equivariant ones.
#
# ````{prf:definition} Symmetric perceptron
# :label: def-symmetric-perceptron
# Let $G$ act on spaces $X_0, \dots, X_L$ by representations $\rho_0, \dots, \rho_L$.
# With matrices $A_i$ of shape $(\dim X_{i+1}, \dim X_i)$ and fixed nonlinearities $\sigma_i$ on $X_{i+1}$,
#
# $$
# x_0 = x, \qquad x_{i+1} = \sigma_i(A_i x_i), \qquad f_A(x) = x_L .
# $$
#
# The weights $A = (A_0, \dots, A_{L-1})$ form the space $\mathcal{L}$. The group acts on it layer by layer, $(\bar\rho(g)A)_i = \rho_{i+1}(g) A_i \rho_i(g)^{-1}$, and $\mathcal{E}$ is the subspace that it fixes.
# ````
#
# Two layers will do, with no function after the second.
# Samples are rows.


# %%
def f(A, x, sigma):
    """Predictions of the network, one row a sample."""
    return sigma(x @ A[0].T) @ A[1].T


# %% [markdown]
# We write a group element as the list of its matrices, $g = [\rho_0(g), \rho_1(g), \rho_2(g)]$.


# %%
def elements(*rhos):
    """Every g of the group as [rho_0(g), ..., rho_L(g)]."""
    G = rhos[0].group.elements()
    return [[torch.tensor(rho.matrix(g)) for rho in rhos] for g in G]


def moved(g, A):
    """The weights rho_bar(g) A."""
    return [out @ W @ into.inverse() for into, out, W in zip(g, g[1:], A)]


def inverse(g):
    return [matrix.inverse() for matrix in g]


def project(A, G):
    """The mean of rho_bar(g) A, which is the projection onto E."""
    return [sum(layer) / len(G) for layer in zip(*[moved(g, A) for g in G])]


# %% [markdown]
# The representations $\rho_X = \rho_0$ on inputs and $\rho_Y = \rho_L$ on outputs belong to the task. Those in between are a choice.
# We write $gx$ and $gy$ for $\rho_X(g)x$ and $\rho_Y(g)y$ where no confusion is possible.
# The paper makes three assumptions:
#
# 1. every $\rho_i(g)$ is orthogonal,
# 2. every nonlinearity commutes with the group, $\sigma_i(\rho_{i+1}(g) v) = \rho_{i+1}(g)\sigma_i(v)$,
# 3. the loss is invariant, $\ell(gy, gy') = \ell(y, y')$.
#
# The second is a matter of the representation. A function of single coordinates commutes with permutations, an odd one also with changes of sign, and none except multiples of the identity with all rotations.
# Where the group rotates, we use the radial function $v \mapsto v / \sqrt{1 + |v|^2}$ on each channel.


# %%
def radial(d):
    def sigma(v):
        v = v.unflatten(-1, (-1, d))  # channels of d coordinates
        return (v / (1 + v.square().sum(-1, keepdim=True)).sqrt()).flatten(-2)

    return sigma


def commuting(rho):
    """tanh if every matrix of rho is a signed permutation, else radial."""
    ones = [np.count_nonzero(abs(rho.matrix(g)) > 1e-9) for g in rho.group.generators]
    return torch.tanh if set(ones) == {rho.dimension} else radial(rho.dimension)


# %% [markdown]
# ````{prf:definition} Three risks
# :label: def-three-risks
# For data $(x, y)$ and a loss $\ell$, the nominal, augmented and equivariant risks are
#
# $$
# R(A) = \mathbb{E}\, \ell(f_A(x), y), \qquad
# R_{\text{aug}}(A) = \frac{1}{|G|}\sum_{g} \mathbb{E}\, \ell(f_A(gx), gy), \qquad
# R_{\text{eqv}}(A) = R(\Pi_{\mathcal{E}} A),
# $$
#
# where $\mathbb{E}$ is the mean over the data and $\Pi_{\mathcal{E}}$ the orthogonal projection onto $\mathcal{E}$.
# ````
#
# All three are functions on the whole of $\mathcal{L}$.
# In code we allow other probabilities $\mu(g)$ than $1/|G|$, to break the theory on purpose later.


# %%
class Task(NamedTuple):
    G: list
    sigma: Any
    loss: Any
    x: torch.Tensor
    y: torch.Tensor
    mu: list


# %%
def R(A, t):
    return t.loss(f(A, t.x, t.sigma), t.y).mean()


def R_aug(A, t):
    risks = [t.loss(f(A, t.x @ g[0].T, t.sigma), t.y @ g[-1].T).mean() for g in t.G]
    return sum(p * risk for p, risk in zip(t.mu, risks))


def R_eqv(A, t):
    return R(project(A, t.G), t)


# %% [markdown]
# Losses compare rows: the squared error, and the cross-entropy of logits against class probabilities.
# Both are invariant where the group permutes the outputs, the first one under any orthogonal matrix.


# %%
def squared(u, y):
    return (u - y).square().sum(-1)


def cross_entropy(u, y):
    return -(y * u.log_softmax(-1)).sum(-1)


# %% [markdown]
# Every statement of this chapter is measured on two-layer networks over the gallery of groups, with Gaussian data that have no symmetry of their own.
# In the middle stand two copies of the input representation.


# %%
def gaussian(*shape):
    return torch.tensor(rng.standard_normal(shape))


def task(case, loss=squared, samples=5):
    G = elements(case.rho_in, channels(case.rho_in, 2), case.rho_out)
    sigma = commuting(case.rho_in) if case.is_orthogonal else lambda v: v
    x, y = (gaussian(samples, rho.dimension) for rho in (case.rho_in, case.rho_out))
    y = y.softmax(-1) if loss is cross_entropy else y
    return Task(G, sigma, loss, x, y, [1 / len(G)] * len(G))


# %%
def draw(t):
    """Random weights."""
    X, H, Y = (len(matrix) for matrix in t.G[0])
    return [0.6 * gaussian(H, X), 0.6 * gaussian(Y, H)]


# %%
def permuted(rho):
    return isinstance(rho, PermutationRepresentation) and rho.dimension > 1


tasks, rows = {}, []
for case in gallery.orthogonal_cases():
    t = tasks[case.name] = task(case)
    if permuted(case.rho_out):
        tasks[case.name + ", cross-entropy"] = task(case, cross_entropy)
    name = "tanh" if t.sigma is torch.tanh else "radial"
    rows.append([case.name, len(t.G), name, sum(W.numel() for W in draw(t))])

# %%
points = [(t, draw(t)) for t in tasks.values() for _ in range(draws)]
table(["case", "elements", "nonlinearity", "weights"], rows)

# %% [markdown]
# ## Moving the input is moving the weights
#
# ````{prf:lemma} Lemma 3 of paper B
# :label: lem-moved-input
# Under assumption 2, $f_A(gx) = g\, f_{\bar\rho(g)^{-1}A}(x)$ for all weights $A$ and all $g$. In particular $f_A$ is equivariant if $A \in \mathcal{E}$.
# ````
#
# ````{prf:proof}
# Let $x_i$ be the layers of $f_A$ at $gx$, and $z_i$ those of $f_{\bar\rho(g)^{-1}A}$ at $x$. We show $x_i = \rho_i(g) z_i$. It holds for $i = 0$, and then
# $x_{i+1} = \sigma_i(A_i \rho_i(g) z_i) = \sigma_i(\rho_{i+1}(g)\,[\rho_{i+1}(g)^{-1} A_i \rho_i(g)]\, z_i) = \rho_{i+1}(g) z_{i+1}$,
# where the last step is assumption 2.
# ````
#
# Both sides, and the largest difference over the group.
# Differences are relative to the size of what is compared, or to 1 where that is smaller.


# %%
def apart(a, b):
    return ((a - b).norm() / max(b.norm(), 1)).item()


def lemma_3(A, t):
    gaps = []
    for g in t.G:
        back = f(moved(inverse(g), A), t.x, t.sigma)
        gaps.append(apart(f(A, t.x @ g[0].T, t.sigma), back @ g[-1].T))
    return max(gaps)


# %%
def not_equivariant(A, t):
    """The same for weights in E: f(g x) against g f(x)."""
    A = project(A, t.G)
    plain = f(A, t.x, t.sigma)
    return max(apart(f(A, t.x @ g[0].T, t.sigma), plain @ g[-1].T) for g in t.G)


# %% [markdown]
# The proof uses inverses and no transposes, so assumption 1 plays no part.
# We add the oblique cases of the gallery, with linear networks, because a linear map is the one function at hand that commutes with them.

# %%
oblique = [(t, draw(t)) for t in map(task, gallery.oblique_cases())]
claim("B: Lemma 3",
      "Moving the input moves the weights: $f_A(gx) = g\\, "
      "f_{\\bar\\rho(g)^{-1}A}(x)$; weights in $\\mathcal{E}$ give equivariant "
      "networks.",
      [[lemma_3(A, t), not_equivariant(A, t)] for t, A in points + oblique],
      below=1e-12)

# %% [markdown]
# Assumption 2 is needed. A function of single coordinates, where the group turns the plane by 120 degrees:

# %%
turned = tasks["C3, turns of the plane"]._replace(sigma=torch.tanh)
gaps = [lemma_3(draw(turned), turned) for _ in range(20)]
print(f"tanh instead of the radial function: {min(gaps):.2f} to {max(gaps):.2f}")

# %% [markdown]
# ## The augmented risk averages over weights
#
# ````{prf:lemma} Lemma 4 of paper B
# :label: lem-average-risk
# Under assumptions 2 and 3, $R_{\text{aug}}(A) = \frac{1}{|G|} \sum_g R(\bar\rho(g) A)$.
# ````
#
# ````{prf:proof}
# By {prf:ref}`lem-moved-input` and assumption 3, $\ell(f_A(gx), gy) = \ell(g f_{\bar\rho(g)^{-1}A}(x), gy) = \ell(f_{\bar\rho(g)^{-1}A}(x), y)$.
# Average over the data and over $g$; the sum over $g^{-1}$ is the sum over $g$.
# ````
#
# This is the lemma that makes training tractable.
# The left side moves data, and the data enter through every layer at once.
# The right side moves weights, linearly.
# Its gradient follows from the chain rule: if every $\bar\rho(g)$ is orthogonal,
#
# $$
# \nabla R_{\text{aug}}(A) = \frac{1}{|G|}\sum_g \bar\rho(g)^{-1}\, \nabla R(\bar\rho(g)A) .
# $$ (eq-average-gradient)


# %%
def gradient(risk, A, t):
    leaves = [W.clone().requires_grad_() for W in A]
    return torch.autograd.grad(risk(leaves, t), leaves)


def flat(A):
    return torch.cat([W.ravel() for W in A])


# %%
def lemma_4(A, t):
    average = sum(p * R(moved(g, A), t) for p, g in zip(t.mu, t.G))
    return apart(R_aug(A, t), average)


def average_gradient(A, t):
    terms = [flat(moved(inverse(g), gradient(R, moved(g, A), t))) for g in t.G]
    return apart(flat(gradient(R_aug, A, t)), sum(terms) / len(t.G))


# %%
gaps = [[lemma_4(A, t), average_gradient(A, t)] for t, A in points]
claim("B: Lemma 4",
      "The augmented risk is the mean nominal risk of the moved weights; its gradient "
      "is {eq}`eq-average-gradient`.", gaps, below=1e-12)

# %% [markdown]
# The lemma says that $R_{\text{aug}}$ is an invariant function of the weights.
# So its gradient flow commutes with the group.
# {cite:t}`nordenfors2024ensembles` draw a conclusion for ensembles: if the law of the initial weights is invariant, the mean prediction of all networks is equivariant at all times, although no single one is.
#
# ## What each assumption is for
#
# We take one network, two layers on five points of a circle with their five rotations, and break one assumption at a time.
#
# * *A bias of its own in every unit*: $\tanh(v + b)$ with a fixed $b$ that is not invariant. Assumption 2 fails.
# * *A loss that weighs outputs unevenly*: a squared error with a weight for each coordinate. Assumption 3 fails.
# * *An oblique input representation*: the rotations in slanted coordinates. Assumption 1 fails.
# * *A measure that is not Haar's*: some rotations are drawn more often than others.
#
# The first three are the paper's assumptions. The fourth is built into its definition of the augmented risk.

# %%
circle = gallery.find("C5, circulant matrices")
good, b = task(circle), 0.5 * gaussian(10)

# %%
weight = torch.tensor([0.5, 0.75, 1, 1.25, 1.5])
middle = channels(circle.rho_in, 2)
slant = conjugated(circle.rho_in, np.eye(5) + 0.5 * np.eye(5, k=1))
broken = {
    "all hold": good,
    "own biases": good._replace(sigma=lambda v: torch.tanh(v + b)),
    "uneven loss": good._replace(loss=lambda u, y: ((u - y).square() * weight).sum(-1)),
    "oblique input": good._replace(G=elements(slant, middle, circle.rho_out)),
    "not Haar": good._replace(mu=[0.4, 0.3, 0.1, 0.1, 0.1]),
}

# %% [markdown]
# The fourth statement that we follow belongs to the next chapter: at weights in $\mathcal{E}$, the augmented gradient lies in $\mathcal{E}$.


# %%
def leaves_E(A, t):
    """How far the augmented gradient is from its group average, at weights in E."""
    slope = gradient(R_aug, project(A, t.G), t)
    return apart(flat(slope), flat(project(slope, t.G)))


statements = {
    "Lemma 3": lemma_3,
    "networks on $\\mathcal{E}$ are equivariant": not_equivariant,
    "Lemma 4": lemma_4,
    "gradient on $\\mathcal{E}$ stays in $\\mathcal{E}$": leaves_E,
}
some = [draw(good) for _ in range(10)]
deviations = np.array([
    [np.median([gap(A, t) for A in some]) for gap in statements.values()]
    for t in broken.values()
])

# %% tags=["hide-input"]
fig, ax = plt.subplots(figsize=(6, 4.2))
for k, name in enumerate(statements):
    ax.semilogy(
        np.arange(5) + 0.16 * (k - 1.5), np.maximum(deviations[:, k], 1e-12), MARKERS[k],
        color=COLORS[k], linestyle="none", markersize=8,
        markerfacecolor=COLORS[k] if k % 2 else "white", label=name,
    )
ax.axhline(1e-12, color="#777777", linestyle=":", linewidth=1)
ax.set_xticks(range(5), [name.replace(" ", "\n") for name in broken])
ax.set(ylim=(2e-13, 20), xlim=(-0.5, 4.5), ylabel="relative deviation")
ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, fontsize=9)
figure(
    fig,
    "broken-assumptions",
    title="Which statement needs which assumption",
    caption="Median deviation of four statements over random weights, with all assumptions in force and with one of them "
    "broken at a time. Two layers on five points of a circle. Marks on the dotted line are true to rounding. Fourth statement: "
    "distance of the augmented gradient, at weights in $\\mathcal{E}$, from its average over the group.",
    alt="Five groups of four markers on a logarithmic axis. In the first group all four lie on the line for rounding. Own "
    "biases lift all four, an uneven loss lifts Lemma 4 and the gradient, an oblique representation the gradient only, "
    "a biased measure Lemma 4 and the gradient.",
)

# %%
needs = [[0, 0, 0, 0], [1, 1, 1, 1], [0, 0, 1, 1], [0, 0, 0, 1], [0, 0, 1, 1]]
claim("beyond: B, Lemma 4",
      "All statements need assumption 2; Lemma 4 and the gradient need assumption 3 "
      "and uniform draws, the gradient assumption 1. The rest hold to rounding.",
      np.where(needs, deviations > 1e-3, deviations < 1e-12),
      id="which-assumption-is-needed")

# %% [markdown]
# The oblique representation deserves a word.
# There the risk is still an average over moved weights, but {eq}`eq-average-gradient` no longer follows: the transpose of $\bar\rho(g)$ is not its inverse.
# The gradient, which depends on the inner product, points out of $\mathcal{E}$.
# The paper notes that a change of inner product makes any representation orthogonal. Then gradient descent must use that inner product too.
#
# For a measure that is not uniform, a version of Lemma 4 survives.
# The proof gives $R_{\text{aug}}(A) = \sum_g \mu(g) R(\bar\rho(g)^{-1}A)$ with the inverse in place. Only the last step needs $\mu(g) = \mu(g^{-1})$, and only the gradient needs all $\mu(g)$ equal.

# %%
t, gaps = broken["not Haar"], []
for A in some:
    average = sum(p * R(moved(inverse(g), A), t) for p, g in zip(t.mu, t.G))
    gaps.append(apart(R_aug(A, t), average))
claim("beyond: B, Lemma 4",
      "For any probabilities, $R_{\\text{aug}}(A) = \\sum_g \\mu(g)\\, "
      "R(\\bar\\rho(g)^{-1}A)$.", gaps, below=1e-12, id="lemma-4-for-any-measure")

# %% [markdown]
# (feature-averaging)=
# ## Augmentation and averaging are not the same
#
# A third strategy trains nothing and averages the network instead. The **feature-averaged** network is
#
# $$
# \bar f_A(x) = \frac{1}{|G|}\sum_g g^{-1} f_A(gx) .
# $$ (eq-feature-averaging)
#
# It is equivariant for any weights. The paper states, as Eq. 7 and with a reference, that under assumption 3 its risk on the plain data is the augmented risk:
#
# $$
# R_{\text{aug}}(A) \overset{?}{=} \mathbb{E}\, \ell(\bar f_A(x), y).
# $$ (eq-seven)
#
# Write $f_g(x) = g^{-1} f_A(gx)$ for the predictions moved back, so that $\bar f$ is their mean.


# %%
def f_g(A, t):
    """Predictions moved back, shape (|G|, samples, outputs)."""
    moved_back = [f(A, t.x @ g[0].T, t.sigma) @ g[-1].inverse().T for g in t.G]
    return torch.stack(moved_back)


def f_bar(A, t):
    return f_g(A, t).mean(0)


def R_bar(A, t):
    return t.loss(f_bar(A, t), t.y).mean()


# %%
gaps = [
    apart(f_bar(A, t._replace(x=t.x @ h[0].T)), f_bar(A, t) @ h[-1].T)
    for t, A in points
    for h in t.G
]
claim("B: Eq. 6", "The feature-averaged network is equivariant, whatever the weights.",
      gaps, below=1e-12)

# %% [markdown]
# Two predictions decide the matter of Eq. 7. A linear map $f(x) = w^\top x$ with $w = (0, 4)$ reads the orbit $\{(1, 0), (0, 1)\}$ of the swap, with target $0$. It predicts $0$ and $4$. The mean squared error is $8$; the averaged network predicts $2$, and its squared error is $4$.

# %%
swap = tasks["S2, swap of two coordinates"].G
two = [[g[0], g[0], torch.eye(1)] for g in swap]  # the output does not move
x, y = torch.tensor([[1.0, 0]]), torch.zeros(1, 1)
tiny = Task(two, lambda v: v, squared, x, y, [1 / 2, 1 / 2])
w = [torch.eye(2), torch.tensor([[0.0, 4]])]
sides = [R_aug(w, tiny).item(), R_bar(w, tiny).item()]
claim("beyond: B, Eq. 7",
      "Predictions 0 and 4 on an orbit with target 0: the augmented risk is 8, that "
      "of the averaged network 4.", sides, equals=[8, 4], within=1e-12,
      id="averaging-gap-two-predictions")

# %% [markdown]
# By assumption 3, $R_{\text{aug}}$ is the mean of $\ell(f_g(x), y)$ over the data and over $g$. Eq. 7 exchanges this mean with the loss.
#
# ````{prf:theorem} The gap in Eq. 7
# :label: thm-averaging-gap
# Let $\ell$ be invariant and differentiable in the prediction. Then
#
# $$
# R_{\text{aug}}(A) - \mathbb{E}\,\ell(\bar f_A(x), y) = \mathbb{E}\, \frac{1}{|G|}\sum_g D_{\ell}\bigl(f_g(x), \bar f_A(x)\bigr),
# \qquad D_\ell(u, v) = \ell(u, y) - \ell(v, y) - \langle \nabla_v \ell(v, y), u - v\rangle .
# $$ (eq-averaging-gap)
#
# 1. If $\ell$ is convex in the prediction, the gap is at least zero. If $\ell$ is strictly convex, it is zero exactly if $f_A$ is equivariant on the orbits of the data.
# 2. For the squared error the gap is the orbit variance $\mathbb{E}\,\frac{1}{|G|}\sum_g \lVert f_g(x) - \bar f_A(x)\rVert^2$.
# 3. For the cross-entropy of logits the gap is $\mathbb{E}\,\frac{1}{|G|}\sum_g \operatorname{KL}\bigl(\operatorname{softmax} \bar f_A(x) \,\big\Vert\, \operatorname{softmax} f_g(x)\bigr)$. It does not depend on the targets.
# ````
#
# ````{prf:proof}
# The mean of $f_g - \bar f$ over $g$ is zero, so the linear term drops out of the mean of $D_\ell$. This is {eq}`eq-averaging-gap`.
# A differentiable convex function lies above its tangents, a strictly convex one touches each at one point; so $D_\ell \ge 0$, and $D_\ell(f_g, \bar f) = 0$ for all $g$ means that all $f_g$ are equal.
# For $\ell(u, y) = \lVert u - y\rVert^2$ we have $D_\ell(u, v) = \lVert u - v\rVert^2$.
# For the cross-entropy, $\ell(u, y) = \operatorname{lse}(u) - \langle y, u\rangle$ with $\operatorname{lse}(u) = \log\sum_c e^{u_c}$ and $\sum_c y_c = 1$. The term linear in $u$ does not contribute to $D_\ell$, and with $p = \operatorname{softmax} v$, $q = \operatorname{softmax} u$ we find $\operatorname{lse}(u) - \operatorname{lse}(v) - \langle p, u - v\rangle = \sum_c p_c \log(p_c/q_c)$.
# ````
#
# Part 2 is known in another setting: {cite:t}`elesedy2021provably` prove it for inputs with an invariant distribution, where it is what averaging gains in generalisation.
# The two losses differ in what they punish.
# The squared error sees every change of the prediction over an orbit. The cross-entropy does not see a constant added to all logits, because it leaves the probabilities alone.


# %%
def variance(A, t):
    return (f_g(A, t) - f_bar(A, t)).square().sum(-1).mean()


def divergence(A, t):
    p, q = f_bar(A, t).log_softmax(-1), f_g(A, t).log_softmax(-1)
    return (p.exp() * (p - q)).sum(-1).mean()


def off(A, t, formula):
    """Gap less formula, over the augmented risk."""
    whole = R_aug(A, t)
    return ((whole - R_bar(A, t) - formula(A, t)) / whole).item()


# %%
plain = [(t, A) for t, A in points if t.loss is squared]
gaps = [off(A, t, variance) for t, A in plain]
claim("B: Eq. 7", "For the squared error the gap is the orbit variance.", gaps,
      equals=0, within=1e-12, published=1 - sides[1] / sides[0],
      correction="The augmented risk is the larger, by the divergence in "
                 "{eq}`eq-averaging-gap`; equal if predictions are equivariant.")

# %%
gaps = [off(A, t, divergence) for t, A in points if t.loss is cross_entropy]
claim("beyond: B, Eq. 7",
      "For the cross-entropy the gap is the mean divergence of class probabilities, "
      "whatever the targets.", gaps, equals=0, within=1e-12,
      id="averaging-gap-cross-entropy")

# %% [markdown]
# At random weights the gap is no small matter. At weights in $\mathcal{E}$ it is zero for any invariant loss, and all risks of this chapter are one:

# %%
share = [1 - (R_bar(A, t) / R_aug(A, t)).item() for t, A in points if len(t.G) > 1]
print(f"median share of the gap in the augmented risk: {np.median(share):.2f}")

# %%
inside = [
    apart(risk(project(A, t.G), t), R_eqv(A, t))
    for t, A in points
    for risk in (R, R_aug, R_bar)
]
print("four risks agree on E:", max(inside) < 1e-12)

# %% [markdown]
# Other losses have other divergences, convex or not: the logistic loss, the fourth power of the error, and $e^2/(1 + e^2)$, which is bounded.
# (They need not be invariant here. The targets stay where they are.)

# %%
losses = {
    "logistic": lambda u, y: softplus(-u * y).sum(-1),
    "fourth power": lambda u, y: (u - y).pow(4).sum(-1),
    "bounded": lambda u, y: squared(u, y) / (1 + squared(u, y)),
}


def bregman(u, y, loss):
    """The mean of D(u, v), where v is the mean of u over the first axis."""
    v = u.mean(0).requires_grad_()
    slope = torch.autograd.grad(loss(v, y).sum(), v)[0]
    return (loss(u, y) - loss(v, y) - (slope * (u - v)).sum(-1)).mean()


# %%
gaps = []
for t, A in plain:
    u = f_g(A, t)
    for loss in losses.values():
        gap = (loss(u, t.y) - loss(u.mean(0), t.y)).mean()
        gaps.append(apart(bregman(u, t.y, loss), gap))
claim("beyond",
      "For other smooth losses too, convex or not, the gap is the mean Bregman "
      "divergence of {eq}`eq-averaging-gap`.", gaps, below=1e-10,
      id="averaging-gap-is-a-bregman-divergence")

# %% [markdown]
# Without convexity the sign can change. The bounded loss on predictions 0 and 4, with target 0:

# %%
bounded = tiny._replace(loss=losses["bounded"])
sides = [R_aug(w, bounded).item(), R_bar(w, bounded).item()]
claim("beyond",
      "For $e^2/(1 + e^2)$, predictions 0 and 4 with target 0 give $8/17$, their mean "
      "gives $4/5$: averaging is the worse of the two.", sides, equals=[8 / 17, 4 / 5],
      within=1e-12, id="averaging-can-be-worse")

# %% [markdown]
# For which losses is Eq. 7 true as printed? For very few.
#
# ````{prf:proposition} Eq. 7 for every network
# :label: prop-affine-only
# Let $|G| \ge 2$ act trivially on the outputs, let some input have an orbit of $|G|$ points, and let $\ell$ be continuous in the prediction. If {eq}`eq-seven` holds for every function $f$ in the place of the network, on data of one sample, then $\ell$ is affine in the prediction.
# ````
#
# ````{prf:proof}
# Let $n = |G|$. A function can take any values on the orbit. Take $u$ and $v$ once each, and $m = (u + v)/2$ at the other $n - 2$ points. The mean prediction is $m$, and {eq}`eq-seven` reads $\frac1n\bigl(\ell(u) + \ell(v) + (n-2)\ell(m)\bigr) = \ell(m)$, so $\frac12(\ell(u) + \ell(v)) = \ell(m)$. A continuous function with this property for all $u$ and $v$ is affine.
# ````
#
# An affine loss that is bounded from below on all of $\mathbb{R}^k$ is constant.
# On probabilities there is a useful one: $1 - \langle y, p\rangle$, the chance of a mistake if the class is drawn from $p$.
# For it, averaging the probabilities and augmenting the data are the same.
#
# ## A penalty on asymmetry
#
# The theorem says what augmentation does beyond averaging.
# With the squared error, $R_{\text{aug}}$ is the risk of the averaged network *plus* a penalty of strength one on the variance over orbits.
# A network that is averaged and trained as such carries no such penalty: its weights may be as asymmetric as they like.
#
# We walk out of $\mathcal{E}$ on a straight line in a random direction, with the corners of a square and their eight symmetries.

# %%
square = gallery.find("D4, corners of a square")
distances = np.linspace(0, 2.5, 26)


def walk(t):
    """Three risks along a line, shape (distances, 3)."""
    A = draw(t)
    inside = project(A, t.G)
    across = [W - P for W, P in zip(A, inside)]
    step = flat(across).norm()
    line = [[P + s * W / step for P, W in zip(inside, across)] for s in distances]
    return torch.tensor([[R_aug(A, t), R_bar(A, t), R(A, t)] for A in line])


# %%
walks = {
    "(a) squared error": walk(task(square)),
    "(b) cross-entropy": walk(task(square, cross_entropy)),
}

# %%
fig, axes = plt.subplots(1, 2, figsize=(6, 3.4))
names = ["augmented risk", "risk of the averaged network", "nominal risk"]
for ax, (title, risks) in zip(axes, walks.items()):
    ax.fill_between(distances, risks[:, 1], risks[:, 0], color="#dddddd", linewidth=0)
    for k, name in enumerate(names):
        ax.plot(distances, risks[:, k], marker=MARKERS[k], markevery=8, label=name)
    ax.set(title=title, xlabel="distance from $\\mathcal{E}$")
axes[0].set(ylabel="mean loss")
fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
figure(
    fig,
    "averaging-gap",
    title="Augmented risk and averaged network, off the equivariant weights",
    caption="Three risks along a straight line out of $\\mathcal{E}$ in a random direction, for a two-layer network on the "
    "corners of a square under $D_4$. The grey area is the gap in Eq. 7: the orbit variance of the predictions for the "
    "squared error, a divergence between class probabilities for the cross-entropy. It starts at zero, with slope zero.",
    alt="Two panels with three curves each, which leave a common point. The augmented risk rises above the risk of the "
    "averaged network, with a growing grey area between them; the nominal risk takes a course of its own.",
)

# %% [markdown]
# The penalty vanishes on $\mathcal{E}$ and is at least zero elsewhere, so it has no slope there, and its curvature is at least zero.
#
# ````{prf:corollary} Augmentation is the more stable of the two
# :label: cor-more-stable
# Let $\ell$ be convex in the prediction, and $\ell$ and the nonlinearities smooth. At weights in $\mathcal{E}$ the augmented risk and the risk of the averaged network have the same gradient, and the Hessian of the first minus that of the second has no negative eigenvalue.
# ````
#
# ````{prf:proof}
# The gap is at least zero and vanishes on $\mathcal{E}$, because networks with weights in $\mathcal{E}$ are equivariant. So every point of $\mathcal{E}$ is a minimum of the gap.
# ````
#
# We compute the whole Hessian of the gap, for the networks with up to 120 weights.

# %%
def gap(theta, t):
    """The same as a function of all weights in one vector."""
    X, H, Y = (len(matrix) for matrix in t.G[0])
    A = theta[: H * X].view(H, X), theta[H * X :].view(Y, H)
    return R_aug(A, t) - R_bar(A, t)


# %%
slopes, lowest, highest = [], [], []
for t, A in points[::draws]:
    theta = flat(project(A, t.G))
    if len(theta) <= 120 and len(t.G) > 1:
        slopes.append(torch.func.grad(gap)(theta, t).norm().item())
        curvatures = torch.linalg.eigvalsh(torch.func.hessian(gap)(theta, t))
        lowest.append(curvatures[0].item())
        highest.append(curvatures[-1].item())
print(f"{len(lowest)} networks; largest curvature, median {np.median(highest):.1f}")

# %%
claim("beyond",
      "At weights in $\\mathcal{E}$ the augmented and the averaged risk have the same "
      "gradient, and the first is at least as curved in every direction.",
      [slopes, -np.minimum(lowest, 0)], below=1e-12,
      id="augmentation-more-stable-than-averaging")

# %% [markdown]
# Paper C measures invariance by LI, which on data in whole orbits is twice this variance of the predictions, and penalises it; see {ref}`measuring invariance <measuring-invariance>`. The theorem shows where the same quantity hides in plain augmentation.
#
# ## What to take away
#
# * Moving the input of a network is moving its weights, for any representation, as long as the nonlinearities commute with the group.
# * The augmented risk is the average of the nominal risk over moved weights. It needs an invariant loss, and draws for which $g$ and $g^{-1}$ are equally likely. Statements on gradients need uniform draws and orthogonal representations besides.
# * Augmentation is not feature averaging. For convex losses the augmented risk is the larger, by the orbit variance for the squared error and by a divergence of probabilities for the cross-entropy.
# * Eq. 7 is an identity on equivariant networks, and for losses that are affine in the prediction.

# %% tags=["hide-input", "nbval-ignore-output"]
footer(scale, seed)
