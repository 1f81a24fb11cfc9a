import ArgumentParser
import Domain
import Encoding
import Gates
import NIOCore
import Rollouts

/// `gatehouse roll-out`.
struct RollOutCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "roll-out",
    abstract: "Bring a version that is there into service, at once or by steps.",
    subcommands: [Begin.self, Status.self, Approve.self, Undo.self, Finish.self, Plan.self],
    defaultSubcommand: Begin.self)

  /// `gatehouse roll-out NAME@VERSION`.
  struct Begin: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Bring a version into service, where the gates of the roll-out hold.",
      discussion: """
        By the steps that are named here, else by those of the deployment's plan; at once where there are none. \
        Exit status: 0 it answers, 3 refused, 4 it waits.
        """)

    @Argument(help: "NAME@VERSION.")
    var version: String

    @Flag(help: "Also where it was rolled back from.")
    var despiteMark = false

    @Flag(help: "To everybody at once, whatever the deployment's plan is.")
    var atOnce = false

    @OptionGroup(title: "Steps")
    var steps: RolloutOptions

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
      let reference = try VersionReference(parsing: version)
      let terms = try steps.stated()
      guard terms == nil || !atOnce else {
        throw Problem(.usage, "usage.options", "expected either '--at-once' or steps, found both")
      }
      let manner: RolloutManner = atOnce ? .atOnce : terms.map { .by($0) } ?? .asPlanned
      let wish: JSON = [
        "version": JSON(reference.version.value), "despiteMark": .bool(despiteMark),
        "manner": manner.json ?? .null,
      ]
      let outcome = try await server.withClient {
        try await $0.post("/deployments/\(reference.name)/roll-outs", wish)
      }
      try ShownOutcome.show(outcome, asJSON: json)
    }
  }

  /// `gatehouse roll-out status`.
  struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Show where a roll-out by steps is, and what is judged of it.")

    @Argument(help: "The deployment.")
    var name: String

    @Flag(help: "Show it anew every second, until it is over.")
    var watch = false

    @Flag(help: "Print JSON; with --watch a line for each change.")
    var json = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
      let name = try ModelName(parsing: name)
      try await server.withClient { client in
        var shown: JSON?
        while true {
          let status = try await client.get("/deployments/\(name)/roll-outs")
          if status != shown {
            if json { Console.data(status) } else { ShownRollout(status).show(again: watch && shown != nil) }
            shown = status
          }
          guard watch, !["finished", "undone"].contains(status["phase"]?.string) else { return }
          try await Task.sleep(for: .seconds(1))
        }
      }
    }
  }

  /// `gatehouse roll-out approve`.
  struct Approve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Say yes to what the step of a roll-out waits for: it goes on.",
      discussion: Turn.discussion)

    @OptionGroup var turn: Turn

    func run() async throws { try await turn.take("approve") }
  }

  /// `gatehouse roll-out undo`.
  struct Undo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Undo a roll-out that is under way: what there was before answers everybody again.",
      discussion: Turn.discussion)

    @OptionGroup var turn: Turn

    @Option(help: "Why, in one line.")
    var reason: String?

    func run() async throws {
      try await turn.take("undo", reason.map { ["reason": .string($0)] } ?? [:])
    }
  }

  /// `gatehouse roll-out finish`.
  struct Finish: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "End a roll-out whose version answers everybody already, without waiting for more.",
      discussion: Turn.discussion)

    @OptionGroup var turn: Turn

    func run() async throws { try await turn.take("finish") }
  }

  /// What a person does to a roll-out that is under way.
  struct Turn: ParsableArguments {
    static let discussion = """
      Done to the roll-out that is named, NAME@VERSION and --step as 'status' shows them, and to no other that came in its \
      place or is at another step by then. What is not named is as it is when the command begins.
      """

    @Argument(help: "The deployment, or NAME@VERSION.")
    var name: String

    @Option(help: "The step that is meant, from 1, as 'status' shows it.")
    var step: Int?

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var server: ServerOptions

    func take(_ turn: String, _ body: JSON = [:]) async throws {
      let reference = name.contains("@") ? try VersionReference(parsing: name) : nil
      let name = try reference?.name ?? ModelName(parsing: name)
      guard step.map({ 1...RolloutPlan.stepLimit ~= $0 }) ?? true else {
        throw Problem(
          .usage, "usage.options", "expected a step from 1 to \(RolloutPlan.stepLimit), found another")
      }
      let answer = try await server.withClient { client in
        var body = body.object ?? [:]
        body["version"] = reference.map { JSON($0.version.value) }
        body["step"] = step.map { JSON($0 - 1) }
        if reference == nil || (turn == "approve" && step == nil) {
          // What is under way now is meant by who names nothing, and not what comes between this look and the act.
          let status = try await client.get("/deployments/\(name)/roll-outs")
          if reference == nil {
            body["version"] = status["version"]
            body["began"] = status["began"]
          }
          if turn == "approve", step == nil { body["step"] = status["step"] }
        }
        return try await client.post("/deployments/\(name)/roll-outs/\(turn)", .object(body))
      }
      if json { return Console.data(answer) }
      Console.prose("\(name)@\(answer["version"].cell): \(answer["words"].cell)")
    }
  }

  /// `gatehouse roll-out plan`.
  struct Plan: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Say by which steps versions of a deployment come into service, or show it.")

    @Argument(help: "The deployment.")
    var name: String

    @OptionGroup(title: "Steps")
    var steps: RolloutOptions

    @Flag(help: "No steps any more: versions come into service at once.")
    var off = false

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
      let path = "/deployments/\(try ModelName(parsing: name))/roll-out-plan"
      let terms = try steps.stated()
      guard terms == nil || !off else {
        throw Problem(.usage, "usage.options", "expected either '--off' or steps, found both")
      }
      let answer: JSON = try await server.withClient { client in
        if let terms { return try await client.put(path, terms.json) }
        if off { try await client.delete(path) }
        return try await client.get(path)
      }
      if json { return Console.data(answer) }
      guard let terms = answer["terms"], terms != .null else {
        return Console.prose("versions of \(name) come into service at once")
      }
      let shown = (terms["plan"]?["steps"]?.array ?? []).map { step in
        let share = BasisPoints(step["share"]?.int ?? 0) ?? .none
        return share == .none ? "in the shadow" : share.description
      }
      Console.prose("versions of \(name) come into service by steps: \(shown.joined(separator: ", "))")
    }
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

      Where the control plane of this machine's data directory is gone, the command does it itself, by the data plane's saved \
      state: to the version that stands by, and once. The next control plane writes it into the ledger.
      """)

  @Argument(help: "The deployment.")
  var name: String

  @Option(
    help: """
      The version that is to go: from any other nothing is taken back, so that it may be said again where an answer was lost.
      """)
  var from: Int?

  @Option(help: "Why, in one line.")
  var reason: String?

  @Flag(help: "Do it here, in the data directory, without asking a control plane; refused while one has it.")
  var offline = false

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup var server: ServerOptions

  func run() async throws {
    let name = try ModelName(parsing: name)
    let local = LocalRollBack(directory: server.data.directory)
    let answer =
      offline ? try await local(name, from: try meant(), because: reason) : try await answer(name, local)
    if json { return Console.data(answer) }
    if answer["offline"]?.bool == true { return LocalRollBack.show(answer) }
    if answer["done"] == "before" {
      return Console.prose(
        "\(name) was taken back from version \(answer["from"].cell) before; \(name)@\(answer["version"].cell) answers"
      )
    }
    Console.prose(
      "\(name)@\(answer["version"].cell) answers again, in the place of version \(answer["from"].cell)")
  }

  /// The version that is to go; nil for the one that answers.
  private func meant() throws(Problem) -> VersionNumber? {
    guard let from else { return nil }
    guard let version = VersionNumber(from) else {
      throw Problem(.usage, "usage.version", "expected the number of a version after --from, found \(from)")
    }
    return version
  }

  /// What the control plane answers, or what was done without it where it is gone.
  private func answer(_ name: ModelName, _ local: LocalRollBack) async throws -> JSON {
    let meant = try meant()
    // What answers before anything is asked: where the answer is lost, it may have been done, and is not done twice.
    let left = server.isOwn && local.isPossible ? meant ?? local.left(name) : meant
    var members: [String: JSON] = [:]
    members["reason"] = reason.map { .string($0) }
    members["from"] = meant.map { JSON($0.value) }
    let wish = JSON.object(members)
    do {
      // A second lost to looking for one that is gone would be one of wrong answers.
      return try await server.withClient(persists: false) {
        var client = $0
        // An act waits for those before it, none of which takes this long; whoever says nothing by then hangs.
        client.patience = .seconds(15)
        return try await client.post("/deployments/\(name)/roll-back", wish)
      }
    } catch let problem as Problem {
      guard server.isOwn, local.isPossible else { throw problem }
      switch problem.code {
      case "server.unreachable": return try await local(name, from: left, because: reason)
      case "storage.full", "storage.failed", "storage.busy", "storage.corrupt":
        // Its registry takes no entry, without which it does nothing.
        throw local.withoutRegistry(problem, name)
      default: throw problem
      }
    }
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
