"""Why data can't be estimated from: plain exceptions, for the modules without Django."""


class DesignError(ValueError):
    """The sample's design contradicts itself; the message names the stratum or unit."""


class WeightError(ValueError):
    """Weights can't be adjusted as asked; the message names the class or category."""


class StatisticError(ValueError):
    """The statistic can't be computed from these values."""
