# %% [markdown]
# (risks-and-representations)=
# # Three risks
#
# Suppose that you know the symmetry of a task.
# You can build it into the network, or you can show the network moved copies of the data and let it learn the rest.
# {cite:t}`nordenfors2025optimization` compare the two on the same set of weights: the *equivariant* strategy stays in a subspace $\mathcal{E}$ of that set, the *augmented* strategy may use all of it.
#
# Their argument starts from two lemmas and one remark, and this chapter checks all three on networks.
# Lemma 3 trades a move of the input for a move of the weights.
# Lemma 4 turns the risk on augmented data into an average over moved weights.
# The remark, their Eq. 7, equates augmentation with averaging the network's outputs over the group.
#
# **What we find.**
# Lemmas 3 and 4 hold to rounding on every group of the gallery, and each assumption is needed: we break them one at a time and see which statement falls.
# Lemma 3 does not need orthogonal representations; the step from Lemma 4 to the gradient does.
# Eq. 7 needs a correction. For the squared error the augmented risk exceeds the risk of the averaged network by the variance of its predictions over an orbit; for the cross-entropy, by a divergence between class probabilities ({prf:ref}`thm-averaging-gap`).
# The two agree for every function in the place of the network only if the loss is affine in the prediction ({prf:ref}`prop-affine-only`).
# The difference is useful: it is a penalty on asymmetry that augmentation carries with it.

# %% tags=["parameters"]
scale = "book"
seed = 0

# %% tags=["hide-input"]
import numpy as np

from learnsym import gallery, publish
from learnsym.checks import draws
from learnsym.checks import feature_averaging as averaging
from learnsym.checks import symmetric_networks as networks
from learnsym.plots import symmetric_networks as plots

publish.use_style()
rng = np.random.default_rng(seed)
many = min(draws(scale), 2)

# %% [markdown]
# ## A network with a group on every space
#
# A finite group $G$ acts on each space of the network.
# We keep the notation of {ref}`the chapter on groups <groups-and-projections>`: $\bar\rho(g)A = \rho_{\text{out}}(g)\,A\,\rho_{\text{in}}(g)^{-1}$ is the action on a linear map, and the maps that it fixes are the equivariant ones.
#
# ````{prf:definition} Symmetric perceptron
# :label: def-symmetric-perceptron
# Let $G$ act on spaces $X_0, \dots, X_L$ by representations $\rho_0, \dots, \rho_L$.
# With matrices $A_i$ of shape $(\dim X_{i+1}, \dim X_i)$ and fixed nonlinearities $\sigma_i$ on $X_{i+1}$,
#
# $$
# x_0 = x, \qquad x_{i+1} = \sigma_i(A_i x_i), \qquad f_A(x) = x_L .
# $$
#
# The weights $A = (A_0, \dots, A_{L-1})$ form the space $\mathcal{L}$. The group acts on it layer by layer, $(\bar\rho(g)A)_i = \rho_{i+1}(g) A_i \rho_i(g)^{-1}$, and $\mathcal{E}$ is the subspace that it fixes.
# ````
#
# The representations $\rho_X = \rho_0$ on inputs and $\rho_Y = \rho_L$ on outputs belong to the task. Those in between are a choice.
# We write $gx$ and $gy$ for $\rho_X(g)x$ and $\rho_Y(g)y$ where no confusion is possible.
# The paper makes three assumptions:
#
# 1. every $\rho_i(g)$ is orthogonal,
# 2. every nonlinearity commutes with the group, $\sigma_i(\rho_{i+1}(g) v) = \rho_{i+1}(g)\sigma_i(v)$,
# 3. the loss is invariant, $\ell(gy, gy') = \ell(y, y')$.
#
# The second is a matter of the representation. A function of single coordinates commutes with permutations, an odd one also with changes of sign, and none except multiples of the identity with all rotations.
# Where the group rotates, we use the radial function $v \mapsto v / \sqrt{1 + |v|^2}$ on each channel.
#
# ````{prf:definition} Three risks
# :label: def-three-risks
# For data $(x, y)$ and a loss $\ell$, the nominal, augmented and equivariant risks are
#
# $$
# R(A) = \mathbb{E}\, \ell(f_A(x), y), \qquad
# R_{\text{aug}}(A) = \frac{1}{|G|}\sum_{g} \mathbb{E}\, \ell(f_A(gx), gy), \qquad
# R_{\text{eqv}}(A) = R(\Pi_{\mathcal{E}} A),
# $$
#
# where $\mathbb{E}$ is the mean over the data and $\Pi_{\mathcal{E}}$ the orthogonal projection onto $\mathcal{E}$.
# ````
#
# All three are functions on the whole of $\mathcal{L}$.
# Every claim of this chapter is measured on two-layer networks over the gallery, with Gaussian data that have no symmetry of their own.
# In the middle stand two copies of the input representation.
# The networks with permuted outputs come in two versions, with the squared error and with the cross-entropy against random class probabilities.

