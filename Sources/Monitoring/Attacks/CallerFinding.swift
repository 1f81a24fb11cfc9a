public import Domain
import Encoding

/// An alarm about a caller, by what the caller is known as: what a data plane hands over of it, with no row and no value.
public struct CallerFinding: Sendable, Equatable {
  /// How many are told of in one window at most; how many more there were is counted.
  public static let windowLimit = 16
  /// The most bytes of what a caller is known as; of more the first are kept.
  static let nameLimit = 256

  /// The id of the key, or what stands for the subject of a token.
  public let caller: String
  /// When it was found.
  public let at: Timestamp
  /// What the caller seems to be after.
  public let attack: CallerAlarm.Attack
  /// What shows it.
  public let sign: CallerAlarm.Sign
  /// How many rows of the caller there were in all.
  public let rows: Int
  /// How many times was looked since evidence began to grow.
  public let looks: Int
  /// At how many of them the sign was seen.
  public let hits: Int
  /// The most that is tolerated, as a share.
  public let tolerated: Double
  /// The e-value that was reached.
  public let eValue: Double
  /// What it had to reach.
  public let threshold: Double

  /// Tells of an alarm about a caller.
  public init(_ alarm: CallerAlarm, about caller: String, at moment: Timestamp) {
    // Cut between characters, so that it is read as it was written.
    var name = ""
    for character in caller where name.utf8.count + character.utf8.count <= Self.nameLimit {
      name.append(character)
    }
    self.init(
      caller: name, at: moment, attack: alarm.attack, sign: alarm.sign, rows: alarm.rows, looks: alarm.looks,
      hits: alarm.hits, tolerated: alarm.tolerated, eValue: alarm.eValue, threshold: alarm.threshold)
  }

  private init(
    caller: String, at: Timestamp, attack: CallerAlarm.Attack, sign: CallerAlarm.Sign, rows: Int, looks: Int,
    hits: Int, tolerated: Double, eValue: Double, threshold: Double
  ) {
    self.caller = caller
    self.at = at
    self.attack = attack
    self.sign = sign
    self.rows = rows
    self.looks = looks
    self.hits = hits
    self.tolerated = tolerated
    self.eValue = eValue
    self.threshold = threshold
  }

  /// The sentence for a person: who it is, and what was seen.
  public var message: String {
    let alarm = CallerAlarm(
      caller: 0, attack: attack, sign: sign, rows: rows, looks: looks, hits: hits, tolerated: tolerated,
      eValue: eValue, threshold: threshold, isRepeated: false)
    return "caller '\(caller.excerpt(80))': \(alarm.message)"
  }

  /// The share of looks at which the sign was seen.
  public var share: Double { looks > 0 ? Double(hits) / Double(looks) : 0 }
}

extension CallerFinding {
  func write(to writer: inout SketchWriter) {
    writer.write(caller)
    writer.write(at.milliseconds)
    writer.write(UInt8(attack == .extraction ? 0 : 1))
    writer.write(UInt8(truncatingIfNeeded: sign.rawValue))
    for count in [rows, looks, hits] { writer.write(count: count) }
    for number in [tolerated, eValue, threshold] { writer.write(number) }
  }

  init(from reader: inout SketchReader) throws(Problem) {
    let caller = try reader.text(upTo: Self.nameLimit, "what a caller is known as")
    let at = Timestamp(milliseconds: try reader.integer(Int64.self, "when a caller was found"))
    let attack: CallerAlarm.Attack =
      try reader.byte(upTo: 1, "what a caller is after") == 0 ? .extraction : .evasion
    guard
      let sign = CallerAlarm.Sign(
        rawValue: try reader.byte(upTo: CallerAlarm.Sign.allCases.count - 1, "a sign of a caller"))
    else { throw reader.malformed("a sign of a caller", found: "another") }
    let rows = try reader.count(upTo: QuantileSketch.countLimit, "rows of a caller")
    let looks = try reader.count(upTo: QuantileSketch.countLimit, "looks at a caller")
    let hits = try reader.count(upTo: looks, "signs of a caller")
    let tolerated = try reader.finite("what is tolerated of a caller")
    let eValue = try reader.finite("the evidence against a caller")
    let threshold = try reader.finite("what evidence has to reach")
    guard 0...1 ~= tolerated, eValue >= 0, threshold > 0 else {
      throw reader.malformed("a share and evidence of a caller", found: "others")
    }
    self.init(
      caller: caller, at: at, attack: attack, sign: sign, rows: rows, looks: looks, hits: hits,
      tolerated: tolerated, eValue: eValue, threshold: threshold)
  }
}
