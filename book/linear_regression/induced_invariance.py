# %% [markdown]
# (induced-invariance)=
# # Linear regression learns the symmetry of its data
#
# Give a linear model every image together with its rotated copies, all with the same label.
# Nothing in the model knows about rotations.
# After training, will its predictions be the same for an image and its rotated copy?
#
# {cite:t}`gideoni2023implicitly` answers yes, and says how it happens.
# The weights are the sum of a *symmetric* part, which respects the group, and an *asymmetric* part, which does not.
# The labels drive the first.
# The second decays, at rates that the inputs alone fix.
#
# **What we find.**
#
# * The theorem is right. Its two parts stay apart [as soon as the group average is a symmetric matrix](#claim-symmetric-average-is-enough), which asks less than the paper does; without that [they meet](#claim-oblique-reflection-couples).
# * Two side statements need a correction: [the loss as a sum over the group](#claim-a-corollary-3-2), and [the condition under which everything decays](#claim-kernel-of-kg).
# * The limit is invariant [exactly if the asymmetric weights all decay](#claim-decay-on-the-kernel-is-enough), for oblique groups too.
# * The plateau in the published figure [is not an effect of finite steps](#claim-plateau-is-rounding). Full-batch descent obeys the theorem down to rounding.
# * On real digits the theorem predicts how 135 directions decay, [each rate to one part in a million](#claim-digit-rates-agree), and [twelve in which nothing does](#claim-digit-directions-that-never-decay).

# %% tags=["parameters"]
scale = "book"
seed = 0

# %%
import matplotlib.pyplot as plt
import numpy as np
from scipy.integrate import solve_ivp
from scipy.linalg import expm, null_space

from learnsym import gallery, groups, representations, results
from learnsym.data import digits
from learnsym.publish import COLORS, MARKERS, claim, figure, footer, frame
from learnsym.publish import table, use_style

use_style()
rng = np.random.default_rng(seed)
draws = {"smoke": 1, "book": 5, "paper": 20}[scale]  # data sets of a kind

# %% [markdown]
# ## The setting
#
# A data set has $n$ points as the rows of $X$, shape $(n, d)$, and labels $y \in \mathbb{R}^n$.
# A linear predictor is $f_w(x) = w^\top x$.
# Training minimises the squared error
#
# $$
# L(w) = \tfrac12 \lVert y - Xw \rVert^2
# $$ (eq-squared-error)
#
# by gradient flow, $\dot w = -\nabla L(w)$, the limit of gradient descent with a vanishing learning rate.
# With the Gram matrix $K = X^\top X$, its pseudo-inverse $K^{+}$ and $b = X^\top y$, the solution is known in closed form:
#
# $$
# w(t) = e^{-Kt} w(0) + \left(I - e^{-Kt}\right) K^{+} b .
# $$ (eq-flow)
#
# One eigendecomposition gives it at all times.
# What we compare it with is an ODE solver, which sees the data and not the formula.


# %%
def flow(K, b, w0, t):
    """Weights at times t, shape (len(t), d); what no data see stays."""
    lam, V = np.linalg.eigh(K)
    seen = lam > 1e-12 * lam[-1]
    left = np.exp(-np.outer(t, np.where(seen, lam, 0)))
    gain = np.where(seen, 1 - left, 0) / np.where(seen, lam, 1)
    return (left * (w0 @ V) + gain * (b @ V)) @ V.T


def solve(X, y, w0, t):
    """The same weights by a Runge-Kutta method."""
    how = {"t_eval": t, "method": "DOP853", "rtol": 1e-11, "atol": 1e-12}
    return solve_ivp(lambda _, w: X.T @ (y - X @ w), (0, t[-1]), w0, **how).y.T


# %% [markdown]
# The smallest example fits a straight line, features $(1, x)$, to five points of $\lvert x\rvert$.

# %%
x = np.array([0.2, 0.5, 1.0, 1.5, 2.0])
five = np.stack([np.ones(5), x], axis=1)
w0, t = np.array([-1.0, 2.0]), [0, 0.1, 1]
print(flow(five.T @ five, five.T @ x, w0, t).round(3))
print(solve(five, x, w0, t).round(3))

# %% [markdown]
# And so it is on random data, with more points than weights and with fewer, where $K$ is singular.


# %%
def far(found, expected):
    """Largest difference, relative to the largest entry."""
    return abs(found - expected).max() / abs(expected).max()


t, gaps = [0, 0.3, 1, 3], []
for n, d in [(20, 5), (3, 5), (1, 4)] * draws:
    X, y, w0 = rng.normal(size=(n, d)), rng.normal(size=n), rng.normal(size=d)
    gaps.append(far(flow(X.T @ X, X.T @ y, w0, t), solve(X, y, w0, t)))
claim("A: Eq. 1", "Gradient flow follows the closed form.", gaps, below=1e-8)

# %% [markdown]
# ## The loss as a sum over the group
#
# A group $G$ acts on data points by $x \mapsto \rho(g) x$ ({ref}`groups-and-projections` introduces all of this).
# The data respect the group if, with a point and its label, they contain every $\rho(g) x$ with the same label.
# The paper makes three assumptions:
#
# 1. the data set consists of whole orbits, each with one label;
# 2. training is gradient flow;
# 3. the transpose of every $\rho(g)$ is again one of the group's matrices.
#
# For a finite group the third makes every $\rho(g)$ orthogonal.
# (The product $\rho(g)\rho(g)^\top$ is then one of the group's matrices, so some power of it is the identity; a positive definite matrix with that property is the identity itself.)
# The paper writes points as rows and lets $g$ act from the right, so its $g$ is our $\rho(g)^\top$.
#
# The paper keeps one point per orbit in $X$ and writes the loss as a sum over the group,
#
# $$
# L(w) = \tfrac12 \sum_{g \in G} \lVert y - X \rho(g)^\top w \rVert^2 .
# $$ (eq-orbit-sum)


