import Domain
import Encoding

/// What is told of a verification.
struct VerificationReport {
  let isJSON: Bool
  private var steps: [JSON] = []

  init(isJSON: Bool) { self.isJSON = isJSON }

  mutating func holds(_ step: String, _ found: String) {
    steps.append(["step": .string(step), "found": .string(found)])
    if !isJSON { Console.data("ok  \(step.padded(to: 10))  \(found)") }
  }

  /// Ends the report, with why the first step that does not hold does not.
  func ends(with problem: Problem?) {
    guard isJSON else { return }
    var report: [String: JSON] = [
      "status": problem == nil ? "verified" : "failed", "steps": .array(steps),
    ]
    if let problem {
      report["problem"] = ["code": .string(problem.code), "message": .string(problem.message)]
    }
    Console.data(.object(report))
  }
}
