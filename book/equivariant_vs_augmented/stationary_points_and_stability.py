# %% [markdown]
# (stationary-points-and-stability)=
# # Stationary points and their stability
#
# Let a network start with equivariant weights and train on augmented data.
# In exact arithmetic it stays equivariant forever, and it stops where the hard-wired network stops.
# But a ball on a ridge also stays on the ridge forever.
# {cite:t}`nordenfors2023optimization` (paper B) ask when the equivariant weights $\mathcal{E}$ are a valley for augmented training and when they are a ridge.
#
# This chapter checks their answers: Proposition 1 and its two corollaries on gradients, Propositions 2 and 3 on Hessians and minima, and the decoupling near $\mathcal{E}$ that turns stability into an eigenvalue problem.
# The paper leaves the eigenvalues open. We compute them.
#
# **What we found.**
#
# * All statements hold. Proposition 3 needs [no derivatives](#claim-b-proposition-3i), and neither of its converses holds, by examples [with two weights](#claim-converse-fails-on-a-line).
# * The augmented risk has stationary points [off $\mathcal{E}$](#claim-stationary-points-off-the-equivariant-weights), where the network is equivariant all the same.
# * For groups with two elements the decoupling is [more exact than stated](#claim-decoupling-error-two-elements).
# * The smallest eigenvalue off $\mathcal{E}$ predicts a long run: a network whose equivariant weights cannot see the task leaves them [at the predicted rate](#claim-growth-follows-the-spectrum), and a penalty of [the predicted strength](#claim-penalty-shifts-the-rate) holds it there.
# * Adam too keeps $\mathcal{E}$ where the group permutes coordinates or changes their signs. In the second case $\mathcal{E}$ is unstable for it, whatever the risk.

# %% tags=["parameters"]
scale = "book"
seed = 0

# %%
import matplotlib.pyplot as plt
import numpy as np
import torch
from scipy.optimize import least_squares
from scipy.sparse.linalg import LinearOperator, eigsh
from torch.linalg import eigh, eigvalsh
from torch.nn.functional import softplus

from learnsym import gallery, groups, representations
from learnsym.drift import Risks, gradient, hessian_product
from learnsym.networks.losses import soft_cross_entropy, squared_error
from learnsym.networks.mlp import Space, SymmetricMlp
from learnsym.networks.nonlinearities import identity, radial
from learnsym.publish import COLORS, MARKERS, claim, figure, footer, table, use_style
from learnsym.training.symmetric import Task

use_style()
rng = np.random.default_rng(seed)
torch.set_default_dtype(torch.float64)
draws = 1 if scale == "smoke" else 2

# %% [markdown]
# ## The setting
#
# The setting is that of {ref}`the last chapter <risks-and-representations>`: a perceptron with a group on every space, and the nominal, augmented and equivariant risks $R$, $R_{\text{aug}}$ and $R_{\text{eqv}}$ of {prf:ref}`def-three-risks`.
# All representations are orthogonal, nonlinearities commute with the group, the loss is invariant.
#
# For Hessians it helps to have all weights in one vector.
# The library's `Risks` offers the three risks of that chapter in this form: `nominal`, `augmented` and `equivariant` are functions of a vector $\theta$, or of many at once, and `project` is $\Pi_{\mathcal{E}}$.


# %%
def build(spaces, sigmas, x, y, loss=squared_error):
    """The risks of a perceptron; targets move like outputs."""
    network = SymmetricMlp(spaces, sigmas)
    return Risks(Task(network, x, y, loss, spaces[-1]))


def gaussian(*shape):
    return torch.tensor(rng.standard_normal(shape))


# %% [markdown]
# The smallest network has one layer, $f(x) = w_1 x_1 + w_2 x_2$, reads two numbers that the group swaps, and knows one sample: $x = (1, 0)$ with target $1$.
# Then $R = (w_1 - 1)^2$ and $R_{\text{aug}} = \frac12[(w_1 - 1)^2 + (w_2 - 1)^2]$, and $\mathcal{E}$ is the line $w_1 = w_2$.

# %%
S2 = groups.symmetric(2)
pair, one = Space(representations.vector(S2)), Space(representations.trivial(S2))
x, y = torch.tensor([[1.0, 0]]), torch.tensor([[1.0]])
line = build([pair, one], [identity], x, y)
for risk in (line.nominal, line.augmented, line.equivariant):
    print(gradient(risk, torch.tensor([0.5, 0.5])).numpy().round(3))

# %% [markdown]
# The nominal gradient points off the line, the other two do not.
# For the sweeps we take two layers over the gallery, with two copies of the input representation in the middle and the radial function, which commutes with every orthogonal representation.


# %%
def two_layers(case, loss=squared_error, samples=5):
    x, y = case.rho_in, case.rho_out
    spaces = [Space(x), Space(x, 2), Space(y)]
    targets = gaussian(samples, y.dimension)
    targets = targets.softmax(-1) if loss is soft_cross_entropy else targets
    sigmas = [radial(x.dimension), identity]
    return build(spaces, sigmas, gaussian(samples, x.dimension), targets, loss)


def draw(net):
    return 0.6 * gaussian(net.dimension)


# %%
nets = [two_layers(case) for case in gallery.orthogonal_cases()]
several = [case for case in gallery.permutation_cases() if case.rho_out.dimension > 1]
nets += [two_layers(case, soft_cross_entropy) for case in several]
points = [(net, draw(net)) for net in nets for _ in range(draws)]
inner = [net.network.equivariant_dimension for net in nets]
small = [net for net, d in zip(nets, inner) if d < net.dimension <= 120]
print(len(nets), "networks; equivariant weights:", min(inner), "to", max(inner))

