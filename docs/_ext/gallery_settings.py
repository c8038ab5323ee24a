"""Sizes of the runs that the gallery shows, and nothing else: the one table to look into.

A case is run as its own file says, by `wgflow run NAME`, unless it has a line here: then with these
words after it, which its page states. They keep `make docs` short.
"""

from __future__ import annotations

# Of cases whose own size takes more than some seconds; the gas by an implicit solver, since
# explicit ones oscillate from cell to cell after t = 0.5; the failure until all mass is at 0.
CASES = {
    "double_well_porous": "--cells 100",
    "log_gas": "--solver bailo_carrillo_hu",
    "nonmonotone_failure": "--cells 200 --until 0.014 --snapshots 0,0.003,0.006,0.009,0.011",
    "relu_gaussians": "--cells 16,14,14,14",
}

# All solvers are shown on one problem with an exact solution, on few cells, where they differ.
SOLVER_CASE = "ornstein_uhlenbeck"
SOLVER_WORDS = "--cells 40 --snapshots 0,0.25,0.5,1"
SOLVERS = {
    "ljko": "--option tau=0.05",
    "ljko_bdf2": "--option tau=0.05",
    "back_and_forth": "--option tau=0.05",
    "entropic_jko": "--option tau=0.05",
    "quantile_jko": "--option tau=0.05",
}