# %% tags=["hide-input"]
publish.table(
    ["case", "elements", "nonlinearity", "weights", "equivariant weights"],
    [
        [
            case.name,
            case.rho_in.group.order,
            networks.hidden_nonlinearity(case.rho_in)[0],
            net.dimension,
            net.equivariant_dimension,
        ]
        for case in gallery.orthogonal_cases()
        for net in [networks.network(case)]
    ],
)
nets = [net for _, net in networks.instances(rng)]
points = [[networks.draw(net, rng) for _ in range(many)] for net in nets]
pairs = [(net, theta) for net, several in zip(nets, points, strict=True) for theta in several]

# %% [markdown]
# ## Moving the input is moving the weights
#
# ````{prf:lemma} Lemma 3 of paper B
# :label: lem-moved-input
# Under assumption 2, $f_A(gx) = g\, f_{\bar\rho(g)^{-1}A}(x)$ for all weights $A$ and all $g$. In particular $f_A$ is equivariant if $A \in \mathcal{E}$.
# ````
#
# ````{prf:proof}
# Let $x_i$ be the layers of $f_A$ at $gx$, and $z_i$ those of $f_{\bar\rho(g)^{-1}A}$ at $x$. We show $x_i = \rho_i(g) z_i$. It holds for $i = 0$, and then
# $x_{i+1} = \sigma_i(A_i \rho_i(g) z_i) = \sigma_i(\rho_{i+1}(g)\,[\rho_{i+1}(g)^{-1} A_i \rho_i(g)]\, z_i) = \rho_{i+1}(g) z_{i+1}$,
# where the last step is assumption 2.
# ````
#
# The proof uses inverses and no transposes, so assumption 1 plays no part.
# The networks on oblique representations below are linear, because a linear map is the one function at hand that commutes with them.

# %% tags=["hide-input"]
publish.claim(
    "B: Lemma 3",
    "A network on moved inputs is the network of the weights moved back, up to a move of the output: "
    "$f_A(gx) = g\\, f_{\\bar\\rho(g)^{-1}A}(x)$.",
    [networks.moved_input_gap(*pair) for pair in pairs],
    equals=0,
    within=1e-12,
    id="moved-input-moved-weights",
    details="Paper: equal. largest relative distance over all elements, random weights, all networks of the gallery",
)

publish.claim(
    "B: Lemma 3",
    "Networks with equivariant weights are equivariant.",
    [networks.equivariance_gap(*pair) for pair in pairs],
    equals=0,
    within=1e-12,
    id="equivariant-weights-equivariant-networks",
    details="Paper: equivariant. largest relative distance of $g^{-1}f(gx)$ and $f(x)$, projected random weights, all networks of the gallery",
)

oblique = networks.oblique_instances(rng)
publish.claim(
    "B: Lemma 3",
    "Lemma 3 holds for representations that are not orthogonal.",
    [networks.moved_input_gap(net, networks.draw(net, rng)) for net in oblique],
    equals=0,
    within=1e-12,
    id="moved-weights-need-no-orthogonality",
    details="Paper: stated under assumption 2 alone. linear networks on the oblique cases of the gallery",
)

turned = networks.turned_pointwise(rng)
theta = [networks.draw(turned, rng) for _ in range(10)]
publish.claim(
    "beyond: B, Lemma 3",
    "Lemma 3 fails for a function of single coordinates where the group rotates the plane.",
    [networks.moved_input_gap(turned, t) for t in theta],
    above=0.009,
    id="pointwise-functions-break-lemma-3",
    details="Paper: excluded by assumption 2. relative distance, tanh on two channels of the plane, rotations by 120 degrees, ten random weights",
)

