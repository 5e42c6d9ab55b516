# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

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
# This chapter builds that split.
# It defines the few objects that every later chapter uses, shows them on real data, and checks the lemmas behind them.
#
# **What you will find here.**
# The average over a group is a projection.
# Applied to linear maps, it projects onto the equivariant maps ({prf:ref}`lem-average`).
# The number of independent equivariant maps follows from counting fixed points ({prf:ref}`thm-dimension`).
# Four lemmas of {cite:t}`nordenfors2025optimization` hold as stated.
# One hypothesis, that the group acts by orthogonal matrices, cannot be dropped.

# %% tags=["parameters"]
scale = "book"
seed = 0

# %% tags=["hide-input"]
import numpy as np

from learnsym import gallery, groups, publish, representations
from learnsym.checks import draws, equivariance
from learnsym.data import digits, two_block_graphs
from learnsym.plots import pictures
from learnsym.equivariant import EquivariantMaps, dimension_by_characters, reynolds

publish.use_style()
rng = np.random.default_rng(seed)

# %% [markdown]
# ## Groups that act
#
# A **group** $G$ is a set of changes that can be composed and undone.
# It contains the change that does nothing, $e$; with $g$ and $h$ it contains "first $h$, then $g$", written $gh$; and every $g$ has an inverse $g^{-1}$.
# This book uses finite groups, and writes $|G|$ for the number of elements.
#
# A group acts on data through a **representation** $\rho$.
# It assigns to each $g$ an invertible matrix $\rho(g)$ such that
#
# $$
# \rho(gh) = \rho(g)\,\rho(h) \qquad \text{for all } g, h \in G.
# $$
#
# The matrix acts on a data point by $x \mapsto \rho(g)x$.
# An image with $14 \times 14$ pixels is a vector in $\mathbb{R}^{196}$.
# A rotation by ninety degrees moves pixels, so its matrix is a permutation matrix.
# The set of all images that the group makes from one image is its **orbit**.

# %% tags=["hide-input"]
images, labels = digits("mnist", "test", size=10, side=14)
rotations = groups.image_rotations(14)
rho = representations.image(rotations)
orbit = np.array([rho.act(g, images[0].ravel()) for g in rotations.elements()]).reshape(-1, 14, 14)

publish.figure(
    pictures.image_grid(orbit, ["$e$", "$g$", "$g^2$", "$g^3$"], columns=4),
    "digit-orbit",
    title="The orbit of a digit under rotations",
    caption="The orbit of one MNIST digit under the group $C_4$ of rotations by 90 degrees. "
    "The generator $g$ turns the image counter-clockwise, and $g^4 = e$.",
    alt="Four 14 by 14 images of a handwritten seven: upright, and turned by 90, 180 and 270 "
    "degrees counter-clockwise.",
)

# %% [markdown]
# Groups may act on anything that can be relabelled.
# A graph on $n$ nodes is an $n \times n$ adjacency matrix.
# The symmetric group $S_n$ of all permutations of the nodes moves rows and columns together: $A \mapsto P A P^\top$ for a permutation matrix $P$.
# The picture of the graph changes, the graph does not.

# %% tags=["hide-input"]
adjacency, connected = two_block_graphs(1, nodes=6, within=0.9, between=0.2, seed=3)
S6 = groups.symmetric(6)
relabel = representations.adjacency(S6)
drawn = S6.sample(np.random.default_rng(1), 2)
copies = np.array(
    [relabel.act(g, adjacency[0].ravel()).reshape(6, 6) for g in [S6.identity, *drawn]]
)

publish.figure(
    pictures.graphs(copies, ["$A$", "$P_1 A P_1^{\\top}$", "$P_2 A P_2^{\\top}$"]),
    "graph-orbit",
    title="One graph, three labellings",
    caption="Three members of the orbit of a graph under relabelling of its six nodes. "
    "Top: the graph, its nodes numbered clockwise from the top. Bottom: its adjacency matrix, "
    "black where two nodes are joined.",
    alt="Three drawings of a graph on six numbered nodes with different wiring diagrams but the "
    "same structure, above their six by six adjacency matrices, which differ.",
)

