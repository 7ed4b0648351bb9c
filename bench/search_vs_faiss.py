#!/usr/bin/env python3
"""The vector part of a search against FAISS's IndexFlatIP on the same vectors, in the same run.

    python3 bench/search_vs_faiss.py build/release/vectors_bench [--count 1000000] [--queries 40]

Needs numpy and faiss-cpu (pip). The vectors are means of rows of the static table, drawn by Zipf's law: what short
texts give. Both sides get them as an index keeps them, rounded to bytes, and answer one query at a time for the ten
best, each query once to warm up and once to be measured. Prints the medians, their ratio, and how many of FAISS's ten
ours finds.
"""

import argparse
import struct
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np

TABLE = Path(__file__).resolve().parent.parent / "src/search/data/static_table.bin"
BEST = 10


def table() -> np.ndarray:
    data = TABLE.read_bytes()
    rows, dimensions = struct.unpack("<II", data[4:12])
    scale = np.frombuffer(data, "<f4", rows, 12)
    values = np.frombuffer(data, np.int8, rows * dimensions, 12 + 4 * rows).reshape(rows, dimensions)
    return values.astype(np.float32) * scale[:, None]


def texts(pieces: np.ndarray, count: int, words: int, random: np.random.Generator) -> np.ndarray:
    out = np.empty((count, pieces.shape[1]), np.float32)
    for start in range(0, count, 20_000):
        size = min(20_000, count - start)
        chosen = 1000 + np.exp(random.random((size, words)) * np.log(len(pieces) - 1001)).astype(np.int64)
        mean = pieces[chosen].mean(1)
        out[start:start + size] = in_bytes(mean)
    return out


def in_bytes(vectors: np.ndarray) -> np.ndarray:
    """The vectors as an index keeps them: a byte a component, of length 1. Both sides search these."""
    rounded = np.rint(vectors * (127 / np.maximum(1e-9, np.abs(vectors).max(1, keepdims=True))))
    return (rounded / np.maximum(1e-9, np.linalg.norm(rounded, axis=1, keepdims=True))).astype(np.float32)


def ask_faiss(vectors: np.ndarray, queries: np.ndarray) -> tuple[list[float], list[list[int]]]:
    import faiss

    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(vectors)
    times, found = [], []
    for query in queries:
        index.search(query[None], BEST)
        start = time.perf_counter()
        rows = index.search(query[None], BEST)[1][0]
        times.append((time.perf_counter() - start) * 1e3)
        found.append(rows.tolist())
    return times, found


def ask_ours(program: str, vectors: np.ndarray, queries: np.ndarray) -> tuple[list[float], list[list[int]]]:
    with tempfile.TemporaryDirectory() as folder:
        vectors.tofile(f"{folder}/vectors")
        queries.tofile(f"{folder}/queries")
        command = [program, str(vectors.shape[1]), f"{folder}/vectors", f"{folder}/queries"]
        lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    rows = [line.split() for line in lines]
    return [float(row[0]) / 1e3 for row in rows], [[int(hit) for hit in row[1:]] for row in rows]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--queries", type=int, default=40)
    options = parser.parse_args()
    random, pieces = np.random.default_rng(1), table()
    vectors = texts(pieces, options.count, 18, random)
    queries = texts(pieces, options.queries, 6, random)
    ours, our_rows = ask_ours(options.program, vectors, queries)
    theirs, their_rows = ask_faiss(vectors, queries)
    recall = np.mean([len(set(a) & set(b)) / BEST for a, b in zip(our_rows, their_rows)])
    print(f"| vectors | IndexFlatIP p50 | ours p50 | ratio | recall@{BEST} |\n|---|---|---|---|---|")
    print(f"| {options.count:,} × {vectors.shape[1]} | {np.median(theirs):.1f} ms | {np.median(ours):.2f} ms "
          f"| {np.median(theirs) / np.median(ours):.1f} | {recall:.3f} |")


if __name__ == "__main__":
    main()
