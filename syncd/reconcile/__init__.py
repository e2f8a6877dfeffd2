"""Reconcile: decide what a link wants, purely: normalise, merge, constrain, guard.

Three steps for each field instead of one function with flags for blanks, holds and capabilities, because each grows on
its own; a single state machine over record versions was the alternative, and cannot say why a field changed.
"""
