# %% [markdown]
# (regularisation-path)=
# # The regularisation path
#
# {ref}`global-optima` gives the optimum for each strength of the penalty in closed form.
# Now we let the strength $\lambda$ run from 0 to $\infty$ and follow the optimum $W(\lambda)$.
# Theorem 9 of {cite:t}`duan2026understanding` says that this *regularisation path* is continuous, and that it tends to the hard-wired optimum.
#
# This matters in practice.
# A path that is continuous and ends at the hard-wired optimum means that nothing dramatic happens as the penalty grows: a strength that is large enough, whatever that is, is as good as building the symmetry in.
#
# **What we find.**
# The theorem is false as stated.
# With three data points and rank 1 the path jumps at $\lambda = 1/4$, by more than the size of the optimum on either side.
# The cause is a crossing of two singular values, and where none of them cross, the theorem is true ({prf:ref}`thm-path`).
# We prove that crossings are exceptional: almost every choice of the targets has none.
# They cease to be exceptional where the data have a second symmetry.
# Then a crossing survives all small changes that keep the symmetry, and in a simple model exactly one data set in four has one.
# Where two singular values only come close, the path is continuous but steep: the largest speed is inversely proportional to the smallest gap.
# On MNIST digits we meet such a place, between the strengths of the paper and the limit.
# At the largest of these strengths the weights look invariant, while the predictions are neither invariant nor those of the hard-wired map.

# %% tags=["parameters"]
scale = "book"
seed = 0

# %% tags=["hide-input"]
import numpy as np

from learnsym import groups, publish, representations
from learnsym.checks import draws
from learnsym.checks import path_crossings as exact
from learnsym.checks import regularisation_path as checks
from learnsym.checks import lowrank_crossings as crossings
from learnsym.lowrank import unconstrained
from learnsym.plots import regularisation_path as plots
from learnsym.equivariant import reynolds

publish.use_style()
rng = np.random.default_rng(seed)
paths = [path for _ in range(draws(scale)) for path in checks.gallery_paths(rng)]

# %% [markdown]
# ## The path in closed form
#
# The data are rows $x$ of $X$ with targets $y$, $N$ of them, and enter through $S = X^\top X / N$ and $C = Y^\top X / N$.
# The map $W$ has shape $m \times n$ and rank at most $r$.
# With $\Gamma = I - \rho(g)$ for a generator $g$, or several such blocks side by side, $W$ is invariant exactly if $W\Gamma = 0$.
# We minimise
#
# $$
# f_\lambda(W) = \frac1N \sum_x \lVert y - Wx \rVert^2 + \lambda \lVert W\Gamma \rVert^2 ,
# $$ (eq-penalised)
#
# with the Frobenius norm.
# With the Reynolds operator $\mathcal{R} = \frac{1}{\lvert G\rvert}\sum_g \rho(g)$ of the group $G$, the *non-invariant part* of $W$ is $W - W\mathcal{R}$.
# We measure it by its norm relative to $\lVert W\rVert$, and call this ratio the *non-invariant fraction*.
# The paper writes data as columns and sums over them where we take the mean; it gives the penalty the factor $N\lambda$, so its $\lambda$ is ours.
# Whoever adds $\lambda' \lVert W\Gamma\rVert^2$ to the sum itself has $\lambda' = N\lambda$.
# Until the section on digits, $S$ is positive definite.
#
# We write $A_\lambda = S + \lambda \Gamma\Gamma^\top$ and $T(\lambda) = C A_\lambda^{-1/2}$, with singular values $\sigma_1(\lambda) \ge \sigma_2(\lambda) \ge \dots$
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
# Let the columns of $B$ be a basis of the invariant rows, the $w$ with $w^\top \Gamma = 0$, and let $H = B (B^\top S B)^{-1} B^\top$.
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
# This one decomposition gives the whole path, so no optimisation is needed below.

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
# The matrix has full rank for all $\lambda$.
# Its third entry is the largest while $1 + 12 \lambda < 4$, that is for $\lambda < 1/4$, and then the optimum is $\operatorname{diag}(0, 0, \tfrac{2}{1 + 12\lambda})$, which tends to $\operatorname{diag}(0, 0, \tfrac12)$.
# For $\lambda > 1/4$ the first entry is the largest, and the optimum is $\operatorname{diag}(1, 0, 0)$.
# The path jumps.
# At the jump itself both maps are optimal, and so are all between them on a circle of maps of rank 1.
# With the sum of squares in place of the mean, the jump is at $\lambda' = N\lambda = 3/4$.
#
# The argument for continuity in the paper follows a smooth singular value decomposition.
# Such a decomposition exists, but its singular values do not stay in order, and "the first $r$" changes its meaning where two of them cross.

