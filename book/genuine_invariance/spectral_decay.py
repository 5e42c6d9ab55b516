# %% [markdown]
# (spectral-decay)=
# # Spectral decay
#
# {cite:t}`moskalev2023genuine` (paper C) add a penalty to augmentation, the logit invariance error LI, and see two things happen.
# Invariance becomes genuine, and accuracy falls.
# They explain the price by *spectral decay*: lowering LI shrinks the singular values of the weights, so the network becomes less sensitive to every change of its input, not only to those of the group.
# The evidence is a proposition about one linear layer (their Proposition 3.1) and a measurement on trained networks (their Figure 5).
# If this were the whole mechanism, there would be no way to have genuine invariance and a sensitive network.
#
# **What exactly does LI do to one linear layer? What is left of it in deep networks? And is low sensitivity what makes invariance genuine?**
#
# **What we found.**
#
# * The proposition is right, and more is true: [no singular value ever increases](#claim-c-proposition-3-1), and [the whole path is known](#claim-linear-path). It ends at the part of the weights that the data cannot tell from an invariant one, not at zero.
# * It belongs to LI and to this one layer. The other error of the paper, DI, [lengthens the weights](#claim-distribution-error-lengthens-weights) of the same layer.
# * In networks of any depth every layer [loses Frobenius norm at the same rate](#claim-all-layers-lose-alike), and the singular values of the last layer never increase. [An earlier layer's can](#claim-growing-layer), and so can the sensitivity of the network, [by any factor](#claim-sensitivity-grows-by-any-factor).
# * In trained networks [the Jacobian shrinks](#claim-c-figure-5), and so do the logits; [relative to the logits](#claim-sensitivity-in-units-of-logits) it grows under R4 and shrinks under T3.
# * A control that shrinks the logits without knowing the group is as insensitive [and not genuinely invariant](#claim-low-sensitivity-is-not-invariance).

# %% tags=["parameters"]
scale = "paper"
seed = 0

# %%
from itertools import pairwise, product

import matplotlib.pyplot as plt
import numpy as np
import torch
from numpy.linalg import eigh, matrix_rank, norm, svd
from scipy.integrate import solve_ivp

from learnsym import gallery, results
from learnsym.experiments import spectral_decay, spurious_invariance
from learnsym.invariance import without_identity
from learnsym.networks.perceptron import perceptron
from learnsym.publish import COLORS, MARKERS, claim, figure, footer, table, use_style
from learnsym.training.minibatch import PENALTIES

use_style()
rng = np.random.default_rng(seed)
# networks of scale smoke train for four epochs: what only trained networks show is not decided there
trained = scale != "smoke"

# %% [markdown]
# (one-linear-layer)=
# ## One linear layer
#
# Let $f(x) = Wx$ with inputs $x$ of $n$ numbers. The group acts by matrices, $x \mapsto gx$.
# Over a data set and all elements of the group,
#
# $$
# \mathrm{LI}(W) = \operatorname{mean}_{x, g} \lVert f(x) - f(gx)\rVert^2 = \operatorname{tr}(W M W^\top), \qquad
# M = \operatorname{mean}_{x, g}\, (x - gx)(x - gx)^\top .
# $$ (eq-difference-moment)
#
# The mean counts the identity. The paper writes half of this; with its factor, times below are doubled.
# The matrix $M$ is symmetric and positive semi-definite. We call it the *difference moment*.


# %%
def normal(*shape):
    return torch.tensor(rng.normal(size=shape))


def matrices(rho):
    """The group, shape (|G|, n, n)."""
    return torch.tensor(np.array([rho.matrix(g) for g in rho.group.elements()]).real)


# %%
def difference_moment(x, G):
    d = (x - x @ G.mT).flatten(0, 1)
    return (d.T @ d / len(d)).numpy()


# %% [markdown]
# Write $\sigma_1 \ge \sigma_2 \ge \dots$ for singular values, $\sigma_{\max} = \sigma_1$.
#
# ````{prf:proposition} Proposition 3.1 of the paper, extended
# :label: prop-li-flow
# Gradient flow on LI from $W_0$ is $W(t) = W_0\, e^{-2Mt}$. On the way:
#
# 1. Every singular value of $W(t)$ is non-increasing. Where $\sigma_i$ is simple, with singular vectors $u_i, v_i$, its derivative is $-2\sigma_i\, v_i^\top M v_i$.
# 2. $W(t)$ tends to $W_0 \Pi$, where $\Pi$ is the orthogonal projector onto $\ker M$. The distance to the limit is at most $e^{-2\lambda t}$ times that at the start, with $\lambda$ the smallest positive eigenvalue of $M$.
# 3. Gradient descent $W \mapsto W(I - 2\eta M)$ raises no singular value of any $W$ if and only if $\eta \le 1/\lambda_{\max}(M)$.
# ````
#
# ````{prf:proof}
# The gradient of {eq}`eq-difference-moment` is $2WM$, which gives the path.
# For $s \ge 0$ the matrix $e^{-2Ms}$ is symmetric with eigenvalues in $(0, 1]$, so $\sigma_i(W(t + s)) = \sigma_i(W(t)\, e^{-2Ms}) \le \sigma_i(W(t))$, by $\sigma_i(AB) \le \sigma_i(A)\, \sigma_{\max}(B)$.
# The derivative is $u_i^\top \dot W v_i$.
# The second part is the spectral decomposition of $M$.
# For the third, $I - 2\eta M$ has norm at most 1 exactly if $2\eta\lambda_{\max} - 1 \le 1$; beyond that, $W = u v^\top$ with the top eigenvector $v$ grows.
# ````
#
# The first part contains the published statement, which is about $\sigma_{\max}$.
# Note what it does not say. If $v_1$ lies in $\ker M$, then $\sigma_{\max}$ does not move at all.
#
# The limit needs a name. A row $w$ of $W$ is an *invariant functional* if $w^\top g x = w^\top x$ for all $g$ and all $x$ in the space, not only those in the data.
#
# ````{prf:proposition} The limit
# :label: prop-li-limit
# A row $w$ has $Mw = 0$ if and only if $w^\top g x = w^\top x$ for all $g$ and all $x$ in the data.
# These are exactly the invariant functionals if and only if the orbits of the vectors $x - \mathcal{R}x$ span the image of $I - \mathcal{R}$, where $\mathcal{R}$ is the mean of all $g$.
# It is enough that the data span the space.
# If the group acts by orthogonal matrices, $M = P(S + \bar S)P$, where $P = I - \mathcal{R}$, $S$ is the second moment of the data and $\bar S$ that of their orbits.
# ````
#
# ````{prf:proof}
# $w^\top M w$ is the mean of $(w^\top (x - gx))^2$.
# So $\ker M$ is the orthogonal complement of the span $D$ of all $(I - g)x$, and the invariant functionals are the complement of the span of all $(I - g)v$, $v$ any vector, which is the image of $I - \mathcal{R}$.
# Let $x' = x - \mathcal{R}x$. As $g\mathcal{R} = \mathcal{R}$, $(I - g)x = (I - g)x'$, so $D$ lies in the span of the orbits of these $x'$.
# Conversely $\sum_g (I - g) x' = \lvert G\rvert x'$ because $\mathcal{R}x' = 0$, so $x'$ is in $D$, and then $g x' = x' - (I - g)x'$ is too.
# Last, $M = \operatorname{mean}_g (I - g) S (I - g)^\top = S - \mathcal{R}S - S\mathcal{R}^\top + \bar S$. For orthogonal matrices $\mathcal{R}$ is an orthogonal projector with $M\mathcal{R} = 0$ and $P\mathcal{R} = 0$, so $M = PMP = P(S + \bar S)P$.
# ````
#
# So the flow forgets what the data show to be asymmetric, and keeps the rest.
# The spanning condition is the same as for {ref}`linear regression on whole orbits <orbits-needed>`, and the number of samples that it takes is the one found there.
# The moment $P\bar S P$ is also what drives the asymmetry out of an augmented least-squares fit. The penalty adds $PSP$ to it and can only be faster.
#
# **The test.**
# A network is a list of weights, perhaps followed by biases; with one matrix it is the layer above.
# The error is written as it is defined, and knows nothing of $M$:


