import Alerting
import ArgumentParser
import Documents
import Domain
import Encoding

/// `gatehouse alerts`.
struct AlertsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "alerts",
    abstract: "See what is the matter, take it on, and say what people are told of.",
    subcommands: [
      List.self, Show.self, Acknowledge.self, SilenceAlerts.self, Silences.self, Unsilence.self, Apply.self,
      Rules.self,
    ], defaultSubcommand: List.self)

  /// `gatehouse alerts list`.
  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List the alerts that stand, the newest first.",
      discussion: "Exit status 1 where one stands that nobody has acknowledged and that no silence covers.")

    @Option(help: "List so many of those that are over, too.")
    var over = 0

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
      let answer = try await server.withClient { try await $0.get("/alerts?over=\(max(0, over))") }
      let alerts = answer["alerts"]?.array ?? []
      if json {
        Console.data(answer)
      } else if alerts.isEmpty {
        Console.prose("nothing is the matter")
      } else {
        Console.table(
          [["ID", "SEVERITY", "SINCE", "STATE", "WHAT", "FIGURES"]]
            + alerts.map { alert in
              ["id", "severity", "began"].map { alert[$0].cell } + [Self.state(alert)]
                + ["summary", "figures"].map { alert[$0].cell }
            })
      }
      let isOpen = alerts.contains { Self.state($0) == "stands" }
      if isOpen { throw CommandEnd(exitCode: 1) }
    }

    private static func state(_ alert: JSON) -> String {
      if alert["ended"]?.string != nil { return "over" }
      if let principal = alert["acknowledgedBy"]?.string { return "taken by \(principal)" }
      return alert["silence"]?.string == nil ? "stands" : "silenced"
    }
  }

  /// `gatehouse alerts show`.
  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Show an alert, and which receivers have been told of it.")

    @Argument(help: "The alert's id.")
    var id: String

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
      let path = try alertPath(id)
      let alert = try await server.withClient { try await $0.get(path) }
      if json { return Console.data(alert) }
      let names = [
        ("WHAT", "summary"), ("FIGURES", "figures"), ("RULE", "rule"), ("SEVERITY", "severity"),
        ("BEGAN", "began"), ("SEEN", "seen"), ("ENDED", "ended"), ("TAKEN BY", "acknowledgedBy"),
        ("SILENCE", "silence"), ("RUNBOOK", "runbook"),
      ]
      Console.table(names.filter { alert[$0.1]?.string != nil }.map { [$0.0, alert[$0.1].cell] })
      for delivery in alert["receivers"]?.array ?? [] {
        let told = delivery["told"]?.string.map { "was told that it \($0) at \(delivery["toldAt"].cell)" }
        let failure = delivery["failure"]?.string.map {
          "\(delivery["attempts"].cell) attempts failed (\($0))"
        }
        Console.data(
          "receiver \(delivery["receiver"].cell): \([told, failure].compactMap(\.self).joined(separator: "; "))"
        )
      }
    }
  }

  /// `gatehouse alerts acknowledge`.
  struct Acknowledge: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Take an alert on: it goes to no further receiver.")

    @Argument(help: "The alert's id.")
    var id: String

    @OptionGroup var server: ServerOptions

    func run() async throws {
      let path = try alertPath(id) + "/acknowledgement"
      let alert = try await server.withClient { try await $0.post(path) }
      Console.prose("taken by \(alert["acknowledgedBy"].cell): \(alert["summary"].cell)")
    }
  }

  /// `gatehouse alerts silence`.
  struct SilenceAlerts: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "silence",
      abstract: "Have nobody be told of some alerts for a while; they are written down all the same.")

    @Option(help: "Of this rule, such as latency (default: of all).")
    var rule: String?

    @Option(
      help: "Of this deployment; '*' stands for any characters (default: of all, and of the platform itself)."
    )
    var deployment = "*"

    @Option(name: .customLong("for"), help: "For how long: 30m, 4h, 7d.")
    var length: String

    @Option(help: "Why, in a line.")
    var reason: String

    @OptionGroup var server: ServerOptions

    func run() async throws {
      var members: [String: JSON] = [
        "deployments": .string(deployment), "for": JSON(try WatchCommand.seconds(of: length)),
        "reason": .string(reason),
      ]
      members["rule"] = rule.map { .string($0) }
      let wish = JSON.object(members)
      let answer = try await server.withClient { try await $0.post("/alerts/silences", wish) }
      Console.data(answer["id"].cell)
      Console.prose("nobody is told until \(answer["until"].cell)")
    }
  }

  /// `gatehouse alerts silences`.
  struct Silences: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the silences that are not over.")

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
      let answer = try await server.withClient { try await $0.get("/alerts/silences") }
      if json { return Console.data(answer) }
      let rows = (answer["silences"]?.array ?? []).map { silence in
        [
          silence["id"].cell, silence["rule"]?.string ?? "all", silence["deployments"].cell,
          silence["until"].cell,
          silence["by"].cell, silence["reason"].cell,
        ]
      }
      guard !rows.isEmpty else { return Console.prose("no silences") }
      Console.table([["ID", "RULE", "DEPLOYMENTS", "UNTIL", "BY", "REASON"]] + rows)
    }
  }

  /// `gatehouse alerts unsilence`.
  struct Unsilence: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "End a silence: people are told again.")

    @Argument(help: "The silence's id.")
    var id: String

    @OptionGroup var server: ServerOptions

    func run() async throws {
      guard Hexadecimal.decode(id)?.count == 6 else {
        throw Problem(
          .notFound, "silence.unknown", "expected the id of a silence, found '\(id.excerpt(40))'",
          hint: "list them with 'gatehouse alerts silences'")
      }
      try await server.withClient { try await $0.delete("/alerts/silences/\(id)") }
      Console.prose("people are told again")
    }
  }

  /// `gatehouse alerts apply`.
  struct Apply: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Have a file of rules come into force.",
      discussion: "Exit status 2 where something is wrong with it, which is told with its line.")

    @Option(name: .shortAndLong, help: "The file, 'alerts: gatehouse/v1'.")
    var file: String

    @Flag(help: "Only say whether anything is wrong with it.")
    var check = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
      let bytes = try LocalFiles.read(file, limit: AlertRulesReading.sizeLimit)
      _ = try DocumentFaults.require(AlertRulesReading(bytes), of: file)
      if check { return Console.prose("nothing is wrong with \(file)") }
      let answer = try await server.withClient {
        try await $0.upload("/alerts/rules", bytes) { _ in }
      }
      Console.data(answer["digest"].cell)
      Console.prose("in force")
    }
  }

  /// `gatehouse alerts rules`.
  struct Rules: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Print the rules in force: when alerts begin and end, and how urgent they are.")

    @Option(help: "As they are for this deployment.")
    var deployment: String?

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
      let query = try deployment.map { "?deployment=\(try ModelName(parsing: $0))" } ?? ""
      let answer = try await server.withClient { try await $0.get("/alerts/rules\(query)") }
      if json { return Console.data(answer) }
      Console.table(
        [["RULE", "SEVERITY", "BEGINS AT", "FOR", "ENDS BELOW", "FOR", "RUNBOOK"]]
          + (answer["rules"]?.array ?? []).map { rule in
            let severity = rule["on"] == false ? "off" : rule["severity"].cell
            return [rule["rule"].cell, severity]
              + ["begin", "for", "end", "endAfter"].map { rule[$0].cell } + [rule["runbook"]?.string ?? ""]
          })
      guard let digest = answer["digest"]?.string else {
        return Console.prose("no file was applied: these are the standard ones")
      }
      Console.prose("\(digest), applied by \(answer["appliedBy"].cell) at \(answer["appliedAt"].cell)")
    }
  }
}

/// The path of an alert; throws `alert.unknown` for what cannot be an id.
private func alertPath(_ id: String) throws(Problem) -> String {
  guard Hexadecimal.decode(id)?.count == 12 else {
    throw Problem(
      .notFound, "alert.unknown", "expected the id of an alert, found '\(id.excerpt(40))'",
      hint: "list them with 'gatehouse alerts'")
  }
  return "/alerts/\(id)"
}
