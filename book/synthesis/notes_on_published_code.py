# %% [markdown]
# (notes-on-published-code)=
# # Notes on published code
#
# {cite:t}`nordenfors2025optimization` published code for their experiments.
# Text and code are two descriptions of one study, and they differ in places. Whoever compares numbers should know where.
# This page lists the differences that we found, one row each: what the text says, what the public code does, how we checked, and what the difference changes.
# Each effect is measured with the library of this book, one difference at a time.
#
# Some remarks on what this list is and is not.
#
# * It says "the public code does", not "the paper did". The README calls the code modified slightly for release, because the experiments ran on a cluster, and expects no difference in behaviour.
# * "The text" is the main text. The details of the experiments are in its Appendix D, which we do not have. Where the main text is silent, the row says so.
# * The book's experiments follow the text. Where an effect is large, the chapter on that experiment shows both.
#
# **What we find.**
# Two differences matter for the conclusions from Figure 1 and Appendix E.2: the draws of rotations and shifts are not uniform, and the vertical axis shows squared norms.
# The first changes what drives augmented training off the equivariant weights: a bias, where uniform draws have only noise. The second squares all quotients between curves.
# The other differences change the sizes of drifts by factors, the second softmax most, or change nothing.
#
# The repository is `usinedepain/eq_aug_dyn` on GitHub. We read its files at these commits:

# %% tags=["parameters"]
scale = "book"
seed = 0

# %% tags=["hide-input"]
import numpy as np

from learnsym import publish, results
from learnsym.checks import published_code as checks
from learnsym.experiments import perm
from learnsym.experiments.published_code import TASKS

publish.use_style()
stored = results.obtain("perm", scale, seed=seed)
trained = scale != "smoke"

publish.table(
    ["file", "commit", "remark"],
    [
        ["`README.md`", "`02dc87c`, `92a1cdc`", ""],
        ["`datasets.py`", "`4331b5b`", ""],
        ["`models.py`", "`3423b8f`", ""],
        [
            "`opt_utils.py`",
            "`b4e90c6`",
            "from the folder `equivariance_augmentation_for_release_2`; we could not read the copy beside the scripts",
        ],
        ["`eval_script.py`", "`7c58b36`, `bb60fcf`", "lines of the first"],
        ["`train_permutation.py`", "`8dc029c`", ""],
        [
            "`train_translation.py`",
            "`7c58b36`, `b4e90c6`",
            "lines of the first; the second is in the folder named above",
        ],
        ["`train_rotation.py`", "`8dc029c`", ""],
        [
            "script for four groups",
            "not known",
            "trains digits for rotations, translations, $x$-translations and roto-translations; we have its text without name and commit",
        ],
    ],
)

# %% [markdown]
# ## Measurements
#
# **Draws.** We apply the operations of the public code, in words "reverse axes and exchange the last two", to arrays of distinct numbers in the shapes in which images arrive, and see which rotation comes out for each integer that can be drawn.
#
# **Effects on a step.** Small versions of PERM, TRANS and ROT, several random starts each, drift of the first step. A factor is the drift with the difference over the drift without.
#
# **Labels.** A thousand new random graphs: the eigenvalue rule of the public code against a search for connected components.

# %% tags=["hide-input"]
flat, square = checks.turns_drawn(14, flat=True), checks.turns_drawn(14, flat=False)
shifts = checks.shifts_drawn(14)

measured = results.obtain("published_code", scale, seed=seed)
effects = measured.arrays
shown = checks.plotted(stored.arrays, perm.MODES, stored.config.rate, stored.config.passes)
disconnected, called_connected, called_disconnected = checks.label_errors(1_000, seed)
starts, offsets = (
    ", ".join(f"{name} {nom:.2g}" for name, (nom, _) in zip(TASKS, effects[key], strict=True))
    for key in ("start", "offset")
)

# %% [markdown]
# (differences-of-the-public-code)=
# ## Differences

