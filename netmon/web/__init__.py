"""The page: rendered on the server, readable on a phone, no third-party script."""
