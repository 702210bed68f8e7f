"""Where tracked people are expected: constant velocity with uncertainty, by a Kalman filter in seconds."""

from __future__ import annotations

import numpy as np

from bupose.proportions import AREA_OF_BOX

SLIMMEST = 0.35  # of a body's box: a person seen from the side is no smaller than one seen from the front


def corners(xy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper corner, (P, 2), of joints (P, K, 2); NaN without any."""
    absent = np.isnan(xy)
    low, high = (
        np.where(absent, np.inf, xy).min(1, initial=np.inf),
        np.where(absent, -np.inf, xy).max(1, initial=-np.inf),
    )
    nowhere = low > high
    low[nowhere], high[nowhere] = np.nan, np.nan
    return low, high


def sizes(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """float64 (P,): the square root of each body's area, pixels, from its joints' box, corners (P, 2).

    The narrower side counts at least :data:`SLIMMEST` of the other, so that the size does not swing with the legs.
    """
    side = np.maximum(high - low, SLIMMEST * (high - low)[:, ::-1])
    size: np.ndarray = np.sqrt(AREA_OF_BOX * side.prod(1))
    return size


def predict(covariance: np.ndarray, dt: float | np.ndarray, restless: float) -> np.ndarray:
    """The covariance of place and velocity after ``dt`` seconds.

    Parameters
    ----------
    covariance : float64 (N, 3)
        Variance of the place along each axis, covariance of place and velocity, variance of the velocity; in body
        sizes and seconds.
    dt : float, or float64 (N,)
    restless : float
        Spectral density of the acceleration, body sizes² / s³.

    Notes
    -----
    White noise acceleration: Bar-Shalom, Li and Kirubarajan 2001, Estimation with Applications to Tracking and
    Navigation, equations 6.2.2-8 to 12.
    """
    place, both, speed = covariance.T
    return np.stack(
        [
            place + dt * (2 * both + dt * speed) + restless * dt**3 / 3,
            both + dt * speed + restless * dt**2 / 2,
            speed + restless * dt,
        ],
        1,
    )


def correct(covariance: np.ndarray, noise: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Gains of place and velocity, float64 (N,), for a place measured with variance ``noise``; then the covariance."""
    place, both, speed = covariance.T
    total = place + noise
    here, swift = place / total, both / total
    return here, swift, np.stack([(1 - here) * place, (1 - here) * both, speed - swift * both], 1)
