"""Calls of the Open Inference Protocol over gRPC as bytes, made without its libraries: for scripts/fuzz-clients."""

import struct

SERVICE = "/inference.GRPCInferenceService/"


def varint(value):
    found = bytearray()
    while value >= 128:
        found.append(value % 128 + 128)
        value //= 128
    return bytes([*found, value])


def field(number, value):
    """A field of bytes, texts and messages, or of a whole number."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def tensor(name, datatype, shape, contents=b""):
    packed = b"".join(varint(size) for size in shape)
    return field(1, name) + field(2, datatype) + field(3, packed) + (field(5, contents) if contents else b"")


def message(payload):
    """A message as gRPC frames it, uncompressed."""
    return b"\0" + struct.pack(">I", len(payload)) + payload


def calls(model, feature_count=4):
    """Calls with the path of each and the message that is right."""
    values = struct.pack(f"<{feature_count}d", *range(feature_count))
    typed = tensor("input", "FP64", [1, feature_count], field(7, values))
    raw = tensor("input", "FP64", [1, feature_count])
    infer = field(1, model) + field(3, "q7")
    name = field(1, model)
    found = [
        ("ModelInfer", infer + field(5, typed)),
        ("ModelInfer", infer + field(5, raw) + field(7, values)),
        ("ModelInfer", infer + field(5, raw) + field(6, field(1, "predict")) + field(7, values)),
        ("ModelStreamInfer", infer + field(5, raw) + field(7, values)),
        ("ServerLive", b""),
        ("ServerReady", b""),
        ("ModelReady", name),
        ("ServerMetadata", b""),
        ("ModelMetadata", name),
        ("ModelStatistics", name),
        ("RepositoryIndex", b""),
        ("RepositoryModelLoad", field(2, model)),
        ("Nothing", b""),
    ]
    services = [(SERVICE + call, payload) for call, payload in found]
    return services + [
        ("/grpc.health.v1.Health/Check", field(1, "")),
        ("/grpc.health.v1.Health/List", b""),
        ("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", field(7, "")),
    ]
