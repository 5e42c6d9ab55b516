# %% [markdown]
# (critical-points)=
# # Saddles and nothing else
#
# Gradient descent can stop wherever the gradient vanishes.
# A linear network with a narrow layer has many such points, and only some of them are solutions.
# **How many are there, and is one of them a trap?**
# The answer decides whether training can be trusted.
#
# {cite:t}`duan2026understanding` (paper D) answer for three ways to learn an invariant map: invariance built into the weights, augmented data, and a penalty.
# Their Proposition 13 says that each critical point keeps $r$ singular triplets of a target matrix, that the first two ways have the same critical points, that the penalty has more, and that all are saddles except for one minimum.
#
# **What we found.**
#
# * The description is right: a search that knows nothing about it finds [the predicted points and no others](claim-d-proposition-13-1), and hard-wiring and augmentation [share them](claim-d-proposition-13-2).
# * The count must be read with the number of outputs. With few of them, as in the paper's own experiment, the penalty [adds no critical point](claim-d-proposition-13-3).
# * Each saddle has as many directions of descent [as pairs of triplets are out of order](claim-morse-index-formula). Equal singular values turn points [into Grassmannians](claim-ties-make-grassmannians), not into traps.
# * Figure 5 is [reproduced](claim-d-figure-5) but for four points of one curve; [no data can give](claim-ordered-spectra) the one at the second index.
# * With three layers some saddles [show no way down at second order](claim-three-layer-saddles-are-not-strict), and small perturbations need [a time inversely proportional to their size](claim-three-layers-escape-in-inverse-time) to leave them.

# %% tags=["parameters"]
scale = "book"
seed = 0

# %%
from itertools import combinations
from math import comb

import matplotlib.pyplot as plt
import numpy as np
import torch
from numpy.linalg import eigvalsh, matrix_rank, norm, svd
from scipy.integrate import solve_ivp
from scipy.optimize import least_squares
from torch.func import grad, hessian

from learnsym import gallery, groups, representations
from learnsym.equivariant import dimension_by_characters
from learnsym.lowrank import Moments, augmented, hard_wired, regularised
from learnsym.publish import claim, figure, footer, table, use_style

use_style()
rng = np.random.default_rng(seed)
draws = 1 if scale == "smoke" else 3

# %% [markdown]
# ## The setting
#
# We keep the setting of {ref}`the first chapter on deep linear networks <global-optima>`.
# Inputs $x \in \mathbb{R}^n$ transform by a representation $\rho$ of a finite group, targets $y \in \mathbb{R}^m$ do not.
# The three problems minimise a quadratic
#
# $$
# f(W) = \operatorname{tr}(W A W^\top) - 2 \langle C, W \rangle + c
# $$ (eq-three-problems)
#
# over maps of rank at most $r$ with rows in the span of $B$, an orthonormal basis of $k$ admissible rows.
# *Hard-wired*: $A = S$, and $k = d$ invariant rows. *Augmented*: $A = \bar S$, $k = n$. *Regularised*: $A = S + \lambda\, \Gamma \Gamma^\top$, $k = n$.
# The library builds the three from moments of the data, as that chapter did in ten lines:


# %%
def three_problems(X, Y, rho, r, lam=0.3, **options):
    data = Moments.from_data(X, Y)
    return {
        "hard-wired": hard_wired(data, rho, r, **options),
        "augmented": augmented(data, rho, r, **options),
        "regularised": regularised(data, rho, r, lam, **options),
    }


# %%
def draw(rho, m):
    """Inputs and targets without symmetry."""
    n = rho.dimension
    X = rng.normal(size=(3 * n, n)) @ (np.eye(n) + 0.5 * rng.normal(size=(n, n)))
    return X, X @ rng.normal(size=(n, m)) + rng.normal(size=(3 * n, m))


# %% [markdown]
# Let $P$ be the root of $B^\top A B$.
# In the coordinates $U = W B P$, the loss is $\lVert U - T \rVert^2$ plus a constant, with the *target* $T = C B P^{-1}$ of shape $(m, k)$.
# We write $T = \sum_i \sigma_i u_i v_i^\top$ with singular values in descending order, and call $(\sigma_i, u_i, v_i)$ a *triplet*.
#
# Maps of rank exactly $r$ form a smooth manifold $\mathcal{M}_r$.
# A point of it is *critical* if $f$ has no slope in any tangent direction.
# The *Morse index* of a critical point is the number of independent directions in which $f$ falls at second order.
# A minimum has index 0; a critical point of positive index, other than a maximum, is a *strict saddle*.
# None of these notions depends on coordinates, so we may use $W$ or $U$.
#
# The smallest example is $T = \operatorname{diag}(2, 1)$ and $r = 1$.
# A matrix of rank one is $s\, a b^\top$ with unit vectors $a$ and $b$; the best $s$ is $a^\top T b$, which leaves the loss $5 - (a^\top T b)^2$.

# %%
angles = np.radians(np.linspace(-45, 135, 181))
a = b = np.stack([np.cos(angles), np.sin(angles)], axis=1)
loss = 5 - (a @ np.diag([2, 1]) @ b.T) ** 2

