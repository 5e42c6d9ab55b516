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
# (induced-invariance)=
# # Linear regression learns the symmetry of its data
#
# Give a linear model every image together with its rotated copies, all with the same label.
# Nothing in the model knows about rotations.
# After training, will its predictions be the same for an image and its rotated copy?
#
# {cite:t}`gideoni2023implicitly` answers yes, and says how it happens.
# The weights are the sum of a *symmetric* part, which respects the group, and an *asymmetric* part, which does not.
# The two evolve without feeling each other.
# The labels drive the symmetric part only.
# The asymmetric part decays exponentially, at rates that the inputs alone fix.
#
# **What we find.**
# The theorem is right, and its conclusion holds for more groups than its proof covers.
# Two side statements need a correction: the loss as a sum over the group ({prf:ref}`prop-orbit-sum`), and the condition under which everything decays ({prf:ref}`prop-kernel`).
# The plateau in the published figure is not an effect of finite steps in full-batch descent; rounding or mini-batches produce one.
# On real digits the theorem predicts 135 decay rates, which agree with measured ones to better than one part in a million, and twelve directions in which nothing decays at all.

# %% tags=["parameters"]
scale = "book"
seed = 0

# %% tags=["hide-input"]
import numpy as np

from learnsym import gallery, groups, publish, regression, representations, results
from learnsym.checks import digit_rates, draws, induced_invariance, reflection_example
from learnsym.experiments import digit_regression
from learnsym.plots import regression as plots

publish.use_style()
rng = np.random.default_rng(seed)

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
# With the Gram matrix $K = X^\top X$ and its pseudo-inverse $K^{+}$, the solution is known in closed form:
#
# $$
# w(t) = e^{-Kt} w(0) + \left(I - e^{-Kt}\right) K^{+} X^\top y .
# $$ (eq-flow)
#
# A group $G$ acts on data points by $x \mapsto \rho(g) x$ ({ref}`groups-and-projections` introduces all of this).
# The data respect the group if, with a point and its label, they contain every $\rho(g) x$ with the same label.
# This is Assumption 1 of the paper; it says that the data set consists of whole orbits.
# Assumption 2 is gradient flow.
# Assumption 3 asks that the transpose of every $\rho(g)$ is again one of the group's matrices.
# For a finite group this makes every $\rho(g)$ orthogonal.
# (The product $\rho(g)\rho(g)^\top$ is then one of the group's matrices, so some power of it is the identity; a positive definite matrix with that property is the identity itself.)
#
# The paper writes points as rows and lets $g$ act from the right, so its $g$ is our $\rho(g)^\top$.
#
# **What is checked.**
# Most statements are tested on random data for every group of the {ref}`gallery <groups-and-projections>`, once with a single orbit, where the Gram matrix is often singular, and once with twenty.
# The oracle for {eq}`eq-flow` is an ODE solver that sees the data and not the formula.

# %% tags=["hide-input"]
shapes = [(20, 5), (3, 5), (1, 4)]
instances = [
    (rng.standard_normal(shape), rng.standard_normal(shape[0])) for shape in shapes * draws(scale)
]

publish.claim(
    "A: Eq. 1",
    "Gradient flow on the squared error follows "
    "$w(t) = e^{-Kt} w(0)$ $+ (I - e^{-Kt}) K^{+} X^\\top y$, also where $K$ is singular.",
    [
        induced_invariance.ode_deviation(
            regression.QuadraticLoss.from_data(X, y), X, y, rng.standard_normal(X.shape[1])
        )
        for X, y in instances
    ],
    equals=0,
    within=1e-8,
    id="gradient-flow-closed-form",
    details="Paper: equality. relative to the largest weight; an ODE solver on random data with 20, 3 and 1 points",
)

