import Encoding

/// Reads the JSON and UBJSON forms of a model token by token.
///
/// The schema is XGBoost's own (doc/model.schema); what is not in it is read over. Every function here reads one
/// level of it, so nothing recurses.
struct XGBoostReader<Cursor: StructureCursor> {
  /// How deep XGBoost's own documents nest is 8 levels.
  private static var depth: Int { 64 }

  let bytes: ArraySlice<UInt8>
  var cursor: Cursor
  var faults = ModelFaults()
  var totals = XGBoostTotals()
  private var hasBooster = false

  init(_ bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
    cursor = Cursor(bytes, at: 0, depth: Self.depth)
  }

  /// Reads all of it.
  mutating func read(as form: XGBoostModel.Form) -> XGBoostModel {
    var isWhole = false
    do throws(MalformedBytes) {
      try beginObject()
      try root()
      // Anything behind the document is refused by the cursor.
      _ = try cursor.next()
      isWhole = true
    } catch {
      if cursor.isTooDeep {
        faults.add(.depth, "expected values at most \(Self.depth) deep, found deeper ones", at: error.offset)
      } else {
        faults.add(ModelFault(error))
      }
    }
    if hasBooster { totals.check(&faults, isWhole: isWhole) }
    return XGBoostModel(
      form: form, hasBooster: hasBooster, treeCount: totals.treeCount, faults: faults.list)
  }

  // MARK: - The pieces of a document

  private func unexpected(_ expected: String) -> MalformedBytes {
    MalformedBytes(offset: cursor.offset, expected: expected, found: "another value")
  }

  private mutating func beginObject() throws(MalformedBytes) {
    guard try cursor.next() == .beginObject else { throw unexpected("an object") }
  }

  /// The name of the next member; nil at the end of the object.
  private mutating func nextName(_ seen: inout Set<String>) throws(MalformedBytes) -> String? {
    guard case .name(let name) = try cursor.next() else { return nil }
    // Only names that are short, and not many: what is longer is none of the schema's.
    if name.utf8.count <= 32, seen.count < 64, !seen.insert(name).inserted {
      faults.add(
        .duplicate, "expected each name once in an object, found '\(name.escaped(limit: 40))' again",
        at: cursor.offset)
    }
    return name
  }

  /// A count, which XGBoost writes as text.
  private mutating func count() throws(MalformedBytes) -> Int64? {
    let token = try cursor.next()
    switch token {
    case .integer(let value): return value
    case .string(let text):
      guard let value = Int64(text) else { throw unexpected("a whole number") }
      return value
    default:
      try cursor.skip(token)
      return nil
    }
  }

  /// Reads over an array of numbers and says what was in it.
  private mutating func numbers() throws(MalformedBytes) -> XGBoostNumbers {
    guard try cursor.next() == .beginArray else { throw unexpected("an array of numbers") }
    var numbers = XGBoostNumbers()
    numbers.offset = cursor.offset
    while true {
      switch try cursor.next() {
      case .integer(let value): numbers.add(value)
      case .bool(let value): numbers.add(value ? 1 : 0)
      case .decimal: numbers.add(nil)
      case .endArray: return numbers
      default: throw unexpected("a number")
      }
    }
  }

  /// The numbers of an array that was read over before; what does not fit is the nearest that does.
  func values(of numbers: XGBoostNumbers) throws(MalformedBytes) -> [Int32] {
    var again = Cursor(bytes, at: numbers.offset, depth: Self.depth)
    _ = try again.next()
    var values: [Int32] = []
    values.reserveCapacity(numbers.count)
    for _ in 0..<numbers.count {
      switch try again.next() {
      case .integer(let value): values.append(Int32(clamping: value))
      case .bool(let value): values.append(value ? 1 : 0)
      // No whole number: no child, feature or category.
      default: values.append(.min)
      }
    }
    return values
  }

  // MARK: - The levels of the schema

  private mutating func root() throws(MalformedBytes) {
    var seen: Set<String> = []
    while let name = try nextName(&seen) {
      switch name {
      case "learner":
        try beginObject()
        try learner()
      case "Model":
        try beginObject()
        try model()
      default: try cursor.skipValue()
      }
    }
  }

  /// The `Model` of a document that holds a configuration too, as pickles do.
  private mutating func model() throws(MalformedBytes) {
    var seen: Set<String> = []
    while let name = try nextName(&seen) {
      guard name == "learner" else {
        try cursor.skipValue()
        continue
      }
      try beginObject()
      try learner()
    }
  }

  private mutating func learner() throws(MalformedBytes) {
    var seen: Set<String> = []
    while let name = try nextName(&seen) {
      switch name {
      case "gradient_booster":
        try beginObject()
        hasBooster = true
        try booster()
      case "learner_model_param":
        try beginObject()
        try learnerParameters()
      default: try cursor.skipValue()
      }
    }
  }

  private mutating func learnerParameters() throws(MalformedBytes) {
    var seen: Set<String> = []
    while let name = try nextName(&seen) {
      switch name {
      case "num_feature": totals.featureCount = try count()
      case "num_class": totals.classCount = try count()
      case "num_target": totals.targetCount = try count()
      default: try cursor.skipValue()
      }
    }
  }

  private mutating func booster() throws(MalformedBytes) {
    var seen: Set<String> = []
    while let name = try nextName(&seen) {
      switch name {
      case "model":
        try beginObject()
        try boosterModel()
      case "gbtree":
        try beginObject()
        try innerBooster()
      case "weight_drop": totals.dropped = try numbers()
      default: try cursor.skipValue()
      }
    }
  }

  /// The tree booster inside a DART booster.
  private mutating func innerBooster() throws(MalformedBytes) {
    var seen: Set<String> = []
    while let name = try nextName(&seen) {
      guard name == "model" else {
        try cursor.skipValue()
        continue
      }
      try beginObject()
      try boosterModel()
    }
  }

  private mutating func boosterModel() throws(MalformedBytes) {
    var seen: Set<String> = []
    while let name = try nextName(&seen) {
      switch name {
      case "gbtree_model_param":
        try beginObject()
        var inner: Set<String> = []
        while let name = try nextName(&inner) {
          if name == "num_trees" { totals.declaredTrees = try count() } else { try cursor.skipValue() }
        }
      case "tree_info": totals.groups = try numbers()
      case "iteration_indptr": totals.rounds = try numbers()
      case "weights": totals.weights = try numbers()
      case "trees":
        guard try cursor.next() == .beginArray else { throw unexpected("an array of trees") }
        while true {
          let token = try cursor.next()
          if token == .endArray { break }
          guard token == .beginObject else { throw unexpected("a tree") }
          try tree()
        }
      default: try cursor.skipValue()
      }
    }
  }

  private mutating func tree() throws(MalformedBytes) {
    var tree = XGBoostTree(number: totals.treeCount, offset: cursor.offset)
    totals.treeCount += 1
    var seen: Set<String> = []
    while let name = try nextName(&seen) {
      if name == "tree_param" {
        try beginObject()
        var inner: Set<String> = []
        while let name = try nextName(&inner) {
          switch name {
          case "num_nodes": tree.nodeCount = try count()
          case "size_leaf_vector": tree.leafLength = try count() ?? 0
          default: try cursor.skipValue()
          }
        }
      } else if name == "id" {
        tree.id = try count()
      } else if XGBoostTree.arrayNames.contains(name) {
        tree.arrays[name] = try numbers()
      } else {
        try cursor.skipValue()
      }
    }
    try check(tree)
  }
}
