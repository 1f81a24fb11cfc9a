import Domain
import Encoding

/// How a text becomes terms: what scikit-learn's vectorizers do before they count.
///
/// Lower case first, then accents; then words or characters, without stop words; then the n-grams of them.
public struct TextAnalysis: Equatable, Sendable {
  /// What n-grams are made of.
  public enum Unit: String, Sendable, CaseIterable {
    /// The tokens that a pattern finds, with a space between them.
    case word
    /// Characters, across words.
    case character = "char"
    /// Characters of a word with a space on either side, never across words.
    case characterInWord = "char_wb"
  }

  /// What becomes of accents.
  public enum Accents: String, Sendable, CaseIterable {
    case kept
    /// Compatibility decomposition without combining marks.
    case stripped
    /// That, and of it only ASCII.
    case ascii
  }

  /// What n-grams are made of.
  public var unit: Unit
  /// The regular expression of tokens; of no account for characters.
  public var pattern: String
  /// Tokens that are left out before n-grams are made.
  public var stopWords: [String]
  /// Whether texts are lowered first.
  public var lowersCase: Bool
  /// What becomes of accents.
  public var accents: Accents
  /// How many units an n-gram has at least.
  public var shortest: Int
  /// How many units an n-gram has at most.
  public var longest: Int

  /// How many units an n-gram may have.
  public static let mostUnits = 64

  /// Says how texts become terms.
  public init(
    unit: Unit = .word, pattern: String = #"(?u)\b\w\w+\b"#, stopWords: [String] = [],
    lowersCase: Bool = true,
    accents: Accents = .kept, shortest: Int = 1, longest: Int = 1
  ) {
    self.unit = unit
    self.pattern = pattern
    self.stopWords = stopWords
    self.lowersCase = lowersCase
    self.accents = accents
    self.shortest = shortest
    self.longest = longest
  }

  init(from reader: inout AttributeReader) throws(Problem) {
    self.init(
      unit: try reader.choice("unit"), pattern: try reader.string("pattern"),
      stopWords: try reader.texts("stop_words"), lowersCase: try reader.bool("lowers_case"),
      accents: try reader.choice("accents"), shortest: try reader.integer("shortest"),
      longest: try reader.integer("longest"))
  }

  func write(to writer: inout AttributeWriter) {
    writer.write(unit, "unit")
    writer.write(pattern, "pattern")
    writer.write(stopWords, "stop_words")
    writer.write(lowersCase, "lowers_case")
    writer.write(accents, "accents")
    writer.write(shortest, "shortest")
    writer.write(longest, "longest")
  }

  /// How much taking a text apart takes, and looking up each n-gram by all of its characters.
  var work: Work { Work(byte: 16 + (longest - shortest + 1) * longest) }

  func check(_ operands: Operands) throws(Problem) {
    try operands.expectOneText()
    guard 1...Self.mostUnits ~= shortest, shortest...Self.mostUnits ~= longest else {
      throw operands.problem(
        "n-grams",
        "expected n-grams of 1 to \(Self.mostUnits) units in '\(operands.node)', found \(shortest) to \(longest)"
      )
    }
    guard unit == .word else { return }
    do {
      _ = try TokenPattern(pattern)
    } catch {
      throw operands.problem(
        "pattern",
        "expected a pattern that can be matched in linear time in '\(operands.node)', found \(error.construct)"
          + " at character \(error.position)")
    }
  }
}
