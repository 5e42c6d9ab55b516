# %% [markdown]
# (stationary-points-and-stability)=
# # Stationary points and their stability
#
# Let a network start with equivariant weights and train on augmented data.
# In exact arithmetic it stays equivariant forever, and it stops where the hard-wired network stops.
# But a ball on a ridge also stays on the ridge forever.
# {cite:t}`nordenfors2025optimization` ask when the equivariant weights $\mathcal{E}$ are a valley for augmented training and when they are a ridge.
#
# This chapter checks their answers: Proposition 1 and its two corollaries on gradients, Propositions 2 and 3 on Hessians and minima, and the decoupling near $\mathcal{E}$ that turns stability into an eigenvalue problem.
# The paper leaves the eigenvalues open. We compute them.
#
# **What we find.**
# All statements hold, one of them once it is read as it must be: the equivariant risk is constant orthogonally to $\mathcal{E}$, so its minima can be strict only within $\mathcal{E}$.
# Proposition 3 needs no derivatives ({prf:ref}`prop-minima`), and neither of its converses holds, by examples with two weights.
# For groups with two elements the decoupling is more exact than stated ({prf:ref}`prop-second-order-groups`).
# The smallest eigenvalue off $\mathcal{E}$ predicts a long run: a network whose equivariant weights cannot see the task leaves them at the predicted rate, and a penalty of the predicted strength holds it there.
# Plain gradient descent keeps to $\mathcal{E}$; Adam does so only in coordinates that the group permutes.

# %% tags=["parameters"]
scale = "book"
seed = 0

# %% tags=["hide-input"]
import numpy as np
import torch

from learnsym import gallery, publish
from learnsym.checks import draws
from learnsym.checks import feature_averaging as averaging
from learnsym.checks import near_equivariance as near
from learnsym.checks import stationary_points as points
from learnsym.checks import symmetric_networks as networks
from learnsym.drift import smallest_eigenvalues
from learnsym.plots import symmetric_networks as plots

publish.use_style()
rng = np.random.default_rng(seed)
many = min(draws(scale), 2)

nets = [net for _, net in networks.instances(rng)]
pairs = [(net, networks.draw(net, rng)) for net in nets for _ in range(many)]
small = [
    net
    for net in nets
    if net.dimension <= 120 and net.dimension > net.network.equivariant_dimension
]

# %% [markdown]
# ## Gradients on the equivariant weights
#
# The setting is that of {ref}`the last chapter <risks-and-representations>`: a perceptron with a group on every space, and the nominal, augmented and equivariant risks $R$, $R_{\text{aug}}$ and $R_{\text{eqv}}$ of {prf:ref}`def-three-risks`.
# All representations are orthogonal, nonlinearities commute with the group, the loss is invariant.
#
# ````{prf:proposition} Proposition 1 of paper B
# :label: prop-gradients
# For $A \in \mathcal{E}$, $\nabla R_{\text{aug}}(A) = \Pi_{\mathcal{E}} \nabla R(A) = \nabla R_{\text{eqv}}(A)$.
# ````
#
# ````{prf:proof}
# At $A \in \mathcal{E}$ every $\bar\rho(g)A$ in {eq}`eq-average-gradient` is $A$, and the mean of $\bar\rho(g)^{-1}\nabla R(A)$ is $\Pi_{\mathcal{E}}\nabla R(A)$.
# The second equality is the chain rule for $R(\Pi_{\mathcal{E}}A)$.
# ````
#
# Two consequences follow.
# The augmented gradient has no part off $\mathcal{E}$, so augmented training that starts in $\mathcal{E}$ stays there (Corollary 1).
# And on $\mathcal{E}$ the augmented and the equivariant gradient vanish at the same points (Corollary 2).
# The first holds for gradient descent with any step as well as for gradient flow.

# %% tags=["hide-input"]
publish.claim(
    "B: Proposition 1",
    "At equivariant weights the augmented gradient, the projected nominal gradient and the equivariant gradient are equal.",
    [points.gradient_gaps(*pair) for pair in pairs],
    equals=0,
    within=1e-12,
    id="gradients-agree-on-equivariant-weights",
    details="Paper: equal. both differences relative to the nominal gradient, projected random weights, all networks of the gallery, squared error and cross-entropy",
)