# %% [markdown]
# ## The augmented risk averages over weights
#
# ````{prf:lemma} Lemma 4 of paper B
# :label: lem-average-risk
# Under assumptions 2 and 3, $R_{\text{aug}}(A) = \frac{1}{|G|} \sum_g R(\bar\rho(g) A)$.
# ````
#
# ````{prf:proof}
# By {prf:ref}`lem-moved-input` and assumption 3, $\ell(f_A(gx), gy) = \ell(g f_{\bar\rho(g)^{-1}A}(x), gy) = \ell(f_{\bar\rho(g)^{-1}A}(x), y)$.
# Average over the data and over $g$; the sum over $g^{-1}$ is the sum over $g$.
# ````
#
# This is the lemma that makes training tractable.
# The left side moves data, and the data enter through every layer at once.
# The right side moves weights, linearly.
# Its gradient follows from the chain rule: if every $\bar\rho(g)$ is orthogonal,
#
# $$
# \nabla R_{\text{aug}}(A) = \frac{1}{|G|}\sum_g \bar\rho(g)^{-1}\, \nabla R(\bar\rho(g)A) .
# $$ (eq-average-gradient)

# %% tags=["hide-input"]
publish.claim(
    "B: Lemma 4",
    "The augmented risk is the mean nominal risk of the moved weights.",
    [networks.average_risk_gap(*pair) for pair in pairs],
    equals=0,
    within=1e-12,
    id="augmented-risk-is-average",
    details="Paper: equal. relative difference, random weights, all networks of the gallery, squared error and cross-entropy",
)

publish.claim(
    "B: Lemma 4",
    "The augmented gradient is the mean of the nominal gradients at the moved weights, each moved back: "
    "{eq}`eq-average-gradient`.",
    [networks.average_gradient_gap(*pair) for pair in pairs],
    equals=0,
    within=1e-12,
    id="augmented-gradient-is-average",
    details="Paper: equal, Eq. 19. relative distance of gradients by automatic differentiation, all networks of the gallery",
)

# %% [markdown]
# ## What each assumption is for
#
# We take one network, two layers on five points of a circle with their five rotations, and break one assumption at a time.
#
# * *A bias of its own in every unit*: $\tanh(v + b)$ with a fixed $b$ that is not invariant. Assumption 2 fails.
# * *A loss that weighs outputs unevenly*: a squared error with a weight for each coordinate. Assumption 3 fails.
# * *An oblique input representation*: the rotations in slanted coordinates. Assumption 1 fails.
# * *A measure that is not Haar's*: some rotations are drawn more often than others.
#
# The first three are the paper's assumptions. The fourth is built into its definition of the augmented risk.
# The fourth statement that we follow belongs to the next chapter: at weights in $\mathcal{E}$, the augmented gradient lies in $\mathcal{E}$.

# %% tags=["hide-input"]
broken = networks.broken_assumptions(rng, 10)

publish.figure(
    plots.broken_assumptions(broken),
    "broken-assumptions",
    title="Which statement needs which assumption",
    caption="Median deviation of four statements over random weights, with all assumptions in force and with one of them "
    "broken at a time. Two layers on five points of a circle. Lemma 3: relative distance of the two networks. Second: "
    "relative distance from equivariance at weights in $\\mathcal{E}$. Lemma 4: relative difference of the two risks. "
    "Fourth: share of the augmented gradient, at weights in $\\mathcal{E}$, that points out of $\\mathcal{E}$.",
    alt="Five groups of four markers on a logarithmic axis. In the first group all four lie on the line for rounding. A "
    "bias lifts all four, an uneven loss lifts Lemma 4 and the gradient, an oblique representation the gradient only, "
    "a biased measure Lemma 4 and the gradient.",
)

