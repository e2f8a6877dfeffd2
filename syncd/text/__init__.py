"""What people type and what they are shown: YAML as written, the nearest word, explained mistakes, words on a screen.

Knows errors and nothing above them, does no I/O: files are opened, and terminals asked for their width, by others.
"""
