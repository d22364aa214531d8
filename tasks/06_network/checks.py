"""The network: what it is made of, what it computes, and what it hands out."""

import numpy as np

from grader.checks.api import FLOAT32_RTOL, Earlier, Remote, Unmet, listed, type_phrase

from ..toolbox import closed_form, networks
from ..toolbox.layers import RESULT, read_soon, scaled

DEEP, SHALLOW, SQUARE = (6, 5, 4, 3), (4, 3), (5, 5, 5, 5)


def check_network_alternates_linear_and_relu(student, case):
    """MLP(sizes, rng).layers is Linear, ReLU, Linear, ... with these sizes, ending in a Linear."""
    for sizes in (DEEP, SHALLOW, (2, 7, 3), SQUARE):
        case.start_new_example(student)
        read_soon(student, RESULT, "layers")
        model = student.network.MLP(sizes, student.rng(case.seed))
        layers = networks.layers_of(student, model, "W")
        row = ["Linear" if has else "ReLU" for has in student.have(layers, "W")]
        if "Linear" not in row:
            _listed(student, case, model.layers)  # what is there instead
        wanted = (["Linear", "ReLU"] * len(sizes))[: 2 * len(sizes) - 3]
        should = f"MLP({sizes}, rng).layers should be {', '.join(wanted)}."
        case.require(row == wanted, should, f"It is {', '.join(row) or 'empty'} (a layer with a W counts as Linear).")
        shapes = [np.shape(W) for W in student.read([(layer, "W") for layer in layers[::2]])]
        wanted = [(sizes[k], sizes[k + 1]) for k in range(len(sizes) - 1)]
        case.require(
            shapes == wanted,
            f"MLP({sizes}, rng) should have W of shapes {wanted}.",
            f"MLP({sizes}, rng) has W of shapes {shapes}.",
        )


def check_network_forward_runs_every_layer(student, case):
    """forward(x) sends x through all layers in order; the output of the last Linear is the logits."""
    for sizes, rows in ((DEEP, 7), (SHALLOW, 2), (SQUARE, 5)):
        model, parameters = networks.filled(student, case, sizes)
        x = case.normal("x", rows, sizes[0])
        logits = closed_form.forward(parameters, x)
        case.sizes(rows=rows, classes=sizes[-1], inputs=sizes[0])
        for name, other in scaled(x).items():
            five_digits = closed_form.forward(parameters, other).astype(np.float32)  # an epsilon beside it does not matter
            case.remember(f"the result for {name}", five_digits)
        case.expect(model.forward(x), logits, "model.forward(x)", should="the output of the last Linear", rtol=FLOAT32_RTOL)


def check_network_parameters_are_in_order(student, case):
    """parameters() is the list [W1, b1, W2, b2, ...] of the layers' arrays."""
    for sizes in (DEEP, SHALLOW, SQUARE):
        case.start_new_example(student)
        model, held = networks.refilled(student, case, sizes)
        names = networks.names(len(held))
        given = networks.listed(student, case, model.parameters(), "parameters()", names)
        for k, (array, expected, name) in enumerate(zip(given, held, names)):
            case.expect(array, expected, f"model.parameters()[{k}]", should=name, rtol=FLOAT32_RTOL)


def check_network_predict_names_the_best_class(student, case):
    """predict(x) returns one integer per row: the class with the largest logit."""
    for sizes, rows in (((6, 5, 9), 30), (SQUARE, 5), (DEEP, 1)):
        model, _ = networks.filled(student, case, sizes, last_class_wins=True)
        for x in (case.normal("x", rows, sizes[0]), case.normal("x", rows, sizes[0])):
            logits, given = np.asarray(model.forward(x)), model.predict(x)
            given = np.asarray(given) if isinstance(given, list) else given
            case.require(networks.tell_apart(logits, (rows, sizes[-1])), *networks.FORWARD_FIRST)
            case.remember("the largest logit of each row, cut to a whole number", logits.max(axis=1).astype(int))
            should = "the class with the largest logit in each row"
            try:
                case.expect(given, logits.argmax(axis=1), "model.predict(x)", should=should)
            except Unmet as unmet:
                unmet.looks_like = unmet.looks_like or _classes_show(given, logits)
                raise
            should = "model.predict(x) should contain whole numbers: they are used as an index."
            case.require(
                np.asarray(given).dtype.kind in "iu", should, f"model.predict(x) is of type {np.asarray(given).dtype.name}."
            )


