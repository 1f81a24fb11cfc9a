/// Which target stands in which ring, and what may be imported where.
struct RingTable {
  enum Place: Equatable {
    /// Swift targets, 0 being the innermost ring.
    case ring(Int)
    /// C code and system libraries: leaves, open to the named targets alone.
    case native(openTo: Set<String>)
    /// What serves the tests and is in no program.
    case beside
    /// Tests see everything, nothing sees them.
    case test
  }

  var rings: [Set<String>]
  var native: [String: Set<String>]
  var beside: Set<String>
  /// Modules of other packages that only the named targets may import.
  var reserved: [String: Set<String>]

  /// The rings of `docs/architecture.md`.
  static let house = RingTable(
    rings: [
      [
        "Encoding", "Domain", "YAML", "ModelGraph", "Artifacts", "Inspection", "Lifting", "ONNXExport",
        "Inference",
        "Documents", "Threats", "Advisories", "Gates", "ModelTests", "Access",
        "Provenance", "Statements", "Packaging", "Monitoring", "Rollouts", "Alerting",
      ],
      ["Lifecycle"],
      ["Storage", "Distribution", "Fleet", "ControlAPI", "Serving", "Engines", "Signers", "Relay"],
      ["gatehouse", "gatehouse-runtime", "confinement-probe"],
    ],
    native: [
      "CBoringSSL": ["Provenance"],
      "CZlib": ["Artifacts", "Packaging", "Serving"],
      "CBZip2": ["Artifacts"], "CLZMA": ["Artifacts"], "CLZ4": ["Artifacts"], "CYAML": ["YAML"],
      "CDescriptorPassing": ["Fleet", "Serving", "CSpawn"], "CSpawn": ["Fleet", "Engines", "Signers"],
      "CConfinement": ["Serving", "ServingTests", "confinement-probe"],
      "CForbiddenActs": ["confinement-probe"],
      "CKernels": ["Inference"], "gatehouse-onnx": [],
    ],
    beside: ["TestKit"],
    reserved: [
      "GRDB": ["Storage"],
      "Hummingbird": ["ControlAPI", "Distribution"],
    ])

  /// The C library's functions that map numbers to numbers and nothing else: what rings 0 and 1 may import of it.
  static let mathematics: Set<String> = [
    "exp", "exp2", "expm1", "log", "log1p", "log2", "log10", "pow", "sqrt", "cbrt", "hypot", "sin", "cos",
    "tan",
    "asin", "acos", "atan", "atan2", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "erf", "erfc",
    "lgamma",
    "tgamma", "expf", "logf", "powf", "tanhf", "fma", "fmaf",
  ]
  /// The C library, by the platform it is for.
  static let cLibraries: Set<String> = ["Glibc", "Musl", "Darwin"]
  /// Modules that come with the toolchain and need no declaration.
  static let toolchain: Set<String> = [
    "Dispatch", "Foundation", "FoundationEssentials", "FoundationNetworking", "RegexBuilder",
    "Synchronization",
    "Testing", "Glibc", "Musl", "Darwin",
  ]

  func place(of target: PackageDescription.Target) -> Place? {
    if target.kind == .test { return .test }
    if let openTo = native[target.name] { return .native(openTo: openTo) }
    if beside.contains(target.name) { return .beside }
    return rings.firstIndex { $0.contains(target.name) }.map { .ring($0) }
  }

  /// Whether an arrow from a target to a sibling points inward.
  func allows(from: Place, named name: String, to: Place) -> Bool {
    switch (from, to) {
    case (_, .test): false
    case (.test, _): true
    case (_, .native(let openTo)): openTo.contains(name)
    case (.native, _): false
    case (.beside, .ring(let inner)): inner <= 1
    case (.beside, .beside): true
    case (.ring, .beside): false
    // Entities know entities and use cases may call each other; gateways and programs stand alone.
    case (.ring(let outer), .ring(let inner)): inner < outer || (inner == outer && outer <= 1)
    }
  }
}