# %% tags=["hide-input"]
fig, ax = plt.subplots(figsize=(5, 4))
picture = ax.imshow(loss, origin="lower", extent=(-45, 135, -45, 135))
fig.colorbar(picture, label="loss for the best $s$")
ax.plot([0, 90], [0, 90], "w-", linewidth=1)
ax.plot(0, 0, "wo", 90, 90, "ws")
ax.set(xlabel="angle of $b$", ylabel="angle of $a$")
figure(
    fig,
    "rank-one-landscape",
    title="The loss landscape of two-by-two matrices of rank one",
    caption="The circle keeps the first triplet and is the minimum, the square keeps the second and "
    "is a saddle of index 1; the white line is the way down. Opposite sides belong together.",
    alt="A colour map over two angles with a dark valley around a circle at the origin, and a square "
    "on a pass at ninety degrees joined to it by a straight line.",
    width="75%",
)

# %% [markdown]
# ## The critical points
#
# ````{prf:theorem} Proposition 13 of paper D, with its count
# :label: thm-critical-points
# Let $T$ have $p$ positive singular values, all distinct.
#
# 1. The critical points of $f$ on $\mathcal{M}_r$ are the maps $U_I = \sum_{i \in I} \sigma_i u_i v_i^\top$ for the sets $I$ of $r$ triplets with positive singular value. There are $\binom{p}{r}$ of them, and none if $p < r$.
# 2. If $\bar S$ is positive definite, the hard-wired and the augmented problem have the same critical maps $W$, with the same losses and the same Morse indices.
# 3. For almost all targets, $p = \min(m, d)$ for these two and $p = \min(m, n)$ for the regularised problem. So for $r \le \min(m, n)$ and a group that acts non-trivially ($d < n$), the regularised problem has more critical points exactly if $m > d$.
# ````
#
# ````{prf:proof}
# *1.* A matrix $N$ is normal to $\mathcal{M}_r$ at $U$ exactly if $U^\top N = 0$ and $N U^\top = 0$. So $U$ is critical exactly if $N = T - U$ has column and row spaces orthogonal to those of $U$. Then the triplets of $U$ and those of $N$ together are triplets of $T$, and these are unique if the singular values are distinct.
#
# *2.* Let $W_\ast$ minimise $f$ without a bound on the rank. In the augmented problem $W_\ast = \bar C \bar S^{-1}$. Since $\bar C \rho(g)^\top = \bar C$ and $\rho(g) \bar S \rho(g)^\top = \bar S$, it is invariant. On invariant maps both problems have the same loss, so $W_\ast$ is the hard-wired minimiser too. A critical map is $W_I = \Pi_I W_\ast$, where $\Pi_I = \sum_{i \in I} u_i u_i^\top$ projects onto eigenvectors of $T T^\top = W_\ast A W_\ast^\top$. This matrix is the same for $A = S$ and $A = \bar S$. So are its positive eigenvalues $\sigma_i^2$, which fix losses and, by {prf:ref}`prop-morse-index`, indices.
#
# *3.* The set of $C$ for which $T$ has not full rank, or equal singular values, has measure zero. And $\binom{\min(m,n)}{r} > \binom{\min(m,d)}{r}$ exactly if $\min(m, n) > \min(m, d)$.
# ````
#
# The description of critical points by triplets is that of {cite:t}`baldi1989neural` for two layers, and of {cite:t}`trager2020pure` for any depth; paper D carries it to the three problems.
#
# **The count.**
# Proposition 13 counts $\binom{d}{r}$ points for the first two problems.
# The paper holds the material for a sharper reading.
# The Proposition B.9 from which it follows asks for a target of rank $m > d > r$, so for more outputs than invariant dimensions.
# And Remark 7 says that the rank of the target is $\min\{d, m, n\}$.
# With this rank in place of $d$ the count is $\binom{\min(m, d)}{r}$, as above.
# In the paper's experiment $m = 9$, $d = 49$ and $r = 5$: the condition $m > d$ fails, and the count is 126 for all three problems, where $\binom{49}{5}$ would be close to two million.
# The proof shows why outputs matter: all choices are made on the left, among eigenvectors of an $m \times m$ matrix, and the group acts on the right.
#
# Remark 7 itself, by rank and by formula, for random targets in the gallery:

# %%
ranks, expected = [], []
for case in gallery.cases():
    rho, d = case.rho_in, dimension_by_characters(case.rho_in)
    for m in (2, 5, 20):
        problem = hard_wired(Moments.from_data(*draw(rho, m)), rho, 1)
        ranks.append(matrix_rank(problem.target) if d else 0)
        expected.append(min(m, d))

claim("D: Remark 7", "The hard-wired target has rank $\\min\\{d, m, n\\}$.", ranks,
      equals=expected, within=0.5)

# %% [markdown]
# ### A search that does not know the answer
#
# A proof that these points are critical is easy to check, and that there are no others is not.
# So we look for others.
# We write $W B = W_2 W_1$ with random factors, and let SciPy drive the gradient to zero from many starts.
# The search sees $A$ and $C$, no singular values.
# It returns points of all ranks up to $r$; those of rank exactly $r$ we compare with the theorem.


# %%
def slopes(theta, A, C, r):
    """Gradient of the loss by both layers, over two."""
    m, k = C.shape
    W1, W2 = theta[: r * k].reshape(r, k), theta[r * k :].reshape(m, r)
    E = W2 @ W1 @ A - C
    return np.concatenate([(W2.T @ E).ravel(), (E @ W1.T).ravel()])


# %%
precisely = {"method": "lm", "xtol": 1e-14, "ftol": 1e-14, "max_nfev": 400}

