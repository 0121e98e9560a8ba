"""Which published numbers give no child away: pure arithmetic over counts and tables.

`suppression` has the rules of a table of all children, girls and boys, `protection` and
`audit` the linear programmes, `group_protection` and `exchange` the tables of groups,
`differencing`, `group_differences` and `kinship` what one release after another tells.
"""
