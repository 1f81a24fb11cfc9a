import ArgumentParser
import Domain
import Encoding
import Provenance

/// `gatehouse providers`.
struct ProvidersCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "providers",
    abstract: "Say whose word is taken for who a person is: OpenID Connect issuers.",
    subcommands: [Add.self, List.self, Remove.self])

  /// `gatehouse providers add`.
  struct Add: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Take the tokens of a provider at the control plane; one with the same URL is replaced.",
      discussion: """
        What a token's bearer may do is granted to words of a claim: \
        'gatehouse grants add --claim ml-ops --provider URL --role operator'.
        """)

    @OptionGroup var tokens: TokenOptions

    @Option(help: "The claim whose words grants name; dots lead inward.")
    var rolesClaim = "groups"

    @Option(help: "The claim that a person is shown by.")
    var nameClaim = "preferred_username"

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
      var members = try tokens.members()
      members["rolesClaim"] = .string(rolesClaim)
      members["nameClaim"] = .string(nameClaim)
      let body = JSON.object(members)
      let answer = try await server.withClient { try await $0.put("/providers", body) }
      if json { return Console.data(answer) }
      Console.data(answer["url"].cell)
      Console.prose("tokens of \(tokens.issuer) say who somebody is")
    }
  }

  /// `gatehouse providers list`.
  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List whose word is taken.")

    @Flag(help: "Print JSON, with the key sets.")
    var json = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
      let answer = try await server.withClient { try await $0.get("/providers") }
      if json { return Console.data(answer) }
      let rows = (answer["providers"]?.array ?? []).map { provider in
        let audiences = (provider["audiences"]?.array ?? []).compactMap(\.string).joined(separator: " ")
        let keys = provider["keySet"]?["keys"]?.array?.count ?? 0
        return [provider["url"].cell, audiences, provider["rolesClaim"].cell, "\(keys)"]
      }
      guard !rows.isEmpty else { return Console.prose("no providers yet: gatehouse providers add") }
      Console.table([["ISSUER", "AUDIENCES", "ROLES CLAIM", "KEYS"]] + rows)
    }
  }

  /// `gatehouse providers remove`.
  struct Remove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Take a provider's tokens no more, and what was granted to words of them back.")

    @Argument(help: "The issuer's URL.")
    var issuer: String

    @OptionGroup var server: ServerOptions

    func run() async throws {
      let allowed = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~".utf8)
      let escaped = issuer.utf8.map { byte in
        allowed.contains(byte) ? String(UnicodeScalar(byte)) : "%\(Hexadecimal.encode([byte]))"
      }.joined()
      try await server.withClient { try await $0.delete("/providers?url=\(escaped)") }
      Console.prose("tokens of \(issuer) are taken no more")
    }
  }
}
