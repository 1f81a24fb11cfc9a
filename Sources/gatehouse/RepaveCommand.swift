import ArgumentParser
import Domain
import Encoding

/// `gatehouse repave`.
struct RepaveCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "repave",
    abstract: "Replace the process that serves by a new one that answers the same, with no request lost.",
    discussion: """
      The new process runs the program as it is now, verifies every bundle anew, and has to answer recorded requests, or the rows of \
      the bundles' own checks, bit for bit as the former did before it accepts anything. Exit status: 0 done, 5 it answers \
      otherwise, 6 it did not come up; the former serves on then.
      """, subcommands: [Now.self, Schedule.self], defaultSubcommand: Now.self)

  /// `gatehouse repave`.
  struct Now: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "now", abstract: "Replace it now, or say how old it is.")

    @Option(help: "The process that serves this deployment, with all that it serves.")
    var deployment: String?

    @Flag(help: "Replace nothing: say how old the process is and when it is replaced.")
    var status = false

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
      if status { return try await show() }
      let name = try deployment.map { try ModelName(parsing: $0) }
      let wish: JSON = name.map { ["deployment": .string($0.description)] } ?? [:]
      let answer = try await server.withClient { try await $0.post("/repaves", wish) }
      if json { return Console.data(answer) }
      Console.table(
        [["VERSION", "REPLAYED", "FROM", "ANSWERS"]]
          + (answer["replay"]?.array ?? []).map { replay in
            ["version", "cases", "source"].map { replay[$0].cell }
              + [replay["same"] == true ? "the same" : "others"]
          })
      Console.prose(
        "process \(answer["new"]?["process"].cell ?? "") serves in the place of \(answer["old"]?["process"].cell ?? "")"
      )
    }

    private func show() async throws {
      let answer = try await server.withClient { try await $0.get("/repaves") }
      if json { return Console.data(answer) }
      guard let process = answer["process"], process != .null else {
        return Console.prose("no process serves at the moment")
      }
      let schedule = answer["schedule"]
      let windows = (schedule?["windows"]?.array ?? []).compactMap(\.string).joined(separator: ", ")
      let last = answer["last"]?["at"]?.integer.map { Timestamp(milliseconds: $0).description }
      Console.table([
        ["PROCESS", process["process"].cell], ["RUNNING", Self.age(answer["ageSeconds"]?.integer ?? 0)],
        ["PROGRAM", process["program"].cell],
        ["SERVES", (answer["serves"]?.array ?? []).map { $0["version"].cell }.joined(separator: ", ")],
        ["LAST REPAVE", last ?? "none"],
        ["SCHEDULE", windows.isEmpty ? "none" : "every \(schedule?["every"].cell ?? "") in \(windows) UTC"],
        ["NEXT", answer["next"]?.string ?? "none"],
      ])
    }

    private static func age(_ seconds: Int64) -> String {
      let hours = seconds / 3600
      return hours < 1 ? "\(seconds / 60)m" : hours < 48 ? "\(hours)h" : "\(hours / 24)d"
    }
  }

  /// `gatehouse repave schedule`.
  struct Schedule: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Have processes replaced by the clock, within windows of maintenance.",
      discussion:
        "Each process is replaced in the last window before which it would come to be older than --every.")

    @Option(help: "No process is to be older, such as 7d.")
    var every: String?

    @Option(help: "When it may be done, in UTC: 'sun 02:00-04:00' or 'daily 02:00-04:00'; may be repeated.")
    var window: [String] = []

    @Flag(help: "Replace none by the clock any more.")
    var off = false

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var server: ServerOptions

    func validate() throws {
      guard off ? every == nil && window.isEmpty : every != nil && !window.isEmpty else {
        throw ValidationError("expected --every and --window, or --off alone")
      }
    }

    func run() async throws {
      if off {
        try await server.withClient { try await $0.delete("/repaves/schedule") }
        return Console.prose("no process is replaced by the clock any more")
      }
      let wish: JSON = ["every": .string(every ?? ""), "windows": .array(window.map { .string($0) })]
      let answer = try await server.withClient { try await $0.put("/repaves/schedule", wish) }
      if json { return Console.data(answer) }
      let windows = (answer["windows"]?.array ?? []).compactMap(\.string).joined(separator: ", ")
      Console.prose("processes are replaced every \(answer["every"].cell) in \(windows) UTC")
    }
  }
}