# %% [markdown]
# ## The loss as a sum over the group
#
# The paper keeps one point per orbit in $X$ and writes the loss as a sum over the group,
#
# $$
# L(w) = \tfrac12 \sum_{g \in G} \lVert y - X \rho(g)^\top w \rVert^2 .
# $$ (eq-orbit-sum)
#
# This is its Corollary 3.2.
# It counts a point several times if several group elements leave the point where it is.
# The reflection of the line, for example, leaves $0$ in place: a data set that contains the point $x = 0$ once has it twice in {eq}`eq-orbit-sum`.
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
# The published form is right as soon as one reads the data set as a list in which such points appear repeatedly, and nothing below depends on the difference: a positive weight per orbit changes neither the argument nor the conclusion.

# %% tags=["hide-input"]
line = reflection_example.absolute_value(1, rng)
points = np.array([[1.0, 0.0], [1.0, 0.5], [1.0, -0.8]])
fixed = induced_invariance.orbit_sum_gap(
    points, np.abs(points[:, 1]), rng.standard_normal(2), line.rho
)

S3 = representations.vector(groups.symmetric(3))
triples = np.array([[1.0, 1.0, 1.0], [1.0, 1.0, 2.0], [0.3, -1.0, 2.0]])
triple = induced_invariance.orbit_sum_gap(
    triples, rng.standard_normal(3), rng.standard_normal(3), S3
)

publish.claim(
    "A: Corollary 3.2",
    "The squared error over a data set of whole orbits is the sum over the group of the errors at one point "
    "per orbit, each orbit weighted by $1/\\lvert\\operatorname{Stab}(x)\\rvert$.",
    [case["corrected"] / case["direct"] - 1 for case in (fixed, triple)],
    equals=0,
    within=1e-12,
    correction="The unweighted sum counts a point once for every group element that leaves it in place. It "
    "differs where a point has a non-trivial stabiliser, such as $x = 0$ under a reflection.",
    published=triple["published"] / triple["direct"] - 1,
    id="orbit-sum-loss",
    details="Paper: equality without the weight. relative difference of the two losses, for the points 0, 0.5 and -0.8 of the line under the reflection, and for three triples under $S_3$; the gap is that of the triples",
)

# %% [markdown]
# (two-parts)=
# ## Two parts that do not feel each other
#
# Summed over the group, the Gram matrix becomes
#
# $$
# K_G = \sum_{g \in G} \rho(g)\, X^\top X\, \rho(g)^\top .
# $$ (eq-kg)
#
# Averaging a predictor over the group is the linear map $\mathcal{R}^\top = \frac{1}{|G|}\sum_g \rho(g)^\top$ on weights: the predictor with weights $\mathcal{R}^\top w$ returns the mean of $f_w$ over the orbit.
# Weights in $\ker \mathcal{R}^\top$ average to zero; they are the asymmetric ones.
# Split $w = w_r + w_k$ with $w_k \in \ker\mathcal{R}^\top$ and $w_r$ orthogonal to it.
#
# ````{prf:theorem} Theorem 3.3 of paper A
# :label: thm-induced-invariance
# Let the data be the list of all $\rho(g)x_i$, $g \in G$, with one label per orbit.
# (A point with a stabiliser appears repeatedly in it. For the set of distinct points, weight row $i$ of $X$ and $y$ by $\lvert\operatorname{Stab}(x_i)\rvert^{-1/2}$.)
#
# 1. Gradient flow follows {eq}`eq-flow` with $K_G$ in place of $K$ and $\sum_g \rho(g) X^\top y$ in place of $X^\top y$.
# 2. If every $\rho(g)$ is orthogonal, then $w_r(t)$ depends on $w_r(0)$ and not on $w_k(0)$, and the other way round.
# 3. If every $\rho(g)$ is orthogonal, then $w_k(t) = e^{-K_G t} w_k(0)$, whatever the labels. If $K_G$ is positive definite, $w_k$ decays exponentially.
# ````
#
# ````{prf:proof}
# The gradient of the loss is $K_G w - \sum_g \rho(g) X^\top y$, which gives (1).
# For orthogonal $\rho$, the matrix $K_G$ commutes with every $\rho(g)$, hence with $\mathcal{R} = \mathcal{R}^\top$.
# A symmetric matrix that commutes with a projection maps its image and its kernel to themselves, which gives (2).
# The vector $\sum_g \rho(g) X^\top y = |G|\,\mathcal{R}X^\top y$ lies in the image of $\mathcal{R}$, so the labels never enter the kernel, which gives (3).
# ````
#
# Part 1 needs no orthogonality, and we test it on the oblique cases of the gallery as well.

