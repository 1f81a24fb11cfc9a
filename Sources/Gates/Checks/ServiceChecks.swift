import Documents
import Domain
import Encoding
import YAML

/// `change-window: {days: [mon, tue], from: "08:00", to: "16:00"}`: when versions may come into service, in UTC.
///
/// A window whose end is before its start goes on past midnight and belongs to the day it starts on.
struct ChangeWindowCheck: GateCheck {
  static let name = "change-window"
  static let phases: [PolicyPhase] = [.rollOut]
  let days: [Weekday]
  let start: ClockTime?
  let end: ClockTime?

  init(_ node: YAMLNode, _ reading: inout DocumentReading, _ vocabulary: PolicyVocabulary) {
    let fields = reading.fields(
      of: node, "the gate 'change-window'", known: ["days", "from", "to"], required: ["days", "from", "to"])
    days = reading.choices(fields["days"], "a day of the week")
    start = reading.value(fields["from"], ClockTime.expected, code: "time") { ClockTime(parsing: $0) }
    end = reading.value(fields["to"], ClockTime.expected, code: "time") { ClockTime(parsing: $0) }
    if let start, let end, start == end, let node = fields["to"] {
      reading.addType(
        "an end that is not the start", node, hint: "use from \"00:00\" to \"24:00\" for whole days")
    }
  }

  func answer(_ evidence: AdmissionEvidence, under policy: Digest) -> GateAnswer {
    guard let start, let end else { return .notKnown("a change window", "when it is") }
    let window = "\(days.map(\.rawValue).joined(separator: ", ")) \(start) to \(end) UTC"
    guard let now = evidence.now else { return .notKnown("a time within \(window)", "the present time") }
    let (day, minute) = Weekday.at(now)
    let isWithin: Bool
    if start.minutes < end.minutes {
      isWithin = days.contains(day) && (start.minutes..<end.minutes).contains(minute)
    } else {
      isWithin =
        days.contains(day) && minute >= start.minutes || days.contains(day.previous) && minute < end.minutes
    }
    if isWithin { return .passed("within \(window)") }
    // What has to be said or mended is; the clock goes on by itself.
    return .waiting(
      "expected a time within \(window), found \(day.rawValue) \(now.description.dropFirst(11).prefix(5))",
      hint: "it goes on by itself then")
  }
}

extension Weekday {
  fileprivate var previous: Weekday {
    let all = Self.allCases
    return all[((all.firstIndex(of: self) ?? 0) + 6) % 7]
  }
}

/// `ask: {url: "https://opa.internal/…", expect: true, within: 2s}`: what somebody else has to answer.
struct AskCheck: GateCheck {
  static let name = "ask"
  static let expectation = "true, false, a number or a text"
  private static let longest: Int64 = 30_000
  let url: String
  let expected: JSON
  let milliseconds: Int64

  init(_ node: YAMLNode, _ reading: inout DocumentReading, _ vocabulary: PolicyVocabulary) {
    let fields = reading.fields(
      of: node, "the gate 'ask'", known: ["url", "expect", "within"], required: ["url"])
    // Whoever can change an answer on its way decides what is served: the same rule as for keys of issuers.
    url =
      reading.value(
        fields["url"], "an https URL of at most 255 characters", code: "url",
        hint: "plain http is for this machine alone"
      ) { (try? KeySetURL(parsing: $0))?.description } ?? ""
    expected =
      reading.value(fields["expect"], Self.expectation) { Self.scalar($0) } ?? true
    let span = reading.span(fields["within"])
    milliseconds = span?.milliseconds ?? 2_000
    if let node = fields["within"], !(1...Self.longest ~= milliseconds) {
      reading.addType("a time from 1ms to 30s", node)
    }
  }

  /// A number where it is one, as YAML has it too.
  static func scalar(_ text: String) -> JSON? {
    switch text {
    case "": nil
    case "true": true
    case "false": false
    default: Int64(text).map { .integer($0) } ?? decimal(text).map { .number($0) } ?? .string(text)
    }
  }

  /// What to send, and where.
  func question(about evidence: AdmissionEvidence, line: Int) -> PolicyQuestion {
    let body: JSON = ["input": evidence.json]
    return PolicyQuestion(
      url: url, body: body.canonicalBytes, milliseconds: milliseconds, line: line)
  }

  func answer(_ evidence: AdmissionEvidence, under policy: Digest) -> GateAnswer {
    let text = "\(expected.canonicalText.excerpt(60)) from \(url)"
    let digest = question(about: evidence, line: 0).digest
    let answers = evidence.answers.filter { $0.question == digest }
    guard let answer = answers.first, answers.count == 1 else {
      return .notKnown(text, "the answer to what is asked now")
    }
    guard let result = answer.document["result"] else {
      return .failed(
        "expected \(text), found no result", hint: "define a default for the rule that is asked for")
    }
    let isEqual = result == expected || result.double != nil && result.double == expected.double
    return .held(
      isEqual, "found \(text)",
      otherwise: "expected \(text), found \(result.canonicalText.excerpt(60))")
  }
}

extension DocumentReading {
  /// A length of time.
  mutating func span(_ node: YAMLNode?) -> TimeSpan? {
    value(node, TimeSpan.expected, code: "time-span", hint: TimeSpan.hint) { TimeSpan(parsing: $0) }
  }
}
