"""A face between photograph and atlas: its texture and skin, and how it is put back."""
