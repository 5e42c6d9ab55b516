# %% [markdown]
# (training-dynamics)=
# # What training does on the way
#
# The chapters before this one know where training should end ({ref}`global-optima`) and where it could get stuck ({ref}`critical-points`).
# This chapter trains.
# It repeats the experiment of {cite:t}`duan2026understanding` on digits, with both of its losses, and asks what its curves mean.
#
# The paper follows four quantities while a linear network learns from augmented data, from data with a penalty, or with invariance built in: weights that should become equal, the accuracy on rotated digits, the norm of the non-invariant part $W_\perp$ of the map, and the share of the map that is invariant.
#
# **What we find.**
# The curves reproduce.
# Hard-wiring and augmentation end at the same accuracy, and the weak penalties of the paper end well below.
# But $\lVert W_\perp\rVert$ is a poor witness.
# Under augmentation it falls, rises again, and does not vanish, while what the data see of it falls to less than one per cent of its start.
# Under gradient flow on augmented data the rise has a simple cause: the first layer only loses asymmetry, and the layers above it amplify what is left ({prf:ref}`thm-first-layer`).
# Adam on augmented data behaves much alike.
# From a small start each mode of the data that the network learns makes one bump, and we give its formula ({prf:ref}`prop-bumps`).
# If images are augmented by $k$ random rotations each instead of all, the map stays asymmetric, by an amount that we predict ({prf:ref}`prop-sampled`).

# %% tags=["parameters"]
scale = "book"
seed = 0

# %% tags=["hide-input"]
import numpy as np

from learnsym import groups, publish, representations, results
from learnsym.checks import draws
from learnsym.checks import training_dynamics as checks
from learnsym.experiments import deep_linear
from learnsym.checks import partial_augmentation as sampling
from learnsym.lowrank import augmented, hard_wired, regularised
from learnsym.plots import training_dynamics as plots

publish.use_style()
rng = np.random.default_rng(seed)

trained = results.obtain("deep_linear", scale, seed=seed)
entropy = results.obtain("deep_linear_entropy", scale, seed=seed)
found, other = trained.arrays, entropy.arrays
names = deep_linear.methods(trained.config)
shown = dict(
    enumerate(
        ["augmented", "hard-wired", *[f"$\\lambda = {s:g}$" for s in trained.config.strengths]]
    )
)
free = [k for k in shown if k != 1]
share = 1 - (found["asymmetric"] / found["total"]) ** 2
other_share = 1 - (other["asymmetric"] / other["total"]) ** 2

# %% [markdown]
# ## The experiment
#
# The images are the first 1,000 digits other than 9 of the MNIST test set, at $14 \times 14$ pixels, and the group $C_4$ turns them by quarter turns.
# So $x \in \mathbb{R}^{196}$, and there are nine one-hot targets.
# The network has one hidden layer of five units and no activation: $W = A W_1$ with $W_1$ of shape $5 \times 196$ and $A$ of shape $9 \times 5$.
# We train on the full batch with Adam at a learning rate of $10^{-3}$ for 2,500 epochs, as the paper does, from PyTorch's default initial weights, five times.
# We do not know which images the paper takes and how it scales them. We take grey values between 0 and 1.
#
# Three ways to learn are compared.
# *Augmented*: every image enters in all four rotations.
# *Hard-wired*: the rows of $W_1$ are invariant.
# *Regularised*: the images enter once, and $\lambda\lVert W\Gamma\rVert^2$ is added to the loss, where $W\Gamma = 0$ exactly if $W$ is invariant ({prf:ref}`prop-invariance-by-generators`).
#
# **A difference that counts.** The loss of this chapter sums the squared error over the nine outputs. The paper's experiments average it, so a penalty of strength $\lambda$ is nine times weaker here than there.
# These runs are still to be repeated with the paper's loss; until then, statements about the paper's penalties hold for a ninth of their strength.
#
# With $\mathcal{R}$ the mean of the four $\rho(g)$, the non-invariant part of a map is $W_\perp = W(I - \mathcal{R})$.
# We write $\bar S$ for the covariance of the augmented images, the mean of $\rho(g)xx^\top\rho(g)^\top$.
# Norms are Frobenius norms.
#
# For the mean squared error the images are needed only once.
# The loss of a linear map depends on second moments only, and those of the augmented images are averages of a $196 \times 196$ matrix over the group.
# All runs of all methods train as one batch.