# %% [markdown]
# ## Gradients on the equivariant weights
#
# ````{prf:proposition} Proposition 1 of paper B
# :label: prop-gradients
# For $A \in \mathcal{E}$, $\nabla R_{\text{aug}}(A) = \Pi_{\mathcal{E}} \nabla R(A) = \nabla R_{\text{eqv}}(A)$.
# ````
#
# ````{prf:proof}
# At $A \in \mathcal{E}$ every $\bar\rho(g)A$ in {eq}`eq-average-gradient` is $A$, and the mean of $\bar\rho(g)^{-1}\nabla R(A)$ is $\Pi_{\mathcal{E}}\nabla R(A)$.
# The second equality is the chain rule for $R(\Pi_{\mathcal{E}}A)$.
# ````

# %%
gaps = []
for net, theta in points:
    x = net.project(theta)
    slope = gradient(net.nominal, x)
    for risk in (net.augmented, net.equivariant):
        gap = gradient(risk, x) - net.project(slope)
        gaps.append((gap.norm() / slope.norm()).item())
claim("B: Proposition 1",
      "On $\\mathcal{E}$ the augmented, the projected nominal and the equivariant "
      "gradient are equal.", gaps, below=1e-12)

# %% [markdown]
# Two consequences follow.
# The augmented gradient has no part off $\mathcal{E}$, so augmented training that starts in $\mathcal{E}$ stays there (Corollary 1).
# And on $\mathcal{E}$ the augmented and the equivariant gradient vanish at the same points (Corollary 2).
# The first holds for gradient descent with any step as well as for gradient flow.


# %%
def descend(risk, x, rate, steps):
    for _ in range(steps):
        x = x - rate * gradient(risk, x)
    return x


# %%
apart, left = [], []
for net in small:
    x = net.project(draw(net))
    hard, soft, plain = (
        descend(risk, x, 0.02, 20)
        for risk in (net.equivariant, net.augmented, net.nominal)
    )
    covered = max((hard - x).norm().item(), 1e-3)
    apart.append((soft - hard).norm().item() / covered)
    left.append(net.complement(plain).norm().item() / covered)

# %%
print(f"nominal descent leaves E, by {np.median(left):.1f} of what the others cover")
claim("B: Corollary 1",
      "Descent on the augmented risk from $\\mathcal{E}$ stays in $\\mathcal{E}$ and "
      "follows equivariant descent.", apart, below=1e-9)

# %% [markdown]
# ### Other optimisers
#
# Adam divides each coordinate of the gradient by its own running size.


# %%
def adam(net, x, steps, floor=0.0, eps=1e-8):
    """Adam with rate 0.01; ignores gradients below the floor."""
    m = v = torch.zeros_like(x)
    for k in range(1, steps + 1):
        slope = gradient(net.augmented, x)
        slope = torch.where(slope.abs() > floor, slope, 0)
        m, v = 0.9 * m + 0.1 * slope, 0.999 * v + 0.001 * slope**2
        size = (v / (1 - 0.999**k)).sqrt() + eps
        x = x - 0.01 * m / (1 - 0.9**k) / size
    return x


# %% [markdown]
# ````{prf:proposition} Adam
# :label: prop-adam
# If every $\bar\rho(g)$ is a signed permutation of coordinates, Adam on $R_{\text{aug}}$ keeps to $\mathcal{E}$.
# ````
#
# ````{prf:proof}
# The rule of Adam treats all coordinates alike, and it is odd in the gradient. So it commutes with signed permutations. A path from a fixed point $A \in \mathcal{E}$ and its image under $\bar\rho(g)$ obey the same rule and start alike, so they are one path.
# ````
#
# Other groups need not be so kind: a reflection about a slanted axis makes Adam leave at once.
# And what holds in exact arithmetic may be unstable.
# Where a change of sign forces a weight to be zero, its gradient vanishes.
# There the divisor is nothing but the constant $\epsilon = 10^{-8}$ which Adam adds against division by zero, and Adam is descent, with momentum, at the rate $0.01/\epsilon = 10^6$.
# So it throws such weights off $\mathcal{E}$, even where descent would return.
# Permuted weights do not have this problem: their gradients are equal, and not small.
#
# We run Adam from $\mathcal{E}$ for 30 steps, and ignore gradients below $10^{-13}$, which are rounding errors.
# Then we start at a distance of $10^{-9}$ and make two steps.

# %%
slanted = representations.vector(groups.reflection([1.0, 2.0]))
names = ["C5, circulant matrices", "D4, corners of a square", "reflection of the line",
         "B2, signed permutations"]
cases = {name: gallery.find(name) for name in names}
cases["reflection, slanted axis"] = gallery.Case("slanted", slanted, slanted)

# %%
rows = []
for name, case in cases.items():
    net = two_layers(case)
    theta = draw(net)
    x, y = net.project(theta), net.complement(theta)
    near = x + 1e-9 * y / y.norm()
    exact = net.complement(adam(net, x, 30, floor=1e-13)).norm()
    ends = [adam(net, near, 2), adam(net, near, 2, eps=0.1)]
    ends.append(descend(net.augmented, near, 0.01, 2))
    stays = "stays" if exact < 1e-12 else f"leaves, {exact:.1f}"
    rows.append([name, stays, *[f"{net.complement(end).norm():.0e}" for end in ends]])
heads = ["from $\\mathcal{E}$", "from $10^{-9}$", "$\\epsilon = 0.1$", "descent"]
table(["case", *heads], rows)

