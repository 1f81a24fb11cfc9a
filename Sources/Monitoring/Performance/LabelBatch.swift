public import Domain
public import Encoding

/// One label as somebody sent it.
public struct SentLabel: Sendable, Equatable {
  /// What it names its prediction by.
  public enum Name: Sendable, Equatable {
    /// The receipt that came with the answer.
    case receipt(Receipt)
    /// The key that the caller had sent along.
    case key(String)
  }

  /// The most bytes of a label that is a text.
  public static let textLimit = 256

  /// Which deployment had answered.
  public let deployment: ModelName
  /// Which request.
  public let name: Name
  /// Which row of it, from 0.
  public let row: Int
  /// What turned out to be true: a text, a number, true or false.
  public let label: JSON
  /// When that was known; nil for now.
  public let at: Timestamp?
}

/// Labels as they are sent: a JSON array of objects, or objects of a line each.
public struct LabelBatch: Sendable, Equatable {
  /// The most labels at a time.
  public static let labelLimit = 10_000
  /// The most bytes.
  public static let byteLimit = 4 << 20
  private static let members: Set = ["deployment", "receipt", "key", "row", "label", "at"]

  /// In the order in which they were sent.
  public let labels: [SentLabel]

  /// Reads labels; throws `feedback.malformed` with the place of the first that is none, and `feedback.too-large`.
  ///
  /// `isKey` says whether a text can be the key of a request.
  public init(parsing bytes: [UInt8], isKey: (String) -> Bool) throws(Problem) {
    guard bytes.count <= Self.byteLimit else { throw Self.tooLarge("\(Self.byteLimit) bytes") }
    let blanks: Set<UInt8> = [0x20, 0x09, 0x0A, 0x0D]
    var labels: [SentLabel] = []
    if let first = bytes.first(where: { !blanks.contains($0) }), first == UInt8(ascii: "[") {
      let elements = try Self.json(bytes[...], nil).array ?? []
      guard elements.count <= Self.labelLimit else { throw Self.tooLarge("\(Self.labelLimit) labels") }
      for (place, element) in elements.enumerated() {
        labels.append(try Self.label(element, at: "/\(place)", isKey))
      }
    } else {
      var number = 0
      for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
        number += 1
        guard line.contains(where: { !blanks.contains($0) }) else { continue }
        guard labels.count < Self.labelLimit else { throw Self.tooLarge("\(Self.labelLimit) labels") }
        labels.append(try Self.label(try Self.json(line, number), at: "line \(number)", isKey))
      }
    }
    try self.init(labels)
  }

  private init(_ labels: [SentLabel]) throws(Problem) {
    guard !labels.isEmpty else {
      throw Problem(
        .badInput, "feedback.malformed", "expected a label or more, found none",
        hint: "send objects such as {\"deployment\":\"iris\",\"receipt\":\"…\",\"label\":\"setosa\"}")
    }
    self.labels = labels
  }

  private static func json(_ bytes: ArraySlice<UInt8>, _ line: Int?) throws(Problem) -> JSON {
    do throws(MalformedJSON) {
      return try JSON(parsing: bytes, limits: JSONLimits(depth: 3, values: 8 * labelLimit))
    } catch {
      throw Problem(
        .badInput, "feedback.malformed", "expected \(error.expected) in labels as JSON, found \(error.found)",
        position: "line \(line ?? error.line), column \(error.column)")
    }
  }

  private static func label(_ json: JSON, at place: String, _ isKey: (String) -> Bool) throws(Problem)
    -> SentLabel
  {
    guard let sent = json.object, sent.keys.allSatisfy(members.contains) else {
      throw malformed("an object of \(members.sorted().joined(separator: ", "))", place)
    }
    guard let deployment = sent["deployment"]?.string.flatMap({ try? ModelName(parsing: $0) }) else {
      throw malformed("the name of a deployment as 'deployment'", place)
    }
    let name: SentLabel.Name
    switch (sent["receipt"], sent["key"]) {
    case (.string(let text)?, nil):
      guard let receipt = try? Receipt(parsing: text), SegmentName(receipt.segment) != nil else {
        throw malformed("a receipt as an answer carries it in Gatehouse-Receipt", place)
      }
      name = .receipt(receipt)
    case (nil, .string(let text)?):
      guard isKey(text) else { throw malformed("the key that was sent as Gatehouse-Feedback-Key", place) }
      name = .key(text)
    default: throw malformed("either 'receipt' or 'key', a text", place)
    }
    guard let row = sent["row"].map(\.int) ?? 0, 0..<SaidRows.rowLimit ~= row else {
      throw malformed("a row from 0 to \(SaidRows.rowLimit - 1) as 'row'", place)
    }
    var at: Timestamp?
    if let moment = sent["at"] {
      at = moment.string.flatMap { try? Timestamp(parsing: $0) }
      guard at != nil else { throw malformed("a moment such as 2026-11-21T09:30:00Z as 'at'", place) }
    }
    return SentLabel(
      deployment: deployment, name: name, row: row, label: try truth(sent["label"], place), at: at)
  }

  private static func truth(_ label: JSON?, _ place: String) throws(Problem) -> JSON {
    switch label {
    case .string(let text)? where text.utf8.count <= SentLabel.textLimit: return .string(text)
    case .integer?, .bool?: return label ?? .null
    case .number(let value)? where value.isFinite: return .number(value)
    default:
      throw malformed("a text of at most \(SentLabel.textLimit) bytes, a number or a truth as 'label'", place)
    }
  }

  private static func malformed(_ expected: String, _ place: String) -> Problem {
    Problem(
      .badInput, "feedback.malformed", "expected \(expected) in a label, found another", position: place)
  }

  private static func tooLarge(_ bound: String) -> Problem {
    Problem(
      .tooLarge, "feedback.too-large", "expected at most \(bound) at a time, found more",
      hint: "send them in several requests")
  }
}
