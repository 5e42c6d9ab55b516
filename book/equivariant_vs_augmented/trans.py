# %% [markdown]
# (trans)=
# # TRANS: digits on a torus
#
# The second experiment of {cite:t}`nordenfors2025optimization` reads digits with networks that are invariant under translations.
# Again the weights start in the equivariant layers $\mathcal{E}$, and the question is how far training with and without augmentation takes them away.
# As in {ref}`PERM <perm>`, the paper finds that augmented training stays closer "by several orders of magnitude".
#
# There is one difference that the {ref}`drift law <drift-law>` makes a point of. Relabelled graphs are as likely as the graphs themselves, but moved digits are not digits of the data set: those sit in the middle.
# So plain training drifts for a reason that more data do not remove, and mini-batches help augmentation, because each draws an element of its own.
#
# **What we find.**
# The order of the curves is as printed, and the law predicts both drifts.
# The gap between plain and augmented training is wider than in PERM, as the law says it must be. At the size of the runs here it comes to nearly two orders of magnitude. At the published size it is a factor of 76 after two epochs already, and the law, which has predicted that, forecasts several hundred after 50. So here, unlike in PERM, "several orders of magnitude" is about right without squaring.
# What augmentation adds is sampling noise only: with all translations instead of random ones the weights stay.

# %% tags=["parameters"]
scale = "book"
seed = 0

# %% tags=["hide-input"]
from dataclasses import replace

import numpy as np

from learnsym import publish, results
from learnsym.checks import augmented_training as checks
from learnsym.experiments import trans
from learnsym.plots import augmented_training as plots

publish.use_style()
stored = results.obtain("trans", scale, seed=seed)
arrays, config = stored.arrays, stored.config
found = checks.curves(arrays, trans.MODES, config.rate, config.passes)
nominal, augmented, equivariant = (found[mode] for mode in ("nominal", "augmented", "equivariant"))
# a smoke run has two small networks and three epochs
trained = scale != "smoke"

# %% [markdown]
# ## The experiment
#
# **Data.** Test images of MNIST at $14\times14$ pixels. The target is the digit.
#
# **Group.** Cyclic translations by whole pixels, 196 of them: what leaves the image on one side comes in on the other.
#
# **Network.** Four layers without bias. From the image to $c$ channels of $14\times14$ pixels and on to $c$ more, with leaky ReLU; then 32 invariant features with tanh and layer normalisation without learned parameters; then ten logits. Cross-entropy.
# An equivariant layer from one channel to another is a cyclic convolution: 196 free parameters of 38,416. The group acts on the first three layers.
#
# **Training.** As in {ref}`PERM <perm>`: projected standard Gaussian weights, full-batch descent with learning rate $\eta = 5\cdot10^{-5}$, gradients averaged over mini-batches; NOM on the data as they are, AUG with $L = 25$ passes and a random translation for each mini-batch of each pass, EQUI with the gradient projected onto $\mathcal{E}$. After each epoch we measure the distance covered, $\lVert A - A^0\rVert$, and the drift $\lVert A_\perp\rVert$, in float64.
#
# **Size.** The published networks and data are too large for the machines this book is made for: an epoch of AUG takes some $6\cdot10^{13}$ operations a run. What is shown is smaller, as the table says; {ref}`one run <trans-published-size>` has the published size, for two epochs.

# %% tags=["hide-input"]
publish.table(["", "published", "this run"], checks.sizes(config, "images"))

# %% [markdown]
# ## Figure 1

# %% tags=["hide-input"]
publish.figure(
    plots.against_distance(found, ["nominal", "augmented"]),
    "trans-figure-one",
    title="TRANS: drift against distance covered",
    caption="Distance from $\\mathcal{E}$ against distance from the initial weights, over the epochs. Thin: runs. Thick: their mean. Circles: the "
    "drift law, evaluated along equivariant training. Left and right show the same data at two scales. After Figure 1 (TRANS) of "
    "{cite:t}`nordenfors2025optimization`, with smaller networks and fewer images.",
    alt="Two panels. Left: a rising line for nominal training, and the two others along the bottom. Right: the same at a much finer scale, "
    "where augmented training is a curve that flattens, nominal training is nearly vertical, and equivariant training stays at zero. Circles of "
    "the law lie on or near the mean curves.",
)

