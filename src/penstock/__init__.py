"""Penstock runs AWS-native CI/CD for real, anywhere."""

__version__ = "0.1.0"