# %%
def f(theta, x, relu=False):
    """The network with weights W_1, ..., W_L, and biases if theta holds any."""
    W, b = ([p for p in theta if p.ndim == d] for d in (2, 1))
    for k, w in enumerate(W):
        x = x @ w.T + (b[k] if b else 0)
        x = x.relu() if relu and k < len(W) - 1 else x
    return x


# %%
def LI(theta, x, G, relu=False):
    return (f(theta, x, relu) - f(theta, x @ G.mT, relu)).square().sum(-1).mean()


# %% [markdown]
# Gradient flow comes from an ODE solver and automatic differentiation.


# %%
def unpack(v, shapes):
    parts = torch.tensor(v).split([s.numel() for s in shapes])
    return [p.reshape(s).requires_grad_() for p, s in zip(parts, shapes)]


def flow(theta, loss, t):
    """The parameters at times t, as arrays of shape (T, ...)."""
    shapes = [p.shape for p in theta]

    def velocity(_, v):
        parts = unpack(v, shapes)
        slopes = torch.autograd.grad(loss(parts), parts)
        return -torch.cat([slope.flatten() for slope in slopes]).numpy()

    start = torch.cat([p.flatten() for p in theta]).numpy()
    options = {"method": "DOP853", "rtol": 1e-10, "atol": 1e-12}
    path = solve_ivp(velocity, (0, t[-1]), start, t_eval=t, **options).y.T
    states = zip(*(unpack(v, shapes) for v in path))
    return [torch.stack(parts).numpy(force=True) for parts in states]


# %% [markdown]
# The formula of the proposition, and what we ask of a path:


# %%
def linear_path(W0, M, t):
    """W_0 exp(-2 M t) at times t, shape (T, m, n)."""
    lam, V = eigh(M)
    return W0 @ V * np.exp(-2 * np.multiply.outer(t, lam))[:, None] @ V.T


def sigma(W):
    """Singular values of matrices (..., m, n), largest first."""
    return svd(W, compute_uv=False)


def rise(W):
    """The largest increase of a singular value from one time to the next."""
    return np.diff(sigma(W), axis=0).max() / sigma(W).max()


# %% [markdown]
# Now all representations of the gallery on which the group does something, orthogonal and oblique, with random weights and twice as many random samples as dimensions.

# %%
acting = [c for c in gallery.cases() if c.rho_in.group.order > 1]
moving = {case.name: matrices(case.rho_in) for case in acting}
rises, gaps = [], []
for G in moving.values():
    n = G.shape[1]
    x, W0 = normal(2 * n, n), rng.normal(size=(3, n))
    M = difference_moment(x, G)
    lam, V = eigh(M)
    seen = lam > 1e-9 * lam[-1]
    least, kept = lam[seen][0], V[:, ~seen]
    t = np.linspace(0, min(3 / least, 50 / lam[-1]), 30)
    (path,) = flow([torch.tensor(W0)], lambda W, x=x, G=G: LI(W, x, G), t)
    limit, late = W0 @ kept @ kept.T, linear_path(W0, M, [20 / least])
    rises.append(max(0, rise(path)))
    gaps.append(abs(path - linear_path(W0, M, t)).max())
    gaps += [abs(late - limit).max(), abs(limit @ G.numpy() - limit).max()]

# %%
claim("C: Proposition 3.1", "On LI, no singular value of a linear network increases.",
      rises, below=1e-8, details="30 times on the path of each case of the gallery.")
claim("beyond: C, Proposition 3.1",
      "The path is $W_0e^{-2Mt}$, the limit $W_0\\Pi$, invariant if the data span.",
      gaps, below=1e-7, id="linear-path", details="Distances: path, limit, invariance.")

# %% [markdown]
# With too few samples the limit can be invariant on the data and nowhere else.
# Of the 16 directions of $4\times4$ images, 4 are invariant under rotations and 12 are not. One image shows three of the 12:

# %%
turns = moving["C4, 4x4 images"]
for count in (1, 2, 3, 4, 5):
    M = difference_moment(normal(count, 16), turns)
    print(f"images {count}, rank of M {matrix_rank(M, hermitian=True)}")

# %% [markdown]
# And the learning rate: one step from a start near the top eigenvector of $M$, at the limit and a tenth beyond it.

# %%
steps = {1.0: [], 1.1: []}
for G in moving.values():
    n = G.shape[1]
    M = difference_moment(normal(2 * n, n), G)
    lam, V = eigh(M)
    W = 0.01 * rng.normal(size=(3, n))
    W[0] += V[:, -1]
    for factor, found in steps.items():
        after = W @ (np.eye(n) - 2 * factor / lam[-1] * M)
        found.append(rise(np.stack([W, after])))

