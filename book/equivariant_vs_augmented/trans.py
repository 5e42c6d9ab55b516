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
# **How many orders of magnitude is that?**
#
# **What we found.**
#
# * The order of the curves is [as printed](#claim-trans-order-of-curves), and the law [predicts both drifts](#claim-trans-augmented-law).
# * At the size of the runs here the gap is nearly two orders of magnitude, [within a tenth of what the law predicts](#claim-trans-gap-at-this-size). At the published size the law, [right for the two epochs](#claim-trans-law-at-the-published-size) that we could afford, [forecasts several hundred](#claim-trans-orders-of-magnitude) after 50. So with uniform draws "several orders of magnitude" is about right without squaring.
# * The public code does not draw uniformly. Its shifts leave a bias that [caps the gap](#claim-trans-public-draws-cap-the-gap) at about 20, whatever the numbers of epochs, passes and mini-batches.

# %% tags=["parameters"]
scale = "book"
seed = 0

# %%
from dataclasses import replace
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch.nn.functional import cross_entropy, layer_norm, leaky_relu

from learnsym import results
from learnsym.data import digits
from learnsym.drift import noise
from learnsym.drift.curves import agreement, curves, ends, exponent, learned, sizes
from learnsym.experiments import trans
from learnsym.experiments.symmetric import start as starting
from learnsym.publish import claim, figure, footer, frame, style, table, use_style

use_style()
trained = scale != "smoke"  # a smoke run has two small networks and three epochs
stored = results.obtain("trans", scale, seed=seed)
arrays, config = stored.arrays, stored.config

# %% [markdown]
# ## The experiment
#
# **Data.**
# Test images of MNIST at $14\times14$ pixels. The target is the digit.
#
# **Group.**
# Cyclic translations by whole pixels, 196 of them: what leaves the image on one side comes in on the other.


# %%
def data(samples, side):
    """Images as rows, and digits."""
    images, classes = digits("mnist", "test", size=samples, side=side)
    return torch.tensor(images.reshape(samples, -1)), torch.tensor(classes)


x, y = data(config.samples, config.side)
picture = x[0].unflatten(0, (config.side, -1))
mean = x.mean(dim=0).unflatten(0, (config.side, -1))
shifts = [(k, l) for k in range(config.side) for l in range(config.side)]
panels = {
    "a digit": picture,
    "moved": picture.roll((5, 9), (0, 1)),
    "mean of all": mean,
    "mean, all moved": sum(mean.roll(shift, (0, 1)) for shift in shifts) / len(shifts),
}

# %%
fig, axes = plt.subplots(1, 4, figsize=(8.6, 2.4))
for ax, (title, image) in zip(axes, panels.items()):
    ax.imshow(image, vmin=0, vmax=1)
    frame(ax, title)
figure(
    fig,
    "trans-data",
    title="Digits and moved digits",
    caption="A digit, the same digit moved by five rows and nine columns, the mean of the data, and the mean of the data under all translations. "
    "The third and the fourth differ: the data are not invariant.",
    alt="Four grey pictures. A digit in the middle; the digit cut apart by the border and put together at the other side; a bright blur in the middle; a uniform grey.",
)

# %% [markdown]
# **Network.**
# Four layers without bias. From the image to $c$ channels of $14\times14$ pixels and on to $c$ more, with leaky ReLU; then 32 invariant features with tanh and layer normalisation without learned parameters; then ten logits. Cross-entropy.
# A layer is an array with six axes: channel, row and column of the output, channel, row and column of the input.


# %%
def shapes(c, side, width):
    """Axes of the four layers; an invariant space has one row and one column."""
    image, image_c, features = (1, side, side), (c, side, side), (width, 1, 1)
    spaces = [image, image_c, image_c, features, (10, 1, 1)]
    return [(*b, *a) for a, b in pairwise(spaces)]


def network(A, x):
    """Logits for rows x."""
    first, second, third, last = (W.flatten(3).flatten(0, 2).T for W in A)
    h = torch.tanh(leaky_relu(leaky_relu(x @ first) @ second) @ third)
    return layer_norm(h, h.shape[1:]) @ last


def gradient(A, x, y):
    """Gradient of the mean loss, one array a layer."""
    leaves = [W.clone().requires_grad_() for W in A]
    return torch.autograd.grad(cross_entropy(network(leaves, x), y), leaves)


