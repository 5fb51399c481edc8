#!/usr/bin/env python3
"""Writes a small captured model with records, as `python -m tapml capture --record` does, without PyTorch.

    make_package.py DIRECTORY [VARIANT...]

The model has one operator of each sort that records treat differently: weights, sizes, integers, booleans, an operator
of several operations with a constant, and one with several results. Samples 0 and 1 have 2 and 3 rows, 2 is 0 with
larger values, 3 is 0 again. A variant has one thing wrong, with all hashes right, and is written to DIRECTORY/VARIANT.
"""

import argparse
import hashlib
import json
import math
import pathlib
import struct

import numpy as np

GRAPH = """module @tiny attributes {tapml.version = 1 : i64, tapml.weights = "weights.safetensors"} {
  tapml.global @table : tensor<8x4xf32>
  tapml.global @dense.weight : tensor<6x4xf32>
  tapml.global @dense.bias : tensor<6xf32>
  func.func @forward(%x: tensor<?x4xf32> {tapml.dims = ["rows", ""], tapml.name = "x"},
                     %ids: tensor<?xi64> {tapml.dims = ["rows"], tapml.name = "ids"})
      -> (tensor<?x6xf32> {tapml.name = "y"}, tensor<?x3xf32> {tapml.name = "a"}, tensor<?x3xf32> {tapml.name = "b"},
          tensor<?x2x3xf32> {tapml.name = "r"}, tensor<?xi1> {tapml.name = "m"}, tensor<?xi64> {tapml.name = "n"})
      attributes {tapml.dim_ranges = {rows = array<i64: 1, 8>}} {
    %c0 = arith.constant 0 : index
    %c3 = arith.constant 3 : index
    %c6 = arith.constant 6 : index
    %table = tapml.get_global @table : tensor<8x4xf32>
    %e = tapml.embedding %table, %ids {instance = ["embed"]} : tensor<8x4xf32>, tensor<?xi64> -> tensor<?x4xf32>
    %s = tapml.add %x, %e {instance = ["layer.0.add"]} : tensor<?x4xf32>, tensor<?x4xf32> -> tensor<?x4xf32>
    %w = tapml.get_global @dense.weight : tensor<6x4xf32>
    %b = tapml.get_global @dense.bias : tensor<6xf32>
    %d = tapml.linear %s, %w bias %b {instance = ["layer.0.dense"]} : (tensor<?x4xf32>, tensor<6x4xf32>, tensor<6xf32>) -> tensor<?x6xf32>
    %g = tapml.gelu %d {instance = ["layer.0.act"]} : tensor<?x6xf32>
    %half = tapml.constant dense<5.000000e-01> : tensor<f32>
    %h = tapml.mul %g, %half {instance = ["layer.0.blend.mul"]} : tensor<?x6xf32>, tensor<f32> -> tensor<?x6xf32>
    %y = tapml.add %h, %d {instance = ["layer.0.blend"]} : tensor<?x6xf32>, tensor<?x6xf32> -> tensor<?x6xf32>
    %first = tapml.slice %y dim 1 from %c0 to %c3 {instance = ["split.slice"]} : tensor<?x6xf32> -> tensor<?x3xf32>
    %second = tapml.slice %y dim 1 from %c3 to %c6 {instance = ["split"]} : tensor<?x6xf32> -> tensor<?x3xf32>
    %rows = tensor.dim %x, %c0 : tensor<?x4xf32>
    %r = tapml.reshape %y sizes(%rows) {instance = ["reshape"]} : tensor<?x6xf32> -> tensor<?x2x3xf32>
    %four = tapml.constant dense<4> : tensor<i64>
    %m = tapml.ge %ids, %four {instance = ["ge"]} : tensor<?xi64>, tensor<i64> -> tensor<?xi1>
    %n = tapml.add %ids, %four {instance = ["offset"]} : tensor<?xi64>, tensor<i64> -> tensor<?xi64>
    return %y, %first, %second, %r, %m, %n
      : tensor<?x6xf32>, tensor<?x3xf32>, tensor<?x3xf32>, tensor<?x2x3xf32>, tensor<?xi1>, tensor<?xi64>
  }
}
"""

