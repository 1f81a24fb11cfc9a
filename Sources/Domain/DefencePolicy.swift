public import Encoding

/// What is done to rows before a model is asked and to answers before they leave, as settings of a deployment.
///
/// Written as canonical JSON; what is left out is as it is where nobody says anything, which is that nothing is done.
public struct DefencePolicy: Sendable, Hashable {
  /// The most digits that answers may be rounded to; a double has no more to say.
  public static let digitLimit = 15
  /// The most bytes of settings.
  public static let byteLimit = 4096

  /// What becomes of a row that is not like training.
  public enum Action: String, Sendable, CaseIterable {
    /// It is answered, and noted.
    case note
    /// It is refused.
    case refuse
  }

  /// What rows are held against.
  public struct InputRules: Sendable, Hashable {
    /// What becomes of a row that breaks a rule.
    public var action: Action
    /// How far beyond training's range and fences a number may be, as a share of the range; nil for any number.
    public var tolerance: Double?
    /// Whether categories have to be training's.
    public var categories: Bool
    /// Whether what training always had has to be there, and finite.
    public var missing: Bool

    /// States rules; a tolerance that is negative, or no number, counts as none.
    public init(
      action: Action = .note, tolerance: Double? = nil, categories: Bool = false, missing: Bool = false
    ) {
      self.action = action
      self.tolerance = tolerance.map { $0 >= 0 && $0.isFinite ? $0 : 0 }
      self.categories = categories
      self.missing = missing
    }

    /// Whether there is anything to hold rows against.
    public var isEmpty: Bool { tolerance == nil && !categories && !missing }
  }

  /// How much of an answer leaves.
  public enum Disclosure: Sendable, Hashable {
    /// All of it.
    case full
    /// Numbers with so many digits behind the point.
    case digits(Int)
    /// The class alone, without its scores.
    case labels
  }

  /// What becomes of callers who ask as those do who copy a model or look for its boundary.
  public enum CallerAction: String, Sendable, CaseIterable {
    /// Nobody looks.
    case off
    /// They are told of.
    case tell
    /// They are told of, and answered no more for an hour.
    case refuse
  }

  /// Nothing is done.
  public static let none = DefencePolicy()

  /// What rows are held against.
  public var inputs: InputRules
  /// How much of an answer leaves.
  public var disclosure: Disclosure
  /// What becomes of callers who seem to attack.
  public var callers: CallerAction

  /// States settings.
  public init(
    inputs: InputRules = InputRules(), disclosure: Disclosure = .full, callers: CallerAction = .off
  ) {
    self.inputs = inputs
    self.disclosure = disclosure
    self.callers = callers
  }
}

extension DefencePolicy {
  /// The settings in their one spelling.
  public var json: JSON {
    var members: [String: JSON] = ["format": "gatehouse/defences/v1"]
    switch disclosure {
    case .full: break
    case .digits(let digits): members["answers"] = ["digits": JSON(digits)]
    case .labels: members["answers"] = ["labels-only": true]
    }
    if inputs != InputRules() {
      var rules: [String: JSON] = ["action": .string(inputs.action.rawValue)]
      if let tolerance = inputs.tolerance { rules["tolerance"] = .number(tolerance) }
      if inputs.categories { rules["categories"] = true }
      if inputs.missing { rules["missing"] = true }
      members["inputs"] = .object(rules)
    }
    if callers != .off { members["callers"] = .string(callers.rawValue) }
    return .object(members)
  }

  /// Reads settings; throws `monitoring.defences` with the place of what is wrong.
  public init(json text: [UInt8]) throws(Problem) {
    guard text.count <= Self.byteLimit else {
      throw Problem(
        .tooLarge, "monitoring.defences",
        "expected at most \(Self.byteLimit) bytes of settings, found \(text.count)")
    }
    let json: JSON
    do throws(MalformedJSON) { json = try JSON(parsing: text) } catch {
      throw Problem(
        .badInput, "monitoring.defences", "expected \(error.expected), found \(error.found)",
        position: "byte \(error.offset)")
    }
    try self.init(json: json)
  }

