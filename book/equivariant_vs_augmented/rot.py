# %% [markdown]
# (rot)=
# # ROT: shapes and their masks
#
# The third experiment of {cite:t}`nordenfors2025optimization` marks where a triangle or a pentagon is in an image. When the image turns, the answer turns with it: the network is equivariant under rotations by 90 degrees.
# Here the paper reports an anomaly. In {ref}`PERM <perm>` and {ref}`TRANS <trans>` augmented training stays much closer to the equivariant weights $\mathcal{E}$ than plain training. In ROT the two are much closer to each other. The paper says that this cannot be deduced from its theory, and suspects the size of $\mathcal{E}$.
#
# The {ref}`drift law <drift-law>` knows nothing of that size. It says that four rotations are as good as ten factorial relabellings.
# So something else must be behind the anomaly, or the law is wrong. **We put three explanations side by side and test each.**
#
# **What we found.**
#
# * The anomaly is there. At the published size, from standard Gaussian weights and with uniform draws, as in the text, NOM over AUG is [less than a tenth of what it is in PERM](#claim-rot-anomaly). In half of the runs AUG even ends further out than NOM.
# * The *start* is behind it. From these weights [nearly all outputs are saturated](#claim-rot-standard-start-is-saturated) and the gradient comes from a few pixels. No first-order law holds there. In small networks, where we follow it, single runs come across places of [strong negative curvature](#claim-rot-rounding-errors-grow), and whatever is off $\mathcal{E}$ grows a thousandfold.
# * From scaled weights, as in the public code, [the law holds](#claim-rot-law-from-fan-in), and uniform draws [part NOM and AUG more than in PERM](#claim-rot-full-size), by factors around a hundred.
# * The *law of draws* can do it, too. The public code turns images by 0 or 180 degrees only. Such draws average over half the group and leave most of NOM's drift, [from either start](#claim-rot-half-turns-close-to-nominal); from scaled weights [as much as the mean step predicts](#claim-rot-half-turns-by-the-law).
# * The *size* of $\mathcal{E}$ is the same in all of these runs, so it explains none of the differences between them.
# * The orders of magnitude that the paper prints come out with [squared drifts, the scaled start and the rate of the public scripts](#claim-rot-printed-orders-squared). From standard weights they depend on the run.

# %% tags=["parameters"]
scale = "book"
seed = 0

# %%
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np

from learnsym import results
from learnsym.data import shape_images
from learnsym.drift.curves import agreement, curves, ends, factor, learned, sizes
from learnsym.drift.curves import stage_curves
from learnsym.experiments import perm, rot
from learnsym.experiments.symmetric import start
from learnsym.networks.mlp import norms
from learnsym.publish import COLORS, claim, figure, footer, frame, table, use_style
from learnsym.publish.style import drift_against_distance, drift_over_epochs
from learnsym.training.symmetric import gradient

use_style()
book = scale == "book"
stored = results.obtain("rot", scale, seed=seed)
arrays, config = stored.arrays, stored.config

# %% [markdown]
# ## The data
#
# The text says "synthetic images of simple shapes". We draw them as the public code does ({ref}`notes-on-published-code`): $14\times14$ pixels, one triangle or pentagon, dark on white, of nearly one size, anywhere in the window, and with one corner to the right.
# The target is two masks, one for each kind of shape. Where the shape is there, its mask is one on its pixels and zero elsewhere. The mask of the shape that is *not* there is one everywhere.

# %%
images, masks = shape_images(3_000, seed=seed)
fig, axes = plt.subplots(2, 6, figsize=(7.6, 2.8))
for row, (image, mask) in zip(axes.T.reshape(4, 3, 1), zip(images, masks)):
    for (ax,), picture in zip(row, [image, *mask]):
        ax.imshow(picture, cmap="gray", vmin=0, vmax=1)
        frame(ax, "")
