#: what: Evaluates a literal that is nested a hundred thousand deep.
#: expect: exited 1
#: stderr: Error
import ast

ast.literal_eval("[" * 100_000 + "]" * 100_000)
