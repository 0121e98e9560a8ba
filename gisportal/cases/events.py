from django.dispatch import Signal

# Sent in the transaction that writes it, with `event` (the CaseEvent). What a receiver
# writes or enqueues is kept or lost together with the event; it does nothing slow and
# nothing outside the database: that is what tasks are for.
case_changed = Signal()
