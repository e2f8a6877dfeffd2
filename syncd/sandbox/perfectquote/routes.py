"""The table of calls: verb, path, scope, handler. What is not in it is not served."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from syncd.sandbox.perfectquote.actions import Actions
from syncd.sandbox.perfectquote.call import Answer, Call
from syncd.sandbox.perfectquote.firm import Firm
from syncd.sandbox.perfectquote.groups import Groups
from syncd.sandbox.perfectquote.papers import Papers
from syncd.sandbox.perfectquote.plans import Plans
from syncd.sandbox.perfectquote.reference import Reference

Handler = Callable[[Call], Answer]
TOKEN = "/v1/oauth/token"  # noqa: S105 - a path


@dataclass(frozen=True)
class Route:
    """One call; `scope` is what its token must have."""

    method: str
    template: str
    scope: str
    handler: Handler

    @property
    def operation(self) -> str:
        """Its name for faults and counters: `GET /v1/plans/{id}`."""
        return f"{self.method} {self.template}"

    @property
    def writes(self) -> bool:
        """Whether a Firm Reviewer may not."""
        return self.method != "GET"


def routes(firm: Firm) -> tuple[Route, ...]:
    """Give every call of the contract that the sandbox serves (B2, less what is syncd's own job)."""
    groups = Groups(firm)
    plans = Plans(firm, groups)
    actions, papers, reference = Actions(plans), Papers(firm, groups, plans), Reference(firm)
    read, write = ("groups:read", "plans:read"), ("groups:write", "plans:write")
    group, plan = "/v1/groups/{id}", "/v1/plans/{id}"
    moves = [(f"{plan}:{name}", actions.move) for name in ("present", "withdraw", "confirm", "unconfirm")]
    marks = [(f"{plan}:{name}", actions.mark) for name in ("favorite", "unfavorite")]
    blocks = [f"{plan}/{name}" for name in ("benefits", "rates", "contributions")]
    return (
        Route("GET", "/v1/groups", read[0], groups.index),
        Route("POST", "/v1/groups", write[0], groups.create),
        Route("GET", group, read[0], groups.read),
        Route("PATCH", group, write[0], groups.patch),
        Route("DELETE", group, write[0], groups.delete),
        Route("GET", f"{group}/plans", read[1], plans.index_of_group),
        Route("POST", f"{group}/plans", write[1], plans.create),
        Route("GET", "/v1/plans", read[1], plans.index),
        Route("GET", plan, read[1], plans.read),
        Route("PUT", plan, write[1], plans.put),
        Route("PATCH", plan, write[1], plans.patch),
        Route("DELETE", plan, write[1], plans.delete),
        *(Route("GET", path, read[1], plans.read_block) for path in blocks),
        *(Route("PUT", path, write[1], plans.put_block) for path in blocks),
        *(Route("POST", path, write[1], handler) for path, handler in [*moves, *marks]),
        Route("POST", f"{plan}:copy", write[1], actions.copy),
        Route("GET", f"{group}/censuses", read[0], papers.censuses),
        Route("POST", f"{group}/censuses", write[0], papers.add_census),
        Route("GET", f"{group}/censuses/{{cid}}", read[0], papers.census),
        Route("GET", f"{group}/rfps", read[0], papers.rfps),
        Route("POST", f"{group}/rfps", write[0], papers.add_rfp),
        Route("POST", f"{group}/quote-files", "files:write", papers.upload),
        Route("GET", "/v1/quote-files/{id}", read[1], papers.quote_file),
        Route("GET", f"{group}/export", read[1], papers.export),
        Route("GET", "/v1/carriers", read[1], reference.carriers),
        Route("GET", "/v1/plan-templates", read[1], reference.plan_templates),
        Route("GET", "/v1/benefit-fields", read[1], reference.benefit_fields),
        Route("GET", "/v1/firm", read[0], reference.show_firm),
        Route("GET", "/v1/users", read[0], reference.users),
        Route("GET", "/v1/changes", read[1], reference.changes),
    )


class Table:
    """Finds the route of a path."""

    def __init__(self, served: Iterable[Route]) -> None:
        self._routes = [(_pattern(route.template), route) for route in served]

    def find(self, method: str, path: str) -> tuple[Route | None, Mapping[str, str], list[str]]:
        """Give the route, the ids of its path, and which verbs the path knows."""
        verbs: list[str] = []
        for pattern, route in self._routes:
            found = pattern.fullmatch(path)
            if found is None:
                continue
            if route.method == method:
                return route, found.groupdict(), verbs
            verbs.append(route.method)
        return None, {}, verbs


def _pattern(template: str) -> re.Pattern[str]:
    """Make `/v1/plans/{id}:copy` a pattern; an id holds neither slash nor colon."""
    literal = re.escape(template).replace(r"\{", "{").replace(r"\}", "}")
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/:]+)", literal))
