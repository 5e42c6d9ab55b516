# %% [markdown]
# (wide-networks)=
# # Why wide networks do not become invariant
#
# A very wide network, trained with small steps, behaves like a linear model {cite:p}`jacot2018neural,lee2019wide`.
# Linear models learn the symmetry of their data, as {ref}`induced-invariance` shows.
# So wide networks should learn it too.
# In practice they do not, and the appendices of {cite:t}`gideoni2023implicitly` ask why.
#
# The paper names two reasons: too few data for so many parameters, and a spectrum full of tiny eigenvalues.
# It reports that attempts to get around both failed.
#
# **What we find.**
# A third reason comes first.
# The theorem needs the group to act on the *features* of the linear model, and for an ordinary ReLU network no matrix does that exactly.
# The best matrix misses by a few per cent, which is enough: the linearised network keeps a good part of its asymmetry even with twelve times as many points as parameters.
# When the hidden layer is closed under the group, the theorem applies, and the asymmetry goes away.
# With the right start it is never there, even with far more parameters than data.
#
# The paper's Table 1 comes back under one reading of its norm, up to one entry.
# Its Figure 5 does not come back as described; points from $[-1, 1]^3$ in place of $[0, 1]^3$ match it.

# %% tags=["parameters"]
scale = "book"
seed = 0

# %% tags=["hide-input"]
import numpy as np

from learnsym import groups, publish, representations, results
from learnsym.checks import induced_invariance, wide_networks
from learnsym.experiments import table_one
from learnsym.kernels import (
    Mlp,
    closed_network,
    conjugate_features,
    default_cutoff,
    weight_features,
)
from learnsym.plots import kernels as plots

publish.use_style()
rng = np.random.default_rng(seed)
S3 = representations.vector(groups.symmetric(3))

# %% [markdown]
# ## A network as a linear model
#
# The network of this chapter has one hidden layer of $H$ neurons,
#
# $$
# f_\theta(x) = a^\top \sigma(Wx + b) + c , \qquad \theta = (W, b, a, c),
# $$ (eq-mlp)
#
# with an activation $\sigma$ that acts on each coordinate, ReLU or tanh.
# For three inputs it has $p = 5H + 1$ parameters, so 501 with 100 neurons.
# We draw them as PyTorch does by default: uniformly, within $1/\sqrt{3}$ of 0 in the first layer and within $1/\sqrt{H}$ in the second.
#
# Close to its initial parameters $\theta_0$ the network is
#
# $$
# f_{\text{lin}}(x) = f_0(x) + \varphi(x)^\top (\theta - \theta_0), \qquad \varphi(x) = \nabla_\theta f_{\theta_0}(x),
# $$ (eq-linearised)
#
# where $f_0 = f_{\theta_0}$.
# This is linear regression on the $p$ features $\varphi(x)$.
# With the rows $\varphi(x_i)^\top$ in a matrix $\Phi$, the Gram matrix $\Phi^\top \Phi$ takes the place of $X^\top X$.
# The paper calls it the *empirical weights kernel* (EWK).
# If only the last layer is trained, the features are the outputs of the hidden layer, $\sigma(Wx+b)$, and the Gram matrix is the *conjugate kernel* (CK).
# For $K_G$ the sum runs over all points of the orbits, as before.
#
# One fact makes the picture simple.
# The network is linear in $(a, c)$, so $f_0(x) = \varphi(x)^\top u$ with $u = (0, 0, a, c)$.
# Put $w = u + \theta - \theta_0$ into {eq}`eq-linearised`, and it reads $f_{\text{lin}}(x) = \varphi(x)^\top w$.
# So the linearised network is the regression of {ref}`induced-invariance` with initial weights $w(0) = u$.
# Whatever is asymmetric about the initial function sits in $u$.
#
# (swap-of-monomials)=
# ## Features on which the group acts
#
# The theorem needs a representation $\tilde\rho$ on features, with $\varphi(\rho(g)x) = \tilde\rho(g)\varphi(x)$ for all $x$.
# Polynomial features have one.
# The paper's Example F.1 takes the swap $x \leftrightarrow y$ and the features $(x, y, x^2, xy, y^2)$.
# There the swap exchanges the first two features and the third with the fifth.

# %% tags=["hide-input"]
swap = representations.vector(groups.symmetric(2))
publish.claim(
    "A: Example F.1",
    "On the features $(x, y, x^2, xy, y^2)$, the swap of $x$ and $y$ acts as the permutation $(1\\,2)(3\\,5)$.",
    np.ravel(wide_networks.swap_cycles()),
    equals=[1, 2, 3, 5],
    within=0.5,
    id="swap-on-monomials",
    details="Paper: $(1\\,2)(3\\,5)$. cycles of the representation on monomials, numbers from 1",
)

publish.claim(
    "A: Example F.1",
    "Monomials of moved points are moved monomials.",
    [wide_networks.monomial_deviation(rho, degree, rng) for rho in (swap, S3) for degree in (2, 3)],
    equals=0,
    within=1e-12,
    id="monomials-carry-the-group",
    details="Paper: equality. largest difference at random points, swap and $S_3$, degrees 2 and 3",
)

