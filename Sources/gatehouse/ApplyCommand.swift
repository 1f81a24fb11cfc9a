import ArgumentParser
import Domain
import Encoding
import Gates

/// `gatehouse apply`.
struct ApplyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "apply",
    abstract: "Say in a file what deployments are to be: they come to it by themselves.",
    discussion: """
      Exit status: 0 applied, with --wait in place; 3 one is blocked, 4 one waits. With --diff: 0 nothing would change, 1 \
      something would.
      """)

  @Option(name: [.customShort("f"), .long], help: "The file, such as deployments.yaml.")
  var file: String

  @Flag(help: "Change nothing; show what would change.")
  var diff = false

  @Flag(help: "Let go of deployments that the file does not name; what runs of them stays.")
  var prune = false

  @Flag(help: "Bring back versions, too, that were rolled back from.")
  var despiteMark = false

  @Flag(help: "Wait until all of them are in place, or one waits for somebody or is blocked.")
  var wait = false

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup var server: ServerOptions

  func run() async throws {
    guard !diff || !wait else {
      throw Problem(.usage, "usage.options", "expected either '--diff' or '--wait', found both")
    }
    // A little more than a file may have, so that one that is too long is told as such.
    let bytes = try LocalFiles.read(file, limit: DesiredDeploymentsReading.sizeLimit + 1)
    // Told here with the lines of the file.
    _ = try DocumentFaults.require(DesiredDeploymentsReading(bytes), of: file)
    let query = "?diff=\(diff)&prune=\(prune)&despiteMark=\(despiteMark)"
    try await server.withClient { client in
      let answer = try await client.put("/deployments\(query)", file: bytes)
      if diff { return try show(difference: answer) }
      guard wait else {
        if json { return Console.data(answer) }
        return show(answer)
      }
      let end = try await inPlace(answer, client)
      if json { Console.data(end) } else { show(end) }
      let words = Self.deployments(end).map { $0["condition"]?.string }
      if words.contains("blocked") { throw CommandEnd(exitCode: 3) }
      if words.contains("waiting") { throw CommandEnd(exitCode: 4) }
    }
  }

  private static func deployments(_ answer: JSON) -> [JSON] { answer["deployments"]?.array ?? [] }

  private func show(difference answer: JSON) throws {
    let changes = Self.deployments(answer).flatMap { deployment in
      (deployment["differences"]?.array ?? []).map { difference in
        "\(deployment["name"].cell): \(difference["member"].cell): \(difference["is"].cell) -> \(difference["wanted"].cell)"
      }
    }
    let pruned = (answer["pruned"]?.array ?? []).compactMap(\.string)
    if json {
      Console.data(answer)
    } else {
      for line in changes { Console.data(line) }
      for name in pruned { Console.data("\(name): no longer named: what runs stays") }
      if changes.isEmpty, pruned.isEmpty { Console.prose("nothing would change") }
    }
    if !changes.isEmpty || !pruned.isEmpty { throw CommandEnd(exitCode: 1) }
  }

  private func show(_ answer: JSON) {
    for deployment in Self.deployments(answer) {
      Console.data(
        "\(deployment["name"].cell): \(deployment["condition"].cell): \(deployment["message"].cell)")
      if let hint = deployment["hint"]?.string { Console.prose("  hint: \(hint)") }
    }
    for name in (answer["pruned"]?.array ?? []).compactMap(\.string) {
      Console.data("\(name): no longer named: what runs stays")
    }
  }

  /// Asks each second until nothing moves any more; what was answered last.
  private func inPlace(_ answer: JSON, _ client: ControlClient) async throws -> JSON {
    var all = Self.deployments(answer)
    while all.contains(where: { $0["condition"] == "moving" }) {
      try await Task.sleep(for: .seconds(1))
      for (index, deployment) in all.enumerated() where deployment["condition"] == "moving" {
        let name = try ModelName(parsing: deployment["name"]?.string ?? "")
        all[index] = try await client.get("/deployments/\(name)/desired")
      }
    }
    var members = answer.object ?? [:]
    members["deployments"] = .array(all)
    return .object(members)
  }
}
