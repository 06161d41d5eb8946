"""Are the numbers right?  The emitted text is run, and its gradients are compared with differences."""