# %%
claim("beyond: C, Proposition 3.1",
      "Gradient descent keeps this up to the rate $1/\\lambda_{\\max}(M)$ only.",
      [max(steps[1.0]) < 1e-8, min(steps[1.1]) > 0.05], id="linear-step-limit",
      details="Largest relative rise of a singular value in a step, all cases.")

# %%
x, W0 = normal(32, 16), rng.normal(size=(3, 16)) / 4
M = difference_moment(x, turns)
t = np.linspace(0, 4 / norm(M, 2), 61)
(path,) = flow([torch.tensor(W0)], lambda W: LI(W, x, turns), t)
lines, marks = sigma(linear_path(W0, M, t)), sigma(path[::5])
limits = sigma(W0 @ turns.mean(0).numpy())  # for 32 images, the invariant part

# %%
fig, ax = plt.subplots()
for k in range(3):
    ax.plot(t, lines[:, k], color=COLORS[k], label=f"$\\sigma_{k + 1}$")
    ax.plot(t[::5], marks[:, k], MARKERS[k], color=COLORS[k], linestyle="none")
    ax.axhline(limits[k], color="#777777", linestyle=":", linewidth=1.2)
ax.set(xlabel="time", ylabel="singular value", ylim=(0, None))
ax.legend(loc="best")
figure(
    fig,
    "linear-spectral-decay",
    title="Singular values of one linear layer on the invariance error",
    caption="Gradient flow on LI of a linear network with three outputs, on $4\\times4$ images in four rotations. Lines: singular values of $W_0 e^{-2Mt}$. Markers: an ODE solver. Dotted: the singular values of the limit, the part of $W_0$ in $\\ker M$. All fall, and none falls to zero.",
    alt="Three falling curves with markers on them. Each levels off towards a dotted horizontal line above zero.",
)

# %% [markdown]
# (other-losses-other-spectra)=
# ### Not for every error, and not with a task
#
# The proof uses that LI is a quadratic form in $W$. Two changes show how much.
#
# **Another error.** The paper's other measure is DI, the mean of the divergence $\mathrm{KL}(\operatorname{softmax} f(x) \,\Vert\, \operatorname{softmax} f(gx))$. It can be lowered by becoming *more* certain: if $x$ and $gx$ get the same class, longer weights push both probabilities to the same corner. Take two classes, $W = \tfrac12 (w, -w)^\top$ with $w = (2, 0)$, the swap of two coordinates and the sample $(3, 1)$. Doubling $w$ lowers DI, and gradient flow on DI raises $\sigma_{\max}(W)$, without end as far as we follow it.


# %%
def DI(theta, x, G):
    p, q = f(theta, x).log_softmax(-1), f(theta, x @ G.mT).log_softmax(-1)
    return (p.exp() * (p - q)).sum(-1).mean()

# %%
swap = moving["S2, swap of two coordinates"]
w, x = torch.tensor([[1.0, 0], [-1, 0]]).double(), torch.tensor([[3.0, 1]]).double()
(path,) = flow([w], lambda W: DI(W, x, swap), np.linspace(0, 20, 41))
errors = [DI([torch.tensor(W)], x, swap) for W in path]
claim("beyond: C, Proposition 3.1",
      "Gradient flow on DI can raise $\\sigma_{\\max}$ of a linear layer all the way.",
      [np.diff(sigma(path)[:, 0]).min() > 0, np.diff(errors).max() < 0],
      id="distribution-error-lengthens-weights", details="At 41 times, while DI falls.")

# %% [markdown]
# **A task.** Fit targets $y$ by minimising $\operatorname{mean}\lVert y - Wx\rVert^2 + \nu\, \mathrm{LI}(W)$.


# %%
def fit(x, y, M, nu):
    """The minimiser, from the second moments of the data and M."""
    S, C = x.T @ x / len(x), y.T @ x / len(x)
    return C @ np.linalg.inv(S + nu * M)


# %% [markdown]
# ````{prf:proposition} The penalised fit
# :label: prop-penalised-fit
# Let the group act by orthogonal matrices, let the data be whole orbits with a second moment of full rank, and let $W_0$ be the fit with $\nu = 0$. The fit with $\nu$ is $W_0\bigl(\mathcal{R} + \tfrac{1}{1 + 2\nu} P\bigr)$. If the targets are constant on orbits, it is $W_0$ for every $\nu$.
# Without whole orbits the largest singular value of the fit can increase with $\nu$.
# ````
#
# ````{prf:proof}
# On whole orbits $S = \bar S$ commutes with $P$, so $M = 2PS$ and the fit $C(S + \nu M)^{-1}$, where $C = \operatorname{mean} y x^\top$, is $C S^{-1} (I + 2\nu P)^{-1}$. If the targets are constant on orbits, $C = C\mathcal{R}$, so $W_0 P = 0$.
# For the last sentence take the swap, the samples $(3, -1)$ and $(1, 0)$, and the first coordinate as target. Then $W = (1, 0)$ fits. The best fit by $c\,(1, 1)$ has $c = 7/5$, so the norm grows from $1$ to $7\sqrt2/5$.
# ````

# %%
apart = []
for G in (matrices(case.rho_in) for case in gallery.orthogonal_cases()):
    n, R = G.shape[1], G.mean(0).numpy()
    x = (normal(2 * n, n) @ G.mT).flatten(0, 1)
    M, x = difference_moment(x, G), x.numpy()
    y = rng.normal(size=(len(x), 3))
    shared = np.tile(rng.normal(size=(2 * n, 3)), (len(G), 1))
    W, V = fit(x, y, M, 0), fit(x, shared, M, 0)
    for nu in (0.3, 3, 30):
        predicted = W @ R + (W - W @ R) / (1 + 2 * nu)
        apart.append(abs(fit(x, y, M, nu) - predicted).max())
        apart.append(abs(fit(x, shared, M, nu) - V).max())

# %%
x, y = np.array([[3.0, -1], [1, 0]]), np.array([[3.0], [1]])
M = difference_moment(torch.tensor(x), swap)
lengths = [norm(fit(x, y, M, nu)) for nu in (0, 1e6)]
print("lengths {:.4f} and {:.4f}".format(*lengths))
claim("beyond",
      "On whole orbits a penalty shrinks $W_0 P$; elsewhere it can lengthen a fit.",
      [max(apart) < 1e-9, abs(lengths[0] - 1) < 1e-9, lengths[1] > 1.979],
      id="penalty-on-whole-orbits", details="The gallery; then the example.")

