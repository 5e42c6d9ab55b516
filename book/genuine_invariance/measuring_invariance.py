# %% [markdown]
# (measuring-invariance)=
# # Measuring invariance
#
# {cite:t}`moskalev2023genuine` compare networks that are invariant by construction with networks that learn invariance from data or from a penalty.
# They measure three things: how far class probabilities are from invariant (DI), how far logits are (LI), and whether the network looks at the same parts of an image after the image is moved (SI).
# Their thesis is that a network can be invariant on its training data for the wrong reasons, and that DI alone does not see it.
# All that follows rests on these numbers. This chapter asks what each can and cannot tell, on networks that we construct so that the answer is known.
#
# **What we find.**
# The paper is right that LI is stricter than DI: $\mathrm{DI} \le \tfrac14 \mathrm{LI}$, so LI = 0 implies DI = 0, and not conversely ({prf:ref}`prop-di-bound`).
# But LI alone proves little. It has a unit, and a network with small logits has a small LI whatever it does. Divided by the variance of the logits it becomes a share, which no rescaling changes ({prf:ref}`prop-li-variance`).
# Exactly invariant networks have SI = 1, if saliency is made from gradients and every other ingredient moves with the image: the baseline and the border of the filter ({prf:ref}`prop-equivariant-saliency`). The converse fails twice. A network that *changes sign* under the group has SI = 1 as published. A network with plateaus has SI = 1 for signed gradients too, although its logits are far from invariant.
# No published measure is safe alone: a collapsed network, a shrunken one, one that changes sign and one with plateaus each pass one of them.

# %% tags=["parameters"]
scale = "paper"
seed = 0

# %% tags=["hide-input"]
import numpy as np
import torch

from learnsym import gallery, groups, invariance, publish
from learnsym.checks import draws, saliency_traps
from learnsym.checks import measuring_invariance as measuring
from learnsym.data import digits
from learnsym.networks.perceptron import orbit_indices
from learnsym.plots import measuring_invariance as plots

publish.use_style()
rng = np.random.default_rng(seed)
repeats = draws(scale)
few = 1 + repeats // 10

# %% [markdown]
# (three-measures)=
# ## Three measures
#
# An image $x$ is a vector of $n$ pixels. A finite group $G$ moves the pixels, and $gx$ is the moved image. The paper's groups are R4, the rotations by 90 degrees, and T3, three cyclic shifts by a third of the width.
# The network $f$ maps an image to logits, one for each of $C$ classes.
# The class probabilities are $\operatorname{softmax} f(x)$, and $\mathbf{1}$ is the vector of ones.
#
# ````{prf:definition} Invariance of probabilities, logits and saliency (Eqs. 1 to 3)
# :label: def-invariance-measures
# Let $m(x)$ be the saliency map of $f$ at $x$, a vector of $n$ pixels, for the label of $x$. With means over the images $x$ and over $g \in G$,
#
# $$
# \begin{aligned}
# \mathrm{DI} &= \operatorname{mean}_{x, g}\, \mathrm{KL}\bigl(\operatorname{softmax} f(x) \,\big\Vert\, \operatorname{softmax} f(gx)\bigr), \\
# \mathrm{LI} &= \operatorname{mean}_{x, g}\, \lVert f(x) - f(gx)\rVert^2, \\
# \mathrm{SI} &= \operatorname{mean}_{x, g}\, \cos\bigl(m(x),\, g^{-1} m(gx)\bigr).
# \end{aligned}
# $$ (eq-invariance-measures)
# ````
#
# DI and LI are errors, and SI is a similarity.
# In SI the map of the moved image is moved back before it is compared.
#
# Two things in the definition are not settled by the paper.
# Its formula for LI has a factor $\tfrac12$, which we leave out. And it does not say whether the identity belongs to the mean over $g$.
# The identity adds a zero to DI and LI and a one to SI.
# So it multiplies DI and LI by $(\lvert G\rvert - 1)/\lvert G\rvert$, which is $\tfrac34$ for R4 and $\tfrac23$ for T3, and it lifts SI towards 1. Published values of LI can therefore differ by a factor of up to $\tfrac83$ for R4 and 3 for T3, between readings of one definition.
# We count the identity in DI and LI, unless we say otherwise.
# In this chapter's examples we leave it out, so that a number shows what the moved images do.
#
# The saliency map of the paper is built in steps. Take integrated gradients of the label's output from a baseline $b$,
#
# $$
# \mathrm{IG}(x) = (x - b) \odot \int_0^1 \nabla f_y\bigl(b + t(x - b)\bigr)\, dt,
# $$ (eq-integrated-gradients)
#
# where $f_y$ is the logit or the probability of the label $y$ and $\odot$ multiplies pixel by pixel. The entries of $\mathrm{IG}(x)$ add up to $f_y(x) - f_y(b)$.
# Take absolute values, set to zero what is below 0.9 of the largest, and smooth with a $3 \times 3$ Gaussian filter.
# We call the result the *published map*. The gradient $\nabla f_y(x)$ itself, with its sign, is a simpler map with nothing to choose.

# %% tags=["hide-input"]
turns, shifts = (
    orbit_indices(group)
    for group in (groups.image_rotations(8), groups.image_translations(9, "x", 3))
)
readings = []
for orbit in (turns, shifts):
    network = measuring.random_network(orbit.shape[1], measuring.CLASSES, rng)
    logits = invariance.orbit_logits(
        network, torch.tensor(rng.standard_normal((50, orbit.shape[1]))), orbit
    )
    for error in (invariance.logit_error, invariance.distribution_error):
        readings.append(float(error(logits) / error(logits, identity=False)))