# %%
def search(problem, r, starts):
    """Distinct critical maps W B of rank r, shape (found, m, k)."""
    A, C = problem.basis.T @ problem.A @ problem.basis, problem.C @ problem.basis
    (m, k), found = C.shape, []
    size = np.sqrt(norm(C @ np.linalg.inv(A), 2) / r)
    for _ in range(starts):
        theta = size * np.exp(rng.uniform(0, 1)) * rng.normal(size=r * (k + m)) / 2
        end = least_squares(slopes, theta, args=(A, C, r), **precisely)
        W = end.x[r * k :].reshape(m, r) @ end.x[: r * k].reshape(r, k)
        new = all(norm(W - V) > 1e-5 * size**2 for V in found)
        full = svd(W)[1][r - 1] > 1e-4 * size**2
        if new and full and norm(end.fun) < 1e-9 * norm(C) * size:
            found.append(W)
    return np.array(found).reshape(-1, m, k)

# %% [markdown]
# The inputs are the five monomials of degree 1 and 2 in two variables, and the group swaps the variables, so $n = 5$ and $d = 3$; then five points on a circle, with $d = 1$.

# %%
swap = representations.polynomial(representations.vector(groups.symmetric(2)), 2)
circle = representations.vector(groups.cyclic(5))
shapes = [(swap, 4, 2), (swap, 2, 1), (circle, 3, 1)]
small = [three_problems(*draw(rho, m), rho, r) for rho, m, r in shapes]
names = ["hard-wired", "regularised"]
searched = [
    {name: search(problems[name], r, 150) for name in names}
    for (_, _, r), problems in zip(shapes, small)
]
counts = np.array([[len(found) for found in line.values()] for line in searched])
sizes = [(m, dimension_by_characters(rho), 5, r) for rho, m, r in shapes]
lines = [[*a, *b] for a, b in zip(sizes, counts)]
table(["$m$", "$d$", "$n$", "$r$", *names], lines)

# %% [markdown]
# Are they the predicted ones?
# `problem.at(I)` is $W_I$:

# %%
missed = []
for (_, _, r), problems, line in zip(shapes, small, searched):
    for name, found in line.items():
        problem = problems[name]
        for I in combinations(range(np.count_nonzero(problem.singular_values)), r):
            W = problem.at(I) @ problem.basis
            missed.append(min(norm(found - W, axis=(1, 2))) / norm(W))
print("every predicted point is among those found:", max(missed) < 1e-4)

# %%
right = [[comb(min(m, k), r) for k in (d, n)] for m, d, n, r in sizes]
literal = [[comb(d, r), comb(min(m, n), r)] for m, d, n, r in sizes]
claim("D: Proposition 13.1",
      "Critical points are choices of $r$ triplets; hard-wired, $\\binom{\\min(m, "
      "d)}{r}$.", counts[:, 0], equals=np.array(right)[:, 0], within=0.5,
      published=np.array(literal)[:, 0],
      correction="The rank of the target is $\\min\\{d, m\\}$: $\\binom{d}{r}$ is "
      "for $m \\ge d$.")

# %%
claim("D: Proposition 13.3",
      "Regularisation adds critical points exactly if $m > d$.", np.diff(counts),
      equals=np.diff(right), within=0.5, published=np.diff(literal),
      correction="For $m \\le d$, outside B.9 and as in Figure 5, it adds none.")

# %% [markdown]
# Now the gallery, with four outputs.
# At each $W_I$ the slope on the manifold must vanish, which is the part of $T - U$ that shares its column or its row space with $U$.
# And the hard-wired and the augmented problem must have the same maps, in the same order.


# %%
def tangent_part(problem, W):
    """Length of the gradient of |U - T|^2 on the manifold, over |T|."""
    U, r = problem.coordinates(W), problem.rank
    L, _, Rt = svd(U, full_matrices=False)
    E = U - problem.target
    E -= (E - L[:, :r] @ L[:, :r].T @ E) @ (np.eye(len(Rt.T)) - Rt[:r].T @ Rt[:r])
    return norm(E) / norm(problem.target)


trios, slope, apart = [], [], []
for case in gallery.cases():
    rho, d = case.rho_in, dimension_by_characters(case.rho_in)
    if 0 < d < rho.dimension:
        trios.append(three_problems(*draw(rho, 4), rho, min(2, d)))
for trio in trios:
    for problem in trio.values():
        p = np.count_nonzero(problem.singular_values)
        slope += [
            tangent_part(problem, problem.at(I))
            for I in combinations(range(p), problem.rank)
        ]
    wired, augmented_one = trio["hard-wired"], trio["augmented"]
    p = np.count_nonzero(wired.singular_values)
    for I in combinations(range(p), wired.rank):
        apart.append(norm(wired.at(I) - augmented_one.at(I)) / norm(wired.at(I)))
print(len(slope), "critical points, gradient zero:", max(slope) < 1e-10)

# %%
claim("D: Proposition 13.2",
      "The hard-wired and the augmented problem have the same critical maps.",
      apart, below=1e-8)