# %% [markdown]
# So a linear network that is trained on whole orbits, as in augmentation, pays no price at all: the penalty changes the path and not its end.
# Where data are not whole orbits, it can make the fit more sensitive.
#
# (deep-spectral-decay)=
# ## Deep networks
#
# Now let $f(x) = W_L\, s(W_{L-1} \cdots s(W_1 x + b_1) \cdots + b_{L-1}) + b_L$, where $s$ is the identity (a *deep linear* network) or the ReLU $s(z) = \max(0, z)$.
# The paper has proved its proposition for one layer and applies it to such networks.
# What carries over comes from two facts. Scaling a layer scales the output. And LI is a quadratic form in the *last* layer.
#
# A ReLU network is not differentiable everywhere. By gradient flow we mean a solution of $-\dot\theta \in \partial\, \mathrm{LI}(\theta)$ for almost all $t$, with the Clarke subdifferential $\partial$. For networks of this kind the chain rule holds along such solutions.
#
# ````{prf:theorem} All layers lose alike
# :label: thm-layer-norms
# For deep linear and ReLU networks under gradient flow on LI, and every layer $l$,
#
# $$
# \frac{\mathrm{d}}{\mathrm{d}t} \Bigl( \lVert W_l\rVert_F^2 + \sum_{k \ge l} \lVert b_k\rVert^2 \Bigr) = -4\, \mathrm{LI} .
# $$ (eq-layer-norms)
#
# Without biases every $\lVert W_l\rVert_F^2$ loses exactly four times the integral of LI, and for $t > 0$
#
# $$
# \mathrm{LI}(t) \le \frac{1}{4t} \min_l \lVert W_l(0)\rVert_F^2 , \qquad \sigma_{\max}(W_l(t)) \le \lVert W_l(0) \rVert_F .
# $$ (eq-error-bound)
#
# With biases both hold for the last layer alone, $l = L$.
# ````
#
# ````{prf:proof}
# Multiply $W_l, b_l, b_{l+1}, \dots, b_L$ by $\alpha > 0$. All activations from layer $l$ on are multiplied by $\alpha$, and LI by $\alpha^2$.
# Differentiate at $\alpha = 1$: the inner product of the gradient of LI by these parameters with the parameters themselves is $2\,\mathrm{LI}$ (Euler). The same holds for every element of the subdifferential, because it is a convex combination of limits of gradients. The inner product with $\dot\theta$ is minus that, which is {eq}`eq-layer-norms`.
# LI does not increase, so $4t\,\mathrm{LI}(t) \le 4\int_0^t \mathrm{LI} \le \lVert W_l(0)\rVert_F^2$.
# The last bias cancels in $f(x) - f(gx)$ and does not move.
# ````
#
# So LI on its own always ends at zero, at any depth and from any start, and not slower than $1/t$.
# Differences of the left sides of {eq}`eq-layer-norms` between layers are conserved, as they are for training on a task.
#
# The identity at random weights, for two to four layers, with and without ReLU and biases:


# %%
kinds = list(product((False, True), (False, True)))  # biases, ReLU


def random_layers(*sizes, biases=False):
    pairs = list(pairwise(sizes))
    W = [normal(b, a) / a**0.5 for a, b in pairs]
    return W + [normal(b) / 2 for _, b in pairs if biases]


def euler(theta, x, G, relu):
    """Slope of each layer's squared norm, with later biases, and 4 LI: their sums."""
    theta = [p.requires_grad_() for p in theta]
    error = LI(theta, x, G, relu)
    dots = [(p * s).sum() for p, s in zip(theta, torch.autograd.grad(error, theta))]
    L = sum(p.ndim == 2 for p in theta)
    return [(-2 * (dots[k] + sum(dots[L + k :])) + 4 * error).item() for k in range(L)]


# %%
widths, sums = ((6,), (6, 5), (6, 5, 4)), []
for G, hidden, (biases, relu) in product(moving.values(), widths, kinds):
    n = G.shape[1]
    sums += euler(random_layers(n, *hidden, 3, biases=biases), normal(5, n), G, relu)
claim("beyond: C, Spectral decay in nonlinear networks",
      "On LI, all layers lose squared norm at the rate 4 LI, if later biases count.",
      np.abs(sums), below=1e-10, id="all-layers-lose-alike",
      details="Sum of slope and rate, random networks with two to four layers.")

# %% [markdown]
# ````{prf:theorem} The last layer
# :label: thm-last-layer
# Let $f(x) = W_L h(x) + b_L$ with any features $h$ that depend continuously on their parameters, and train all of it by gradient flow on LI. No singular value of $W_L$ ever increases.
# The same holds for gradient descent with learning rates of at most $1/\lambda_{\max}(Q)$, where $Q = \operatorname{mean} (h(x) - h(gx))(h(x) - h(gx))^\top$ at the step.
# ````
#
# ````{prf:proof}
# $\mathrm{LI} = \operatorname{tr}(W_L Q W_L^\top)$ and $Q$ does not depend on $W_L$, so $\dot W_L = -2 W_L Q(t)$ with $Q(t)$ positive semi-definite and continuous.
# Let $\Phi$ solve $\dot\Phi = -2\Phi Q$ from $\Phi(t) = I$. For a vector $v$, $y = \Phi^\top v$ has $\tfrac{\mathrm{d}}{\mathrm{d}t}\lVert y\rVert^2 = -4 y^\top Q y \le 0$, so $\Phi$ is a contraction. Then $W_L(t + s) = W_L(t)\, \Phi(t + s)$ and $\sigma_i(AB) \le \sigma_i(A)\,\sigma_{\max}(B)$.
# ````
#
# For one linear layer, the last layer is the first, and this is {prf:ref}`prop-li-flow` again.
# A balanced start extends it to all layers.
#
# ````{prf:corollary} Balanced linear networks
# :label: cor-balanced
# Let the network be deep linear, with $W_{l+1}^\top W_{l+1} = W_l W_l^\top$ at the start for all $l$. Then no singular value of any layer ever increases, and none of the product $W_L \cdots W_1$.
# ````
#
# ````{prf:proof}
# The balance is conserved. With it all layers have the same non-zero singular values $\sigma_i$ as the last, and the product has $\sigma_i^L$.
# ````
#
# Gradient descent in small steps obeys {prf:ref}`thm-last-layer` exactly, and {eq}`eq-error-bound` up to the size of the step.


