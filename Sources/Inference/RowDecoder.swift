public import Domain
import Encoding
public import ModelGraph

/// Reads rows of features from JSON, in the order of the model's or by their names, straight into where they are
/// computed with.
public struct RowDecoder {
  private let layout: RowLayout
  var features: FeatureList { layout.features }
  var numbers: [Double] = []
  var texts: [String?] = []
  var rowCount = 0
  /// For each feature the row, counted from 1, in which it was named last.
  private var named: [Int] = []

  /// Reads rows for a model of this layout.
  public init(_ layout: RowLayout) { self.layout = layout }

  /// Reads rows for a model of this signature; who reads often keeps a layout.
  public init(signature: ModelSignature) { self.init(RowLayout(signature)) }

  /// What was read so far.
  public var rows: Rows {
    Rows(numbers: numbers, texts: texts, rowCount: rowCount, featureCount: features.count)
  }

  /// Takes in the value that is next: one row, or a list of rows; says whether it is one row and no list.
  ///
  /// `pointer` is where the value stands in its document.
  public mutating func decode(_ reader: inout RequestReader, at pointer: String) throws(Problem) -> Bool {
    let kind = try reader.kind()
    switch features.form {
    case .rows: break
    case .unread: return try decodeUnread(&reader, at: pointer)
    case .documents, .mappings, .lists: return try decodeTexts(&reader, kind, at: pointer)
    }
    switch kind {
    case .object:
      try appendNamed(&reader) { pointer }
      return true
    case .array:
      // What the first element is decides what the others must be.
      var ahead = reader
      try ahead.beginArray()
      guard try ahead.hasElement() else {
        reader = ahead
        return false
      }
      let first = try ahead.kind()
      guard first == .array || first == .object else {
        try append(&reader, order: nil) { pointer }
        return true
      }
      try appendList(&reader, order: nil, at: pointer)
      return false
    default:
      throw Problem(
        .badInput, "predict.malformed", "expected a row or a list of rows, found \(kind.description)",
        position: pointer)
    }
  }

  /// Takes in the value that is next, a list of rows whose columns are named once for all of them.
  ///
  /// A model that was trained without names takes the columns in the order in which they come.
  public mutating func decode(
    _ reader: inout RequestReader, columns names: [String], at pointer: String
  ) throws(Problem) {
    guard features.form == .rows, features.names != nil else {
      guard features.form == .rows || features.form == .unread || names.count == 1 else {
        throw Problem(
          .badInput, "predict.feature-count", "expected one column, found \(names.count)", position: pointer)
      }
      if features.form == .rows {
        try appendList(&reader, order: nil, at: pointer)
      } else {
        _ = try decode(&reader, at: pointer)
      }
      return
    }
    let places = try namedPlaces()
    var order: [Int] = []
    var isThere = [Bool](repeating: false, count: features.count)
    for name in names {
      guard let place = places[name] else { throw stranger(name, at: pointer) }
      guard !isThere[place] else {
        throw mismatch("expected each column once, found '\(name.excerpt(80))' again", at: pointer)
      }
      isThere[place] = true
      order.append(place)
    }
    try refuseMissing(at: pointer) { isThere[$0] }
    try appendList(&reader, order: order, at: pointer)
  }

  /// The rows of a list, each by itself in order or by names.
  private mutating func appendList(
    _ reader: inout RequestReader, order: [Int]?, at pointer: String
  ) throws(Problem) {
    try expect(.array, "a list of rows", &reader, at: pointer)
    try reader.beginArray()
    var index = 0
    while try reader.hasElement() {
      let place = index
      switch try reader.kind() {
      case .array: try append(&reader, order: order) { "\(pointer)/\(place)" }
      case .object where order == nil: try appendNamed(&reader) { "\(pointer)/\(place)" }
      case let kind:
        throw Problem(
          .badInput, "predict.malformed", "expected a row like those before it, found \(kind.description)",
          position: "\(pointer)/\(place)")
      }
      index += 1
    }
  }

  /// Reads rows that are a text, or a mapping, each.
  private mutating func decodeTexts(
    _ reader: inout RequestReader, _ kind: JSONReader.Kind, at pointer: String
  ) throws(Problem) -> Bool {
    guard kind == .array else {
      try appendText(&reader, at: pointer)
      return true
    }
    try reader.beginArray()
    var index = 0
    while try reader.hasElement() {
      let place = "\(pointer)/\(index)"
      index += 1
      // A list of one is a row as well: what a column of a table gives.
      if features.form != .lists, try reader.kind() == .array {
        try reader.beginArray()
        guard try reader.hasElement() else { throw malformedText("an empty array", at: place) }
        try appendText(&reader, at: "\(place)/0")
        guard try !reader.hasElement() else { throw malformedText("an array of several", at: place) }
      } else {
        try appendText(&reader, at: place)
      }
    }
    return false
  }

