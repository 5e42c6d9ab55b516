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
# The theorem holds, and more generally than stated: the group may act differently on inputs and outputs, and the number of outputs need not equal the number of inputs.
# Orthogonality makes the two parts evolve separately; the limit is equivariant without it.
# The two-by-two example of the paper is reproduced.
# Its two asymmetric components are not independent of each other, so $W_k$ is a sum of two exponentials, and the slower one, $\lambda_{\min}(K_G)$, sets the slope in the end.

# %% tags=["parameters"]
scale = "book"
seed = 0

# %% tags=["hide-input"]
import numpy as np

from learnsym import gallery, groups, publish, regression, representations
from learnsym.checks import draws, induced_equivariance
from learnsym.checks import equivariant_regression as equivariant
from learnsym.plots import equivariance as plots

publish.use_style()
rng = np.random.default_rng(seed)

# %% [markdown]
# ## The setting
#
# A predictor is a matrix $W$ of shape (outputs, inputs), $f_W(x) = Wx$.
# The data are points $x_i$ with vector labels $y_i$, the rows of $X$ and $Y$, and training minimises $\tfrac12 \lVert Y - XW^\top\rVert^2$ by gradient flow.
# The group acts on inputs by $\rho_{\text{in}}$ and on labels by $\rho_{\text{out}}$.
# Assumption 4 of the paper says that with $(x, y)$ the data contain $(\rho_{\text{in}}(g)x, \rho_{\text{out}}(g)y)$ for every $g$.
# The paper takes $\rho_{\text{in}} = \rho_{\text{out}}$, writes points as rows, and so has $W^\top$ where we have $W$.
#
# Keep one pair per orbit in $X$ and $Y$.
# Two matrices describe the data,
#
# $$
# K_G = \sum_g \rho_{\text{in}}(g) X^\top X \rho_{\text{in}}(g)^\top, \qquad
# C_G = \sum_g \rho_{\text{out}}(g) Y^\top X \rho_{\text{in}}(g)^\top .
# $$ (eq-kg-cg)
#
# The maps that commute with the group form the space $\mathcal{E}$ of [equivariant maps](equivariant-maps).
# Split $W = W_r + W_k$ with $W_r \in \mathcal{E}$ and $W_k \in \mathcal{E}^\perp$.
# For $\rho_{\text{in}} = \rho_{\text{out}}$ the paper calls $\mathcal{E}$ the space $V_G$ of matrices that commute with the group.
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

# %% tags=["hide-input"]
swap = gallery.find("S2, swap of two coordinates")
diagonal = induced_equivariance.Problem(
    np.array([[1.0, 1.0], [1.0, 2.0], [2.0, 2.0]]),
    np.array([[3.0, 3.0], [0.0, 1.0], [1.0, -1.0]]),
    rng.standard_normal((2, 2)),
    swap,
)
oblique = induced_equivariance.random_problem(gallery.find("reflection about c = 0.7"), 5, rng)
stabilisers = regression.stabiliser_sizes(
    np.hstack([diagonal.X, diagonal.Y]), representations.direct_sum(swap.rho_in, swap.rho_out)
)

publish.claim(
    "A: Corollary 4.1",
    "The squared error over data of whole orbits is the sum over the group of the errors at one point per orbit, "
    "weighted by $1/\\lvert\\operatorname{Stab}(x, y)\\rvert$. Orthogonality is not needed.",
    [
        induced_equivariance.group_sum_gap(diagonal, 1 / stabilisers),
        induced_equivariance.group_sum_gap(oblique, np.ones(5)),
    ],
    equals=0,
    within=1e-12,
    correction="The unweighted sum counts a point once for every group element that fixes it and its label. The "
    "rewriting follows from Assumption 4; Assumption 5 plays no part.",
    published=induced_equivariance.group_sum_gap(diagonal, np.ones(3)),
    id="vector-orbit-sum-loss",
    details="Paper: equality without the weight, under Assumption 5. relative difference of the two losses: a swap with two points on the diagonal, one of which has its label off it, and an oblique reflection",
)

# %% [markdown]
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
# The proof never uses $\rho_{\text{in}} = \rho_{\text{out}}$.
# We check all three parts over the whole {ref}`gallery <groups-and-projections>`, rectangular maps included, with one orbit and with twenty.
# The labels are $q(x)Ax$ with a random equivariant $A$ and an invariant quadratic form $q$: equivariant, and with twenty orbits in general not realisable by a linear map.

# %% tags=["hide-input"]
everywhere = [
    induced_equivariance.random_problem(case, orbits, rng)
    for case in gallery.cases()
    for orbits in (1, 20)
    for _ in range(draws(scale))
]
orthogonal = [problem for problem in everywhere if problem.case.is_orthogonal]

