"""Shells that a build's commands run in: `local` and `docker`, behind one contract."""
