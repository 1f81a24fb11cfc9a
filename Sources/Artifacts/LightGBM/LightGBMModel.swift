import Encoding

/// What reading a LightGBM model found; its trees are checked one by one, and kept where they are asked for.
public struct LightGBMModel: Sendable {
  /// How many trees were read.
  public let treeCount: Int
  /// What is wrong, in the order of the bytes.
  public let faults: [ModelFault]
  /// What the model says of itself.
  public let parameters: LightGBMParameters
  /// The trees in their order, where they were asked for: only those without faults.
  public let forest: [LightGBMNodes]

  /// Whether bytes begin as LightGBM's text does.
  public static func begins(_ bytes: ArraySlice<UInt8>) -> Bool {
    ["tree\nversion=", "tree\r\nversion=", "tree\nnum_class="].contains { bytes.starts(with: $0.utf8) }
  }

  /// Reads a model text up to the end of its trees.
  ///
  /// Takes time in proportion to the bytes, and memory for one tree at a time; for all of them where
  /// `keepingTrees` asks for that.
  public static func read(_ bytes: ArraySlice<UInt8>, keepingTrees: Bool = false) -> LightGBMModel {
    var reader = LightGBMReader(bytes, keepsTrees: keepingTrees)
    return reader.read()
  }
}

/// Reads the text line by line: `key=value`, trees set apart by `Tree=<number>`.
struct LightGBMReader {
  /// A line that matters: where its value is.
  typealias Fields = [String: ArraySlice<UInt8>]

  private static let headerNames: Set<String> = [
    "num_class", "num_tree_per_iteration", "max_feature_idx", "feature_names", "feature_infos", "tree_sizes",
    "version", "objective",
  ]
  private static let treeNames: Set<String> = [
    "num_leaves", "num_cat", "split_feature", "split_gain", "threshold", "decision_type", "left_child",
    "right_child", "leaf_value", "leaf_weight", "leaf_count", "internal_value", "internal_weight",
    "internal_count", "cat_boundaries", "cat_threshold", "is_linear", "leaf_const", "num_features",
    "leaf_features", "leaf_coeff", "shrinkage",
  ]

  private let bytes: ArraySlice<UInt8>
  private var index: Int
  var faults = ModelFaults()
  /// The last column that rows have; nil where the header does not say.
  private(set) var lastFeature: Int64?
  /// Where each tree begins.
  private var starts: [Int] = []
  private var parameters = LightGBMParameters()
  /// The trees so far, where they are kept.
  private var forest: [LightGBMNodes] = []
  private let keepsTrees: Bool

  init(_ bytes: ArraySlice<UInt8>, keepsTrees: Bool) {
    self.bytes = bytes
    self.keepsTrees = keepsTrees
    index = bytes.startIndex
  }

  /// Where a value stands, in bytes from the start.
  func offset(of value: ArraySlice<UInt8>) -> Int { value.startIndex - bytes.startIndex }

  mutating func read() -> LightGBMModel {
    var header: Fields = [:]
    var fields: Fields = [:]
    var hasEnd = false
    while let line = nextLine() {
      if line.starts(with: "Tree=".utf8) {
        finish(&fields, header)
        starts.append(line.startIndex - bytes.startIndex)
      } else if line.elementsEqual("end of trees".utf8) {
        hasEnd = true
        break
      } else if starts.isEmpty, line.elementsEqual("average_output".utf8) {
        parameters.averages = true
      } else if starts.isEmpty {
        add(line, to: &header, known: Self.headerNames)
      } else {
        add(line, to: &fields, known: Self.treeNames)
      }
    }
    finish(&fields, header)
    if !hasEnd {
      faults.add(.damage, "expected the end of the trees, found the end of the text", at: bytes.count)
    }
    checkSizes(header)
    if keepsTrees { readTail() }
    return LightGBMModel(
      treeCount: starts.count, faults: faults.list, parameters: parameters, forest: forest)
  }

  /// Looks for the categories of a frame behind the trees, and for the features that have some.
  private mutating func readTail() {
    let categories = "pandas_categorical:"
    let features = "[categorical_feature: "
    while let line = nextLine() {
      if line.starts(with: features.utf8), line.last == UInt8(ascii: "]") {
        let value = line.dropFirst(features.utf8.count).dropLast()
        parameters.categoricalFeatures = value.split(separator: UInt8(ascii: ",")).map {
          Self.integer($0).flatMap { Int(exactly: $0) } ?? -1
        }
      }
      guard line.starts(with: categories.utf8) else { continue }
      let value = line.dropFirst(categories.utf8.count)
      parameters.hasFrameCategories =
        !["null", "[]", ""].contains { value.elementsEqual($0.utf8) }
      parameters.frameCategories = Self.texts(value)
    }
  }

  /// Lists of texts in JSON; nil where anything else is among them.
  private static func texts(_ value: ArraySlice<UInt8>) -> [[String]]? {
    guard let lists = (try? JSON(parsing: value))?.array else { return nil }
    var texts: [[String]] = []
    for list in lists {
      guard let elements = list.array else { return nil }
      let strings = elements.compactMap(\.string)
      guard strings.count == elements.count else { return nil }
      texts.append(strings)
    }
    return texts
  }

