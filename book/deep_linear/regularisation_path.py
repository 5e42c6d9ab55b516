# %% [markdown]
# (regularisation-path)=
# # The regularisation path
#
# {ref}`global-optima` gives the optimum for each strength of the penalty in closed form.
# Now we let the strength $\lambda$ run from 0 to $\infty$ and follow the optimum $W(\lambda)$.
# Theorem 9 of {cite:t}`duan2026understanding` (paper D) says that this *regularisation path* is continuous, and that it tends to the hard-wired optimum.
# **Is it, and what happens where it is not?**
#
# This matters in practice.
# A path that is continuous and ends at the hard-wired optimum means that nothing dramatic happens as the penalty grows: a strength that is large enough is as good as building the symmetry in.
#
# **What we found.**
#
# * The theorem is true with probability one, which is what the paper means by its assumptions, but they do not exclude the exceptions. [A small example](claim-path-jumps-at-one-quarter) meets all of them, and its path jumps.
# * What decides is [whether two singular values cross](claim-d-theorem-9). A jump has [a fixed length](claim-length-of-a-jump), and the minimum value [does not feel it](claim-value-is-concave).
# * If the data have a second symmetry, crossings stop being rare: in a simple model [one data set in four](claim-one-in-four-crosses) has one. Where the symmetry is approximate the path is continuous and steep, [by a law in closed form](claim-avoided-crossing-law).
# * The path tends to the hard-wired optimum [like $W_1/\lambda$](claim-first-term-of-the-expansion).
# * On MNIST digits the weights [look invariant](claim-digit-weights-look-invariant) at a strength where the predictions [are not](claim-digit-predictions-are-not). All that happens on the path [happens within the paper's range of strengths](claim-digit-path-fades-last).

# %% tags=["parameters"]
scale = "book"
seed = 0

# %%
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
from numpy.linalg import eigvalsh, matrix_rank, norm
from scipy.linalg import eigh, null_space
from scipy.optimize import brentq, minimize_scalar

from learnsym import gallery, groups, representations
from learnsym.equivariant import reynolds
from learnsym.lowrank import constraint, invariant_rows
from learnsym.publish import claim, figure, footer, table, use_style

use_style()
rng = np.random.default_rng(seed)
draws = 1 if scale == "smoke" else 3

# %% [markdown]
# ## The path in closed form
#
# The data are rows $x$ of $X$ with targets $y$, $N$ of them, and enter through $S = X^\top X / N$ and $C = Y^\top X / N$.
# The map $W$ has shape $m \times n$ and rank at most $r$.
# With $\Gamma = I - \rho(g)$ for a generator $g$, or several such blocks side by side, $W$ is invariant exactly if $W\Gamma = 0$.
# We minimise
#
# $$
# f_\lambda(W) = \frac1N \sum_x \lVert y - Wx \rVert^2 + \lambda \lVert W\Gamma \rVert^2 .
# $$ (eq-penalised)
#
# Until the section on digits, $S$ is positive definite.
# We write $A_\lambda = S + \lambda \Gamma\Gamma^\top$ and $T(\lambda) = C A_\lambda^{-1/2}$, with singular values $\sigma_1(\lambda) \ge \sigma_2(\lambda) \ge \dots$
# The paper calls this target $Z(\lambda)^{\text{reg}}$, up to a factor.
# By the theorem of Eckart and Young, the minimum of {eq}`eq-penalised` is reached where $T(\lambda)$ is truncated to rank $r$.
# Truncation acts from the left.
# If $\Pi(\lambda)$ is the orthogonal projector onto the first $r$ left singular vectors of $T(\lambda)$, then
#
# $$
# W(\lambda) = \Pi(\lambda)\, C A_\lambda^{-1} .
# $$ (eq-left-truncation)
#
# So everything that could go wrong is in $\Pi(\lambda)$, and $\Pi(\lambda)$ projects onto the leading $r$ eigenvectors of the small matrix $M(\lambda) = T T^\top = C A_\lambda^{-1} C^\top$, of shape $m \times m$, with eigenvalues $\sigma_i^2$.
#
# The matrices $S$ and $\Gamma\Gamma^\top$ can be diagonalised together.
# Let the columns of $B$ be a basis of the invariant rows, the $w$ with $w^\top \Gamma = 0$, orthonormal in $S$, and let $H = B B^\top$.
# There are $z_1, \dots, z_k$, orthogonal in $S$ to each other and to the columns of $B$, orthonormal in $\Gamma\Gamma^\top$, with
#
# $$
# A_\lambda^{-1} = H + \sum_{j=1}^{k} \frac{z_j z_j^\top}{\kappa_j + \lambda}, \qquad
# M(\lambda) = C H C^\top + \sum_{j=1}^{k} \frac{(C z_j)(C z_j)^\top}{\kappa_j + \lambda}, \qquad \kappa_j = z_j^\top S z_j .
# $$ (eq-partial-fractions)
#
# The first terms belong to the invariant maps and stay.
# Every other direction fades at a strength of its own, $\kappa_j$.
# At $\lambda = \infty$ the first terms alone are left, and they are the hard-wired problem.
# Both formulas are analytic in $\lambda \ge 0$, and in $1/\lambda$ near $\lambda = \infty$.
# One decomposition gives the whole path:


# %%
def fractions(S, C, rho, r):
    """The parts of the partial fractions; directions without data are left out."""
    Gamma, B = constraint(rho), invariant_rows(rho)
    E = null_space(B.T) if B.size else np.eye(len(S))
    lam, V = np.linalg.eigh(B.T @ S @ B)
    seen = lam > 1e-12 * norm(S, 2)
    B = B @ (V[:, seen] / np.sqrt(lam[seen]))
    E = E - B @ (B.T @ S @ E)
    kappa, Q = eigh(E.T @ S @ E, E.T @ Gamma @ Gamma.T @ E)
    seen = kappa > 1e-12 * max(kappa)
    z, kappa = E @ Q[:, seen], kappa[seen]
    return SimpleNamespace(S=S, C=C, rho=rho, r=r, B=B, z=z, kappa=kappa)

# %%
def M(p, lam):
    CB, Cz = p.C @ p.B, p.C @ p.z
    return CB @ CB.T + Cz / (p.kappa + lam) @ Cz.T


def sigma(p, lam):
    """Singular values of T(lam), descending."""
    return np.sqrt(np.maximum(eigvalsh(M(p, lam))[::-1], 0))


def unbounded(p, lam):
    """C A^{-1}, the optimum without a bound on the rank."""
    return p.C @ p.B @ p.B.T + p.C @ p.z / (p.kappa + lam) @ p.z.T

# %%
def optimum(p, lam):
    """W(lam)."""
    Pi = np.linalg.eigh(M(p, lam))[1][:, -p.r :]
    return Pi @ Pi.T @ unbounded(p, lam)