# %% tags=["hide-input"]
jumping = exact.counterexample()
nearby = {"exact": jumping} | {
    f"$\\varepsilon = {size:g}$": exact.counterexample(size) for size in (0.02, 0.2)
}
grid = np.linspace(0.005, 0.6, 600)
average = np.diag([1.0, 1.0, 0.0])

publish.figure(
    plots.crossing(
        grid,
        jumping.singular_values(grid)[:, :2],
        nearby["$\\varepsilon = 0.2$"].singular_values(grid)[:, :2],
        {
            name: checks.moving_fraction(path.optimum(grid), average)
            for name, path in nearby.items()
        },
        exact.CROSSING,
    ),
    "crossing-singular-values",
    title="An exact and an avoided crossing",
    caption="The counterexample to Theorem 9 of paper D. (a) The two largest singular values cross at $\\lambda = 1/4$ "
    "(dotted). (b) After one target is changed from 0 to $\\varepsilon = 0.2$ they avoid each other. (c) The non-invariant "
    "fraction $\\lVert W - W\\mathcal{R}\\rVert / \\lVert W \\rVert$ of the optimum of rank 1 jumps from 1 to 0 at the "
    "exact crossing, and falls quickly where the crossing is avoided.",
    alt="Three panels. In the first a falling line meets a level one at a dotted line at one quarter. In the second the two "
    "lines bend away from each other. In the third a step, a steep curve and a less steep curve fall from one to zero.",
)

place, _ = crossings.smallest_gap(jumping)
before, after = checks.sides(jumping, exact.CROSSING)
publish.claim(
    "beyond: D, Theorem 9",
    "For inputs $I_3$, $\\rho(g) = \\operatorname{diag}(1, 1, -1)$, targets $\\operatorname{diag}(1, 1/2, 2)$ and $r = 1$, "
    "the optimum jumps from $\\operatorname{diag}(0, 0, 1/2)$ to $\\operatorname{diag}(1, 0, 0)$ at $\\lambda = 1/4$.",
    [place, *np.diag(before), *np.diag(after)],
    equals=[0.25, 0, 0, 0.5, 1, 0, 0],
    within=1e-6,
    id="path-jumps-at-one-quarter",
    details="Paper: no jump. strength with the smallest gap, diagonals of the optima just below and just above it",
)

# %% [markdown]
# ## The corrected theorem
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
# In the counterexample $\sigma_1 = 1/\sqrt3$ at the crossing, and the jump has length $\sqrt{2/3}$ in the norm of the theorem, $\sqrt5/2$ in the Frobenius norm.
#
# To test continuity on a computer, we follow the path: any interval on which the optimum moves too far is halved, until it does not, or until the interval is $10^{10}$ times narrower than the strength.
# A step that is still too long is a jump.

# %% tags=["hide-input"]
publish.claim(
    "D: Theorem 9",
    "The regularisation path is continuous if $\\sigma_r(\\lambda) > \\sigma_{r+1}(\\lambda)$ for every $\\lambda$.",
    [checks.largest_step(path, 0.02) for path in paths],
    below=0.02,
    correction="A full-rank target is not enough. Where the singular values $\\sigma_r$ and $\\sigma_{r+1}$ cross, the "
    "optimum jumps.",
    published=checks.largest_step(jumping, 0.02),
    id="path-is-continuous-without-crossing",
    details="Paper: the path is continuous. longest step of the path relative to $\\lVert W(0)\\rVert$, steps halved until below 0.02, random data over the gallery; the gap is the longest step of the counterexample",
)

