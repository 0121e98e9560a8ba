"""Ages in completed years and months."""

from datetime import date


def months_between(birth: date, day: date) -> int:
    """Completed months; a child born on the 31st completes a month on the last day
    of a shorter one only when the next day comes.
    """
    months = (day.year - birth.year) * 12 + day.month - birth.month
    return months - (day.day < birth.day)


def years_between(birth: date, day: date) -> int:
    return months_between(birth, day) // 12
