"""FastAPI routes and schemas: status, series, events, tokens."""