# %%
def descend(theta, x, G, relu, rate=2e-3, steps=400):
    """Last layers and LI before every step."""
    last, errors = [], []
    for _ in range(steps):
        theta = [p.detach().requires_grad_() for p in theta]
        error = LI(theta, x, G, relu)
        last.append([p for p in theta if p.ndim == 2][-1].detach().numpy())
        errors.append(error.item())
        theta = [p - rate * s for p, s in zip(theta, torch.autograd.grad(error, theta))]
    return np.array(last), np.array(errors)


# %%
names = ["S2, swap of two coordinates", "C5, circulant matrices", "C4, 4x4 images"]
last_rises, over = [], []
for name, (biases, relu) in product(names, kinds):
    G = moving[name]
    theta = random_layers(G.shape[1], 6, 6, 3, biases=biases)
    last, errors = descend(theta, normal(5, G.shape[1]), G, relu)
    first = norm(last[0]) ** 2 if biases else min(norm(W.detach()) ** 2 for W in theta)
    over.append((errors[1:] * 4 * 2e-3 * np.arange(1, 400) / first).max())
    last_rises.append(rise(last))
print("LI stays below its bound:", max(over) < 1)

# %% [markdown]
# (what-does-not-survive)=
# ## What does not survive
#
# For the other layers, and for the network as a whole, nothing protects the singular values.
# All examples are in the plane, with two hidden units and one output. Two of them need one sample and the swap of the two coordinates.
#
# ````{prf:example} A layer that grows
# :label: ex-growing-layer
# Let $W_1 = \operatorname{diag}(1, 0.9)$, $W_2 = (1, -2)$ and $m = (1, 1.2)$. The group is the reflection that turns $m$ around, and the only sample is $m/\sqrt2$, so that $M = mm^\top$. Then $\sigma_{\max}(W_1)$ starts at 1 with the derivative
# $-2\,(W_2 e_1)(W_2 W_1 m)(m^\top e_1) = -2 \cdot 1 \cdot (1 - 2.16) \cdot 1 = 2.32$.
# ````
#
# ````{prf:example} A layer and the network grow
# :label: ex-growing-network
# Let the swap act on the plane, let the sample be $(2, 1)$, $W_1 = \operatorname{diag}(1, 4)$ and $W_2 = (1, \tfrac18)$. Put $a = W_2 W_1 = (1, \tfrac12)$ and $m = (1, -1)$, so $M = \tfrac12 mm^\top$.
# The largest singular value of $W_1$ starts at 4 with the derivative $\tfrac1{16}$, and $\sigma_{\max}$ of the network, which is $\lVert a\rVert$, with
#
# $$
# \frac{\mathrm{d} \lVert a\rVert}{\mathrm{d} t} = -\frac{(a m)\,\bigl(a W_1^\top W_1 m + \lVert W_2\rVert^2\, a m\bigr)}{\lVert a\rVert} = \frac{831}{128\sqrt5} > 0 .
# $$
#
# All weights and inputs are non-negative. So a ReLU between the layers changes nothing, and the example is one for ReLU networks without biases as well.
# ````

# %%
def tensors(*arrays):
    return [torch.tensor(a, dtype=torch.float64) for a in arrays]


def slopes(theta, x, G):
    """Derivatives of the largest singular values of both layers and of W_2 W_1."""
    W = [w.clone().requires_grad_() for w in theta]
    dW = [-s for s in torch.autograd.grad(LI(W, x, G), W)]
    (W1, W2), (dW1, dW2) = theta, dW
    pairs = (W1, dW1), (W2, dW2), (W2 @ W1, dW2 @ W1 + W2 @ dW1)
    triplets = [(torch.linalg.svd(a), b) for a, b in pairs]
    return np.array([(u[:, 0] @ b @ vt[0]).item() for (u, _, vt), b in triplets])

# %%
m = np.array([1, 1.2])
mirror = torch.tensor(np.stack([np.eye(2), np.eye(2) - 2 * np.outer(m, m) / (m @ m)]))
layer = tensors(np.diag([1, 0.9]), [[1, -2]])
whole = tensors(np.diag([1, 4]), [[1, 1 / 8]])
(sample,) = tensors([[2, 1]])
print(slopes(layer, torch.tensor(m[None] / np.sqrt(2)), mirror).round(3))
print(slopes(whole, sample, swap).round(3), f"{1 / 16:.4f}, {831 / 128 / 5**0.5:.3f}")

# %%
t = np.r_[0, np.geomspace(1e-3, 20, 199)]
grown = flow(layer, lambda W: LI(W, torch.tensor(m[None] / np.sqrt(2)), mirror), t)
claim("C: Spectral decay in nonlinear networks",
      "No singular value of the last layer increases.", last_rises, below=1e-7,
      published=sigma(grown[0])[-1, 0] - sigma(grown[0])[0, 0], id="growing-layer",
      correction="An earlier layer's can: {prf:ref}`ex-growing-layer`, 1 to 1.098.")

# %% [markdown]
# ````{prf:proposition} Any factor
# :label: prop-any-factor
# Let the swap act on the plane, with one sample off the diagonal at which $x - gx = \pm(1, -1)$. For $s > 0$ let $W_1$ have the rows $(s + \tfrac12, s - \tfrac12)$ and $(\tfrac12, -\tfrac12)$, and let $W_2 = (0, 1)$. Gradient flow on LI multiplies $\sigma_{\max}(W_2W_1)$ by $s\sqrt{\sqrt2 - 1}$ in the limit.
# The same holds for the ReLU network with these weights and first biases so large that both units stay active on the data.
# ````
#
# ````{prf:proof}
# Let $m = (1, -1)^\top$, $\beta = W_1 m$, $w = W_2^\top$ and $e = w^\top\beta = W_2W_1m$. With $M = \tfrac12 mm^\top$ the flow is $\dot w = -e\beta$, $\dot\beta = -2e w$, and $W_1 (1, 1)^\top = (2s, 0)^\top$ does not move.
# The vectors $p, q = w \pm \beta/\sqrt2$ obey $\dot p = -\sqrt2\, e\, p$ and $\dot q = \sqrt2\, e\, q$, and $e = \tfrac{\sqrt2}{4}(\lVert p\rVert^2 - \lVert q\rVert^2)$.
# So $\lVert p\rVert \lVert q\rVert$ is conserved, and both norms tend to $(\lVert p(0)\rVert \lVert q(0)\rVert)^{1/2}$, where $e = 0$.
# At the start $\beta = (1, 1)^\top$, $w = (0, 1)^\top$, $\lVert p\rVert^2 = 2 + \sqrt2$ and $\lVert q\rVert^2 = 2 - \sqrt2$. In the limit the first entry of $w = (p + q)/2$ has the absolute value $\omega = \tfrac12\sqrt{(\sqrt2 - 1)}$.
# There $W_2W_1 m = 0$ and $W_2 W_1 (1, 1)^\top = 2s\, w_1$, so $W_2W_1 = s\, w_1\, (1, 1)$ with norm $\sqrt2\, s\,\omega$. At the start the norm is $1/\sqrt2$.
# For the ReLU network with both units active, the derivatives by the biases are zero and the others are those of the linear network.
# ````
#
# The network of the last proposition starts as the purely asymmetric functional $(\tfrac12, -\tfrac12)$ and ends as a purely symmetric one, $s$ times as long up to a constant.
# Its symmetric weights were there all along, in a hidden unit that the last layer did not read. Lowering LI makes it read them.


