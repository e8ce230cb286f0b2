"""Occluders that exist: hands and what they hold, glasses, hats and scarves, as lit surfaces."""
