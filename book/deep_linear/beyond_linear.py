# %% [markdown]
# (beyond-linear)=
# # Beyond linear networks and exact symmetry
#
# The theorems of {cite:t}`duan2026understanding` are about linear networks, the mean squared error and a target that respects the symmetry exactly.
# The paper itself steps outside once, in two figures on two-layer nonlinear networks, and names the cross-entropy as an open question.
# This chapter follows the three assumptions to where they end: the loss, the linearity, the exactness of the symmetry.
#
# **What we find.**
# The loss is not essential. With whole orbits in the data, every critical point of a deep linear network gives invariant outputs on the data for any strictly convex loss, and invariant class probabilities for the cross-entropy, at any depth and whether it is a minimum or a saddle ({prf:ref}`thm-convex-losses`).
# Linearity is essential. A ReLU network with a single hidden unit already has a global minimum that is not invariant, although it sees whole orbits ({prf:ref}`prop-relu-pair`).
# The digits of Figures 10 and 11 show the consequences: augmented nonlinear networks with 15 hidden units fit better than hard-wired ones, and they are only as invariant as their data force them to be.
# If the symmetry holds only approximately, a finite penalty beats both plain and hard-wired regression. We compute the risk exactly, and with it the best penalty and the sample size below which hard-wiring beats plain regression ({prf:ref}`prop-penalty-risk`, {prf:ref}`prop-gaussian-threshold`).

# %% tags=["parameters"]
scale = "book"
seed = 0

# %% tags=["hide-input"]
import numpy as np
import torch

from learnsym import gallery, publish, results
from learnsym.checks import beyond_linear, convex_losses, draws
from learnsym.checks import approximate_symmetry as approximate
from learnsym.plots import beyond_linear as plots

publish.use_style()
rng = np.random.default_rng(seed)
many = 100 + 50 * draws(scale)

