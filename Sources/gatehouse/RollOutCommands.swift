import ArgumentParser
import Domain
import Encoding

/// `gatehouse roll-out`.
struct RollOutCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "roll-out",
    abstract: "Bring a version that is there into service, where the gates of the roll-out hold.",
    discussion: "Exit status: 0 it is live, 3 refused, 4 it waits.")

  @Argument(help: "NAME@VERSION.")
  var version: String

  @Flag(help: "Also where it was rolled back from.")
  var despiteMark = false

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup var server: ServerOptions

  func run() async throws {
    let reference = try VersionReference(parsing: version)
    let wish: JSON = ["version": JSON(reference.version.value), "despiteMark": .bool(despiteMark)]
    let outcome = try await server.withClient {
      try await $0.post("/deployments/\(reference.name)/roll-outs", wish)
    }
    try ShownOutcome.show(outcome, asJSON: json)
  }
}

/// `gatehouse roll-back`.
struct RollBackCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "roll-back",
    abstract: "Go back to the version that served before, at once.",
    discussion: """
      Nothing is built, downloaded or asked of gates. The version that it goes back from is marked, and comes into service \
      again only by 'gatehouse roll-out NAME@VERSION --despite-mark'.
      """)

  @Argument(help: "The deployment.")
  var name: String

  @Option(help: "Why, in one line.")
  var reason: String?

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup var server: ServerOptions

  func run() async throws {
    let name = try ModelName(parsing: name)
    let wish: JSON = reason.map { ["reason": .string($0)] } ?? [:]
    let answer = try await server.withClient { try await $0.post("/deployments/\(name)/roll-back", wish) }
    if json { return Console.data(answer) }
    Console.prose(
      "\(name)@\(answer["version"].cell) answers again, in the place of version \(answer["from"].cell)")
  }
}

/// How a push or a roll-out turned out, on the screen and as an exit status.
enum ShownOutcome {
  /// Shows an outcome, with what `describe` adds where nothing was refused; ends with 3 where it was refused, with 4 where it
  /// waits.
  static func show(_ outcome: JSON, asJSON: Bool, _ describe: () -> Void = {}) throws {
    let status = outcome["status"]?.string
    if asJSON { Console.data(outcome) }
    if status == "refused" {
      if let problem = outcome["problem"].flatMap(Problem.init(json:)) { Console.prose(problem.description) }
      throw CommandEnd(exitCode: 3)
    }
    Console.prose(outcome["message"]?.string ?? "")
    if !asJSON { describe() }
    if status == "waiting" { throw CommandEnd(exitCode: 4) }
  }
}
