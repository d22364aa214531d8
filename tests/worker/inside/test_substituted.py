"""What is put in for a learner's own: whatever the modules make of a class, it is one with the contract's names."""

import numpy as np
import pytest

from grader.submission import Substitutes
from grader.worker.outside import errors
from grader.worker.outside.local import LocalPool
from tests.worker.conftest import make

TEXTS = {
    "closed": "def doubled(x):\n    return 2 * x\n",
    "substitutes": """
import numpy as np
from ..toolbox import closed

class Box:
    W: float
    def __init__(self, size):
        self.W = float(size)
    def forward(self, x):
        return closed.doubled(x) + self.W

class Part:
    rate: float
    def __init__(self, rate):
        self.rate = rate
    def step(self, x):
        return x - (self.rate if hasattr(self, "rate") else self._put_in_arguments["rate"])

class Mask:
    def forward(self, x):
        return max(x, 0.0)

class Table:
    W: object
    def __init__(self, size):
        self.W = np.ones((size, 2))

class Drawer:
    layers: object
    def __init__(self):
        self.layers = [*getattr(self, "layers", ()), "right"]

def triple(x):
    return 3 * x

SUBSTITUTES = {"layers.Box": Box, "layers.triple": triple, "layers.Mask": Mask, "layers.Table": Table, "layers.Drawer": Drawer}
SUBSTITUTES |= {"optim.Part.step": Part, "optim.Part.__init__": Part}
GIVEN = {"layers.load": lambda: "given"}
CONTRACT = ["W", "b", "rate", "forward", "step"]
""",
}
BOX = """
class Box:
    def __init__(self, size):
        self.W = -size
    def forward(self, x):
        return x
    def twice(self, x):
        return self.forward(self.forward(x))

def triple(x, loud=False):
    return x
"""


def put_in(*names, **modules):
    submission = make(**modules)
    return type(submission)(submission.name, submission.modules, put_in=Substitutes(names, TEXTS))


@pytest.fixture(params=["worker", "local"])
def workers(request, pool):
    return pool if request.param == "worker" else LocalPool()


def test_it_stands_wherever_the_modules_name_it(workers):
    network = """
        from layers import Box, triple
        from .helpers import Box as Again, kind
        import layers
        def same():
            box = Box(1)
            return [Again is Box, layers.Box is Box, isinstance(box, Again), type(box) is Box, kind(box), triple(2)]
    """
    helpers = "from student.layers import Box\ndef kind(box): return isinstance(box, Box)\n"
    with workers.student(put_in("layers.Box", "layers.triple", layers=BOX, network=network, helpers=helpers)) as student:
        assert student.network.same() == [True, True, True, True, True, 6]
        assert student.layers.Box(1).forward(5.0) == 11.0


def test_helpers_and_derived_classes_of_the_learners_go_on_working(workers):
    network = (
        "from .layers import Box\nclass Big(Box):\n    pass\ndef f():\n    return Big(1).twice(1.0), isinstance(Big(1), Box)\n"
    )
    with workers.student(put_in("layers.Box", layers=BOX + "class Small(Box): pass\n", network=network)) as student:
        assert student.network.f() == (7.0, True)
        assert student.layers.Small(1).forward(1.0) == 3.0


@pytest.mark.parametrize(
    "layers",
    [
        "class Box:\n    W = property(lambda self: 99)\n",
        "class Box:\n    __slots__ = ('W', 'x')\n",
        "from dataclasses import dataclass\n@dataclass(frozen=True, slots=True)\nclass Box:\n    size: int\n",
        "class Made(type):\n    def __call__(cls, *a): return super().__call__(*a)\nclass Box(metaclass=Made):\n    pass\n",
        "class Box:\n    def __init_subclass__(cls): raise TypeError('final')\n",
        "from abc import ABC, abstractmethod\nclass Box(ABC):\n    @abstractmethod\n    def forward(self, x): ...\n",
        "def Box(size):\n    return None\n",
        "",
        "class Box(:\n",
        "import sys\nsys.exit()\n",
    ],
    ids=["property", "slots", "frozen", "metaclass", "final", "abstract", "function", "missing", "syntax", "exit"],
)
def test_whatever_the_learners_own_is(workers, layers):
    network = "from layers import Box\ndef f():\n    box = Box(1)\n    box.W = box.W + 1.0\n    return box.forward(1.0)\n"
    with workers.student(put_in("layers.Box", layers=layers, network=network)) as student:
        assert student.layers.Box(3).W == 3.0
        assert student.network.f() == 4.0


def test_a_module_that_is_replaced_has_what_was_given(workers):
    network = "from layers import Box, load\ndef f():\n    return load()\n"
    with workers.student(put_in("layers.Box", layers="1 +", network=network)) as student:
        assert student.network.f() == "given"


@pytest.mark.parametrize(
    "own",
    [
        "def __init__(self, rate):\n        self.alpha = rate",
        "def __init__(self, rate):\n        self.rate = rate",
        "def __init__(self, rate):\n        self.step = lambda x: 'own'",
    ],
)
def test_a_method_alone_is_put_in_beside_the_learners_init(workers, own):
    optim = f"class Part:\n    {own}\n    def step(self, x):\n        return 'own'\n"
    with workers.student(put_in("optim.Part.step", optim=optim)) as student:
        assert student.optim.Part(0.5).step(1.0) == 0.5


def test_an_init_alone_is_put_in_beside_the_learners_methods(workers):
    optim = "class Part:\n    def __init__(self, rate):\n        self.rate = -rate\n    def step(self, x):\n        return x * self.rate\n"
    with workers.student(put_in("optim.Part.__init__", optim=optim)) as student:
        assert student.optim.Part(0.5).step(2.0) == 1.0
        assert student.notes() == ([], ["optim.Part.__init__"])