# %% [markdown]
# With a large $\epsilon$ the signed groups are safe again.
# So whoever trains equivariant weights with Adam and wants to keep them should project after each step, or choose $\epsilon$ with care.
#
# ### Stationary points
#
# For Corollary 2 we need stationary points.
# A network reads two swapped numbers through two tanh units, which are swapped with them.
# Its targets come from a teacher in $\mathcal{E}$, plus noise.
# We take the noise orthogonal to all first-order changes of the predictions within $\mathcal{E}$, so that the teacher is stationary within $\mathcal{E}$.


# %%
def split(net):
    """Orthonormal bases of E and of its complement, as columns."""
    sizes, vectors = eigh(net.project(torch.eye(net.dimension)))
    return vectors[:, sizes > 0.5], vectors[:, sizes < 0.5]


spaces, sigmas = [pair, pair, one], [torch.tanh, identity]
teacher = torch.tensor([1.2, -0.5, -0.5, 1.2, 0.8, 0.8])
x = gaussian(24, 2)
blank = build(spaces, sigmas, x, x[:, :1])
E, _ = split(blank)

# %%
predict = blank.outputs(teacher, x)
J = torch.func.jacrev(lambda c: blank.outputs(E @ c, x)[:, 0])(E.T @ teacher)
noise = 0.3 * gaussian(24, 1)
task = build(spaces, sigmas, x, predict + noise - J @ torch.linalg.pinv(J) @ noise)
sizes = [gradient(risk, teacher).norm() for risk in (task.nominal, task.augmented)]
print(f"gradients at the teacher: nominal {sizes[0]:.2f}, augmented {sizes[1]:.0f}")


# %% [markdown]
# More points come from a search in $\mathcal{E}$ for zeros of one gradient, by a method that is drawn to saddles as much as to minima.
# It starts at random weights, and at the same weights after some descent, which lie near minima.
# At all points found we look at the other gradient, in all directions.


# %%
def zeros(risk, E, starts):
    """Zeros of the gradient in the span of E, from several starts."""
    def slope(c):
        return (gradient(risk, torch.tensor(c) @ E.T) @ E).numpy()

    ends = [least_squares(slope, start, xtol=1e-15, gtol=1e-15).x for start in starts]
    good = [c for c in ends if np.linalg.norm(slope(c)) < 1e-10]
    return torch.tensor(np.array(good)) @ E.T


def length(risk, weights):
    return gradient(risk, weights).norm(dim=1).max().item()


# %%
raw = [task.project(draw(task)) for _ in range(5)]
low = [descend(task.equivariant, weights, 0.1, 500) for weights in raw]
starts = [(weights @ E).numpy() for weights in [teacher, *raw, *low]]
others = [
    length(task.equivariant, zeros(task.augmented, E, starts)),
    length(task.augmented, zeros(task.equivariant, E, starts)),
]
claim("B: Corollary 2",
      "In $\\mathcal{E}$ the augmented and the equivariant risk have the same "
      "stationary points.", others, below=1e-9)

# %% [markdown]
# The corollary is silent about the rest of $\mathcal{L}$, and there $R_{\text{aug}}$ has stationary points too.
# Take the teacher and change the sign of all weights into and out of one unit.
# As $\tanh$ is odd, the network remains the same function, and all gradients remain zero.
# But the two units no longer carry swapped weights, so the new point is off $\mathcal{E}$, with an equivariant function all the same.

# %%
flipped = teacher * torch.tensor([-1, -1, 1, 1, -1, 1])
swapped = task.outputs(flipped, x.flip(1))  # targets do not move
asymmetry = (swapped - task.outputs(flipped, x)).norm()
print(f"distance from E: {task.complement(flipped).norm():.2f}")
claim("beyond: B, Corollary 2",
      "The augmented risk has stationary points off $\\mathcal{E}$, where the network "
      "is equivariant all the same.",
      [gradient(task.augmented, flipped).norm().item(), asymmetry.item()], below=1e-12,
      id="stationary-points-off-the-equivariant-weights")

# %% [markdown]
# Equivariant weights are sufficient for an equivariant network, and not necessary.
# Where units are homogeneous, such as ReLUs, the same can be done by a scale: multiply the weights into a unit by $c$ and divide those out of it by $c$.
# There training cannot even repair the weights.
# Gradient flow of any risk conserves the difference of the squared lengths of the weights into and out of each unit ({cite:t}`du2018algorithmic`).
# In $\mathcal{E}$ these differences agree for units that the group permutes, so weights for which they do not agree never reach $\mathcal{E}$.
#
# ## Hessians
#
# Write $H$, $H_{\text{aug}}$ and $H_{\text{eqv}}$ for the Hessians of the three risks at a point of $\mathcal{E}$, as symmetric matrices on $\mathcal{L}$.
#
# ````{prf:proposition} Proposition 2 of paper B
# :label: prop-hessians
# For $A \in \mathcal{E}$, $H_{\text{aug}} = \frac{1}{|G|}\sum_g \bar\rho(g)^{-1} H \bar\rho(g)$ and $H_{\text{eqv}} = \Pi_{\mathcal{E}} H\, \Pi_{\mathcal{E}}$.
# ````
#
# The first matrix commutes with the group. By {prf:ref}`lem-blocks` it is block diagonal: it maps $\mathcal{E}$ to $\mathcal{E}$ and $\mathcal{E}^\perp$ to $\mathcal{E}^\perp$, and as quadratic forms on $\mathcal{E}$ all three agree.
#
# A Hessian times a vector costs two backward passes.
# For networks with up to 1,296 weights we compare such products, along a random direction.

