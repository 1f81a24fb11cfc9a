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
        // Where Python 3.13 has moved them.
        ("pathlib._local", "PosixPath PurePosixPath WindowsPath PureWindowsPath"),
        (
          "ipaddress",
          "IPv4Address IPv4Interface IPv4Network IPv6Address IPv6Interface IPv6Network"
        ),
        ("array", "array"),
        ("random", "Random"),
      ]
    ),
    (.constructor(.mapping), [("collections", "OrderedDict defaultdict Counter")]),
    (.constructor(.sequence), [("collections", "deque")]),
    (.constructor(.instanceOfArgument), [("array", "_array_reconstructor")]),
    (
      .instanceClass,
      [
        ("uuid", "UUID"), ("types", "SimpleNamespace"), ("argparse", "Namespace"),
        ("collections", "ChainMap UserDict UserList UserString"),
      ]
    ),
    (.valueClass, [("builtins", "object int float bool str list dict tuple Ellipsis NotImplemented")]),
  ]
}
