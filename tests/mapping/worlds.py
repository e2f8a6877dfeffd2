"""Records of the three made-up vendors, as people and vendors fill them: tidy, odd, blank, absent and wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from syncd.model.records import Part, Record

DATA = Path(__file__).parent / "data"
ABSENT = object()


def one_of(*values: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(values)


def objects(fields: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """An object whose keys may hold anything their strategy gives; ABSENT leaves the key out."""
    return st.fixed_dictionaries(fields).map(
        lambda item: {key: value for key, value in item.items() if value is not ABSENT}
    )


texts = one_of("Gold PPO", "gold ppo", "", " ", None, ABSENT, "Ünïcødé", "a" * 80)
dates = one_of("2026-01-01", "2026-02-01", "2026-12-31", "", None, ABSENT, "soon", "9999-12-31", "2026-01-01T00:00:00")
american = one_of("1/1/2026", "01/01/2026", "2/1/2026", "", None, ABSENT, "n/a")
flags = one_of(True, False, "Y", "N", "yes", None, "", ABSENT, "maybe", 1)
amounts = one_of("512.40", "512.4", "0.00", "1024.8000", 388.1, 0, None, "", ABSENT, "call us", "1,234.50")
shares = one_of(
    "$30",
    "$30 Copay after deductible",
    "20%",
    "20% Coinsurance after deductible",
    "No Charge",
    "Not Applicable",
    "",
    None,
    ABSENT,
    "ask",
    "$1,500 / $3,000",
    "$0",
)
numbers = one_of(40, 30, "37.5", None, "", ABSENT, "x", 26.0)
classes = one_of(None, "", ABSENT, "Full Time", "A;B", "*", "x]y[z%3B", "FT")

variants = st.lists(
    objects(
        {
            "id": one_of("v1", "v2", 7, None, ABSENT),
            "title": texts,
            "fields": st.lists(
                objects(
                    {
                        "code": one_of("ded_ind", "ded_fam", "pcp", "spc", "urg", "other"),
                        "in": shares,
                        "out": shares,
                        "copay": shares,
                        "coins": shares,
                        "note": texts,
                    },
                ),
                max_size=4,
            ),
            "extra": st.just({"kept": [1, 2]}),
        },
    ),
    max_size=3,
)
rate_sets = st.lists(
    objects(
        {
            "id": one_of("r1", "r2", 3, None),
            "primary": one_of(True, True, True, False, "true", None),
            "effective_date": dates,
            "class_ref": classes,
            "expiration_date": dates,
            "frequency": one_of("monthly", "yearly", "Monthly", "fortnightly", None, ABSENT),
            "unit": one_of(None, ABSENT, {"rate": 0.043, "per": 1000}, {"rate": None}),
            "tiers": st.lists(
                objects(
                    {
                        "tier": one_of(
                            "employee_only", "employee_spouse", "employee_family", "Family", "martian", None
                        ),
                        "rate": amounts,
                        "enrolled": one_of(3, None),
                    },
                ),
                max_size=4,
            ),
            "ages": one_of(None, ABSENT, "none")
            | st.lists(
                objects(
                    {
                        "kind": one_of("band", "band", "other"),
                        "age_from": one_of(0, 30, "30", None, "x", 64),
                        "age_to": one_of(29, 34, "34", None, ABSENT),
                        "gender": one_of("F", "M", None, ABSENT),
                        "tobacco": one_of(True, False, None, ABSENT),
                        "rate": amounts,
                    },
                ),
                max_size=3,
            ),
            "rate_type": one_of("composite", ABSENT),
        },
    ),
    max_size=3,
)
contribution_sets = st.lists(
    objects(
        {
            "effective_date": dates,
            "class_ref": one_of(None, "full", "part", "all"),
            "perspective": one_of("employer", "employee", None),
            "pre_tax": flags,
            "entries": st.lists(
                objects(
                    {
                        "tier": one_of("employee_only", "employee_spouse", "employee_family"),
                        "kind": one_of("amount", "percent", "percent_of_salary", None, ABSENT),
                        "value": one_of("75", "384.30", 50, None, ABSENT),
                    },
                ),
                max_size=3,
            ),
        },
    ),
    max_size=2,
)
nested_data = objects(
    {
        "id": st.just("pln_1"),
        "name": texts,
        "type": one_of("MED", "DEN", "med", "XYZ", None, ABSENT),
        "carriers": one_of(
            [],
            ABSENT,
            [{"role": "main", "name": "Aetna"}],
            [{"role": "other", "name": "X"}, {"role": "main", "name": "Cigna"}],
        ),
        "metal": one_of("GOLD", "Silver", "", None, ABSENT, "TIN"),
        "period": objects({"start": dates, "end": dates, "zone": st.just("UTC")}) | one_of(None, ABSENT),
        "renewalOn": american,
        "nextRenewal": american,
        "voluntary": flags,
        "hsa": flags,
        "av": one_of("0.7", 0.7041, "70%", None, "", ABSENT, "high"),
        "ids": one_of(ABSENT, {"prior": "pln_0", "list": [{"code": "B-1"}]}, {"prior": None}, {"list": []}),
        "eligibility": objects(
            {
                "classes": texts,
                "hours": numbers,
                "wait": objects(
                    {
                        "n": one_of(1, 30, "60", None, ABSENT),
                        "unit": one_of("days", "months", "month", "weeks", None, ABSENT),
                    }
                ),
            },
        )
        | one_of(ABSENT),
        "benefits": objects({"variants": variants}) | one_of(ABSENT, None),
        "rates": objects({"sets": rate_sets, "note": st.just("kept")}) | one_of(ABSENT),
        "billing": st.lists(objects({"from": dates, "ee": amounts, "ef": amounts, "by": st.just("x")}), max_size=2)
        | one_of(ABSENT),
        "contributions": objects({"sets": contribution_sets}) | one_of(ABSENT),
        "unmapped": st.just({"deep": [{"x": 1}]}),
    },
)
library = one_of(
    (), (Part("library", "lib", {"text": "From the library", "pages": 3}, shared=True),), (Part("library", "lib", {}),)
)


def plan(*parts: Part) -> Record:
    return Record("plan", "p1", parts, group="g1")


nested = st.builds(lambda data, more: plan(Part("plan", "pln_1", data, "7"), *more), nested_data, library)

csv_dates = one_of("1/1/2026", "01/01/2026", "7/1/2026", "", "TBD")
csv_amounts = one_of("$512.40", "512.4", "$1,024.80", "", "0", "n/a", "ask")
wide_data = objects(
    {
        "Plan Name": one_of("Gold", "", " Gold ", "A plan with a name of more than thirty characters"),
        "Line": one_of("Medical", "DENTAL", "", "Pet"),
        "Effective": csv_dates,
        "HSA?": one_of("Yes", "NO", "", "X", "?"),
        "Ded. (Single)": one_of("$1,500", "$0", "", "Included in Medical", "ask"),
        "PCP": one_of("$30", "30% Coinsurance after deductible", "", "Not Applicable", "see notes"),
        "Rates From": csv_dates,
        "EE": csv_amounts,
        "ES": csv_amounts,
        "ER EE": csv_amounts,
        "ER EE %": one_of("75%", "", "50.00%", "half"),
        "Notes": st.just("kept"),
    },
)
wide = st.builds(lambda data: plan(Part("record", "row-1", data)), wide_data)

day = one_of("2026-01-01", "2025-01-01", "", None)
premium = objects(
    {
        "planType": one_of("EE", "ES", "EF", "XX", None),
        "effectiveDate": day,
        "rateGroup": one_of("", "A", None, ABSENT),
        "networkId": one_of("N1", None, ABSENT),
        "lines": one_of([{"from": 0, "to": 99, "amount": 512.4}], [{"amount": None}], [], ABSENT),
        "checksum": st.just("c"),
    },
)
billing = objects(
    {
        "effectiveDate": day,
        "kind": one_of("B", "B", "B", None),
        "band": one_of("30-34", "64 and over", "0-14", "?", None),
        "sex": one_of("F", "M", None, ABSENT),
        "amount": amounts,
    },
)
rule = objects(
    {
        "effectiveDate": day,
        "group": one_of("FT", "PT", None),
        "rule": st.lists(
            objects(
                {
                    "planType": one_of("EE", "ES"),
                    "method": one_of("F", "P", "FP", "PF", None),
                    "employee": one_of("75", "384.30", None, ABSENT),
                }
            ),
            max_size=2,
        ),
    },
)


def numbered(kind: str, strategy: st.SearchStrategy[Any], most: int) -> st.SearchStrategy[tuple[Part, ...]]:
    return st.lists(strategy, max_size=most).map(
        lambda rows: tuple(Part(kind, f"{kind}-{at}", row, f"v{at}") for at, row in enumerate(rows))
    )


setup = objects({"planDescription": texts, "startDate": dates, "other": st.just([1])})
parts = st.builds(
    lambda head, premiums, bills, rules: plan(Part("setup", "s", head), *premiums, *bills, *rules),
    setup,
    numbered("premium", premium, 4),
    numbered("billing", billing, 2),
    numbered("rule", rule, 2),
)
VENDORS = {"nested": nested, "wide": wide, "parts": parts}
