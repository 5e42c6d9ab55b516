# %% [markdown]
# (global-optima)=
# # Three roads to an invariant map
#
# A digit is to be recognised however it is turned.
# Three recipes promise a model that respects this symmetry.
# *Hard-wiring* admits invariant models only.
# *Augmentation* admits all models, and trains them on all turned copies of the data.
# *Regularisation* admits all models, trains them on the data as they are, and charges for every violation of the symmetry.
#
# **Which of them ends where?**
# For networks in general nobody knows.
# {cite:t}`duan2026understanding` (paper D) answer for deep *linear* networks, where the best model under each recipe can be written down.
# Where all optima are known exactly, what training adds can be told from what the problem asks for.
# The chapters that follow are about {ref}`the other critical points <critical-points>`, {ref}`the path between the optima <regularisation-path>` and {ref}`training <training-dynamics>`.
#
# **What we found.**
#
# * The paper's closed forms are right ([hard-wired](claim-d-theorem-6), [penalised](claim-d-proposition-8), [augmented](claim-d-proposition-11)), and say one thing: [fit first, truncate afterwards](claim-fit-first-truncate-afterwards).
# * Hard-wiring and augmentation [have the same optimum](claim-d-theorem-12), [for every representation](claim-augmented-equals-hard-wired-obliquely), not only for unitary ones, and already [when the augmented data have full rank](claim-points-each-recipe-needs).
# * The result does not extend to equivariant maps of bounded rank [as easily as the paper says](claim-d-proposition-a-1): there augmentation can end lower than hard-wiring.
# * The penalised optimum [depends on which generators were chosen](claim-penalty-depends-on-generators). The other two do not.
# * Wide networks obey [the same rule](claim-d-propositions-b-12-to-b-14): augmentation acts like a group convolution.

# %% tags=["parameters"]
scale = "book"
seed = 0

# %%
from math import ceil

import matplotlib.pyplot as plt
import numpy as np
from numpy.linalg import inv, lstsq, matrix_rank, norm, pinv, svd
from scipy.linalg import expm, null_space, sqrtm

from learnsym import gallery, groups, representations
from learnsym.equivariant import dimension_by_characters
from learnsym.publish import claim, figure, footer, table, use_style

use_style()
rng = np.random.default_rng(seed)
draws = 1 if scale == "smoke" else 3

# %% [markdown]
# ## The setting
#
# There are $N$ inputs $x_i \in \mathbb{R}^n$ with targets $y_i \in \mathbb{R}^m$, the rows of $X$ and $Y$.
# A linear network with layers $W_L, \dots, W_1$ computes $x \mapsto Wx$ with $W = W_L \cdots W_1$, an $m \times n$ matrix.
# If its narrowest layer has $r$ units, then $W$ can be any matrix of rank at most $r$, and no other.
# So we look for matrices of rank at most $r$ that minimise
#
# $$
# L(W) = \frac1N \sum_{i=1}^N \lVert y_i - W x_i \rVert^2 = \operatorname{tr}(W S W^\top) - 2 \langle C, W \rangle + c .
# $$ (eq-moments)
#
# The data enter through three moments only: $S = \frac1N \sum_i x_i x_i^\top$, which we call the covariance although means are not subtracted, $C = \frac1N \sum_i y_i x_i^\top$, and $c = \frac1N \sum_i \lVert y_i\rVert^2$.
#
# A finite group $G$ acts on inputs by matrices $\rho(g)$ ({ref}`groups-and-projections`).
# A map is **invariant** if $W\rho(g) = W$ for all $g$: $x$ and $\rho(g)x$ get the same prediction.
# The targets need not be invariant, and nothing below assumes it.
# The three recipes minimise over matrices of rank at most $r$:
#
# | recipe | objective | admits |
# |---|---|---|
# | hard-wired | $L(W)$ | invariant $W$ |
# | augmented | $\bar L(W) = \frac{1}{\lvert G\rvert} \sum_g L(W\rho(g))$ | all $W$ |
# | regularised | $L(W) + \lambda \lVert W \Gamma \rVert^2$ | all $W$ |
#
# The matrix $\Gamma$, which the paper calls $G$, measures how far $W$ is from invariant, and is defined next.
# The paper writes data points as columns, and has these objectives, with this $\lambda$, in its equations (4), (7) and (9).
# Its *experiments* use a mean squared error that averages over the $m$ outputs as well.
# There a penalty $\lambda$ has the effect of $m\lambda$ here; {ref}`the digits below <optima-on-digits>` have $m = 9$.
# Norms are Frobenius norms.
#
# Random data for all checks: inputs with a mean and without any symmetry, targets noisy and non-linear.


# %%
def draw(rho, m, N=None):
    """X (N, n) and Y (N, m), by default three points for each coordinate."""
    n = rho.dimension
    mix = np.eye(n) + 0.5 * rng.normal(size=(n, n))
    X = rng.normal(size=(N or 3 * n, n)) @ mix + rng.normal(size=n)
    y = X @ rng.normal(size=(n, m)) / np.sqrt(n)
    return X, y + 0.3 * y[:, ::-1] ** 2 + 0.5 * rng.normal(size=y.shape)


def moments(X, Y):
    """S (n, n) and C (m, n)."""
    return X.T @ X / len(X), Y.T @ X / len(X)

# %% [markdown]
# ## Invariance is a linear equation
#
# ````{prf:proposition} Proposition 4 and Remark 5 of paper D
# :label: prop-invariance-by-generators
# Let $g_1, \dots, g_k$ generate $G$, and let
#
# $$
# \Gamma = \begin{pmatrix} I - \rho(g_1) & \cdots & I - \rho(g_k) \end{pmatrix} .
# $$
#
# Then $W$ is invariant if and only if $W\Gamma = 0$. A cyclic group has a single block.
# For a connected Lie group whose exponential map is onto, the blocks $d\rho(A)$ with $A$ from a basis of the Lie algebra do the same.
# ````
#
# ````{prf:proof}
# If $W\rho(g) = W$ and $W\rho(h) = W$, then $W\rho(gh) = W\rho(h) = W$. So the elements that leave $W$ unchanged form a group, and a group that contains the generators contains everything.
# If $W d\rho(A) = 0$, then $W \exp(d\rho(A)) = W$; and every element is such an exponential.
# ````
#
# The smallest example swaps two coordinates: $W$ is invariant if both columns are equal.


