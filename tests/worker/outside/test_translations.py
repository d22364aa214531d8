"""What NumPy says, in terms of the code that raised it: the reference with a slip in it, in functions of every stage."""

import re

import numpy as np
import pytest

from grader.submission import Submission
from grader.worker import wire
from grader.worker.outside import errors
from grader.worker.outside.local import LocalPool
from grader.worker.outside.lookups import near
from tests.worker.conftest import make

X, DOUT, LABELS = np.ones((5, 4)), np.ones((5, 3)), np.array([0, 1, 2, 0, 1])
RNG = wire.Rng(0)

AGREE = "the sizes must agree, counted from the right, unless one is 1"
ONE_ROW = "An array of shape (5,) counts as one row of 5, not as a column."
NO_RETURN = "A function that ends without `return` gives None."


def linear_forward(student):
    return student.layers.Linear(4, 3, RNG).forward(X)


def linear_backward(student):
    layer = student.layers.Linear(4, 3, RNG)
    layer.forward(X)
    return layer.backward(DOUT)


def relu(student):
    layer = student.layers.ReLU()
    layer.forward(X)
    return layer.backward(X)


def softmax(student):
    return student.losses.softmax(X)


def loss(student):
    made = student.losses.SoftmaxCrossEntropy()
    made.forward(X, LABELS)
    return made.backward()


def slope(student):
    return student.gradcheck.numerical_gradient(lambda x: float(x.sum()), np.ones((2, 3)))


def relative(student):
    return student.gradcheck.relative_error(X, X + 1)


def network(student):
    model = student.network.MLP([4, 6, 3], RNG)
    model.backward(model.forward(X))
    return [model.parameters(), model.gradients(), model.predict(X)]


def sgd(student):
    return student.optim.SGD(0.1).step([np.ones((3, 4))], [np.ones((3, 4))])


def batches(student):
    return student.take(student.data.minibatches(X, LABELS, 2, RNG))


def training(student):
    model = student.network.MLP([4, 6, 3], RNG)
    student.train.accuracy(model, X, LABELS)
    return student.train.train(model, X, LABELS, X, LABELS, epochs=1, batch_size=2, lr=0.1, rng=RNG)


def hyperparameters(student):
    model = student.network.MLP([4, 6, 3], RNG)
    return student.train.train(model, X, LABELS, X, LABELS, rng=RNG, **student.train.HYPERPARAMETERS)


def said(submission: Submission, call) -> str:
    with LocalPool().student(submission) as student, pytest.raises(errors.StudentError) as caught:
        call(student)
    return str(caught.value)


