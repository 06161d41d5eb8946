"""From the text of a spec to a `Cell`: names, shapes and equations, each with its place in the file."""
