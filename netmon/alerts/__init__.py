"""Route, deduplicate, deliver. One channel a file; a failure says whether to retry."""