# %%
def hessian_gaps(net, x, v):
    """The average, the restriction, and the mixed blocks."""
    def times(risk, v):
        return hessian_product(risk, x, v)

    back, Hv = net.network.group.inverse, times(net.augmented, v)
    moved = [net.act(back(g), times(net.nominal, net.act(g, v))) for g in net.elements]
    inside = net.project(v)
    gaps = [
        Hv - sum(moved) / len(moved),
        times(net.equivariant, v) - net.project(times(net.nominal, inside)),
        net.project(Hv) - times(net.augmented, inside),
    ]
    return [(gap.norm() / times(net.nominal, v).norm()).item() for gap in gaps]


# %%
gaps = [hessian_gaps(net, net.project(theta), draw(net)) for net, theta in points]
claim("B: Proposition 2",
      "On $\\mathcal{E}$, $H_{\\text{aug}}$ is the group average of $H$, in two "
      "blocks, and $H_{\\text{eqv}}$ is $\\Pi_{\\mathcal{E}} H \\Pi_{\\mathcal{E}}$.",
      gaps, below=1e-12)

# %% [markdown]
# ## Minima
#
# ````{prf:proposition} Proposition 3 of paper B, without derivatives
# :label: prop-minima
# Let $A^* \in \mathcal{E}$.
#
# 1. If $A^*$ is a strict local minimum of $R$, it is one of $R_{\text{aug}}$.
# 2. If $A^*$ is a strict local minimum of $R_{\text{aug}}$, then $R_{\text{eqv}}$, restricted to $\mathcal{E}$, has a strict local minimum there.
# ````
#
# ````{prf:proof}
# Let $R(B) > R(A^*)$ for all $B \ne A^*$ in a ball around $A^*$. Each $\bar\rho(g)$ is orthogonal and fixes $A^*$, so it maps the ball to itself and no other point to $A^*$. Then every term of $R_{\text{aug}}(B) = \frac{1}{|G|}\sum_g R(\bar\rho(g)B)$ exceeds $R(A^*) = R_{\text{aug}}(A^*)$.
# For the second part, networks in $\mathcal{E}$ are equivariant and the loss is invariant, so $R_{\text{aug}} = R = R_{\text{eqv}}$ on $\mathcal{E}$.
# ````
#
# The paper takes "strict minimum" to mean a positive definite Hessian and argues by {prf:ref}`prop-hessians`. The proof above asks for no derivative, and works with "strict" left out.
# A remark on domains: $R_{\text{eqv}}(A) = R(\Pi_{\mathcal{E}}A)$ does not change along $\mathcal{E}^\perp$, so a minimum of it can be strict only among points of $\mathcal{E}$. The paper's statement leaves this to the reader, and its proof ends with it.
#
# With positive definite Hessians the proposition is a chain of numbers. Let $\lambda$ be the smallest eigenvalue. An average of matrices with the same spectrum has no smaller $\lambda$, and neither has a restriction:
#
# $$
# \lambda(H) \;\le\; \lambda(H_{\text{aug}}) \;\le\; \lambda(H_{\text{eqv}}|_{\mathcal{E}}) .
# $$ (eq-curvature-chain)


# %%
def hessian(risk, theta):
    """The whole matrix, for small networks."""
    v = torch.eye(len(theta))
    return hessian_product(risk, theta.expand_as(v), v)


def chain(net, x):
    E, _ = split(net)
    H = [hessian(risk, x) for risk in (net.nominal, net.augmented, net.equivariant)]
    return [eigvalsh(h)[0].item() for h in (H[0], H[1], E.T @ H[2] @ E)]


# %% [markdown]
# To have strict minima in $\mathcal{E}$ we let a network in $\mathcal{E}$ write the targets. With enough samples its weights are a strict minimum of $R$, with value zero.


# %%
def taught(n):
    """n points on a circle; the targets come from weights in E."""
    circle = Space(representations.vector(groups.cyclic(n)))
    spaces, x = [circle] * 3, gaussian(200, n)
    blank = build(spaces, [torch.tanh, identity], x, x)
    teacher = blank.project(2 * draw(blank))
    return build(spaces, [torch.tanh, identity], x, blank.outputs(teacher, x)), teacher


chains = np.array([chain(*taught(n)) for n in (3, 4, 5, 6)])
table(["points", "$\\lambda(H)$", "$\\lambda(H_{aug})$", "$\\lambda(H_{eqv}|_E)$"],
      [[n, *[f"{value:.2g}" for value in row]] for n, row in enumerate(chains, start=3)])

# %%
H, H_aug, H_eqv = chains.T
claim("B: Proposition 3i",
      "A strict minimum of the nominal risk in $\\mathcal{E}$ is one of the augmented "
      "risk.", (H > 1e-8) & (H_aug > H - 1e-12))
claim("B: Proposition 3ii",
      "A strict minimum of the augmented risk in $\\mathcal{E}$ is one of the "
      "equivariant risk within $\\mathcal{E}$.",
      (H_aug > 1e-8) & (H_eqv > H_aug - 1e-12))

# %% [markdown]
# (failing-converses)=
# ## Both converses fail
#
# The paper gives a counterexample in an appendix. These are the smallest ones that we know.
#
# **A strict minimum of $R_{\text{aug}}$ that is no strict minimum of $R$.**
# The single layer above will do.
# The nominal risk $(w_1 - 1)^2$ does not see $w_2$. The augmented risk has a strict minimum at $(1, 1) \in \mathcal{E}$.

# %%
top = torch.ones(2)
claim("B: Proposition 3i, converse fails",
      "At a strict minimum of the augmented risk, with curvature 1, the nominal risk "
      "can be flat.",
      [*chain(line, top)[:2], gradient(line.nominal, top).norm().item()],
      equals=[0, 1, 0], within=1e-12, id="converse-of-first-part-fails")