# %%
def orbits(X, rho):
    """The rows rho(g) x, shape (|G|, n, d)."""
    return np.array([X @ rho.matrix(g).T for g in rho.group.elements()])


def orbit_loss(w, X, y, rho, weight=1.0):
    """Eq. 2 of the paper; each orbit may have a weight."""
    return 0.5 * (weight * (y - orbits(X, rho) @ w) ** 2).sum()


mirror = gallery.find("reflection of the line").rho_in
print(orbits(np.array([[1.0, 0.0], [1.0, 0.5]]), mirror)[:, :, 1])

# %% [markdown]
# This is its Corollary 3.2.
# It counts a point several times if several group elements leave the point where it is.
# The reflection of the line leaves $0$ in place, and makes what is printed above of the points 0 and 0.5: a data set that contains $x = 0$ once has it twice in {eq}`eq-orbit-sum`.
#
# ````{prf:proposition} Corollary 3.2 of paper A, corrected
# :label: prop-orbit-sum
# Let $X$ hold one point per orbit. The squared error over the set of distinct points is
#
# $$\frac12 \sum_{g} \sum_{i} \frac{1}{\lvert\operatorname{Stab}(x_i)\rvert} \left(y_i - w^\top \rho(g) x_i\right)^2,$$
#
# where $\operatorname{Stab}(x)$ is the set of group elements that leave $x$ where it is.
# ````
#
# ````{prf:proof}
# By the orbit-stabiliser theorem, each point of the orbit of $x$ equals $\rho(g)x$ for exactly $\lvert\operatorname{Stab}(x)\rvert$ elements $g$.
# ````
#
# We compare with a sum that knows no group elements, only distinct points, on points with coordinates 0 and 1, of which many have stabilisers.


# %%
def stabilisers(X, rho):
    """|Stab(x)| for each row of X."""
    return np.isclose(orbits(X, rho), X, atol=1e-9).all(axis=2).sum(axis=0)


def distinct_loss(w, X, y, rho):
    """Half the squared error over the set of distinct points."""
    sets = [np.unique(orbits(x[None], rho)[:, 0].round(9), axis=0) for x in X]
    return 0.5 * sum(((y[i] - sets[i] @ w) ** 2).sum() for i in range(len(X)))


# %%
corrected, published = [], []
for rho in [case.rho_in for case in gallery.permutation_cases()] * draws:
    X = rng.integers(0, 2, (3, rho.dimension)).astype(float)
    y, w = rng.normal(size=3), rng.normal(size=rho.dimension)
    true = distinct_loss(w, X, y, rho)
    corrected.append(orbit_loss(w, X, y, rho, 1 / stabilisers(X, rho)) / true)
    published.append(orbit_loss(w, X, y, rho) / true)
claim("A: Corollary 3.2",
      "In the sum over $G$ an orbit has weight $1/\\lvert\\mathrm{Stab}(x)\\rvert$.",
      corrected, equals=1, within=1e-12, published=max(published),
      correction="The published sum counts a point once per element that fixes it.",
      details="Sum over $G$ divided by the loss; published: the largest unweighted.")

# %% [markdown]
# The published form is right as soon as one reads the data set as a list in which such points appear repeatedly.
# Nothing below depends on the difference: a positive weight per orbit changes neither the argument nor the conclusion.
#
# (two-parts)=
# ## Two parts that do not feel each other
#
# The gradient of {eq}`eq-orbit-sum` is $K_G w - b$ with
#
# $$
# K_G = \sum_{g \in G} \rho(g)\, X^\top X\, \rho(g)^\top, \qquad b = \sum_{g \in G} \rho(g) X^\top y .
# $$ (eq-kg)
#
# Averaging a predictor over the group is the linear map $\mathcal{R}^\top$ on weights, with the Reynolds operator $\mathcal{R} = \frac{1}{|G|}\sum_g \rho(g)$: the predictor with weights $\mathcal{R}^\top w$ returns the mean of $f_w$ over the orbit.


# %%
def gram(X, rho):
    """K_G, shape (d, d)."""
    return sum(g @ X.T @ X @ g.T for g in map(rho.matrix, rho.group.elements()))


def moment(X, y, rho):
    """b, shape (d,)."""
    return sum(g @ X.T @ y for g in map(rho.matrix, rho.group.elements()))


def reynolds(rho):
    """R, shape (d, d)."""
    return sum(map(rho.matrix, rho.group.elements())) / rho.group.order


# %% [markdown]
# Weights in $\ker \mathcal{R}^\top$ average to zero; they are the asymmetric ones.
# Split $w = w_r + w_k$ with $w_k \in \ker\mathcal{R}^\top$ and $w_r$ orthogonal to it.
# Since $\mathcal{R}^\top$ is a projection, its kernel is the image of $I - \mathcal{R}^\top$, a projection too, whose singular values are 0 or at least 1.


# %%
def asymmetric(rho):
    """Orthonormal basis of ker R^T as columns, shape (d, k)."""
    U, s, _ = np.linalg.svd(np.eye(rho.dimension) - reynolds(rho).T)
    return U[:, s > 0.5]


def split(w, rho):
    """w_r and w_k of weights w, shape (..., d)."""
    N = asymmetric(rho)
    return w - w @ N @ N.T, w @ N @ N.T


