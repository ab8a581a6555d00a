"""The command line: argument parsing and printing only."""

import os

# Work is spread over frames. A BLAS that brings threads of its own for each small matrix slows it
# down, on a busy machine manyfold; it reads this when it is loaded, which is after here.
for _name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