# %% [markdown]
# When do the gradients of a network have one?
#
# ````{prf:proposition} Features that carry a group
# :label: prop-invariant-kernel
# Let $k(x, x') = \varphi(x)^\top \varphi(x')$.
# There are orthogonal maps $\tilde\rho(g)$ of the span of all features with $\varphi(\rho(g)x) = \tilde\rho(g)\varphi(x)$ for all $x$ and $g$ if and only if
# $k(\rho(g)x, \rho(g)x') = k(x, x')$ for all $x$, $x'$ and $g$.
# They then form a representation.
# ````
#
# ````{prf:proof}
# If the maps exist, they preserve inner products, so the kernel does not change.
# Conversely, send $\sum_i c_i \varphi(x_i)$ to $\sum_i c_i \varphi(\rho(g)x_i)$.
# An invariant kernel gives both vectors the same length, so vectors of length 0 go to 0, the map is well defined, and it is orthogonal.
# Applying $g$ after $h$ moves the points by $\rho(g)\rho(h) = \rho(gh)$.
# ````
#
# For an ordinary network the kernel does change, since each neuron looks in its own random direction.
# At infinite width it does not: there $k$ depends on the distribution of the weights alone, and a permutation of the inputs leaves that distribution as it is.
# So the difficulty belongs to finite networks.
#
# It can be removed.
# Give each neuron $(w_j, b_j)$ its copies $(\rho(h)w_j, b_j)$ for all $h \in G$.
# Acting on the input then only exchanges neurons, and the CK features carry a permutation representation.
# If the outgoing weights $a_j$ are also equal up to sign among copies, the gradients carry an orthogonal representation.
# We draw the signs at random, so that the network itself is *not* invariant.
# We call such a network **closed** under the group.

# %% tags=["hide-input"]
small = Mlp(3, 4)
closed = closed_network(small, small.draw(rng), S3, rng)
ordinary = Mlp(3, 24)
points = rng.uniform(-1, 1, (40, 3))

publish.claim(
    "beyond",
    "The gradients and the hidden layer of a closed network carry orthogonal representations, and its kernel is "
    "invariant.",
    [
        wide_networks.action_deviation(closed, S3, points),
        wide_networks.kernel_change(closed.mlp, closed.theta, S3, points),
    ],
    equals=0,
    within=1e-12,
    id="closed-network-carries-the-group",
    details="24 ReLU neurons closed under $S_3$: features of moved points against moved features, and relative change of the kernel",
)

publish.claim(
    "beyond: A, Appendix G",
    "The kernel of the gradients of an ordinary network changes under the group, so no orthogonal representation "
    "exists on its features.",
    [wide_networks.kernel_change(ordinary, ordinary.draw(rng), S3, points) for _ in range(5)],
    above=0.049,
    id="ordinary-kernel-is-not-invariant",
    details="Paper: a matrix with a small error exists. relative change of the kernel under $S_3$, five networks of 24 ReLU neurons",
)

problems = [
    wide_networks.linearised_problem(closed, points[:n], rng.standard_normal(n), rng)
    for n in (2, 10, 40)
]
publish.claim(
    "beyond: A, Theorem 3.3.3",
    "For the linearised closed network, the two parts of the weights are decoupled, and the asymmetric part does not "
    "feel the labels.",
    [
        [
            *induced_invariance.coupling(problem, rng),
            induced_invariance.label_influence(problem, rng),
        ]
        for problem in problems
    ],
    equals=0,
    within=1e-10,
    id="theorem-for-closed-networks",
    details="relative influence of the parts and of the labels, gradients of 24 neurons, 2, 10 and 40 orbits",
)

# %% [markdown]
# An invariant kernel is what orthogonal matrices need, so the claim on the ordinary network excludes those.
# For ReLU no other matrix does it either: the gradients bend only at the hyperplanes of the neurons, and moved points bend them at moved hyperplanes.
#
# (initial-function)=
# ## The initial function does not vanish
#
# The paper says that $f_0$ approaches 0 for all inputs as the width grows, because the weights are symmetrically distributed.
# If so, the start would be invariant.
# But a symmetric distribution only makes the *mean over networks* 0.
#
# ````{prf:proposition} Size of the initial function
# :label: prop-initial-size
# For the ReLU network {eq}`eq-mlp` with $d$ inputs and default weights,
# $\mathbb{E} f_0(x) = 0$ and
# $\operatorname{Var} f_0(x) = \dfrac{\lVert x \rVert^2 + 1}{18\,d} + \dfrac{1}{3H}$.
# ````
#
# ````{prf:proof}
# A uniform variable within $s$ of 0 has variance $s^2/3$.
# The preactivation $h = w^\top x + b$ is symmetric with variance $(\lVert x\rVert^2 + 1)/(3d)$, and ReLU keeps half of its second moment.
# The outgoing weights are independent of it, with mean 0 and variance $1/(3H)$, and there are $H$ of them.
# The output bias adds $1/(3H)$.
# ````
#
# The variance tends to a positive number: each wide network starts at a different function of ordinary size.
# It would vanish if the outgoing weights were of order $1/H$, a scaling under which the network does not become linear.

# %% tags=["hide-input"]
widths = np.array([10, 100, 1_000, 10_000])
cube = rng.uniform(0, 1, (8, 3))
networks = 200 if scale == "smoke" else 1_000
sizes, errors = np.transpose(
    [wide_networks.initial_sizes(Mlp(3, int(H)), cube, networks, rng) for H in widths]
)
exact = np.array([wide_networks.predicted_size(Mlp(3, int(H)), cube) for H in widths])

publish.figure(
    plots.initial_sizes(widths, sizes, errors, exact),
    "initial-function-size",
    title="Size of a network before training",
    caption="Root mean square of the initial function over random ReLU networks and eight points of $[0, 1]^3$. Circles: "
    "networks drawn with PyTorch's default weights, with two standard errors; line: exact. The size does not go to 0 "
    "with the width. It would with outgoing weights of order $1/H$ (squares).",
    alt="On logarithmic axes, circles with small error bars lie on a black line that falls from 0.27 at width 10 to 0.19 and "
    "stays there. Squares fall along a straight dashed line from about 0.08 to 0.002.",
    width="80%",
)

publish.claim(
    "A: Appendix F, zero function at infinite width",
    "Over networks, the initial function has the mean square $(\\lVert x\\rVert^2 + 1)/(18d) + 1/(3H)$; a single network "
    "does not approach the zero function.",
    sizes / exact,
    equals=1.0,
    within=np.sqrt(8 / networks),
    correction="Only the mean over networks is 0, as the proposition says.",
    published=0.0,
    id="initial-function-keeps-its-size",
    details="Paper: $f_0$ approaches 0 for all inputs. measured over exact size at widths 10 to 10,000; the published statement asks for 0",
)

