"""Linear programmes that differ in what they look for alone."""

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

Floats = NDArray[np.float64]

PRIMAL_SIMPLEX = 4
"""Where one programme ends the next may begin: its point fits, only its price is new."""


class Programme:
    """All x (A,) with `rows` (R, A) @ x = `values` (R,) and 0 <= x <= `ceiling`.

    Kept by the solver from one objective to the next, which spares most of the work.
    """

    def __init__(
        self, rows: csr_array, values: NDArray[np.number], ceiling: float = np.inf
    ) -> None:
        count, size = rows.shape
        model = highspy.HighsLp()
        model.num_row_, model.num_col_ = count, size
        model.col_cost_ = model.col_lower_ = np.zeros(size)
        model.col_upper_ = np.full(size, ceiling)
        model.row_lower_ = model.row_upper_ = np.asarray(values, dtype=np.float64)
        model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        model.a_matrix_.start_ = rows.indptr
        model.a_matrix_.index_ = rows.indices
        model.a_matrix_.value_ = rows.data
        self._columns = np.arange(size, dtype=np.int32)
        self._solver = highspy.Highs()
        self._solver.silent()
        self._solver.setOptionValue("threads", 1)
        self._solver.setOptionValue("simplex_strategy", PRIMAL_SIMPLEX)
        self._solver.passModel(model)

    def minimise(self, objective: Floats) -> Floats:
        """An x (A,) for which `objective` @ x is smallest. Raises RuntimeError if no x
        fits, or none is smallest.
        """
        solver = self._solver
        solver.changeColsCost(
            len(objective), self._columns, np.asarray(objective, dtype=np.float64)
        )
        solver.run()
        status = solver.getModelStatus()
        if status != highspy.HighsModelStatus.kOptimal:
            said = solver.modelStatusToString(status)
            raise RuntimeError(f"A linear programme of the audit ended with: {said}")
        return np.array(solver.getSolution().col_value, dtype=np.float64)
