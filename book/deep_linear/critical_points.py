# %% [markdown]
# (critical-points)=
# # Saddles and nothing else
#
# Gradient descent can stop wherever the gradient vanishes.
# A linear network with a narrow layer has many such points, and only some of them are solutions.
# How many there are, and whether one of them is a trap, decides if training can be trusted.
#
# {cite:t}`duan2026understanding` count these points for three ways to learn an invariant map: invariance built into the weights, augmented data, and a penalty.
# Their Proposition 13 says that each critical point keeps $r$ singular triplets of a target matrix, that the first two ways have the same critical points, that the penalty has more, and that all are saddles except for one minimum.
#
# **What we find.**
# The description is right, and a search that knows nothing about it finds the predicted points and no others.
# The counts need a correction: the number of outputs enters ({prf:ref}`thm-critical-points`).
# With few outputs, as in the paper's own experiment on digits, the penalty adds no critical point at all.
# We add how many directions of descent each saddle has ({prf:ref}`prop-morse-index`), what happens at equal singular values, and what depth does.
# A network with two layers has only saddles that gradient descent leaves quickly.
# With three layers it has saddles whose Hessian shows no way down ({prf:ref}`thm-parameter-index`).

# %% tags=["parameters"]
scale = "book"
seed = 0

# %% tags=["hide-input"]
from itertools import combinations
from math import comb

import numpy as np

from learnsym import gallery, groups, publish, representations
from learnsym.checks import critical_points as checks
from learnsym.checks import critical_search, draws, saddle_escape
from learnsym.checks.lowrank_critical import critical_count, critical_sets, reduced
from learnsym.plots import critical_points as plots

publish.use_style()
rng = np.random.default_rng(seed)

# %% [markdown]
# ## The setting
#
# We keep the setting of {ref}`the first chapter on deep linear networks <global-optima>`.
# Inputs $x \in \mathbb{R}^n$ transform by a representation $\rho$ of a finite group, targets $y \in \mathbb{R}^m$ do not.
# $S$ is the mean of $xx^\top$ over the data and $C$ the mean of $yx^\top$.
# A linear map $W$ of shape $(m, n)$ is invariant if its rows lie in the space of invariant vectors, of dimension $d$.
# The three problems minimise a quadratic
#
# $$
# f(W) = \operatorname{tr}(W A W^\top) - 2 \langle C, W \rangle + c
# $$ (eq-three-problems)
#
# over maps of rank at most $r$.
# *Hard-wired*: $A = S$, rows restricted to invariant vectors.
# *Augmented*: $A = \bar S$, the mean of $\rho(g) S \rho(g)^\top$ over the group, and $C$ averaged likewise.
# *Regularised*: $A = S + \lambda\, \Gamma \Gamma^\top$, where $W\Gamma = 0$ characterises invariant maps and $\lambda > 0$.
# The paper takes data points as columns and multiplies the penalty by their number; everything else is the same.
#
# Let the columns of $B$ be an orthonormal basis of the $k$-dimensional space of admissible rows, so $k = d$ for the hard-wired problem and $k = n$ for the others.
# Let $P$ be the root of $B^\top A B$.
# In the coordinates $U = W B P$, the loss is $\lVert U - T \rVert^2$ plus a constant, with the *target* $T = C B P^{-1}$ of shape $(m, k)$.
# We write $T = \sum_i \sigma_i u_i v_i^\top$ with singular values in descending order, and call $(\sigma_i, u_i, v_i)$ a *triplet*.
#
# Maps of rank exactly $r$ form a smooth manifold $\mathcal{M}_r$.
# A point of it is *critical* if $f$ has no slope in any tangent direction.
# The *Morse index* of a critical point is the number of negative eigenvalues of the Hessian on the tangent space: the number of independent directions in which $f$ falls at second order.
# A minimum has index 0.
# A critical point of positive index, other than a maximum, is a *strict saddle*.
# None of these notions depends on coordinates, so we may use $W$ or $U$.
#
# **What is checked.**
# Random problems over the {ref}`gallery of groups <groups-and-projections>`, oblique representations included, and the digits of the paper.
# Gradient and Hessian on the manifold are computed in the coordinates $W$, from $A$ and $C$ alone.

