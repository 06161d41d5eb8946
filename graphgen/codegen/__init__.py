"""From steps to source text: names, statements, and the templates that lay them out."""