# %%
def growth(s, relu):
    """sigma_max(W_2 W_1) and both layers on the path."""
    theta = tensors([[s + 0.5, s - 0.5], [0.5, -0.5]], [[0, 1]])
    theta += tensors([5, 5], [0]) if relu else []
    W1, W2, *_ = flow(theta, lambda p: LI(p, sample, swap, relu), t)
    return norm(W2 @ W1, axis=(1, 2)), W1, W2

# %%
ratios = []
for s, relu in product((2, 5, 20), (False, True)):
    lengths = growth(s, relu)[0]
    ratios.append(lengths[-1] / lengths[0] / s)
claim("beyond: C, Spectral decay in nonlinear networks",
      "LI alone can raise the sensitivity by a factor $s\\sqrt{\\sqrt2 - 1}$.", ratios,
      equals=np.sqrt(np.sqrt(2) - 1), within=1e-6, id="sensitivity-grows-by-any-factor",
      details="Factor over $s$, for $s$ = 2, 5 and 20; linear, and ReLU with biases.")

# %% tags=["hide-input"]
fig, axes = plt.subplots(1, 2, figsize=(8.6, 3.7))
lengths, W1, W2 = growth(5, False)
left = {"$\\sigma_{\\max}(W_1)$": sigma(grown[0])[:, 0], "$\\Vert W_1\\Vert_F$": norm(grown[0], axis=(1, 2)),
        "$\\sigma_{\\max}(W_2)$": norm(grown[1], axis=(1, 2))}  # fmt: skip
right = {"$\\sigma_{\\max}(W_2W_1)$": lengths, "$\\Vert W_1\\Vert_F$": norm(W1, axis=(1, 2)),
         "$\\sigma_{\\max}(W_2)$": norm(W2, axis=(1, 2))}  # fmt: skip
for ax, curves, title in zip(axes, (left, right), ("(a) a layer grows", "(b) the whole network grows")):
    for k, (name, values) in enumerate(curves.items()):
        ax.semilogx(t[1:], (values / values[0])[1:], MARKERS[k], color=COLORS[k], linestyle=("-", "--", ":")[k],
                    markevery=(3 * k, 20), markersize=5, markerfacecolor="white", label=name)  # fmt: skip
    ax.axhline(1, color="#777777", linestyle=":", linewidth=1.0)
    ax.set(title=title, xlabel="time")
    ax.legend(loc="best")
axes[0].set_ylabel("relative to the start")
figure(
    fig,
    "growing-examples",
    title="Lowering the invariance error makes networks more sensitive",
    caption="Gradient flow on LI in two linear networks with two layers, all quantities relative to their start. (a) The largest "
    "singular value of the first layer grows, although its Frobenius norm and the last layer shrink. (b) The whole network "
    "becomes more than three times as sensitive, with $s = 5$. No layer's Frobenius norm grows.",
    alt="Two panels. In the left one, a curve rises from one to about 1.1 while two others fall. In the right one, a curve first "
    "falls a little and then rises to above three, while two others fall or stay near one.",
)

# %% [markdown]
# How exceptional is this?
# We draw two-layer networks at random, with entries of variance one over the number of inputs, and look at the sign of the derivative at the start.
# In the plane it is positive for a sizeable share of them. In wider networks with nine outputs it is rare.
# The last layer's share is zero, as it must be.

# %%
lines = []
for name, (hidden, outputs) in zip(names, ((2, 1), (5, 3), (16, 9))):
    G, up = moving[name], []
    n = G.shape[1]
    for _ in range(200):
        up.append(slopes(random_layers(n, hidden, outputs), normal(n, n), G) > 1e-12)
    shares = [f"{share:.0%}" for share in np.mean(up, axis=0)]
    lines.append([name, f"{n}-{hidden}-{outputs}", *shares])
table(["case", "widths", "first layer", "second layer", "product"], lines)

# %% [markdown]
# (figure-five)=
# ## Trained networks
#
# The networks of Figure 5 train on a task at the same time, with Adam. None of the statements above covers them.
# They are those of {ref}`the chapter on spurious invariance <spurious-invariance>`, which shows data, network and loop: ReLU perceptrons on Transforming-MNIST under R4, four rotations, and T3, three cyclic shifts.
# All are trained with augmentation (DA). In an epoch each image $x$ appears once, moved by a random element of the group; with a penalty also moved by a second, independent one. With `u` and `v` for the two logits, the loss is the cross-entropy of `u` plus $\nu$ times the mean of one of these:

# %%
def penalties(u, v):
    p, q = u.log_softmax(-1), v.log_softmax(-1)
    gap, size = (u - v).square().sum(-1), u.square().sum(-1)
    return {
        "LI": gap,  # the paper calls it IR
        "DI": (p.exp() * (p - q)).sum(-1),
        "normalised LI": 2 * gap / (size + v.square().sum(-1)),
        "size": size,  # our control: it knows nothing of the group
    }


u, v = normal(2, 5, 9)
shown = penalties(u, v).items()
same = [torch.allclose(PENALTIES[name](u, v), value) for name, value in shown]
print("as in training:", all(same))

# %% [markdown]
# The stored results come from {mod}`learnsym.experiments.spectral_decay`, and those of DA and LI from {mod}`learnsym.experiments.spurious_invariance`.

# %%
stored = results.obtain("spectral_decay", scale, seed=seed)
augmented = results.obtain("spurious_invariance", scale, seed=seed)
config = stored.config
sources = {"DA": (augmented, spurious_invariance.MODELS.index("DA")),
           "LI": (augmented, spurious_invariance.MODELS.index("IR"))}  # fmt: skip