# %% [markdown]
# ## The critical points
#
# ````{prf:theorem} Proposition 13 of paper D, corrected
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
# The paper counts $\binom{d}{r}$ points for the first two problems.
# This is right if there are at least as many outputs as invariant dimensions.
# The proof shows why outputs matter: all choices are made on the left, among eigenvectors of an $m \times m$ matrix, and the group acts on the right.
# For the same reason nothing here asks $\rho$ to be orthogonal.
#
# The corrected counts have a consequence that is easy to overlook.
# If $r > d$ the hard-wired and the augmented problem have no critical point of rank $r$: their minimiser is $W_\ast$, of rank $\min(m, d)$.
#
# ### A search that does not know the answer
#
# A proof that these points are critical is easy to check, and that there are no others is not.
# So we look for others.
# We write $W = W_2 W_1$ with random factors, and drive the gradient to zero by Levenberg and Marquardt's method from 400 starts.
# The search sees nothing of a problem but its gradient.
# It returns points of all ranks up to $r$; those of rank exactly $r$ we compare with the theorem.
#
# The inputs are the five monomials of degree 1 and 2 in two variables, and the group swaps the variables.
# So $n = 5$ and $d = 3$.
# We take four outputs and $r = 2$, and then two outputs and $r = 1$.

# %% tags=["hide-input"]
swap = representations.polynomial(representations.vector(groups.symmetric(2)), 2)
shapes = {"four outputs": (4, 2), "two outputs": (2, 1)}
small = {name: checks.random_trio(swap, m, r, rng) for name, (m, r) in shapes.items()}
searched = {
    name: [critical_search.search(problem, 400, rng) for problem in trio.all]
    for name, trio in small.items()
}
found = {
    name: [
        maps[critical_search.ranks(maps) == problem.rank]
        for problem, (_, _, maps) in zip(small[name].all, results, strict=True)
    ]
    for name, results in searched.items()
}
mismatches = [
    critical_search.mismatch(
        maps, np.array([problem.at(where.triplets) for where in critical_sets(problem)])
    )
    for name, trio in small.items()
    for problem, maps in zip(trio.all, found[name], strict=True)
]

publish.table(
    ["found by the search", "$m$", "$d$", "$n$", "$r$", "hard-wired", "augmented", "regularised"],
    [
        [name, m, small[name].invariants, 5, r, *[len(maps) for maps in found[name]]]
        for name, (m, r) in shapes.items()
    ],
)

publish.claim(
    "D: Proposition 13.1",
    "Critical points of rank $r$ are the choices of $r$ triplets. The hard-wired problem has "
    "$\\binom{\\min(m, d)}{r}$ of them.",
    [pair == (0, 0) for pair in mismatches],
    correction="The count $\\binom{d}{r}$ is right for $m \\ge d$ only.",
    published=False,
    id="search-finds-the-predicted-points",
    details="Paper: choices of $r$ triplets, $\\binom{d}{r}$ of them. the search misses no predicted point and finds no other: three problems, two shapes; the gap is 3 predicted less 2 found for two outputs and $r = 1$",
)

publish.claim(
    "D: Proposition 13.3",
    "For a non-trivial group and $r \\le \\min(m, n)$, regularisation adds critical points exactly if $m > d$.",
    [len(maps[2]) - len(maps[0]) for maps in found.values()],
    equals=[comb(4, 2) - comb(3, 2), 0],
    within=1e-12,
    correction="With no more outputs than invariant dimensions, all three problems have equally many.",
    published=[comb(4, 2) - comb(3, 2), 1],
    id="regularisation-adds-points",
    details="Paper: regularisation adds critical points. points that the search finds for the regularised problem beyond those of the hard-wired one, four outputs and two; as published there is at least one with two outputs",
)

