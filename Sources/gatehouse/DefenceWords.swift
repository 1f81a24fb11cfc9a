import Domain
import Encoding

/// What `gatehouse deployments set` says of a deployment's defences; what is not said stays as it is.
struct DefenceWords {
  /// How far beyond training's range and fences numbers may be, as a share of the range, where inputs are held against training.
  private static let tolerance = 0.5

  private var inputs: DefencePolicy.InputRules?
  private var disclosure: DefencePolicy.Disclosure?
  private var callers: DefencePolicy.CallerAction?

  /// Whether nothing is said.
  var isEmpty: Bool { inputs == nil && disclosure == nil && callers == nil }

  /// Reads the words; throws `usage.defences` for others.
  init(inputChecks: String?, answers: String?, attackWatch: String?) throws(Problem) {
    switch inputChecks {
    case nil: break
    case "off": inputs = DefencePolicy.InputRules()
    case "flag": inputs = Self.rules(.note)
    case "refuse": inputs = Self.rules(.refuse)
    case let other?: throw Self.problem("'off', 'flag' or 'refuse' as input checks", other)
    }
    switch answers {
    case nil: break
    case "full": disclosure = .full
    case "labels": disclosure = .labels
    case let other?:
      let limit = DefencePolicy.digitLimit
      guard other.hasPrefix("rounded="), let digits = Int(other.dropFirst(8)), 0...limit ~= digits else {
        throw Self.problem("'full', 'labels' or 'rounded=N' with 0 to \(limit) digits as answers", other)
      }
      disclosure = .digits(digits)
    }
    if let attackWatch {
      guard let action = DefencePolicy.CallerAction(rawValue: attackWatch) else {
        throw Self.problem("'off', 'tell' or 'refuse' as attack watch", attackWatch)
      }
      callers = action
    }
  }

  private static func rules(_ action: DefencePolicy.Action) -> DefencePolicy.InputRules {
    DefencePolicy.InputRules(action: action, tolerance: tolerance, categories: true, missing: true)
  }

  private static func problem(_ expected: String, _ found: String) -> Problem {
    Problem(.usage, "usage.defences", "expected \(expected), found '\(found.excerpt(40))'")
  }

  /// Sets what is said, beside what is set by now; the server's answer.
  func put(to name: ModelName, by client: ControlClient) async throws -> JSON {
    let present = try await client.get("/deployments/\(name)/defences")
    var policy = try DefencePolicy(json: present["defences"] ?? .null)
    if let inputs { policy.inputs = inputs }
    if let disclosure { policy.disclosure = disclosure }
    if let callers { policy.callers = callers }
    return try await client.put("/deployments/\(name)/defences", policy.json)
  }
}