# %% [markdown]
# (fitted-actions)=
# ## Fitting an action
#
# For ordinary networks the paper looks for a matrix that nearly does the job.
# Let the rows of $\Phi$ be features of points, and those of $\Phi_g$ features of the moved points.
# The matrix $A$ that minimises $\sum_i \lVert A\varphi(x_i) - \varphi(\rho(g)x_i)\rVert^2$ has
#
# $$
# A^\top = (\Phi^\top \Phi)^{+}\, \Phi^\top \Phi_g .
# $$ (eq-fitted-action)
#
# This is Appendix G.
# The formula is right, with one condition that the paper leaves out.
# The spectrum of $\Phi^\top\Phi$ has no gap, so the pseudo-inverse needs an explicit cut-off, below which eigenvalues count as zero.
# Libraries choose it by the precision of the numbers, and in single precision their choice decides the error.

# %% tags=["hide-input"]
mlp = Mlp(3, 100)
theta = mlp.draw(rng)
inside = rng.uniform(0, 1, (2_000, 3))
moved = inside[:, [2, 0, 1]]

publish.claim(
    "A: Appendix G",
    "With a cut-off, the closed form for the fitted action agrees with a least-squares solver.",
    [
        wide_networks.minimiser_gap(features(mlp, theta, inside), features(mlp, theta, moved))
        for features in (weight_features, conjugate_features)
    ],
    equals=0,
    within=1e-6,
    id="fitted-action-is-the-minimiser",
    details="Paper: the minimiser. relative difference of the predicted features, EWK and CK of 100 neurons, 2,000 points, a cyclic permutation",
)

publish.claim(
    "beyond: A, Appendix G",
    "On a closed network, the fit finds the exact representation.",
    wide_networks.fit_deviation(closed, S3, rng.uniform(-1, 1, (1_000, 3))),
    equals=0,
    within=1e-6,
    id="fit-finds-the-exact-action",
    details="largest difference of a moved feature, gradients of 24 neurons, all of $S_3$",
)

# %% [markdown]
# ### Table 1
#
# The paper's Table 1 gives the error before and after the fit, for two permutations of three inputs.
# It calls the entries means of Euclidean norms.
# Taken at its word, the error before the fit is about 1, not $10^{-2}$.
# The closest reading that we found is the Frobenius norm of the whole matrix of differences divided by $n$, for $n = 10{,}000$ points of $[0, 1]^3$, in single precision with PyTorch's cut-off.
# $n$, the precision and the cut-off are not in the paper; we chose them to fit.
# The paper's number is then the root mean square error divided by $\sqrt{n}$: it would halve with four times as many points.

# %% tags=["hide-input"]
stored = results.obtain("table_one", scale, seed=seed)
fitted = stored.arrays
frobenius, mean = fitted["frobenius"].mean(axis=0), fitted["mean"].mean(axis=0)
published = np.array([[[1.1e-2, 2.4e-3], [1.3e-2, 1.0e-3]], [[1.4e-2, 8.1e-4], [1.5e-2, 8.1e-4]]])

publish.table(
    [
        "features",
        "error",
        "element",
        "paper",
        "ours, Frobenius norm / n",
        "held out",
        "ours, mean norm",
    ],
    [
        [
            ["EWK", "CK"][kernel],
            ["before", "after the fit"][after],
            table_one.ELEMENTS[g],
            f"{published[kernel, g, after]:.1e}",
            f"{frobenius[kernel, g, after]:.1e}",
            f"{frobenius[kernel, g, 2 * after]:.1e}",
            f"{mean[kernel, g, after]:.1e}",
        ]
        for kernel in range(2)
        for after in range(2)
        for g in range(2)
    ],
)

# %% tags=["hide-input"]
rows = {
    "ewk-baseline": ("Table 1, EWK baseline", "Before the fit, gradients", 0, 0),
    "ewk-fitted": ("Table 1, EWK fitted", "After the fit, gradients", 0, 1),
    "ck-baseline": ("Table 1, CK baseline", "Before the fit, outputs of the hidden layer", 1, 0),
    "ck-fitted": ("Table 1, CK fitted", "After the fit, outputs of the hidden layer", 1, 1),
}
# half to twice the published value is 1.25 within 0.75; a single network, as at smoke scale, strays further
within = 0.7 + 0.1 / np.sqrt(len(fitted["frobenius"]))
for name, (item, start, kernel, after) in rows.items():
    publish.claim(
        f"A: {item}",
        f"{start} of moved points miss by the published values, within a factor of 2, if the entry is read as Frobenius "
        "norm divided by $n = 10{,}000$.",
        frobenius[kernel, :, after] / published[kernel, :, after],
        equals=1.25,
        within=within,
        id=f"table-one-{name}",
        details="Paper: "
        + str(" and ".join(f"{value:.1e}" for value in published[kernel, :, after]))
        + "."
        + " "
        + "ratio of ours to the paper's, for (1 2) and (1 2 3), mean over networks",
    )

as_stated = {
    "ewk-baseline": "table-one-as-stated",
    "ewk-fitted": "table-one-ewk-fitted-as-stated",
    "ck-baseline": "table-one-ck-baseline-as-stated",
    "ck-fitted": "table-one-ck-fitted-as-stated",
}
for name, (item, start, kernel, after) in rows.items():
    publish.claim(
        f"A: {item}",
        f"{start} of moved points miss by the published values, within a factor of 2, if the entry is read as mean of "
        "Euclidean norms.",
        mean[kernel, :, after] / published[kernel, :, after],
        equals=1.25,
        within=within,
        verdict="not reproduced",
        id=as_stated[name],
        details="Paper: "
        + str(" and ".join(f"{value:.1e}" for value in published[kernel, :, after]))
        + "."
        + " "
        + "ratio of ours to the paper's, for (1 2) and (1 2 3), mean over networks",
    )

