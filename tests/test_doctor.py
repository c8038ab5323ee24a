"""The doctor: what it says of this machine, and which mistakes it finds in others."""

from __future__ import annotations

import importlib
import importlib.util
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from wgflow.cli import main
from wgflow.commands.soundness import Surroundings, family, mistakes, threads_of, writable
from wgflow.parallel import installation
from wgflow.parallel.installation import Installation, Launcher, Rank, without_launcher
from wgflow.parallel.launch import RANKS

command = importlib.import_module("wgflow.commands.doctor")  # not the function of that name
ROOT = Path(__file__).resolve().parents[1]
ONE = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
GOOD = Installation(
    mpi4py="4.1.2",
    petsc4py="3.26.1",
    h5py="3.16.0",
    library="MPICH Version: 5.0.2",
    libmpi=["/v/lib/libmpi.so.12"],
    petsc="3.26.1",
    scalar="float64",
    index_bits=32,
    debugging=False,
    hdf5="1.14.6",
)
SOUND = Surroundings(
    installed=GOOD,
    launcher=Launcher("/v/bin/mpiexec", "HYDRA build details: Version: 5.0.2"),
    started=2,
    world=2,
    ranks=[Rank(0, "node1", (0, 1), ONE), Rank(1, "node1", (0, 1), ONE)],
    variables={"NUMBA_CACHE_DIR": str(ROOT)},
    package=ROOT,
)
SERIAL = replace(
    SOUND, installed=Installation(h5py="3"), launcher=None, started=None, world=None, ranks=[]
)
HAVE_MPI = all(importlib.util.find_spec(name) for name in ("mpi4py", "petsc4py"))
MPIEXEC = Path(sys.executable).with_name("mpiexec")


def only(seen: Surroundings) -> str:
    (found,) = mistakes(seen)
    return str(found)


def test_sound_surroundings_hold_no_mistake() -> None:
    assert mistakes(SOUND) == []
    assert mistakes(SERIAL) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"mpi4py": ""}, ["started on 2 ranks without mpi4py", "install-petsc"]),
        ({"petsc4py": ""}, ["mpi4py without petsc4py", "install-petsc"]),
        ({"libmpi_petsc": ["/usr/lib/libmpi.so.40"]}, ["/usr/lib/libmpi.so.40", "/v/lib", "MPICC"]),
        ({"scalar": "complex128"}, ["complex128", "float64", "PETSC_DIR"]),
        ({"debugging": True}, ["debugging", "--with-debugging=0"]),
        ({"library": "Open MPI v4.1.4"}, ["/v/bin/mpiexec is of MPICH", "uses Open MPI", "PATH"]),
        ({"faults": {"h5py": "no libhdf5.so"}}, ["h5py does not import (no libhdf5.so)", "pip"]),
    ],
)
def test_finds_what_is_installed_wrongly(changes: dict[str, object], words: list[str]) -> None:
    seen = replace(SOUND, installed=replace(GOOD, **changes))  # type: ignore[arg-type]
    if "mpi4py" in changes:
        seen = replace(seen, installed=replace(seen.installed, petsc4py=""), world=None)
    text = only(seen)
    assert all(word in text for word in words), text
    assert "\n" not in text


def test_finds_ranks_that_think_they_are_alone() -> None:
    text = only(replace(SOUND, started=4, world=1, ranks=SOUND.ranks[:1]))
    assert "started 4 ranks, MPI knows of 1" in text
    assert "MPICH Version: 5.0.2" in text
    # one rank is rightly alone; a launcher that tells no number is not contradicted
    for started in (1, 0, None):
        assert mistakes(replace(SOUND, started=started, world=1, ranks=SOUND.ranks[:1])) == []
    serial = Installation(h5py="3")
    assert "several ranks without mpi4py" in only(replace(SOUND, installed=serial, started=0))
    assert mistakes(replace(SOUND, installed=serial, started=1)) == []