# %% tags=["hide-input"]
publish.figure(
    plots.published_panels(
        found["steps"],
        found["entries"][:, 0],
        {shown[k]: found["accuracy"][:, k] for k in shown},
        {shown[k]: found["asymmetric"][:, k] for k in free},
        {shown[k]: share[:, k] for k in free},
    ),
    "digits-squared-error",
    title="Training linear networks on digits, squared error",
    caption="Two-layer linear networks with five hidden units on 1,000 digits, squared error, Adam. (a) Entries 45, 52, 143 and "
    "150 of two rows of $W$, one run on augmented images; the four pixels are one orbit of the rotations. (b) Accuracy on 1,000 "
    "other digits in all four rotations. (c) Norm of the non-invariant part of $W$. (d) Share of $\\lVert W\\rVert^2$ in the "
    "invariant part. Lines: mean of five runs; bands: their range. They correspond to Figures 1 to 4 of paper D.",
    alt="Four panels over 2,500 epochs. In the first two groups of four curves each come together. In the second two curves "
    "rise to 0.46, three others to 0.38, 0.28 and 0.26. In the third one curve rises to 1.4, two stay between 0.7 and 0.8, "
    "one falls to 0.35. In the fourth all curves rise towards 1.",
)

publish.table(
    [
        "after training",
        "accuracy",
        "$\\lVert W_\\perp\\rVert$",
        "invariant share",
        "$\\lVert W_\\perp \\bar S^{1/2}\\rVert$",
    ],
    [
        [
            shown[k],
            f"{found['accuracy'][-1, k].mean():.3f}",
            f"{found['asymmetric'][-1, k].mean():.2f}" if k != 1 else "0",
            f"{share[-1, k].mean():.3f}",
            f"{found['weighted'][-1, k].mean():.2g}" if k != 1 else "0",
        ]
        for k in shown
    ],
)

# %% [markdown]
# Pixels 45, 52, 143 and 150 are one orbit, so an invariant map has equal weights there.
# Under augmentation the weights do become equal.

# %% tags=["hide-input"]
ends = checks.spread(found["entries"][-1])

publish.claim(
    "D: Figure 1",
    "Under augmentation the weights of the four pixels of an orbit converge to one value.",
    ends.max(),
    below=0.05 if scale == "book" else 0.25,
    id="entries-of-an-orbit-converge",
    details="Paper: they converge. range of the four entries over their mean size, two rows of $W$, the worst run",
)

publish.claim(
    "D: Figure 2",
    "Augmentation and hard-wiring end at an accuracy of about one half on rotated digits.",
    found["accuracy"][-1, :2].mean(axis=1),
    equals=0.5,
    within=0.1,
    id="accuracy-on-rotated-digits",
    details="Paper: about 0.5. mean over runs, 1,000 other digits in four rotations (200 at scale smoke)",
)

publish.claim(
    "beyond: D, Figure 2",
    "At the published strengths regularisation ends below augmentation on rotated digits, the further the weaker it is.",
    np.diff(found["accuracy"][-1, [2, 3, 4, 0]].mean(axis=1)),
    above=0.0,
    id="penalties-fall-behind",
    details="differences of mean accuracy, in the order of growing strength, augmentation last",
)

curve = found["asymmetric"][:, 0].mean(axis=1)
publish.claim(
    "D: Figure 3",
    "Under augmentation $\\lVert W_\\perp\\rVert$ falls first and rises later.",
    curve.min() / min(curve[0], curve[-1]),
    below=0.95 if scale == "book" else 1.0,
    id="asymmetric-norm-is-not-monotone",
    details="Paper: double descent. least value of the mean over runs, over the smaller of its two ends; a second descent does not occur, and training at scale smoke is too short for the rise",
)

