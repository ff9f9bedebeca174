"""Safety: what happens before a question is answered, and the help that is always at hand."""
