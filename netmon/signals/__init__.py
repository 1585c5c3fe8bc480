"""Pure judgements over one link's or device's samples. One signal a file."""
