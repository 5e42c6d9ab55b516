# %% [markdown]
# (induced-equivariance)=
# # Vector labels: regression learns to be equivariant
#
# A segmentation network that sees a rotated image should return a rotated mask.
# Its labels are not constant along an orbit; they move with the input.
# {cite:t}`gideoni2023implicitly` extends the theorem on [invariant regression](induced-invariance) to this case.
# A linear map $W$ is trained on data whose labels move with the group, and the part of $W$ that does not commute with the group decays.
#
# **What we find.**
#
# * The theorem holds, and [more generally than stated](#claim-a-theorem-4-2-3): the group may act differently on inputs and outputs, and the number of outputs need not equal the number of inputs.
# * Orthogonality makes the two parts evolve separately; [the limit is equivariant without it](#claim-a-corollary-4-3).
# * Two assumptions of the paper, one of which looks weaker, [are the same](#claim-assumptions-three-and-five-agree).
# * The two-by-two example is reproduced. Its two asymmetric components are not independent of each other, and [the smallest eigenvalue](#claim-a-figure-4a) sets the slope in the end.

# %% tags=["parameters"]
scale = "book"
seed = 0

# %%
import matplotlib.pyplot as plt
import numpy as np
from scipy.integrate import solve_ivp
from scipy.linalg import expm

from learnsym import gallery, groups, representations
from learnsym.equivariant import EquivariantMaps
from learnsym.publish import COLORS, MARKERS, claim, figure, footer, table, use_style
from learnsym.regression import QuadraticLoss, augment, stabiliser_sizes
from learnsym.regression import symmetrised_gram

use_style()
rng = np.random.default_rng(seed)
draws = {"smoke": 1, "book": 5, "paper": 20}[scale]  # data sets of a kind

# %% [markdown]
# ## The setting
#
# A predictor is a matrix $W$ of shape (outputs, inputs), $f_W(x) = Wx$.
# The data are points $x_i$ with vector labels $y_i$, the rows of $X$ and $Y$, and training minimises $\tfrac12 \lVert Y - XW^\top\rVert^2$ by gradient flow.
# The group acts on inputs by $\rho_{\text{in}}$ and on labels by $\rho_{\text{out}}$.
# The paper replaces two of its assumptions:
#
# 4. with $(x, y)$ the data contain $(\rho_{\text{in}}(g)x, \rho_{\text{out}}(g)y)$ for every $g$ (before: whole orbits, each with one label);
# 5. the group is orthogonal (before: with every matrix, the group contains its transpose).
#
# It takes $\rho_{\text{in}} = \rho_{\text{out}}$, writes points as rows, and so has $W^\top$ where we have $W$.
#
# Keep one pair per orbit in $X$ and $Y$.
# Two matrices describe the data,
#
# $$
# K_G = \sum_g \rho_{\text{in}}(g) X^\top X \rho_{\text{in}}(g)^\top, \qquad
# C_G = \sum_g \rho_{\text{out}}(g) Y^\top X \rho_{\text{in}}(g)^\top .
# $$ (eq-kg-cg)
#
# The first is the $K_G$ of the chapter before.


# %%
def moments(X, Y, case):
    """K_G, shape (inputs, inputs), and C_G, shape (outputs, inputs)."""
    K = symmetrised_gram(X, case.rho_in)
    moved = augment(Y, case.rho_out), augment(X, case.rho_in)
    return K, np.einsum("gni,gnj->ij", *moved)


# %% [markdown]
# The maps that commute with the group form the space $\mathcal{E}$ of [equivariant maps](equivariant-maps).
# Split $W = W_r + W_k$ with $W_r \in \mathcal{E}$ and $W_k \in \mathcal{E}^\perp$.
# For $\rho_{\text{in}} = \rho_{\text{out}}$ the paper calls $\mathcal{E}$ the space $V_G$ of matrices that commute with the group.


