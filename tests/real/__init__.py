"""Real components for the tests: agents, recordings, networks, mail, web receivers and a browser.

Nothing in here stands in for the thing under test; it obtains and runs what netmon meets in the field.
`python -m tests.real.fetch` brings what the machine lacks, without root.
"""
