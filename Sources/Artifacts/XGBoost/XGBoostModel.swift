import Encoding

/// What reading an XGBoost model found; its trees are checked one by one, and kept where they are asked for.
public struct XGBoostModel: Sendable {
  /// The three forms that XGBoost has written models in.
  public enum Form: String, Sendable {
    case json = "JSON"
    case ubjson = "UBJSON"
    case binary
  }

  /// The form of the bytes.
  public let form: Form
  /// Whether a booster was found: where not, and there is damage, the bytes may be something else.
  public let hasBooster: Bool
  /// How many trees were read.
  public let treeCount: Int
  /// What is wrong, in the order of the bytes.
  public let faults: [ModelFault]
  /// What the model says of itself.
  public internal(set) var parameters: XGBoostParameters
  /// The trees in their order, where they were asked for: only those without faults.
  public let forest: [XGBoostNodes]
}

extension XGBoostModel {
  /// The form that bytes begin like, if any: `{"learner"`, `{L`, `binf`.
  ///
  /// The binary form before 1.0 has no magic; see `beginsUnmarkedBinary`.
  public static func form(of bytes: ArraySlice<UInt8>) -> Form? {
    if bytes.starts(with: "binf".utf8) { return .binary }
    guard bytes.first == UInt8(ascii: "{") else { return nil }
    if let type = bytes.dropFirst().first, "LlIUi$#".utf8.contains(type) { return .ubjson }
    let start = String(decoding: bytes.prefix(512), as: UTF8.self)
    let isText = ["\"learner\"", "\"gradient_booster\"", "\"Model\""].contains { start.contains($0) }
    return isText ? .json : nil
  }

  /// Whether bytes begin like the binary form before 1.0: a header of fixed size and the names of an objective
  /// and a booster.
  public static func beginsUnmarkedBinary(_ bytes: ArraySlice<UInt8>) -> Bool {
    var reader = ByteReader(bytes.prefix(512))
    guard (try? reader.read(XGBoostBinaryReader.headerLength, "the header")) != nil,
      (try? XGBoostBinaryReader.name(&reader, "an objective")) != nil,
      let booster = try? XGBoostBinaryReader.name(&reader, "a booster")
    else { return false }
    return XGBoostBinaryReader.boosters.contains(booster)
  }

  /// Reads a model in its form.
  ///
  /// Takes time in proportion to the bytes, and memory for one tree at a time; for all of them where
  /// `keepingTrees` asks for that.
  public static func read(
    _ bytes: ArraySlice<UInt8>, as form: Form, keepingTrees: Bool = false
  ) -> XGBoostModel {
    switch form {
    case .json:
      var reader = XGBoostReader<JSONCursor>(bytes, keepsTrees: keepingTrees)
      return reader.read(as: form)
    case .ubjson:
      var reader = XGBoostReader<UBJSONCursor>(bytes, keepsTrees: keepingTrees)
      return reader.read(as: form)
    case .binary:
      var reader = XGBoostBinaryReader(bytes, keepsTrees: keepingTrees)
      return reader.read()
    }
  }

  /// Reads what a pickled `xgboost.core.Booster` keeps as its handle; nil where it is in none of the forms.
  ///
  /// From 1.0 to 1.5 that is `CONFIG-offset:`, the length of the model as 64 bits, the model, and its
  /// configuration.
  public static func readHandle(_ bytes: ArraySlice<UInt8>, keepingTrees: Bool = false) -> XGBoostModel? {
    var bytes = bytes
    var configuration: ArraySlice<UInt8> = []
    let mark = "CONFIG-offset:"
    if bytes.starts(with: mark.utf8) {
      var reader = ByteReader(bytes)
      guard (try? reader.read(mark.utf8.count, "the mark")) != nil,
        let length = try? reader.readLittleEndian(Int64.self, "the length of the model"),
        let length = Int(exactly: length), let model = try? reader.read(length, "the model")
      else { return nil }
      bytes = model
      if keepingTrees { configuration = reader.bytes.dropFirst(reader.offset) }
    }
    guard let form = form(of: bytes) ?? (beginsUnmarkedBinary(bytes) ? .binary : nil) else { return nil }
    var model = read(bytes, as: form, keepingTrees: keepingTrees)
    if model.parameters.parallelTrees == nil { model.parameters.takeConfiguration(configuration) }
    return model
  }
}