moved = [points.descents(net, networks.draw(net, rng), 0.02, 20) for net in small]
publish.claim(
    "B: Corollary 1",
    "Descent on the exact augmented risk from equivariant weights stays in $\\mathcal{E}$ and follows equivariant descent.",
    [[run.augmented, run.apart] for run in moved],
    equals=0,
    within=1e-9,
    id="augmented-descent-stays",
    details="Paper: stays, for gradient flow. distance from $\\mathcal{E}$ and from equivariant descent over the distance covered, 20 steps, small networks of the gallery",
)

publish.claim(
    "beyond: B, Corollary 1",
    "Descent on the nominal risk leaves $\\mathcal{E}$.",
    float(np.median([run.nominal for run in moved])),
    above=0.099,
    id="nominal-descent-leaves",
    details="median distance from $\\mathcal{E}$ over the distance that equivariant descent covers, 20 steps",
)

# %% [markdown]
# **Other optimisers.**
# Adam divides each coordinate of the gradient by its own running size. That does not commute with the projection onto $\mathcal{E}$.
# If the group permutes coordinates, $\mathcal{E}$ consists of weights that are equal on orbits; equal gradients stay equal, and Adam stays in $\mathcal{E}$.
# In other bases it need not.
# A reflection about a slanted axis makes Adam leave at once.
# A reflection about a coordinate axis forces some weights to be zero. Their gradient is zero up to rounding, and Adam scales the rounding error up to a full step within a few iterations, although descent on the same gradients would stay.

# %% tags=["hide-input"]
permuting = [
    "C5, circulant matrices",
    "D4, corners of a square",
    "S3, vector to vector and trivial",
]
kept = [networks.risks(gallery.find(name), rng) for name in permuting]
mirror = networks.risks(gallery.find("reflection of the line"), rng)
slanted = points.oblique_axis(rng)
publish.claim(
    "beyond: B, Corollary 1",
    "Adam on the exact augmented risk stays in $\\mathcal{E}$ where the group permutes coordinates, and leaves it for reflections, "
    "about a slanted axis and about a coordinate axis.",
    [
        *[points.adam_drift(net, networks.draw(net, rng)) < 1e-9 for net in kept],
        points.adam_drift(slanted, networks.draw(slanted, rng)) > 1e-3,
        points.adam_drift(mirror, networks.draw(mirror, rng)) > 1e-3,
    ],
    id="adam-keeps-to-permuted-coordinates",
    details="Paper: stated for gradient flow. distance from $\\mathcal{E}$ over the distance covered, 30 steps: below 1e-9 for three permutation groups, above 1e-3 for two reflections",
)

# %% [markdown]
# For Corollary 2 we search $\mathcal{E}$ for zeros of gradients with a Levenberg-Marquardt method, which is drawn to saddles as much as to minima.
# The network reads two swapped numbers through two tanh units, which are swapped with them.
# Its targets come from a network in $\mathcal{E}$, plus noise that this network cannot fit.
# Stationary points of $R_{\text{eqv}}$ turn out stationary for $R_{\text{aug}}$, and conversely.
# They need not be stationary for $R$.
#
# The corollary is silent about the rest of $\mathcal{L}$, and there $R_{\text{aug}}$ has stationary points too.
# Take one in $\mathcal{E}$ and change the sign of all weights into and out of one unit.
# As $\tanh$ is odd, the network remains the same function, and all gradients remain zero.
# But the two units no longer carry swapped weights, so the new point is off $\mathcal{E}$, with an equivariant function all the same.
# Equivariant weights are sufficient for an equivariant network, and not necessary.

# %% tags=["hide-input"]
task = points.small_task(rng)
random = [networks.draw(task, rng) for _ in range(5)]
starts = torch.stack([points.TEACHER, 0 * points.TEACHER, *random])
hard = points.stationary(task, "equivariant", starts)
tied = points.stationary(task, "augmented", starts)
other = points.flipped(task, points.TEACHER)
beyond = points.slopes(task, torch.stack([other]))

publish.claim(
    "B: Corollary 2",
    "The equivariant stationary points of the augmented and of the equivariant risk are the same.",
    [
        np.all(hard.augmented < 1e-9),
        np.all(tied.equivariant < 1e-9),
        len(hard.points) > 1,
        len(tied.points) > 1,
    ],
    id="same-equivariant-stationary-points",
    details="Paper: the same. norm of the other gradient below 1e-9 at all points found: the network of the targets, the origin, and what the search finds from five random starts",
)

