import Domain
import Encoding

/// The members of a document of roll-outs: `RecordFields`, and numbers within bounds.
struct Fields {
  let json: JSON
  private let records: RecordFields
  private let what: String
  private let code: String

  init(_ json: JSON, _ what: String, code: String) {
    self.json = json
    self.what = what
    self.code = code
    records = RecordFields(json, what, code: code)
  }

  func allow(_ names: Set<String>) throws(Problem) { try records.allow(names) }
  func has(_ name: String) -> Bool { records.has(name) }
  func text(_ name: String) throws(Problem) -> String { try records.text(name) }
  func flag(_ name: String) throws(Problem) -> Bool { try records.flag(name) }
  func moment(_ name: String) throws(Problem) -> Timestamp { try records.requiredMoment(name) }

  /// A line of text of at most so many bytes.
  func line(_ name: String, upTo limit: Int) throws(Problem) -> String {
    let text = try text(name)
    guard text.isOneLine(upTo: limit) else { throw unexpected("a line of at most \(limit) bytes", name) }
    return text
  }

  /// One of the words that a type has.
  func word<Word: RawRepresentable<String> & CaseIterable>(_ name: String, _ type: Word.Type)
    throws(Problem) -> Word
  {
    guard let word = try records.word(name, type) else { throw unexpected("a word", name) }
    return word
  }

  /// A whole number in a range.
  func whole(_ name: String, in range: ClosedRange<Int> = 0...Int.max, default standard: Int? = nil)
    throws(Problem) -> Int
  {
    if !has(name), let standard { return standard }
    guard let number = json[name]?.int, range.contains(number) else {
      throw unexpected("a whole number from \(range.lowerBound) to \(range.upperBound)", name)
    }
    return number
  }

  /// A number in a range.
  func number(_ name: String, in range: ClosedRange<Double>) throws(Problem) -> Double {
    guard let number = json[name]?.double, range.contains(number) else {
      throw unexpected("a number from \(range.lowerBound) to \(range.upperBound)", name)
    }
    return number
  }

  /// The numbers of an array, within bounds, so many at most.
  func numbers(_ name: String, upTo limit: Int, in range: ClosedRange<Double>) throws(Problem) -> [Double] {
    let elements = try elements(name, upTo: limit)
    let numbers = elements.compactMap(\.double)
    guard numbers.count == elements.count, numbers.allSatisfy({ range.contains($0) }) else {
      throw unexpected("numbers from \(range.lowerBound) to \(range.upperBound) alone", name)
    }
    return numbers
  }

  /// The elements of an array, so many at most; none where there is no such member.
  func elements(_ name: String, upTo limit: Int) throws(Problem) -> [JSON] {
    guard has(name) else { return [] }
    guard let elements = json[name]?.array, elements.count <= limit else {
      throw unexpected("an array of at most \(limit)", name)
    }
    return elements
  }

  /// The object that has to be there.
  func value(_ name: String) throws(Problem) -> JSON { try records.value(name) }

  /// A member that is not what it should be.
  func unexpected(_ expected: String, _ name: String) -> Problem {
    Problem(
      .badInput, code,
      "expected \(expected) as '\(name)' of a \(what), found \(json[name]?.kind ?? "nothing")",
      position: "/\(name)")
  }
}

extension JSON {
  /// Reads a document of at most so many bytes; what is none is refused with the code.
  init(bounded bytes: [UInt8], upTo limit: Int, code: String) throws(Problem) {
    guard bytes.count <= limit else {
      throw Problem(.tooLarge, code, "expected at most \(limit) bytes, found \(bytes.count)")
    }
    do throws(MalformedJSON) {
      try self.init(parsing: bytes, limits: JSONLimits(depth: 16, values: 100_000))
    } catch {
      throw Problem(.badInput, code, error.description)
    }
  }
}
