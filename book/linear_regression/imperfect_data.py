# %% [markdown]
# (imperfect-data)=
# # Symmetry in imperfect data
#
# {ref}`Linear regression learns the symmetry of its data <induced-invariance>`, says the theorem of {cite:t}`gideoni2023implicitly`, if the data are perfect.
# Every point comes with its whole orbit, all points of an orbit have one label, and training takes infinitely small steps.
# Real data break the first two conditions, and real training breaks the third.
#
# The paper looks at this in two experiments and is reassured.
# A model trained on 20 points without their mirror images still becomes symmetric.
# A model trained on noisy labels still does.
# This chapter asks what happens in general, and gives a law for each case.
#
# **What we find.**
#
# * Both experiments reproduce, and both are special. The first works because an invariant linear predictor fits all labels; otherwise the asymmetry ends at [a floor that vanishes as $n^{-1/2}$](#claim-misfit-floor). The paper's "given sufficient data" is right as a limit, and only so.
# * The second works if noise respects the orbits. Noise that each point draws for itself reaches the asymmetric weights, and leaves [a floor that we know exactly](#claim-noise-floor-is-exact).
# * On digits such noise does more: the asymmetric weights first shrink, and then [grow for as long as training lasts](#claim-noise-makes-asymmetry-grow).
# * Mini-batches have [floors of their own](#claim-minibatch-level). Large steps do not: the asymmetric part can decay at learning rates [at which training as a whole diverges](#claim-asymmetric-step-limit).
# * The number of orbits that teach a symmetry is [often far below the number of features](#claim-orbits-needed).

# %% tags=["parameters"]
scale = "book"
seed = 0

# %%
import matplotlib.pyplot as plt
import numpy as np
from scipy.integrate import quad_vec
from scipy.special import erf

from learnsym import gallery, groups, representations, results
from learnsym.data import digits
from learnsym.equivariant import EquivariantMaps, kernel_basis
from learnsym.experiments import noisy_digits
from learnsym.publish import COLORS, MARKERS, claim, figure, footer, table, use_style
from learnsym.regression import asymmetric_projector, asymmetry_loss, augment
from learnsym.regression import symmetrised_gram

use_style()
rng = np.random.default_rng(seed)
many = 2000  # random data sets or noise draws in an average

# %% [markdown]
# ## The setting
#
# Everything is as in the chapter on {ref}`induced invariance <induced-invariance>`.
# A data set has $N$ rows in all, as the rows of $X$; a linear predictor is $f_w(x) = w^\top x$; the group acts by orthogonal matrices $\rho(g)$.
# The asymmetric part of the weights is $w_k = P w$, where $P$ is the orthogonal projector onto $\ker \mathcal{R}^\top$.
# Since $\rho$ is orthogonal, an invariant predictor has $Pw = 0$.
# Two examples of the paper accompany us: the plane with the swap of $x$ and $y$, and the line in features $(1, x)$ with the reflection $x \to -x$.

# %%
swap = representations.vector(groups.symmetric(2))
mirror = gallery.find("reflection of the line").rho_in


def plane(*shape):
    """Random points (x, y) in [-1, 1]^2, shape (*shape, 2)."""
    return rng.uniform(-1, 1, (*shape, 2))


def line(*shape):
    """Features (1, x) of random x in [-1, 1], shape (*shape, 2)."""
    x = rng.uniform(-1, 1, shape)
    return np.stack([np.ones(shape), x], axis=-1)


# %% [markdown]
# We minimise the *mean* squared error $\frac{1}{2N}\lVert y - Xw\rVert^2$, so that data sets of different sizes train at comparable speed; the rates of the theorem are divided by $N$.
# Training takes real steps; each reads the rows.


# %%
def descend(X, y, w, eta, steps):
    """Weights before and after each step; columns of w are models."""
    path = [w]
    for _ in range(steps):
        w = w - eta / X.shape[-2] * (X.mT @ (X @ w - y))
        path.append(w)
    return np.array(path)


# %% [markdown]
# How symmetric a predictor is we measure as the paper does, by the *asymmetry loss*: the mean over $x$ of the distance between $f(x)$ and its average over the orbit.
# For orthogonal $\rho$ this is the mean of $\lvert w_k^\top x\rvert$.
# If $w_k$ is a Gaussian vector with mean zero and covariance $C$, the expected asymmetry loss is
#
# $$
# \mathbb{E} \operatorname{mean}_x \lvert w_k^\top x \rvert = \sqrt{2/\pi}\; \operatorname{mean}_x \sqrt{x^\top C x} .
# $$ (eq-expected-asymmetry)
#
# So a law for the floor is a law for $C$.


# %%
def expected_asymmetry(C, points):
    """Mean over the rows x of E|w_k^T x|."""
    variance = np.maximum(((points @ C) * points).sum(axis=-1), 0)
    return np.sqrt(2 / np.pi * variance).mean()


# %% [markdown]
# Predictions come from closed forms, measurements from real gradient descent or from least squares on random data.
# Many measurements are averages over random draws, so the tolerances of those claims are a few standard errors.
#
# (missing-mirror-images)=
# ## Missing mirror images
#
# Draw 20 points $(x, y)$ uniformly from the square $[-1, 1]^2$ (the paper does not state their distribution) and label them $x + y$.
# The label does not change when $x$ and $y$ are swapped, but the data set does: no point has its mirror image in it.
# The symmetry holds on average only.
# This is Figure 2 of the paper, which finds that the asymmetry loss decreases exponentially all the same.
#
# ````{prf:proposition} Labels that an invariant predictor fits
# :label: prop-realisable
# Let $y = Xw^*$ with an invariant $w^*$, and let $X^\top X$ be positive definite. Whether or not orbits are complete, gradient flow on the mean squared error has
# $w_k(t) = P e^{-X^\top X t / N} (w(0) - w^*)$.
# It vanishes, in general at the rate $\lambda_{\min}(X^\top X / N)$, which is at most the smallest rate $\lambda_{\min}(K_G / (|G| N))$ of the data set with all orbits completed.
# ````
#
# ````{prf:proof}
# The gradient is $\frac1N X^\top X (w - w^*)$, which gives $w(t) - w^* = e^{-X^\top X t/N}(w(0) - w^*)$. Apply $P$ and use $Pw^* = 0$.
# For a unit vector $v$, $v^\top K_G v = \sum_g (\rho(g)^\top v)^\top X^\top X (\rho(g)^\top v)$ is a sum of $|G|$ terms, each at least $\lambda_{\min}(X^\top X)$.
# ````
#
# So symmetry of the data plays no part here.
# The model finds the one predictor that fits, and that predictor happens to be invariant.
# The two parts of the weights are no longer separate, and the rate is that of the whole problem: the smallest eigenvalue of $X^\top X / N$, and not the eigenvalue of $K_G$ on $\ker\mathcal{R}^\top$.
# For the swap, $\ker\mathcal{R}^\top$ is spanned by $(1, -1)$.