GELU = '    %g = tapml.gelu %d {instance = ["layer.0.act"]} : tensor<?x6xf32>\n'
#: In its place an operator of somebody else.
FOREIGN = """    %size = tensor.dim %d, %c0 : tensor<?x6xf32>
    %g = tapml.operator "acme.act" ins(%d : tensor<?x6xf32>) sizes(%size) attributes {instance = ["layer.0.act"]} -> tensor<?x6xf32> {
    ^bb0(%v: tensor<?x6xf32>):
      %zero = arith.constant 0 : index
      %m0 = tensor.dim %v, %zero : tensor<?x6xf32>
      %to = tensor.empty(%m0) : tensor<?x6xf32>
      %a = linalg.map { math.tanh } ins(%v : tensor<?x6xf32>) outs(%to : tensor<?x6xf32>)
      tapml.yield %a : tensor<?x6xf32>
    }
"""

NAMES = {"float32": "f32", "float64": "f64", "int64": "i64", "bool": "i1"}
ATEN = {"linear": "aten.linear.default", "gelu": "aten.gelu.default", "embedding": "aten.embedding.default"}


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def write_safetensors(path: pathlib.Path, tensors: dict[str, np.ndarray]) -> None:
    header, offset = {}, 0
    for name, tensor in tensors.items():
        end = offset + tensor.nbytes
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(t.tobytes() for t in tensors.values()))


class Recorder:
    def __init__(self, directory: pathlib.Path) -> None:
        self.directory = directory / "records"
        self.visits: list[list[dict]] = []
        # What each data file holds, one for each sample that brings something new; and where every tensor is.
        self.files: dict[str, bytearray] = {}
        self.places: dict[str, dict] = {}
        self.operators: dict[str, dict] = {}

    def statistics(self, array: np.ndarray) -> dict:
        values = array.astype(np.float64).ravel()
        finite = values[np.isfinite(values)]
        stats = dict.fromkeys(("min", "max", "mean", "variance", "largest_magnitude", "subnormals"))
        if finite.size:
            stats |= {"min": finite.min(), "max": finite.max(), "mean": finite.mean(), "variance": finite.var()}
            stats["largest_magnitude"] = np.abs(finite).max()
        if array.dtype.kind == "f":
            stats["subnormals"] = int(((values != 0) & (np.abs(values) < 2.0**-126)).sum())
        return stats | {"nan": int(np.isnan(values).sum()), "inf": int(np.isinf(values).sum())}

    def data(self, array: np.ndarray) -> dict:
        content = np.ascontiguousarray(array).tobytes()
        name = sha256(content)
        if name not in self.places:
            file = f"data-{len(self.visits) - 1}.bin"
            stored = self.files.setdefault(file, bytearray())
            stored += bytes(-len(stored) % 64)
            self.places[name] = {"file": file, "offset": len(stored)}
            stored += content
        kind = NAMES[str(array.dtype)]
        place = {"data": name, **self.places[name]}
        return {"type": kind, "shape": list(array.shape), **place, "stats": self.statistics(array)}

    def weight(self, key: str, array: np.ndarray) -> dict:
        return {"type": "f32", "shape": list(array.shape), "weight": key}

    def operator(self, name: str, op: str, *inner: str) -> None:
        self.operators[name] = {
            "operator": name, "instances": [*inner, name], "op": op, "aten": ATEN.get(op, f"aten.{op}.Tensor"),
            "source": "tiny.py:7", "visits": 0, "recorded": 0, "why": None, "oracle": None,
        }  # fmt: skip

    def visit(self, name: str, operands: list, results: list[np.ndarray], oracle: list) -> None:
        entry = self.operators[name]
        self.visits[-1].append({
            "operator": name,
            "visit": sum(line["operator"] == name for line in self.visits[-1]),
            "operands": [o if isinstance(o, dict) else self.data(o) for o in operands],
            "results": [self.data(r) for r in results],
            "oracle": [None if o is None else self.data(o) for o in oracle],
        })  # fmt: skip
        entry["visits"] += 1
        entry["recorded"] += 1