# %%
def split(W, case):
    """W_r and W_k of maps W, shape (..., outputs, inputs)."""
    W_r = EquivariantMaps(case.rho_in, case.rho_out).project(W)
    return W_r, W - W_r


swap = gallery.find("S2, swap of two coordinates")
W_r, W_k = split(np.array([[1.0, 2.0], [3.0, 4.0]]), swap)
print(W_r, W_k, sep="\n")

# %% [markdown]
# ## The loss as a sum over the group
#
# ````{prf:proposition} Corollary 4.1 of paper A, corrected
# :label: prop-vector-orbit-sum
# Under Assumption 4 the loss over the set of distinct data is
# $\tfrac12 \sum_g \sum_i \frac{1}{\lvert\operatorname{Stab}(x_i, y_i)\rvert} \lVert \rho_{\text{out}}(g) y_i - W \rho_{\text{in}}(g) x_i \rVert^2$,
# where $\operatorname{Stab}(x, y)$ is the set of group elements that fix both the point and its label.
# ````
#
# The correction is the one of {prf:ref}`prop-orbit-sum`: a pair $(x, y)$ that some group elements leave in place is counted repeatedly without it.
# The paper also attributes the rewriting to Assumption 5, orthogonality; Assumption 4 is what it needs.
#
# A pair is a point of $\rho_{\text{in}} \oplus \rho_{\text{out}}$.
# We compare with a sum that knows no group elements, only distinct pairs, on pairs with entries 0 and 1, of which many have stabilisers.


# %%
def errors(pairs, W):
    """Half the squared error of each pair (x, y), the last axis of pairs."""
    x, y = np.split(pairs, [W.shape[1]], axis=-1)
    return 0.5 * ((y - x @ W.T) ** 2).sum(axis=-1)


# %%
corrected, published = [], []
for case in gallery.cases() * draws:
    both = representations.direct_sum(case.rho_in, case.rho_out)
    pairs = rng.integers(0, 2, (3, both.dimension)).astype(float)
    W = rng.normal(size=(case.rho_out.dimension, case.rho_in.dimension))
    orbits = augment(pairs, both)
    true = 0
    for orbit in orbits.swapaxes(0, 1):
        once = np.unique(orbit.round(9), axis=0, return_index=True)[1]
        true += errors(orbit[once], W).sum()
    corrected.append((errors(orbits, W) / stabiliser_sizes(pairs, both)).sum() / true)
    published.append(errors(orbits, W).sum() / true)

# %%
claim("A: Corollary 4.1",
      "In the sum over $G$ an orbit has weight $1/\\lvert\\mathrm{Stab}(x, y)\\rvert$.",
      corrected, equals=1, within=1e-12, published=max(published),
      correction="The published sum counts a pair once per element that fixes it.",
      details="Sum over $G$ divided by the loss, all of the gallery, oblique groups "
              "too; published: the largest unweighted.")

