"""How alike two recordings are, wherever one begins in the other."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

PIECE = 8000  # samples, 0.5 s at 16 kHz


def likeness(heard: npt.NDArray[np.int16], said: npt.NDArray[np.int16]) -> float:
    """How well the sounding half seconds of `said` are found in `heard`; the median of them.

    Each is a normalised cross-correlation at its best lag: 1 for a scaled copy, about 0 for others.
    Piece by piece, for a fake microphone on a busy machine leaves out a moment now and then, which
    moves all that follows.
    """
    pieces = [said[at : at + PIECE] for at in range(0, said.size - PIECE + 1, PIECE)]
    loudest = max(map(_norm, pieces))
    return float(np.median([_best(heard, it) for it in pieces if _norm(it) > loudest / 10]))


def _norm(sound: npt.NDArray[np.int16]) -> float:
    return float(np.linalg.norm(sound.astype(np.float64)))


def _best(heard: npt.NDArray[np.int16], piece: npt.NDArray[np.int16]) -> float:
    a, b = heard.astype(np.float64), piece.astype(np.float64)
    if a.size < b.size:
        a = np.pad(a, (0, b.size - a.size))
    size = 1 << int(np.ceil(np.log2(a.size + b.size)))
    spectrum = np.fft.rfft(a, size) * np.conj(np.fft.rfft(b, size))
    products = np.fft.irfft(spectrum, size)[: a.size - b.size + 1]
    energy = np.concatenate([[0.0], np.cumsum(a**2)])
    norms = np.sqrt(np.maximum(energy[b.size :] - energy[: -b.size], 1)) * np.linalg.norm(b)
    return float(np.max(products / norms))