publish.claim(
    "beyond: D, Figure 3",
    "Under augmentation $\\lVert W_\\perp\\rVert$ does not approach zero.",
    found["asymmetric"][-1, 0] / found["asymmetric"][0, 0],
    above=0.5,
    id="asymmetric-norm-does-not-vanish",
    details="end over start, every run",
)

publish.claim(
    "D: Figure 4",
    "The invariant share of $\\lVert W\\rVert^2$ tends to 1 under augmentation, and nearly so under the strongest penalty.",
    share[-1, [0, 4]].mean(axis=1),
    above=0.98,
    id="invariant-share-tends-to-one",
    details="Paper: tends to 1. mean over runs after training, augmentation and $\\lambda = 0.1$",
)

# %% [markdown]
# Training ends where the theory says.
# The best loss of a network with five hidden units follows from the singular values of the target matrix ({prf:ref}`lem-bounded-rank`), which Figure 5 of the paper shows for the three ways and our {ref}`first chapter on this paper <optima-on-digits>` draws.
# Adam comes within a fraction of a per cent of it, from every start.
# No run is caught at one of the 125 saddles ({ref}`critical-points`).

# %% tags=["hide-input"]
config = trained.config
data = deep_linear.problem(config.images, config.tested, config.side)
rank = config.hidden
optima = [
    augmented(data.averaged, data.rho, rank, pseudo_inverse=True),
    hard_wired(data.moments, data.rho, rank, pseudo_inverse=True),
    regularised(data.moments, data.rho, rank, 0.01, pseudo_inverse=True),
]
sizes = [problem.singular_values[:9] for problem in optima]

publish.claim(
    "D: Figure 5",
    "The target matrices of augmentation and hard-wiring have the same singular values, and those of regularisation are larger.",
    [np.abs(sizes[0] - sizes[1]).max() < 1e-6, (sizes[2] >= sizes[1]).all()],
    id="spectra-of-the-targets",
    details="Paper: three spectra. nine singular values each, $\\lambda = 0.01$",
)

publish.claim(
    "beyond: D",
    "Training reaches the global optimum under augmentation and with hard-wiring.",
    found["error"][-1, :2] / optima[0].value(optima[0].optimum()) - 1,
    equals=0,
    within=0.005 if scale == "book" else 0.05,
    id="training-reaches-the-optimum",
    details="relative excess of the loss on augmented data, every run",
)

# %% [markdown]
# (weighted-asymmetry)=
# ## A norm that misleads
#
# Why does $\lVert W_\perp\rVert$ not vanish, if training reaches an optimum and all optima are invariant?
# Because not all are.
# The theorem needs an augmented covariance $\bar S$ of full rank ({prf:ref}`thm-any-representation`), and digits leave pixels dark.
# Twelve of the 147 asymmetric directions occur in no rotated image ({ref}`digits-in-four-rotations`), and many more occur with tiny variance.
# What $W$ does there is nearly free.
#
# The remedy is to weigh each direction by how much it occurs.
# $\lVert W_\perp \bar S^{1/2}\rVert^2$ is the mean of $\lVert W_\perp x\rVert^2$ over the augmented images: the variance of the output along orbits.
# It is zero exactly if the predictions on the data are invariant.

# %% tags=["hide-input"]
descent = found["descent_steps"]
usual = {name: found[f"descent_{name}"][:, 0] for name in ("asymmetric", "weighted", "first")}
labels = {
    "asymmetric": "$\\Vert W_\\perp \\Vert$",
    "weighted": "$\\Vert W_\\perp \\bar S^{1/2} \\Vert$",
    "first": "$\\Vert W_{1,\\perp} \\Vert$",
}

publish.figure(
    plots.two_norms(
        {
            "(a) Adam": (found["steps"], {labels[q]: found[q][:, 0] for q in labels}),
            "(b) gradient descent": (descent, {labels[q]: usual[q] for q in labels}),
        }
    ),
    "asymmetry-seen-by-the-data",
    title="Asymmetry of the weights and of the predictions",
    caption="Augmented training of the networks of the previous figure: the non-invariant part of the map, the same weighted "
    "by the data, and the non-invariant part of the first layer, each relative to its start. Lines: mean of five runs; bands: "
    "their range. (a) Adam. (b) Gradient descent with a learning rate of 0.025.",
    alt="Two panels on logarithmic axes. In both, one curve falls to below a hundredth, or to a few hundredths for gradient "
    "descent, and two stay between one half and one; of these the map's norm rises again at the end.",
)

