"""A face between photograph and atlas: unwrapped, swapped, and put back."""
