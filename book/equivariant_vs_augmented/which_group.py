# %% [markdown]
# (which-group)=
# # Which group
#
# In the experiments of {cite:t}`nordenfors2025optimization` augmented training stays much closer to the equivariant weights than plain training for graphs and for translations of digits, and hardly closer for rotations.
# The paper has no theory for this. It offers a hypothesis: what matters is how large the space $\mathcal{E}$ of equivariant layers is within the space $\mathcal{L}$ of all layers. If $\mathcal{E}$ is small, augmentation removes most of the gradient.
# Appendix E.1 computes $\dim\mathcal{E}/\dim\mathcal{L}$. Appendix E.2 repeats the experiment with digits for other groups, and the main text reports that the trend continues: the lower the share, the closer augmented training stays. It calls the argument purely heuristic.
#
# We have the main text, not the appendices: what they claim is taken from there, and their figures cannot be compared.
# This chapter computes the dimensions in three ways, trains digits for four groups, and asks what predicts the drift: the heuristic, or the {ref}`drift law <drift-law>`.
#
# **What we find.**
# The dimensions are as the main text says: the share is far larger for rotations of images than for relabelled graphs or translations.
# Under uniform draws the trend of the main text comes out in part: the quotient of AUG and NOM is larger for the two groups with large shares than for the two with small ones. It is weak. Shares differ by two orders of magnitude, quotients by a factor of a few, and within each of the two pairs by less than runs do.
# The drift law gives the same order, and the sizes as well, as long as the weights respond little. It also says what sets the quotient: the numbers of epochs, passes and mini-batches, and how far the data are from invariant. The share plays no part in it, and from the *same* weights a larger group, with a smaller $\mathcal{E}$, drifts at least as far in the first step ({prf:ref}`prop-larger-groups`).
# Draws as in the public code, where the identity comes up too often, make the trend several times stronger. Then a part of each step is not averaged out, and it is larger for smaller groups ({prf:ref}`prop-mean-step`).

# %% tags=["parameters"]
scale = "book"
seed = 0

# %% tags=["hide-input"]
from dataclasses import replace

import numpy as np

from learnsym import publish, results
from learnsym.checks import which_group as checks
from learnsym.drift.curves import agreement, pooled, sizes
from learnsym.experiments.which_group import GROUPS, SCALES
from learnsym.plots import which_group as plots

publish.use_style()
stored = results.obtain("which_group", scale, seed=seed)
arrays, config = stored.arrays, stored.config
# a smoke run has two networks on 4 x 4 pixels and three epochs
trained = scale != "smoke"

# %% [markdown]
# (dimension-shares)=
# ## E.1: how large is $\mathcal{E}$?
#
# In all these networks a group permutes coordinates. A layer is equivariant if its entries are constant on the orbits of index pairs ({ref}`equivariant maps <equivariant-maps>`). So the number of free weights between two channels is the number of orbits.
#
# ````{prf:proposition} Numbers of orbits
# :label: prop-orbit-numbers
# For images of $n\times n$ pixels, $n$ even, and for matrices on at least four nodes:
#
# | group | orbits of pairs | orbits of single indices |
# |---|---|---|
# | relabellings of the nodes | $15$ | $2$ |
# | rotations by $90^\circ$ | $n^4/4$ | $n^2/4$ |
# | cyclic translations along $x$ | $n^3$ | $n$ |
# | cyclic translations | $n^2$ | $1$ |
# | roto-translations | $(n^2 + 8)/4$ | $1$ |
#
# The first column counts free weights from channel to channel, the second from a channel to an invariant feature.
# ````
#
# ````{prf:proof}
# For even $n$ no rotation but the identity fixes a pixel, so all orbits have four elements. A translation but the identity fixes no pixel either, which gives $n^4/n$ and $n^4/n^2$.
# Under all translations a pair of pixels is determined by its difference in $\mathbb{Z}_n^2$, on which rotations act with $0$ fixed. A quarter turn fixes $(a, b)$ if $2a = 0$ and $a = b$, two cases for even $n$; a half turn if $2a = 2b = 0$, four cases. By Burnside there are $(n^2 + 2 + 4 + 2)/4$ orbits.
# For relabellings an orbit of four nodes is a partition of four places into classes of equal nodes: there are 15. Of two places there are 2.
# ````
#
# The sizes of the networks follow. The program finds orbits as connected components, from the generators of the group alone.

