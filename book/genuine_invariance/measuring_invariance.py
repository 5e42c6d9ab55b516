# %% [markdown]
# (measuring-invariance)=
# # Measuring invariance
#
# {cite:t}`moskalev2023genuine` (paper C) compare networks that are invariant by construction with networks that learn invariance from data or from a penalty.
# They measure three things: how far class probabilities are from invariant (DI), how far logits are (LI), and whether the network looks at the same parts of an image after the image is moved (SI).
# Their thesis is that a network can be invariant on its training data for the wrong reasons, and that DI alone does not see it.
# All that follows rests on these numbers. **What can each of them tell, and what can it not?** We ask on networks that we construct so that the answer is known.
#
# **What we found.**
#
# * The paper is right that LI is stricter than DI: [LI = 0 implies DI = 0, and not conversely](#claim-c-li-0-implies-di-0-not-conversely). The reason is a bound, [$\mathrm{DI} \le \tfrac14 \mathrm{LI}$](#claim-di-at-most-a-quarter-of-li).
# * LI alone proves little. It [has a unit](#claim-shrunken-network), and a network with small logits has a small LI whatever it does. Divided by the variance of the logits it becomes [a share](#claim-li-is-twice-the-orbit-variance).
# * Exactly invariant networks [have SI = 1](#claim-c-eq-3-si), if every ingredient of the saliency map moves with the image: [the baseline](#claim-baseline-that-is-not-invariant) and [the border of the filter](#claim-border-of-the-filter).
# * The converse fails twice: for a network that [changes sign](#claim-sign-network) under the group, and for one [with plateaus](#claim-plateau-network).
# * The threshold in the published map [turns a hair into a gulf](#claim-threshold-jumps).

# %% tags=["parameters"]
scale = "paper"
seed = 0

# %%
from functools import partial

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch.nn.functional import avg_pool2d, conv2d, cosine_similarity, pad

from learnsym import gallery, groups, invariance, representations
from learnsym.data import digits
from learnsym.networks.perceptron import orbit_indices, perceptron
from learnsym.publish import COLORS, MARKERS, claim, figure, footer, frame
from learnsym.publish import table, use_style

use_style()
rng = np.random.default_rng(seed)
draws = 1 if scale == "smoke" else 10

# %% [markdown]
# (three-measures)=
# ## Three measures
#
# An image $x$ is a vector of $n$ pixels. A finite group $G$ moves the pixels, and $gx$ is the moved image. The paper's groups are R4, the rotations by 90 degrees, and T3, three cyclic shifts by a third of the width.
# In code, a group is the list of its matrices, the identity first:


# %%
def normal(*shape):
    return torch.tensor(rng.normal(size=shape))


def matrices(rho):
    """Shape (|G|, n, n), the identity first."""
    return torch.tensor(np.array([rho.matrix(g) for g in rho.group.elements()]).real)


R4 = matrices(representations.image(groups.image_rotations(8)))

# %% [markdown]
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
# DI and LI are errors, and they need only the logits of all moved images:


# %%
def moved(f, x, G):
    """The logits f(gx), shape (|G|, N, C)."""
    return torch.stack([f(x @ g.T) for g in G])


def LI(z):
    return (z[0] - z).square().sum(-1).mean()


def DI(z):
    log_p = z.log_softmax(-1)
    return (log_p[0].exp() * (log_p[0] - log_p)).sum(-1).mean()


# %% [markdown]
# SI is a similarity.
# The map of the moved image is moved back before it is compared; for the orthogonal matrix $g$, the rows of `m @ g` are $g^{-1}m$.
# A pair with a map that is zero has no cosine. Here this does not occur; the library counts such pairs and leaves them out.


# %%
def SI(m, x, y, G, first=1):
    """m(x, y) are the maps of images x for labels y; first=0 counts the identity."""
    pairs = ((m(x, y), m(x @ g.T, y) @ g) for g in G[first:])
    return torch.stack([cosine_similarity(*pair, dim=-1) for pair in pairs]).mean()


# %% [markdown]
# **What the paper leaves open.**
# Its formula for LI has a factor $\tfrac12$, which its published numbers exclude ({ref}`spurious-readings`), and we leave it out.
# And it does not say whether the identity belongs to the mean over $g$.
# The identity adds a zero to DI and LI and a one to SI.
# So it multiplies DI and LI by $(\lvert G\rvert - 1)/\lvert G\rvert$, which is $\tfrac34$ for R4 and $\tfrac23$ for T3, and it lifts SI towards 1. Published values of LI can therefore differ by a factor of up to $\tfrac83$ for R4 and 3 for T3, between readings of one definition.
# For LI the published numbers do not decide whether the identity counts. For SI they do.
# Take maps without negative entries, as unlike one another as possible: one entry dominates each, and random weights say which.