publish.claim(
    "beyond: D, Figure 3",
    "Under augmentation the asymmetry of the predictions keeps falling while that of the weights does not.",
    [
        found["weighted"][-1, 0].max() / found["weighted"][0, 0].min(),
        found["descent_weighted"][-1, 0].max() / found["descent_weighted"][0, 0].min(),
    ],
    below=[0.02, 0.1] if scale == "book" else [0.1, 0.5],
    id="predictions-become-invariant",
    details="$\\lVert W_\\perp \\bar S^{1/2}\\rVert$ after training over that before, the worst run, Adam and gradient descent",
)

publish.claim(
    "beyond: D, Figure 4",
    "Augmentation and the strongest penalty have nearly the same invariant share of weights, and very different asymmetries "
    "of predictions.",
    found["weighted"][-1, 4].mean() / found["weighted"][-1, 0].mean(),
    above=20.0,
    id="equal-share-unequal-predictions",
    details="$\\lVert W_\\perp \\bar S^{1/2}\\rVert$ for $\\lambda = 0.1$ over that for augmentation, means over runs",
)

# %% [markdown]
# The comparison with gradient descent has a second lesson.
# Gradient descent does not touch a direction without data, and hardly touches one with little.
# Adam divides each gradient by its running size, so that it moves every weight at about the same speed, however dark the pixel.
# So the two optimisers end with nearly the same loss, 0.668 and 0.666, and with different weights; gradient descent leaves several times more asymmetry in the predictions.
#
# (bumps)=
# ## Why the norm rises
#
# Under gradient flow, asymmetry can be gained in one place only.
#
# ````{prf:theorem} The first layer only loses asymmetry
# :label: thm-first-layer
# Let $\rho$ be orthogonal, and let a linear network $W = A W_1$ of any depth follow the gradient flow of the mean squared error on augmented data. Then
# $\frac{d}{dt} \lVert W_{1,\perp}\rVert^2 = -4\, \lVert W_\perp \bar S^{1/2}\rVert^2 .$
# So $\lVert W_{1,\perp}\rVert$ never increases, and $\int_0^\infty \lVert W_\perp \bar S^{1/2}\rVert^2\, dt \le \frac14 \lVert W_{1,\perp}(0)\rVert^2$.
# ````
#
# ````{prf:proof}
# The gradient with respect to $W_1$ is $2A^\top(A W_1 \bar S - \bar C)$. Averages over an orthogonal group commute with $\mathcal{R}$, and $\bar C = \bar C \mathcal{R}$. Multiplying by $I - \mathcal{R}$ from the right leaves
# $\dot W_{1,\perp} = -2 A^\top A W_{1,\perp} \bar S$, and the inner product with $2W_{1,\perp}$ is $-4 \lVert A W_{1,\perp}\bar S^{1/2}\rVert^2$.
# ````
#
# The map is $W_\perp = A W_{1,\perp}$.
# For fixed $A$, $\lVert W_\perp\rVert$ could only fall. So it can rise only because $A$ changes, and $A$ grows because the network learns.
# The same holds for any convex loss ({prf:ref}`cor-first-layer`).

# %% tags=["hide-input"]
publish.claim(
    "beyond: D, Figure 3",
    "Under gradient descent on augmented data $\\lVert W_{1,\\perp}\\rVert$ never increases.",
    np.diff(found["descent_first"], axis=0).max(),
    below=1e-12,
    id="first-layer-only-loses-asymmetry",
    details="largest increase between recorded steps, ten runs from two sizes of initial weights",
)