# %% [markdown]
# (path-counterexample)=
# ## A path that jumps
#
# Take three inputs, the unit vectors of $\mathbb{R}^3$, and let the group reflect the third axis, $\rho(g) = \operatorname{diag}(1, 1, -1)$.
# The targets are $\operatorname{diag}(1, \tfrac12, 2)$, and $r = 1$.
# Then $S = I/3$, and $\Gamma\Gamma^\top = \operatorname{diag}(0, 0, 4)$, so
#
# $$
# T(\lambda) = \frac{1}{\sqrt 3} \operatorname{diag}\left(1,\; \tfrac12,\; \frac{2}{\sqrt{1 + 12\lambda}}\right) .
# $$
#
# The third entry is the largest while $1 + 12 \lambda < 4$, that is for $\lambda < 1/4$, and then the optimum is $\operatorname{diag}(0, 0, \tfrac{2}{1 + 12\lambda})$, which tends to $\operatorname{diag}(0, 0, \tfrac12)$.
# For $\lambda > 1/4$ the first entry is the largest, and the optimum is $\operatorname{diag}(1, 0, 0)$.
# At the jump both maps are optimal, and so are all between them on a circle of maps of rank 1.

# %%
mirror = representations.vector(groups.reflection([0.0, 0.0, 1.0]))


def example(epsilon=0.0):
    """The counterexample, with one target changed from 0 to epsilon."""
    Y = np.diag([1, 0.5, 2])
    Y[2, 0] = epsilon
    return fractions(np.eye(3) / 3, Y.T / 3, mirror, r=1)


jumping = example()
for lam in (0.24, 0.26):
    W = optimum(jumping, lam)
    print(lam, sigma(jumping, lam).round(3), np.diag(W).round(3))
before, after = (optimum(jumping, 0.25 * (1 + s)) for s in (-1e-9, 1e-9))

# %% [markdown]
# The example meets every hypothesis of Theorem 9: $XX^\top$ has full rank, $T(\lambda)$ has full rank for every $\lambda \ge 0$, $r$ is less than the nullity 2 of $\Gamma$, and the hard-wired target has rank 2, which is more than $r$.

# %%
claim("beyond: D, Theorem 9",
      "The optimum jumps from $\\operatorname{diag}(0, 0, \\frac12)$ to "
      "$\\operatorname{diag}(1, 0, 0)$ at $\\lambda = \\frac14$.", [before, after],
      within=1e-6, equals=[np.diag([0, 0, 0.5]), np.diag([1.0, 0, 0])],
      id="path-jumps-at-one-quarter")

# %% tags=["hide-input"]
grid = np.linspace(0.005, 0.6, 600)
fig, axes = plt.subplots(1, 3, figsize=(6, 2.6))
for ax, path, title in zip(
    axes, (jumping, example(0.2)), ("(a) crossing", "(b) avoided")
):
    for values, style in zip(
        np.array([sigma(path, lam)[:2] for lam in grid]).T, ("-", "--")
    ):
        ax.plot(grid, values, style)
    ax.set_title(title)
for epsilon in (0, 0.02, 0.2):
    share = [
        norm(W[:, 2]) / norm(W)
        for W in (optimum(example(epsilon), lam) for lam in grid)
    ]
    axes[2].plot(grid, share, label=f"$\\varepsilon$ = {epsilon}")
axes[0].axvline(0.25, color="grey", linestyle=":", linewidth=1)
axes[0].set_ylabel("$\\sigma_1$ and $\\sigma_2$")
axes[2].set_title("(c) share")
axes[2].legend(handlelength=1.2, fontsize=8, loc="upper right")
for ax in axes:
    ax.set_xlabel("$\\lambda$")
figure(
    fig,
    "crossing-singular-values",
    title="An exact and an avoided crossing",
    caption="The counterexample to Theorem 9 of paper D. (a) The two largest singular values cross at $\\lambda = 1/4$ "
    "(dotted). (b) After one target is changed from 0 to $\\varepsilon = 0.2$ they avoid each other. (c) The non-invariant "
    "fraction $\\lVert W - W\\mathcal{R}\\rVert / \\lVert W \\rVert$ of the optimum of rank 1 jumps from 1 to 0 at the "
    "exact crossing, and falls quickly where the crossing is avoided.",
    alt="Three panels. In the first a falling line meets a level one at a dotted line at one quarter. In the second the two "
    "lines bend away from each other. In the third a step, a steep curve and a less steep curve fall from one to zero.",
)

