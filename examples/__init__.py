"""Real training runs with generated modules."""

import os

# The products here are small: two threads that wait for each other are slower than one.  NumPy reads this when it is
# imported.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")