# %%
def predicted_rates(X, eta):
    """Rates of descent from X^T X, and from K_G as if orbits were complete."""
    K, v = X.T @ X / len(X), np.array([1, -1]) / np.sqrt(2)
    completed = symmetrised_gram(X, swap) / (2 * len(X))
    lam = np.array([np.linalg.eigvalsh(K)[0], v @ completed @ v])
    return -np.log(1 - eta * lam) / eta


# %% [markdown]
# We draw 50 data sets and train 25 models on each.
# For the comparison of rates we follow $w - w^*$, which gradient descent moves exactly as it moves weights on labels 0, and which has no rounding error to stop at.
# The rate is the slope between steps 1,200 and 2,000, the median over the models.

# %%
eta, sets = 0.25, plane(50, 20)
error = descend(sets, 0.0, rng.normal(size=(50, 2, 25)), eta, 2000)[[1200, 2000]]
size = abs(error[:, :, 0] - error[:, :, 1])
measured = np.median(np.log(size[0] / size[1]), axis=1) / (eta * 800)
single, completed = np.transpose([predicted_rates(X, eta) for X in sets])
claim("A: Figure 2",
      "$x + y$ becomes symmetric at the rate $\\lambda_{\\min}(X^\\top X / N)$.",
      measured / single, equals=1, within=0.02,
      details="Measured rate over it, 50 sets of 20 points without mirror images.")

# %% [markdown]
# For the figure, 50 models are trained on the data set whose two rates differ most.
# A grid stands for the square in averages over $x$.

# %%
uneven = np.argmax(completed - single)
X, times = sets[uneven], 0.1 * np.arange(601)
path = descend(X, X.sum(axis=1, keepdims=True), rng.normal(size=(2, 50)), 0.1, 600)
even = (np.arange(32) + 0.5) / 16 - 1
square = np.stack(np.meshgrid(even, even), axis=-1).reshape(-1, 2)
losses = asymmetry_loss(path.mT, square, swap)

# %% tags=["hide-input"]
fig, (left, right) = plt.subplots(1, 2, figsize=(8.6, 3.7))
left.semilogy(
    times[::10], losses[::10], color=COLORS[3], linestyle="-", linewidth=0.7, alpha=0.8
)
names = (r"$\lambda_{\min}(X^\top X / N)$", r"$K_G$ on $\ker\mathcal{R}^\top$")
for rate, name, style in zip(predicted_rates(X, 0.1), names, ("-", "--")):
    guide = 4 * losses[0].max() * np.exp(-rate * times[::10])
    left.semilogy(times[::10], guide, color="black", linestyle=style, label=name)
left.set(title="(a) one data set", xlabel="time", ylabel="asymmetry loss")
left.set_ylim(bottom=losses[-1].min() / 30)
left.legend(loc="lower left")
ends = [single.min() - 0.02, completed.max() + 0.02]
right.plot(ends, ends, color="#777777", linestyle="-", linewidth=1)
right.plot(
    completed, measured, "s", color=COLORS[1], linestyle="none", label=names[1], markerfacecolor="none"
)
right.plot(single, measured, "o", color="black", linestyle="none", label=names[0])
right.set(title="(b) 50 data sets", xlabel="predicted rate", ylabel="measured rate")
right.legend(loc="upper left")
figure(
    fig,
    "missing-mirror-images",
    title="Learning x + y from 20 points without their mirror images",
    caption="Figure 2 of paper A, recomputed. (a) The asymmetry loss of 50 models on one data set of 20 points falls "
    "exponentially. The black lines show the rates predicted from $X^\\top X$ and from $K_G$, the latter as if all mirror "
    "images were in the data. (b) Measured rates of 50 data sets against both predictions: the filled circles lie on the "
    "diagonal, the squares on it or right of it. Time is the number of steps times the learning rate.",
    alt="Left, fifty falling curves on a logarithmic axis, in the end parallel to the less steep of two black lines. "
    "Right, a scatter plot: filled circles on the diagonal, open squares on it or to its right.",
)

# %% [markdown]
# Completing the orbits never slows the decay.
#
# ## Labels that no invariant predictor fits
#
# The paper concludes from its figure that, given sufficient data, the symmetry need only hold on average.
# Take another label with the same symmetry, the larger of the two coordinates, $\max(x, y)$.
# No linear predictor fits it.
# The data set of 20 points has a best linear fit of its own, and this fit is not quite symmetric, because the points are not.
#
# ````{prf:proposition} Floor without complete orbits
# :label: prop-misfit-floor
# Let $x_1, \dots, x_n$ be independent draws from a distribution that the group leaves unchanged, with second moment $S = \mathbb{E}\, x x^\top$ positive definite.
# Let the labels be an invariant function of $x$ plus independent noise of variance $\sigma^2$.
# Let $\bar w$ be the best linear predictor for the distribution, $r$ the residual of the labels without noise, with finite $\mathbb{E}\, r^2 \lVert x\rVert^2$, and $\Omega = \mathbb{E}\,(r^2 + \sigma^2)\, x x^\top$.
# As $n \to \infty$, the limit $w(\infty)$ of gradient flow satisfies
#
# $$
# \sqrt{n}\; w_k(\infty) \to \mathcal{N}\left(0,\; P S^{-1} \Omega S^{-1} P\right) \quad \text{in distribution.}
# $$
# ````
#
# ````{prf:proof}
# The distribution and the labels are invariant, so $\bar w$ is, and $P\bar w = 0$.
# The limit solves $X^\top X\,(w(\infty) - \bar w) = \sum_i (r_i + \varepsilon_i) x_i$ with noise $\varepsilon_i$.
# The summands are independent, have mean zero because $\bar w$ is optimal, and covariance $\Omega$.
# By the central limit theorem their sum over $\sqrt n$ tends to $\mathcal{N}(0, \Omega)$, and $X^\top X / n$ tends to $S$.
# ````


# %%
def misfit_law(points, labels, rho, sigma):
    """The covariance of sqrt(n) w_k; the rows of points stand for the distribution."""
    P, S = asymmetric_projector(rho), points.T @ points / len(points)
    r = labels - points @ np.linalg.lstsq(points, labels)[0]
    Omega = (points.T * (r**2 + sigma**2)) @ points / len(points)
    return P @ np.linalg.solve(S, Omega) @ np.linalg.solve(S, P)


def trained(X, labels, sigma):
    """Where gradient flow ends on noisy labels, for many data sets at once."""
    y = labels + sigma * rng.normal(size=labels.shape)
    return np.linalg.solve(X.mT @ X, X.mT @ y[..., None])[..., 0]


# %% [markdown]
# The floor is of order $n^{-1/2}$.
# To this order it is zero exactly if there is no noise and $r = 0$ wherever $Px \neq 0$.
# Three cases can be done by hand.
# For $x + y$ there is no residual and no floor.
# For $\max(x, y)$ the residual is $\lvert x - y\rvert / 2$ and $\mathbb{E} \lVert w_k\rVert^2 \approx \tfrac{6}{5n}$.
# For $\lvert x\rvert$ in the features $(1, x)$, the paper's other example, the residual is $\lvert x\rvert - \tfrac12$ and $\mathbb{E}\lVert w_k\rVert^2 \approx (\tfrac{3}{10} + 3\sigma^2)/n$.

