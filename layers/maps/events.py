from django.dispatch import Signal

# Sent with `layer`, `municipality`, `how` (map, features, file), `user` and `by_key`
# when somebody has asked for a layer and got it: who counts that hears it.
layer_used = Signal()