# %% [markdown]
# Nothing below depends on the difference.
#
# ## The theorem
#
# ````{prf:theorem} Theorem 4.2 of paper A
# :label: thm-induced-equivariance
# Let the data be the list of all pairs $(\rho_{\text{in}}(g)x_i, \rho_{\text{out}}(g)y_i)$, $g \in G$.
# (A pair with a stabiliser appears repeatedly in it. For the set of distinct pairs, weight row $i$ of $X$ and $Y$ by $\lvert\operatorname{Stab}(x_i, y_i)\rvert^{-1/2}$.)
#
# 1. Gradient flow follows $W(t) = W(0)\,e^{-K_G t} + C_G K_G^{+}\left(I - e^{-K_G t}\right)$.
# 2. If the representations are orthogonal, $W_r$ and $W_k$ evolve independently of each other.
# 3. If the representations are orthogonal, $W_k(t) = W_k(0)\,e^{-K_G t}$, whatever the labels. If $K_G$ is positive definite, $W_k$ decays exponentially.
# ````
#
# ````{prf:proof}
# The velocity is $C_G - W K_G$, which gives (1).
# By construction $C_G\,\rho_{\text{in}}(g)^{-\top} = \rho_{\text{out}}(g)\,C_G$, and for orthogonal representations this says $C_G \in \mathcal{E}$.
# For the same reason $K_G$ commutes with $\rho_{\text{in}}$, so $W \mapsto W K_G$ maps $\mathcal{E}$ to itself.
# It is a symmetric map in the Frobenius inner product, since $K_G$ is a symmetric matrix, so it maps $\mathcal{E}^\perp$ to itself too.
# The velocity of $W_r$ is therefore $C_G - W_r K_G$, and that of $W_k$ is $-W_k K_G$.
# ````
#
# The rows of $W$ evolve by themselves, so the closed form of the chapter before serves each of them; `QuadraticLoss` of {doc}`the library <../library>` holds it.
# The smallest example is the swap of two coordinates with a single pair, $x = (1, 2)$ and $y = (0, 3)$.

# %%
K, C = moments(np.array([[1.0, 2.0]]), np.array([[0.0, 3.0]]), swap)
print(K, C, sep="\n")
flow = QuadraticLoss(K, C).flow([[1, 0], [0, 0]], [0, 0.1, 1, 10])
print(flow.round(3) + 0.0)

# %% [markdown]
# The start has no symmetry.
# At the end both diagonal entries are 2, both others $-1$: the map commutes with the swap and takes $(1, 2)$ to $(0, 3)$.
#
# Now every pair of representations in the gallery, with one orbit and with twenty.
# The proof never uses $\rho_{\text{in}} = \rho_{\text{out}}$, so maps that are not square take part, and part 1 needs no orthogonality.
# What we compare with is an ODE solver, which sees all pairs and not the formula.


# %%
def everything(X, Y, case):
    """Rows and labels of the whole data set."""
    moved = augment(X, case.rho_in), augment(Y, case.rho_out)
    return np.concatenate(moved[0]), np.concatenate(moved[1])


def problem(case, n):
    """n random pairs and a start; the fastest rate is 1."""
    inputs, outputs = case.rho_in.dimension, case.rho_out.dimension
    X, Y = rng.normal(size=(n, inputs)), rng.normal(size=(n, outputs))
    X /= np.sqrt(np.linalg.norm(symmetrised_gram(X, case.rho_in), 2))
    return X, Y, rng.normal(size=(outputs, inputs))


# %%
def solve(X, Y, W0, case, t):
    """Gradient flow over all pairs by a Runge-Kutta method."""
    rows, labels = everything(X, Y, case)

    def slope(_, w):
        return ((labels - rows @ w.reshape(W0.shape).T).T @ rows).ravel()

    how = {"t_eval": t, "method": "DOP853", "rtol": 1e-11, "atol": 1e-12}
    return solve_ivp(slope, (0, t[-1]), W0.ravel(), **how).y.T.reshape(-1, *W0.shape)


# %%
t, gaps = [0, 0.3, 1, 3], []
for case in gallery.cases() * draws:
    for n in (1, 20):
        X, Y, W0 = problem(case, n)
        expected = solve(X, Y, W0, case, t)
        found = QuadraticLoss(*moments(X, Y, case)).flow(W0, t)
        gaps.append(abs(found - expected).max() / abs(expected).max())
claim("A: Theorem 4.2.1", "The closed form holds with $K_G$ and $C_G$.", gaps,
      below=1e-8,
      details="All of the gallery, oblique groups and maps that are not square too; "
              "one and 20 orbits.")

# %% [markdown]
# For the other two parts, three starts differ in one part only, and the labels change once.


