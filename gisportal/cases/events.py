from django.dispatch import Signal

# Sent after commit, with `case` (its key), `municipality` (its key) and `event`
# (the key of the CaseEvent). No municipality is set then: a receiver enters one.
case_changed = Signal()