# %%
def constraint(rho):
    """Gamma, shape (n, n k)."""
    I = np.eye(rho.dimension)
    return np.hstack([I - rho.matrix(s) for s in rho.group.generators])


def invariant_rows(rho):
    """B: orthonormal columns that span the w with w^T Gamma = 0, shape (n, d)."""
    return null_space(constraint(rho).T, rcond=1e-10)


swap = gallery.find("S2, swap of two coordinates").rho_in
print(constraint(swap), abs(invariant_rows(swap)).round(3).T)

# %% [markdown]
# In the gallery, we count the solutions of $w^\top\Gamma = 0$ against the average character, which uses all elements and no linear algebra, and apply every $\rho(g)$ to them.

# %%
cyclic, several = [], []
for case in gallery.cases():
    rho, B = case.rho_in, invariant_rows(case.rho_in)
    if B.shape[1] == rho.dimension:  # nothing moves
        continue
    G = [rho.matrix(g) for g in rho.group.elements()]
    moved = [abs(B.T @ g - B.T).max(initial=0) for g in G]
    found = cyclic if len(rho.group.generators) == 1 else several
    found += [abs(B.shape[1] - dimension_by_characters(rho)), max(moved)]

# %%
claim("D: Proposition 4", "One generator of a cyclic group decides.", cyclic,
      below=1e-12)

# %% [markdown]
# For the Lie groups we take matrices $M$ under $M \mapsto gMg^\top$, written as vectors, so that $d\rho(A) = A \otimes I + I \otimes A$.
# Rotations of the plane leave multiples of $I$ and of the quarter turn $J$ fixed, rotations of space only those of $I$.
# The group of all isometries of the plane has the same Lie algebra as the rotations.
# But its exponential map is not onto, and the algebra alone leaves one solution too many.
# The paper's Proposition B.1 then adds a block $\rho(h) - I$ for one reflection $h$.
# (It speaks of a *connected* group with finitely many components, and means a group with finitely many.)

# %%
J = np.array([[0.0, -1.0], [1.0, 0.0]])
space = [np.cross(np.eye(3), axis) for axis in np.eye(3)]
cases = ([J], [], 2), (space, [], 1), ([J], [np.diag([1.0, -1.0])], 1)
lie = []
for basis, mirror, dimension in cases:
    I = np.eye(len(basis[0]))
    blocks = [np.kron(A, I) + np.kron(I, A) for A in basis]
    blocks += [np.kron(h, h) - np.kron(I, I) for h in mirror]
    B = null_space(np.hstack(blocks).T, rcond=1e-10)
    g = expm(np.tensordot(rng.normal(size=len(basis)), basis, 1))
    lie += [abs(B.shape[1] - dimension), abs(B.T @ np.kron(g, g) - B.T).max()]

# %%
claim("D: Remark 5", "Several generators, or a Lie algebra, decide.", several + lie,
      below=1e-12)

# %% [markdown]
# A remark on angles.
# The paper's Example 3 represents the cyclic group of order $n$ by rotations by $\pi/n$.
# These generate a group of order $2n$; the angle should be $2\pi/n$.
#
# ## One formula for three problems
#
# All three objectives are quadratic, and all three ask for rows in some subspace.
# The theorem of Eckart and Young does the rest: the matrix of rank at most $r$ that is nearest to $T$ keeps the $r$ largest singular values of $T$ and drops the others.
#
# ````{prf:lemma} Least squares of bounded rank
# :label: lem-bounded-rank
# Let $B$ have orthonormal columns, let $A$ be symmetric with $B^\top A B$ positive definite, and let $P_A$ be the symmetric root of $B^\top A B$.
# Let $T = C B P_A^{-1}$ have singular values $\sigma_1 \ge \sigma_2 \ge \dots$, with $\sigma_i = 0$ for $i$ beyond the size of $T$.
# Consider all $W$ of rank at most $r$ whose rows lie in the span of $B$.
# The minimisers of $\operatorname{tr}(WAW^\top) - 2\langle C, W\rangle + c$ among them are $W = U P_A^{-1} B^\top$ with $U$ a best approximation of rank $r$ to $T$.
# The minimum is $c - \sigma_1^2 - \dots - \sigma_r^2$.
# There is one minimiser if $\sigma_r > \sigma_{r+1}$ or $\sigma_{r+1} = 0$, and otherwise there are infinitely many.
# ````
#
# ````{prf:proof}
# A matrix with rows in the span of $B$ is $W = WBB^\top$. Put $U = WBP_A$, so that $W = UP_A^{-1}B^\top$ and both have the same rank.
# The objective becomes $\lVert U\rVert^2 - 2\langle T, U\rangle + c = \lVert U - T\rVert^2 + c - \lVert T\rVert^2$. Apply Eckart and Young.
# ````
#
# $T$ is called the **target matrix**. In code, the lemma is:


# %%
def lowrank(A, C, B, r):
    """Minimiser of tr(W A W^T) - 2 <C, W>, rank at most r, rows in span of B."""
    P_inv = inv(sqrtm(B.T @ A @ B).real)
    U, sigma, Vt = svd(C @ B @ P_inv, full_matrices=False)
    return (U[:, :r] * sigma[:r]) @ Vt[:r] @ P_inv @ B.T