# %% [markdown]
# A translation acts on a layer by moving output and input together. The mean over all translations is the projection $\Pi$ onto $\mathcal{E}$, one axis after the other.
# What is left from one channel to another is a cyclic convolution: 196 free parameters of 38,416. The group acts on the first three layers; the last one is equivariant whatever it is.


# %%
def mean_over(V, axis):
    """Mean over the translations along the rows (axis 0) or columns (axis 1)."""
    side, ends = V[0].shape[1], (1 + axis, 4 + axis)
    return [sum(W.roll((k, k), ends) for k in range(side)) / side for W in V]


def project(V):
    """Pi V."""
    return mean_over(mean_over(V, 0), 1)


def across(V):
    """The part V_perp off E."""
    return [W - P for W, P in zip(V, project(V))]


def norm(V):
    return sum((W**2).sum() for W in V).sqrt().item()


# %% [markdown]
# **Training.**
# As in {ref}`PERM <perm>`: projected standard Gaussian weights, full-batch descent with learning rate $\eta = 5\cdot10^{-5}$, gradients averaged over $K$ mini-batches; NOM on the data as they are, AUG with $L = 25$ passes and a random translation for each mini-batch of each pass, EQUI with the gradient projected onto $\mathcal{E}$.
# After each epoch we measure the distance covered, $\lVert A - A^0\rVert$, and the drift $\lVert A_\perp\rVert$, in float64.


# %%
def start(shapes, seed):
    """Gaussian weights in E."""
    rng = np.random.default_rng([seed, 0])
    return project([torch.tensor(rng.standard_normal(shape)) for shape in shapes])


def moved(x, side, shift):
    """Images moved by rows and columns."""
    return x.unflatten(1, (side, side)).roll(tuple(shift), (1, 2)).flatten(1)


def augmented(A, x, y, side, draws):
    """Mean gradient over draws: for each pass, a shift for each mini-batch."""
    batches = [(x.chunk(len(row)), y.chunk(len(row)), row) for row in draws]
    terms = [term for batch in batches for term in zip(*batch)]
    slopes = [gradient(A, moved(a, side, shift), b) for a, b, shift in terms]
    return [torch.stack(layer).mean(0) for layer in zip(*slopes)]


# %% [markdown]
# In small, with $4\times4$ pixels, 24 images, three mini-batches and three passes, for ten epochs: sampled translations, and all sixteen in each step.

# %%
small_x, small_y = data(24, 4)
every = [[(k, l)] for k in range(4) for l in range(4)]
for name in ("three passes with random translations", "all translations"):
    A, rng = start(shapes(2, 4, 4), seed), np.random.default_rng(seed)
    for _ in range(10):
        draws = rng.integers(4, size=(3, 3, 2)) if name.startswith("three") else every
        G = augmented(A, small_x, small_y, 4, draws)
        A = [W - 5e-5 * slope for W, slope in zip(A, G)]
    off = norm(across(A))
    print(f"{name}: drift {off:.0e}" if off > 1e-9 else f"{name}: drift 0")

# %% [markdown]
# With every translation in each step there is no sampling noise, and the weights stay in $\mathcal{E}$, as Corollary 1 says ([PERM](#claim-perm-exact-augmentation-stays) has the claim).
#
# **Size.**
# The published networks and data are too large for the machines this book is made for: an epoch of AUG takes some $6\cdot10^{13}$ operations a run. What is shown is smaller; {ref}`one run <trans-published-size>` has the published size, for two epochs. Both were computed once and stored, by {mod}`learnsym.experiments.trans`.

# %%
table(["", "published", "this run"], sizes(config, "images"))

# %% [markdown]
# Is the stored run what the code above does?
# Here is the first step of its first run, by that code: the distance under EQUI, the drift under NOM, and the noise $S_K = \frac{1}{K^2}\sum_b\lVert\Pi_\perp\nabla R_b\rVert^2$ of AUG.


# %%
def noise_of_step(A, x, y, K):
    """S_K for K mini-batches."""
    pairs = zip(x.chunk(K), y.chunk(K))
    return sum(norm(across(gradient(A, *pair))) ** 2 for pair in pairs) / K**2


T, L, K = config.epochs, config.passes, config.samples // config.batch
forms = shapes(config.channels, config.side, config.width)
A = start(forms, config.seeds()[0])
G = gradient(A, x, y)
mine = [config.rate * norm(part) for part in (project(G), across(G))]
mine += [noise_of_step(A, x, y, K)]
theirs = [arrays["distance"][1, 1, 0], arrays["drift"][0, 1, 0], arrays["noise"][0, 0]]
print("agree:", np.allclose(mine, theirs, rtol=1e-6))

