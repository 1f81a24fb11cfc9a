public import Domain

/// One column of training data.
public struct TrainingColumn: Sendable {
  /// What its values are; NaN and nil are missing ones.
  public enum Values: Sendable {
    case numbers([Double])
    case texts([String?])

    var count: Int {
      switch self {
      case .numbers(let values): values.count
      case .texts(let values): values.count
      }
    }
  }

  /// What it is called.
  public let name: String
  /// What it is to the model.
  public let role: ColumnShape.Role
  /// A value a row.
  public private(set) var values: Values

  /// Describes a column.
  public init(name: String, role: ColumnShape.Role = .feature, values: Values) {
    self.name = name
    self.role = role
    self.values = values
  }

  /// Takes one more value; nothing where the column has texts.
  mutating func append(number: Double) {
    guard case .numbers(var numbers) = values else { return }
    values = .numbers([])
    numbers.append(number)
    values = .numbers(numbers)
  }

  /// Takes one more value; nothing where the column has numbers.
  mutating func append(text: String?) {
    guard case .texts(var texts) = values else { return }
    values = .texts([])
    texts.append(text)
    values = .texts(texts)
  }

  var shape: ColumnShape {
    switch values {
    case .numbers(let values):
      ColumnShape(
        name: name, role: role, kind: .number(NumberShape(training: values)),
        isNeverMissing: !values.contains(where: \.isNaN))
    case .texts(let values):
      ColumnShape(
        name: name, role: role, kind: .category(CategoryShape(training: values)),
        isNeverMissing: !values.contains(nil))
    }
  }
}

/// What a model's training data looked like: the profile that live ones are held against, and the shape that they have.
///
/// It is a file of a bundle: `bytes` writes it.
public struct Reference: Sendable, Equatable {
  /// Where it stands in a bundle.
  public static let path = "reference.bin"
  /// The most bytes that one has that is read.
  public static let sizeLimit = 64 << 20

  /// What the training data showed.
  public let profile: ModelProfile
  /// What callers' rows are held against; nil where nobody said.
  public var callers: CallerBaseline?

  /// The columns.
  public var shape: ModelShape { profile.shape }

  /// The reference of training data; throws `monitoring.unlike-columns` where columns are of different lengths, or there
  /// are too many.
  ///
  /// Bins hold all values here, however many there are; sketches are as those of live data are.
  public init(training columns: [TrainingColumn]) throws(Problem) {
    let rows = try TrainingColumn.rowCount(of: columns)
    let shape = ModelShape(columns: columns.map(\.shape))
    var profile = ModelProfile(shape: shape)
    for first in stride(from: 0, to: rows, by: 4096) {
      let places = first..<min(rows, first + 4096)
      var (numbers, texts): ([Double], [String?]) = ([], [])
      for row in places {
        for column in columns {
          switch column.values {
          case .numbers(let values): numbers.append(values[row])
          case .texts(let values): texts.append(values[row])
          }
        }
      }
      try profile.observe(rows: places.count, numbers: numbers.span, texts: texts)
    }
    for (place, column) in shape.numberColumns.enumerated() {
      guard case .numbers(let values) = columns[column].values,
        case .number(let number) = shape.columns[column].kind
      else { continue }
      var bins = [Int](repeating: 0, count: number.edges.count + 1)
      for value in values where value.isFinite { bins[number.bin(of: value)] += 1 }
      profile.numbers[place].bins = bins
    }
    self.profile = profile
  }

  /// What came first, to hold against what comes later where nobody said what training looked like.
  ///
  /// Its measures are as good as any; for alerts there has to be training, whose bins lie between its own values.
  public init(firstSeen profile: ModelProfile) { self.init(profile: profile) }

  init(profile: ModelProfile) { self.profile = profile }
}