publish.claim(
    "beyond: B, Lemma 4",
    "The nonlinearity is needed for all four statements, the invariant loss for Lemma 4 and the gradient, orthogonality "
    "for the gradient only, the uniform measure for Lemma 4 and the gradient.",
    (broken.deviations > 1e-3)
    == [[0, 0, 0, 0], [1, 1, 1, 1], [0, 0, 1, 1], [0, 0, 0, 1], [0, 0, 1, 1]],
    id="which-assumption-is-needed",
    details="Paper: assumptions are not shown to be needed. medians above 1e-3, in the order of the figure",
)

publish.claim(
    "beyond: B, Lemma 4",
    "A statement whose assumptions hold stays true to rounding when another assumption is broken.",
    broken.deviations[broken.deviations < 1e-3],
    equals=0,
    within=1e-12,
    id="unbroken-statements-are-exact",
    details="the medians of the figure that are not above 1e-3",
)

# %% [markdown]
# The third row of the pattern deserves a word.
# With an oblique input representation the risk is still an average over moved weights, but {eq}`eq-average-gradient` no longer follows: the transpose of $\bar\rho(g)$ is not its inverse.
# The gradient, which depends on the inner product, points out of $\mathcal{E}$.
# The paper notes that a change of inner product makes any representation orthogonal. Then gradient descent must use that inner product too.
#
# For a measure that is not uniform, a version of Lemma 4 survives.
# The proof gives $R_{\text{aug}}(A) = \sum_g \mu(g) R(\bar\rho(g)^{-1}A)$ with the inverse in place, for any probabilities $\mu(g)$. Only the last step needs $\mu(g) = \mu(g^{-1})$, and only the next chapter needs all $\mu(g)$ equal.

# %% tags=["hide-input"]
biased = networks.biased_measure(rng)
theta = [networks.draw(biased, rng) for _ in range(10)]
publish.claim(
    "beyond: B, Lemma 4",
    "For any probabilities $\\mu(g)$ the augmented risk is $\\sum_g \\mu(g) R(\\bar\\rho(g)^{-1}A)$.",
    [networks.average_risk_gap(biased, t, inverse=True) for t in theta],
    equals=0,
    within=1e-12,
    id="lemma-4-for-any-measure",
    details="Paper: stated for the Haar measure. relative difference, five points on a circle, rotations with probabilities 0.4, 0.3, 0.1, 0.1 and 0.1",
)