# %%
A = normal(64, 64)
unrelated = lambda x, y: torch.exp(x @ A)  # noqa: E731
x, y = normal(1000, 64), torch.zeros(1000, dtype=torch.int64)
for first, name in enumerate(("with", "without")):
    print(f"{name:8} the identity: SI = {SI(unrelated, x, y, R4, first):.2f}")
least = min(SI(unrelated, *pair, R4, 0) for pair in zip(x.split(20), y.split(20)))
claim("beyond: C, Eq. 3, SI",
      "With the identity, SI is at least 1/|G| for maps without negative entries.",
      least, above=0.25, id="identity-in-saliency",
      details="Table 1 gives 0.17 for a network under R4: SI leaves the identity out.")

# %% [markdown]
# In this chapter, the identity counts in DI and LI and not in SI.
#
# **The saliency map** of the paper is built in steps. Take integrated gradients of the label's output from a baseline $b$,
#
# $$
# \mathrm{IG}(x) = (x - b) \odot \int_0^1 \nabla f_y\bigl(b + t(x - b)\bigr)\, dt,
# $$ (eq-integrated-gradients)
#
# where $f_y$ is the logit or the probability of the label $y$ and $\odot$ multiplies pixel by pixel. The entries of $\mathrm{IG}(x)$ add up to $f_y(x) - f_y(b)$.


# %%
def gradient(f, x, y):
    """The gradient of f_y by the image, shape (N, n)."""
    x = x.detach().requires_grad_()
    return torch.autograd.grad(f(x)[torch.arange(len(x)), y].sum(), x)[0]


def integrated(f, x, y, b=0.0, steps=8):
    t = (torch.arange(steps) + 0.5) / steps
    return (x - b) * sum(gradient(f, b + s * (x - b), y) for s in t) / steps


# %% [markdown]
# Take absolute values, set to zero what is below 0.9 of the largest, and smooth with a $3 \times 3$ Gaussian filter.
# We call the result the *published map*. The gradient $\nabla f_y(x)$ itself, with its sign, is a simpler map with nothing to choose.

# %%
profile = torch.exp(-(torch.arange(-1, 2).double() ** 2) / 2)
kernel = torch.outer(profile, profile) / profile.sum() ** 2


def published(m, tau=0.9):
    """The published map from a signed one."""
    side = round(m.shape[-1] ** 0.5)
    heights = m.abs() * (m.abs() >= tau * m.abs().amax(-1, keepdim=True))
    framed = pad(heights.view(-1, 1, side, side), (1, 1, 1, 1), mode="circular")
    return conv2d(framed, kernel[None, None]).view(m.shape)


# %% [markdown]
# The library {mod}`learnsym.invariance` computes the same for many networks and images at a time.
# The next chapters use it; here is one network for comparison.


# %%
def random_network(n, classes=3, width=16):
    """One smooth hidden layer with Gaussian weights."""
    V, b, A = normal(width, n) / n**0.5, normal(width), normal(width, classes)
    return lambda x: torch.tanh(1.5 * x @ V.T + b) @ A


f, x = random_network(64), normal(20, 64)
z, y = moved(f, x, R4), f(x).argmax(-1)
mine = [LI(z), DI(z), SI(lambda x, y: published(integrated(f, x, y)), x, y, R4)]

# %%
orbit = orbit_indices(groups.image_rotations(8))
logits = invariance.orbit_logits(f, x, orbit)
paths = partial(invariance.integrated_gradients, f, steps=8)
maps = invariance.published_map(invariance.orbit_maps(paths, x, y, orbit), 8)
theirs = [
    invariance.logit_error(logits),
    invariance.distribution_error(logits),
    invariance.saliency_similarity(maps, orbit, identity=False).mean,
]
print("the library agrees:", np.allclose(mine, theirs, rtol=1e-12))

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

# %% [markdown]
# The smallest example, and random logits of two to six classes, with changes from small to large:


# %%
def ratio(z):
    return (DI(z) / LI(z)).item()


tie = torch.tensor([[[0.0, 0.0]], [[0.01, -0.01]]]).double()
ratios = [ratio(tie)]
for spread in (0.01, 0.1, 1, 10):
    for C in range(2, 7):
        for u in normal(100 * draws, 1, C):
            ratios.append(ratio(torch.stack([u, u + spread * normal(C)])[:, None]))