# %% [markdown]
# Over the gallery we check the converse, that the gradient on the manifold vanishes at every predicted point, and that the numbers of points agree with the corrected counts.
# To the gallery we add the paper's experiment: 1,000 digits at $14 \times 14$ pixels without the digit 9, quarter turns, nine outputs and $r = 5$.
# There $d = 49$, so the published count is $\binom{49}{5} = 1{,}906{,}884$.
# The true one is $\binom{9}{5} = 126$, for all three problems.
# (Some pixels are always dark, so that $S$ is singular; as in {ref}`the first chapter <global-optima>` we then use the pseudo-inverse, which keeps the critical maps of least norm.)

# %% tags=["hide-input"]
trios = checks.gallery_trios(gallery.cases(), draws(scale), rng)
problems = [problem for trio in trios for problem in trio.all]
digit_problems = checks.digit_trio(strength=0.01)
circle = checks.random_trio(representations.vector(groups.cyclic(5)), 4, 2, rng)
rows = {
    "swap, four outputs": small["four outputs"],
    "swap, two outputs": small["two outputs"],
    "circle of five, four outputs": circle,
    "digits": digit_problems,
}
counted = [*trios, circle, digit_problems]

publish.table(
    [
        "problem",
        "$m$",
        "$d$",
        "$n$",
        "$r$",
        "hard-wired",
        "augmented",
        "regularised",
        "$\\binom{d}{r}$",
    ],
    [
        [
            name,
            *trio.shape,
            *[critical_count(p) for p in trio.all],
            f"{comb(trio.invariants, trio.shape[-1]):,}",
        ]
        for name, trio in rows.items()
    ],
)

publish.claim(
    "D: Proposition 13.1",
    "The hard-wired and the augmented problem have $\\binom{\\min(m, d)}{r}$ critical points of rank $r$, the regularised "
    "one $\\binom{\\min(m, n)}{r}$. In the paper's experiment on digits these are 126, 126 and 126.",
    [[critical_count(p) for p in trio.all] for trio in counted],
    equals=[trio.binomials for trio in counted],
    within=1e-12,
    correction="The number of outputs bounds the number of triplets.",
    published=[[comb(trio.invariants, trio.shape[-1])] * 3 for trio in counted],
    id="critical-point-counts",
    details="Paper: $\\binom{d}{r}$, 1,906,884 for the digits. choices of $r$ of the positive singular values found numerically, every case of the gallery with an invariant vector, two and five outputs, and digits",
)

publish.claim(
    "D: Proposition 13.1",
    "Every choice of $r$ triplets with positive singular values is a critical point.",
    [checks.gradient_residual(problem) for problem in problems],
    equals=0,
    within=1e-10,
    id="gradient-vanishes-at-triplets",
    details="Paper: gradient 0. norm of the gradient on the manifold relative to $\\lVert C\\rVert$, every point of three problems, every case of the gallery with an invariant vector",
)

publish.claim(
    "D: Proposition 13.2",
    "The hard-wired and the augmented problem have the same critical maps, with the same Morse indices. The representation "
    "need not be orthogonal.",
    [checks.set_distance(trio.hard_wired, trio.augmented) for trio in trios],
    equals=0,
    within=1e-9,
    id="hard-wired-and-augmented-sets-agree",
    details="Paper: equal sets, for unitary representations. largest distance of matched maps, relative to the largest map, every case of the gallery with an invariant vector, oblique ones included",
)

# %% [markdown]
# What becomes of the added points when the penalty grows?
# As $\lambda \to \infty$ the regularised minimiser without rank bound, $C A^{-1}$, tends to the invariant map $W_\ast$, of rank $\min(m, d)$.
# The added points use triplets whose singular values tend to zero.
# They approach maps of lower rank, which lie at the edge of $\mathcal{M}_r$.
#
# The edge is no place to stop, by the way.
# Among all maps of rank *at most* $r$, a map of lower rank is stationary only if it equals $W_\ast$: it may grow by any new term of rank one, and the loss falls at first order.