# %% tags=["hide-input"]
ratio = fitted["frobenius"][:, 0, 0, 1] / fitted["frobenius"][:, 0, 1, 1]
sizes_n = np.array(stored.config.sizes)
slopes = [
    np.polyfit(np.log(sizes_n), np.log(fitted[name][:, kernel, g, 0]), 1)[0]
    for name in ("size_frobenius", "size_mean")
    for kernel in range(2)
    for g in range(2)
]


publish.claim(
    "beyond: A, Table 1, CK baseline",
    "The Frobenius norm divided by $n$ falls as $n^{-1/2}$ when points are added; the mean norm does not change.",
    slopes,
    equals=[-0.5] * 4 + [0.0] * 4,
    within=0.1,
    id="table-one-norm-shrinks",
    details="slope on logarithmic axes from 1,000 points on, EWK and CK, two permutations",
)

publish.claim(
    "A: Table 1, EWK fitted",
    "After the fit, the gradients miss more for (1 2) than for (1 2 3), by a factor of 2.4.",
    ratio,
    equals=2.4,
    within=0.5,
    verdict="not reproduced",
    id="table-one-fitted-columns",
    details="ratio of the two columns, each of the networks",
)

publish.claim(
    "A: Table 1, CK baseline",
    "Before the fit, outputs of the hidden layer miss by more than gradients of the same network, by 7 % at least.",
    fitted["frobenius"][:, 1, :, 0] / fitted["frobenius"][:, 0, :, 0],
    above=1.06,
    verdict="not reproduced",
    id="table-one-order-of-baselines",
    details="Paper: 1.4e-2 over 1.1e-2 and 1.5e-2 over 1.3e-2. CK over EWK before the fit, each network and element",
)

publish.claim(
    "A: Appendix G",
    "The fit reduces the error by a factor of 5 or more, on points that it has not seen.",
    frobenius[:, :, 0] / frobenius[:, :, 2],
    above=4.99,
    verdict="reproduced",
    id="fit-reduces-the-error",
    details="Paper: factors of 5 to 20. error before the fit over held-out error after it, EWK and CK, two permutations, single precision",
)

# %% [markdown]
# The outlier is one cell, the gradients under $(1\,2)$ after the fit.
# The paper has it 2.4 times as large as its neighbour; in every network that we drew the two are nearly equal.
#
# One relation in the table stands out.
# The gradient with respect to the outgoing weights *is* the output of the hidden layer.
# So the gradients contain the CK features, and the norm of their difference is the larger one.
# In the paper's first and third row it is the smaller one, so for any Euclidean norm the two halves of the table do not come from one network on one set of points.
#
# What decides the error that remains?

# %% tags=["hide-input"]
cutoffs = 10.0 ** np.array(stored.config.cutoffs)
by_cutoff = fitted["cutoff_error"].mean(axis=(0, 3))
by_width = fitted["width_error"].mean(axis=(1, 3))
names = ["gradients (EWK)", "hidden layer (CK)"]

publish.figure(
    plots.fitted_actions(
        cutoffs,
        dict(zip(names, by_cutoff.T, strict=True)),
        np.array(stored.config.widths),
        dict(zip(names, by_width.T, strict=True)),
        {
            "float32": default_cutoff(mlp.parameters, np.float32),
            "float64": default_cutoff(mlp.parameters, np.float64),
        },
    ),
    "fitted-action-error",
    title="Error that a fitted group action leaves",
    caption="Held-out error of the fitted action as a share of the error without a fit, mean over networks and two "
    "permutations. (a) Against the cut-off of the pseudo-inverse; dotted lines mark PyTorch's defaults for gradients. Single "
    "precision costs accuracy; beyond a cut-off of about $10^{-7}$ nothing is gained, since no exact action exists. (b) "
    "Against width, at the cut-off $10^{-10}$: the wider the network, the better the fit.",
    alt="Two panels with logarithmic axes. Left: both curves fall from about 0.2 as the cut-off decreases from 0.01 and are "
    "flat below 1e-7, at 0.06 for gradients and 0.04 for the hidden layer. Right: both fall with width, from about 0.3 at "
    "12 neurons to about 0.03 at 200.",
)

publish.claim(
    "beyond: A, Appendix G",
    "The error that the fit leaves falls with the width, and is not 0 at any.",
    [
        *(by_width[-1] < 0.8 * by_width[0]),
        *(fitted["width_error"][-1].min(axis=(0, 2)) > 0.005),
    ],
    id="fit-improves-with-width",
    details="EWK and CK: widest against narrowest network, and above 0.005 at the widest",
)

# %% [markdown]
# (ewk-spectrum)=
# ## The spectrum of the gradients
#
# Appendix I draws the eigenvalues of the EWK for 501 parameters and 100,000 points of $[0, 1]^3$, summed over the points.
# About a third of them lie below 0.2, it says, and 2 % are zero.
# The paper draws from it that most directions in weight space learn slowly.
#
# For ReLU the second number is too small.
#
# ````{prf:proposition} Zeros that ReLU forces
# :label: prop-forced-zeros
# Of the $H$ ReLU neurons let $H_{\text{switch}}$ switch on or off within the data, let $H_{\text{off}}$ be off on all points and $H_{\text{on}}$ on at all points.
# For points in general position, the EWK has rank $H_{\text{switch}}(d+1) + (d+1)$ if $H_{\text{on}} > 0$, and $H_{\text{switch}}(d+1) + 1$ if $H_{\text{on}} = 0$.
# All other eigenvalues are zero: at least one for each neuron, and $d + 2$ for each that is off.
# ````
#
# ````{prf:proof}
# Where neuron $j$ is on, its gradients are $a_j x$ with respect to $w_j$, $a_j$ with respect to $b_j$ and $w_j^\top x + b_j$ with respect to $a_j$.
# All are affine functions, and the third is a combination of the others.
# So a neuron gives the $d + 1$ functions $x_1, \dots, x_d, 1$ on its half-space, and none if it is off everywhere.
# Neurons that are on everywhere share one such space, which contains the constant of the output bias.
# Half-spaces with different boundaries give independent functions: at a boundary, only one of them can jump or bend.
# ````
#
# Behind the zero of a live neuron stands a symmetry.
# Multiply $(w_j, b_j)$ by $s > 0$ and divide $a_j$ by $s$, and the function stays the same.
# So every gradient is orthogonal to the direction $(w_j, b_j, -a_j)$.
# These directions are degenerate, and harmless, since no input ever sees them.

