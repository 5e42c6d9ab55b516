# %% [markdown]
# (spurious-invariance)=
# # Spurious invariance
#
# A network can become nearly invariant in three ways: its weights are tied so that it cannot be anything else, it sees moved images in training, or a penalty pulls its outputs together.
# {cite:t}`moskalev2023genuine` (paper C) call the first *genuine* and ask whether the others deserve the word.
# Their Table 1 answers with four numbers for each of three networks and two groups. Augmentation gives a network that classifies moved images well. But its logits move with the image, and so does what it looks at: its invariance is *spurious*. A penalty on the logits makes it genuine, and costs accuracy.
# **Do the numbers come out, and does the verdict depend on how invariance is measured?**
#
# **What we found.**
#
# * Accuracy, DI and LI of augmented networks [are the published ones](#claim-c-table-1-r4-da), and so is the accuracy of weight-tied ones.
# * The saliency score SI of augmented networks agrees [under T3](#claim-c-table-1-t3-da) and is [too high under R4](#claim-table-1-r4-da-saliency). [No definition](#claim-no-reading-of-si) of the saliency map that we tried gives both published values.
# * Regularised to the same SI, our networks [are less accurate](#claim-c-table-1-r4-ir) than the paper's, by about six percentage points under R4 and nearly three under T3.
# * A penalty on *normalised* logits brings SI to 0.95 in two runs of four under R4, with the best weight of ten, which decides nothing, and [not under T3](#claim-normalised-penalty-under-t3).
# * Spurious invariance is made by long training: an augmented network [looks most genuine](#claim-young-networks-look-genuine) within the first ten epochs.

# %% tags=["parameters"]
scale = "paper"
seed = 0

# %%
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch.nn.functional import cross_entropy

from learnsym import results
from learnsym.data.transforming import framed, transforming_images
from learnsym.experiments import invariance_weights
from learnsym.experiments.transforming import acting_group
from learnsym.invariance import distribution_error, logit_error, without_identity
from learnsym.networks.perceptron import orbit_indices, perceptron
from learnsym.publish import COLORS, MARKERS
from learnsym.publish import claim, figure, footer, frame, table, use_style
from learnsym.training.minibatch import Schedule, minibatch

use_style()
full = scale == "paper"

# %% [markdown]
# (spurious-setting)=
# ## Groups, networks, training
#
# The data are MNIST digits without the class 9, which is a 6 upside down.
# A frame of zeros makes them $36 \times 36$ pixels, and grey values are normalised by the mean and standard deviation of the training images.
# We load 2,000 of them, and the two groups: R4 turns an image by quarter turns, T3 shifts it cyclically along $x$ by a third of its width.
# An element $g$ is a list of indices, and $gx$ is `x[g]`.

# %%
data = transforming_images("mnist", 2_000, 200, 400, embedded=True)
images, labels = torch.tensor(data.rows(data.train)), torch.tensor(data.train_labels)
orbits = {group: orbit_indices(acting_group(group)) for group in ("R4", "T3")}

pixels = np.arange(36 * 36).reshape(36, 36)
turns = [np.rot90(pixels, k).ravel() for k in range(4)]
shifts = [np.roll(pixels, 12 * k, axis=1).ravel() for k in range(3)]
for group, moves in (("R4", turns), ("T3", shifts)):
    print(group, sorted(map(list, moves)) == sorted(orbits[group].tolist()))

# %% [markdown]
# All networks are ReLU perceptrons $f(x) = W_L \operatorname{relu}(\dots \operatorname{relu}(W_1 x + b_1) \dots) + b_L$ with nine logits.
# *Weight tying* (**WT**) takes the maximum over the group in the first layer, unit by unit: $\max_g \operatorname{relu}(W_1 g x + b_1)$.
# No element of the group changes that.


# %%
def logits(x, layers, tied=None):
    (W, b), *others, (V, c) = layers
    moved = x[None] if tied is None else torch.stack([x[:, g] for g in tied])
    hidden = torch.relu(moved @ W.T + b).amax(dim=0)
    for U, a in others:
        hidden = torch.relu(hidden @ U.T + a)
    return hidden @ V.T + c


# %% [markdown]
# The paper says "5-layer" and "about 230,000 parameters". The second decides how to count the first:


# %%
def count(*units):
    return sum((n + 1) * m for n, m in pairwise(units))


for hidden in (5, 4):
    print(f"{hidden} hidden layers: {count(1296, *[128] * hidden, 9):,} parameters")

# %% [markdown]
# So "5-layer" counts hidden layers.
#
# *Augmentation* (**DA**) moves every image once an epoch by a random element $g$ of the group.
# *Regularisation* (**IR**) does so too, and adds $\nu \lVert f(gx) - f(hx)\rVert^2$ to the cross-entropy, with a second independent element $h$.
# The update is Adam with mini-batches of 512:


# %%
def train(layers, orbit, nu, seed, epochs):
    stream = torch.Generator().manual_seed(seed)
    adam = torch.optim.Adam([p for layer in layers for p in layer], lr=8e-4)
    moved = torch.stack([images[:, g] for g in orbit])
    for _ in range(epochs):
        order = torch.randperm(len(images), generator=stream)
        g, h = torch.randint(len(orbit), (2, len(images)), generator=stream)
        for some in torch.arange(len(images)).split(512):
            batch = order[some]
            first, second = (logits(moved[k[some], batch], layers) for k in (g, h))
            loss = cross_entropy(first, labels[batch])
            loss = loss + nu * (first - second).square().sum(dim=1).mean()
            adam.zero_grad()
            loss.backward()
            adam.step()


# %% [markdown]
# The stored results come from a loop that trains many such networks at a time.
# Three epochs of both, from one start, end with the same logits:

# %%
sizes, quarter = (1296, *[32] * 5, 9), orbits["R4"]
ours, theirs = (perceptron(sizes, [seed]) for _ in range(2))
layers = [(W[0].detach().requires_grad_(), b[0].detach().requires_grad_())
          for W, b in zip(ours.weights, ours.biases)]  # fmt: skip
train(layers, quarter, nu=4.0, seed=seed, epochs=3)
rows = torch.stack([images[:, g] for g in quarter])
minibatch(theirs, rows, labels, Schedule(3), [seed], penalty="LI", strength=4.0)
print("agree:", torch.allclose(logits(images, layers), theirs(images)[0], atol=1e-3))

# %% [markdown]
# The networks of this chapter are trained by {mod}`learnsym.experiments.spurious_invariance`.
# Of all epochs they keep the one with the best accuracy on validation images, each moved by a random element of the group.

# %%
stored = results.obtain("spurious_invariance", scale, seed=seed)
config, found = stored.config, stored.arrays
GROUPS, MODELS, ORDER = ("R4", "T3"), ("DA", "IR", "WT"), np.array([4, 3])
table(
    ["setting", "paper C", "here"],
    [
        ["images", "10,000 training, 2,000 validation, 50,000 test",
         f"{config.train:,}, {config.validation:,}, {config.test:,}"],
        ["hidden layers", "5 of 128 units", f"{config.hidden} of {config.width} units"],
        ["Adam", "0.0008, batches of 512", f"{config.rate:g}, {config.batch}"],
        ["epochs", "300", config.epochs],
        ["runs", "4", config.runs],
        ["images for SI", "not stated", f"{config.saliency:,}"],
    ],
)  # fmt: skip

# %% [markdown]
# (spurious-table)=
# ## Table 1
#
# The measures are those of {prf:ref}`def-invariance-measures`: DI for class probabilities, LI for logits, SI for saliency maps.
# DI and LI are means over test images and over all $g$, the identity included; LI is $\lVert f(x) - f(gx)\rVert^2$ without the factor $\tfrac12$ in the paper's formula.
# In code, from logits of shape $\lvert G\rvert \times N \times 9$:


# %%
def DI(f):
    p = f.softmax(-1)
    return (p[0] * (p[0].log() - p.log())).sum(-1).mean()


def LI(f):
    return (f[0] - f).square().sum(-1).mean()


f = torch.stack([logits(images[:, g], layers) for g in quarter]).detach()
library = [float(measure(f[:, None])) for measure in (distribution_error, logit_error)]
print("as in the library:", np.allclose([DI(f), LI(f)], library, rtol=1e-3))

# %% [markdown]
# SI is the mean cosine of $m(x)$ and $g^{-1} m(gx)$.
# The saliency map $m$ is the *published map*: integrated gradients of the label's logit from an image of mean grey, absolute values, a threshold at 0.9 of the largest, a $3\times3$ Gaussian filter ({ref}`measuring invariance <three-measures>`).
# The stored SI counts the identity, which has cosine 1. The paper cannot have counted it: for maps without negative entries SI would be at least $1/\lvert G\rvert$, and its Table 1 has 0.17 under R4. So in every mean of $\lvert G\rvert$ cosines, one is 1, and we take it out:

# %%
SI = without_identity(found["similarities"], ORDER)  # groups, models, runs, kinds of map
n, S = ORDER[:, None], found["similarities"][..., 0, 0]
print("as in the library:", np.allclose(SI[..., 0, 0], (n * S - 1) / (n - 1)))
columns = np.stack([100 * found["accuracy"], found["logit_error"],
                    found["distribution_error"], SI[..., 0]], axis=2)  # fmt: skip

# %% [markdown]
# **Which $\nu$?**
# The paper increases $\nu$ until SI reaches 0.95, without saying on which images.
# A choice on test images would leak them into training, so we use the validation images.
# Four weights, each twice the one before, train side by side from one start:

# %%
weights = found["strengths"]
searched = without_identity(found["strength_similarity"], ORDER)
lines = []
for g, group in enumerate(GROUPS):
    pairs = zip(searched[g], 100 * found["strength_accuracy"][g])
    lines.append([f"{group}: $\\nu$", *(f"{nu:g}" for nu in weights[g])])
    lines.append(["SI, accuracy", *(f"{S:.3f}, {accuracy:.1f}" for S, accuracy in pairs)])
