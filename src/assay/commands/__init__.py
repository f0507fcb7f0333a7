"""Floor 6: commands that have a file of their own, and what all commands share."""
