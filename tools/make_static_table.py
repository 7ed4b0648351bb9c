#!/usr/bin/env python3
"""Makes the static embedding table of src/search/data from a small sentence transformer: its README.md says where the
transformer comes from and under which licence.

    make_static_table.py MODEL_FOLDER OUT_FOLDER [--corpus FILE]

MODEL_FOLDER holds model.onnx and tokenizer.json (BERT's uncased WordPiece). OUT_FOLDER gets static_table.bin and
vocabulary.txt. Needs numpy, onnxruntime, tokenizers; a few minutes on one core. Not part of the build.

What it does: every piece of the vocabulary goes alone through the transformer and is pooled; the 256 directions of the
largest variance are kept, ordered; a piece weighs less the more frequent its place in the vocabulary says that it is;
each row becomes bytes with a scale of its own. With --corpus (one text a line) rows are then moved so that the mean of
a text's rows points where the transformer's own vector of the text does.

static_table.bin, little-endian: `WST1`, u32 rows, u32 dimensions, a f32 scale for each row, then the rows' bytes.
"""

import argparse
import json
import struct
from pathlib import Path

import numpy as np

DIMENSIONS = 256
FREQUENCY_CUT = 1e-4  # a / (a + p): pieces more frequent than this lose weight
BATCH = 256
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


class Teacher:
    """The transformer: token ids in, one vector a text out (the mean over its tokens)."""

    def __init__(self, folder: Path):
        import onnxruntime
        from tokenizers import Tokenizer

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(str(folder / "model.onnx"), options,
                                                    providers=["CPUExecutionProvider"])
        self.inputs = {node.name for node in self.session.get_inputs()}
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.no_padding()
        self.tokenizer.no_truncation()

    def pooled(self, ids: np.ndarray, mask: np.ndarray) -> np.ndarray:
        feed = {"input_ids": ids, "attention_mask": mask}
        if "token_type_ids" in self.inputs:
            feed["token_type_ids"] = np.zeros_like(ids)
        states = self.session.run(None, feed)[0]
        return (states * mask[..., None]).sum(1) / mask.sum(1, keepdims=True)

    def pieces(self, vocabulary: list[str]) -> np.ndarray:
        first, last = vocabulary.index("[CLS]"), vocabulary.index("[SEP]")
        out = []
        for start in range(0, len(vocabulary), BATCH):
            piece = np.arange(start, min(len(vocabulary), start + BATCH), dtype=np.int64)
            ids = np.stack([np.full_like(piece, first), piece, np.full_like(piece, last)], 1)
            out.append(self.pooled(ids, np.ones_like(ids)))
        return np.concatenate(out).astype(np.float32)

    def texts(self, lines: list[str]) -> np.ndarray:
        encoded = [np.array(self.tokenizer.encode(line).ids[:128], dtype=np.int64) for line in lines]
        order = sorted(range(len(lines)), key=lambda i: len(encoded[i]))
        out = None
        for start in range(0, len(order), 32):
            batch = order[start:start + 32]
            width = max(len(encoded[i]) for i in batch)
            ids, mask = np.zeros((len(batch), width), np.int64), np.zeros((len(batch), width), np.int64)
            for row, i in enumerate(batch):
                ids[row, :len(encoded[i])], mask[row, :len(encoded[i])] = encoded[i], 1
            vectors = self.pooled(ids, mask)
            out = np.zeros((len(lines), vectors.shape[1]), np.float32) if out is None else out
            out[batch] = vectors
        return out / np.maximum(1e-12, np.linalg.norm(out, axis=1, keepdims=True))