def run(recorder: Recorder, weights: dict[str, np.ndarray], x: np.ndarray, ids: np.ndarray) -> None:
    """Runs the model in float32, each operator beside its float64 evaluation."""
    np.seterr(invalid="ignore")  # Infinity minus infinity is NaN here, too.
    recorder.visits.append([])

    def wide(array: np.ndarray) -> np.ndarray:
        return array.astype(np.float64)

    def gelu(array: np.ndarray) -> np.ndarray:
        return array * 0.5 * (1 + np.vectorize(math.erf, otypes=[float])(array * math.sqrt(0.5)))

    table, weight, bias = weights["table"], weights["dense.weight"], weights["dense.bias"]
    e = table[ids]
    recorder.visit("embed", [recorder.weight("table", table), ids], [e], [None])
    s = x + e
    recorder.visit("layer.0.add", [x, e], [s], [wide(x) + wide(e)])
    d = s @ weight.T + bias
    recorder.visit(
        "layer.0.dense",
        [s, recorder.weight("dense.weight", weight), recorder.weight("dense.bias", bias)],
        [d],
        [wide(s) @ wide(weight).T + wide(bias)],
    )
    exact = gelu(wide(d))
    g = exact.astype(np.float32)
    recorder.visit("layer.0.act", [d], [g], [exact])
    y = g * np.float32(0.5) + d
    recorder.visit("layer.0.blend", [g, d], [y], [wide(g) * 0.5 + wide(d)])
    recorder.visit("split", [y], [y[:, :3], y[:, 3:]], [None, None])
    rows = x.shape[0]
    recorder.visit("reshape", [y, {"size": rows}], [y.reshape(rows, 2, 3)], [None])
    recorder.visit("ge", [ids], [ids >= 4], [None])
    recorder.visit("offset", [ids], [ids + 4], [None])


def spoil(variant: str, recorder: Recorder, index: dict) -> None:
    """Makes one thing of the records wrong."""
    first = {line["operator"]: line for line in recorder.visits[0]}
    act, dense = first["layer.0.act"], first["layer.0.dense"]
    if variant == "shape":
        act["results"][0] |= {"shape": [3, 4]}
    elif variant == "rows":
        # Fits the type of the graph, but not the operator.
        act["results"][0] = recorder.data(np.zeros((3, 6), np.float32))
        act["oracle"][0] = recorder.data(np.zeros((3, 6), np.float64))
    elif variant == "type":
        act["operands"][0] |= {"type": "f16"}
    elif variant == "unknown-type":
        act["operands"][0] |= {"type": "complex64"}
    elif variant == "operand":
        del dense["operands"][2]
    elif variant == "weight":
        dense["operands"][1]["weight"] = "dense.bias"
    elif variant == "operator":
        act["operator"] = "layer.7.act"
    elif variant == "oracles":
        act["oracle"] = []
    elif variant == "oracle-shape":
        act["oracle"][0] |= {"shape": [12]}
    elif variant == "field":
        del act["visit"]
    elif variant == "hash":
        act["operands"][0]["data"] = "../../../etc/passwd"
    elif variant == "data":
        offset = act["operands"][0]["offset"]
        recorder.files["data-0.bin"][offset : offset + 48] = bytes(48)
    elif variant == "overlap":
        # Begins inside another tensor.
        act["operands"][0]["offset"] = dense["operands"][0]["offset"]
    elif variant == "unaligned":
        act["operands"][0]["offset"] += 4
    elif variant == "beyond":
        act["operands"][0]["offset"] = 1 << 40
    elif variant == "no-offset":
        del act["operands"][0]["offset"]
    elif variant == "unknown-file":
        act["oracle"][0]["file"] = "../graph.mlir"
    elif variant == "doubtful-oracle":
        act["oracle"][0] = recorder.data(np.full((2, 6), 0.25))
    elif variant == "bad-source":
        act["results"][0] = recorder.data(np.full((2, 6), 0.25, np.float32))
    elif variant == "interrupted":
        index["complete"] = False
    elif variant == "unrecorded":
        recorder.operators["ge"] |= {"visits": 9, "why": "5 of them inside a branch that is not exported"}
    elif variant == "version":
        index["version"] = 1
    elif variant == "missing-operator":
        del recorder.operators["ge"]
    elif variant == "extra-operator":
        recorder.operator("pooler", "tanh")
    elif variant == "shared-instance":
        recorder.operators["ge"]["instances"].append("reshape")
    elif variant == "foreign":
        recorder.operators["layer.0.act"]["op"] = "acme.act"
        for line in (line for visits in recorder.visits for line in visits if line["operator"] == "layer.0.act"):
            line["operands"].append({"size": line["operands"][0]["shape"][0]})
    elif variant not in ("", "edges"):
        raise SystemExit(f"no variant {variant}")


