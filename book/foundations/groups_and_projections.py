# %% [markdown]
# (groups-and-projections)=
# # Groups, averages and equivariant maps
#
# Turn a handwritten 7 by ninety degrees and it is still a 7.
# Number the nodes of a graph differently and it is still the same graph.
# Such changes form a *group*, and a model that respects them is *equivariant*.
#
# The four papers of this book ask what happens when a model is not told the group and must find it in its data.
# To answer, most of them split a space of weights into two parts: the part that respects the group, and the rest.
# **How do you compute that split, and what does it need?**
# This chapter answers in short code, and checks the lemmas of {cite:t}`nordenfors2023optimization` (paper B) on which the split rests.
# It needs linear algebra and nothing else.
#
# **What we found.**
#
# * Equivariant maps are the maps that the group fixes, [whatever the matrices](claim-b-lemma-1).
# * The average over the group is the orthogonal projection onto them [if the group acts by orthogonal matrices](claim-b-lemma-2). If it does not, the average is [off by 17 to 85 per cent](claim-projection-needs-orthogonality) in our examples.
# * An averaged bilinear form, such as a Hessian, [is block diagonal](claim-b-lemma-6): the two parts do not mix.
# * Counting fixed points [counts equivariant maps](claim-dimension-formula).
# * There are [few of them](claim-dimensions-of-the-book): 15 of 10,000 for graphs on ten nodes, 51 of 38,416 for small images.

# %% tags=["parameters"]
scale = "book"
seed = 0

# %%
from math import comb, factorial

import matplotlib.pyplot as plt
import numpy as np
from scipy.linalg import null_space
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from learnsym.publish import claim, figure, footer, frame, table, use_style

use_style()
rng = np.random.default_rng(seed)

# %% [markdown]
# ## Groups that act
#
# A **group** $G$ is a set of changes that can be composed and undone.
# It contains the change that does nothing, $e$; with $g$ and $h$ it contains "first $h$, then $g$", written $gh$; and every $g$ has an inverse $g^{-1}$.
# This book uses finite groups, and writes $|G|$ for the number of elements.
#
# A permutation $g$ of $n$ points is an array: point $i$ goes to place $g[i]$. First $h$, then $g$, is `g[h]`.
# A few permutations **generate** a group: multiply until nothing new comes.
# A turn and a flip of a square, whose corners are numbered 0 to 3 around it, make eight elements:


# %%
def generate(generators):
    """All products of permutations, the identity first; shape (|G|, n)."""
    found = [tuple(range(len(generators[0])))]
    for g in found:  # the list grows while it is read
        for s in generators:
            product = tuple(s[i] for i in g)  # first g, then s
            if product not in found:
                found.append(product)
    return np.array(found)


turn, flip = [1, 2, 3, 0], [3, 2, 1, 0]
G = generate([turn, flip])
print(G.T)

# %% [markdown]
# (Each column is one element.)
# A group acts on data through a **representation** $\rho$.
# It assigns to each $g$ an invertible matrix $\rho(g)$ such that
#
# $$
# \rho(gh) = \rho(g)\,\rho(h) \qquad \text{for all } g, h \in G,
# $$
#
# and acts on a data point by $x \mapsto \rho(g)x$.
# For permutations the matrix moves entry $i$ of $x$ to place $g[i]$.
#
# The **orbit** of $x$ is the set of all $\rho(g)x$.
# The **stabiliser** $\operatorname{Stab}(x)$ holds the elements that leave $x$ where it is.
# The more of them, the smaller the orbit: the two sizes multiply to $|G|$.
# The code checks the equation above for all $g$ and $h$, then counts for four ways to colour the corners of the square:


# %%
def rho(g):
    """The permutation matrix of g."""
    return np.eye(len(g))[:, g]


print(all(np.array_equal(rho(g[h]), rho(g) @ rho(h)) for g in G for h in G))
for x in np.array([[1, 1, 1, 1], [1, 0, 1, 0], [1, 0, 0, 0], [1, 2, 3, 4]]):
    images = np.array([rho(g) @ x for g in G])
    stab = G[(images == x).all(axis=1)]
    print(x, "|orbit|", len(np.unique(images, axis=0)), "|Stab|", len(stab))

# %% [markdown]
# An image with $14 \times 14$ pixels is a vector in $\mathbb{R}^{196}$.
# A quarter turn (counter-clockwise, as `np.rot90` does it) moves pixels, so it is a permutation of 196 points, and generates a group of four: $C_4$.
# The orbit of a digit is drawn by a few lines:

# %%
from learnsym.data import digits

digit = digits("mnist", "test", size=1, side=14)[0].ravel()
pixels = np.arange(196).reshape(14, 14)
quarter = np.argsort(np.rot90(pixels).ravel())
C4 = generate([quarter])
orbit = np.array([rho(g) @ digit for g in C4])


def image_grid(vectors, titles, columns=4, inches=1.35, **limits):
    """Square images in rows, one title each."""
    rows, side = len(vectors) // columns, round(vectors[0].size ** 0.5)
    size = (columns * inches, rows * (inches + 0.2))
    fig, axes = plt.subplots(rows, columns, figsize=size)
    for ax, vector, title in zip(axes.flat, vectors, titles):
        ax.imshow(vector.reshape(side, side), cmap="gray_r", **limits)
        frame(ax, title)
    return fig


