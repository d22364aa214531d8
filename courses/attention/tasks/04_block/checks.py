"""Several heads, and one block: forward, backward, and what they must not change."""

import numpy as np

from grader.checks.api import FLOAT32_RTOL

from ..toolbox import closed_form, networks

#: Batch, positions, features, heads, hidden units.
SHAPES = ((2, 3, 6, 2, 7), (3, 2, 6, 3, 4), (1, 4, 4, 1, 5), (2, 1, 4, 4, 3))


def _block(student, case, shape):
    """A Block that holds known numbers, and these."""
    case.start_new_example(student)
    B, T, D, H, F = shape
    case.sizes(rows=B, positions=T, features=D, heads=H)
    parameters = networks.draw_block(case, D, F)
    made = student.block.Block(D, H, F, student.rng(case.seed))
    return networks.filled(student, made, parameters), parameters


def _heads(student, case, shape):
    """A MultiHead that holds known numbers, these, and an input."""
    B, T, D, H, _ = shape
    made, matrices = networks.filled_heads(student, case, D, H)
    case.sizes(rows=B, positions=T, features=D, heads=H)
    return made, matrices, case.normal("x", B, T, D)


def check_heads_look_side_by_side(student, case):
    """MultiHead.forward(x): attention in each head with its own slice of the features, the heads in their order, times Wo."""
    for shape in SHAPES:
        made, matrices, x = _heads(student, case, shape)
        should = "the heads' results side by side, times Wo"
        expected = closed_form.heads(matrices, shape[3], x)
        _keep_maps(case, matrices, shape[3], x, None)
        case.expect(made.forward(x), expected, "MultiHead(D, H, rng).forward(x)", should=should, rtol=FLOAT32_RTOL)


def check_heads_respect_the_mask(student, case):
    """MultiHead.forward(x, mask): no position of any head looks where the mask is False."""
    for shape in SHAPES:
        made, matrices, x = _heads(student, case, shape)
        mask = case.given("mask", closed_form.causal(shape[1]))
        expected = closed_form.heads(matrices, shape[3], x, mask)
        what, should = "MultiHead(D, H, rng).forward(x, mask)", "attention to what the mask allows"
        case.expect(made.forward(x, mask), expected, what, should=should, rtol=FLOAT32_RTOL)


def check_heads_backward_agrees_with_central_differences(student, case):
    """MultiHead.backward(dout) returns dx and sets dWq, dWk, dWv, dWo: all agree with central differences."""
    for shape in SHAPES[:2]:
        made, matrices, x = _heads(student, case, shape)
        dout = case.normal("dout", *x.shape)
        made.forward(x)
        dx = made.backward(dout)
        found = student.read([(made, f"d{name}") for name in networks.MATRICES])
        case.stored.clear()  # pictures of one example at a time
        loss = _loss_of_heads(matrices, shape[3], x, dout)
        named = zip((*matrices, x), (*found, dx), (*(f"d{name}" for name in networks.MATRICES), "dx"))
        for array, gradient, name in sorted(named, key=lambda one: one[2] != "dWo"):  # the last matrix first
            _agree(case, loss, array, gradient, name)


def check_block_adds_what_each_part_returns(student, case):
    """Block.forward(x): h = x + attention(norm1(x)), then h + network(norm2(h))."""
    for shape in SHAPES:
        made, parameters = _block(student, case, shape)
        x = case.normal("x", *shape[:3])
        expected = closed_form.block(parameters, shape[3], x)[0]
        should = "h + network(norm2(h)), where h = x + attention(norm1(x))"
        case.expect(made.forward(x), expected, "block.forward(x)", should=should, rtol=FLOAT32_RTOL)


def check_block_uses_the_mask(student, case):
    """With a mask, Block.forward(x, mask) adds what your own attention returns with that mask."""
    for shape in SHAPES[:2]:
        made, _ = _block(student, case, shape)
        x, mask = case.normal("x", *shape[:3]), case.given("mask", closed_form.causal(shape[1]))
        added = made.attention.forward(made.norm1.forward(x), mask)
        case.expect(added, np.zeros(x.shape), "attention.forward(norm1.forward(x), mask)", atol=np.inf)
        h = case.given("h", x + added)
        network = made.network.forward(made.norm2.forward(h))
        what, should = "block.forward(x, mask)", "h + network(norm2(h)), where h = x + attention(norm1(x), mask)"
        case.expect(made.forward(x, mask), h + network, what, should=should, rtol=FLOAT32_RTOL)


