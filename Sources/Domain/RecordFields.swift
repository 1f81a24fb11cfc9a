public import Encoding

/// The members of a record, read into the types they stand for.
public struct RecordFields {
  private let json: JSON
  private let what: String
  private let code: String

  /// `what` names the record in messages, `grant`; `code` is that of what is thrown where a member is not as it should be.
  public init(_ json: JSON, _ what: String, code: String) {
    self.json = json
    self.what = what
    self.code = code
  }

  /// Refuses other members than these, and what is no object.
  public func allow(_ names: Set<String>) throws(Problem) {
    guard let members = json.object else {
      throw malformed("expected a \(what) as an object, found \(json.kind)")
    }
    guard let stranger = members.keys.filter({ !names.contains($0) }).min() else { return }
    let near = NearName.nearest(to: stranger, among: names)
    throw Problem(
      .badInput, code,
      "expected \(names.sorted().map { "'\($0)'" }.joined(separator: ", ")) alone in a \(what), found"
        + " '\(stranger.excerpt(40))'",
      position: "/\(stranger.excerpt(40))", hint: near.map { "use '\($0)'" })
  }

  /// Whether there is a member of this name that is not null.
  public func has(_ name: String) -> Bool { json[name] != nil && json[name] != .null }

  /// The text of this name, or the standard one where there is none.
  public func text(_ name: String, default standard: String? = nil) throws(Problem) -> String {
    if let text = json[name]?.string { return text }
    guard !has(name), let standard else { throw unexpected("a text", name) }
    return standard
  }

  /// The texts of an array; none where there is no such member.
  public func texts(_ name: String) throws(Problem) -> [String] {
    guard has(name) else { return [] }
    guard let elements = json[name]?.array, elements.count <= 1000 else {
      throw unexpected("an array of at most 1000 texts", name)
    }
    let texts = elements.compactMap(\.string)
    guard texts.count == elements.count else { throw unexpected("texts alone", name) }
    return texts
  }

  /// The moment of this name; nil where there is none.
  public func moment(_ name: String) throws(Problem) -> Timestamp? {
    guard has(name) else { return nil }
    guard let value = json[name]?.integer else { throw unexpected("milliseconds since 1970", name) }
    return Timestamp(milliseconds: value)
  }

  /// The moment that has to be there.
  public func requiredMoment(_ name: String) throws(Problem) -> Timestamp {
    guard let moment = try moment(name) else { throw unexpected("milliseconds since 1970", name) }
    return moment
  }

  /// True or false; false where there is no such member.
  public func flag(_ name: String) throws(Problem) -> Bool {
    guard has(name) else { return false }
    guard let flag = json[name]?.bool else { throw unexpected("true or false", name) }
    return flag
  }

  /// The principal of this name.
  public func principal(_ name: String) throws(Problem) -> Principal {
    let text = try text(name)
    guard text.isOneLine(upTo: 128), let principal = Principal(parsing: text) else {
      throw unexpected("a principal such as 'service:ci'", name)
    }
    return principal
  }

  /// A whole number from 0 on, as a text: numbers of JSON need not hold 64 bits; nil where there is no such member.
  public func wholeNumber(_ name: String) throws(Problem) -> UInt64? {
    guard has(name) else { return nil }
    let text = try text(name)
    guard let number = UInt64(text), String(number) == text else {
      throw malformed(
        "expected a whole number from 0 to 18446744073709551615 as '\(name)' of a \(what), found"
          + " '\(text.excerpt(40))'", "/\(name)")
    }
    return number
  }

  /// The data set of this name, `{"name","digest"}`; nil where there is no such member.
  public func dataSet(_ name: String) throws(Problem) -> DataSet? {
    guard has(name) else { return nil }
    let members = RecordFields(try value(name), "\(what)'s \(name)", code: code)
    try members.allow(["name", "digest"])
    return try DataSet(name: try members.text("name"), digest: try members.digest("digest"))
  }

  /// The digest of this name.
  public func digest(_ name: String) throws(Problem) -> Digest { try Digest(parsing: text(name)) }

  /// The version of this name, `iris@3`.
  public func version(_ name: String) throws(Problem) -> VersionReference {
    try VersionReference(parsing: text(name))
  }

  /// One of the words that a type has; nil where there is no such member.
  public func word<Word: RawRepresentable<String> & CaseIterable>(
    _ name: String, _ type: Word.Type
  ) throws(Problem) -> Word? {
    guard has(name) else { return nil }
    let found = try text(name)
    if let word = Word(rawValue: found) { return word }
    let known = Word.allCases.map(\.rawValue)
    throw Problem(
      .badInput, code,
      "expected one of \(known.joined(separator: ", ")) as '\(name)' of a \(what), found '\(found.excerpt(40))'",
      position: "/\(name)", hint: NearName.nearest(to: found, among: known).map { "use '\($0)'" })
  }

  /// The value that has to be there, whatever it is.
  public func value(_ name: String) throws(Problem) -> JSON {
    guard let value = json[name] else { throw unexpected("a value", name) }
    return value
  }

  private func unexpected(_ expected: String, _ name: String) -> Problem {
    malformed(
      "expected \(expected) as '\(name)' of a \(what), found \(json[name]?.kind ?? "nothing")", "/\(name)")
  }

  private func malformed(_ message: String, _ position: String? = nil) -> Problem {
    Problem(.badInput, code, message, position: position)
  }
}