# %% [markdown]
# (convex-losses)=
# ## Other losses
#
# Write $f_\theta(x) = W_L \cdots W_2 W_1 x$ for a deep linear network whose layer $W_1$ acts first, and $A = W_L \cdots W_2$ for all that follows it.
# The data are whole orbits: with $(x_i, y_i)$ they contain $(\rho(g) x_i, y_i)$ for every $g$.
# The objective is the mean over all of them,
#
# $$
# F(\theta) = \frac{1}{N\lvert G\rvert} \sum_{i, g} \ell_i\bigl(f_\theta(\rho(g) x_i)\bigr),
# $$
#
# where $\ell_i$ is a convex and differentiable function of the output. For the squared error $\ell_i(f) = \lVert f - y_i\rVert^2$. For the cross-entropy $\ell_i(f) = \log \sum_c e^{f_c} - y_i^\top f$, where $y_i$ holds the probabilities of the classes.
# The matrix $\mathcal{R}$ is the mean of all $\rho(g)$. The rows of $W_1 \mathcal{R}$ are invariant, and $W_{1,\perp} = W_1 (I - \mathcal{R})$ is the rest.
# The product $W = A W_1$ has the non-invariant part $W_\perp = A W_{1,\perp}$.
# Finally $\bar S$ is the second moment of the augmented inputs, the mean of $\rho(g) x_i x_i^\top \rho(g)^\top$.
#
# Everything follows from one identity.
# It measures the slope of the objective in the direction that takes the asymmetry out of the first layer.
#
# ````{prf:lemma} The work of the asymmetric part
# :label: lem-work
# Let $f = f_\theta(x)$ be the output on a row $x$ of the augmented data, and $\bar f$ the output of the same network with $W_1 \mathcal{R}$ in the place of $W_1$. Then
#
# $$
# \Bigl\langle \frac{\partial F}{\partial W_1},\, W_{1,\perp} \Bigr\rangle = \operatorname{mean}_x\, \bigl\langle \nabla \ell_x(f) - \nabla \ell_x(\bar f),\, f - \bar f \bigr\rangle ,
# $$ (eq-work)
#
# and every term of the mean is at least zero.
# ````
#
# ````{prf:proof}
# Hold $A$ fixed and let $h(V)$ be the objective with first layer $V$. The map $x \mapsto \rho(s) x$ only reorders the rows of the augmented data, so $h(V\rho(s)) = h(V)$ for every $s$. Differentiate: $\nabla h(V \rho(s)) \rho(s)^\top = \nabla h(V)$.
# At $\bar V = V\mathcal{R}$ we have $\bar V \rho(s) = \bar V$, so $\nabla h(\bar V) \rho(s)^\top = \nabla h(\bar V)$, and by averaging over $s$, $\nabla h(\bar V) \mathcal{R}^\top = \nabla h(\bar V)$.
# Hence $\langle \nabla h(\bar V), V (I - \mathcal{R})\rangle = \langle \nabla h(\bar V), V(I - \mathcal{R})\mathcal{R}\rangle = 0$, as $\mathcal{R}^2 = \mathcal{R}$.
# So the left side of {eq}`eq-work` is $\langle \nabla h(V) - \nabla h(\bar V), V - \bar V\rangle$ with $V = W_1$, and the chain rule gives the right side.
# The gradient of a convex function is monotone: $\langle \nabla\ell(u) - \nabla\ell(v), u - v\rangle \ge 0$.
# ````
#
# ````{prf:theorem} Critical points on whole orbits
# :label: thm-convex-losses
# Let every $\ell_i$ be convex and differentiable, and let $\partial F / \partial W_1 = 0$ at $\theta$. The other layers need not be critical. Then:
#
# 1. The derivative of the loss by the output, $\nabla \ell_i(f_\theta(\rho(g) x_i))$, does not depend on $g$.
# 2. If every $\ell_i$ is strictly convex, the output itself does not depend on $g$, and $A W_{1,\perp} \bar S^{1/2} = 0$. If $\bar S$ is positive definite, the end-to-end map is invariant: $W\rho(g) = W$.
# 3. For the cross-entropy with $m$ classes, the class probabilities do not depend on $g$, and $(I - \tfrac1m \mathbf{1}\mathbf{1}^\top)\, A W_{1,\perp} \bar S^{1/2} = 0$. If $\bar S$ is positive definite, the class probabilities are invariant at every input.
# ````
#
# ````{prf:proof}
# The left side of {eq}`eq-work` is zero, so every term on the right is.
# For convex $\ell$ let $D(u, v) = \ell(u) - \ell(v) - \langle \nabla \ell(v), u - v\rangle \ge 0$. The term of a row is $D(f, \bar f) + D(\bar f, f)$, so $D(f, \bar f) = 0$.
# Then $f$ minimises the convex function $\ell - \langle \nabla\ell(\bar f), \cdot\,\rangle$, because $\bar f$ does and both have the same value. Its gradient at $f$ is zero, which says $\nabla \ell(f) = \nabla\ell(\bar f)$.
# The output $\bar f$ is the same on the whole orbit. This is part 1.
# The gradient of a strictly convex function is injective, so $f = \bar f$ on every row: $A W_{1,\perp} \rho(g) x_i = 0$ for all $i$ and $g$, which is $A W_{1,\perp} \bar S^{1/2} = 0$.
# For the cross-entropy $\nabla \ell_i(f) = \operatorname{softmax}(f) - y_i$, and two vectors have the same softmax exactly if they differ by a multiple of $\mathbf{1}$.
# ````
#
# The theorem contains the invariance in Proposition 13 of the paper ({ref}`critical points <critical-points>`) for networks with the squared error, in parameter space, at any depth, and for representations that need not be orthogonal.
# Three remarks say where it stops.
#
# The first layer itself need not be invariant. Its asymmetric part can hide where the later layers do not read it, in the null space of $A$, or in directions without data, in the null space of $\bar S$. The {ref}`digits <training-dynamics>` do have such directions.
#
# Strict convexity cannot be dropped. The squared hinge loss $\max(0, 1 - f)^2$ with one output, the orbit $\{(3, 1), (1, 3)\}$ under the swap and $W = (1, \tfrac12)$ gives outputs 3.5 and 2.5. Both are on the right side of the margin, so the gradient is zero and the network is a global minimum. It is not invariant. Only the derivative of the loss is: zero at both points, as part 1 demands.
#
# Last, there must be a critical point. If a linear map separates the classes, the cross-entropy has no minimum at finite weights. The theorem then speaks of the saddles, and not of the weights on their way to infinity.
#
# The identity also settles the way to the critical point, for any convex loss.
#
# ````{prf:corollary} The first layer loses its asymmetry
# :label: cor-first-layer
# Let $\rho$ be orthogonal. Under gradient flow on the augmented data, $\lVert W_{1,\perp}\rVert^2$ never increases: its derivative is minus twice the right side of {eq}`eq-work`.
# ````
#
# ````{prf:proof}
# $\mathcal{R}$ is an orthogonal projector, so the derivative of $\lVert W_{1,\perp}\rVert^2$ is $2\langle \dot W_1, W_{1,\perp}\rangle = -2 \langle \partial F/\partial W_1, W_{1,\perp}\rangle$.
# ````
#
# So under gradient flow on augmented data $\lVert W_\perp\rVert$ can rise only through a change of the later layers, which amplify an asymmetry in $W_1$ that only shrinks.
# This says nothing about networks that pay a penalty on data without augmentation, where $\lVert W_{1,\perp}\rVert$ itself can rise, and nothing exact about Adam. {ref}`Training dynamics <training-dynamics>` follows this in detail.
#
# **What is checked.**
# The identity at random weights, for every small representation of the gallery, four losses, two and three layers.
# Then the theorem itself. We draw inputs and random class probabilities as targets, start a Levenberg-Marquardt method for zeros of the gradient at random weights, and look at what it finds. It is drawn to saddles as much as to minima.
# Besides deep linear networks we let it find critical points of networks with a tanh between the layers.