for name in ("DI", "normalised LI", "size"):
    sources[name] = stored, spectral_decay.MODELS.index(name)


def found(name, model):
    """Shape (groups, runs, ...)."""
    result, place = sources[model]
    return result.arrays[name][:, place].astype(float)

# %%
table(
    ["setting", "paper C", "here"],
    [
        ["images", "10,000 training", f"{config.train:,}"],
        ["hidden layers", "5 of 128 units", f"{config.hidden} of {config.width} units"],
        ["Adam", "0.0008, batches of 512", f"{config.rate:g}, {config.batch}"],
        ["epochs", "300", config.epochs],
        ["runs", "4", f"{augmented.config.runs} of DA and LI, else {config.runs}"],
        ["$\\nu$ of the control", "", f"{config.size_strength:g}"],
    ],
)

# %% [markdown]
# The weights of LI, DI and normalised LI are chosen on validation images, as the smallest on a grid with a similarity SI of at least 0.95, or else the one with the largest SI.
# The choice counted the identity in SI, which the paper leaves out ({ref}`three-measures`), so it fell on 60 for LI under T3, where Table 1 now has 86. We take it out here:

# %%
GROUPS, ORDER = ("R4", "T3"), [4, 3]
search = ("strengths", "strength_similarity")
tried = {"LI": [augmented.arrays[key] for key in search]}
for k, name in enumerate(("DI", "normalised LI")):
    tried[name] = [stored.arrays[key][:, k] for key in search]
lines = []
for name, (nu, S) in tried.items():
    for group, weights, values in zip(GROUPS, nu, without_identity(S, ORDER)):
        cells = [f"{w:g}: {v:.2f}" for w, v in zip(weights, values)]
        lines.append([name, group, ", ".join(cells)])
table(["penalty", "group", "$\\nu$: SI on validation images"], lines)

# %% [markdown]
# LI and DI reach a similarity of about 0.95 under both groups.
# For the normalised LI three weights, a factor of 16 apart, do not decide whether it can: SI is largest at the middle one under R4 and at the smallest under T3, and with the largest weights the networks have learned nothing.
# {ref}`Ten weights <spurious-normalised>` bring it to about 0.95 under R4 and not under T3. So the networks with normalised LI below are not those of the paper's Figure 5.
#
# The sensitivity is $\sigma_{\max}(J)$, the largest singular value of the Jacobian of the logits, averaged over test images ({ref}`sensitivity`).
# It has a unit: twice the logits have twice the Jacobian. A network with smaller logits is not less able to tell images apart.
# So beside it we show $\sigma_{\max}(J)$ over the *scale of the logits*, the root of their total variance over test images and group.
# In the same way, the *scale-free LI* is LI over twice that variance.

# %%
jacobian = {m: found("spectral_norm", m) for m in sources}
relative = {m: found("spectral_norm", m) / found("logit_scale", m) for m in sources}
SI = {m: without_identity(found("similarities", m), ORDER) for m in sources}
lines = []
for (k, group), m in product(enumerate(GROUPS), sources):
    mean = lambda name, k=k, m=m: found(name, m)[k].mean()  # noqa: E731
    cells = [f"{mean('accuracy'):.1%}", *(f"{SI[m][k, :, j].mean():.2f}" for j in (0, 5))]
    cells += [f"{mean('logit_error'):.2g}", f"{mean('scale_free'):.1e}"]
    cells += [f"{v[m][k].mean():.2g}" for v in (jacobian, relative)]
    lines.append([group, m, *cells, f"{mean('common_share'):.2f}"])
table(["group", "network", "accuracy", "SI", "SI, gradients", "LI", "scale-free LI",
       "$\\sigma_{\\max}(J)$", "over logit scale", "common share"], lines)  # fmt: skip

# %% [markdown]
# The column "common share" is the share of the mean squared logits that is the same for all classes.
# Such an offset changes no decision. It does lengthen the logits, and so lowers an error that is divided by their length: the normalised LI raises it.

# %% tags=["hide-input"]
fig, axes = plt.subplots(2, 2, figsize=(8.6, 6.0), sharex=True, sharey="row")
names = (r"$\sigma_{\max}(J)$", r"$\sigma_{\max}(J)$ / scale of logits")
for line, values, name in zip(axes, (jacobian, relative), names):
    for k, ax in enumerate(line):
        means = [runs[k].mean() for runs in values.values()]
        ax.bar(range(5), means, width=0.62, color="#dddddd", edgecolor="#444444")
        for place, runs in enumerate(values.values()):
            ax.plot(np.full(len(runs[k]), place), runs[k], "o", color="black", linestyle="none", markersize=3.5)
            ax.annotate(f"{means[place]:.2g}", (place, runs[k].max()), xytext=(0, 4), textcoords="offset points", ha="center", fontsize=9)
        ax.axhline(means[0], color="#777777", linestyle=":", linewidth=1.0)
        ax.set_xticks(range(5), [m.replace(" ", "\n", 1) for m in sources])
    line[0].set_ylabel(name)
every = np.concatenate([v.ravel() for v in jacobian.values()])
axes[0, 0].set(yscale="log", ylim=(every.min() / 2, 2 * every.max()))
axes[1, 0].set_ylim(0, 1.15 * max(v.max() for v in relative.values()))
for ax, group in zip(axes[0], GROUPS):
    ax.set_title(group)
figure(
    fig,
    "jacobian-norms",
    title="Sensitivity under three regularisers and a control",
    caption="It corresponds to Figure 5 of paper C. Top: largest singular value of the Jacobian of the logits, mean over test images, on a logarithmic axis. "
    "Bottom: the same divided by the scale of the logits. Columns: four rotations (R4) and three shifts (T3). Bars are means, dots "
    'single networks, the dotted line is DA. The penalty "size" knows nothing of the group.',
    alt="Four bar charts with five bars each: DA, LI, DI, normalised LI and size. In the upper row LI, DI and size are below DA; normalised LI is level with it for R4 and ten times higher for T3. "
    "In the lower row the order is another one.",
)

# %%
def ratio(values, m):
    """Mean over runs, over that of DA; one number a group."""
    return values[m].mean(axis=1) / values["DA"].mean(axis=1)