# %% [markdown]
# The problems differ in $A$, $C$ and $B$ only.
# Write $\mathcal{R} = \frac{1}{\lvert G\rvert}\sum_g \rho(g)$ for the Reynolds operator and $\bar S = \frac{1}{\lvert G\rvert}\sum_g \rho(g) S \rho(g)^\top$ for the covariance of the augmented data.
# No augmented data set is formed:


# %%
def recipes(S, C, rho, lam):
    """(A, C, B) for each recipe."""
    G = [rho.matrix(g) for g in rho.group.elements()]
    S_bar, R = np.mean([g @ S @ g.T for g in G], axis=0), np.mean(G, axis=0)
    I, Gamma = np.eye(rho.dimension), constraint(rho)
    return {
        "hard-wired": (S, C, invariant_rows(rho)),
        "augmented": (S_bar, C @ R.T, I),
        "regularised": (S + lam * Gamma @ Gamma.T, C, I),
    }

# %%
X, Y = np.array([[1, 0], [1, 1], [0, 2]]), np.array([[1], [2], [1]])
for name, problem in recipes(*moments(X, Y), swap, 1.0).items():
    print(f"{name:12}", lowrank(*problem, r=1).round(3))

# %% [markdown]
# Three points, one output, the swap: hard-wired and augmented maps agree and are symmetric, and the penalised map is neither.
#
# The paper's closed forms look different, because it first transforms by the whole covariance and restricts afterwards.
#
# ````{prf:theorem} Theorem 6, Propositions 8 and 11 of paper D
# :label: thm-three-optima
# Let $X^\top X$ be positive definite, $P = (X^\top X)^{1/2}$, $Z = Y^\top X P^{-1}$ and $\tilde\Gamma = P^{-1}\Gamma$. Let $[\,\cdot\,]_r$ keep the $r$ largest singular values.
#
# 1. The hard-wired optimum is $[Z\,(I - \tilde\Gamma\tilde\Gamma^+)]_r\,P^{-1}$.
# 2. The regularised optimum is $[Z B_\lambda^{-1}]_r\,B_\lambda^{-1} P^{-1}$ with $B_\lambda^2 = I + N\lambda\,\tilde\Gamma\tilde\Gamma^\top$.
# 3. The augmented optimum is $[\bar Z]_r\,\bar P^{-1}$, with $\bar P$ and $\bar Z$ formed from all $\lvert G\rvert N$ augmented points.
# ````
#
# The first two are {prf:ref}`lem-bounded-rank` in the coordinates $WP$; the third is the lemma for the augmented data.
# (Theorem 6 asks in addition that $Z(I - \tilde\Gamma\tilde\Gamma^+)$ have rank above $r$. It is not needed.)
# We compute them as printed, from the data, the third from the explicitly augmented data:


# %%
def truncate(T, r):
    """[T]_r."""
    U, sigma, Vt = svd(T, full_matrices=False)
    return (U[:, :r] * sigma[:r]) @ Vt[:r]


# %%
def as_printed(X, Y, rho, lam, r):
    """The three optima as the paper writes them."""
    I, P_inv = np.eye(rho.dimension), inv(sqrtm(X.T @ X).real)
    Z, Gt = Y.T @ X @ P_inv, P_inv @ constraint(rho)
    B_inv = inv(sqrtm(I + len(X) * lam * Gt @ Gt.T).real)
    G = [rho.matrix(g) for g in rho.group.elements()]
    X_all, Y_all = np.vstack([X @ g.T for g in G]), np.vstack([Y] * len(G))
    Q_inv = inv(sqrtm(X_all.T @ X_all).real)
    wired = truncate(Z @ (I - Gt @ pinv(Gt, rcond=1e-10)), r) @ P_inv
    augmented = truncate(Y_all.T @ X_all @ Q_inv, r) @ Q_inv
    return wired, augmented, truncate(Z @ B_inv, r) @ B_inv @ P_inv

# %% [markdown]
# Now every group of the gallery, with fewer outputs than inputs and with more, and bounds on the rank from 1 to the largest possible.
# Groups without invariant vectors have the optimum 0 when hard-wired; we leave them out here.

