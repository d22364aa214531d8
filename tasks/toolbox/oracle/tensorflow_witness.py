"""TensorFlow as a witness: the same network, differentiated by GradientTape."""

import os
from collections.abc import Sequence

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import numpy as np
import tensorflow as tf

from .cases import Evaluation, OracleCase

# One thread each: on matrices this small more of them wait for one another.
tf.config.threading.set_intra_op_parallelism_threads(1)
tf.config.threading.set_inter_op_parallelism_threads(1)

name = "TensorFlow"
version = tf.__version__


def evaluate(case: OracleCase) -> Evaluation:
    """Forward pass, loss and every gradient of a case, those of the layers' outputs included."""
    x = tf.constant(case.x)
    parameters = [tf.constant(p) for p in case.parameters]
    with tf.GradientTape() as tape:
        tape.watch([x, *parameters])
        outputs = _outputs(parameters, x)
        loss = _loss(outputs[-1], case.y)
    gradients = tape.gradient(loss, [x, *outputs, *parameters], unconnected_gradients="zero")
    dx, by_output, by_parameter = gradients[0], gradients[1 : 1 + len(outputs)], gradients[1 + len(outputs) :]
    return Evaluation(
        [o.numpy() for o in outputs],
        float(loss.numpy()),
        [g.numpy() for g in by_output],
        [g.numpy() for g in by_parameter],
        dx.numpy(),
    )


def descend(case: OracleCase) -> list[np.ndarray]:
    """The parameters after the case's steps of plain gradient descent."""
    parameters = [tf.Variable(p) for p in case.parameters]
    lr = tf.constant(case.lr, parameters[0].dtype)

    def step(x: tf.Tensor, y: tf.Tensor) -> None:
        with tf.GradientTape() as tape:
            loss = _loss(_outputs(parameters, x)[-1], y)
        for p, g in zip(parameters, tape.gradient(loss, parameters)):
            p.assign_sub(lr * g)

    compiled = tf.function(step, reduce_retracing=True)
    for x, y in case.batches():
        compiled(tf.constant(x), tf.constant(y))
    return [p.numpy() for p in parameters]


def softmax(logits: np.ndarray) -> np.ndarray:
    """tf.nn.softmax by row."""
    shares: np.ndarray = tf.nn.softmax(tf.constant(logits)).numpy()
    return shares


def loss_and_gradient(logits: np.ndarray, labels: np.ndarray) -> tuple[float, np.ndarray]:
    """Mean cross-entropy and its gradient by the logits."""
    z = tf.constant(logits)
    with tf.GradientTape() as tape:
        tape.watch(z)
        loss = _loss(z, labels)
    return float(loss.numpy()), tape.gradient(loss, z).numpy()


def _outputs(parameters: Sequence[tf.Tensor], x: tf.Tensor) -> list[tf.Tensor]:
    """Outputs of all layers, a ReLU between each two Linear ones."""
    outputs: list[tf.Tensor] = []
    for i in range(0, len(parameters), 2):
        if i > 0:
            outputs.append(tf.nn.relu(outputs[-1]))
        outputs.append(tf.matmul(outputs[-1] if outputs else x, parameters[i]) + parameters[i + 1])
    return outputs


def _loss(logits: tf.Tensor, labels: tf.Tensor | np.ndarray) -> tf.Tensor:
    labels = tf.cast(np.asarray(labels) if isinstance(labels, np.ndarray) else labels, tf.int64)
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits))
