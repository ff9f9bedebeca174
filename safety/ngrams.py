"""Letters and words of a message as numbers: hashed character n-grams within words, and word n-grams.

They know slang, typos and every language the training messages are written in, without a vocabulary to store.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.preprocessing import normalize

from safety.normalise import fold

LETTERS, WORDS = 2**17, 2**16
SIZE = LETTERS + WORDS

_LETTERS = HashingVectorizer(
    analyzer="char_wb", ngram_range=(1, 5), n_features=LETTERS, binary=True, norm=None, alternate_sign=False
)
_WORDS = HashingVectorizer(
    token_pattern=r"\w+", ngram_range=(1, 3), n_features=WORDS, binary=True, norm=None, alternate_sign=False
)


def ngrams(texts: Sequence[str]) -> csr_matrix:
    """Which n-grams stand in each text: (texts, ``SIZE``), ones and zeros."""
    folded = [fold(text) for text in texts]
    return csr_matrix(hstack([_LETTERS.transform(folded), _WORDS.transform(folded)]), dtype=np.float32)


def rarity(rows: csr_matrix) -> NDArray[np.float32]:
    """How rare each n-gram is (smoothed inverse document frequency); 0 for one seen once at most."""
    seen = np.asarray(rows.sum(axis=0)).ravel()
    weights = np.log((1 + rows.shape[0]) / (1 + seen)) + 1
    return np.where(seen > 1, weights, 0).astype(np.float32)


def weighted(rows: csr_matrix, rarities: NDArray[np.float32]) -> csr_matrix:
    """Rows weighted by rarity; letters and words each of length 1."""
    scaled = csr_matrix(rows.multiply(rarities[None, :]))
    return csr_matrix(hstack([normalize(scaled[:, :LETTERS]), normalize(scaled[:, LETTERS:])]))