figure(
    image_grid(orbit, ["$e$", "$g$", "$g^2$", "$g^3$"]),
    "digit-orbit",
    title="The orbit of a digit under rotations",
    caption="The orbit of an MNIST digit under the group $C_4$ of quarter turns; $g^4 = e$.",
    alt="A handwritten seven: upright, turned by 90, 180 and 270 degrees.",
)

# %% [markdown]
# Groups may act on anything that can be relabelled.
# A graph on $n$ nodes is an $n \times n$ adjacency matrix.
# The symmetric group $S_n$ of all permutations of the nodes moves rows and columns together: $A \mapsto P A P^\top$ for a permutation matrix $P = \rho(g)$.
# The picture of the graph changes, the graph does not.
# Written as one vector of $n^2$ entries, row by row, the graph is moved by the Kronecker product $P \otimes P$:

# %%
A = np.zeros((6, 6))  # two triangles and a bridge
A[[0, 1, 0, 2, 3, 4, 3], [1, 2, 2, 3, 4, 5, 5]] = 1
A += A.T
P1, P2 = rho([2, 4, 0, 5, 1, 3]), rho([4, 0, 5, 2, 3, 1])
graphs = [A, P1 @ A @ P1.T, P2 @ A @ P2.T]
print(np.array_equal(np.kron(P1, P1) @ A.ravel(), graphs[1].ravel()))

# %% tags=["hide-input"]
fig, axes = plt.subplots(2, 3, figsize=(5.7, 4.2))
angle = np.pi / 2 - 2 * np.pi * np.arange(6) / 6
places = np.stack([np.cos(angle), np.sin(angle)], axis=1)
names = ["$A$", "$P_1 A P_1^{\\top}$", "$P_2 A P_2^{\\top}$"]
for (top, bottom), graph, name in zip(axes.T, graphs, names):
    for i, j in np.argwhere(np.triu(graph)):
        top.plot(*places[[i, j]].T, color="#555555", linestyle="-", linewidth=1.3, zorder=1)
    top.plot(*places.T, "o", color="white", markeredgecolor="black", markersize=15, zorder=2)
    for number, place in enumerate(places):
        top.text(*place, str(number + 1), ha="center", va="center", fontsize=9, zorder=3)
    top.set_aspect("equal")
    top.margins(0.18)
    frame(top, name)
    bottom.imshow(graph, cmap="gray_r", vmin=0, vmax=1.4)
    frame(bottom, "")
figure(
    fig,
    "graph-orbit",
    title="One graph, three labellings",
    caption="Three members of the orbit of a graph under relabelling of its six nodes. "
    "Top: the graph, its nodes numbered clockwise from the top. Bottom: its adjacency matrix, "
    "black where two nodes are joined.",
    alt="Three drawings of a graph on six numbered nodes with different wiring diagrams but the "
    "same structure, above their six by six adjacency matrices, which differ.",
)

# %% [markdown]
# The library `learnsym` holds the same objects for use in all chapters: `groups`, made from generators, and `representations` of them.
# It adds groups of matrices, such as turns of the plane.
# There, two elements are equal if they are near, and the library refuses what generates no finite group.
# A shear does not: its powers run away, and so has no average.
#
# Every statement of this chapter is tested on a **gallery** of groups and representations.
# It mixes permutation and matrix groups, commutative and non-commutative ones, and adds a few *oblique* representations, whose matrices are not orthogonal.
# Each case has two representations of one group: $\rho_{\text{in}}$ on the inputs and $\rho_{\text{out}}$ on the outputs of a linear map.

# %%
from learnsym import gallery, groups, representations

D4 = groups.dihedral(4)  # the group of the square
corners = representations.vector(D4)
same = [np.array_equal(corners.matrix(g), rho(g)) for g in D4.elements()]
print(D4.order, all(same))
try:
    groups.MatrixGroup([[[1.0, 1.0], [0.0, 1.0]]])
except ValueError:
    print("a shear is refused")

rows = []
for case in gallery.cases():
    rho_in, rho_out = case.rho_in, case.rho_out
    sizes = [rho_in.group.order, rho_in.dimension, rho_out.dimension]
    rows.append([case.name, *sizes, "yes" if case.is_orthogonal else "no"])
table(["case", "elements", "inputs", "outputs", "orthogonal"], rows)

# %% [markdown]
# ## The Reynolds operator
#
# Average a vector over the group and it no longer changes under the group:
#
# $$
# \mathcal{R} = \frac{1}{|G|} \sum_{g \in G} \rho(g), \qquad \rho(h)\,\mathcal{R} = \mathcal{R} \quad \text{for all } h \in G.
# $$ (eq-reynolds)
#
# The identity holds because multiplying by $h$ only reorders the sum.
# It follows that $\mathcal{R}^2 = \mathcal{R}$: the **Reynolds operator** $\mathcal{R}$ is a projection.
# Its image is the space of invariant vectors, its kernel is the space of vectors that average to zero.
# So every vector splits as $x = \mathcal{R}x + (x - \mathcal{R}x)$.
#
# The smallest example is five points, three of them on a circle and two of them swapped.
# The average acts inside each block of points that the group connects:


# %%
def reynolds(matrices):
    """The average of rho(g) over the group."""
    return np.mean(matrices, axis=0)


R = reynolds([rho(g) for g in generate([[1, 2, 0, 4, 3]])])
x = np.array([0, 3, 9, 1, 2])
print(R.round(3))
print("R x", (R @ x).round(3), "x - R x", (x - R @ x).round(3))