/// The numbers that models of every form have, and how they must agree.
struct XGBoostTotals {
  var treeCount = 0
  var declaredTrees: Int64?
  var featureCount: Int64?
  var classCount: Int64?
  var targetCount: Int64?
  /// The highest feature that a split looks at, and the tree.
  var highestFeature: (feature: Int64, tree: Int)?
  /// How many entries `tree_info` has, and the range of them.
  var groups: XGBoostNumbers?
  var dropped: XGBoostNumbers?
  var rounds: XGBoostNumbers?
  var weights: XGBoostNumbers?

  /// More columns, classes or targets than any model has, each of which costs its reader memory.
  private static let absurd: Int64 = 1 << 31

  /// Checks what the parts of a model say about each other; of one that breaks off only what was read.
  func check(_ faults: inout ModelFaults, isWhole: Bool) {
    for (name, value) in [
      ("num_feature", featureCount), ("num_class", classCount), ("num_target", targetCount),
      ("num_trees", declaredTrees),
    ] {
      if let value, value < 0 || value > Self.absurd {
        faults.add(.structure, "expected \(name) from 0 to \(Self.absurd), found \(value)", at: 0)
      }
    }
    if let featureCount, let (feature, tree) = highestFeature, feature >= featureCount {
      faults.add(
        .structure, "expected features below \(featureCount) in tree \(tree), found feature \(feature)", at: 0
      )
    }
    guard isWhole else { return }
    if let declaredTrees, declaredTrees != Int64(treeCount) {
      faults.add(.structure, "expected \(declaredTrees) trees, as num_trees says, found \(treeCount)", at: 0)
    }
    let outputs = max(1, classCount ?? 0, targetCount ?? 0)
    if let groups {
      groups.expect(treeCount, named: "tree_info", within: 0...(outputs - 1), &faults)
    }
    dropped?.expect(treeCount, named: "weight_drop", within: nil, &faults)
    if let rounds {
      if !rounds.isAscending || rounds.lowest.map({ $0 < 0 }) == true
        || rounds.highest.map({ $0 > Int64(treeCount) }) == true
      {
        faults.add(
          .structure, "expected iteration_indptr to ascend from 0 to \(treeCount), found others",
          at: rounds.offset)
      }
    }
    if let weights, let featureCount, featureCount >= 0 {
      let (product, overflow) = (featureCount &+ 1).multipliedReportingOverflow(by: outputs)
      if overflow || Int64(weights.count) < product {
        faults.add(
          .structure,
          "expected weights for \(featureCount) features and \(outputs) outputs, found \(weights.count)",
          at: weights.offset)
      }
    }
  }
}

/// An array of numbers in a model: where it is and what is in it, without the numbers.
struct XGBoostNumbers {
  var offset = 0
  var count = 0
  var lowest: Int64?
  var highest: Int64?
  var isAscending = true
  private var last: Int64?

  mutating func add(_ number: Int64?) {
    count += 1
    guard let number else { return }
    lowest = min(lowest ?? number, number)
    highest = max(highest ?? number, number)
    if let last, number < last { isAscending = false }
    last = number
  }

  func expect(
    _ expected: Int, named name: String, within range: ClosedRange<Int64>?, _ faults: inout ModelFaults
  ) {
    if count != expected {
      faults.add(.structure, "expected \(expected) numbers in \(name), found \(count)", at: offset)
    }
    guard let range else { return }
    for number in [lowest, highest] {
      guard let number, !range.contains(number) else { continue }
      faults.add(
        .structure,
        "expected numbers from \(range.lowerBound) to \(range.upperBound) in \(name), found \(number)",
        at: offset)
      return
    }
  }
}