for k, title in enumerate(2 * ["image", "triangle", "pentagon"]):
    axes.T.reshape(4, 3)[k // 3 * 2, k % 3].set_title(title, fontsize=10)
figure(
    fig,
    "rot-images",
    title="Four images of ROT with their masks",
    caption="Image, mask of triangles, mask of pentagons, for four images. White is one.",
    alt="Dark shapes on white, each with two masks. One mask shows the shape in white on black, the other is white all over.",
)

# %% [markdown]
# The public code ships 3,000 such images. Ours have the same statistics (and `learnsym.data.shapes.published_shapes` reads the shipped ones where you have them):

# %%
absent = masks.all(axis=(2, 3))  # image, class
mean = images.mean(axis=0)
statistics = {
    "mean": (0.903, images.mean()),
    "share of pixels below 0.99": (0.306, (images < 0.99).mean()),
    "pixels of a triangle": (0.115, masks[~absent[:, 0], 0].mean()),
    "pixels of a pentagon": (0.213, masks[~absent[:, 1], 1].mean()),
    "mean image less its quarter turn": (0.114, abs(np.rot90(mean) - mean).max()),
}
table(
    ["", "shipped", "drawn"],
    [[name, *(f"{v:.3f}" for v in pair)] for name, pair in statistics.items()],
)

# %% [markdown]
# The last row says that the distribution is *not* invariant under quarter turns. NOM leaves $\mathcal{E}$ for that reason, and more images would not help.
#
# The loss is the binary cross-entropy, mean over the pixels, summed over the two masks. Which answers are good? Outside of the shape one mask is zero and the other one, inside both are one.

# %%
inside = masks.all(axis=1).mean()
opposite, empty = 1 - inside / 2, (1 - masks).mean()
claim("beyond: B, Figure 1, ROT",
      "Opposite answers can be right on 92 % of the outputs, the empty answer on 42 %.",
      [opposite, empty], equals=[0.918, 0.418], within=0.01, id="rot-empty-answer",
      details="On the shipped images 0.918 and 0.418.")

# %% [markdown]
# ## Network and training
#
# Four layers without bias: one channel to $c$, to $c$, to $c/2$, to two, each channel an image. Leaky ReLU; at the end layer normalisation over the two channels of each pixel, without learned parameters, and a sigmoid.
# An equivariant layer from one channel to another has 9,604 free parameters of 38,416.
#
# Two channels leave layer normalisation little room. It subtracts the mean of two numbers and divides by their spread, so the outputs of a pixel are $z$ and $-z$, with $\lvert z\rvert < 1$. By the count above this is no handicap.

# %%
task = rot.problem(config).task
setups = {
    "standard": replace(config, start="standard"),
    "fan in": replace(config, start="fan in"),
}
seeds = config.seeds()[:2]
outputs = {}
for name, setup in setups.items():
    outputs[name] = task.network.forward(start(task.network, setup, seeds), task.x)
    pairs = outputs[name].unflatten(-1, (2, -1))
    print(f"{name}: outputs are opposite: {bool(pairs.sum(dim=-2).abs().max() < 1e-9)}")

# %% [markdown]
# As in {ref}`PERM <perm>`, full-batch descent with $\eta = 5\cdot10^{-5}$: NOM, AUG with $L = 25$ passes and a random rotation for each mini-batch of each pass, EQUI.
# The group is small enough for a fourth way, **exact**: all four rotations in each step. A fifth, **half turns**, is AUG with the draws of the public code, explained below.
# Every way starts from Gaussian weights, projected onto $\mathcal{E}$: *standard* ones, as in the paper's text, or *fan in*, divided by the root of the number of inputs, as in the public code.
# A step of exact augmentation:


# %%
def exact_step(A):
    """One step on all four rotations of images and masks."""
    turned = []
    for g in task.network.group.elements():
        x, y = (
            space.act(g, v) for space, v in zip(ends_of(task.network), (task.x, task.y))
        )
        moved = replace(task, x=x, y=y)
        turned.append(gradient(moved, A, "nominal", config.schedule(), [])[0])
    return [a - config.rate * sum(parts) / 4 for a, *parts in zip(A, *turned)]


def ends_of(network):
    return network.spaces[0], network.spaces[-1]


# %% [markdown]
# From $\mathcal{E}$ it stays in $\mathcal{E}$, by Corollary 1 of the paper, while the whole step has some length:

# %%
A = start(task.network, setups["fan in"], seeds)
B = exact_step(A)
off = norms(task.network.complement(B)) / norms([b - a for a, b in zip(A, B)])
print("off E, relative to the step, below 1e-9:", bool((off < 1e-9).all()))

# %% [markdown]
# Runs are computed once and stored, at two sizes. Small ones, by {mod}`learnsym.experiments.rot`, you can change and run again:

# %%
rows = sizes(config, "images")
table(["", "published", "this run"], [*rows, ["starts", "standard", "both"]])

# %% [markdown]
# The published size is trained densely by {mod}`learnsym.experiments.rot_direct`, from standard weights at the rate of the text, $5\cdot10^{-5}$, and at that of the public scripts, $10^{-5}$; from scaled weights at the first.
# Of the 25 rotations that a mini-batch meets in AUG at most four differ. One gradient for each of them, weighted by how often it was drawn, gives the same step. EQUI needs {ref}`one block <shortcuts>` for each of the four characters.

# %%
direct = results.obtain("rot_direct", "paper" if book else "smoke", seed=seed)
print(f"{len(direct.arrays['seeds'])} of {rot.PUBLISHED.runs} runs at the published size")


def dense(start, rate):
    """Curves by way to train of the dense runs from a start at a rate."""
    way = direct.config.ways.index((start, rate))
    steps, layers, inside = (direct.arrays[k][way] for k in ("steps", "layers", "inside"))
    steps = np.concatenate([steps, inside[None]])
    layers = np.concatenate([layers, 0 * layers[:1]])
    lengths = {"distance": np.linalg.norm(steps, axis=-1), "steps": steps}
    lengths |= {"drift": np.linalg.norm(layers, axis=-1), "layers": layers}
    lengths["noise"] = direct.arrays["noise"][way].sum(axis=-1)
    names = (*direct.config.modes, "equivariant")
    return curves(lengths, names, rate, direct.config.passes)


big = {"standard": dense("standard", 5e-5), "fan in": dense("fan in", 5e-5)}
big["standard, 1e-5"] = dense("standard", 1e-5)

# %% [markdown]
# ## Figure 1


# %%
def of(name):
    """Curves by way to train, from one of the two starts."""
    cut = {
        k.removeprefix(f"{name}_"): v for k, v in arrays.items() if k.startswith(name)
    }
    return curves(cut, rot.MODES, config.rate, config.passes)


standard, fan_in = of("standard"), of("fan_in")
starts = {"standard": standard, "fan in": fan_in}

# %%
fig = drift_against_distance(big["standard"], ["augmented", "nominal"])
fig.axes[1].set_xlim(right=1.15 * big["standard"]["nominal"].distance.max())
figure(
    fig,
    "rot-figure-one",
    title="ROT at the published size: drift against distance covered",
    caption="Distance from $\\mathcal{E}$ against distance from the initial weights, over 50 epochs, for the published network and images, from standard Gaussian weights. Two scales. "
    "Thin: runs. Thick: their mean. Circles: the drift law for AUG, evaluated along equivariant training. EQUI is zero. After Figure 1 (ROT) of "
    "{cite:t}`nordenfors2025optimization`, with the draws of its public code (half turns) as one curve more.",
    alt="Two panels. Left: two runs of augmented training climb far above all others. Right, at a finer scale: nominal training and half turns rise together; augmented training rises nearly as steeply and leaves the panel. Equivariant training lies on the horizontal axis, and the circles of the law close to it.",
)

# %% [markdown]
# The numbers after the last epoch, means over the runs, at the published size and then at the small one, and those that the figures of the public code show: its vertical axis is the root of the sum over layers of the fourth powers of $\lVert A_\perp\rVert$.

# %%
HEADS = ["$\\lVert A - A^0\\rVert$", "$\\lVert A_\\perp\\rVert$", "by the law"]
HEADS += ["public code's horizontal", "public code's vertical"]
every = {f"{name}, published": found for name, found in big.items()}
every |= {f"{name}, small": found for name, found in starts.items()}
for name, found in every.items():
    table([name, *HEADS], ends(found))

# %%
off = max(found["equivariant"].drift.max() for found in starts.values())
left = min(found["augmented"].drift[-1].min() for found in big.values())
closer = factor(big["fan in"]["nominal"], big["fan in"]["augmented"]) > 1
claim("B: Figure 1, ROT",
      "EQUI stays in $\\mathcal{E}$; AUG leaves it too, from scaled weights less than NOM.",
      [off < 1e-11, left > 1e-9, closer], decided=book, id="rot-order-of-curves",
      details="EQUI to rounding, small runs; AUG and NOM at the published size.")

# %% [markdown]
# From standard weights the order of NOM and AUG differs from run to run. NOM over AUG, run by run, and for graphs, in {ref}`PERM <perm>` at its published size:


# %%
def quotients(found, way="augmented"):
    """Last drift of NOM over that of another way, by run."""
    return found["nominal"].drift[-1] / found[way].drift[-1]


graphs = results.obtain("perm", "paper" if book else "smoke", seed=seed)
relabelled = curves(graphs.arrays, perm.MODES, graphs.config.rate, graphs.config.passes)
every["PERM"] = relabelled
for name, found in every.items():
    print(f"{name:26}", *(f"{v:.2g}" for v in np.sort(quotients(found))))

# %% [markdown]
# "Much closer" is not a number. We take it for a tenth of the quotient in PERM. What the quotient of several runs is can be said in five ways: its median, the quotient of means or of medians, and of both in the squared form of the public code.


# %%
def forms(found):
    """NOM over AUG: median; of means and medians; of these in squared form."""
    ways = found["nominal"], found["augmented"]
    pairs = [[getattr(w, kind)[-1] for w in ways] for kind in ("drift", "code_drift")]
    of_middles = [m(a) / m(b) for a, b in pairs for m in (np.mean, np.median)]
    return np.array([np.median(quotients(found)), *of_middles])


heads = ["over PERM", "median", "means", "medians", "means, squared"]
over = {name: forms(found) / forms(relabelled) for name, found in every.items()}
rows = [[name, *(f"{v:.2g}" for v in values)] for name, values in over.items()]
table([*heads, "medians, squared"], rows)

# %%
furthest = quotients(big["standard"]).max() / quotients(relabelled).min()
claim("B: Figure 1, ROT",
      "At the published size NOM over AUG is less than a tenth of that in PERM.",
      [*over["standard, published"], furthest], below=[*5 * [0.1], 1],
      verdict="reproduced", decided=book, id="rot-anomaly",
      details="Standard start, rate of the text; five forms; largest over smallest.")

# %% [markdown]
# So uniform draws do show the anomaly, in each form, and in every run NOM over AUG is smaller than in any run of PERM. The median over the runs is the least certain of the five: half of the runs have a quotient below a third, where AUG has gone further out than NOM, the others one of several units.
# At the smaller rate of the scripts runs lie between: one has AUG further out, and the median is a fraction of that in PERM, but not a tenth.
# In the smaller networks the median run is nearly as in PERM. One jump of AUG makes the means more alike, and no claim about the published size should rest on them. From scaled weights the quotient is larger than in PERM at either size, because the shapes are upright: a part of the drift of NOM is the same for all images, and no average over images removes it.
#
# ## Explanation 1: the start
#
# Standard Gaussian weights multiply: each layer sums over hundreds of inputs, and the numbers before the last normalisation are large. A pair of large numbers is normalised to $\pm1$ unless they happen to be nearly equal.

# %%
shares = {k: (v.abs() > 0.999).double().mean((-2, -1)) for k, v in outputs.items()}
for name, share in shares.items():
    print(
        f"{name:9} {', '.join(f'{v:.3f}' for v in share)} of the outputs within 1e-3 of +-1"
    )
claim("beyond: B, Figure 1, ROT",
      "From standard weights nearly all outputs are saturated, from scaled ones "
      "hardly any.", [shares["standard"].min() > 0.9, shares["fan in"].max() < 0.1],
      decided=book, id="rot-standard-start-is-saturated")

# %% [markdown]
# Where an output is saturated, the gradient vanishes. Where it is not, the gradient is steep. So nearly all of the gradient comes from a few pixels of a few images, and a small step replaces them by others. That is not a setting for a first-order law, and it is none for stability either.
# The paper's first expectation is that $\mathcal{E}$ is invariant under the gradient flow but not necessarily stable. Training on all rotations shows it without any sampling. It stays in $\mathcal{E}$ but for rounding errors, and from standard weights those can grow.

# %%
fig, axes = plt.subplots(1, 2, figsize=(9.2, 3.8), sharey=True)
for ax, (name, found) in zip(axes, starts.items()):
    ax.semilogy(
        np.maximum(found["exact"].drift, 1e-18), color=COLORS[5], ls="-", lw=1.2
    )
    ax.set(title=name, xlabel="epochs")
axes[0].set_ylabel(r"$\Vert A_\perp \Vert$")
figure(
    fig,
    "rot-rounding-errors",
    title="ROT: rounding errors under exact augmentation",
    caption="Drift under training on all four rotations, each line a run, from two starts. In exact arithmetic it is zero. The values depend on the machine.",
    alt="Two panels with a logarithmic vertical axis. From standard weights most of ten curves stay at about 1e-14, and two jump up by orders of magnitude within a few epochs. From scaled weights all stay at about 1e-16.",
)

# %% [markdown]
# Rounding is no good probe, since it differs from machine to machine. So we push the weights off $\mathcal{E}$ by $10^{-9}$ along the first step of NOM, train on all rotations for 15 epochs, and follow the part $y_s$ off $\mathcal{E}$. To first order $y_{s+1} = (I - \eta H_s)\,y_s$ with the Hessian of the augmented risk.
# Two things can make $y$ grow. Where the curvature $\lambda$ is negative, $y$ grows along itself. Where it is positive but the step is too long for it, $\eta\lambda > 2$, it overshoots. If one direction $v$ dominates, the cosine of $y_{s+1}$ and $y_s$ is the sign of $1 - \eta\lambda$ times the share $\lvert v^{\mathsf T}y_s\rvert/\lVert y_s\rVert$, so its sign tells the two apart.

# %%
growth, cosine = arrays["standard_growth"], arrays["standard_cosine"]
factors = growth[1:] / growth[:-1]
rows = []
for run, worst in enumerate(factors.argmax(axis=0)):
    largest = f"{factors[worst, run]:.2g}", f"{cosine[worst, run]:.2f}"
    rows.append(
        [run, f"{growth[-1, run]:.2g}", *largest, f"{quotients(standard)[run]:.2g}"]
    )
table(["run", "growth", "largest in an epoch", "its cosine", "NOM over AUG"], rows)

# %%
grown, scaled_growth = growth.max(axis=0), arrays["fan_in_growth"].max(axis=0)
along = cosine[factors.argmax(axis=0), range(config.runs)][grown > 10]
claim("beyond: B, Figure 1, ROT",
      "A push grows a thousandfold in runs from standard weights, where it grows by "
      "negative curvature; a hundredfold in none from scaled ones.",
      [grown.max() > 1e3, (along > 0.9).all(), scaled_growth.max() < 100],
      decided=book, id="rot-rounding-errors-grow")

# %% [markdown]
# At this size two of the ten runs come across such a place; in the others a push at most doubles. In one of the two AUG passes over it and ends further off than NOM. In the other exact augmentation does, while AUG, on a path of its own, stays far below NOM.
# The largest growth comes from negative curvature: its cosine is above 0.9. The epoch after it can be of the other kind, a step too long for a positive curvature. The runs of other images may differ: what a run meets hangs on a few pixels.
#
# From scaled weights one run meets such a place and the others do not. Largest growth in the runs:

# %%
print(", ".join(f"{v:.3g}" for v in np.sort(scaled_growth)))
worst = scaled_growth.argmax()
lowest = arrays["fan_in_cosine"][:, worst].min()
print(f"smallest cosine of the run with the largest: {lowest:.2f}")

# %% [markdown]
# That one jumps in one epoch, to a direction in which the push had a small part, with a positive cosine. In all other runs a push stays as it is, and the law holds.

# %%
figure(
    drift_over_epochs(starts),
    "rot-two-starts",
    title="ROT: drift against epochs from two starts",
    caption="Drift against the number of epochs on logarithmic axes, from standard Gaussian weights (left) and from weights scaled by fan in (right). "
    "Thin: runs. Thick: their mean. Circles: the law.",
    alt="Two panels on logarithmic axes with curves of nominal, augmented and half-turn training. From standard weights curves of one colour are spread widely and leave the circles. From scaled weights they bunch, and circles lie on the thick lines: straight and close together for nominal training and half turns, less steep and far below for augmented training.",
)

# %% [markdown]
# Measured over predicted drift after the last epoch, from the smallest to the largest of the runs. For NOM and half turns the law needs dense gradients along EQUI, which the runs at the published size do not have.

# %%
WAYS = ["nominal", "augmented", "half turns"]
rows = []
for name, found in every.items():
    row = [name]
    for way in WAYS:
        row.append("")
        if way in found and found[way].law is not None:
            over = found[way].drift[-1] / found[way].law[-1]
            row[-1] = f"{over.min():.2g} to {over.max():.2g}"
    rows.append(row)
table(["start", "NOM", "AUG", "half turns"], rows)

# %%
claim("beyond: B, Figure 1, ROT",
      "From scaled weights NOM and AUG drift as the law says.",
      [agreement(fan_in[way]) for way in WAYS[:2]], equals=1, within=0.15, decided=book,
      id="rot-law-from-fan-in", details="Mean square of runs, all epochs.")
for way in WAYS:
    over = agreement(fan_in[way])
    print(f"{way:10} first ten epochs from {over[:10].min():.2f}, last {over[-1]:.2f}")

# %% [markdown]
# So at the published size two things lower NOM over AUG from standard weights. In some runs AUG ends at up to hundreds of times the law. In the others it keeps to the order of magnitude of the law, and NOM stops early, as its first steps saturate the pixels that drove it. A straight line would have a fiftieth of its length after one epoch of the fifty; NOM has, run by run:

# %%
drift = big["standard"]["nominal"].drift
print(*(f"{v:.2f}" for v in np.sort(drift[1] / drift[-1])))

# %% [markdown]
#
# Much smaller steps do not mend this: in {ref}`finite augmentation <finite-augmentation>` some runs from standard Gaussian weights leave the law at each of three rates, the smallest a thirtieth of the published one.
#
# ## Explanation 2: the law of draws
#
# In the public code a random integer from 0 to 4 chooses the rotation, both ends included. The image is a vector of 196 pixels at that point, and what is meant as a quarter turn of a square reverses that vector or does nothing ({ref}`which-draws`). The reverse of an image is its rotation by 180 degrees. So the draws are the identity with probability $p = 2/5$ and a half turn with probability $3/5$.
# The masks are treated the same, so images and masks fit each other, and nothing looks wrong.
#
# ````{prf:proposition} Drift under half turns
# :label: prop-half-turns
# Let quarter turns generate the group, let draws be the identity with probability $p$ and a half turn otherwise, and let $x \in \mathcal{E}$. Split the gradient off $\mathcal{E}$ into the part $u$ that a half turn fixes and the part $w$ that it reverses. The mean of the sampled gradient off $\mathcal{E}$ is $u + (2p - 1)\,w$.
# ````
#
# ````{prf:proof}
# A sample moved by $g$ has the gradient $\bar\rho(g)\nabla\ell(x)$ at $x \in \mathcal{E}$. The mean over draws of $\bar\rho(g)(u + w)$ is $p(u + w) + (1 - p)(u - w)$.
# ````
#
# The smallest example is a gradient itself: that of the loss on our images, moved by $\bar\rho$ of a half turn.

# %%
slope, _ = gradient(task, A, "nominal", config.schedule(), [])
off = task.network.complement(slope)
moved = task.network.act(rot.half_turn(config.side), off)
u = [(a + b) / 2 for a, b in zip(off, moved)]
w = [(a - b) / 2 for a, b in zip(off, moved)]
drawn = [0.4 * a + 0.6 * b for a, b in zip(off, moved)]
gap = norms([m - (a - 0.2 * b) for m, a, b in zip(drawn, u, w)]) / norms(off)
print("mean over draws is u - w / 5:", bool((gap < 1e-12).all()))
print(
    "share of u in the square:",
    ", ".join(f"{v:.2f}" for v in (norms(u) / norms(off)) ** 2),
)

# %% [markdown]
# The mean is not zero: AUG drifts in a straight line, like NOM, and no number of passes helps.
# It is training with *exact* augmentation under a smaller group, the half turns, but for the small rest of $w$. Corollary 1 of the paper then keeps the weights close to the layers that are equivariant under half turns, which are more than $\mathcal{E}$.
# How much of NOM's drift is left? If the gradient were spread evenly over the dimensions off $\mathcal{E}$, a third of its square would be in $u$, because quarter turns act on the rest with eigenvalues $-1$, $i$ and $-i$ equally often, and only $-1$ squares to 1. With $p = 2/5$ that makes $\sqrt{\frac13 + \frac1{25}\cdot\frac23} = \frac35$.
# Our gradients keep a little more than that. The mean image differs from its quarter turn, and hardly from its half turn, so that more than a third is in $u$.

# %%
rotating = {name: found for name, found in every.items() if "half turns" in found}
for name, found in rotating.items():
    kept = 1 / quotients(found, "half turns")
    print(f"{name:26} half turns over NOM {kept.min():.2f} to {kept.max():.2f}")
kept = 1 / quotients(fan_in, "half turns")
forecast = fan_in["half turns"].law[-1] / fan_in["nominal"].law[-1]
claim("beyond: B, Figure 1, ROT",
      "From scaled weights half turns keep of NOM's drift what the mean step predicts.",
      kept / forecast, equals=1, within=0.1, decided=book,
      id="rot-half-turns-by-the-law", details="Last epoch, each small run.")

# %%
halves = [np.median(quotients(found, "half turns")) for found in rotating.values()]
claim("B: Figure 1, ROT",
      "With the public code's draws AUG and NOM are ten times as close to each other "
      "as in PERM.", halves / np.median(quotients(relabelled)), below=0.1, decided=book,
      id="rot-half-turns-close-to-nominal", details="Medians; both starts and sizes.")

# %% [markdown]
# ## Explanation 3: the size of the equivariant layers
#
# The paper's own hypothesis is that a gradient loses little by the projection onto $\mathcal{E}$ if $\dim\mathcal{E}$ is a large part of $\dim\mathcal{L}$, all layers. In ROT it is a quarter, far more than in PERM and TRANS.
# All runs of this chapter have the same quarter. If it decided how close AUG is to NOM, the rows of this table should agree.

# %%
rows = []
for name, found in rotating.items():
    for way in ("augmented", "half turns"):
        median = np.median(quotients(found, way))
        rows.append([name, found[way].label, f"{median:.2g}"])
table(["start", "draws", "NOM over AUG, median"], rows)

# %% [markdown]
# They differ by more than an order of magnitude: whatever part the size plays, start and draws outweigh it. The paper calls its argument heuristic and makes it for different groups; {ref}`which group <which-group>` tests that, with four groups on the same data.
#
# (rot-published-size)=
# ## The printed numbers, at the published size
#
# For ROT the paper prints numbers: shifts off $\mathcal{E}$ of the order $10^{-7}$ compared to total shifts of the order $10^{-3}$. The two have a ratio of $10^{-4}$. In norms NOM comes nowhere near it:

# %%
parts = [
    found["nominal"].drift[-1] / found["nominal"].distance[-1]
    for found in every.values()
][:-1]
claim("B: Figure 1, ROT",
      "The shift of NOM off $\\mathcal{E}$ is smaller than its total shift by orders of "
      "magnitude.", [part.min() for part in parts], below=0.01, decided=book,
      verdict="not reproduced", id="rot-printed-orders", details="Both starts and sizes.")

# %% [markdown]
# But in the form that the public code draws, the vertical axis is a square and the horizontal one is not. Which setting gives the printed numbers in that form?
#
# From scaled weights all 30 runs can be followed as {ref}`in TRANS <shortcuts>`: EQUI and the law exactly, the drift from gradients at five nodes on $\mathcal{E}$ and from what the drift does to the gradient. The characters of this group are the powers of $1$, $i$, $-1$, $-i$, and a layer in $\mathcal{E}$ has one block for each.
# At the small size the paths compare with training as follows: distance of the vectors after the last epoch, over their length, and the largest error of the length at the end of a stage, in percent.

# %%
checked = results.obtain("rot_paths", scale, seed=seed)
each = config.epochs // checked.config.stages
ways = {name: rot.MODES.index(name) for name in ("nominal", "augmented", "half turns")}
cut = stage_curves(checked.arrays, config.rate, config.passes, ["half turns"])
over = {
    name: cut[name].drift[1:] / arrays["fan_in_drift"][way, each::each]
    for name, way in ways.items()
}
errors = [checked.arrays["error"][0], checked.arrays["zeroth_error"][1]]
errors = [" ".join(f"{100 * e:.2g}" for e in np.sort(row)) for row in errors]
table(
    ["", "vector, runs in order", "length, at most"],
    [
        [name, error, f"{100 * abs(over[name] - 1).max():.2g}"]
        for name, error in zip(ways, [*errors, ""])
    ],
)

# %%
full = results.obtain("rot_paths", "paper" if book else "smoke", seed=seed)
whole, count = full.config, len(full.arrays["seeds"])
print(f"{count} of {rot.PUBLISHED.runs} runs", end=", ")
print("complete" if count == rot.PUBLISHED.runs else "the others are to follow")
published = stage_curves(full.arrays, whole.rate, whole.passes, ["half turns"])

# %% [markdown]
# And at the published size, over the dense runs of the same seeds, the last length:

# %%
same = np.isin(full.arrays["seeds"], direct.arrays["seeds"])
large = {
    name: published[name].drift[-1, same] / big["fan in"][name].drift[-1] for name in ways
}
for name, ratio in large.items():
    print(f"{name:10}", *(f"{v:.2f}" for v in ratio))
lasts = [abs(ratio[-1] - 1).max() for ratio in over.values()]
lasts += [abs(ratio - 1).max() for ratio in large.values()]
claim("beyond: B, Figure 1, ROT",
      "From scaled weights the paths have the length of trained drifts: at the "
      "published size NOM and half turns to a tenth, AUG to a half.",
      lasts, below=[0.03, 0.15, 0.05, 0.1, 0.5, 0.1], decided=book,
      id="rot-paths-follow-training",
      details="NOM, AUG, half turns, small, then published; largest relative error.")

# %% [markdown]
# AUG is the least certain. In ROT the loss is curved strongly in some directions off $\mathcal{E}$. There the random walk of AUG forgets its steps, and its path does not: it is too long in every run. So for NOM over AUG the paths give too little rather than too much.
#
# ### From scaled weights

# %%
for way in ("augmented", "half turns"):
    print(f"NOM over {way}:", *(f"{v:.3g}" for v in np.sort(quotients(published, way))))

# %%
figure(
    drift_against_distance(published, ["nominal", "augmented"]),
    "rot-figure-one-full",
    title="ROT at the published size",
    caption="Distance from $\\mathcal{E}$ against distance from the initial weights for the published network, images and epochs, from weights scaled by fan in, at the ends of five stages of ten epochs. "
    "Thin: runs. Thick: their mean. Circles: the drift law, without what the drift does to the gradient. After Figure 1 (ROT) of {cite:t}`nordenfors2025optimization`.",
    alt="Two panels. Left: nominal training and half turns rise together, nominal training above; augmented and equivariant training lie along the bottom. Right: at a finer scale augmented training rises from zero and flattens, the others leave the panel.",
)

# %%
followed = [published, big["fan in"]]
ratios = [quotients(relabelled).max() / quotients(found).min() for found in followed]
ratios += [quotients(found, "half turns").max() for found in followed]
claim("beyond: B, Figure 1, ROT",
      "At the published size uniform draws part NOM and AUG more than in PERM, "
      "half turns by less than a factor of two.", ratios, below=[1, 1, 2, 2],
      decided=book, id="rot-full-size",
      details="From scaled weights; 30 runs by paths, then the dense ones; every run.")

# %% [markdown]
# So from scaled weights the law of draws alone decides, in each run. AUG and half turns have the same weights, images and number of passes; only the law of draws differs.
#
# Fifty epochs at the rate of the scripts, $10^{-5}$, go as far as ten at $5\cdot10^{-5}$, and the first stage tells where:

# %%
def in_the_form_of_the_code(found, stage):
    """Distance of NOM, drift of NOM, half turns, AUG by run, at the end of a stage."""
    kinds = found["nominal"], found["half turns"], found["augmented"]
    return np.array(
        [found["nominal"].code_distance[stage], *(one.code_drift[stage] for one in kinds)]
    )


scaled = {1e-5: in_the_form_of_the_code(published, 1)}
scaled[5e-5] = in_the_form_of_the_code(published, -1)
saturated = {1e-5: in_the_form_of_the_code(big["standard, 1e-5"], -1)}
saturated[5e-5] = in_the_form_of_the_code(big["standard"], -1)
MIDDLES = {"least": np.min, "median": np.median, "most": np.max}

rows = [["printed", "", "", "1e-3", "1e-7", "", ""]]
for name, by_rate in [("fan in", scaled), ("standard", saturated)]:
    for rate, values in by_rate.items():
        for middle, of_runs in MIDDLES.items():
            cells = (f"{v:.1e}" for v in of_runs(values, axis=1))
            rows.append([name, f"{rate:.0e}", middle, *cells])
heads = ["start", "rate", "of the runs", "distance", "NOM", "half turns", "AUG"]
table(heads, rows)

# %%
claim("beyond: B, Figure 1, ROT",
      "The scripts' rate and the scaled start give the printed orders, squared.",
      np.log10(np.median(scaled[1e-5], axis=1)[:3]), equals=[-3, -7, -7], within=0.5, decided=book,
      id="rot-printed-orders-squared", details="Distance, NOM, half turns; medians, decimal logarithms.")

# %% [markdown]
# * With the scaled start and the rate of the scripts both orders come out, for NOM and for AUG with half turns alike. At the rate of the text distances are larger by a factor near five and squared drifts by one near 25, one order of magnitude too much and more than one.
# * From standard weights the distance is a tenth of the printed one in the median, the squared drift of NOM less than that, and both spread from run to run over orders of magnitude. The largest come near the printed ones. So the printed numbers speak against this start, but not strongly.
# * If they come from the scaled start, they speak for the draws of the public code. There uniform draws put the squared drift of AUG thousands of times below that of NOM, and the paper's AUG and NOM are much closer.
#
# A note with the code says that it differs slightly from what was run, so even the first item shows only what is possible.
#
# ## Do the networks learn?

# %%
HEADS = ["loss at the start", "at the end", "accuracy"]
for name in ("standard", "fan_in"):
    cut = {k.removeprefix(f"{name}_"): v for k, v in arrays.items()}
    table([name.replace("_", " "), *HEADS], learned(cut, rot.MODES))

# %% [markdown]
# Accuracy is the share of outputs with the right sign. A guess has 0.5, the best opposite answers 0.92. In the published number of epochs the networks do not learn which is which. The loss hardly moves.
#
# ## Which explains what
#
# * The **start** of the text, with its saturated outputs, takes the first-order law away. At the published size that is enough: AUG runs away from $\mathcal{E}$ in half of the runs, and NOM over AUG is nowhere near that of PERM. In small networks a single run does so.
# * The **law of draws** of the public code makes AUG and NOM alike, from either start and at either size, by a factor that can be computed from the gradient.
# * The **size of $\mathcal{E}$** is the same throughout.
#
# The text has the one, the public code the other, and either suffices. None of this has to do with rotations as such: with uniform draws and weights of ordinary size, ROT follows the drift law, as PERM and TRANS do.

# %% tags=["hide-input", "nbval-ignore-output"]
footer(scale, seed, stored, direct, graphs, checked, full)