# %% [markdown]
# Now all groups of the gallery, oblique ones included, and the library's function of the same name:

# %%
from learnsym import equivariant

agree = []
for case in gallery.cases():
    matrices = [case.rho_in.matrix(g) for g in case.rho_in.group.elements()]
    R = reynolds(matrices)
    agree += [np.allclose(m @ R, R) for m in [*matrices, R]]
    agree.append(np.allclose(R, equivariant.reynolds(case.rho_in)))
print(all(agree))

# %% tags=["hide-input"]
average = reynolds(orbit)  # the mean of the orbit is R x
figure(
    image_grid(
        [digit, average, digit - average],
        ["$x$", "$\\mathcal{R}x$", "$x - \\mathcal{R}x$"],
        columns=3,
        inches=1.7,
        vmin=-1,
        vmax=1,
    ),
    "digit-split",
    title="The invariant part of a digit and the rest",
    caption="A digit $x$ is the sum of its average over the four rotations, $\\mathcal{R}x$, which no "
    "rotation changes, and a remainder that averages to zero. Grey is 0, black is 1, white is -1.",
    alt="Three images. The seven on a grey ground; a symmetric pinwheel made of four faint sevens; "
    "and the seven with the pinwheel subtracted, dark where the stroke is and light around it.",
    width="80%",
)

# %% [markdown]
# (equivariant-maps)=
# ## Equivariant maps
#
# Now let the group act on the inputs and on the outputs of a linear map $A$, a matrix of shape (outputs, inputs).
# The map is **equivariant** if it makes no difference whether the group acts before or after it:
#
# $$
# A\,\rho_{\text{in}}(g) = \rho_{\text{out}}(g)\,A \qquad \text{for all } g \in G .
# $$ (eq-equivariant)
#
# When $\rho_{\text{out}}(g)$ is always the identity, the map is **invariant**.
# Let $\mathcal{L}$ be the space of all maps, $\mathcal{E} \subseteq \mathcal{L}$ the equivariant ones, and $\mathcal{E}^\perp$ the maps that are orthogonal to them in the Frobenius inner product $\langle A, B \rangle = \operatorname{tr}(A^\top B)$.
# Equation {eq}`eq-equivariant` is linear in $A$, so $\mathcal{E}$ is the kernel of a matrix. The generators suffice.
# With $A$ written row by row, $A\,\rho_{\text{in}}$ is $(I \otimes \rho_{\text{in}}^\top) A$ and $\rho_{\text{out}}A$ is $(\rho_{\text{out}} \otimes I) A$:


# %%
def commuting(case):
    """E as an orthonormal basis: kernel of A rho_in(s) - rho_out(s) A."""
    rho_in, rho_out = case.rho_in.matrix, case.rho_out.matrix
    I_in = np.eye(case.rho_in.dimension)
    I_out = np.eye(case.rho_out.dimension)
    S = case.rho_in.group.generators
    M = [np.kron(I_out, rho_in(s).T) - np.kron(rho_out(s), I_in) for s in S]
    return null_space(np.vstack(M), rcond=1e-10)


# %% [markdown]
# The group acts on the maps themselves by the **lifted representation**
#
# $$
# \bar\rho(g) A = \rho_{\text{out}}(g)\, A\, \rho_{\text{in}}(g)^{-1} .
# $$ (eq-lifted)
#
# Its Reynolds operator $\bar{\mathcal{R}}$ averages maps.
# The smallest example is the swap of two coordinates.
# A $2 \times 2$ matrix commutes with the swap if its diagonal is constant and its antidiagonal is constant.
# The average and the projection from the kernel both turn $A$, with rows $(1, 2)$ and $(5, 9)$, into such a matrix:


# %%
def lifted(case):
    """The matrices of rho_bar(g), one for each g."""
    rho_in, rho_out = case.rho_in.matrix, case.rho_out.matrix
    G = case.rho_in.group.elements()
    return [np.kron(rho_out(g), np.linalg.inv(rho_in(g)).T) for g in G]


swap, A = gallery.find("S2, swap of two coordinates"), np.array([1, 2, 5, 9])
E, R_bar = commuting(swap), reynolds(lifted(swap))
print("average", R_bar @ A, "projection", (E @ E.T @ A).round(12))

# %% [markdown]
# Paper B makes its whole argument in these terms.
# It rests on six lemmas, of which four are linear algebra (the other two are in {ref}`risks-and-representations`).
# The first says that "equivariant" means "fixed by $\bar\rho$", the second that the average is the projection.
#
# ````{prf:lemma} Lemma 1 of paper B
# :label: lem-fixed
# A map $A$ is equivariant if and only if $\bar\rho(g)A = A$ for every $g \in G$.
# ````
#
# ````{prf:proof}
# Multiply {eq}`eq-equivariant` by $\rho_{\text{in}}(g)^{-1}$ from the right.
# ````
#
# ````{prf:lemma} Lemma 2 of paper B
# :label: lem-average
# If $\rho_{\text{in}}$ and $\rho_{\text{out}}$ are orthogonal, then the orthogonal projection of $A$ onto $\mathcal{E}$ is the average
# $\Pi_{\mathcal{E}} A = \frac{1}{|G|} \sum_{g} \bar\rho(g) A$.
# ````
#
# ````{prf:proof}
# The average is the Reynolds operator $\bar{\mathcal{R}}$ of $\bar\rho$, so it projects onto $\mathcal{E}$ by {prf:ref}`lem-fixed`.
# If $\bar\rho(g)$ is orthogonal, its transpose is $\bar\rho(g^{-1})$.
# The sum runs over all $g$, so the average equals its own transpose.
# A projection that equals its transpose is an orthogonal projection.
# ````
#
# The sweep computes both sides by different means.
# `Pi_E` comes from the kernel of {eq}`eq-equivariant`, without any average.
# `R_bar` comes from the average, without any kernel; its image, spanned by its first left singular vectors, is the space that $\bar\rho$ fixes.
# The rank of a projection is its trace.