publish.table(
    [
        "",
        "$\\lVert A - A^0\\rVert$",
        "$\\lVert A_\\perp\\rVert$",
        "by the law",
        "public code's horizontal",
        "public code's vertical",
    ],
    checks.printed(found),
)

publish.claim(
    "B: Figure 1, TRANS",
    "Equivariant training stays in $\\mathcal{E}$.",
    equivariant.drift,
    equals=0,
    within=1e-11,
    id="trans-equi-stays",
    details="Paper: 0. drift, all epochs and runs; rounding in float64",
)

publish.claim(
    "B: Figure 1, TRANS",
    "Augmented training with sampled group elements leaves $\\mathcal{E}$ in every run.",
    (augmented.drift[1:] > 1e-9).all(),
    id="trans-aug-leaves",
    details="Paper: consistently, in all runs. drift above $10^{-9}$ in all epochs and runs, more than a hundred times what rounding leaves",
)

publish.claim(
    "B: Figure 1, TRANS",
    "Nominal training leaves $\\mathcal{E}$ further than augmented training, in every run.",
    (nominal.drift[-1] > augmented.drift[-1]).all(),
    id="trans-order-of-curves",
    details="Paper: NOM above AUG. drift after the last epoch",
)

publish.claim(
    "B: Figure 1, TRANS",
    "Augmented training moves much more slowly off $\\mathcal{E}$ than within.",
    checks.shares(augmented).mean(),
    below=0.021,
    decided=trained,
    id="trans-slow-off-e",
    details="Paper: much slower (expectation ii). drift of AUG over distance covered, mean over runs",
)

# %% [markdown]
# ### How many orders of magnitude?
#
# As in {ref}`PERM <perm>` we take "several orders of magnitude" to mean a factor of a hundred or more, and look at both forms. In the form that the public code draws, each layer enters by its squared norm, and the gap is wide at any size. In the norm $\lVert A_\perp\rVert$ of the paper's text it depends on the size of the experiment, to which we come below.

# %% tags=["hide-input"]
publish.figure(
    plots.against_distance(found, ["nominal", "augmented"], code=True),
    "trans-squared-form",
    title="TRANS in the form that the public code draws",
    caption="The same runs with the axes of the public code's evaluation script: the vertical axis is the root of the sum over layers of the "
    "fourth powers of $\\lVert A_\\perp\\rVert$, the horizontal one $\\lVert A - A^0\\rVert$ over the layers on which the group acts. Thin: runs. Thick: "
    "their median.",
    alt="Two panels at two scales. Left: nominal training as a curve that bends upwards from zero, the others along the bottom. Right: augmented "
    "training rising from zero, and nominal training leaving through the top.",
)

publish.claim(
    "B: Figure 1, TRANS",
    "In the squared form that the public code draws, the drift of augmented training is smaller by several orders of magnitude.",
    np.log10(checks.factor(nominal, augmented, "code_drift")),
    above=1.9,
    decided=trained,
    id="trans-orders-of-magnitude-squared",
    details="Paper: several orders of magnitude. decimal logarithm of the ratio of means after the last epoch; expected two orders or more",
)

# %% [markdown]
# ## What the drift law says

# %% tags=["hide-input"]
publish.figure(
    plots.over_epochs({"": found}),
    "trans-over-epochs",
    title="TRANS: drift against epochs",
    caption="Drift against the number of epochs on logarithmic axes. Thin: runs. Thick: their mean. Circles: the law. NOM has slope 1 and AUG one "
    "half.",
    alt="Two bundles of lines that rise from the left. The upper one, nominal training, is twice as steep as the lower. Circles lie on or near both "
    "means.",
)