# %%
def influences(case, n=20):
    """Of W_r on W_k, W_k on W_r and labels on W_k; and the gap in part 3."""
    X, Y, W0 = problem(case, n)
    K, C = moments(X, Y, case)
    kicks = split(rng.normal(size=W0.shape), case)
    W = QuadraticLoss(K, C).flow([W0, W0 + kicks[0], W0 + kicks[1]], t)
    other = QuadraticLoss(*moments(X, rng.normal(size=Y.shape), case)).flow(W0, t)
    W_r, W_k = split(W, case)
    decay = [split(W0, case)[1] @ expm(-K * s) for s in t]
    gaps = [W_k[:, 1] - W_k[:, 0], W_r[:, 2] - W_r[:, 0],
            split(other, case)[1] - W_k[:, 0], decay - W_k[:, 0]]
    return [abs(gap).max() for gap in gaps]


# %%
sweep = gallery.orthogonal_cases()
found = np.array([influences(case, n) for case in sweep for n in [1, 20] * draws])
claim("A: Theorem 4.2.2", "Neither part of $W$ reaches the other.", found[:, :2],
      below=1e-12,
      details="Change of one part when the other starts elsewhere, all orthogonal "
              "groups.")
claim("A: Theorem 4.2.3", "$W_k(t) = W_k(0)e^{-K_G t}$, whatever the labels.",
      found[:, 2:], below=1e-12,
      details="The same groups and maps, square or not, one and 20 orbits.")

# %% [markdown]
# (limit-without-orthogonality)=
# ### The limit
#
# If $K_G$ is positive definite, the limit of gradient flow is $C_G K_G^{-1}$.
# Reordering the sums {eq}`eq-kg-cg` gives $\rho_{\text{out}}(g)\, C_G = C_G\, \rho_{\text{in}}(g)^{-\top}$ and $\rho_{\text{in}}(g)\, K_G\, \rho_{\text{in}}(g)^\top = K_G$.
# Hence
#
# $$
# \rho_{\text{out}}(g)\, C_G K_G^{-1} = C_G\, \rho_{\text{in}}(g)^{-\top} K_G^{-1} = C_G K_G^{-1} \rho_{\text{in}}(g) .
# $$
#
# This is Corollary 4.3, and it needs no orthogonality.
# (The loss itself need not be symmetric: an oblique $\rho_{\text{out}}$ changes the length of residuals.
# Its minimiser does not depend on how residuals are measured.)


# %%
def defect(W, case):
    """Largest entry of rho_out(g) W - W rho_in(g) over the group."""
    return max(
        abs(case.rho_out.matrix(g) @ W - W @ case.rho_in.matrix(g)).max()
        for g in case.rho_in.group.elements()
    )


# %%
cases = [(case, *problem(case, n)) for case in gallery.cases() for n in [1, 20] * draws]
losses = [QuadraticLoss(*moments(X, Y, case)) for case, X, Y, _ in cases]
definite = [loss.eigenvalues[0] > 1e-9 for loss in losses]
ends = [defect(loss.limit(W0), case) for loss, (case, *_, W0) in zip(losses, cases)]
print(f"K_G is definite in {sum(definite)} of {len(cases)} problems")
claim("A: Corollary 4.3", "If $K_G$ is definite, training ends at an equivariant map.",
      np.array(ends)[definite], below=1e-8,
      details="All of the gallery, oblique groups too, one and 20 orbits.")

# %% [markdown]
# ### Breaking the theorem: a direction without data, a label that stays
#
# With the single point $(1, 1)$ the swap adds nothing, $K_G$ has rank one, and one of the two dimensions of $W_k$ stays for ever.
# And if one label does not move when its point does, $C_G$ is not in $\mathcal{E}$, and $W_k$ ends elsewhere than at zero.