# %%
same_space, projection = [], []
for case in gallery.cases():
    E, R_bar = commuting(case), reynolds(lifted(case))
    Pi_E, rank = E @ E.T, round(np.trace(R_bar))
    fixed = np.linalg.svd(R_bar)[0][:, :rank]
    same_space.append(abs(fixed @ fixed.T - Pi_E).max())
    if case.is_orthogonal:
        projection.append(abs(R_bar - Pi_E).max())

claim("B: Lemma 1", "The maps that $\\bar\\rho$ fixes are the equivariant maps.",
      same_space, below=1e-12)
claim("B: Lemma 2",
      "In all orthogonal cases, the average is the orthogonal projection.", projection,
      below=1e-12)

# %% [markdown]
# ### Breaking the theorem: matrices that are not orthogonal
#
# {prf:ref}`lem-fixed` holds for every case, {prf:ref}`lem-average` was tested on orthogonal ones.
# In oblique coordinates the average still projects onto $\mathcal{E}$, but along a slanted direction.
# How far off is it? For a random map, $\lVert \bar{\mathcal{R}} - \Pi_{\mathcal{E}} \rVert / \sqrt{\dim \mathcal{L}}$ is the root mean square distance of the two answers, as a share of the map's norm:

# %%
gaps = []
for case in gallery.oblique_cases():
    E, R_bar = commuting(case), reynolds(lifted(case))
    gaps.append(np.linalg.norm(R_bar - E @ E.T) / np.sqrt(len(E)))
    print(f"{case.name:34} {gaps[-1]:.2f}")

claim("beyond: B, Lemma 2",
      "Without orthogonality the average is not the orthogonal projection.", gaps,
      above=0.1, id="projection-needs-orthogonality")

# %% [markdown]
# The reflection of the line about $c = 0.7$ shows why. It acts on the features $(1, x)$ by $x \mapsto 2c - x$:

# %% tags=["hide-input"]
mirror = gallery.find("reflection about c = 0.7").rho_in
point = np.array([0.6, 1.5])
moved = mirror.matrix(mirror.group.generators[0]) @ point
middle, line = (point + moved) / 2, np.array([1, 0.7]) / np.hypot(1, 0.7)
foot = (point @ line) * line
fig, ax = plt.subplots(figsize=(6.0, 3.2))
ax.plot([0, 1.6], [0, 1.12], color="#777777", linestyle="-", linewidth=1, label="invariant vectors")
ax.plot(*np.array([point, moved]).T, "o", color="black", linestyle=":")
ax.plot(*np.array([point, foot]).T, color="#0072B2", linestyle="-")
ax.plot(*middle, "s", color="#D55E00", markersize=9, label="average $\\mathcal{R}x$")
ax.plot(*foot, "D", color="#0072B2", markersize=8, label="orthogonal projection")
ax.annotate("$x$", point, xytext=(-14, 0), textcoords="offset points")
ax.annotate("$\\rho(g)x$", moved, xytext=(8, -4), textcoords="offset points")
ax.set(xlabel="feature 1", ylabel="feature $x$", xlim=(0, 1.7), ylim=(-0.85, 1.7), aspect="equal")
ax.legend(loc="center left", bbox_to_anchor=(1.05, 0.5))
figure(
    fig,
    "oblique-average",
    title="A slanted average",
    caption="The reflection about $0.7$, acting on pairs of features. The average of a vector and its "
    "mirror image lies on the line of invariant vectors, but not at the foot of the perpendicular.",
    alt="A plane with a line through the origin. A point above it and its image below it are joined by "
    "a vertical dotted line, whose middle is on the line. The foot of the perpendicular is further right.",
)

# %% [markdown]
# Paper B assumes unitary representations, and adds that this is no true restriction: a change of the inner product always provides them.
# The recipe is $S = \frac{1}{|G|}\sum_g \rho(g)^\top\rho(g) = LL^\top$, and new coordinates $L^\top x$.
# It does restore {prf:ref}`lem-average`.
# But the gradient depends on the inner product too.
# A gradient step in the new coordinates moves $A$ by $S_{\text{out}}^{-1} \nabla S_{\text{in}}$, where $\nabla$ is the gradient in the old ones.
# That is another training, the more so the larger the condition number of $S$.
# The code changes the coordinates (`conjugated` is $L^\top \rho(g) L^{-\top}$), and prints whether the lemma is restored, and the condition number of $S_{\text{in}}$:


# %%
def orthogonalised(rho):
    """The representation in coordinates L^T x, and the condition of S."""
    matrices = [rho.matrix(g) for g in rho.group.elements()]
    S = np.mean([m.T @ m for m in matrices], axis=0)
    L = np.linalg.cholesky(S)
    return representations.conjugated(rho, L.T), np.linalg.cond(S)