# %% tags=["hide-input"]
small = convex_losses.small_representations()
gaps, least, nonlinear = [], [], []
for rho in small.values():
    for loss in convex_losses.LOSSES:
        for widths in ((2,), (3, 2)):
            task = convex_losses.random_task(rho, loss, widths, 3, 8, rng)
            for _ in range(draws(scale)):
                theta = torch.tensor(rng.standard_normal(task.size))
                work, terms = convex_losses.work_identity(task, theta)
                gaps.append(abs(work - terms) / (1 + abs(work)))
                least.append(terms)

publish.claim(
    "beyond",
    "On whole orbits, the slope of the objective along the asymmetric part of the first layer is a mean of terms that are "
    "at least zero: {eq}`eq-work`.",
    [max(gaps) < 1e-12, min(least) > -1e-12],
    id="work-identity",
    details=(
        f"{len(small)} representations, orthogonal and not, four convex losses, two and three layers, random weights: the "
        "two sides agree to 1e-12, and none is negative"
    ),
)

# %% tags=["hide-input"]
chosen = ["C5, circulant matrices", "S3 in skew coordinates", "C4 in stretched coordinates"]
kinds = {
    "two linear layers,\ncross-entropy": ("cross-entropy", (2,), None),
    "three linear layers,\ncross-entropy": ("cross-entropy", (2, 2), None),
    "two linear layers,\nlogistic loss": ("logistic", (2,), None),
    "two layers with tanh,\ncross-entropy": ("cross-entropy", (2,), torch.tanh),
}
found = {
    name: [
        convex_losses.critical_points(
            convex_losses.random_task(small[case], loss, widths, 3, 8, rng, activation), 12, rng
        )
        for case in chosen
    ]
    for name, (loss, widths, activation) in kinds.items()
}
spreads = {
    name: np.concatenate([points.gradients for points in several])
    for name, several in found.items()
}
linear = [points for name in list(kinds)[:3] for points in found[name]]
bent = found[list(kinds)[3]]

publish.figure(
    plots.asymmetries(spreads, "asymmetry at critical points"),
    "critical-point-asymmetry",
    title="Asymmetry at critical points, linear and nonlinear",
    caption="Every marker is a critical point that the search found, a minimum or a saddle, for three representations. "
    "Its height is the root mean square, over the data, of the difference between the derivative of the loss by the output "
    "and its mean over the orbit; for the cross-entropy this is the difference between class probabilities. At all critical "
    "points of linear networks it is rounding error. With a tanh between the layers, some are not invariant.",
    alt="Four groups of markers on a logarithmic axis. Three lie at the bottom, on or just above a line marked rounding "
    "error; a few of the fourth lie seven orders of magnitude higher.",
)

publish.claim(
    "beyond",
    "With whole orbits, the class probabilities of a deep linear network are invariant at every critical point of the "
    "cross-entropy, minimum or saddle.",
    [
        max(points.probabilities.max(initial=0.0) for points in linear[:6]) < 1e-7,
        sum(len(points.loss) for points in linear[:6]) >= 30,
        sum((points.index > 0).sum() for points in linear[:6]) >= 5,
    ],
    id="cross-entropy-critical-points",
    details="three representations, two of them oblique, two and three layers: spread over orbits below 1e-7, among at least 30 critical points with at least 5 saddles",
)

publish.claim(
    "beyond",
    "For a strictly convex loss the outputs themselves are invariant at every critical point.",
    [np.max(points.outputs * (points.sizes > 1e-3), initial=0.0) < 1e-7 for points in linear[6:]],
    id="strictly-convex-critical-points",
    details="logistic loss, two layers, three representations; spread over orbits, relative to the outputs, below 1e-7, at all critical points whose outputs do not vanish",
)

# %% tags=["hide-input"]
margin = convex_losses.satisfied_margin()

publish.claim(
    "beyond",
    "Convexity is not enough for invariant outputs: the squared hinge loss has a global minimum that is not invariant. The "
    "derivative of the loss is invariant there.",
    [margin.loss[0], margin.gradients[0], margin.outputs[0]],
    equals=[0, 0, 0.5 / np.sqrt((3.5**2 + 2.5**2) / 2)],
    within=1e-12,
    id="hinge-minimum-is-not-invariant",
    details="loss, spread of its derivative and relative spread of the output, swap of two coordinates, $W = (1, 1/2)$",
)

publish.claim(
    "beyond",
    "With a tanh between the layers, critical points on whole orbits need not be invariant.",
    max(points.probabilities.max(initial=0.0) for points in bent) > 1e-3,
    id="tanh-critical-points-are-not-invariant",
    details="largest spread of the class probabilities above 1e-3, three representations",
)

