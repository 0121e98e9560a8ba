from django.dispatch import Signal

# Sent on commit with `municipality`, `what` (parcels, zones, facilities) and `report`
# after an import changed something: who keeps a copy or a zone restates it.
geography_changed = Signal()