# %% tags=["hide-input"]
slopes = [
    checks.first_order_drop(problem, kept)
    / (2 * problem.singular_values[np.argmin(np.isin(range(2), kept))])
    for problem in small["four outputs"].all
    for q in (0, 1)
    for kept in combinations(range(np.count_nonzero(problem.singular_values)), q)
]

publish.claim(
    "beyond: D, Proposition 13.1",
    "At a map of rank below $r$ the loss falls with slope $2\\sigma$ when the largest missing triplet, of singular value "
    "$\\sigma$, begins to grow. So only $W_\\ast$ itself can be stationary.",
    slopes,
    equals=-1.0,
    within=1e-4,
    id="lower-rank-is-not-stationary",
    details="slope over $2\\sigma$, all choices of fewer than two triplets, three problems with four outputs",
)

# %% [markdown]
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
# The saddle can be drawn for two-by-two matrices of rank one.
# Such a matrix is $s\, a b^\top$ with unit vectors $a$ and $b$, and the best $s$ is fixed by the angles of the two.

# %% tags=["hide-input"]
angles = np.radians(np.linspace(-45, 135, 91))
publish.figure(
    plots.rank_one_landscape(angles, checks.rank_one_slice((2.0, 1.0), angles), (2.0, 1.0)),
    "rank-one-landscape",
    title="The loss landscape of two-by-two matrices of rank one",
    caption="Squared distance of $s\\,ab^\\top$ to the target $\\operatorname{diag}(2, 1)$ for the best $s$, against the angles "
    "of the unit vectors $a$ and $b$. Opposite sides of the square belong together. The circle keeps the first triplet and is the "
    "minimum, the square keeps the second and is a saddle of index 1; the white line is the way down. On the dotted lines "
    "$s = 0$: there the rank is lower and the loss is not smooth in the matrix.",
    alt="A colour map over two angles with one dark valley around a circle at the origin, a square on a pass at ninety degrees "
    "joined to it by a straight line, and two dotted curves along bright ridges.",
    width="75%",
)

whole = [p for p in problems if p.rank <= min(p.target.shape)]

publish.claim(
    "beyond: D, Proposition 13.1",
    "The Morse index is the number of pairs of a kept and a left-out triplet that are out of order, and no Hessian is singular.",
    [checks.wrong_signatures(problem) == 0 for problem in problems],
    id="morse-index-formula",
    details="signs of the eigenvalues of the Hessian on the manifold at every critical point, three problems, every case of the gallery with an invariant vector",
)

publish.claim(
    "beyond: D, Proposition 13.1",
    "In whitened coordinates the eigenvalues of the Hessian are $2(1 \\pm \\sigma_j/\\sigma_i)$, and 2.",
    [checks.spectrum_deviation(problem) for problem in whole],
    equals=0,
    within=1e-8,
    id="hessian-spectrum-formula",
    details="largest deviation relative to the largest eigenvalue, all points and problems as before",
)

publish.claim(
    "D: Proposition 13.1",
    "The hard-wired problem has one minimum among its critical points; the others are saddles.",
    [checks.measured_minima(t.hard_wired) for t in trios if critical_count(t.hard_wired)],
    equals=1,
    within=1e-12,
    id="one-minimum-hard-wired",
    details="Paper: one minimum. number of critical points whose Hessian has no negative eigenvalue, every case of the gallery with an invariant vector",
)

publish.claim(
    "D: Proposition 13.2",
    "The augmented problem has one minimum among its critical points; the others are saddles.",
    [checks.measured_minima(t.augmented) for t in trios if critical_count(t.augmented)],
    equals=1,
    within=1e-12,
    id="one-minimum-augmented",
    details="Paper: one minimum. number of critical points whose Hessian has no negative eigenvalue, every case of the gallery with an invariant vector",
)

publish.claim(
    "D: Proposition 13.3",
    "The regularised problem, however many critical points it adds, has one minimum among them; the others are saddles.",
    [checks.measured_minima(t.regularised) for t in trios],
    equals=1,
    within=1e-12,
    id="one-minimum-regularised",
    details="Paper: one minimum. number of critical points whose Hessian has no negative eigenvalue, every case of the gallery with an invariant vector",
)

