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
  var parameters = XGBoostParameters()
  /// The trees so far, where they are kept.
  var forest: [XGBoostNodes] = []
  let keepsTrees: Bool
  /// How many trees a round makes, as the configuration says.
  private var configuredTrees: Int64?
  private var hasBooster = false

  init(_ bytes: ArraySlice<UInt8>, keepsTrees: Bool) {
    self.bytes = bytes
    self.keepsTrees = keepsTrees
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
    if faults.list.isEmpty { parameters.take(totals) }
    if parameters.parallelTrees == nil { parameters.parallelTrees = configuredTrees }
    return XGBoostModel(
      form: form, hasBooster: hasBooster, treeCount: totals.treeCount, faults: faults.list,
      parameters: parameters, forest: forest)
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

  /// The numbers of an array that was read over before, in single precision.
  func singles(of numbers: XGBoostNumbers) throws(MalformedBytes) -> [Float] {
    var again = Cursor(bytes, at: numbers.offset, depth: Self.depth)
    _ = try again.next()
    var values: [Float] = []
    values.reserveCapacity(numbers.count)
    for _ in 0..<numbers.count {
      _ = try again.next()
      values.append(again.single ?? .nan)
    }
    return values
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
      case "Config":
        try beginObject()
        try configuration()
      case "version":
        let numbers = try numbers()
        parameters.version = try values(of: numbers).prefix(3).map(Int.init)
      default: try cursor.skipValue()
      }
    }
  }

  /// The `Model` of a document that holds a configuration too, as pickles do.
  private mutating func model() throws(MalformedBytes) {
    var seen: Set<String> = []
    while let name = try nextName(&seen) {
      switch name {
      case "learner":
        try beginObject()
        try learner()
      case "version":
        let numbers = try numbers()
        parameters.version = try values(of: numbers).prefix(3).map(Int.init)
      default: try cursor.skipValue()
      }
    }
  }

  /// The `Config` of such a document: up to 1.5 it alone says how many trees a round makes.
  private mutating func configuration() throws(MalformedBytes) {
    let ways: Set = ["learner", "gradient_booster", "gbtree", "gbtree_train_param"]
    var depth = 1
    while depth > 0 {
      // Within objects there are names and ends.
      guard case .name(let name) = try cursor.next() else {
        depth -= 1
        continue
      }
      if name == "num_parallel_tree" {
        configuredTrees = try count()
        continue
      }
      let token = try cursor.next()
      if token == .beginObject, ways.contains(name) {
        depth += 1
      } else {
        try cursor.skip(token)
      }
    }
  }

  private mutating func learner() throws(MalformedBytes) {
    var seen: Set<String> = []
    while let name = try nextName(&seen) {
      switch name {
      case "gradient_booster":
        try beginObject()
        if hasBooster {
          faults.add(.duplicate, "expected one booster, found another", at: cursor.offset)
        }
        hasBooster = true
        try booster()
      case "objective":
        try beginObject()
        for (name, value) in try texts() where name == "name" { parameters.objective = value }
      case "attributes":
        try beginObject()
        parameters.attributes = try texts()
      case "feature_names": parameters.featureNames = try strings()
      case "feature_types": parameters.featureTypes = try strings()
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
      case "base_score":
        let token = try cursor.next()
        if case .string(let text) = token {
          parameters.takeBaseScores(text)
        } else {
          try cursor.skip(token)
        }
      default: try cursor.skipValue()
      }
    }
  }

  /// The members of an object that are text; of members of one name the last.
  private mutating func texts() throws(MalformedBytes) -> [String: String] {
    var texts: [String: String] = [:]
    var seen: Set<String> = []
    while let name = try nextName(&seen) {
      let token = try cursor.next()
      if case .string(let text) = token {
        if keepsTrees || name == "name" { texts[name] = text }
      } else {
        try cursor.skip(token)
      }
    }
    return texts
  }

  /// The texts of an array; empty where anything else is among them or they are not kept.
  private mutating func strings() throws(MalformedBytes) -> [String] {
    let first = try cursor.next()
    guard first == .beginArray else {
      try cursor.skip(first)
      return []
    }
    var strings: [String] = []
    var areTexts = true
    while true {
      let token = try cursor.next()
      if token == .endArray { return areTexts ? strings : [] }
      if case .string(let text) = token {
        if keepsTrees { strings.append(text) }
      } else {
        areTexts = false
        try cursor.skip(token)
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
      case "name":
        let token = try cursor.next()
        if case .string(let text) = token {
          parameters.booster = text
        } else {
          try cursor.skip(token)
        }
      case "weight_drop":
        let numbers = try numbers()
        totals.dropped = numbers
        if keepsTrees { parameters.treeWeights = try singles(of: numbers) }
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
          switch name {
          case "num_trees": totals.declaredTrees = try count()
          case "num_parallel_tree": parameters.parallelTrees = try count()
          default: try cursor.skipValue()
          }
        }
      case "tree_info":
        let numbers = try numbers()
        totals.groups = numbers
        if keepsTrees { parameters.groups = try values(of: numbers) }
      case "iteration_indptr":
        let numbers = try numbers()
        totals.rounds = numbers
        if keepsTrees { parameters.rounds = try values(of: numbers) }
      case "weights":
        let numbers = try numbers()
        totals.weights = numbers
        if keepsTrees { parameters.weights = try singles(of: numbers) }
      case "cats":
        try beginObject()
        var inner: Set<String> = []
        while let name = try nextName(&inner) {
          let token = try cursor.next()
          guard name == "enc", token == .beginArray else {
            try cursor.skip(token)
            continue
          }
          while true {
            let token = try cursor.next()
            if token == .endArray { break }
            parameters.hasCategoryNames = true
            try cursor.skip(token)
          }
        }
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
