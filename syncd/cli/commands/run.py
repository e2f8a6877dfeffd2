"""`syncd run`: the service; with `--once`, everything that is due now."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Final

from syncd import config
from syncd.cli import logs
from syncd.cli.out import print_json
from syncd.cli.run import OK, PARTIAL, REFUSED
from syncd.service.service import Service

if TYPE_CHECKING:
    from syncd.cli.session import Session
    from syncd.config import Config

_CODES: Final = {"ok": OK, "open": OK, "refused": REFUSED}


def run(session: Session, *, once: bool) -> int:
    """Run until told to stop, or once."""
    set_up = partial(logs.configure, verbose=session.verbose, service=True)
    set_up(session.config)
    return asyncio.run(_run(session, set_up, once=once))


async def _run(session: Session, set_up: partial[None], *, once: bool) -> int:
    def load() -> Config:
        return config.load(session.config_file)

    service = Service(load, on_config=set_up)
    result = "ok"
    if once:
        result = await service.once()
    else:
        await service.run()
    code = _CODES.get(result, PARTIAL)
    if session.json:
        print_json({"command": "run", "once": once, "result": result, "exit": code})
    return code
