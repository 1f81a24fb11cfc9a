public import Domain
import Documents
import Provenance

/// What is asked of a model before it is trusted: a file, `gatehouse.tests.yaml`.
///
/// A plan is what its file says, to the byte: it is read, never put together.
public struct TestPlan: Sendable {
  /// What such a file begins with.
  public static let language = "gatehouse/v1"
  /// What such a file is called beside an artifact.
  public static let fileName = "gatehouse.tests.yaml"
  /// More bytes than such a file may have.
  public static let sizeLimit = 1 << 20

  /// What rows look like; nil where it is not said.
  public let schema: Schema?
  /// The line in which the schema begins.
  let schemaLine: Int
  /// What is asked of the answers to rows whose label is known.
  public let quality: QualityClaims?
  /// What has to come of what nobody should send.
  public let inputs: [InputCase]
  /// What has to hold of the answers to any rows.
  public let properties: [PropertyClaim]
  /// What the model may take.
  public let limits: LimitClaims
  /// Where chance begins, where nobody says otherwise.
  public let seed: UInt64
  /// The bytes of its file.
  public let bytes: [UInt8]
  /// What reports name it by: the SHA-256 of its file.
  public let digest: Digest

  init(
    schema: Schema?, schemaLine: Int, quality: QualityClaims?, inputs: [InputCase],
    properties: [PropertyClaim],
    limits: LimitClaims, seed: UInt64, bytes: [UInt8]
  ) {
    self.schema = schema
    self.schemaLine = schemaLine
    self.quality = quality
    self.inputs = inputs
    self.properties = properties
    self.limits = limits
    self.seed = seed
    self.bytes = bytes
    digest = Digest(of: bytes)
  }

  /// Reads a plan; throws the first of its faults, with its place in `file`.
  public init(parsing bytes: [UInt8], file: String = TestPlan.fileName) throws(Problem) {
    self = try TestPlanReading(bytes).said(in: file)
  }
}

/// What is asked of the answers to rows whose label is known.
public struct QualityClaims: Sendable {
  /// How an interval counts.
  public enum Standard: String, Sendable, CaseIterable {
    /// The number itself has to hold.
    case value
    /// The number and both ends of its interval have to hold.
    case interval
  }

  /// The name of the rows' file.
  public let data: String?
  /// What the bytes of the rows have to be; nil for any.
  public let digest: Digest?
  /// The column of what is true.
  public let label: String
  /// The parts of the rows that are looked at by themselves.
  public let slices: [Slice]
  /// How many of a hundred such intervals hold what they are of: 0.95.
  public let confidence: Double
  /// How often rows are drawn anew for intervals; 0 for none.
  public let resamples: Int
  /// How an interval counts.
  public let standard: Standard
  let metrics: [MetricClaim]
}

/// What a number has to be.
struct MetricClaim: Sendable {
  let requirement: MetricRequirement
  let metric: QualityMetric
  let line: Int
}

/// What has to come of what nobody should send.
public struct InputCase: Sendable {
  /// What is sent.
  public enum Input: Equatable, Sendable {
    /// A row without one of the features.
    case missingField
    /// A text for a number, or a number for a text.
    case wrongType
    /// A number past its range.
    case outOfRange
    /// A number as large as there are, or a text of a megabyte.
    case huge
    /// A row with a feature too many.
    case wrongShape
    /// A text that is none of the categories.
    case unseenCategory
    /// A row whose features are named in another order.
    case outOfOrder
    /// These rows, as JSON.
    case rows(String)

    /// The words for them.
    static let named: [(name: String, input: Input)] = [
      ("missing-field", .missingField), ("wrong-type", .wrongType), ("out-of-range", .outOfRange),
      ("huge", .huge), ("wrong-shape", .wrongShape), ("unseen-category", .unseenCategory),
      ("out-of-order", .outOfOrder),
    ]

    var name: String { Self.named.first { $0.input == self }?.name ?? "rows" }
    /// Whether it is about one column at a time.
    var hasColumn: Bool {
      switch self {
      case .missingField, .wrongType, .outOfRange, .huge, .unseenCategory: true
      case .wrongShape, .outOfOrder, .rows: false
      }
    }
  }

  /// What has to come of it.
  public enum Outcome: Equatable, Sendable {
    /// A refusal, with this code where one is named.
    case refused(code: String?)
    /// An answer without a number that is none.
    case answered
    /// The answer to the same row in order.
    case sameAsInOrder
  }

  /// What it is called.
  public let name: String
  /// What is sent.
  public let input: Input
  /// The column that it is about; nil for each that it can be about.
  public let column: String?
  /// What has to come of it.
  public let expected: Outcome
  /// The line that it stands in.
  public let line: Int
}

/// What has to hold of the answers to any rows that the schema allows.
public struct PropertyClaim: Sendable {
  /// What is claimed.
  public enum Relation: Equatable, Sendable {
    /// Other values in these columns change the answer by no more than the tolerance.
    case invariant(columns: [String])
    /// A greater number in the column never lowers the answer by more than the tolerance.
    case increasing(column: String)
    /// A greater number in the column never raises the answer by more than the tolerance.
    case decreasing(column: String)

    /// The columns that are changed.
    var columns: [String] {
      switch self {
      case .invariant(let columns): columns
      case .increasing(let column), .decreasing(let column): [column]
      }
    }
  }

  /// What it is called.
  public let name: String
  /// What is claimed.
  public let relation: Relation
  /// The class whose score is meant; nil for the value, or all scores.
  public let outcome: String?
  /// By how much an answer may differ all the same.
  public let tolerance: Double
  /// How many pairs of rows are tried.
  public let trials: Int
  /// The line that it stands in.
  public let line: Int
}

/// What the model may take.
public struct LimitClaims: Sendable {
  /// How many bytes graph and weights may have together.
  public var modelBytes: Int?
  /// How long a row by itself may take, 99 of 100 times, in nanoseconds.
  public var latency: Int64?
  /// The line of the limit of latency.
  public var latencyLine = 0
  /// The line of the limit of bytes.
  public var modelBytesLine = 0
}