publish.claim(
    "beyond: B, Corollary 2",
    "Equivariant stationary points of the augmented risk need not be stationary for the nominal risk.",
    points.slopes(task, points.TEACHER[None]).nominal,
    above=0.009,
    id="nominal-gradient-at-equivariant-stationary-points",
    details="norm of the nominal gradient at the network that wrote the targets; which other points the search finds depends on rounding",
)

publish.claim(
    "beyond: B, Corollary 2",
    "The augmented risk has stationary points off $\\mathcal{E}$, where the network is an equivariant function all the same.",
    [
        beyond.across[0] > 1,
        beyond.augmented[0] < 1e-12,
        averaging.orbit_variance(task, other) < 1e-24,
    ],
    id="stationary-points-off-the-equivariant-weights",
    details="one unit of the teacher with its sign changed: distance from $\\mathcal{E}$ above 1, augmented gradient below 1e-12, orbit variance of the predictions below 1e-24",
)

# %% [markdown]
# ## Hessians
#
# Write $H$, $H_{\text{aug}}$ and $H_{\text{eqv}}$ for the Hessians of the three risks at a point of $\mathcal{E}$, as symmetric matrices on $\mathcal{L}$.
#
# ````{prf:proposition} Proposition 2 of paper B
# :label: prop-hessians
# For $A \in \mathcal{E}$, $H_{\text{aug}} = \frac{1}{|G|}\sum_g \bar\rho(g)^{-1} H \bar\rho(g)$ and $H_{\text{eqv}} = \Pi_{\mathcal{E}} H\, \Pi_{\mathcal{E}}$.
# ````
#
# The first matrix commutes with the group. By {prf:ref}`lem-blocks` it is block diagonal: it maps $\mathcal{E}$ to $\mathcal{E}$ and $\mathcal{E}^\perp$ to $\mathcal{E}^\perp$, and as quadratic forms on $\mathcal{E}$ all three agree.
# We never form these matrices.
# A Hessian times a vector costs two backward passes, and the claims compare such products.

# %% tags=["hide-input"]
gaps = np.array([points.hessian_gaps(net, theta, networks.draw(net, rng)) for net, theta in pairs])
publish.claim(
    "B: Proposition 2",
    "At equivariant weights the augmented Hessian is the group average of the nominal one, and the equivariant Hessian its "
    "restriction to $\\mathcal{E}$.",
    gaps[:, :2],
    equals=0,
    within=1e-12,
    id="hessians-on-equivariant-weights",
    details="Paper: equal. Hessian-vector products along random directions, relative to the nominal one, all networks of the gallery",
)

publish.claim(
    "B: Proposition 2",
    "At equivariant weights the augmented Hessian has no block between $\\mathcal{E}$ and its complement.",
    gaps[:, 2],
    equals=0,
    within=1e-12,
    id="augmented-hessian-is-block-diagonal",
    details="Paper: 0, by Lemma 6. both mixed blocks along random directions, relative to the nominal Hessian, all networks of the gallery",
)