publish.claim(
    "A: Theorem 4.2.1",
    "On data of whole orbits with equivariant labels, gradient flow follows the closed form with $K_G$ and $C_G$; no "
    "orthogonality is needed.",
    [induced_equivariance.ode_deviation(problem) for problem in everywhere],
    equals=0,
    within=1e-8,
    id="matrix-flow-closed-form",
    details="Paper: equality, under Assumption 5. relative to the largest weight; an ODE solver on the augmented data, the whole gallery",
)

publish.claim(
    "A: Theorem 4.2.2",
    "For orthogonal representations, $W_r(t)$ does not depend on $W_k(0)$ and $W_k(t)$ does not depend on $W_r(0)$.",
    [induced_equivariance.coupling(problem, rng) for problem in orthogonal],
    equals=0,
    within=1e-12,
    id="matrix-parts-are-decoupled",
    details="Paper: no influence. relative change of one part when the other starts elsewhere, all orthogonal cases",
)

publish.claim(
    "A: Theorem 4.2.3",
    "For orthogonal representations, $W_k(t) = W_k(0)e^{-K_G t}$, whatever the labels.",
    [
        [
            induced_equivariance.decay_deviation(problem),
            induced_equivariance.label_influence(problem, rng),
        ]
        for problem in orthogonal
    ],
    equals=0,
    within=1e-12,
    id="matrix-asymmetric-part-decays",
    details="Paper: equality, no influence of the labels. deviation from the matrix exponential, and relative change under other labels, all orthogonal cases",
)

publish.claim(
    "A: Corollary 4.3",
    "If $K_G$ is positive definite, the limit of gradient flow is an equivariant map. No orthogonality is needed.",
    [
        induced_equivariance.limit_defect(problem)
        for problem in everywhere
        if problem.loss.eigenvalues[0] > 0
    ],
    equals=0,
    within=1e-9,
    id="limit-is-equivariant",
    details="Paper: equivariant, under Assumption 5. largest entry of $\\rho_{\\text{out}}(g)W - W\\rho_{\\text{in}}(g)$, relative to the initial weights, all positive definite cases of the gallery",
)

# %% [markdown]
# ### What orthogonality is for
#
# Why does the limit not care?
# For positive definite $K_G$ it is $C_G K_G^{-1}$.
# Reordering the sums {eq}`eq-kg-cg` gives $\rho_{\text{out}}(g)\, C_G = C_G\, \rho_{\text{in}}(g)^{-\top}$ and $\rho_{\text{in}}(g)\, K_G\, \rho_{\text{in}}(g)^\top = K_G$.
# Hence
#
# $$
# \rho_{\text{out}}(g)\, C_G K_G^{-1} = C_G\, \rho_{\text{in}}(g)^{-\top} K_G^{-1} = C_G K_G^{-1} \rho_{\text{in}}(g) .
# $$
#
# (The loss itself need not be symmetric: an oblique $\rho_{\text{out}}$ changes the length of residuals.
# Its minimiser does not depend on how residuals are measured.)
#
# The way to the limit does depend on it.
# Gradient flow uses the Frobenius inner product, and only orthogonal groups preserve that.
# Under an oblique group, each part can drive the other, and labels can push $W_k$ away from zero before it returns.
# (In {ref}`induced-invariance` labels never enter $w_k$ directly, even under an oblique group.
# There $w_k$ lies in $\ker\mathcal{R}^\top$, here $W_k$ lies in $\mathcal{E}^\perp$. For an oblique group these are different splits; for an orthogonal one they agree.)

# %% tags=["hide-input"]
publish.claim(
    "beyond: A, Theorem 4.2.2",
    "For oblique representations, the equivariant part of $W$ and the rest can influence each other.",
    [
        max(
            max(
                induced_equivariance.coupling(
                    induced_equivariance.random_problem(case, 20, rng), rng
                )
            )
            for _ in range(20)
        )
        for case in gallery.oblique_cases()
    ],
    above=0.019,
    id="oblique-matrix-parts-are-coupled",
    details="Paper: excluded by assumption. largest relative change over 20 random data sets, each oblique case",
)

# %% [markdown]
# ### Two assumptions that are one
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
#
# The proofs of the paper write the gradient in two ways, which differ by a transpose (its Eqs 6 and 7).
# Under either assumption they agree.
# Without one, only Eq. 7 is the gradient of the loss.

# %% tags=["hide-input"]
moving = [case.rho_in for case in gallery.cases()]
own = np.random.default_rng([seed, 1])
gaps = np.array([induced_equivariance.gradient_gaps(rho, own) for rho in moving])
upright = np.array([rho.is_orthogonal for rho in moving])