# %% tags=["hide-input"]
spectra = results.obtain("ewk_spectrum", scale, seed=seed)
found, config = spectra.arrays, spectra.config
per_point = 0.2 / 100_000
below = (found["eigenvalues"] < per_point).mean(axis=2)
zeros = found["found"] / config.mlp.parameters

publish.table(
    ["points from", "below 0.2", "zero", "exact zeros", "neurons off", "neurons on everywhere"],
    [
        [
            name,
            f"{below[:, k].mean():.0%}",
            f"{zeros[:, k].mean():.0%}",
            f"{found['exact_zeros'][:, k].mean() / config.mlp.parameters:.1%}",
            *(f"{found[kind][:, k].mean():.0f}" for kind in ("dead", "always")),
        ]
        for k, name in enumerate(["$[0, 1]^3$", "$[-1, 1]^3$"])
    ],
)

publish.claim(
    "beyond: A, Figure 5",
    "With $H_{\\text{switch}}$ neurons that switch within the data, the EWK of a ReLU network has rank "
    "$(H_{\\text{switch}} + 1)(d + 1)$, or $H_{\\text{switch}}(d + 1) + 1$ if no neuron is on everywhere; all its other "
    "eigenvalues are zero.",
    found["found"] - found["forced"],
    equals=0,
    within=0.5,
    id="relu-forces-zeros",
    details="Paper: 2 % of 501. counted minus predicted number, 501 parameters, points of both cubes in general position",
)

publish.claim(
    "beyond: A, Figure 5",
    "Along $(w_j, b_j, -a_j)$ no input changes the output of a ReLU network to first order; for tanh some do.",
    [
        wide_networks.scale_gap(mlp, theta, inside) < 1e-14,
        wide_networks.scale_gap(Mlp(3, 100, "tanh"), theta, inside) > 1e-4,
    ],
    id="scale-symmetry-directions",
    details="largest slope along such a direction relative to the largest gradient",
)

publish.claim(
    "A: Figure 5",
    "For points of $[0, 1]^3$, a third of the eigenvalues lie below 0.2, and 2 % are zero.",
    [below[:, 0].mean(), zeros[:, 0].mean()],
    equals=[1 / 3, 0.02],
    within=0.06,
    verdict="not reproduced",
    id="figure-five-as-described",
    details="Paper: 1/3 and 0.02. mean shares, networks of 100 ReLU neurons with default weights",
)

# %% [markdown]
# ### The nearest reading
#
# On $[0, 1]^3$ both numbers are far off, for a visible reason: many neurons never switch there.
# On $[-1, 1]^3$ few neurons are stuck.
# 36 % of the eigenvalues lie below 0.2, near the published third.
# The 2 % fit the eigenvalues that are zero *in floating-point numbers*, in the mean over networks.
# A neuron that is off contributes five columns of exact zeros, so a single network has 0, 1, 2 ... % of them, and our eight have 1.2 % in the mean.
# We found this reading after trying others, so it is a plausible one and no proof.
# The zeros that come from scale symmetry are rounded to small numbers of either sign, which look like small eigenvalues.
# The chance that a neuron is off on the whole cube is exact: $w$ and $b$ are uniform within the same bound, and $-b$ exceeds $|w_1| + |w_2| + |w_3|$ with probability $\frac12 \cdot \frac{1}{4!} = \frac{1}{48}$.
# Times 500 of 501 parameters, this makes 2.1 % in the mean over all networks.

# %% tags=["hide-input"]
first = found["eigenvalues"][0] * 100_000
publish.figure(
    plots.spectra(
        {
            "$[0, 1]^3$, float64": first[0],
            "$[-1, 1]^3$, float64": first[1],
            "$[-1, 1]^3$, float32": found["single"][0, 1] * 100_000,
        },
        0.2,
        (1 / 3, 0.02),
    ),
    "ewk-spectrum",
    title="Eigenvalues of the empirical weights kernel",
    caption="Share of the 501 eigenvalues below each value, for one ReLU network with 100 neurons and the sum over 100,000 "
    "points. Points of $[-1, 1]^3$ put about a third below 0.2 (star), as published; points of $[0, 1]^3$, as described, put "
    "two thirds there. A curve starts at its share of eigenvalues that are zero or negative. In single precision the forced "
    "zeros are rounded to small values of either sign.",
    alt="Three rising curves on a logarithmic axis from 1e-7 to 1e6. The solid curve starts near 0.45 and passes the dotted "
    "line at 0.2 near 0.68. The dashed curve starts near 0.2 and passes it at the star, near one third. The third "
    "follows the dashed one above 0.2 and falls to 0.1 to its left.",
    width="85%",
)

publish.claim(
    "A: Figure 5",
    "For points of $[-1, 1]^3$, a third of the eigenvalues lie below 0.2.",
    below[:, 1].mean(),
    equals=1 / 3,
    within=0.06,
    id="figure-five-on-the-symmetric-cube",
    details="Paper: about 1/3. mean share, networks of 100 ReLU neurons with default weights; the paper writes $[0, 1]^3$",
)

