"""Design-based estimates of any statistic, from rows of a sample; pure arithmetic.

`design` holds how the sample was drawn, `statistics` the estimates and their linearised
influences, `variance` what these influences vary by, `intervals` the bounds, `weights` the
adjustment of weights, `change` the comparison of two estimates. The releases of rounds are
computed in `layers.indicators.maths`, from totals per primary sampling unit.
"""
