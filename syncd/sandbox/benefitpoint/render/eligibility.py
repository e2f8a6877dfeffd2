"""Waiting period, end of coverage and dependents in the vendor's words."""

from __future__ import annotations

from typing import Final

from syncd.sandbox.benefitpoint.codec import Record

_FIRST_AFTER: Final = {
    "": "First_of_Month_Following_DOH",
    "0": "First_of_Month_Following_DOH",
    "30": "First_of_Month_Following_Thirty_days",
    "60": "First_of_Month_Following_Sixty_days",
    "90": "First_of_Month_Following_Ninety_days",
}
_EXACT: Final = {"30": "Thirty_Days_from_DOH", "60": "Sixty_Days_from_DOH", "90": "Ninety_Days_from_DOH"}
_SIMPLE: Final = {
    "none": "None",
    "date_of_hire": "Date_of_Hire_DOH",
    "first_of_month_coinciding": "First_of_Month_Following_DOH_or_First_if_start_date",
    "other": "Unspecified",
}
_FRAMES: Final = {"first_of_month_after": "First_of_the_month_following", "exact_days": "Date_employee_completes"}
_ENDS: Final = {
    "date_of_event": "Date_Of_Termination",
    "end_of_month": "End_of_Month_after_Termination",
    "end_of_pay_period": "End_of_Pay_Period_after_Termination",
}
_STUDENT_AGES: Final = range(23, 31)


def terms(texts: dict[str, str]) -> Record:
    """Give the parts of a rule that are the same for every class."""
    held = {path.removeprefix("eligibility."): text for path, text in texts.items() if path.startswith("eligibility.")}
    notes = "; ".join(held[name] for name in ("waiting_text", "notes") if name in held)
    return {
        **_waiting(held),
        "coverageEndDate": _ENDS.get(held.get("coverage_end", "")),
        "ageAsOf": None,
        "notes": notes or None,
        "dependentEligibilityRule": _dependents(held),
    }


def _waiting(held: dict[str, str]) -> Record:
    """Choose the word that says it, or spell it out: a period that no word says is a custom one."""
    kind, days, months = held.get("waiting_period", ""), held.get("waiting_days", ""), held.get("waiting_months")
    words = {"first_of_month_after": _FIRST_AFTER, "exact_days": _EXACT}.get(kind, {})
    word = _SIMPLE.get(kind) or (None if months else words.get(days))
    if word or not kind:
        return {"standardWaitingPeriod": word}
    length, unit = (months, "Months") if months else (days, "Days")
    custom = {"timeFrame": _FRAMES.get(kind, "Unspecified"), "value": int(length or 0), "unitOfMeasure": unit}
    return {"customWaitingPeriod": custom}


def _dependents(held: dict[str, str]) -> Record | None:
    rule: Record = {}
    if "dependent_age" in held:
        rule["childCriteria"] = {"ageLimit": int(held["dependent_age"]), "childTypes": ["Adoptive_Child", "Stepchild"]}
    if held.get("domestic_partners") == "true":
        rule["spouseCriteria"] = {"spouseTypes": ["Domestic_Partner"]}
    if held.get("disabled_dependents") == "true":
        rule["otherDependentCriteria"] = ["Handicapped_Dependent"]
    if held.get("student_age", "").isdigit() and int(held["student_age"]) in _STUDENT_AGES:
        rule["fullTimeStudentCriteria"] = {"ageLimit": f"Full_time_Student_to_Age_{held['student_age']}"}
    return rule or None