# %% [markdown]
# ## The theorem, with its exceptions
#
# The proof in the paper follows a smooth singular value decomposition of $T(\lambda)$, by a theorem of {cite:t}`dieci2005continuation` (its Lemma B.3).
# That theorem speaks of *disjoint groups* of singular values.
# Inside a group the order may change, and where two values meet, "the first $r$" changes its meaning.
# So the gap between $\sigma_r$ and $\sigma_{r+1}$ is what must be assumed, and full rank is not needed.
# Remark 10 says that full rank has probability one.
# So has the gap, as {prf:ref}`prop-almost-every` shows: the theorem is true with probability one, which is the intent of the remark.
#
# ````{prf:theorem} Regularisation path (Theorem 9, corrected)
# :label: thm-path
# Let $S$ be positive definite.
#
# 1. If $\sigma_r(\lambda_0) > \sigma_{r+1}(\lambda_0)$ or $\sigma_{r+1}(\lambda_0) = 0$ at some $\lambda_0 \in [0, \infty]$, the minimiser at $\lambda_0$ is unique and the path is continuous there. In the first case it is analytic in $\lambda$, or in $1/\lambda$ at $\infty$.
# 2. If this holds at $\infty$, then $W(\lambda)$ tends to the hard-wired optimum. In any case every accumulation point of $W(\lambda)$ for $\lambda \to \infty$ is a hard-wired optimum.
# 3. Suppose that $\sigma_r = \sigma_{r+1} > 0$ at an isolated $\lambda_0 \in (0, \infty)$. The path has limits from both sides. They differ exactly if the analytic branches of singular values that are the largest $r$ on the left are not the largest $r$ on the right. Where one branch replaces one other, the difference has the length $\sqrt2\, \sigma_r(\lambda_0)$ in the norm $\operatorname{tr}(W A_{\lambda_0} W^\top)^{1/2}$.
# 4. The $\lambda$ with $\sigma_r = \sigma_{r+1} > 0$ are finitely many, up to finitely many whole intervals.
# ````
#
# ````{prf:proof}
# *(1)* The truncation of a matrix to rank $r$ is unique exactly under the stated condition.
# Where $\sigma_r > \sigma_{r+1}$, the projector $\Pi$ is an analytic function of $M$, and $M$ and $A_\lambda^{-1}$ are analytic in $\lambda$, or in $1/\lambda$, by {eq}`eq-partial-fractions`.
# Now {eq}`eq-left-truncation` shows that $W$ is.
# If $\sigma_{r+1}(\lambda_0) = 0$, compare $W$ with the full-rank solution $CA_\lambda^{-1}$, which is continuous: the difference is $(I - \Pi) T A_\lambda^{-1/2}$, its norm is at most $\sigma_{r+1}(\lambda)\, \lVert A_\lambda^{-1/2}\rVert$, and this tends to 0.
#
# *(2)* The first part is (1) at $\lambda_0 = \infty$.
# For the second, let $\Pi(\lambda_i)$ converge to $\Pi^*$ as $\lambda_i \to \infty$.
# Since $\operatorname{tr} \Pi(\lambda) M(\lambda)$ is the sum of the first $r$ eigenvalues, $\Pi^*$ attains this sum for $M(\infty)$, so that $\Pi^* C H$ is a hard-wired optimum.
#
# *(3)* By a theorem of Rellich, the eigenvalues and eigenvectors of $M(\lambda)$ can be chosen analytic in $\lambda$, if one gives up their order.
# Near $\lambda_0$ the first $r$ are fixed branches on the left and fixed branches on the right, so the limits exist, and they agree if the branches are the same.
# In general the difference of the limits is $\Delta W = \Delta\Pi\, C A^{-1}$ with $\Delta\Pi$ supported on the eigenspace of $M(\lambda_0)$ with eigenvalue $\sigma_r^2 > 0$, so that $\Delta W A \Delta W^\top = \sigma_r^2\, \Delta\Pi^2$ is not 0 if $\Delta\Pi$ is not.
# If branch $a$ is replaced by branch $b$, with orthonormal eigenvectors $q_a$, $q_b$ at $\lambda_0$, then $\Delta\Pi = q_b q_b^\top - q_a q_a^\top$, and the trace of $\Delta\Pi^2$ is 2.
#
# *(4)* On the compact interval $[0, \infty]$ two analytic branches meet finitely often or are equal.
# Between two neighbouring meeting points the order of the branches does not change, so $\sigma_r = \sigma_{r+1}$ holds everywhere there or nowhere.
# ````
#
#
# Over the gallery, with random data: the rank of $T(\lambda)$, and the step of the path where it is most in danger, at its smallest gap.


# %%
def draw(rho, m, r):
    """A path for random data."""
    n = rho.dimension
    X, Y = (
        rng.normal(size=(3 * n, n)) @ rng.normal(size=(n, n)),
        rng.normal(size=(3 * n, m)),
    )
    return fractions(X.T @ X / len(X), Y.T @ X / len(X), rho, r)


def strengths(p, count):
    return np.geomspace(min(p.kappa) / 1e3, max(p.kappa) * 1e3, count)

# %%
def gap(p, lam):
    s = sigma(p, lam)
    return s[p.r - 1] - s[p.r]

# %%
def smallest_gap(p, grid):
    """Where sigma_r - sigma_(r+1) is least, and that gap over sigma_r."""
    i = np.argmin([gap(p, lam) for lam in grid])
    around = np.log([grid[max(i - 1, 0)], grid[min(i + 1, len(grid) - 1)]])
    best = minimize_scalar(
        lambda t: gap(p, np.exp(t)), bounds=around, options={"xatol": 1e-10}
    )
    return np.exp(best.x), best.fun / sigma(p, np.exp(best.x))[p.r - 1]

# %%
def step(p, lam):
    """How far the path moves from lam (1 - 1e-9) to lam (1 + 1e-9), over |W|."""
    V, W = optimum(p, lam * (1 - 1e-9)), optimum(p, lam * (1 + 1e-9))
    return norm(W - V) / norm(V)

# %%
paths, ranks = [], []
for case in gallery.cases() * draws:
    rho, d = case.rho_in, invariant_rows(case.rho_in).shape[1]
    if 0 < d < rho.dimension:
        p = draw(rho, 4, min(2, d, rho.dimension - 1))
        ranks += [
            matrix_rank(unbounded(p, lam)) - min(4, rho.dimension)
            for lam in (0, 0.1, 1)
        ]
        paths.append(p)

# %%
claim("D: Remark 10", "$T(\\lambda)$ has full rank.", ranks, equals=0, within=0.5)

# %%
steps = [step(p, smallest_gap(p, strengths(p, 200))[0]) for p in paths]
claim("D: Theorem 9",
      "The path is continuous if $\\sigma_r > \\sigma_{r+1}$ throughout, as almost "
      "surely.", steps, below=1e-3, published=step(jumping, 0.25),
      correction="Full rank is not enough. Where $\\sigma_r$ and $\\sigma_{r+1}$ "
      "cross, it jumps.")

# %% [markdown]
# In the counterexample $\sigma_1 = 1/\sqrt3$ at the crossing, and the jump has length $\sqrt{2/3}$ in the norm of the theorem.
# Other jumps come from data with a second symmetry ({ref}`below <rare-crossings>`): random images of $4 \times 4$ pixels, each with its mirror image, for which the two outputs are exchanged.
# There $M$ is diagonal in the sum and the difference of the two outputs, and the singular values cross where $M_{12}$ changes its sign.

# %%
turns = representations.image(groups.image_rotations(4))
left_right = np.arange(16).reshape(4, 4)[:, ::-1].ravel()


def mirrored():
    """A path for random images and their mirror images with exchanged outputs."""
    X, Y = (
        rng.normal(size=(48, 16)) @ rng.normal(size=(16, 16)),
        rng.normal(size=(48, 2)),
    )
    X, Y = np.vstack([X, X[:, left_right]]), np.vstack([Y, Y[:, ::-1]])
    return fractions(X.T @ X / 96, Y.T @ X / 96, turns, r=1)

# %%
def crossing(p):
    """Where M_12 changes sign, or None."""
    grid = strengths(p, 100)
    signs = np.sign([M(p, lam)[0, 1] for lam in grid])
    changes = np.flatnonzero(signs[:-1] != signs[1:])
    if len(changes) == 1:
        i = changes[0]
        return brentq(
            lambda lam: M(p, lam)[0, 1], grid[i], grid[i + 1], xtol=1e-15, rtol=1e-14
        )


drawn = [(p, crossing(p)) for p in (mirrored() for _ in range(20 * draws))]
crossed = [(p, lam) for p, lam in drawn if lam is not None]
print("crossings are common:", 0.2 < len(crossed) / len(drawn) < 0.8)

# %%
def length(W, p, lam):
    """The norm tr(W A W^T)^(1/2)."""
    G = constraint(p.rho)
    return np.sqrt(np.trace(W @ (p.S + lam * G @ G.T) @ W.T))