# %% [markdown]
# ## Figure 1

# %%
found = curves(arrays, trans.MODES, config.rate, L)
NOM, EQUI, AUG = (found[mode] for mode in trans.MODES)
head = ["", "$\\lVert A - A^0\\rVert$", "$\\lVert A_\\perp\\rVert$", "by the law"]
table([*head, "public code's horizontal", "and vertical"], ends(found))

# %% tags=["hide-input"]
figure(
    style.drift_against_distance(found, ["nominal", "augmented"]),
    "trans-figure-one",
    title="TRANS: drift against distance covered",
    caption="Distance from $\\mathcal{E}$ against distance from the initial weights, over the epochs. Thin: runs. Thick: their mean. Circles: the "
    "drift law, evaluated along equivariant training. Left and right show the same data at two scales. After Figure 1 (TRANS) of "
    "{cite:t}`nordenfors2025optimization`, with smaller networks and fewer images.",
    alt="Two panels. Left: a rising line for nominal training, and the two others along the bottom. Right: the same at a much finer scale, "
    "where augmented training is a curve that flattens, nominal training is nearly vertical, and equivariant training stays at zero. Circles of "
    "the law lie on or near the mean curves.",
)

# %%
order = [EQUI.drift < 1e-11, AUG.drift[1:] > 1e-9, NOM.drift[-1] > AUG.drift[-1]]
claim("B: Figure 1, TRANS",
      "In every run EQUI stays in $\\mathcal{E}$, AUG leaves it, and NOM leaves "
      "further.", [part.all() for part in order], id="trans-order-of-curves")
claim("B: Figure 1, TRANS",
      "AUG moves much more slowly off $\\mathcal{E}$ than within.",
      np.median(AUG.drift[-1] / AUG.distance[-1]), below=0.01, decided=trained,
      id="trans-slow-off-e", details="Drift over distance covered, median of the runs.")

# %%
shares = np.sort(AUG.drift[-1] / AUG.distance[-1])
print("drift of AUG over distance, run by run:", *(f"{share:.4f}" for share in shares))
same = abs(AUG.distance[-1] / EQUI.distance[-1] - 1).max() < 0.01
print("AUG covers the distance of EQUI, to one percent:", same)

# %% [markdown]
# Two of the ten runs are just above the bar of 0.01; the others are below it.
#
# ### How many orders of magnitude?
#
# As in {ref}`PERM <perm>` we take "several orders of magnitude" to mean a factor of a hundred or more, and look at both forms.
# In the form that the public code draws, each layer enters by its squared norm, and the gap is wide at any size.

# %% tags=["hide-input"]
figure(
    style.drift_against_distance(found, ["nominal", "augmented"], code=True),
    "trans-squared-form",
    title="TRANS in the form that the public code draws",
    caption="The same runs with the axes of the public code's evaluation script: the vertical axis is the root of the sum over layers of the "
    "fourth powers of $\\lVert A_\\perp\\rVert$, the horizontal one $\\lVert A - A^0\\rVert$ over the layers on which the group acts. Thin: runs. Thick: "
    "their median.",
    alt="Two panels at two scales. Left: nominal training as a curve that bends upwards from zero, the others along the bottom. Right: augmented "
    "training rising from zero, and nominal training leaving through the top.",
)

# %%
code = np.sqrt((arrays["layers"] ** 4).sum(axis=-1))  # modes, epochs, runs
claim("B: Figure 1, TRANS",
      "In the squared form of the public code the gap is several orders of magnitude.",
      code[0, -1].mean() / code[2, -1].mean(), above=100, decided=trained,
      id="trans-orders-of-magnitude-squared", details="NOM over AUG at the end.")

# %% [markdown]
# In the norm $\lVert A_\perp\rVert$ of the paper's text it depends on the size of the experiment.
#
# ## What the drift law says

# %% tags=["hide-input"]
figure(
    style.drift_over_epochs({"": found}),
    "trans-over-epochs",
    title="TRANS: drift against epochs",
    caption="Drift against the number of epochs on logarithmic axes. Thin: runs. Thick: their mean. Circles: the law. NOM has slope 1 and AUG one "
    "half.",
    alt="Two bundles of lines that rise from the left. The upper one, nominal training, is twice as steep as the lower. Circles lie on or near both "
    "means.",
)

