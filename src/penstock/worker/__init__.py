"""Performs what is in the queue: builds, actions of pipelines, the resources of stacks."""
