import Artifacts
import Domain
import ModelGraph

/// The categories of one column, as an encoder holds them: texts or numbers, and perhaps a missing value.
struct Categories {
  /// What a category is, with its place in the encoder's own order.
  enum Keys {
    case texts([(text: String, place: Int)])
    case numbers([(number: Double, place: Int)])
  }

  /// The categories but the missing one; numbers ascending.
  let keys: Keys
  /// The place of None or NaN.
  let missing: Int?
  /// Whether that is NaN, which alone counts as missing where the library has a number for what is missing.
  let missingIsNaN: Bool
  /// How many there are, the missing one too.
  let count: Int

  /// Reads one element of `categories_`.
  init(_ view: PickleView, _ builder: inout GraphBuilder) throws(Problem) {
    guard case .array(let array) = view.value, array.shape.count == 1, array.shape[0] > 0 else {
      throw view.unexpected("an array of categories with one axis")
    }
    // Each with its place: no overflow, for they are there in memory.
    try builder.spend(elements: 2 * array.count, for: view)
    var texts: [(text: String, place: Int)] = []
    var numbers: [(number: Double, place: Int)] = []
    var missing: [(place: Int, isNaN: Bool)] = []
    var isNumeric = false
    switch array.storage {
    case .bytes:
      if let strings = array.items?.strings() {
        texts = strings.enumerated().map { (text: $1, place: $0) }
      } else if let doubles = try view.exactDoubles() {
        isNumeric = true
        for (place, number) in doubles.enumerated() {
          if number.isNaN {
            missing.append((place, true))
          } else {
            numbers.append((number: number, place: place))
          }
        }
      } else {
        throw view.unexpected("an array of texts or numbers")
      }
    case .objects(let ids):
      for (place, id) in ids.enumerated() {
        let element = view.view(of: id, "[\(place)]")
        if element.isNone {
          missing.append((place, false))
        } else if let text = element.anyText {
          texts.append((text: text, place: place))
        } else {
          let number = try element.exactNumber()
          if number.isNaN {
            missing.append((place, true))
          } else {
            numbers.append((number: number, place: place))
          }
        }
      }
    }
    guard texts.isEmpty || numbers.isEmpty else {
      throw view.unexpected("an array of texts or of numbers, not of both")
    }
    guard missing.count <= 1 else {
      throw Problem(
        .refused, "lift.several-missing",
        "expected one missing category at \(view.path), found None and NaN, which rows cannot tell apart",
        position: view.position, hint: "fit the encoder on rows in which what is missing is None or NaN alone"
      )
    }
    guard numbers.allSatisfy(\.number.isFinite) else { throw view.unexpected("finite categories") }
    // A column of which nothing is known but that all is missing holds numbers where its array does.
    keys =
      numbers.isEmpty && !isNumeric
      ? .texts(texts) : .numbers(numbers.sorted { $0.number < $1.number })
    self.missing = missing.first?.place
    self.missingIsNaN = missing.first?.isNaN ?? false
    count = array.shape[0]
  }

  /// Whether the column holds texts.
  var areTexts: Bool {
    if case .texts = keys { true } else { false }
  }
}

extension PickleView {
  /// A number that a double holds as it is, or a truth value.
  fileprivate func exactNumber() throws(Problem) -> Double {
    switch value {
    case .bool(let value): return value ? 1 : 0
    case .integer(let integer):
      guard let exact = Double(exactly: integer) else { throw unexpected("an integer below 2 to the 53rd") }
      return exact
    case .scalar(let scalar):
      if scalar.type == .bool { return try bool() ? 1 : 0 }
      if let integers = scalar.items.integers(), let integer = integers.first {
        guard let exact = Double(exactly: integer) else { throw unexpected("an integer below 2 to the 53rd") }
        return exact
      }
      return try number()
    case .float(let value): return value
    default: throw unexpected("a category that is a text or a number")
    }
  }