# %% [markdown]
# The paper asks $\rho$ to be unitary here; as the proof shows, the oblique cases of the gallery need no exception.
#
# What becomes of the added points when the penalty grows?
# Their singular values tend to zero, and they approach maps of lower rank, at the edge of $\mathcal{M}_r$.
# The edge is no place to stop.
# Among all maps of rank *at most* $r$, a map of lower rank is stationary only if it is $W_*$: it may grow by any new term of rank one, and along the largest triplet left out the loss falls with slope $2\sigma$.
#
# ## Minimum and saddles
#
# ````{prf:proposition} Morse indices
# :label: prop-morse-index
# In the situation of {prf:ref}`thm-critical-points`, the Hessian of $f$ at $U_I$ in the coordinates $U$ has the eigenvalues
#
# $$
# 2\left(1 + \frac{\sigma_j}{\sigma_i}\right) \quad\text{and}\quad 2\left(1 - \frac{\sigma_j}{\sigma_i}\right) \qquad\text{for } i \in I,\ j \notin I,\ j \le \min(m, k),
# $$ (eq-hessian-spectrum)
#
# and 2 on all other tangent directions.
# So the Morse index is the number of pairs $i \in I$, $j \notin I$ with $\sigma_j > \sigma_i$, and the Hessian is never singular.
# Exactly one critical point, the choice of the $r$ largest, has index 0. All others are strict saddles.
# ````
#
# ````{prf:proof}
# Tangent vectors at $U_I$ are combinations of $u_a v_b^\top$ with $a \in I$ or $b \in I$.
# The curve $U_I + tX + t^2 N$ stays on the manifold to second order if $N$ is the normal part of $X U_I^{+} X$.
# For $X = x\, u_j v_i^\top + y\, u_i v_j^\top$ with $i \in I$ and $j \notin I$ it is $N = (xy/\sigma_i)\, u_j v_j^\top$, and $\lVert U - T\rVert^2$ grows by $t^2 (x^2 + y^2 - 2xy\,\sigma_j/\sigma_i)$.
# The two eigenvectors are $x = \pm y$.
# Different pairs do not mix, and other directions have $N$ orthogonal to $T - U_I$.
# Singular values that are zero contribute no negative eigenvalue.
# There is always an eigenvalue 2, so no critical point is a maximum.
# If $I$ is not the set of the $r$ largest, some pair is out of order.
# ````
#
# To measure the index we use a chart.
# In frames whose first $r$ directions are those of $U$, the matrices of rank $r$ near $U$ are those with blocks $\alpha$ (invertible), $\beta$, $\gamma$ and, in the corner, $\gamma\alpha^{-1}\beta$.
# PyTorch differentiates the loss in this chart twice.


# %%
def chart_hessian(T, U, r):
    """Hessian of |U - T|^2 on the matrices of rank r, in the chart at U."""
    L, sigma, Rt = svd(U)
    T, (m, k) = torch.tensor(L.T @ T @ Rt.T), U.shape

    def loss(theta):
        a, b, c = theta.split([r * r, r * (k - r), (m - r) * r])
        a, b, c = a.view(r, r), b.view(r, k - r), c.view(m - r, r)
        corner = c @ torch.linalg.solve(a, b)
        U = torch.vstack([torch.hstack([a, b]), torch.hstack([c, corner])])
        return ((U - T) ** 2).sum()

    start = torch.zeros(r * (m + k - r), dtype=torch.float64)
    start[: r * r] = torch.tensor(np.diag(sigma[:r])).flatten()
    return hessian(loss)(start).numpy()

# %%
def signature(H):
    """Numbers of negative and of zero eigenvalues."""
    lam = eigvalsh(H)
    return [np.sum(lam < -1e-8 * lam[-1]), np.sum(abs(lam) <= 1e-8 * lam[-1])]


def out_of_order(sigma, I):
    """Pairs of a kept and a left-out triplet with the larger one left out."""
    others = np.delete(sigma, I)
    return sum(np.sum(others > sigma[i]) for i in I)


print(eigvalsh(chart_hessian(np.diag([2.0, 1.0]), np.diag([0.0, 1.0]), 1)).round(6))

# %% [markdown]
# At the saddle of the smallest example the formula gives $2(1 \pm 2)$ and 2: one way down.

# %%
measured, predicted = [], []
for trio in trios:
    for problem in trio.values():
        T, sigma, r = problem.target, problem.singular_values, problem.rank
        for I in combinations(range(np.count_nonzero(sigma)), r):
            measured.append(
                signature(chart_hessian(T, problem.coordinates(problem.at(I)), r))
            )
            predicted.append([out_of_order(sigma, I), 0])

# %%
claim("beyond: D, Proposition 13.1",
      "The Morse index is the number of pairs out of order; no Hessian is "
      "singular.", measured, equals=predicted, within=0.5, id="morse-index-formula",
      details="Negative and zero eigenvalues at every critical point, the gallery.")

# %% [markdown]
# (digit-targets)=
# ## The paper's experiment
#
# Figure 5 of the paper shows the singular values of the three targets for its experiment: 1,000 MNIST digits {cite:p}`lecun1998gradient` of $14 \times 14$ pixels without the nines, quarter turns, nine outputs, $r = 5$.
# It serves to verify the hypotheses of Theorem 9 and Proposition 13, full rank and distinct singular values.
# The assumption behind them, that $X^\top X$ has full rank, is another matter.

# %%
from learnsym.data import digits

images, labels = digits("mnist", "test", size=1200, side=14)
kept = labels < 9
X, Y = images[kept].reshape(-1, 196)[:1000], np.eye(9)[labels[kept][:1000]]
rho = representations.image(groups.image_rotations(14))
paper = three_problems(X, Y, rho, 5, 0.1, pseudo_inverse=True)
S = Moments.from_data(X, Y).S
wired = paper["hard-wired"].basis
matrices = [S, paper["augmented"].A, paper["regularised"].A, wired.T @ S @ wired]

rank = [np.sum(eigvalsh(A) > 1e-12 * norm(A, 2)) for A in matrices]

# %%
claim("beyond: D, Theorem 6",
      "Of 196 pixels 164 are ever lit, 180 in some rotation; 45 of 49 invariant "
      "features are.", rank, equals=[164, 180, 192, 45], within=0.5,
      id="digits-lack-full-rank",
      details="Ranks of $S$, $\\bar S$, $S + \\lambda\\Gamma\\Gamma^\\top$ and "
      "$B^\\top S B$.")