def test_their_own_init_has_run_where_what_is_put_in_has_none(workers):
    layers = """
        class Named:
            def __init__(self):
                self.params = {}
        class Mask(Named):
            def forward(self, x):
                return -x
    """
    network = "from .layers import Mask\ndef f():\n    return [*Mask().params], Mask().forward(-1.0)\n"
    with workers.student(put_in("layers.Mask", layers=layers, network=network)) as student:
        assert student.network.f() == ([], 0.0)


def test_a_frozen_class_takes_what_is_put_in(workers):
    optim = """
        from dataclasses import dataclass
        @dataclass(frozen=True)
        class Part:
            rate: float
            def step(self, x):
                return x + self.rate
    """
    with workers.student(put_in("optim.Part.__init__", "optim.Part.step", optim=optim)) as student:
        assert student.optim.Part(2.0).step(5.0) == 3.0


def test_what_is_put_in_finds_what_a_property_of_theirs_gives(workers):
    layers = """
        class Drawer:
            def __init__(self):
                self.kept = ["theirs"]
            @property
            def layers(self):
                return self.kept
    """
    with workers.student(put_in("layers.Drawer", layers=layers)) as student:
        assert student.layers.Drawer().layers == ["theirs", "right"]


def test_a_second_name_of_theirs_is_put_in_as_well(workers):
    layers = "class Mask:\n    def forward(self, x):\n        return -x\n    __call__ = run = forward\n"
    network = "from .layers import Mask\ndef f():\n    return Mask()(-1.0), Mask().run(-2.0), Mask().run(3.0)\n"
    with workers.student(put_in("layers.Mask", layers=layers, network=network)) as student:
        assert student.network.f() == (0.0, 0.0, 3.0)


KEPT = """
        import numpy as np
        class Table:
            {init}
            def __getattr__(self, name):
                if name == "params" or name not in self.params:
                    raise AttributeError(name)
                return self.params[name]
    """
BY_GETATTR = """def __init__(self, size):
                self.params = {"W": np.zeros((size, 2))}"""
BY_SETATTR = """def __init__(self, size):
                object.__setattr__(self, "params", {})
                self.W = np.zeros((size, 2))
            def __setattr__(self, name, value):
                self.params[name] = value"""


@pytest.mark.parametrize("init", [BY_GETATTR, BY_SETATTR], ids=["getattr", "setattr"])
def test_an_array_that_they_keep_elsewhere_is_the_one_that_is_put_in(workers, init):
    network = "from .layers import Table\ndef f():\n    t = Table(3)\n    return t.params['W'] is t.W, t.W\n"
    with workers.student(put_in("layers.Table", layers=KEPT.replace("{init}", init), network=network)) as student:
        same, W = student.network.f()
    assert same
    assert W.tolist() == [[1.0, 1.0]] * 3


def test_a_property_of_theirs_keeps_what_is_put_in_whatever_shape_theirs_has(workers):
    layers = """
        import numpy as np
        class Table:
            def __init__(self, size):
                self.params = {"W": np.zeros((2, size))}
            @property
            def W(self):
                return self.params["W"]
            @W.setter
            def W(self, value):
                self.params["W"] = value
    """
    network = "from .layers import Table\ndef f():\n    t = Table(3)\n    return t.params['W'] is t.W, t.W\n"
    with workers.student(put_in("layers.Table", layers=layers, network=network)) as student:
        same, W = student.network.f()
    assert same
    assert W.tolist() == [[1.0, 1.0]] * 3


def test_what_is_read_and_called_is_noted(workers):
    network = """
        from .layers import Box, triple
        def reads():
            box = Box(1)
            box.forward(1.0)
            return hasattr(box, "W"), hasattr(box, "b"), hasattr(box, "momentum"), box.twice(1.0)
        def keeps():
            return vars(Box(1))
        def passes():
            return triple(1, loud=False), triple(1, loud=True)
    """
    submission = put_in("layers.Box", "layers.triple", layers=BOX, network=network)
    with workers.student(submission) as student:
        box = student.layers.Box(2)
        assert not student.has(box, "momentum")  # asked by the grader, not by the learner
        assert student.notes() == ([], ["layers.Box"])
        student.network.reads()
        assert student.notes() == (["layers.Box.momentum", "layers.Box.twice"], ["layers.Box"])
        student.network.keeps()
        assert student.notes()[0][-1] == "layers.Box.__dict__"
        student.network.passes()
        assert student.notes()[0][-1] == "an argument of layers.triple"
        assert student.notes()[1] == ["layers.Box", "layers.triple"]


@pytest.mark.parametrize("name", ["tasks.toolbox.substitutes", "substitutes", "student.substitutes", "closed", "toolbox"])
def test_no_import_of_a_submission_reaches_the_texts(workers, name):
    network = f"from layers import Box\nBox(1)\ndef f():\n    import {name}\n"
    with workers.student(put_in("layers.Box", layers=BOX, network=network)) as student, pytest.raises(errors.StudentError):
        student.network.f()


def test_the_next_check_finds_the_submission_as_it_is(pool):
    plain, other = make(layers=BOX), put_in("layers.Box", layers=BOX)
    for _ in range(2):
        with pool.student(plain) as student:
            assert student.layers.Box(1).forward(1.0) == 1.0
        with pool.student(other) as student:
            assert student.layers.Box(1).forward(np.array(1.0)) == 3.0