table(["validation images, one run", *[""] * len(weights[0])], lines)

# %% [markdown]
# The target is first met at 16 under R4 and at 120 under T3, where 60 misses it by little.
# One run decides little, and a doubling is a wide step. So we try weights between in steps of 1.2, with four runs each ({mod}`learnsym.experiments.invariance_weights`):

# %%
finer = results.obtain("invariance_weights", scale, seed=seed)
near = finer.config.near  # group, penalty, weight
several = {name: finer.arrays[f"near_{name}"] for name in invariance_weights.NEAR}
order = ORDER[[GROUPS.index(group) for group, *_ in near]]
chosen, test = (without_identity(several[name], order)
                for name in ("chosen_similarity", "similarity"))  # fmt: skip
four = np.stack([100 * several["accuracy"], several["logit_error"],
                 several["distribution_error"], test], axis=1)  # fmt: skip

# %%
lines = []
for (group, penalty, nu), S, runs in zip(near, chosen, four):
    if penalty == "LI":
        lines.append([group, f"{nu:g}", f"{S.mean():.3f} ± {S.std(ddof=1):.3f}",
                      f"{runs[0].mean():.1f} ± {runs[0].std(ddof=1):.1f}"])  # fmt: skip
table(["", "$\\nu$", "SI on validation images", "accuracy on test images"], lines)
for g, group in enumerate(GROUPS):  # the smallest weight that meets the target
    met = [k for k, (name, penalty, _) in enumerate(near) if (name, penalty) == (group, "LI")
           and chosen[k].mean() >= config.target]  # fmt: skip
    if met:
        columns[g, MODELS.index("IR")] = four[met[0]]

# %% [markdown]
# Under R4 none of the three reaches 0.95 in the mean, so 16 stays. Under T3 86 is enough.
# Four runs of each stand in the table below.
# The networks with 16 and 60, chosen with the identity counted, are the regularised ones of all later sections and of the next two chapters. With 60 they have an SI of 0.948 on test images and an accuracy of 91.4 %.
#
# **When does a number count as reproduced?**
# The paper prints a mean over four runs and a standard deviation, $s_p$; we have a mean and a standard deviation $s_o$ too.
# The two means may differ by $2\sqrt{s_p^2 + s_o^2}$, or by half a unit of the last printed digit if that is more.
# This is a generous rule. It treats the deviation of a single run as that of the mean, because the paper does not say which of the two it prints.
# The *distance* is the difference over what is allowed, and at most 1 if the numbers agree.

# %%
PAPER = {  # accuracy in per cent, LI, DI, SI
    ("R4", "WT"): ["94.6 ± 0.1", "0", "0", "1"],
    ("R4", "DA"): ["94.0 ± 0.5", "98.6 ± 5.4", "0.3 ± 0.1", "0.17 ± 0.04"],
    ("R4", "IR"): ["87.9 ± 0.8", "0.02", "0.0", "0.95 ± 0.03"],
    ("T3", "WT"): ["96.6 ± 0.1", "0", "0", "1"],
    ("T3", "DA"): ["96.2 ± 0.2", "50.8 ± 6.8", "0.1", "0.57 ± 0.08"],
    ("T3", "IR"): ["93.1 ± 0.1", "0.01", "0.0", "0.95 ± 0.07"],
}


def number(text):
    value, _, spread = text.partition(" ± ")
    return float(value), float(spread or 0)


def distance(text, runs):
    value, spread = number(text)
    decimals = len(text.partition(" ")[0].partition(".")[2])
    allowed = max(2 * np.hypot(spread, runs.std(ddof=1)), 0.5 * 10.0**-decimals)
    return abs(runs.mean() - value) / allowed


# %%
ours = {(g, m): columns[GROUPS.index(g), MODELS.index(m)] for g, m in PAPER}
distances = {row: [*map(distance, PAPER[row], ours[row])] for row in PAPER}
rows = []
for row, runs in ours.items():
    means = [f"{r.mean():.{n}f} ± {r.std(ddof=1):.{n}f}" for r, n in zip(runs, (1, 3, 4, 3))]
    pairs = [f"{text} / {mean}" for text, mean in zip(PAPER[row], means)]
    rows.append([" ".join(row), *pairs])
table(["paper / here", "accuracy", "LI", "DI", "SI"], rows)

# %%
for group in GROUPS:
    _, *errors, similarity = ours[group, "WT"]
    exact = [np.max(errors) < 1e-6, similarity.min() > 0.999]
    claim(f"C: Table 1, {group}, WT", "Weight tying: the accuracy agrees; LI and DI "
          "are zero and SI is one up to single precision.",
          [distances[group, "WT"][0] <= 1, *exact], decided=full)

# %%
claim("C: Table 1, R4, DA", "Augmentation under R4: distance of accuracy, LI and DI.",
      distances["R4", "DA"][:3], below=1, decided=full)
