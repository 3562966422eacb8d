"""A whole pipeline from the working tree: a client of the API, with a server of its own.

| file | |
| --- | --- |
| `instance` | the server: its own for a while, or one that is up |
| `working_tree` | a folder as it is, uncommitted changes and all, as a git repository |
| `subjects` | what is rehearsed: a template, or the stacks of a CDK app (`assemblies`) |
| `stacks` | made, watched until they are there, and taken away again |
| `sources` | what a pipeline's source actions fetch, and giving them the working tree |
| `stages` | those that are chosen |
| `runs` | an execution, followed to its end, with what its builds print |
| `tellers` | who is told of all that: a terminal, or a program (JSON) |
"""