# %% tags=["hide-input"]
publish.table(
    ["network", "$\\dim\\mathcal{E}$", "$\\dim\\mathcal{L}$", "share"],
    checks.size_table(arrays["dimensions"]),
)

publish.claim(
    "beyond: B, Appendix E.1",
    "The dimensions of $\\mathcal{E}$ and $\\mathcal{L}$, from connected components, are those of {prf:ref}`prop-orbit-numbers`.",
    arrays["dimensions"] - checks.dimensions_by_formula(),
    equals=0,
    within=0.5,
    id="dimensions-of-all-networks",
    details="PERM, TRANS and ROT, and the set-up of TRANS for four groups, at the published sizes; numbers compared exactly",
)

small = [(name, side) for name in GROUPS for side in (3, 4)] + [("relabellings", 4)]
publish.claim(
    "beyond: B",
    "The numbers of orbits are average numbers of fixed points.",
    [np.subtract(checks.orbit_numbers(*one), checks.numbers_by_characters(*one)) for one in small],
    equals=0,
    within=0.5,
    id="orbit-numbers-by-characters",
    details="average characters over the listed groups, images of 3 and 4 pixels a side and graphs on 4 nodes",
)

shares = arrays["dimensions"][:, 0] / arrays["dimensions"][:, 1]
publish.claim(
    "B: Appendix E.1",
    "$\\dim\\mathcal{E}/\\dim\\mathcal{L}$ is much larger for ROT than for PERM and TRANS.",
    shares[2] / shares[:2],
    above=10.0,
    verdict="reproduced",
    id="share-much-larger-for-rotations",
    details="Paper: much larger (main text). the share of ROT over those of PERM and TRANS",
)

# %% [markdown]
# The share of PERM is larger than 15 out of 10,000, because the layers between invariant features count in both dimensions. The group does nothing there, so no gradient is lost. In TRANS the same holds on a smaller scale.
#
# ## E.2: digits for four groups
#
# The network of {ref}`TRANS <trans>`, with fewer channels and samples: digits of $14\times14$ pixels, two layers of channels, invariant features, ten logits.
# It is built for each of four groups, with its own $\mathcal{E}$, and trained in three ways from the same kind of start: a Gaussian matrix projected onto that $\mathcal{E}$.
# NOM uses the data as they are, AUG moves each mini-batch in each of $L$ passes by a random element of the group, drawn uniformly, EQUI projects the gradient.
# For rotations there is a fourth curve, of which {ref}`more below <public-draws>`.

# %% tags=["hide-input"]
publish.table(["", "published", "this run"], sizes(config, "images"))

found = checks.curves_by_case(arrays, config)
panels = {name: dict(found[name]) for name in GROUPS}
panels["rotations"]["public code"] = found[checks.PUBLISHED]["public code"]
publish.figure(
    plots.over_distance(panels),
    "drift-for-four-groups",
    title="Drift for four groups",
    caption="Distance from $\\mathcal{E}$ against distance from the initial weights over the epochs, for networks that classify digits. Thin: "
    "runs; thick: their root mean square. Circles: the drift law, evaluated along equivariant training. "
    "In the panel of rotations a third curve has the draws of the public code.",
    alt="Four panels on logarithmic vertical axes. In each, the curve of nominal training lies above that of augmented training, and circles "
    "lie on both. In the first panel a third curve lies between them.",
)