# %% [markdown]
# ````{prf:theorem} Theorem 3.3 of paper A
# :label: thm-induced-invariance
# Let the data be the list of all $\rho(g)x_i$, $g \in G$, with one label per orbit.
# (A point with a stabiliser appears repeatedly in it. For the set of distinct points, weight row $i$ of $X$ and $y$ by $\lvert\operatorname{Stab}(x_i)\rvert^{-1/2}$.)
#
# 1. Gradient flow follows {eq}`eq-flow` with $K_G$ in place of $K$ and $b = \sum_g \rho(g) X^\top y$.
# 2. If $\mathcal{R}$ is a symmetric matrix, as it is for every orthogonal $\rho$, then $w_r(t)$ depends on $w_r(0)$ and not on $w_k(0)$, and the other way round.
# 3. If $\mathcal{R}$ is symmetric, then $w_k(t) = e^{-K_G t} w_k(0)$, whatever the labels. If $K_G$ is positive definite, $w_k$ decays exponentially.
#
# The paper assumes orthogonal $\rho$ for all three.
# ````
#
# ````{prf:proof}
# The gradient of the loss is $K_G w - b$, which gives (1).
# Let $v \in \ker\mathcal{R}^\top$. Since $\mathcal{R}\rho(g) = \mathcal{R}$ and $\mathcal{R}^\top = \mathcal{R}$,
#
# $$\mathcal{R}^\top K_G v = \mathcal{R} \sum_g \rho(g) X^\top X \rho(g)^\top v = |G|\, \mathcal{R} X^\top X \mathcal{R}^\top v = 0 .$$
#
# So $K_G$ maps $\ker\mathcal{R}^\top$ to itself and, as a symmetric matrix, its orthogonal complement too, which gives (2).
# The vector $b = |G|\,\mathcal{R}X^\top y$ lies in the image of $\mathcal{R}$, which is that complement, so the labels never enter the kernel, which gives (3).
# ````
#
# The smallest example is again the reflection, acting on the features $(1, x)$, and the five points of $\lvert x\rvert$.

# %%
K, b = gram(five, mirror), moment(five, x, mirror)
print(K, b)
print(flow(K, b, np.array([-1.0, 2.0]), [0, 0.1, 1]).round(3))

# %% [markdown]
# $K_G$ is diagonal: the intercept (symmetric) and the slope (asymmetric) do not meet, and the slope dies.
# Now every group of the gallery, once with a single orbit, where $K_G$ is often singular, and once with twenty.
# Part 1 needs no orthogonality, so the oblique members take part.


# %%
def problem(rho, n):
    """n random points, labels and a start; the fastest rate is 1."""
    X = rng.normal(size=(n, rho.dimension))
    X /= np.sqrt(np.linalg.norm(gram(X, rho), 2))
    return X, rng.normal(size=n), rng.normal(size=rho.dimension)


gaps = []
for rho in [case.rho_in for case in gallery.cases()] * draws:
    for n in (1, 20):
        X, y, w0 = problem(rho, n)
        w = flow(gram(X, rho), moment(X, y, rho), w0, t)
        rows = orbits(X, rho)
        found = solve(np.concatenate(rows), np.tile(y, len(rows)), w0, t)
        gaps.append(far(w, found))
claim("A: Theorem 3.3.1", "On whole orbits the closed form holds with $K_G$.", gaps,
      below=1e-8, details="All of the gallery, oblique groups too; one and 20 orbits.")

# %% [markdown]
# For the other two parts, three starts differ in one part only, and the labels change once.


# %%
def influences(rho, n=20):
    """Of w_r on w_k, w_k on w_r and labels on w_k; and the gap in part 3."""
    X, y, w0 = problem(rho, n)
    K, b = gram(X, rho), moment(X, y, rho)
    other = moment(X, rng.normal(size=n), rho)
    kick_r, kick_k = split(rng.normal(size=rho.dimension), rho)
    w_r, w_k = split(flow(K, b, w0, t), rho)
    r_on_k = split(flow(K, b, w0 + kick_r, t), rho)[1] - w_k
    k_on_r = split(flow(K, b, w0 + kick_k, t), rho)[0] - w_r
    labels_on_k = split(flow(K, other, w0, t), rho)[1] - w_k
    decay = w_k - [expm(-K * s) @ split(w0, rho)[1] for s in t]
    return [abs(gap).max() for gap in (r_on_k, k_on_r, labels_on_k, decay)]


# %% [markdown]
# To the orthogonal groups of the gallery we add one that is not orthogonal and has a symmetric average all the same: a constant feature, and the plane, turned by 120 degrees and then stretched along one axis.

# %%
C3 = gallery.find("C3, turns of the plane").rho_in
plane = representations.conjugated(C3, np.diag([1.0, 3.0]))
stretched = representations.direct_sum(representations.trivial(C3.group), plane)
sweep = [case.rho_in for case in gallery.orthogonal_cases()] + [stretched]
found = np.array([influences(rho, n) for rho in sweep for n in [1, 20] * draws])
claim("A: Theorem 3.3.2",
      "Neither part reaches the other as soon as $\\mathcal{R}$ is symmetric.",
      found[:, :2], below=1e-12, id="symmetric-average-is-enough",
      details="All orthogonal groups of the gallery and the stretched plane.")
claim("A: Theorem 3.3.3", "$w_k(t) = e^{-K_G t} w_k(0)$, whatever the labels.",
      found[:, 2:], below=1e-12, details="The same groups, one and 20 orbits.")

