"""The service that turns findings into events and alerts, and knows when monitoring itself is blind."""