law, drift = (checks.ends(found, "augmented", kind) for kind in ("law", "drift"))
publish.table(
    ["group", "share", "NOM", "AUG", "AUG by the law", "AUG over NOM"],
    [
        [name, f"{share:.2g}", *(f"{pooled(v):.2g}" for v in (n, a, b, a / n))]
        for name, share, n, a, b in zip(
            GROUPS, shares[3:], checks.ends(found, "nominal"), drift, law, strict=True
        )
    ],
)

for name, ratio in zip(GROUPS, checks.ratios(found), strict=True):
    publish.claim(
        f"B: Appendix E.2, {name}",
        f"Digits under {name}: augmented training stays closer to $\\mathcal{{E}}$ than nominal training, in every run.",
        ratio.max(),
        below=1.0,
        verdict="reproduced",
        decided=trained,
        id=f"augmented-closer-under-{name}",
        details="Paper: stays closer (main text). drift of AUG over that of NOM after the last epoch, largest of the runs, uniform draws",
    )

publish.claim(
    "beyond: B",
    "For the three groups with translations the law predicts the size of the drift.",
    pooled(drift / law)[1:],
    equals=1.0,
    within=0.05,
    decided=trained,
    id="drift-law-for-three-translation-groups",
    details="Paper: a theoretical explanation is beyond the scope. measured over predicted drift of AUG after the last epoch, root mean square over runs, $x$-translations, translations, roto-translations",
)

early = agreement(found["rotations"]["nominal"])[:3]
publish.claim(
    "beyond: B",
    "For rotations the law holds in the first epochs. Later the weights respond and drift less.",
    [np.max(np.abs(early - 1)) < 0.05, pooled(drift / law)[0] < 0.8],
    decided=trained,
    id="rotations-start-by-the-law-and-bend",
    details="measured over predicted drift: of NOM within 5 percent in the first three epochs; of AUG below 0.8 after the last",
)

# %% [markdown]
# The law uses gradients along EQUI and is of first order. Under rotations the curves of NOM and AUG bend down, as they do where the weights respond and the curvature off $\mathcal{E}$ pulls back; the chapter on {ref}`finite augmentation <drift-response>` predicts such a response for a small network. Here we have not computed it.
#
# ## Heuristic against law
#
# The reasoning behind the heuristic is: the mean step of augmentation is the part of the gradient in $\mathcal{E}$, so if $\mathcal{E}$ is small, much of the gradient disappears.
# In the mean it does. But by {prf:ref}`prop-drift-law` what leaves the mean comes back as noise: each draw keeps the whole length of $\Pi_\perp\nabla R_b$ and gives it a random direction.
#
# ````{prf:proposition} Larger groups, more noise
# :label: prop-larger-groups
# Let $G$ be a subgroup of $H$ and let $x$ be equivariant under $H$. Then $\dim\mathcal{E}_H \le \dim\mathcal{E}_G$, but the first steps of AUG and of NOM from $x$ drift at least as far for $H$ as for $G$.
# ````
#
# ````{prf:proof}
# $\mathcal{E}_H \subseteq \mathcal{E}_G$, so $\mathcal{E}_H^\perp$ contains $\mathcal{E}_G^\perp$, and $\lVert\Pi_\perp v\rVert$ is at least as large for $H$, for every $v$. Apply this to $\nabla R$ and to all $\nabla R_b$ in {eq}`eq-step-noise`.
# ````
#
# Each drift is measured from the $\mathcal{E}$ of its own group, and that of AUG as a root mean square.
# So from the same weights, the first step reverses the heuristic as far as drifts go. About the quotient it says nothing. Rotations and $x$-translations are subgroups of the roto-translations, and $x$-translations of the translations.
# In E.2 each group has weights of its own, so the order is open and must be measured.

# %% tags=["hide-input"]
alike = replace(
    SCALES["smoke"],
    **(
        {"samples": 100, "channels": 2, "batch": 5, "runs": 5, "side": 7, "width": 8}
        if trained
        else {}
    ),
    seed=seed,
)
same = checks.at_same_weights(alike)
publish.table(
    ["group", "NOM", "AUG"],
    [
        [name, *(f"{v:.2f}" for v in pooled(same[:, k] / same[:, -1]))]
        for k, name in enumerate(GROUPS)
    ],
)