# %% [markdown]
# **A strict minimum of $R_{\text{eqv}}$ within $\mathcal{E}$ that is no minimum of $R_{\text{aug}}$.**
# Two linear layers $f(x) = b\,a\,x$ with numbers $a$ and $b$. Input and output are invariant, and the group of two elements acts on the hidden number by its sign.
# Then $\mathcal{E} = \{0\}$, and the origin is its strict minimum for want of other points. As nothing happens to the data, $R_{\text{aug}} = R = (ba - 1)^2$, and the origin is a saddle.

# %%
sign = Space(representations.sign(S2))
x = torch.ones(1, 1)
hidden = build([one, sign, one], [identity, identity], x, x)
origin = eigvalsh(hessian(hidden.augmented, torch.zeros(2))).numpy()
print("dimension of E:", hidden.network.equivariant_dimension)
print("curvatures at the origin:", origin.round(3))

# %% [markdown]
# One may object that $\mathcal{E}$ is a single point. So we add an example in which it is not.
# Take one squared unit, $f(x) = (w^\top x)^2$, with the swap, and two samples $(1, 1)/\sqrt2$ and $(1, -1)/\sqrt2$ with target $1$.
# With $u = (w_1 + w_2)/\sqrt2$ along $\mathcal{E}$ and $v = (w_1 - w_2)/\sqrt2$ across,
#
# $$
# R = R_{\text{aug}} = \tfrac12\bigl[(u^2 - 1)^2 + (v^2 - 1)^2\bigr].
# $$ (eq-two-wells)
#
# Within $\mathcal{E}$, where $v = 0$, the point $u = 1$ is a strict minimum with curvature $4$. Across it the curvature is $-2$.
# The equivariant network never fits the second sample.

# %%
half = np.sqrt(0.5)
samples = torch.tensor([[half, half], [half, -half]])
wells = build([pair, one], [torch.square], samples, torch.ones(2, 1))
top = torch.tensor([half, half])
_, across, within = chain(wells, top)
claim("B: Proposition 3ii, converse fails",
      "A strict minimum within $\\mathcal{E}$, of curvature 4, can be a saddle of the "
      "augmented risk, of curvature $-2$.",
      [within, across, gradient(wells.augmented, top).norm().item()], equals=[4, -2, 0],
      within=1e-10, id="converse-fails-on-a-line")

# %% tags=["hide-input"]
from contourpy import contour_generator

grid = np.linspace(-1.6, 1.6, 41)
w = torch.tensor(np.stack(np.meshgrid(grid, grid), axis=-1).reshape(-1, 2))
risks = {
    "(a) $R$, one sample": line.nominal(w),
    "(b) $R_{\\mathrm{aug}}$, one sample": line.augmented(w),
    "(c) $R_{\\mathrm{aug}}$, squared unit": wells.augmented(w),
}
root2, marks = np.sqrt(2), [[], [(1, 1, "o")], []]
marks[2] = [(half, half, "s"), (root2, 0, "o"), (0, root2, "o"), (-root2, 0, "o"), (0, -root2, "o")]
fig, axes = plt.subplots(1, 3, figsize=(9.2, 3.5), sharey=True)
for ax, (title, values), places in zip(axes, risks.items(), marks):
    values = values.reshape(41, 41).numpy()
    ax.imshow(values, origin="lower", extent=(-1.64, 1.64) * 2, cmap="cividis_r", vmin=0, vmax=3.2)
    lines = contour_generator(grid, grid, values)
    for level in (0.05, 0.2, 0.45, 0.8, 1.25, 1.8, 2.45, 3.2):
        for part in lines.lines(level):
            ax.plot(*part.T, color="#444444", linestyle="-", linewidth=0.5)
    ax.plot([-1.6, 1.6], [-1.6, 1.6], color="black", linestyle="--", linewidth=1.4)
    ax.text(-1.55, -1.3, "$\\mathcal{E}$", color="white")
    for a, b, mark in places:
        ax.plot(a, b, mark, color="black", markerfacecolor="white", markersize=9)
    ax.set(title=title, xlabel="$w_1$", xlim=(-1.6, 1.6), ylim=(-1.6, 1.6), aspect="equal")
axes[0].set_ylabel("$w_2$")
figure(
    fig,
    "failing-converses",
    title="Why the converses of Proposition 3 fail",
    caption="Level lines of risks over two weights, lighter for lower risk, with $\\mathcal{E}$ as a dashed line. (a) The nominal risk of one sample has "
    "a valley of minima, none of them strict. (b) Augmentation turns the valley into a strict minimum on $\\mathcal{E}$ (circle). "
    "(c) For the squared unit the strict minimum within $\\mathcal{E}$ (square) is a saddle of the augmented risk; its "
    "minima (circles) lie off $\\mathcal{E}$.",
    alt="Three square maps. Vertical stripes with a light valley; concentric circles around a point on the dashed diagonal; "
    "a surface with a saddle on the diagonal and a basin on either side of it.",
)