# %% [markdown]
# So we use pseudo-inverses, which keep the critical maps of least norm.
# The paper sums over points and over the group where we take means.
# In its units, $Z^{\text{inv}} = \sqrt{N}\,T$, and $Z^{\text{da}}$ has another factor $\sqrt{\lvert G\rvert} = 2$.
# Its values are read off the figure, to about 0.05.

# %%
published = {
    "hard-wired": [10.28, 9.30, 8.18, 6.90, 6.46, 5.80, 4.39, 3.43, 2.59],
    "augmented": [20.53, 17.47, 16.35, 13.53, 12.83, 9.02, 8.18, 6.28, 5.09],
    "regularised": [10.28, 8.81, 8.52, 7.62, 7.05, 6.16, 5.44, 4.61, 4.00],
}
units = {"hard-wired": 1, "augmented": 2, "regularised": 1}
Z = {
    name: np.sqrt(1000) * units[name] * p.singular_values[:9]
    for name, p in paper.items()
}

# %% tags=["hide-input"]
fig, axes = plt.subplots(1, 2, figsize=(6, 3), sharey=True)
for ax, values, title in zip(axes, (Z, published), ("(a) here", "(b) paper D")):
    for (name, sigma), marker in zip(values.items(), "os^"):
        ax.plot(range(1, 10), sigma, marker=marker, label=name)
    ax.set(title=title, xlabel="index")
axes[0].set_ylabel("singular value")
axes[0].legend()
figure(
    fig,
    "target-spectra",
    title="Singular values of the target matrices on digits",
    caption="Singular values of the three target matrices, in the units of the paper ($\\lambda = 0.1$). "
    "(a) The first 1,000 test digits. (b) Read off Figure 5 of paper D.",
    alt="Two panels with three falling curves each. The augmented curve starts at 20, twice as high as "
    "the other two. Left, the regularised curve lies above the hard-wired one; right, the two cross.",
)

# %% [markdown]
# The curve of augmentation is twice that of hard-wiring, as equation (42) of the paper implies.
# All values are positive and distinct, as Appendix C.1 says.
# But four points of the published $Z^{\text{inv}}$ do not fit its other curves.
# At the indices 2, 6, 7 and 8 $Z^{\text{da}}$ is 1.88, 1.56, 1.86 and 1.83 times as large and not twice.
# At the second index $Z^{\text{reg}}$ lies below $Z^{\text{inv}}$, and this no data can give:
#
# ````{prf:proposition} Singular values fall with the penalty
# :label: prop-ordered-spectra
# For each $i$, $\sigma_i$ of the target matrix is largest without penalty, does not increase with $\lambda$, and is for every $\lambda$ at least that of the hard-wired problem.
# ````
#
# ````{prf:proof}
# For a vector $a$ of outputs, let $f(a)$ be the minimum of $w^\top A w - 2 a^\top C w$ over all $w$ in the span of $B$. It equals $-\lVert T^\top a\rVert^2$. A larger penalty raises the objective, and hard-wiring removes all candidates but those on which the penalty is zero. Either way $f(a)$ does not decrease and $\lVert T^\top a\rVert$ does not increase, for each $a$. By the minimax principle neither do the singular values.
# ````
#
# If half of the published $Z^{\text{da}}$ stood in place of $Z^{\text{inv}}$, all three curves would agree with each other and with the proposition.

# %%
data = Moments.from_data(X, Y)
family = [
    regularised(data, rho, 5, lam, True).singular_values for lam in (0, 0.01, 0.1, 0.9)
]
family.append(paper["hard-wired"].singular_values[:9])
claim("D: Figure 5",
      "$Z^{\\text{da}}$ starts at 20.6 and $Z^{\\text{inv}}$, half of it, at 10.3.",
      [Z["augmented"][0], Z["hard-wired"][0]],
      equals=[published["augmented"][0], published["hard-wired"][0]], within=0.3)
print("twice at every index:", np.allclose(Z["augmented"], 2 * Z["hard-wired"]))
print("paper:", np.divide(published["augmented"], published["hard-wired"]).round(2))

# %%
claim("D: Figure 5",
      "At the second index $Z^{\\text{reg}}$ lies below $Z^{\\text{inv}}$.",
      Z["regularised"][1] - Z["hard-wired"][1], below=0, verdict="not reproduced",
      id="figure-five-second-index")
claim("beyond: D, Figure 5",
      "Each singular value falls as the penalty grows, and none below that of the "
      "hard-wired problem.", np.diff(family, axis=0), below=0, id="ordered-spectra")

# %% [markdown]
# All critical points of the experiment at once: the loss at $W_I$ is $c - \sum_{i \in I}\sigma_i^2$, and the index counts pairs out of order.
# There are 126 in each problem, with indices from 0 to $r(m - r) = 20$.

# %%
fig, ax = plt.subplots()
for name, marker in {"hard-wired": "o", "regularised": "^"}.items():
    sigma = paper[name].singular_values[:9]
    choices = list(combinations(range(9), 5))
    index = [out_of_order(sigma, I) for I in choices]
    loss = [1 - sum(sigma[list(I)] ** 2) for I in choices]
    ax.plot(index, loss, marker, fillstyle="none", linestyle="none", label=name)
