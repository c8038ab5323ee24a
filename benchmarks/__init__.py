"""Speed of wgflow beside its peers and the machine, as ratios measured in one run.

``make bench`` runs all of it; ``python -m benchmarks explicit implicit`` some of it.
"""

import os

# One thread each, before numpy or numba is imported: what is measured is one core.
for _variable in (
    "OPENBLAS_NUM_THREADS",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
):
    os.environ[_variable] = "1"
os.environ.setdefault("FIPY_SOLVERS", "scipy")  # FiPy's default without further packages