# %% [markdown]
# (decoupling)=
# ## Near the equivariant weights
#
# Write $A = x + y$ with $x \in \mathcal{E}$ and a small $y \in \mathcal{E}^\perp$.
# To first order in $y$ the augmented gradient is $\nabla R_{\text{aug}}(x) + H_{\text{aug}}(x)\,y$, Eq. 26 of the paper.
# By {prf:ref}`prop-gradients` and {prf:ref}`prop-hessians` the first term lies in $\mathcal{E}$ and the second in $\mathcal{E}^\perp$. So the gradient flow of $R_{\text{aug}}$ is
#
# $$
# \dot x = -\nabla R_{\text{aug}}(x) + O(\lVert y\rVert^2), \qquad \dot y = -H_{\text{aug}}(x)\, y + O(\lVert y\rVert^2) .
# $$ (eq-decoupled)
#
# This is Eq. 27 of the paper: to first order $x$ moves as in the equivariant network, and $y$ obeys a linear equation.
# For some groups one error is smaller.
#
# ````{prf:proposition} When the second error is cubic
# :label: prop-second-order-groups
# Let some $g \in G$ act on $\mathcal{E}^\perp$ as $-1$; any group of two elements has such a $g$. Then $R_{\text{aug}}(x + y) = R_{\text{aug}}(x - y)$, and the error in $\dot y$ is $O(\lVert y\rVert^3)$.
# ````
#
# ````{prf:proof}
# $R_{\text{aug}}$ is invariant under $\bar\rho(g)$, which maps $x + y$ to $x - y$. So $R_{\text{aug}}$ is even in $y$, and its gradient along $\mathcal{E}^\perp$ is odd.
# A group of two elements acts as $\pm 1$ on the two parts of any space, and $\mathcal{E}$ is the part of $+1$.
# ````


# %%
def errors(net, theta, distances):
    """Errors of the linearised gradient: whole, in E, across; shape (3, distances)."""
    x, y = net.project(theta), net.complement(theta)
    steps = torch.tensor(distances)[:, None] * (y / y.norm())
    linear = hessian_product(net.augmented, x.expand_as(steps), steps)
    gap = gradient(net.augmented, x + steps) - gradient(net.augmented, x) - linear
    parts = [gap, net.project(gap), net.complement(gap)]
    return np.array([part.norm(dim=1) for part in parts])


# %%
exponents = np.array([
    np.log2(np.divide(*errors(net, draw(net), [0.01, 0.005]).T)) for net in small
])
two = np.array([len(net.elements) == 2 for net in small])
claim("B: Eq. 26", "The error of the linearised augmented gradient is of second order.",
      exponents[:, 0], equals=2, within=0.15)
claim("B: Eq. 27",
      "Both parts of the error, in $\\mathcal{E}$ and across, are of second order.",
      [*exponents[:, 1], *exponents[~two, 2]], equals=2, within=0.15)
claim("beyond: B, Eq. 27",
      "For groups of two elements the error across is of third order.",
      exponents[two, 2], equals=3, within=0.15, id="decoupling-error-two-elements")

# %%
fig, axes = plt.subplots(1, 2, figsize=(6, 3.4), sharex=True, sharey=True)
shown = {"two elements": "S2, swap of two coordinates",
         "five": "C5, circulant matrices", "eight": "D4, corners of a square"}
distances = np.geomspace(0.01, 0.64, 7)
for k, (name, case) in enumerate(shown.items()):
    net = two_layers(gallery.find(case))
    for ax, values in zip(axes, errors(net, draw(net), distances)[1:]):
        ax.loglog(distances, values, marker=MARKERS[k], color=COLORS[k], label=name)

# %% tags=["hide-input"]
guides = (axes[0], 2, 3e-4, "right", "bottom"), (axes[1], 2, 3e-4, "right", "bottom"), (axes[1], 3, 4e-8, "left", "top")
for ax, power, start, ha, va in guides:
    guide = start * (distances / 0.01) ** power
    ax.loglog(distances, guide, color="#777777", linestyle=":", linewidth=1)
    ax.text(distances[3], guide[3], f"slope {power}", ha=ha, va=va)
axes[0].set(title="(a) part in $\\mathcal{E}$", xlabel="$|y|$", ylabel="error of the gradient")
axes[1].set(title="(b) part across", xlabel="$|y|$")
axes[0].legend(loc="lower right", fontsize=9)
figure(
    fig,
    "decoupling-errors",
    title="Errors of the decoupled gradient",
    caption="Error of {eq}`eq-decoupled` for the augmented gradient at a distance $|y|$ from $\\mathcal{E}$ in a random direction, "
    "for two-layer networks under three groups: (a) the part in $\\mathcal{E}$, (b) the part orthogonal to it. Dotted lines have slopes 2 "
    "and 3. Under the group of two elements the second error is cubic.",
    alt="Two panels of straight rising lines on logarithmic axes. Left, three lines of slope two. Right, two lines of slope two "
    "and a lower, steeper one of slope three.",
)

# %% [markdown]
# (spectrum)=
# ## The spectrum decides
#
# So $\mathcal{E}$ is stable under augmented training as long as all eigenvalues of $H_{\text{aug}}(x)$ on $\mathcal{E}^\perp$ are positive, and for descent with learning rate $\eta$ below $2/\eta$. A negative one makes it unstable. With a zero eigenvalue the linear equation does not decide.
# The paper names the computation of this spectrum as an open direction.
#
# For a small network we take the whole matrix.
# For a large one the Lanczos method finds the smallest eigenvalue from products alone. We add a large multiple of $\Pi_{\mathcal{E}}$, so that $\mathcal{E}$ is out of the way:


# %%
def spectrum(net, x):
    """All eigenvalues of the augmented Hessian off E."""
    _, across = split(net)
    return eigvalsh(across.T @ hessian(net.augmented, x) @ across)


def lowest(net, x, far=100.0):
    """The smallest one, by Lanczos."""
    def times(v):
        v = torch.tensor(v.ravel())
        return (hessian_product(net.augmented, x, v) + far * net.project(v)).numpy()

    H = LinearOperator((net.dimension,) * 2, matvec=times, dtype=np.float64)
    start = np.random.default_rng(0).normal(size=net.dimension)
    return eigsh(H, 1, which="SA", v0=start, return_eigenvectors=False)[0]