# %%
x, lone = [[1, 2], [2, 1], [1, 0], [0, 1]], [[1, 1]]
data = {
    "whole orbits": (x, [[0, 3], [3, 0], [1, 1], [1, 1]]),
    "a label that stays": (x, [[0, 3], [0, 3], [1, 1], [1, 1]]),
    "one point": (lone, lone),
}
for name, (rows, labels) in data.items():
    W = QuadraticLoss.from_data(rows, labels).limit(np.diag([2, 0]))
    print(f"{name:18}", *np.round(W, 2).tolist(), f"defect {defect(W, swap):.2f}")

# %% [markdown]
# ### Breaking the theorem: a group that is not orthogonal
#
# The limit does not care about orthogonality; the way to it does.
# Gradient flow uses the Frobenius inner product, and only orthogonal groups preserve that.
# Under an oblique group, each part can drive the other, and labels can push $W_k$ away from zero before it returns.

# %%
print(f"{'largest influence of':34} W_r on W_k, W_k on W_r, labels on W_k")
for case in gallery.oblique_cases():
    r_on_k, k_on_r, labels_on_k, _ = influences(case)
    print(f"{case.name:34} {r_on_k:10.2f} {k_on_r:11.2f} {labels_on_k:14.2f}")

# %% [markdown]
# (In {ref}`induced-invariance` labels never enter $w_k$ directly, even under an oblique group.
# There $w_k$ lies in $\ker\mathcal{R}^\top$, here $W_k$ lies in $\mathcal{E}^\perp$. For an oblique group these are different splits; for an orthogonal one they agree.)
#
# ## Two assumptions that are one
#
# For vector labels the paper assumes that the group is orthogonal (Assumption 5).
# For single labels it asks for something that looks weaker: with every $\rho(g)$, its transpose belongs to the group as well (Assumption 3).
#
# ````{prf:proposition} Assumptions 3 and 5 of paper A
# :label: prop-assumptions
# For a finite group of matrices, Assumption 3 and orthogonality are equivalent.
# ````
#
# ````{prf:proof}
# The transpose of an orthogonal matrix is its inverse, which belongs to the group.
# Conversely, let $\rho(g)^\top$ belong to the group. Then so does $\rho(g)\rho(g)^\top$, which therefore has finite order. It is symmetric and positive definite, so its eigenvalues are positive numbers of which some power is 1. They are all 1, and $\rho(g)\rho(g)^\top = I$.
# ````


# %%
def matrices(rho):
    """All rho(g), shape (|G|, d, d)."""
    return np.array([rho.matrix(g) for g in rho.group.elements()])


# %%
transposed, orthogonal = [], []
for M in [matrices(case.rho_in) for case in gallery.cases()]:
    distances = abs(M[:, None] - M.mT).max(axis=(2, 3))
    transposed.append(distances.min(axis=0).max() < 1e-9)
    orthogonal.append(abs(M @ M.mT - np.eye(M.shape[1])).max() < 1e-9)
counts = [len(transposed), sum(transposed), sum(orthogonal)]
table(["groups", "transposes belong", "orthogonal"], [counts])
claim("beyond: A, Theorem 4.2.2",
      "A finite group contains its transposes exactly if it is orthogonal.",
      np.equal(transposed, orthogonal), id="assumptions-three-and-five-agree",
      details="All of the gallery, oblique groups too.")

# %% [markdown]
# The proofs of the paper write the gradient for single labels in two ways, which differ by a transpose: in our notation $\sum_g \rho(g) X^\top (X \rho(g)^\top w - y)$ (its Eq. 7), and the same with $\rho(g)$ and $\rho(g)^\top$ exchanged (its Eq. 6).
# Under either assumption they agree, since the sum runs over the whole group.
# Without one, only Eq. 7 is the gradient; central differences, exact for a quadratic loss, say so.