publish.claim(
    "beyond: A, Theorem 4.2.2",
    "For a finite group, transposes belong to the group exactly if the group is orthogonal.",
    [induced_equivariance.transposes_belong(rho) for rho in moving] == upright,
    id="assumptions-three-and-five-agree",
    details="Paper: Assumption 5 is stated as a further assumption. all representations of the gallery, oblique ones included",
)

publish.claim(
    "A: Theorem 3.3.1",
    "The gradient of the loss is that of Eq. 7. The form in Eq. 6 equals it for orthogonal groups.",
    [*gaps[:, 0], *gaps[upright, 1]],
    equals=0,
    within=1e-9,
    correction="For an oblique group Eq. 6 needs its $g$ and $g^\\top$ exchanged.",
    published=gaps[~upright, 1].min(),
    id="only-equation-seven-is-the-gradient",
    details="Paper: Eqs 6 and 7 are the same. relative distance from the slope of the loss, all representations of the gallery; the gap is the smallest over the oblique ones",
)

# %% [markdown]
# ## The published example and figure
#
# Points $(x, y)$ have the labels $(y^2, x^2)$, and the group swaps the two coordinates of points and labels.
# The weights are two-by-two matrices $\left(\begin{smallmatrix} w_{11} & w_{12} \\ w_{21} & w_{22}\end{smallmatrix}\right)$.
# A matrix commutes with the swap if $w_{11} = w_{22}$ and $w_{12} = w_{21}$.
# So there are two symmetric components, $(w_{11}+w_{22})/2$ and $(w_{12}+w_{21})/2$, and two asymmetric ones, $(w_{11}-w_{22})/2$ and $(w_{12}-w_{21})/2$.
# Fifty models start from random weights.
# The paper states neither the range nor the distribution of the points; we draw them uniformly from the unit square.
#
# The *asymmetry loss* of a map $f$ is the mean over $x$ of $\lVert f(x) - \frac{1}{|G|}\sum_g \rho_{\text{out}}(g)^{-1} f(\rho_{\text{in}}(g)x)\rVert$.

# %% tags=["hide-input"]
example = induced_equivariance.swap_problem(50, rng)
slow, fast = example.loss.eigenvalues
times = np.linspace(0, 60, 241)
starts = rng.standard_normal((50, 2, 2))
everything = regression.augment(example.X, swap.rho_in).reshape(-1, 2)
errors = equivariant.equivariance_error(
    example.loss.flow(starts, times / fast), everything, swap.rho_in, swap.rho_out
)

W_r, W_k = equivariant.split_maps(rng.standard_normal((3, 2, 2)), example.maps)
early = np.linspace(0, 40, 81)
same_k = induced_equivariance.swap_parts(example.loss.flow(W_r + W_k[0], early / fast))
same_r = induced_equivariance.swap_parts(example.loss.flow(W_r[0] + W_k, early / fast))

publish.figure(
    plots.swap_panels(times, errors, early, same_k, same_r),
    "swap-asymmetry",
    title="Asymmetry of two-by-two weights under a swap",
    caption="Figure 4 of paper A, recomputed; time in units of $1/\\lambda_{\\max}(K_G)$. (a) The asymmetry loss of 50 "
    "models falls; in the end all fall at the same rate. (b) Three models with the same initial asymmetric components "
    "(dashed, dotted) and different symmetric ones (solid, dash-dotted): each asymmetric component follows one curve. "
    "(c) Three models with the same symmetric components: each symmetric component follows one curve.",
    alt="Three panels. In the first, fifty lines fall on a logarithmic axis, steeply at first and then in parallel. In the "
    "second, two dark curves tend to zero while three pairs of light curves converge to two values. In the third, two light "
    "curves are shared while three pairs of dark curves tend to zero.",
)

# %% [markdown]
# The asymmetric components are two numbers, and the figure shows that they are decoupled from the symmetric ones.
# They are not decoupled from each other.
# With $K_G = \left(\begin{smallmatrix} a & b \\ b & a\end{smallmatrix}\right)$ the sum and the difference of the two decay, at the rates $a + b$ and $a - b$.
# The slower of the two wins.
# For points in the unit square $b > 0$, so the slower rate is $a - b = \lambda_{\min}(K_G)$.

# %% tags=["hide-input"]
tail = slice(160, None)
slopes = np.polyfit(times[tail] / fast, np.log(errors[tail]), 1)[0]
alone = np.array([[1.0, 0.0], [0.0, -1.0]]) @ example.loss.K

