"""The store: snapshots, links with their bases, journal, history, proposals, runs, cursors. The only SQL of syncd.

Synchronous, with short transactions that never span a vendor call; asyncio code calls it through `asyncio.to_thread`.
What is compared or queried is a column, everything else a JSON document written by `syncd.model.encoding`: an amount in
an SQLite column would be a float underneath. Tables are declared once, with SQLModel, and created by the Alembic
migrations beside them. Rows are written and read as tuples, because ten thousand links pass through in one run and an
ORM object per row would cost more than all the merging between. For the same reason a link lies in one row with its
members, and journal entries and history lines lie in pages of some hundred.
"""