ax.set(xlabel="Morse index", ylabel="loss")
ax.legend()
figure(
    fig,
    "critical-values",
    title="Loss and Morse index of all critical points",
    caption="The 126 critical points of rank 5 of the paper's experiment, hard-wired "
    "(or augmented) and for $\\lambda = 0.1$. The one of index 0 is the minimum.",
    alt="A scatter plot: two rising bands of circles and triangles from index 0 to 20.",
)

# %% [markdown]
# ## Breaking the theorem: equal singular values
#
# The theorem asks for distinct singular values.
# That is more than convenience: outputs that play equal roles, such as classes that the data permute, make singular values of $T$ coincide.
#
# ````{prf:proposition} Ties
# :label: prop-critical-ties
# Let the positive singular values of $T$ have the distinct values $\tau_1 > \tau_2 > \dots$ with multiplicities $\mu_1, \mu_2, \dots$.
# The critical points on $\mathcal{M}_r$ form one connected set for each choice of numbers $k_a \le \mu_a$ with $\sum_a k_a = r$.
# It is a product of Grassmannians $\operatorname{Gr}(k_a, \mu_a)$, of dimension $\sum_a k_a(\mu_a - k_a)$.
# On it the loss and the Morse index $\sum_{a < b} (\mu_a - k_a) k_b$ are constant, and the kernel of the Hessian is the tangent space of the set.
# ````
#
# ````{prf:proof}
# As before, critical means that triplets of $U$ and of $T - U$ together are triplets of $T$. Within a block of equal singular values $T$ is $\tau_a$ times an isometry, and every $k_a$-dimensional subspace of its left space gives a choice. The eigenvalues {eq}`eq-hessian-spectrum` vanish exactly for pairs in one block, and there are $\sum_a k_a (\mu_a - k_a)$ of these.
# ````
#
# So ties do not create traps either.
# We take singular values 3, 2, 2, 1 with $r = 2$, and 2, 2, 2, 1, 1 with $r = 3$, and turn tied triplets at random:


# %%
def turned(sigma, I):
    """Keeps I, after a random turn within each block of equal values."""
    Q = np.zeros((len(sigma),) * 2)
    for value in set(sigma):
        block = np.flatnonzero(sigma == value)
        turn = np.linalg.qr(rng.normal(size=(len(block),) * 2))[0]
        Q[np.ix_(block, block)] = turn
    return (Q[:, I] * sigma[list(I)]) @ Q[:, I].T


# %%
sets, agrees = {}, []
for sigma, r in (np.array([3.0, 2, 2, 1]), 2), (np.array([2.0, 2, 2, 1, 1]), 3):
    for I in combinations(range(len(sigma)), r):
        others = np.delete(sigma, I)
        ties = sum(np.sum(others == sigma[i]) for i in I)
        predicted = [out_of_order(sigma, I), ties]
        sets[", ".join(f"{sigma[i]:g}" for i in I)] = predicted
        for U in (turned(sigma, I), turned(sigma, I)):
            loss = norm(U - np.diag(sigma)) ** 2
            agrees.append(np.isclose(loss, np.sum(others**2)))
            H = chart_hessian(np.diag(sigma), U, r)
            agrees.append(signature(H) == predicted)
lines = [[kept, *line] for kept, line in sets.items()]
table(["kept", "Morse index", "dimension of the set"], lines)

# %%
claim("beyond: D, Proposition 13.1",
      "At equal singular values the critical points form products of "
      "Grassmannians, on which loss and Morse index are constant and which fill "
      "the kernel of the Hessian.", agrees, id="ties-make-grassmannians")

# %% [markdown]
# ## What depth does
#
# Training moves the layers, not the map.
# Write $W = W_L \cdots W_1$ with hidden layers of widths at least $r$, the smallest equal to $r$.
# A parameter point is critical if the gradient with respect to every layer vanishes.
# Now maps of lower rank come back: at $W_1 = \dots = W_L = 0$, for one, nothing moves.
#
# Most of what follows is known.
# {cite:t}`baldi1989neural` showed that two layers have one minimum, up to trivial symmetry, and saddles.
# {cite:t}`kawaguchi2016deep` found saddles without negative curvature at three layers or more, {cite:t}`laurent2018deep` and {cite:t}`zhou2018critical` treated local minima and critical points of any depth, and {cite:t}`achour2024loss` classified all critical points at second order.
# We give the version that fits lifts of $U_I$, and count the directions.
#
# Let $I$ be any set of $q \le r$ triplets, and lift $W_I$ to layers in the plainest way: along each of its singular vectors a chain of $L$ equal weights, and zeros elsewhere.
# Such layers are *balanced*, $W_{l+1}^\top W_{l+1} = W_l W_l^\top$, a property that gradient flow from small weights approximately keeps.
# Units that no chain passes we call *spare*, and so the weights between them.
# A lift stays critical, with the same map, if the weights between spare hidden units are changed.


# %%
def lift(U, widths, spare=0.0):
    """Layers [W_1, ..., W_L] with product U, balanced but for the spare weights."""
    L, sigma, Rt = svd(U)
    q, (m, k) = matrix_rank(U, tol=1e-10), U.shape
    chain = np.diag(sigma[:q] ** (1 / (len(widths) + 1)))
    layers = [np.zeros(shape) for shape in zip([*widths, m], [k, *widths])]
    for layer in layers[1:-1]:
        layer[:] = spare * np.eye(*layer.shape)
    for layer in layers:
        layer[:q, :q] = chain
    return [layers[0] @ Rt, *layers[1:-1], L @ layers[-1]]

