import ArgumentParser
import Domain
import Encoding

/// `gatehouse alias`.
struct AliasCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "alias",
    abstract: "Move the names that stand for versions of a model: champion, challenger.",
    discussion: "A version that an alias names is served beside the live one, at /models/NAME@ALIAS/predict.",
    subcommands: [Set.self, Remove.self, List.self])

  /// `gatehouse alias set`.
  struct Set: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Have an alias name a version.")

    @Argument(help: "The model's name.")
    var model: String

    @Argument(help: "The alias: lower-case letters, digits and '-', not digits alone.")
    var alias: String

    @Argument(help: "The version's number.")
    var version: String

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
      let name = try ModelName(parsing: model)
      let alias = try AliasName(parsing: alias)
      let version = try VersionNumber(parsing: version)
      let answer = try await server.withClient {
        try await $0.put("/models/\(name)/aliases/\(alias)", ["version": JSON(version.value)])
      }
      if json { return Console.data(answer) }
      Console.prose("\(name)@\(alias) is version \(answer["version"].cell)")
    }
  }

  /// `gatehouse alias remove`.
  struct Remove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Take an alias away.")

    @Argument(help: "The model's name.")
    var model: String

    @Argument(help: "The alias.")
    var alias: String

    @OptionGroup var server: ServerOptions

    func run() async throws {
      let name = try ModelName(parsing: model)
      let alias = try AliasName(parsing: alias)
      try await server.withClient { try await $0.delete("/models/\(name)/aliases/\(alias)") }
      Console.prose("\(name)@\(alias) names nothing any more")
    }
  }

  /// `gatehouse alias list`.
  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the aliases of a model.")

    @Argument(help: "The model's name.")
    var model: String

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
      let name = try ModelName(parsing: model)
      let answer = try await server.withClient { try await $0.get("/models/\(name)/aliases") }
      if json { return Console.data(answer) }
      let rows = (answer["aliases"]?.array ?? []).map { alias in
        ["alias", "version", "digest", "since"].map { alias[$0].cell }
      }
      guard !rows.isEmpty else {
        return Console.prose("no aliases yet: gatehouse alias set \(name) ALIAS VERSION")
      }
      Console.table([["ALIAS", "VERSION", "DIGEST", "SINCE"]] + rows)
    }
  }
}