publish.claim(
    "beyond: B, Figure 1, TRANS",
    "The first step of nominal training leaves $\\mathcal{E}$ by the learning rate times the gradient's part off $\\mathcal{E}$.",
    nominal.drift[1] / nominal.law[1],
    equals=1.0,
    within=1e-6,
    id="trans-first-nominal-step",
    details="a check of the bookkeeping, as it is so by definition: measured over predicted drift after one epoch, all runs",
)

publish.claim(
    "beyond: B, Figure 1, TRANS",
    "The drift of nominal training is the sum of the gradients' parts off $\\mathcal{E}$ along equivariant training.",
    checks.agreement(nominal),
    equals=1.0,
    within=0.2,
    id="trans-nominal-law",
    details="measured over predicted, root mean square over runs, each epoch",
)

publish.claim(
    "beyond: B, Figure 1, TRANS",
    "The drift of augmented training is the random walk of its sampling noise.",
    checks.agreement(augmented),
    equals=1.0,
    within=0.15,
    decided=trained,
    id="trans-augmented-law",
    details="measured over predicted, root mean square over runs, each epoch",
)

publish.claim(
    "beyond: B, Figure 1, TRANS",
    "Nominal training drifts in proportion to the number of epochs, augmented training like its square root.",
    [checks.exponent(nominal), checks.exponent(augmented)],
    equals=[1.0, 0.5],
    within=0.05,
    decided=trained,
    id="trans-powers-of-the-epochs",
    details="slopes of logarithms, last three quarters of the epochs",
)

# %% [markdown]
# (trans-published-size)=
# ### At the published size
#
# The law also says how the gap depends on the size of the experiment. If gradients stay as they are, NOM exceeds AUG by
#
# $$
# \sqrt{\frac{T L\, m}{S_K}}, \qquad S_K = \frac{m}{K} + \Bigl(1 - \frac1K\Bigr)\frac{v}{N-1},
# $$
#
# by {eq}`eq-drift-law` and {eq}`eq-divisions`, where $m$ is the squared mean gradient off $\mathcal{E}$ and $v$ the variance over samples. Both can be read off the first step of the runs above.
# The published experiment has 400 mini-batches. For digits, $m$ does not vanish with more samples, and the gap grows with them.
#
# The published network on all 10,000 images is within reach for a few epochs. The second row of the table is one such run; {ref}`reproduce` says how to continue it. The last two rows are forecasts for all 50 epochs: from the gradients of the published network, and from those of the small ones.

