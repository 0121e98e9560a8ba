from collections.abc import Mapping, Sequence
from typing import Any

from layers.indicators.management.data import DataCommand, DataTable
from layers.indicators.management.estimates import EstimateSpec, answer


class Command(DataCommand):
    help = (
        "Estimate a mean, total, ratio, proportion or median from a sample in a CSV, by "
        "domain, with the errors of its design."
    )

    def work(
        self, table: DataTable, spec: Mapping[str, Any], options: Mapping[str, Any]
    ) -> Sequence[Mapping[str, Any]]:
        found = answer(table, EstimateSpec.read(spec))
        for note in found.sample.notes:
            self.stderr.write(note)
        return found.rows()