claim("beyond: C, LI = 0 implies DI = 0, not conversely",
      "DI is at most $\\tfrac14$ LI, and no smaller factor will do.", max(ratios),
      between=(0.249, 0.25), id="di-at-most-a-quarter-of-li")

# %% [markdown]
# So DI is blind to an offset that all logits share. That offset may depend on the image as it likes.
# For the gallery we need invariant networks. The mean of any network over the group is one:


# %%
def averaged(f, G, chi=1.0):
    """The mean of chi(g) f(gx), with weights chi of shape (|G|, 1, 1)."""
    return lambda x: (chi * moved(f, x, G)).mean(0)


# %%
invariant, other, offset = [], [], []
for case in gallery.cases():
    G = matrices(case.rho_in)
    n = G.shape[1]
    f, x, w = random_network(n), normal(8, n), normal(n, 1)
    mean = averaged(f, G)
    invariant.append([LI(moved(mean, x, G)), DI(moved(mean, x, G))])
    if len(G) > 1:
        other.append([LI(moved(f, x, G)), DI(moved(f, x, G))])
        z = moved(mean, x, G) + 20 * x @ G.mT @ w
        offset.append([LI(z), DI(z)])
print("no average:", np.min(other) > 1e-9)

# %%
LIs, DIs = np.transpose(offset)
claim("C: LI = 0 implies DI = 0, not conversely",
      "Averages have LI = DI = 0; an offset shared by all logits has DI = 0 only.",
      [np.max(invariant) < 1e-14, DIs.max() < 1e-12, LIs.min() > 10],
      details="Random networks on all representations of the gallery.")

# %% [markdown]
# DI is almost blind for a second reason: certainty. If one class wins everywhere by a margin of at least $m$ and no logit changes by more than $d$ on an orbit, then
#
# $$
# \mathrm{DI} \le (C - 1)\, e^{-m} (1 + 2d),
# $$ (eq-certain)
#
# by the formula of the proof, with $A(u) = u_1 + \log(1 + \sum_{c > 1} e^{u_c - u_1})$: the linear part drops out, the logarithm is at most $(C-1)e^{-m}$, and its gradient has absolute entries that add up to at most $2(C-1)e^{-m}$.
# Such a classifier has collapsed: it returns one class for every image.


# %%
def certainty_bound(z):
    """The bound, if logit 0 wins."""
    margin, change = (z[..., :1] - z[..., 1:]).min(), (z - z[0]).abs().max()
    return (z.shape[-1] - 1) * torch.exp(-margin) * (1 + 2 * change)


# %%
images, free = normal(60, 64), random_network(64)
certain = lambda x: free(x) + torch.tensor([30.0, 0, 0])  # noqa: E731
z, sure = moved(free, images, R4), moved(certain, images, R4)
print(f"before: DI {DI(z):.2f}, LI {LI(z):.1f}")
print(f"after:  DI {DI(sure):.0e}, LI {LI(sure):.1f}")
bound, kept = certainty_bound(sure), abs(LI(sure) / LI(z) - 1) < 1e-9
claim("beyond: C, Eq. 1, DI",
      "A classifier that always returns one class has DI near 0 and keeps its LI.",
      [DI(sure) < 1e-5, DI(sure) <= bound, kept], id="collapsed-classifier",
      details="30 added to one logit of a random network under R4.")

# %% [markdown]
# (unit-of-li)=
# ## The unit of LI
#
# LI is quadratic in the logits. The network $af$ has $a^2$ times the LI of $f$ and decides exactly as $f$ does.
# So a small LI may mean invariance, or small logits.
# The extreme case is a network that has learned nothing: constant logits have LI = DI = 0, and their saliency map is zero.
#
# The remedy is to compare LI with how much the logits vary at all.
# For an image $x$ let $\bar f(x)$ be the mean of $f(gx)$ over $g$, and write
#
# $$
# V = \operatorname{mean}_{x, g} \lVert f(gx) - \bar f(x)\rVert^2, \qquad T = \operatorname{mean}_{x, g} \lVert f(gx) - \mu\rVert^2
# $$ (eq-variances)
#
# for the variance within orbits and the total variance; $\mu$ is the mean of $f(gx)$ over all images and group elements.


# %%
def V(z):
    return (z - z.mean(0)).square().sum(-1).mean()


def T(z):
    return (z - z.mean((0, 1))).square().sum(-1).mean()


