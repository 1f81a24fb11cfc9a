public import Encoding

/// What a deployment's access records hold beside what every record holds, and what happens where none can be written.
public struct RecordsPolicy: Hashable, Sendable {
  /// What becomes of predictions that no record can be written of.
  public enum WhenSpoolFull: String, Sendable, CaseIterable {
    /// They are refused.
    case refuse
    /// They go out, and the next record that can be written says how many.
    case goOn = "go-on"
  }

  /// How many of a million requests have their rows and answers in their record.
  public let payloadMillionths: Int
  /// The features and outputs whose values never stand in a record, sorted.
  public let masked: [String]
  /// What becomes of predictions that no record can be written of; nil leaves it to the process.
  public let whenSpoolFull: WhenSpoolFull?

  /// No payload, and nothing that the process does not say.
  public static let standard = RecordsPolicy()
  /// The most fields that can be masked.
  private static let mostMasked = 256
  /// The most bytes of all of them as the ledger has them, of whose entry they are a part.
  private static let maskedBytes = 32_768

  private init() {
    payloadMillionths = 0
    masked = []
    whenSpoolFull = nil
  }

  /// States a policy; throws `records-policy.malformed`.
  public init(payloadMillionths: Int, masked: [String], whenSpoolFull: WhenSpoolFull?) throws(Problem) {
    guard 0...1_000_000 ~= payloadMillionths else {
      throw Self.malformed("a share from 0 % to 100 %", "\(payloadMillionths) millionths")
    }
    let names = Set(masked).sorted()
    guard names.count <= Self.mostMasked, names.allSatisfy({ 1...256 ~= $0.utf8.count }) else {
      throw Self.malformed("at most \(Self.mostMasked) masked fields of 1 to 256 bytes", "others")
    }
    guard JSON.array(names.map { .string($0) }).canonicalBytes.count <= Self.maskedBytes else {
      throw Self.malformed("masked fields of at most \(Self.maskedBytes) bytes together", "more")
    }
    self.payloadMillionths = payloadMillionths
    self.masked = names
    self.whenSpoolFull = whenSpoolFull
  }

  /// Whether the record of a request of this trace has a payload: every part of one trace has, or none.
  public func keepsPayload(of trace: String) -> Bool { Self.draws(trace, millionths: payloadMillionths) }

  /// Whether a trace is among so many of a million: every process draws alike.
  static func draws(_ trace: String, millionths: Int) -> Bool {
    guard millionths > 0 else { return false }
    // Its bits mixed once more: traces are counted upwards, and the share is wanted of each run of them.
    var hash = FNV1a.hash(of: trace.utf8)
    hash = (hash ^ hash >> 33) &* 0xFF51_AFD7_ED55_8CCD
    hash ^= hash >> 33
    return Int(hash % 1_000_000) < millionths
  }

  private static func malformed(_ expected: String, _ found: String) -> Problem {
    Problem(.badInput, "records-policy.malformed", "expected \(expected), found \(found)")
  }
}

extension RecordsPolicy {
  /// The policy as an object; what is as ever is left out.
  public var json: JSON {
    var members: [String: JSON] = [:]
    if payloadMillionths > 0 { members["payloadMillionths"] = JSON(payloadMillionths) }
    if !masked.isEmpty { members["masked"] = .array(masked.map { .string($0) }) }
    if let whenSpoolFull { members["whenSpoolFull"] = .string(whenSpoolFull.rawValue) }
    return .object(members)
  }

  /// Reads what `json` writes; throws `records-policy.malformed`.
  public init(json: JSON) throws(Problem) {
    guard let members = json.object else { throw Self.malformed("an object", json.kind) }
    let known = ["payloadMillionths", "masked", "whenSpoolFull"]
    if let stranger = members.keys.filter({ !known.contains($0) }).min() {
      throw Self.malformed(
        known.map { "'\($0)'" }.joined(separator: ", ") + " alone", "'\(stranger.excerpt(40))'")
    }
    var millionths = 0
    if let value = members["payloadMillionths"] {
      guard let number = value.int else {
        throw Self.malformed("a number as 'payloadMillionths'", value.kind)
      }
      millionths = number
    }
    var masked: [String] = []
    if let value = members["masked"] {
      masked = value.array?.compactMap(\.string) ?? []
      guard let names = value.array, names.count == masked.count else {
        throw Self.malformed("a list of names as 'masked'", value.kind)
      }
    }
    var whenSpoolFull: WhenSpoolFull?
    if let value = members["whenSpoolFull"], value != .null {
      whenSpoolFull = value.string.flatMap(WhenSpoolFull.init(rawValue:))
      guard whenSpoolFull != nil else {
        throw Self.malformed(
          "'refuse' or 'go-on' as 'whenSpoolFull'", value.string?.excerpt(40) ?? value.kind)
      }
    }
    try self.init(payloadMillionths: millionths, masked: masked, whenSpoolFull: whenSpoolFull)
  }
}
