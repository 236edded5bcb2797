"""How the numbers in a package's files are rounded."""

import numpy as np


def significant(value) -> float:
    """Rounds to six significant digits."""
    return float(f"{value:.6g}")


def four(number) -> float:
    return round(float(number), 4)


def rounded(values: dict, digits) -> dict:
    """Rounds the fractions among the values of a dictionary."""
    return {k: round(float(v), digits) if isinstance(v, (float, np.floating)) else v for k, v in values.items()}