def share(z):
    return (V(z) / T(z)).item()


def scale_free(z):
    return (LI(z) / (2 * T(z))).item()


# %% [markdown]
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

# %% [markdown]
# On the gallery, with images in whole orbits:

# %%
twice = []
for case in gallery.cases():
    G = matrices(case.rho_in)
    n = G.shape[1]
    whole = (normal(10, n) @ G.mT).reshape(-1, n)
    z = moved(random_network(n), whole, G)
    if len(G) > 1:
        twice.append([LI(z) / V(z), 2 * scale_free(3.5 * z - 2) / share(z)])
claim("beyond: C, Eq. 2, LI",
      "On whole orbits LI is $2V$ and the scale-free LI is the share.", twice, equals=2,
      within=1e-9, id="li-is-twice-the-orbit-variance",
      details="LI / V; twice the scale-free LI of $3.5f - 2$ over the share of $f$.")

# %% [markdown]
# Without whole orbits, $\mathrm{LI}/V$ lies anywhere between 1 and $\lvert G\rvert$.
# Random logits whose size differs between group elements come close to both ends, here for $\lvert G\rvert = 4$:

# %%
sizes = 10 ** torch.tensor(rng.uniform(-3, 3, (500 * draws, 4, 1, 1)))
found = [(LI(z) / V(z)).item() for z in sizes * normal(len(sizes), 4, 1, 3)]
print(f"{min(found):.2f} to {max(found):.2f}")

# %% [markdown]
# The bound $\lvert G\rvert/2$ of the scale-free LI is reached by a network that recognises upright images: $f(x) = v$ for all images of the data and $f(gx) = 0$ for $g \ne e$. Test images of a data set are upright, so this is no far-fetched case, and the scale-free LI may exceed 1.
# The share stays below 1 always.
# Between its ends the share has a natural mark: logits that are independent random numbers at all images and all moved images have the share $1 - 1/\lvert G\rvert$ on average, up to terms of order $1/N$ for $N$ images.

# %%
lines = []
for name, order in (("T3", 3), ("R4", 4)):
    upright = torch.zeros(order, 5, 2)
    upright[0, :, 0] = 1
    chance = normal(order, 20_000, 3)
    cells = [f"{m(z):.2f}" for z in (upright, chance) for m in (scale_free, share)]
    lines.append([name, *cells])
heads = ["upright: scale-free LI", "share", "random: scale-free LI", "share"]
table(["group", *heads], lines)

# %% [markdown]
# What a factor on the logits does to all measures of one network:

# %%
HEADS = ["DI", "LI", "share", "SI, gradients", "SI, absolute", "SI, published"]
HEADS += ["same decision"]


def measures(f, x, G):
    """In the order of HEADS; the last is how often gx gets the decision of x."""
    z = moved(f, x, G).detach()
    y = z[0].argmax(-1)
    slope, path = partial(gradient, f), partial(integrated, f)
    kinds = (slope, lambda *a: slope(*a).abs(), lambda *a: published(path(*a)))
    same = (z[1:].argmax(-1) == y).double().mean()
    similar = [SI(m, x, y, G).item() for m in kinds]
    return [DI(z).item(), LI(z).item(), share(z), *similar, same.item()]


# %%
factors = 10.0 ** np.arange(-3, 2.01, 0.5)
some = images[:40]
scaled = np.array([measures(lambda x, a=a: a * free(x), some, R4) for a in factors])

# %%
fig, (left, right) = plt.subplots(1, 2, figsize=(8.6, 3.6))
for k, column in enumerate((1, 0)):
    left.loglog(factors, scaled[:, column], MARKERS[k], label=HEADS[column])
for k, column in enumerate((2, 5, 3, 6)):
    right.semilogx(factors, scaled[:, column], MARKERS[k], label=HEADS[column])
left.set(title="(a) grow with the logits", xlabel="factor $a$ on the logits")
right.set(title="(b) do not", xlabel="factor $a$ on the logits", ylim=(-0.12, 1.25))
left.legend(loc="upper left")
right.legend(loc="upper center", ncols=2)
figure(
    fig,
    "scale-of-the-logits",
    title="What a factor on the logits does to the measures",
    caption="One random network under R4, all logits multiplied by $a$. (a) LI grows with the square of $a$; DI does too as long as the logits are small, and later in proportion to $a$. (b) The decisions, the share of the variance within orbits and both kinds of SI do not change.",
    alt="Left, two rising lines on logarithmic axes, the upper a straight line, the lower one bending where the factor is one. Right, four horizontal lines.",
)