# %% [markdown]
# The next figure shows all critical points of two problems.
# The loss at $U_I$ is $c - \sum_{i \in I} \sigma_i^2$, so it need not grow with the index, although it tends to.
# On digits the three problems have 126 points each, with indices from 0 to $r(m - r) = 20$.

# %% tags=["hide-input"]
five = checks.random_trio(swap, 5, 2, rng)
panels = {
    title: {
        "hard-wired or augmented": list(critical_sets(trio.hard_wired)),
        "regularised": list(critical_sets(trio.regularised)),
    }
    for title, trio in {
        "(a) swap, five outputs": five,
        "(b) digits, nine outputs": digit_problems,
    }.items()
}

publish.figure(
    plots.critical_values(panels),
    "critical-values",
    title="Loss and Morse index of all critical points",
    caption="Each mark is a critical point of rank $r$; in brackets their number. (a) Random data with $m = 5$ outputs, $d = 3$ "
    "invariant dimensions, $n = 5$ and $r = 2$: regularisation ($\\lambda = 0.3$) adds points, since $m > d$. (b) The paper's experiment on "
    "digits with $m = 9$, $d = 49$, $n = 196$ and $r = 5$: regularisation ($\\lambda = 0.01$) moves the points and adds none. "
    "The single point of index 0 is the minimum.",
    alt="Two scatter plots of loss against Morse index. Left, three circles and ten triangles. Right, two rising bands of 126 "
    "circles and 126 triangles from index 0 to 20, the triangles lower.",
)

# %% [markdown]
# ## Equal singular values
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
# At a tie between $\sigma_r$ and $\sigma_{r+1}$ the minimum is a whole set, as {ref}`the first chapter <global-optima>` says.
# We take singular values 3, 2, 2, 1 and $r = 2$, where two of the four critical sets are circles, and singular values 2, 2, 2, 1, 1 and $r = 3$, with larger sets.

# %% tags=["hide-input"]
tied = [
    checks.with_singular_values([3, 2, 2, 1], 2, (4, 5)),
    checks.with_singular_values([2, 2, 2, 1, 1], 3, (5, 6)),
]
reports = [checks.tied_report(problem, 5, rng) for problem in tied]

publish.table(
    ["singular values", "$r$", "kept", "loss", "Morse index", "dimension"],
    [
        [
            ", ".join(f"{size:g}" for size in problem.singular_values),
            problem.rank,
            ", ".join(f"{problem.singular_values[i]:g}" for i in where.triplets),
            f"{where.value:g}",
            where.index,
            where.dimension,
        ]
        for problem in tied
        for where in critical_sets(problem)
    ],
)

publish.claim(
    "beyond: D, Proposition 13.1",
    "At equal singular values the critical points form products of Grassmannians, on which loss and Morse index are constant "
    "and which fill the kernel of the Hessian.",
    [[r.value < 1e-12, r.gradient < 1e-12, r.signatures == 0, r.spread > 0.01] for r in reports],
    id="ties-make-grassmannians",
    details="five random points of every set of positive dimension: equal loss, no gradient, predicted signs of the Hessian, and points that differ",
)