crossed = [exact.random_crossing(rng) for _ in range(2 * draws(scale))]
publish.claim(
    "beyond: D, Theorem 9",
    "Where one branch of singular values replaces one other, the path jumps by $\\sqrt2\\,\\sigma_r$ in the norm "
    "$\\operatorname{tr}(W A_\\lambda W^\\top)^{1/2}$.",
    [checks.jump_length(jumping, exact.CROSSING)]
    + [checks.jump_length(case.path(), case.strength) for case in crossed],
    equals=1.0,
    within=1e-3,
    id="length-of-a-jump",
    details="length over $\\sqrt2\\,\\sigma_r$, the counterexample and random data with a second symmetry",
)

# %% [markdown]
# ## The minimum value does not jump
#
# The jump is invisible in the objective.
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
# In the counterexample the slope of $v$ falls from 1 to 0 at $\lambda = 1/4$, and the value stays at $c - 1/3 = 17/12$ from there on.
# Note what is monotone: the penalty.
# The non-invariant fraction of the weights is not, even on continuous paths.

# %% tags=["hide-input"]
wide = np.linspace(0.05, 0.6, 551) + 1e-6
publish.figure(
    plots.value_and_slope(
        wide,
        jumping.value(wide),
        jumping.penalty(wide),
        exact.CROSSING,
        float(jumping.value(np.inf)),
    ),
    "path-value",
    title="Minimum value along a path that jumps",
    caption="The counterexample again. (a) The minimum of error plus penalty is continuous and concave; from the crossing "
    "on (dotted) it equals the minimum over invariant maps. (b) Its slope is the penalty term $\\lVert W\\Gamma\\rVert^2$ of the "
    "optimum, which falls from 1 to 0 at the crossing.",
    alt="Left, a rising concave curve with a corner, level behind it. Right, a falling curve that drops to zero at the same "
    "strength.",
)

crossed_paths = [case.path() for case in crossed]
everything = [jumping, *crossed_paths, *paths]
grids = [crossings.strengths(path, 60)[1:-1] for path in everything]
publish.claim(
    "beyond: D, Theorem 9",
    "The minimum value is concave in $\\lambda$, and $\\lVert W\\Gamma\\rVert^2$ is its slope: all tangents lie above it, at "
    "jumps too.",
    [
        checks.slope_errors(path, where) < 1e-12
        for path, where in zip(everything, grids, strict=True)
    ],
    id="value-is-concave",
    details="violations below $10^{-12}$ of the value at $W = 0$, all pairs of 60 strengths, the counterexample, data with crossings and random data over the gallery",
)

publish.claim(
    "beyond: D, Theorem 9",
    "Without a crossing, the derivative of the minimum value is $\\lVert W(\\lambda) \\Gamma\\rVert^2$.",
    [checks.slope_ratios(path, np.geomspace(*path.scales(), 9)[1:-1]) for path in paths],
    equals=1.0,
    within=1e-4,
    id="value-has-the-penalty-as-derivative",
    details="difference quotients over $\\lVert W\\Gamma\\rVert^2$, random data over the gallery",
)

width = 1e-6
quotients = np.diff(jumping.value(exact.CROSSING + width * np.array([-1, 0, 1]))) / width
publish.claim(
    "beyond: D, Theorem 9",
    "At the jump of the counterexample the value has left derivative 1 and right derivative 0, the penalties of the two "
    "optima.",
    [
        *quotients,
        *np.round(jumping.penalty(exact.CROSSING * np.array([1 - 1e-9, 1 + 1e-9])), 6),
    ],
    equals=[1, 0, 1, 0],
    within=1e-4,
    id="value-has-a-kink-at-a-jump",
    details="one-sided difference quotients, and $\\lVert W\\Gamma\\rVert^2$ of the two optima",
)

publish.claim(
    "beyond: D, Theorem 9",
    "As the strength grows, $\\lVert W\\Gamma\\rVert^2$ never increases and the error never decreases, at jumps too.",
    [
        checks.wrong_turns(path, where) < 1e-10
        for path, where in zip(everything, grids, strict=True)
    ],
    id="penalty-never-rises",
    details="wrong turns below $10^{-10}$ of the range, 60 strengths, the same paths",
)

