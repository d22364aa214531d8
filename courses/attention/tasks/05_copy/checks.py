"""The whole network: what it computes, its gradients, its training, and whether it copies texts that it has never seen."""

import numpy as np

from grader.checks.api import FLOAT32_RTOL

from ..toolbox import closed_form, networks, texts

TOKENS, POSITIONS, FEATURES, HEADS, HIDDEN = 5, 7, 6, 2, 8
#: Of the letters of new texts. The reference wrote all of them under each of 200 seeds, and after 100 batches as well.
GOAL = 0.98


def _copier(student, case):
    """A Copier that holds known numbers, and these."""
    case.start_new_example(student)
    parameters = networks.draw_copier(case, TOKENS, POSITIONS, FEATURES, HIDDEN)
    made = student.model.Copier(TOKENS, POSITIONS, FEATURES, HEADS, HIDDEN, student.rng(case.seed))
    return networks.filled(student, made, parameters), parameters


def _many(case, name, seed, batches, count):
    """Batches of texts for the training, or a single one."""
    rng = np.random.default_rng(seed)
    made = [texts.drawn(rng, count) for _ in range(batches)]
    sizes = {"tokens": len(texts.ALPHABET), "count": count, "letters": texts.LETTERS, "batches": batches}
    how = texts.RECIPE.format(seed=seed, **sizes)
    return case.given(name, made, how) if batches > 1 else case.given(name, made[0], f"{how}[0]")


def check_copier_scores_the_next_token(student, case):
    """Copier.forward(x): letters and places added, the block with its causal mask, the last norm, the scores."""
    for B, T in ((3, 6), (1, POSITIONS), (2, 1)):
        made, parameters = _copier(student, case)
        x = case.integers("x", 0, TOKENS, (B, T))
        expected = closed_form.copier(parameters, HEADS, x)[0]
        case.sizes(rows=B, positions=T, tokens=TOKENS)
        case.expect(made.forward(x), expected, "model.forward(x)", should="scores of the next token", rtol=FLOAT32_RTOL)


def check_copier_sees_nothing_that_comes_later(student, case):
    """The scores at a position do not depend on what stands behind it, but do depend on what stands before it."""
    made, _ = _copier(student, case)
    x = case.integers("x", 0, TOKENS, (2, 6))
    scores = made.forward(x)
    case.expect(scores, np.zeros((2, 6, TOKENS)), "model.forward(x)", atol=np.inf)  # numbers of that shape
    for at in (5, 3):
        other = x.copy()
        other[:, at] = (other[:, at] + 1) % TOKENS
        moved = made.forward(case.given("other", other))
        what = f"The scores before position {at}, when the token there is another,"
        case.expect(moved[:, :at], scores[:, :at], what, should="what they were", rtol=1e-9)
        gave = f"The scores at position {at} are the same whatever token stands there."
        case.require(not np.allclose(moved[:, at], scores[:, at]), "The scores depend on the tokens.", gave)


def check_copier_backward_agrees_with_central_differences(student, case):
    """backward(dlogits) sets all gradients, those of tokens that occur several times included."""
    made, parameters = _copier(student, case)
    mask = closed_form.causal(5)
    for _ in range(20):
        x = case.integers("x", 0, TOKENS - 1, (3, 5))  # the last token does not occur
        h = closed_form.copier(parameters, HEADS, x)[1]
        if np.abs(closed_form.block(parameters[6:], HEADS, h, mask)[2]).min() > 2e-3:
            break  # no ReLU is near its kink
    dlogits = case.normal("dlogits", 3, 5, TOKENS)
    made.forward(x)
    made.backward(dlogits)
    found = networks.gradients_of(student, case, made, networks.IN_COPIER)
    places = dict(zip(networks.IN_COPIER, zip(found, parameters)))
    order = ["out.b", "out.W", "norm.beta", "norm.gamma", *reversed(networks.IN_BLOCK), "letters", "places"]
    for (name, gradient), array in (places[name] for name in order):
        case.expect_shape(gradient, array.shape, name)
        entries = networks.sample(case, array.shape, 24 if name in ("dletters", "dplaces") else 6)
        slopes = networks.slopes(lambda: float((dlogits * closed_form.copier(parameters, HEADS, x)[0]).sum()), array, entries)
        where = [f"{name}{list(entry)}" for entry in entries]
        case.gradient_matches(np.array([gradient[entry] for entry in entries]), slopes, name, where=where)