publish.claim(
    "A: Figure 5",
    "For points of $[-1, 1]^3$, 2 % of the eigenvalues are exact zeros of floating-point numbers in the mean over networks, "
    "five for each neuron that is off everywhere.",
    wide_networks.dead_share(mlp, 400, rng) * 500 / 501,
    equals=500 / 501 / 48,
    within=0.005,
    id="figure-five-exact-zeros",
    details="Paper: 2 %. share of such coordinates in 400 networks",
)

publish.claim(
    "beyond: A, Figure 5",
    "A solver for general matrices, in single precision, returns exact zeros for the neurons that are off, and for no "
    "other forced zero.",
    found["exact_zeros"] - 5 * found["dead"],
    equals=0,
    within=0.5,
    id="exact-zeros-are-dead-neurons",
    details="number of exact zeros minus five per neuron, all spectra",
)

# %% [markdown]
# The text below the figure says that eigenvalues under 0.2 need more than 1,000 epochs at learning rate $10^{-2}$ to let their weights decay by 90 %.
# They do.
# But with the sum over points, descent at that learning rate diverges at once: the largest eigenvalue sets a far smaller limit.

# %% tags=["hide-input"]
publish.claim(
    "A: Figure 5",
    "Along an eigenvalue of 0.2, more than 10 % of the weights are left after 1,000 epochs at learning rate 0.01.",
    (1 - 0.01 * 0.2) ** 1_000,
    above=0.1,
    verdict="holds",
    id="figure-five-epochs",
    details="Paper: more than 10 %. share left, in closed form",
)

publish.claim(
    "beyond: A, Figure 5",
    "At learning rate 0.01, full-batch descent on the summed error diverges: the rate exceeds the stability limit "
    "$2/\\lambda_{\\max}$ more than a thousand times.",
    0.01 * found["eigenvalues"][:, :, -1] * 100_000 / 2,
    above=999,
    id="figure-five-learning-rate",
    details="Paper: learning rate 0.01. learning rate over limit, both cubes",
)

publish.claim(
    "A: Appendix F.2",
    "At least nine in ten eigenvalues of the EWK are below a thousandth of the largest.",
    (found["eigenvalues"] < 1e-3 * found["eigenvalues"][:, :, -1:]).mean(axis=2),
    above=0.899,
    id="spectrum-is-dominated-by-small-eigenvalues",
    details="Paper: dominated by relatively small eigenvalues. share of eigenvalues, each network, both cubes",
)

# %% [markdown]
# (more-parameters-than-points)=
# ## More parameters than points
#
# With fewer points than parameters $K_G$ is singular.
# Then, the paper says in Appendix F.2, the symmetry cannot be learned in full, unless the weights start in directions that $K_G$ spans; it expects such a start to be hard to realise.
# {prf:ref}`thm-induced-invariance` tells us what a singular $K_G$ really does: the part of $w_k(0)$ inside $\ker K_G$ stays.
# If there is no such part, nothing is left over.
# So three questions decide.
# Does the group act on the features at all?
# How much of the initial asymmetric weights lies in $\ker K_G$?
# And does that part matter for any input?
#
# The second and third are separate, because $\ker K_G$ has two parts.
# Some directions are not seen by *these* data.
# Others are not seen by *any* input, such as the scale directions above.
#
# We train linearised ReLU networks to the end, on the label $3x_1x_2x_3$, which $S_3$ leaves unchanged, with more and more orbits of six points from $[-1, 1]^3$.
# An ordinary network and a closed one have equally many neurons.
# Each starts once as drawn, $w(0) = u$, and once with its initial function subtracted, $w(0) = 0$.
# The asymmetry is the mean of $|f(x) - \frac{1}{|G|}\sum_g f(\rho(g)x)|$ over orbits that were not trained on.
#
# A last fact helps to read the result.
#
# ````{prf:proposition} Asymmetry is at most the error
# :label: prop-asymmetry-error
# Let the points come in whole orbits and let the target be invariant.
# Then the root mean square of $f(x) - \frac{1}{|G|}\sum_g f(\rho(g)x)$ is at most that of $f(x) - f^*(x)$, for every predictor $f$ and target $f^*$.
# ````
#
# ````{prf:proof}
# Averaging over orbits is an orthogonal projection of functions on these points, and it leaves $f^*$ unchanged.
# So the asymmetric part of $f$ is the asymmetric part of $f - f^*$, and no longer than it.
# ````

# %% tags=["hide-input"]
over = results.obtain("over_parameterised", scale, seed=seed)
measured, config = over.arrays, over.config
orbits = np.array(config.orbits)
parameters = 30 * config.copied + 1
asymmetry = measured["asymmetry"].mean(axis=0)
never = measured["never"].mean()

publish.figure(
    plots.unseen_weights(
        orbits,
        {
            "rank of $K_G$ over $p$, closed": measured["rank"][:, :, 1].mean(axis=0) / parameters,
            "$w_k(0)$ not seen by these data": measured["unseen"].mean(axis=0) - never,
            "$w_k(0)$ not seen by any input": np.full(len(orbits), never),
        },
        {
            "ordinary, as drawn": asymmetry[:, 0, 0],
            "ordinary, $f_0$ subtracted": asymmetry[:, 0, 1],
            "closed, as drawn": np.maximum(asymmetry[:, 1, 0], 1e-10),
            "closed, $f_0$ subtracted": np.maximum(asymmetry[:, 1, 1], 1e-10),
        },
        parameters / 6,
    ),
    "unseen-weights",
    title="Asymmetry of linearised networks after training",
    caption="Linearised ReLU networks with 102 neurons after infinite training, against the number of orbits of six points; "
    "means over networks, dotted line: as many points as parameters. (a) Closed network: rank of $K_G$, and shares of "
    "$\\lVert w_k(0) \\rVert^2$ in $\\ker K_G$. (b) Asymmetry on held-out orbits; values below $10^{-10}$ are drawn there. The "
    "closed network is invariant once its data see enough, and at any number of points if it starts at 0. The ordinary "
    "network stays asymmetric, most of all where points and rank are about equally many.",
    alt="Left: the rank rises from 0 to a plateau at 0.7 while the share not seen by these data falls from 0.8 to 0; the share "
    "not seen by any input is flat near 0.1. Right, on logarithmic axes: two nearly equal curves for the ordinary network "
    "stay between 0.01 and 0.4; the closed network as drawn falls below 1e-6; with its initial function subtracted it "
    "lies at the bottom throughout.",
)

