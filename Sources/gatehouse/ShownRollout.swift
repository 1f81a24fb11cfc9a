import Domain
import Encoding

/// A roll-out by steps on the screen.
struct ShownRollout {
  private let status: JSON

  init(_ status: JSON) { self.status = status }

  /// Shows it; `again` on a terminal in the place of what was shown before.
  func show(again: Bool) {
    let lines = lines
    if again { Console.clear() }
    for line in lines { Console.data(line) }
  }

  private var lines: [String] {
    let reference = "\(status["deployment"].cell)@\(status["version"].cell)"
    var lines = ["\(reference): \(status["words"].cell)", "  why       \(status["reason"].cell)"]
    let shares = (status["shares"]?.object ?? [:]).sorted { $0.key < $1.key }.map { version, share in
      "version \(version) \(BasisPoints(share.int ?? 0)?.description ?? "")"
    }
    lines.append("  answers   \(shares.joined(separator: ", "))")
    if let judgement = status["judgement"], judgement != .null {
      lines.append("  judged    \(judgement["decision"].cell): \(judgement["reason"].cell)")
      for reading in judgement["readings"]?.array ?? [] {
        lines.append("    \(reading["finding"].cell.padded(to: 10)) \(reading["words"].cell)")
      }
    }
    for side in ["canary", "champion"] {
      for alarm in status["alarms"]?[side]?.array ?? [] {
        lines.append("  alarm     \(side): \(alarm["words"].cell)")
      }
    }
    for entry in status["journal"]?.array ?? [] {
      let moment = Timestamp(milliseconds: entry["at"]?.integer ?? 0)
      let step = (entry["step"]?.int ?? 0) + 1
      lines.append("  \(moment)  step \(step)  \(entry["turn"].cell.padded(to: 9)) \(entry["reason"].cell)")
    }
    return lines
  }
}