def principal_axes(vectors: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The mean, and `count` axes by falling variance, each with a fixed sign so that a second run gives the same."""
    mean = vectors.mean(0)
    values, axes = np.linalg.eigh(np.cov((vectors - mean).T.astype(np.float64)))
    axes = axes[:, np.argsort(values)[::-1][:count]]
    axes *= np.sign(axes[np.abs(axes).argmax(0), np.arange(axes.shape[1])])
    return mean, axes.astype(np.float32)


def rank_weights(rows: int) -> np.ndarray:
    """A weight for each piece: the vocabulary is ordered by frequency, so Zipf's law stands in for counts."""
    share = 1 / np.arange(2, rows + 2)
    share /= share.sum()
    return (FREQUENCY_CUT / (FREQUENCY_CUT + share)).astype(np.float32)


def fit(teacher: Teacher, pieces: np.ndarray, lines: list[str], targets: np.ndarray, epochs: int) -> np.ndarray:
    """Rows fitted so that the mean over a text's pieces meets the transformer's vector of the text (cosine, Adam)."""
    mean, axes = principal_axes(targets, DIMENSIONS)
    goal = (targets - mean) @ axes
    goal /= np.maximum(1e-12, np.linalg.norm(goal, axis=1, keepdims=True))
    table = ((pieces - pieces.mean(0)) @ axes) * rank_weights(len(pieces))[:, None]
    table /= np.linalg.norm(table, axis=1).mean()
    ids = [np.array(encoding.ids) for encoding in teacher.tokenizer.encode_batch(lines, add_special_tokens=False)]
    first, second = np.zeros_like(table), np.zeros_like(table)
    random, step, steps = np.random.default_rng(1), 0, max(1, epochs * (len(ids) // 512))
    for _ in range(epochs):
        order = random.permutation(len(ids))
        for start in range(0, len(order) - 511, 512):
            step += 1
            gradient = batch_gradient(table, [ids[i] for i in order[start:start + 512]], goal[order[start:start + 512]])
            touched = np.flatnonzero(np.abs(gradient).sum(1))
            first[touched] = 0.9 * first[touched] + 0.1 * gradient[touched]
            second[touched] = 0.999 * second[touched] + 0.001 * gradient[touched] ** 2
            size = 1e-3 * (1 - step / (steps + 1)) * np.sqrt(1 - 0.999 ** step) / (1 - 0.9 ** step)
            table[touched] -= size * first[touched] / (np.sqrt(second[touched]) + 1e-8)
    return table


def batch_gradient(table: np.ndarray, ids: list[np.ndarray], goal: np.ndarray) -> np.ndarray:
    flat, owner = np.concatenate(ids), np.repeat(np.arange(len(ids)), [len(i) for i in ids])
    counts = np.maximum(1, np.bincount(owner, minlength=len(ids)))[:, None]
    sums = np.zeros((len(ids), table.shape[1]), np.float32)
    np.add.at(sums, owner, table[flat])
    mean = sums / counts
    length = np.maximum(1e-9, np.linalg.norm(mean, axis=1, keepdims=True))
    unit = mean / length
    slope = -(goal - unit * (unit * goal).sum(1, keepdims=True)) / length / counts
    gradient = np.zeros_like(table)
    np.add.at(gradient, flat, slope[owner].astype(np.float32))
    return gradient


def quantised(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    scale = np.maximum(1e-8, np.abs(table).max(1)) / 127
    return np.clip(np.rint(table / scale[:, None]), -127, 127).astype(np.int8), scale.astype("<f4")


def cached(path: Path | None, make) -> np.ndarray:
    if path and path.exists():
        return np.load(path)
    value = make()
    if path:
        np.save(path, value)
    return value


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--corpus", type=Path, help="texts to fit the table to, one a line")
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--cache", type=Path, help="a folder that keeps the transformer's answers between runs")
    options = parser.parse_args()

    entries = json.loads((options.model / "tokenizer.json").read_text("utf8"))["model"]["vocab"]
    vocabulary = sorted(entries, key=entries.get)
    teacher = Teacher(options.model)
    cache = options.cache
    pieces = cached(cache and cache / "pieces.npy", lambda: teacher.pieces(vocabulary))
    if options.corpus:
        lines = [line for line in options.corpus.read_text("utf8").splitlines() if len(line) > 8]
        targets = cached(cache and cache / "texts.npy", lambda: teacher.texts(lines))
        table = fit(teacher, pieces, lines, targets, options.epochs)
    else:
        mean, axes = principal_axes(pieces, DIMENSIONS)
        table = ((pieces - mean) @ axes) * rank_weights(len(pieces))[:, None]
    table[[vocabulary.index(piece) for piece in SPECIAL]] = 0
    rows, scale = quantised(table.astype(np.float32))
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "vocabulary.txt").write_text("\n".join(vocabulary) + "\n", "utf8")
    header = b"WST1" + struct.pack("<II", *rows.shape)
    (options.out / "static_table.bin").write_bytes(header + scale.tobytes() + rows.tobytes())


if __name__ == "__main__":
    main()
