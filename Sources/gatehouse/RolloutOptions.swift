import ArgumentParser
import Documents
import Domain
import Encoding
import Gates
import Rollouts

/// The options that say by which steps a version comes into service.
struct RolloutOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The shares of callers, step by step: '1%,10%,50%,100%'. A first step of 0% asks the version in the shadow of what "
        + "answers.", valueName: "shares"))
  var steps: String?

  @Option(
    help: ArgumentHelp("How long each step takes at least, such as 10m (default: 10m).", valueName: "span"))
  var each: String?

  @Option(
    help: ArgumentHelp("How many requests each step sees at least (default: 300).", valueName: "n"))
  var atLeast: Int?

  @Option(
    help: ArgumentHelp(
      "Ask it what others answer, and undo where it disagrees in more than this share: '5%'.",
      valueName: "share"))
  var disagreement: String?

  @Option(
    help: ArgumentHelp(
      "How far two numbers may be apart and agree still, as a share of the larger one (default: 5%).",
      valueName: "share"))
  var tolerance: String?

  @Option(
    help: ArgumentHelp("Wait for a person's yes before the step of this share.", valueName: "share"))
  var yesBefore: [String] = []

  @Option(
    help: ArgumentHelp("What an alarm of drift does: tell, hold, undo (default: hold).", valueName: "what"))
  var drift: String?

  @Option(help: ArgumentHelp("How long a step may take (default: 1d).", valueName: "span"))
  var longest: String?

  @Option(
    help: ArgumentHelp(
      "What becomes of a step that took that long: hold, undo, pass (default: hold).", valueName: "what"))
  var late: String?

  @Option(
    help: ArgumentHelp(
      "What keeps a caller with one version: key, header (Gatehouse-Affinity), trace (default: key).",
      valueName: "what"))
  var stay: String?

  @Option(
    help: ArgumentHelp("Take all of it from a file of JSON, {\"plan\", \"affinity\"}.", valueName: "file"))
  var terms: String?

  /// The terms that the options say; nil where they say none.
  func stated() throws -> RolloutTerms? {
    if let terms {
      guard steps == nil else {
        throw Problem(
          .usage, "usage.options", "expected either '--terms' or '--steps', found both of them")
      }
      return try RolloutTerms(json: try JSON(parsing: LocalFiles.read(terms, limit: RolloutPlan.sizeLimit)))
    }
    guard let steps else {
      guard [each, disagreement, tolerance, drift, longest, late, stay].allSatisfy({ $0 == nil }),
        atLeast == nil, yesBefore.isEmpty
      else {
        throw Problem(
          .usage, "usage.options", "expected '--steps' beside what says how they are taken, found none",
          hint: "add such as '--steps 1%,10%,50%,100%'")
      }
      return nil
    }
    var criteria = Criteria.standard
    if let atLeast { criteria.minimumRequests = atLeast }
    if let disagreement {
      let bound = Double(try Self.share(disagreement).value) / 10_000
      guard let lines = Criteria.Lines(bound: bound) else {
        throw Problem(
          .usage, "share.malformed",
          "expected a share above 0% and below 100% as '--disagreement', found '\(disagreement)'")
      }
      criteria.disagreement = lines
    }
    if let tolerance { criteria.tolerance = Double(try Self.share(tolerance).value) / 10_000 }
    if let drift { criteria.drift = try Self.word(drift, Criteria.DriftAnswer.self, "--drift") }
    if let late { criteria.lateness = try Self.word(late, Criteria.Lateness.self, "--late") }
    if let longest { criteria.longest = try Self.span(longest, "--longest") }
    let yes = try yesBefore.map { (text) throws(Problem) in try Self.share(text) }
    let time = try each.map { (text) throws(Problem) in try Self.span(text, "--each") } ?? 600_000
    let shares = try steps.split(separator: ",").map { (text) throws(Problem) in try Self.share(String(text))
    }
    if let stranger = yes.first(where: { !shares.contains($0) }) {
      throw Problem(
        .usage, "usage.options", "expected '--yes-before' one of the steps \(steps), found \(stranger)")
    }
    // Through the reader that the server has, so that what it would refuse is refused here.
    let plan = try RolloutPlan(
      json: [
        "steps": .array(
          shares.map {
            RolloutStep(share: $0, leastTime: time, needsApproval: yes.contains($0)).document
          }), "criteria": criteria.json,
      ])
    let affinity = try stay.map { (text) throws(Problem) in
      try Self.word(text, Sharing.Affinity.self, "--stay")
    }
    return RolloutTerms(plan: plan, affinity: affinity ?? .key)
  }

  /// A share such as `12.5%`.
  private static func share(_ text: String) throws(Problem) -> BasisPoints {
    let digits = text.hasSuffix("%") ? String(text.dropLast()) : text
    guard let percent = Double(digits), 0...100 ~= percent,
      let share = BasisPoints(Int((percent * 100).rounded()))
    else {
      throw Problem(
        .usage, "share.malformed", "expected a share from 0% to 100%, found '\(text.excerpt(40))'")
    }
    return share
  }

  private static func span(_ text: String, _ option: String) throws(Problem) -> Int64 {
    guard let span = TimeSpan(parsing: text) else {
      throw Problem(
        .usage, "usage.span",
        "expected a length of time such as '10m' as '\(option)', found '\(text.excerpt(40))'",
        hint: "use a whole number with ms, s, m, h, d or w")
    }
    return span.milliseconds
  }

  private static func word<Word: RawRepresentable<String> & CaseIterable>(
    _ text: String, _ type: Word.Type, _ option: String
  ) throws(Problem) -> Word {
    if let word = Word(rawValue: text) { return word }
    let known = Word.allCases.map(\.rawValue).joined(separator: ", ")
    throw Problem(
      .usage, "usage.word", "expected one of \(known) as '\(option)', found '\(text.excerpt(40))'")
  }
}

extension RolloutStep {
  fileprivate var document: JSON {
    ["share": JSON(share.value), "leastTime": .integer(leastTime), "needsApproval": .bool(needsApproval)]
  }
}
