"""Floor 0: mathematics without networks. Statistics for claims about trained models."""
