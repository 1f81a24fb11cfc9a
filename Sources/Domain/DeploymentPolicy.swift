public import Encoding

/// How much a deployment takes on at a time.
public struct DeploymentLimits: Hashable, Sendable {
  /// Predictions that run at one time; nil for no bound but the plane's own.
  public let concurrency: Int?
  /// Predictions that wait while so many run; there is a number exactly where there is a concurrency.
  public let queue: Int?
  /// Milliseconds after which a prediction that has not begun is not begun any more; nil where the caller alone says.
  public let deadline: Int?

  /// No bound at all.
  public static let none = DeploymentLimits()

  private init() {
    concurrency = nil
    queue = nil
    deadline = nil
  }

  /// States bounds; without `queue`, 16 may wait.
  ///
  /// Throws `limits.malformed` for numbers out of range and for a queue without a concurrency.
  public init(concurrency: Int?, queue: Int? = nil, deadline: Int? = nil) throws(Problem) {
    try Self.check(concurrency, "predictions at one time", 1...100_000)
    try Self.check(queue, "predictions that wait", 0...100_000)
    try Self.check(deadline, "milliseconds", 1...3_600_000)
    guard concurrency != nil || queue == nil else {
      throw Problem(
        .badInput, "limits.malformed", "expected a concurrency beside a queue, found none",
        hint: "say how many predictions may run at one time")
    }
    self.concurrency = concurrency
    self.queue = concurrency == nil ? nil : queue ?? 16
    self.deadline = deadline
  }

  private static func check(_ value: Int?, _ what: String, _ range: ClosedRange<Int>) throws(Problem) {
    guard let value, !range.contains(value) else { return }
    throw Problem(
      .badInput, "limits.malformed",
      "expected \(range.lowerBound) to \(range.upperBound) \(what), found \(value)")
  }
}

extension DeploymentLimits {
  /// The bounds that there are, as an object; nil where there is none.
  public var json: JSON? {
    var members: [String: JSON] = [:]
    members["concurrency"] = concurrency.map { JSON($0) }
    members["queue"] = queue.map { JSON($0) }
    members["deadline"] = deadline.map { JSON($0) }
    return members.isEmpty ? nil : .object(members)
  }

  /// Reads what `json` writes; throws `limits.malformed`.
  public init(json: JSON?) throws(Problem) {
    let bounds = try WholeNumbers(json, of: ["concurrency", "queue", "deadline"])
    try self.init(
      concurrency: bounds["concurrency"], queue: bounds["queue"], deadline: bounds["deadline"])
  }
}

/// How a deployment answers, whatever version of it does.
public struct DeploymentPolicy: Hashable, Sendable {
  /// How much it takes on at a time.
  public var limits: DeploymentLimits
  /// What its access records hold.
  public var records: RecordsPolicy
  /// Whether what comes and what is answered is held against training.
  public var isWatched: Bool
  /// What is done to rows before the model is asked, to answers before they leave, and about callers who seem to attack.
  public var defences: DefencePolicy
  /// Of how many of a million requests it is kept what the model said, so that labels that come later find it.
  public var feedbackMillionths: Int

  /// The policy of a deployment that none was set for.
  public static let standard = DeploymentPolicy()

  /// States how a deployment answers.
  public init(
    limits: DeploymentLimits = .none, records: RecordsPolicy = .standard, isWatched: Bool = true,
    defences: DefencePolicy = .none, feedbackMillionths: Int = 0
  ) {
    self.defences = defences
    self.feedbackMillionths = feedbackMillionths
    self.isWatched = isWatched
    self.limits = limits
    self.records = records
  }

  /// What differs from the standard, as an object.
  public var json: JSON {
    var members: [String: JSON] = [:]
    members["limits"] = limits.json
    if records != .standard { members["records"] = records.json }
    if !isWatched { members["watch"] = "off" }
    if defences != .none { members["defences"] = defences.json }
    if feedbackMillionths > 0 { members["feedback"] = JSON(feedbackMillionths) }
    return .object(members)
  }

  /// Reads what `json` writes; throws `policy.malformed`, `limits.malformed`, `records-policy.malformed` and `monitoring.defences`.
  public init(json: JSON) throws(Problem) {
    guard let members = json.object,
      members.keys.allSatisfy({ ["limits", "records", "watch", "defences", "feedback"].contains($0) })
    else {
      throw Problem(
        .badInput, "policy.malformed",
        "expected 'limits', 'records', 'watch', 'defences' and 'feedback' alone in an object, found \(json.kind) of another form"
      )
    }
    switch members["watch"] {
    case nil, "on"?: isWatched = true
    case "off"?: isWatched = false
    default:
      throw Problem(.badInput, "policy.malformed", "expected 'on' or 'off' as 'watch', found another")
    }
    feedbackMillionths =
      try members["feedback"].map { (json) throws(Problem) in
        try Self.feedbackMillionths(json)
      } ?? 0
    limits = try DeploymentLimits(json: members["limits"])
    if let json = members["records"] { records = try RecordsPolicy(json: json) } else { records = .standard }
    defences =
      try members["defences"].map { (json) throws(Problem) in try DefencePolicy(json: json) } ?? .none
  }

  /// Reads the share of requests that labels are awaited for; throws `policy.malformed`.
  public static func feedbackMillionths(_ json: JSON) throws(Problem) -> Int {
    guard let millionths = json.int, 0...1_000_000 ~= millionths else {
      throw Problem(
        .badInput, "policy.malformed", "expected 0 to 1000000 millionths as 'feedback', found another",
        position: "/feedback")
    }
    return millionths
  }

  /// Whether it is kept what the model says to a request of this trace.
  public func awaitsLabels(of trace: String) -> Bool {
    RecordsPolicy.draws(trace, millionths: feedbackMillionths)
  }
}

/// The policy that was set for a deployment.
public struct DeploymentSettings: Equatable, Sendable {
  /// Which deployment.
  public let deployment: ModelName
  /// How it answers.
  public let policy: DeploymentPolicy
  /// Since when.
  public let since: Timestamp

  /// Records what was set for a deployment.
  public init(deployment: ModelName, policy: DeploymentPolicy, since: Timestamp) {
    self.deployment = deployment
    self.policy = policy
    self.since = since
  }
}

/// The members of an object of whole numbers, some of which may be there.
struct WholeNumbers {
  private var numbers: [String: Int] = [:]

  /// Reads an object that has no members but these; nothing and null are an empty one.
  ///
  /// Throws `limits.malformed`.
  init(_ json: JSON?, of names: [String]) throws(Problem) {
    guard let json, json != .null else { return }
    guard let members = json.object else {
      throw Problem(.badInput, "limits.malformed", "expected limits in an object, found \(json.kind)")
    }
    for (name, value) in members.sorted(by: { $0.key < $1.key }) {
      guard names.contains(name) else {
        throw Problem(
          .badInput, "limits.malformed",
          "expected the limits \(names.map { "'\($0)'" }.joined(separator: ", ")) alone, found"
            + " '\(name.excerpt(40))'")
      }
      guard value != .null else { continue }
      guard let number = value.int else {
        throw Problem(
          .badInput, "limits.malformed", "expected a whole number as '\(name)', found \(value.kind)")
      }
      numbers[name] = number
    }
  }

  subscript(name: String) -> Int? { numbers[name] }
}