publish.claim(
    "beyond: D, Figure 3",
    "From small weights, $\\lVert W_\\perp\\rVert$ grows severalfold under gradient descent while $\\lVert W_{1,\\perp}\\rVert$ "
    "shrinks.",
    [
        (found["descent_asymmetric"][-1, 1] / found["descent_asymmetric"][0, 1]).min(),
        (found["descent_later"][-1, 1] / found["descent_later"][0, 1]).min(),
    ],
    above=5.0,
    id="later-layers-amplify",
    details="growth of $\\lVert W_\\perp\\rVert$ and of $\\lVert A\\rVert$, initial weights twenty times smaller, every run",
)

# %% [markdown]
# In one case the whole curve has a formula.
# Let the covariance be the identity on invariant directions, let $\bar C = \sum_i \sigma_i u_i v_i^\top$, and let the network start small and aligned: $A = \sum_i a_i u_i q_i^\top$ and $W_1\mathcal{R} = \sum_i a_i q_i v_i^\top$ with orthonormal $q_i$.
# Then each mode $w_i = a_i^2$ grows by itself to $\sigma_i$, as {cite:t}`saxe2014exact` found for networks without symmetry.
#
# ````{prf:proposition} One bump a mode
# :label: prop-bumps
# To first order in $\lVert W_{1,\perp}\rVert^2$, mode $i$ follows $\dot w_i = 4(\sigma_i - w_i)\, w_i$. The squared part of $W_\perp$ on mode $i$ and on an eigenvector of $\bar S$ with eigenvalue $s$ is
#
# $$
# b\; w_i \left(\frac{\sigma_i - w_i}{\sigma_i - w_i(0)}\right)^{s} ,
# $$ (eq-bump)
#
# where $b$ is the squared part of $W_{1,\perp}(0)$ there. It rises until $w_i = \sigma_i / (1 + s)$ and falls to zero afterwards. If $s = 0$ it rises to $b\,\sigma_i$ and stays.
# ````
#
# ````{prf:proof}
# In the aligned case the part $c$ of $W_{1,\perp}$ on $q_i$ and the eigenvector obeys $\dot c = -2 w_i s\, c$, and $a_i$ obeys $\dot a_i = 2 (\sigma_i - w_i)\, a_i$ up to terms of second order in $W_{1,\perp}$. So $\frac{d}{dt} \log(\sigma_i - w_i) = -4 w_i$, and $c^2$ is proportional to $(\sigma_i - w_i)^s$. The part of $W_\perp$ is $a_i c$. The derivative of the logarithm of {eq}`eq-bump` with respect to $w_i$ is $1/w_i - s/(\sigma_i - w_i)$.
# ````
#
# A direction with little variance, small $s$, peaks late and fades slowly; a direction without data keeps all that the later layers give it.
# The norm of $W_\perp$ adds up a bump for each mode and each direction, and "double descent" is what two such bumps look like.

# %% tags=["hide-input"]
times = np.linspace(0, 6, 181)
square = representations.image(groups.image_rotations(4))
modes, initial = [2.0, 1.0, 0.5], [0.01, 0.01, 0.01]
mixed = np.repeat([1.0, 0.3, 0.1, 0.0], 3)
aligned, uneven = (
    checks.aligned_flow(square, modes, initial, spectrum, 1e-2, times, rng)
    for spectrum in (np.ones(12), mixed)
)
tilted = checks.aligned_flow(square, modes, initial, mixed, 1e-2, times, rng, tilt=0.1)

publish.figure(
    plots.bumps(times, aligned),
    "one-bump-a-mode",
    title="The asymmetric part rises and falls once for each mode",
    caption="Gradient flow of a two-layer linear network from a small aligned start, inputs of $4 \\times 4$ pixels under quarter "
    "turns with the identity as covariance, singular values 2, 1 and 0.5. (a) The modes are learned one after the other. (b) "
    "Squared norm of the part of $W_\\perp$ on each mode over $\\lVert W_{1,\\perp}(0)\\rVert^2$, and their sum. Lines: the formula. Marks: an ODE solver on all weights.",
    alt="Left, three S-shaped curves rise one after the other to 2, 1 and 0.5. Right, three bumps, each at the time at which its "
    "mode is half learned, with marks on the lines, and a grey curve above them with a peak and a shoulder.",
)

