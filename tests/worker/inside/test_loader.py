"""Imports inside a worker: three ways to the same module, stand-ins for plots, and a sentence for what is refused."""

import sys

import pytest

from grader.worker.outside import errors
from tests.courses import HERE
from tests.worker.conftest import make

LAYERS = "class Linear: pass\n"


@pytest.mark.parametrize(
    "line",
    [
        "from .layers import Linear",
        "from layers import Linear",
        "from student.layers import Linear",
        "import layers; Linear = layers.Linear",
        "import student.layers; Linear = student.layers.Linear",
        "from . import layers; Linear = layers.Linear",
    ],
)
def test_every_form_gives_the_same_module(pool, line):
    check = "import layers, student.layers\ndef same(): return layers is student.layers and layers.Linear is Linear"
    with pool.student(make(layers=LAYERS, network=f"{line}\n{check}")) as student:
        assert student.network.same() is True


def test_packages_and_their_init(pool):
    modules = {
        "helpers.__init__": "from .tools import double",
        "helpers.tools": "def double(x): return 2 * x",
        "deep.er.most": "from ...helpers import double as d\ndef four(): return d(2)",
        "layers": """
            from helpers import double
            from deep.er.most import four
            import helpers.tools
            def f(): return double(3), four()
        """,
    }
    made = make(**modules)
    with pool.student(made) as student:
        assert student.layers.f() == (6, 4)


def test_modules_that_import_one_another(pool):
    made = make(layers="import network\ndef one(): return 1", network="import layers\ndef two(): return layers.one() + 1")
    with pool.student(made) as student:
        assert student.network.two() == 2


def test_the_init_of_the_submission_is_not_run(pool):
    with pool.student(make(__init__="raise SystemExit", layers="def f(): return 1")) as student:
        assert student.layers.f() == 1


def test_the_standard_library_wins_over_a_file_of_that_name(pool):
    flat = "import random, numpy\ndef f(): return numpy.pi, random.choice([5])"
    made = make(random="def choice(x): return 'mine'", numpy="x = 1", layers=flat)
    with pool.student(made) as student:
        assert student.layers.f() == (pytest.approx(3.14159, 1e-4), 5)


def test_plots_and_progress_bars_do_not_break_good_code(pool):
    made = make(
        layers="""
        import matplotlib
        matplotlib.use("Agg")
        import matplotlib.pyplot as plt
        from matplotlib.ticker import MaxNLocator
        from tqdm import tqdm, trange
        import tqdm.auto as auto
        def f():
            fig, ax = plt.subplots()
            ax.plot([1, 2]); ax[0].set_title("x"); plt.savefig("x.png")
            fig, (left, (upper, middle, lower)) = plt.subplots(1, 2)
            for axis in fig.axes: axis.grid()
            with tqdm(total=3) as bar:
                bar.update(1); bar.set_postfix(loss=1)
            return [i for i in tqdm([1, 2])] + list(trange(3)) + list(auto.tqdm([9]))
        """
    )
    with pool.student(made) as student:
        assert student.layers.f() == [1, 2, 0, 1, 2, 9]


def test_a_folder_for_plots_is_made_in_thought_only(wire_pool):
    made = make(
        layers="""
        import os
        from pathlib import Path
        os.makedirs("plots/today", exist_ok=True)
        Path("weights").mkdir(exist_ok=True)
        def f(): return os.path.exists("plots")
        def g(): open("notes.txt", "w")
        """
    )
    with wire_pool.student(made) as student:
        assert student.layers.f() is False
        with pytest.raises(errors.StudentError, match=r"neither write files nor open connections"):
            student.layers.g()