# %%
unit = scaled[0].copy()
unit[1] /= factors[0] ** 2
scaled[:, 1] /= factors**2
claim("beyond: C, Eq. 2, LI",
      "LI has a unit: $af$ has $a^2$ times the LI, the same decisions, share, SI.",
      scaled[:, 1:] / unit[1:], equals=1, within=1e-6, id="shrunken-network",
      details="Over that at the smallest $a$, LI over $a^2$; $a$ from 0.001 to 100.")

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

# %%
similar, controls = [], []
for case in gallery.orthogonal_cases():
    G = matrices(case.rho_in)
    n = G.shape[1]
    f, x, y = random_network(n), normal(5, n), torch.zeros(5, dtype=torch.int64)
    if len(G) == 1:
        continue
    mean = averaged(f, G)
    similar.append(SI(partial(gradient, mean), x, y, G))
    controls.append(SI(partial(gradient, f), x, y, G))
    if case in gallery.permutation_cases():
        b = normal(n)
        for base in (0.0, -0.7, (G @ b).mean(0)):
            similar.append(SI(partial(integrated, mean, b=base), x, y, G))
        controls.append(SI(partial(integrated, mean, b=b), x, y, G))
print("no average, or another baseline:", bool(max(controls) < 1 - 1e-6))

# %%
claim("C: Eq. 3, SI", "Invariant networks have SI = 1.", similar, equals=1, within=1e-9,
      details="Averaged networks: gradients on the orthogonal representations of the "
              "gallery, integrated gradients from three invariant baselines where the "
              "group permutes pixels.")

# %% [markdown]
# ### Breaking the theorem
#
# Each condition is needed.
#
# *The baseline.* For two pixels and their swap, $f(x) = x_1 x_2$ is invariant. Take the baseline $b = (0, 1)$ and the image $x = (1, 1)$, which the swap leaves in place. Then $\mathrm{IG}(x) = (1, 0)$: all credit goes to the pixel that differs from the baseline. Moved back it is $(0, 1)$, and the cosine is 0.
# A constant baseline is always invariant; a blurred image or the mean of the training images need not be.
#
# *Permutations.* The factor $(x - b)\,\odot$ singles out the pixels as coordinates. Under rotations of the plane $f(x) = \lVert x\rVert^2$ is invariant, and $\mathrm{IG}(x) = (x_1^2, x_2^2)$ from zero. A quarter turn takes $x = (1, 1)$ to $(-1, 1)$, with the same map $(1, 1)$. Turned back, this is $(1, -1)$: the cosine is 0 again. The gradient has SI = 1.

# %%
ones, y = torch.ones(1, 2).double(), torch.tensor([0])
swap = torch.tensor([[[1, 0], [0, 1]], [[0, 1], [1, 0]]]).double()
turn = torch.tensor([[[1, 0], [0, 1]], [[0, -1], [1, 0]]]).double()
product = lambda x: x.prod(-1, keepdim=True)  # noqa: E731
square = lambda x: x.square().sum(-1, keepdim=True)  # noqa: E731

# %%
skew = SI(partial(integrated, product, b=torch.tensor([0.0, 1])), ones, y, swap)
plane = SI(partial(integrated, square), ones, y, turn)
sound = SI(partial(integrated, product), ones, y, swap)
flat = SI(partial(gradient, square), ones, y, turn)
claim("beyond: C, Eq. 3, SI",
      "Where baseline or group do not fit, an invariant network can have SI = 0.",
      [skew, plane, sound, flat], equals=[0, 0, 1, 1], within=1e-9,
      id="baseline-that-is-not-invariant", details="The four in the order above.")

# %% [markdown]
# *The border.* Smoothing commutes with cyclic shifts only if the filter wraps around the border as the shift does. Common filters reflect the image at the border or continue it with zeros. Under rotations this makes no difference.
# Here are random networks with weights tied over the group and max pooling, exactly invariant, on digits framed to $36 \times 36$ pixels:


# %%
x = torch.tensor(digits("mnist", "test", 60, pad_to=36)[0].reshape(60, -1))
y = torch.zeros(60, dtype=torch.int64)
BORDERS = ("circular", "reflect", "constant")


def border_similarities(group, run):
    """Published SI of a tied network, for each treatment of the border."""
    orbit = orbit_indices(group)
    net = perceptron([36**2, 16, 3], [[seed, run]], orbit, dtype=torch.float64)
    paths = partial(invariance.integrated_gradients, net)
    maps = invariance.orbit_maps(paths, x, y, orbit)
    shown = [invariance.published_map(maps, 36, padding=border) for border in BORDERS]
    similar = (invariance.saliency_similarity(m, orbit, identity=False) for m in shown)
    return [found.mean.item() for found in similar]


