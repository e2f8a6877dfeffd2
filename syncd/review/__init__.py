"""Review: proposals as files that people answer, answers as decisions that the next run uses.

The store is the truth and the files are a view of it that can be thrown away (DESIGN 9). The alternative, files as the
only place of a question, loses answers in a half-saved editor buffer and cannot tell a deleted file from a decided one.
"""