# %% [markdown]
# (nonlinear-networks)=
# ## Nonlinear networks
#
# The proof of {prf:ref}`thm-convex-losses` uses one thing about the network: as a function of $W_1$, with all else fixed, the objective is convex and does not change when $W_1$ becomes $W_1\rho(s)$.
# An activation between the layers keeps the second property and destroys the first.
# One hidden unit is enough to see the difference.
#
# ````{prf:proposition} A global minimum that is not invariant
# :label: prop-relu-pair
# Let the inputs be $1$ and $-1$, exchanged by the group of order two, and let both have the target $1$. For $f(x) = a \max(0, u x)$ the mean squared error has the global minimum $\tfrac12$. At every minimum $f$ is not invariant. The invariant networks among these are $f = 0$, with the error $1$.
# ````
#
# ````{prf:proof}
# For $u \ne 0$ one of the two outputs is zero and contributes $\tfrac12$; the other contributes nothing exactly if $a\lvert u\rvert = 1$. For $u = 0$ both outputs are zero. If $f$ is invariant, both outputs are equal, and one of them is zero.
# ````
#
# So augmentation and hard-wiring part ways.
# Hard-wiring the first layer gives the error 1, and augmentation finds $\tfrac12$.
# A wider network could represent an invariant solution, for instance by two units with $u = 1$ and $u = -1$.
# But invariance then has to be found by training; no convexity enforces it.

# %% tags=["hide-input"]
grid = np.linspace(-3, 3, 121)
errors = beyond_linear.relu_pair_loss(*np.meshgrid(grid, grid))

publish.claim(
    "beyond",
    "A ReLU network with one hidden unit, trained on whole orbits, has a global minimum that is not invariant. It has half the "
    "error of the best invariant one.",
    [
        errors.min(),
        beyond_linear.relu_pair_loss(np.array([1.0]), np.array([1.0]))[0],
        beyond_linear.relu_pair_loss(np.array([1.0]), np.array([0.0]))[0],
    ],
    equals=[0.5, 0.5, 1.0],
    within=1e-12,
    id="relu-minimum-is-not-invariant",
    details="least error on a grid of 121 by 121 weights, error at $a = u = 1$, error of the invariant network $u = 0$",
)

# %% [markdown]
# ### On digits
#
# Figures 10 and 11 of the paper train two-layer networks with four activations on digits.
# We repeat them with $14 \times 14$ digits without the nines, quarter turns, one-hot targets, and the mean squared error.
# There are 7 hidden units, which is a bottleneck for nine outputs, or 15, which is none.
# *Augmented* networks see all four rotations of every image.
# *Hard-wired* ones have a first layer with invariant rows, and start from the invariant part of the same weights.
# Some settings of the paper are not known to us. Our choices are full-batch Adam with a learning rate of $10^{-3}$ for 2,500 epochs, two starts, images of the MNIST test set for training and 1,000 others for testing.

# %% tags=["hide-input"]
stored = results.obtain("two_layer", scale, seed=seed)
nets, config = stored.arrays, stored.config
names = [
    name.replace("relu", "ReLU").replace("leaky", "Leaky").replace("swish", "Swish")
    for name in config.activations
]

publish.figure(
    plots.training_curves(
        nets["steps"],
        nets["loss"][:, :, 1, :, :4],
        [name[0].upper() + name[1:] for name in names[:4]],
        config.hidden,
    ),
    "nonlinear-training-curves",
    title="Training two-layer nonlinear networks on digits",
    caption="Mean squared error on all rotations of 5,000 digits during training, for four activations, 7 or 15 hidden units, "
    "augmented and hard-wired networks. Mean of two starts. It corresponds to Figure 10 of paper D.",
    alt="Four panels with four falling curves each. With 7 units both methods end between 0.52 and 0.56. With 15 units augmented "
    "networks end between 0.35 and 0.40 and hard-wired ones between 0.43 and 0.46.",
)

ends = nets["loss"][-1].mean(axis=-1)
publish.table(
    [
        "activation",
        "augmented, 7 units",
        "hard-wired, 7 units",
        "augmented, 15 units",
        "hard-wired, 15 units",
    ],
    [
        [name, *(f"{ends[method, 1, width, k]:.3f}" for width in (0, 1) for method in (0, 1))]
        for k, name in enumerate(names)
    ],
)

publish.claim(
    "D: Figure 10",
    "Augmented and hard-wired networks train, for all four activations, with and without a bottleneck.",
    (nets["loss"][-1] / nets["loss"][0]).mean(axis=-1)[:, 1, :, :4],
    below=0.7,
    id="nonlinear-networks-train",
    details="Paper: falling curves for both methods. final error over that at the start, the larger number of images, 7 and 15 hidden units",
)

publish.claim(
    "beyond: D, Figure 10",
    "With 15 hidden units, augmented networks fit better than hard-wired ones, for all four activations.",
    (ends[1] - ends[0])[1, 1, :4],
    above=0.02,
    id="augmented-nonlinear-networks-fit-better",
    details="final error of hard-wired less that of augmented networks, four activations, the larger number of images",
)

publish.claim(
    "beyond: D, Figure 10",
    "Without an activation, augmented and hard-wired networks end closer together than with any.",
    np.abs(ends[1] - ends[0])[1, 1, 4] / (ends[1] - ends[0])[1, 1, :4],
    below=1.0,
    id="linear-networks-fit-alike",
    details="difference of the final errors over that for each activation, 15 hidden units, the larger number of images",
)

