"""The only writer of a build's state: lock, load, decide, save, enqueue, in one transaction."""