def _classes_show(given, logits):
    """Which classes no row was given, where only their rows differ; or how many logits are larger."""
    best = logits.argmax(axis=1)
    if np.shape(given) != np.shape(best) or not np.isin(given, range(logits.shape[1])).all():
        return ""
    missed = sorted(set(best) - set(given))
    if missed and np.array_equal(given != best, np.isin(best, missed)):
        classes = f"Class {missed[0]} is" if len(missed) == 1 else f"Classes {listed(missed)} are"
        return f"{classes} never predicted; all other rows are right."
    larger = {int(np.sum(row > row[k])) for row, k in zip(logits, np.asarray(given, int))}
    count = larger.pop() if len(larger) == 1 else 0
    return f"In every row {count} logit{'s are' if count > 1 else ' is'} larger than that of the class it gives." if count else ""


def check_network_draws_every_layer_from_rng(student, case):
    """Each layer starts as Linear makes it, and all weights come from the one given rng."""
    sizes, seed = (40, 30, 30, 30, 20), case.seed
    models = []
    for k, s in enumerate((seed, seed, seed + 1)):
        networks.read_soon(student, *((model, 4, "W", "b") for model in [*models, RESULT] if k == 2))
        models.append(student.network.MLP(sizes, student.rng(s)))
    first, again, other = [networks.parameters_of(student, model) for model in models]
    for k, name in enumerate(networks.names(8)):
        read_soon(student, RESULT, name[0])
        alone = student.layers.Linear(sizes[k // 2], sizes[k // 2 + 1], student.rng(seed))
        fresh = alone.b if k % 2 else alone.W
        should = f"{name} should start like that of a Linear({sizes[k // 2]}, {sizes[k // 2 + 1]}, rng)."
        gave = f"{name} has a standard deviation of {np.std(first[k]):.3g}, that of the Linear is {np.std(fresh):.3g}; "
        gave += f"the mean is {np.mean(first[k]):.2g}, that of the Linear {np.mean(fresh):.2g}."
        alike = abs(np.std(first[k]) - np.std(fresh)) <= 0.2 * np.std(fresh)
        case.require(alike and abs(np.mean(first[k]) - np.mean(fresh)) <= 0.3 * np.std(fresh), should, gave)
        case.require(first[k].dtype == fresh.dtype, should, f"{name} is {first[k].dtype}, that of the Linear {fresh.dtype}.")
    should = "Equal seeds should give equal weights, and different seeds and layers different ones."
    case.require(np.array_equal(first[2], again[2]), should, "Two networks from equal seeds differ in W2.")
    case.require(not np.array_equal(first[2], other[2]), should, f"W2 is the same for seeds {seed} and {seed + 1}.")
    case.require(not np.array_equal(first[2], first[4]), should, "W2 and W3, both (30, 30), are equal.")


def check_network_layers_share_nothing(student, case):
    """layers is a list, and every layer of every network has its own weights and keeps its own input."""
    models = [student.network.MLP(SQUARE, student.rng(case.seed + k)) for k in range(2)]
    layers = [layer for model in models for layer in _listed(student, case, model.layers)]
    linear = [layer for layer, has in zip(layers, student.have(layers, "W")) if has]
    then = [*(("get", layer, "W") for layer in linear), *(("has", layer, "W") for layer in layers)]
    student.fill_all([(layer, "W", np.full((5, 5), k + 1.0)) for k, layer in enumerate(linear)], *then)
    for k, layer in enumerate(linear):
        what = f"W{k % 3 + 1} of network {k // 3 + 1}, filled with {k + 1}"
        case.expect(layer.W, np.full((5, 5), k + 1.0), what, should="as it was filled")
    memories = [(layer, case.normal("x", 2, 5)) for layer, has in zip(layers, student.have(layers, "W")) if not has]
    for relu, x in memories:
        relu.forward(x)
    for k, (relu, x) in enumerate(memories):
        what = f"backward(ones) of ReLU {k % 2 + 1} in network {k // 2 + 1}, called after forward of all four ReLUs,"
        case.expect(relu.backward(np.ones((2, 5))), 1.0 * (x > 0), what, should="1 where its own input was above 0")


def _listed(student, case, held):
    """The layers, which `held` should list, or hand out one after another as a list does."""
    in_turn = isinstance(held, list | tuple | dict) or (isinstance(held, Remote) and student.has(held, "__iter__"))
    items = list(held) if isinstance(held, dict) else student.take(held) if in_turn else [held]
    for item in items:
        is_layer = in_turn and isinstance(item, Remote)
        inside = f", containing {f'the text {item!r}' if isinstance(item, str) else type_phrase(item)}" * in_turn
        should = "model.layers should be a list of the layers themselves."
        case.require(is_layer, should, f"model.layers is {type_phrase(held)}{inside}.")
    return items


def check_network_forward_repeats_itself(student, case):
    """forward and predict return arrays for the x of this call, for one row too, and do not change x."""
    model, parameters = networks.filled(student, case, DEEP, read=("W", "b"))
    x, other, before = case.normal("x", 1, 6), case.normal("other", 9, 6), networks.parameters_of(student, model)
    held = student.put(x)
    for array, name in ((held, "model.forward(x)"), (other, "model.forward(other)"), (held, "The second model.forward(x)")):
        logits = closed_form.forward(parameters, other if array is other else x)
        should = "the output of the last Linear"
        case.expect(model.forward(array), logits, name, should=should, rtol=FLOAT32_RTOL)
    best = closed_form.forward(parameters, x).argmax(axis=1)
    networks.read_soon(student, (model, 3, "W", "b"), before=[("fetch", held)])
    case.expect(model.predict(held), best, "model.predict(x)", should="an array of one class for each row")
    case.expect_unchanged(x, student.fetch(held), "x")
    for name, was, now in zip(networks.names(6), before, networks.parameters_of(student, model)):
        case.expect_unchanged(was, now, name)


def check_network_parameters_are_live(student, case):
    """parameters() returns the network's own arrays: changing one changes the network."""
    model, before = networks.filled(student, case, DEEP)
    student.soon(("has", RESULT, "__getitem__"), ("take", RESULT, 1000))
    held = model.parameters.keep()
    gave = f"parameters() returned an object of class {student.kind(held)}."
    case.require(student.has(held, "__getitem__"), "parameters() should return the list [W1, b1, W2, b2, ...].", gave)
    given = student.take(held)
    larger = [array + 1.0 for array in given if isinstance(array, np.ndarray)]
    changes = [(("keep_item", held, k), ("fill", Earlier(2 * k), "", array)) for k, array in enumerate(larger)]
    networks.read_soon(student, (model, 3, "W", "b"), before=[ask for change in changes for ask in change][1:])
    for k, array in enumerate(given):
        student.fill(student.item(held, k), larger[k] if len(larger) == len(given) else array + 1.0)
    for name, was, now in zip(networks.names(6), before, networks.parameters_of(student, model)):
        should = "1 larger, after 1 was added to every array from parameters()"
        case.expect(now, was + 1.0, f"the layer's {name}", should=should, rtol=FLOAT32_RTOL)


def explain_parameters(student, case, failed):
    """Whether parameters() returns a dict, whatever its keys are."""
    if (check := "check_network_parameters_are_in_order") not in failed:
        return {}
    model = student.network.MLP(DEEP, student.rng(case.seed))
    return {check: ("names_the_parameters", "")} if networks.is_mapping(student, model.parameters()) else {}