# %% [markdown]
# (feature-averaging)=
# ## Augmentation and averaging are not the same
#
# A third strategy trains nothing and averages the network instead. The **feature-averaged** network is
#
# $$
# \bar f_A(x) = \frac{1}{|G|}\sum_g g^{-1} f_A(gx) .
# $$ (eq-feature-averaging)
#
# It is equivariant for any weights. The paper states, as Eq. 7 and with a reference, that under assumption 3 its risk on the plain data is the augmented risk:
#
# $$
# R_{\text{aug}}(A) \overset{?}{=} \mathbb{E}\, \ell(\bar f_A(x), y).
# $$ (eq-seven)
#
# Two predictions decide the matter. A linear map $f(x) = w^\top x$ with $w = (0, 4)$ reads the orbit $\{(1, 0), (0, 1)\}$ of the swap, with target $0$. It predicts $0$ and $4$. The mean squared error is $8$; the averaged network predicts $2$, and its squared error is $4$.
#
# Write $f_g(x) = g^{-1} f_A(gx)$ for the predictions moved back, so that $\bar f$ is their mean. By assumption 3, $R_{\text{aug}}$ is the mean of $\ell(f_g(x), y)$ over the data and over $g$. Eq. 7 exchanges this mean with the loss.
#
# ````{prf:theorem} The gap in Eq. 7
# :label: thm-averaging-gap
# Let $\ell$ be invariant and differentiable in the prediction. Then
#
# $$
# R_{\text{aug}}(A) - \mathbb{E}\,\ell(\bar f_A(x), y) = \mathbb{E}\, \frac{1}{|G|}\sum_g D_{\ell}\bigl(f_g(x), \bar f_A(x)\bigr),
# \qquad D_\ell(u, v) = \ell(u, y) - \ell(v, y) - \langle \nabla_v \ell(v, y), u - v\rangle .
# $$ (eq-averaging-gap)
#
# 1. If $\ell$ is convex in the prediction, the gap is at least zero. If $\ell$ is strictly convex, it is zero exactly if $f_A$ is equivariant on the orbits of the data.
# 2. For the squared error the gap is the orbit variance $\mathbb{E}\,\frac{1}{|G|}\sum_g \lVert f_g(x) - \bar f_A(x)\rVert^2$.
# 3. For the cross-entropy of logits the gap is $\mathbb{E}\,\frac{1}{|G|}\sum_g \operatorname{KL}\bigl(\operatorname{softmax} \bar f_A(x) \,\big\Vert\, \operatorname{softmax} f_g(x)\bigr)$. It does not depend on the targets.
# ````
#
# ````{prf:proof}
# The mean of $f_g - \bar f$ over $g$ is zero, so the linear term drops out of the mean of $D_\ell$. This is {eq}`eq-averaging-gap`.
# A differentiable convex function lies above its tangents, a strictly convex one touches each at one point; so $D_\ell \ge 0$, and $D_\ell(f_g, \bar f) = 0$ for all $g$ means that all $f_g$ are equal.
# For $\ell(u, y) = \lVert u - y\rVert^2$ we have $D_\ell(u, v) = \lVert u - v\rVert^2$.
# For the cross-entropy, $\ell(u, y) = \operatorname{lse}(u) - \langle y, u\rangle$ with $\operatorname{lse}(u) = \log\sum_c e^{u_c}$ and $\sum_c y_c = 1$. The term linear in $u$ does not contribute to $D_\ell$, and with $p = \operatorname{softmax} v$, $q = \operatorname{softmax} u$ we find $\operatorname{lse}(u) - \operatorname{lse}(v) - \langle p, u - v\rangle = \sum_c p_c \log(p_c/q_c)$.
# ````
#
# So the two losses differ in what they punish.
# The squared error sees every change of the prediction over an orbit. The cross-entropy does not see a constant added to all logits, because it leaves the probabilities alone.
#
# For which losses is Eq. 7 true as printed? For very few.
#
# ````{prf:proposition} Eq. 7 for every network
# :label: prop-affine-only
# Let $|G| \ge 2$ act trivially on the outputs, let some input have an orbit of $|G|$ points, and let $\ell$ be continuous in the prediction. If {eq}`eq-seven` holds for every function $f$ in the place of the network, on data of one sample, then $\ell$ is affine in the prediction.
# ````
#
# ````{prf:proof}
# Let $n = |G|$. A function can take any values on the orbit. Take $u$ and $v$ once each, and $m = (u + v)/2$ at the other $n - 2$ points. The mean prediction is $m$, and {eq}`eq-seven` reads $\frac1n\bigl(\ell(u) + \ell(v) + (n-2)\ell(m)\bigr) = \ell(m)$, so $\frac12(\ell(u) + \ell(v)) = \ell(m)$. A continuous function with this property for all $u$ and $v$ is affine.
# ````
#
# An affine loss that is bounded from below on all of $\mathbb{R}^k$ is constant.
# On probabilities there is a useful one: $1 - \langle y, p\rangle$, the chance of a mistake if the class is drawn from $p$.
# For it, averaging the probabilities and augmenting the data are the same.

# %% tags=["hide-input"]
squared = [(net, theta) for net, theta in pairs if net.task.loss.__name__ == "squared_error"]
crossed = [(net, theta) for net, theta in pairs if net.task.loss.__name__ == "soft_cross_entropy"]
example, point = averaging.two_predictions()

publish.claim(
    "B: Eq. 6",
    "The feature-averaged network is equivariant, whatever the weights.",
    [averaging.average_equivariance_gap(*pair) for pair in pairs],
    equals=0,
    within=1e-12,
    id="averaged-network-is-equivariant",
    details="Paper: a strategy to build equivariant models. largest relative distance of $g^{-1}\\bar f(gx)$ and $\\bar f(x)$, random weights, all networks of the gallery",
)