claim("C: Table 1, R4, DA", "Augmentation under R4: distance of SI.",
      distances["R4", "DA"][3], below=1, decided=full, verdict="not reproduced",
      id="table-1-r4-da-saliency", details="Published 0.17, here 0.29.")
claim("C: Table 1, T3, DA", "Augmentation under T3: distance of accuracy, LI, DI and "
      "SI.", distances["T3", "DA"], below=1, decided=full)

# %%
for group in GROUPS:
    claim(f"C: Table 1, {group}, IR", "Regularised until SI is 0.95: distance of "
          "accuracy and LI.", distances[group, "IR"][:2], below=1, decided=full,
          verdict="not reproduced")
    (paper, spread), runs = number(PAPER[group, "IR"][0]), ours[group, "IR"][0]
    gap = paper - runs.mean()
    print(f"{group}: {paper} ± {spread}, here {gap:.1f} ± {runs.std(ddof=1):.1f} points less")

# %% [markdown]
# At an SI of 0.95 the accuracy under R4 is about six points below the published one.
# Under T3 it is nearly three points below.
# LI is smaller than published, under both groups; DI and SI agree.
#
# (spurious-tuning)=
# ## Trade-offs, not points
#
# A point of Table 1 is a point on a curve: the accuracy that one pays for an SI.

# %% tags=["hide-input"]
fig, axes = plt.subplots(1, 2, figsize=(8.6, 3.9))
for g, ax in enumerate(axes):
    ax.plot(searched[g], 100 * found["strength_accuracy"][g], "o", color=COLORS[3], linestyle="-",
            markerfacecolor="white", label="search, one run")  # fmt: skip
    some = [four[k] for k, one in enumerate(near) if one[:2] == (GROUPS[g], "LI")]
    for k, runs in enumerate(([columns[0, 1]] if g == 0 else []) + some):
        (accuracy, *_, S), errors = runs.mean(axis=1), runs.std(axis=1, ddof=1)
        ax.errorbar(S, accuracy, xerr=errors[3], yerr=errors[0], fmt="s", color=COLORS[0], linestyle="none", capsize=2,
                    label=None if k else "four runs")  # fmt: skip
    (S, width), (accuracy, height) = (number(PAPER[GROUPS[g], "IR"][k]) for k in (3, 0))
    ax.errorbar(S, accuracy, xerr=width, yerr=height, fmt="D", color=COLORS[4], linestyle="none", capsize=2, label="paper")
    ax.axvline(config.target, color="#777777", linestyle=":", linewidth=1.2)
    ax.set(title=GROUPS[g], xlabel="SI", ylabel="accuracy in per cent")
axes[1].legend(loc="lower left")
figure(
    fig,
    "penalty-tuning",
    title="Accuracy against the similarity of saliency maps",
    caption="Regularised networks. Circles: validation images, one run, four weights of the penalty that double from left to right. "
    "Squares: test images, mean and standard deviation of four runs, weights near the answer in steps of 1.2. Diamond: Table 1 of paper C. "
    "The dotted line is the target, SI = 0.95.",
    alt="Two panels, R4 and T3, each with a falling line of four circles that crosses a dotted line at 0.95, and squares near the crossing. The paper's "
    "diamond lies above the squares in both, with a wide horizontal bar that ends just right of the line of circles for R4 and crosses it for T3.",
)

# %% [markdown]
# The paper prints SI with a deviation of 0.03 under R4. What is that worth in accuracy, along our curves?

# %%
for group, S, accuracy in zip(GROUPS, searched, found["strength_accuracy"]):
    slope = (accuracy[0] - accuracy[-1]) / (S[-1] - S[0])
    print(f"{group}: 0.03 of SI cost {3 * slope:.0f} points of accuracy")

# %% [markdown]
# A little more than our networks lack. So we say no more than this: with the SI that the paper prints, our regularised networks are less accurate than the paper's, and a small difference in how SI is measured would be enough to explain it.
#
# (spurious-normalised)=
# ### A penalty without a unit
#
# The penalty on LI shrinks the logits, which lowers LI by itself.
# The paper therefore also tries a *normalised* LI, the error over the mean of $\lVert f(gx)\rVert^2$ and $\lVert f(hx)\rVert^2$, and reports it with an SI of at least 0.95 in its Figure 5.
# Does it get there?
# {ref}`The chapter on spectral decay <spectral-decay>` tries three weights, each sixteen times the one before. We add seven below and between them, again with one run each, and three more runs with the best:

# %%
other = results.obtain("spectral_decay", scale, seed=seed)


def both(name):
    """Of all weights, shape (groups, weights)."""
    first = other.arrays[name.replace("chosen", "strength")][:, 1]
    return np.concatenate([first, finer.arrays[name].reshape(2, -1)], axis=1)


strengths = both("strengths")
accuracy, S = both("chosen_accuracy"), without_identity(both("chosen_similarity"), ORDER)
lines = []
for g, order in enumerate(strengths.argsort(axis=1)):
    pairs = zip(S[g, order], 100 * accuracy[g, order])
    lines.append([f"{GROUPS[g]}: $\\nu$", *(f"{nu:g}" for nu in strengths[g, order])])
    lines.append(["SI, accuracy", *(f"{s:.2f}, {a:.0f}" for s, a in pairs)])