jumps = []
for p, lam in [(jumping, 0.25), *crossed]:
    V, W = optimum(p, lam * (1 - 1e-8)), optimum(p, lam * (1 + 1e-8))
    jumps.append(length(W - V, p, lam) / (np.sqrt(2) * sigma(p, lam)[0]))

# %%
claim("beyond: D, Theorem 9",
      "Where one branch of singular values replaces another, the path jumps by "
      "$\\sqrt2\\,\\sigma_r$ in the norm $\\operatorname{tr}(W A_\\lambda "
      "W^\\top)^{1/2}$.", jumps, equals=1, within=1e-4, id="length-of-a-jump")

# %% [markdown]
# ## The minimum value does not jump
#
# ````{prf:proposition} Value along the path
# :label: prop-path-value
# Let $v(\lambda) = \min f_\lambda = c - \sum_{i \le r} \sigma_i(\lambda)^2$, where $c$ is the mean of $\lVert y\rVert^2$.
# It is continuous, nondecreasing and concave on $[0, \infty)$, and tends to the minimum of the hard-wired problem.
# Its one-sided derivatives are the largest and the smallest penalty among the minimisers,
#
# $$
# v'(\lambda-) = \max \lVert W\Gamma\rVert^2 \quad (\lambda > 0), \qquad v'(\lambda+) = \min \lVert W\Gamma\rVert^2 .
# $$ (eq-envelope)
#
# Along any choice of minimisers, $\lVert W(\lambda) \Gamma\rVert^2$ never increases and the mean squared error never decreases.
# ````
#
# ````{prf:proof}
# The eigenvalues of $M$ are continuous on $[0, \infty]$, so $v$ is, and its limit is the value at $\infty$.
# For fixed $W$, $f_\lambda(W)$ is affine in $\lambda$ with slope $\lVert W\Gamma\rVert^2 \ge 0$; a minimum of such functions is concave and nondecreasing.
# Minimisers for bounded $\lambda$ lie in a compact set, since $S$ is positive definite, and {eq}`eq-envelope` is the theorem of Danskin.
# A concave function has nonincreasing slopes.
# For $\lambda < \mu$ the map $W(\mu)$ is no better than $W(\lambda)$ at strength $\lambda$; as its penalty is not larger, its error is not smaller.
# ````
#
# So a jump can only be towards invariance, and it shows as a kink of $v$.
# In the counterexample the slope of $v$ falls from 1 to 0 at $\lambda = 1/4$.


# %%
def value(p, lam):
    """v(lam) - c."""
    return -np.sum(sigma(p, lam)[: p.r] ** 2)


def penalty(p, lam):
    return norm(optimum(p, lam) @ constraint(p.rho)) ** 2


above = []
for p in [jumping, *(p for p, _ in crossed), *paths]:
    grid = strengths(p, 40)
    v, slope = np.array([(value(p, lam), penalty(p, lam)) for lam in grid]).T
    tangents = v[:, None] + slope[:, None] * (grid - grid[:, None])
    above.append(np.min(tangents - v) / abs(v[0]))

# %%
claim("beyond: D, Theorem 9",
      "The minimum value is concave in $\\lambda$ with slope $\\lVert "
      "W\\Gamma\\rVert^2$: all tangents lie above it, at jumps too.", above,
      above=-1e-12, id="value-is-concave")

# %% [markdown]
# Note what is monotone: the penalty.
# The *non-invariant fraction* of the weights, $\lVert W - W\mathcal{R}\rVert / \lVert W\rVert$ with the Reynolds operator $\mathcal{R} = \frac{1}{\lvert G\rvert}\sum_g \rho(g)$, is not, even on continuous paths:


# %%
def fraction(W, R):
    return norm(W - W @ R) / norm(W)


R, rises = reynolds(turns), []
for p in (draw(turns, 2, 1) for _ in range(40 * draws)):
    rises.append(
        max(np.diff([fraction(optimum(p, lam), R) for lam in strengths(p, 60)]))
    )

# %%
claim("beyond: D, Theorem 9",
      "On many paths the non-invariant fraction of the weights rises with the "
      "strength.", np.mean(np.array(rises) > 1e-3), above=0.3,
      id="non-invariant-fraction-may-rise",
      details="Share of random paths on 4 x 4 images with two outputs and rank 1.")

# %% [markdown]
# (rare-crossings)=
# ## How rare crossings are
#
# A path is a curve in the space of matrices, and a curve can miss a set if that set is small enough.
#
# ````{prf:proposition} Almost every path is continuous
# :label: prop-almost-every
# Let $S$ be positive definite, $\rho$ any representation and $1 \le r < \min(m, n)$.
#
# 1. The $m \times n$ matrices with two equal non-zero singular values are the image of a manifold of dimension $mn - 2$ under a smooth map.
# 2. For all $C$ outside a set of Lebesgue measure zero, no two non-zero singular values of $T(\lambda)$ agree for any $\lambda \in [0, \infty]$. In particular the path is continuous, and it tends to the hard-wired optimum, for almost every $C$. Since $X$ has rank $n$, the same holds for almost every $Y$.
# 3. Let $A_\lambda$ be block diagonal for all $\lambda$. For block diagonal $C$, equality of singular values from different blocks is a single equation. For some $S$ and $\rho$ there is an open set of block diagonal $C$ for each of which $\sigma_r$ and $\sigma_{r+1}$ cross.
# ````
#
# ````{prf:proof}
# *(1)* If $\sigma_i = \sigma_{i+1} = \sigma > 0$, split these two triplets off: $T = \sigma U V^\top + Q$ with $U^\top U = V^\top V = I_2$, $U^\top Q = 0$ and $QV = 0$.
# Here $UV^\top$ runs over the partial isometries of rank 2, a manifold of dimension $(2m - 3) + (2n - 3) - 1$, since $U$ and $V$ may be multiplied by the same orthogonal $2 \times 2$ matrix.
# The matrix $Q$ runs over a space of dimension $(m - 2)(n - 2)$, and $\sigma$ over a line.
# The sum is $mn - 2$.
#
# *(2)* For finite $\lambda$, the exceptional $C$ have the form $C = T A_\lambda^{1/2}$ with $T$ as in (1).
# So they are the image of a manifold of dimension $(mn - 2) + 1$ under a smooth map into a space of dimension $mn$, and have measure zero.
# For $\lambda = \infty$, the target is the image of $C$ under the linear map $C \mapsto C B (B^\top S B)^{-1/2}$, which is onto; matrices as in (1) have measure zero there, and so have their preimages.
# Given that non-zero singular values are distinct, the condition of {prf:ref}`thm-path` holds at every $\lambda$ including $\infty$.
# Last, $Y \mapsto Y^\top X / N$ is linear and onto, since $X$ has rank $n$.
#
# *(3)* If $A_\lambda$ and $C$ are block diagonal, so is $T(\lambda)$, and its singular values are those of the blocks.
# Take two blocks of one singular value each, as in the counterexample.
# If $a(0) > b(0)$ and $a(\infty) < b(\infty)$ for the singular values of the two blocks, then $a$ and $b$ cross, and strict inequalities survive small changes within the blocks.
# ````
#
# The number 2 in the proposition decides.
# It takes two equations to make two singular values agree, and a path offers one unknown.
# For two outputs and $r = 1$ we can see it.
# The eigenvalues of the symmetric matrix $M(\lambda)$ differ by the length of the vector $(M_{11} - M_{22},\, 2M_{12})$.
# So a path is a curve in the plane, and a crossing means that it hits the origin.
#
# A *second symmetry* changes this.
# Suppose the data come with another group, which acts on inputs and outputs by orthogonal matrices $\rho'(h)$ and $\tau(h)$: $C\rho'(h) = \tau(h) C$, and $\rho'(h)$ commutes with $S$ and $\Gamma\Gamma^\top$.
# Then $\tau(h)$ commutes with $M(\lambda)$, and $M(\lambda)$ has one block for each type of irreducible representation in $\tau$.
# An example is a classification in which the mirror image of an image in class $2i$ belongs to class $2i + 1$, as for left and right hands, while rotations do not change the class.
# With two outputs, $M$ becomes diagonal in the basis of even and odd combinations.
# The curve stays on a line through the origin, and a curve that starts on one side and ends on the other must cross.


