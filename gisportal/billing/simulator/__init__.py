"""The other side of the test gateway: orders, a hosted card page, signed callbacks.

A program of its own that knows neither Django nor this project's tables; its
orders live in an SQLite file. It runs inside the demo, or by itself:
`python -m gisportal.billing.simulator --port 8300 --key demo --secret demo orders.sqlite3`.
"""

from gisportal.billing.simulator.application import Simulator

__all__ = ["Simulator"]