# %%
def absolute(X):
    """|x|, from the features (1, x)."""
    return abs(X[..., 1])


interval = np.stack([np.ones(1024), (np.arange(1024) + 0.5) / 512 - 1], axis=1)
tasks = {  # points, what they stand for, labels, group, noise, n E|w_k|^2 by hand
    "$x + y$": (plane, square, lambda X: X.sum(axis=-1), swap, 0, 0),
    "$\\max(x, y)$": (plane, square, lambda X: X.max(axis=-1), swap, 0, 6 / 5),
    "$|x|$": (line, interval, absolute, mirror, 0, 3 / 10),
    "$|x|$, $\\sigma = 0.25$": (line, interval, absolute, mirror, 0.25, 0.4875),
}

# %%
counts, floors, laws, rows = np.array([20, 40, 80, 160, 320, 640]), [], [], []
for name, (draw, domain, label, rho, sigma, hand) in tasks.items():
    C = misfit_law(domain, label(domain), rho, sigma)
    ends = [trained(X, label(X), sigma) for X in (draw(many, n) for n in counts)]
    floors.append([asymmetry_loss(w, domain, rho) for w in ends])
    laws.append(expected_asymmetry(C, domain) / np.sqrt(counts))
    found = [f"{np.mean(floors[-1][k]):.3f}" for k in (0, 2, 5)]
    rows.append([name, f"{hand:.2f}", f"{np.trace(C):.2f}", *found])

# %%
head = ["label", "$n\\,\\mathbb{E}\\Vert w_k\\Vert^2$ by hand", "from the law"]
table([*head, "floor, $n = 20$", "$n = 80$", "$n = 640$"], rows)
found, law = np.mean(floors, axis=2)[1:, 2:], np.array(laws)[1:, 2:]
claim("A: Figure 2",
      "In general the asymmetry ends at a floor that vanishes as $n^{-1/2}$.",
      found / law, equals=1, within=0.06, published=0, id="misfit-floor",
      correction="“Given sufficient data” is the limit; a finite $n$ leaves a floor.")

# %% [markdown]
# So the paper's sentence is right as a statement about the limit: with enough points the floor is as low as one likes.
# It takes a hundred times the points to lower it tenfold.
# The mirror images repair the misfit completely: with whole orbits, one label each, the limit is invariant whether the labels are linear or not.

# %%
X = plane(20)
both = np.concatenate(augment(X, swap))
for name, rows in {"without mirror images": X, "with": both}.items():
    w = np.linalg.lstsq(rows, rows.max(axis=1))[0]
    print(f"{name}: asymmetric part {abs(w[0] - w[1]) / np.sqrt(2):.3f}")

# %%
fig, ax = plt.subplots()
for k, name in enumerate(list(tasks)[1:]):
    mean, dots = np.mean(floors[k + 1], axis=1), {"marker": MARKERS[k], "ls": "none"}
    ax.loglog(counts, laws[k + 1], color=COLORS[k], linestyle=("-", "--", ":")[k])
    ax.loglog(counts, mean, color=COLORS[k], fillstyle="none", label=name, **dots)
ax.set(xlabel="number of points $n$", ylabel="asymmetry loss at the end")
ax.set_xticks(counts, [str(n) for n in counts])
ax.minorticks_off()
ax.legend()
figure(
    fig,
    "misfit-floors",
    title="The floor of the asymmetry without mirror images",
    caption="Asymmetry loss at the end of training on $n$ points without their mirror "
    "images. Markers: mean over random data sets. Lines: the law of the text, which "
    "falls as $n^{-1/2}$. For the label $x + y$ there is no floor.",
    alt="Three parallel lines falling on logarithmic axes, with six markers on each.",
)

# %% [markdown]
# (noisy-labels)=
# ## Noisy labels
#
# Figure 3 of the paper fits a line to $\lvert x\rvert$, with Gaussian noise on the labels of standard deviation up to 0.5.
# The paper finds loss curves of the usual shape, and explains them: the asymmetric weights do not depend on the labels.
# By {prf:ref}`thm-induced-invariance` they do not, *if each orbit has one label*.
# Everything hinges on how the noise is drawn, which the paper leaves open.
# If a point and its mirror image share their noise, they share their label, and the theorem applies.
# If each draws its own, Assumption 1 is broken at every pair.
#
# ````{prf:proposition} Floor under label noise
# :label: prop-noise-floor
# Let $y = Xw^* + \varepsilon$ with an invariant $w^*$ and noise of variance $\sigma^2$, independent between rows. Let $K = X^\top X$ be positive definite. Then the limit of gradient flow has exactly
#
# $$
# \operatorname{Cov} w_k(\infty) = \sigma^2 P K^{-1} P, \qquad \mathbb{E} \lVert w_k(\infty)\rVert^2 = \sigma^2 \operatorname{tr}(P K^{-1}) .
# $$ (eq-noise-floor)
#
# 1. If the rows are whole orbits, any labels constant on orbits may take the place of $Xw^*$. Then $K$ may also be singular: read $K^{+}$ for $K^{-1}$; the part of $w(0)$ in $\ker K$ stays.
# 2. If moreover the noise has correlation $c \ge 0$ within orbits, the right-hand sides are multiplied by $1 - c$.
# 3. Completing the orbits of a data set, each new point with a label and noise of its own, divides $\mathbb{E} \lVert w_k(\infty)\rVert^2$ by at least $|G|$.
# ````
#
# ````{prf:proof}
# The limit is $w^* + K^{-1}X^\top\varepsilon$, and $\operatorname{Cov} X^\top \varepsilon = \sigma^2 K$.
# For whole orbits, $K$ commutes with $P$, and labels constant on orbits contribute a vector $X^\top y$ in the image of $\mathcal{R}$, which $P$ removes. This gives (1).
# Noise of correlation $c$ is a sum of noise shared on orbits with variance $c\sigma^2$, removed like any such label, and independent noise with variance $(1-c)\sigma^2$. This gives (2).
# For (3), $K_G = \sum_g \rho(g) K \rho(g)^\top$. The inverse is an operator convex function, so $(K_G/|G|)^{-1} \preceq \frac{1}{|G|}\sum_g \rho(g) K^{-1} \rho(g)^\top$; multiply by $P$, which commutes with $\rho(g)$, and take the trace.
# ````
#
# The same argument gives the law for all times.
# Gradient descent with learning rate $\eta$ has, after $s$ steps, the gain $F_s = I - (I - \eta K / N)^s$ in place of $I$, and $\operatorname{Cov} w_k = \sigma^2 P F_s K^{-1} F_s P$, around the decaying mean of the noiseless case.
#
# For the line, with $\lambda$ the mean of $x^2$, the slope after $s$ steps is Gaussian, with mean $(1 - \eta\lambda)^s\, w_k(0)$ and standard deviation $\sigma\,(1 - (1 - \eta\lambda)^s) / \sqrt{N\lambda}$.
# The asymmetry loss is the mean of its absolute value (a folded normal distribution) times $\overline{\lvert x\rvert}$, bars meaning averages over the $N$ rows.