table(["validation images, one run", *[""] * len(order)], lines)

# %%
best = {group: S for (group, penalty, _), S in zip(near, chosen) if penalty != "LI"}
print({group: S.round(3).tolist() for group, S in best.items()})
claim("C: Figure 5", "With the best weight of ten, normalised LI brings SI to 0.95 "
      "under T3.", best["T3"], above=config.target, decided=full,
      verdict="not reproduced", id="normalised-penalty-under-t3",
      details="Four runs with 608.")

# %% [markdown]
# Under R4 we do not decide. With 1448 two of four runs have an SI above 0.95 and two a little below, and their mean, 0.952, is above by less than its error. With 1024 SI is 0.91, and with 2048 the network has hardly begun to learn when training ends.
# Where SI gets there the network recognises only 62 % of the images. The penalty on LI reaches the same SI with 82 %.
# Under T3 no weight that we tried gets there. SI rises slowly up to 608, where four runs lie between 0.81 and 0.94, and with larger weights the networks do not learn in time.
#
# Here are both measures during training, on 250 validation images:

# %%
path = without_identity(finer.arrays["path_similarity"], ORDER)[:, :, 0]
right = finer.arrays["path_accuracy"][:, :, 0]
lines = []
for g, k in np.argwhere(finer.arrays["strengths"] > 100):
    cells = [f"{s:.2f}, {100 * a:.0f}" for s, a in zip(path[g, k], right[g, k])]
    lines.append([f"{GROUPS[g]}, $\\nu = {finer.arrays['strengths'][g, k]:g}$", *cells])
table(["SI, accuracy at epoch", *finer.arrays["epochs"]], lines)
runs = without_identity(other.arrays["similarities"], ORDER)[0, 2, :, 0]
print(f"R4, {other.arrays['strength'][0, 1]:g}, test images, by run: SI", runs.round(2))

# %% [markdown]
# A large weight keeps a network from learning, the longer the larger it is.
# With 256, 512 and 724 under R4, SI is highest before the last epoch and falls while the accuracy still rises. The network with 1448 has just begun to learn when training ends.
# Whether its SI would last we have not tried. The number of epochs has a say in this search, and so has the seed: at 1024 two runs differ by 0.06.
#
# (spurious-readings)=
# ## Which reading gives which number
#
# With a factor $\tfrac12$ or without, with the identity or without it: LI has four readings.

# %%
rows = []
for half in (1, 2):
    for counted in (True, False):
        line = [f"factor 1/{half}" if half > 1 else "no factor", "yes" if counted else "no"]
        for g, group in enumerate(GROUPS):
            runs = found["logit_error"][g, 0] / half
            runs = runs if counted else runs * ORDER[g] / (ORDER[g] - 1)
            line += [f"{runs.mean():.0f}", f"{distance(PAPER[group, 'DA'][1], runs):.2f}"]
        rows.append(line)
table(["LI of DA", "identity counted", "R4 (98.6)", "distance", "T3 (50.8)", "distance"], rows)

# %% [markdown]
# The factor is not there: with it, both readings miss both numbers.
# Whether the identity is counted the numbers do not decide. Leaving it out misses the rule under R4 by a hair and fits T3 better than counting it. We count it.
#
# SI has more readings, because a saliency map has more ingredients: which output is integrated, from which baseline, whether there is a threshold, whether signs are kept.

# %% tags=["hide-input"]
definitions = ["published", "of the probability", "black baseline", "no threshold", "signed", "gradient, signed"]
fig, axes = plt.subplots(1, 2, figsize=(8.6, 4.4), sharex=True)
where = np.arange(6)
for g, ax in enumerate(axes):
    value, deviation = number(PAPER[GROUPS[g], "DA"][3])
    ax.fill_betweenx([-0.45, 5.45], value - 2 * deviation, value + 2 * deviation, color="#c8c8c8", linewidth=0)
    ax.text(value, -0.55, "published, DA", ha="center", va="bottom", fontsize=9, color="#333333")
    for k, (m, counted) in enumerate([(0, True), (0, False), (1, True), (1, False)]):
        runs = found["similarities"][g, m] if counted else SI[g, m]
        ax.errorbar(
            runs.mean(axis=0), where + 0.22 * (k - 1.5), xerr=runs.std(axis=0, ddof=1), fmt=MARKERS[k],
            color=COLORS[k], markerfacecolor="white" if k % 2 else COLORS[k], linestyle="none", capsize=2,
            label=f"{MODELS[m]}, identity {'counted' if counted else 'left out'}",
        )  # fmt: skip
    ax.set(xlabel="SI", xlim=(-0.2, 1.04), ylim=(5.55, -0.55))
    ax.set_title(GROUPS[g], pad=16)
    ax.set_yticks(where, [""] * 6 if g else definitions)
fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
figure(
    fig,
    "saliency-readings",
    title="Similarity of saliency maps under six definitions",
    caption="SI of augmented (DA) and regularised (IR) networks on test images: means over runs, and their standard "
    "deviations where they are larger than the marker. Rows are definitions of the saliency map; the first is the published one and the next "
    "three change one of its steps. The last two keep the sign. The grey band is the published value for DA, plus or minus "
    "two standard deviations. Left R4, right T3.",
    alt="Two panels with six rows of four markers each. The markers of regularised networks lie at the right end in all "
    "rows; those of augmented networks lie far to the left in the first three rows, at the right end in the fourth, and "
    "in between in the last two.",
)

# %%
away = np.array([
    [[distance(PAPER[group, "DA"][3], runs) for runs in one[0].T] for group, one in zip(GROUPS, S)]
    for S in (found["similarities"], SI)
])  # identity counted or not, groups, definitions
claim("beyond: C, Eq. 3, SI", "No reading of SI gives both published values for "
      "augmentation.", away.max(axis=1), above=1, decided=full, id="no-reading-of-si",
      details="Larger distance of the two groups; six maps, identity counted or left "
      "out.")
least = SI[:, 0, :, 3].min()
print(f"least SI of DA without the threshold: {least:.2f}")

# %% [markdown]
# The threshold is what makes SI small for augmented networks. It keeps the few pixels of the map within a tenth of its maximum, and those change most easily.
# Signed gradients need no threshold, no baseline and no filter, and separate the networks as clearly. We report both.
#
# (spurious-path)=
# ## During training
#
# Is augmentation spurious from the start? We take the measures during training, on 250 validation images.

# %% tags=["hide-input"]
panels = {"accuracy": "accuracy", "LI": "logit_error", "scale-free LI": "scale_free", "DI": "distribution_error",
          "SI, published": "similarity", "SI of gradients": "signed_similarity"}  # fmt: skip
fig, axes = plt.subplots(3, 2, figsize=(8.6, 8.1), sharex=True)
ticks = [epoch for epoch in (1, 5, 20, 100, 300) if epoch <= config.epochs]
for ax, (title, name) in zip(axes.flat, panels.items()):
    for k, (m, g) in enumerate([(0, 0), (0, 1), (1, 0), (1, 1)]):
        values = found[f"path_{name}"]
        values = without_identity(values, ORDER) if name.endswith("similarity") else values
        runs = values[g, m]
        ax.plot(found["epochs"], runs.mean(axis=0), MARKERS[k], color=COLORS[k], markersize=5,
                linestyle="-" if g == 0 else (0, (5, 1.6)), markerfacecolor="white", label=f"{MODELS[m]}, {GROUPS[g]}")  # fmt: skip
        ax.fill_between(found["epochs"], runs.min(axis=0), runs.max(axis=0), color=COLORS[k], alpha=0.18, linewidth=0)
    logarithmic = name in ("logit_error", "scale_free", "distribution_error")
    ax.set(xscale="log", yscale="log" if logarithmic else "linear", title=title)
    ax.set_xticks(ticks, [str(epoch) for epoch in ticks])
    ax.set_xticks([], minor=True)
for ax in axes[-1]:
    ax.set_xlabel("epoch")
fig.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
figure(
    fig,
    "measures-during-training",
    title="Measures of invariance during training",
    caption="Augmented (DA) and regularised (IR) networks under both groups, on validation images: means over runs, bands from the "
    "smallest to the largest run, against the epoch. Weight-tied networks are exact at all times and not shown. The last "
    "point is the last epoch, not the best one.",
    alt="Six panels over a logarithmic axis of epochs with four curves each. Under augmentation LI and DI grow during "
    "training, and both similarities rise for a few epochs and then fall; under regularisation LI and DI stay small and the similarities rise towards one.",
)

# %%
S = without_identity(found["path_similarity"], ORDER)[:, 0]  # DA: groups, runs, epochs
peak = found["epochs"][S.argmax(axis=-1)]
fall = S.max(axis=-1) - S[..., -1]
claim("beyond: C", "Augmented networks look most genuine early: the published SI peaks "
      "within ten epochs and then falls by more than 0.1, in every run.",
      [peak <= 10, fall > 0.1], decided=full, id="young-networks-look-genuine")
for name in ("logit_error", "scale_free"):
    path = found[f"path_{name}"][:, 0].mean(axis=1)
    growth = [f"{v:.2g}" for v in path[:, -1] / path[:, 0]]
    print(f"{name}: the last epoch over the first, R4 and T3:", *growth)

# %% [markdown]
# After one epoch augmented networks have a small LI, because they have learned little and their logits are small. After a few more their saliency maps are most alike. From then on LI still grows, a hundredfold under R4 and twentyfold under T3, and the maps drift apart. The scale-free LI ends above its start too, so this is no matter of scale alone.
# A comparison of invariance between networks that are not equally well trained says little.
# Regularised networks go the other way: their maps become more alike and their scale-free LI falls.
#
# (spurious-saliency)=
# ## Where the networks look
#
# Figures 1 and 3 of the paper show saliency maps over an orbit. We show maps without the threshold: absolute integrated gradients, smoothed. With it, a map would be a few dots.
# *Re-aligned* maps are $g^{-1} m(gx)$. If $gx$ is `x[g]`, then $g^{-1} m$ puts `m[i]` at `g[i]`:


# %%
def realigned(maps, orbit):
    """Shape (group, images, 36, 36)."""
    back = np.argsort(orbit.numpy(), axis=1)
    rows = maps.reshape(*maps.shape[:2], 36**2)
    return np.stack([m[:, g] for m, g in zip(rows, back)]).reshape(maps.shape)


maps, aligned = {}, {}
for g, (group, orbit) in enumerate(orbits.items()):
    for m, model in enumerate(MODELS):
        maps[group, model] = found["maps"][g, m].swapaxes(0, 1)[: len(orbit)]
        aligned[group, model] = realigned(maps[group, model], orbit)

# %% tags=["hide-input"]
angles = [f"{90 * [t.tobytes() for t in turns].index(g.numpy().tobytes())}°" for g in quarter]
pictures = framed(found["pictures"])
moved = np.stack([pictures[:, g].reshape(-1, 36, 36) for g in quarter])


def rows_of(named, titles, inches):
    """Rows of pictures, each in grey up to its own largest value."""
    fig, axes = plt.subplots(len(named), len(titles), figsize=(1.3 + inches * len(titles), 0.3 + inches * len(named)))
    for k, (row, (name, pictures)) in enumerate(zip(axes, named.items())):
        for ax, picture, title in zip(row, pictures, titles):
            ax.imshow(picture, cmap="gray_r", vmin=0, vmax=max(float(picture.max()), 1e-9))
            frame(ax, "" if k else title)
        row[0].set_ylabel(name, rotation=0, ha="right", va="center", labelpad=6, fontsize=10)
    return fig


shown = {"image": moved[:, 1]}
for model in ("DA", "WT"):
    shown |= {model: maps["R4", model][:, 1], f"{model}, re-aligned": aligned["R4", model][:, 1]}
figure(
    rows_of(shown, angles, 1.15),
    "saliency-over-an-orbit",
    title="Saliency of one image over its orbit",
    caption="A test image under the four quarter turns and the saliency maps of an augmented (DA) and a weight-tied (WT) network: as they are, "
    "and turned back. Re-aligned maps of the weight-tied network are equal; those of the augmented network differ. It corresponds to Figure 1 of paper C.",
    alt="A grid of five rows and four columns. First row: a digit 2 in four orientations. Below, maps of dark spots that "
    "follow the digit. In the third row the four maps differ in detail, in the last they are the same picture four times.",
    width="70%",
)


# %%
def cosines(maps):
    """With the map of the unmoved image, shape (group - 1, images)."""
    flat = maps.reshape(*maps.shape[:2], -1).astype(float)
    units = flat / np.linalg.norm(flat, axis=-1, keepdims=True)
    return (units[0] * units[1:]).sum(axis=-1)


angle = {row: 1 - cosines(maps) for row, maps in aligned.items()}
apart = [[angle[group, "WT"].max() < 1e-3, angle[group, "DA"].mean() > 0.02] for group in GROUPS]
claim("C: Figure 1", "Re-aligned maps of a weight-tied network coincide on the orbit, "
      "those of an augmented one do not.", apart, details="One less the cosine, four "
      "images, one run. Maps have 256 grey values.")

# %%
titles = [f"{model}, {angle}" for model in ("DA", "IR") for angle in angles]
pair = np.concatenate([aligned["R4", "DA"], aligned["R4", "IR"]])
figure(
    rows_of({f"digit {k + 1}": pair[:, k] for k in (0, 2, 3)}, titles, 0.95),
    "saliency-of-digits",
    title="Re-aligned saliency of several digits, augmented and regularised",
    caption="Saliency maps without threshold over the orbits of three test images under R4, turned "
    "back. Left four columns: an augmented network. Right four columns: a regularised one. It "
    "corresponds to Figure 3 of paper C.",
    alt="A grid of three rows and eight columns of grey maps. In the left half of each row the four "
    "maps differ in the place of their dark spots; in the right half they are nearly equal.",
)

# %%
ratio = [angle[group, "DA"].mean() / angle[group, "IR"].mean() for group in GROUPS]
claim("C: Figure 3", "Re-aligned maps of several digits are stable under IR, unstable "
      "under DA.", ratio, above=5, decided=full, details="Mean of one less the cosine, "
      "DA over IR.")

# %% [markdown]
# The maps make plain what the numbers say. Those of the augmented network have the shape of the digit in every orientation, so their cosines are high; but the darkest spots sit elsewhere, and a threshold sees only these.
#
# (spurious-orbit)=
# ## An orbit in the last hidden layer
#
# Figure 2 of the paper follows one sample over its orbit in the last hidden layer, drawn by t-SNE.
# That method moves points so as to keep neighbours together, and distances in its picture have no unit.
# We use the two leading principal components instead, of the activations of all shown images under all elements of the group. They are a linear map, so a short path in the picture can still hide a long one in the other directions, but not the other way round.