def test_counts_threads_node_by_node() -> None:
    def seen(*ranks: Rank) -> Surroundings:
        return replace(SOUND, ranks=ranks)

    free = [Rank(i, "a", (0, 1, 2, 3), {"OMP_NUM_THREADS": "4"}) for i in range(2)]
    text = only(seen(*free))
    assert "too many threads on a (ranks 2, threads 8, cores 4)" in text
    assert "unset OPENBLAS_NUM_THREADS OMP_NUM_THREADS" in text
    # on two nodes, or bound to their own cores, they do not meet
    assert mistakes(seen(free[0], replace(free[1], host="b"))) == []
    two = {"OMP_NUM_THREADS": "2"}
    assert mistakes(seen(Rank(0, "a", (0, 1), two), Rank(1, "a", (2, 3), two))) == []
    # nothing said: one thread each
    assert mistakes(seen(*(replace(rank, threads={}) for rank in free))) == []
    crowd = [Rank(i, "n", (0, 1), ONE) for i in range(3)]
    assert "too many ranks on n (ranks 3, cores 2)" in only(seen(*crowd))
    greedy = Rank(0, "a", (0,), {"OMP_NUM_THREADS": "8"})
    assert "too many threads on a (ranks 1, threads 8, cores 1)" in only(seen(greedy))


def test_threads_are_those_set_or_one() -> None:
    cores = (0, 1, 2, 3)
    assert threads_of(Rank(0, "a", cores, {})) == 1
    assert threads_of(Rank(0, "a", cores, {"OPENBLAS_NUM_THREADS": "2"})) == 2
    assert threads_of(Rank(0, "a", cores, {"OMP_NUM_THREADS": "3,2"})) == 3
    assert threads_of(Rank(0, "a", cores, {"OMP_NUM_THREADS": "many"})) == 1


def test_finds_a_cache_that_cannot_be_written(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    text = only(replace(SOUND, variables={"NUMBA_CACHE_DIR": str(file / "below")}))
    assert f"NUMBA_CACHE_DIR={file / 'below'} cannot be written" in text
    nowhere = {"HOME": str(file)}
    assert "export NUMBA_CACHE_DIR" in only(replace(SOUND, variables=nowhere, package=file))
    assert mistakes(replace(SOUND, variables=nowhere, package=tmp_path)) == []
    assert mistakes(replace(SOUND, variables={"HOME": str(tmp_path)}, package=file)) == []
    assert writable(tmp_path / "new" / "newer")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("HYDRA build details: Version: 5.0.2", "MPICH"),
        ("MPI VERSION : CRAY MPICH version 8.1", "MPICH"),
        ("Intel(R) MPI Library for Linux* OS, Version 2021.10", "MPICH"),
        ("mpiexec (OpenRTE) 4.1.4", "Open MPI"),
        ("mpiexec (Open MPI) 5.0.3", "Open MPI"),
        ("slurm", ""),
    ],
)
def test_knows_families_of_launchers(text: str, name: str) -> None:
    assert family(text) == name


def test_a_process_apart_sees_no_launcher() -> None:
    launched = {"PMI_FD": "7", "PMI_SIZE": "2", "PMIX_RANK": "0", "OMPI_COMM_WORLD_SIZE": "2"}
    kept = {"PATH": "/bin", "OMPI_MCA_btl": "self", "SLURM_JOB_ID": "3"}
    assert without_launcher(launched | kept) == kept


def see(monkeypatch: pytest.MonkeyPatch, have: Installation, **variables: str) -> None:
    for name in [*command.LAUNCHERS, *RANKS, *command.THREADS]:
        monkeypatch.delenv(name, raising=False)
    for name, text in variables.items():
        monkeypatch.setenv(name, text)
    monkeypatch.setattr(command, "probe", lambda: have)
    monkeypatch.setattr(command, "find_launcher", lambda: None)