# %%
def line_law(x, slope, sigma, eta, steps):
    """Expected asymmetry loss after each of the steps."""
    lam, left = np.mean(x**2), (1 - eta * np.mean(x**2)) ** steps
    std = np.maximum(sigma * (1 - left), 1e-15) / np.sqrt(len(x) * lam)
    z = abs(slope) * left / std
    folded = np.sqrt(2 / np.pi) * np.exp(-(z**2) / 2) + z * erf(z / np.sqrt(2))
    return folded * std * np.mean(abs(x))


# %% [markdown]
# At the end the floor is $\sigma\sqrt{2/\pi}\; \overline{\lvert x\rvert} \,/ \sqrt{N\, \overline{x^2}}$.
# The decay before it is that of the noiseless case, so the curves do look typical, until they reach the floor.
# We take 50 points with their mirror images, 600 steps of learning rate 0.1, 2,000 draws of independent noise and 50 of noise that a point shares with its mirror image.

# %%
rows = np.concatenate(augment(line(50), mirror))
labels, reach = absolute(rows), np.mean(absolute(rows))
start, steps, sigmas = np.array([0.3, 1]), np.arange(601), np.array([0, 0.1, 0.25, 0.5])


def noisy_losses(noise):
    """Asymmetry loss over training, shape (601, sigmas, draws)."""
    y = labels[:, None] + sigmas[:, None, None] * noise
    w = np.tile(start[:, None], (4, 1, noise.shape[1]))
    return abs(descend(rows, y, w, 0.1, 600)[:, :, 1]) * reach


independent = noisy_losses(rng.normal(size=(100, many)))
common = noisy_losses(np.tile(rng.normal(size=(50, 50)), (2, 1)))

# %%
predicted = np.transpose([line_law(rows[:, 1], 1.0, s, 0.1, steps) for s in sigmas])
ends, floor = independent[-1].mean(axis=1), np.sqrt(2 / np.pi) * reach * sigmas
floor /= np.linalg.norm(rows[:, 1])
print("at the start", independent[0, :, 0].round(3), "at the end", ends.round(3))
claim("A: Figure 3", "Noise up to 0.5 that an orbit shares leaves the decay as it is.",
      common / predicted[:, :1, None], equals=1, within=1e-4)
claim("A: Figure 3", "Noise of each point's own leaves the floor of the law.",
      ends[1:] / floor[1:], equals=1, within=0.06, published=0, id="noise-floor",
      correction="Labels reach $w_k$ unless they are constant on orbits.",
      details="Asymmetry loss over the law, $N = 100$, $\\sigma$ of 0.1, 0.25, 0.5.")

# %% tags=["hide-input"]
fig, axes = plt.subplots(1, 2, figsize=(8.6, 3.9), sharey=True)
styles = ("-", "--", ":", "-.")
for ax, runs, clean in ((axes[0], independent, False), (axes[1], common, True)):
    for k, sigma in enumerate(sigmas):
        law = predicted[::10, 0 if clean else k]
        ax.semilogy(steps[::10], law, color=COLORS[k], linestyle=styles[k])
        marks, found = slice(10 * k, None, 40), runs[:, k]
        mean, error = found.mean(axis=1), found.std(axis=1) / np.sqrt(runs.shape[2])
        ax.errorbar(
            steps[marks], mean[marks], error[marks], color=COLORS[k], capsize=3, marker=MARKERS[k],
            markerfacecolor="none", linestyle="none", label=f"$\\sigma = {sigma:g}$",
        )  # fmt: skip
axes[0].set(title="(a) noise of its own for every point", xlabel="step", ylabel="asymmetry loss")
axes[1].set(title="(b) noise shared in an orbit", xlabel="step")
axes[0].legend(loc="lower left")
figure(
    fig,
    "noise-floors",
    title="Asymmetry of a line fitted to noisy |x|",
    caption="Figure 3 of paper A, recomputed for two readings of it: 50 points and their mirror images, labels $|x|$ with "
    "Gaussian noise of standard deviation $\\sigma$. Markers: mean over noise draws in real gradient descent, with standard "
    "errors. Lines: predicted. (a) With independent noise the decay ends at a floor proportional to $\\sigma$. (b) With the "
    "same noise for a point and its mirror image there is no floor, and all curves coincide.",
    alt="Two panels with a logarithmic vertical axis. On the left four curves fall together and three of them level off, the "
    "higher the more noise; one goes on falling. On the right all markers lie on one falling straight line.",
)

# %% [markdown]
# The law is exact, and not special to the line.
# We test it on every orthogonal member of the {ref}`gallery <groups-and-projections>` that moves something.
# This needs no random draws: the fit is linear in the noise, so its expectation follows from the response to a unit of noise in each row, and, for what is shared, to a unit of noise in each orbit.


# %%
def floor_ratio(rho, c):
    """E|w_k|^2 under noise of correlation c over sigma^2 tr(P K^-1), 20 orbits."""
    P, X = asymmetric_projector(rho), rng.normal(size=(20, rho.dimension))
    rows = np.concatenate(augment(X, rho))
    response = P @ np.linalg.pinv(rows)  # of w_k to the noise of each row
    together = response.reshape(len(P), -1, 20).sum(axis=1)
    measured = (1 - c) * (response**2).sum() + c * (together**2).sum()
    return measured / np.trace(P @ np.linalg.pinv(rows.T @ rows, hermitian=True))


# %%
upright = [case.rho_in for case in gallery.orthogonal_cases()]
moving = [rho for rho in upright if kernel_basis(rho).size]
ratios = [[floor_ratio(rho, c) for c in (0, 0.5, 1)] for rho in moving]
claim("beyond: A, Theorem 3.3.3",
      "Noise leaves $E\\Vert w_k\\Vert^2 = (1-c)\\sigma^2\\,\\mathrm{tr}(PK^{-1})$.",
      ratios, equals=[1, 0.5, 0], within=1e-9, id="noise-floor-is-exact",
      details="Over $\\sigma^2\\,\\mathrm{tr}(PK^{-1})$, $c$ = 0, 0.5, 1.")

# %%
gains = []
for rho in moving:
    P, X = asymmetric_projector(rho), rng.normal(size=(40, rho.dimension))
    tr = [np.trace(P @ np.linalg.inv(K)) for K in (X.T @ X, symmetrised_gram(X, rho))]
    gains.append(tr[0] / tr[1] / rho.group.order)
claim("beyond: A, Theorem 3.3.3",
      "Completing orbits divides the noise floor by $|G|$ or more.", gains,
      above=1 - 1e-9, id="complete-orbits-lower-the-noise-floor")

