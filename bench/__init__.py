"""What netmon's polling is measured against. Not part of the package: ``python -m bench.peers`` in a checkout."""