# %% [markdown]
# ## Minima
#
# ````{prf:proposition} Proposition 3 of paper B, without derivatives
# :label: prop-minima
# Let $A^* \in \mathcal{E}$.
#
# 1. If $A^*$ is a strict local minimum of $R$, it is one of $R_{\text{aug}}$.
# 2. If $A^*$ is a strict local minimum of $R_{\text{aug}}$, then $R_{\text{eqv}}$, restricted to $\mathcal{E}$, has a strict local minimum there.
# ````
#
# ````{prf:proof}
# Let $R(B) > R(A^*)$ for all $B \ne A^*$ in a ball around $A^*$. Each $\bar\rho(g)$ is orthogonal and fixes $A^*$, so it maps the ball to itself and no other point to $A^*$. Then every term of $R_{\text{aug}}(B) = \frac{1}{|G|}\sum_g R(\bar\rho(g)B)$ exceeds $R(A^*) = R_{\text{aug}}(A^*)$.
# For the second part, networks in $\mathcal{E}$ are equivariant and the loss is invariant, so $R_{\text{aug}} = R = R_{\text{eqv}}$ on $\mathcal{E}$.
# ````
#
# The paper takes "strict minimum" to mean a positive definite Hessian and argues by {prf:ref}`prop-hessians`. The proof above asks for no derivative, and works with "strict" left out.
# The words "restricted to $\mathcal{E}$" are needed. The paper's proof ends with them, its statement leaves them out. $R_{\text{eqv}}(A) = R(\Pi_{\mathcal{E}}A)$ does not change along $\mathcal{E}^\perp$, so on $\mathcal{L}$ it has no strict minimum at all, unless $\mathcal{E} = \mathcal{L}$.
#
# With positive definite Hessians the proposition is a chain of numbers. Let $\lambda$ be the smallest eigenvalue. An average of matrices with the same spectrum has no smaller $\lambda$, and neither has a restriction:
#
# $$
# \lambda(H) \;\le\; \lambda(H_{\text{aug}}) \;\le\; \lambda(H_{\text{eqv}}|_{\mathcal{E}}) .
# $$ (eq-curvature-chain)
#
# To have strict minima in $\mathcal{E}$ we let a network in $\mathcal{E}$ write the targets. With enough samples its weights are a strict minimum of $R$.

# %% tags=["hide-input"]
taught = [
    points.curvatures(*points.taught(case, np.random.default_rng(0))) for case in points.teachable()
]
publish.claim(
    "B: Proposition 3i",
    "A strict minimum of the nominal risk in $\\mathcal{E}$ is a strict minimum of the augmented risk.",
    [[c.slope < 1e-12, c.nominal > 1e-8, c.augmented >= c.nominal - 1e-10] for c in taught],
    id="strict-minima-of-the-nominal-risk",
    details="Paper: strict. targets of an equivariant teacher, cycles of three and four points: no slope, smallest eigenvalue of $R$ above 1e-8, that of $R_{\\text{aug}}$ not smaller",
)

publish.claim(
    "B: Proposition 3ii",
    "A strict minimum of the augmented risk in $\\mathcal{E}$ is a strict minimum of the equivariant risk within $\\mathcal{E}$.",
    float(np.mean([c.augmented > 1e-8 and c.inside >= c.augmented - 1e-10 for c in taught])),
    equals=1.0,
    within=1e-9,
    correction="strict within $\\mathcal{E}$; the equivariant risk is constant along $\\mathcal{E}^\\perp$",
    published=float(np.mean([abs(c.flat) >= 1e-9 for c in taught])),
    id="strict-minima-of-the-augmented-risk",
    details="Paper: a strict local minimum of the equivariant risk. share of the same teachers for which it is true within $\\mathcal{E}$; as published: the share without a flat direction orthogonal to $\\mathcal{E}$",
)

# %% [markdown]
# (failing-converses)=
# ## Both converses fail
#
# The paper gives a counterexample in an appendix. These are the smallest ones that we know.
#
# **A strict minimum of $R_{\text{aug}}$ that is no strict minimum of $R$.**
# One linear layer reads two numbers that the group swaps, $f(x) = w_1 x_1 + w_2 x_2$, and the only sample is $x = (1, 0)$ with target $1$.
# The nominal risk $(w_1 - 1)^2$ does not see $w_2$. The augmented risk is $\frac12[(w_1 - 1)^2 + (w_2 - 1)^2]$, with a strict minimum at $(1, 1) \in \mathcal{E}$.
#
# **A strict minimum of $R_{\text{eqv}}$ within $\mathcal{E}$ that is no minimum of $R_{\text{aug}}$.**
# Two linear layers $f(x) = b\,a\,x$ with numbers $a$ and $b$. Input and output are invariant, and the group of two elements acts on the hidden number by its sign.
# Then $\mathcal{E} = \{0\}$, and the origin is its strict minimum for want of other points. As nothing happens to the data, $R_{\text{aug}} = R = (ba - 1)^2$, and the origin is a saddle.
#
# One may object that $\mathcal{E}$ is a single point. So we add an example in which it is not.
# Take one squared unit, $f(x) = (w^\top x)^2$, with the swap, and two samples $(1, 1)/\sqrt2$ and $(1, -1)/\sqrt2$ with target $1$.
# With $u = (w_1 + w_2)/\sqrt2$ along $\mathcal{E}$ and $v = (w_1 - w_2)/\sqrt2$ across,
#
# $$
# R = R_{\text{aug}} = \tfrac12\bigl[(u^2 - 1)^2 + (v^2 - 1)^2\bigr].
# $$ (eq-two-wells)
#
# Within $\mathcal{E}$, where $v = 0$, the point $u = 1$ is a strict minimum with curvature $4$. Across it the curvature is $-2$.
# The equivariant network never fits the second sample.

