"""Performs one CodeBuild build."""
