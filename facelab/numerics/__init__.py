"""What pictures are computed with: exact sums, grids, rasters and Poisson's equation; no faces."""