# %% tags=["hide-input"]
fig, axes = plt.subplots(1, 2, figsize=(6, 3.1))


def plane_curve(p):
    Ms = np.array([M(p, lam) for lam in [0, *strengths(p, 150), np.inf]])
    return np.stack([Ms[:, 0, 0] - Ms[:, 1, 1], 2 * Ms[:, 0, 1]], axis=1) / np.trace(
        Ms[0]
    )


for _ in range(9):
    curve = plane_curve(draw(turns, 2, 1))
    axes[0].plot(*curve.T, "-", color="C0", linewidth=1)
    axes[0].plot(*curve[0], "o", color="C0", markersize=4)
    axes[0].plot(*curve[-1], "o", color="C0", markersize=4, fillstyle="none")
for row, (p, lam) in enumerate(drawn[:12]):
    line = plane_curve(p)[:, 1]
    style = {"color": "C1" if lam is None else "black", "linewidth": 1.2}
    axes[1].plot(line, 0 * line + row, linestyle="--" if lam is None else "-", **style)
    axes[1].plot(line[0], row, "o", color=style["color"], markersize=4)
axes[0].plot(0, 0, "k+", markersize=10)
axes[1].axvline(0, color="grey", linestyle=":", linewidth=1)
axes[0].set(
    xlabel="$M_{11} - M_{22}$", ylabel="$2 M_{12}$", title="(a) no second symmetry"
)
axes[1].set(xlabel="$2 M_{12}$", yticks=[], title="(b) mirror images")
figure(
    fig,
    "paths-in-the-plane",
    title="Why crossings are rare, and when they are not",
    caption="Regularisation paths with two outputs and rank 1 on random 4 x 4 images under rotations, drawn as $M(\\lambda)$ "
    "relative to its trace at $\\lambda = 0$ (full circle). (a) Without further structure the path is a curve in a plane and misses the "
    "origin, where the singular values cross. (b) If mirror images have their two outputs exchanged, the curve stays on a "
    "line; one row a data set. Solid black: the path passes the crossing and jumps.",
    alt="Left, nine curves in a plane from filled to open circles, none through the cross at the origin. Right, twelve "
    "horizontal segments, some of which, in black, pass over a dotted vertical line.",
)

# %% [markdown]
# How often does it happen?
# Let the inputs be white, three of them invariant and three with signs that the group changes, and in the symmetric case as many in each of two blocks.
# Let all entries of $C$ that the symmetry allows be independent standard normal variables.
# Then $M$ is a straight segment, from $M(\infty)$ to $M(0)$, and its distance from the origin has a closed form.
# In the symmetric case write $\Delta_\infty$ for the difference of the two blocks of $M(\infty)$, and $\Delta_0$ for that of the part which fades, $M(0) - M(\infty)$.
# As every block has as many invariant inputs as others, $\Delta_\infty$ and $\Delta_0$ are independent with the same symmetric distribution.
# The segment crosses exactly if $\Delta_\infty$ and $\Delta_0$ have opposite signs and $\lvert\Delta_0\rvert > \lvert\Delta_\infty\rvert$, which has probability $\tfrac12 \cdot \tfrac12 = \tfrac14$.
#
# In the general case the probability is 0, and a small gap $\delta$ has a probability proportional to the area of the set of segments that come as near as $\delta$: of order $\delta$ along the path, and of order $\delta^2$ at a fixed strength.


# %%
count = 400_000


def segments(symmetric):
    """(M_11 - M_22, 2 M_12) at infinity and at 0, over the trace at 0."""
    ends, trace = [], 0
    for _ in range(2):  # invariant inputs, then the others
        a, b = rng.normal(size=(2, count, 3))
        squares = (a**2).sum(1), (b**2).sum(1)
        both = np.zeros(count) if symmetric else (a * b).sum(1)
        ends.append(np.stack([squares[0] - squares[1], 2 * both], axis=1))
        trace = trace + squares[0] + squares[1]
    return ends[0] / trace[:, None], (ends[0] + ends[1]) / trace[:, None]

# %%
def nearest(start, end):
    """Distance of segments from the origin."""
    way = end - start
    t = np.clip(-(start * way).sum(1) / (way**2).sum(1), 0, 1)
    return norm(start + t[:, None] * way, axis=1)


general, symmetric = segments(False), segments(True)
share = np.mean(symmetric[0][:, 0] * symmetric[1][:, 0] < 0)

# %%
claim("beyond: D, Theorem 9",
      "With a second symmetry that splits two outputs, one data set in four has a "
      "crossing.", share, equals=0.25, within=0.004, id="one-in-four-crosses")

# %%
bounds = np.geomspace(1e-3, 0.5, 31)
curves = {
    "general, at $\\lambda = 0$": norm(general[1], axis=1),
    "general, whole path": nearest(*general),
    "symmetric, at $\\lambda = 0$": norm(symmetric[1], axis=1),
    "symmetric, whole path": nearest(*symmetric),
}
fig, ax = plt.subplots()
for name, gaps in curves.items():
    ax.loglog(bounds, [np.mean(gaps < bound) for bound in bounds], label=name)