# %% tags=["hide-input"]
examples = [points.one_sample(), points.hidden_sign(), points.squared_unit()]
grid = np.linspace(-1.6, 1.6, 41)
wanted = ((examples[0][0], "nominal"), (examples[0][0], "augmented"), (examples[2][0], "augmented"))
risks = [points.risk_grid(net, risk, grid) for net, risk in wanted]
half, root = np.sqrt(0.5), np.sqrt(2)
wells = [(root, 0, "o"), (0, root, "o"), (-root, 0, "o"), (0, -root, "o")]
publish.figure(
    plots.landscapes(
        [
            ("(a) $R$, one sample", risks[0], []),
            ("(b) $R_{\\mathrm{aug}}$, one sample", risks[1], [(1.0, 1.0, "o")]),
            ("(c) $R_{\\mathrm{aug}}$, squared unit", risks[2], [(half, half, "s"), *wells]),
        ],
        grid,
    ),
    "failing-converses",
    title="Why the converses of Proposition 3 fail",
    caption="Level lines of risks over two weights, lighter for lower risk, with $\\mathcal{E}$ as a dashed line. (a) The nominal risk of one sample has "
    "a valley of minima, none of them strict. (b) Augmentation turns the valley into a strict minimum on $\\mathcal{E}$ (circle). "
    "(c) For the squared unit the strict minimum within $\\mathcal{E}$ (square) is a saddle of the augmented risk; its "
    "minima (circles) lie off $\\mathcal{E}$.",
    alt="Three square maps. Vertical stripes with a light valley; concentric circles around a point on the dashed diagonal; "
    "a surface with a saddle on the diagonal and a basin on either side of it.",
)

curves = [points.curvatures(*example) for example in examples]
publish.claim(
    "B: Proposition 3i, converse fails",
    "A strict minimum of the augmented risk need not be one of the nominal risk.",
    [curves[0].nominal, curves[0].augmented, curves[0].slope],
    equals=[0.0, 1.0, 0.0],
    within=1e-12,
    id="converse-of-first-part-fails",
    details="Paper: fails. smallest eigenvalues of $R$ and $R_{\\text{aug}}$ and slope of $R$ at $w = (1, 1)$, one sample $(1, 0)$, swap",
)

publish.claim(
    "B: Proposition 3ii, converse fails",
    "A strict minimum of the equivariant risk within $\\mathcal{E}$ need not be a minimum of the augmented risk.",
    [curves[1].augmented, curves[1].slope, examples[1][0].network.equivariant_dimension],
    equals=[-2.0, 0.0, 0.0],
    within=1e-12,
    id="converse-of-second-part-fails",
    details="Paper: fails. smallest eigenvalue of $R_{\\text{aug}}$, slope of $R$ and dimension of $\\mathcal{E}$, $f(x) = b\\,a\\,x$ with a hidden sign",
)

publish.claim(
    "beyond: B, Proposition 3ii, converse fails",
    "With an $\\mathcal{E}$ of dimension one, too, a strict minimum within $\\mathcal{E}$ can be a saddle of the augmented risk: curvature 4 within and -2 across.",
    [curves[2].inside, curves[2].augmented, curves[2].slope],
    equals=[4.0, -2.0, 0.0],
    within=1e-10,
    id="converse-fails-on-a-line",
    details="smallest eigenvalue of $R_{\\text{eqv}}$ on $\\mathcal{E}$ and of $R_{\\text{aug}}$, slope of $R$, squared unit",
)