# %% [markdown]
# ## What depth does
#
# Training moves the layers, not the map.
# Write $W = W_L \cdots W_1$ with hidden layers of widths at least $r$, the smallest equal to $r$.
# A parameter point is critical if the gradient with respect to every layer vanishes.
# Now maps of lower rank come back: at $W_1 = \dots = W_L = 0$, for one, nothing moves.
# Let $I$ be any set of $q \le r$ triplets, and lift $W_I$ to layers in the plainest way: along each of its singular vectors a chain of $L$ equal weights, and zeros elsewhere.
# Such layers are *balanced*, $W_{l+1}^\top W_{l+1} = W_l W_l^\top$, a property that gradient flow from small weights approximately keeps.
# Units that no chain passes we call *spare*, and so the weights between two spare units, or between a spare unit and an input or output.
# A lift stays critical, with the same map, if the weights between spare hidden units are changed.
#
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
# The proof of (3) also shows what is special: the *largest* triplets are already in place.
# If a lower-rank point keeps others, its Hessian shows a descent direction at any depth, since swapping triplets works within the chains that exist.
# And the spare weights must have product zero, as in a balanced lift: spare weights that are left over from a large initialisation, with a product that is not zero, restore a descent direction.
#
# We lift every choice of at most $r$ triplets of a hard-wired problem, and count negative eigenvalues of the exact Hessian in all parameters.
# For two layers we also take the points that the search of the first section found, which need not be lifts of this kind.

# %% tags=["hide-input"]
wired = reduced(small["four outputs"].hard_wired)
networks = {
    "two layers, width 2": ([2], 0.0),
    "three layers, widths 2, 2": ([2, 2], 0.0),
    "three layers, spare weights 0.5": ([2, 2], 0.5),
    "four layers, widths 3, 2, 2": ([3, 2, 2], 0.0),
}
lifted = {
    name: checks.lifted_points(wired, widths, spare) for name, (widths, spare) in networks.items()
}
curvatures = np.concatenate(
    [
        critical_search.least_curvatures(problem, first, last)
        for name, trio in small.items()
        for problem, (first, last, _) in zip(trio.all, searched[name], strict=True)
    ]
)

publish.table(
    ["kept triplets", *lifted],
    [
        [", ".join(str(i + 1) for i in points[0].kept) or "none", *[p.measured for p in points]]
        for points in zip(*lifted.values(), strict=True)
    ],
)

publish.claim(
    "beyond: D",
    "With two layers, every critical point that is not a global minimum has a Hessian with a negative eigenvalue.",
    curvatures < -1e-6,
    id="two-layer-saddles-are-strict",
    details="all points, of any rank, that the search found for three problems and two shapes",
)

publish.claim(
    "beyond: D",
    "At a lift of $q$ of $p$ triplets, the Hessian in all layers has one negative eigenvalue for each pair out of order and $z(p - q)$ "
    "more, with $z$ the rank of the spare weights.",
    [
        [p.measured == p.predicted and p.gradient < 1e-10 for p in points]
        for points in lifted.values()
    ],
    id="descent-directions-in-parameter-space",
    details="all lifts of the table: critical, and the predicted number",
)

publish.claim(
    "beyond: D",
    "With three or more layers, the balanced lifts of the largest $q < r$ triplets have no negative eigenvalue.",
    [
        p.measured
        for name in ("three layers, widths 2, 2", "four layers, widths 3, 2, 2")
        for p in lifted[name]
        if checks.leading(p) and len(p.kept) < 2
    ],
    equals=0,
    within=1e-12,
    id="three-layer-saddles-are-not-strict",
    details="number of negative eigenvalues, $q = 0$ and $q = 1$, three and four layers",
)

publish.claim(
    "beyond: D",
    "At a saddle of $L$ layers that keeps the largest $q$ triplets, the loss falls along a straight line by $2\\sigma_{q+1} t^L - t^{2L}$.",
    [
        saddle_escape.descent_deviation(wired, range(q), widths, np.linspace(0.05, 0.8, 16))
        for q in (0, 1)
        for widths in ([2], [2, 2], [3, 2, 2])
    ],
    equals=0,
    within=1e-9,
    id="descent-at-order-of-depth",
    details="deviation relative to the largest change, $q = 0$ and $q = 1$, two to four layers",
)

