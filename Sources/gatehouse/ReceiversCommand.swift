import Alerting
import ArgumentParser
import Domain
import Encoding

/// `gatehouse receivers`.
struct ReceiversCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "receivers", abstract: "Say who is told of alerts.",
    subcommands: [Add.self, List.self, Remove.self])

  /// `gatehouse receivers add`.
  struct Add: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Tell somebody of alerts from now on.",
      discussion: """
        Alertmanager is told by its API v2, PagerDuty by its Events API v2, anybody else by signed messages, as Standard Webhooks \
        has it. Of a webhook the secret is made here and shown this once.
        """)

    @Argument(help: "What it is to be called.")
    var name: String

    @Option(help: "alertmanager, pagerduty or webhook.")
    var kind: String

    @Option(help: "An https URL, or plain http to this machine; of PagerDuty its own where none is given.")
    var url: String?

    @Option(
      name: .customLong("secret-file"),
      help: "The file with PagerDuty's routing key, or a bearer token for Alertmanager.")
    var secretFile: String?

    @Option(help: "What it is told of, such as page,ticket (default: everything).")
    var severity: String?

    @Option(help: "Only of deployments of this name; '*' stands for any characters.")
    var deployment: String?

    @Option(help: "Only of alerts that nobody has acknowledged for so long: 10m, 1h.")
    var after: String?

    @Flag(name: .customLong("allow-http"), help: "Send over plain http to another machine too.")
    var allowHTTP = false

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
      var members: [String: JSON] = [
        "name": .string(name), "kind": .string(kind), "allowHTTP": .bool(allowHTTP),
      ]
      members["url"] = url.map { .string($0) }
      if let secretFile {
        let text = String(decoding: try LocalFiles.read(secretFile, limit: 4096), as: UTF8.self)
        members["secret"] = .string(String(text.filter { !$0.isWhitespace }))
      }
      if let severity {
        members["severities"] = .array(severity.split(separator: ",").map { .string(String($0)) })
      }
      members["deployments"] = deployment.map { .string($0) }
      if let after { members["after"] = JSON(try WatchCommand.seconds(of: after)) }
      let wish = JSON.object(members)
      let answer = try await server.withClient { try await $0.post("/receivers", wish) }
      if json { return Console.data(answer) }
      if let secret = answer["secret"]?.string {
        Console.data(secret)
        return Console.prose(
          "receiver \(answer["name"].cell) at \(answer["host"].cell); its secret is shown this once")
      }
      Console.prose("receiver \(answer["name"].cell) at \(answer["host"].cell)")
    }
  }

  /// `gatehouse receivers list`.
  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List who is told of what.",
      discussion: "Exit status 1 where one does not take what it is told.")

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
      let answer = try await server.withClient { try await $0.get("/receivers") }
      let receivers = answer["receivers"]?.array ?? []
      if json {
        Console.data(answer)
      } else if receivers.isEmpty {
        Console.prose("nobody is told of alerts yet: gatehouse receivers add")
      } else {
        Console.table(
          [["NAME", "KIND", "HOST", "SEVERITIES", "DEPLOYMENTS", "AFTER", "FAILURE"]]
            + receivers.map { receiver in
              [
                receiver["name"].cell, receiver["kind"].cell, receiver["host"].cell,
                (receiver["severities"]?.array ?? []).compactMap(\.string).joined(separator: ","),
                receiver["deployments"].cell, AlertRule.span(receiver["after"]?.integer ?? 0),
                receiver["failure"]?.string ?? "",
              ]
            })
      }
      if receivers.contains(where: { $0["failure"]?.string != nil }) { throw CommandEnd(exitCode: 1) }
    }
  }

  /// `gatehouse receivers remove`.
  struct Remove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Tell a receiver nothing any more, and erase its URL and its secret.")

    @Argument(help: "The receiver's name.")
    var name: String

    @OptionGroup var server: ServerOptions

    func run() async throws {
      try AlertReceiver.check(name: name)
      try await server.withClient { try await $0.delete("/receivers/\(name)") }
      Console.prose("receiver \(name) is told nothing any more")
    }
  }
}