steps = dict(zip(GROUPS, same.swapaxes(0, 1), strict=True))
publish.claim(
    "beyond: B",
    "From the same weights, the first step drifts at least as far for a larger group.",
    [
        np.max(steps[smaller] / steps[larger])
        for smaller, larger in (
            ("x-translations", "translations"),
            ("translations", "roto-translations"),
            ("rotations", "roto-translations"),
        )
    ],
    below=1.0,
    id="larger-groups-drift-further",
    details="Paper: the lower the share, the closer to $\\mathcal{E}$ (heuristic). first step of NOM and of AUG by the formula, smaller over larger group, largest of the runs, small images, weights equivariant under roto-translations",
)

# %% [markdown]
# The table has these steps relative to roto-translations.
#
# ### Order
#
# The heuristic can be read in two ways. The smaller the share, the shorter the drift of AUG. Or: the smaller the share, the more AUG gains on NOM, which is how the main text reads ROT.
# It says nothing of sizes. The law does.
#
# Four groups make six pairs. We count the pairs that each prediction puts in the order that training shows, taking root mean squares over runs.

# %% tags=["hide-input"]
quotient, quotient_law = checks.ratios(found), checks.ratios(found, "law")
orders = {
    "drift of AUG": (drift, law),
    "AUG over NOM": (quotient, quotient_law),
}
rows = []
for name, (measured, predicted) in orders.items():
    by_share = checks.pairs_in_order(shares[3:], pooled(measured))
    by_law = checks.pairs_in_order(pooled(predicted), pooled(measured))
    spread = pooled(measured).max() / pooled(measured).min()
    rows.append([name, f"{spread:.2g}", f"{6 * by_share:.0f} of 6", f"{6 * by_law:.0f} of 6"])
publish.table(
    ["", "largest over smallest", "pairs in order by share", "pairs in order by the law"], rows
)

publish.claim(
    "B: Appendix E.2, roto-translations",
    "Augmented training gains more on nominal training for the two groups with small shares $\\dim\\mathcal{E}/\\dim\\mathcal{L}$ than for the two with "
    "large ones.",
    pooled(quotient)[:2].min() / pooled(quotient)[2:].max(),
    above=1.5,
    verdict="reproduced",
    decided=trained,
    id="share-orders-the-quotients",
    details="Paper: the lower, the closer (main text). smaller quotient of rotations and $x$-translations over the larger of translations and roto-translations, AUG over NOM, root mean square over runs, uniform draws; the order within each of the two pairs is within the spread of the runs",
)

publish.claim(
    "B: Appendix E.2, x-translations",
    "The smaller the share, the shorter the drift of augmented training itself.",
    checks.pairs_in_order(shares[3:], pooled(drift)),
    equals=1.0,
    within=1e-9,
    verdict="not reproduced",
    decided=trained,
    id="share-orders-the-drifts",
    details="Paper: the lower, the closer (main text). as before, for the drift of AUG: $x$-translations drift further than rotations",
)

publish.claim(
    "beyond: B",
    "Shares differ by a factor of more than a hundred, quotients by less than five.",
    [
        shares[3:].max() / shares[3:].min() > 100,
        pooled(quotient).max() / pooled(quotient).min() < 5,
    ],
    decided=trained,
    id="share-says-little-about-sizes",
    details="largest over smallest of the four groups, uniform draws",
)

publish.claim(
    "beyond: B",
    "The drift law puts the four groups in the order that training shows.",
    [
        checks.pairs_in_order(pooled(two), pooled(one))
        for one, two in ((drift, law), (quotient, quotient_law))
    ],
    equals=1.0,
    within=1e-9,
    decided=trained,
    id="law-orders-the-drifts",
    details="share of the six pairs in order, by the drift of AUG, and by AUG over NOM",
)