publish.claim(
    "beyond: C, Eq. 2, LI",
    "Counting the identity multiplies LI and DI by $(|G| - 1)/|G|$: $\\tfrac34$ for R4 and $\\tfrac23$ for T3.",
    readings,
    equals=[3 / 4, 3 / 4, 2 / 3, 2 / 3],
    within=1e-12,
    id="identity-in-the-mean",
    details="Paper: not said whether $g = e$ counts. ratio of the two means: LI, DI under R4; LI, DI under T3; random networks",
)

similar = []
for order, orbit in ((4, turns), (3, shifts)):
    for _ in range(repeats):
        maps = torch.tensor(rng.exponential(size=(order, 20, orbit.shape[1])) ** 6)
        similar.append(float(invariance.saliency_similarity(maps, orbit).mean) - 1 / order)

publish.claim(
    "beyond: C, Eq. 3, SI",
    "With the identity counted, SI of maps without negative entries is at least $1/|G|$, a quarter for R4. Table 1 gives "
    "0.17 for a network under R4, so SI leaves the identity out there.",
    [min(similar), 0.25 - 0.17],
    above=-1e-12,
    id="identity-in-saliency",
    details="Paper: 0.17 for R4, DA. least SI less $1/|G|$ over random maps with few large entries; a quarter less the published value",
)

# %% [markdown]
# (probabilities-and-logits)=
# ## Probabilities against logits
#
# The paper says that LI = 0 implies DI = 0, and that the converse fails. A bound makes this quantitative.
#
# ````{prf:proposition} LI bounds DI
# :label: prop-di-bound
# For all logits, $\mathrm{KL}(\operatorname{softmax} u \,\Vert\, \operatorname{softmax} v) \le \tfrac14 \lVert (I - \tfrac1C\mathbf{1}\mathbf{1}^\top)(u - v)\rVert^2$. Hence $\mathrm{DI} \le \tfrac14 \mathrm{LI}$, and LI = 0 implies DI = 0. The factor $\tfrac14$ is best possible.
# DI is zero exactly if $f(gx) - f(x)$ is a multiple of $\mathbf{1}$ for all $x$ and $g$.
# ````
#
# ````{prf:proof}
# With $A(u) = \log\sum_c e^{u_c}$, whose gradient is $\operatorname{softmax} u$, the divergence is $A(v) - A(u) - \langle \nabla A(u), v - u\rangle$.
# By Taylor's formula it is $\tfrac12 d^\top H d$ with $d = v - u$ and the Hessian $H = \operatorname{diag}(p) - pp^\top$ of $A$ at a point between $u$ and $v$.
# $d^\top H d$ is the variance of a random variable that takes the value $d_c$ with probability $p_c$. It is at most a quarter of the squared range of $d$, and that is at most $\tfrac14 \cdot 2 \lVert d\rVert^2$, because $(a - b)^2 \le 2(a^2 + b^2)$. So the divergence is at most $\tfrac14 \lVert d\rVert^2$. Since $H\mathbf{1} = 0$ we may replace $d$ by $(I - \tfrac1C \mathbf{1}\mathbf{1}^\top) d$.
# For two classes, $u = 0$ and $v = (s, -s)$, the divergence over $\lVert d\rVert^2 = 2 s^2$ tends to $\tfrac14$ as $s \to 0$.
# A divergence is zero exactly if both distributions agree, and two vectors have the same softmax exactly if they differ by a multiple of $\mathbf{1}$.
# ````
#
# So DI is blind to an offset that all logits share. That offset may depend on the image as it likes.
# DI is almost blind for a second reason: certainty. If one class wins everywhere by a margin of at least $m$ and no logit changes by more than $d$ on an orbit, then
#
# $$
# \mathrm{DI} \le (C - 1)\, e^{-m} (1 + 2d),
# $$ (eq-certain)
#
# by the same formula, with $A(u) = u_1 + \log(1 + \sum_{c > 1} e^{u_c - u_1})$: the linear part drops out, the logarithm is at most $(C-1)e^{-m}$, and its gradient has absolute entries that add up to at most $2(C-1)e^{-m}$.
# Such a classifier has collapsed: it returns one class for every image.

# %% tags=["hide-input"]
invariant_errors, other_errors, cases = [], [], gallery.cases()
for case in cases:
    matrices = measuring.orbit_matrices(case.rho_in)
    for _ in range(few):
        network = measuring.random_network(matrices.shape[1], measuring.CLASSES, rng)
        x = torch.tensor(rng.standard_normal((8, matrices.shape[1])))
        logits = measuring.moved_logits(measuring.averaged(network, matrices), x, matrices)
        invariant_errors.append(
            [float(invariance.logit_error(logits)), float(invariance.distribution_error(logits))]
        )
        if len(matrices) > 1:
            logits = measuring.moved_logits(network, x, matrices)
            other_errors.append(
                [
                    float(invariance.logit_error(logits)),
                    float(invariance.distribution_error(logits)),
                ]
            )

publish.claim(
    "C: LI = 0 implies DI = 0, not conversely",
    "LI = 0 implies DI = 0.",
    [np.max(invariant_errors) < 1e-14, np.min(other_errors) > 1e-9],
    id="li-zero-implies-di-zero",
    details="Paper: stated."
    + " "
    + (
        f"{len(cases)} representations of the gallery: networks averaged over the group have both zero up to rounding, "
        "the same networks without the average have neither zero"
    ),
)