# %%
acting = groups.image_rotations(36), groups.image_translations(36, "x", 12)
lines, costs = [], {}
for name, group in zip(("R4", "T3"), acting):
    found = np.array([border_similarities(group, run) for run in range(4)])
    costs[name] = 1 - found
    lines += [[name, *(f"{v:.3f}" for v in row)] for row in found]
table(["group", "wraps", "reflects", "zeros"], lines)
print("no cost:", max(abs(costs["R4"]).max(), abs(costs["T3"][:, 0]).max()) < 1e-9)
claim("beyond: C, Eq. 3, SI",
      "Unless the filter wraps, an invariant network loses about 0.01 of SI under T3.",
      costs["T3"][:, 1:], between=(0.003, 0.03), id="border-of-the-filter",
      details="1 - SI of the networks of the table.")

# %% [markdown]
# *Ties.* A weight-tied network with max pooling takes the largest response over the group. If an image is symmetric, $gx = x$, several responses are equal and the network has no gradient there. Automatic differentiation returns something all the same. If it shares the slope evenly between equal responses (`amax` in PyTorch), maps still move with the image; if it picks one of them (`max`), or if rounding does, they do not.
# Small integers make the ties exact:

# %%
x, w = (torch.tensor(rng.integers(-3, 4, s)).double() for s in ((50, 64), (64, 3)))
symmetric, y = (x @ R4.mT).sum(0), torch.zeros(50, dtype=torch.int64)
evenly = lambda x: moved(lambda x: x @ w, x, R4).amax(0)  # noqa: E731
picked = lambda x: moved(lambda x: x @ w, x, R4).max(0).values  # noqa: E731
for name, f in {"amax": evenly, "max": picked}.items():
    similar = SI(partial(gradient, f), symmetric, y, R4)
    print(f"{name:5} SI = 1:", bool(similar > 1 - 1e-9))

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


# %%
def signs(G):
    """1 for the squares of a cyclic group of even order, else -1; shape (|G|, 1, 1)."""
    chi = [1.0 if any((h @ h == g).all() for h in G) else -1.0 for g in G]
    return torch.tensor(chi).double()[:, None, None]


h, w = averaged(random_network(64), R4), normal(64)
steep = 2 / (images @ R4.mT @ w).abs().min()  # no image of the data lies on the ramp


def plateaus(x):
    kick = torch.tensor([3.0, -1.0, -2.0])
    return h(x) + torch.clamp(steep * x @ w, -1, 1)[:, None] * kick


# %% [markdown]
# Here they are with the other networks of this chapter, under R4, on the random images of above. The label of a saliency map is the decision at the unmoved image, and the last column is how often the moved image gets the same decision.

# %%
networks = {
    "invariant": h,
    "common offset": lambda x: h(x) + 20 * (x @ w)[:, None] / 8,
    "certain": certain,
    "shrunken": lambda x: free(x) / 100,
    "plateaus": plateaus,
    "sign": averaged(free, R4, signs(R4)),
    "free": free,
}

# %%
rows = {name: measures(f, images, R4) for name, f in networks.items()}
cell = lambda v: f"{v:.0e}" if 1e-12 < v < 0.005 else f"{round(v, 2) + 0:.2f}"  # noqa: E731
table(["network", *HEADS], [[name, *map(cell, row)] for name, row in rows.items()])

# %%
claim("beyond: C, Eq. 3, SI", "A network that changes sign has SI 1, and share 1.",
      [rows["sign"][k] for k in (2, 5, 4, 3)], equals=[1, 1, 1, -1 / 3], within=1e-9,
      id="sign-network", details="Share, SI: published, absolute and signed gradients.")
claim("beyond: C, Eq. 3, SI", "SI = 1 does not imply LI = 0: a ramp with plateaus.",
      [abs(rows["plateaus"][3] - 1) < 1e-9, rows["plateaus"][1] > 10],
      id="plateau-network", details="SI of gradients is 1, and LI above 10.")

# %% [markdown]
# Every column but the share calls some network invariant whose logits are not. DI passes *common offset* and *certain*, DI and LI both come close to zero for *shrunken*, SI passes *plateaus* and *sign*, and equal decisions pass *common offset* and *certain*.
# Only the share passes none of them. It has a limit of its own: it is a mean over all images and logits, and a network with a small share may still be far from invariant for a few images.
#
# The signs in a picture: integrated gradients of networks with random weights on blurred digits.