# %% [markdown]
# Later chapters use these functions from `learnsym.regression` ([the library](../library.md)), which checks its input.
#
# ### Breaking the theorem: incomplete orbits, several labels
#
# Assumption 1 is needed.
# Where mirror images are missing, or have labels of their own, the line that training ends at is not flat.


# %%
def limit(K, b, w0):
    """Where flow ends: the shortest minimiser, and what no data see of w0."""
    inverse = np.linalg.pinv(K, rcond=1e-12, hermitian=True)
    return inverse @ b + w0 - inverse @ K @ w0


X, y = np.concatenate(orbits(five, mirror)), np.tile(x, 2)
other = np.where(np.arange(10) == 0, 1.2, y)
data = {"whole": (X, y), "two missing": (X[:8], y[:8]), "one label": (X, other)}
for name, (A, z) in data.items():
    slope = limit(A.T @ A, A.T @ z, w0=np.ones(2))[1]
    print(f"{name:12} slope at the end {abs(slope):.3f}")

# %% [markdown]
# How much of the theorem survives then is the subject of the chapter on {ref}`imperfect data <imperfect-data>`.
#
# (oblique-reflection)=
# ### Breaking the theorem: a group that is not orthogonal
#
# In oblique coordinates $\mathcal{R}$ need not be symmetric, and then each part may push the other.
# The labels still act on $w_r$ alone at first, and on $w_k$ through it.

# %%
print(f"{'largest influence of':34} w_r on w_k, w_k on w_r, labels on w_k")
for case in gallery.oblique_cases():
    r_on_k, k_on_r, labels_on_k, _ = influences(case.rho_in)
    print(f"{case.name:34} {r_on_k:10.2f} {k_on_r:11.2f} {labels_on_k:14.2f}")

# %% [markdown]
# Appendix A of the paper names a group without Assumption 3: translations of a point on the line, acting on the features $(1, x)$ by the shears $\left(\begin{smallmatrix} 1 & 0 \\ a & 1\end{smallmatrix}\right)$.
# Their transposes are not among them.
# But this group is infinite, and so is the sum {eq}`eq-kg`; the theorem says nothing about it.
#
# A finite example is better: the reflection about a point $c$, $x \mapsto 2c - x$.
# On the features it acts by $\left(\begin{smallmatrix} 1 & 0 \\ 2c & -1 \end{smallmatrix}\right)$, which is oblique for $c \neq 0$.
# Three models start with the same $w_k$ and different $w_r$.


# %%
def signed_lengths(c, times):
    """Signed length of w_k over time for three models, and their limits."""
    rho = representations.vector(gallery.oblique_reflection(c))
    x = np.random.default_rng(seed).uniform(c - 1, c + 1, 50)
    X = np.stack([np.ones(50), x], axis=1)
    K, b = gram(X, rho) / 100, moment(X, abs(x - c), rho) / 100
    along = asymmetric(rho)[:, 0] * np.sign(asymmetric(rho)[1, 0])
    starts = [along + r * np.array([along[1], -along[0]]) for r in (-2, 0, 2)]
    ends = np.round([limit(K, b, w0) for w0 in starts], 3) + 0.0
    print(f"c = {c}, limits of the three models:", *ends.tolist())
    return np.stack([flow(K, b, w0, times) @ along for w0 in starts], axis=1)


times = np.linspace(0, 30, 61)
straight, slanted = signed_lengths(0.0, times), signed_lengths(0.7, times)
claim("A: Appendix A", "Without Assumption 3, models with one $w_k(0)$ may separate.",
      np.ptp(slanted, axis=1).max(), above=0.1, id="oblique-reflection-couples",
      details="Largest distance of two $w_k$ over time, reflection about 0.7.")

# %%
fig, axes = plt.subplots(1, 2, figsize=(7.6, 3.3), sharey=True)
for ax, c, lengths in ((axes[0], 0, straight), (axes[1], 0.7, slanted)):
    for k, name in enumerate(("$w_r(0) = -2$", "$w_r(0) = 0$", "$w_r(0) = 2$")):
        marks = {"marker": MARKERS[k], "markevery": (3 * k, 12)}
        ax.plot(times, lengths[:, k], label=name, **marks)
    ax.axhline(0, color="#999999", linewidth=0.8, linestyle="-")
    ax.set(title=f"reflection about $c = {c}$", xlabel="time $t$")
axes[0].set_ylabel("length of $w_k$, signed")
axes[1].legend()
figure(
    fig,
    "oblique-coupling",
    title="The asymmetric part under an orthogonal and an oblique reflection",
    caption="Three models start with one $w_k$ and different $w_r$. Left: about 0 "
    "the reflection is orthogonal and the curves coincide. Right: about 0.7 it is "
    "oblique; $w_r$ drives $w_k$, which does not end at zero, as the invariant "
    "predictors are not orthogonal to the asymmetric ones. Lengths are signed.",
    alt="Two panels of curves over time. Left, three curves coincide and decay "
    "from 1 to 0. Right, they start at 1, separate, and meet at about -0.3.",
)

# %% [markdown]
# The second and third part of the theorem fail, and its conclusion survives: all three limits are one flat line.
#
# ## When does everything decay?
#
# The asymmetric part vanishes in the end if $K_G$ is positive definite.
# The paper adds that $K_G$ is positive definite if and only if $X^\top X$ is.
# With one point per orbit in $X$, as in its $K_G$, only one direction is true.
# The group adds points, and points add rank: the single data point $x = 1$ with features $(1, x)$ gives a matrix $X^\top X$ of rank one, while its mirror image makes $K_G = 2I$.

