extension AllowList {
  /// Names of Python itself whose use has no effect beyond the value it makes.
  static let python: [Section] = [
    (.constructor(.set), [("builtins", "set")]),
    (.constructor(.frozenSet), [("builtins", "frozenset")]),
    (.constructor(.bytes), [("builtins", "bytes")]),
    (.constructor(.byteArray), [("builtins", "bytearray")]),
    (.constructor(.latin1Bytes), [("_codecs", "encode")]),
    (.constructor(.reconstructor), [("copyreg", "_reconstructor")]),
    (
      .constructor(.instance),
      [
        ("builtins", "slice range complex"),
        ("datetime", "date datetime time timedelta timezone"),
        ("decimal", "Decimal"),
        ("fractions", "Fraction"),
        ("pathlib", "PosixPath PurePosixPath WindowsPath PureWindowsPath"),
      ]
    ),
    (.constructor(.mapping), [("collections", "OrderedDict defaultdict Counter")]),
    (.constructor(.sequence), [("collections", "deque")]),
    (.instanceClass, [("uuid", "UUID"), ("types", "SimpleNamespace")]),
    (.valueClass, [("builtins", "object int float bool str list dict tuple")]),
  ]
}