# fmt: off
CASES = [
    # shapes that do not fit in `@`, np.dot and np.matmul
    (linear_backward, "layers", "self.x.T @ dout", "self.x @ dout",
     "self.x is (5, 4), dout is (5, 3): for `@` the inner two must agree, and 4 is not 5. (ValueError: matmul: "),
    (linear_backward, "layers", "self.x.T @ dout", "np.dot(dout, self.x)",
     "dout is (5, 3), self.x is (5, 4): for np.dot the inner two must agree, and 3 is not 5. (ValueError: shapes "),
    (linear_backward, "layers", "self.x.T @ dout", "self.x.dot(dout)", "self.x is (5, 4), dout is (5, 3): for .dot "),
    (linear_backward, "layers", "self.x.T @ dout", "np.matmul(self.x, dout)", "dout is (5, 3): for np.matmul the inner "),
    (linear_forward, "layers", "x @ self.W + ", "x @ self.W.T + ",
     "x is (5, 4), self.W.T is (3, 4): for `@` the inner two must agree, and 4 is not 3. ("),
    (linear_backward, "layers", "dout @ self.W.T", "dout @ (2 * self.W)",
     "For `@` the inner two sizes must agree: the last of dout is 3, the first of `2 * self.W` is 4 (dout is (5, 3)). ("),
    (linear_forward, "layers", "x @ self.W + ", "x @ 2.0 + ",
     "For `@` both sides must be arrays with rows or columns, and 2.0 is a single value. (ValueError: matmul: "),
    (network, "network", "x = layer.forward(x)", "x = layer.forward(x).T",
     "self.x.T is (6, 5), dout is (3, 5): for `@` the inner two must agree, and 5 is not 3. ("),
    # broadcasting
    (softmax, "losses", "exps.sum(axis=1, keepdims=True)", "exps.sum(axis=1)",
     f"exps is (5, 4), exps.sum(axis=1) is (5,): for `/` {AGREE}, and 4 is not 5. {ONE_ROW} (ValueError: operands could "),
    (loss, "losses", "log_sum - shifted[np.arange(len(labels)), labels]", "labels * shifted",
     f"labels is (5,), shifted is (5, 4): for `*` {AGREE}, and 5 is not 4. {ONE_ROW} ("),
    (linear_backward, "layers", "dout.sum(axis=0)", "np.add(dout.sum(axis=1), self.b)",
     f"dout.sum(axis=1) is (5,), self.b is (3,): for np.add {AGREE}, and 5 is not 3. ("),
    (sgd, "optim", "p -= self.lr * g", "p -= g.T", f"p is (3, 4), g.T is (4, 3): for `-=` {AGREE}, and 4 is not 3. ("),
    (sgd, "optim", "p -= self.lr * g", "p[0] -= g",
     "p[0] is (4,), and with g the result is (3, 4): `-=` writes into p[0], whose shape stays. (ValueError: non-broadcast"),
    (slope, "gradcheck", "gradient[index] = (above", "gradient[0] = np.ones((2, 3)) * (above",
     "gradient[0] has room for (3,), and `np.ones((2, 3)) * (above - below) / (2 * eps)` is (2, 3). (ValueError: could not"),
    (relu, "layers", "np.maximum(x, 0)", "np.where(x > 0, x, np.ones(3))",
     f"The shapes are (5, 4) and (5, 4) and (3,): {AGREE}, and 4 is not 3. ("),
    # the truth value of an array
    (relu, "layers", "np.maximum(x, 0)", "max(0, x)",
     "`max(0, x)`: max needs one True or False to go by, and gets one for each entry. "
     "np.maximum compares two arrays entry by entry. (ValueError: The truth value of an array "),
    (relu, "layers", "np.maximum(x, 0)", "x if x > 0 else 0",
     "`if` needs one True or False, and `x > 0` is an array with one for each entry. np.where, np.maximum or a mask work "
     "entry by entry; any() and all() would make one answer of the whole array. (ValueError: The truth "),
    (relu, "layers", "self.positive = x > 0", "self.positive = x > 0 and x < 9",
     "`and` needs one True or False on each side; `&` works entry by entry, with parentheses on both sides. ("),
    (relu, "layers", "self.positive = x > 0", "self.positive = not x",
     "`not` needs one True or False, and x is an array; `~` works entry by entry. ("),
    (training, "train", "return float(np.mean(model.predict(x) == y))",
     "return 1.0 if model.predict(x) == y else 0.0",
     "`if` needs one True or False, and `model.predict(x) == y` is an array with one for each entry. "),
    (relu, "layers", "self.positive = x > 0", "if x > 0 or x < -1: self.positive = x > 0", "`or` needs one True or False on "),
    (relu, "layers", "self.positive = x > 0", "if not x: self.positive = x > 0", "`not` needs one True or False, and x is an "),
    (relu, "layers", "self.positive = x > 0", "self.positive = 0 < x < 1",
     "`0 < x < 1` is two comparisons with `and` between them. `and` needs one True or False on each side; `&` works "),
    (relu, "layers", "self.positive = x > 0", "while np.isnan(x): pass",
     "`while` needs one True or False, and np.isnan(x) is an array with one for each entry. "),
    (relu, "layers", "self.positive = x > 0", "assert x == x", "`assert` needs one True or False, and `x == x` is an array "),
    (relu, "layers", "self.positive = x > 0", "bool(x)", "bool(x): bool needs one True or False to go by, and gets one "),
    # indices
    (loss, "losses", "np.mean(log_sum - ", "np.mean(np.eye(2)[labels].sum(axis=1) + log_sum - ",
     "np.eye(2) has 2 places along axis 0, numbered 0 to 1, and labels asks for number 2. (IndexError: index 2 is "),
    (loss, "losses", "shifted[np.arange(len(labels)), labels]", "shifted[np.arange(len(labels)), labels + 2]",
     "shifted is (5, 4): it has 4 places along axis 1, numbered 0 to 3, and `labels + 2` asks for number 4. ("),
    (loss, "losses", "dlogits[np.arange(len(self.labels)), self.labels]", "dlogits[np.arange(3), self.labels]",
     "np.arange(3) is (3,), self.labels is (5,): arrays in one pair of square brackets name places together, one by one. "),
    (loss, "losses", "dlogits[np.arange(len(self.labels)), self.labels]", "self.labels[:, 0]",
     "self.labels is (5,): it has 1 axis, and [:, 0] asks for 2. (IndexError: too many indices"),
    (network, "network", "Linear(sizes[i], sizes[i + 1]", "Linear(sizes[i + 1], sizes[i + 2]",
     "sizes has 3 items, numbered 0 to 2, and `i + 2` asks for another. (IndexError: list index out of range)"),
    (batches, "data", "yield x[rows], y[rows]", "rows = start + batch_size\n        yield x[rows], y[rows]",
     "x is (5, 4): it has 5 places along axis 0, numbered 0 to 4, and rows asks for number 6. ("),
    (softmax, "losses", "logits.max(axis=1, keepdims=True)", "logits.max(axis=1).max(axis=1)",
     "logits.max(axis=1) has 1 axis, numbered 0 to 0, and axis 1 is asked for. (AxisError: "),
    (loss, "losses", "np.exp(shifted).sum(axis=1)", "np.sum(labels, axis=1)",
     "labels is (5,): it has 1 axis, numbered 0 to 0, and axis 1 is asked for. (AxisError: "),
    # arguments
    (softmax, "losses", "exps.sum(axis=1, keepdims=True)", "exps.sum(axis=1, keepdim=True)",
     "exps.sum has no keyword keepdim. Did you mean keepdims? (TypeError: "),
    (softmax, "losses", "exps.sum(axis=1, keepdims=True)", "exps.sum(dim=1)", "no keyword dim. Did you mean axis? ("),
    (network, "network", "sizes[i + 1], rng, dtype)", "sizes[i + 1], rn=rng)",
     "Linear(in_features, out_features, rng, dtype) in layers.py, line «def __init__», has no parameter rn. Did you mean rng? (TypeError"),
    (network, "network", "sizes[i + 1], rng, dtype)", "sizes[i + 1])",
     "layers.py, line «def __init__», needs rng, and `Linear(sizes[i], sizes[i + 1])` does not give it. (TypeError: Linear.__init__() m"),
    (network, "network", "x = layer.forward(x)", "x = Linear.forward(x)",
     "forward is called on an object, and Linear is the class: Linear(...) makes an object. (TypeError: Linear.forward() "),
    (hyperparameters, "train", '"lr": 0.2, "lr_decay": 0.8', '"learning_rate": 0.2, "lr": 0.1',
     "has no parameter learning_rate. (TypeError: train() got an unexpected keyword argument 'learning_rate')"),
    (linear_forward, "layers", "def forward(self, x):", "def forward(x):",
     "def forward(x) in class Linear (layers.py, line «def forward(x)») has no self: a method's first parameter is the object itself. ("),
    (linear_forward, "layers", "def __init__(self, in_f", "def _init_(self, in_f",
     "class Linear in layers.py, line «class Linear», has no __init__. It has _init_: the name has two underscores on each side. ("),
    (sgd, "optim", "def step(self, params, grads):", "def step(self, params):",
     "SGD.step(params) in optim.py, line «def step», was called with 2 arguments. (TypeError: "),
    # attributes
    (linear_backward, "layers", "return dout @ self.W.T", "return dout @ self.weights.T",
     "This Linear has no weights; it has W (4, 3), b (3,), dW (4, 3), db (3,), x (5, 4). Did you mean W? (AttributeError: "),
    (linear_backward, "layers", "return dout @", "self.dw += self.dW\n        return dout @",
     "This Linear has no dw; it has dW (4, 3), db (3,), W (4, 3), b (3,), x (5, 4). Did you mean dW? ("),
    (lambda s: s.layers.Linear(4, 3, RNG).W, "layers", "self.W", "self.weights",
     "This Linear has no W; it has weights (4, 3), b (3,), dW (4, 3), db (3,). If weights is what is asked for, call it W. "
     "(AttributeError: "),
    (lambda s: s.layers.ReLU().backward(X), "layers", "", "",
     "ReLU.forward sets self.positive (layers.py, line «self.positive = »), and that line had not run before. (AttributeError: "),
    (network, "network", "x = layer.forward(x)", "x = layer.foward(x)", "Did you mean forward? (AttributeError: "),
    (relu, "layers", "np.maximum(x, 0)", "np.maxmum(x, 0)", "There is no np.maxmum. Did you mean np.maximum? ("),
    (softmax, "losses", "exps.sum(axis=1", "exps.summ(axis=1", "An array has no summ. Did you mean sum? ("),
    (training, "train", "model.backward(loss.backward())", "model.backwards(loss.backward())", "Did you mean backward? ("),
    (relative, "gradcheck", "np.abs(a - b) /", "[0.5, 2.0].max() * np.abs(a - b) /",
     "`[0.5, 2.0]` is a list of 2: np.array(...) makes an array of it. (AttributeError: 'list' object has no attribute 'max')"),
    (lambda s: s.layers.ReLU().backward(X), "layers", "self.positive = x > 0", "pass",
     "No line of class ReLU sets self.positive. (AttributeError: "),
    (softmax, "losses", "np.exp(shifted)", "math.exp(shifted)", "losses.py lacks the line `import math` at its top. (NameError: "),
    (softmax, "losses", "exps = np.exp(shifted)", "import math; exps = math.exp(shifted)",
     "math.exp takes one number, and shifted is an array: np.exp works entry by entry. (TypeError: only "),
    # None
    (network, "layers", "return dout @ self.W.T", "dout @ self.W.T",
     f"dout is None: it was passed in as None by network.py, line «dout = layer». {NO_RETURN} "
     "(TypeError: unsupported operand type(s) for *"),
    (loss, "losses", "return exps / ", "exps / ",
     f"self.probabilities is None, set in line 30: softmax(logits). {NO_RETURN} (AttributeError: 'NoneType' object has no"),
    (training, "train", "total_loss, correct = 0.0, 0\n", "total_loss, correct = history.clear(), 0\n",
     "total_loss is None. (TypeError: unsupported operand type(s) for +=: 'NoneType' and 'float')"),
    (linear_backward, "layers", "        self.x = x\n", "        self.x = None\n",
     "self.x is None, and no method sets it to anything else. (AttributeError: 'NoneType' object has no attribute 'T')"),
    (lambda s: s.layers.Linear(4, 3, RNG).backward(DOUT), "layers", "self.b = np.zeros", "self.x = None\n        self.b = np.zeros",
     "self.x is still None: forward had not set it. (AttributeError: "),
    (batches, "data", "order = rng.permutation(len(x))", "order = rng.shuffle(np.arange(len(x)))",
     "order is None: rng.shuffle(np.arange(len(x))) in line 16 returned nothing. "),
    (training, "network", "return [g for layer", "[g for layer",
     f"grads is None: it was passed in as None by train.py, line «optimizer.step(». {NO_RETURN} "
     "(TypeError: 'NoneType' object is not iterable)"),
    (training, "train", "(y_train))", "(history.clear()))",
     f"history.clear() gave None. {NO_RETURN} (TypeError: object of type 'NoneType' has no len())"),
    (sgd, "optim", "for p, g in zip(params, grads):", "for p, g in params.sort(key=id):",
     f"params.sort(key=id) gave None. {NO_RETURN} (TypeError: 'NoneType' object is not iterable)"),
    (sgd, "optim", "for p, g in zip(params, grads):", "grads[0] = None\n        for p, g in grads[0]:",
     "grads[0] is None. (TypeError: 'NoneType' object is not iterable)"),
    (network, "network", "x = layer.forward(x)", "x = print()(x)", f"print() gave None. {NO_RETURN} (TypeError: 'NoneType' "),
    # names
    (softmax, "losses", "import numpy as np\n", "", "losses.py lacks the line `import numpy as np` at its top. (NameError: "),
    (softmax, "losses", "return exps /", "return exp /", "There is no exp here. Did you mean exps? (NameError: name 'exp' "),
    (network, "network", "ReLU())", "Relu())", "There is no Relu here. Did you mean ReLU? ("),
    (linear_forward, "layers", "x @ self.W +", "x @ W +", "In a method of Linear, W is self.W. (NameError: "),
    (training, "train", "from .losses import SoftmaxCrossEntropy\n", "",
     "SoftmaxCrossEntropy is in losses.py: an import brings it here. ("),
    (slope, "gradcheck", "above = f(x)", "above += f(x)",
     "above gets its value in line 19 of the same function, and that line had not run. A name that a function gives a value "
     "anywhere is the function's own. (UnboundLocalError: "),
    (lambda s: s.losses.soft_max(X), "losses", "", "", "losses.py has no soft_max. Rename softmax to soft_max."),
    # unpacking
    (linear_forward, "layers", "self.x = x\n", "n, d, k = x.shape\n",
     "`n, d, k` takes 3 values, and x.shape holds 2: it is (5, 4). (ValueError: not enough values to unpack"),
    (training, "data", "yield x[rows], y[rows]", "yield x[rows], y[rows], rows",
     "`xb, yb` takes 2 values, and each item of `minibatches(x_train, y_train, batch_size, rng)` holds "),
    (sgd, "optim", "for p, g in zip(params, grads):", "for p, g in [1.0, 2.0]:",
     "`p, g` takes several values, and each item of `[1.0, 2.0]` is one alone. (TypeError: cannot unpack"),
    # lists
    (loss, "losses", "return dlogits / len", "return list(dlogits) / len",
     "list(dlogits) is a list: `/` works entry by entry only on arrays; np.array(list(dlogits)) makes one. (TypeError: "),
    (sgd, "optim", "p -= self.lr * g", "p -= self.lr * grads",
     "grads is a list of 1: `*` works entry by entry only on arrays; np.array(grads) makes one. (TypeError: can't multiply"),
    (sgd, "optim", "p -= self.lr * g", "p -= grads ** 2",
     "grads is a list of 1: `**` works entry by entry only on arrays; np.array(grads) makes one. (TypeError: unsupported "),
    (network, "network", "dout = dlogits\n", "dout = dlogits - self.parameters\n",
     "self.parameters is a function that was not called: parentheses after its name call it. (TypeError: "),
]
# fmt: on