# %% tags=["hide-input"]
kinds = found["trace_labels"]
followed = [np.flatnonzero(kinds == digit)[0] for digit in (2, 4, 7)]
fig, axes = plt.subplots(2, 3, figsize=(8.6, 5.8))
for g, group in enumerate(GROUPS):
    for m, model in enumerate(MODELS):
        ax, points = axes[g, m], found["traces"][g, m][: ORDER[g]]
        ax.scatter(*points[0].T, c=0.93 - 0.06 * kinds, cmap="gray", vmin=0, vmax=1, s=13, linewidths=0, zorder=1)
        for k, image in enumerate(followed):
            ax.plot(*points[[*range(ORDER[g]), 0], image].T, MARKERS[k], color=COLORS[(0, 4, 2)[k]], linestyle="-",
                    linewidth=1.5, markerfacecolor="white", label=f"a {kinds[image]}")  # fmt: skip
        ax.set_title(f"{group}, {model}", fontsize=10.5)
        ax.set_xticks([])
        ax.set_yticks([])
fig.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=3, title="orbit of")
figure(
    fig,
    "orbits-in-the-last-layer",
    title="Orbits in the last hidden layer",
    caption="Grey dots: 200 test images in the two leading principal components of the last hidden layer, one shade for each class. "
    "Coloured lines: three images over their orbits. The paper shows one of them by t-SNE (its Figure 2). The components hold "
    f"between {found['trace_share'].min():.0%} and {found['trace_share'].max():.0%} of the variance, depending on the network.",
    alt="Six panels, groups in rows and networks in columns, each with clusters of grey dots. In the left column three lines "
    "wander visibly, in the middle one they shrink to short strokes, in the right one to points.",
)

# %% [markdown]
# The number behind the picture is the scale-free LI of the last hidden layer: the share of the variance that lies within orbits. It needs no projection.

# %%
spread = found["feature_share"]  # groups, models, runs
point, apart = spread[:, 2] < 1e-6, spread[:, 0].min(1) > 4 * spread[:, 1].max(1)
claim("C: Figure 2", "The orbit of an image spreads in the last hidden layer under DA, "
      "shrinks under IR and is a point under WT.", [*point.ravel(), *apart],
      decided=full, details="Least DA network more than four times the largest IR one.")

# %% [markdown]
# (spurious-verdict)=
# ## The verdict under every measure
#
# Ten measures for augmented and regularised networks, all but the last zero for a weight-tied network.
# *Scale-free LI* is LI over twice the total variance of the logits ({prf:ref}`prop-li-variance`). *Class changes* is the share of moved images with another class than the unmoved one. *Sensitivity* is the mean of $\sigma_{\max}(J)$, the largest singular value of the Jacobian, which {ref}`another chapter <spectral-decay>` studies.
# A measure *separates* if every augmented network has a larger value than every regularised one.

# %%
measures = {
    "class changes": 1 - found["agreement"],
    "DI": found["distribution_error"],
    "LI": found["logit_error"],
    "scale-free LI": found["scale_free"],
    "1 - SI, published": 1 - SI[..., 0],
    "1 - SI, no threshold": 1 - SI[..., 3],
    "1 - SI, signed": 1 - SI[..., 4],
    "1 - SI, gradient": 1 - SI[..., 5],
    "last hidden layer": found["feature_share"],
    "sensitivity": found["spectral_norm"],
}

# %%
lines = []
for name, values in measures.items():
    line = [name]
    for DA, IR, _ in values:
        apart = "yes" if DA.min() > IR.max() else "no"
        line += [f"{DA.mean():.2g}", f"{IR.mean():.2g}", f"{DA.mean() / IR.mean():.2g}", apart]
    lines.append(line)
parts = ("DA", "IR", "ratio", "separates")
table(["measure", *(f"{group}, {name}" for group in GROUPS for name in parts)], lines)

# %% [markdown]
# Every measure of invariance separates the two kinds of networks under both groups, each network from each. By how much depends on the measure: class changes by a factor below ten, DI by hundreds, LI by more than ten thousand. The scale of the logits explains a part of the last; the scale-free LI still shows a factor of hundreds.
# Sensitivity separates them too, but it is no measure of invariance: {ref}`a control <spectral-decay>` is insensitive and spurious.
#
# ## What to take away
#
# * Augmented networks are right about moved images for reasons that move with the image. The numbers of Table 1 for them reproduce, except SI under R4.
# * SI depends on ingredients that the paper leaves open, and the threshold decides it. Signed gradients tell the same story without it.
# * The penalty makes networks invariant under every measure and costs accuracy. How much depends on how the weight is tuned; compare trade-offs, not points.
# * Early in training augmented networks look genuine. Compare networks that have learned.

# %% tags=["hide-input", "nbval-ignore-output"]
footer(scale, seed, stored, other, finer)
