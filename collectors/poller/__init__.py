"""What to ask of a device, when, and in what order."""