# %% tags=["hide-input"]
publish.claim(
    "A: Appendix F.2",
    "The rank of $K_G$ is at most the number of points, so an over-parameterised network has a singular $K_G$.",
    measured["rank"] / (6 * orbits[:, None]),
    below=1.0,
    id="rank-is-at-most-the-points",
    details="Paper: at most the number of samples. rank over number of points, ordinary and closed networks, all numbers of orbits",
)

publish.claim(
    "A: Appendix F.2",
    "A singular $K_G$ leaves only the part of $w_k(0)$ in its kernel: a closed network that starts at $w(0) = 0$ becomes "
    "invariant with any number of points.",
    measured["asymmetry"][:, :, 1, 1],
    equals=0,
    within=1e-6,
    id="singular-gram-does-not-prevent-invariance",
    details="Paper: possible if the weights start in the span of $K_G$, but difficult. held-out asymmetry, all numbers of orbits from 2 on",
)

publish.claim(
    "beyond: A, Appendix F.2",
    "What remains of the asymmetry of a closed network is the part of $w_k(0)$ in $\\ker K_G$, and nothing else.",
    measured["asymmetry"][:, :, 1, 0] - measured["predicted"],
    equals=0,
    within=1e-6,
    id="asymmetry-left-is-predicted",
    details="held-out asymmetry of the trained network minus that of this part alone, all numbers of orbits",
)

publish.claim(
    "beyond: A, Appendix F.2",
    "With enough orbits a closed network becomes invariant from any start, although $K_G$ stays singular.",
    [
        (measured["asymmetry"][:, -1, 1, 0] < 1e-2 * measured["start"][:, 1]).all(),
        (measured["rank"][:, -1, 1] < parameters).all(),
    ],
    id="enough-orbits-make-closed-networks-invariant",
    details="largest number of orbits: asymmetry below a hundredth of the start, rank below the number of parameters",
)

publish.claim(
    "beyond: A, Appendix F.2",
    f"With {orbits[-1]:,} orbits, {6 * orbits[-1] / parameters:.0f} times as many points as parameters, a linearised ordinary "
    "network keeps more than a tenth of its asymmetry from either start.",
    measured["asymmetry"][:, -1, 0] / measured["start"][:, :1],
    above=0.099,
    id="ordinary-networks-stay-asymmetric",
    details="Paper: learned if $K_G$ is positive definite. asymmetry after training with the most orbits over asymmetry as drawn, both starts",
)

publish.claim(
    "beyond",
    "On whole orbits the root mean square of the asymmetric part is at most the root mean square error.",
    np.max(measured["deviation"] / measured["error"]),
    below=1.0,
    id="asymmetry-is-at-most-the-error",
    details="largest ratio of the two, all networks of this section",
)

# %% [markdown]
# The ordinary network gives the answer.
# It has more than enough data at the right end of the figure, and its start makes no difference.
# The asymmetry still falls there, but slowly.
# What remains is the asymmetry of the best approximation that its features allow: they are not closed under the group, so the best approximation of an invariant function is not invariant.
# The asymmetry is a part of the error, and it goes where the error goes, up to the peak at the interpolation threshold.
#
# The weights of a closed network never become fully symmetric, because the scale directions keep what they had.
# Its predictions do.
#
# (lazy-networks)=
# ## Lazy training
#
# Appendix H turns to narrow networks.
# {cite:t}`chizat2019lazy` make any network behave like its linearisation by scaling its output; they call it *lazy*.
# The paper followed their procedure and saw no learned invariance.
# It suspects that the action of the group is hard to find in a narrow network.
#
# We use the scaling in a form that keeps the start:
#
# $$
# F(x) = f_0(x) + \alpha\left(f_\theta(x) - f_0(x)\right), \qquad \text{loss } \frac{1}{2N\alpha^2}\sum_i \left(y_i - F(x_i)\right)^2 .
# $$ (eq-lazy)
#
# With $\alpha = 1$ this is the plain network.
# The larger $\alpha$, the less the weights need to move, and the closer $F$ stays to its *twin*, the linearised network {eq}`eq-linearised`.
# For the twin we have the closed form, so we can follow it far beyond the training of the network.
#
# Thirty neurons (151 parameters) see 50 orbits, which is 300 points: more than parameters.
# Ordinary and closed networks, with ReLU and with tanh, learn $3x_1x_2x_3$ by full-batch gradient descent.

# %% tags=["hide-input"]
lazy = results.obtain("lazy_training", scale, seed=seed)
runs, config = lazy.arrays, lazy.config
names = ["ordinary, ReLU", "ordinary, tanh", "closed, ReLU", "closed, tanh"]

publish.figure(
    plots.lazy_training(
        runs["steps"],
        dict(zip(names, runs["asymmetry"].mean(axis=1), strict=True)),
        runs["twin_steps"],
        dict(zip(names, runs["twin_asymmetry"].mean(axis=1), strict=True)),
        config.alphas,
    ),
    "lazy-training",
    title="Asymmetry of lazy networks during training",
    caption="Held-out asymmetry of narrow networks during training, means over three networks, from plain ($\\alpha = 1$) to lazy. "
    "The laziest networks follow their linearised twins (dotted), which go on to $10^{10}$ steps in closed form. The twin "
    "of an ordinary ReLU network has a floor, that of an ordinary tanh network falls slowly. Those of closed networks fall by "
    "orders of magnitude, down to the part that 50 orbits do not see. Step 0 is drawn at 0.7.",
    alt="Four panels on logarithmic axes. Ordinary ReLU: all curves dip and rise again; the lazy ones end at 0.1, the twin at "
    "0.16. Ordinary tanh: the twin falls from 0.1 to 0.001 by 1e10 steps. Closed ReLU and closed tanh: the twin falls to "
    "about 1e-4 and 1e-6; the curve for the largest alpha follows it, for ReLU down to 0.002, the others stay above.",
)