def check_copy_loss_counts_the_copied_letters(student, case):
    """copy_loss(logits, tokens) is the mean cross-entropy of the letters after the separator, and its gradient."""
    for count, letters, tokens, scale in ((3, 2, 4, 1.0), (1, 1, 6, 1.0), (2, 3, 3, 500.0)):
        case.start_new_example(student)
        logits = case.normal("logits", count, 2 * letters, tokens, scale=scale)
        asked = case.given("tokens", texts.drawn(case.rng, count, letters, tokens))
        case.sizes(rows=count, letters=letters, counted=count * letters, positions=2 * count * letters)
        found = student.take(student.train.copy_loss(logits, asked))
        gave = f"It returned {len(found)}."
        case.require(len(found) == 2, "copy_loss(logits, tokens) should return two things: loss, dlogits.", gave)
        loss, dlogits = closed_form.copy_loss(logits, asked)
        why = "The exp of a number above 709 is too large for a float, and the log of 0 is infinite."
        case.expect(found[0], loss, "The loss", should="nats per counted letter", rtol=FLOAT32_RTOL, not_finite=why)
        should = "softmax minus one-hot, divided by the number of counted letters; 0 in the first half"
        case.expect(found[1], dlogits, "dlogits", should=should, rtol=FLOAT32_RTOL, atol=1e-9, not_finite=why)


def check_fit_takes_a_step_for_each_batch(student, case):
    """fit(model, batches, lr) takes one step of Adam for each batch, and returns the loss of each before its step."""
    made, parameters = _copier(student, case)
    batches = [case.given(f"batch{k}", texts.drawn(case.rng, 4, 3, TOKENS)) for k in range(3)]
    losses, gradients, now = [], [], parameters
    for tokens in batches:
        loss, dlogits = closed_form.copy_loss(closed_form.copier(now, HEADS, tokens[:, :-1])[0], tokens)
        losses.append(loss)
        gradients.append(closed_form.copier_back(now, HEADS, tokens[:, :-1], dlogits))
        now = closed_form.adam(parameters, gradients, 0.01)
    found = texts.listed(student, student.train.fit(made, batches, 0.01))
    case.expect(found, np.array(losses), "fit(model, batches, lr)", should="the loss of each batch", rtol=1e-4)
    for name, array, before, after in zip(networks.IN_COPIER, student.take(made.parameters()), parameters, now):
        step = np.abs(after - before).max()
        should = "where three steps of Adam lead"
        case.expect(array, after, f"{name} after three batches", should=should, rtol=0, atol=1e-3 * step)


def check_copies_are_written_letter_by_letter(student, case):
    """write_copy(model, texts) appends the token with the largest score, reads it, and goes on, n times."""
    made, parameters = _copier(student, case)
    for count in (1, 6):
        begun = case.given("texts", texts.drawn(case.rng, count, 3, TOKENS)[:, :4])
        held = student.put(begun)
        found, expected = student.train.write_copy(made, held), closed_form.written(parameters, HEADS, begun)
        should = "the token with the largest score, one position after another"
        case.expect(found, expected, "write_copy(model, texts)", should=should)
        case.expect_unchanged(begun, student.fetch(held), "texts")


def check_fit_learns_to_copy(student, case):
    """After 120 batches the network copies texts that it has never seen: at least 98 % of the letters are right."""
    case.start_new_example(student)
    made = texts.network(student, case.seed)
    losses = student.train.fit(made, _many(case, "batches", case.seed, texts.BATCHES, texts.TEXTS), texts.LR)
    case.evidence("history:train_loss", texts.listed(student, losses))
    new = _many(case, "texts", case.seed + 1, 1, 250)
    begun = case.given("beginnings", new[:, : texts.LETTERS + 1], "texts[:, :5]")
    found, wanted = student.train.write_copy(made, begun), new[:, texts.LETTERS + 1 :]
    case.expect(found, np.zeros(wanted.shape, int), "write_copy(model, texts)", atol=np.inf)
    share = float((found == wanted).mean())
    _keep_maps(case, student.take(made.parameters()), new[0])
    case.note(f"{100 * share:.1f} % of the letters of 250 new texts are copied.")
    should = f"At least {GOAL:.0%} of the letters of new texts should be copied.".replace("%", " %")
    case.require(share >= GOAL, should, f"{100 * share:.1f} % are.")


def _keep_maps(case, parameters, text):
    """How each head of the trained network looks while it copies one text, for the report's picture."""
    if [np.shape(array) for array in parameters[10:13]] != [(texts.WIDTH, texts.WIDTH)] * 3:
        return  # in another order, or of another kind: no picture
    letters, places, *_ = parameters
    inside, x = parameters[6:], text[None, :-1]
    h = closed_form.norm(inside[0], inside[1], letters[x] + places[: x.shape[1]])
    for k, weights in enumerate(closed_form.head_weights(inside[4:8], texts.HEADS, h, closed_form.causal(x.shape[1]))):
        case.evidence(f"head:{k + 1}", weights[0])
    case.evidence("text", text)