  private mutating func appendText(_ reader: inout RequestReader, at pointer: String) throws(Problem) {
    let kind = try reader.kind()
    switch (features.form, kind) {
    case (.documents, .string): texts.append(try reader.string())
    case (.mappings, .object), (.lists, .array):
      texts.append(String(decoding: try reader.value().canonicalBytes, as: UTF8.self))
    default: throw malformedText(kind.description, at: pointer)
    }
    rowCount += 1
  }

  private func malformedText(_ found: String, at pointer: String) -> Problem {
    let expected =
      switch features.form {
      case .mappings: "an object of names and values"
      case .lists: "a list of names, or of pairs of a name and a value,"
      case .documents, .rows, .unread: "a text"
      }
    return Problem(
      .badInput, "predict.malformed", "expected \(expected) as a row, found \(found)", position: pointer)
  }
}

// MARK: Rows that are not read

extension RowDecoder {
  /// Counts rows, each a list or an object of whatever there is.
  private mutating func decodeUnread(
    _ reader: inout RequestReader, at pointer: String
  ) throws(Problem) -> Bool {
    func isRow(_ kind: JSONReader.Kind) -> Bool { kind == .array || kind == .object }
    func malformed(_ kind: JSONReader.Kind, at pointer: String) -> Problem {
      Problem(
        .badInput, "predict.malformed", "expected a row or a list of rows, found \(kind.description)",
        position: pointer)
    }
    let kind = try reader.kind()
    guard isRow(kind) else { throw malformed(kind, at: pointer) }
    var ahead = reader
    if kind == .array {
      try ahead.beginArray()
      guard try ahead.hasElement() else {
        reader = ahead
        return false
      }
    }
    guard kind == .array, isRow(try ahead.kind()) else {
      try reader.skip()
      countUnread()
      return true
    }
    try reader.beginArray()
    while try reader.hasElement() {
      let element = try reader.kind()
      guard isRow(element) else { throw malformed(element, at: "\(pointer)/\(rowCount)") }
      try reader.skip()
      countUnread()
    }
    return false
  }

  private mutating func countUnread() {
    numbers.append(0)
    rowCount += 1
  }
}

// MARK: One row

extension RowDecoder {
  /// A row whose elements stand in the order of the features, or in `order`.
  private mutating func append(
    _ reader: inout RequestReader, order: [Int]?, at pointer: () -> String
  ) throws(Problem) {
    let (firstNumber, firstText) = (numbers.count, texts.count)
    if order != nil {
      appendBlanks()
    } else if rowCount == 0 {
      numbers.reserveCapacity(features.numberCount)
    }
    // Named columns may leave out those that nothing reads.
    let expected = order?.count ?? features.count
    try reader.beginArray()
    var count = 0
    while try reader.hasElement() {
      guard count < expected else {
        // Only how many there are is of interest any more.
        try reader.skip()
        count += 1
        continue
      }
      let feature: Int
      if let order { feature = order[count] } else { feature = count }
      let place = count
      let element = try read(&reader, feature) { "\(pointer())/\(place)" }
      count += 1
      switch element {
      case .number(let value):
        if order == nil { numbers.append(value) } else { set(value, feature, from: firstNumber) }
      case .text(let value):
        if order == nil { texts.append(value) } else { set(value, feature, from: firstText) }
      case .nothing: break
      }
    }
    guard count == expected else {
      throw Problem(
        .badInput, "predict.feature-count",
        "expected \(expected) features in each row, found \(count)", position: pointer(),
        hint: order != nil
          ? "send as many as there are columns"
          : features.names.map { "send them in this order: \(Self.list($0))" })
    }
    rowCount += 1
  }