# %%
problems = []
for case in gallery.cases() * draws:
    rho, n = case.rho_in, case.rho_in.dimension
    d = dimension_by_characters(rho)
    for m, r in [(1, 1), (n // 2 + 1, 1), (n + 2, n // 2 + 1), (n + 2, n)]:
        if 0 < d < n and r <= min(m, n):
            problems.append((rho, *draw(rho, m), r))

optima, printed = [], []
for rho, X, Y, r in problems:
    unit = norm(lstsq(X, Y)[0])  # distances relative to plain least squares
    tasks = recipes(*moments(X, Y), rho, 0.3).values()
    optima.append([lowrank(*task, r) / unit for task in tasks])
    printed.append([W / unit for W in as_printed(X, Y, rho, 0.3, r)])
wired, augmented, penalised = np.array(
    [[norm(V - W) for V, W in zip(*pair)] for pair in zip(optima, printed)]
).T
print(len(problems), "problems")

# %%
claim("D: Theorem 6", "The hard-wired optimum is as printed.", wired, below=1e-9)
claim("D: Proposition 8", "The regularised optimum is as printed.", penalised,
      below=1e-9)
claim("D: Proposition 11", "The augmented optimum is as printed.", augmented,
      below=1e-9)

# %% [markdown]
# ### A simpler reading
#
# None of the forms tells what the bound on the rank does.
# This one does.
#
# ````{prf:proposition} Fit first, truncate afterwards
# :label: prop-fit-then-truncate
# In {prf:ref}`lem-bounded-rank`, let $W_*$ be the minimiser without a bound on the rank. The minimisers of rank at most $r$ are $\Pi W_*$, where $\Pi$ projects orthogonally onto the span of $r$ leading left singular vectors of $T$.
# For the hard-wired problem these vectors are the leading principal directions, means not subtracted, of the fitted outputs $W_* x_1, \dots, W_* x_N$.
# ````
#
# ````{prf:proof}
# The best approximations of $T$ are $\Pi T$, and $W_* = T P_A^{-1} B^\top$. For the second part, $W_* S W_*^\top = T T^\top$ is the covariance of the fitted outputs.
# ````
#
# So the network needs no new computation for its bottleneck: fit without a bound, look at the outputs, and keep the directions in which their mean square is largest.
# The bound acts on the left of $W$, and the symmetry acts on the right.
# This is why the two never interfere.


# %%
def fit_then_truncate(X, Y, B, r):
    """Least squares on invariant features, projected on its leading outputs."""
    W = lstsq(X @ B, Y)[0].T @ B.T
    Pi = svd(X @ W.T)[2][:r]
    return Pi.T @ Pi @ W


gaps = []
for (rho, X, Y, r), (W, *_) in zip(problems, optima):
    V = fit_then_truncate(X, Y, invariant_rows(rho), r)
    gaps.append(norm(V / norm(lstsq(X, Y)[0]) - W))

# %%
claim("beyond: D, Theorem 6",
      "Least squares on invariant features, projected onto the leading principal "
      "directions of its outputs, is the hard-wired optimum.", gaps, below=1e-9,
      id="fit-first-truncate-afterwards")

# %% [markdown]
# ### A search that knows no singular values
#
# Two closed forms that agree may share a mistake.
# Alternating least squares writes $W = W_2 W_1$ with $r$ hidden units, and solves for one layer with the other fixed, by turns.
# It sees rows of data and the recipes as what they are: invariant features, augmented rows, and $\sqrt{N\lambda}\,\Gamma^\top$ as further rows with target zero.


# %%
def alternate(F, T, r, sweeps=300):
    """W_2 W_1 that fits T (N, m) by F (N, n), from a random start."""
    full, W2 = lstsq(F, T)[0].T, rng.normal(size=(T.shape[1], r))
    for _ in range(sweeps):
        W1 = pinv(W2) @ full
        W2 = lstsq(F @ W1.T, T)[0].T
    return W2 @ W1


rho = gallery.find("C4, 4x4 images").rho_in
X, Y = draw(rho, 3)
B, more = invariant_rows(rho), np.sqrt(0.3 * len(X)) * constraint(rho).T
turned = np.vstack([X @ rho.matrix(g).T for g in rho.group.elements()])
rows = {
    "hard-wired": (X @ B, Y),
    "augmented": (turned, np.vstack([Y] * 4)),
    "regularised": (np.vstack([X, more]), np.vstack([Y, 0 * more[:, :3]])),
}
found = {}
for name, (A, C, B) in recipes(*moments(X, Y), rho, 0.3).items():
    W, starts = lowrank(A, C, B, r=1), range(8)
    far = max(norm(alternate(*rows[name], 1) @ B.T - W) for _ in starts)
    found[name] = bool(far < 1e-6)
print("all starts end at the optimum:", found)

# %% [markdown]
# (hard-wired-equals-augmented)=
# ## Hard-wired equals augmented
#
# ````{prf:theorem} Theorem 12 of paper D
# :label: thm-augmented-hard-wired
# Let $X^\top X$ be positive definite and let $\rho$ be unitary. Then augmentation by the whole group has the same global optimum as hard-wiring.
# ````
#
# The paper derives it from the closed forms, and there the assumptions are needed: a unitary $\rho$ makes the augmented covariance commute with the group.
# Seen from the objective, less suffices.
#
# ````{prf:theorem} Any representation, any bound on the rank
# :label: thm-any-representation
# Let $\rho$ be any representation of a finite group on the inputs.
#
# 1. The augmented and the hard-wired problem have the same minimum, and the hard-wired minimisers are exactly those augmented minimisers that are invariant.
# 2. If the averaged covariance $\bar S$ is positive definite, every augmented minimiser is invariant. Then both problems have the same minimisers, whether there is one or many.
# ````
#
# ````{prf:proof}
# For invariant $W$, $\bar L(W) = L(W)$, so the two problems agree there.
# Now let $W$ be any matrix of rank at most $r$. The matrix $W\mathcal{R}$ is invariant, and its rank is at most $r$.
# Since $\bar L(W\rho(g)) = \bar L(W)$ for every $g$, and $\bar L$ is convex,
#
# $$
# \bar L(W\mathcal{R}) = \bar L\Big(\frac{1}{\lvert G\rvert}\sum_g W\rho(g)\Big) \le \frac{1}{\lvert G\rvert}\sum_g \bar L(W\rho(g)) = \bar L(W) .
# $$
#
# So no matrix beats the best invariant one, which is (1).
# If $\bar S$ is positive definite, $\bar L$ is strictly convex. Then the inequality is strict unless all $W\rho(g)$ are equal, that is, unless $W$ is invariant. This is (2).
# ````
#
# Matrices of bounded rank form no convex set, and the proof does not need one, since $W \mapsto W\mathcal{R}$ does not raise the rank.
# Nor does it use the squared error, except for its convexity; {ref}`beyond-linear` comes back to this.

# %%
unitary, oblique = [], []
for (rho, *_), (V, W, _) in zip(problems, optima):
    (unitary if rho.is_orthogonal else oblique).append(norm(V - W))

claim("D: Theorem 12", "Augmented and hard-wired optimum are equal.", unitary,
      below=1e-9)
claim("beyond: D, Theorem 12", "They are equal for oblique representations too.",
      oblique, below=1e-9, id="augmented-equals-hard-wired-obliquely")

# %% [markdown]
# ### Breaking the theorem: half a group
#
# The average must run over the whole group.
# With half turns in place of quarter turns the augmented optimum is invariant to half turns and to nothing else:

# %%
rho = gallery.find("C4, 4x4 images").rho_in
half_turn = rho.group.generators[0][rho.group.generators[0]]
half = representations.image(groups.PermutationGroup([half_turn], "half turns"))
S, C = moments(*draw(rho, 3))
V, W = (lowrank(*recipes(S, C, group, 0)["augmented"], 2) for group in (half, rho))
print(f"relative distance {norm(V - W) / norm(W):.2f}")

# %% [markdown]
# ### Breaking the theorem: equivariant maps
#
# The paper says that all results extend easily to equivariant maps, $W\rho_{\text{in}}(g) = \rho_{\text{out}}(g)W$, because the constraint is linear again.
#
# ````{prf:proposition} Proposition A.1 of paper D
# :label: prop-equivariant-kernel
# $W$ is equivariant if and only if $\operatorname{vec}(W)$, column by column, is in the kernel of $\rho_{\text{in}}(g)^\top \otimes \rho_{\text{out}}(g^{-1}) - I$ for all $g$.
# ````
#
# The proposition follows from $\operatorname{vec}(AWB) = (B^\top \otimes A)\operatorname{vec}(W)$.
# The extension does not follow.
# Now truncation acts on the side of the group.
# It keeps a map equivariant where $\sigma_r > \sigma_{r+1}$ and both representations are orthogonal, because $T_r$ is then a function of $TT^\top$ times $T$.
# But Schur's lemma makes the singular values of an equivariant $T$ equal in groups, one for each irreducible part of dimension two or more, and a bound on the rank may split a group.
# Turns of the plane by 120 degrees, targets $y = x$, $r = 1$: the only equivariant map of rank at most one is 0.
# Augmentation does better, with any projection onto a line.

# %%
kernels = []
for case in gallery.cases():
    rho_in, rho_out = case.rho_in, case.rho_out
    I = np.eye(rho_in.dimension * rho_out.dimension)
    pairs = [(rho_in.matrix(s), rho_out.matrix(s)) for s in rho_in.group.generators]
    blocks = np.vstack([np.kron(g.T, inv(h)) - I for g, h in pairs])
    K = null_space(blocks, rcond=1e-10)
    W = (K @ rng.normal(size=K.shape[1])).reshape(rho_in.dimension, -1).T
    elements = rho_in.group.elements()
    back = [rho_in.character(rho_in.group.inverse(g)) for g in elements]
    count = np.mean([chi * rho_out.character(g) for chi, g in zip(back, elements)])
    kernels += [np.allclose(W @ g, h @ W) for g, h in pairs]
    kernels.append(np.isclose(count, K.shape[1]))

plane, circle = gallery.find("C3, turns of the plane").rho_in, np.eye(2)
turns = [plane.matrix(g) for g in plane.group.elements()]
X_all = np.vstack([circle @ g.T for g in turns])  # the targets turn with the inputs
W = lowrank(*moments(X_all, X_all), np.eye(2), 1)
wired_loss = norm(X_all) ** 2 / len(X_all)
augmented_loss = norm(X_all - X_all @ W.T) ** 2 / len(X_all)
print(f"loss: hard-wired {wired_loss:.2f}, augmented {augmented_loss:.2f}")

# %%
claim("D: Proposition A.1",
      "The kernel is right. With a bound on the rank, augmentation may end lower.",
      [*kernels, augmented_loss < wired_loss - 0.4], published=False,
      correction="Theorem 12 does not extend: a bound may split equal singular "
      "values.")

# %% [markdown]
# ### Which generators?
#
# The regularised optimum is in general not invariant for finite $\lambda$, and {ref}`regularisation-path` follows it to its limit.
# It also depends on something that should not matter.
# Turning five points on a circle by one step or by two generates the same group and the same invariant maps, but charges other violations.

# %%
one = representations.vector(groups.cyclic(5))
step = one.group.generators[0]
two = representations.vector(groups.PermutationGroup([step[step]], "two steps"))
moved = []
for _ in range(5 * draws):
    S, C = moments(*draw(one, 3))
    tasks = (recipes(S, C, rho, 0.3)["regularised"] for rho in (one, two))
    V, W = (lowrank(*task, 2) for task in tasks)
    moved.append(norm(V - W) / norm(W))

# %%
claim("beyond: D, Proposition 8",
      "The regularised optimum depends on which generators of the group are "
      "penalised.", np.median(moved), above=0.05,
      id="penalty-depends-on-generators")

# %% [markdown]
# ## How much data each recipe needs
#
# The paper assumes throughout that $X^\top X$ has full rank, which takes at least as many points as input coordinates.
# {prf:ref}`lem-bounded-rank` asks for less, and for something else in each case.
#
# ````{prf:proposition} What must be positive definite
# :label: prop-points-per-recipe
# Let $B$ be a basis of the invariant rows, $d$ their number, and $\lambda > 0$.
#
# 1. The hard-wired and the regularised problem both need $B^\top S B$ to be positive definite, and nothing more.
# 2. The augmented problem needs $\bar S$ to be positive definite. Then $B^\top S B$ is, too.
# 3. For almost all data, $B^\top S B$ is positive definite from $N = \max(d, 1)$ points on. $\bar S$ is from $N = \max_V \lceil m_V\, e_V / d_V \rceil$ points on, the maximum over the irreducible parts $V$ of $\rho$ with dimension $d_V$, multiplicity $m_V$ and a commutant of dimension $e_V$.
# ````
#
# ````{prf:proof}
# (1) $S + \lambda\Gamma\Gamma^\top$ is a sum of two positive semi-definite matrices, so $w$ is in its kernel if and only if $Sw = 0$ and $\Gamma^\top w = 0$. The second equation says that $w = Bv$ is invariant, and the first then says that $B^\top S B v = 0$.
# (2) If $w$ is invariant, $w^\top \bar S w = w^\top S w$.
# (3) The first count is that of generic vectors in $\mathbb{R}^d$. By Schur's lemma, $\bar S$ acts on the $m_V$ copies of $V$ as a Hermitian $m_V \times m_V$ matrix over the commutant. A generic point adds a term of rank $d_V / e_V$ to it, up to full rank.
# ````
#
# Each case below comes with its parts $(d_V, m_V, e_V)$.
# For images, a quarter of the points suffices under quarter turns.
# A number and five signs under $S_2$, which turns all signs at once, is learned by hard-wiring from one point; augmentation needs five, because one point and its image say nothing about four of the five directions.

# %%
sign = representations.sign(groups.symmetric(2))


def with_number(rho, copies):
    """One invariant coordinate beside copies of rho."""
    one = representations.trivial(rho.group)
    return representations.direct_sum(one, representations.channels(rho, copies))


images = gallery.find("C4, 4x4 images").rho_in
graphs = gallery.find("S4, graphs to graphs").rho_in
cases = {
    "C4, 4x4 images": (images, [(1, 4, 1), (1, 4, 1), (2, 4, 2)]),
    "S4, graphs": (graphs, [(1, 2, 1), (3, 3, 1), (2, 1, 1), (3, 1, 1)]),
    "Q8, quaternions": (gallery.find("Q8, quaternions").rho_in, [(4, 1, 4)]),
    "C3, number, four planes": (with_number(plane, 4), [(1, 1, 1), (2, 4, 2)]),
    "S2, number, five signs": (with_number(sign, 5), [(1, 1, 1), (1, 5, 1)]),
}

# %%
def points_needed(rho, recipe):
    """Smallest number of random points that makes B^T A B positive definite."""
    X = rng.normal(size=(rho.dimension, rho.dimension))
    for N in range(1, rho.dimension + 1):
        A, _, B = recipes(X[:N].T @ X[:N], X[:1], rho, 0.3)[recipe]
        if matrix_rank(B.T @ A @ B, tol=1e-9) == B.shape[1]:
            return N


needed, counts = [], []
for rho, parts in cases.values():
    d = dimension_by_characters(rho)
    assert rho.dimension == sum(d_V * m_V for d_V, m_V, _ in parts)
    orbits = max(ceil(m_V * e_V / d_V) for d_V, m_V, e_V in parts)
    counts.append([max(d, 1), orbits, max(d, 1)])
    needed.append([points_needed(rho, recipe) for recipe in rows])
table(["case", *rows], [[name, *line] for name, line in zip(cases, needed)])

# %%
claim("beyond: D, Theorem 12",
      "Hard-wiring and the penalty need $\\max(d, 1)$ generic points, augmentation "
      "the largest $\\lceil m_V e_V / d_V\\rceil$.", needed, equals=counts,
      within=0.5, id="points-each-recipe-needs")

# %% [markdown]
# ### With fewer points still
#
# If even $\bar S$ is singular, the augmented problem has many minimisers.
# A usual choice is the one of least norm, which replaces inverses by pseudo-inverses.
# {prf:ref}`thm-any-representation` (1) still holds: the minimum is that of hard-wiring, and some minimisers are invariant.
# Whether the one of least norm is among them depends on the representation.
#
# ````{prf:proposition} Least norm
# :label: prop-least-norm-optima
# If $\rho$ is orthogonal, the augmented and the hard-wired solution of least norm are equal, whatever the rank of the data. If $\rho$ is oblique, the augmented solution of least norm need not be invariant.
# ````
#
# ````{prf:proof}
# For orthogonal $\rho$, $\bar S$ commutes with the orthogonal projector $BB^\top$ and $C\mathcal{R}^\top = C BB^\top$. So the pseudo-inverse root of $\bar S$ commutes with it as well. The target matrix of the augmented problem is that of the hard-wired problem times $B^\top$, and mapping back gives the same map.
# The second part is the example below.
# ````


# %%
def least_norm(A, C, B, r):
    """lowrank with the pseudo-inverse root: zero where there are no data."""
    lam, V = np.linalg.eigh(B.T @ A @ B)
    seen = lam > 1e-10 * lam.max()
    P_inv = (V[:, seen] / np.sqrt(lam[seen])) @ V[:, seen].T
    return truncate(C @ B @ P_inv, r) @ P_inv @ B.T


skew = np.eye(9) + 0.4 * np.diag(np.ones(8), 1) + 0.3 * np.diag(np.ones(7), -2)
straight = with_number(plane, 4)
apart = {True: [], False: []}
for rho in straight, representations.conjugated(straight, skew):
    for N in (1, 2, 3) * 5:
        problem = recipes(*moments(*draw(rho, 3, N)), rho, 0)
        V, W = (least_norm(*problem[k], 1) for k in ("hard-wired", "augmented"))
        apart[rho.is_orthogonal].append(norm(V - W) / norm(V))

# %%
claim("beyond: D, Theorem 12",
      "Solutions of least norm agree for orthogonal representations, not for "
      "oblique ones.", [max(apart[True]) < 1e-8, np.median(apart[False]) > 0.05],
      id="least-norm-equality")

# %% [markdown]
# (optima-on-digits)=
# ## On digits
#
# The experiment of the paper has $14 \times 14$ digits under the group $C_4$ of rotations by 90 degrees.
# Nines are left out, since a nine is a six upside down.
# There are 1,000 images, nine one-hot targets, and five hidden units, so $n = 196$, $m = 9$ and $r = 5$.
# We take the first 1,000 such images of the MNIST test set {cite:p}`lecun1998gradient`, which comes with the library, and test on the remaining ones, upright and in all four rotations.
#
# Before any training one can say where it should end.
# Pixels at the rim are dark in all images, so no covariance has full rank ({ref}`digit-targets`), and we take the optima of least norm.
# By {prf:ref}`prop-least-norm-optima` hard-wiring and augmentation still agree.
# The paper's strengths $\lambda$ = 0.001, 0.01 and 0.1 enter as $9\lambda$.

# %%
from learnsym.data import digits

images, labels = digits("mnist", "test", side=14)
images, labels = images[labels < 9].reshape(-1, 196), labels[labels < 9]
X, Y = images[:1000], np.eye(9)[labels[:1000]]
tested, answers = images[1000:], labels[1000:]
rho = representations.image(groups.image_rotations(14))
S, C = moments(X, Y)
maps = {"no symmetry": least_norm(S, C, np.eye(196), 5)}
for lam in (0.001, 0.01, 0.1):
    problem = recipes(S, C, rho, 9 * lam)
    maps[f"$\\lambda$ = {lam:g}"] = least_norm(*problem["regularised"], 5)
wired, augmented = (least_norm(*problem[k], 5) for k in ("hard-wired", "augmented"))
maps["hard-wired"] = wired
print("augmented equals hard-wired:", norm(wired - augmented) < 1e-6 * norm(wired))

# %%
turned = np.array([tested @ rho.matrix(g).T for g in rho.group.elements()])
correct = {
    name: [np.mean((Z @ W.T).argmax(-1) == answers) for Z in (tested, turned)]
    for name, W in maps.items()
}
table(
    ["optimum", "accuracy upright", "in all rotations"],
    [[name, f"{a:.3f}", f"{b:.3f}"] for name, (a, b) in correct.items()],
)

# %%
problems = {"no symmetry": (S, C, np.eye(196)), **recipes(S, C, rho, 0.09)}
fig, ax = plt.subplots()
for name, (A, C_A, B) in problems.items():
    best = [least_norm(A, C_A, B, r) for r in range(1, 10)]
    error = [np.trace(W @ A @ W.T) - 2 * np.sum(C_A * W) + 1 for W in best]
    size = 9 if name == "augmented" else 4
    ax.plot(range(1, 10), error, marker="o", markersize=size, label=name)
ax.set(xlabel="bound on the rank $r$", ylabel="best objective")
ax.legend()
figure(
    fig,
    "rank-and-error",
    title="The best objective for each bound on the rank",
    caption="Squared error of the optimum on 1,000 digits, with the penalty of the "
    "regularised one (the paper's 0.01). The large marks are the augmented ones.",
    alt="Four falling curves, the lowest without symmetry, then the regularised one. "
    "The other two coincide above them, and flatten after rank five.",
)

# %% [markdown]
# The hard-wired curve bends where the others go on.
# Nine classes are nine directions of the output, but turned digits are hard to tell apart linearly, and after about five directions little is left to gain.
#
# The invariant map pays for its symmetry: it recognises a digit equally well in all positions, about twice as often as a map without symmetry, and an upright one less often than a map that was fitted to upright digits alone.
# In between, a weak penalty helps even on upright digits, where it acts as a regulariser in the ordinary sense.
#
# Weights on pixels that are lit in a handful of images are hardly constrained, and become large.
# So the norm of $W$ says little about what the map does, and the figure shows each weight times the root mean square of its pixel.

# %% tags=["hide-input"]
shown = {name: maps[name] for name in ("no symmetry", "$\\lambda$ = 0.1", "hard-wired")}
S_bar = recipes(S, C, rho, 0)["augmented"][0]
fig, axes = plt.subplots(3, 5, figsize=(6, 3.9))
for line, (name, W) in zip(axes, shown.items()):
    sizes = np.sqrt(np.diag(S_bar if name == "hard-wired" else S))
    for digit, ax in enumerate(line):
        ax.imshow((W[digit] * sizes).reshape(14, 14), cmap="gray")
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
        if name == "no symmetry":
            ax.set_title(f"class {digit}", loc="center")
    line[0].set_ylabel(name)
figure(
    fig,
    "optimal-weight-images",
    title="Rows of three optima on digits",
    caption="Rows of the optimal maps of rank 5 for the classes 0 to 4. Each weight is multiplied by the root mean square of its "
    "pixel, over upright digits for the first two lines and over all rotations for the third. White is positive, black negative, "
    "and each image has its own grey scale. The rows of the hard-wired optimum, which is also the augmented one, look "
    "the same after a quarter turn.",
    alt="Three lines of five 14 by 14 grey images. Those without symmetry are speckled. Those with a penalty are smoother and "
    "nearly symmetric. The hard-wired ones have fourfold symmetry: a dark centre within a bright ring for class 0, a bright "
    "cross within a dark ring for class 1.",
)

# %% [markdown]
# ## Wide networks
#
# Appendix B.8 of the paper carries the idea over to two-layer networks of infinite width, with one output and a homogeneous activation $\sigma$.
# Trained on squares they predict by kernel regression, with the neural tangent kernel {cite:p}`jacot2018neural`
#
# $$
# K(x, x') = \mathbb{E}_w\big[\sigma'(w^\top x)\,\sigma'(w^\top x')\big]\, x^\top x' + \mathbb{E}_w\big[\sigma(w^\top x)\,\sigma(w^\top x')\big], \qquad w \sim \mathcal{N}(0, I) .
# $$
#
# For ReLU it has the closed form (61) of the paper:


# %%
def K(x, z):
    """The limiting kernel for ReLU, between the rows of x and of z."""
    sizes = np.outer(norm(x, axis=1), norm(z, axis=1))
    u, v = x / norm(x, axis=1)[:, None], z / norm(z, axis=1)[:, None]
    apart, along = (norm(u[:, None] + s * v, axis=2) for s in (-1, 1))
    theta = 2 * np.arctan2(apart, along)
    angles = np.sin(theta) + (np.pi - theta) * np.cos(theta)
    return (x @ z.T * (np.pi - theta) + sizes * angles) / (2 * np.pi)


# %% [markdown]
# ````{prf:proposition} Propositions B.10 and B.12 to B.14 of paper D
# :label: prop-augmented-kernel
# Let $\rho$ be a unitary representation of a finite group.
#
# 1. (B.10, corrected) If $\sigma$ and $\sigma'$ are square-integrable under the Gaussian, then $K$ is finite, and $K(\rho(g)x, \rho(g)x') = K(x, x')$.
# 2. (B.12, B.13) Regression with $K$ on the augmented data predicts what regression with the *augmented kernel* $K_G(x, x') = \frac{1}{\lvert G\rvert}\sum_g K(\rho(g)x, x')$ predicts on the data. The predictions are invariant.
# 3. (B.14) $K_G$ is the limiting kernel of the network that averages over the group, $f(x) = \frac{1}{\sqrt{h}}\sum_{j \le h} a_j \frac{1}{\lvert G\rvert}\sum_g \sigma(w_j^\top\rho(g)x)$.
# ````
#
# ````{prf:proof}
# *(1)* By Cauchy and Schwarz, $\mathbb{E}\lvert\sigma(u)\sigma(v)\rvert \le (\mathbb{E}\sigma(u)^2\, \mathbb{E}\sigma(v)^2)^{1/2}$. The distribution of $w$ does not change under orthogonal matrices.
# *(2)* By (1), $K$ on the augmented data has solutions $\beta_{i,g} = \beta_i$ that do not depend on $g$, and then $\sum_{i,g}\beta_i K(x, \rho(g)x_i) = \lvert G\rvert\sum_i\beta_i K_G(x, x_i)$. So $\alpha = \lvert G\rvert\beta$ solves the second problem. $K_G(\rho(h)x, x') = K_G(x, x')$ by renaming $g$.
# *(3)* The gradient of this network is the mean over $g$ of the gradients at $\rho(g)x$, so its kernel is the mean of $K(\rho(g)x, \rho(g')x')$ over both $g$ and $g'$. By (1) this is the mean over one of them.
# ````
#
# The paper asks in (1) that $\sigma$ and $\sigma'$ be integrable, and bounds $\mathbb{E}\lvert\sigma(u)\sigma(v)\rvert$ by $\mathbb{E}\lvert\sigma(u)\rvert\,\mathbb{E}\lvert\sigma(v)\rvert$.
# This bound fails for ReLU already, where at $u = v$ it compares $\tfrac12$ with $\tfrac{1}{2\pi}$.
# And $\sigma(u) = e^{u^2/4}$ and its derivative are integrable, while for unit vectors with $x^\top x' = t$ we get $\mathbb{E}\,\sigma\sigma = 2/\sqrt{1 - t^2}$: infinite at $x = x'$.

# %%
axes3 = representations.vector(groups.symmetric(3))
G = [axes3.matrix(g) for g in axes3.group.elements()]
x, x_new, y = rng.normal(size=(6, 3)), rng.normal(size=(20, 3)), rng.normal(size=6)
errors = [abs(K(x @ g.T, x_new @ g.T) - K(x, x_new)).max() for g in G]
theta = np.linspace(0, np.pi, 181)  # E sigma(u) sigma(v) for ReLU, at angle theta:
products = (np.sin(theta) + (np.pi - theta) * np.cos(theta)) / (2 * np.pi)

# %%
claim("D: Proposition B.10", "$K$ is invariant, and finite by the bound of (1).",
      [*errors, max(products) - 1 / 2], below=1e-9,
      published=max(products) - 1 / (2 * np.pi),
      correction="Integrable is not enough. The bound of the proof fails for ReLU.",
      details="Errors of invariance, excess over the bound; published: over that "
      "of the paper.")

# %% [markdown]
# The group of the example exchanges the three axes of space.
# (With $x \mapsto -x$ in the group, the matrix of $K$ on the augmented data is singular: for ReLU, $K(x, \cdot) - K(-x, \cdot)$ is linear.)
# For (3) we take a network of finite width as it is, with weights $w_j$ that come with all their images $\rho(g)w_j$, and compute its kernel from its gradients.


# %%
def K_G(x, z):
    """The augmented kernel."""
    return np.mean([K(x @ g.T, z) for g in G], axis=0)


x_all, y_all = np.vstack([x @ g.T for g in G]), np.tile(y, len(G))
by_data = K(x_new, x_all) @ np.linalg.solve(K(x_all, x_all), y_all)
by_kernel = K_G(x_new, x) @ np.linalg.solve(K_G(x, x), y)
turned = K_G(x_new @ G[1].T, x) @ np.linalg.solve(K_G(x, x), y)

# %%
drawn = rng.normal(size=(40, 3))
w = np.vstack([drawn @ g.T for g in G])


def gradients(x, average):
    """Gradients of the network by a (all 1) and w."""
    images = [x @ g.T for g in G] if average else [x]
    by_a = np.mean([np.maximum(z @ w.T, 0) for z in images], axis=0)
    by_w = np.mean([(z @ w.T > 0)[:, :, None] * z[:, None] for z in images], axis=0)
    return np.hstack([by_a, by_w.reshape(len(x), -1)]) / np.sqrt(len(w))


convolution = gradients(x, True) @ gradients(x_new, True).T
augmented = np.mean(
    [gradients(x @ g.T, False) @ gradients(x_new, False).T for g in G], axis=0
)

# %%
claim("D: Propositions B.12 to B.14",
      "Augmented data, augmented kernel and group convolution predict alike, "
      "invariantly.",
      [norm(by_data - by_kernel), norm(turned - by_kernel),
       norm(convolution - augmented)],
      below=1e-9)

# %% [markdown]
# ## What to take away
#
# * Hard-wiring, augmentation and regularisation lead to the same kind of problem: approximate a target matrix by one of bounded rank. Fit first, truncate afterwards.
# * Augmentation by the whole group ends where hard-wiring does, for every representation and every bound on the rank, if the augmented data have full rank. The reason is convexity, not orthogonality. For equivariant maps a bound on the rank can break it.
# * Hard-wiring and regularisation need data on the invariant features only. Augmentation may need more, but never more than plain least squares.
# * On data that leave directions unseen, as digits do, ask which of the many optima is meant, and measure maps by what they do to data.

# %% tags=["hide-input", "nbval-ignore-output"]
footer(scale, seed)