ax.set(xlabel="bound on the gap", ylabel="share below it", ylim=(1e-5, 2))
ax.legend()
figure(
    fig,
    "gap-distribution",
    title="How often a regularisation path comes close to a crossing",
    caption="Share of 400,000 data sets whose gap $\\sigma_1^2 - \\sigma_2^2$, over "
    "$\\sigma_1^2 + \\sigma_2^2$ at $\\lambda = 0$, is below a bound.",
    alt="On logarithmic axes, one curve levels off to the left at one quarter; two fall with slope "
    "one, one with slope two.",
)

# %% [markdown]
# A second symmetry can do more.
# If $\tau$ contains an irreducible representation of dimension 2 or more, then its singular values come in sets of at least two equal ones, for every strength, by Schur's lemma.
# A rank that splits such a set leaves a tie along the whole path, and then there is no path to speak of: the minimiser is never unique.
# Three outputs that a cyclic group of order 3 permutes are enough, as real representations of that group have dimension 1 and 2.
#
# (avoided-crossings)=
# ## Avoided crossings
#
# Real data have no exact second symmetry, but they may have an approximate one.
# Then singular values approach each other and turn away, and the singular vectors change places on the way: an *avoided crossing*.
# The path is continuous there, and steep.
#
# ````{prf:proposition} Steepness near an avoided crossing
# :label: prop-avoided
# Let a single pair of branches of $M$ cross at $\lambda_0$, at ranks $r$ and $r + 1$, with eigenvectors $q_a$, $q_b$ and slopes that differ by $D \ne 0$.
# Replace $C$ by $C + \varepsilon F$ and let $\beta = q_a^\top (F A^{-1} C^\top + C A^{-1} F^\top) q_b$ at $\lambda_0$.
# If $\beta \ne 0$ then, for small $\varepsilon > 0$ and to leading order,
#
# 1. the smallest gap between the two singular values is $\varepsilon \lvert\beta\rvert / \sigma_r$;
# 2. the largest speed of the path, in the norm $\operatorname{tr}(W' A W'^\top)^{1/2}$, is $\sigma_r \lvert D\rvert / (2\sqrt2\, \varepsilon \lvert\beta\rvert)$;
# 3. the speed falls to half at a distance $2\varepsilon\lvert\beta / D\rvert$ in strength.
# ````
#
# ````{prf:proof}
# On the plane of $q_a$ and $q_b$ the perturbed $M$ is, to leading order and up to a multiple of $I$, $\tfrac12\begin{pmatrix} s & 2h \\ 2h & -s\end{pmatrix}$ with $s = D(\lambda - \lambda_0')$ and $h = \varepsilon\beta$, where $\lambda_0'$ differs from $\lambda_0$ by a term of order $\varepsilon$ that comes from the diagonal.
# Its eigenvalues differ by $\sqrt{s^2 + 4h^2}$, at least $2\lvert h\rvert$; divide by $2\sigma_r$ for (1).
# Its eigenvectors are turned by $\theta$ with $\tan 2\theta = 2h/s$, so that $\lvert\theta'\rvert = \lvert h D\rvert / (s^2 + 4h^2)$, which is at most $\lvert D\rvert / (4\lvert h\rvert)$ and half as much at $\lvert s\rvert = 2\lvert h\rvert$.
# All other parts of $W'$ stay bounded, and turning one kept singular vector by $d\theta$ moves $W$ by $\sqrt2\, \sigma_r\, d\theta$ in the norm named, as in {prf:ref}`thm-path`.
# ````
#
#
# For the counterexample with $\varepsilon$ as the first target of the third input, $D = 1$ and $\beta = \tfrac16$.
# The peak speed is $\sqrt{3/2}/\varepsilon$, the half-width $\varepsilon/3$.


# %%
def law(p, lam, F):
    """D, beta, shift of the crossing and sigma_r, where ranks 1 and 2 cross."""
    h, q = 1e-5 * lam, np.linalg.eigh(M(p, lam))[1][:, -2:]
    dM = (M(p, lam + h) - M(p, lam - h)) / (2 * h)
    slopes, mix = np.linalg.eigh(q.T @ dM @ q)
    change = mix.T @ q.T @ F @ unbounded(p, lam).T @ q @ mix
    D, change = slopes[1] - slopes[0], change + change.T
    return D, abs(change[0, 1]), (change[0, 0] - change[1, 1]) / D, sigma(p, lam)[0]


def speed(p, lam, h):
    return length(optimum(p, lam + h) - optimum(p, lam - h), p, lam) / (2 * h)

# %%
def ratios(p, lam, F, epsilon):
    """Smallest gap and largest speed near lam after C + epsilon F, over the law."""
    D, beta, shift, s = law(p, lam, F)
    width = 2 * epsilon * beta / D
    near = fractions(p.S, p.C + epsilon * F, p.rho, p.r)
    grid = lam + epsilon * shift + width * np.linspace(-1, 1, 401)
    least = min(gap(near, t) for t in grid)
    peak = max(speed(near, t, 1e-3 * width) for t in grid[::4])
    return [least * s / (epsilon * beta), peak * 2**1.5 * epsilon * beta / (s * D)]


F = np.zeros((3, 3))
F[0, 2] = 1 / 3  # C is a mean over three inputs
measured = [ratios(jumping, 0.25, F, 1e-3)]
for p, lam in crossed[: 3 * draws]:
    F = rng.normal(size=p.C.shape)
    measured.append(ratios(p, lam, F * norm(p.C) / norm(F), 1e-5))

# %%
claim("beyond: D, Theorem 9",
      "Near an avoided crossing, smallest gap and largest speed follow the law in "
      "closed form.", measured, equals=1, within=0.01, id="avoided-crossing-law")

