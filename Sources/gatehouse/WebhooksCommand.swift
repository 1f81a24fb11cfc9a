import ArgumentParser
import Domain
import Encoding

/// `gatehouse webhooks`.
struct WebhooksCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "webhooks",
    abstract: "Tell somebody what happens: signed messages to a URL, in the order of the ledger.",
    subcommands: [Add.self, List.self, Remove.self, Deliveries.self, Redeliver.self])

  /// `gatehouse webhooks add`.
  struct Add: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Tell a URL what happens from now on.",
      discussion: """
        Each event is a CloudEvent in JSON, signed as Standard Webhooks has it with a secret that is shown this once. It is \
        sent until the receiver answers 2xx, twelve times within six hours at most; one that was received may come again, \
        with the same 'webhook-id'.
        """)

    @Argument(help: "An https URL, or plain http to this machine.")
    var url: String

    @Option(
      name: .customLong("on"),
      help:
        "What it is told of, such as waiting,approved,refused (default: everything that webhooks tell of).")
    var events: String?

    @Option(help: "Only what is about models of this name; '*' stands for any characters.")
    var model: String?

    @Option(help: "Only what is about models of this project.")
    var project: String?

    @Flag(name: .customLong("allow-http"), help: "Send over plain http to another machine too.")
    var allowHTTP = false

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
      var members: [String: JSON] = ["url": .string(url), "allowHTTP": .bool(allowHTTP)]
      if let events {
        members["events"] = .array(events.split(separator: ",").map { .string(String($0)) })
      }
      members["models"] = model.map { .string($0) }
      members["projects"] = project.map { .string($0) }
      let wish = JSON.object(members)
      let answer = try await server.withClient { try await $0.post("/webhooks", wish) }
      if json { return Console.data(answer) }
      Console.data(answer["secret"].cell)
      Console.prose("webhook \(answer["id"].cell) at \(answer["host"].cell); its secret is shown this once")
    }
  }

  /// `gatehouse webhooks list`.
  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List who is told what.")

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
      let answer = try await server.withClient { try await $0.get("/webhooks") }
      if json { return Console.data(answer) }
      let rows = (answer["webhooks"]?.array ?? []).map { webhook in
        let events = (webhook["events"]?.array ?? []).compactMap(\.string).joined(separator: ",")
        return [
          webhook["id"].cell, webhook["host"].cell, webhook["models"].cell, webhook["projects"].cell,
          events.excerpt(60),
        ]
      }
      guard !rows.isEmpty else { return Console.prose("no webhooks yet: gatehouse webhooks add") }
      Console.table([["ID", "HOST", "MODELS", "PROJECTS", "EVENTS"]] + rows)
    }
  }

  /// `gatehouse webhooks remove`.
  struct Remove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Tell a webhook nothing any more, and erase its URL and its secret.")

    @Argument(help: "The webhook's id.")
    var id: String

    @OptionGroup var server: ServerOptions

    func run() async throws {
      let path = try webhookPath(id)
      try await server.withClient { try await $0.delete(path) }
      Console.prose("webhook \(id) is told nothing any more")
    }
  }

  /// `gatehouse webhooks deliveries`.
  struct Deliveries: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Print how far a webhook has come, and what became of its events, the newest first.",
      discussion: "Exit status 1 where one is dead, or the webhook was stopped.")

    @Argument(help: "The webhook's id.")
    var id: String

    @Flag(help: "Only events that are dead.")
    var dead = false

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
      let path = try webhookPath(id) + "/deliveries"
      let answer = try await server.withClient { try await $0.get(path) }
      let all = answer["deliveries"]?.array ?? []
      if json {
        Console.data(answer)
      } else {
        let shown = dead ? all.filter { $0["state"] == "dead" } : all
        if !shown.isEmpty {
          Console.table(
            [["INDEX", "EVENT", "STATE", "ATTEMPTS", "ANSWER", "AT"]]
              + shown.map { row in
                ["index", "event", "state", "attempts", "answer", "at"].map { row[$0].cell }
              })
        }
        Console.prose(standing(answer))
      }
      if answer["stopped"] == true || all.contains(where: { $0["state"] == "dead" }) {
        throw CommandEnd(exitCode: 1)
      }
    }

    private func standing(_ answer: JSON) -> String {
      if answer["stopped"] == true {
        return "stopped: its receiver says that it is gone; event \(answer["position"].cell) is next"
      }
      guard let attempts = answer["attempts"]?.int, attempts > 0 else {
        return "nothing is under way; the next entry that is looked at is \(answer["position"].cell)"
      }
      return "event \(answer["position"].cell) failed \(attempts) times (\(answer["failure"].cell)), again at"
        + " \(answer["notBefore"].cell)"
    }
  }

  /// `gatehouse webhooks redeliver`.
  struct Redeliver: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Send an event once more, at once; a webhook that was stopped goes on if it is received.",
      discussion: "Exit status 6 where it is not received.")

    @Argument(help: "The webhook's id.")
    var id: String

    @Argument(help: "The number of the entry, as 'deliveries' prints it.")
    var index: Int

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
      let path = try webhookPath(id) + "/deliveries/\(index)"
      let answer = try await server.withClient { try await $0.post(path) }
      if json {
        Console.data(answer)
      } else {
        Console.prose("\(answer["state"].cell): \(answer["answer"].cell)")
      }
      if answer["state"] != "delivered" { throw CommandEnd(exitCode: 6) }
    }
  }
}

/// The path of a webhook; throws `webhook.unknown` for what cannot be an id.
private func webhookPath(_ id: String) throws(Problem) -> String {
  guard Hexadecimal.decode(id)?.count == 6 else {
    throw Problem(
      .notFound, "webhook.unknown", "expected the id of a webhook, found '\(id.excerpt(40))'",
      hint: "list them with 'gatehouse webhooks list'")
  }
  return "/webhooks/\(id)"
}