publish.claim(
    "beyond: C, LI = 0 implies DI = 0, not conversely",
    "DI is at most $\\tfrac14$ LI, and no smaller factor will do.",
    max(
        measuring.divergence_over_error(spread, 100 * repeats, rng) for spread in (0.01, 0.1, 1, 10)
    ),
    below=0.25,
    id="di-at-most-a-quarter-of-li",
    details="Paper: no bound stated. largest DI over LI on random logits, two to six classes, changes from small to large",
)

pair = torch.tensor([[[0.0, 0.0]], [[1e-3, -1e-3]]], dtype=torch.float64)
publish.claim(
    "beyond: C, LI = 0 implies DI = 0, not conversely",
    "Near a tie of two classes DI over LI tends to $\\tfrac14$.",
    invariance.distribution_error(pair) / invariance.logit_error(pair),
    equals=0.25,
    within=1e-6,
    id="quarter-is-reached",
    details="Paper: no bound stated. $f(x) = (0, 0)$ and $f(gx) = (0.001, -0.001)$",
)

# %% tags=["hide-input"]
found = measuring.traps(turns, 60, rng)
rows = {
    name: measuring.measured(network, found.x, found.orbit)
    for name, network in found.networks.items()
}

publish.claim(
    "C: LI = 0 implies DI = 0, not conversely",
    "DI = 0 does not imply LI = 0: an offset that all logits share, $f(x) = h(x) + c(x)\\mathbf{1}$ with $h$ invariant, has "
    "DI = 0 and LI = $C \\operatorname{mean}(c(x) - c(gx))^2$, as large as one likes.",
    [
        rows["common offset"].di < 1e-12,
        rows["common offset"].li > 100,
        abs(rows["common offset"].li / measuring.offset_error(found) - 1) < 1e-9,
    ],
    id="common-offset",
    details="Paper: stated."
    + " "
    + (
        f"images of {measuring.SIDE} x {measuring.SIDE} pixels under R4: DI below 1e-12, LI above 100 and as predicted"
    ),
)

certain_logits = invariance.orbit_logits(found.networks["certain"], found.x, found.orbit)
publish.claim(
    "beyond: C, Eq. 1, DI",
    "A classifier that always returns one class with certainty has DI near 0 and a LI that says it is as far from invariant "
    "as before: adding 30 to one logit of a network leaves its LI and takes DI below {eq}`eq-certain`.",
    [
        rows["certain"].di < 1e-5,
        rows["certain"].di <= measuring.certainty_bound(certain_logits),
        abs(rows["certain"].li / rows["free"].li - 1) < 1e-9,
        rows["certain"].li > 1,
        rows["certain"].agreement == 1,
    ],
    id="collapsed-classifier",
    details="DI below 1e-5 and below the bound, LI unchanged and above 1, the same decision on every orbit",
)

# %% [markdown]
# (unit-of-li)=
# ## The unit of LI
#
# LI is quadratic in the logits. The network $af$ has $a^2$ times the LI of $f$ and decides exactly as $f$ does.
# So a small LI may mean invariance, or small logits.
# The extreme case is a network that has learned nothing: constant logits have LI = DI = 0, and their saliency map is zero. The cosine with a zero map is undefined; we count such pairs and leave them out.
#
# The remedy is to compare LI with how much the logits vary at all.
# For an image $x$ let $\bar f(x)$ be the mean of $f(gx)$ over $g$, and write
#
# $$
# V = \operatorname{mean}_{x, g} \lVert f(gx) - \bar f(x)\rVert^2, \qquad T = \operatorname{mean}_{x, g} \lVert f(gx) - \mu\rVert^2
# $$ (eq-variances)
#
# for the variance within orbits and the total variance; $\mu$ is the mean of $f(gx)$ over all images and group elements.
#
# ````{prf:proposition} LI is a variance
# :label: prop-li-variance
# Count the identity.
#
# 1. $\mathrm{LI} = V + \operatorname{mean}_x \lVert f(x) - \bar f(x)\rVert^2$, and $V \le \mathrm{LI} \le \lvert G\rvert V$. If the images come in whole orbits, $\mathrm{LI} = 2V$.
# 2. The *share* $V/T$ lies in $[0, 1]$. It is 0 exactly if $f$ is invariant on the data and 1 exactly if all orbits have the same mean $\bar f(x)$.
# 3. The *scale-free LI*, $\mathrm{LI}/(2T)$, lies in $[0, \lvert G\rvert/2]$. It equals the share if the images come in whole orbits, and then it lies in $[0, 1]$.
# 4. Both are the same for $f$ and for $af + b$, with a number $a \ne 0$ and a vector $b$.
# ````
#
# ````{prf:proof}
# Fix $x$ and let $d_g = f(gx) - \bar f(x)$, so that $\sum_g d_g = 0$. Then $\operatorname{mean}_g \lVert d_e - d_g\rVert^2 = \lVert d_e\rVert^2 + \operatorname{mean}_g \lVert d_g\rVert^2$. This is the formula, and the lower bound.
# For the upper bound, $d_e = -\sum_{g \ne e} d_g$ gives $\lVert d_e\rVert^2 \le (\lvert G\rvert - 1) \sum_{g \ne e} \lVert d_g\rVert^2$ by the inequality of Cauchy and Schwarz; add $(\lvert G\rvert - 1)\lVert d_e\rVert^2$ to find $\lVert d_e\rVert^2 \le (\lvert G\rvert - 1) \operatorname{mean}_g \lVert d_g\rVert^2$.
# In whole orbits every $d_h$ takes the place of $d_e$ once, so the mean of $\lVert d_e\rVert^2$ is $V$.
# The total variance is $V$ plus the variance of $\bar f(x)$ over $x$, which is at least zero, and zero exactly if all $\bar f(x)$ agree. This gives 2, and 3 follows from 1.
# Adding $b$ changes no difference, and $a$ multiplies LI, $V$ and $T$ by $a^2$.
# ````
#
# The bound $\lvert G\rvert/2$ is reached by a network that recognises upright images: $f(x) = v$ for all images of the data and $f(gx) = 0$ for $g \ne e$. Test images of a data set are upright, so this is no far-fetched case, and the scale-free LI may exceed 1.
# The share stays below 1 always.
# Between its ends the share has a natural mark: logits that are independent random numbers at all images and all moved images have the share $1 - 1/\lvert G\rvert$ on average, up to terms of order $1/N$ for $N$ images.