publish.claim(
    "beyond: D, Figure 3",
    "From a small aligned start the asymmetric part of the map follows {eq}`eq-bump`, mode by mode.",
    [
        np.abs(flow.measured - flow.predicted).max() / flow.predicted.max()
        for flow in (aligned, uneven)
    ],
    equals=0,
    within=1e-3,
    id="bump-formula",
    details="largest deviation from an ODE solver over the largest value, $\\lVert W_{1,\\perp}(0)\\rVert = 0.01$; twelve asymmetric directions of variance 1, and three each of 1, 0.3, 0.1 and 0",
)

publish.claim(
    "beyond: D",
    "Without alignment the formula does not hold.",
    np.abs(tilted.measured - tilted.predicted).max() / tilted.predicted.max(),
    above=0.05,
    id="bumps-need-alignment",
    details="the same deviation after a matrix of norm 0.1 is added to the second layer",
)

# %% [markdown]
# ## Cross-entropy
#
# The paper repeats the experiment with cross-entropy, for which it has no theorem; {ref}`the next chapter <convex-losses>` supplies one.
# We assume that its Figures 6 to 9 show the quantities of Figures 1 to 4 in the same order.

# %% tags=["hide-input"]
publish.figure(
    plots.published_panels(
        other["steps"],
        other["entries"][:, 0],
        {shown[k]: other["accuracy"][:, k] for k in shown},
        {shown[k]: other["asymmetric"][:, k] for k in free},
        {shown[k]: other_share[:, k] for k in free},
    ),
    "digits-cross-entropy",
    title="Training linear networks on digits, cross-entropy",
    caption="The same networks and digits, trained with cross-entropy. (a) Entries of two rows of $W$ on one orbit of pixels, one "
    "run on augmented images. (b) Accuracy on 1,000 other digits in all four rotations. (c) Norm of the non-invariant part of $W$. "
    "(d) Share of $\\lVert W\\rVert^2$ in the invariant part. Lines: mean of five runs; bands: their range. They correspond to "
    "Figures 6 to 9 of paper D.",
    alt="Four panels over 2,500 epochs. In the first two groups of four curves drift together while they grow. In the second two "
    "curves rise to 0.6, two follow closely and one reaches 0.46. In the third one curve rises to 7.6, one rises to 2.6 and "
    "falls, one rises slowly to 2.2 and one falls below 0.3. In the fourth all curves end near 1.",
)

publish.claim(
    "D: Figure 6",
    "With cross-entropy, too, the weights of an orbit of pixels approach each other under augmentation.",
    np.median(checks.spread(other["entries"][-1])),
    below=0.15 if scale == "book" else 0.5,
    id="entries-converge-with-cross-entropy",
    details="Paper: they converge. range of the four entries over their mean size, median over two rows and all runs",
)

publish.claim(
    "D: Figure 7",
    "With cross-entropy, augmentation and hard-wiring end at the same accuracy on rotated digits, and the weakest penalty "
    "far below.",
    [
        abs(np.diff(other["accuracy"][-1, :2].mean(axis=1)).item()) < 0.05,
        other["accuracy"][-1, :2].mean() - other["accuracy"][-1, 2].mean() > 0.1,
    ],
    id="accuracy-with-cross-entropy",
    details="Paper: augmentation and hard-wiring agree. means over runs: the two differ by less than 0.05, and exceed $\\lambda = 0.001$ by more than 0.1",
)

publish.claim(
    "D: Figure 8",
    "With cross-entropy and a penalty of $\\lambda = 0.01$ or $0.1$, $\\lVert W_\\perp\\rVert$ falls, rises and falls again.",
    [checks.turns(other["asymmetric"][:, k].mean(axis=1)) for k in (3, 4)],
    equals=2,
    within=0.5,
    id="double-descent-with-cross-entropy",
    details="Paper: double descent. changes between falling and rising in the mean over runs",
)