# %% [markdown]
# Where do the quotients come from? If gradients change slowly, the law gives
#
# $$
# \frac{\lVert y_{\text{AUG}}\rVert}{\lVert y_{\text{NOM}}\rVert} \approx \sqrt{\frac{1}{TL}\,\frac{S_K}{S_1}}, \qquad \frac1K \le \frac{S_K}{S_1} .
# $$
#
# {prf:ref}`prop-divisions` splits $S_K/S_1$: it is about $1/K$ if samples agree off $\mathcal{E}$, and about $1$ if the data are invariant. So by the law quotients are at least $1/\sqrt{TLK}$, and about $1/\sqrt{TL}$ for invariant data. There is no upper bound: NOM does not drift at all if whole orbits are in the data.
# What decides is how far the data are from invariant, compared with how much single samples scatter. The share of $\mathcal{E}$ does not enter.

# %% [markdown]
# (public-draws)=
# ## The draws of the public code
#
# The authors published code, which they say differs slightly from what was run for the paper.
# A random integer "from 0 to $n$" includes $n$ there, and three facts follow ({ref}`notes on published code <notes-on-published-code>` lists lines and checks).
#
# * Rotations of square images are by $0$, $90$, $180$ degrees with probabilities $2/5$, $2/5$, $1/5$.
# * A shift along an axis is drawn from $0, \dots, n$. As $n$ is no shift, $0$ comes twice as often as any other.
# * Roto-translations do both.
#
# None of these laws is uniform on the group. The mean step then has a part off $\mathcal{E}$, and the drift a part that grows in proportion to the number of epochs, like that of NOM.
#
# ````{prf:proposition} Mean step under a law of draws
# :label: prop-mean-step
# Let the elements $g$ be drawn with probabilities $p_g$. At $x\in\mathcal{E}$ the mean of the sampled gradient is $\sum_g p_g\,\bar\rho(g)\nabla R(x)$.
# For a commutative group its part off $\mathcal{E}$ in the eigenspace of a character $\chi \neq 1$ is that of $\nabla R(x)$ times $\hat p(\chi) = \sum_g p_g\chi(g)$.
# ````
#
# ````{prf:proof}
# The first statement is the computation in the proof of {prf:ref}`prop-drift-law`, with another mean. For the second, $\bar\rho(g)$ is multiplication by $\chi(g)$ on the eigenspace of $\chi$. Uniform draws have $\hat p(\chi) = 0$ for $\chi\neq1$.
# ````
#
# For shifts, the law is $n/(n+1)$ times the uniform one plus $1/(n+1)$ times the identity. So AUG drifts at least like NOM divided by $n+1$ under translations along $x$, however many passes are made. Along both axes the factor lies between $1/(n+1)^2$ and $1/(n+1)$.
# For rotations the factors are $0.2$ (on what a quarter turn maps to its negative) and $\lvert 0.2 + 0.4\,\mathrm{i}\rvert$, about $0.45$.
# Sampling noise, by contrast, is about $1/\sqrt{TLK}$ of the drift of NOM if the data are far from invariant. At the published sizes that is below all of these factors.
#
# The factors decrease from rotations over $x$-translations to translations. So does $\dim\mathcal{E}/\dim\mathcal{L}$: larger groups have smaller $\mathcal{E}$, and more draws over which the surplus of the identity is spread.
# To see what this does to the trend we train the set-up in small (stored like the larger one), on images of few pixels, with both kinds of draws.