publish.claim(
    "B: Eq. 7",
    "For the squared error the augmented risk is the risk of the feature-averaged network plus the orbit variance of its "
    "predictions.",
    [
        (averaging.gap(net, t) - averaging.orbit_variance(net, t)) / net.augmented(t).item()
        for net, t in [*squared, (example, point)]
    ],
    equals=0,
    within=1e-12,
    correction="the augmented risk exceeds the other by the mean Bregman divergence of the loss, {eq}`eq-averaging-gap`; "
    "the two are equal for equivariant predictions, and for every function only if the loss is affine in the prediction",
    published=averaging.gap(example, point) / example.augmented(point).item(),
    id="augmented-risk-and-averaged-network",
    details="Paper: the augmented risk equals the risk of the feature-averaged network. relative to the augmented risk, all networks of the gallery with the squared error; published gap on the predictions 0 and 4",
)

publish.claim(
    "beyond: B, Eq. 7",
    "With predictions 0 and 4 on an orbit with target 0, the augmented risk is 8 and the risk of the averaged network is 4.",
    [example.augmented(point).item(), example.averaged(point).item()],
    equals=[8.0, 4.0],
    within=1e-12,
    id="averaging-gap-two-predictions",
    details="Paper: the two are equal. $f(x) = w^\\top x$, $w = (0, 4)$, $x = (1, 0)$, swap",
)

publish.claim(
    "beyond: B, Eq. 7",
    "For the cross-entropy the gap is the mean divergence of the class probabilities of $f_g$ from those of the averaged "
    "logits, whatever the targets.",
    [
        (averaging.gap(net, t) - averaging.divergence(net, t)) / net.augmented(t).item()
        for net, t in crossed
    ],
    equals=0,
    within=1e-12,
    id="averaging-gap-cross-entropy",
    details="Paper: 0. relative to the augmented risk, all networks of the gallery with the cross-entropy",
)

# %% tags=["hide-input"]
moving = [k for k, net in enumerate(nets) if net.dimension > net.network.equivariant_dimension]
publish.claim(
    "beyond: B, Eq. 7",
    "At random weights the gap is a sizeable part of the augmented risk.",
    float(
        np.median(
            [
                averaging.gap(nets[k], t) / nets[k].augmented(t).item()
                for k in moving
                for t in points[k]
            ]
        )
    ),
    above=0.049,
    id="averaging-gap-is-not-small",
    details="Paper: 0. median share of the augmented risk, all networks of the gallery whose group moves something",
)

publish.claim(
    "B: Eq. 7",
    "At equivariant weights Eq. 7 holds for any invariant loss.",
    [averaging.gap(net, net.project(t)) / net.augmented(net.project(t)).item() for net, t in pairs],
    equals=0,
    within=1e-12,
    id="eq-7-holds-on-equivariant-networks",
    details="Paper: equal. relative difference, projected random weights, all networks of the gallery",
)

soft = averaging.probabilities(rng)
publish.claim(
    "B: Eq. 7",
    "Eq. 7 holds at all weights for the loss $1 - \\langle y, p\\rangle$ of class probabilities $p$, which is affine in $p$.",
    [averaging.gap(soft, networks.draw(soft, rng)) for _ in range(10)],
    equals=0,
    within=1e-12,
    id="eq-7-holds-for-affine-losses",
    details="Paper: equal. a network with a softmax at its end, four points on a circle, three classes",
)

losses = (averaging.logistic, averaging.fourth_power, averaging.bounded)
others = [(averaging.with_loss(net, loss), t, loss) for net, t in squared for loss in losses]
publish.claim(
    "beyond",
    "For other smooth losses the gap is the mean Bregman divergence of {eq}`eq-averaging-gap`, convex or not.",
    [
        abs(np.mean(gap) - averaging.bregman(net, t, loss)) / max(1.0, abs(np.mean(gap)))
        for net, t, loss in others
        for gap in [averaging.invariant_gap(net, t, loss)]
    ],
    equals=0,
    within=1e-10,
    id="averaging-gap-is-a-bregman-divergence",
    details="logistic loss, fourth power and a bounded loss on the predictions $f_g$ of the networks of the gallery",
)

bounded = averaging.with_loss(example, averaging.bounded)
publish.claim(
    "beyond",
    "Without convexity the averaged network can have the larger risk: for the loss $e^2/(1 + e^2)$ of the error $e$, "
    "predictions 0 and 4 with target 0 give $8/17$, their mean gives $4/5$.",
    [bounded.augmented(point).item(), bounded.averaged(point).item()],
    equals=[8 / 17, 4 / 5],
    within=1e-12,
    id="averaging-can-be-worse",
    details="$f(x) = w^\\top x$, $w = (0, 4)$, $x = (1, 0)$, swap",
)

