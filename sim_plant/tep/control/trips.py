"""Causes of a shutdown as numbers for a tag."""

# By the text of `ProcessState.trip`
CAUSES: dict[str, int] = {
    "none": 0,
    "reactor pressure high": 1,
    "reactor temperature high": 2,
    "reactor level low": 3,
    "reactor level high": 4,
    "separator level low": 5,
    "separator level high": 6,
    "stripper level low": 7,
    "stripper level high": 8,
    "not a number": 9,
}