def write(directory: pathlib.Path, variant: str) -> None:
    (directory / "records").mkdir(parents=True)
    (directory / "graph.mlir").write_text(GRAPH.replace(GELU, FOREIGN) if variant == "foreign" else GRAPH)
    (directory / "capture.json").write_text('{"version": 1, "model": "tiny"}\n')

    def numbers(*shape: int) -> np.ndarray:
        """Values in [-1, 1) that are the same everywhere."""
        count = math.prod(shape)
        return ((np.arange(count) * 37 % 101 / 50.5 - 1).astype(np.float32)).reshape(shape)

    weights = {"table": numbers(8, 4), "dense.weight": numbers(6, 4)[::-1].copy(), "dense.bias": numbers(6)}
    write_safetensors(directory / "weights.safetensors", weights)

    recorder = Recorder(directory)
    recorder.operator("embed", "embedding")
    recorder.operator("layer.0.add", "add")
    recorder.operator("layer.0.dense", "linear")
    recorder.operator("layer.0.act", "gelu")
    recorder.operator("layer.0.blend", "add", "layer.0.blend.mul")
    recorder.operator("split", "slice", "split.slice")
    recorder.operator("reshape", "reshape")
    recorder.operator("ge", "ge")
    recorder.operator("offset", "add")
    # Samples 0 to 3, and with the variant of that name what is at the edges: no rows, not finite, nearly zero.
    edges = ((0, 1), (3, np.inf), (3, np.nan), (2, 2.0**-140)) if variant == "edges" else ()
    for rows, factor in (*edges, (2, 1), (3, 1), (2, 100), (2, 1)):
        x = np.ascontiguousarray(numbers(rows, 4)[:, ::-1])
        x[-1:] *= np.float32(factor)
        run(recorder, weights, x, np.array([1, 7, 4][:rows], np.int64))

    index = {
        "version": 2,
        "graph_sha256": sha256((directory / "graph.mlir").read_bytes()),
        "weights_sha256": sha256((directory / "weights.safetensors").read_bytes()),
        "source": {"framework": "numpy", "version": "1"},
        "complete": True,
    }
    spoil(variant, recorder, index)
    for name, content in recorder.files.items():
        (directory / "records" / name).write_bytes(content)
    index["data"] = [{"file": name, "bytes": len(content)} for name, content in recorder.files.items()]
    index["samples"] = []
    for number, visits in enumerate(recorder.visits):
        lines = "".join(json.dumps(visit) + "\n" for visit in visits)
        file = f"sample-{number}.jsonl"
        (directory / "records" / file).write_text(lines)
        entry = {"sample": number, "file": file, "sha256": sha256(lines.encode()), "visits": len(visits)}
        index["samples"].append(entry)
    index["operators"] = list(recorder.operators.values())
    (directory / "records" / "records.json").write_text(json.dumps(index, indent=1) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("variants", nargs="*")
    arguments = parser.parse_args()
    for variant in arguments.variants:
        write(arguments.directory / variant, variant)
    if not arguments.variants:
        write(arguments.directory, "")


if __name__ == "__main__":
    main()
