from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from layers.indicators.management.data import (
    DataCommand,
    DataError,
    DataTable,
    check_columns,
    check_known,
)
from layers.indicators.modelled import small_areas

KNOWN = {
    "area", "estimate", "variance", "se", "n", "covariates", "benchmark", "transform",
    "smooth",
}  # fmt: skip
BENCHMARK = {"weight", "method", "target"}
SCALES = ("none", "arcsine", "logit")
METHODS = ("ratio", "difference")


class Command(DataCommand):
    help = "Model the figures of small areas by Fay-Herriot (REML)."

    def work(
        self, table: DataTable, spec: Mapping[str, Any], options: Mapping[str, Any]
    ) -> Sequence[Mapping[str, Any]] | Mapping[str, Any]:
        check_spec(spec)
        try:
            areas, model = modelled(table, spec)
        except (small_areas.UnfitModel, np.linalg.LinAlgError) as refused:
            raise DataError(str(refused)) from refused
        return areas if options["format"] == "csv" else {"areas": areas, "model": model}


def check_spec(spec: Mapping[str, Any]) -> None:
    check_known(spec, KNOWN, "The specification")
    if "estimate" not in spec:
        raise DataError('The specification needs "estimate", a column\'s name.')
    check_columns(spec, ("estimate", "variance", "se", "n", "area"))
    if ("variance" in spec) == ("se" in spec):
        raise DataError('The specification needs "variance" or "se", one of them.')
    covariates = spec.get("covariates")
    if not isinstance(covariates, list) or not all(
        isinstance(each, str) for each in covariates
    ):
        raise DataError('The specification needs "covariates", a list of columns.')
    if spec.get("transform", "none") not in SCALES:
        raise DataError(f'"transform" is one of {", ".join(SCALES)}.')
    if not isinstance(spec.get("smooth", False), bool):
        raise DataError('"smooth" is true or false.')
    if spec.get("smooth") and "n" not in spec:
        raise DataError('"smooth" needs "n", the column of sample sizes.')
    _check_benchmark(spec.get("benchmark"))


def _check_benchmark(wanted: Any) -> None:
    if wanted is None:
        return
    if not isinstance(wanted, Mapping) or "weight" not in wanted:
        raise DataError('"benchmark" is an object with "weight", a column.')
    check_known(wanted, BENCHMARK, "The benchmark")
    check_columns(wanted, ("weight",))
    if wanted.get("method", "ratio") not in METHODS:
        raise DataError(f'The benchmark\'s "method" is one of {", ".join(METHODS)}.')
    target = wanted.get("target", 0.0)
    if isinstance(target, bool) or not isinstance(target, int | float):
        raise DataError('The benchmark\'s "target" is a number.')


def modelled(
    table: DataTable, spec: Mapping[str, Any]
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """A row for each area, and the model."""
    direct, variance, n = inputs(table, spec)
    x = np.column_stack(
        [np.ones(len(table)), *(table.numbers(each) for each in spec["covariates"])]
    )
    scale = small_areas.Scale(spec.get("transform", "none"))
    scale.check(direct)
    y, psi = scale.there(direct), scale.variance(direct, variance)
    small_areas.check(y, psi, x, n)
    model = small_areas.fit(y, psi, x)
    found = scale.restored(
        small_areas.predict(model, y, psi, x),
        model.sigma2,
        np.where(np.isfinite(direct), psi, np.nan),
    )
    found, target = benchmarked(found, direct, table, spec)
    names = ["(constant)", *spec["covariates"]]
    about = {
        "coefficients": dict(zip(names, model.coefficients, strict=True)),
        "coefficient_se": dict(zip(names, model.coefficient_se, strict=True)),
        "sigma2": model.sigma2,
        "iterations": model.iterations,
        "log_likelihood": model.log_likelihood,
        "method": "REML",
        "transform": scale.name,
        "benchmark": target,
        "label": small_areas.LABEL,
    }
    return rows(names_of(table, spec), direct, variance, found), about


def inputs(table: DataTable, spec: Mapping[str, Any]) -> tuple[np.ndarray, ...]:
    """Direct estimates, sampling variances (smoothed if asked) and sample sizes."""
    direct = table.numbers(spec["estimate"], missing=True)
    if "se" in spec:
        variance = _not_negative(table, spec["se"]) ** 2
    else:
        variance = _not_negative(table, spec["variance"])
    n = np.full(len(table), np.nan)
    if "n" in spec:
        n = _not_negative(table, spec["n"])
    if spec.get("smooth"):
        variance = small_areas.smoothed_variance(direct, variance, n)
    return direct, variance, n


def _not_negative(table: DataTable, name: str) -> np.ndarray:
    found = table.numbers(name, missing=True)
    if (bad := np.flatnonzero(found < 0)).size:
        row = int(bad[0])
        raise table.error(row, name, f"{found[row]:g} is negative")
    return found


def benchmarked(
    found: small_areas.Modelled,
    direct: np.ndarray,
    table: DataTable,
    spec: Mapping[str, Any],
) -> tuple[small_areas.Modelled, float | None]:
    """As `found`, or made to agree with the target or the areas' direct mean."""
    wanted = spec.get("benchmark")
    if not wanted:
        return found, None
    weight = table.numbers(wanted["weight"])
    target = wanted.get("target")
    if target is None:
        # Only sampled areas have a part in the direct mean.
        weight = np.where(np.isfinite(direct), weight, 0.0)
        if weight.sum() <= 0:
            raise DataError("The benchmark weights of the sampled areas are all zero.")
        target = float((weight * np.nan_to_num(direct)).sum() / weight.sum())
    method = wanted.get("method", "ratio")
    return small_areas.benchmark(found, weight, target, method), target


def names_of(table: DataTable, spec: Mapping[str, Any]) -> list[str]:
    if "area" not in spec:
        return [str(number + 1) for number in range(len(table))]
    names = [str(each) for each in table.text(spec["area"])]
    if twice := [each for each in names if names.count(each) > 1]:
        raise DataError(f'The area "{twice[0]}" occurs twice.')
    return names


def rows(
    names: list[str],
    direct: np.ndarray,
    variance: np.ndarray,
    found: small_areas.Modelled,
) -> list[dict[str, Any]]:
    rmse = np.sqrt(found.mse)
    cv = np.divide(
        rmse,
        np.abs(found.estimate),
        out=np.full(len(rmse), np.nan),
        where=found.estimate != 0,
    )
    return [
        {
            "area": name,
            "direct": direct[i],
            "direct_variance": variance[i],
            "modelled": found.estimate[i],
            "mse": found.mse[i],
            "rmse": rmse[i],
            "cv": cv[i],
            "low": found.low[i],
            "high": found.high[i],
            "shrinkage": found.shrinkage[i],
            "synthetic": bool(np.isnan(direct[i])),
            "label": small_areas.LABEL,
        }
        for i, name in enumerate(names)
    ]