# %% tags=["hide-input"]
stored_draws = results.obtain("public_draws", scale, seed=seed)
draws = stored_draws.arrays
publish.figure(
    plots.by_share(GROUPS, shares[3:], (quotient, quotient_law), draws),
    "drift-by-share",
    title="Drift by the size of the equivariant space",
    caption="Drift of AUG over drift of NOM after the last epoch against $\\dim\\mathcal{E}/\\dim\\mathcal{L}$. Small markers: runs; large: root "
    "mean square; black circles: predicted. Left: the networks above, uniform draws. Right: smaller networks on smaller images, with "
    "uniform draws and with those of the public code.",
    alt="Two panels on logarithmic axes with four groups each. On the left the points rise a little with the share. On the right the points for uniform draws lie at similar heights, while points for the draws of the public code rise with the share.",
)

factors = {name: checks.kept(name, 14) for name in GROUPS[:3]}
publish.table(
    ["group", "parts off $\\mathcal{E}$ are multiplied by, $n = 14$"],
    [[name, ", ".join(f"{f:.2g}" for f in values)] for name, values in factors.items()]
    + [["sampling noise, $T = 50$, $L = 25$, $K = 400$", f"{(50 * 25 * 400) ** -0.5:.2g}"]],
)

published = found[checks.PUBLISHED]["public code"]
publish.claim(
    "beyond: B",
    "With 0, 90 and 180 degrees at 40, 40 and 20 percent, the mean step keeps between 0.2 and 0.45 of the nominal drift.",
    published.law[-1] / found["rotations"]["nominal"].law[-1],
    equals=np.mean([0.2, np.hypot(0.2, 0.4)]),
    within=(np.hypot(0.2, 0.4) - 0.2) / 2 + 1e-6,
    id="public-rotations-drift-like-nominal",
    details="by the formula along equivariant training, each run",
)

publish.claim(
    "beyond: B",
    "Training with these draws drifts as the mean step says, until the weights respond.",
    pooled(agreement(published)[:10]),
    equals=1.0,
    within=0.1,
    decided=trained,
    id="public-rotations-measured",
    details="measured drift over that of the mean step, root mean square over runs and the first ten epochs, $14\\times14$ pixels",
)

publish.claim(
    "beyond: B",
    "Mean step and sampling noise together give the drift under the public code's draws, for all four groups.",
    pooled(draws["public"] / draws["law"]),
    equals=1.0,
    within=0.05,
    decided=trained,
    id="public-draws-for-four-groups",
    details="measured over predicted drift relative to NOM, root mean square over runs, small images; with the noise of uniform draws, which bounds that of the others from above",
)

publish.claim(
    "beyond: B, Appendix E.2, translations",
    "With the draws of the public code, the lower the share the more AUG gains on NOM: the trend of the paper.",
    checks.pairs_in_order(draws["shares"], pooled(draws["public"])),
    equals=1.0,
    within=1e-9,
    decided=trained,
    id="trend-under-public-draws",
    details="Paper: the lower, the closer (main text). share of the six pairs of groups in this order, AUG over NOM, small images",
)

publish.claim(
    "beyond: B",
    "With uniform draws AUG stays at least twice as close to $\\mathcal{E}$, for each group.",
    pooled(draws["public"]) / pooled(draws["uniform"]),
    above=2.0,
    decided=trained,
    id="uniform-draws-stay-closer",
    details="drift with the public code's draws over drift with uniform ones, same starts, small images",
)

# %% [markdown]
# Under the draws of the public code, the order of the groups in this set-up is that of the paper. Under uniform draws of the same small networks one pair is out of order, by less than the spread of the runs.
# We do not know by which draws the figures of the appendix were made, so this is a possible cause and not the cause.

# %% [markdown]
# ## What to take away
#
# * $\dim\mathcal{E}/\dim\mathcal{L}$ tells two groups with larger quotients of AUG and NOM from two with smaller ones, and not their sizes. It does not order the drifts.
# * The drift law tells order and size, from gradients at equivariant weights.
# * A larger group does not keep augmented training closer: from the same weights its first step drifts at least as far.
# * Draws that are not uniform leave a bias, which grows with the number of epochs. Check the law of your draws before you compare groups.

# %% tags=["hide-input", "nbval-ignore-output"]
publish.footer(scale, seed, stored, stored_draws)