# %% tags=["hide-input"]
factors = 10.0 ** np.arange(-3, 2.01, 0.5)
scaled = measuring.scaled(found.networks["free"], found.x[:40], found.orbit, factors)

publish.figure(
    plots.scale_of_the_logits(factors, scaled),
    "scale-of-the-logits",
    title="What a factor on the logits does to the measures",
    caption="One random network, all logits multiplied by $a$. (a) LI grows with the square of $a$; DI does too as long as "
    "the logits are small, and later in proportion to $a$. (b) The decisions, the share of the variance within orbits and both "
    "kinds of SI do not change: a small LI says nothing if the logits are small. The identity is left out, except in the share.",
    alt="Left, two rising lines on logarithmic axes, the upper a straight line, the lower one bending where the factor is one. "
    "Right, four horizontal lines.",
)

publish.claim(
    "beyond: C, Eq. 2, LI",
    "LI has a unit: the network $af$ makes the same decisions as $f$ and has $a^2$ times its LI, the same share and the same SI.",
    [
        np.ptp([row.li / a**2 for row, a in zip(scaled, factors, strict=True)])
        < 1e-9 * scaled[0].li / factors[0] ** 2,
        np.ptp([row.share for row in scaled]) < 1e-9,
        np.ptp([row.signed for row in scaled]) < 1e-9,
        np.ptp([row.agreement for row in scaled]) == 0,
        rows["shrunken"].li < 0.02 and rows["shrunken"].agreement < 0.9,
    ],
    id="shrunken-network",
    details="Paper: LI is compared between networks as it is. factors from 0.001 to 100; a random network with LI below 0.02 decides differently on moved images",
)

constant = measuring.measured(measuring.constant_logits, found.x, found.orbit)
publish.claim(
    "beyond: C, Eq. 2, LI",
    "Constant logits have LI = DI = 0, and no SI: every pair of saliency maps is undefined.",
    [
        constant.li == 0,
        constant.di == 0,
        np.isnan(constant.signed),
        constant.undefined == 3 * len(found.x),
    ],
    id="nothing-learned",
    details="LI, DI, the mean of no cosine, and all pairs counted as undefined",
)

# %% tags=["hide-input"]
ratios = {order: measuring.error_over_variance(order, 50 * repeats, rng) for order in (2, 3, 4, 8)}
whole, shares = [], []
for _ in range(repeats):
    for order in (2, 3, 4, 8):
        logits = torch.tensor(rng.standard_normal((order, 10, 3)))
        orbits = measuring.whole_orbit_logits(logits)
        whole.append(float(invariance.logit_error(orbits) / invariance.orbit_variance(logits)))
        shares.append(
            float(
                invariance.scale_free_logit_error(3.5 * orbits - 2) - invariance.orbit_share(logits)
            )
        )

publish.claim(
    "beyond: C, Eq. 2, LI",
    "On data in whole orbits LI is twice the variance within orbits, and the scale-free LI is the share of that variance in "
    "the total, whatever the scale and the offset of the logits.",
    [np.ptp([*whole, 2.0]), np.abs(shares).max()],
    equals=0,
    within=1e-12,
    id="li-is-twice-the-orbit-variance",
    details="LI over the variance within orbits less 2, and scale-free LI of $3.5 f - 2$ less the share of $f$; random logits, cyclic groups of order 2, 3, 4 and 8",
)

publish.claim(
    "beyond: C, Eq. 2, LI",
    "On other data LI lies between one and $|G|$ times the variance within orbits.",
    [
        *[1 - r.min() for r in ratios.values()],
        *[r.max() - order for order, r in ratios.items()],
    ],
    below=1e-09,
    id="li-between-one-and-group-order",
    details="1 less the least ratio, and the largest ratio less $|G|$; random logits whose size differs between group elements, $|G|$ = 2, 3, 4, 8",
)

detectors = {order: measuring.upright_detector(order, 5) for order in (2, 3, 4, 8)}
publish.claim(
    "beyond: C, Eq. 2, LI",
    "A network that only tells upright images from moved ones has scale-free LI $|G|/2$, which exceeds 1 for R4 and T3, and "
    "share 1.",
    [
        float(m(logits))
        for logits in detectors.values()
        for m in (invariance.scale_free_logit_error, invariance.orbit_share)
    ],
    equals=[1, 1, 1.5, 1, 2, 1, 4, 1],
    within=1e-12,
    id="upright-detector",
    details="scale-free LI and share for $|G|$ = 2, 3, 4, 8",
)

