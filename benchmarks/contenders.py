"""The same training by several libraries, each in a process of its own: `python -m benchmarks.contenders Keras '[{...}]'`.

Same images, network (784-128-64-10 with ReLU), loss, batch size, learning rate and epochs, all float32, one thread, as
`make train` has it. Measured is processor time, of all threads together, should a library start more all the same.
Prints a line of JSON for each request. What a library does once (building, compiling) is done before the clock starts.
"""

import importlib.util
import itertools
import json
import sys
import time
import warnings
from functools import partial

import numpy as np

SIZES = (784, 128, 64, 10)


class Reference:
    """The course's own network, as `make train` runs it."""

    def __init__(self, data, settings):
        from reference import train
        from reference.network import MLP

        self.data, self.settings, self.train, self.measured = data, settings, train.train, train.accuracy
        self.rng = np.random.default_rng(settings["seed"])
        self.model = MLP(SIZES, self.rng, dtype=np.float32)

    def epochs(self, count):
        x, y, x_val, y_val = self.data
        # The few images to validate with keep what the others do not do out of the time.
        self.train(
            self.model, x, y, x_val[:10], y_val[:10], epochs=count, rng=self.rng,
            batch_size=self.settings["batch_size"], lr=self.settings["lr"],
        )  # fmt: skip

    def accuracy(self):
        return self.measured(self.model, *self.data[2:])


class Fast(Reference):
    """The same network, trained by `reference/fast.py`, with a share of dark pixels if given; or by one of stage 15's slower ways."""

    def __init__(self, data, settings):
        super().__init__(data, settings)
        from grader.paths import TASKS
        from reference.fast import train_fast

        self.train = partial(train_fast, dark=settings["dark"]) if "dark" in settings else train_fast
        if way := settings.get("way"):
            spec = importlib.util.spec_from_file_location("ways", TASKS / "15_fast" / "misconceptions.py")
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            self.train = getattr(module, way)


class ScikitLearn:
    """MLPClassifier with plain gradient descent."""

    def __init__(self, data, settings):
        from sklearn.neural_network import MLPClassifier

        warnings.simplefilter("ignore")  # that it has not converged
        self.data = data
        self.model = MLPClassifier(
            SIZES[1:-1], solver="sgd", alpha=0, batch_size=settings["batch_size"], momentum=settings["momentum"],
            learning_rate_init=settings["lr"], nesterovs_momentum=False, random_state=settings["seed"],
            max_iter=settings["epochs"], tol=0, n_iter_no_change=1000,
        )  # fmt: skip

    def epochs(self, count):
        if count > 1:
            self.model.fit(self.data[0], self.data[1])
        else:
            self.model.partial_fit(self.data[0], self.data[1], classes=np.arange(SIZES[-1]))

    def accuracy(self):
        return float(np.mean(self.model.predict(self.data[2]) == self.data[3]))


class Torch:
    """PyTorch in eager mode, with the loop that its tutorials write."""

    def __init__(self, data, settings):
        import torch

        self.torch, self.settings = torch, settings
        torch.set_num_threads(1)
        torch.manual_seed(settings["seed"])
        widths = itertools.pairwise(SIZES)
        layers = [layer for i, o in widths for layer in (torch.nn.Linear(i, o), torch.nn.ReLU())]
        self.model = torch.nn.Sequential(*layers[:-1])
        self.x, self.y, self.x_val, self.y_val = (torch.from_numpy(np.ascontiguousarray(part)) for part in data)
        self.loss = torch.nn.CrossEntropyLoss()
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=settings["lr"], momentum=settings["momentum"])

    def epochs(self, count):
        size = self.settings["batch_size"]
        for _ in range(count):
            order = self.torch.randperm(len(self.x))
            for start in range(0, len(self.x), size):
                rows = order[start : start + size]
                self.optimizer.zero_grad()
                self.loss(self.model(self.x[rows]), self.y[rows]).backward()
                self.optimizer.step()

    def accuracy(self):
        with self.torch.no_grad():
            return float((self.model(self.x_val).argmax(dim=1) == self.y_val).float().mean())


class Keras:
    """Keras on TensorFlow, with `fit`."""

    def __init__(self, data, settings):
        import os

        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
        import keras
        import tensorflow

        tensorflow.config.threading.set_intra_op_parallelism_threads(1)
        tensorflow.config.threading.set_inter_op_parallelism_threads(1)
        keras.utils.set_random_seed(settings["seed"])
        self.data, self.settings = data, settings
        hidden = [keras.layers.Dense(width, activation="relu", kernel_initializer="he_normal") for width in SIZES[1:-1]]
        self.model = keras.Sequential([keras.layers.Input((SIZES[0],)), *hidden, keras.layers.Dense(SIZES[-1])])
        self.model.compile(
            optimizer=keras.optimizers.SGD(settings["lr"], momentum=settings["momentum"]),
            loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        )
        start = self.model.get_weights()
        size = settings["batch_size"]
        self.model.fit(data[0][: 2 * size], data[1][: 2 * size], batch_size=size, verbose=0)
        self.model.set_weights(start)

    def epochs(self, count):
        self.model.fit(self.data[0], self.data[1], batch_size=self.settings["batch_size"], epochs=count, verbose=0)

    def accuracy(self):
        logits = self.model.predict(self.data[2], batch_size=1000, verbose=0)
        return float(np.mean(logits.argmax(axis=1) == self.data[3]))