# %%
image = digits("mnist", "test", 2, side=14)[0][1]
x, y = torch.tensor(image.reshape(1, -1)), torch.tensor([0])
G = matrices(representations.image(groups.image_rotations(14)))
sharp = random_network(14**2, 2, 64)
blur = lambda x: avg_pool2d(x.view(-1, 1, 14, 14), 5, 1, 2).flatten(1)  # noqa: E731
blurred = lambda x: sharp(12 * blur(x))  # noqa: E731
mean, sign = averaged(blurred, G), averaged(blurred, G, signs(G))
shown = {"invariant": mean, "sign": sign, "free": blurred}
quarter = G[1]

# %% tags=["hide-input"]
titles = ("$x$", "$gx$", "$m(x)$", "$m(gx)$", "$g^{-1}m(gx)$")
fig, axes = plt.subplots(3, 5, figsize=(8.6, 5.85))
for line, (name, f) in zip(axes, shown.items()):
    maps = [integrated(f, v, y, steps=32) for v in (x, x @ quarter.T)]
    maps.append(maps[1] @ quarter)
    bound = torch.cat(maps).abs().max()
    for ax, picture, title in zip(line, [x, x @ quarter.T, *maps], titles):
        light = picture is x or title == "$gx$"
        scheme = {"cmap": "gray_r", "vmin": 0, "vmax": 1}
        signed = {"cmap": "gray", "vmin": -bound, "vmax": bound}
        ax.imshow(picture.view(14, 14), **(scheme if light else signed))
        frame(ax, title)
    pairs = ((maps[0], maps[2]), (maps[0].abs(), maps[2].abs()))
    cosines = [f"{cosine_similarity(*pair).item():.2f}".replace("-", "−") for pair in pairs]
    line[0].set_ylabel(name, fontsize=11)
    line[-1].set_xlabel("cosine {}, absolute {}".format(*cosines), fontsize=7.5)