# %% [markdown]
# ### Time to escape
#
# The order of descent decides how long training stays near a saddle.
# Start gradient flow at distance $\varepsilon$ from the saddle that keeps the first triplet.
# With two layers the way out is an instability: the distance grows as $e^{2\sigma_2 t}$, so the time is $\log(1/\varepsilon) / (2\sigma_2)$ plus a constant.
# With three layers a new chain of three weights of size $s$ obeys $\dot s = 2\sigma_2 s^2$, and takes the time $1/(2\sigma_2 s)$ to grow.
# So the time is proportional to $1/\varepsilon$: a ten times smaller perturbation takes ten times longer, and not a constant longer.
#
# We follow gradient flow from random perturbations of the saddle, for a target with singular values 2, 1 and 0.5 and hidden widths 2.
# The escape is the moment at which half of the next triplet is learned, measured by the loss.

# %% tags=["hide-input"]
diagonal = checks.with_singular_values([2, 1, 0.5], 2, (3, 4))
depths = {"two layers": [2], "three layers": [2, 2]}
distances = np.geomspace(0.1, 0.001, 4)
times = {
    name: saddle_escape.escape_times(diagonal, [0], widths, distances, min(3, draws(scale)), rng)
    for name, widths in depths.items()
}
curves = {}
for name, widths in depths.items():
    direction = saddle_escape.random_direction(diagonal, widths, rng)
    curves[name] = {
        size: saddle_escape.escape(diagonal, [0], widths, size, direction)
        for size in (0.1, 0.01, 0.001)
    }
laws = {
    "two layers": times["two layers"].mean(axis=0)[-1] + np.log(distances[-1] / distances) / 2,
    "three layers": times["three layers"].mean(axis=0)[-1] * distances[-1] / distances,
}

publish.figure(
    plots.escapes(curves, distances, times, laws),
    "saddle-escape",
    title="Leaving a saddle with two and with three layers",
    caption="Gradient flow from distance $\\varepsilon$ of the balanced saddle that keeps the first of three triplets. (a) The loss "
    "for one random direction. (b) The time at which half of the second triplet is learned, for several random directions (marks). Lines: "
    "$\\log(1/\\varepsilon)/(2\\sigma_2)$ plus a constant for two layers, a constant over $\\varepsilon$ for three; the constants are "
    "fitted at the smallest $\\varepsilon$.",
    alt="Left, curves of loss against time on a logarithmic axis: three steps close together for two layers, three steps a decade apart "
    "for three layers. Right, escape times: circles that rise slowly, triangles on a straight line that rises by two decades.",
)

rates = np.log(distances[:-1] / distances[1:])

publish.claim(
    "beyond: D",
    "With two layers the time to escape the saddle that keeps the first triplet grows as $\\log(1/\\varepsilon)/(2\\sigma_2)$, with "
    "$\\varepsilon$ the initial distance.",
    2 * np.diff(times["two layers"])[:, -1] / rates[-1],
    equals=1.0,
    within=0.02,
    id="two-layers-escape-in-logarithmic-time",
    details="measured over predicted slope between the two smallest $\\varepsilon$, random directions",
)

publish.claim(
    "beyond: D",
    "With three layers the time to escape the balanced saddle of a largest triplet grows as $1/\\varepsilon$, with $\\varepsilon$ the "
    "initial distance.",
    np.diff(np.log(times["three layers"]))[:, -1] / rates[-1],
    equals=1.0,
    within=0.02,
    id="three-layers-escape-in-inverse-time",
    details="exponent of $1/\\varepsilon$ between the two smallest $\\varepsilon$, random directions",
)

# %% [markdown]
# {ref}`The next chapter <training-dynamics>` trains such networks on digits, with two layers as the paper does.
#
# ## What to take away
#
# * A critical map of rank $r$ is a projection on the left of one map, the minimiser without rank bound. Symmetry acts on the right and does not interfere.
# * Hard-wiring and augmentation have the same critical points. A penalty adds some only if there are more outputs than invariant dimensions.
# * There is one minimum, and every other critical point of rank $r$ is a strict saddle. Its index counts the pairs of triplets in the wrong order.
# * In the parameters, two layers keep all saddles strict. From three layers on, some saddles are flat to second order, and small perturbations take a time proportional to $1/\varepsilon$ or more to leave them.

# %% tags=["hide-input", "nbval-ignore-output"]
publish.footer(scale, seed)
