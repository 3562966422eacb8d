"""Takes jobs off the queue and has them performed."""