# %%
def gradient_gaps(rho):
    """Relative distance of Eq. 7 and of Eq. 6 from the slope of the loss."""
    M, d = matrices(rho), rho.dimension
    X, y, w = rng.normal(size=(5, d)), rng.normal(size=5), rng.normal(size=d)

    def loss(w):
        return 0.5 * ((y - X @ M.mT @ w) ** 2).sum()

    slope = np.array([loss(w + e) - loss(w - e) for e in np.eye(d) / 2])
    seventh = sum(g @ X.T @ (X @ g.T @ w - y) for g in M)
    sixth = sum(g.T @ X.T @ (X @ g @ w - y) for g in M)
    size = np.linalg.norm(slope)
    return np.linalg.norm([seventh - slope, sixth - slope], axis=1) / size


# %%
upright = [gradient_gaps(case.rho_in) for case in gallery.orthogonal_cases()]
print("orthogonal groups: both are the gradient", np.max(upright) < 1e-9)
for case in gallery.oblique_cases():
    seventh, sixth = gradient_gaps(case.rho_in)
    print(f"{case.name:34} Eq. 7 exact: {seventh < 1e-9}, Eq. 6 off by {sixth:.0%}")

# %% [markdown]
# ## The published example and figure
#
# Points $(x, y)$ have the labels $(y^2, x^2)$, and the group swaps the two coordinates of points and labels.
# The weights are two-by-two matrices $\left(\begin{smallmatrix} w_{11} & w_{12} \\ w_{21} & w_{22}\end{smallmatrix}\right)$.
# A matrix commutes with the swap if $w_{11} = w_{22}$ and $w_{12} = w_{21}$.
# So there are two symmetric components, $(w_{11}+w_{22})/2$ and $(w_{12}+w_{21})/2$, and two asymmetric ones, $(w_{11}-w_{22})/2$ and $(w_{12}-w_{21})/2$.


# %%
def components(W):
    """The two symmetric and the two asymmetric ones, shape (..., 4)."""
    (a, b), (c, d) = np.moveaxis(W, (-2, -1), (0, 1))
    return np.stack([a + d, b + c, a - d, b - c], axis=-1) / 2


# %% [markdown]
# The *asymmetry loss* of a map $f$ is the mean over $x$ of $\lVert f(x) - \frac{1}{|G|}\sum_g \rho_{\text{out}}(g)^{-1} f(\rho_{\text{in}}(g)x)\rVert$.
# For orthogonal groups, and so for the swap, the average over the group is $W_r$, and the loss is the mean of $\lVert W_k x\rVert$.
#
# The paper states neither range nor distribution nor number of the points; we draw 50 uniformly from the unit square and add their mirror images.
# Fifty models start from random weights and take real steps on the mean squared error, as in the chapter before.


# %%
def descend(X, Y, W, eta, steps):
    """Weights before and after each step, shape (steps + 1, *W.shape)."""
    path = [W]
    for _ in range(steps):
        W = W - eta / len(X) * (W @ X.T - Y.T) @ X
        path.append(W)
    return np.array(path)


# %%
eta = 0.1
X = np.concatenate(augment(rng.uniform(0, 1, (50, 2)), swap.rho_in))
Y = X[:, ::-1] ** 2
path = descend(X, Y, rng.normal(size=(50, 2, 2)), eta, 1300)
losses = np.linalg.norm(split(path, swap)[1] @ X.T, axis=-2).mean(axis=-1)

# %% [markdown]
# The asymmetric components are two numbers, and they do not feel the symmetric ones.
# They do feel each other.
# With the mean Gram matrix $K = X^\top X / N = \left(\begin{smallmatrix} a & b \\ b & a\end{smallmatrix}\right)$ their sum and their difference decay, at the rates $a + b$ and $a - b$ of gradient flow.
# The slower of the two wins.
# For points in the unit square $b > 0$, so the slower rate is $a - b = \lambda_{\min}(K)$, and $-\ln(1 - \eta\lambda)/\eta$ for real steps.

