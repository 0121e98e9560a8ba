"""Multidimensional deprivation of children, by a municipality's own scheme.

`measures` is the arithmetic; `age_bands`, `schemes`, `forms` and `views` the scheme from
its usual dimensions to its page; `scores`, `zones`, `town` and `release` what is published
of it.
"""