# %%
one = np.array([[1.0, 1.0]])
print(one.T @ one, gram(one, mirror))

# %% [markdown]
# ````{prf:proposition} The condition for decay, corrected
# :label: prop-kernel
# The kernel of $K_G$ is the largest subspace of $\ker X$ that every $\rho(g)^\top$ maps to itself.
# So $K_G$ is positive definite if $X^\top X$ is, and may be so when $X^\top X$ is not.
# ````
#
# ````{prf:proof}
# $w^\top K_G w = \sum_g \lVert X\rho(g)^\top w\rVert^2$ vanishes exactly if $\rho(g)^\top w \in \ker X$ for every $g$.
# These $w$ form a subspace of $\ker X$ that every $\rho(g)^\top$ maps to itself, and it contains every other one.
# ````
#
# The other side of the statement can be computed without $K_G$: start with $\ker X$ and drop, until nothing changes, every direction that a generator moves out of it.


# %%
def largest_invariant(V, rho):
    """Basis of the largest subspace of span V that G maps to itself."""
    while V.shape[1]:
        moved = [rho.matrix(s).T @ V for s in rho.group.generators]
        _, s, D = np.linalg.svd(np.vstack([M - V @ (V.T @ M) for M in moved]))
        if s[0] < 1e-8:
            break
        V = V @ D[np.count_nonzero(s > 1e-8) :].T
    return V


def apart(U, V):
    """Distance of the projectors onto two subspaces; 1 if dimensions differ."""
    return np.linalg.norm(U @ U.T - V @ V.T, 2)


# %%
sweep = [case.rho_in for case in gallery.cases()]
cases = [(rho, *problem(rho, n)) for rho in sweep for n in [1, 20] * draws]
distances = []
for rho, X, _, _ in cases:
    inside = largest_invariant(null_space(X, rcond=1e-10), rho)
    distances.append(apart(null_space(gram(X, rho), rcond=1e-10), inside))
published = apart(null_space(gram(one, mirror)), null_space(one))
claim("A: K_G positive definite iff X^T X is",
      "$\\ker K_G$ is the largest subspace of $\\ker X$ that $G$ maps to itself.",
      distances, below=1e-7, published=published, id="kernel-of-kg",
      correction="Only “if” is true: $\\ker K_G$ may be smaller than $\\ker X$.",
      details="Distance of projectors; published: $\\ker K_G$, $\\ker X$ for $x = 1$.")

# %% [markdown]
# It says how few labelled points are needed: for a generic data set one can be enough, since it counts with its whole orbit.
#
# For the limit to be invariant, even less will do: that $K_G$ is positive definite on $\ker\mathcal{R}^\top$.
# What gradient flow leaves of the start is its part $v$ in $\ker K_G$.
# Every $\rho(g)^\top$ maps this kernel to itself, so $v - \mathcal{R}^\top v$ lies in it and in $\ker\mathcal{R}^\top$; if only $0$ does, $v$ is invariant.
# The rest of the limit is the shortest minimiser, which differs from an invariant one by an element of the same kernel.
# This proves Corollary 3.4 of the paper, without orthogonality, and we test both directions.

# %%
definite, decays, invariant = [], [], []
for rho, X, y, w0 in cases:
    K, N = gram(X, rho), asymmetric(rho)
    w = limit(K, moment(X, y, rho), w0)
    definite.append(np.linalg.eigvalsh(K)[0] > 1e-9)
    decays.append((np.linalg.eigvalsh(N.T @ K @ N) > 1e-9).all())
    moved = [rho.matrix(g).T @ w for g in rho.group.elements()]
    invariant.append(np.allclose(moved, w, atol=1e-9))

# %%
counts = [len(cases), sum(definite), sum(invariant)]
table(["problems", "$K_G$ definite", "limit invariant"], [counts])
claim("A: Corollary 3.4",
      "The limit is invariant exactly if $K_G$ is definite on "
      "$\\ker\\mathcal{R}^\\top$.", np.equal(decays, invariant),
      id="decay-on-the-kernel-is-enough",
      details="Random starts, one and 20 orbits, all of the gallery.")

# %% [markdown]
# ## The published example and figure
#
# Fit a straight line $w_0 + w_1 x$ to points of $\lvert x\rvert$.
# With $(x, \lvert x\rvert)$ the data contain $(-x, \lvert x\rvert)$.
# The group is the reflection, acting on the features $(1, x)$ as $\operatorname{diag}(1, -1)$.
# The intercept is the symmetric part, the slope the asymmetric one; the best invariant line is flat.
# This is Example 3.1 of the paper, and its Figure 1 shows how far several models are from symmetric as they train.
# The measure is the asymmetry loss: the mean over $x$ of the distance between $f(x)$ and its average over the orbit.

# %%
half = np.stack([np.ones(50), rng.uniform(-1, 1, 50)], axis=1)
X, y = np.concatenate(orbits(half, mirror)), np.tile(abs(half[:, 1]), 2)
K, b = X.T @ X / 100, X.T @ y / 100  # the mean squared error, as in the figure


def asymmetry(w):
    """Mean of |f(x) - E_g f(gx)| over the rows x; w of shape (..., 2)."""
    return abs((w - w @ reynolds(mirror)) @ X.T).mean(axis=-1)


slope = limit(K, b, rng.normal(size=2))[1]
gaps = [far(reynolds(mirror), np.diag([1, 0])), abs(slope)]
claim("A: Example 3.1", "Training ends at the flat line.", gaps, below=1e-12)

