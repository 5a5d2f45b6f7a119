"""How alike two recordings are, wherever one begins in the other."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def likeness(heard: npt.NDArray[np.int16], said: npt.NDArray[np.int16]) -> float:
    """Normalised cross-correlation at the best lag: 1 for a scaled copy, about 0 for others.

    Sound of `heard` before and after `said` does not count; all of `said` must be there.
    """
    a, b = heard.astype(np.float64), said.astype(np.float64)
    if a.size < b.size:
        a = np.pad(a, (0, b.size - a.size))
    size = 1 << int(np.ceil(np.log2(a.size + b.size)))
    products = np.fft.irfft(np.fft.rfft(a, size) * np.conj(np.fft.rfft(b, size)), size)
    lag = int(np.argmax(products[: a.size - b.size + 1]))
    piece = a[lag : lag + b.size]
    norm = np.linalg.norm(piece) * np.linalg.norm(b)
    return float(piece @ b / norm) if norm else 0.0
