"""Launchers, ranks that fail, options of PETSc: what is the same for every command."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.mpi import needs_mpi, on_ranks
from wgflow.parallel import SERIAL, launched_rank, launched_ranks, world

FAILING = '''"""A case that fails on one rank in the middle of the run."""
import os
import signal
import time
import numpy as np
import wgflow as wg
from wgflow.parallel import world

def scale(t):
    if t > 0.5 and world().rank == 1:
        {how}
    return 1.0

def problem() -> wg.Problem:
    return wg.Problem(wg.Box((-3, 3), (-3, 3)), wg.Confinement(1.0), time_scale=scale,
                      initial=lambda x, y: np.exp(-x**2 - y**2), until=1.0)
'''


def test_launchers() -> None:
    assert launched_ranks({}) is None
    assert launched_ranks({"PMI_SIZE": "4", "SLURM_STEP_NUM_TASKS": "1"}) == 4
    assert launched_ranks({"SLURM_NTASKS": "8"}) is None  # a batch script, outside of srun
    assert launched_ranks({"PMIX_RANK": "0"}) == 0
    assert launched_rank({"OMPI_COMM_WORLD_RANK": "3"}) == 3
    assert world() is SERIAL


def test_without_mpi4py_several_ranks_are_refused(tmp_path: Path) -> None:
    """Otherwise each rank would run alone and write over the others' files."""
    (tmp_path / "mpi4py.py").write_text("raise ImportError('hidden', name='mpi4py')\n")
    root = Path(__file__).parents[1]
    env = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{root}"}
    words = [sys.executable, "-m", "wgflow", "run", "ornstein_uhlenbeck", "--cells", "20"]
    words += ["--until", "0.01"]

    def run(**launched: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            words, cwd=tmp_path, env=env | launched, capture_output=True, text=True, check=False
        )

    refused = run(PMI_SIZE="4", PMI_RANK="0")
    assert refused.returncode == 2
    assert "started on 4 ranks, but mpi4py is missing: install" in refused.stderr
    other = run(PMI_SIZE="4", PMI_RANK="1")
    assert (other.returncode, other.stderr) == (2, "")
    assert [p.name for p in tmp_path.iterdir() if p.is_dir() and p.name[0] != "_"] == []
    assert run(PMI_SIZE="1").returncode == 0  # one rank needs no MPI