publish.table(
    ["rate", "value relative to the largest"],
    [
        ["$a + b = \\lambda_{\\max}(K_G)$", "1"],
        ["$a - b = \\lambda_{\\min}(K_G)$", f"{slow / fast:.3g}"],
    ],
)

publish.claim(
    "A: Figure 4a",
    "The asymmetry loss of every model falls exponentially in the end, at the rate $\\lambda_{\\min}(K_G)$.",
    -slopes / slow,
    equals=1.0,
    within=1e-6,
    id="swap-asymmetry-decays",
    details="Paper: exponential decay. fitted over predicted rate in the last third of panel (a), 50 models",
)

publish.claim(
    "A: Figure 4b",
    "Models with the same initial asymmetric components keep the same asymmetric components.",
    np.ptp(same_k[:, :, 2:], axis=1),
    equals=0,
    within=1e-12,
    id="swap-same-asymmetric-start",
    details="Paper: the asymmetric curves coincide. spread of each asymmetric component over three models at each time",
)

publish.claim(
    "A: Figure 4c",
    "Models with the same initial symmetric components keep the same symmetric components.",
    np.ptp(same_r[:, :, :2], axis=1),
    equals=0,
    within=1e-12,
    id="swap-same-symmetric-start",
    details="Paper: the symmetric curves coincide. spread of each symmetric component over three models at each time",
)

publish.claim(
    "beyond: A, Figure 4a",
    "The two asymmetric components drive each other: a model that starts with $(w_{11}-w_{22})/2 = 1$ alone develops "
    "$(w_{12}-w_{21})/2$ at a rate equal to the off-diagonal entry of $K_G$.",
    np.abs(induced_equivariance.swap_parts(alone)[3] / example.loss.K[0, 1]),
    equals=1.0,
    within=1e-12,
    id="swap-asymmetric-components-mix",
    details="velocity of the second component over the off-diagonal entry",
)

# %% [markdown]
# ## Larger groups
#
# Two by two is not special.
# We train maps by real gradient descent under three more groups: rotations of three-by-three images, relabelling of graphs with four nodes, and permutations of three coordinates with a map that is not square.
# The prediction is one rate per eigenvector $v$ of $K_G$.
# With learning rate $\eta$, the mean squared error over $N$ rows in all, and the eigenvalue $\lambda$ of $K_G/N$, the length of $W_k v$ decays at the rate $-\ln(1 - \eta\lambda)/\eta$ per unit time, for every output at once.

# %% tags=["hide-input"]
turns = groups.image_rotations(3)
pictures = gallery.Case(
    "C4, 3x3 images", representations.image(turns), representations.image(turns)
)
chosen = [
    pictures,
    gallery.find("S4, graphs to graphs"),
    gallery.find("S3, vector to vector and trivial"),
]
problems = [induced_equivariance.random_problem(case, 12, rng) for case in chosen]
rates = {p.case.name: induced_equivariance.trained_rates(p) for p in problems}

publish.figure(
    plots.rates_by_group(rates),
    "equivariance-rates",
    title="Predicted and measured decay of the non-equivariant part",
    caption="Each mark is an eigenvector of $K_G$. The rate at which the non-equivariant part of the weights decays along it "
    "in real gradient descent equals the predicted one, under rotations of images, relabelling of graphs and permutations of "
    "coordinates. Eigenvectors of one irreducible representation share their rate, so marks coincide.",
    alt="Scatter plot of measured against predicted rates on logarithmic axes. Circles, squares and triangles for the three "
    "groups all lie on the diagonal.",
    width="70%",
)

publish.claim(
    "beyond: A, Theorem 4.2.3",
    "In real gradient descent the non-equivariant part of the weights decays at the rates $-\\ln(1 - \\eta\\lambda)/\\eta$ "
    "that the eigenvalues $\\lambda$ of $K_G/N$ predict, also for larger groups and for maps that are not square.",
    np.concatenate([measured / predicted for predicted, measured in rates.values()]),
    equals=1.0,
    within=1e-6,
    id="equivariance-rates-agree",
    details="measured over predicted rate, every eigenvector and all three groups",
)

# %% [markdown]
# ## What to take away
#
# * What holds for invariance holds for equivariance: the part that does not commute with the group decays exponentially, at rates that the inputs fix.
# * The limit is equivariant because the minimiser of least squares moves with the data. Only the road to it depends on the inner product, and so on orthogonality.
# * $W_k$ is a sum of exponentials. The slope of the asymmetry loss in a plot is the slowest of their rates, in the example $\lambda_{\min}(K_G)$, once the faster ones are gone.

# %% tags=["hide-input", "nbval-ignore-output"]
publish.footer(scale, seed)