# %% [markdown]
# (decoupling)=
# ## Near the equivariant weights
#
# Write $A = x + y$ with $x \in \mathcal{E}$ and a small $y \in \mathcal{E}^\perp$. By {prf:ref}`prop-gradients` and {prf:ref}`prop-hessians` the gradient flow of $R_{\text{aug}}$ is
#
# $$
# \dot x = -\nabla R_{\text{aug}}(x) + O(\lVert y\rVert^2), \qquad \dot y = -H_{\text{aug}}(x)\, y + O(\lVert y\rVert^2) .
# $$ (eq-decoupled)
#
# This is Eq. 27 of the paper: to first order $x$ moves as in the equivariant network, and $y$ obeys a linear equation.
# For some groups one error is smaller.
#
# ````{prf:proposition} When the second error is cubic
# :label: prop-second-order-groups
# Let some $g \in G$ act on $\mathcal{E}^\perp$ as $-1$; any group of two elements has such a $g$. Then $R_{\text{aug}}(x + y) = R_{\text{aug}}(x - y)$, and the error in $\dot y$ is $O(\lVert y\rVert^3)$.
# ````
#
# ````{prf:proof}
# $R_{\text{aug}}$ is invariant under $\bar\rho(g)$, which maps $x + y$ to $x - y$. So $R_{\text{aug}}$ is even in $y$, and its gradient along $\mathcal{E}^\perp$ is odd.
# A group of two elements acts as $\pm 1$ on the two parts of any space, and $\mathcal{E}$ is the part of $+1$.
# ````

# %% tags=["hide-input"]
shown = {
    "two elements: swap": "S2, swap of two coordinates",
    "five: circle": "C5, circulant matrices",
    "eight: square": "D4, corners of a square",
}
distances = np.geomspace(0.01, 0.64, 7)
errors = {
    name: near.decoupling_errors(net, networks.draw(net, rng), distances)
    for name, case in shown.items()
    for net in [networks.risks(gallery.find(case), rng)]
}
publish.figure(
    plots.decoupling(errors),
    "decoupling-errors",
    title="Errors of the decoupled gradient",
    caption="Error of {eq}`eq-decoupled` for the augmented gradient at a distance $|y|$ from $\\mathcal{E}$ in a random direction, "
    "for two-layer networks under three groups: (a) the part in $\\mathcal{E}$, (b) the part orthogonal to it. Dotted lines have slopes 2 "
    "and 3. Under the group of two elements the second error is cubic.",
    alt="Two panels of straight rising lines on logarithmic axes. Left, three lines of slope two. Right, two lines of slope two "
    "and a lower, steeper one of slope three.",
)

found = []
for net in small:
    theta = networks.draw(net, rng)
    error = near.decoupling_errors(net, theta, np.array([0.005, 0.01]))
    found.append((net.network.group.order, *error.exponents, error.exponent))
orders = np.array([row[0] for row in found])
slopes = np.array([row[1:] for row in found])

publish.claim(
    "B: Eq. 26",
    "Near $\\mathcal{E}$ the augmented gradient is its value at $x$ plus the Hessian times $y$, up to an error of second order.",
    slopes[:, 2],
    equals=2.0,
    within=0.15,
    id="linearised-gradient",
    details="Paper: second order. exponent of the error of the whole gradient between distances 0.005 and 0.01, all small networks of the gallery",
)

publish.claim(
    "B: Eq. 27",
    "The errors of the decoupled gradient are of second order in the distance from $\\mathcal{E}$.",
    [*slopes[:, 0], *slopes[orders > 2, 1]],
    equals=2.0,
    within=0.15,
    id="decoupling-error-is-quadratic",
    details="Paper: second order. exponents between distances 0.005 and 0.01: the part in $\\mathcal{E}$ for all small networks of the gallery, the part across for those whose group has more than two elements",
)

publish.claim(
    "beyond: B, Eq. 27",
    "For groups of two elements the error of the part across is of third order.",
    slopes[orders == 2, 1],
    equals=3.0,
    within=0.15,
    id="decoupling-error-two-elements",
    details="Paper: second order. exponents between distances 0.005 and 0.01, small networks of the gallery",
)

circle = networks.risks(gallery.find("C5, circulant matrices"), rng)
publish.claim(
    "B: Eq. 27",
    "Over a run of descent too, the part in $\\mathcal{E}$ differs from the equivariant run, and the part across from the linear "
    "prediction, by the square of the initial distance.",
    near.path_exponents(circle, networks.draw(circle, rng), 0.02, 25),
    equals=2.0,
    within=0.1,
    id="decoupling-of-whole-paths",
    details="Paper: second order. exponents between initial distances 0.001 and 0.002, 25 steps, five points on a circle",
)