# %%
images = two_layers(gallery.find("C4, 4x4 images to a class"))
x = images.project(draw(images))
end = lowest(images, x)
print(f"{images.dimension} weights; smallest eigenvalue off E: {end:.3f}")
print("as in the whole spectrum:", abs(end - spectrum(images, x)[0].item()) < 1e-8)

# %% [markdown]
# The group leaves a mark on the spectrum.
#
# ````{prf:proposition} Multiplicities
# :label: prop-multiplicities
# Let $|G|$ be odd. At $x \in \mathcal{E}$ every eigenvalue of $H_{\text{aug}}$ on $\mathcal{E}^\perp$ has even multiplicity.
# ````
#
# ````{prf:proof}
# $H_{\text{aug}}$ commutes with the group, so an eigenspace in $\mathcal{E}^\perp$ is a real representation of $G$ without fixed vectors. In a group of odd order no irreducible representation except the trivial one has a real character ({cite:t}`serre1977linear`), so the nontrivial complex ones come in conjugate pairs and the real ones have even dimension.
# ````

# %%
names = "C5, circulant matrices", "C3, turns of the plane", "V4, double swaps"
for name in names:
    net = two_layers(gallery.find(name))
    values = spectrum(net, net.project(draw(net)))
    paired = torch.allclose(values[::2], values[1::2], atol=1e-8)
    print(f"{name:22} all in pairs: {paired}")

# %% [markdown]
# ### A long run
#
# We need a task that $\mathcal{E}$ misses.
# The inputs are points of a disc, the target is twice their squared length, and $C_3$ turns the plane by $120$ degrees.
# Two networks learn the task, with one hidden layer of three softplus units.
#
# * The *blind* network has invariant hidden units. No linear function on the plane is invariant except zero, so in $\mathcal{E}$ the first layer is zero, and the best equivariant network is a constant.
# * The *seeing* network lets the group permute its hidden units in a cycle. In $\mathcal{E}$ they look along three directions that are $120$ degrees apart, and it can learn the task.

# %%
plane = gallery.find("C3, turns of the plane").rho_in
turns = plane.group
cycle = representations.from_generators(turns, [np.roll(np.eye(3), 1, axis=0)], "cycle")
middle = {"blind": Space(representations.trivial(turns), 3), "seeing": Space(cycle)}
output = Space(representations.trivial(turns))

radius, angle = 2 * np.sqrt(rng.uniform(size=32)), rng.uniform(0, 2 * np.pi, 32)
x = torch.tensor(radius * np.array([np.cos(angle), np.sin(angle)])).T.contiguous()
disc = {
    name: build([Space(plane), space, output], [softplus, identity], x,
                2 * x.square().sum(1, keepdim=True))
    for name, space in middle.items()
}

# %% [markdown]
# Both start at a distance of $10^{-6}$ from $\mathcal{E}$ and descend on the exact augmented risk, with a penalty $\lambda\lVert y\rVert^2$ that is zero for now.
# Beside them runs the prediction: equivariant descent for $x$, and the linear equation of {eq}`eq-decoupled` for $y$.


# %%
def follow(net, z, rate, steps, penalty=0.0):
    """Paths of z, and of x and y as predicted; shapes (steps + 1, dimension)."""
    pull, rows = 2 * penalty, []
    x, y = net.project(z), net.complement(z)
    for _ in range(steps + 1):
        rows.append((z, x, y))
        y = y - rate * (hessian_product(net.augmented, x, y) + pull * y)
        x = x - rate * gradient(net.equivariant, x)
        z = z - rate * (gradient(net.augmented, z) + pull * net.complement(z))
    return [torch.stack(path) for path in zip(*rows)]


# %%
rate, runs, least = 0.1, {}, {}
for (name, net), steps in zip(disc.items(), (240, 100)):
    theta = draw(net).abs()
    y = net.complement(theta)
    runs[name] = follow(net, net.project(theta) + 1e-6 * y / y.norm(), rate, steps)
    least[name] = torch.stack([spectrum(net, x)[0] for x in runs[name][1]])