# %% [markdown]
# Linear networks end at the same error by either method, as theory says.
# Nonlinear ones do not with 15 units. With a bottleneck of seven units and 5,000 images the difference is at most about 0.01, of either sign.
# An invariant first layer sees an image only through sums over orbits of pixels, and cannot tell two images with the same sums apart.
# An augmented network can, and it can still be nearly invariant.
#
# How nearly?
# For one input, take the variance of the output over the orbit, relative to its mean square over the orbit: 0 for an invariant output, 1 for one that averages to zero.
# The figure follows the median over 1,000 test images, and over as many inputs of Gaussian noise.

# %% tags=["hide-input"]
publish.figure(
    plots.orbit_variances(nets["steps"], nets["orbit_variance"][:, :, :, 1], names, config.images),
    "orbit-variance",
    title="Orbit variance of augmented networks during training",
    caption="Median, over inputs, of the variance of the output over an orbit relative to its mean square, for augmented networks "
    "with 15 hidden units. Columns: number of training images. Rows: test images and Gaussian noise. Mean of two starts. The "
    "thin line is a network without activation. It corresponds to Figure 11 of paper D.",
    alt="Four panels on logarithmic axes. On test images all curves fall from about one half to a few hundredths within 200 epochs; "
    "with 1,000 images they then rise again slowly, with 5,000 they level off or fall further. On Gaussian inputs they fall to about one tenth. "
    "The thin line falls by many orders of magnitude on test images.",
)

variance = nets["orbit_variance"].mean(axis=-1)
wide = variance[:, :, :, 1]
publish.table(
    [
        "units",
        "activation",
        *(
            f"{kind}, $N$ = {count:,}"
            for kind in ("test images", "Gaussian inputs")
            for count in config.images
        ),
    ],
    [
        [
            units,
            name,
            *(f"{variance[-1, kind, count, width, k]:.1e}" for kind in (0, 1) for count in (0, 1)),
        ]
        for width, units in enumerate(config.hidden)
        for k, name in enumerate(names)
    ],
)

publish.claim(
    "D: Figure 11",
    "Augmented networks become nearly invariant on test images: the median orbit variance falls to less than a fifth of its start.",
    (wide[-1, 0] / wide[0, 0])[:, :4],
    below=0.2,
    id="orbit-variance-falls-on-images",
    details="Paper: falls during training. end over start, four activations, 15 hidden units, two numbers of training images",
)

publish.claim(
    "D: Figure 11",
    "On Gaussian inputs the same networks are less invariant than on images.",
    (wide[-1, 1] / wide[-1, 0])[:, :4],
    above=2.0,
    id="orbit-variance-is-larger-on-noise",
    details="Paper: larger on Gaussian inputs. median orbit variance on Gaussian inputs over that on test images, after training",
)

publish.claim(
    "beyond: D, Figure 11",
    "With more training images augmented networks are more invariant on test images.",
    wide[-1, 0, 1, :4] / wide[-1, 0, 0, :4],
    below=1.0,
    id="more-images-more-invariance",
    details="median orbit variance with the larger number of images over that with the smaller one, four activations",
)

# %% [markdown]
# The invariance of an augmented nonlinear network is learned from data, so it holds where there are data.
# On images it is good and grows with their number; on noise it is poor.
# With 7 hidden units, a bottleneck for nine outputs, it is better by an order of magnitude or more where there are 5,000 images.
# With 1,000 images and 15 units, the orbit variance on new images rises again while the training error still falls.
# A network without activation has none of these limits: its orbit variance on images falls until training stops.