@pytest.mark.parametrize(("call", "module", "right", "slip", "words"), CASES)
def test_a_slip_is_told_in_its_own_words(reference, call, module, right, slip, words):
    text = reference.modules[module]
    assert right in text
    slipped = reference.replaced({module: text.replace(right, slip)})
    assert with_lines(words, slipped.modules) in said(slipped, call)


def with_lines(words, modules):
    """The words with the number of the line that holds a text in place of «text»."""
    return re.sub(
        r"(\w+)\.py, line «(.+?)»", lambda m: f"{m[1]}.py, line {modules[m[1]].partition(m[2])[0].count(chr(10)) + 1}", words
    )


def test_the_original_sentence_is_kept_as_it_was(reference):
    layers = reference.modules["layers"].replace("self.x.T @ dout", "self.x @ dout")
    with LocalPool().student(reference.replaced({"layers": layers})) as student, pytest.raises(errors.StudentError) as caught:
        linear_backward(student)
    assert caught.value.message.startswith("matmul: Input operand 1 has a mismatch in its core dimension 0")
    assert str(caught.value).endswith(f" (ValueError: {caught.value.message})")


def test_a_module_that_cannot_be_imported_is_told_likewise():
    words = said(make(layers="import numpy as np\nW = np.ones((2, 3)) @ np.ones((2, 3))\n"), lambda s: s.layers.f())
    assert words.startswith("layers.py cannot be imported: For `@` the inner two sizes must agree: the last of ")
    assert words.endswith("(line 2 of layers.py)")