# %% [markdown]
# (path-limit)=
# ## Towards the hard-wired optimum
#
# How large must the penalty be?
# The expansion at $\infty$ answers.
#
# ````{prf:proposition} Expansion for strong penalties
# :label: prop-expansion
# Let $\sigma_r(\infty) > \sigma_{r+1}(\infty)$ and let $K = \sum_j z_j z_j^\top = (I - HS)(\Gamma\Gamma^\top)^{+}(I - SH)$.
# Let $q_1, \dots, q_m$ be orthonormal eigenvectors of $M(\infty) = CHC^\top$ with eigenvalues $s_1 \ge \dots \ge s_m$, and $\Pi$ the projector onto the first $r$ of them.
# Then $W(\lambda) = W_{\mathrm{inv}} + W_1 / \lambda + O(\lambda^{-2})$ with $W_{\mathrm{inv}} = \Pi C H$ and
#
# $$
# W_1 = \Pi C K + \Pi_1 C H, \qquad
# \Pi_1 = \sum_{i \le r < j} \frac{q_i^\top C K C^\top q_j}{s_i - s_j} \left( q_i q_j^\top + q_j q_i^\top \right) .
# $$ (eq-first-order)
#
# If $\sigma_{r+1}(\infty) = 0$, with or without a gap, $W(\lambda) = W_{\mathrm{inv}} + O(\lambda^{-1})$.
# ````
#
# ````{prf:proof}
# By {eq}`eq-partial-fractions`, $A_\lambda^{-1} = H + K/\lambda + O(\lambda^{-2})$ and $M = M(\infty) + CKC^\top/\lambda + O(\lambda^{-2})$.
# First-order perturbation of the projector gives $\Pi_1$, and {eq}`eq-left-truncation` the rest.
# The formula for $K$ follows from the inverse in blocks: in a basis of $B$ and an orthonormal basis $E$ of its complement, the Schur complement of $B^\top S B$ in $A_\lambda$ is $\lambda E^\top \Gamma\Gamma^\top E + O(1)$, and the columns of $(I - HS)E$ are orthogonal to those of $B$ in $S$.
#
# Now let $\sigma_{r+1}(\infty) = 0$, let $t \le r$ be the rank of $M(\infty)$, and $\Pi_t$ the projector onto the first $t$ eigenvectors of $M(\lambda)$.
# It is analytic in $1/\lambda$, and $(I - \Pi_t)\, C H$ vanishes at $\infty$, so it is $O(\lambda^{-1})$.
# As $(I - \Pi) = (I - \Pi)(I - \Pi_t)$, the difference $(I - \Pi)CH$ is too, and with it $W - CH$.
# ````
#
# The two terms of $W_1$ differ in kind.
# The first is the rest of each non-invariant direction.
# The second is the turn of the kept singular vectors, and it has the gap at $\infty$ in its denominator.
# So the strength must be large beside $\lVert CKC^\top\rVert / (\sigma_r^2 - \sigma_{r+1}^2)$ as well.


# %%
def first_order(p):
    """W_1."""
    CHC, CKC = M(p, np.inf), p.C @ p.z @ (p.C @ p.z).T
    s, q = np.linalg.eigh(CHC)
    low, high = q[:, : -p.r], q[:, -p.r :]
    mixing = low.T @ CKC @ high / (s[-p.r :] - s[: -p.r, None])
    Pi_1 = low @ mixing @ high.T
    Pi_1 = Pi_1 + Pi_1.T
    return high @ high.T @ p.C @ p.z @ p.z.T + Pi_1 @ p.C @ p.B @ p.B.T


late = []
for p in paths:
    s = sigma(p, np.inf)
    spread = norm(p.C @ p.z, 2) ** 2 / (s[p.r - 1] ** 2 - s[p.r] ** 2)
    lam = 1e4 * max(max(p.kappa), spread)
    distance_left = norm(optimum(p, lam) - optimum(p, np.inf))
    late.append(distance_left * lam / norm(first_order(p)))

# %%
claim("D: Theorem 9",
      "The path tends to the hard-wired optimum, if that has a gap, with distance "
      "$\\lVert W_1\\rVert/\\lambda$.", late, equals=1, within=1e-3,
      id="first-term-of-the-expansion")

# %% [markdown]
# ### Breaking the limit: a tie at infinity
#
# If the gap closes at $\infty$ itself, the hard-wired problem has many optima.
# The path still converges, as long as singular values are distinct for large $\lambda$: by Rellich's theorem, now in $1/\lambda$, the projector $\Pi(\lambda)$ has a limit.
# But the limit is one particular hard-wired optimum, the one that $CKC^\top$ prefers.
# Training a hard-wired network may end at any of them.
# Take the reflection of the third axis again, two outputs, $r = 1$, and the targets $(1, 0)$, $(0, 1)$ and $(1, 0)$ for the three unit vectors.
# Hard-wired, both outputs are equally worth keeping, and all maps $q q^\top (I_2 \mid 0)$ with a unit vector $q$ are optimal.
# The path keeps the first output, which the third input supports.

# %%
tied = fractions(np.eye(3) / 3, np.array([[1.0, 0, 1], [0, 1, 0]]) / 3, mirror, r=1)
end = optimum(tied, 1e8)
apart = [norm(end - np.eye(2, 3) * kept) for kept in ([[1], [0]], [[0], [1]])]
claim("beyond: D, Theorem 9",
      "At a tie the path tends to one hard-wired optimum. Others, as good, stay at "
      "a distance.", apart, equals=[0, np.sqrt(2)], within=1e-6,
      id="tie-at-infinity")

# %% [markdown]
# (path-on-digits)=
# ## The path on digits
#
# The paper trains on 1,000 MNIST digits {cite:p}`lecun1998gradient` of 14 x 14 pixels, 0 to 8, with one-hot targets, rotations by 90 degrees and $r = 5$, for strengths 0.001, 0.01 and 0.1.
# We compute the whole path for the first 1,000 of the test images, and for the seven next thousands.
#
# **Which strengths?**
# In the experiments of the paper the mean squared error averages over the nine outputs too, as PyTorch does.
# Its figures say so: the axis of its Figure 10 fits that loss, and so do the final norms in its Figure 3 ({ref}`training-dynamics`).
# Against this loss a strength weighs nine times as much as in {eq}`eq-penalised`.
# In this section we write $\lambda_{\text{p}} = \lambda/9$ for the strengths of the experiments.
#
# One hypothesis fails here.
# Some pixels are zero in all images, so $S$ is singular.
# For $\lambda > 0$ the penalty settles the non-invariant directions without data: they have $\kappa_j = 0$ and $Cz_j = 0$ in {eq}`eq-partial-fractions`, and drop out.
# Invariant directions without data are free; we take 0 there, by leaving them out of $B$.
# So the formulas go through, with $W(0)$ understood as the limit $\lambda \to 0$.

# %%
from learnsym.data import digits

images, labels = digits("mnist", "test", side=14)
images, labels = images[labels < 9].reshape(-1, 196), labels[labels < 9]
rho = representations.image(groups.image_rotations(14))
R, elements = reynolds(rho), [rho.matrix(g) for g in rho.group.elements()]


def thousand(part):
    """The path on a thousand digits; S_bar is for the rotated images."""
    X, Y = images[1000 * part :][:1000], np.eye(9)[labels[1000 * part :][:1000]]
    p = fractions(X.T @ X / 1000, Y.T @ X / 1000, rho, r=5)
    p.X, p.S_bar = X, np.mean([g @ p.S @ g.T for g in elements], axis=0)
    return p

# %%
def size(W, p):
    """Root mean square of the predictions on all rotated images."""
    return np.sqrt(np.trace(W @ p.S_bar @ W.T))

# %%
def asymmetry(W, p):
    """Non-invariant part of the predictions."""
    return size(W - W @ R, p) / size(W, p)