# %% [markdown]
# ### Digits whose copies are labelled one by one
#
# Suppose that someone labels rotated images without knowing which belong together.
# We take MNIST digits {cite:p}`lecun1998gradient` in all four rotations, as in {ref}`digits-in-four-rotations`, with the label even or odd as $\pm 1$ and noise of standard deviation 0.5.
# In one case every copy has noise of its own, in the other every digit has.
# Real gradient descent runs over all images, the update of `descend` above with learning rate $1/\lambda_{\max}$.
# That takes a minute, so the result is stored; the module `learnsym.experiments.noisy_digits` in [the library](../library.md) holds its configuration and runs it.

# %%
stored = results.obtain("noisy_digits", scale, seed=seed)
config, run = stored.config, stored.arrays
names = ["images", "side", "steps", "sigma", "draws", "seed"]
table(names, [[getattr(config, name) for name in names]])

# %% [markdown]
# The data and their eigenvectors:

# %%
turns = representations.image(groups.image_rotations(config.side))
pictures, _ = digits("mnist", "test", size=1000, side=config.side)
pictures = pictures.reshape(len(pictures), -1)
rows = np.concatenate(augment(pictures[: config.images], turns))
K, P = rows.T @ rows / len(rows), asymmetric_projector(turns)
lam, V = np.linalg.eigh(K)
eta, w0, steps = 1 / lam[-1], noisy_digits.initial_weights(config), run["steps"]

# %% [markdown]
# The prediction needs the pixels, the initial weights and $\sigma$: a sum over eigenvectors $v$ of $K = X^\top X/N$, with the gain $1 - (1 - \eta\lambda)^s$ of each.


# %%
def digit_law(sigma, metric):
    """E of w_k^T M w_k at the recorded steps; M, an array of lam, commutes with K."""
    fit = -np.expm1(steps[:, None] * np.log1p(-np.clip(eta * lam, 0, 1 - 1e-12)))
    clean = ((1 - fit) * (P @ w0 @ V)) ** 2
    noise = fit**2 / np.maximum(lam, 1e-30) * ((P @ V) ** 2).sum(axis=0)
    return (clean + sigma**2 / len(rows) * noise) @ metric


# %%
weights, clean = digit_law(config.sigma, lam**0), digit_law(0, lam**0)
outputs, clean_outputs = digit_law(config.sigma, lam), digit_law(0, lam)
off = run["weights"][:, :-1].mean(axis=1) / weights - 1
print(f"noise per copy: |w_k|^2 within {abs(off).max():.0%} of the law at all steps")
same = np.allclose(run["weights"][:, -1], clean, atol=1e-9)
print("noise per digit: as without noise", same)