@pytest.mark.parametrize(
    "body",
    [
        "raise ValueError('operands could not be broadcast together with shapes (5,) (5,4) ')",
        "raise ValueError('matmul: Input operand 1 has a mismatch in its (size 5 is different from 4)')",
        "raise AttributeError(\"'Linear' object has no attribute 'W'\")",
        "raise TypeError('f() takes no arguments')",
    ],
)
def test_a_learners_own_exception_is_not_translated(body):
    words = said(make(layers=f"def f():\n    {body}\n"), lambda s: s.layers.f())
    assert words.startswith(("ValueError: ", "AttributeError: ", "TypeError: "))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("return a + missing_altogether", "NameError: name 'missing_altogether' is not defined"),
        ("return a.nothing_like_it", "AttributeError: 'numpy.ndarray' object has no attribute 'nothing_like_it'"),
        ("return np.zeros(3, strange=1)", "TypeError: zeros() got an unexpected keyword argument 'strange'"),
        ("for i, (b, c) in enumerate([1.0]): pass", "TypeError: cannot unpack non-iterable float object"),
        ("return a in [1, 2]", "ValueError: The truth value of an array with more than one element is ambiguous. "),
        ("return a.reshape(3, -1)", "ValueError: cannot reshape array of size 20 into shape (3,newaxis)"),
    ],
)
def test_where_there_is_nothing_to_add_the_original_stands_alone(body, words):
    made = make(layers=f"import numpy as np\ndef f(a):\n    {body}\n")
    assert said(made, lambda s: s.layers.f(X)).startswith(words)


