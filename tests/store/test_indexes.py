"""Every question the store is asked often is answered by an index: none walks a table that grows."""

import pytest
from sqlalchemy import event

from syncd.store.rows import Batch
from tests.store.samples import EPOCH, confirmed, history_row, intent, link, question, snapshot

CALLS = {
    "heads": lambda store: store.heads("pq", "plan"),
    "snapshots": lambda store: store.snapshots("pq", "plan", ["1"]),
    "save_snapshots": lambda store: store.save_snapshots([snapshot()], [history_row()]),
    "rescope": lambda store: store.rescope("pq", "plan", {"1": "h"}),
    "strays": lambda store: store.strays("g"),
    "link": lambda store: store.link("L"),
    "links of a scope": lambda store: store.links("g"),
    "links of a kind": lambda store: store.links(kind="group"),
    "count_links": lambda store: store.count_links("g"),
    "find_link": lambda store: store.find_link("pq", "plan", "1"),
    "save_links": lambda store: store.save_links([link()]),
    "unsettled": lambda store: store.unsettled("g", EPOCH),
    "load a scope": lambda store: store.load(None, "g"),
    "load": lambda store: store.load(["L"], "g"),
    "members_of": lambda store: store.members_of("pq", "plan"),
    "begin": lambda store: store.begin(Batch((link(),), (question(),), (intent(),), (history_row(),), ("q-1",))),
    "mark_sent": lambda store: store.mark_sent("i", 1.0),
    "settle": lambda store: store.settle([confirmed(intent(), link=link(), snapshot=snapshot())]),
    "pending": lambda store: store.pending("g"),
    "open_creates": lambda store: store.open_creates("g"),
    "intents of a run": lambda store: store.intents(run="r"),
    "intents of a link": lambda store: store.intents(link="L"),
    "changes_since": lambda store: store.changes_since("pq", 1.0),
    "questions": lambda store: store.questions(),
    "questions of a scope": lambda store: store.questions("g"),
    "question": lambda store: store.question("q-1"),
    "runs": lambda store: store.runs(),
    "runs of a scope": lambda store: store.runs("g"),
    "last_good": lambda store: store.last_good("g"),
    "history of a link": lambda store: store.history(link="L", path="details.name"),
    "history of a record": lambda store: store.history(system="pq", record_id="1"),
    "history of a run": lambda store: store.history(run="r"),
    "latest history": lambda store: store.history(limit=5),
    "get": lambda store: store.get("a", "1"),
    "items": lambda store: store.items("a"),
}


@pytest.mark.parametrize("call", CALLS)
def test_no_call_walks_a_table(file_store, call):
    asked = []

    def listen(connection, cursor, statement, parameters, context, many):
        asked.append((statement, parameters[0] if many else parameters))

    engines = {file_store._reader, file_store._writer}
    for engine in engines:
        event.listen(engine, "before_cursor_execute", listen)
    CALLS[call](file_store)
    for engine in engines:
        event.remove(engine, "before_cursor_execute", listen)
    statements = [(sql, given) for sql, given in asked if sql.lstrip().startswith(("SELECT", "UPDATE", "DELETE"))]
    with file_store._reading() as connection:
        for sql, given in statements:
            for *_, step in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", given).fetchall():
                # These walk the newest rows only, until they have enough.
                assert not step.startswith("SCAN") or "USING" in step or call in ("latest history", "runs"), (
                    sql,
                    step,
                )
