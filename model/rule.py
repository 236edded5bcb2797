"""The rule by which a model is chosen: whatever is within one standard error of the best, the simplest.

It is applied twice. Of a family (models of one size), the strongest penalty within one standard error of the family's
best; then, of these, the smallest family within one standard error of the best of them.

The measure is the log loss, and the error is that of the *difference* of two candidates on the same folds. Folds are no
independent samples: their training parts overlap, and further repeats draw on the same rows. The naive error, which
falls with the number of folds, is therefore too small. Nadeau and Bengio (Machine Learning 52, 2003) correct it:

    variance of the mean = (1 / folds + unseen rows / known rows) * variance over the folds

The second term does not fall with the number of folds, so that more repeats cannot make noise look like a difference.
"""

import numpy as np


def corrected_error(differences, folds_per_repeat) -> float:
    """Returns the standard error of the mean of paired differences, one a fold (of all repeats)."""
    unseen_to_known = 1 / (folds_per_repeat - 1)
    return float(np.sqrt((1 / len(differences) + unseen_to_known) * np.var(differences, ddof=1)))


def compare(losses: dict, folds_per_repeat) -> dict:
    """Returns, for each candidate, how much worse than the best it is, and the standard error of that."""
    if not losses:
        return {}
    best = min(losses, key=lambda name: np.mean(losses[name]))
    differences = {name: np.subtract(found, losses[best]) for name, found in losses.items()}
    return {
        name: (float(found.mean()), corrected_error(found, folds_per_repeat)) for name, found in differences.items()
    }


def within(losses: dict, folds_per_repeat) -> list:
    """Returns the candidates within one standard error of the best, in the order given."""
    return [name for name, (excess, error) in compare(losses, folds_per_repeat).items() if excess <= error]


def strongest(losses: dict, folds_per_repeat) -> float:
    """Takes a family's fold losses by penalty; returns the penalty."""
    return max(within(losses, folds_per_repeat))


def smallest(losses: dict, folds_per_repeat) -> str:
    """Takes fold losses by family, from the smallest to the largest; returns the family."""
    return within(losses, folds_per_repeat)[0]