# %% tags=["hide-input"]
turns = "0, 90, 180, 270 degrees"
publish.table(
    ["", "the text says", "the public code does", "checked by", "effect"],
    [
        [
            1,
            "ROT: each mini-batch is moved by a random element, drawn uniformly",
            "Images arrive as rows of pixels and stay so: the result of the reshape is not used. The integer is drawn from 0 to 4. (`datasets.py` 353-387, of them 361, 364, 367)",
            f"applying the operations to all five integers: {turns} with probabilities "
            + ", ".join(f"{p:.1g}" for p in flat.values()),
            "Only half turns occur. The drift of AUG gets a part that grows like that of NOM: {ref}`rot`",
        ],
        [
            2,
            "E.2, rotations: the same (appendix, by the main text)",
            "Square images, the same function (script for four groups, 58)",
            f"the same, on squares: {turns} with " + ", ".join(f"{p:.1g}" for p in square.values()),
            "AUG drifts at 0.2 to 0.45 of NOM: {ref}`public-draws`",
        ],
        [
            3,
            "TRANS and E.2: the same for shifts",
            "Shifts are drawn from 0 to $n$, both included (`datasets.py` 319, 320, 335)",
            f"counting: no shift has probability {shifts[0]:.2g}, any other {shifts[1]:.2g}",
            "AUG drifts at least at $1/(n+1)^2$ to $1/(n+1)$ of NOM however many passes are made: {ref}`public-draws`",
        ],
        [
            4,
            "PERM: one relabelling per mini-batch",
            "Each graph is relabelled when it is loaded, and each mini-batch again (`datasets.py` 97, 98; `train_permutation.py` 58, 61; `opt_utils.py` 88)",
            "reading; law of drift with as many mini-batches as samples",
            f"drift of AUG times {effects['single']:.2g}: the data are invariant, so more draws do not help",
        ],
        [
            5,
            "the vertical axis of Figure 1 is $\\lVert A_\\perp\\rVert$",
            "The square root of the sum over layers of fourth powers: squared norms are stored, squared again and summed (`opt_utils.py` 152, 157; `eval_script.py` 191-195)",
            "reading; recomputed from our stored PERM",
            f"NOM over AUG is {shown.norms[0]:.2g} in norms, {shown.norms[1]:.2g} in the plotted form",
        ],
        [
            6,
            "the horizontal axis is $\\lVert A - A^0\\rVert$ of each model",
            "For NOM it is measured on the AUG model (`opt_utils.py` 262)",
            "reading; our stored PERM",
            f"AUG covers {shown.horizontal:.3g} times the distance of NOM",
        ],
        [
            7,
            "$A$ are all layers",
            "Layers between invariant features are left out of the distance (`opt_utils.py` 187)",
            "reading; our stored PERM",
            f"the horizontal axis is {shown.acting:.2g} times the whole distance",
        ],
        [
            8,
            "thick lines are means over runs",
            "Medians at commit `7c58b36`, means at `bb60fcf` (`eval_script.py` 155-158)",
            "reading; our stored PERM",
            f"median over mean of AUG: {shown.median:.2g}",
        ],
        [
            9,
            "EQUI projects the gradient",
            "In the last layer on which the group acts the weights are projected, then the whole gradient is used (`models.py` 167-173)",
            "training PERM in small with that step",
            f"EQUI is off $\\mathcal{{E}}$ by one step of that layer: {np.mean(effects['equi_drift'] / effects['equi_augmented']):.2g} of AUG, {np.mean(effects['equi_drift'] / effects['equi_nominal']):.2g} of NOM. "
            "It does not add up",
        ],
        [
            10,
            "EQUI sees the data as they are",
            "In PERM EQUI sees relabelled graphs (`opt_utils.py` 245; `train_permutation.py` 58, 61)",
            "{prf:ref}`prop-drift-law`",
            "none: at equivariant weights relabelling does not change the part of the gradient in $\\mathcal{E}$",
        ],
        [
            11,
            "(silent)",
            "TRANS: the network ends in a softmax and the loss applies another (`models.py` 371; `train_translation.py` 27)",
            "one step of TRANS with either loss",
            f"drift of NOM times {effects['softmax'][0]:.2g}, of AUG times {effects['softmax'][1]:.2g}",
        ],
        [
            12,
            "learning rate $5\\cdot10^{-5}$ in all three experiments",
            "$10^{-5}$ in the three scripts (`train_permutation.py` 28, `train_translation.py` 26, `train_rotation.py` 38), $5\\cdot10^{-5}$ in the script for four groups (45)",
            "training PERM in small at both",
            f"after equally many epochs, drifts at the larger are {effects['rates'][0]:.2g} (NOM) and {effects['rates'][1]:.2g} times (AUG) those at the smaller",
        ],
        [
            13,
            "initial matrices are standard Gaussian, then projected",
            "Gaussian divided by $n\\sqrt{c_{\\text{in}}}$, in PERM also by $\\sqrt{c_{\\text{out}}}$; the layer to invariants is constant on each channel; "
            "later layers are scaled by $n/m$ (`models.py` 268-275, 446-454, 640-652)",
            "one step from both starts",
            f"drift of NOM times {starts}",
        ],
        [
            14,
            "(silent)",
            "0.5 is subtracted from all inputs (`models.py` 240, 399)",
            "one step with and without",
            f"drift of NOM times {offsets}",
        ],
        [
            15,
            "(silent)",
            "PERM: a graph is labelled connected if the second eigenvalue of its Laplacian exceeds $10^{-15}$ (`datasets.py` 73-79)",
            "1,000 new graphs, against connected components",
            f"some of {disconnected} disconnected graphs are called connected; no other errors. Rounding decides which, so a count would depend on the machine",
        ],
        [
            16,
            "synthetic images of simple shapes",
            "ROT: triangles and pentagons all have one orientation (`datasets.py` 197-207, 239-242); in this book they are turned at random",
            "one step on both kinds of shapes",
            f"drift of NOM times {effects['upright'][0]:.2g}, of AUG times {effects['upright'][1]:.2g}",
        ],
        [
            17,
            "TRANS has all translations",
            "The script at commit `7c58b36` trains the network for $x$-translations (`train_translation.py` 32, 52); at `b4e90c6` all translations",
            "reading",
            "$n$ times as many equivariant weights ({prf:ref}`prop-orbit-numbers`)",
        ],
    ],
)