publish.claim(
    "D: Figure 9",
    "With cross-entropy the invariant share of $\\lVert W\\rVert^2$ tends to 1 under augmentation and under the strongest penalty.",
    other_share[-1, [0, 4]].mean(axis=1),
    above=0.99,
    id="invariant-share-with-cross-entropy",
    details="Paper: tends to 1. mean over runs after training, augmentation and $\\lambda = 0.1$",
)

# %% [markdown]
# Under augmentation $\lVert W_\perp\rVert$ rises and does not fall again.
# With a penalty {prf:ref}`thm-first-layer` does not apply, and there the norm of $W_{1,\perp}$ itself falls, rises and falls.
#
# The weights keep growing, since a linear map that classifies an image rightly gains from being scaled up.
# So the share in (d) tends to 1 for the trivial reason that the denominator grows.
# Again the predictions tell more, and they are still some way from invariant when training stops.

# %% tags=["hide-input"]
publish.table(
    [
        "cross-entropy, after training",
        "accuracy",
        "$\\lVert W\\rVert$",
        "$\\lVert W_\\perp\\rVert$",
        "$\\lVert W_\\perp \\bar S^{1/2}\\rVert$",
    ],
    [
        [
            shown[k],
            f"{other['accuracy'][-1, k].mean():.3f}",
            f"{other['total'][-1, k].mean():.3g}",
            f"{other['asymmetric'][-1, k].mean():.2g}" if k != 1 else "0",
            f"{other['weighted'][-1, k].mean():.2g}" if k != 1 else "0",
        ]
        for k in shown
    ],
)

# %% [markdown]
# (sampled-augmentation)=
# ## A few rotations per image
#
# All theorems about augmentation need the whole group.
# In practice one draws a few elements per sample.
# What is lost?
#
# ````{prf:proposition} Augmentation by $k$ elements
# :label: prop-sampled
# Let $\rho$ be orthogonal, $\bar S$ positive definite and $\sigma_r > \sigma_{r+1}$ under full augmentation, and let every sample enter with $k$ distinct random elements of the group, drawn once. To first order in the deviation of the moments from their averages, the optimum of rank $r$ has
#
# $$
# \mathbb{E}\, \lVert W_\perp \bar S^{1/2}\rVert^2 = \frac1k \cdot \frac{\lvert G\rvert - k}{\lvert G\rvert - 1} \cdot \frac{1}{N^2} \sum_{i=1}^N \lVert \Pi\, r_i\rVert^2\, h_i .
# $$ (eq-sampled)
#
# Here $\Pi$ projects onto the $r$ output directions that the optimum $\bar W$ under full augmentation keeps, $r_i = y_i - \bar W x_i$ is its residual, and $h_i$ is the mean of $z^\top \bar S^{-1} z$ over the deviations $z$ of the orbit of $x_i$ from its mean.
# ````
#
# ````{prf:proof}
# The optimum is $W = \Pi' C S^{-1}$ with the moments $C$, $S$ of the drawn data ({prf:ref}`prop-fit-then-truncate`). Since $\bar C\bar S^{-1}(I - \mathcal{R}) = 0$, the change of the projector does not enter at first order, and $W_\perp = \Pi(\delta C - \bar C \bar S^{-1}\, \delta S)(I - \mathcal{R})\bar S^{-1}$.
# The invariant map $\Pi \bar C\bar S^{-1} = \bar W$ takes one value on an orbit, so the bracket is $\frac1N \sum_i r_i \bar z_i^\top$ after $\Pi$, where $\bar z_i$ is the mean of the $k$ drawn deviations.
# Different samples are independent and $\mathbb{E}\bar z_i = 0$, and the variance of a mean of $k$ draws without replacement from $\lvert G\rvert$ values is $\frac1k \frac{\lvert G\rvert - k}{\lvert G\rvert - 1}$ times that of one draw.
# ````
#
# So the asymmetry of the predictions, squared, falls as $1/k$ and as $1/N$, and is exactly zero at $k = \lvert G\rvert$.
# It is proportional to the squared residuals: where an invariant map fits the data, one element per sample is as good as all.

