import ArgumentParser
import Domain
import Encoding
import Gates

extension PolicyCommand {
  /// `gatehouse policy apply`.
  struct Apply: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Propose a policy; it is in force when somebody else agrees.",
      discussion: """
        Where nobody else may manage policies yet, it is in force at once, and the ledger says that nobody agreed. Exit \
        status: 0 in force, 4 proposed.
        """)

    @Argument(help: "The policy's file.")
    var file: String

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
      let bytes = try LocalFiles.read(file, limit: 1 << 20)
      // Told here with the lines of the file.
      _ = try Policy(parsing: bytes, file: file)
      let answer = try await server.withClient { try await $0.upload("/policies", bytes) { _ in } }
      let isApplied = answer["applied"] == true
      if json { Console.data(answer) } else { Console.data(answer["digest"].cell) }
      Console.prose(
        isApplied
          ? "in force: \(answer["name"].cell)"
          : "proposed; somebody else agrees with 'gatehouse policy agree \(answer["digest"].cell)'")
      if !isApplied { throw CommandEnd(exitCode: 4) }
    }
  }

  /// `gatehouse policy agree`.
  struct Agree: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Agree to a policy that somebody else proposed.")

    @Argument(help: "Its digest.")
    var digest: String

    @OptionGroup var server: ServerOptions

    func run() async throws {
      let digest = try Digest(parsing: digest)
      let answer = try await server.withClient { try await $0.post("/policies/\(digest)/agree") }
      Console.prose("in force: \(answer["name"].cell)")
    }
  }

  /// `gatehouse policy withdraw`.
  struct Withdraw: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Take a proposed policy off the table.")

    @Argument(help: "Its digest.")
    var digest: String

    @OptionGroup var server: ServerOptions

    func run() async throws {
      let digest = try Digest(parsing: digest)
      try await server.withClient { try await $0.delete("/policies/\(digest)") }
      Console.prose("withdrawn")
    }
  }

  /// `gatehouse policy list`.
  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List the policy in force, those that were, and what is proposed.")

    @Option(help: ArgumentHelp("Only the one that was in force at a moment.", valueName: "time"))
    var at: String?

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
      let query = try at.map { "?at=\(try Timestamp(parsing: $0).milliseconds)" } ?? ""
      let answer = try await server.withClient { try await $0.get("/policies\(query)") }
      if json { return Console.data(answer) }
      let active = answer["active"]?["digest"]
      var rows: [[String]] = []
      for proposal in answer["proposals"]?.array ?? [] {
        rows.append([
          "proposed", proposal["name"].cell, proposal["digest"].cell, proposal["since"].cell,
          proposal["by"].cell, "-",
        ])
      }
      for policy in (answer["applied"]?.array ?? []).reversed() {
        rows.append([
          policy["digest"] == active && !rows.contains { $0[0] == "in force" } ? "in force" : "former",
          policy["name"].cell, policy["digest"].cell, policy["since"].cell, policy["proposedBy"].cell,
          policy["agreedBy"].cell,
        ])
      }
      if !rows.contains(where: { $0[0] == "in force" }) {
        rows.append(["in force", answer["active"]?["name"].cell ?? "", active.cell, "-", "-", "-"])
      }
      Console.table([["STATE", "NAME", "DIGEST", "SINCE", "PROPOSED BY", "AGREED BY"]] + rows)
    }
  }

  /// `gatehouse policy exceptions`.
  struct Exceptions: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract:
        "List what the policy in force lets be: until when, by whose word, and for which versions in service."
    )

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
      let answer = try await server.withClient { try await $0.get("/exceptions") }
      if json { return Console.data(answer) }
      let rows = (answer["exceptions"]?.array ?? []).map { exception in
        [
          exception["id"].cell, exception["gate"].cell, exception["expired"] == true ? "expired" : "holds",
          exception["until"].cell, Self.list(exception["approvedBy"]), Self.list(exception["served"]),
          exception["reason"].cell,
        ]
      }
      Console.table([["ID", "GATE", "STATE", "UNTIL", "APPROVED BY", "IN SERVICE", "REASON"]] + rows)
    }

    private static func list(_ member: JSON?) -> String {
      let words = member?.array?.compactMap(\.string) ?? []
      return words.isEmpty ? "-" : words.joined(separator: ",")
    }
  }

  /// `gatehouse policy explain`.
  struct Explain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Say what the policy in force says of bringing a version into service now, gate by gate.",
      discussion: "Exit status: 0 admitted, 3 refused, 4 it waits.")

    @Argument(help: "NAME@VERSION.")
    var version: String

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
      let reference = try VersionReference(parsing: version)
      let answer = try await server.withClient {
        try await $0.get("/models/\(reference.name)/versions/\(reference.version)/verdict")
      }
      if json {
        Console.data(answer)
      } else {
        Console.data("verdict     \(answer["verdict"].cell)")
        Console.data("policy      \(answer["policyName"].cell) \(answer["policy"].cell)")
        Console.data("admitted    under \(answer["admittedUnderName"].cell) \(answer["admittedUnder"].cell)")
        for result in answer["results"]?.array ?? [] {
          let line = result["line"]?.int.map { "line \($0)" } ?? "always"
          Console.data(
            "\(result["outcome"].cell.padded(to: 11)) \(result["gate"].cell) (\(line)): \(result["reason"].cell)"
          )
          if let hint = result["hint"]?.string { Console.data("            hint: \(hint)") }
        }
      }
      switch answer["verdict"]?.string {
      case "refused": throw CommandEnd(exitCode: 3)
      case "waiting": throw CommandEnd(exitCode: 4)
      default: return
      }
    }
  }
}
