"""API version 1, a file per noun; the console's own pages use nothing else."""