class Jax:
    """JAX: a whole epoch is one compiled program, a scan over the batches."""

    def __init__(self, data, settings):
        import os

        os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")
        os.environ.setdefault("JAX_PLATFORMS", "cpu")
        import jax
        import jax.numpy as jnp

        x, y, self.x_val, self.y_val = map(jnp.asarray, data)
        rows, size, lr = len(x), settings["batch_size"], settings["lr"]
        whole = rows // size * size
        rng = np.random.default_rng(settings["seed"])
        draw = lambda i, o: jnp.asarray(rng.normal(0, np.sqrt(2 / i), (i, o)).astype(np.float32))  # noqa: E731
        self.parameters = [(draw(i, o), jnp.zeros(o)) for i, o in itertools.pairwise(SIZES)]
        self.velocity = jax.tree.map(jnp.zeros_like, self.parameters)
        self.key = jax.random.key(settings["seed"])

        def logits(parameters, x):
            *hidden, (W, b) = parameters
            for V, c in hidden:
                x = jax.nn.relu(x @ V + c)
            return x @ W + b

        def loss(parameters, x, y):
            return -jnp.take_along_axis(jax.nn.log_softmax(logits(parameters, x)), y[:, None], axis=1).mean()

        def step(held, batch):
            parameters, velocity = held
            gradients = jax.grad(loss)(parameters, x[batch], y[batch])
            if settings["momentum"]:
                gradients = velocity = jax.tree.map(lambda v, g: settings["momentum"] * v + g, velocity, gradients)
            return (jax.tree.map(lambda p, g: p - lr * g, parameters, gradients), velocity), None

        @jax.jit
        def epoch(held, key):
            order = jax.random.permutation(key, rows)
            held, _ = jax.lax.scan(step, held, order[:whole].reshape(-1, size))
            return step(held, order[whole:])[0] if whole < rows else held

        start = time.perf_counter()
        self.epoch = epoch.lower((self.parameters, self.velocity), self.key).compile()
        self.compiling = time.perf_counter() - start
        self.jax, self.logits = jax, logits

    def epochs(self, count):
        for _ in range(count):
            self.key, own = self.jax.random.split(self.key)
            self.parameters, self.velocity = self.epoch((self.parameters, self.velocity), own)
        self.jax.block_until_ready(self.parameters)

    def accuracy(self):
        return float((self.logits(self.parameters, self.x_val).argmax(axis=1) == self.y_val).mean())


CONTENDERS = {
    "reference": Reference, "fast": Fast, "scikit-learn": ScikitLearn, "PyTorch": Torch, "Keras": Keras, "JAX": Jax,
}  # fmt: skip


def train_all(name, data, settings):
    """Seconds of a whole training, the accuracy it reached, and the seconds of compiling where that is done apart."""
    contender = CONTENDERS[name](data, settings)
    start = time.process_time()
    contender.epochs(settings["epochs"])
    seconds = time.process_time() - start
    return {"seconds": seconds, "accuracy": contender.accuracy(), "compiling": getattr(contender, "compiling", 0.0)}


def time_to(name, data, settings):
    """Seconds of training until an epoch ends with the wanted validation accuracy; None if no epoch does, or too late."""
    contender, seconds = CONTENDERS[name](data, settings), 0.0
    for _ in range(settings["epochs"]):
        start = time.process_time()
        contender.epochs(1)
        seconds += time.process_time() - start
        if contender.accuracy() >= settings["accuracy"]:
            return {"seconds": seconds}
        if seconds > (settings["most"] or np.inf):
            break
    return {"seconds": None}


def main():
    from reference.data import load_mnist

    name, wanted = sys.argv[1], json.loads(sys.argv[2])
    data = load_mnist()
    base = {"seed": 0, "momentum": 0.0, "batch_size": 64, "lr": 0.1, "epochs": 10}
    most = None
    for request in wanted:
        settings = {**base, **request, "most": None if "seed" in request else most}
        task = time_to if "accuracy" in settings else train_all
        answer = task(name, data, settings)
        if answer["seconds"] is not None:  # of a grid, what takes twice as long as the fastest so far need not be heard
            most = min(2 * answer["seconds"], most or np.inf)
        print(json.dumps({**answer, **settings}), flush=True)


if __name__ == "__main__":
    main()
