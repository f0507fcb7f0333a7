"""Floor 0: what everything else stands on. Specs, addressed randomness, errors, registries, atomic files."""
