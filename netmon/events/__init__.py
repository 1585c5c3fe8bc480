"""An event's identity, life cycle and cause: what many findings come down to."""