# %% [markdown]
# (spectrum)=
# ## The spectrum decides
#
# So $\mathcal{E}$ is stable under augmented training as long as all eigenvalues of $H_{\text{aug}}(x)$ on $\mathcal{E}^\perp$ are positive, and for descent with learning rate $\eta$ below $2/\eta$. A negative one makes it unstable. With a zero eigenvalue the linear equation does not decide.
# The paper names the computation of this spectrum as an open direction.
# The Lanczos method finds its lower end from Hessian-vector products alone. We run it on $\Pi_{\mathcal{E}^\perp} H_{\text{aug}} \Pi_{\mathcal{E}^\perp}$, with $\mathcal{E}$ shifted out of the way.
#
# The group leaves a mark on the spectrum.
#
# ````{prf:proposition} Multiplicities
# :label: prop-multiplicities
# Let $|G|$ be odd. At $x \in \mathcal{E}$ every eigenvalue of $H_{\text{aug}}$ on $\mathcal{E}^\perp$ has even multiplicity.
# ````
#
# ````{prf:proof}
# $H_{\text{aug}}$ commutes with the group, so an eigenspace in $\mathcal{E}^\perp$ is a real representation of $G$ without fixed vectors. In a group of odd order no irreducible representation except the trivial one has a real character ({cite:t}`serre1977linear`), so the nontrivial complex ones come in conjugate pairs and the real ones have even dimension.
# ````

# %% tags=["hide-input"]
odd = [
    networks.risks(gallery.find(name), rng)
    for name in ("C5, circulant matrices", "C3, turns of the plane")
]
lowest = [smallest_eigenvalues(net, net.project(networks.draw(net, rng)), 4) for net in odd]
publish.claim(
    "beyond: B, Spectrum of the augmented Hessian",
    "For groups of odd order the eigenvalues of the augmented Hessian off $\\mathcal{E}$ come in pairs.",
    [(s.values[1::2] - s.values[::2]) / (1 + np.abs(s.values[::2])) for s in lowest],
    equals=0,
    within=1e-7,
    id="augmented-spectrum-is-paired",
    details="Paper: left open. differences within the two lowest pairs, rotations of five points and of the plane by 120 degrees",
)

publish.claim(
    "beyond: B, Spectrum of the augmented Hessian",
    "The vectors that Lanczos finds off $\\mathcal{E}$ are eigenvectors of the whole augmented Hessian.",
    [s.residuals for s in lowest],
    equals=0,
    within=1e-6,
    id="lanczos-finds-eigenvectors-off-the-equivariant-weights",
    details="Paper: left open. length of $Hv - \\lambda v$ with the Hessian on all weights, $|v| = 1$",
)

# %% [markdown]
# ### A long run
#
# We need a task that $\mathcal{E}$ misses.
# The inputs are points of a disc, the target is twice their squared length, and $C_3$ turns the plane by $120$ degrees.
# Two networks learn the task, with one hidden layer of three softplus units.
#
# * The *blind* network has invariant hidden units. No linear function on the plane is invariant except zero, so in $\mathcal{E}$ the first layer is zero, and the best equivariant network is a constant.
# * The *seeing* network lets the group permute its hidden units in a cycle. In $\mathcal{E}$ they look along three directions that are $120$ degrees apart, and it can learn the task.
#
# Both start at a distance of $10^{-6}$ from $\mathcal{E}$ and descend on the exact augmented risk.
# Beside them runs the prediction: equivariant descent for $x$, and the linear equation of {eq}`eq-decoupled` for $y$.

# %% tags=["hide-input"]
rate = 0.1
paths = {
    "blind": near.long_run("blind", rng, rate, 240, 8),
    "seeing": near.long_run("seeing", rng, rate, 100, 4),
}
publish.figure(
    plots.long_runs(paths, rate),
    "leaving-equivariance",
    title="A long run near the equivariant weights",
    caption="Descent on the augmented risk from a distance of $10^{-6}$ of $\\mathcal{E}$, for a network whose equivariant weights cannot "
    "see the task (blind) and one whose can (seeing). (a) Smallest eigenvalue of the augmented Hessian on $\\mathcal{E}^\\perp$, at the "
    "weights of equivariant descent. (b) Distance from $\\mathcal{E}$, and its linear prediction (markers). (c) Augmented risk of the "
    "augmented run, and risk of the equivariant run (markers).",
    alt="Three panels against time. The blind network has a negative eigenvalue throughout; its distance rises along the predicted "
    "straight line on a logarithmic axis and then saturates, and its risk drops away from the equivariant one. The seeing network "
    "stays close to the equivariant weights.",
)

