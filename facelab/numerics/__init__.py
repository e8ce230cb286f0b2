"""Numerics of pictures: exact sums, grids, rasters and Poisson's equation; no faces."""