def test_prints_what_it_sees(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    see(monkeypatch, GOOD, OPENBLAS_NUM_THREADS="1")
    assert main(["doctor"]) == 0
    said = capsys.readouterr().out
    for words in (
        "mpi4py    4.1.2",
        "MPI       MPICH Version: 5.0.2 (/v/lib/libmpi.so.12)",
        "PETSc     3.26.1, float64, 32-bit indices, optimized",
        "h5py      3.16.0, HDF5 1.14.6, serial (the first rank writes)",
        "launcher  none",
        "threads   OPENBLAS 1, OMP -, MKL -",
        "no mistake found",
    ):
        assert words in said
    see(monkeypatch, replace(GOOD, debugging=True), OPENBLAS_NUM_THREADS="1")
    assert main(["doctor"]) == 1
    assert "mistake: PETSc was built for debugging" in capsys.readouterr().out


def test_serial_is_sound_and_says_how_to_get_more(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    see(monkeypatch, Installation(h5py="3"), SLURM_NTASKS="4")
    assert main(["doctor"]) == 0
    said = capsys.readouterr().out
    assert "serial only: to run on several ranks, make mpi" in said
    assert "SLURM_NTASKS=4 (a Slurm job)" in said


def test_ranks_without_mpi_speak_once(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(threads: object) -> None:
        raise ModuleNotFoundError("No module named 'mpi4py'", name="mpi4py")

    monkeypatch.setattr(command, "ranks_of_world", missing)
    for rank, code, lines in ((0, 1, 1), (1, 0, 0)):
        see(monkeypatch, Installation(h5py="3"), PMI_SIZE="2", PMI_RANK=str(rank), **ONE)
        assert main(["doctor"]) == code
        said = capsys.readouterr().out
        assert said.count("mistake: started on 2 ranks without mpi4py") == lines
        assert bool(said) == bool(lines)


def test_a_package_that_ends_the_process_is_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mpi4py.py").write_text("import os; os.abort()")
    (tmp_path / "h5py.py").write_text("raise ImportError('libhdf5.so: no such file')")
    (tmp_path / "petsc4py.py").write_text("import nothing_of_that_name")
    monkeypatch.syspath_prepend(tmp_path)
    found = installation.probe()
    assert found.faults["mpi4py"].startswith("ended with exit code -6")
    assert found.faults["h5py"] == "libhdf5.so: no such file"
    assert "nothing_of_that_name" in found.faults["petsc4py"]
    assert (found.mpi4py, found.petsc4py, found.h5py) == ("", "", "")


@pytest.mark.skipif(not (HAVE_MPI and MPIEXEC.exists()), reason="no MPI beside this Python")
@pytest.mark.parametrize("threads", [1, 64])
def test_two_real_ranks_speak_once(threads: int, root: Path) -> None:
    variables = {name: str(threads) for name in ONE} | {"PYTHONPATH": str(root)}
    done = subprocess.run(
        [MPIEXEC, "-n", "2", sys.executable, "-m", "wgflow", "doctor"],
        env={**without_launcher(os.environ), **variables},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stdout.count("wgflow    ") == 1, done.stdout + done.stderr
    assert "2 ranks in MPI's world" in done.stdout
    table = done.stdout[done.stdout.index("  rank  host") :].splitlines()
    assert [line.split()[0] for line in table[1:3]] == ["0", "1"]
    assert f"(ranks 2, threads {2 * threads}, cores" in done.stdout or threads == 1
    assert (done.returncode == 0) == ("mistake" not in done.stdout.replace("no mistake", ""))


@pytest.mark.skipif(not HAVE_MPI, reason="no MPI")
def test_the_real_installation_is_probed() -> None:
    found = installation.probe()
    assert found.faults == {}
    assert found.scalar == "float64"
    assert found.library
    assert found.petsc.startswith(".".join(found.petsc4py.split(".")[:2]))
    if sys.platform == "linux":
        assert found.libmpi != []
        assert found.libmpi_petsc == []


def test_the_launcher_beside_this_python_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "mpiexec"
    script.write_text("#!/bin/sh\necho 'mpiexec (OpenRTE)   4.1.4'\necho more\necho 'and more'\n")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert installation.find_launcher() == Launcher(str(script), "mpiexec (OpenRTE) 4.1.4 more")
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    found = installation.find_launcher()
    assert found is not None
    assert shutil.which(found.path) == str(script)


def test_companions_of_a_library_are_not_another_mpi() -> None:
    for name in ("libmpi.so.12", "libmpi.so.40.30.4", "libmpich.so.12", "libmpi_cray.so.12"):
        assert installation._MPI_LIBRARY.match(name)
    for name in ("libmpi_cxx.so.40.30.1", "libmpi_mpifh.so.40.30.0", "libmpi_abi.so.1"):
        assert not installation._MPI_LIBRARY.match(name)