  /// The elements of an array of numbers, each as it is; nil for one of something else.
  fileprivate func exactDoubles() throws(Problem) -> [Double]? {
    guard case .array(let array) = value, let items = array.items else { return nil }
    if let booleans = items.booleans() { return booleans.map { $0 ? 1 : 0 } }
    if let integers = items.integers() {
      let exact = integers.compactMap(Double.init(exactly:))
      guard exact.count == integers.count else { throw unexpected("integers below 2 to the 53rd") }
      return exact
    }
    switch array.type {
    case .float: return items.doubles()
    default: return nil
    }
  }
}

/// What one column of an encoder becomes.
struct EncodedColumn {
  /// Its categories.
  let categories: Categories
  /// What each of them becomes, in the encoder's own order.
  let values: [Double]
  /// What a value becomes that is none of them; nil where it is refused.
  let unknown: Double?
}

extension GraphBuilder {
  /// Looks the columns up, each among its own categories.
  mutating func lookedUp(
    _ columns: [EncodedColumn], in operand: Operand, names: [String]?, allowsNaN: Bool = true,
    for estimator: Estimator
  ) throws(Problem) -> GraphValue {
    var (texts, numbers): ([String], [Double]) = ([], [])
    var (textTable, numberTable) = (CategoryTable(), CategoryTable())
    var (textColumns, numberColumns): ([Int], [Int]) = ([], [])
    for (index, column) in columns.enumerated() {
      try spend(elements: column.values.count * 2, for: estimator.view)
      let name = names?[index] ?? "\(index)"
      let missing = column.categories.missing.map { column.values[$0] }
      switch column.categories.keys {
      case .texts(let keys):
        if missing != nil { try expectUnfilled(index, of: operand, for: estimator) }
        texts += keys.map(\.text)
        textTable.append(
          name: name, values: keys.map { column.values[$0.place] }, missing: missing, unknown: column.unknown)
        textColumns.append(index)
      case .numbers(let keys):
        numbers += keys.map(\.number)
        numberTable.append(
          name: name, values: keys.map { column.values[$0.place] }, missing: missing, unknown: column.unknown)
        numberColumns.append(index)
      }
    }
    var sources = [Operand.Segment?](repeating: nil, count: columns.count)
    func selection(_ indices: [Int]) throws(Problem) -> Operand {
      guard let selected = try self.selecting(indices, of: operand, for: estimator) else {
        throw estimator.view.unexpected("an encoder of as many columns as it is given")
      }
      return selected
    }
    if !textColumns.isEmpty {
      let input = try self.texts(try selection(textColumns), origin: estimator)
      let value = try apply(LookupTexts(texts, textTable), to: input, named: "codes", for: estimator)
      for (place, index) in textColumns.enumerated() { sources[index] = .value(value, place..<(place + 1)) }
    }
    if !numberColumns.isEmpty {
      let input = try self.numbers(try selection(numberColumns), origin: estimator)
      let checked = try apply(CheckFinite(allowsNaN: allowsNaN), to: input, named: "checked", for: estimator)
      let value = try apply(LookupNumbers(numbers, numberTable), to: checked, named: "codes", for: estimator)
      for (place, index) in numberColumns.enumerated() { sources[index] = .value(value, place..<(place + 1)) }
    }
    return try self.numbers(Operand(sources.compactMap { $0 }), origin: estimator)
  }

  /// An imputer that fills NaN leaves None as it is, and one that fills None leaves NaN: an encoder behind it that
  /// knows a missing category saw such values, which rows cannot tell from those that are filled.
  private func expectUnfilled(_ index: Int, of operand: Operand, for estimator: Estimator) throws(Problem) {
    guard case .value(let value, _)? = operand.selecting([index])?.segments?.first,
      filledTexts.contains(value)
    else { return }
    throw Problem(
      .refused, "lift.several-missing",
      "expected \(estimator.view.path) not to know a missing category in column \(index), found one, though the"
        + " imputer before it fills what is missing: it took None for something else than NaN",
      position: estimator.view.position,
      hint:
        "fit the model on rows in which what is missing is None or NaN alone, as the imputer's missing_values says"
    )
  }
}
