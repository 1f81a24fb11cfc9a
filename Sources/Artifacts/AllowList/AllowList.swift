/// What a name on the allow-list is, and so what a pickle may do with it.
enum AllowedGlobal: Sendable {
  /// A class whose instances are attributes and nothing else: made empty, then given a state by BUILD.
  case instanceClass
  /// Such a class that is a dictionary too: its instances also take items.
  case mappingClass
  /// Such a class that is a sequence too: its instances also take items.
  case sequenceClass
  /// A class that is only ever named, never instantiated: `numpy.float64`.
  case valueClass
  /// A function that is only ever named, never called: `numpy.log1p`.
  case valueFunction
  /// Called on load, with a handler that knows what it makes of which arguments.
  case constructor(Constructor)

  /// A call that is understood.
  enum Constructor: Sendable {
    /// Makes an instance of the class itself, from arguments that stay what they are.
    case instance
    /// As `instance`, of a dictionary class.
    case mapping
    /// As `instance`, of a sequence class.
    case sequence
    /// Makes an instance of the class that is its first argument: `newObj`, `__pyx_unpickle_…`.
    case instanceOfArgument
    /// `copyreg._reconstructor(class, base, state)` of protocols 0 and 1.
    case reconstructor
    /// `_codecs.encode(text, 'latin1')`, how protocols 0 to 2 spell bytes.
    case latin1Bytes
    case bytes
    case byteArray
    case set
    case frozenSet
    case numPyReconstruct
    case numPyFromBuffer
    case numPyDataType
    case numPyScalar
    /// `_ufunc_reconstruct(module, name)` of NumPy before 1.20: the universal function of that name, where it is one.
    case numPyUniversalFunction
  }
}

/// Every name that a pickle may import, by exact module and name.
///
/// All else is a finding. Exact pairs, never prefixes or points: a prefix would let in whatever a library adds
/// next to a harmless class, and a dotted name reaches through a class to what it imports.
enum AllowList {
  private static let entries: [PickleGlobal: AllowedGlobal] = {
    var entries: [PickleGlobal: AllowedGlobal] = [:]
    for list in [python, numPy, sciPy, pandas, joblib, estimators, scikitLearn, boosting] {
      for (kind, modules) in list {
        for (module, names) in modules {
          for name in names.split(separator: " ") {
            entries[PickleGlobal(module: module, name: String(name))] = kind
          }
        }
      }
    }
    return entries
  }()

  /// What the name is, where it is on the list.
  static func entry(_ global: PickleGlobal) -> AllowedGlobal? { entries[global] }

  /// A section of the list: what the names are, and the names of each module, separated by spaces.
  typealias Section = (kind: AllowedGlobal, modules: [(module: String, names: String)])

  /// How many names there are.
  static var count: Int { entries.count }
}