publish.claim(
    "beyond: C, Eq. 2, LI",
    "The share is 0 for an invariant network, 1 for one that changes sign under half of the group, and $1 - 1/|G|$ for "
    "independent logits.",
    [
        rows["invariant"].share,
        rows["sign"].share,
        *[
            float(invariance.orbit_share(torch.tensor(rng.standard_normal((order, 20_000, 3)))))
            for order in (3, 4)
        ],
    ],
    equals=[0, 1, 2 / 3, 3 / 4],
    within=0.01,
    id="share-of-known-networks",
    details="invariant and sign-changing networks under R4; independent Gaussian logits, $|G|$ = 3 and 4",
)

# %% [markdown]
# (saliency-of-invariant-networks)=
# ## The saliency of an invariant network
#
# The paper takes SI = 1 as the mark of a network that is invariant by construction, and finds it for weight-tied networks.
# This is a theorem, with conditions on how the saliency map is made.
#
# ````{prf:proposition} Saliency of invariant networks
# :label: prop-equivariant-saliency
# Let $f(gx) = f(x)$ for all $x$ and $g$.
#
# 1. If $G$ acts by orthogonal matrices and $f$ is differentiable at $x$, it is differentiable at $gx$, and $\nabla f_y(gx) = g \nabla f_y(x)$. So gradients have SI = 1 wherever they do not vanish.
# 2. If $G$ permutes pixels and $b$ is an invariant baseline, $gb = b$, then $\mathrm{IG}(gx) = g\, \mathrm{IG}(x)$. So integrated gradients have SI = 1, of the logit or of the probability, exactly or on a grid of $t$.
# 3. SI stays 1 under every further step that commutes with $G$: absolute values, a threshold relative to the largest entry, a filter that moves with the image.
# ````
#
# ````{prf:proof}
# Differentiate $f_y(gx) = f_y(x)$ by $x$: $g^\top \nabla f_y(gx) = \nabla f_y(x)$, and $g^\top = g^{-1}$.
# For 2, $g$ maps the path from $b$ to $x$ to the path from $gb = b$ to $gx$, so the mean gradient moves with $g$ by part 1. A permutation of pixels satisfies $g(u \odot v) = gu \odot gv$.
# Part 3 is immediate.
# ````
#
# Each condition is needed.
#
# *The baseline.* For two pixels and their swap, $f(x) = x_1 x_2$ is invariant. Take the baseline $b = (0, 1)$ and the image $x = (1, 1)$, which the swap leaves in place. Then $\mathrm{IG}(x) = (1, 0)$: all credit goes to the pixel that differs from the baseline. Moved back it is $(0, 1)$, and the cosine is 0.
# A constant baseline is always invariant, a blurred image or the mean of the training images need not be.
#
# *Permutations.* The factor $(x - b)\,\odot$ singles out the pixels as coordinates. Under rotations of the plane $f(x) = \lVert x\rVert^2$ is invariant, and $\mathrm{IG}(x) = (x_1^2, x_2^2)$ from zero. A quarter turn takes $x = (1, 1)$ to $(-1, 1)$, with the same map $(1, 1)$. Turned back, this is $(1, -1)$: the cosine is 0 again. The gradient has SI = 1.
#
# *The border.* Smoothing commutes with cyclic shifts only if the filter wraps around the border as the shift does. Common filters reflect the image at the border or continue it with zeros. Under rotations this makes no difference; under T3 it costs an exactly invariant network about one hundredth of SI.
#
# *Ties.* A weight-tied network with max pooling takes the largest response over the group. If an image is symmetric, $gx = x$, several responses are equal and the network has no gradient there. Automatic differentiation returns something all the same. If it shares the slope evenly between equal responses, maps still move with the image; if it picks one of them, or if rounding does, they do not.

# %% tags=["hide-input"]
gaps, control = [], []
for case in gallery.orthogonal_cases():
    matrices = measuring.orbit_matrices(case.rho_in)
    for _ in range(few):
        network = measuring.random_network(matrices.shape[1], 1, rng)
        x = torch.tensor(rng.standard_normal((5, matrices.shape[1])))
        gaps.append(measuring.gradient_gap(measuring.averaged(network, matrices), x, matrices))
        if len(matrices) > 1:
            control.append(measuring.gradient_gap(network, x, matrices))

publish.claim(
    "C: Eq. 3, SI",
    "The gradient of an invariant network moves with the image, $\\nabla f(gx) = g \\nabla f(x)$, so that SI = 1.",
    [max(gaps) < 1e-11, min(control) > 1e-3, abs(rows["invariant"].signed - 1) < 1e-9],
    id="gradients-of-invariant-networks",
    details="Paper: SI = 1 for weight-tied networks."
    + " "
    + (
        f"averaged networks on {len(gallery.orthogonal_cases())} orthogonal representations of the gallery, against the same "
        "networks without the average; SI under R4"
    ),
)

