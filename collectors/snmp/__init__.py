"""The session Protocol, the engines behind it, their errors."""