# %% tags=["hide-input"]
everywhere = [
    induced_invariance.random_problem(case.rho_in, orbits, rng)
    for case in gallery.cases()
    for orbits in (1, 20)
    for _ in range(draws(scale))
]
orthogonal = [problem for problem in everywhere if problem.rho.is_orthogonal]
oblique = [problem for problem in everywhere if not problem.rho.is_orthogonal]

publish.claim(
    "A: Theorem 3.3.1",
    "On data of whole orbits, gradient flow follows the closed form with $K_G$; no orthogonality is needed.",
    [induced_invariance.symmetric_ode_deviation(problem) for problem in everywhere],
    equals=0,
    within=1e-8,
    id="symmetric-flow-closed-form",
    details="Paper: equality, under Assumption 3. relative to the largest weight; an ODE solver on the augmented data, the whole gallery",
)

publish.claim(
    "A: Theorem 3.3.2",
    "For orthogonal representations, $w_r(t)$ does not depend on $w_k(0)$ and $w_k(t)$ does not depend on "
    "$w_r(0)$.",
    [induced_invariance.coupling(problem, rng) for problem in orthogonal],
    equals=0,
    within=1e-12,
    id="parts-are-decoupled",
    details="Paper: no influence. relative change of one part when the other starts elsewhere, all orthogonal cases",
)

publish.claim(
    "A: Theorem 3.3.3",
    "For orthogonal representations, $w_k(t) = e^{-K_G t}w_k(0)$, whatever the labels.",
    [
        [
            induced_invariance.decay_deviation(problem),
            induced_invariance.label_influence(problem, rng),
        ]
        for problem in orthogonal
    ],
    equals=0,
    within=1e-12,
    id="asymmetric-part-decays",
    details="Paper: equality, no influence of the labels. deviation from the exponential, and relative change when all labels change, all orthogonal cases",
)

# %% [markdown]
# How much of this survives without orthogonality?
# Parts 2 and 3 can fail: in oblique coordinates each part may push the other.
# But Assumption 3 asks for more than the proof uses.
# It is enough that the average $\mathcal{R}$ is a symmetric matrix.
# For then $\mathcal{R}^\top K_G v = \mathcal{R} \sum_g \rho(g) X^\top X \rho(g)^\top v = |G|\, \mathcal{R} X^\top X \mathcal{R}^\top v = 0$ for every $v \in \ker\mathcal{R}^\top$, since $\mathcal{R}\rho(g) = \mathcal{R}$: the asymmetric weights stay among themselves.
# The plane, turned by 120 degrees and then stretched along one axis, is such a case once a constant feature is added: the matrices are not orthogonal, their average is.

# %% tags=["hide-input"]
publish.claim(
    "beyond: A, Theorem 3.3.2",
    "For an oblique representation, the asymmetric and the symmetric part of the weights can influence each other.",
    [
        max(
            max(
                induced_invariance.coupling(
                    induced_invariance.random_problem(case.rho_in, 20, rng), rng
                )
            )
            for _ in range(20)
        )
        for case in gallery.oblique_cases()
    ],
    above=0.019,
    id="oblique-parts-are-coupled",
    details="Paper: excluded by assumption. largest relative change over 20 random data sets, each oblique case",
)

C3 = gallery.find("C3, turns of the plane").rho_in
stretched = representations.direct_sum(
    representations.trivial(C3.group), representations.conjugated(C3, np.diag([1.0, 3.0]))
)
publish.claim(
    "beyond: A, Theorem 3.3.2",
    "The parts are decoupled as soon as the average $\\mathcal{R}$ is a symmetric matrix, which is weaker than "
    "Assumption 3.",
    [
        induced_invariance.coupling(induced_invariance.random_problem(stretched, 10, rng), rng)
        for _ in range(20)
    ],
    equals=0,
    within=1e-12,
    id="symmetric-average-is-enough",
    details="a constant feature and a stretched plane under rotations by 120 degrees, 20 random data sets",
)