wrong, right = [], []
for case in gallery.permutation_cases():
    matrices = measuring.orbit_matrices(case.rho_in)
    orbit = measuring.permutations_of(matrices)
    if len(matrices) == 1:
        continue
    network = measuring.averaged(measuring.random_network(matrices.shape[1], 1, rng), matrices)
    x = torch.tensor(rng.standard_normal((5, matrices.shape[1])))
    skew = torch.tensor(rng.standard_normal(matrices.shape[1]))
    for baseline in (0.0, -0.7, skew[orbit].mean(0)):
        right.append(float(measuring.path_similarity(network, x, orbit, baseline).mean))
    wrong.append(float(measuring.path_similarity(network, x, orbit, skew).mean))

publish.claim(
    "C: Eq. 3, SI",
    "Integrated gradients of an invariant network have SI = 1 if the baseline is invariant, and less for other baselines.",
    [min(right) > 1 - 1e-9, max(wrong) < 1 - 1e-6],
    id="integrated-gradients-of-invariant-networks",
    details="Paper: SI = 1 for weight-tied networks."
    + " "
    + (
        f"{len(wrong)} permutation representations of the gallery; baselines zero, constant, the mean over the orbit of a "
        "random image, and the random image itself"
    ),
)

publish.claim(
    "beyond: C, Eq. 3, SI",
    "With a baseline that is not invariant an invariant network can have SI = 0: $f(x) = x_1 x_2$ at $(1, 1)$ from $(0, 1)$. "
    "From $(0, 0)$ it has SI = 1.",
    [
        saliency_traps.swap_similarity((0.0, 1.0)),
        saliency_traps.swap_similarity((0.0, 0.0)),
    ],
    equals=[0, 1],
    within=1e-9,
    id="baseline-that-is-not-invariant",
    details="the swap of two pixels",
)

publish.claim(
    "beyond: C, Eq. 3, SI",
    "Integrated gradients move with the image only under permutations: for $f(x) = |x|^2$ under a quarter turn of the plane "
    "their SI is 0 at $(1, 1)$, while that of gradients is 1.",
    saliency_traps.turn_similarity(),
    equals=[0, 1],
    within=1e-9,
    id="integrated-gradients-need-pixels",
    details="integrated gradients from zero; gradients",
)

# %% tags=["hide-input"]
borders = [saliency_traps.border_similarities(60, [seed, k]) for k in range(2)]

publish.claim(
    "beyond: C, Eq. 3, SI",
    "An exactly invariant network has the published SI 1 under T3 only if the filter wraps around the border. If the filter "
    "reflects the image at the border, or continues it with zeros, SI is about 0.99.",
    [b["T3"][padding] for b in borders for padding in ("circular", "reflect", "constant")],
    equals=[1, 0.99, 0.99] * 2,
    within=0.01,
    id="border-of-the-filter",
    details="Paper: 1 for weight-tied networks; the border is not described. two random weight-tied networks with max pooling, 60 digits framed to 36 x 36 pixels: wrapped, reflected, zeros",
)

publish.claim(
    "beyond: C, Eq. 3, SI",
    "Under rotations the border of the filter does not matter, under T3 it does.",
    [
        all(abs(value - 1) < 1e-9 for b in borders for value in b["R4"].values()),
        all(abs(b["T3"]["circular"] - 1) < 1e-9 for b in borders),
        all(max(b["T3"]["reflect"], b["T3"]["constant"]) < 0.999 for b in borders),
    ],
    id="border-under-rotations",
    details="the same networks: SI = 1 for all borders under R4, for a wrapped border under T3, below 0.999 for the others",
)

ties = [saliency_traps.tie_similarities(50, rng) for _ in range(few)]
publish.claim(
    "beyond: C, Eq. 3, SI",
    "At symmetric images, where the responses of a max pooling tie, gradients have SI = 1 if ties are shared evenly, and less "
    "if one of the largest is picked.",
    [min(even for even, _ in ties) > 1 - 1e-9, max(picked for _, picked in ties) < 0.9],
    id="ties-of-max-pooling",
    details="weight-tied networks with small integer weights, symmetric images of small integers, R4: at least $1 - 10^{-9}$, and below 0.9",
)

# %% [markdown]
# (saliency-fools)=
# ## What SI does not see
#
# SI compares directions of maps for one class. It is the same for $f_y$ and for $a f_y + b$ with $a > 0$.
# Two constructions turn this against it.
#
# *Signs.* Split the group by a sign $\chi(g) = \pm 1$ with $\chi(gh) = \chi(g)\chi(h)$; for R4, $\chi$ is 1 for the half turn and $-1$ for quarter turns. Any network $\varphi$ gives
#
# $$
# f(x) = \operatorname{mean}_g\, \chi(g)\, \varphi(gx), \qquad f(gx) = \chi(g) f(x).
# $$ (eq-sign-network)
#
# Quarter turns change the sign of all logits, so the most likely class becomes the least likely. All orbit means are zero, and the share of the variance within orbits is 1: nothing is less invariant.
# Differentiate {eq}`eq-sign-network` as before: $\nabla f_y(gx) = \chi(g)\, g\nabla f_y(x)$. Signed maps turn into their negatives. Absolute values agree, and with an invariant baseline the published SI is 1.
# So absolute saliency cannot tell invariance from its opposite.
#
# *Plateaus.* Add to an invariant $h$ a function that is constant near every image of the data and not invariant, $f(x) = h(x) + s(x)\, v$ with $s(x) = \pm 1$ wherever the data are and a vector $v$. Two ReLUs make such a ramp with plateaus. The gradients at the data are those of $h$ and have SI = 1, signed too. The logits jump by $2v$ on the orbits.
# Integrated gradients see the jump, because their path crosses the ramp: their entries add up to $f_y(x) - f_y(b)$.
#
# The table collects the networks of this chapter, under R4, on random images. The label of a saliency map is the decision at the unmoved image, and the last column is how often the moved image gets the same decision.