# %% tags=["hide-input"]
many = 40 * draws(scale)
rotations = representations.image(groups.image_rotations(4))
both = representations.image(groups.image_rototranslations(4))
laws = {
    "quarter turns": ((1, 2, 3), rotations),
    "turns and shifts": ((1, 2, 4, 8, 16, 32), both),
}
sampled = {
    name: (
        counts,
        *checks.sampled_asymmetries(
            rho, 1_000, (3, 1), counts, many // (1 + 3 * (rho is both)), rng
        ),
    )
    for name, (counts, rho) in laws.items()
}

publish.figure(
    plots.sampled_law(sampled),
    "a-few-elements-per-sample",
    title="Asymmetry after augmentation by a few group elements",
    caption="Mean squared asymmetry of the predictions of the best map of rank 1, if each of 1,000 Gaussian inputs of $4 \\times 4$ "
    "pixels enters with $k$ random elements of the group: 4 quarter turns, or 64 combinations of turns and cyclic shifts. Lines: "
    "the law. Marks: mean over draws with two standard errors.",
    alt="Two falling lines on logarithmic axes with marks on them, one for three values of k and one for six. Both fall as one over "
    "k at first and faster near the order of the group.",
)

publish.claim(
    "beyond: D",
    "Augmentation by $k$ random elements per sample leaves the asymmetry of {eq}`eq-sampled`.",
    [
        value
        for counts, measured, predicted in sampled.values()
        for value in measured.mean(axis=1) / predicted
    ],
    equals=1.0,
    within=0.05
    + 3
    * max(
        (measured.std(axis=1) / measured.mean(axis=1)).max() / np.sqrt(measured.shape[1])
        for _, measured, _ in sampled.values()
    ),
    id="sampled-augmentation-law",
    details="mean over draws divided by the law, two groups and all $k$; the tolerance is five per cent for higher orders and three standard errors",
)

# %% [markdown]
# On digits the law gives the order of magnitude only.
# It is a first-order law, and directions with little variance make the deviation of the moments large.

# %% tags=["hide-input"]
counts = config.rotations
publish.table(
    [
        "rotations per image",
        "trained, $\\lVert W_\\perp \\bar S^{1/2}\\rVert^2$",
        "law",
        "accuracy on rotated digits",
    ],
    [
        [
            count,
            f"{np.mean(found['weighted'][-1, 5 + k] ** 2):.2g}",
            f"{sampling.expected_asymmetry(data.X, data.Y, data.rho, rank, count):.2g}",
            f"{found['accuracy'][-1, 5 + k].mean():.3f}",
        ]
        for k, count in enumerate(counts)
    ]
    + [
        [
            4,
            f"{np.mean(found['weighted'][-1, 0] ** 2):.1g}",
            "0",
            f"{found['accuracy'][-1, 0].mean():.3f}",
        ]
    ],
)

publish.claim(
    "beyond: D",
    "On digits, too, the asymmetry of the predictions falls with the number of rotations per image.",
    -np.diff(found["weighted"][-1, [5, 6, 7, 0]].mean(axis=1)),
    above=0.0,
    id="fewer-rotations-more-asymmetry",
    details="decrease of the mean from one rotation to two, three and four",
)

# %% [markdown]
# A single random rotation per image costs about three points of accuracy, three rotations less than half a point.
# The asymmetry that it leaves is a matter of exactness more than of performance.
#
# ## What to take away
#
# * Augmentation and hard-wiring end at nearly the same accuracy with both losses, and with the squared error at the same optimum. The penalties of the paper are too weak to follow with the squared error; with cross-entropy only the weakest stays far behind.
# * Judge invariance by predictions, not by weights. $\lVert W_\perp\rVert$ and the invariant share of $\lVert W\rVert^2$ are dominated by directions that the data hardly contain.
# * Under gradient flow on augmented data the first layer only loses asymmetry. The layers above it amplify what is left while they learn, and this makes the norm of $W_\perp$ rise.
# * Augmentation by $k$ of $\lvert G\rvert$ elements leaves a squared asymmetry of order $1/k$, which is proportional to the squared residuals and vanishes with the last element.

# %% tags=["hide-input", "nbval-ignore-output"]
publish.footer(scale, seed)
