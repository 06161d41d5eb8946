"""Random programs against independent interpretations, and random text against the reader."""