# %% [markdown]
# We train fifty models by real steps, 1,300 with learning rate 0.1 on the mean squared error over 100 points (the paper leaves number of points and learning rate open).
# The update rule reads the rows in every step, never their Gram matrix, and keeps the precision of its arguments.


# %%
def descend(X, y, w, eta, batches):
    """Weights before and after each step; a batch selects rows."""
    path = [w]
    for batch in batches:
        A, z = X[batch], y[batch]
        w = w - eta / len(A) * (A.T @ (A @ w - z))
        path.append(w)
    return np.array(path)


eta, whole = 0.1, slice(None)
start = rng.normal(size=(2, 50))
path = descend(X, y[:, None], start, eta, 1300 * [whole])
losses = asymmetry(path.swapaxes(1, 2))

# %% [markdown]
# Gradient descent with learning rate $\eta$ multiplies an eigendirection of eigenvalue $\lambda$ by $1 - \eta\lambda$ in every step.
# So Assumption 2 is not needed: discrete steps decay exponentially too, at the rate $-\ln\lvert 1 - \eta\lambda\rvert/\eta$ per unit time, which is close to $\lambda$ for small $\eta\lambda$.
# Here $\lambda$ is the mean of $x^2$.

# %%
lam = K[1, 1]
rate = -np.log(abs(1 - eta * lam)) / eta
print(f"rate of gradient flow {lam:.4f}, of descent {rate:.4f}")
exact = losses[0] * (1 - eta * lam) ** np.arange(1301)[:, None]

# %% [markdown]
# For panels (b) and (c), five models share the slope, or the intercept.

# %%
fixed, varied = np.full(5, 1.0), np.linspace(-2.0, 2.5, 5)
same_k = descend(X, y[:, None], np.stack([varied, fixed]), eta, 120 * [whole])
same_r = descend(X, y[:, None], np.stack([-fixed, varied]), eta, 120 * [whole])
k, r = np.ptp(same_k[:, 1], axis=1), np.ptp(same_r[:, 0], axis=1)
claim("A: Figure 1b", "Models with one $w_k(0)$ keep one $w_k$.", k, below=1e-12)
claim("A: Figure 1c", "Models with one $w_r(0)$ keep one $w_r$.", r, below=1e-12)

# %% tags=["hide-input"]
fig, axes = plt.subplots(1, 3, figsize=(9.6, 3.3))
axes[0].semilogy(
    np.arange(0, 1301, 10), losses[::10], color=COLORS[0], linestyle="-", linewidth=0.7, alpha=0.6
)
axes[0].set(title="(a) asymmetry loss", xlabel="step")
steps = np.arange(0, 121, 2)
for ax, path, title in (
    (axes[1], same_k, "(b) same initial $w_k$"),
    (axes[2], same_r, "(c) same initial $w_r$"),
):
    for part, style, name in ((0, "-", "$w_r$ (symmetric)"), (1, "--", "$w_k$ (asymmetric)")):
        lines = ax.plot(steps, path[::2, part], color=COLORS[1 - part], linestyle=style)
        lines[0].set_label(name)
    ax.set(title=title, xlabel="step")
axes[2].legend(loc="upper right")
figure(
    fig,
    "line-asymmetry",
    title="Asymmetry of a line fitted to |x|",
    caption="Figure 1 of paper A, recomputed. (a) The asymmetry loss of 50 models falls exponentially, all at the "
    "same rate, until it reaches the rounding error of double precision. (b) Five models with the same initial "
    "slope $w_k$ and different intercepts $w_r$: the five slopes follow one curve. (c) Five models with the same "
    "intercept and different slopes: the five intercepts follow one curve.",
    alt="Three panels. In the first, fifty parallel straight lines fall on a logarithmic axis from about 1 to about "
    "1e-15 and flatten. In the second, five solid curves converge to one value while five dashed curves coincide. In "
    "the third, five dashed curves converge to zero while five solid curves coincide.",
)

# %% [markdown]
# (plateau)=
# ### Where the plateau comes from
#
# The published curves fall and then flatten.
# The paper reads the flat part as the point where the gradient-flow assumption breaks down.
# For full-batch descent it does not: in exact arithmetic the curve falls for ever.
# What can stop it is the arithmetic, or mini-batches, which split orbits and so break Assumption 1 in every single step.
# We train one model in three ways.

# %%
model = X, y, start[:, 0]
order = np.random.default_rng(seed)
epochs = [order.permutation(100).reshape(10, 10) for _ in range(300)]
double = descend(*model, eta, 3000 * [whole])
single = descend(*(a.astype(np.float32) for a in model), eta, 3000 * [whole])
noisy = descend(*model, eta, np.concatenate(epochs))

# %% [markdown]
# Double precision follows the exact exponential through eleven orders of magnitude, single precision through four.
# Mini-batches level off far above both.

# %%
law = asymmetry(double[0]) * (1 - eta * lam) ** np.arange(3001)
ratios = [(losses / exact)[exact > 1e-11], (asymmetry(single) / law)[law > 1e-4]]
claim("A: Figure 1a", "The asymmetry falls exponentially until rounding stops it.",
      np.concatenate(ratios), equals=1, within=1e-4, id="plateau-is-rounding",
      details="Over the exponential: 50 models to 1e-11; single precision to 1e-4.")
print(f"mini-batches end at {np.median(asymmetry(noisy)[-1000:]):.1e}")

# %% tags=["hide-input"]
fig, ax = plt.subplots()
curves = {
    "full batch, double precision": asymmetry(double),
    "full batch, single precision": asymmetry(single),
    "mini-batches of ten": asymmetry(noisy),
    "exact arithmetic": law,
}
for k, (name, values) in enumerate(curves.items()):
    ax.semilogy(
        np.arange(0, 3001, 20), values[::20], label=name, marker=MARKERS[k], markevery=(5 * k, 18)
    )