for case in gallery.oblique_cases():
    rho_in, condition = orthogonalised(case.rho_in)
    rho_out, _ = orthogonalised(case.rho_out)
    straight = gallery.Case(case.name, rho_in, rho_out)
    E, R_bar = commuting(straight), reynolds(lifted(straight))
    print(f"{case.name:34} {np.allclose(R_bar, E @ E.T)} {condition:.1f}")

# %% [markdown]
# ### Breaking the theorem: an uneven average
#
# The average must give every element the same weight.
# Published code for paper B draws rotations of square images by 0, 90 and 180 degrees at 40, 40 and 20 per cent ({ref}`notes-on-published-code`).
# For the turns of a square this is not a projection at all, since its eigenvalues are not 0 and 1:

# %%
weights = np.array([2, 2, 1, 0]) / 5
W = sum(p * rho(g) for p, g in zip(weights, generate([turn])))
print(np.sort(abs(np.linalg.eigvals(W))).round(3))

# %% [markdown]
# Invariant vectors stay (the 1). The rest is damped and not removed: up to $\sqrt{1/5} \approx 0.447$ of it comes through.
#
# ## Orbits of index pairs
#
# Kernels and averages are slow for large spaces, and $S_{10}$ has 3,628,800 elements.
# For permutations there is a better way.
# A map commutes with permutations exactly when its entries are constant along the orbits of index pairs $(i, j) \mapsto (g[i], g[j])$.
# The generators alone connect the pairs of one orbit, so the orbits are the connected components of a graph:


# %%
def pairs(g):
    """What a permutation of n points does to the n^2 pairs, row by row."""
    g = np.asarray(g)
    return (len(g) * g[:, None] + g).ravel()


def orbits(generators):
    """The number of the orbit of each point."""
    start = np.tile(np.arange(len(generators[0])), len(generators))
    end = np.concatenate(generators)
    joined = coo_array((np.ones(len(start)), (start, end)))
    return connected_components(joined, directed=False)[1]


# %% [markdown]
# Maps between the corners of the square first. Three weights are free: for a corner itself, its neighbours, and the opposite corner.
# For rotations of images, the projection is the mean along each orbit.
# The library's `EquivariantMaps` is the same thing, kept and made convenient: it has `dimension`, `labels`, `project`, and more.

# %%
from learnsym.equivariant import EquivariantMaps

print(orbits([pairs(turn), pairs(flip)]).reshape(4, 4))

label, A = orbits([pairs(quarter)]), rng.normal(size=(196, 196))
mean = np.bincount(label, A.ravel()) / np.bincount(label)
image = representations.image(groups.image_rotations(14))
library = EquivariantMaps(image, image)
same = np.allclose(library.project(A), mean[label].reshape(196, 196))
print(library.dimension, same)

# %% [markdown]
# ## How many equivariant maps are there?
#
# The trace of $\rho(g)$ is the **character** of $g$.
# For a permutation representation it counts the coordinates that $g$ leaves in place.
# Characters count equivariant maps.
#
# ````{prf:theorem} Dimension formula
# :label: thm-dimension
# The space of equivariant maps has dimension
# $\dim \mathcal{E} = \frac{1}{|G|} \sum_{g} \operatorname{tr}\rho_{\text{out}}(g)\, \operatorname{tr}\rho_{\text{in}}(g^{-1})$.
# ````
#
# ````{prf:proof}
# The dimension of the image of a projection is its trace.
# Take the trace of the Reynolds operator of $\bar\rho$, which projects onto $\mathcal{E}$ for any representation; the trace of $A \mapsto \rho_{\text{out}}(g) A \rho_{\text{in}}(g)^{-1}$ is the product of the two characters.
# See {cite:t}`serre1977linear`, chapter 2.
# ````
#
# For the swap: the identity fixes two points, the swap none. So $(2 \cdot 2 + 0 \cdot 0)/2 = 2$, the diagonal and the antidiagonal from above.
# For the square the mean is three, as it was.
# The sweep counts the columns of the kernel, and averages characters:

# %%
fixed_points = np.array([np.trace(rho(g)) for g in G])
print(fixed_points, np.mean(fixed_points**2))

counted, predicted = [], []
for case in gallery.cases():
    group = case.rho_in.group
    chi_in, chi_out = case.rho_in.character, case.rho_out.character
    chi = [chi_out(g) * chi_in(group.inverse(g)) for g in group.elements()]
    counted.append(commuting(case).shape[1])
    predicted.append(np.mean(chi))

claim("beyond", "The number of equivariant maps is the average product of characters.",
      counted, equals=predicted, within=1e-9, id="dimension-formula")

# %% [markdown]
# Both ways of counting reach the spaces of the later chapters.
# For graphs, permutations act on pairs of nodes and maps have pairs of pairs, so the character is the fourth power of the number of fixed nodes.
# Its mean over $S_n$ needs no list of elements: choose which nodes are fixed, and derange the others.


# %%
def mean_power(n, k):
    """The mean over S_n of (number of fixed points)^k."""
    D = [1, 0]  # D[m]: permutations of m points that fix none of them
    for m in range(1, n):
        D.append(m * (D[m] + D[m - 1]))
    total = sum(comb(n, f) * D[n - f] * f**k for f in range(n + 1))
    return total / factorial(n)


