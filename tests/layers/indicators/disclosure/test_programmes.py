import numpy as np
import pytest
from scipy.optimize import linprog
from scipy.sparse import csr_array

from layers.indicators.disclosure.programmes import Programme


@pytest.mark.parametrize("ceiling", [np.inf, 40.0])
def test_one_objective_after_another_reaches_what_each_reaches_alone(ceiling):
    random = np.random.default_rng(3)
    rows = csr_array((random.random((12, 30)) < 0.3).astype(float))
    values = rows @ random.integers(0, 9, 30)
    programme = Programme(rows, values, ceiling)
    for _ in range(20):
        objective = random.integers(0, 3, 30).astype(float)
        found = programme.minimise(objective)
        alone = linprog(objective, A_eq=rows, b_eq=values, bounds=(0, ceiling))
        assert objective @ found == pytest.approx(alone.fun, abs=1e-7)
        assert rows @ found == pytest.approx(values, abs=1e-7)
        assert found.min() >= -1e-9
        assert found.max() <= ceiling + 1e-9


def test_what_nothing_fits_is_an_error():
    programme = Programme(csr_array(np.ones((2, 3))), np.array([1, 2]))
    with pytest.raises(RuntimeError, match="Infeasible"):
        programme.minimise(np.ones(3))


def test_what_has_no_end_is_an_error():
    programme = Programme(csr_array(np.array([[1.0, -1.0]])), np.array([0]))
    with pytest.raises(RuntimeError):
        programme.minimise(np.array([-1.0, -1.0]))


def test_nothing_is_written_where_commands_answer(capfd):
    Programme(csr_array(np.ones((1, 2))), np.array([3])).minimise(np.ones(2))
    assert capfd.readouterr() == ("", "")