rho = representations.image(groups.image_rotations(4))
aside = rng.spawn(1)[0]
drawn = [checks.random_path(rho, 2, 1, aside) for _ in range(40 * draws(scale))]
publish.claim(
    "beyond: D, Theorem 9",
    "The non-invariant fraction of the weights can rise with the strength, and often does.",
    np.mean([checks.largest_rise(path, reynolds(rho)) > 1e-3 for path in drawn]),
    above=0.3,
    id="non-invariant-fraction-may-rise",
    details=(
        f"share of {len(drawn)} random paths on 4 x 4 images with two outputs and rank 1 on which the fraction rises by more "
        "than 0.001 between two of 60 neighbouring strengths"
    ),
)

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
many = [checks.random_path(rho, 2, 1, rng) for _ in range(9)]
mirrored = [exact.mirrored_path(2, 1, rng) for _ in range(12)]
publish.figure(
    plots.plane(
        [exact.plane_curve(path) for path in many],
        [exact.mirror_coordinate(path) for path in mirrored],
    ),
    "paths-in-the-plane",
    title="Why crossings are rare, and when they are not",
    caption="Regularisation paths with two outputs and rank 1 on random 4 x 4 images under rotations, drawn as $M(\\lambda)$ "
    "relative to its trace at $\\lambda = 0$. (a) Without further structure the path is a curve in a plane and misses the "
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

# %% tags=["hide-input"]
count = 400_000
general = exact.random_segments(count, rng, symmetric=False)
symmetric = exact.random_segments(count, rng, symmetric=True)
bounds = np.geomspace(1e-3, 0.5, 31)

publish.figure(
    plots.gap_distribution(bounds, general, symmetric),
    "gap-distribution",
    title="How often a regularisation path comes close to a crossing",
    caption="Share of 400,000 random data sets with two outputs whose gap between squared singular values, relative to "
    "their sum at $\\lambda = 0$, is below a bound. Without further structure it falls as the square of the bound at one "
    "strength, and in proportion to the bound along the whole path. With a second symmetry it falls in proportion to the "
    "bound at one strength, and along the whole path it levels off at one quarter: those data sets have a crossing.",
    alt="On logarithmic axes, one curve levels off to the left at one quarter; two fall with slope one, one with slope two.",
)

publish.claim(
    "beyond: D, Theorem 9",
    "In random data, a gap below $\\delta$ has probability of order $\\delta$ somewhere along the path and of order "
    "$\\delta^2$ at a fixed strength.",
    [
        exact.small_gap_order(general.gaps(), 0.001, 0.01),
        exact.small_gap_order(np.linalg.norm(general.free, axis=1), 0.02, 0.1),
    ],
    equals=[1, 2],
    within=0.1,
    id="small-gaps-are-rare",
    details="powers fitted to shares of 400,000 data sets, bounds 0.001 to 0.01 and 0.02 to 0.1",
)

publish.claim(
    "beyond: D, Theorem 9",
    "With a second symmetry that splits two outputs, and as many invariant as other inputs in both blocks, one random data "
    "set in four has a crossing.",
    np.mean(symmetric.gaps() < 1e-12),
    equals=0.25,
    within=0.004,
    id="one-in-four-crosses",
    details="Paper: the path is continuous. share of 400,000 data sets with white inputs and standard normal entries of $C$ where the symmetry allows them",
)

samples = 10 + 10 * draws(scale)
shapes = [(2, 1), (4, 2), (6, 3)]
plain_gaps = [
    exact.relative_gaps(exact.random_images(outputs, rank), samples, rng)
    for outputs, rank in shapes
]
mirror_gaps = [
    exact.relative_gaps(exact.mirror_images(outputs, rank), samples, rng)
    for outputs, rank in shapes
]
publish.table(
    ["outputs", "rank", "crossings, general data", "crossings, mirrored data"],
    [
        [
            outputs,
            rank,
            f"{np.sum(a < exact.TIE)} of {samples}",
            f"{np.sum(b < exact.TIE)} of {samples}",
        ]
        for (outputs, rank), a, b in zip(shapes, plain_gaps, mirror_gaps, strict=True)
    ],
)

publish.claim(
    "D: Theorem 9",
    "Random targets have no crossing, for any strength.",
    [gaps > exact.TIE for gaps in plain_gaps],
    id="no-crossing-in-random-data",
    details="Paper: the path is continuous. smallest gap over $\\sigma_r$ above $10^{-9}$, random 4 x 4 images under rotations, ranks 1 to 3",
)

shares = [np.mean(gaps < exact.TIE) for gaps in mirror_gaps]
publish.claim(
    "beyond: D, Theorem 9",
    "If mirror images have their outputs exchanged in pairs, crossings are common.",
    [np.mean(shares), *shares],
    above=[0.25, 0.05, 0.05, 0.05],
    id="mirrored-data-often-cross",
    details="Paper: the path is continuous. share of random data sets with a crossing, ranks 1 to 3 together and each",
)

# %% [markdown]
# A second symmetry can do more.
# If $\tau$ contains an irreducible representation of dimension 2 or more, then its singular values come in sets of at least two equal ones, for every strength, by Schur's lemma.
# A rank that splits such a set leaves a tie along the whole path, and then there is no path to speak of: the minimiser is never unique.
# Three outputs that a cyclic group of order 3 permutes are enough, as real representations of that group have dimension 1 and 2.

# %% tags=["hide-input"]
cyclic = [exact.cyclic_path(1, rng) for _ in range(4 * draws(scale))]
publish.claim(
    "beyond: D, Theorem 9",
    "If a second symmetry of the data permutes three outputs cyclically, two of the singular values agree for all "
    "strengths.",
    [exact.closest_pair(path, crossings.strengths(path, 60)) < 1e-10 for path in cyclic],
    id="permanent-ties",
    details="smallest difference of singular values over the largest one below $10^{-10}$ at 60 strengths, 0 and $\\infty$",
)

# %% [markdown]
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
# For the counterexample with $\varepsilon$ as the first target of the third input, $D = 1$ and $\beta = \tfrac16$.
# The peak speed is $\sqrt{3/2}/\varepsilon$, the half-width $\varepsilon/3$.

# %% tags=["hide-input"]
base, direction = exact.exact_crossing()
close = np.linspace(0.1, 0.4, 601)
shown = [0.3, 0.1, 0.03, 0.01]
sizes = np.geomspace(1e-3, 0.1, 9)

publish.figure(
    plots.steepness(
        close,
        {size: base.path(size * direction).speed(close) for size in shown},
        sizes,
        [exact.measure(base, size * direction) for size in sizes],
        [exact.predict(base, size * direction) for size in sizes],
    ),
    "avoided-crossing-speed",
    title="How steep the path is near an avoided crossing",
    caption="The counterexample with one target changed from 0 to $\\varepsilon$. (a) Speed of the path against the "
    "strength. (b) Largest speed and half-width in strength. Markers: measured on the path; lines: the law of the text, "
    "inversely proportional and proportional to $\\varepsilon$.",
    alt="Left, four peaks at or just below one quarter, the higher the smaller the perturbation. Right, on logarithmic axes, circles on a "
    "falling line and squares on a rising one.",
)

publish.claim(
    "beyond: D, Theorem 9",
    "A perturbation of size $\\varepsilon$ turns a crossing into an avoided one, with a gap proportional to $\\varepsilon$ "
    "and a largest speed proportional to $1/\\varepsilon$, with constants in closed form.",
    [exact.law_ratios(base, direction, 1e-3)]
    + [exact.law_ratios(case, exact.random_direction(case, rng), 1e-5) for case in crossed],
    equals=1.0,
    within=0.005,
    id="avoided-crossing-law",
    details="Paper: the path is continuous. gap, peak speed and half-width over the law, the counterexample and mirrored random data, perturbed at random",
)

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

# %% tags=["hide-input"]
chosen = checks.random_path(rho, 4, 2, rng)
digit_data = [checks.digit_path(part) for part in range(8)]
digit = digit_data[seed % 8]
publish.figure(
    plots.expansion(
        {
            "(a) random 4 x 4 images": checks.approach(chosen, np.geomspace(0.1, 1e4, 31)),
            "(b) digits, 14 x 14": checks.approach(digit.path, np.geomspace(0.01, 1e3, 31)),
        }
    ),
    "path-expansion",
    title="Approach of the path to the hard-wired optimum",
    caption="Distance of the optimum from the hard-wired one (circles), its predicted first term (solid line), and what "
    "remains after this term is taken away (squares). For strong penalties distance and remainder fall as $\\lambda^{-1}$ "
    "and $\\lambda^{-2}$.",
    alt="Two panels with logarithmic axes. Circles end on a falling straight line; squares fall twice as steeply.",
)

approaches = [checks.approach(path, checks.late(path)) for path in paths]
publish.claim(
    "D: Theorem 9",
    "The regularisation path tends to the hard-wired optimum, if that has a gap.",
    [run.distance[-1] for run in approaches],
    equals=0,
    within=1e-3,
    id="path-tends-to-hard-wired",
    details="Paper: the path tends to the hard-wired optimum. relative distance at a strength $10^4$ times the largest level and $\\lVert CKC^\\top\\rVert$ over the gap, random data over the gallery",
)

publish.claim(
    "beyond: D, Theorem 9",
    "For strong penalties the distance to the hard-wired optimum is $\\lVert W_1\\rVert / \\lambda$.",
    [run.distance[-1] / run.first[-1] for run in approaches],
    equals=1.0,
    within=1e-3,
    id="first-term-of-the-expansion",
    details="distance over the predicted one, random data over the gallery",
)

publish.claim(
    "beyond: D, Theorem 9",
    "After the first term, the remainder is of order $\\lambda^{-2}$.",
    [run.orders[1] for run in approaches],
    equals=-2.0,
    within=0.02,
    id="order-of-the-remainder",
    details="power of $\\lambda$ with which $\\lVert W - W_{\\mathrm{inv}} - W_1/\\lambda\\rVert$ falls over two decades",
)

# %% [markdown]
# ### A tie at infinity
#
# If the gap closes at $\infty$ itself, the hard-wired problem has many optima.
# The path still converges, as long as singular values are distinct for large $\lambda$: by Rellich's theorem, now in $1/\lambda$, the projector $\Pi(\lambda)$ has a limit.
# But the limit is one particular hard-wired optimum, the one that $CKC^\top$ prefers.
# Training a hard-wired network may end at any of them.
# Take the reflection of the third axis again, two outputs, $r = 1$, and the targets $(1, 0)$, $(0, 1)$ and $(1, 0)$ for the three unit vectors.
# Hard-wired, both outputs are equally worth keeping, and all maps $q q^\top (I_2 \mid 0)$ with a unit vector $q$ are optimal.
# The path keeps the first output, which the third input supports.
#
# A hard-wired problem that is nearly tied makes the path take its last turn late.
# If the branches that are in order at $\infty$ are in another order before, the crossing sits, to leading order, at a strength inversely proportional to the gap at $\infty$, so this strength can be arbitrarily large.

# %% tags=["hide-input"]
tied = exact.tied_at_infinity()
end = tied.optimum(1e8)
publish.claim(
    "beyond: D, Theorem 9",
    "If the hard-wired problem has a tie, the path tends to one of its optima. Others are as good, and stay at a distance.",
    [
        np.linalg.norm(end - np.eye(2, 3) * [[1], [0]]),
        np.linalg.norm(end - np.eye(2, 3) * [[0], [1]]),
    ],
    equals=[0, np.sqrt(2)],
    within=1e-6,
    id="tie-at-infinity",
    details="Paper: the path tends to the hard-wired optimum. distance at $\\lambda = 10^8$ to two hard-wired optima of the example",
)

# %% [markdown]
# (path-on-digits)=
# ## The path on digits
#
# The paper trains on 1,000 MNIST digits {cite:p}`lecun1998gradient` of 14 x 14 pixels, 0 to 8, with one-hot targets, rotations by 90 degrees and $r = 5$, for $\lambda$ = 0.001, 0.01 and 0.1.
# We compute the whole path for the first 1,000 of the test images, and for the seven next thousands.
# Grey values lie between 0 and 1.
#
# One hypothesis fails here.
# Some pixels are zero in all images, so $S$ is singular.
# For $\lambda > 0$ the penalty settles the non-invariant directions without data: they have $\kappa_j = 0$ and $Cz_j = 0$ in {eq}`eq-partial-fractions`, and drop out.
# Invariant directions without data are free; we take 0 there, by leaving them out of $B$.
# So the formulas go through, with $W(0)$ understood as the limit $\lambda \to 0$.
# This limit is not the least-squares solution of least norm.
# It makes the same predictions on the data, but among all solutions that do it has the least $\lVert W\Gamma\rVert$.
# With the solution of least norm at $\lambda = 0$ the path would jump there.

# %% tags=["hide-input"]
digit_grid = np.geomspace(1e-4, 1e3, 301)
published = np.array([0.001, 0.01, 0.1])
publish.figure(
    plots.digits(
        digit_grid,
        digit.path.singular_values(digit_grid),
        checks.DIGIT_RANK,
        {
            "non-invariant fraction of $W$": checks.moving_fraction(
                digit.path.optimum(digit_grid), digit.average
            ),
            "non-invariant part of predictions": digit.asymmetry(digit_grid),
            "distance of predictions": digit.distance(digit_grid),
        },
        published,
    ),
    "digit-path",
    title="The regularisation path on MNIST digits",
    caption="1,000 MNIST digits, 14 x 14 pixels, nine classes, rotations by 90 degrees, rank 5. (a) Singular values: the "
    "first five are kept. Dotted: the strengths of paper D. (b) Non-invariant fraction $\\lVert W - W\\mathcal{R}\\rVert / "
    "\\lVert W\\rVert$ of the weights; non-invariant part of the predictions on all rotated images, relative to their "
    "size; distance of the predictions from the hard-wired ones, relative to the size of these. The weights look invariant "
    "long before the predictions are.",
    alt="Left, nine falling curves that level off, two of which nearly touch near strength 0.2. Right, on logarithmic axes, "
    "one curve is small everywhere and falls; two start near one, fall slowly until strength 0.1 and then with slope minus "
    "one.",
)

places = [crossings.smallest_gap(data.path) for data in digit_data]
rows = []
for part, (data, (strength, gap)) in enumerate(zip(digit_data, places, strict=True)):
    fraction = checks.moving_fraction(data.path.optimum(0.1), data.average)
    size = data.path.singular_values(strength)[checks.DIGIT_RANK - 1]
    rows.append(
        [
            part + 1,
            f"{strength:.2g}",
            f"{gap / size:.3f}",
            f"{data.angle(0.1):.0f}°",
            f"{fraction:.4f}",
            f"{data.asymmetry(0.1):.2f}",
            f"{data.distance(0.1):.2f}",
            f"{data.distance(1.0):.2f}",
        ]
    )
publish.table(
    [
        "thousand",
        "strength of the smallest gap",
        "that gap, relative",
        "angle of kept outputs at 0.1",
        "non-invariant fraction of $W$ at 0.1",
        "non-invariant part of predictions at 0.1",
        "distance of predictions at 0.1",
        "distance at 1",
    ],
    rows,
)

# %% [markdown]
# None of the eight data sets has a crossing, so all eight paths are continuous for $\lambda > 0$, as the corrected theorem says.
# For the first thousand the fifth and the sixth singular value come within one per cent of each other, at about twice the largest strength of the paper.
# Up to there the network keeps one combination of the nine outputs, behind it another, at almost a right angle to it.
#
# The table holds a warning.
# At $\lambda = 0.1$ the non-invariant part of the weights is at most about 5 % of $\lVert W\rVert$, for every thousand.
# Yet about a third of each prediction or more, in the root mean square over rotated images, is not invariant, and predictions differ from the hard-wired ones by about half of their size.
# The weights mislead because they are large where digits hardly vary: there the labels are fitted by huge invariant weights, next to which everything else looks small.
# Predictions tell the truth, and they follow {eq}`eq-partial-fractions`.
# A direction fades at its strength $\kappa_j$, the ratio of the mean square of the data in it to its penalty, and the three directions with the largest ratio have $\kappa_j$ between 0.1 and 0.4.
# So the largest strength of the paper is just where the path begins to tend to its limit.

# %% tags=["hide-input"]
publish.claim(
    "D: Theorem 9",
    "On MNIST digits the singular values $\\sigma_5$ and $\\sigma_6$ never meet, so the regularisation path is continuous for "
    "$\\lambda > 0$.",
    [
        gap / data.path.singular_values(strength)[checks.DIGIT_RANK - 1]
        for data, (strength, gap) in zip(digit_data, places, strict=True)
    ],
    above=0.001,
    id="digit-path-is-continuous",
    details="Paper: the path is continuous. smallest gap between the fifth and the sixth singular value, over the fifth, eight times 1,000 digits",
)

late_digits = [checks.approach(data.path, np.array([100.0, 1e3, 1e4])) for data in digit_data]
publish.claim(
    "D: Theorem 9",
    "On MNIST digits the path tends to the hard-wired optimum as $W_{\\mathrm{inv}} + W_1 / \\lambda$.",
    [run.distance[-1] / run.first[-1] for run in late_digits],
    equals=1.0,
    within=1e-2,
    id="digit-path-tends-to-hard-wired",
    details="Paper: the path tends to the hard-wired optimum. distance at $\\lambda = 10^4$ over $\\lVert W_1\\rVert/\\lambda$, eight times 1,000 digits",
)

publish.claim(
    "beyond: D, Theorem 9",
    "At the largest strength of the paper, 0.1, the weights look invariant: their non-invariant part is below 6 % of "
    "$\\lVert W\\rVert$.",
    [checks.moving_fraction(data.path.optimum(0.1), data.average) for data in digit_data],
    below=0.06,
    id="digit-weights-look-invariant",
    details="optima of rank 5, eight times 1,000 digits",
)

publish.claim(
    "beyond: D, Theorem 9",
    "At this strength the predictions are neither invariant nor close to the hard-wired ones: both deviations are at least "
    "three tenths of their size.",
    [[data.asymmetry(0.1), data.distance(0.1)] for data in digit_data],
    above=0.3,
    id="digit-predictions-are-not",
    details="root mean square over all rotated images, relative, optima of rank 5, eight times 1,000 digits",
)

publish.claim(
    "beyond: D, Theorem 9",
    "The last directions to fade have $\\kappa_j$ between 0.1 and 0.4, beyond the strengths of the paper.",
    [data.path.levels[-3:] for data in digit_data],
    equals=0.25,
    within=0.15,
    id="digit-path-fades-last",
    details="the three largest $\\kappa_j$, eight times 1,000 digits",
)

least = unconstrained(digit.moments, checks.DIGIT_RANK, pseudo_inverse=True).optimum()
start = digit.path.optimum(0.0)
publish.claim(
    "beyond: D, Theorem 9",
    "On rank-deficient data the path does not start at the solution of least norm. For $\\lambda \\to 0$ the predictions "
    "on the data are the same, and the weights are not.",
    [
        np.abs((start - least) @ digit.X.T).max() < 1e-6,
        np.linalg.norm(start - least) > 0.2 * np.linalg.norm(least),
        checks.penalty_of(digit, start) < checks.penalty_of(digit, least),
    ],
    id="digit-path-starts-elsewhere",
    details="Paper: full rank is assumed. predictions agree to $10^{-6}$, weights differ by more than a fifth, the limit has the smaller penalty; 1,000 digits",
)

# %% [markdown]
# ## What to take away
#
# * The regularisation path is continuous where $\sigma_r$ and $\sigma_{r+1}$ do not meet. Where they do, it may jump. A target of full rank does not prevent this.
# * Crossings have probability 0 for generic targets, and positive probability if the data have a second symmetry. Where this symmetry is approximate, crossings are avoided, and the path is steep.
# * The penalty never rises along the path. The non-invariant fraction of the weights may.
# * Judge invariance by predictions. On digits the weights look invariant at strengths where the predictions are not.
# * The distance to the hard-wired optimum is $\lVert W_1\rVert / \lambda$ in the end. Jumps and steep places may lie far out, so no single strength is large enough for all data.

# %% tags=["hide-input", "nbval-ignore-output"]
publish.footer(scale, seed)
