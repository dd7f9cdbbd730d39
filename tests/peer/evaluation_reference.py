"""Compares sluice's evaluation with scikit-learn, on features from `sluice embed`.

    python tests/peer/evaluation_reference.py EVALUATION.json FOLDER [--network dense] [--neighbours ROWS.json]

FOLDER has NETWORK-train.npy and NETWORK-test.npy of each network, with their labels. EVALUATION.json is the output of
`sluice evaluate RUN --json` (or RUN/evaluation.json). For each network, the script compares:

- the linear probe: top-1 of sluice's cached probe with LogisticRegression without penalty, trained to convergence on
  features standardised by the training set. It also prints LogisticRegression with scikit-learn's default penalty;
- neighbours: the reported accuracies of 1-NN (Euclidean) and of 20-NN (cosine, votes exp(similarity / 0.07)) with those
  of scikit-learn's neighbours in float64. A query is a tie if its 20th and 21st similarity (or its two smallest squared
  distances) differ by less than 1e-6; each tie may change one answer. With --neighbours, the script also compares the
  lists of neighbours from neighbour_rows.ts, which must be equal except for ties.

Exits with 1 if a probe differs by more than 0.5 point, or neighbours differ by more than the ties allow.
"""

import argparse
import json
import sys
import warnings
from pathlib import Path

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import NearestNeighbors

TIE = 1e-6
PROBE_TOLERANCE = 0.5


def load(folder: Path, name: str) -> tuple[np.ndarray, np.ndarray]:
    features = np.load(folder / f"{name}.npy", allow_pickle=False)
    labels = np.load(folder / f"{name}.labels.npy", allow_pickle=False)
    names = (folder / f"{name}.txt").read_text().splitlines()
    assert features.dtype == np.float32 and labels.dtype == np.int32
    assert features.shape[0] == labels.shape[0] == len(names)
    return features.astype(np.float64), labels


def logistic(train, test, strength: float) -> tuple[float, int]:
    """Top-1 in percent of a regression with the inverse penalty `strength`, and its number of iterations."""
    (x, y), (queries, answers) = train, test
    centre, deviation = x.mean(0), np.sqrt(x.var(0) + 1e-10)
    model = LogisticRegression(C=strength, max_iter=5000, tol=1e-5)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ConvergenceWarning)
        model.fit((x - centre) / deviation, y)
    if any(issubclass(warning.category, ConvergenceWarning) for warning in caught):
        print("  did not converge")
    return 100 * float((model.predict((queries - centre) / deviation) == answers).mean()), int(model.n_iter_.max())


def neighbours(train, test, k: int, metric: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows and distances of the k nearest neighbours, and whether each query is a tie at the k-th neighbour."""
    (x, _), (queries, _) = train, test
    distances, rows = NearestNeighbors(n_neighbors=k + 1, metric=metric, algorithm="brute").fit(x).kneighbors(queries)
    keys = distances if metric == "cosine" else distances**2
    return rows[:, :k], distances[:, :k], keys[:, k] - keys[:, k - 1] < TIE


def vote(rows: np.ndarray, distances: np.ndarray, labels: np.ndarray) -> np.ndarray:
    votes = np.zeros((len(rows), labels.max() + 1))
    weights = np.exp((1 - distances) / 0.07)
    for query in range(len(rows)):
        np.add.at(votes[query], labels[rows[query]], weights[query])
    return votes.argmax(1)


def differing(own: np.ndarray, theirs: list[list[int]], ties: np.ndarray) -> int:
    """The number of queries that are not ties and have different sets of neighbours."""
    return sum(set(a) != set(b) for a, b, tie in zip(own.tolist(), theirs, ties) if not tie)


def compare(network: str, folder: Path, reported: dict, listed: dict | None) -> bool:
    train, test = load(folder, f"{network}-train"), load(folder, f"{network}-test")
    answers = test[1]
    print(f"{network}: {train[0].shape[0]} and {test[0].shape[0]} images, {train[0].shape[1]} features")
    exact, iterations = logistic(train, test, np.inf)
    penalised, _ = logistic(train, test, 1.0)
    probe = reported["linear"]["top1"]
    print(f"  probe {probe:.2f} %, LogisticRegression {exact:.2f} % ({iterations} iterations), with C = 1 {penalised:.2f} %")
    good = abs(probe - exact) <= PROBE_TOLERANCE
    for name, k, metric in (("knn1", 1, "euclidean"), ("knn20", 20, "cosine")):
        rows, distances, ties = neighbours(train, test, k, metric)
        guesses = vote(rows, distances, train[1]) if k > 1 else train[1][rows[:, 0]]
        right, theirs = int((guesses == answers).sum()), round(reported[name] * len(answers) / 100)
        wrong = None if listed is None else differing(rows, listed[network][name], ties)
        lists = "" if wrong is None else f", {wrong} lists of neighbours differ"
        print(f"  {name} {theirs} right, scikit-learn {right}; {int(ties.sum())} ties{lists}")
        good &= abs(theirs - right) <= ties.sum() and not wrong
    return good


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("evaluation", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--network", choices=("dense", "gated"))
    parser.add_argument("--neighbours", type=Path)
    options = parser.parse_args()
    networks = json.loads(options.evaluation.read_text())["networks"]
    listed = json.loads(options.neighbours.read_text()) if options.neighbours else None
    chosen = [options.network] if options.network else list(networks)
    results = [compare(network, options.folder, networks[network], listed) for network in chosen]
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