# %%
K = X.T @ X / len(X)
slow, fast = -np.log(1 - eta * np.linalg.eigvalsh(K)) / eta
print(f"rates {slow:.3f} and {fast:.3f}; velocity of a component that is 1 alone:")
print(components(-np.diag([1, -1]) @ K).round(3) + 0.0)
late = slice(800, 1200)
slopes = -np.log(losses[late.stop] / losses[late.start]) / (eta * 400)
claim("A: Figure 4a", "In the end every model's asymmetry falls at the slower rate.",
      slopes / slow, equals=1, within=1e-6,
      details="Measured over predicted rate, steps 800 to 1,200 of 50 models.")

# %% [markdown]
# For panels (b) and (c), three models share the asymmetric components, or the symmetric ones.

# %%
W_r, W_k = split(rng.normal(size=(3, 2, 2)), swap)
same_k = components(descend(X, Y, W_r + W_k[0], eta, 600))
same_r = components(descend(X, Y, W_r[0] + W_k, eta, 600))
k, r = np.ptp(same_k[..., 2:], axis=1), np.ptp(same_r[..., :2], axis=1)
claim("A: Figure 4b", "Models with one $W_k(0)$ keep one $W_k$.", k, below=1e-12)
claim("A: Figure 4c", "Models with one $W_r(0)$ keep one $W_r$.", r, below=1e-12)

# %% tags=["hide-input"]
names = ("$(w_{11}+w_{22})/2$", "$(w_{12}+w_{21})/2$", "$(w_{11}-w_{22})/2$", "$(w_{12}-w_{21})/2$")
styles = ("-", (0, (7, 1.6, 1.4, 1.6)), "--", ":")
fig, axes = plt.subplots(1, 3, figsize=(9.6, 3.9))
axes[0].semilogy(
    np.arange(0, 1301, 10), losses[::10], color=COLORS[0], linestyle="-", linewidth=0.7, alpha=0.6
)
axes[0].set(title="(a) asymmetry loss", xlabel="step")
steps = np.arange(0, 601, 6)
for ax, parts, title in (
    (axes[1], same_k, "(b) same initial $W_k$"),
    (axes[2], same_r, "(c) same initial $W_r$"),
):
    for k, name in enumerate(names):
        color = COLORS[1] if k < 2 else COLORS[0]
        lines = ax.plot(steps, parts[::6, :, k], color=color, linestyle=styles[k])
        lines[0].set_label(name)
    ax.set(title=title, xlabel="step")
handles, labels = axes[2].get_legend_handles_labels()
fig.legend(handles, labels, loc="outside lower center", ncols=4)
figure(
    fig,
    "swap-asymmetry",
    title="Asymmetry of two-by-two weights under a swap",
    caption="Figure 4 of paper A, recomputed. (a) The asymmetry loss of 50 models falls; in the end all fall at the same "
    "rate. (b) Three models with the same initial asymmetric components (dashed, dotted) and different symmetric ones "
    "(solid, dash-dotted): each asymmetric component follows one curve. (c) Three models with the same symmetric "
    "components: each symmetric component follows one curve.",
    alt="Three panels. In the first, fifty lines fall on a logarithmic axis, steeply at first and then in parallel. In the "
    "second, two dark curves tend to zero while three pairs of light curves converge to two values. In the third, two light "
    "curves are shared while three pairs of dark curves tend to zero.",
)

# %% [markdown]
# ## Larger groups
#
# Two by two is not special.
# We train maps by the same steps under three more groups: rotations of three-by-three images, relabelling of graphs with four nodes, and permutations of three coordinates with a map that is not square.
# The prediction is one rate per eigenvector $v$ of $K_G$.
# With the mean squared error over $N$ rows in all, and the eigenvalue $\lambda$ of $K_G/N$, the length of $W_k v$ decays at the rate $-\ln(1 - \eta\lambda)/\eta$, for every output at once.
# We follow it from the start to the last step at which it is above $10^{-6}$ of its start.


