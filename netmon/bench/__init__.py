"""``netmon bench``: what this netmon costs on this machine, against a responder that says what it must have said.

Wiring: it builds the objects of production by hand, so it may import everything; nothing imports it but the command.
"""