# %% tags=["hide-input"]
fig, axes = plt.subplots(1, 2, figsize=(8.6, 3.9))
panels = (
    ("(a) weights, $\\Vert w_k\\Vert$", run["weights"], weights, clean),
    ("(b) predictions, $w_k^\\top x$", run["outputs"], outputs, clean_outputs),
)
for ax, (title, found, per_copy, per_digit) in zip(axes, panels):
    parts = (
        ("a label for every copy", found[:, :-1].mean(axis=1), per_copy, 0),
        ("a label for every digit", found[:, -1], per_digit, 2),
    )
    for name, squares, law, k in parts:
        ax.semilogx(steps + 1, np.sqrt(law), color=COLORS[k], linestyle=("-", "", ":")[k])
        ax.semilogx(
            steps + 1, np.sqrt(squares), MARKERS[k // 2], color=COLORS[k], linestyle="none",
            markerfacecolor="none", markevery=2, label=name,
        )  # fmt: skip
    ax.set(title=title, xlabel="step + 1")
    ax.set_ylim(bottom=0)
axes[0].legend(loc="best")
figure(
    fig,
    "noisy-digits",
    title="Asymmetry of a regression on digits with noisy labels",
    caption="Asymmetric weights (a) and their part in the predictions (b, root mean square over the images) during "
    "regression on MNIST digits in four rotations. Markers: real gradient descent; lines: predicted. With one noisy label "
    "for all copies of a digit the asymmetry fades. With a noisy label for every copy it fades at first, and grows when the "
    "weights begin to fit the noise.",
    alt="Two panels with a logarithmic axis of steps. In both, two curves fall together, then part: one goes on falling, the "
    "other turns and rises, steeply in the left panel and slightly in the right.",
)

# %%
sizes = np.sqrt(run["weights"][:, :-1])  # every draw of the noise by itself
dip = sizes.min(axis=0)
claim("beyond: A, Figure 3", "Under noise per copy $w_k$ shrinks, then grows.",
      [sizes[0] / dip, sizes[-1] / dip], above=1.1, decided=scale != "smoke",
      details="Start and end over the minimum, every draw of the noise.",
      id="noise-makes-asymmetry-grow")

# %% [markdown]
# The reason is in {eq}`eq-noise-floor`: a direction with eigenvalue $\lambda$ of $K$ ends with variance $\sigma^2/\lambda$.
# Directions in which digits hardly vary are learned late, and then they hold the most noise.
# Stopping early is what keeps such a model symmetric.
#
# (minibatch-level)=
# ## Mini-batches
#
# A mini-batch splits orbits even where the data set does not, so Assumption 1 is broken in each step.
# The section {ref}`plateau` showed what follows: full-batch descent stops at the rounding error of single or double precision, and mini-batches stop the decay far above it.
# How far?
#
# Let each step draw $B$ rows independently, let $w^*$ be the least squares solution, $r$ its residuals, and now $\Omega = \frac1N \sum_i r_i^2 x_i x_i^\top$ over the rows.
# The difference $w - w^*$ does not settle, but its second moment $Q = \mathbb{E}(w - w^*)(w - w^*)^\top$ does.
# Write $K$ for $X^\top X / N$ here, and $\mathbb{E}_x$ for the average over rows; the fixed point of one step is
#
# $$
# Q = (I - \eta K)\, Q\, (I - \eta K) + \frac{\eta^2}{B} \left( \mathbb{E}_x\!\left[ x x^\top Q\, x x^\top \right] - K Q K + \Omega \right) .
# $$ (eq-minibatch)
#
# It is linear in $Q$, so it can be solved exactly.


# %%
def fixed_point(X, y, eta, batch):
    """Q, shape (d, d)."""
    N, d = X.shape
    r, K, I = y - X @ np.linalg.lstsq(X, y)[0], X.T @ X / N, np.eye(d)
    outer = np.einsum("ni,nj->nij", X, X).reshape(N, d * d)
    spread = outer.T @ outer / N - np.kron(K, K)
    step = np.kron(I - eta * K, I - eta * K) + eta**2 / batch * spread
    Omega = r**2 @ outer / N
    return np.linalg.solve(np.eye(d * d) - step, eta**2 / batch * Omega).reshape(d, d)


# %% [markdown]
# For small $\eta$ the fixed point becomes $KQ + QK = \tfrac{\eta}{B}\Omega$: in a direction with eigenvalue $\lambda$, the level is $\tfrac{\eta}{2 B \lambda}\Omega$.
# So the asymmetry levels off at a height proportional to $\sqrt{\eta / B}$ times the size of the residuals.
# It vanishes with the learning rate, so such a plateau is a failure of the gradient-flow assumption, as the paper has it.
#
# In practice batches run through a shuffled data set.
# Then the noise cancels at the end of every epoch, and what remains is the fluctuation within one.
# An epoch has $M = N/B$ steps, and its batches are samples without replacement.
# Averaging the variance of their partial sums gives, for whole orbits to leading order in $\eta$,
#
# $$
# P Q P = \eta^2\, \frac{M^2 - 1}{6\,(N - 1)}\, P\, \Omega\, P .
# $$ (eq-shuffled)
#
# (The mean of $w - w^*$ is of order $\eta$ too, but for whole orbits it has no part in $\ker\mathcal{R}^\top$.)
# The level of $w_k$ is proportional to $\eta$ and not to $\sqrt\eta$, and it does not depend on $\lambda$.
# We train 2,000 models on 100 points of $\lvert x\rvert$, from the least squares solution, in batches of ten, and average the squared slope over the second half of the steps.


# %%
def plateau(X, y, eta, batch, shuffled):
    """Mean square of the slope where mini-batch descent has levelled off."""
    N, w = len(X), np.tile(np.linalg.lstsq(X, y)[0], (many, 1))
    queue, squares = np.empty((many, 0), int), []
    for _ in range(2 * N // batch * int(np.ceil(1.2 / eta))):
        if not queue.size and shuffled:
            queue = rng.permuted(np.tile(np.arange(N), (many, 1)), axis=1)
        elif not queue.size:
            queue = rng.integers(N, size=(many, N))
        chosen, queue = queue[:, :batch], queue[:, batch:]
        r = np.einsum("rbi,ri->rb", X[chosen], w) - y[chosen]
        w = w - eta / batch * np.einsum("rbi,rb->ri", X[chosen], r)
        squares.append(np.mean(w[:, 1] ** 2))
    return np.mean(squares[len(squares) // 2 :])


# %%
X = np.concatenate(augment(line(50), mirror))
y, etas = absolute(X), np.array([0.025, 0.05, 0.1, 0.2])
levels = np.array([[plateau(X, y, eta, 10, s) for eta in etas] for s in (False, True)])
r2 = (y - X @ np.linalg.lstsq(X, y)[0]) ** 2
shuffled = etas**2 * (10**2 - 1) / (6 * 99) * np.mean(r2 * X[:, 1] ** 2)
laws = np.array([[fixed_point(X, y, eta, 10)[1, 1] for eta in etas], shuffled])
claim("beyond: A, Figure 1a", "Independent mini-batches level off at the fixed point.",
      levels[0] / laws[0], equals=1, within=0.06, id="minibatch-level",
      details="Mean square of $w_k$ over the law, $\\eta$ from 0.025 to 0.2.")
claim("beyond: A, Figure 1a",
      "Shuffled epochs level off lower, in proportion to small $\\eta$.",
      levels[1, :2] / laws[1, :2], equals=1, within=0.04, id="shuffled-minibatch-level",
      details="The same, $\\eta$ of 0.025 and 0.05.")

# %% tags=["hide-input"]
fig, ax = plt.subplots()
for k, name in enumerate(("independent batches", "shuffled epochs")):
    color = COLORS[2 * k]
    ax.loglog(etas, np.sqrt(laws[k]), color=color, linestyle=("-", "--")[k])
    ax.loglog(
        etas, np.sqrt(levels[k]), MARKERS[k], color=color, linestyle="none", markerfacecolor="none",
        label=name,
    )  # fmt: skip
ax.set(xlabel=r"learning rate $\eta$", ylabel=r"root mean square of $\Vert w_k\Vert$")
ax.set_xticks(etas, [f"{eta:g}" for eta in etas])
ax.set_yticks([0.002, 0.005, 0.01, 0.02], ["0.002", "0.005", "0.01", "0.02"])
ax.minorticks_off()
ax.legend(loc="best")
figure(
    fig,
    "minibatch-levels",
    title="Where mini-batches stop the decay of the asymmetry",
    caption="Asymmetric weights of a line fitted to $|x|$, after training with mini-batches of 10 of 100 rows has levelled "
    "off. Circles: batches drawn independently; squares: batches that run through the shuffled data. Lines: the two laws "
    "of the text, which grow as $\\sqrt{\\eta}$ and as $\\eta$.",
    alt="On logarithmic axes, four circles on a line of slope one half, and below them four squares close to a steeper line.",
)

# %% [markdown]
# Both laws are linear in the squared residuals $r_i^2$.
# Where an invariant linear predictor fits all labels there is no plateau at all: mini-batches that split every orbit, on data without mirror images, still lead to an exactly symmetric predictor.
#
# (step-limits)=
# ## Large steps
#
# Assumption 2 asks for infinitely small steps.
# Gradient descent with learning rate $\eta$ multiplies an eigendirection of $K$ (the mean Gram matrix again) by $1 - \eta\lambda$ in each step.
# It converges if $\eta < 2/\lambda_{\max}(K)$.
# But with whole orbits and orthogonal $\rho$ the two parts of the weights do not feel each other, so each has a limit of its own.
# The asymmetric part decays for $\eta < 2/\lambda_{\max}(K|_{\ker\mathcal{R}^\top})$, which is never smaller.
# Between the two limits the model diverges and becomes more symmetric all the same, as long as rounding errors of the growing part do not leak into the other.


# %%
def step_limits(K, rho):
    """Largest stable learning rate of training, and of w_k alone."""
    N = kernel_basis(rho)
    return [2 / np.linalg.eigvalsh(M)[-1] for M in (K, N.T @ K @ N)]


print("line  ", np.round(step_limits(X.T @ X / len(X), mirror), 2))
print("digits", np.round(step_limits(K, turns), 2))

# %% [markdown]
# On the line we measure the factor of one step, the mean of five real ones, for a range of learning rates.
# In the gallery we take one real step, as a matrix, exactly at the limit: on $\ker\mathcal{R}^\top$ its spectral radius is 1, and the other directions send nothing there.

# %%
tried = np.linspace(0.3, 8.9, 21)
starts = np.tile(start[:, None], (21, 1, 1))
path = descend(X, y[:, None], starts, tried[:, None, None], 5)
gap = abs(path[..., 0] - [np.mean(y), 0])  # to where the parts end
factors = (gap[5] / gap[0]) ** (1 / 5)
radii = []
for rho in moving:
    N, A = kernel_basis(rho), rng.normal(size=(20, rho.dimension))
    A = np.concatenate(augment(A, rho))
    limit = step_limits(A.T @ A / len(A), rho)[1]
    step = N.T @ descend(A, 0, np.eye(len(N)), limit, 1)[1]
    leak = np.linalg.norm(step - step @ N @ N.T)
    radii.append(abs(np.linalg.eigvals(step @ N)).max() + leak)
claim("beyond: A, Theorem 3.3.2",
      "$w_k$ decays up to $2/\\lambda_{\\max}(K|_{\\ker\\mathcal{R}^\\top})$, not "
      "above.", radii, equals=1, within=1e-9, id="asymmetric-step-limit",
      details="Spectral radius of one step, plus what the symmetric part sends there.")

# %% tags=["hide-input"]
dense, lam = np.linspace(0.1, 9, 200), [1, np.mean(X[:, 1] ** 2)]
fig, ax = plt.subplots()
for k, name in enumerate(("$w_r$ (symmetric)", "$w_k$ (asymmetric)")):
    ax.plot(dense, abs(1 - dense * lam[k]), color=COLORS[1 - k], linestyle=("--", "-")[k])
    ax.plot(tried, factors[:, k], MARKERS[k], color=COLORS[1 - k], ls="none", label=name)
    ax.axvline(2 / lam[k], ymax=0.75, color="#777777", linestyle=":", linewidth=1.2)
ax.axhline(1, color="#777777", linestyle="-", linewidth=0.8)
ax.set(xlabel=r"learning rate $\eta$", ylabel="factor of one step", ylim=(0, 3.2))
ax.legend(loc="upper right")
figure(
    fig,
    "step-limits",
    title="Learning rates at which the two parts diverge",
    caption="Factor by which one step of gradient descent changes the asymmetric weights $w_k$ and the distance of the "
    "symmetric weights $w_r$ from their optimum, for the line fitted to $|x|$. Markers: real steps; lines: "
    "$|1 - \\eta\\lambda|$. Below 1 a part converges. Between the dotted lines the model diverges while its asymmetric "
    "part still decays.",
    alt="Two V-shaped curves over the learning rate with markers on them. The narrow one, of the symmetric weights, rises "
    "above 1 at learning rate 2; the wide one, of the asymmetric weights, at learning rate 5.2.",
)

# %% [markdown]
# (orbits-needed)=
# ## How many orbits are enough?
#
# The last imperfection is scarcity.
# The paper asks for "sufficient data", by which it means that $K_G$ is positive definite, and says that this takes at least as many samples as features (its Appendix F.2).
# Counted in rows that is right for all of $K_G$.
# Counted in orbits, and on $\ker\mathcal{R}^\top$, often far fewer are enough, and representation theory says how many.
#
# Split the space of features into *irreducible* parts, which the group maps to themselves and which contain no smaller such part.
# Copies of the same irreducible representation $V_i$ together form an *isotypic component*; let $m_i$ be the number of copies.
# The matrices that commute with the group on $V_i$ form one of three algebras: the real numbers, the complex numbers or the quaternions, of dimension $e_i = 1$, $2$ or $4$ {cite:p}`serre1977linear`.
# Put $k_i = \dim V_i / e_i$.
#
# ````{prf:proposition} Orbits needed
# :label: prop-orbits-needed
# For almost all choices of $n$ points, $K_G$ is positive definite on $\ker \mathcal{R}^\top$ if and only if
# $n \ge \max_i \lceil m_i / k_i \rceil$, the maximum over the non-trivial isotypic components.
# Then gradient flow ends at an invariant predictor from every start. With fewer points, it does from almost no start.
# ````
#
# ````{prf:proof}
# Suppose first that $\rho$ is orthogonal.
# $K_G$ commutes with the group, so its kernel is a sum of irreducible parts and can be examined in each component.
# Write the component as $V_i^{m_i}$ and let $D_i$ be the algebra of commuting matrices, so that $V_i$ is a vector space over $D_i$ of dimension $k_i$.
# A part isomorphic to $V_i$ lies in $\ker K_G$ if and only if some non-zero equivariant map from $V_i^{m_i}$ to $V_i$ vanishes at all points.
# Such a map is $(v_1, \dots, v_{m_i}) \mapsto \sum_j c_j v_j$ with $c_j \in D_i$.
# That it vanishes at one point is an equation in $V_i$, which makes $k_i$ linear equations over $D_i$ for the $m_i$ unknowns.
# If $n k_i < m_i$ there is a solution other than 0.
# If $n k_i \ge m_i$ there is none for suitable points: fill the $m_i \times n k_i$ matrix of coordinates with $m_i$ independent rows. That the rank is full is a polynomial condition, so it holds for almost all points.
# For oblique $\rho$, pass to coordinates in which it is orthogonal, which changes neither $m_i$ nor $k_i$.
# The last two statements follow from the theorem: the limit is invariant exactly if $w_k(0)$ has no part in $\ker K_G$.
# ````
#
# An orbit may have many rows, but it takes one label.
# So this is the number of examples that someone has to label.
#
# We split each representation numerically.
# A random symmetric matrix that commutes with the group has irreducible eigenspaces, almost surely.
# Their characters $\chi$ say which are copies of each other, and $\langle\chi, \chi\rangle = e_i$.


# %%
def irreducible_parts(rho):
    """Orthonormal bases of irreducible subspaces, as columns."""
    A = rng.normal(size=(rho.dimension, rho.dimension))
    A = EquivariantMaps(rho, rho).project(A + A.T)
    lam, V = np.linalg.eigh(A + A.T)
    cuts = np.flatnonzero(np.diff(lam) > 1e-7 * abs(lam).max()) + 1
    return np.split(V, cuts, axis=1)


# %%
def isotypic(rho):
    """dim V, e and number of copies m of each non-trivial component."""
    elements, sizes = zip(*rho.group.conjugacy_classes())
    share, found = np.array(sizes) / rho.group.order, []
    M = [rho.matrix(g) for g in elements]
    for B in irreducible_parts(rho):
        chi = np.array([np.sum((m @ B) * B) for m in M])
        same = [part for part in found if share @ (part[0] * chi) > 0.5]
        if same:
            same[0][3] += 1
        elif not np.allclose(chi, 1):
            found.append([chi, B.shape[1], round(share @ chi**2), 1])
    return [part[1:] for part in found]


# %% [markdown]
# The type of a component matters.
# Four planes turned by a triangle's full symmetry group need two orbits; without the reflections, the type is complex and they need four.
# We compare with ranks of random data.
# $K_G/|G|$ is the projection of $X^\top X$ onto the matrices that commute with the group, so no group needs to be listed.


# %%
def unseen(rho, n):
    """Asymmetric directions on which n random orbits have no variance."""
    X, N = rng.normal(size=(n, rho.dimension)), kernel_basis(rho)
    K = N.T @ EquivariantMaps(rho, rho).project(X.T @ X) @ N
    return np.count_nonzero(np.linalg.eigvalsh(K) <= 1e-9 * np.linalg.norm(K))


studied = {case.name: case.rho_in for case in gallery.orthogonal_cases()}
for name in ("D3, plane to two planes", "C3, turns of the plane", "Q8, quaternions"):
    studied[f"4 copies of {name}"] = representations.channels(studied[name], 4)
both = representations.image(groups.image_rototranslations(14))
studied |= {"C4, 14x14 images": turns, "roto-translations, 14x14 images": both}
studied["S10, 10x10 matrices"] = representations.adjacency(groups.symmetric(10))

# %%
enough, fewer, rows = [], [], []
for name, rho in studied.items():
    parts = [(-(-m * e // dim), dim, e, m) for dim, e, m in isotypic(rho)]
    n, dim, e, m = max(parts, default=(0, 0, 0, 0))
    enough.append(unseen(rho, n) == 0)
    fewer += [unseen(rho, n - 1) > 0] if n else []
    rows.append([name, rho.dimension, dim, e, m, n])
table(["representation", "features", "$\\dim V$", "$e$", "copies", "orbits"], rows[-8:])
claim("beyond: A, K_G positive definite iff X^T X is",
      "$\\max_i\\lceil m_i/k_i\\rceil$ orbits make $K_G$ definite on "
      "$\\ker\\mathcal{R}^\\top$, one fewer do not.", enough + fewer,
      id="orbits-needed")

# %% [markdown]
# The rows of the table name the component that decides; of two that need as many orbits, the larger.
#
# "Almost all points" is a condition, and real data can fail it.
# Random $14\times14$ images reach every asymmetric direction with 49 images, a quarter of the number of pixels.
# Digits leave the corners dark, and light the pixels near them only now and then; the last twelve directions are missing after 1,000 ({ref}`digits-in-four-rotations`).


# %%
N = kernel_basis(turns)
for n in (40, 49, 400, 1000):
    rows = np.concatenate(augment(pictures[:n], turns))
    s = np.linalg.svd(rows @ N, compute_uv=False)
    print(f"{n:4} digits see {np.sum(s > 1e-9 * s[0])} of {N.shape[1]} directions")

# %% [markdown]
# (circle-group)=
# ## Aside: all rotations of the plane
#
# The group $SO(2)$ of all rotations is infinite, and sums over it become integrals.
# On polynomials they come back as sums.
#
# ````{prf:proposition} Finitely many rotations
# :label: prop-circle
# Let $\rho(\theta)$ be the action of a rotation by $\theta$ on the monomials in two variables of degree at most $D$. The average of $\rho(\theta)$ over all angles equals the average over $M$ equispaced angles if $M \ge D + 1$. The average of $\rho(\theta) X^\top X \rho(\theta)^\top$ equals the one over $M$ angles if $M \ge 2D + 1$.
# ````
#
# ````{prf:proof}
# With $z = x + \mathrm{i}y$, a rotation multiplies $z^a \bar z^b$ by $e^{\mathrm{i}(a - b)\theta}$. So the entries of $\rho(\theta)$ are trigonometric polynomials of degree at most $D$, and those of $\rho(\theta)X^\top X\rho(\theta)^\top$ of degree at most $2D$. The mean of $e^{\mathrm{i}k\theta}$ over $M$ equispaced angles is its integral unless $k$ is a non-zero multiple of $M$.
# ````
#
# So a data set with $2D + 1$ rotated copies of every point trains exactly as one with all rotations would.
# With only $D + 1$ copies the rates differ, but the average over the group is right, and with it the limit: it is invariant under *every* rotation, though training has seen $D + 1$ of them.
# We compare with an adaptive integral over the circle.


# %%
points = plane(30)


def rotation(angle, D):
    """rho(angle) on monomials."""
    moved = points @ gallery.rotation(angle).T
    features = [representations.monomials(x, D) for x in (points, moved)]
    return np.linalg.lstsq(*features)[0].T


def both(angle, D):
    """rho and rho X^T X rho^T for the first five points."""
    rho, X = rotation(angle, D), representations.monomials(points[:5], D)
    return np.stack([rho, rho @ X.T @ X @ rho.T])


def average(D, M):
    """The mean of both over M equispaced angles."""
    return np.mean([both(2 * np.pi * k / M, D) for k in range(M)], axis=0)


# %%
whole = {}
for D in (1, 2, 3, 4):
    R, K = whole[D] = quad_vec(both, 0, 2 * np.pi, args=(D,))[0] / (2 * np.pi)
    gaps = [abs(average(D, M)[0] - R).max() for M in (D + 1, D)]
    gaps += [abs(average(D, M)[1] - K).max() for M in (2 * D + 1, 2 * D)]
    words = ["exact" if gap < 1e-10 else f"off by {gap:.2g}" for gap in gaps]
    print(f"D = {D}:", *words)

# %% [markdown]
# The four numbers of a row are for $\rho$ with $D + 1$ and with $D$ angles, and for the Gram matrix with $2D + 1$ and with $2D$: both numbers of angles are sharp.
# Now we train on 30 points, one random label for all copies of a point.


# %%
def limit_asymmetry(D, M):
    """Distance of trained weights from invariance under all rotations."""
    X, turned = representations.monomials(points, D), range(M)
    rows = np.concatenate([X @ rotation(2 * np.pi * k / M, D).T for k in turned])
    y, w0 = np.tile(rng.normal(size=30), M), rng.normal(size=X.shape[1])
    w = w0 + np.linalg.lstsq(rows, y - rows @ w0)[0]  # where gradient flow ends
    return np.linalg.norm(w - whole[D][0].T @ w) / np.linalg.norm(w0)


enough = [limit_asymmetry(D, D + 1) < 1e-8 for D in whole]
fewer = [limit_asymmetry(D, D) > 1e-3 for D in whole]
claim("beyond: A, Corollary 3.4",
      "$D + 1$ rotations of each point teach degree $D$ all of them, $D$ do not.",
      enough + fewer, id="few-rotations-teach-all")

# %% [markdown]
# ## What the paper left open or got wrong
#
# * It states that, given sufficient data, the symmetry need only hold on average. That is right as a limit: the asymmetry left falls as $n^{-1/2}$. At any finite $n$ there is a floor wherever labels have a residual; those of its example have none ({prf:ref}`prop-misfit-floor`).
# * It explains robustness to noise by labels that do not reach $w_k$. That is so for noise that respects the orbits. It does not say how its noise is drawn ({prf:ref}`prop-noise-floor`).
# * It reads the plateau of its figure as the end of gradient flow. Large steps alone leave none ({ref}`step-limits`), mini-batches do ({ref}`minibatch-level`).
# * It asks for as many samples as features. An orbit counts with all its points ({prf:ref}`prop-orbits-needed`).
#
# ## What to take away
#
# * Incomplete orbits do no harm if an invariant predictor fits the labels. If none does, the asymmetry ends at a floor of order $n^{-1/2}$, and complete orbits remove it.
# * Label noise is harmless if it respects the orbits. Otherwise its floor is $\sigma^2 \operatorname{tr}(PK^{-1})$, exactly, and long training makes a model with noisy labels less symmetric.
# * Mini-batches end at a level set by learning rate, batch size and residuals. Where an invariant linear predictor fits all labels there is none.
# * On whole orbits the two parts stay separate at any learning rate, and the asymmetric one decays even at some at which training diverges.
# * How many orbits teach a symmetry depends on how often its irreducible parts are repeated: one generic $10 \times 10$ matrix under relabelling of rows and columns is enough (adjacency matrices of undirected graphs are not generic: they never reach the antisymmetric and diagonal directions), and so is one image under all roto-translations, but four rotations of a $14\times14$ image take 49.

# %% tags=["hide-input", "nbval-ignore-output"]
footer(scale, seed, stored)
