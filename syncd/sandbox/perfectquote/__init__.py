"""PerfectQuote on loopback: the project's own REST contract, served.

PerfectQuote publishes no API. The contract is a decision of this project, shared in words, not in code, by this server
and by syncd's connector; nothing here was seen on a PerfectQuote server. What its help centre documents (plan places,
roles, the workflow dashboard, plan types) is followed. The calls by which PerfectQuote itself would talk to
BenefitPoint are not served: that job is syncd's.

`vendor` is what the kernel builds; `api` the pipeline of a request; `routes` the table of calls; `groups`, `plans`,
`actions`, `papers`, `reference` the handlers; `schema` and `rules` what a body may hold; `store` the records and the
feed; `render` the seeded firm; `edit` what a person does at the screen.
"""

from syncd.sandbox.perfectquote.vendor import build

__all__ = ["build"]