def test_lines_may_end_in_any_way():
    for end in ("\r", "\r\n", "\n"):
        made = make(layers=f"'''x{end}y'''{end}def f(a):{end}    return a @ ({end}a){end}")
        assert said(made, lambda s: s.layers.f(X)).startswith("a is (5, 4), a is (5, 4): for `@` the inner two")


def test_expressions_are_short_and_hold_nothing_hidden():
    name = "v" * 500
    made = make(layers=f"def f(a, {name}):\n    return a @ {name} + 'x\N{RIGHT-TO-LEFT OVERRIDE}'\n")
    words = said(made, lambda s: s.layers.f(X, DOUT))
    assert "the last of a is 4, the first of vvv" in words
    assert len(words) < 400
    made = make(layers="def f(a):\n    return a @ g('\N{RIGHT-TO-LEFT OVERRIDE}`', a)\ndef g(t, a): return a\n")
    words = said(made, lambda s: s.layers.f(X))
    assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in words
    assert words.count("`") % 2 == 0


@pytest.mark.parametrize(
    ("source", "call"),
    [
        ("def f(a):\n    return a" + ".T" * 2500 + " @ None\n", "f"),
        ("def f(a):\n    return (" + "a + " * 20_000 + "a) @ a\n", "f"),
        ("def f(a):\n    return " + "(" * 150 + "a @ a" + ")" * 150 + "\n", "f"),
        ("def f(a):\n" + "    a = a\n" * 30_000 + "    return a @ a\n", "f"),
        ("def f(a):\n    return g(a)\ndef g(a, n=900):\n    return a @ a if n == 0 else g(a, n - 1)\n", "f"),
    ],
    ids=["chain", "sum", "brackets", "long", "recursion"],
)
def test_sources_that_nobody_writes_by_hand(source, call):
    with pytest.raises(errors.StudentError) as caught, LocalPool().student(make(layers=source)) as student:
        getattr(student.layers, call)(X)
    assert type(caught.value) in (errors.StudentError, errors.ModuleBroken)


def test_a_near_name_is_one_alone():
    assert near("dW", ["W", "dw", "db"]) == "dw"
    assert near("W", ["weights", "biases"], initials=True) == "weights"
    assert near("weights", ["W", "b"], initials=True) == "W"
    assert near("b", ["bias", "batch"], initials=True) == ""
    assert near("W", ["weights", "biases"]) == ""
    assert near("forward", ["backward", "foward"]) == "foward"
    assert near("W", []) == ""