# %% [markdown]
# The theorem says what augmentation does beyond averaging.
# With the squared error, $R_{\text{aug}}$ is the risk of the averaged network *plus* a penalty of strength one on the variance over orbits.
# A network that is averaged and trained as such carries no such penalty: its weights may be as asymmetric as they like.
# The penalty vanishes on $\mathcal{E}$ and is at least zero elsewhere, so it has no slope there, and its curvature is at least zero.
#
# ````{prf:corollary} Augmentation is the more stable of the two
# :label: cor-more-stable
# Let $\ell$ be convex in the prediction, and $\ell$ and the nonlinearities smooth. At weights in $\mathcal{E}$ the augmented risk and the risk of the averaged network have the same gradient, and the Hessian of the first minus that of the second has no negative eigenvalue.
# ````
#
# ````{prf:proof}
# The gap is at least zero and vanishes on $\mathcal{E}$, because networks with weights in $\mathcal{E}$ are equivariant. So every point of $\mathcal{E}$ is a minimum of the gap.
# ````

# %% tags=["hide-input"]
chosen = gallery.find("D4, corners of a square")
distances = np.concatenate([[0.0, 0.01, 0.02], np.linspace(0.1, 2.5, 25)])
titles = {"squared error": "(a) squared error", "cross-entropy": "(b) cross-entropy"}
lines = {
    title: averaging.along(networks.risks(chosen, rng, loss), distances, rng)
    for loss, title in titles.items()
}

publish.figure(
    plots.walks_off(lines),
    "averaging-gap",
    title="Augmented risk and averaged network, off the equivariant weights",
    caption="Three risks along a straight line out of $\\mathcal{E}$ in a random direction, for a two-layer network on the "
    "corners of a square under $D_4$. The grey area is the gap in Eq. 7: the orbit variance of the predictions for the "
    "squared error, a divergence between class probabilities for the cross-entropy. It starts at zero, with slope zero.",
    alt="Two panels with three curves each, which leave a common point. The augmented risk rises above the risk of the "
    "averaged network, with a growing grey area between them; the nominal risk takes a course of its own.",
)

publish.claim(
    "beyond",
    "Close to $\\mathcal{E}$ the gap grows with the square of the distance.",
    [line.exponent for line in lines.values()],
    equals=2.0,
    within=0.05,
    id="averaging-gap-is-quadratic",
    details="exponent between distances 0.01 and 0.02, squared error and cross-entropy",
)

steps = [
    (nets[k], t, nets[k].complement(networks.draw(nets[k], rng)))
    for k in moving
    for t in points[k][:1]
]
publish.claim(
    "beyond",
    "At weights in $\\mathcal{E}$ the augmented risk and the risk of the averaged network have the same gradient, and the "
    "augmented risk is at least as curved off $\\mathcal{E}$.",
    [
        [
            averaging.gradient_distance(net, net.project(t)) < 1e-12,
            averaging.curvature_excess(net, net.project(t), v) > -1e-12,
        ]
        for net, t, v in steps
    ],
    id="augmentation-more-stable-than-averaging",
    details="gradients to 1e-12; curvature along one random direction for each network of the gallery",
)

# %% [markdown]
# Paper C measures invariance by LI, which on data in whole orbits is twice this variance of the predictions, and penalises it; see {ref}`measuring invariance <measuring-invariance>`. The theorem shows where the same quantity hides in plain augmentation.
#
# ## What to take away
#
# * Moving the input of a network is moving its weights, for any representation, as long as the nonlinearities commute with the group.
# * The augmented risk is the average of the nominal risk over moved weights. It needs an invariant loss, and draws for which $g$ and $g^{-1}$ are equally likely. Statements on gradients need uniform draws and orthogonal representations besides.
# * Augmentation is not feature averaging. For convex losses the augmented risk is the larger, by the orbit variance for the squared error and by a divergence of probabilities for the cross-entropy.
# * Eq. 7 is an identity on equivariant networks, and for losses that are affine in the prediction.

# %% tags=["hide-input", "nbval-ignore-output"]
publish.footer(scale, seed)