  /// A row that is an object of named features.
  private mutating func appendNamed(_ reader: inout RequestReader, at pointer: () -> String) throws(Problem) {
    guard features.names != nil else { throw unnamed(at: pointer()) }
    let places = try namedPlaces()
    if named.isEmpty { named = Array(repeating: 0, count: features.count) }
    let (firstNumber, firstText) = (numbers.count, texts.count)
    appendBlanks()
    rowCount += 1
    try reader.beginObject()
    while let name = try reader.nextName() {
      guard let feature = places[name] else { throw stranger(name, at: pointer()) }
      guard named[feature] != rowCount else { throw reader.repeated(name) }
      named[feature] = rowCount
      switch try read(&reader, feature, at: pointer) {
      case .number(let value): set(value, feature, from: firstNumber)
      case .text(let value): set(value, feature, from: firstText)
      case .nothing: break
      }
    }
    let row = rowCount
    try refuseMissing(at: pointer()) { named[$0] == row }
  }

  private mutating func appendBlanks() {
    numbers.append(contentsOf: repeatElement(.nan, count: features.numberCount))
    texts.append(contentsOf: repeatElement(nil, count: features.texts.count))
  }

  private mutating func set(_ value: Double, _ feature: Int, from first: Int) {
    if case .number(let place) = layout.columns[feature] { numbers[first + place] = value }
  }

  private mutating func set(_ value: String?, _ feature: Int, from first: Int) {
    if case .text(let place) = layout.columns[feature] { texts[first + place] = value }
  }

  enum Element {
    case number(Double)
    case text(String?)
    case nothing
  }

  /// The element that is next, as the feature takes it: `null` is a missing value, a truth value 0 or 1.
  func read(
    _ reader: inout RequestReader, _ feature: Int, at pointer: () -> String
  ) throws(Problem) -> Element {
    let column = layout.columns[feature]
    if case .ignored = column {
      try reader.skip()
      return .nothing
    }
    switch (try reader.kind(), column) {
    case (.number, .number):
      // `number` gives nothing but numbers.
      return .number(try reader.number().double ?? .nan)
    case (.null, .number):
      try reader.null()
      return .number(.nan)
    case (.boolean, .number): return .number(try reader.boolean() ? 1 : 0)
    case (.string, .text): return .text(try reader.string())
    case (.null, .text):
      try reader.null()
      return .text(nil)
    case (let kind, _): throw unexpected(kind, feature, at: pointer())
    }
  }

  /// Which feature each name is.
  func namedPlaces() throws(Problem) -> [String: Int] {
    let places = layout.places ?? [:]
    // A model with a name twice would leave a column unset.
    guard places.count == features.count else {
      throw Problem(
        .badInput, "predict.no-feature-names",
        "expected rows of \(features.count) features in order, found named features; the model's names are"
          + " not unique")
    }
    return places
  }
}

// MARK: What is wrong

extension RowDecoder {
  func expect(
    _ kind: JSONReader.Kind, _ expected: String, _ reader: inout RequestReader, at pointer: String
  ) throws(Problem) {
    let found = try reader.kind()
    guard found == kind else {
      throw Problem(
        .badInput, "predict.malformed", "expected \(expected), found \(found.description)", position: pointer)
    }
  }

  func unnamed(at pointer: String) -> Problem {
    Problem(
      .badInput, "predict.no-feature-names",
      "expected rows of \(features.count) features in order, found named features; the model was trained"
        + " without names", position: pointer)
  }

  func stranger(_ name: String, at pointer: String) -> Problem {
    mismatch("expected only features of the model, found '\(name.excerpt(80))'", at: pointer)
  }

  /// Refuses rows that lack a feature which the model reads.
  func refuseMissing(at pointer: @autoclosure () -> String, _ isThere: (Int) -> Bool) throws(Problem) {
    let missing = layout.read.first { !isThere($0) }
    guard let missing, let names = features.names else { return }
    throw mismatch(
      "expected the feature '\(names[missing].excerpt(80))', found none of that name", at: pointer())
  }

  private func mismatch(_ message: String, at pointer: String) -> Problem {
    Problem(
      .badInput, "predict.feature-names", message, position: pointer,
      hint: features.names.map { "send exactly these: \(Self.list($0))" })
  }

  private func unexpected(_ kind: JSONReader.Kind, _ feature: Int, at pointer: String) -> Problem {
    let name = features.names.map { " for '\($0[feature].excerpt(80))'" } ?? ""
    if case .text = layout.columns[feature] {
      return Problem(
        .badInput, "predict.not-a-text", "expected a text or null\(name), found \(kind.description)",
        position: pointer)
    }
    return Problem(
      .badInput, "predict.not-a-number", "expected a number or null\(name), found \(kind.description)",
      position: pointer)
  }

  private static func list(_ names: [String]) -> String {
    names.prefix(50).joined(separator: ", ") + (names.count > 50 ? " …" : "")
  }
}
