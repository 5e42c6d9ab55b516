"""Library under the book *Learning Symmetry*.

Modules, from the ground up; no module imports one below it in this table.

===================  ==========================================================================
module               what it is for
===================  ==========================================================================
``arrays``           the gate for arrays: real, finite, integers promoted; read-only on the way out
``groups``           finite groups of permutations and matrices, from generators
``representations``  how groups act on vectors, images, graphs, polynomials and linear maps
``characters``       characters of abelian groups, bases in which their actions are diagonal
``equivariant``      Reynolds operator, equivariant maps and their orthogonal complement
``gallery``          the table of groups and representations that claims are checked on
``data``             MNIST, Fashion-MNIST, random graphs, images of shapes
``regression``       linear regression on symmetric data: closed forms and training (paper A)
``kernels``          wide networks as linear models: weight and conjugate kernels (paper A)
``lowrank``          least squares of bounded rank: optima, critical points, paths (paper D)
``networks``         multi-layer perceptrons in torch, ordinary and weight-tied, seeds as one batch
``training``         training of such ensembles: full-batch, or in mini-batches with augmentation
``invariance``       how invariant a network is: logits, probabilities, saliency, sensitivity
``drift``            how training leaves the equivariant weights: risks, Hessians, stability
``experiments``      computations worth storing, one module each, and ``sweep``
``fingerprints``     what a stored result depends on: experiment, configuration, code
``results``          stored results: loaded while fresh, else revalidated or recomputed
``publish``          claims, figures, tables; building the site
===================  ==========================================================================
"""