figure(
    fig,
    "maps-of-three-networks",
    title="Signed saliency maps under a quarter turn",
    caption="An image, its quarter turn, and the integrated gradients of three networks with random weights: mid-grey is zero, "
    "light is positive, dark is negative. The last column, the map of the turned image turned back, is to be compared with "
    "$m(x)$; below it the cosines of signed and of absolute maps. Top: an exactly invariant network. Middle: a network whose "
    "logits change sign, with the negative map, which absolute values make equal. Bottom: a network without invariance.",
    alt="Three rows of five small pictures. In the first row the third and fifth picture are equal, in the second the fifth is "
    "the negative of the third, in the third row they differ.",
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
# Part 2 in numbers, with pixels three apart, so that they do not meet in the filter:


# %%
def hair(k, epsilon=1e-9, tau=0.9):
    """Plain and published cosine of two maps that differ by a hair."""
    places = torch.arange(36**2).view(36, 36)[::3, ::3].flatten()
    m = torch.zeros(2, 36**2).double()
    m[:, places[0]] = 1
    m[0, places[1 : 1 + k]] = tau + epsilon
    m[1, places[1 : 1 + k]] = tau - epsilon
    return [cosine_similarity(*pair, dim=0).item() for pair in (m, published(m, tau))]


# %%
plain, cut = np.transpose([hair(k) for k in (1, 10, 143)])
print("plain cosines:", plain.round(9))
claim("beyond: C, Eq. 3, SI",
      "Maps a hair apart have a published cosine down to $(1 + 0.81k)^{-1/2}$.",
      cut, equals=[(1 + 0.81 * k) ** -0.5 for k in (1, 10, 143)], within=1e-6,
      id="threshold-jumps", details="Pixels beside the largest: $k$ = 1, 10, 143.")

# %% [markdown]
# On typical maps this matters less than how few pixels are left. Of $36 \times 36$ Gaussian entries about three reach 0.9 of the largest.
# We draw pairs of Gaussian maps with a given correlation $c$, which is then also their signed cosine.

# %%
correlations = np.array([0.0, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 1.0])
signed, thresholded, coincide, kept = (np.zeros((10, 250)) for _ in range(4))
for k, c in enumerate(correlations):
    a, noise = normal(2, 250, 36**2)
    b = c * a + (1 - c**2) ** 0.5 * noise
    signed[k] = cosine_similarity(a, b)
    thresholded[k] = cosine_similarity(published(a), published(b))
    coincide[k] = a.abs().argmax(-1) == b.abs().argmax(-1)
    kept[k] = (a.abs() >= 0.9 * a.abs().amax(-1, keepdim=True)).sum(-1)
print(f"pixels kept: {kept.mean():.1f}")
print(f"signed {signed[5].mean():.2f}, published {thresholded[5].mean():.2f}")

# %% tags=["hide-input"]
fig, (left, right) = plt.subplots(1, 2, figsize=(8.6, 3.7))
series = {"signed cosine": signed, "SI, published": thresholded, "top pixels coincide": coincide}
for k, (label, values) in enumerate(series.items()):
    left.plot(correlations, values.mean(axis=1), MARKERS[k], color=COLORS[k],
              linestyle=("-", "--", ":")[k], markerfacecolor="white", label=label)  # fmt: skip
left.set(title="(a) means", xlabel="correlation of the two maps", ylabel="mean over pairs", ylim=(-0.05, 1.05))
left.legend(loc="upper left", fontsize=9.5)
bins = np.linspace(-1e-9, 1 + 1e-9, 26)
for k, (label, values) in enumerate(list(series.items())[:2]):
    right.hist(values[5], bins, color=COLORS[k], alpha=1 if k else 0.55, label=label,
               hatch=None if k else "///", edgecolor="black", linewidth=0.6)  # fmt: skip
right.set(title="(b) single pairs, correlation 0.9", xlabel="cosine", ylabel="number of pairs", yscale="log")
right.legend(loc="upper left", fontsize=9.5)
figure(
    fig,
    "thresholded-similarity",
    title="Similarity of random maps with and without the threshold",
    caption="Pairs of Gaussian maps of 36 x 36 pixels with a given correlation. (a) The signed cosine is the correlation. The "
    "published similarity is lower until the maps are nearly equal, and follows the share of pairs whose largest pixels "
    "coincide. (b) Single pairs of correlation 0.9: signed cosines lie close together, thresholded ones spread from 0 to 1, "
    "with bars of their own at both ends.",
    alt="Left, three curves that rise with the correlation: a straight diagonal, and two that stay low and rise steeply at "
    "the end. Right, two histograms on a logarithmic scale, one a single narrow block near 0.9, the other wide.",
)

# %% [markdown]
# A similarity of 0.9 becomes one of about a half.
# The published similarity follows the rate at which the top pixels coincide, from above: when they differ, a common second pixel or the overlap of the filters still gives a value in between.
# How close to all-or-nothing it comes for trained networks depends on how much the largest entry of a map stands out.
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


# %%
def jacobian(weights, biases, x):
    """J at one image, shape (C, n)."""
    J = weights[0]
    for k in range(1, len(weights)):
        hidden = weights[k - 1] @ x + biases[k - 1]
        J = weights[k] @ ((hidden > 0)[:, None] * J)
        x = torch.relu(hidden)
    return J


# %%
net = perceptron([64, 12, 10, 8, 4], [seed], dtype=torch.float64)
weights, biases = ([p[0].detach() for p in part] for part in (net.weights, net.biases))
x = normal(5, 64)
J = torch.stack([jacobian(weights, biases, image) for image in x])
exact = [torch.func.jacrev(lambda v: net(v[None])[0, 0])(image).detach() for image in x]
print("as differentiated:", np.allclose(J, torch.stack(exact), atol=1e-13))
norms = invariance.spectral_norms(net, x)[0]
print("the library agrees:", np.allclose(torch.linalg.svdvals(J)[:, 0], norms))

# %% [markdown]
# With weights tied over the group and max pooling, row $i$ of $W_1$ is that of the group element with the largest response.
# The library writes $J = A W_1$. The matrix $J J^\top = A (W_1 W_1^\top) A^\top$ has only $C$ rows, and $W_1 W_1^\top$ is the same for all images. So $\sigma_{\max}(J)$ costs no product with an image-sized matrix beyond those of the forward pass. The chapters that follow use it on thousands of images.
#
# ## What to take away
#
# * LI = 0 is invariance of the logits; DI = 0 is not. A small LI means little until it is divided by the variance of the logits.
# * Compare decisions on moved images beside DI: a classifier that is certain, or undecided, everywhere has a DI near zero.
# * SI asks something else than LI. Take signed gradients, move the baseline and the border of the filter with the image, and say whether the identity counts.
# * The threshold of the published map keeps a few pixels of an image. What it calls different may differ by a hair.

# %% tags=["hide-input", "nbval-ignore-output"]
footer(scale, seed)