# %% tags=["hide-input"]
publish.table(
    [
        "network",
        "DI",
        "LI",
        "share",
        "SI, gradients",
        "SI, absolute gradients",
        "SI, published",
        "same decision",
    ],
    [[name, *measuring.cells(row)] for name, row in rows.items()],
)

# %% [markdown]
# *invariant*: a random network averaged over the group. *common offset*: the same with an offset that all logits share. *certain*: the free network with 30 added to one logit. *shrunken*: the free network divided by 100. *plateaus* and *sign*: as above. *free*: a random network without any invariance. The identity is left out of all means but that in the share.
#
# Every column but the share calls some network invariant whose logits are not. DI passes *common offset* and *certain*, DI and LI both come close to zero for *shrunken*, SI passes *plateaus* and *sign*, and equal decisions pass *common offset* and *certain*.
# Only the share passes none of them. It has a limit of its own: it is a mean over all images and logits, and a network with a small share may still be far from invariant for a few images.

# %% tags=["hide-input"]
known = rows["sign"], rows["plateaus"]
publish.claim(
    "beyond: C, Eq. 3, SI",
    "A network whose logits change sign under quarter turns has SI = 1 for absolute and for published saliency, while the "
    "share of variance within orbits is 1. Signed gradients have cosine $\\chi(g)$, in the mean over $g \\ne e$ of R4 $-1/3$.",
    [known[0].absolute, known[0].published, known[0].share, known[0].signed],
    equals=[1, 1, 1, -1 / 3],
    within=1e-9,
    id="sign-network",
    details="SI of absolute gradients, published SI, share, SI of signed gradients; $g = e$ left out",
)

publish.claim(
    "beyond: C, Eq. 3, SI",
    "SI = 1 does not imply LI = 0: a ramp with plateaus leaves all gradients at the data invariant, and LI is that of the jump.",
    [
        abs(known[1].signed - 1) < 1e-9,
        known[1].li > 10,
        known[1].di > 0.1,
        known[1].published < 0.99,
    ],
    id="plateau-network",
    details="SI of signed gradients is 1, LI above 10, DI above 0.1; the published SI, below 0.99, notices the ramp",
)

image = digits("mnist", "test", 2, side=14)[0][1]
pictured = saliency_traps.pictures(image, rng)
publish.figure(
    plots.maps_of_three_networks(pictured),
    "maps-of-three-networks",
    title="Signed saliency maps under a quarter turn",
    caption="An image, its quarter turn, and the integrated gradients of three networks with random weights: mid-grey is zero, "
    "light is positive, dark is negative. The last column, the map of the turned image turned back, is to be compared with "
    "$m(x)$; below it the cosines of signed and of absolute maps. Top: an exactly invariant network. Middle: a network whose "
    "logits change sign, with the negative map, which absolute values make equal. Bottom: a network without invariance.",
    alt="Three rows of five small pictures. In the first row the third and fifth picture are equal, in the second the fifth is "
    "the negative of the third, in the third row they differ.",
)

publish.claim(
    "beyond: C, Eq. 3, SI",
    "On a digit turned by 90 degrees, signed integrated gradients have cosine 1 for the invariant network and $-1$ for the one "
    "that changes sign; with absolute values both have 1.",
    [pictured[0].cosine, pictured[1].cosine, pictured[0].absolute, pictured[1].absolute],
    equals=[1, -1, 1, 1],
    within=1e-9,
    id="signed-and-absolute-maps",
    details="a digit of 14 x 14 pixels",
)

# %% [markdown]
# (saliency-threshold)=
# ## The threshold
#
# The published map keeps what reaches 0.9 of the largest entry. Let $\tau$ be this threshold.
#
# ````{prf:proposition} What a threshold does
# :label: prop-threshold
# Take two maps, scale both by the largest absolute entry of the first, and let $\delta$ be the largest difference between their entries.
#
# 1. If $\delta \le 1 - \tau$, the two maps keep a pixel in common, so the cosine after threshold and filter is positive.
# 2. However small $\delta$ is, the cosine after the threshold can be as low as $(1 + \tau^2 k)^{-1/2}$ with $k$ pixels besides the largest, while the cosine before it is as close to 1 as one likes.
# ````
#
# ````{prf:proof}
# Let the first map $m$ have its largest absolute entry, 1, at $p$, and suppose that no pixel is kept in both. Then $p$ is not kept in the second map $m'$, whose largest entry is $M'$ at $q$, so $\lvert m'_p\rvert < \tau M'$. And $q$ is not kept in $m$, so $M' \le \lvert m_q\rvert + \delta < \tau + \delta$. Together $1 - \delta \le \lvert m'_p\rvert < \tau(\tau + \delta)$, which is $\delta > 1 - \tau$. The filter has positive weights, so common pixels give a positive cosine.
# For 2, let both maps be 1 at one pixel, and at $k$ others $\tau + \varepsilon$ in one and $\tau - \varepsilon$ in the other. After the threshold the first has $k + 1$ entries and the second one. As $\varepsilon \to 0$ the cosine tends to the stated value.
# ````
#
# So the similarity is discontinuous, but it does not fall to 0 unless entries change by a tenth of the largest.
# On typical maps the second part matters less than how few pixels are left. Of $36 \times 36$ Gaussian entries about three reach 0.9 of the largest.
# We draw pairs of Gaussian maps with a given correlation, which is then also their signed cosine.

