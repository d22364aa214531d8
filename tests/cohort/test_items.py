"""Item statistics: equal to NumPy's and SciPy's where both can be asked, silent where they would say nothing."""

import numpy as np
import pytest

from grader.cohort.items import FEWEST, discrimination, reliability


def answers(students, checks, seed=0, missing=0.0):
    """Who knows more passes more; some checks were not tried."""
    rng = np.random.default_rng(seed)
    knows, hard = rng.normal(size=(students, 1)), rng.normal(size=checks)
    found = (knows + rng.normal(size=(students, checks)) > hard).astype(float)
    found[rng.random(found.shape) < missing] = np.nan
    return found


def own(checks, *places):
    return np.isin(np.arange(checks), places)


def test_discrimination_is_the_corrected_item_total_correlation():
    stats = pytest.importorskip("scipy.stats")
    given = answers(60, 9)
    for column in range(9):
        item, total = given[:, column], given.sum(1)
        found = discrimination(given, item, own(9, column))
        assert found == pytest.approx(stats.pearsonr(item, total - item).statistic, abs=1e-9)
        assert found == pytest.approx(stats.pointbiserialr(item, total - item).statistic, abs=1e-9)


def test_discrimination_needs_no_scipy():
    given = answers(60, 9)
    for column in range(9):
        rest = given.sum(1) - given[:, column]
        found = discrimination(given, given[:, column], own(9, column))
        assert found == pytest.approx(np.corrcoef(given[:, column], rest)[0, 1], abs=1e-9)


def test_what_was_not_tried_is_missing_and_not_failed():
    given = answers(80, 7, missing=0.3)
    item = given[:, 2]
    pairs = [(item[k], np.nanmean(np.delete(given[k], 2))) for k in range(80) if not np.isnan(item[k])]
    assert discrimination(given, item, own(7, 2)) == pytest.approx(np.corrcoef(np.array(pairs).T)[0, 1], abs=1e-9)
    assert discrimination(given, item, own(7, 2)) != pytest.approx(
        discrimination(np.nan_to_num(given), np.nan_to_num(item), own(7, 2))
    )


def test_a_mistake_is_compared_with_the_checks_that_are_not_its_own():
    given = answers(50, 6)
    made = given[:, 0] * given[:, 1]
    expected = np.corrcoef(made, given[:, 2:].sum(1))[0, 1]
    assert discrimination(given, made, own(6, 0, 1)) == pytest.approx(expected, abs=1e-9)


def test_reliability_is_cronbachs_alpha():
    given = answers(70, 8)
    covariance = np.cov(given, rowvar=False)
    expected = 8 / 7 * (1 - np.trace(covariance) / covariance.sum())
    alpha, students = reliability(given)
    assert (alpha, students) == (pytest.approx(expected, abs=1e-9), 70)


def test_reliability_counts_those_who_tried_every_check():
    given = answers(90, 5, missing=0.05)
    whole = given[~np.isnan(given).any(1)]
    assert reliability(given) == reliability(whole)
    assert reliability(given)[1] == len(whole) < 90


def test_a_check_that_nobody_has_tried_yet_hides_no_figure():
    given = answers(70, 8)
    assert reliability(np.insert(given, 3, np.nan, axis=1)) == reliability(given)


@pytest.mark.parametrize(
    "few", [answers(FEWEST - 1, 5), np.ones((40, 5)), np.zeros((0, 5)), answers(40, 1), np.full((40, 5), np.nan)]
)
def test_where_no_figure_says_anything_none_is_given(few):
    assert discrimination(few, few[:, 0], own(few.shape[1], 0)) is None
    assert reliability(few)[0] is None


def test_twenty_students_are_enough():
    assert discrimination(answers(FEWEST, 5), answers(FEWEST, 5)[:, 0], own(5, 0)) is not None
    assert reliability(answers(FEWEST, 5))[0] is not None