# %% [markdown]
# (approximate-symmetry)=
# ## Approximate symmetry
#
# So far the target was invariant. Most symmetries of real problems are approximate: a rotated six is a nine.
# Then hard-wiring has a bias, plain regression wastes samples on directions that hardly matter, and a penalty can be tuned between the two.
# How strong should it be?
#
# We answer this for one linear layer without a bound on the rank, where everything can be computed. Targets are $y = W^* x + \varepsilon$ with a teacher $W^*$ of shape $(m, n)$ and independent noise of variance $\sigma^2$ in each output.
# The penalised estimator minimises the mean squared error plus $\lambda \lVert W \Gamma\rVert^2$, where $\Gamma$ is the constraint matrix of {ref}`the first chapter on this paper <global-optima>`: $W\Gamma = 0$ exactly if $W$ is invariant. (The paper sums over samples and writes $N\lambda$ for our $\lambda$.)
# Let $S$ be the second moment of the $N$ inputs, positive definite and otherwise arbitrary.
#
# The two quadratic forms $S$ and $\Gamma\Gamma^\top$ can be diagonalised together: there are vectors $u_1, \dots, u_n$ with $u_j^\top S u_k = \delta_{jk}$ and $\Gamma\Gamma^\top u_j = \gamma_j S u_j$. As many $\gamma_j$ vanish as there are independent invariant rows, $d$. We call the other modes asymmetric. Let $a_j = W^* S u_j$ be the teacher in mode $j$ and $v = m\sigma^2 / N$.
#
# ````{prf:proposition} Risk of the penalty
# :label: prop-penalty-risk
# On fixed inputs, with the noise averaged, the mean over the inputs of $\lVert \hat W x - W^* x\rVert^2$ is
#
# $$
# \mathcal{E}(\lambda) = d v + \sum_{\gamma_j > 0} \frac{(\lambda \gamma_j)^2 \lVert a_j\rVert^2 + v}{(1 + \lambda\gamma_j)^2} .
# $$ (eq-penalty-risk)
#
# With the variance $V = (n - d) v$ that hard-wiring saves, and its squared bias $B = \sum_{\gamma_j > 0} \lVert a_j\rVert^2$, plain regression has $\mathcal{E}(0) = dv + V$ and hard-wiring $\mathcal{E}(\infty) = dv + B$. So hard-wiring beats plain regression exactly if $B < V$. Moreover, if $\sigma > 0$ and $d < n$:
#
# 1. If $B = 0$, hard-wiring is best. If $B > 0$, the best $\lambda$ is finite and positive, and beats both.
# 2. Every stationary $\lambda$ lies between the smallest and the largest of $v / (\gamma_j \lVert a_j\rVert^2)$.
# 3. If all positive $\gamma_j$ have one value $\gamma$, then $\gamma\lambda^* = V / B$, and the best risk is $dv + BV/(B+V)$. It gains at most a factor of two on the better of $B$ and $V$.
# ````
#
# ````{prf:proof}
# The estimator is $\hat W = C(S + \lambda \Gamma\Gamma^\top)^{-1}$, where $C$ is the mean of $y x^\top$. With $U = (u_1, \dots, u_n)$ we have $(S + \lambda \Gamma\Gamma^\top)^{-1} = U (I + \lambda D)^{-1} U^\top$ with $D = \operatorname{diag}(\gamma_1, \dots, \gamma_n)$, and $\hat W S u_j = (a_j + \xi_j)/(1 + \lambda\gamma_j)$, where the noise $\xi_j$ has $\mathbb{E}\lVert\xi_j\rVert^2 = v$ because $U^\top S U = I$. The error is $\sum_j \lVert \hat W S u_j - a_j\rVert^2$, which gives {eq}`eq-penalty-risk`. Invariant rows are the span of the $u_j$ with $\gamma_j = 0$, and the least squares fit on this span keeps just those modes.
# The derivative is
# $\mathcal{E}'(\lambda) = \sum_j 2\gamma_j (\lambda\gamma_j \lVert a_j\rVert^2 - v)/(1+\lambda\gamma_j)^3$.
# At 0 it is $-2v\sum_j \gamma_j < 0$. All terms are negative below the smallest of the $v/(\gamma_j\lVert a_j\rVert^2)$ and positive above the largest. For large $\lambda$ it behaves like $2\lambda^{-2} \sum_j \lVert a_j\rVert^2/\gamma_j$, which is positive if $B > 0$; if $B = 0$, it is always negative.
# With one value of $\gamma$ the sum is $((\lambda\gamma)^2 B + V)/(1 + \lambda\gamma)^2$.
# ````
#
# *Variance over bias* is thus the rule for the best penalty, up to the scale $\gamma$ of the penalty. For a cyclic group on whitened inputs $\gamma = \lvert 1 - \omega\rvert^2$ takes a value for every character $\omega \ne 1$ that occurs: one value for the groups of order 2 and 3, and the values 2 and 4 for quarter turns. The matrix $\Gamma$ thus weighs different asymmetries differently, for no reason that the problem gives. The penalty on the outputs, $\operatorname{mean}_x \lVert W x - W\mathcal{R} x\rVert^2$ over whitened inputs and an orthogonal group, has $\gamma = 1$ throughout.