# %% [markdown]
# ## When does everything decay?
#
# The asymmetric part vanishes in the end if $K_G$ is positive definite.
# The paper adds that $K_G$ is positive definite if and only if $X^\top X$ is.
# With one point per orbit in $X$, as in its $K_G$, only one direction is true.
# The group adds points, and points add rank: the single data point $x = 1$ with features $(1, x)$ gives $X^\top X$ with eigenvalues $0$ and $2$, while its mirror image makes $K_G = 2I$.
#
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
# This matters in practice.
# It says how few labelled points are needed: for a generic data set one can be enough, since it counts with its whole orbit.
#
# For the limit to be invariant, even less will do: that $K_G$ is positive definite on $\ker\mathcal{R}^\top$.
# What gradient flow leaves of the start is its part $v$ in $\ker K_G$.
# Every $\rho(g)^\top$ maps this kernel to itself, so $v - \mathcal{R}^\top v$ lies in it and in $\ker\mathcal{R}^\top$; if only $0$ does, $v$ is invariant.
# The rest of the limit is the shortest minimiser, which differs from an invariant one by an element of the same kernel.

# %% tags=["hide-input"]
example = induced_invariance.Problem(np.array([[1.0, 1.0]]), np.array([1.0]), np.zeros(2), line.rho)

publish.claim(
    "A: K_G positive definite iff X^T X is",
    "The kernel of $K_G$ is the largest subspace of $\\ker X$ that every $\\rho(g)^\\top$ maps to itself. With one "
    "point per orbit in $X$, positive definiteness of $X^\\top X$ is sufficient for that of $K_G$ and not necessary.",
    [induced_invariance.kernel_angle(problem) for problem in everywhere],
    equals=0,
    within=1e-7,
    correction='With one point per orbit in $X$, only "if" is true. For the features $(1, x)$, the point $x = 1$ and the '
    "reflection, $X^\\top X$ is singular and $K_G = 2I$.",
    published=example.loss.eigenvalues[0],
    id="kernel-of-kg",
    details="Paper: if and only if. largest angle in radians between the two subspaces, the whole gallery; the gap is the smallest eigenvalue of $K_G$ in the counterexample, where the published statement asks for 0",
)

publish.claim(
    "A: Corollary 3.4",
    "If $K_G$ is positive definite, the limit of gradient flow is an invariant predictor. No orthogonality is "
    "needed.",
    [
        induced_invariance.limit_variance(problem)
        for problem in everywhere
        if problem.loss.eigenvalues[0] > 0
    ],
    equals=0,
    within=1e-9,
    id="limit-is-invariant",
    details="Paper: invariant, under Assumption 3. largest change of the limit under the group, relative to the initial weights, all positive definite cases of the gallery",
)

decays = np.array([induced_invariance.smallest_asymmetric_rate(p) > 1e-9 for p in everywhere])
invariant = np.array([induced_invariance.limit_variance(p) < 1e-9 for p in everywhere])
publish.claim(
    "beyond: A, Corollary 3.4",
    "From a random start, the limit is invariant exactly if $K_G$ is positive definite on "
    "$\\ker\\mathcal{R}^\\top$, for any representation.",
    decays == invariant,
    id="decay-on-the-kernel-is-enough",
    details="Paper: sufficient: $K_G$ positive definite everywhere. both conditions evaluated on every problem of the gallery, singular ones included",
)

# %% [markdown]
# ## The published example and figure
#
# Fit a straight line $w_0 + w_1 x$ to points of $|x|$.
# With $(x, |x|)$ the data contain $(-x, |x|)$.
# The group is the reflection, acting on the features $(1, x)$ as $\operatorname{diag}(1, -1)$.
# The intercept is the symmetric part, the slope the asymmetric one; the best invariant line is flat.
# This is Example 3.1 of the paper, and its Figure 1 shows how far several models are from symmetric as they train.
# The measure is the asymmetry loss: the mean over $x$ of the distance between $f(x)$ and its average over the orbit.
#
# We train fifty models from random initial weights by real gradient descent, 1,300 steps with learning rate 0.1 on the mean squared error over 100 points (the paper leaves number of points and learning rate open).
# Gradient descent with learning rate $\eta$ multiplies an eigendirection of eigenvalue $\lambda$ by $1 - \eta\lambda$ in every step.
# So it decays at the rate $-\ln\lvert 1 - \eta\lambda\rvert/\eta$ per unit time, which is close to $\lambda$ for small $\eta\lambda$.