def distance(W, p):
    """Distance of the predictions from the hard-wired ones."""
    return size(W - optimum(p, np.inf), p) / size(optimum(p, np.inf), p)


thousands = [thousand(part) for part in range(8)]

# %%
at = {lam: [optimum(p, 9 * lam) for p in thousands] for lam in (0.01, 0.1)}
lines = []
for i, p in enumerate(thousands):
    lam, least = smallest_gap(p, 9 * np.geomspace(1e-3, 1, 200))
    Ws = [at[lam_p][i] for lam_p in at]
    parts = [f"{f(W, p):.2f}" for f in (asymmetry, distance) for W in Ws]
    lines.append([i + 1, f"{lam / 9:.3f}", f"{least:.3f}", *parts])
names = ["smallest gap at $\\lambda_{\\text{p}}$", "that gap over $\\sigma_5$"]
names += [f"{what} at {s}" for what in ("non-invariant part", "distance") for s in at]
table(["thousand", *names], lines)

# %% tags=["hide-input"]
p, grid = thousands[seed % 8], np.geomspace(1e-5, 10, 121)
fig, axes = plt.subplots(1, 2, figsize=(6, 3.3))
for i, values in enumerate(np.array([sigma(p, 9 * lam) for lam in grid]).T):
    axes[0].plot(
        grid,
        values,
        "-" if i < 5 else "--",
        color="C0" if i < 5 else "C1",
        linewidth=1.3,
    )
Ws = [optimum(p, 9 * lam) for lam in grid]
axes[1].plot(
    grid, [asymmetry(W, p) for W in Ws], label="non-invariant part\nof predictions"
)
axes[1].plot(grid, [distance(W, p) for W in Ws], label="distance of\npredictions")
axes[1].plot(grid, [fraction(W, R) for W in Ws], label="non-invariant\nfraction of $W$")
axes[1].set(yscale="log", ylim=(1e-6, 3), title="(b)")
axes[0].set(ylabel="singular values", title="(a)")
axes[1].legend(fontsize=8, loc="lower left", handlelength=1.6)
for ax in axes:
    ax.set(xscale="log", xlabel="$\\lambda_{\\text{p}}$")
    for lam in (0.001, 0.01, 0.1):
        ax.axvline(lam, color="grey", linestyle=":", linewidth=1)
figure(
    fig,
    "digit-path",
    title="The regularisation path on MNIST digits",
    caption="1,000 MNIST digits, 14 x 14 pixels, nine classes, rotations by 90 degrees, rank 5. (a) Singular values: the "
    "first five (solid) are kept. Dotted: the strengths of paper D. (b) Non-invariant part of the predictions on all rotated images, "
    "relative to their size; distance of the predictions from the hard-wired ones, relative to the size of these; non-invariant "
    "fraction $\\lVert W - W\\mathcal{R}\\rVert / \\lVert W\\rVert$ of the weights.",
    alt="Left, nine falling curves that level off, two of which nearly touch between the second and the third dotted line. Right, "
    "on logarithmic axes, one curve is small everywhere and falls; two start near one and fall steeply from the second dotted line on.",
)

# %% [markdown]
# The table looks for the smallest gap between 0.001 and 1. None of the eight data sets has a crossing.
# For the first thousand the fifth and the sixth singular value come within one per cent of each other at $\lambda_{\text{p}} \approx 0.025$, between the two largest strengths of the paper.
# On the way the network gives up one combination of the nine outputs for another, at almost a right angle to it.
#
# The table holds a warning.
# At $\lambda_{\text{p}} = 0.01$ the non-invariant part of the weights is at most about 5 % of $\lVert W\rVert$, for every thousand.
# Yet about a third of each prediction or more is not invariant, and predictions differ from the hard-wired ones by about half of their size.
# The weights mislead because they are large where digits hardly vary: there the labels are fitted by huge invariant weights, next to which everything else looks small.
# Ten times the strength, the largest of the paper, is past the turn: there predictions are invariant and hard-wired up to about a tenth.
# The turn is where {eq}`eq-partial-fractions` puts it.
# A direction fades at its strength $\kappa_j$, the ratio of the mean square of the data in it to its penalty.

# %%
claim("beyond: D, Theorem 9",
      "At the paper's strength 0.01 the non-invariant fraction of the weights is "
      "small.", [fraction(W, R) for W in at[0.01]], below=0.06,
      id="digit-weights-look-invariant")

# %%
seen = [[asymmetry(W, p), distance(W, p)] for W, p in zip(at[0.01], thousands)]
claim("beyond: D, Theorem 9",
      "There predictions are neither invariant nor close to the hard-wired ones.",
      seen, above=0.3, id="digit-predictions-are-not")
claim("beyond: D, Theorem 9",
      "The last directions fade between the paper's strengths 0.01 and 0.1.",
      [p.kappa[-3:] / 9 for p in thousands], between=(0.01, 0.1),
      id="digit-path-fades-last")

# %% [markdown]
# ### Where the path starts
#
# On such data the limit $\lambda \to 0$ is not the least-squares solution of least norm.
# It makes the same predictions on the data, but among all solutions that do it has the least $\lVert W\Gamma\rVert$.
# With the solution of least norm at $\lambda = 0$ the path would jump there.

# %%
p = thousands[seed % 8]
lam, V = np.linalg.eigh(p.S)
seen = lam > 1e-12 * max(lam)
root = (V[:, seen] / np.sqrt(lam[seen])) @ V[:, seen].T
kept = np.linalg.eigh(p.C @ root @ (p.C @ root).T)[1][:, -5:]
least, start = kept @ kept.T @ p.C @ root @ root, optimum(p, 0.0)
V, W = (norm(X @ constraint(rho)) for X in (start, least))

# %%
claim("beyond: D, Theorem 9",
      "The path does not start at the solution of least norm, but at that of least "
      "penalty.",
      [norm((start - least) @ p.X.T) < 1e-6,
       norm(start - least) > 0.2 * norm(least), V < W],
      id="digit-path-starts-elsewhere", details="Same predictions, other weights.")

# %% [markdown]
# ## What to take away
#
# * The regularisation path is continuous where $\sigma_r$ and $\sigma_{r+1}$ do not meet. Where they do, it may jump. A target of full rank does not prevent this.
# * Crossings have probability 0 for generic targets, and positive probability if the data have a second symmetry. Where this symmetry is approximate, crossings are avoided, and the path is steep.
# * The penalty never rises along the path. The non-invariant fraction of the weights may.
# * Judge invariance by predictions. On digits the weights look invariant at strengths where the predictions are not.
# * The distance to the hard-wired optimum is $\lVert W_1\rVert / \lambda$ in the end. Jumps and steep places may lie far out, so no single strength is large enough for all data.

# %% tags=["hide-input", "nbval-ignore-output"]
footer(scale, seed)