  private mutating func nextLine() -> ArraySlice<UInt8>? {
    guard index < bytes.endIndex else { return nil }
    let end = bytes[index...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.endIndex
    var line = bytes[index..<end]
    index = min(end + 1, bytes.endIndex)
    if line.last == UInt8(ascii: "\r") { line.removeLast() }
    return line
  }

  private mutating func add(_ line: ArraySlice<UInt8>, to fields: inout Fields, known: Set<String>) {
    guard let border = line.prefix(64).firstIndex(of: UInt8(ascii: "=")) else { return }
    let name = String(decoding: line[..<border], as: UTF8.self)
    guard known.contains(name) else { return }
    if fields.updateValue(line[(border + 1)...], forKey: name) != nil {
      faults.add(
        .duplicate, "expected '\(name)' once, found it again", at: line.startIndex - bytes.startIndex)
    }
  }

  /// Checks what was read so far: the header before the first tree, or a tree.
  private mutating func finish(_ fields: inout Fields, _ header: Fields) {
    guard let start = starts.last else { return checkHeader(header) }
    let known = faults.list.count
    let tree = LightGBMTree(number: starts.count - 1, offset: start, fields: fields)
    check(tree)
    if keepsTrees, known == faults.list.count { forest.append(LightGBMNodes(tree)) }
    fields.removeAll(keepingCapacity: true)
  }

  private mutating func checkHeader(_ header: Fields) {
    guard let last = header["max_feature_idx"].flatMap({ Self.integer($0) }), last >= 0,
      last < Int64(Int32.max)
    else {
      return faults.add(.structure, "expected max_feature_idx from 0 to 2147483646, found another", at: 0)
    }
    lastFeature = last
    for name in ["feature_names", "feature_infos"] {
      guard let value = header[name] else { continue }
      let count = Self.words(value).count
      if Int64(count) != last + 1 {
        faults.add(
          .damage, "expected \(last + 1) words in \(name), found \(count)", at: offset(of: value))
      }
    }
    let classes = header["num_class"].flatMap { Self.integer($0) } ?? 1
    let trees = header["num_tree_per_iteration"].flatMap { Self.integer($0) } ?? classes
    if classes < 1 || classes > 1 << 24 || trees < 1 || trees > classes {
      faults.add(
        .structure,
        "expected num_tree_per_iteration from 1 to num_class, found \(trees) and \(classes)", at: 0)
    } else {
      parameters.classCount = Int(classes)
      parameters.treesPerRound = Int(trees)
    }
    parameters.featureCount = Int(last) + 1
    func text(_ name: String) -> String? { header[name].map { String(decoding: $0, as: UTF8.self) } }
    parameters.version = text("version")
    parameters.objective = text("objective")
    if keepsTrees, let names = header["feature_names"] {
      parameters.featureNames = Self.words(names).map { String(decoding: $0, as: UTF8.self) }
    }
  }

  /// LightGBM finds each tree by adding up `tree_sizes`, and does not look where that leads.
  private mutating func checkSizes(_ header: Fields) {
    guard let value = header["tree_sizes"], let first = starts.first else { return }
    // Somebody's editor or version control made the lines longer by a byte each.
    guard !bytes.starts(with: "tree\r\n".utf8) else { return }
    var place = Int64(first)
    var number = 0
    for word in Self.words(value) {
      guard number < starts.count, Int64(starts[number]) == place else {
        return faults.add(
          .structure,
          "expected tree \(number) where tree_sizes says, at byte \(place), found"
            + " \(number < starts.count ? "it at byte \(starts[number])" : "none")", at: offset(of: value))
      }
      let size = Self.integer(word) ?? -1
      let (next, overflow) = place.addingReportingOverflow(size)
      guard size > 0, !overflow else {
        return faults.add(
          .structure, "expected the length of tree \(number) in tree_sizes, found another",
          at: offset(of: value))
      }
      place = next
      number += 1
    }
    if number != starts.count {
      faults.add(
        .structure, "expected \(starts.count) lengths in tree_sizes, found \(number)", at: offset(of: value))
    }
  }

  /// The words of a value, which spaces set apart.
  static func words(_ value: ArraySlice<UInt8>) -> some Collection<ArraySlice<UInt8>> {
    value.lazy.split(separator: UInt8(ascii: " "))
  }

  /// A whole number, as LightGBM writes them.
  static func integer(_ word: ArraySlice<UInt8>) -> Int64? {
    var rest = word
    let isNegative = rest.first == UInt8(ascii: "-")
    if isNegative { rest.removeFirst() }
    guard !rest.isEmpty, rest.count < 20 else { return nil }
    var value: Int64 = 0
    for byte in rest {
      let digit = byte &- UInt8(ascii: "0")
      guard digit < 10 else { return nil }
      let (product, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = product.addingReportingOverflow(Int64(digit))
      guard !overflow, !carry else { return nil }
      value = sum
    }
    return isNegative ? -value : value
  }
}
