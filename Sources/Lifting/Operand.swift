import ModelGraph

/// A value of the graph under construction.
struct GraphValue: Hashable {
  /// What it is called; unique in the graph.
  let name: String
  /// What it is.
  let type: ValueType

  /// How many columns it has.
  var columns: Int { type.columns }

  static func == (left: Self, right: Self) -> Bool { left.name == right.name }

  func hash(into hasher: inout Hasher) { hasher.combine(name) }
}

/// What an estimator is given: columns that have not yet been made into one value.
///
/// Columns are features of the model, whose kind (number or text) shows only once an estimator reads them, or
/// columns of values that other estimators made. Choosing among them and putting them side by side adds nothing to the
/// graph; `GraphBuilder.numbers` and `.texts` make a value of them. What a document describes is chosen through the
/// builder, which pays for it.
struct Operand: Hashable {
  /// Columns that stand side by side where they come from.
  enum Segment: Hashable {
    /// Features of the model.
    case features(Range<Int>)
    /// Columns of a value.
    case value(GraphValue, Range<Int>)

    var count: Int {
      switch self {
      case .features(let range), .value(_, let range): range.count
      }
    }

    /// The segment's columns from `lower` to below `upper`.
    func part(_ lower: Int, _ upper: Int) -> Segment {
      switch self {
      case .features(let range): .features((range.lowerBound + lower)..<(range.lowerBound + upper))
      case .value(let value, let range):
        .value(value, (range.lowerBound + lower)..<(range.lowerBound + upper))
      }
    }

    /// Both as one, where the other begins where this one ends.
    func joined(_ next: Segment) -> Segment? {
      switch (self, next) {
      case (.features(let first), .features(let second)) where first.upperBound == second.lowerBound:
        .features(first.lowerBound..<second.upperBound)
      case (.value(let value, let first), .value(let other, let second))
      where value == other && first.upperBound == second.lowerBound:
        .value(value, first.lowerBound..<second.upperBound)
      default: nil
      }
    }
  }

  /// How the library holds columns between steps: a step may treat what is not stored in another way.
  enum Storage: Hashable {
    /// Every element is there.
    case dense
    /// Just the elements other than 0.
    case sparse
    /// Some of the elements that are 0 too, nobody knows which.
    case sparseWithZeros

    /// How columns of both side by side are held.
    func joined(with other: Storage) -> Storage {
      if self == .dense { return other }
      return other == .sparseWithZeros ? other : self
    }
  }

  /// The columns in order; nil for all features of a model of which nothing has said yet how many it has.
  let segments: [Segment]?
  /// How many columns there are; nil where that is not known yet.
  let count: Int?
  /// The type of the library's own array, the numbers being what they are: the next step computes in it.
  var datatype = Datatype.float64
  /// How the library holds it; what a caller gives is dense.
  var storage = Storage.dense

  /// All features of a model that may have any number of them.
  static let allFeatures = Operand(segments: nil)

  private init(segments: [Segment]?) {
    self.segments = segments
    count = segments.map { $0.reduce(0) { $0 + $1.count } }
  }

  /// These columns, in this order.
  init(_ segments: [Segment]) {
    var merged: [Segment] = []
    for segment in segments where segment.count > 0 {
      if let last = merged.last, let joined = last.joined(segment) {
        merged[merged.count - 1] = joined
      } else {
        merged.append(segment)
      }
    }
    self.init(segments: merged)
  }

  /// All columns of a value.
  init(_ value: GraphValue) {
    self.init([.value(value, 0..<value.columns)])
  }

  /// Each column on its own; none where their number is not known.
  var columns: [Operand] {
    (segments ?? []).flatMap { segment in (0..<segment.count).map { Operand([segment.part($0, $0 + 1)]) } }
  }

  /// The columns of several operands side by side, in the type that NumPy gives them all, and sparse where one of
  /// them is; nil where the number of one is not known.
  static func sideBySide(_ operands: [Operand]) -> Operand? {
    var segments: [Segment] = []
    for operand in operands {
      guard let own = operand.segments else { return nil }
      segments += own
    }
    var joined = Operand(segments)
    guard let first = operands.first else { return joined }
    joined.datatype = operands.dropFirst().reduce(first.datatype) { $0.promoted(with: $1.datatype) }
    joined.storage = operands.reduce(.dense) { $0.joined(with: $1.storage) }
    return joined
  }

  /// Some of the columns, in this order; nil where one of them is not there.
  func selecting(_ indices: [Int]) -> Operand? {
    guard let segments else { return nil }
    var starts: [Int] = [0]
    for segment in segments { starts.append((starts.last ?? 0) + segment.count) }
    var parts: [Segment] = []
    for index in indices {
      guard index >= 0, index < starts[starts.count - 1] else { return nil }
      // The last segment that starts at the column or before it.
      var (low, high) = (0, segments.count)
      while high - low > 1 {
        let middle = (low + high) / 2
        if starts[middle] <= index { low = middle } else { high = middle }
      }
      parts.append(segments[low].part(index - starts[low], index - starts[low] + 1))
    }
    return Operand(parts).held(as: self)
  }

  /// The same columns in the type and storage of others: what a step makes that keeps both.
  func held(as other: Operand) -> Operand {
    var operand = self
    operand.datatype = other.datatype
    operand.storage = other.storage
    return operand
  }
}