# %% [markdown]
# ````{prf:theorem} Saddles in parameter space
# :label: thm-parameter-index
# Let $T$ have distinct positive singular values $\sigma_1, \dots, \sigma_p$.
#
# 1. With two layers, every critical point that is not a global minimum has a Hessian with a negative eigenvalue.
# 2. Let the lift of $W_I$ have spare weights whose product between the first and the last layer has rank $z$; for $L = 2$ this is the number $r - q$ of spare units. The Hessian in all parameters has
# $\#\{(i, j) : i \in I,\ j \notin I,\ \sigma_j > \sigma_i\} + z\,(p - q)$ negative eigenvalues.
# 3. With $L \ge 3$ layers, the balanced lift of the $q < \min(p, r)$ largest triplets has a positive semi-definite Hessian. It is not a minimum: along a straight line the loss falls by exactly $2\sigma_{q+1} t^L - t^{2L}$.
# ````
#
# ````{prf:proof}
# We may use whitened coordinates: they change $W_1$ by an invertible linear map. Let $R = T - W$.
#
# *1.* Let $\sigma a b^\top$ be the leading triplet of $R$; it is not zero, or $W$ would be a global minimum. If some $h \ne 0$ has $W_2 h = 0$, move $W_1$ by $s\, h b^\top$ and $W_2$ by $a h^\top / \lVert h\rVert^2$. The map changes by $a h^\top W_1/\lVert h\rVert^2$ at first order, which does not depend on $s$, and by $s\, a b^\top$ at second order, so the loss changes at second order by a constant less $2 s \sigma$. This is negative for large $s$. The case $h^\top W_1 = 0$ is the same with the layers exchanged. If neither exists, both layers have rank $r$, and so has $W$. Then the layers parametrise $\mathcal{M}_r$ near $W$ smoothly and without a lost direction, and {prf:ref}`prop-morse-index` applies.
#
# *2.* At second order in the changes $\delta_l$ of the layers, the loss changes by $\lVert \delta W\rVert^2 - 2\langle R, \delta^2 W\rangle$. Here $\delta W$ is the first-order change of the map, and $\delta^2 W$ the sum of products with two changed layers. $R$ annihilates the column and row space of $W_I$, so only terms with $\delta_L$ and $\delta_1$ survive: $\delta_L M \delta_1$, where $M$ is the product of the layers between. Chains give, for each pair $i$, $j$, a positive multiple of $x^2 + y^2 - 2xy\,\sigma_j/\sigma_i$; further changes of inner layers add squares only. The spare part of $M$ gives, for each $j \notin I$, the form $-2\sigma_j\, x^\top M y$ with as many negative eigenvalues as the rank of $M$, and spare weights do not occur in $\delta W$.
#
# *3.* By (2) with $z = 0$ and no pair out of order, the index is 0. Move one spare weight of every layer to $t$, so that they form a new chain from $v_{q+1}$ to $u_{q+1}$. The map changes by $t^L u_{q+1} v_{q+1}^\top$ and the loss by $(\sigma_{q+1} - t^L)^2 - \sigma_{q+1}^2$.
# ````
#
# So "saddle" is the right word for all these points, at every depth.
# "Strict saddle", on which theorems about the convergence of gradient descent rest, is right for two layers and wrong for three.
# We lift every choice of at most $r = 2$ triplets of a hard-wired problem, and count negative eigenvalues of the exact Hessian in all parameters.


# %%
def network_loss(T, layers):
    """|W_L ... W_1 - T|^2 as a function of all parameters in one vector."""
    T, shapes = torch.tensor(T), [W.shape for W in layers]

    def loss(theta):
        parts = theta.split([a * b for a, b in shapes])
        Ws = [part.view(shape) for part, shape in zip(parts, shapes)]
        return ((torch.linalg.multi_dot(Ws[::-1]) - T) ** 2).sum()

    return loss


def flat(layers):
    return torch.tensor(np.concatenate([W.ravel() for W in layers]))

# %%
networks = {  # widths, spare weights, and whether their product has full rank
    "two layers": ([2], 0.0, True),
    "three layers": ([2, 2], 0.0, False),
    "three layers, spare weights 0.5": ([2, 2], 0.5, True),
    "four layers": ([3, 2, 2], 0.0, False),
}
T = small[0]["hard-wired"].target
u, sigma, vt = svd(T, full_matrices=False)
choices = [I for q in range(3) for I in combinations(range(3), q)]
descents, predicted = [], []
for I in choices:
    for widths, spare, full in networks.values():
        layers = lift((u[:, I] * sigma[list(I)]) @ vt[list(I)], widths, spare)
        H = hessian(network_loss(T, layers))(flat(layers)).numpy()
        z = (2 - len(I)) * full
        descents.append(signature(H)[0])
        predicted.append(out_of_order(sigma, I) + z * (3 - len(I)))
descents = np.reshape(descents, (len(choices), len(networks)))
kept = [", ".join(str(i + 1) for i in I) or "none" for I in choices]
table(["kept triplets", *networks], [[k, *line] for k, line in zip(kept, descents)])

# %%
claim("beyond: D",
      "A lift of $q$ of $p$ triplets has a way down per pair out of order, and "
      "$z(p - q)$ more.", descents.ravel(), equals=predicted, within=0.5,
      id="descent-directions-in-parameter-space",
      details="Negative eigenvalues of the Hessian in all layers; $z$: rank of the "
      "spare weights.")

# %%
leading = [i for i, I in enumerate(choices) if I in [(), (0,)]]
claim("beyond: D",
      "With three or more layers, balanced lifts of the largest $q < r$ triplets "
      "have no negative eigenvalue.", descents[leading][:, [1, 3]], below=0,
      id="three-layer-saddles-are-not-strict")

