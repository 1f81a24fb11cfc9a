import ArgumentParser
import Domain
import Encoding
import Gates

/// `gatehouse deployments`.
struct DeploymentsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "deployments", abstract: "List what is served, and say how it answers.",
    subcommands: [List.self, Show.self, Limit.self, Set.self])

  /// `gatehouse deployments list`.
  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List what every name serves, with its limits.")

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
      let answer = try await server.withClient { try await $0.get("/deployments") }
      if json { return Console.data(answer) }
      let deployments = answer["deployments"]?.array ?? []
      // Only where somebody has said what one is to be.
      let hasConditions = deployments.contains { $0["condition"] != nil }
      let rows = deployments.map { deployment in
        let limits = deployment["limits"] ?? .null
        return ["name", "version"].map { deployment[$0].cell }
          + (hasConditions ? [deployment["condition"].cell] : [])
          + ["concurrency", "queue", "deadline"].map { limits[$0].cell } + [deployment["url"].cell]
      }
      Console.table(
        [
          ["NAME", "VERSION"] + (hasConditions ? ["CONDITION"] : [])
            + ["CONCURRENCY", "QUEUE", "DEADLINE/MS", "URL"]
        ] + rows)
    }
  }

  /// `gatehouse deployments show`.
  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Show what a deployment is to be, how far it has come, and what differs still.")

    @Argument(help: "The deployment.")
    var name: String

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
      let name = try ModelName(parsing: name)
      let status = try await server.withClient { try await $0.get("/deployments/\(name)/desired") }
      if json { return Console.data(status) }
      Console.data("\(name): \(status["condition"].cell): \(status["message"].cell)")
      if let hint = status["hint"]?.string { Console.data("  hint      \(hint)") }
      Console.data("  applied   \(status["at"].cell) by \(status["by"].cell)")
      for difference in status["differences"]?.array ?? [] {
        Console.data(
          "  \(difference["member"].cell): \(difference["is"].cell) -> \(difference["wanted"].cell)")
      }
    }
  }

  /// `gatehouse deployments limit`.
  struct Limit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Bound what a deployment takes on at a time; a bound that is left out is lifted.")

    @Argument(help: "The deployment.")
    var name: String

    @Option(help: ArgumentHelp("The most predictions that run at one time.", valueName: "n"))
    var concurrency: Int?

    @Option(help: ArgumentHelp("The most that wait while so many run (default: 16).", valueName: "n"))
    var queue: Int?

    @Option(
      help: ArgumentHelp(
        "The milliseconds after which a prediction that has not begun is not begun.", valueName: "ms"))
    var deadline: Int?

    @OptionGroup var server: ServerOptions

    func run() async throws {
      let name = try ModelName(parsing: name)
      let limits = try DeploymentLimits(concurrency: concurrency, queue: queue, deadline: deadline)
      _ = try await server.withClient {
        try await $0.put("/deployments/\(name)/limits", limits.json ?? [:])
      }
      Console.prose(limits == .none ? "\(name) has no limits of its own" : "limited \(name)")
    }
  }

  /// `gatehouse deployments set`.
  struct Set: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Set what a deployment goes by; what is not named stays as it is.")

    @Argument(help: "The deployment's name.")
    var name: String

    @Option(help: "Keep the rows and answers of this share of requests in their records: '1%', '0'.")
    var recordPayloads: String?

    @Option(
      help: "Features and outputs whose values never stand in a record, with commas between; '' for none.")
    var mask: String?

    @Option(help: "What becomes of predictions that no record can be written of: refuse, go-on or default.")
    var whenSpoolFull: String?

    @Option(help: "Whether live data are held against training: on or off.")
    var watch: String?

    @Option(help: "Of which share of requests it is kept what the model says, for labels: on, off or '10%'.")
    var feedback: String?

    @Option(help: "What becomes of rows unlike those of training: off, flag or refuse.")
    var inputChecks: String?

    @Option(help: "How much of an answer leaves: full, rounded=N digits, or labels alone.")
    var answers: String?

    @Option(
      help:
        "What becomes of callers who seem to copy the model or look for its boundary: off, tell or refuse.")
    var attackWatch: String?

    @OptionGroup(title: "Shares")
    var sharing: ShareOptions

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
      let name = try ModelName(parsing: name)
      let defences = try DefenceWords(inputChecks: inputChecks, answers: answers, attackWatch: attackWatch)
      let share = try recordPayloads.map { (text) throws(Problem) in try Self.millionths(text) }
      let awaited = try feedback.map { (text) throws(Problem) in
        if let known = ["on": 1_000_000, "off": 0][text] { return known }
        return try Self.millionths(text)
      }
      let setsRecords = recordPayloads != nil || mask != nil || whenSpoolFull != nil
      let shares = try sharing.stated()
      guard setsRecords || watch != nil || shares != nil || !defences.isEmpty || awaited != nil else {
        throw Problem(
          .usage, "usage.nothing-to-set",
          "expected '--record-payloads', '--mask', '--when-spool-full', '--watch', '--feedback', '--shares', '--shadows', '--input-checks',"
            + " '--answers' or '--attack-watch', found none of them")
      }
      if let awaited {
        let answer = try await server.withClient {
          try await $0.put("/deployments/\(name)/feedback", ["millionths": JSON(awaited)])
        }
        if json, !setsRecords, watch == nil, defences.isEmpty, shares == nil { return Console.data(answer) }
        Console.prose(FeedbackWords.setting(answer, name))
        guard setsRecords || watch != nil || shares != nil || !defences.isEmpty else { return }
      }
      if let shares {
        let answer = try await server.withClient { try await shares.set(of: name, by: $0) }
        if json, !setsRecords, watch == nil, defences.isEmpty { return Console.data(answer) }
        let present = try answer["shares"].flatMap { $0 == .null ? nil : try StandingShares(json: $0) }
        Console.prose("\(name): \(present?.words ?? "one version answers all callers")")
        guard setsRecords || watch != nil || !defences.isEmpty else { return }
      }
      if !defences.isEmpty {
        let answer = try await server.withClient { try await defences.put(to: name, by: $0) }
        if json, !setsRecords, watch == nil { return Console.data(answer) }
        Console.prose("\(name) is defended by \((answer["defences"] ?? .null).canonicalText)")
        for sentence in answer["undefended"]?.array ?? [] { Console.prose("  but \(sentence.string ?? "")") }
        guard setsRecords || watch != nil else { return }
      }
      if let watch {
        let answer = try await server.withClient {
          try await $0.put("/deployments/\(name)/watch", ["watch": .string(watch)])
        }
        if json, !setsRecords { return Console.data(answer) }
        Console.prose("\(name) is \(watch == "on" ? "watched" : "watched no more")")
        guard setsRecords else { return }
      }
      let answer = try await server.withClient { client in
        let present = try await client.get("/deployments/\(name)/records")
        var members = present.object ?? [:]
        if let share { members["payloadMillionths"] = JSON(share) }
        if let mask { members["masked"] = .array(mask.split(separator: ",").map { .string(String($0)) }) }
        if let whenSpoolFull {
          members["whenSpoolFull"] = whenSpoolFull == "default" ? nil : .string(whenSpoolFull)
        }
        return try await client.put("/deployments/\(name)/records", .object(members))
      }
      if json { return Console.data(answer) }
      Console.prose("\(name) records by \(answer.canonicalText)")
    }

    /// How many of a million a share is: `1%`, `0.25%`, `0`.
    private static func millionths(_ text: String) throws(Problem) -> Int {
      let digits = text.hasSuffix("%") ? String(text.dropLast()) : text
      guard text == "0" || text.hasSuffix("%"), let percent = Double(digits), 0...100 ~= percent else {
        throw Problem(
          .usage, "records-policy.malformed",
          "expected a share from 0% to 100%, found '\(text.excerpt(40))'")
      }
      return Int((percent * 10_000).rounded())
    }
  }
}