def mean_square(group):
    """The mean over a listed group of (number of fixed points)^2."""
    return np.mean((group == np.arange(group.shape[1])).sum(axis=1) ** 2)


# %%
S10 = [np.roll(np.arange(10), 1), [1, 0, *range(2, 10)]]  # generators
xy = [np.argsort(np.roll(pixels, 1, axis).ravel()) for axis in (1, 0)]
jointly = [quarter, *xy]
spaces = {  # generators on index pairs, and the count by characters
    "graph to graph": ([pairs(pairs(s)) for s in S10], mean_power(10, 4)),
    "graph to number": ([pairs(s) for s in S10], mean_power(10, 2)),
    "images, shifts": ([pairs(s) for s in xy], mean_square(generate(xy))),
    "images, turns": ([pairs(quarter)], mean_square(C4)),
    "both": ([pairs(s) for s in jointly], mean_square(generate(jointly))),
}
dims, rows = [], []
for name, (moves, count) in spaces.items():
    dims.append(orbits(moves).max() + 1)
    numbers = [len(moves[0]), dims[-1], round(count)]
    rows.append([name, *(f"{n:,}" for n in numbers)])
table(["maps", "all", "equivariant, by orbits", "by characters"], rows)

claim("beyond",
      "Graphs: $\\mathcal{E}$ has dimension 15 (to graphs), 2 (to a number); images: "
      "196 (shifts), 9,604 (turns), 51 (both).", dims, equals=[15, 2, 196, 9604, 51],
      within=0.5, id="dimensions-of-the-book")

# %% [markdown]
# ## Bilinear forms on maps
#
# The second pair of lemmas does the same one level up.
# A Hessian of a loss is a bilinear form $M$ on the space $\mathcal{L}$ of maps: it eats two maps and returns a number, $M[A, B]$.
# As a matrix, $M[A, B] = \operatorname{vec}(A)^\top M \operatorname{vec}(B)$.
# The group acts on forms by $(\bar\rho^{\otimes 2}(g) M)[A, B] = M[\bar\rho(g)^{-1}A, \bar\rho(g)^{-1}B]$.
# For orthogonal $\bar\rho$ this is the matrix $\bar\rho(g) M \bar\rho(g)^\top$.
# Write $\Pi_2$ for the orthogonal projection onto the forms that this action leaves fixed.
#
# ````{prf:lemma} Lemma 5 of paper B
# :label: lem-forms
# If the representations are orthogonal, then $\Pi_2 M = \frac{1}{|G|} \sum_g \bar\rho^{\otimes 2}(g) M$.
# ````
#
# ````{prf:lemma} Lemma 6 of paper B
# :label: lem-blocks
# Let the representations be orthogonal, $A, A' \in \mathcal{E}$ and $B \in \mathcal{E}^\perp$. Then $(\Pi_2 M)[A, A'] = M[A, A']$ and $(\Pi_2 M)[A, B] = (\Pi_2 M)[B, A] = 0$.
# ````
#
# ````{prf:proof}
# The first lemma is {prf:ref}`lem-average` for the representation $\bar\rho$ on both sides.
# For the second, $\bar\rho(g)^{-1}$ fixes $A$ and $A'$, so every term of the average is $M[A, A']$.
# In $(\Pi_2 M)[A, B]$ the average moves to the second argument, and the average of $B$ is $\Pi_{\mathcal{E}} B = 0$. The same holds with the arguments exchanged.
# ````
#
# In a basis that lists $\mathcal{E}$ first and $\mathcal{E}^\perp$ second, an averaged form is block diagonal.
# This is why, close to $\mathcal{E}$, the two parts of the weights evolve separately ({ref}`decoupling`).
# The smallest example is the swap again, now with maps from two coordinates to a number, so that $\bar\rho$ is the swap itself.
# The basis is $(1, 1)/\sqrt2$ for $\mathcal{E}$ and $(1, -1)/\sqrt2$ for $\mathcal{E}^\perp$:


# %%
def average_form(M, rho_bar):
    """The average of M[rho_bar(g)^-1 A, rho_bar(g)^-1 B]."""
    inverses = map(np.linalg.inv, rho_bar)
    return np.mean([m.T @ M @ m for m in inverses], axis=0)


M = np.array([[1, 2], [4, 7]])
Q = np.array([[1, 1], [1, -1]])  # the basis, times the square root of 2
averaged = average_form(M, [np.eye(2), rho([1, 0])])
print("M\n", Q.T @ M @ Q / 2, "\naveraged\n", Q.T @ averaged @ Q / 2)

# %% [markdown]
# The block for $\mathcal{E}$ (top left) keeps its 7, and the mixed entries vanish.
# In the sweep, `Pi_2_M` comes from orbits or kernels: a form is fixed if its matrix commutes with $\bar\rho$, so it is an equivariant map from $\mathcal{L}$ to $\mathcal{L}$.
# `Pi_E` comes from the kernel of {eq}`eq-equivariant`, as before.