blind, seeing = paths["blind"], paths["seeing"]
linear = (blind.across > 1e-5) & (blind.across < 1e-3)
growth = near.growth_ratio(blind, rate, 1e-5, 1e-2)
publish.claim(
    "beyond: B, Spectrum of the augmented Hessian",
    "Off $\\mathcal{E}$ the weights of the blind network grow almost at the rate of the most negative eigenvalue, and not "
    "faster.",
    [growth > 0.8, growth < 1.01],
    id="growth-follows-the-spectrum",
    details="Paper: left open. measured over predicted growth of $\\log|y|$ while $10^{-5} < |y| < 10^{-2}$, from a random direction: between 0.8 and 1.01",
)

publish.claim(
    "B: Eq. 27",
    "The linear equation of Eq. 27 predicts the vector $y$ over the whole approach.",
    [np.max(blind.gap[linear] / blind.across[linear]), np.max(seeing.gap / seeing.across)],
    below=0.01,
    id="linear-equation-predicts-the-distance",
    details="Paper: first order. largest relative distance of $y$ and its prediction: blind network while $10^{-5} < |y| < 10^{-3}$, seeing network throughout",
)

publish.claim(
    "B: Spectrum of the augmented Hessian",
    "The blind network leaves $\\mathcal{E}$ and ends below the risk of the best equivariant network; the seeing network returns to "
    "$\\mathcal{E}$.",
    [
        blind.across[-1] > 0.1,
        blind.augmented[-1] < 0.9 * blind.equivariant[-1],
        seeing.across.max() < 1e-4,
        seeing.across[-1] < 0.5 * seeing.across[0],
    ],
    verdict="reproduced",
    id="leaving-lowers-the-risk",
    details="Paper: may diverge from the equivariant subspace. final distance above 0.1 and final risk below 0.9 of the equivariant one; seeing: distance below 1e-4 throughout and halved at the end",
)

# %% [markdown]
# The paper suggests a penalty $\lambda \lVert y\rVert^2$ against the instability. Its Hessian is $2\lambda$ on $\mathcal{E}^\perp$, so it shifts the spectrum and nothing else: $\mathcal{E}$ is stable as soon as $2\lambda$ exceeds the size of the most negative eigenvalue, and the equivariant solution does not move.

# %% tags=["hide-input"]
held = near.penalised_rates(near.disc("blind", rng), rng, rate, (0.0, 0.5, 1.5), 40)
publish.claim(
    "beyond: B, Penalty on the non-equivariant part",
    "With a penalty $\\lambda|y|^2$, $y$ grows or decays at the rate of the smallest eigenvalue plus $2\\lambda$.",
    held.measured / held.predicted,
    equals=1.0,
    within=1e-4,
    id="penalty-shifts-the-rate",
    details="Paper: could mitigate the instability. measured over predicted change of $\\log|y|$, blind network from the best equivariant weights along the lowest eigenvector, $2\\lambda$ at zero and half the threshold (growth) and at one and a half times it (decay)",
)

# %% [markdown]
# ## What to take away
#
# * On $\mathcal{E}$ the augmented and the equivariant gradient are the same vector, so exact augmentation from an equivariant start is equivariant training. This is a fact about gradient descent. Adam keeps it only where the group permutes coordinates.
# * A strict minimum of $R$ in $\mathcal{E}$ is one of $R_{\text{aug}}$, and that is one of $R_{\text{eqv}}$ within $\mathcal{E}$. Neither arrow can be turned around.
# * Off $\mathcal{E}$ the weights obey a linear equation up to a quadratic error, cubic for groups of two elements.
# * The smallest eigenvalue of the augmented Hessian off $\mathcal{E}$ says whether training leaves and how fast. In our example it is negative because $\mathcal{E}$ cannot see the task. A penalty shifts it by twice its strength.

# %% tags=["hide-input", "nbval-ignore-output"]
publish.footer(scale, seed)