# %% tags=["hide-input"]
eta, steps = 0.1, np.arange(0, 1_301, 10)
line = reflection_example.absolute_value(50, rng)
regression.require_whole_orbits(line.rows, line.labels, line.rho)
labels = np.tile(line.labels[:, None], (1, 50))
start = rng.standard_normal((2, 50))
trained = regression.descend(line.rows, labels, start, eta, steps).transpose(0, 2, 1)
losses = regression.asymmetry_loss(trained, line.rows, line.rho)

early = np.arange(0, 121, 2)
same_k = line.loss.descent(
    np.stack([np.linspace(-1.5, 2.5, 5), np.full(5, 1.0)], axis=1), early, eta
)
same_r = line.loss.descent(np.stack([np.full(5, -1.0), np.linspace(-2, 2, 5)], axis=1), early, eta)

publish.figure(
    plots.asymmetry_and_parts(steps, losses, early, same_k, same_r),
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

# %% tags=["hide-input"]
visible = slice(0, 60)
decay = regression.descent_rate(np.mean(line.rows[:, 1] ** 2), eta)
slopes = reflection_example.slope(eta * steps[visible], losses[visible])

publish.claim(
    "A: Example 3.1",
    "In the example, the average over the group keeps the intercept and removes the slope, and training ends at a "
    "flat line.",
    [
        *np.ravel(regression.weight_reynolds(line.rho) - np.diag([1.0, 0.0])),
        line.loss.limit(start[:, 0])[1],
    ],
    equals=0,
    within=1e-12,
    id="line-example",
    details="Paper: group $\\{I, \\operatorname{diag}(1, -1)\\}$. entries of the average minus $\\operatorname{diag}(1, 0)$, and the final slope",
)

publish.claim(
    "A: Figure 1a",
    "The asymmetry loss of every model falls exponentially, at the rate that the inputs fix.",
    -slopes / decay,
    equals=1.0,
    within=1e-6,
    id="line-asymmetry-decays",
    details="Paper: exponential decay, then a plateau. fitted rate over predicted rate, 50 models, while the loss is above rounding",
)

publish.claim(
    "beyond: A, Eq. 1",
    "One eigendecomposition of the Gram matrix gives the whole training of all fifty models.",
    trained - line.loss.descent(start.T, steps, eta),
    equals=0,
    within=1e-12,
    id="line-one-eigendecomposition",
    details="weights of fifty models at all recorded steps, real gradient descent less the closed form",
)

publish.claim(
    "A: Figure 1b",
    "Models with the same initial $w_k$ keep the same $w_k$, however their $w_r$ differ.",
    np.ptp(same_k[:, :, 1], axis=1),
    equals=0,
    within=1e-12,
    id="line-same-asymmetric-start",
    details="Paper: the asymmetric curves coincide. spread of five slopes at each recorded step",
)

publish.claim(
    "A: Figure 1c",
    "Models with the same initial $w_r$ keep the same $w_r$, however their $w_k$ differ.",
    np.ptp(same_r[:, :, 0], axis=1),
    equals=0,
    within=1e-12,
    id="line-same-symmetric-start",
    details="Paper: the symmetric curves coincide. spread of five intercepts at each recorded step",
)

# %% [markdown]
# (plateau)=
# ### Where the plateau comes from
#
# The published curves fall and then flatten.
# The paper reads the flat part as the point where the gradient-flow assumption breaks down.
# For full-batch descent it does not.
# Discrete gradient descent obeys the theorem at every learning rate below the stability limit, with the rate above instead of $\lambda$; in exact arithmetic the curve falls for ever.
# What can stop it is the arithmetic, or mini-batches, which split orbits and so break Assumption 1 in every single step.
# Their noise is one that gradient flow does not have: the {ref}`plateau of mini-batches <minibatch-level>` vanishes with the learning rate.

# %% tags=["hide-input"]
runs = reflection_example.plateaus(line, start[:, 0], eta, batch=10, seed=seed)
long = reflection_example.PLATEAU_STEPS
exact = runs["float64"][0] * np.exp(-decay * eta * long)

publish.figure(
    plots.curves_on_log_scale(
        long, {**runs, "exact arithmetic": exact}, "asymmetry loss", floor=1e-20
    ),
    "line-plateau",
    title="What stops the decay of the asymmetry",
    caption="The same model, data and learning rate, trained in three ways, beside the exact exponential. Full-batch "
    "descent follows the exponential until rounding stops it, at about $10^{-17}$ in double and $10^{-8}$ in single precision. "
    "Mini-batches of ten points split orbits and level off at about $10^{-3}$.",
    alt="Four curves on a logarithmic axis. All fall together at first. The mini-batch curve levels off noisily near "
    "1e-3, the float32 curve near 1e-8, the float64 curve near 1e-17; the exact line continues downwards.",
)

publish.claim(
    "beyond: A, Figure 1a",
    "In our runs the arithmetic or mini-batches set the plateau of the asymmetry loss: full-batch descent falls below "
    "$10^{-15}$ in double precision, stays between $10^{-10}$ and $10^{-6}$ in single precision and above $10^{-5}$ "
    "with mini-batches.",
    [
        runs["float64"][-50:].max() < 1e-15,
        runs["float32"][-50:].min() > 1e-10 and runs["float32"][-50:].max() < 1e-6,
        np.median(runs["mini-batch"][-50:]) > 1e-5,
    ],
    id="plateau-is-rounding",
    details="the last third of the curves above",
)

# %% [markdown]
# (oblique-reflection)=
# ## A group that is not orthogonal
#
# Appendix A of the paper names a group without Assumption 3: translations of a point on the line, acting on the features $(1, x)$ by the shears $\left(\begin{smallmatrix} 1 & 0 \\ a & 1\end{smallmatrix}\right)$.
# Their transposes are not among them.
# But this group is infinite, and so is the sum {eq}`eq-kg`; the theorem says nothing about it.
#
# A finite example is better: the reflection about a point $c$, $x \mapsto 2c - x$.
# On the features it acts by $\left(\begin{smallmatrix} 1 & 0 \\ 2c & -1 \end{smallmatrix}\right)$, which is oblique for $c \neq 0$.
# The theorem's second and third part fail, and its conclusion survives: the two parts push each other on the way, and the limit is invariant all the same.

# %% tags=["hide-input"]
times = np.linspace(0, 30, 61)
starts = [-2.0, 0.0, 2.0]
straight, slanted = (
    reflection_example.same_asymmetric_start(centre, starts, times, np.random.default_rng(seed))
    for centre in (0.0, 0.7)
)

publish.figure(
    plots.coupled_and_decoupled(
        times,
        {
            "reflection about $c = 0$": straight.lengths,
            "reflection about $c = 0.7$": slanted.lengths,
        },
        [f"$w_r(0)$ at {length:g}" for length in starts],
    ),
    "oblique-coupling",
    title="The asymmetric part under an orthogonal and an oblique reflection",
    caption="Three models start with the same asymmetric part $w_k$ and different symmetric parts $w_r$. Left: the "
    "reflection about 0 is orthogonal and the three curves coincide. Right: the reflection about 0.7 is oblique; "
    "$w_r$, which the labels drive, drives $w_k$ in turn, and $w_k$ does not end at zero because the invariant predictors "
    "are not orthogonal to $\\ker\\mathcal{R}^\\top$. Lengths are signed.",
    alt="Two panels of curves over time. On the left three curves coincide and decay from 1 to 0. On the right three "
    "curves start at 1, separate, and come together again at about -0.3.",
)

publish.claim(
    "A: Appendix A",
    "The transpose of a non-trivial shear of this group is not in the group, so the translations of the line violate "
    "Assumption 3.",
    [np.abs(np.array([[1, 0], [a, 1]]).T[0, 1]) for a in (-2.0, 0.5, 1.0)],
    above=0.5,
    id="shears-break-assumption",
    details="Paper: not in the group. upper right entry of the transpose, which is 0 for every shear of the group; shears by -2, 0.5 and 1",
)

publish.claim(
    "beyond: A, Appendix A",
    "Under the reflection about $c = 0.7$, models with the same initial $w_k$ separate; under the reflection about 0 "
    "they do not.",
    [
        np.ptp(slanted.lengths, axis=1).max() > 0.1,
        np.ptp(straight.lengths, axis=1).max() < 1e-12,
    ],
    id="oblique-reflection-couples",
    details="largest spread of $w_k$ over time, above 0.1 and below 1e-12",
)

publish.claim(
    "beyond: A, Appendix A",
    "Under both reflections the limit of gradient flow is an invariant predictor.",
    [straight.limit_change, slanted.limit_change],
    equals=0,
    within=1e-10,
    id="oblique-limit-is-invariant",
    details="change of the limiting weights under the reflection",
)

# %% [markdown]
# (digits-in-four-rotations)=
# ## Real digits in four rotations
#
# The theorem is about any linear regression, so it should predict what happens on images.
# We take MNIST digits {cite:p}`lecun1998gradient` at $14 \times 14$ pixels, put every digit into the data set in all four rotations, and regress a label of $\pm 1$ on the 196 pixels.
# Three labels are tried: even or odd, below five or not, and a coin flip per digit.
# All start from the same random weights.
# Real gradient descent runs over the images for 20,000 steps, with learning rate $1/\lambda_{\max}$ on the mean squared error.
#
# The prediction needs the pixels and no training: one eigendecomposition of $K_G$ on $\ker\mathcal{R}^\top$, a space of 147 dimensions.

# %% tags=["hide-input"]
stored = results.obtain("digit_regression", scale, seed=seed)
config, run = stored.config, stored.arrays
data = digit_regression.problem(config)
modes = digit_rates.asymmetric_modes(data)

w0 = digit_regression.initial_weights(config)
loss = regression.QuadraticLoss(data.gram, data.moments[:, 0])
predicted = loss.descent(w0, run["steps"], data.eta)
asymmetric = {
    "full batch, double precision": regression.split(run["full"][:, 0], data.rho)[1],
    "full batch, single precision": regression.split(run["single"], data.rho)[1],
    "mini-batches of 100": regression.split(run["minibatch"], data.rho)[1],
}
never = np.linalg.norm(w0 @ modes.vectors[:, ~modes.seen])

slow = modes.seen & (modes.eigenvalues * data.eta * config.steps < 1)
publish.table(
    [
        "asymmetric directions",
        "with variance in the data",
        "of these, slower than the training",
        "without variance",
    ],
    [[len(modes.seen), modes.seen.sum(), slow.sum(), (~modes.seen).sum()]],
)

# %% tags=["hide-input"]
publish.figure(
    plots.predicted_and_measured_norms(
        run["steps"],
        np.linalg.norm(regression.split(predicted, data.rho)[1], axis=1),
        {name: np.linalg.norm(w, axis=1) for name, w in asymmetric.items()},
        never,
    ),
    "digit-norms",
    title="Decay of the asymmetric weights on digits",
    caption="Length of the asymmetric part $w_k$ during regression on MNIST digits in four rotations. The solid line is "
    "predicted from the pixels alone. The decay is slow because the eigenvalues spread over eight orders of magnitude, and "
    "it cannot pass the dotted line: the part of $w_k(0)$ on which the data have no variance.",
    alt="On logarithmic axes, a curve falls slowly from about 0.8 towards a dotted horizontal line at about 0.2. Markers for "
    "full-batch descent in double and single precision lie on the curve; those for mini-batches lie slightly above it.",
)

# %% tags=["hide-input"]
w_r, w_k = regression.split(run["full"][:, 0], data.rho)
snapshots = [0, 2 * len(run["steps"]) // 3, len(run["steps"]) - 1]

publish.figure(
    plots.weight_images(w_k[snapshots], w_r[snapshots], run["steps"][snapshots], config.side),
    "digit-weights",
    title="Symmetric and asymmetric weights on digits",
    caption="Weights as images, for the label even or odd. Top: the asymmetric part fades where digits have ink and stays in "
    "the corners, which no digit touches. Bottom: the symmetric part, equal under rotations at all times, learns the label. "
    "Mid-grey is 0. The top row has one grey scale, each image of the bottom row its own.",
    alt="Six images of weights. The top row goes from noise everywhere to noise at the corners with a nearly uniform "
    "grey centre. The bottom row shows patterns with four-fold symmetry, strongest near the border in the last image.",
)

# %% [markdown]
# The next check is sharper.
# In an eigenbasis of $K_G$ on $\ker\mathcal{R}^\top$, each coordinate of $w_k$ decays at a rate of its own.
# We measure the rates from the recorded weights of real training, and compare.

# %% tags=["hide-input"]
expected_rates, measured_rates = digit_rates.rates(modes, run["full"][:, 0], run["steps"], data.eta)

publish.figure(
    plots.rates(expected_rates, measured_rates),
    "digit-rates",
    title="Predicted and measured decay rates on digits",
    caption="Each circle is a direction of asymmetric weights. Its decay rate in real gradient descent, measured from the "
    "trajectory, equals the rate predicted from the pixels, over eight orders of magnitude.",
    alt="Scatter plot on logarithmic axes from about 1e-9 to 1: all circles lie on the diagonal.",
    width="70%",
)

publish.claim(
    "beyond: A, Theorem 3.3.1",
    "On MNIST digits with all rotations, real gradient descent follows the closed form.",
    np.abs(run["full"][:, 0] - predicted).max(),
    equals=0,
    within=1e-9,
    id="digit-trajectory",
    details="largest difference of a weight at any recorded step",
)

publish.claim(
    "beyond: A, Theorem 3.3.3",
    "On MNIST digits, every asymmetric direction that decays measurably does so at the predicted rate.",
    measured_rates / expected_rates,
    equals=1.0,
    within=1e-6,
    id="digit-rates-agree",
    details="measured over predicted rate, every direction that loses more than one part in a million",
)

publish.claim(
    "beyond: A, Theorem 3.3.3",
    "On MNIST digits, the asymmetric weights are the same for three different labellings.",
    regression.split(run["full"] - run["full"][:, :1], data.rho)[1],
    equals=0,
    within=1e-11,
    id="digit-labels-do-not-matter",
    details="difference of every weight at every recorded step, labels even/odd, below five, random",
)

kept = run["full"][:, 0] @ modes.vectors[:, ~modes.seen]
publish.claim(
    "beyond: A, Corollary 3.4",
    "On MNIST digits, asymmetric weights on which the data have no variance do not move at all.",
    kept - kept[0],
    equals=0,
    within=1e-10,
    id="digit-directions-that-never-decay",
    details="movement of the coordinates of $w_k$ in $\\ker K_G$",
)

# %% [markdown]
# So on digits, $K_G$ is singular.
# The corner pixels are never lit, so nothing decays there, and the final weights are not invariant.
# The final *predictions* are, on every image that looks like the training data: a direction without variance in the data contributes nothing to them.
# "Learned invariance" here means invariance on the data, and says nothing about what the model does elsewhere.
# Paper C is about exactly this difference: networks that look invariant and are not {cite:p}`moskalev2023genuine`.
#
# ## What to take away
#
# * The asymmetric part of the weights decays exponentially, at rates that the inputs fix and the labels do not touch. This is a theorem, and it predicts real training on digits.
# * The number of *labelled examples* needed can be smaller than the number of features: an orbit counts with all its points. What matters is the variance along orbits, in asymmetric directions.
# * The two parts evolve separately if the average over the group is a symmetric matrix, for which orthogonality is enough. The limit is invariant without it.
# * "Exponential" can be slow. On digits, about one asymmetric direction in five needs longer than the 20,000 steps of our training to fall to $1/e$, and twelve never do.

# %% tags=["hide-input", "nbval-ignore-output"]
publish.footer(scale, seed, stored)
