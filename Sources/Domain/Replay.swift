public import Encoding

/// Rows that a served version was asked about, and what it answered: what another process is asked again.
///
/// Holds data of callers: it goes from process to process through sockets of this machine, and is never written down.
public struct ReplayCase: Equatable, Sendable {
  /// The features that are numbers, row by row; NaN is a missing one.
  public let numbers: [Double]
  /// The features that are texts, row by row; nil is a missing one.
  public let texts: [String?]
  /// How many rows there are.
  public let rowCount: Int
  /// How many features each row was sent with.
  public let featureCount: Int
  /// What each output was, by its name: a digest of its exact bits, or of the refusal.
  public let answers: [String: Digest]

  /// States a case.
  public init(
    numbers: [Double], texts: [String?], rowCount: Int, featureCount: Int, answers: [String: Digest]
  ) {
    self.numbers = numbers
    self.texts = texts
    self.rowCount = rowCount
    self.featureCount = featureCount
    self.answers = answers
  }
}

/// What a process that serves gives of a version, so that another can be held against it.
public struct ReplaySample: Equatable, Sendable {
  /// Where the rows come from.
  public enum Source: String, Sendable, CaseIterable {
    /// Requests of callers, where the policy of the deployment lets their rows be kept.
    case reservoir
    /// The rows of the bundle's own check.
    case selfCheck = "self-check"
  }

  /// The most cases of a version.
  public static let mostCases = 64
  /// The most numbers and texts of all its cases together.
  public static let mostValues = 16_384
  /// The most bytes that the texts of one case have.
  public static let mostTextBytes = 8 << 10
  /// The most outputs of a case.
  static let mostOutputs = 256

  /// Which version.
  public let version: VersionReference
  /// The digest of its bundle.
  public let bundle: Digest
  /// Where the rows come from.
  public let source: Source
  /// The rows, and what was answered.
  public let cases: [ReplayCase]

  /// States a sample.
  public init(version: VersionReference, bundle: Digest, source: Source, cases: [ReplayCase]) {
    self.version = version
    self.bundle = bundle
    self.source = source
    self.cases = cases
  }

  /// What came of asking another process the same; nil answers to nothing that was asked.
  ///
  /// Every case has to be answered, each output be there, and none beside.
  public func compared(with answers: [[String: Digest]]) -> ReplayResult {
    func result(_ difference: ReplayResult.Difference?) -> ReplayResult {
      ReplayResult(
        version: version, bundle: bundle, source: source, cases: cases.count, difference: difference)
    }
    for (index, each) in cases.enumerated() {
      let found = answers.indices.contains(index) ? answers[index] : [:]
      let outputs = Set(each.answers.keys).union(found.keys).sorted()
      if let output = outputs.first(where: { each.answers[$0] != found[$0] }) {
        return result(ReplayResult.Difference(place: index, output: output))
      }
    }
    return result(nil)
  }
}

/// How a version was answered for by two processes.
public struct ReplayResult: Equatable, Sendable {
  /// The first answer that was another.
  public struct Difference: Equatable, Sendable {
    /// Which case, from 0 on.
    public let place: Int
    /// Which output.
    public let output: String

    /// Says where the first other answer was.
    public init(place: Int, output: String) {
      self.place = place
      self.output = output
    }
  }

  /// Which version.
  public let version: VersionReference
  /// The digest of its bundle.
  public let bundle: Digest
  /// Where the rows came from.
  public let source: ReplaySample.Source
  /// How many cases there were.
  public let cases: Int
  /// What was another; nil where all was the same, bit for bit.
  public let difference: Difference?

  /// The result as the ledger and the HTTP face carry it: no row, and nothing that was answered.
  public var json: JSON {
    var members: [String: JSON] = [
      "version": .string(version.description), "source": .string(source.rawValue), "cases": JSON(cases),
      "same": .bool(difference == nil),
    ]
    if let difference {
      members["case"] = JSON(difference.place)
      members["output"] = .string(difference.output.excerpt(100))
    }
    return .object(members)
  }
}

extension ReplaySample {
  /// The sample as the control socket carries it; numbers by their bits, so that none is another on the other side.
  public var json: JSON {
    [
      "version": .string(version.description), "bundle": .string(bundle.description),
      "source": .string(source.rawValue), "cases": .array(cases.map(\.json)),
    ]
  }