# %%
print(f"slopes: NOM {exponent(NOM.drift):.2f}, AUG {exponent(AUG.drift):.2f}")
claim("beyond: B, Figure 1, TRANS", "AUG is the random walk of its sampling noise.",
      [agreement(AUG), agreement(NOM)], equals=1, within=0.15, decided=trained,
      id="trans-augmented-law", details="Measured over predicted, root mean square "
      "over runs, each epoch; and the same of NOM.")

# %% [markdown]
# The law also says how the gap depends on the size of the experiment. If gradients stay as they are, NOM exceeds AUG by
#
# $$
# \sqrt{\frac{T L\, m}{S_K}} = \sqrt{\frac{TL}{1/K + (1 - 1/K)/K^*}}, \qquad K^* = \frac{(N-1)\,m}{v},
# $$ (eq-gap)
#
# by {eq}`eq-drift-law` and {eq}`eq-divisions`, where $m$ is the squared mean gradient off $\mathcal{E}$ and $v$ the variance over samples.
# Both can be read off the first step of the runs.


# %%
def first_step(result):
    """m, v and N; m and v for each run."""
    arrays, config = result.arrays, result.config
    N, K = config.samples, config.samples // config.batch
    m = (arrays["systematic"][0, 1] / config.rate) ** 2
    return m, (arrays["noise"][0] - m / K) / (1 - 1 / K) * (N - 1), N


def gap(m, v, N, K, T, L):
    """NOM over AUG, mean over runs of each."""
    S = m / K + (1 - 1 / K) * v / (N - 1)
    return np.sqrt(T * L * np.mean(m) / np.mean(S))


predicted = gap(*first_step(stored), K, T, L)
measured = NOM.drift[-1].mean() / AUG.drift[-1].mean()
print(f"predicted {predicted:.0f}, measured {measured:.0f}")

# %%
claim("beyond: B, Figure 1, TRANS", "The law predicts the gap between NOM and AUG.",
      measured / predicted, equals=1, within=0.15, decided=trained,
      id="trans-gap-at-this-size",
      details="Ratio of mean drifts at the end, over its prediction from epoch one.")

# %% [markdown]
# (trans-published-size)=
# ## At the published size
#
# The published experiment has $N = 10{,}000$ images in $K = 400$ mini-batches.
# The published network on all images is within reach for a few epochs. One run was stored after two; {ref}`reproduce` says how to continue it.

# %%
at_size = results.obtain("trans", "paper", seed=seed) if trained else stored
whole, modes = replace(at_size.config, epochs=trans.PUBLISHED.epochs), trans.MODES
large = curves(at_size.arrays, modes, at_size.config.rate, at_size.config.passes)
big_nom, big_aug = large["nominal"], large["augmented"]
batches = whole.samples // whole.batch
print(f"NOM over AUG: {np.mean(big_nom.drift[-1] / big_aug.drift[-1]):.0f}, ", end="")
print(f"by the law {np.mean(big_nom.law[-1] / big_aug.law[-1]):.0f}")

# %%
claim("beyond: B, Figure 1, TRANS", "At the published size the law holds as well.",
      [agreement(big_aug), agreement(big_nom)], equals=1, within=0.05, decided=trained,
      id="trans-law-at-the-published-size",
      details="Drift over predicted drift, AUG and NOM, one run, two epochs.")

# %% [markdown]
# Two forecasts for all 50 epochs follow from {eq}`eq-gap`: from the gradients of the published network, and from those of the small ones.
# For digits the part of $m$ that all samples share, $m_0 = m - v/(N-1)$, does not vanish with more images, and this is what the second forecast carries over.

# %%
small_m, small_v, small_n = first_step(stored)
shared = np.maximum(0, np.mean(small_m) - np.mean(small_v) / (small_n - 1))
N = whole.samples
carried = shared + np.mean(small_v) / (N - 1), np.mean(small_v), N
forecasts = [
    gap(*values, batches, whole.epochs, whole.passes)
    for values in (first_step(at_size), carried)
]
print(f"forecasts: {forecasts[0]:.0f} and {forecasts[1]:.0f}")

# %% [markdown]
# Why do they differ? They use the same $T$, $L$, $K$ and $N$ and can differ only in $v/m_0$: how much the images disagree about the direction in which to leave $\mathcal{E}$.
# Single runs differ in that, and so do networks of different width. The number of images hardly matters. With the library's {func}`learnsym.drift.noise`, which returns the $S_K$ of the code above for several $K$ at once:


