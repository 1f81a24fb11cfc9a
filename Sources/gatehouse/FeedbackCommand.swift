import ArgumentParser
import Domain
import Encoding
import Inference
import Monitoring

/// `gatehouse feedback`.
struct FeedbackCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "feedback",
    abstract: "Say what turned out to be true of rows that a deployment predicted for.",
    discussion: """
      The file is CSV with a header, or JSON lines. Each label names its request by 'receipt' (as the answer had it in \
      Gatehouse-Receipt) or by 'key' (as the request had it in Gatehouse-Feedback-Key), and may name the 'row' of the request, from 0, \
      and the moment 'at' which it was known. Sent twice it counts once; another one puts the first right. Exit status 1 where a label \
      was unknown or unlike what the model predicts.
      """)

  @Argument(help: "The deployment.")
  var name: String

  @Argument(help: "The file with the labels.")
  var file: String

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup var server: ServerOptions

  func run() async throws {
    let name = try ModelName(parsing: name)
    let bytes = try LocalFiles.read(file, limit: Self.fileLimit)
    let labels =
      file.hasSuffix(".csv")
      ? try Self.labels(csv: bytes, of: name) : try Self.labels(lines: bytes, of: name)
    guard !labels.isEmpty else {
      throw Problem(.usage, "usage.no-labels", "expected labels, found none", subject: file)
    }
    var counts: [String: Int] = [:]
    try await server.withClient { client in
      // As many at a time as are taken: those that were sent before one that fails are taken, and sent again repeated.
      var next = 0
      while next < labels.count {
        let end = min(labels.count, next + Self.atOnce)
        let answer = try await client.post("/feedback", .array(Array(labels[next..<end])))
        for (turn, count) in answer["counts"]?.object ?? [:] { counts[turn, default: 0] += count.int ?? 0 }
        next = end
      }
    }
    if json {
      Console.data(["labels": JSON(labels.count), "counts": .object(counts.mapValues { JSON($0) })])
    } else {
      let words = LabelTurn.allCases.filter { counts[$0.rawValue, default: 0] > 0 }.map {
        "\(counts[$0.rawValue, default: 0]) \($0.rawValue)"
      }
      Console.prose("\(labels.count) labels for \(name): \(words.joined(separator: ", "))")
    }
    let lost = [LabelTurn.unknown, .unlike].reduce(0) { $0 + counts[$1.rawValue, default: 0] }
    if lost > 0 { throw ExitCode(1) }
  }

  private static let fileLimit = 1 << 30
  /// Fewer than are taken at a time, so that long keys and labels fit into the bytes that are.
  private static let atOnce = 5_000

  /// The labels of lines of JSON, each with the deployment's name where it has none.
  private static func labels(lines bytes: [UInt8], of name: ModelName) throws(Problem) -> [JSON] {
    var labels: [JSON] = []
    var number = 0
    for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      number += 1
      guard line.contains(where: { $0 != 0x20 && $0 != 0x09 && $0 != 0x0D }) else { continue }
      guard var members = (try? JSON(parsing: line, limits: JSONLimits(depth: 3, values: 64)))?.object else {
        throw Problem(
          .badInput, "feedback.malformed", "expected a label as JSON in each line, found another line",
          position: "line \(number)")
      }
      if members["deployment"] == nil { members["deployment"] = .string(name.description) }
      guard members["deployment"] == .string(name.description) else {
        throw Problem(
          .badInput, "feedback.malformed", "expected labels for '\(name)', found one for another deployment",
          position: "line \(number)")
      }
      labels.append(.object(members))
    }
    return labels
  }

  /// The labels of comma-separated values, whose first line names the columns.
  private static func labels(csv bytes: [UInt8], of name: ModelName) throws(Problem) -> [JSON] {
    let records = try CSVRecords(bytes).all
    guard let header = records.first?.fields.map(\.text), header.contains("label"),
      header.allSatisfy({ ["receipt", "key", "row", "label", "at"].contains($0) })
    else {
      throw Problem(
        .badInput, "feedback.malformed",
        "expected a line of the names receipt or key, label, and as may be row and at, found another",
        position: "line 1")
    }
    return try records.dropFirst().map { (record) throws(Problem) in
      guard record.fields.count == header.count else {
        throw Problem(
          .badInput, "feedback.malformed",
          "expected \(header.count) values, found \(record.fields.count)", position: "line \(record.line)")
      }
      var members: [String: JSON] = ["deployment": .string(name.description)]
      for (column, field) in zip(header, record.fields) where !field.text.isEmpty || column == "label" {
        members[column] = column == "row" ? Int(field.text).map { JSON($0) } ?? .null : .string(field.text)
      }
      return .object(members)
    }
  }
}