@pytest.mark.parametrize("name", ["torch", "tensorflow", "scipy.special", "sklearn", "jax.numpy", "autograd"])
def test_frameworks_are_outside_the_rules(pool, name, monkeypatch):
    root = name.partition(".")[0]
    for loaded in [module for module in sys.modules if module.partition(".")[0] == root]:
        monkeypatch.delitem(sys.modules, loaded)  # another test of this process may have needed it
    with pool.student(make(layers=f"import {name}")) as student, pytest.raises(errors.ModuleBroken) as caught:
        student.layers.f()
    assert "outside the course's rules" in str(caught.value)
    assert caught.value.where == "layers.py, line 1"


def test_an_import_that_is_tried_may_fail(pool):
    made = make(layers="try:\n    import cupy as np\nexcept ImportError:\n    import numpy as np\ndef f(): return np.float64(1)")
    with pool.student(made) as student:
        assert student.layers.f() == 1


@pytest.mark.parametrize("name", ["reference.losses", "grader", "grader.worker", "tasks", "tests", "pandas", "pytest"])
def test_the_course_and_other_packages_are_out_of_reach(ask, name):
    with pytest.raises(errors.StudentError) as caught:
        ask(f"import {name}")
    assert "ModuleNotFoundError" in caught.value.mro


def test_local_workers_leave_nothing_in_this_process(reference):
    from grader.worker.outside.local import LocalPool

    before, path = set(sys.modules), list(sys.meta_path)
    for number in (1, 2):
        with LocalPool().student(make(layers=f"import losses\ndef f(): return {number}", losses="")) as student:
            assert student.layers.f() == number
    assert not {name for name in set(sys.modules) - before if name.split(".")[0] in ("student", "layers", "losses")}
    assert sys.meta_path == path


def test_a_syntax_error_hurts_only_who_imports_it(pool):
    made = make(layers="def f(:\n", losses="def f(): return 1", network="from layers import f")
    with pool.student(made) as student:
        assert student.losses.f() == 1
        for name in ("layers", "network"):
            with pytest.raises(errors.ModuleBroken) as caught:
                getattr(student, name).f()
            assert str(caught.value) == "Syntax error in layers.py, line 1: invalid syntax."
            assert [(at.file, at.marked, at.column) for at in caught.value.frames[-1:]] == [("layers.py", [1], 7)]


def test_problems_of_reading_are_told(pool):
    made = make(losses="from layers import x")
    made.problems["layers"] = "layers.py is larger than 1 MB."
    with pool.student(made) as student, pytest.raises(errors.ModuleBroken, match=r"layers\.py is larger than 1 MB"):
        student.losses.f()


def test_missing_modules_and_names(pool):
    with pool.student(make(layers="x = 1")) as student:
        with pytest.raises(errors.MissingName, match=r"There is no losses\.py") as caught:
            student.losses.softmax(1)
        assert (caught.value.module, caught.value.name, caught.value.file) == ("losses", "", "losses.py")
        with pytest.raises(errors.MissingName, match=r"layers\.py has no Linear") as caught:
            student.layers.Linear(1)
        assert (caught.value.module, caught.value.name) == ("layers", "Linear")


def test_a_name_that_is_no_function(pool):
    with pool.student(make(layers="Linear = 1\nMLP = 'net'\nHYPERPARAMETERS = {'lr': 1}")) as student:
        student.use_names_of(HERE.about)
        for called in (student.layers.Linear, student.layers.MLP):
            with pytest.raises(errors.StudentError, match="object is not callable"):
                called(1)
        with pytest.raises(errors.NotAValue, match=r"layers\.Linear is not a function; it is of type int"):
            student.layers.Linear(student.layers.Linear)
        assert student.layers.HYPERPARAMETERS == {"lr": 1}


def test_a_module_that_fails_while_it_is_imported(pool):
    with pool.student(make(layers="x = 1\ny = x / 0\n")) as student, pytest.raises(errors.ModuleBroken) as caught:
        student.layers.f()
    assert str(caught.value) == "layers.py cannot be imported: ZeroDivisionError: division by zero (line 2 of layers.py)"
    assert caught.value.frames[0].lines == ["x = 1", "y = x / 0"]
