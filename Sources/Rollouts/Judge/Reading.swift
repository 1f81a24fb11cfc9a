import Encoding
import Monitoring

/// What one criterion came to.
public struct Reading: Hashable, Sendable {
  /// What it says of the canary.
  public enum Finding: String, Sendable, CaseIterable {
    /// It is above the line to be undone.
    case worse
    /// It is below the line to go on.
    case notWorse = "not-worse"
    /// Neither can be said yet.
    case open
    /// It cannot be said at all: the champion is slower than whatever is counted.
    case notJudged = "not-judged"
  }

  /// Which criterion.
  public let criterion: Criterion
  /// What was counted of the canary.
  public let canary: Tally
  /// What was counted of the champion; of disagreement, and where it runs no more, nothing.
  public let champion: Tally
  /// The natural logarithm of the e-value against the canary.
  public let worse: Double
  /// The natural logarithm of what that had to reach on its own.
  public let worseWanted: Double
  /// The natural logarithm of the e-value for the canary.
  public let notWorse: Double
  /// The natural logarithm of what that had to reach.
  public let notWorseWanted: Double
  /// What it says.
  public let finding: Finding
  /// The sentence for a person.
  public let words: String
}

extension Tally {
  /// `14 of 1,204 (1.16 %)`.
  var words: String {
    whole == 0 ? "nothing yet" : "\(part.grouped) of \(whole.grouped) (\((share * 100).rounded(places: 2)) %)"
  }
}

extension Int {
  /// The number with a comma before every three digits.
  var grouped: String {
    var text = ""
    for (place, digit) in String(magnitude).reversed().enumerated() {
      if place > 0, place % 3 == 0 { text.append(",") }
      text.append(digit)
    }
    return (self < 0 ? "-" : "") + String(text.reversed())
  }
}

extension RateBoundary {
  /// `1.5 times the champion's share and 1 point`.
  var words: String {
    let points = "\((margin * 100).rounded(places: 2)) %"
    guard ratio > 0 else { return points }
    let share =
      ratio == 1 ? "the champion's share" : "\(JSON.shortestText(of: ratio)) times the champion's share"
    return margin == 0 ? share : "\(share) and \(points) of all"
  }
}

/// A number whose logarithm is given, as a person reads it.
func evidenceText(_ logarithm: Double) -> String {
  let value = exponential(min(max(logarithm, -700), 700))
  return 10..<1000 ~= value ? value.rounded(places: 0) : value.exponentText
}