# %% tags=["hide-input"]
correlations = np.array([0.0, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 1.0])
pairs = saliency_traps.noisy_pairs(correlations, 250, rng)
middle = list(correlations).index(0.9)

publish.figure(
    plots.thresholded_similarity(pairs, middle),
    "thresholded-similarity",
    title="Similarity of random maps with and without the threshold",
    caption="Pairs of Gaussian maps of 36 x 36 pixels with a given correlation. (a) The signed cosine is the correlation. The "
    "published similarity is lower until the maps are nearly equal, and follows the share of pairs whose largest pixels "
    "coincide. (b) Single pairs of correlation 0.9: signed cosines lie close together, thresholded ones spread from 0 to 1, "
    "with bars of their own at both ends.",
    alt="Left, three curves that rise with the correlation: a straight diagonal, and two that stay low and rise steeply at "
    "the end. Right, two histograms on a logarithmic scale, one a single narrow block near 0.9, the other wide.",
)

publish.claim(
    "beyond: C, Eq. 3, SI",
    "Maps that differ by a hair have a thresholded cosine as low as $(1 + 0.81 k)^{-1/2}$.",
    [saliency_traps.hair(k, 1e-9)[1] for k in (1, 10, 143)],
    equals=[(1 + 0.81 * k) ** -0.5 for k in (1, 10, 143)],
    within=1e-6,
    id="threshold-jumps",
    details="$k$ = 1, 10, 143 pixels of heights $0.9 \\pm 10^{-9}$ beside one of height 1; the plain cosine is 1 to nine digits",
)

publish.claim(
    "beyond: C, Eq. 3, SI",
    "A thresholded cosine of 0 needs entries that change by more than a tenth of the largest.",
    saliency_traps.closest_disjoint(100_000, rng),
    above=0.1,
    id="threshold-needs-a-tenth",
    details="least change found among random maps of two pixels that keep none in common",
)

publish.claim(
    "beyond: C, Eq. 3, SI",
    "The threshold turns a similarity of 0.9 into one of about a half.",
    [pairs.signed[middle].mean(), pairs.published[middle].mean()],
    equals=[0.9, 0.5],
    within=0.1,
    id="threshold-lowers-similarity",
    details="mean signed and published cosine of pairs of Gaussian maps",
)

publish.claim(
    "beyond: C, Eq. 3, SI",
    "Of 1,296 Gaussian entries about three pass the threshold, and the published similarity follows the rate at which top "
    "pixels coincide, from above.",
    [
        2 < pairs.kept.mean() < 5,
        np.all(pairs.published.mean(axis=1) >= pairs.same.mean(axis=1)),
        np.abs(pairs.published.mean(axis=1) - pairs.same.mean(axis=1)).max() < 0.25,
        np.corrcoef(pairs.published.mean(axis=1), pairs.same.mean(axis=1))[0, 1] > 0.95,
    ],
    id="threshold-leaves-few-pixels",
    details="between two and five pixels kept; means at most 0.25 apart and correlated above 0.95 over the correlations of the figure",
)

# %% [markdown]
# For Gaussian maps the similarity is not binary: when the top pixels differ, a common second pixel or the overlap of the filters still gives a value in between.
# How close to binary it comes for trained networks depends on how much the largest entry of a map stands out.
#
# (sensitivity)=
# ## Sensitivity
#
# The paper relates invariance to the sensitivity of a network, the largest singular value $\sigma_{\max}(J)$ of the Jacobian $J$ of the logits by the image.
# A ReLU network with weights $W_1, \dots, W_L$ is linear around almost every image. There
#
# $$
# J = W_L D_{L-1} W_{L-1} \cdots D_1 W_1,
# $$ (eq-relu-jacobian)
#
# where the diagonal matrix $D_k$ has a one for every unit of layer $k$ that is on and a zero for the others.
# With weights tied over the group and max pooling, row $i$ of $W_1$ is that of the group element with the largest response.
# Write $J = A W_1$. The matrix $J J^\top = A (W_1 W_1^\top) A^\top$ has only $C$ rows, and $W_1 W_1^\top$ is the same for all images. So $\sigma_{\max}(J)$ costs no product with an image-sized matrix beyond those of the forward pass. The chapters that follow use it on thousands of images.

# %% tags=["hide-input"]
gap, norm_gap = saliency_traps.jacobian_gaps(rng)

publish.claim(
    "beyond: C",
    "The Jacobian of a ReLU network, free or weight-tied, and its largest singular value follow in closed form from the "
    "units that are on.",
    [gap < 1e-12, norm_gap < 1e-12],
    id="relu-jacobian-in-closed-form",
    details="against automatic differentiation and a full singular value decomposition; free, max pooling, mean pooling, two and five layers, three runs each: below 1e-12",
)

# %% [markdown]
# ## What to take away
#
# * LI = 0 is invariance of the logits; DI = 0 is not. A small LI means little until it is divided by the variance of the logits.
# * Compare decisions on moved images beside DI: a classifier that is certain, or undecided, everywhere has a DI near zero.
# * SI asks something else than LI. Take signed gradients, move the baseline and the border of the filter with the image, and say whether the identity counts.
# * The threshold of the published map keeps a few pixels of an image. What it calls different may differ by a hair.

# %% tags=["hide-input", "nbval-ignore-output"]
publish.footer(scale, seed)
