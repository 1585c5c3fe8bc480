"""Loads and checks configuration; every fault is named with its file, key and mend."""