# %%
forms, blocks = [], []
for case in gallery.orthogonal_cases():
    E, rho_bar = commuting(case), lifted(case)
    lift = representations.lifted(case.rho_in, case.rho_out)  # the same
    M, Pi_E = rng.normal(size=(len(E), len(E))), E @ E.T
    Pi_2_M = EquivariantMaps(lift, lift).project(M)
    kept = Pi_E @ Pi_2_M @ Pi_E
    forms.append(abs(Pi_2_M - average_form(M, rho_bar)).max())
    blocks.append(abs(kept - Pi_E @ M @ Pi_E).max())  # change of [A, A']
    blocks.append(abs(Pi_E @ Pi_2_M - kept).max())  # [A, B]
    blocks.append(abs(Pi_2_M @ Pi_E - kept).max())  # [B, A]

claim("B: Lemma 5", "In all orthogonal cases, the projection of a form is its average.",
      forms, below=1e-12)
claim("B: Lemma 6",
      "Averaging keeps a form on $\\mathcal{E}$ and removes mixed blocks.", blocks,
      below=1e-12)

# %% [markdown]
# ### Breaking the theorem: slanted again
#
# The proof used orthogonality once: the average of $B \in \mathcal{E}^\perp$ is zero.
# For oblique representations the first half of {prf:ref}`lem-blocks` survives, and the second does not.
# Printed is the norm of the mixed block of the averaged form, as a share of the form's:

# %%
for case in gallery.oblique_cases():
    E, rest = commuting(case), null_space(commuting(case).T)
    M = rng.normal(size=(len(E), len(E)))
    averaged = average_form(M, lifted(case))
    kept = np.allclose(E.T @ averaged @ E, E.T @ M @ E)
    mixed = np.linalg.norm(E.T @ averaged @ rest) / np.linalg.norm(averaged)
    print(f"{case.name:34} kept on E: {kept}, mixed {mixed:.2f}")

# %% [markdown]
# ### A name that misleads
#
# Paper B writes $\mathcal{E}^{\otimes 2}$ for the invariant forms.
# They contain $\mathcal{E} \otimes \mathcal{E}$, and are in general many more.
# Take maps between graphs on four nodes (`adjacency` is $P \otimes P$ from above).
# The character on graphs is the second power of the number of fixed nodes, on maps the fourth, on forms the eighth:

# %%
print(mean_power(4, 8), "invariant forms")
print(mean_power(4, 4) ** 2, "products of two equivariant maps")
graph = representations.adjacency(groups.symmetric(4))
lift = representations.lifted(graph, graph)
print(EquivariantMaps(lift, lift).dimension, "by orbits")

# %% [markdown]
# The paper's proofs use the invariance and not the name, so nothing fails.
# But a Hessian on $\mathcal{E}^\perp$, which decides whether training stays near $\mathcal{E}$, lives in the forms that the name leaves out.
#
# ## What equivariant maps look like
#
# **Graphs.**
# {cite:t}`maron2019invariant` showed that linear maps from graphs to graphs that commute with relabelling have exactly 15 degrees of freedom, whatever the number of nodes (from four on).
# Each is a simple recipe: keep the diagonal, transpose, sum a row and write it on the diagonal, and so on.
# They are the 15 ways to say which of the four indices involved are equal ({numref}`fig-graph-basis`).
#
# **Circles and images.**
# On a circle of points, translation-equivariant maps are circulant matrices: every row is the row above, shifted by one.
# Rotation-equivariant maps on images share weights in a looser way: output pixel $i$ and its rotated copy read rotated copies of the same picture.
# With translations and rotations together, almost nothing is left to choose.
# A linear map between $14 \times 14$ images has 38,416 weights; 51 of them are free ({numref}`fig-shared-weights`).

# %% tags=["hide-input"]
label = orbits([pairs(pairs(s)) for s in ([1, 2, 3, 0], [1, 0, 2, 3])])
figure(
    image_grid([label == k for k in range(15)], [str(k + 1) for k in range(15)], columns=5),
    "graph-basis",
    title="The 15 equivariant maps between graphs",
    caption="The 15 basis maps from graphs on four nodes to graphs on four nodes that commute with every "
    "relabelling. Each is a 16 by 16 matrix; black entries share one weight, white entries are 0. "
    "The patterns do not overlap and together fill the matrix.",
    alt="Fifteen square patterns of black entries on white: four dots on a diagonal, the whole diagonal, "
    "grids of regularly spaced dots, short horizontal and vertical bars, and dots scattered along "
    "broken diagonals.",
)

circulant = orbits([pairs(np.roll(np.arange(12), 1))]).reshape(12, 12)
both = orbits(spaces["both"][0]).reshape(196, 14, 14)
titles = ["12 points on a circle", "what pixel (0, 0) reads", "what pixel (7, 6) reads"]
fig, axes = plt.subplots(1, 3, figsize=(6.9, 2.6))
for ax, shades, title in zip(axes, [circulant, both[0], both[104]], titles):
    ax.imshow(shades, cmap="cividis")
    frame(ax, title)
figure(
    fig,
    "shared-weights",
    title="Weights that equivariance forces to be equal",
    caption="Equal shades are equal weights. Left: a circulant matrix, equivariant under cyclic shifts of 12 "
    "points. Middle and right: the weights with which one output pixel reads a $14 \\times 14$ image, if the "
    "map commutes with translations and rotations by 90 degrees; there are 51 different weights, and every "
    "output pixel has the same picture around it.",
    alt="A twelve by twelve matrix with constant diagonals, and two fourteen by fourteen mosaics of "
    "shades with four-fold symmetry, the second a cyclically shifted copy of the first.",
)

# %% [markdown]
# An equivariant map answers a turned digit with a turned answer. Turned back, the four answers are one:

# %%
A = library.project(rng.normal(size=(196, 196)))
answers = [A @ rho(g) @ digit for g in C4]
turned_back = [rho(g).T @ answer for g, answer in zip(C4, answers)]
print(np.allclose(turned_back, answers[0]))
titles = [f"$A g^{k} x$" for k in range(4)]
titles += [f"$g^{{-{k}}} A g^{k} x$" for k in range(4)]
figure(
    image_grid(answers + turned_back, titles),
    "equivariant-response",
    title="An equivariant map answers a turned digit with a turned answer",
    caption="Top: a random equivariant map, applied to four turns of a digit. "
    "Bottom: the answers turned back are one image, four times.",
    alt="Two rows of noise-like images: turned copies, and four equal ones.",
)

# %% [markdown]
# ## What the paper left open
#
# * **The inner product is not free.** {prf:ref}`lem-average` can always be had, at the price of another gradient descent. Our condition numbers above are that price in small examples.
# * **Which average.** The lemmas are about the uniform average over all of $G$. Sampled or uneven averages are what training uses. {ref}`finite-augmentation` finds how far they lead away from $\mathcal{E}$.
# * **The name $\mathcal{E}^{\otimes 2}$** stands for more than products of equivariant maps, see above.
# * **Forms that are not symmetric.** The paper states Lemma 6 for $M[A, A]$ and $M[A, B]$, which is enough for a Hessian. It holds for $M[A, A']$ and $M[B, A]$ as well.
#
# ## What to take away
#
# * The average over the group is the orthogonal projection onto what the group leaves fixed, provided that the group acts by orthogonal matrices.
# * Weights split into $\mathcal{E}$ and $\mathcal{E}^\perp$, and an averaged Hessian does not mix them. The papers of this book differ in how they reach $\mathcal{E}$ and in how far from it training ends.
# * For permutations, all of this is the connected components of a graph, which need the generators only.
# * $\mathcal{E}$ is small: 51 of 38,416 weights for images under roto-translations, 15 of 10,000 for graphs on ten nodes.
#
# (notation)=
# ## Notation of the book
#
# Papers differ in their symbols; the book uses one set.
# A chapter whose paper writes something else says so once, where it starts.
#
# | symbol | meaning |
# |---|---|
# | $G$, $g$, $e$, $\lvert G\rvert$ | a finite group, an element, the identity, the number of elements |
# | $\rho(g)$ | the matrix by which $g$ acts on column vectors; $\rho_{\text{in}}$, $\rho_{\text{out}}$ on inputs and outputs |
# | $\mathcal{R}$ | Reynolds operator, the average of $\rho(g)$ over the group; $\ker \mathcal{R}$ its kernel |
# | $\operatorname{Stab}(x)$ | the elements that leave $x$ where it is; $\operatorname{Stab}(x, y)$ those that fix both a point and its label |
# | $x$, $y$ | a data point (column vector) and its label |
# | $X$, $Y$ | a data set with one point, one label per row; $n$ rows, $d$ features |
# | $N$ | rows in all, the copies along orbits included |
# | $w$ | weights of a linear predictor $f_w(x) = w^\top x$ |
# | $w_r$, $w_k$ | the parts of $w$ in $(\ker\mathcal{R}^\top)^{\perp}$ and in $\ker\mathcal{R}^\top$: symmetric and asymmetric |
# | $P$ | orthogonal projector onto $\ker\mathcal{R}^\top$, so $w_k = Pw$; in this chapter a permutation matrix |
# | $A$, $W$ | a linear map or layer, as a matrix of shape (outputs, inputs) |
# | $\bar\rho(g)A$ | lifted representation $\rho_{\text{out}}(g) A \rho_{\text{in}}(g)^{-1}$ |
# | $\bar{\mathcal{R}}$ | Reynolds operator of $\bar\rho$, the average over maps |
# | $\mathcal{L}$, $\mathcal{E}$, $\mathcal{E}^\perp$ | all layers, the equivariant ones, their orthogonal complement |
# | $\Pi_{\mathcal{E}}$ | orthogonal projection onto $\mathcal{E}$; $A_\perp = A - \Pi_{\mathcal{E}}A$ |
# | $M[A, B]$, $\Pi_2$ | a bilinear form on maps, such as a Hessian; the orthogonal projection onto the invariant forms |
# | $R$, $R^{\text{aug}}$, $R^{\text{eqv}}$ | nominal, augmented and equivariant risk |
# | $K$, $K_G$ | Gram matrix $X^\top X$, and its sum over the group $\sum_g \rho(g) X^\top X \rho(g)^\top$ |
# | $C_G$ | sum of the moments of labels and points over the group, $\sum_g \rho_{\text{out}}(g) Y^\top X \rho_{\text{in}}(g)^\top$ |
# | $\eta$, $t$ | learning rate, time of gradient flow |
# | $\lambda$ | an eigenvalue; in the chapters on deep linear networks also the weight of a penalty (said there) |
# | $r$ | bound on the rank of a linear network; in {ref}`imperfect-data` the residual |
# | DI, LI, SI | distribution, logit and saliency invariance errors of paper C |
# | $\sigma_{\max}(J)$ | largest singular value of the input-output Jacobian |
# | $\lVert\cdot\rVert$ | Euclidean norm of vectors, Frobenius norm of matrices |

# %% tags=["nbval-ignore-output"]
footer(scale, seed)