# %% [markdown]
# ## Checks
#
# The claims below are about effects. That the public code does what the table says rests on reading it; none of its lines is used here.

# %% tags=["hide-input"]
publish.claim(
    "beyond: B, Figure 1, ROT",
    "On images stored as rows of pixels, the public code's rotation draws half turns with probability 3/5 and nothing else.",
    list(flat.values()),
    equals=[0.4, 0.0, 0.6, 0.0],
    within=1e-12,
    id="public-turns-of-flat-images",
    details="Paper: uniform on four rotations. probabilities of 0, 1, 2, 3 quarter turns, $14\\times14$ pixels, all integers enumerated",
)

publish.claim(
    "beyond: B, Appendix E.2, rotations",
    "On square images the public code's rotation draws 0, 90 and 180 degrees at 40, 40 and 20 percent.",
    list(square.values()),
    equals=[0.4, 0.4, 0.2, 0.0],
    within=1e-12,
    id="public-turns-of-square-images",
    details="Paper: uniform on four rotations. as above",
)

publish.claim(
    "beyond: B, Appendix E.2, x-translations",
    "The shifts of the public code are uniform, but for no shift, which comes twice as often.",
    [shifts[0] * 15, *shifts[1:] * 15],
    equals=[2.0, *[1.0] * 13],
    within=1e-12,
    id="public-shifts",
    details="Paper: uniform on shifts. 15 times the probabilities of the 14 shifts",
)

publish.claim(
    "beyond: B, Figure 1, PERM",
    "The plotted form squares the factor between NOM and AUG.",
    np.log(shown.norms[1]) / np.log(shown.norms[0]),
    equals=2.0,
    within=0.05,
    decided=trained,
    id="squares-in-the-plotted-form",
    details="logarithm of NOM over AUG in the plotted form over that in norms, stored PERM",
)

publish.claim(
    "beyond: B, Figure 1, PERM",
    "That NOM is drawn over the distance of AUG shifts its curve by less than a hundredth.",
    shown.horizontal,
    equals=1.0,
    within=0.01,
    decided=trained,
    id="horizontal-axis-of-nominal-training",
    details="distance of AUG over that of NOM after the last epoch, mean over runs, stored PERM",
)

publish.claim(
    "beyond: B, Figure 1, PERM",
    "The EQUI step of the public code leaves the network off $\\mathcal{E}$ by the last step of one layer, however long it trains.",
    effects["equi_drift"] / effects["equi_step"],
    equals=1.0,
    within=1e-6,
    id="public-equi-is-off-by-a-step",
    details="its drift over the learning rate times the last gradient off $\\mathcal{E}$ in that layer, PERM in small",
)

publish.claim(
    "beyond: B",
    "Within $\\mathcal{E}$ the EQUI step of the public code follows EQUI.",
    effects["equi_apart"],
    equals=0,
    within=1e-4,
    id="public-equi-in-e",
    details="distance of the parts in $\\mathcal{E}$ over the distance covered, PERM in small",
)

publish.claim(
    "beyond: B",
    "After equally many epochs, five times the learning rate gives five times the drift.",
    effects["rates"],
    equals=5.0,
    within=0.25,
    id="drift-by-learning-rate",
    details="NOM and AUG, PERM in small, $5\\cdot10^{-5}$ over $10^{-5}$, the same draws",
)

publish.claim(
    "beyond: B",
    "The eigenvalue rule calls some disconnected graphs connected, and never the reverse.",
    [called_connected > 0, called_disconnected == 0],
    id="eigenvalue-labels",
    details="1,000 new random graphs on ten nodes",
)

publish.claim(
    "beyond: B",
    "For graphs, whose distribution is invariant, a relabelling per graph in place of one per mini-batch changes the drift of AUG by less than a twentieth.",
    effects["single"],
    equals=1.0,
    within=0.05,
    decided=trained,
    id="draws-per-graph",
    details="root mean square noise of the first step, mean over runs, PERM in small",
)

publish.claim(
    "beyond: B",
    "Scaling the initial weights as the public code does changes the drift of NOM by a factor of two or more in each task.",
    np.abs(np.log(effects["start"][:, 0])),
    above=np.log(2),
    decided=trained,
    id="scaled-start-changes-drifts",
    details="logarithm of the factor, first step, PERM, TRANS and ROT in small",
)

publish.claim(
    "beyond: B, Figure 1, TRANS",
    "A second softmax makes the drifts of NOM and AUG at least ten times as small.",
    effects["softmax"],
    below=0.1,
    decided=trained,
    id="second-softmax-shrinks-drifts",
    details="drift with it over drift without, first step, TRANS in small",
)

# %% [markdown]
# ## The other papers
#
# The same page could be written for the other three papers if their code were at hand.
#
# * **Paper C** has a repository of its authors, `amoskalev/ginvariance`. In the versions that we could read it holds a README with title and citation, and no program.
# * **Papers A and D** name no code in the texts that we have.

# %% tags=["hide-input", "nbval-ignore-output"]
publish.footer(scale, seed, stored, measured)