# %% [markdown]
# ### Time to escape
#
# The order of descent decides how long training stays near a saddle.
# Start gradient flow at distance $\varepsilon$ from the saddle that keeps the first triplet.
# With two layers the way out is an instability: the distance grows as $e^{2\sigma_2 t}$, so the time is $\log(1/\varepsilon) / (2\sigma_2)$ plus a constant.
# With three layers a new chain of three weights of size $s$ obeys $\dot s = 2\sigma_2 s^2$, and takes the time $1/(2\sigma_2 s)$ to grow.
# So the time is proportional to $1/\varepsilon$: a ten times smaller perturbation takes ten times longer, and not a constant longer.
#
# We follow gradient flow from random perturbations of the saddle, for a target with singular values 2, 1 and 0.5 and hidden widths 2, until half of the next triplet's gain is made.


# %%
def escape(T, widths, epsilon, direction):
    """Times and losses of gradient flow that leaves the saddle of triplet 1."""
    saddle = lift(T * (np.arange(T.shape[1]) == 0), widths)
    loss = network_loss(T, saddle)

    def flow(t, theta):
        return -grad(loss)(torch.tensor(theta)).numpy()

    def left(t, theta):
        return loss(torch.tensor(theta)).item() - 0.75

    left.terminal = True
    start = flat(saddle).numpy() + epsilon * direction / norm(direction)
    way = solve_ivp(flow, (0, 1e5), start, "LSODA", events=left, rtol=1e-6, atol=1e-9)
    return way.t, [left(0, theta) + 0.75 for theta in way.y.T]

# %%
T = np.pad(np.diag([2.0, 1.0, 0.5]), [(0, 0), (0, 1)])
epsilons = np.geomspace(0.1, 0.001, 4)
flows = {}
for name, widths in {"two layers": [2], "three layers": [2, 2]}.items():
    count = sum(W.size for W in lift(0 * T, widths))
    flows[name] = [
        [escape(T, widths, epsilon, direction) for epsilon in epsilons]
        for direction in rng.normal(size=(draws, count))
    ]
times = {
    name: np.array([[t[-1] for t, _ in line] for line in lines])
    for name, lines in flows.items()
}

# %% tags=["hide-input"]
fig, axes = plt.subplots(1, 2, figsize=(6, 3.2))
for (name, lines), color, style in zip(flows.items(), ("C0", "C1"), ("-", "--")):
    for t, loss in lines[0]:
        axes[0].plot(
            t[1:],
            loss[1:],
            style,
            color=color,
            label=name if t is lines[0][0][0] else None,
        )
    axes[1].loglog(
        epsilons, times[name].T, "o" if name == "two layers" else "^", color=color
    )
middle = {name: values.mean(axis=0) for name, values in times.items()}
axes[1].plot(
    epsilons, middle["two layers"][-1] + np.log(epsilons[-1] / epsilons) / 2, "C0-"
)
axes[1].plot(epsilons, middle["three layers"][-1] * epsilons[-1] / epsilons, "C1--")
axes[0].set(xscale="log", xlabel="time", ylabel="loss", title="(a) one direction")
axes[1].set(xlabel="$\\varepsilon$", ylabel="time to leave", title="(b) all directions")
axes[0].legend()
figure(
    fig,
    "saddle-escape",
    title="Leaving a saddle with two and with three layers",
    caption="Gradient flow from distance $\\varepsilon$ of the balanced saddle that keeps the first of three triplets. (a) The loss "
    "until half of the second triplet is learned, for four distances. (b) The time this takes, for random directions (marks). Lines: "
    "$\\log(1/\\varepsilon)/(2\\sigma_2)$ plus a constant for two layers, a constant over $\\varepsilon$ for three; the constants are "
    "fitted at the smallest $\\varepsilon$.",
    alt="Left, curves of loss against time on a logarithmic axis: four steps close together for two layers, four steps far apart "
    "for three layers. Right, escape times: circles that hardly rise, triangles on a straight line that rises by two decades.",
)

# %%
last = np.log(epsilons[-2] / epsilons[-1])
claim("beyond: D",
      "Two layers leave in $\\log(1/\\varepsilon)/(2\\sigma_2)$ and a constant.",
      2 * np.diff(times["two layers"])[:, -1] / last, equals=1.0, within=0.02,
      id="two-layers-escape-in-logarithmic-time")
claim("beyond: D", "Three layers leave in a time proportional to $1/\\varepsilon$.",
      np.diff(np.log(times["three layers"]))[:, -1] / last, equals=1.0, within=0.02,
      id="three-layers-escape-in-inverse-time")

# %% [markdown]
# {ref}`Another chapter <training-dynamics>` trains such networks on digits, with two layers as the paper does.
#
# ## What to take away
#
# * A critical map of rank $r$ is a projection on the left of one map, the minimiser without rank bound. Symmetry acts on the right and does not interfere.
# * Hard-wiring and augmentation have the same critical points. A penalty adds some only if there are more outputs than invariant dimensions.
# * There is one minimum, and every other critical point of rank $r$ is a strict saddle. Its index counts the pairs of triplets in the wrong order.
# * In the parameters, two layers keep all saddles strict. From three layers on, some saddles are flat to second order, and small perturbations take a time proportional to $1/\varepsilon$ or more to leave them.

# %% tags=["hide-input", "nbval-ignore-output"]
footer(scale, seed)