last = {name: runs[name].mean(axis=1)[:, :, -1] for name in ("asymmetry", "error")}
shared = np.isin(runs["twin_steps"], runs["steps"])
beside = runs["twin_asymmetry"][:, :, shared]
publish.table(
    [
        "network",
        *(f"asymmetry, $\\alpha = {alpha:,.0f}$" for alpha in config.alphas),
        "its twin",
        "error, plain",
        "error, laziest",
    ],
    [
        [
            name,
            *(f"{value:.2g}" for value in last["asymmetry"][k]),
            f"{beside[k, :, -1].mean():.2g}",
            f"{last['error'][k, 0]:.2g}",
            f"{last['error'][k, -1]:.2g}",
        ]
        for k, name in enumerate(names)
    ],
)

# %% tags=["hide-input"]
start = runs["twin_asymmetry"][:, :, :1]
twin = runs["twin_asymmetry"] / start
million = np.searchsorted(runs["twin_steps"], 10**6)
apart = np.abs(runs["asymmetry"][:, :, -1] - beside)

publish.claim(
    "A: Appendix H",
    "At the largest $\\alpha$ the ordinary networks and the closed tanh network follow their linearised twins throughout "
    "training.",
    (apart / beside)[[0, 1, 3]],
    equals=0,
    within=0.1,
    id="laziest-networks-follow-their-twins",
    details="Paper: dynamics of the linearised version. difference of the held-out asymmetries over that of the twin, at all recorded steps",
)

publish.claim(
    "A: Appendix H",
    "At the largest $\\alpha$ the closed ReLU network follows its linearised twin to within 0.0025.",
    apart[2],
    equals=0,
    within=0.0025,
    id="laziest-closed-relu-network-and-its-twin",
    details="Paper: dynamics of the linearised version. difference of the held-out asymmetries at all recorded steps",
)

publish.claim(
    "A: Appendix H",
    "The linearised twin of a lazy ordinary ReLU network does not become invariant: after $10^{10}$ steps its asymmetry is "
    "more than half of that at the start.",
    twin[0, :, -1],
    above=0.499,
    verdict="reproduced",
    id="lazy-relu-does-not-learn-invariance",
    details="Paper: no learned invariance in practice. twin's asymmetry over that at the start",
)

publish.claim(
    "beyond: A, Appendix H",
    "The twin of a lazy ordinary tanh network is slow: after a million steps more than 3 % of the asymmetry is left, and it "
    "still falls at least fourfold until $10^{10}$.",
    [twin[1, :, million] > 0.03, twin[1, :, -1] < 0.25 * twin[1, :, million]],
    id="lazy-tanh-is-slow",
    details="twin's asymmetry over that at the start",
)

publish.claim(
    "beyond: A, Appendix H",
    "The linearised twin of a network whose hidden layer is closed under the group becomes invariant.",
    [twin[2:, :, million] < 0.1, twin[2:, :, -1] < 0.01],
    id="lazy-closed-networks-learn-invariance",
    details="Paper: no learned invariance in practice. twin's asymmetry over that at the start below 0.1 after a million steps and below 0.01 after $10^{10}$, ReLU and tanh",
)

publish.claim(
    "beyond: A, Appendix H",
    "Lazy closed networks themselves lose more than two thirds of their asymmetry in training.",
    runs["asymmetry"][2:, :, -1, -1] / start[2:, :, 0],
    below=1 / 3 + 0.001,
    id="laziest-closed-networks-lose-asymmetry",
    details="Paper: no learned invariance in practice. held-out asymmetry at the last step over that at the start, largest $\\alpha$, ReLU and tanh",
)

# %% [markdown]
# In our setting the attempts of Appendix H fail too, and what we find fits the paper's suspicion.
# A lazy network is as good as its twin.
# (One closed ReLU network is the exception and lifts the mean in the table: it ends more asymmetric than its twin.)
# And the twin of an ordinary network has features on which no group acts.
# For ReLU the floor is the asymmetry of the best approximation of the label by the gradients, as in the last section.
# In our three networks it is nearly twice the asymmetry at the start.
# For tanh we do not reach a floor in $10^{10}$ steps; the price of a small one is tiny eigenvalues and astronomical times.
#
# Laziness does not help by itself.
# The plain ordinary networks end with less asymmetry than the lazy ones, and with a smaller error.
# On closed networks it is the other way round.
# Plain training need not keep the neurons of an orbit together; we have not measured how far apart they move.
# The paper points to such a danger when it recalls that kernels change during training {cite:p}`fan2020spectra`.
#
# ## What to take away
#
# * The theorem is about features on which the group acts. On the gradients of an ordinary network it acts approximately, and the small error decides: linearised networks stay asymmetric with twelve times as many points as parameters. We measured the asymmetry at 30 and 102 neurons; how it falls with width is open.
# * Closing the hidden layer under the group restores the theorem, in the lazy regime too.
# * More parameters than points does no harm by itself. What remains of the asymmetry is the initial asymmetric weight that the data do not see.
# * A wide network does not start at the zero function.
# * Figure 5 is matched by points from $[-1, 1]^3$, and its 2 % zeros by neurons that are off everywhere; ReLU forces about ten times as many.
# * A predictor is never more asymmetric than it is wrong. A network that learns an invariant label well is nearly invariant, whatever its features.

# %% tags=["hide-input", "nbval-ignore-output"]
publish.footer(scale, seed, stored, spectra, over, lazy)