ax.set(xlabel="step", ylabel="asymmetry loss")
ax.set_ylim(bottom=1e-20)
ax.legend(loc="center right", bbox_to_anchor=(1, 0.37))
figure(
    fig,
    "line-plateau",
    title="What stops the decay of the asymmetry",
    caption="The same model, data and learning rate, trained in three ways, beside the exact exponential. Full-batch "
    "descent follows the exponential until rounding stops it, at about $10^{-17}$ in double and $10^{-8}$ in single precision. "
    "Mini-batches of ten points split orbits and level off at about $10^{-3}$.",
    alt="Four curves on a logarithmic axis. All fall together at first. The mini-batch curve levels off noisily near "
    "1e-3, the float32 curve near 1e-8, the float64 curve near 1e-17; the exact line continues downwards.",
)

# %% [markdown]
# The plateau of mini-batches is one that gradient flow does not have: {ref}`it vanishes with the learning rate <minibatch-level>`.
#
# (digits-in-four-rotations)=
# ## Real digits in four rotations
#
# The theorem is about any linear regression, so it should predict what happens on images.
# We take MNIST digits {cite:p}`lecun1998gradient`, put every digit into the data set in all four rotations, and regress a label of $\pm 1$ on the pixels.
# Three labels are tried: even or odd, below five or not, and a coin flip per digit.
# All start from the same random weights.
# Real gradient descent runs over the images, with learning rate $1/\lambda_{\max}$ on the mean squared error: the update of `descend` above, the batch a slice of all rows, or 100 rows at random.
# That takes a minute, so the result is stored; the module `learnsym.experiments.digit_regression` in [the library](../library.md) holds its configuration and runs it.

# %%
stored = results.obtain("digit_regression", scale)
config, run = stored.config, stored.arrays
names = ["images", "side", "steps", "batch", "seed"]
table(names, [[getattr(config, name) for name in names]])

# %% [markdown]
# The data set, and the first twenty steps once more:

# %%
images, classes = digits("mnist", "test", size=config.images, side=config.side)
turns = representations.image(groups.image_rotations(config.side))
rows = np.concatenate(orbits(images.reshape(config.images, -1), turns))
labels = np.tile(np.where(classes % 2, -1.0, 1.0), 4)
K, steps, weights = rows.T @ rows / len(rows), run["steps"], run["full"][:, 0]
eta = 1 / np.linalg.eigvalsh(K)[-1]
again = descend(rows, labels, weights[0], eta, 20 * [whole])[steps[steps <= 20]]
print("the same:", np.allclose(again, weights[steps <= 20], atol=1e-10))

# %% [markdown]
# The prediction needs the pixels and no training: the eigenvalues of $K_G$ on $\ker\mathcal{R}^\top$.
# In an eigenbasis, each coordinate of $w_k$ decays at a rate of its own.
# The smallest eigenvalues are a billion times as small as the largest; as squares of singular values of the data they keep their digits.

# %%
N = asymmetric(turns)
_, s, V = np.linalg.svd(rows @ N, full_matrices=False)
lam, V, seen = s**2 / len(rows), N @ V.T, s > 1e-8 * s[0]
slower = seen & (lam * eta * config.steps < 1)
header = ["asymmetric directions", "seen", "seen, but slow", "not seen"]
table(header, [[len(lam), seen.sum(), slower.sum(), (~seen).sum()]])

# %% [markdown]
# The data have variance along the directions that are *seen*; the slow ones need more steps than the training has to fall to $1/e$.
#
# Turns by 90 degrees make many eigenvalues equal in pairs.
# A basis of such a plane is arbitrary, so we follow the length of $w_k$ in each eigenspace, from the first record to the last one at which it is above $10^{-6}$ of its start.
# What loses less than one part in a million during the training cannot be told from rounding and is left out; at the book's scale that is nothing.

# %%
lost = lam * eta * steps[-1] > 1e-6
new = np.diff(lam[lost]) < -1e-6 * lam[lost][1:]
first = np.flatnonzero(np.append(True, new))
sizes = np.sqrt(np.add.reduceat((weights @ V[:, lost]) ** 2, first, axis=1))
last = (sizes > 1e-6 * sizes[0]).sum(axis=0) - 1
end = sizes[last, np.arange(len(first))]
measured = -np.log(end / sizes[0]) / (eta * steps[last])
predicted = -np.log(1 - eta * lam[lost][first]) / eta
print(f"{lost.sum()} directions in {len(first)} eigenspaces")
claim("beyond: A, Theorem 3.3.3",
      "On digits, every asymmetric direction decays at its predicted rate.",
      measured / predicted, equals=1, within=1e-6, id="digit-rates-agree",
      details="Measured over predicted, eigenspaces that lose one part in a million.")

# %% [markdown]
# Where the data have no variance nothing moves, and the labels make no difference, as the third part of the theorem says.

# %%
kept = weights @ V[:, ~seen]
claim("beyond: A, Corollary 3.4",
      "On digits, weights on which the data have no variance do not move.",
      abs(kept - kept[0]), below=1e-10, id="digit-directions-that-never-decay",
      details="Coordinates of $w_k$ in $\\ker K_G$ over the whole training.")
w_k = split(run["full"], turns)[1]
print("three labellings, one w_k:", (abs(w_k - w_k[:, :1]) < 1e-11).all())

