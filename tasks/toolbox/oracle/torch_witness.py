"""PyTorch as a second witness, where it is installed: the same network, differentiated by autograd."""

from collections.abc import Sequence

import numpy as np
import torch

from .cases import Evaluation, OracleCase

torch.set_num_threads(1)

name = "PyTorch"
version = torch.__version__


def evaluate(case: OracleCase) -> Evaluation:
    """Forward pass, loss and every gradient of a case, those of the layers' outputs included."""
    x = torch.tensor(case.x, requires_grad=True)
    parameters = [torch.tensor(p, requires_grad=True) for p in case.parameters]
    outputs = _outputs(parameters, x)
    loss = torch.nn.functional.cross_entropy(outputs[-1], torch.tensor(case.y))
    gradients = torch.autograd.grad(loss, [x, *outputs, *parameters])
    by_output, by_parameter = gradients[1 : 1 + len(outputs)], gradients[1 + len(outputs) :]
    return Evaluation(
        [o.detach().numpy() for o in outputs],
        float(loss.detach()),
        [g.numpy() for g in by_output],
        [g.numpy() for g in by_parameter],
        gradients[0].numpy(),
    )


def descend(case: OracleCase) -> list[np.ndarray]:
    """The parameters after the case's steps of plain gradient descent."""
    parameters = [torch.tensor(p, requires_grad=True) for p in case.parameters]
    optimizer = torch.optim.SGD(parameters, lr=case.lr)
    for x, y in case.batches():
        optimizer.zero_grad()
        logits = _outputs(parameters, torch.tensor(x))[-1]
        torch.nn.functional.cross_entropy(logits, torch.tensor(y)).backward()
        optimizer.step()
    return [p.detach().numpy() for p in parameters]


def softmax(logits: np.ndarray) -> np.ndarray:
    """torch.softmax by row."""
    shares: np.ndarray = torch.softmax(torch.tensor(logits), dim=1).numpy()
    return shares


def loss_and_gradient(logits: np.ndarray, labels: np.ndarray) -> tuple[float, np.ndarray]:
    """Mean cross-entropy and its gradient by the logits."""
    z = torch.tensor(logits, requires_grad=True)
    loss = torch.nn.functional.cross_entropy(z, torch.tensor(labels))
    loss.backward()
    return float(loss.detach()), z.grad.numpy()


def _outputs(parameters: Sequence[torch.Tensor], x: torch.Tensor) -> list[torch.Tensor]:
    """Outputs of all layers, a ReLU between each two Linear ones."""
    outputs: list[torch.Tensor] = []
    for i in range(0, len(parameters), 2):
        if i > 0:
            outputs.append(torch.relu(outputs[-1]))
        outputs.append((outputs[-1] if outputs else x) @ parameters[i] + parameters[i + 1])
    return outputs