# %% tags=["hide-input"]
rho = gallery.find("C4, 4x4 images to a class").rho_in
strengths = np.geomspace(1e-3, 1e3, 200)
curves, relative = {}, []
for ratio in (0.1, 1.0, 10.0):
    problem = beyond_linear.teacher(rho, 2, 40, ratio, rng)
    trade = problem.trade
    where = np.append(np.geomspace(1e-3, 1e3, 7), np.inf)
    errors = beyond_linear.measured_errors(problem, where, many // 2, rng)
    expected = np.append(trade.risk(where[:-1]), trade.hard_wired)
    relative.append(errors.mean(axis=0) / expected)
    best = trade.best()
    curves[f"{ratio:g}"] = (
        trade.risk(strengths) / trade.variance,
        where[:-1],
        errors[:, :-1] / trade.variance,
        (best, float(trade.risk(best)) / trade.variance),
    )
digits = beyond_linear.digit_errors((300, 1_000, 5_000), np.geomspace(1e-5, 10, 25))

publish.figure(
    plots.penalty_risks(strengths, curves, digits),
    "penalty-risk",
    title="The best penalty under approximate symmetry",
    caption="(a) Error of the penalised fit, over the variance $V$ that hard-wiring saves, on 40 inputs of $4 \\times 4$ "
    "pixels under quarter turns. Lines: {eq}`eq-penalty-risk`. Markers: mean over noise draws with two standard errors. "
    "Stars: the best strength. The three teachers differ in the ratio of squared bias $B$ to $V$. (b) Test error on upright "
    "digits of $14\\times14$ pixels, ten classes, under a penalty on rotational asymmetry; 1 is the error of the constant "
    "prediction.",
    alt="Left, three curves on logarithmic axes with markers on them, each with a star at its minimum; the minimum moves left "
    "as the bias grows. Right, three curves with minima inside; the minimum moves left and down as images are added.",
)

publish.claim(
    "beyond",
    "The risk of plain, penalised and hard-wired regression on an approximately symmetric target is {eq}`eq-penalty-risk`.",
    relative,
    equals=1.0,
    within=0.1,
    id="penalty-risk-formula",
    details="mean over noise draws over the prediction, quarter turns of $4\\times4$ images, inputs whose covariance does not respect the group, seven strengths and hard-wiring, three teachers",
)

# %% tags=["hide-input"]
ratios = []
for case in gallery.cases():
    n = case.rho_in.dimension
    if n > 9 or case.rho_in.group.order == 1:
        continue
    for ratio in (0.1, 1.0, 10.0):
        trade = beyond_linear.teacher(case.rho_in, 2, 3 * n, ratio, rng).trade
        if trade.asymmetric.any():
            bounds = np.array(trade.bracket())
            inside = bounds[0] * 0.999 <= trade.best() <= bounds[1] * 1.001
            ratios.append([trade.risk(trade.best()) / min(trade.plain, trade.hard_wired), inside])
ratios = np.array(ratios)

publish.claim(
    "beyond",
    "If the target is invariant only approximately and there is noise, some finite penalty beats both plain and hard-wired "
    "regression, and its strength lies between the extremes of $v/(\\gamma_j\\lVert a_j\\rVert^2)$.",
    [ratios[:, 0].max() < 1, ratios[:, 1].all()],
    id="finite-penalty-is-best",
    details="representations of the gallery with up to nine inputs, orthogonal and not, bias 0.1, 1 and 10 times the variance",
)

rule = beyond_linear.variance_over_bias(
    ("S2, swap of two coordinates", "C3, turns of the plane"), rng
)
turns = beyond_linear.variance_over_bias(("C4, 4x4 images to a class",), rng)

publish.claim(
    "beyond",
    "On whitened inputs, for a group of order 2 or 3, $\\gamma\\lambda^* = V/B$.",
    rule,
    equals=1.0,
    within=1e-6,
    id="variance-over-bias",
    details="best strength over $V / (\\gamma B)$, random teachers, swap of two coordinates and turns by a third",
)

publish.claim(
    "beyond",
    "For quarter turns the asymmetric modes have two scales, and $V / (\\gamma B)$ with their mean is the best strength only "
    "roughly.",
    [
        np.abs(np.log(turns)).max() > 1e-3,
        np.abs(np.log(turns)).max() < np.log(2),
    ],
    id="variance-over-bias-needs-one-scale",
    details="the same ratio with the mean of $\\gamma$, ten random teachers on $4\\times4$ images: off by more than 0.1 %, and by less than a factor of 2",
)

# %% [markdown]
# The digits of panel (b) obey no linear teacher, and their labels are not invariant: turned by a half, a six is a nine. The picture is the same. At every number of images the best penalty lies inside, and it beats plain and hard-wired regression; the fewer the images, the more it gains and the stronger it is.
# With 300 images there are more pixels than samples, and plain regression takes the solution of least norm. The penalty then does two things at once: it asks for symmetry, and it regularises.

# %% tags=["hide-input"]
best = digits.penalised.argmin(axis=1)
publish.table(
    ["images", "plain", "hard-wired", "best penalty", "its strength"],
    [
        [
            f"{count:,}",
            f"{digits.plain[k]:.3g}",
            f"{digits.hard_wired[k]:.3f}",
            f"{digits.penalised[k, best[k]]:.3f}",
            f"{digits.strengths[best[k]]:.1g}",
        ]
        for k, count in enumerate(digits.images)
    ],
)

publish.claim(
    "beyond",
    "On upright digits, whose classes are not quite invariant under rotations, some finite penalty beats plain and hard-wired "
    "regression, and the best strength falls with the number of images.",
    [
        *(digits.penalised.min(axis=1) < np.minimum(digits.plain, digits.hard_wired)),
        *(np.diff(digits.strengths[best]) < 0),
    ],
    id="best-penalty-on-digits",
    details="test error on 4,000 images, training on 300, 1,000 and 5,000",
)

# %% [markdown]
# (hard-wired-or-plain)=
# ## When to hard-wire
#
# Without a penalty to tune, the choice is between plain and hard-wired. On fixed inputs it is $B < V$. If inputs are drawn at random, for training and for testing, the answer becomes a number of samples.
#
# ````{prf:proposition} How many samples make hard-wiring a mistake
# :label: prop-gaussian-threshold
# Let inputs be Gaussian with mean zero and any covariance, let $N > n + 1$, let $\sigma^2_{\text{tot}}$ be the variance of the noise, all outputs together, and let $\epsilon^2$ be the squared distance of the teacher from the invariant maps: the least $\mathbb{E}\lVert W^* x - W x\rVert^2$ over invariant $W$. The expected excess risks are
#
# $$
# \mathcal{E}_{\text{plain}} = \sigma^2_{\text{tot}} \frac{n}{N - n - 1}, \qquad
# \mathcal{E}_{\text{hard}} = \epsilon^2 + (\sigma^2_{\text{tot}} + \epsilon^2) \frac{d}{N - d - 1},
# $$
#
# and hard-wiring beats plain regression exactly if
#
# $$
# N < n + 1 + (n - d)\, \sigma^2_{\text{tot}} / \epsilon^2 .
# $$ (eq-threshold)
# ````
#
# ````{prf:proof}
# Least squares of $p$ Gaussian features against a linear function of them with noise of variance $\tau^2$, independent of the features, has expected excess risk $\tau^2 \operatorname{tr} \mathbb{E} (X^\top X)^{-1}\Sigma = \tau^2 p/(N - p - 1)$, by the mean of the inverse Wishart distribution. For plain regression $p = n$ and $\tau^2 = \sigma^2_{\text{tot}}$.
# Let $B_0$ have the invariant rows as its $d$ columns. Hard-wired regression sees the features $B_0^\top x$. The part of $W^* x$ that they do not predict is Gaussian and uncorrelated with them, hence independent of them. It has the size $\epsilon^2$ and acts as noise in training and as bias in testing: $p = d$, $\tau^2 = \sigma^2_{\text{tot}} + \epsilon^2$, plus $\epsilon^2$.
# The difference is
# $\mathcal{E}_{\text{hard}} - \mathcal{E}_{\text{plain}} = \frac{N-1}{N-d-1}\bigl(\epsilon^2 - \sigma^2_{\text{tot}}\frac{n-d}{N-n-1}\bigr)$.
# ````
#
# Symmetry is worth most when it is least tested: {eq}`eq-threshold` grows with the number $n - d$ of directions that it saves, and with the noise. Twice the asymmetry brings the limit four times nearer to $n + 1$.

# %% tags=["hide-input"]
samples = [20, 27, 36, 50, 70, 100, 140, 200]
asymmetries = np.geomspace(0.02, 4, 9)
phases = beyond_linear.phases(rho, samples, asymmetries, many, rng)
dense = np.geomspace(0.01, 8, 200)
boundary = approximate.gaussian_threshold(16, 4, dense, 1.0)

publish.figure(
    plots.phase_diagram(phases, dense, boundary, 1.2),
    "hard-wired-or-plain",
    title="Hard-wired, plain or penalised",
    caption="Which estimator has the least risk on Gaussian inputs, $4\\times4$ images under quarter turns ($n = 16$, "
    "$d = 4$). Squares: hard-wired beats plain. Circles: plain beats hard-wired. Where the symbol is large and open, the best "
    "penalty beats both by more than 20 %. The line is {eq}`eq-threshold`.",
    alt="A grid of symbols on logarithmic axes, cut by a falling line. Squares below it, circles above; on both sides of "
    "the line the symbols are large and open, far from it small and filled.",
    width="85%",
)

limits = approximate.gaussian_threshold(16, 4, asymmetries, 1.0)
clear = np.abs(np.log(np.divide.outer(samples, limits))) > np.log(1.3)
wins = phases.hard_wired < phases.plain

publish.claim(
    "beyond",
    "On Gaussian inputs hard-wiring beats plain regression exactly below $n + 1 + (n - d)\\,\\sigma^2_{\\text{tot}}/\\epsilon^2$ samples.",
    (wins == np.less.outer(samples, limits))[clear],
    id="sample-threshold",
    details="all cells of the diagram that are more than 30 % away from the limit",
)

counts = (30, 50, 100, 200)
measured = [beyond_linear.gaussian_errors(rho, N, 0.5, 8 * many, rng) for N in counts]
predicted = np.array([approximate.gaussian_risks(16, 4, N, 0.5, 1.0) for N in counts])

publish.claim(
    "beyond",
    "The expected excess risks of plain and hard-wired regression are those of {prf:ref}`prop-gaussian-threshold`.",
    [[e.plain.mean(), e.hard_wired.mean()] for e in measured] / predicted,
    equals=1.0,
    within=0.06,
    id="gaussian-risks",
    details="mean over random data sets over the prediction, $N$ = 30, 50, 100 and 200, $\\epsilon^2 = 0.5$, $\\sigma_{\\text{tot}} = 1$",
)

# %% [markdown]
# ## What to take away
#
# * The loss hardly matters. At every critical point of a deep linear network on whole orbits, a strictly convex loss has outputs that are invariant on the data, and the cross-entropy has such class probabilities. Under gradient flow and an orthogonal representation the asymmetry of the first layer never grows.
# * The linearity does. With enough hidden units, augmented nonlinear networks are better fits than networks with an invariant first layer, and they stay approximately invariant, on the data more than elsewhere.
# * Under approximate symmetry neither extreme is best. The best penalty is of the order of variance over bias, and hard-wiring pays below $n + 1 + (n-d)\,\sigma^2_{\text{tot}}/\epsilon^2$ samples.

# %% tags=["hide-input", "nbval-ignore-output"]
publish.footer(scale, seed, stored)