# %% tags=["hide-input"]
fig, axes = plt.subplots(3, 1, figsize=(6, 7.4), sharex=True)
for k, (name, (z, x, y)) in enumerate(runs.items()):
    net, times = disc[name], rate * np.arange(len(z))
    look = {"color": COLORS[k], "linestyle": "--" if k else "-"}
    mark = {"color": COLORS[k], "linestyle": "none", "marker": MARKERS[k], "markerfacecolor": "white"}
    axes[0].plot(times, least[name], label=name, **look)
    axes[1].semilogy(times, net.complement(z).norm(dim=1), label=name, **look)
    forecast = y.norm(dim=1)
    kept = slice(0, int((forecast < 1e2).sum()), len(z) // 10)
    axes[1].semilogy(times[kept], forecast[kept], label=f"{name}, predicted", **mark)
    axes[2].semilogy(times, net.augmented(z), label=f"{name}, augmented", **look)
    some = slice(0, None, len(z) // 10)
    axes[2].semilogy(times[some], net.equivariant(x[some]), label=f"{name}, equivariant", **mark)
axes[0].axhline(0, color="#777777", linestyle=":", linewidth=1)
axes[0].set(title="(a) smallest eigenvalue off $\\mathcal{E}$", ylabel="curvature")
axes[1].set(title="(b) distance from $\\mathcal{E}$", ylabel="$|y|$", ylim=(1e-9, 30))
axes[2].set(title="(c) risk", xlabel="time (learning rate times steps)", ylabel="mean loss")
axes[2].set_yticks([1, 2, 5, 10], ["1", "2", "5", "10"])
axes[2].minorticks_off()
for ax in axes:
    ax.legend(loc="best", fontsize=9)
figure(
    fig,
    "leaving-equivariance",
    title="A long run near the equivariant weights",
    caption="Descent on the augmented risk from a distance of $10^{-6}$ of $\\mathcal{E}$, for a network whose equivariant weights cannot "
    "see the task (blind) and one whose can (seeing). (a) Smallest eigenvalue of the augmented Hessian on $\\mathcal{E}^\\perp$, at the "
    "weights of equivariant descent. (b) Distance from $\\mathcal{E}$, and its linear prediction (markers). (c) Augmented risk of the "
    "augmented run, and risk of the equivariant run (markers).",
    alt="Three panels against time. The blind network has a negative eigenvalue throughout; its distance rises along the predicted "
    "straight line on a logarithmic axis and then saturates, and its risk drops away from the equivariant one. The seeing network "
    "stays close to the equivariant weights.",
)

# %% [markdown]
# A step of descent multiplies the part of $y$ along an eigenvector by $1 - \eta\lambda$.
# While $y$ is small, it should grow by the product of these factors over the steps, or a little less, since it does not start along the lowest eigenvector.

# %%
blind, (z, x, y) = disc["blind"], runs["blind"]
across = blind.complement(z)
off = across.norm(dim=1)
linear = ((off > 1e-5) & (off < 1e-2)).nonzero()[:, 0]
forecast = torch.log1p(-rate * least["blind"][linear[:-1]]).sum()
growth = ((off[linear[-1]] / off[linear[0]]).log() / forecast).item()
early = slice(0, int((off < 1e-3).sum()))
error = ((across - y)[early].norm(dim=1) / off[early]).max()
print(f"y as predicted by the linear equation, to {error:.0e}, while |y| < 0.001")

# %%
claim("B: Spectrum of the augmented Hessian",
      "The blind network leaves $\\mathcal{E}$, almost at the rate of the most "
      "negative eigenvalue and not faster.", growth, between=(0.8, 1.01),
      verdict="reproduced", id="growth-follows-the-spectrum")

# %%
for name, (z, x, _) in runs.items():
    net, end = disc[name], z[-1]
    print(f"{name}: {net.complement(end).norm():.1g} off E, risk {net.augmented(end):.2f}"
          f", equivariant {net.equivariant(x[-1]):.2f}")

# %% [markdown]
# The blind network ends below the risk of the best equivariant network; the seeing network returns to $\mathcal{E}$.
#
# ### A penalty
#
# The paper suggests a penalty $\lambda \lVert y\rVert^2$ against the instability. Its Hessian is $2\lambda$ on $\mathcal{E}^\perp$, so it shifts the spectrum and nothing else: $\mathcal{E}$ is stable as soon as $2\lambda$ exceeds the size of the most negative eigenvalue, and the equivariant solution does not move.
# {cite:t}`nordenfors2025regularization` prove that with a large enough penalty $\mathcal{E}$ attracts the augmented flow. The spectrum says what is large enough.
#
# We start at the best equivariant weights, $10^{-6}$ off along the lowest eigenvector, with no penalty, half the threshold, and one and a half times the threshold.

# %%
best = descend(blind.equivariant, blind.project(draw(blind).abs()), rate, 150)
_, U = split(blind)
values, vectors = eigh(U.T @ hessian(blind.augmented, best) @ U)
start, rows = best + 1e-6 * U @ vectors[:, 0], []
for factor in (0.0, 0.5, 1.5):
    strength = -factor * values[0] / 2
    z, _, _ = follow(blind, start, rate, 40, strength)
    grown = blind.complement(z).norm(dim=1)
    forecast = torch.log1p(-rate * (values[0] + 2 * strength))
    rows.append([factor, ((grown[-1] / grown[0]).log() / 40).item(), forecast.item()])
table(["penalty over threshold", "growth a step", "predicted"],
      [[row[0], *[f"{value:.4f}" for value in row[1:]]] for row in rows])

# %%
_, grown, forecast = np.array(rows).T
claim("beyond: B, Penalty on the non-equivariant part",
      "With a penalty $\\lambda|y|^2$, $y$ grows or decays at the rate of the "
      "smallest eigenvalue plus $2\\lambda$.", grown / forecast, equals=1, within=1e-4,
      id="penalty-shifts-the-rate")

# %% [markdown]
# With *sampled* augmentation there is noise in $y$ at every step, and a penalty then holds $y$ at a level at which noise and decay are in balance, as in the theory of {cite:t}`mandt2017stochastic` for stochastic gradient descent near a minimum.
# {ref}`finite-augmentation` computes and measures that level.
#
# ## What to take away
#
# * On $\mathcal{E}$ the augmented and the equivariant gradient are the same vector, so exact augmentation from an equivariant start is equivariant training. Adam shares this where the group permutes coordinates or changes their signs, but signs make it unstable.
# * A strict minimum of $R$ in $\mathcal{E}$ is one of $R_{\text{aug}}$, and that is one of $R_{\text{eqv}}$ within $\mathcal{E}$. Neither arrow can be turned around.
# * Off $\mathcal{E}$ the weights obey a linear equation up to a quadratic error, cubic for groups of two elements.
# * The smallest eigenvalue of the augmented Hessian off $\mathcal{E}$ says whether training leaves and how fast. In our example it is negative because $\mathcal{E}$ cannot see the task. A penalty shifts it by twice its strength.

# %% tags=["hide-input", "nbval-ignore-output"]
footer(scale, seed)
