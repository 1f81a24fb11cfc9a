import ArgumentParser
import Domain
import Encoding

/// `gatehouse projects`.
struct ProjectsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "projects", abstract: "Group models, so that rights and policies can go by it.",
    subcommands: [Add.self, List.self, Assign.self])

  /// `gatehouse projects add`.
  struct Add: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Make a project.")

    @Argument(help: "Its name.")
    var name: String

    @OptionGroup var server: ServerOptions

    func run() async throws {
      let project = try ProjectName(parsing: name)
      _ = try await server.withClient {
        try await $0.post("/projects", ["name": .string(project.description)])
      }
      Console.prose("push into it with 'gatehouse push PATH --name NAME --project \(project)'")
    }
  }

  /// `gatehouse projects list`.
  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the projects and their models.")

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
      let answer = try await server.withClient { try await $0.get("/projects") }
      if json { return Console.data(answer) }
      let rows = (answer["projects"]?.array ?? []).map { project in
        [
          project["name"].cell, project["since"].cell,
          (project["models"]?.array ?? []).compactMap(\.string).joined(separator: " "),
        ]
      }
      Console.table([["PROJECT", "SINCE", "MODELS"]] + rows)
    }
  }

  /// `gatehouse projects assign`.
  struct Assign: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Have a model belong to another project.")

    @Argument(help: "The model.")
    var model: String

    @Argument(help: "The project.")
    var project: String

    @OptionGroup var server: ServerOptions

    func run() async throws {
      let (model, project) = (try ModelName(parsing: model), try ProjectName(parsing: project))
      _ = try await server.withClient {
        try await $0.put("/models/\(model)/project", ["project": .string(project.description)])
      }
      Console.prose("\(model) belongs to \(project)")
    }
  }
}