  /// Reads what `json` writes; throws `replay.malformed`.
  public init(json: JSON) throws(Problem) {
    let fields = RecordFields(json, "sample", code: "replay.malformed")
    try fields.allow(["version", "bundle", "source", "cases"])
    guard let source = try fields.word("source", Source.self) else {
      throw Self.malformed("a source", "none", at: "/source")
    }
    guard let elements = json["cases"]?.array, elements.count <= Self.mostCases else {
      throw Self.malformed("at most \(Self.mostCases) cases", json["cases"]?.kind ?? "none", at: "/cases")
    }
    var cases: [ReplayCase] = []
    var values = 0
    for (index, element) in elements.enumerated() {
      let each = try ReplayCase(json: element, at: "/cases/\(index)")
      values += each.numbers.count + each.texts.count
      guard values <= Self.mostValues else {
        throw Self.malformed("at most \(Self.mostValues) values", "more", at: "/cases/\(index)")
      }
      cases.append(each)
    }
    self.init(
      version: try fields.version("version"), bundle: try fields.digest("bundle"), source: source,
      cases: cases)
  }

  static func malformed(_ expected: String, _ found: String, at pointer: String) -> Problem {
    Problem(
      .badInput, "replay.malformed", "expected \(expected) in a replay, found \(found)", position: pointer)
  }
}

extension ReplayCase {
  fileprivate var json: JSON {
    var bits: [UInt8] = []
    bits.reserveCapacity(16 * numbers.count)
    for number in numbers { Hexadecimal.append(number.bitPattern, to: &bits) }
    return [
      "numbers": .string(String(decoding: bits, as: UTF8.self)),
      "texts": .array(texts.map { $0.map { .string($0) } ?? .null }), "rows": JSON(rowCount),
      "features": JSON(featureCount), "answers": Self.json(of: answers),
    ]
  }

  fileprivate init(json: JSON, at pointer: String) throws(Problem) {
    let fields = RecordFields(json, "case", code: "replay.malformed")
    try fields.allow(["numbers", "texts", "rows", "features", "answers"])
    let bits = try fields.text("numbers")
    guard bits.utf8.count <= 16 * ReplaySample.mostValues, bits.utf8.count.isMultiple(of: 16),
      let bytes = Hexadecimal.decode(bits)
    else {
      throw ReplaySample.malformed("sixteen digits a number", "others", at: "\(pointer)/numbers")
    }
    let numbers = stride(from: 0, to: bytes.count, by: 8).map { start in
      Double(bitPattern: bytes[start..<(start + 8)].reduce(0) { $0 << 8 | UInt64($1) })
    }
    guard let elements = json["texts"]?.array, elements.count <= ReplaySample.mostValues,
      elements.allSatisfy({ $0 == .null || $0.string != nil })
    else { throw ReplaySample.malformed("texts or null", "others", at: "\(pointer)/texts") }
    let texts = elements.map(\.string)
    guard texts.reduce(0, { $0 + ($1?.utf8.count ?? 0) }) <= ReplaySample.mostTextBytes else {
      throw ReplaySample.malformed(
        "texts of at most \(ReplaySample.mostTextBytes) bytes", "longer ones", at: "\(pointer)/texts")
    }
    guard let rows = json["rows"]?.int, 1...ReplaySample.mostValues ~= rows,
      let features = json["features"]?.int,
      features >= 0
    else { throw ReplaySample.malformed("numbers of rows and features", "others", at: pointer) }
    self.init(
      numbers: numbers, texts: texts, rowCount: rows, featureCount: features,
      answers: try Self.answers(json["answers"] ?? .null, at: "\(pointer)/answers"))
  }

  /// Answers as the control socket carries them.
  public static func json(of answers: [String: Digest]) -> JSON {
    .object(answers.mapValues { .string($0.description) })
  }

  /// Reads what `json(of:)` writes; throws `replay.malformed`.
  public static func answers(_ json: JSON, at pointer: String) throws(Problem) -> [String: Digest] {
    guard let members = json.object, members.count <= ReplaySample.mostOutputs else {
      throw ReplaySample.malformed(
        "answers of at most \(ReplaySample.mostOutputs) outputs", json.kind, at: pointer)
    }
    var answers: [String: Digest] = [:]
    for (output, value) in members {
      guard let digest = value.string.flatMap({ try? Digest(parsing: $0) }) else {
        throw ReplaySample.malformed("a digest", value.kind, at: pointer)
      }
      answers[output] = digest
    }
    return answers
  }
}

extension RecordsPolicy {
  /// Whether rows of callers may be kept in memory to be asked again: where the policy has whole rows in records.
  ///
  /// Where a field is masked, its values are to stand nowhere, and a row without them is no row to ask about.
  public var letsRowsBeReplayed: Bool { payloadMillionths > 0 && masked.isEmpty }
}