# %% tags=["hide-input"]
fig, (left, right) = plt.subplots(1, 2, figsize=(9.6, 3.9))
norm = np.linalg.norm((1 - eta * lam) ** steps[:, None] * (weights[0] @ V), axis=1)
left.semilogx(steps + 1, norm, color="black", linestyle="-", label="predicted, full batch")
curves = {
    "full batch, double precision": weights,
    "full batch, single precision": run["single"],
    "mini-batches of 100": run["minibatch"],
}
for k, (name, w) in enumerate(curves.items()):
    left.semilogx(
        steps + 1, np.linalg.norm(w @ V, axis=1), MARKERS[k], color=COLORS[k], linestyle="none",
        markevery=2, markerfacecolor="none" if k % 2 else COLORS[k], label=name,
    )  # fmt: skip
never = np.linalg.norm(weights[0] @ V[:, ~seen])
left.axhline(never, color="#555555", linestyle=":", label="part that the data never see")
left.set(title="(a) length of $w_k$", xlabel="step + 1", ylim=(0, 1.5 * norm[0]))
left.legend(loc="upper right", fontsize=9)
ends = [predicted.min() / 1.5, predicted.max() * 1.5]
right.loglog(ends, ends, color="#777777", linestyle="-", linewidth=1, label="equal")
right.loglog(predicted, measured, "o", markerfacecolor="none", ls="none", label="an eigenspace")
right.set(title="(b) decay rates", xlabel="predicted rate", ylabel="measured rate")
right.legend(loc="upper left")
figure(
    fig,
    "digit-norms",
    title="Decay of the asymmetric weights on digits",
    caption="(a) Length of the asymmetric part $w_k$ during regression on MNIST digits in four rotations. The solid line is "
    "predicted from the pixels alone. The decay is slow because the eigenvalues spread over eight orders of magnitude, and "
    "it cannot pass the dotted line: the part of $w_k(0)$ on which the data have no variance. (b) Each circle is an eigenspace "
    "of asymmetric weights; its rate in real gradient descent, per unit time, equals the one predicted from the pixels.",
    alt="Left, on a logarithmic step axis, a curve falls slowly from about 0.8 towards a dotted horizontal line at about 0.2. "
    "Markers for full-batch descent in double and single precision lie on the curve, those for mini-batches on it or slightly "
    "above. Right, circles on the diagonal of a logarithmic plot from about 1e-8 to 1.",
)


moments = [0, 2 * len(steps) // 3, len(steps) - 1]
w_r, w_k = split(weights[moments], turns)
fig, axes = plt.subplots(2, 3, figsize=(6.6, 4.9))
for row, name, parts in ((0, "w_k", w_k), (1, "w_r", w_r)):
    for i, ax in enumerate(axes[row]):
        reach = abs(parts if name == "w_k" else parts[i]).max()
        picture = parts[i].reshape(config.side, config.side)
        ax.imshow(picture, cmap="gray", vmin=-reach, vmax=reach)
        frame(ax, f"${name}$ after {steps[moments[i]]:,} steps")
figure(
    fig,
    "digit-weights",
    title="Symmetric and asymmetric weights on digits",
    caption="Weights as images, for the label even or odd. Top: the asymmetric part fades where digits have ink and stays in "
    "the corners, which no digit touches. Bottom: the symmetric part, equal under rotations at all times, learns the label. "
    "Mid-grey is 0. The top row has one grey scale, each image of the bottom row its own.",
    alt="Six images of weights. The top row goes from noise everywhere to noise at the corners with a nearly uniform "
    "grey centre. The bottom row shows patterns with four-fold symmetry, strongest near the border in the last image.",
)

# %% [markdown]
# So on digits, $K_G$ is singular.
# The corner pixels are never lit, so nothing decays there, and the final weights are not invariant.
# The final *predictions* are, on every image that looks like the training data: a direction without variance in the data contributes nothing to them.
# "Learned invariance" here means invariance on the data, and says nothing about what the model does elsewhere.
# Paper C is about exactly this difference: networks that look invariant and are not {cite:p}`moskalev2023genuine`.
#
# ## What the paper left open or got wrong
#
# * Its sum over the group counts points with a stabiliser several times ({prf:ref}`prop-orbit-sum`), and its condition for a definite $K_G$ is sufficient only ({prf:ref}`prop-kernel`).
# * Its proof contains the gradient twice. Its equation 7 is the gradient of its equation 2; in its equation 6, $g$ and $g^\top$ have changed places, which Assumption 3 makes harmless.
# * Part 1 and the invariant limit need no Assumption 3, parts 2 and 3 only a symmetric $\mathcal{R}$. Its example without Assumption 3 is an infinite group, for which $K_G$ does not exist.
# * It reads {ref}`the plateau <plateau>` of its figure as the end of gradient flow. Discrete steps obey the theorem as well; rounding and mini-batches set a plateau.
# * How many orbits are enough, and what noise does, is answered in the chapter on {ref}`imperfect data <imperfect-data>`.
#
# ## What to take away
#
# * The asymmetric part of the weights decays exponentially, at rates that the inputs fix and the labels do not touch. This is a theorem, and it predicts real training on digits.
# * The number of *labelled examples* needed can be smaller than the number of features: an orbit counts with all its points. What matters is the variance along orbits, in asymmetric directions.
# * The two parts evolve separately if the average over the group is a symmetric matrix, for which orthogonality is enough. The limit is invariant without it.
# * "Exponential" can be slow. On digits, about one asymmetric direction in five needs longer than the 20,000 steps of our training to fall to $1/e$, and twelve never do.

# %% tags=["hide-input", "nbval-ignore-output"]
footer(scale, seed, stored)
