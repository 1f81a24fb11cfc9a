import ArgumentParser
import Domain
import Encoding

/// `gatehouse principals`.
struct PrincipalsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "principals", abstract: "Say who is known: services, and people.",
    subcommands: [Add.self, List.self, Remove.self])

  /// `gatehouse principals add`.
  struct Add: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make a service or a person known; they may do nothing until it is granted.",
      discussion: """
        What a person is called stays in people.sqlite, from where it can be erased; registry and ledger know a handle. \
        People of a provider of identities become known by their first token.
        """)

    @Option(help: "A service, such as 'ci'.")
    var service: String?

    @Option(help: "A person, such as 'ada@example.com'.")
    var person: String?

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var server: ServerOptions

    func validate() throws {
      guard (service == nil) != (person == nil) else {
        throw ValidationError("name either a --service or a --person")
      }
    }

    func run() async throws {
      let body: JSON = [
        "kind": .string(service == nil ? "person" : "service"), "name": .string(service ?? person ?? ""),
      ]
      let answer = try await server.withClient { try await $0.post("/principals", body) }
      if json { return Console.data(answer) }
      Console.data(answer["principal"].cell)
      Console.prose(
        "known; give them rights with 'gatehouse grants add --to \(answer["principal"].cell) --role ROLE'")
    }
  }

  /// `gatehouse principals list`.
  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List who is known, and what people are called.")

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
      let answer = try await server.withClient { try await $0.get("/principals") }
      if json { return Console.data(answer) }
      let rows = (answer["principals"]?.array ?? []).map { principal in
        ["principal", "shownAs", "since"].map { principal[$0].cell }
      }
      guard !rows.isEmpty else {
        return Console.prose("nobody but the administrator yet: gatehouse principals add --service NAME")
      }
      Console.table([["PRINCIPAL", "NAME", "SINCE"]] + rows)
    }
  }

  /// `gatehouse principals remove`.
  struct Remove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Take back all that somebody holds, end their keys, and erase what a person is called.")

    @Argument(help: "The principal, such as 'service:ci', or what a person is called.")
    var principal: String

    @OptionGroup var server: ServerOptions

    func run() async throws {
      let removed = try await server.withClient { client in
        let known = try await client.principal(principal)
        try await client.delete("/principals/\(known)")
        return known
      }
      Console.prose("\(removed) holds nothing any more")
    }
  }
}

extension ControlClient {
  /// Whom a text names: a principal as the registry knows it, or a person by what they are called.
  func principal(_ text: String) async throws -> Principal {
    if let principal = Principal(parsing: text), principal.kind == .service || isHandle(principal.name) {
      return principal
    }
    let known = try await get("/principals")["principals"]?.array ?? []
    let named = known.filter { $0["name"]?.string == text || $0["shownAs"]?.string == text }
    guard let only = named.first?["principal"]?.string.flatMap(Principal.init(parsing:)), named.count == 1
    else {
      throw Problem(
        .notFound, "principal.unknown",
        "expected a principal such as 'service:ci', or what one person is called, found '\(text.excerpt(80))'",
        hint: named.isEmpty
          ? "list them with 'gatehouse principals list'" : "\(named.count) people are called so; use a handle"
      )
    }
    return only
  }

  private func isHandle(_ text: String) -> Bool { text.utf8.count == 24 && Hexadecimal.decode(text) != nil }
}

/// `gatehouse whoami`.
struct WhoAmICommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "whoami", abstract: "Say whom the credential stands for, and what they may do.")

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup var server: ServerOptions

  func run() async throws {
    let answer = try await server.withClient { try await $0.get("/access") }
    if json { return Console.data(answer) }
    Console.data("principal   \(answer["principal"].cell)")
    let rights = (answer["rights"]?.array ?? []).compactMap(\.string)
    Console.data("rights      \(rights.isEmpty ? "none" : rights.joined(separator: ", "))")
    for grant in answer["grants"]?.array ?? [] {
      Console.data(
        "granted     \(grant["id"].cell)  \(GrantsCommand.gift(grant))  \(GrantsCommand.reach(grant))")
    }
  }
}
