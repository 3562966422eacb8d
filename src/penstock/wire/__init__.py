"""The AWS protocols: from bytes to calls and from answers to bytes; it sees no one service."""