# %% tags=["hide-input"]
at_size = results.obtain("trans", "paper", seed=seed) if trained else stored
large = checks.curves(at_size.arrays, trans.MODES, at_size.config.rate, at_size.config.passes)
whole = replace(at_size.config, epochs=trans.PUBLISHED.epochs)
forecasts = [
    checks.predicted_factor(at_size.arrays, whole),
    checks.predicted_factor(
        arrays, replace(config, epochs=whole.epochs), whole.samples, whole.batch
    ),
]
publish.table(
    ["", "images", "mini-batches $K$", "epochs $T$", "NOM over AUG by the law", "measured"],
    [
        [name, f"{size.samples:,}", size.samples // size.batch, size.epochs, f"{law:.0f}", shown]
        for name, size, law, shown in (
            (
                "the runs above",
                config,
                checks.predicted_factor(arrays, config),
                f"{checks.factor(nominal, augmented):.0f}",
            ),
            (
                "published size",
                at_size.config,
                checks.factor(large["nominal"], large["augmented"], "law"),
                f"{checks.factor(large['nominal'], large['augmented']):.0f}",
            ),
            ("forecast from it", whole, forecasts[0], ""),
            ("forecast from the runs above", whole, forecasts[1], ""),
        )
    ],
)

publish.claim(
    "beyond: B, Figure 1, TRANS",
    "The law predicts the gap between nominal and augmented training.",
    checks.factor(nominal, augmented) / checks.predicted_factor(arrays, config),
    equals=1.0,
    within=0.15,
    decided=trained,
    id="trans-gap-at-this-size",
    details="Paper: several orders of magnitude. ratio of mean drifts after the last epoch over the factor predicted from the first step of all runs",
)

publish.claim(
    "beyond: B, Figure 1, TRANS",
    "At the published size, nominal and augmented training drift as the law says.",
    [checks.agreement(large[mode]) for mode in ("nominal", "augmented")],
    equals=1.0,
    within=0.05,
    decided=trained,
    id="trans-law-at-the-published-size",
    details="measured over predicted drift after each epoch, one run",
)

publish.claim(
    "beyond: B, Figure 1, TRANS",
    "By the law, the drift of augmented training at the published size is smaller than that of nominal training by two orders of magnitude or more "
    "after 50 epochs.",
    np.log10(forecasts),
    above=1.9,
    decided=trained,
    id="trans-orders-of-magnitude",
    details="Paper: several orders of magnitude. decimal logarithm of the two forecasts in the table, by the law from gradients of the first step; measured over two epochs only",
)

# %% [markdown]
# ## All translations at once
#
# With every translation in each step there is no sampling noise, and the weights must stay in $\mathcal{E}$. At full size that takes 196 passes a step. On $4\times4$ pixels there are 16 translations.

# %% tags=["hide-input"]
publish.claim(
    "B: Corollary 1",
    "With all translations in each step, augmented training stays in $\\mathcal{E}$; with sampled ones, on the same data, it does not.",
    [
        (run["exact"] < 1e-8).all() and (run["augmented"] > 1e-4).all()
        for run in [checks.small_instance("TRANS", seed)]
    ],
    id="trans-exact-augmentation-stays",
    details="Paper: stays. drift over distance covered, $4\\times4$ pixels, two small networks, ten epochs: below $10^{-8}$ and above $10^{-4}$",
)

publish.claim(
    "B: Eq. 27",
    "Augmented training covers the same distance as equivariant training and comes to the same loss.",
    [
        checks.apart(augmented, equivariant).max(),
        np.abs(arrays["final_loss"][2] / arrays["final_loss"][1] - 1).max(),
    ],
    equals=0,
    within=0.01,
    verdict="reproduced",
    decided=trained,
    id="trans-aug-follows-equi",
    details="Paper: identical to first order. relative differences of the distance covered and of the last loss, the largest over runs",
)

# %% [markdown]
# ## Do the networks learn?

# %% tags=["hide-input"]
publish.table(
    ["", "loss at the start", "loss at the end", "accuracy"], checks.learned(arrays, trans.MODES)
)

publish.claim(
    "beyond: B, Figure 1, TRANS",
    "The loss falls in every run and in every mode.",
    (arrays["final_loss"] < arrays["loss"][:, 0]).all(),
    id="trans-loss-falls",
    details="after the last step against before the first",
)

publish.claim(
    "beyond: B, Figure 1, TRANS",
    "After the last epoch the networks read hardly more digits than a constant answer.",
    arrays["accuracy"].mean(axis=1),
    below=0.16,
    decided=trained,
    id="trans-hardly-learns",
    details="accuracy on the training images, mean over runs, each mode; a constant answer has about one tenth",
)

# %% [markdown]
# Here too Figure 1 shows the beginning of training.
#
# ## What to take away
#
# * The order of the curves and the slow motion off $\mathcal{E}$ are as the paper says.
# * Centred digits are not invariant under translations. That is why plain training drifts more than on graphs, and why many mini-batches keep augmented training close.
# * How many orders of magnitude lie between the two is a matter of epochs, passes, mini-batches and data, in a formula.

# %% tags=["hide-input", "nbval-ignore-output"]
publish.footer(scale, seed, stored, at_size)