# %%
def trained_rates(case, steps=400):
    """Predicted and measured decay rate of W_k along each eigenvector of K_G."""
    X, Y, W0 = problem(case, 12)
    rows, labels = everything(X, Y, case)
    lam, V = np.linalg.eigh(rows.T @ rows / len(rows))
    eta = 0.5 / lam[-1]
    W_k = split(descend(rows, labels, W0, eta, steps), case)[1]
    sizes = np.linalg.norm(W_k @ V, axis=1)
    last = (sizes > 1e-6 * sizes[0]).sum(axis=0) - 1
    end = sizes[last, np.arange(len(lam))]
    return -np.log(1 - eta * lam) / eta, -np.log(end / sizes[0]) / (eta * last)


# %%
turns = representations.image(groups.image_rotations(3))
chosen = [gallery.Case("C4, 3x3 images", turns, turns)]
chosen += [gallery.find("S4, graphs to graphs")]
chosen += [gallery.find("S3, vector to vector and trivial")]
rates = {case.name: trained_rates(case) for case in chosen}
ratios = np.concatenate([found / expected for expected, found in rates.values()])
agree = abs(ratios - 1).max() <= 1e-6
print(f"{len(ratios)} eigenvectors, measured over predicted within 1e-6 of 1: {agree}")

# %%
fig, ax = plt.subplots(figsize=(5.4, 4.2))
every = np.concatenate([predicted for predicted, _ in rates.values()])
ends = [every.min() / 1.3, every.max() * 1.3]
ax.loglog(ends, ends, color="#777777", linestyle="-", linewidth=1, label="equal")
for k, (name, found) in enumerate(rates.items()):
    ax.loglog(*found, MARKERS[k], color=COLORS[k], markerfacecolor="none", label=name)
ax.set(xlabel="predicted rate per unit time", ylabel="measured rate per unit time")
ax.minorticks_off()
ax.set_xticks([0.002, 0.005, 0.01, 0.02], ["0.002", "0.005", "0.01", "0.02"])
ax.set_yticks([0.002, 0.005, 0.01, 0.02], ["0.002", "0.005", "0.01", "0.02"])
ax.legend(loc="lower right")
figure(
    fig,
    "equivariance-rates",
    title="Predicted and measured decay of the non-equivariant part",
    caption="Each mark is an eigenvector of $K_G$. The rate at which $W_k$ decays "
    "along it in real gradient descent equals the predicted one. Eigenvectors of one "
    "irreducible representation share their rate, so marks coincide.",
    alt="Scatter plot of measured against predicted rates on logarithmic axes. "
    "Circles, squares and triangles for the three groups all lie on the diagonal.",
    width="70%",
)

# %% [markdown]
# ## What the paper left open or got wrong
#
# * Its sum over the group counts pairs with a stabiliser several times ({prf:ref}`prop-vector-orbit-sum`), and does not rest on orthogonality.
# * Its proof never uses that inputs and outputs carry the same representation; Corollary 4.3 needs no Assumption 5.
# * Assumption 5 is no stronger than Assumption 3 ({prf:ref}`prop-assumptions`). Its Eq. 6 needs its $g$ and $g^\top$ exchanged, which either assumption makes harmless.
# * Its proof defines $g = g'\tilde g$ where $\tilde g = g g'$ is meant, and $V^\top \in V_G$ where $C^\top \in V_G$ is.
# * The two asymmetric components of its figure drive each other, so the decay has two rates, and is one exponential only in the end.
#
# ## What to take away
#
# * What holds for invariance holds for equivariance: the part that does not commute with the group decays exponentially, at rates that the inputs fix.
# * The limit is equivariant because the minimiser of least squares moves with the data. Only the road to it depends on the inner product, and so on orthogonality.
# * $W_k$ is a sum of exponentials. The slope of the asymmetry loss in a plot is the slowest of their rates once the faster ones are gone.

# %% tags=["hide-input", "nbval-ignore-output"]
footer(scale, seed)
