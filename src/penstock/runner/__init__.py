"""Performs one thing, reporting to the sinks it is handed; knows no database."""
