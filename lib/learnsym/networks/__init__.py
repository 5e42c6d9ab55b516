"""Networks in torch as ensembles: the first axis of every parameter counts the runs."""
