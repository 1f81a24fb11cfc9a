import Domain
import Encoding
import Lifecycle
import Provenance

/// A push to a server, shown as it goes.
struct Pushing {
  let client: ControlClient
  let name: ModelName

  /// Sends bytes unless the server has them, and says their digest; with `again` whatever it says.
  func upload(
    _ bytes: [UInt8], _ label: String, again: Bool = false
  ) async throws -> Digest {
    let digest = Digest(of: bytes)
    if !again, try await client.exists("/blobs/\(digest)") { return digest }
    let answer = try await client.upload("/blobs", bytes) { sent in
      Console.progress(
        "  upload    \(label): \(readable(bytes: sent)) of \(readable(bytes: bytes.count))")
    }
    Console.progress("")
    guard answer["digest"]?.string == digest.description else {
      throw Problem(
        .integrity, "upload.digest",
        "expected the server to have \(digest.short), found other bytes there",
        subject: label, hint: "push again")
    }
    return digest
  }

  /// Asks for the push and shows each step; answers with the outcome as JSON.
  func follow(_ body: JSON) async throws -> JSON {
    var outcome: JSON?
    try await client.lines("/models/\(name)/versions", body) { event in
      switch event["event"]?.string {
      case "started":
        Console.progress("  \((event["stage"]?.string ?? "").padded(to: 9)) …")
      case "finished":
        guard let report = event["report"].flatMap(StageReport.init(json:)) else { return }
        Console.progress("")
        Console.prose(
          "  \(report.stage.rawValue.padded(to: 9)) \(report.summary.padded(to: 58))"
            + " \(readable(milliseconds: report.milliseconds))")
      case "found":
        Console.progress("")
        for finding in (event["findings"]?.array ?? []).compactMap(Finding.init(json:)).prefix(20) {
          Console.prose("            \(finding.line)")
        }
      case "ended": outcome = event["outcome"]
      case "problem": throw event["problem"].flatMap(Problem.init(json:)) ?? Self.cutOff
      default: break
      }
    }
    guard let outcome else { throw Self.cutOff }
    return outcome
  }

  /// Shows how a push ended: where it is asked, and by which key.
  static func describe(_ outcome: JSON, as name: ModelName) {
    guard let url = outcome["url"]?.string else { return }
    Console.data("url  \(url)")
    let key = outcome["key"]?.string
    if let key { Console.data("key  \(key)  (shown this once)") }
    let row = Array(repeating: "0", count: outcome["featureCount"]?.int ?? 0).joined(separator: ", ")
    if !row.isEmpty {
      Console.data(
        "try  curl -H 'Authorization: Bearer \(key ?? "KEY")' -d '{\"data\": [\(row)]}' \(url)")
    }
    if key == nil { Console.prose("for another key: gatehouse keys create --deployment \(name)") }
  }

  private static let cutOff = Problem(
    .unavailable, "push.cut-off", "expected the push to end, found the connection closed before",
    hint: "push again: what was finished is not done twice")
}

extension Finding {
  /// The finding on one line.
  var line: String {
    let place = [member.isEmpty ? nil : member, offset.map { "byte \($0)" }, opcode].compactMap { $0 }
    return "\(severity.rawValue) \(rule)" + (place.isEmpty ? "" : " at \(place.joined(separator: ", "))")
      + ": \(message)"
  }
}