  /// Reads settings; throws `monitoring.defences` with the place of what is wrong.
  public init(json: JSON) throws(Problem) {
    var members = try SettingsMembers(json, at: "")
    try members.require("format", "gatehouse/defences/v1")
    self.init()
    if let answers = try members.take("answers") {
      var own = try SettingsMembers(answers, at: "/answers")
      let digits = try own.digits("digits")
      let isLabels = try own.flag("labels-only")
      try own.end()
      if isLabels, digits != nil {
        throw Self.problem("digits or labels alone", "both", at: "/answers")
      }
      disclosure = isLabels ? .labels : digits.map { .digits($0) } ?? .full
    }
    if let rules = try members.take("inputs") {
      var own = try SettingsMembers(rules, at: "/inputs")
      let action = try own.word("action", Action.self)
      let tolerance = try own.tolerance("tolerance")
      inputs = InputRules(
        action: action ?? .note, tolerance: tolerance, categories: try own.flag("categories"),
        missing: try own.flag("missing"))
      try own.end()
    }
    callers = try members.word("callers", CallerAction.self) ?? .off
    try members.end()
  }

  fileprivate static func problem(_ expected: String, _ found: String, at place: String) -> Problem {
    Problem(
      .badInput, "monitoring.defences", "expected \(expected), found \(found)",
      position: place.isEmpty ? "/" : place)
  }
}

/// The members of an object of settings, of which each has to be taken.
private struct SettingsMembers {
  private var members: [String: JSON]
  private let place: String

  init(_ json: JSON, at place: String) throws(Problem) {
    guard case .object(let members) = json else {
      throw DefencePolicy.problem("an object", json.kind, at: place)
    }
    self.members = members
    self.place = place
  }

  mutating func take(_ name: String) throws(Problem) -> JSON? { members.removeValue(forKey: name) }

  mutating func require(_ name: String, _ value: String) throws(Problem) {
    let found = members.removeValue(forKey: name)
    guard found?.string == value else {
      throw problem(
        "'\(value)'", found?.string.map { "'\($0.excerpt(60))'" } ?? found?.kind ?? "nothing", name)
    }
  }

  mutating func flag(_ name: String) throws(Problem) -> Bool {
    guard let found = members.removeValue(forKey: name) else { return false }
    guard let flag = found.bool else { throw problem("true or false", found.kind, name) }
    return flag
  }

  mutating func digits(_ name: String) throws(Problem) -> Int? {
    guard let found = members.removeValue(forKey: name) else { return nil }
    guard let digits = found.int, (0...DefencePolicy.digitLimit).contains(digits) else {
      throw problem(
        "a whole number from 0 to \(DefencePolicy.digitLimit)",
        found.double.map(JSON.shortestText) ?? found.kind, name)
    }
    return digits
  }

  mutating func tolerance(_ name: String) throws(Problem) -> Double? {
    guard let found = members.removeValue(forKey: name) else { return nil }
    guard let share = found.double, (0...1000).contains(share) else {
      throw problem("a number from 0 to 1000", found.double.map(JSON.shortestText) ?? found.kind, name)
    }
    return share
  }

  mutating func word<Word: RawRepresentable & CaseIterable>(
    _ name: String, _ words: Word.Type
  ) throws(Problem) -> Word? where Word.RawValue == String {
    guard let found = members.removeValue(forKey: name) else { return nil }
    guard let word = found.string.flatMap(Word.init(rawValue:)) else {
      let known = Word.allCases.map { "'\($0.rawValue)'" }.joined(separator: " or ")
      throw problem(known, found.string.map { "'\($0.excerpt(60))'" } ?? found.kind, name)
    }
    return word
  }

  func end() throws(Problem) {
    guard let other = members.keys.min() else { return }
    throw problem("no member of this name", "'\(other.excerpt(60))'", other.excerpt(60))
  }

  private func problem(_ expected: String, _ found: String, _ name: String) -> Problem {
    DefencePolicy.problem(expected, found, at: "\(place)/\(name)")
  }
}
