"""What a template means for one stack: values in, values out.

`parameters` and `rules` say whether it may be; `planning` makes a Definition of it, in which only
references to other resources are left; `values.resolve` puts in what these turned out to be.
`changes` tells two definitions apart, and `engine` decides what is done next to a stack.
"""
