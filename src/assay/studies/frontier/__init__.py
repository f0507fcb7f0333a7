"""`assay frontier`: choose clean accuracy, see robust accuracy, without training again."""
