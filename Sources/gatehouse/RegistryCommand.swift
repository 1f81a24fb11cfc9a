import ArgumentParser
import Domain
import Encoding

/// `gatehouse registry`.
struct RegistryCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "registry", abstract: "List the repositories of images, and remove what nothing needs.",
    subcommands: [List.self, Collect.self])

  /// `gatehouse registry list`.
  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List what is in the repositories.")

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
      let answer = try await server.withClient { try await $0.get("/registry") }
      if json { return Console.data(answer) }
      let repositories = answer["repositories"]?.array ?? []
      guard !repositories.isEmpty else {
        return Console.prose("no images yet: log in to the registry and push one (docs/registry.md)")
      }
      var rows = [["REPOSITORY", "TAG", "DIGEST", "SINCE", "SIZE"]]
      for repository in repositories {
        let tags = repository["tags"]?.array ?? []
        for tag in tags {
          rows.append([
            repository["name"].cell, tag["tag"].cell, tag["digest"].cell, tag["since"].cell,
            readable(bytes: tag["bytes"]?.int ?? 0),
          ])
        }
        let tagged = Set(tags.compactMap { $0["digest"]?.string })
        for manifest in repository["manifests"]?.array ?? []
        where !tagged.contains(manifest["digest"]?.string ?? "") {
          rows.append([
            repository["name"].cell, "-", manifest["digest"].cell, manifest["at"].cell,
            readable(bytes: manifest["bytes"]?.int ?? 0),
          ])
        }
      }
      Console.table(rows)
    }
  }

  /// `gatehouse registry collect`.
  struct Collect: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Remove the blobs that nothing needs.",
      discussion: """
        Needed are pushed artifacts, all that the manifests of repositories name, and what waits for its manifest. \
        What is younger than the grace stays, whatever needs it. Exit status 5 where an image of the platform does \
        not read: then what it may name stays, too.
        """)

    @Flag(help: "Say what would be removed, and remove nothing.")
    var dryRun = false

    @Flag(help: "Remove the manifests, too, that no tag names and nothing tagged needs.")
    var untagged = false

    @Option(help: ArgumentHelp("How long is left what nothing needs (default: 1440).", valueName: "minutes"))
    var graceMinutes: Int?

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
      var wish: [String: JSON] = ["dryRun": .bool(dryRun), "untagged": .bool(untagged)]
      if let graceMinutes {
        // Ten years of minutes: what is more is no grace.
        guard 0...5_256_000 ~= graceMinutes else {
          throw Problem(
            .usage, "collect.grace", "expected minutes from 1 to 5256000, found \(graceMinutes)")
        }
        wish["graceSeconds"] = JSON(graceMinutes * 60)
      }
      let body = JSON.object(wish)
      let answer = try await server.withClient { try await $0.post("/registry/collections", body) }
      let problems = (answer["problems"]?.array ?? []).compactMap(Problem.init(json:))
      if json { Console.data(answer) } else { show(answer, problems) }
      if !problems.isEmpty { throw CommandEnd(exitCode: 5) }
    }

    private func show(_ answer: JSON, _ problems: [Problem]) {
      for problem in problems { Console.prose(problem.description) }
      let bytes = readable(bytes: answer["bytes"]?.int ?? 0)
      Console.data(
        "\(dryRun ? "would remove" : "removed") \(answer["blobs"].cell) blobs of \(bytes)"
          + " and \(answer["manifests"].cell) manifests; \(answer["kept"].cell) blobs stay")
    }
  }
}
