/// What is known beforehand of one column of what is watched: a feature, a prediction, or how sure a prediction was.
public struct ColumnShape: Sendable, Equatable {
  /// What a column is to the model.
  public enum Role: UInt8, Sendable, CaseIterable {
    /// What goes in.
    case feature
    /// What comes out: a number, or the label of a class.
    case prediction
    /// The highest probability of a prediction.
    case confidence

    /// What it is called.
    public var text: String {
      switch self {
      case .feature: "feature"
      case .prediction: "prediction"
      case .confidence: "confidence"
      }
    }
  }

  /// What the values are.
  public enum Kind: Sendable, Equatable {
    case number(NumberShape)
    case category(CategoryShape)
  }

  /// What it is called.
  public let name: String
  /// What it is to the model.
  public let role: Role
  /// What its values are.
  public let kind: Kind
  /// Whether a missing value is against what training showed.
  public let isNeverMissing: Bool

  /// Describes a column.
  public init(name: String, role: Role = .feature, kind: Kind, isNeverMissing: Bool = false) {
    self.name = name
    self.role = role
    self.kind = kind
    self.isNeverMissing = isNeverMissing
  }
}

/// What training showed of a number.
public struct NumberShape: Sendable, Equatable {
  /// How many bins there are at most.
  public static let binLimit = 16

  /// The upper bounds of all bins but the last, ascending, each part of its bin.
  public let edges: [Double]
  /// The least and the greatest value of training.
  public let range: ClosedRange<Double>?
  /// Where a value begins to be an outlier: Tukey's outer fences, three times the distance between the quartiles beyond
  /// them ("Exploratory data analysis", 1977); the range where the quartiles are the same.
  public let fence: ClosedRange<Double>?

  /// Describes a number; of the edges the first are taken, up to one that does not ascend or that is too many.
  public init(edges: [Double] = [], range: ClosedRange<Double>? = nil, fence: ClosedRange<Double>? = nil) {
    var kept: [Double] = []
    for edge in edges.prefix(Self.binLimit - 1) {
      guard edge.isFinite, edge > kept.last ?? -.infinity else { break }
      kept.append(edge)
    }
    self.edges = kept
    self.range = range
    self.fence = fence
  }

  /// The shape of numbers of training: bins between quantiles of theirs, as many as give each fifteen values, sixteen at most.
  ///
  /// An edge is one of the values, so that the shares of new values in the bins have the distribution of spacings
  /// between order statistics, whatever the numbers' own is (`ShareReference`). One value alone has bins on its sides.
  public init(training: [Double]) {
    let finite = training.filter(\.isFinite)
    var moments = Moments()
    for value in finite { moments.observe(value) }
    self.init(WeightedValues(finite), moments)
  }

  /// The same of numbers that were too many to keep: a quantile is a value that came, and its rank as near as the sketch knows.
  init(_ distribution: WeightedValues, _ moments: Moments) {
    guard moments.count > 0 else {
      self.init()
      return
    }
    let (least, greatest) = (moments.least, moments.greatest)
    guard least < greatest else {
      self.init(edges: [least.nextDown, least], range: least...least, fence: least...least)
      return
    }
    func quantile(_ part: Int, of parts: Int) -> Double {
      distribution.value(at: Double(part) * distribution.total / Double(parts)) ?? least
    }
    let bins = min(Self.binLimit, max(2, moments.count / 15))
    var edges: [Double] = []
    for part in 1..<bins {
      let edge = quantile(part, of: bins)
      if edge > edges.last ?? -.infinity, edge < greatest { edges.append(edge) }
    }
    // Most values are the greatest: what is less has a bin, and what is more than all of them.
    if edges.isEmpty { edges = [greatest.nextDown, greatest] }
    let (low, high) = (quantile(1, of: 4), quantile(3, of: 4))
    let (lower, upper) = (low - 3 * (high - low), high + 3 * (high - low))
    let fence = low < high && lower.isFinite && upper.isFinite ? lower...upper : least...greatest
    self.init(edges: edges, range: least...greatest, fence: fence)
  }

  /// The bin of a value: how many edges are less than it.
  public func bin(of value: Double) -> Int { edges.count { $0 < value } }
}

/// What training showed of a category.
public struct CategoryShape: Sendable, Equatable {
  /// How many categories are known at most; what is rarer is new.
  public static let labelLimit = 1000

  /// The known categories, each once.
  public let labels: [String]
  private let places: [String: Int]

  /// Known categories; of those that are the same in their first 64 bytes one is kept, and of too many the first.
  public init(labels: [String]) {
    var (kept, places): ([String], [String: Int]) = ([], [:])
    for label in labels.lazy.map(CategoryCounts.bounded) where places[label] == nil {
      guard kept.count < Self.labelLimit else { break }
      places[label] = kept.count
      kept.append(label)
    }
    self.labels = kept
    self.places = places
  }

  /// The categories of training, the most frequent first, equally frequent ones by their names.
  public init(training: [String?]) {
    var counts: [String: Int] = [:]
    for case let label? in training { counts[CategoryCounts.bounded(label), default: 0] += 1 }
    self.init(labels: counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map(\.key))
  }

  /// The number of a category; nil for one that is not known.
  public func place(of label: String) -> Int? {
    label.utf8.count <= CategoryCounts.labelBytes ? places[label] : places[CategoryCounts.bounded(label)]
  }

  /// Whether both know the same categories by the same numbers.
  public static func == (left: CategoryShape, right: CategoryShape) -> Bool { left.labels == right.labels }
}
