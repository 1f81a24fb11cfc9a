import Artifacts

/// Names of the standard library that honest pickles hold and that do nothing by being there.
///
/// What they wrap is judged by its own name, and calling what they make is a finding of its own.
enum InertNames {
  /// Whether making one, from whatever arguments, has no effect: `functools.partial`, `re._compile`.
  static func isConstructor(_ global: PickleGlobal) -> Bool { constructors.contains(global) }

  /// Whether keeping the function or class as a value has no effect, though calling it may: `operator.add`,
  /// `math.log`, `len`.
  static func isValue(_ global: PickleGlobal) -> Bool {
    if constructors.contains(global) || values.contains(global) { return true }
    switch global.module {
    case "builtins":
      // `str.split`, as a tokenizer.
      let parts = global.name.split(separator: ".", omittingEmptySubsequences: false)
      return parts.count == 2 && plainTypes.contains(String(parts[0]))
        && (!parts[1].hasPrefix("_") || parts[1] == "__new__")
    case "math", "cmath", "statistics", "numbers", "typing", "collections.abc":
      return !global.name.contains(".") && !global.name.hasPrefix("__")
    default: return false
    }
  }

  /// Types whose methods take and give values.
  static let plainTypes: Set<String> = [
    "object", "str", "bytes", "list", "dict", "tuple", "int", "float", "set", "frozenset", "bytearray",
    "bool",
    "complex",
  ]

  /// Whether the name is one of Python's exceptions: an instance of one is its arguments.
  private static func exceptions() -> [String] {
    """
    ArithmeticError AssertionError AttributeError BaseException BufferError BytesWarning DeprecationWarning \
    EOFError EnvironmentError Exception FloatingPointError FutureWarning IOError ImportError ImportWarning \
    IndexError KeyError KeyboardInterrupt LookupError MemoryError NameError NotImplementedError OSError \
    OverflowError PendingDeprecationWarning ReferenceError RuntimeError RuntimeWarning StopIteration \
    SyntaxError SyntaxWarning SystemError TypeError UnicodeDecodeError UnicodeEncodeError UnicodeError \
    UnicodeWarning UserWarning ValueError Warning ZeroDivisionError
    """.split(separator: " ").map(String.init)
  }

  private static let constructors: Set<PickleGlobal> = {
    var names = set([
      ("functools", "partial partialmethod cmp_to_key"), ("_functools", "partial cmp_to_key"),
      ("operator", "itemgetter attrgetter methodcaller"), ("_operator", "itemgetter attrgetter methodcaller"),
      ("re", "_compile RegexFlag"), ("logging", "getLogger Logger RootLogger"),
      ("types", "MappingProxyType MethodType"), ("_io", "BytesIO StringIO"), ("io", "BytesIO StringIO"),
      ("collections", "UserDict UserList UserString ChainMap"), ("itertools", "count"),
      ("random", "Random"), ("array", "_array_reconstructor array"), ("time", "struct_time"),
      ("copyreg", "__newobj__ __newobj_ex__"), ("copy_reg", "__newobj__"), ("http", "HTTPStatus"),
      ("zoneinfo", "ZoneInfo ZoneInfo._unpickle"), ("statistics", "NormalDist"), ("threading", "local"),
      ("pathlib._local", "PosixPath PurePosixPath WindowsPath PureWindowsPath"),
      ("ipaddress", "IPv4Address IPv6Address IPv4Network IPv6Network IPv4Interface IPv6Interface"),
      ("inspect", "Signature Parameter _ParameterKind _empty"), ("weakref", "WeakKeyDictionary WeakSet"),
      ("_weakrefset", "WeakSet"),
      ("dataclasses", "_DataclassParams Field _MISSING_TYPE _HAS_DEFAULT_FACTORY_CLASS _FIELD_BASE"),
      ("argparse", "Namespace"), ("_collections", "_tuplegetter"),
      ("datetime", "date.fromisoformat timezone"), ("decimal", "Context"), ("uuid", "SafeUUID"),
      ("builtins", "property classmethod staticmethod"),
    ])
    for name in exceptions() { names.insert(PickleGlobal(module: "builtins", name: name)) }
    return names
  }()

  private static let values: Set<PickleGlobal> = {
    let operators = """
      abs add and_ concat contains countOf eq floordiv ge getitem gt index indexOf inv invert is_ is_not le \
      lshift lt matmul mod mul ne neg not_ or_ pos pow rshift sub truediv truth xor
      """
    return set([
      ("operator", operators), ("_operator", operators), ("abc", "ABC ABCMeta abstractmethod"),
      (
        "enum",
        "Enum EnumMeta EnumType Flag IntEnum IntFlag StrEnum Enum.__new__ Flag.__new__ IntEnum.__new__"
      ),
      (
        "builtins",
        """
        abs all any ascii bin callable hasattr chr classmethod divmod ellipsis Ellipsis enumerate hash hex id \
        isinstance issubclass len map max min NotImplemented oct ord pow property range repr reversed round \
        slice sorted staticmethod sum super type zip complex bytes bytearray frozenset set memoryview \
        NoneType
        """
      ),
      ("types", "NoneType GenericAlias UnionType EllipsisType ModuleType DynamicClassAttribute"),
      ("_abc", "_abc_data"),
      ("dataclasses", "MISSING _MISSING_TYPE _HAS_DEFAULT_FACTORY _FIELD _FIELD_CLASSVAR _FIELD_INITVAR"),
      ("string", "capwords"), ("unicodedata", "normalize"), ("copy", "copy deepcopy"),
      ("re", "Pattern"), ("functools", "wraps"), ("itertools", "chain"),
    ])
  }()

  private static func set(_ lists: [(module: String, names: String)]) -> Set<PickleGlobal> {
    var names: Set<PickleGlobal> = []
    for list in lists {
      for name in list.names.split(separator: " ") {
        names.insert(PickleGlobal(module: list.module, name: String(name)))
      }
    }
    return names
  }
}