# %%
def disagreement(c, images, run, K):
    """v over m_0 at the initial weights of a run."""
    setting = trans.Config(samples=images, channels=c)
    task = trans.problem(setting).task
    (m, S), _ = noise(task, starting(task.network, setting, [run]), [1, K])
    v = (S - m / K) / (1 - 1 / K) * (images - 1)
    return (v / (m - v / (images - 1))).item()


each = np.sort(small_v / (small_m - small_v / (small_n - 1)))
m, v, N = first_step(at_size)
rows = [["the runs above, 4 channels, 250 images", " ".join(f"{r:.0f}" for r in each)]]
rows += [["the published size, 32 channels", f"{(v / (m - v / (N - 1))).mean():.0f}"]]
if trained:
    more, wide = disagreement(4, 2000, 0, 40), disagreement(32, 250, 1, 5)
    first = small_v[0] / (small_m[0] - small_v[0] / (small_n - 1))
    rows += [["the first run above", f"{first:.0f}"]]
    rows += [["the first run above, 2,000 images", f"{more:.0f}"]]
    rows += [["another run with 32 channels, 250 images", f"{wide:.0f}"]]
table(["", "$v/m_0$"], rows)
print(f"K* at the published size: {((N - 1) * m / v).mean():.0f}")

# %% [markdown]
# In the wide networks the images have less in common. So $K^*$ is smaller, and 400 mini-batches are more than can help. The forecast from the published network is the one to believe; either is a factor of several hundred.

# %%
claim("beyond: B, Figure 1, TRANS",
      "With uniform draws the law forecasts two orders of magnitude or more.",
      forecasts, above=100, decided=trained, id="trans-orders-of-magnitude",
      details="The two forecasts of NOM over AUG for 50 epochs at the published size.")

# %% [markdown]
# ## With the draws of the public code
#
# All this holds for uniform draws, which is what the paper describes.
# The public code draws a shift along an axis from 0 to $n = 14$, *both* included. On the torus these are the same, so the identity counts twice.
# That law is $n/(n+1)$ times the uniform one and $1/(n+1)$ times the identity, and by {prf:ref}`prop-mean-step` the mean step leaves $\mathcal{E}$.


# %%
def public_mean(V):
    """Mean of rho_bar(g) V over the shifts of the public code."""
    n = V[0].shape[1]
    for axis in (0, 1):
        uniform = mean_over(V, axis)
        V = [(n * U + W) / (n + 1) for U, W in zip(uniform, V)]
    return V


def cap(A):
    """NOM over the bias of AUG."""
    V = across(gradient(A, x, y))
    return norm(V) / norm(public_mean(V))


caps = [cap(start(forms, run)) for run in config.seeds()]
print(*(f"{value:.1f}" for value in sorted(caps)))

# %% [markdown]
# NOM drifts by $\eta T\lVert\Pi_\perp\nabla R\rVert$, and AUG by at least the mean of its steps, which grows in proportion to $T$ just the same. Their ratio is a cap on the gap for any $T$, $L$ and $K$, as long as gradients keep their direction.
# A part off $\mathcal{E}$ that varies along one axis only is kept to $1/15$, one that varies along both to $1/225$. So the cap lies between 15 and 225, and the first kind decides.
# Later versions of the code translate along $x$ only, in a network for those translations. Then it is 15 exactly.

# %%
claim("beyond: B, Figure 1, TRANS",
      "The bias of the public code's shifts caps NOM over AUG below two orders.", caps,
      between=(config.side + 1, 100), decided=trained,
      id="trans-public-draws-cap-the-gap", details="Initial weights of each run.")

# %% [markdown]
# With these draws "several orders of magnitude" is true of the squared form only. {ref}`which-group` trains with them.
#
# ## Do the networks learn?

# %%
head = ["", "loss at the start", "loss at the end", "accuracy"]
table(head, learned(arrays, trans.MODES))
most = trans.problem(config).task.y.bincount().max() / config.samples
print(f"the best constant answer: {most:.2f}")

# %% [markdown]
# The loss falls in every run. After the last epoch the networks on average read fewer digits than the best constant answer.
# Here too Figure 1 shows the beginning of training.
#
# ## What to take away
#
# * The order of the curves and the slow motion off $\mathcal{E}$ are as the paper says.
# * Centred digits are not invariant under translations. That is why plain training drifts more than on graphs, and why many mini-batches keep augmented training close.
# * How many orders of magnitude lie between the two is a matter of epochs, passes, mini-batches and data, in a formula. It holds for uniform draws; a small bias in the draws outweighs all of them.

# %% tags=["hide-input", "nbval-ignore-output"]
footer(scale, seed, stored, at_size)
