import Artifacts
import Domain

/// Says of each node of a skops schema what loading it would do.
struct SkopsJudge {
  private static let limit = 100

  private let place: Subject
  private let members: Set<String>
  private(set) var findings: [Finding] = []
  private var said: Set<String> = []

  init(place: Subject, members: Set<String>) {
    self.place = place
    self.members = members
  }

  mutating func judge(_ node: SkopsNode) {
    guard !node.isOdd, let module = node.module, let name = node.name, let loader = node.loader else {
      add(.skopsStructure, "expected the class, module and loader of a node, found less", node)
      return
    }
    let global = PickleGlobal(module: module, name: name)
    let spelled = "\(module).\(name)".escaped(limit: 120)
    let kind = loader.escaped(limit: 40)
    if !Self.loaders.contains(loader) {
      add(.skopsUnknown, "expected a kind of node that skops has, found '\(kind)' for \(spelled)", node)
    }
    if let file = node.file, !OutsidePath.isInside(file) {
      add(.skopsStructure, "expected a member of the archive, found '\(file.escaped(limit: 120))'", node)
    }
    switch loader {
    case "JsonNode":
      // The node is trusted whatever its class is; a method node goes by that class.
      guard module == "builtins", Self.primitives.contains(name) else {
        add(.skopsStructure, "expected a plain value in a JsonNode, found \(spelled)", node)
        return
      }
      return
    case "OperatorFuncNode":
      guard module == "operator", ["attrgetter", "itemgetter", "methodcaller"].contains(name) else {
        add(.skopsName, "would call \(spelled) as \(kind) on load", node)
        return
      }
      add(.skopsUnknown, "expected data, found the function \(spelled)", node)
      return
    case "PartialNode":
      guard module == "functools", name == "partial" else {
        add(.skopsName, "would call \(spelled) as \(kind) on load", node)
        return
      }
      add(.skopsUnknown, "expected data, found the function \(spelled)", node)
      return
    case "MethodNode":
      let method = node.function ?? ""
      if method.hasPrefix("_") || TemplateNames.calls.contains(method)
        || TemplateNames.attributes.contains(method)
      {
        add(.skopsName, "would reach '\(method.escaped(limit: 60))' of \(spelled) on load", node)
        return
      }
      add(.skopsUnknown, "expected data, found the method '\(method.escaped(limit: 60))' of \(spelled)", node)
    case "FunctionNode":
      if let module = node.functionModule, let function = node.function {
        let loaded = PickleGlobal(module: module, name: function)
        if loaded != global { judge(loaded, "\(module).\(function)".escaped(limit: 120), kind, node) }
      }
    case "CachedNode": return
    default: break
    }
    judge(global, spelled, kind, node)
  }

  private mutating func judge(_ global: PickleGlobal, _ spelled: String, _ kind: String, _ node: SkopsNode) {
    if global.isAllowed || Self.values.contains(spelled) || Self.isNumPyType(global) { return }
    if NameOrigin(global).hasEffects {
      add(.skopsName, "would import \(spelled) as \(kind) on load", node)
    } else {
      add(.skopsUnknown, "expected an estimator or value that is known, found \(spelled)", node)
    }
  }

  /// The types of NumPy's elements, by any of their modules.
  private static func isNumPyType(_ global: PickleGlobal) -> Bool {
    let module = global.module
    guard
      module == "numpy" || module == "numpy.dtypes" || module.hasPrefix("numpy.random")
        || module == "numpy.ma"
    else { return false }
    if module == "numpy" { return numPyTypes.contains(global.name) }
    if module == "numpy.dtypes" { return global.name.hasSuffix("DType") }
    return ["RandomState", "Generator", "MT19937", "PCG64", "PCG64DXSM", "Philox", "SFC64", "MaskedArray"]
      .contains(global.name)
  }

  private mutating func add(_ rule: Rule, _ message: String, _ node: SkopsNode) {
    guard findings.count < Self.limit, said.insert(message).inserted else { return }
    findings.append(rule.finding(message, member: place.member, offset: node.offset))
  }

  private static let loaders: Set<String> = [
    "DictNode", "DefaultDictNode", "ListNode", "SetNode", "TupleNode", "BytesNode", "BytearrayNode",
    "SliceNode",
    "FunctionNode", "MethodNode", "PartialNode", "TypeNode", "ConstructorFromReduceNode", "ObjectNode",
    "JsonNode",
    "OperatorFuncNode", "NdArrayNode", "MaskedArrayNode", "DTypeNode", "RandomStateNode",
    "RandomGeneratorNode",
    "SparseMatrixNode", "LossNode", "TreeNode", "_DictWithDeprecatedKeysNode", "QuantileForestNode",
    "CachedNode",
    "SGDNode", "ZoneInfoNode",
  ]

  private static let primitives: Set<String> = ["str", "int", "float", "bool", "NoneType"]

  /// Names of Python's own that are values, as types and as containers.
  private static let values: Set<String> = [
    "builtins.str", "builtins.int", "builtins.float", "builtins.bool", "builtins.complex",
    "builtins.NoneType",
    "builtins.dict", "builtins.list", "builtins.tuple", "builtins.set", "builtins.frozenset",
    "builtins.bytes",
    "builtins.bytearray", "builtins.slice", "builtins.range", "builtins.object", "builtins.type",
    "collections.OrderedDict", "collections.defaultdict", "collections.Counter", "collections.deque",
    "datetime.datetime", "datetime.date", "datetime.timedelta", "datetime.timezone", "decimal.Decimal",
    "uuid.UUID",
    "zoneinfo.ZoneInfo", "fractions.Fraction", "numpy.ma.MaskedArray", "numpy.ma.core.MaskedArray",
  ]

  private static let numPyTypes: Set<String> = [
    "ndarray", "matrix", "dtype", "generic", "bool", "bool_", "int8", "int16", "int32", "int64", "uint8",
    "uint16",
    "uint32", "uint64", "float16", "float32", "float64", "longdouble", "complex64", "complex128", "str_",
    "bytes_",
    "object_", "datetime64", "timedelta64", "void", "intc", "longlong", "ulonglong", "intp", "uintp",
    "number",
    "floating", "integer", "int_", "float_", "nan", "inf", "float128", "memmap",
  ]
}