# %% [markdown]
# `learnsym` keeps both kinds of group: permutations, and matrices.
# It takes generators, checks that they generate a finite group, and says what is wrong when they do not.
# A shear, for example, is refused, since none of its powers is the identity.
#
# The claims of this chapter run over a **gallery** of groups and representations.
# It mixes permutation and matrix groups, commutative and non-commutative ones, and adds a few *oblique* representations, whose matrices are not orthogonal.
# Here $\rho_{\text{in}}$ and $\rho_{\text{out}}$ act on the input and the output of a linear map.

# %% tags=["hide-input"]
publish.table(
    ["case", "elements", "inputs", "outputs", "orthogonal", "equivariant maps"],
    [
        [
            case.name,
            case.rho_in.group.order,
            case.rho_in.dimension,
            case.rho_out.dimension,
            "yes" if case.is_orthogonal else "no",
            EquivariantMaps(case.rho_in, case.rho_out).dimension,
        ]
        for case in gallery.cases()
    ],
)

# %% [markdown]
# The last column is the subject of the rest of the chapter.
#
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

# %% tags=["hide-input"]
digit = images[0].ravel()
average = reynolds(rho) @ digit
parts = np.array([digit, average, digit - average]).reshape(-1, 14, 14)

publish.figure(
    pictures.image_grid(
        parts,
        ["$x$", "$\\mathcal{R}x$", "$x - \\mathcal{R}x$"],
        columns=3,
        limits=(-1, 1),
        inches=1.7,
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
# The group acts on the maps themselves by the **lifted representation**
#
# $$
# \bar\rho(g) A = \rho_{\text{out}}(g)\, A\, \rho_{\text{in}}(g)^{-1} .
# $$ (eq-lifted)
#
# Paper B makes its whole argument in these terms.
# It rests on six lemmas, of which four are linear algebra.
# The first two of these say that "equivariant" means "fixed by the lifted representation", so that the Reynolds operator of $\bar\rho$ finds the equivariant part of any map.
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
# The average is the Reynolds operator of $\bar\rho$, so it projects onto $\mathcal{E}$ by {prf:ref}`lem-fixed`.
# If $\bar\rho(g)$ is orthogonal, its transpose is $\bar\rho(g^{-1})$.
# The sum runs over all $g$, so the average equals its own transpose.
# A projection that equals its transpose is an orthogonal projection.
# ````
#
# **What is checked.**
# For {prf:ref}`lem-fixed` we compute two spaces in two ways: the fixed space of $\bar\rho$, and the null space of {eq}`eq-equivariant` as a linear system.
# We compare their projectors over the whole gallery, oblique cases included.
# For {prf:ref}`lem-average` we compare the orthogonal projector, found from orbits or null spaces without any averaging, with the explicit average over every group element, on random maps.

# %% tags=["hide-input"]
publish.claim(
    "B: Lemma 1",
    "A linear map is equivariant if and only if the lifted representation fixes it.",
    [equivariance.commuting_defect(case) for case in gallery.cases()],
    equals=0,
    within=1e-12,
    id="maps-fixed-iff-equivariant",
    details="Paper: the two spaces are equal. largest entry of the difference of the two projectors, all cases of the gallery",
)

publish.claim(
    "B: Lemma 2",
    "For orthogonal representations, the orthogonal projection of a map onto the equivariant maps is its "
    "average over the group, $\\Pi_{\\mathcal{E}} A = \\frac{1}{|G|}\\sum_g \\bar\\rho(g)A$.",
    [
        equivariance.averaging_defect(case, rng)
        for case in gallery.orthogonal_cases()
        for _ in range(draws(scale))
    ],
    equals=0,
    within=1e-12,
    id="projection-is-average",
    details="Paper: the two maps are equal. relative Frobenius distance, random maps, all orthogonal cases of the gallery",
)

# %% [markdown]
# Is orthogonality needed?
# In general it is.
# In oblique coordinates the average is still a projection onto $\mathcal{E}$, but it may project along a slanted direction.
# For every oblique case of the gallery the two projections of a random map differ, on average, by more than five per cent of its norm.
# Paper B assumes unitary representations throughout and notes that a change of inner product always provides them.
# The change of inner product is not free, though: gradients and weight decay depend on it too.

# %% tags=["hide-input"]
publish.claim(
    "beyond: B, Lemma 2",
    "For a representation that is not orthogonal, the average over the group need not be the orthogonal "
    "projection onto the equivariant maps.",
    [
        np.mean([equivariance.averaging_defect(case, rng) for _ in range(20)])
        for case in gallery.oblique_cases()
    ],
    above=0.049,
    id="projection-needs-orthogonality",
    details="Paper: excluded by assumption. mean relative distance of 20 random maps, each oblique case of the gallery",
)

# %% [markdown]
# ## Bilinear forms on maps
#
# The second pair of lemmas does the same one level up.
# A Hessian of a loss is a bilinear form $M$ on the space $\mathcal{L}$ of maps: it eats two maps and returns a number, $M[A, B]$.
# The group acts on forms by $(\bar\rho^{\otimes 2}(g) M)[A, B] = M[\bar\rho(g)^{-1}A, \bar\rho(g)^{-1}B]$.
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
# This is why, close to $\mathcal{E}$, the two parts of the weights evolve separately.
# Paper B writes $\mathcal{E}^{\otimes 2}$ for the invariant forms.
# The name misleads a little: the invariant forms contain $\mathcal{E} \otimes \mathcal{E}$ and are in general many more.
# For graphs on four nodes they are a space of dimension 2,795, and $\mathcal{E} \otimes \mathcal{E}$ has dimension $15^2 = 225$.

# %% tags=["hide-input"]
publish.claim(
    "B: Lemma 5",
    "The orthogonal projection of a bilinear form onto the invariant forms is its average over the group.",
    [equivariance.form_averaging_defect(case, rng) for case in gallery.orthogonal_cases()],
    equals=0,
    within=1e-12,
    id="form-projection-is-average",
    details="Paper: the two forms are equal. relative Frobenius distance, random forms, all orthogonal cases of the gallery",
)

blocks = np.array([equivariance.block_defects(case, rng) for case in gallery.orthogonal_cases()])
publish.claim(
    "B: Lemma 6",
    "Averaging a bilinear form does not change it on $\\mathcal{E}$ and removes its two blocks between "
    "$\\mathcal{E}$ and $\\mathcal{E}^\\perp$.",
    blocks,
    equals=0,
    within=1e-12,
    id="averaged-form-is-block-diagonal",
    details="Paper: change 0, blocks 0. spectral norm of the three blocks relative to that of the form, all orthogonal cases",
)

graphs_case = gallery.find("S4, graphs to graphs")
publish.claim(
    "beyond: B, Lemma 5",
    "The invariant forms on maps between graphs of four nodes have dimension 2,795; the products of two "
    "equivariant maps span only 225 of them.",
    equivariance.invariant_form_dimension(graphs_case),
    equals=[2795, 225],
    within=0.5,
    id="invariant-forms-exceed-products",
    details="orbits of index quadruples, and the square of the number of orbits of index pairs",
)

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
# For permutation representations there is a second way to count, and it is the one that computes well.
# A map commutes with the group exactly when its entries are constant along the orbits of index pairs $(i, j)$.
# The generators alone connect the pairs of one orbit, so the orbits are the connected components of a graph.
# No group is enumerated: $S_{10}$ with its 3,628,800 elements takes milliseconds.
#
# The two counts agree on the whole gallery and on the five spaces that the later chapters use.

# %% tags=["hide-input"]
publish.claim(
    "beyond",
    "The number of equivariant maps equals the average product of characters.",
    [
        EquivariantMaps(case.rho_in, case.rho_out).dimension
        - dimension_by_characters(representations.lifted(case.rho_in, case.rho_out))
        for case in gallery.cases()
    ],
    equals=0,
    within=0.5,
    id="dimension-formula",
    details="difference of the two counts, all cases of the gallery",
)

# %% tags=["hide-input"]
S10 = groups.symmetric(10)
graph, number = representations.adjacency(S10), representations.trivial(S10)
spaces = {
    "graphs on 10 nodes to graphs, relabelling": EquivariantMaps(graph, graph),
    "graphs on 10 nodes to a number, relabelling": EquivariantMaps(graph, number),
    "14 x 14 images, translations": gallery.image_maps(groups.image_translations(14)),
    "14 x 14 images, rotations": gallery.image_maps(groups.image_rotations(14)),
    "14 x 14 images, roto-translations": gallery.image_maps(groups.image_rototranslations(14)),
}
publish.table(
    ["maps between", "all maps", "equivariant, by orbits", "equivariant, by characters"],
    [
        [
            name,
            f"{space.shape[0] * space.shape[1]:,}",
            f"{space.dimension:,}",
            f"{dimension_by_characters(space.representation):,}",
        ]
        for name, space in spaces.items()
    ],
)

publish.claim(
    "beyond",
    "The spaces of equivariant maps have dimension 15 and 2 for graphs (to graphs and to a number), and 196, "
    "9,604 and 51 for $14 \\times 14$ images under translations, rotations and roto-translations.",
    [space.dimension for space in spaces.values()],
    equals=[15, 2, 196, 9604, 51],
    within=0.5,
    id="dimensions-of-the-book",
    details="orbits of index pairs; the table above has the character count",
)

# %% [markdown]
# ## What equivariant maps look like
#
# **Graphs.**
# {cite:t}`maron2019invariant` showed that linear maps from graphs to graphs that commute with relabelling have exactly 15 degrees of freedom, whatever the number of nodes (from four on).
# Each is a simple recipe: keep the diagonal, transpose, sum a row and write it on the diagonal, and so on.
# They are the 15 ways to say which of the four indices involved are equal.

# %% tags=["hide-input"]
small = EquivariantMaps(graphs_case.rho_in, graphs_case.rho_out)
patterns = np.array([small.labels == k for k in range(small.dimension)])

publish.figure(
    pictures.image_grid(patterns, [str(k + 1) for k in range(15)], columns=5),
    "graph-basis",
    title="The 15 equivariant maps between graphs",
    caption="The 15 basis maps from graphs on four nodes to graphs on four nodes that commute with every "
    "relabelling. Each is a 16 by 16 matrix; black entries share one weight, white entries are 0. "
    "The patterns do not overlap and together fill the matrix.",
    alt="Fifteen square patterns of black entries on white: four dots on a diagonal, the whole diagonal, "
    "grids of regularly spaced dots, short horizontal and vertical bars, and dots scattered along "
    "broken diagonals.",
)

# %% [markdown]
# **Circles and images.**
# On a circle of points, translation-equivariant maps are circulant matrices: every row is the row above, shifted by one.
# Rotation-equivariant maps on images share weights in a looser way: output pixel $i$ and its rotated copy read rotated copies of the same picture.
# With translations and rotations together, almost nothing is left to choose.
# A linear map between $14 \times 14$ images has 38,416 weights; 51 of them are free.

# %% tags=["hide-input"]
circle = representations.vector(groups.cyclic(12))
circulant = EquivariantMaps(circle, circle).labels[0][(np.arange(12) - np.arange(12)[:, None]) % 12]

rows = np.array([spaces["14 x 14 images, roto-translations"].labels[k] for k in (0, 104)])
publish.figure(
    pictures.label_maps(
        [circulant, *rows.reshape(2, 14, 14)],
        ["12 points on a circle", "what pixel (0, 0) reads", "what pixel (7, 6) reads"],
    ),
    "shared-weights",
    title="Weights that equivariance forces to be equal",
    caption="Equal shades are equal weights. Left: a circulant matrix, equivariant under cyclic shifts of 12 "
    "points. Middle and right: the weights with which one output pixel reads a $14 \\times 14$ image, if the "
    "map commutes with translations and rotations by 90 degrees; there are 51 different weights, and every "
    "output pixel has the same picture around it.",
    alt="A twelve by twelve matrix with constant diagonals, and two fourteen by fourteen mosaics of "
    "shades with four-fold symmetry, the second a cyclically shifted copy of the first.",
)

# %% tags=["hide-input"]
turning = spaces["14 x 14 images, rotations"]
random_map = turning.project(rng.standard_normal(turning.shape))
response = np.array([random_map @ rho.act(g, digit) for g in rotations.elements()])
turned_back = np.array(
    [rho.act(rotations.inverse(g), r) for g, r in zip(rotations.elements(), response, strict=True)]
)

publish.figure(
    pictures.image_grid(
        np.concatenate([response, turned_back]).reshape(-1, 14, 14),
        [
            "$A x$",
            "$A g x$",
            "$A g^2 x$",
            "$A g^3 x$",
            "$A x$",
            "$g^{-1} A g x$",
            "$g^{-2} A g^2 x$",
            "$g^{-3} A g^3 x$",
        ],
        columns=4,
    ),
    "equivariant-response",
    title="An equivariant map answers a turned digit with a turned answer",
    caption="Top: a random map that commutes with rotations, applied to the four rotations of a digit. "
    "Bottom: the answers turned back. They are the same image four times.",
    alt="Eight noise-like images in two rows. The four in the top row are turned copies of one another; the "
    "four in the bottom row are identical.",
)

publish.claim(
    "beyond",
    "A random map, projected onto $\\mathcal{E}$, answers a rotated digit with a rotated answer.",
    turned_back - turned_back[0],
    equals=0,
    within=1e-12,
    id="projected-map-is-equivariant",
    details="the pixels of the figure above",
)

# %% [markdown]
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
# | $\mathcal{L}$, $\mathcal{E}$, $\mathcal{E}^\perp$ | all layers, the equivariant ones, their orthogonal complement |
# | $\Pi_{\mathcal{E}}$ | orthogonal projection onto $\mathcal{E}$; $A_\perp = A - \Pi_{\mathcal{E}}A$ |
# | $R$, $R^{\text{aug}}$, $R^{\text{eqv}}$ | nominal, augmented and equivariant risk |
# | $K$, $K_G$ | Gram matrix $X^\top X$, and its sum over the group $\sum_g \rho(g) X^\top X \rho(g)^\top$ |
# | $C_G$ | sum of the moments of labels and points over the group, $\sum_g \rho_{\text{out}}(g) Y^\top X \rho_{\text{in}}(g)^\top$ |
# | $\eta$, $t$ | learning rate, time of gradient flow |
# | $\lambda$ | an eigenvalue; in the chapters on deep linear networks also the weight of a penalty (said there) |
# | $r$ | bound on the rank of a linear network; in {ref}`imperfect-data` the residual |
# | DI, LI, SI | distribution, logit and saliency invariance errors of paper C |
# | $\sigma_{\max}(J)$ | largest singular value of the input-output Jacobian |
# | $\lVert\cdot\rVert$ | Euclidean norm of vectors, Frobenius norm of matrices |
#
# ## What to take away
#
# * The average over the group is the orthogonal projection onto what the group leaves fixed, provided that the group acts by orthogonal matrices.
# * Weights split into $\mathcal{E}$ and $\mathcal{E}^\perp$. The papers of this book differ in how they reach $\mathcal{E}$ and in how far from it training ends.
# * $\mathcal{E}$ is small: 51 of 38,416 weights for images under roto-translations, 15 of 10,000 for graphs on ten nodes.

# %% tags=["hide-input", "nbval-ignore-output"]
publish.footer(scale, seed)