@needs_mpi
def test_another_mpi_is_found_out(tmp_path: Path) -> None:
    env = {**os.environ, "OMPI_COMM_WORLD_SIZE": "4"}
    words = [sys.executable, "-m", "wgflow", "cases"]
    done = subprocess.run(words, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "started 4 ranks, MPI knows of 1" in done.stderr


@needs_mpi
def test_bad_input_is_said_once(tmp_path: Path) -> None:
    done = on_ranks(2, ["-m", "wgflow", "run", "nosuch"], cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.count("unknown case 'nosuch'") == 1
    done = on_ranks(2, ["-m", "wgflow", "run"], cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.count("needs a CASE: did you mean: wgflow run ") == 1
    thin = ["-m", "wgflow", "run", "ornstein_uhlenbeck", "--cells", "3"]
    done = on_ranks(2, thin, cwd=tmp_path)
    assert done.returncode == 2
    assert "3 cells cannot be divided among 2 ranks" in done.stderr
    assert list(tmp_path.iterdir()) == []


@needs_mpi
@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("raise wg.errors.SolverError('lost the way')", "(rank 1 of 2 failed alone"),
        ("raise ZeroDivisionError('by hand')", "by hand"),
        ("raise SystemExit(3)", "SystemExit: 3; fix the file and try again (rank 1 of 2 failed"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "KILLED BY SIGNAL: 9|EXIT CODE: 9"),
    ],
)
def test_a_rank_that_fails_ends_all(how: str, said: str, tmp_path: Path) -> None:
    case = tmp_path / "failing.py"
    case.write_text(FAILING.format(how=how))
    words = ["-m", "wgflow", "run", str(case), "--solver", "muscl", "--cells", "20"]
    done = on_ranks(2, words, cwd=tmp_path, limit=60)
    assert done.returncode != 0
    text = done.stdout + done.stderr
    assert any(part in text for part in said.split("|")), text


@needs_mpi
def test_a_script_whose_rank_fails_ends_all(tmp_path: Path) -> None:
    script = "import wgflow.parallel as p\nc = p.world()\n"
    done = on_ranks(2, ["-c", script + "if c.rank: raise KeyError('mine')\nc.barrier()"], limit=60)
    assert done.returncode != 0
    assert "KeyError: 'mine'" in done.stderr
    alike = on_ranks(2, ["-c", script + "raise KeyError('ours')"], limit=60)
    assert alike.returncode != 0
    assert alike.stderr.count("KeyError: 'ours'") == 1


@needs_mpi
def test_petsc_is_not_finalized_while_mpi_aborts() -> None:
    """Its messages would end the other ranks with errors and an exit code of MPI's, sometimes."""
    script = (
        "import wgflow.parallel as p, wgflow.parallel.failure as f\nc = p.world()\n"
        "from petsc4py import PETSc\nassert not PETSc.Sys.isFinalized()\n"
        "Abort = lambda code: print('finalized', PETSc.Sys.isFinalized())\n"
        "class Raw:\n    rank, size = 0, 1\n    Abort = staticmethod(Abort)\n"
        "f.abort(p.Communicator(Raw()), 'alone', 2)\n"
    )
    done = on_ranks(1, ["-c", script])
    assert "finalized True" in done.stdout, done.stderr


@needs_mpi
def test_warnings_are_said_once(tmp_path: Path) -> None:
    case = tmp_path / "warning.py"
    case.write_text("import warnings\nwarnings.warn('careful')\n" + FAILING.format(how="pass"))
    words = ["-m", "wgflow", "run", str(case), "--solver", "muscl", "--cells", "20"]
    done = on_ranks(2, words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("UserWarning: careful") == 1


@needs_mpi
def test_an_interrupted_solve_is_no_error_of_petsc() -> None:
    script = (
        "from wgflow.parallel import told_by_petsc, world\nworld()\n"
        "from petsc4py import PETSc\n"
        "class Product:\n    def mult(self, *_): raise KeyboardInterrupt\n"
        "matrix = PETSc.Mat().createPython(((3, 3), (3, 3)), Product())\nmatrix.setUp()\n"
        "try:\n"
        "    with told_by_petsc('PETSc'): matrix.mult(*matrix.createVecs())\n"
        "except KeyboardInterrupt: print('interrupted')\n"
    )
    done = on_ranks(1, ["-c", script])
    assert done.stdout == "interrupted\n", done.stderr


@needs_mpi
def test_unused_options_are_named(tmp_path: Path) -> None:
    run = ["-m", "wgflow", "run", "ornstein_uhlenbeck", "--cells", "12", "--until", "0.01"]
    run += ["--solver", "scharfetter_gummel", "--set", "dimension=2"]
    done = on_ranks(2, [*run, "--", "-wgflow_pc_typ", "gamg"], cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "-wgflow_pc_typ was not used" in done.stderr
    assert "-wgflow_pc_typ" not in done.stdout  # PETSc does not say it again
    done = on_ranks(2, [*run, "--", "-wgflow_pc_type", "gamg"], cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "not used" not in done.stderr


@needs_mpi
@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("-wgflow_pc_type gamgg", "PC type gamgg: give others"),
        ("-wgflow_pc_type lu", "factorization type LU"),  # PETSc's own has one rank only
        ("gamg", "options of PETSc, which follow --, begin with a dash"),
        ("-wgflow_a b c", "'c' after -- is not an option"),
    ],
)
def test_options_that_petsc_refuses_are_told_on_one_line(
    options: str, said: str, tmp_path: Path
) -> None:
    run = ["-m", "wgflow", "run", "ornstein_uhlenbeck", "--cells", "12", "--until", "0.01"]
    run += ["--solver", "scharfetter_gummel", "--set", "dimension=2", "--", *options.split()]
    done = on_ranks(2, run, cwd=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not done.stdout
    assert not list(tmp_path.iterdir())


@needs_mpi
def test_a_petsc_that_does_not_start_is_told(tmp_path: Path) -> None:
    extra = {"PETSC_OPTIONS": f"-options_file {tmp_path / 'none'}"}
    done = on_ranks(2, ["-m", "wgflow", "cases"], env=extra)
    assert done.returncode == 2
    assert done.stderr.count("wgflow: error: PETSc does not start") == 1
    assert "Traceback" not in done.stderr


def test_options_of_petsc_need_it(capsys: pytest.CaptureFixture[str]) -> None:
    from wgflow.cli import main

    assert main(["cases", "--", "-wgflow_ksp_type", "gmres"]) == 2
    assert "start with mpiexec" in capsys.readouterr().err


ALONE = '''"""A case whose potential cannot be solved with on one rank."""
import numpy as np
import wgflow as wg
from wgflow.parallel import world

def potential(t, x, y):
    if t > 0.05 and world().rank == 1:
        raise wg.errors.SolverError("mine alone")
    return (x**2 + y**2) / 2

def problem() -> wg.Problem:
    energy = wg.Potential(potential, time_dependent=True) + wg.Entropy(1.0)
    return wg.Problem(wg.Box((-3, 3), (-3, 3)), energy, until=0.2,
                      initial=lambda x, y: np.exp(-x**2 - y**2))
'''


@needs_mpi
def test_a_rank_that_would_halve_its_step_alone_ends_all(tmp_path: Path) -> None:
    case = tmp_path / "alone.py"
    case.write_text(ALONE)
    words = ["-m", "wgflow", "run", str(case), "--cells", "16", "--dt", "0.02"]
    done = on_ranks(2, words, cwd=tmp_path, limit=60)
    assert done.returncode == 2, done.stderr
    assert "mine alone (rank 1 of 2 failed alone" in done.stderr