claim("C: Figure 5",
      "With LI or DI, $\\sigma_{\\max}(J)$ ends considerably smaller than with DA.",
      [ratio(jacobian, m) for m in ("LI", "DI")], below=0.6, decided=trained,
      details="$\\sigma_{\\max}(J)$ over that of DA. Normalised LI: see Table 1.")

# %% [markdown]
# So the Jacobian shrinks, as published, and accuracy falls with it, more under R4.
# How much of that is the scale of the logits?

# %%
change = ratio(relative, "LI")
claim("beyond: C, Figure 5",
      "Over the logits' scale, LI raises sensitivity under R4 and lowers it under T3.",
      [change[0] - 1, 1 - change[1]], above=0.1, decided=trained,
      id="sensitivity-in-units-of-logits", details="Over DA: excess, and shortfall.")
accuracy = {m: found("accuracy", m).mean(axis=1) for m in ("LI", "size")}
spurious = SI["size"][..., 0].max() < 0.5 and np.all(accuracy["size"] > accuracy["LI"])
claim("beyond: C, Figure 5",
      "Low sensitivity alone is not genuine invariance: see the control.",
      [ratio(jacobian, "size").max() < 0.1, bool(spurious)], decided=trained,
      id="low-sensitivity-is-not-invariance", details="SI of the control: below 0.5.")

# %% [markdown]
# The control lowers $\sigma_{\max}(J)$ to less than a tenth, keeps its accuracy, and looks at different places of moved images.
# The scale-free LI tells the two apart: it is hundreds of times smaller for LI than for DA, and about the same for the control.

# %% tags=["hide-input"]
fig, axes = plt.subplots(1, 2, figsize=(8.6, 3.9), sharey=True)
for g, ax in enumerate(axes):
    for k, m in enumerate(sources):
        ax.semilogx(jacobian[m][g], SI[m][g, :, 0], MARKERS[k], color=COLORS[k], linestyle="none", label=m,
                    markerfacecolor=COLORS[k] if k % 2 else "none")  # fmt: skip
    values = np.concatenate([v[g] for v in jacobian.values()])
    low, high = values.min() / 1.5, values.max() * 1.5
    ticks = [v * 10.0**d for d in range(-4, 4) for v in (1, 2, 5) if low <= v * 10.0**d <= high]
    ax.set(title=GROUPS[g], xlabel=r"$\sigma_{\max}(J)$", ylim=(-0.03, 1.05), xlim=(low, high))
    ax.set_xticks(ticks, [f"{v:g}" for v in ticks])
    ax.minorticks_off()
axes[0].set_ylabel("SI")
axes[0].legend(loc=(0.02, 0.4), fontsize=9)
figure(
    fig,
    "sensitivity-and-similarity",
    title="Low sensitivity without genuine invariance",
    caption="Similarity SI of saliency maps over the orbit (published definition, without the identity) against $\\sigma_{\\max}(J)$, one marker a trained network. "
    'The control "size" lies farther to the left than the networks with genuine invariance, and far below them.',
    alt="Two scatter plots. Networks with LI and DI are at the top, those with normalised LI farther right and a little lower, "
    "augmentation alone low and right of the middle, and the control low at the far left.",
)

# %% [markdown]
# (layers-during-training)=
# ### Layers during training
#
# With a task, the layers do not decay either. They start from PyTorch's default, as in the experiments:

# %%
sizes = (36**2, *[config.width] * config.hidden, 9)
start = perceptron(sizes, [[config.seed, run] for run in range(augmented.config.runs)])
first = [torch.linalg.matrix_norm(W.detach().double(), 2).mean() for W in start.weights]
after = {m: found("layer_norms", m).mean(axis=1) / np.array(first) for m in sources}
heads = [f"layer {k + 1}" for k in range(len(first))]
lines = [
    [f"{group}, {m}", *(f"{v:.2f}" for v in after[m][k])]
    for (k, group), m in product(enumerate(GROUPS), sources)
]
table(["$\\sigma_{\\max}$ after over before", *heads], lines)

# %%
claim("beyond: C, Spectral decay in nonlinear networks",
      "With a task, $\\sigma_{\\max}$ of every layer grows, whatever the penalty.",
      [growth.min() for growth in after.values()], above=1, decided=trained,
      id="layers-grow-with-a-task", details="Least of all layers, after over before.")

# %% tags=["hide-input"]
t = np.r_[0, augmented.arrays["epochs"]]
fig, axes = plt.subplots(2, len(first), figsize=(8.6, 5.2), sharex=True, sharey="row")
for k, m in enumerate(("DA", "LI", "size")):
    path = found("path_layer_norms", m).mean(axis=1)
    for g, layer in product(range(2), range(len(first))):
        axes[g, layer].plot(t, np.r_[first[layer], path[g, :, layer]], MARKERS[k], color=COLORS[k], linestyle=("-", "--", ":")[k],
                            linewidth=1.5, markersize=3.5, markerfacecolor="white", label=m)  # fmt: skip
for layer, ax in enumerate(axes[0]):
    ax.set_title(f"layer {layer + 1}", fontsize=10.5)
for ax, group in zip(axes[:, 0], GROUPS):
    ax.set_ylabel(f"{group}\n$\\sigma_{{\\max}}$")
    ax.set_ylim(bottom=0)
for ax in axes[-1]:
    ax.set_xlabel("epoch", fontsize=10)
fig.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=3)
figure(
    fig,
    "layer-norms-in-training",
    title="Largest singular values of all layers during training",
    caption="$\\sigma_{\\max}$ of each weight matrix against the epoch, from the random start on, mean over networks. Rows: groups. "
    "Augmentation alone (DA), with the invariance error (LI), and with the control (size).",
    alt="A grid of small panels, one row a group and one column a layer, with three curves each. All curves end above their start.",
)

# %% [markdown]
# ## What to take away
#
# * On one linear layer, lowering LI lowers every singular value, on a known path to a known limit. The limit keeps all that the data cannot tell from invariant.
# * In deeper networks, linear or ReLU, all layers lose Frobenius norm at the same rate, and the last layer's singular values do not increase. For the other layers and for the Jacobian there is no such law: they can grow, the Jacobian by any factor.
# * In trained networks the Jacobian is smaller with LI or DI. The logits are smaller too, and the two must be told apart before the one is called a loss of sensitivity.
# * Shrinking the logits on purpose gives the small Jacobian without the invariance. What makes invariance genuine is the error over the orbit, and it shows in a measure that does not depend on scale.

# %% tags=["hide-input", "nbval-ignore-output"]
footer(scale, seed, stored, augmented)