def check_block_backward_agrees_with_central_differences(student, case):
    """Block.backward(dout) returns dx and sets the gradients of all parameters: all agree with central differences."""
    for shape in SHAPES[:2]:
        made, parameters = _block(student, case, shape)
        x = networks.away_from_kinks(case, parameters, shape[3], shape[:3])
        dout = case.normal("dout", *shape[:3])
        made.forward(x)
        dx = made.backward(dout)
        found = networks.gradients_of(student, case, made, networks.IN_BLOCK)
        case.stored.clear()  # pictures of one example at a time
        loss = _loss_of_block(parameters, shape[3], x, dout)
        # The network first: there the gradient starts, and an error travels from there to all others.
        for (name, gradient), array in reversed([*zip(found, parameters)]):
            _agree(case, loss, array, gradient, name)
        _agree(case, loss, x, dx, "dx")


def check_block_gradients_belong_to_the_last_backward(student, case):
    """After a second batch, all gradients are that batch's: nothing added, nothing left over, exact to ten digits."""
    made, parameters = _block(student, case, SHAPES[0])
    made.forward(case.normal("x", 2, 3, 6))
    made.backward(case.normal("dout", 2, 3, 6))
    x, dout = case.normal("x", 1, 4, 6), case.normal("dout", 1, 4, 6)
    made.forward(x)
    gradients, exact = closed_form.block_back(parameters, 2, x, None, dout)
    for when in ("", ", after backward was called again"):
        dx = made.backward(dout)
        found = networks.gradients_of(student, case, made, networks.IN_BLOCK)
        for (name, array), expected in zip([*found, ("dx", dx)], [*gradients, exact]):
            what = f"{name} of the second batch{when}"
            case.expect(array, expected, what, rtol=1e-10, atol=1e-11 * np.abs(exact).max())


def check_block_leaves_arrays_alone(student, case):
    """Neither x, dout and the mask nor the parameters nor an earlier result change."""
    made, parameters = _block(student, case, SHAPES[0])
    x, dout, mask = case.normal("x", 2, 3, 6), case.normal("dout", 2, 3, 6), case.given("mask", np.ones((3, 3), bool))
    held = [student.put(array) for array in (x, dout, mask)]
    first = made.forward.keep(held[0], held[2])
    made.backward(held[1])
    made.forward(case.normal("other", 2, 3, 6))
    for array, now, name in zip((x, dout, mask), held, ("x", "dout", "mask")):
        case.expect_unchanged(array, student.fetch(now), name)
    for array, now, name in zip(parameters, student.take(made.parameters()), networks.IN_BLOCK):
        case.expect_unchanged(array, now, name)
    expected = closed_form.block(parameters, 2, x, mask)[0]
    case.expect(student.fetch(first), expected, "The first result, after the next call,", rtol=FLOAT32_RTOL)


def _loss_of_heads(matrices, heads, x, dout):
    return lambda: float((dout * closed_form.heads(matrices, heads, x)).sum())


def _loss_of_block(parameters, heads, x, dout):
    return lambda: float((dout * closed_form.block(parameters, heads, x)[0]).sum())


def _agree(case, loss, array, gradient, name):
    """One array of gradients, at a sample of its entries."""
    case.expect_shape(gradient, array.shape, name)
    entries = networks.sample(case, array.shape)
    where = [f"{name}{list(entry)}" for entry in entries]
    picked = np.array([gradient[entry] for entry in entries])
    case.gradient_matches(picked, networks.slopes(loss, array, entries), name, where=where)


def _keep_maps(case, matrices, heads, x, mask):
    """How each head should look at the first example, for the report's picture."""
    for h, weights in enumerate(closed_form.head_weights(matrices, heads, x, mask)):
        case.evidence(f"head:{h + 1}", weights[0])
